//! The IPN connection at Digistore24 as this plugin wants it. Pure.

use crate::error::{Error, FieldProblem, Result};
use crate::json::{Map, Value, json, text};
use crate::record;

record! {
/// What a connection is made of, as the host asks for it.
#[derive(Debug, Clone, Default)]
pub struct Install {
    /// Where Digistore24 sends to: https, without redirects.
    pub url: Option<String>,
    /// As the vendor sees it in Digistore24.
    pub name: Option<String>,
    /// Only messages about these products; all unless told otherwise.
    pub product_ids: Vec<String> as "productIds",
    /// Messages about new affiliates, too.
    pub affiliations: bool,
    /// For test addresses: a connection of its own, beside the real one.
    pub test: bool,
    /// A new passphrase; the present one stays valid until the next rotation.
    pub rotate: bool,
    /// Letters and digits from the host's secure generator: the id's tail and the passphrase are cut from it.
    pub random: Option<String>,
}
}

/// So many letters of [`Install::random`] make the tail of the id …
const TAIL: usize = 8;
/// … and so many the passphrase. Digistore24 takes up to 63.
const PASSPHRASE: usize = 40;

impl Install {
    /// A new id for the connection and a new passphrase.
    ///
    /// # Errors
    /// `invalid_input`: the address can't be one, or there is too little randomness.
    pub fn secrets(&self) -> Result<(String, String)> {
        let mut problems = Vec::new();
        let mut wrong = |path: &str, problem: &str| {
            problems.push(FieldProblem { path: path.into(), problem: problem.into() });
        };
        let url = self.url.as_deref().unwrap_or_default();
        let is_usable = url.starts_with("https://") || self.test && url.starts_with("http://");
        if !is_usable {
            wrong("url", "must begin with https://");
        }
        let random = self.random.as_deref().unwrap_or_default();
        let is_plain = random.bytes().all(|b| b.is_ascii_alphanumeric());
        let parts = random.get(..TAIL).zip(random.get(TAIL..TAIL + PASSPHRASE)).filter(|_| is_plain);
        if parts.is_none() {
            wrong("random", "must be 48 letters and digits");
        }
        match parts {
            Some((tail, passphrase)) if problems.is_empty() => {
                let kind = if self.test { "ghl-test-" } else { "ghl-" };
                Ok((kind.to_owned() + tail, passphrase.to_owned()))
            }
            _ => Err(Error::invalid("the IPN connection can't be made like that", problems)),
        }
    }

    /// The arguments of `ipnSetup`, without the passphrase. Three events are not in Digistore24's default, and its default
    /// for `timing` would let the buyer wait for our answer.
    pub fn settings(&self, domain_id: &str) -> Value {
        let products = if self.product_ids.is_empty() { "all".to_owned() } else { self.product_ids.join(",") };
        let affiliations = if self.affiliations { ",affiliations" } else { "" };
        json!({
            "ipn_url": self.url,
            "name": self.name.as_deref().unwrap_or("HighLevel"),
            "product_ids": products,
            "domain_id": domain_id,
            "categories": "orders,e-tickets,custom forms".to_owned() + affiliations,
            "transactions": "payment,refund,chargeback,payment_missed,payment_denial,rebill_cancelled,rebill_resumed,last_paid_day",
            "timing": "delayed",
            "newsletter_send_policy": "send_always",
        })
    }
}

/// What `ipnInfo` shows otherwise than it was wanted: `{ field, expected, found }` each.
pub fn differences(wanted: &Map, found: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    for (field, expected) in wanted {
        let found = found.get(field).unwrap_or(&Value::Null);
        if words(field, expected) != words(field, found) {
            all.push(json!({ "field": field, "expected": expected, "found": found }));
        }
    }
    all
}

/// Lists come in any order, as text with commas or as lists; of the categories two spellings are known: `e-tickets` and
/// `etickets`.
fn words(field: &str, value: &Value) -> Vec<String> {
    let text = match value {
        Value::Array(items) => items.iter().map(scalar).collect::<Vec<_>>().join(","),
        other => scalar(other),
    };
    let spelled =
        |word: &str| if field == "categories" { word.replace(['-', ' '], "") } else { word.trim().to_owned() };
    let mut words: Vec<String> = text.split(',').map(spelled).collect();
    words.sort_unstable();
    words
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| text(value), str::to_owned)
}

#[cfg(test)]
mod tests;
