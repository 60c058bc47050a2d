//! The IPN as it arrives: a form. Nothing is interpreted here.

use crate::error::{Code, Error, Result};

/// Larger bodies are refused unread: a real message has about 7 kB.
pub const MAX_BODY: usize = 1024 * 1024;
/// More parameters than any message can have (about 180 fields, 100 items).
const MAX_PARAMS: usize = 5_000;

/// The parameters of a message, names exactly as sent, sorted by the bytes of the names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// From pairs in any order.
    ///
    /// # Errors
    /// `invalid_input` for a name that comes twice: PHP would take the last, others the first.
    pub fn new(mut pairs: Vec<(String, String)>) -> Result<Self> {
        pairs.sort_unstable();
        if let Some((twice, _)) = pairs.iter().zip(pairs.iter().skip(1)).find(|(a, b)| a.0 == b.0) {
            let name: String = twice.0.chars().take(64).collect();
            return Err(Error::invalid_field(name, "comes twice in the message"));
        }
        Ok(Self(pairs))
    }

    /// The value, or "" where the name is missing.
    pub fn get(&self, name: &str) -> &str {
        let index = self.0.binary_search_by(|(n, _)| n.as_str().cmp(name)).ok();
        index.and_then(|i| self.0.get(i)).map(|(_, v)| v.as_str()).unwrap_or_default()
    }

    /// The value, if it is there and not empty.
    pub fn find(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|v| !v.is_empty())
    }

    /// All pairs.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// All pairs but the signature.
    pub fn content(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter(|(name, _)| !is_signature(name))
    }

    /// As a form again, without the signature.
    pub fn to_form(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.content()).finish()
    }
}

/// Whether a parameter carries the signature.
pub(super) fn is_signature(name: &str) -> bool {
    name.eq_ignore_ascii_case("sha_sign") || name.eq_ignore_ascii_case("shasign")
}

/// Reads the body of a webhook.
///
/// # Errors
/// `invalid_input`: too large, not a form, a name that comes twice.
pub fn parse(body: &[u8]) -> Result<Params> {
    if body.len() > MAX_BODY {
        return Err(Error::invalid_field("body", "is larger than 1 MiB"));
    }
    let start = body.iter().find(|b| !b.is_ascii_whitespace());
    if matches!(start, Some(b'{' | b'[')) {
        return Err(Error::new(
            Code::InvalidInput,
            "the message is JSON, but Digistore24 sends a form",
            "Choose the connection type Generic (not Webhook) in Digistore24 under Settings > Integrations (IPN).",
        ));
    }
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(body).take(MAX_PARAMS + 1).map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
    if pairs.len() > MAX_PARAMS {
        return Err(Error::invalid_field("body", "has more than 5000 parameters"));
    }
    if pairs.iter().all(|(_, value)| value.is_empty()) {
        return Err(Error::new(
            Code::InvalidInput,
            "the message is empty or not a form",
            "Set the method of the IPN connection to POST with form parameters.",
        ));
    }
    Params::new(pairs)
}

/// Reads a message kept as a JSON object of texts, as `raw` of an event or a recorded message.
///
/// # Errors
/// `invalid_input` that names the parameter.
pub fn parse_json(value: &crate::json::Value) -> Result<Params> {
    let object = value.as_object().ok_or_else(|| Error::invalid_field("raw", "must be an object of texts"))?;
    let pairs = object.iter().map(|(name, value)| {
        let text = value.as_str().map(str::to_owned);
        text.map(|t| (name.clone(), t)).ok_or_else(|| Error::invalid_field(format!("raw.{name}"), "must be a string"))
    });
    Params::new(pairs.collect::<Result<_>>()?)
}
