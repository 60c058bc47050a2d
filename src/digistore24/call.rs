//! The API: a form with PHP's bracket arguments goes in.
//!
//! Source: Digistore24's developer documentation (API basics) and OpenAPI 2025-10-15.

use crate::json::{Map, Value, take};
use crate::{
    catalog::{Operation, Place},
    error::{Error, Result},
    highlevel::{Secret, texts},
    http::Request,
};

/// The official base address.
const BASE_URL: &str = "https://www.digistore24.com";
/// After so many milliseconds without an answer a call has failed.
const TIMEOUT_MS: u64 = 30_000;

/// One vendor account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `123456-abc…`; without it only the webhook works.
    pub api_key: Option<Secret>,
    /// A developer key: it asks a vendor for a key, see `auth`.
    pub developer_key: Option<Secret>,
    /// The passphrase of the IPN connection; two are valid during a rotation.
    pub ipn_passphrase: Vec<Secret>,
    /// Further IPN connections that are set by hand.
    pub ipn: Vec<Ipn>,
    /// Messages of another merchant are parked.
    pub merchant_id: Option<String>,
    /// Language of the texts in answers; the account's own when absent.
    pub language: Option<String>,
    /// Who does it, for Digistore24's own log of refunds and cancellations.
    pub operator: Option<String>,
    /// For tests and proxies.
    pub base_url: String,
}

impl Account {
    /// From checked options (`options.schema.json`).
    pub fn from_options(options: &Value) -> Self {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let mut ipn = Vec::new();
        for one in options["ipn"].items() {
            ipn.push(Ipn { id: text(one.get("id")), passphrases: passphrases(one.get("passphrases")) });
        }
        Self {
            api_key: text(options.get("apiKey")).map(Secret::new),
            developer_key: text(options.get("developerKey")).map(Secret::new),
            ipn_passphrase: passphrases(options.get("ipnPassphrase")),
            ipn,
            merchant_id: text(options.get("merchantId")),
            language: text(options.get("language")),
            operator: text(options.get("operator")),
            base_url: text(options.get("baseUrl")).unwrap_or_else(|| BASE_URL.to_owned()),
        }
    }
}

/// An IPN connection of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ipn {
    /// Its domain id at Digistore24, which may stand at the end of its address.
    pub id: Option<String>,
    /// Two are valid during a rotation.
    pub passphrases: Vec<Secret>,
}

/// One passphrase or a list.
pub fn passphrases(value: Option<&Value>) -> Vec<Secret> {
    let mut all = Vec::new();
    for text in texts(value) {
        all.push(Secret::new(text));
    }
    all
}

/// Builds the request of a function from its accepted input, without the key.
pub fn encode(operation: &Operation, account: &Account, input: &Map) -> Request {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in input {
        let wire = operation.wire_name(name);
        match operation.place_of(name) {
            Place::Data => append(&mut form, &format!("data[{wire}]"), value),
            _ => append(&mut form, wire, value),
        }
    }
    // Every function takes these two; an argument of the function itself goes first.
    for (name, value) in [("language", &account.language), ("operator", &account.operator)] {
        let own = input.contains_key(name) && operation.place_of(name) != Place::Data;
        if let (Some(value), false) = (value, own) {
            form.append_pair(name, value);
        }
    }
    Request {
        parts: Vec::new(),
        binary: false,
        detached: false,
        method: operation.method.to_owned(),
        url: format!("{}{}", account.base_url.trim_end_matches('/'), operation.path),
        headers: vec![
            ("accept".to_owned(), "application/json".to_owned()),
            ("content-type".to_owned(), "application/x-www-form-urlencoded; charset=utf-8".to_owned()),
        ],
        body: Some(form.finish()),
        timeout_ms: TIMEOUT_MS,
    }
}

/// The custom request: the function and the arguments that the accepted input names.
///
/// # Errors
/// `invalid_input` for a name that could lead elsewhere.
pub fn custom(operation: &Operation, mut input: Map) -> Result<(Operation, Map)> {
    let function = input.text_of("function").unwrap_or_default();
    if function.is_empty() || !function.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(Error::invalid_field("function", "must be the name of a function, such as getPurchase"));
    }
    let operation = operation.spelled_out("POST", format!("/api/call/{function}"));
    match take(&mut input, "arguments") {
        Value::Object(arguments) => Ok((operation, arguments)),
        _ => Ok((operation, Map::new())),
    }
}

/// PHP's notation: `search[role]=vendor`, `tracking[0][id]=1`. A boolean is Y or N. A form can't hold an empty list or
/// object: nothing is sent, as for null. An empty text is sent; it clears a field.
fn append(form: &mut form_urlencoded::Serializer<'_, String>, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(yes) => {
            form.append_pair(name, if *yes { "Y" } else { "N" });
        }
        Value::Number(number) => {
            form.append_pair(name, &number.to_string());
        }
        Value::String(text) => {
            form.append_pair(name, text);
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| append(form, &format!("{name}[{i}]"), item))
        }
        Value::Object(object) => object.iter().for_each(|(key, item)| append(form, &format!("{name}[{key}]"), item)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{self, Retry};
    use crate::error::Code;
    use crate::json::json;

    #[test]
    fn arguments_use_brackets_and_data_is_wrapped() {
        let account = Account::from_options(&json!({ "apiKey": "1-x" }));
        let body = |id: &str, input: Value| {
            let operation = catalog::find(id).unwrap();
            let input = operation.accept(input, None).unwrap();
            encode(&operation, &account, &input).body.unwrap()
        };
        assert_eq!(
            body("digistore24.updatePurchase", json!({ "purchase_id": "C74PNZH5", "custom": "a b" })),
            "data%5Bcustom%5D=a+b&purchase_id=C74PNZH5"
        );
        assert_eq!(
            body("digistore24.listPurchases", json!({ "search": { "role": "vendor" } })),
            "search%5Brole%5D=vendor"
        );
        // Two things are called code; one has another name here.
        assert_eq!(
            body("digistore24.updateVoucher", json!({ "code": "OLD", "new_code": "NEW", "is_count_limited": false })),
            "code=OLD&data%5Bis_count_limited%5D=N&data%5Bcode%5D=NEW"
        );
        // The field is data itself.
        assert_eq!(
            body("digistore24.updateUpsells", json!({ "product_id": 1, "upsells": { "y": 2, "yn": "3" } })),
            "product_id=1&data%5By%5D=2&data%5Byn%5D=3"
        );
        let parcels = json!({ "delivery_id": 7, "type": "delivery", "tracking": [{ "tracking_id": "A" }, {}, { "tracking_id": "ß" }] });
        assert_eq!(
            body("digistore24.updateDelivery", parcels),
            "delivery_id=7&tracking%5B0%5D%5Btracking_id%5D=A&tracking%5B2%5D%5Btracking_id%5D=%C3%9F&data%5Btype%5D=delivery"
        );
        let nothing = json!({ "product_id": 1, "addons": [], "buyer": {}, "tracking": { "custom": "" } });
        assert_eq!(body("digistore24.createBuyUrl", nothing), "product_id=1&tracking%5Bcustom%5D=");
    }

    #[test]
    fn language_and_operator_of_the_account_go_with_every_call() {
        let account = Account::from_options(&json!({ "apiKey": "1-x", "language": "de", "operator": "Zoë" }));
        let body = |id: &str, input: Value| {
            let operation = catalog::find(id).unwrap();
            encode(&operation, &account, &operation.accept(input, None).unwrap()).body.unwrap()
        };
        assert_eq!(body("digistore24.ping", json!({})), "language=de&operator=Zo%C3%AB");
        let own = body("digistore24.statsMarketplace", json!({ "language": "en" }));
        assert_eq!(own, "language=en&operator=Zo%C3%AB");
        // `data[language]` is another thing.
        let copy = body("digistore24.copyProduct", json!({ "product_id": 1, "language": "fr" }));
        assert_eq!(copy, "data%5Blanguage%5D=fr&product_id=1&language=de&operator=Zo%C3%AB");
    }

    #[test]
    fn a_custom_request_names_its_function() {
        let operation = catalog::find("digistore24.customRequest").unwrap();
        let account = Account::from_options(&json!({ "apiKey": "1-x", "baseUrl": "https://example.test" }));
        let build = |input: Value| custom(&operation, operation.accept(input, None)?);
        let arguments = json!({ "search": { "role": "vendor" }, "data": { "a": true } });
        let (spelled, input) = build(json!({ "function": "listThings", "arguments": arguments })).unwrap();
        let request = encode(&spelled, &account, &input);
        assert_eq!(request.url, "https://example.test/api/call/listThings");
        assert_eq!(request.body.as_deref(), Some("data%5Ba%5D=Y&search%5Brole%5D=vendor"));
        assert_eq!((spelled.retry, request.method.as_str()), (Retry::Never, "POST"));
        assert!(build(json!({ "function": "ping" })).unwrap().1.is_empty());
        for name in ["", "../x", "a/b", "a?b", "https://evil.test", "a b", "ä", "a%2fb", "a\n"] {
            assert_eq!(build(json!({ "function": name })).unwrap_err().code(), Code::InvalidInput, "{name}");
        }
        assert!(build(json!({ "function": "ping", "arguments": [] })).is_err());
    }
}
