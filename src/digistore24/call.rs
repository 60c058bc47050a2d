//! The API: a form with PHP's bracket arguments goes in, an envelope comes out. Errors come as HTTP 200.
//!
//! Source: Digistore24's developer documentation (API basics) and OpenAPI 2025-10-15.

use crate::json::{Map, Value, parse, take};
use crate::text::lower;
use crate::{
    catalog::{Operation, Place, Retry},
    error::{Code, Error, Result},
    highlevel::{Secret, texts},
    http::{Request, Response},
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
    /// The IPN connections that are set by hand.
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
        let mut ipn = vec![Ipn { id: None, passphrases: passphrases(options.get("ipnPassphrase")) }];
        for one in options.get("ipn").and_then(Value::as_array).into_iter().flatten() {
            ipn.push(Ipn { id: text(one.get("id")), passphrases: passphrases(one.get("passphrases")) });
        }
        Self {
            api_key: text(options.get("apiKey")).map(Secret::new),
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

/// Builds the request of a function from its accepted input.
///
/// # Errors
/// `misconfigured` without an API key.
pub fn encode(operation: &Operation, account: &Account, input: &Map) -> Result<Request> {
    let key = account.api_key.as_ref().ok_or_else(|| {
        Error::new(
            Code::Misconfigured,
            "no Digistore24 API key is set",
            "Create one under Settings > Account access > API keys and set digistore24.apiKey (DIGISTORE24_API_KEY).",
        )
    })?;
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
    Ok(Request {
        parts: Vec::new(),
        binary: false,
        method: operation.method.to_owned(),
        url: format!("{}{}", account.base_url.trim_end_matches('/'), operation.path),
        headers: vec![
            ("accept".to_owned(), "application/json".to_owned()),
            ("content-type".to_owned(), "application/x-www-form-urlencoded; charset=utf-8".to_owned()),
            ("x-ds-api-key".to_owned(), key.reveal().to_owned()),
        ],
        body: Some(form.finish()),
        timeout_ms: TIMEOUT_MS,
    })
}

/// The custom request: the function and the arguments that the accepted input names.
///
/// # Errors
/// `invalid_input` for a name that could lead elsewhere.
pub fn custom(operation: &Operation, mut input: Map) -> Result<(Operation, Map)> {
    let function = input.get("function").and_then(Value::as_str).unwrap_or_default();
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

/// Reads an answer: the envelope's `data`, or a typed error.
///
/// # Errors
/// What Digistore24 said, or `malformed_response`.
pub fn decode(operation: &Operation, response: &Response) -> Result<Value> {
    let envelope = parse(&response.body).ok_or_else(|| unreadable(operation, response))?;
    match envelope.get("result").and_then(Value::as_str) {
        Some("success") => Ok(envelope.get("data").cloned().unwrap_or(Value::Null)),
        Some("error") => Err(refused(operation, &envelope).with_status(response.status)),
        _ => Err(unreadable(operation, response)),
    }
}

fn unreadable(operation: &Operation, response: &Response) -> Error {
    let error = match response.status {
        429 => Error::new(Code::RateLimited, "too many requests in a short time", "Wait and try again."),
        500..=599 if operation.retry != Retry::Safe => Error::new(
            Code::OutcomeUnknown,
            "Digistore24 failed while it carried out a write",
            "Look in Digistore24 whether the change was made before you repeat it.",
        ),
        500..=599 => Error::new(Code::Unavailable, "Digistore24 has a problem of its own", "Try again later."),
        _ => Error::new(
            Code::MalformedResponse,
            "Digistore24's answer can't be understood",
            "Check the base address and whether a proxy answers in its place.",
        ),
    };
    error.with_status(response.status)
}

/// The official PHP connectors give codes 5 and 8 different meanings in different versions, so the message decides too.
fn refused(operation: &Operation, envelope: &Value) -> Error {
    let code = match envelope.get("code") {
        Some(Value::Number(n)) => n.as_i64().unwrap_or_default(),
        Some(Value::String(text)) => text.parse().unwrap_or_default(),
        _ => 0,
    };
    let said = lower(envelope.get("message").and_then(Value::as_str).unwrap_or_default());
    let error = if code == 2 || code == 10 || said.contains("api key") {
        Error::new(
            Code::Unauthenticated,
            "Digistore24 doesn't accept the API key",
            "Check that the key was copied whole, has not been deleted and may be used from this address.",
        )
    } else if (code == 5 || code == 8)
        && (said.contains("permission") || said.contains("access") || said.contains("right"))
    {
        Error::new(
            Code::Forbidden,
            "the API key may not do this",
            format!("{} needs {}.", operation.id, needs(&operation.scopes)),
        )
    } else {
        match code {
            4 => Error::new(
                Code::NotFound,
                "Digistore24 doesn't know this id",
                "Check the id and that it belongs to this account.",
            ),
            12 => Error::new(Code::RateLimited, "too many requests in a short time", "Wait and try again."),
            3 | 9 => Error::invalid("Digistore24 refused the arguments", Vec::new()),
            1 | 5..=8 | 11 if operation.retry == Retry::Safe => {
                Error::new(Code::Unavailable, "Digistore24 has a problem of its own", "Try again later.")
            }
            1 | 5..=8 | 11 => Error::new(
                Code::OutcomeUnknown,
                "Digistore24 failed while it carried out a write",
                "Look in Digistore24 whether the change was made before you repeat it.",
            ),
            _ if said.contains("not found") || said.contains("unknown") => Error::new(
                Code::NotFound,
                "Digistore24 doesn't know this id",
                "Check the id and that it belongs to this account.",
            ),
            _ => Error::invalid("Digistore24 refused the call", Vec::new()),
        }
    };
    error.with(|d| d.cause = Some(format!("Digistore24 error code {code}")))
}

/// `an API key with full access and the right "Billing on demand"`.
fn needs(scopes: &[&str]) -> String {
    let name = |scope: &&str| match *scope {
        "developer" => "a developer key",
        "billing-on-demand" => "the right \"Billing on demand\", which Digistore24 grants to the account on request",
        "full" => "an API key with full access",
        _ => "an API key with readonly access",
    };
    scopes.iter().map(name).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;
    use crate::catalog;

    fn answer(id: &str, body: Value) -> Result<Value> {
        decode(&catalog::find(id).unwrap(), &Response { status: 200, headers: vec![], body: body.to_string() })
    }

    #[test]
    fn arguments_use_brackets_and_data_is_wrapped() {
        let account = Account::from_options(&json!({ "apiKey": "1-x" }));
        let body = |id: &str, input: Value| {
            let operation = catalog::find(id).unwrap();
            let input = operation.accept(input, None).unwrap();
            encode(&operation, &account, &input).unwrap().body.unwrap()
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
            encode(&operation, &account, &operation.accept(input, None).unwrap()).unwrap().body.unwrap()
        };
        assert_eq!(body("digistore24.ping", json!({})), "language=de&operator=Zo%C3%AB");
        let own = body("digistore24.statsMarketplace", json!({ "language": "en" }));
        assert_eq!(own, "language=en&operator=Zo%C3%AB");
        // `data[language]` is another thing.
        let copy = body("digistore24.copyProduct", json!({ "product_id": 1, "language": "fr" }));
        assert_eq!(copy, "data%5Blanguage%5D=fr&product_id=1&language=de&operator=Zo%C3%AB");
    }

    #[test]
    fn a_refusal_says_which_right_is_missing() {
        let body = json!({ "result": "error", "code": 5, "message": "You need the access right" });
        let help = |id| answer(id, body.clone()).unwrap_err().details().help.clone();
        assert!(help("digistore24.updateBuyer").contains("full access"));
        assert!(help("digistore24.createRebillingPayment").contains("Billing on demand"));
        assert!(help("digistore24.requestApiKey").contains("developer key"));
    }

    #[test]
    fn an_error_inside_http_200_is_an_error() {
        let code = |code: i64, message: &str| {
            answer("digistore24.getPurchase", json!({ "result": "error", "code": code, "message": message }))
                .unwrap_err()
                .code()
        };
        assert_eq!(code(2, "No API key given."), Code::Unauthenticated);
        assert_eq!(code(5, "You need full access rights"), Code::Forbidden);
        assert_eq!(code(8, "Permission denied"), Code::Forbidden);
        assert_eq!(code(5, "Bad server response"), Code::Unavailable);
        assert_eq!(code(4, "x"), Code::NotFound);
        assert_eq!(code(12, "x"), Code::RateLimited);
        assert_eq!(code(3, "x"), Code::InvalidInput);
        let data = answer("digistore24.ping", json!({ "result": "success", "data": { "server_time": "x" } })).unwrap();
        assert_eq!(data, json!({ "server_time": "x" }));
    }

    #[test]
    fn a_custom_request_names_its_function() {
        let operation = catalog::find("digistore24.customRequest").unwrap();
        let account = Account::from_options(&json!({ "apiKey": "1-x", "baseUrl": "https://example.test" }));
        let build = |input: Value| custom(&operation, operation.accept(input, None)?);
        let arguments = json!({ "search": { "role": "vendor" }, "data": { "a": true } });
        let (spelled, input) = build(json!({ "function": "listThings", "arguments": arguments })).unwrap();
        let request = encode(&spelled, &account, &input).unwrap();
        assert_eq!(request.url, "https://example.test/api/call/listThings");
        assert_eq!(request.body.as_deref(), Some("data%5Ba%5D=Y&search%5Brole%5D=vendor"));
        assert_eq!((spelled.retry, request.method.as_str()), (Retry::Never, "POST"));
        assert!(build(json!({ "function": "ping" })).unwrap().1.is_empty());
        for name in ["", "../x", "a/b", "a?b", "https://evil.test", "a b", "ä", "a%2fb", "a\n"] {
            assert_eq!(build(json!({ "function": name })).unwrap_err().code(), Code::InvalidInput, "{name}");
        }
        assert!(build(json!({ "function": "ping", "arguments": [] })).is_err());
    }

    #[test]
    fn no_key_means_nothing_is_sent() {
        let account = Account::from_options(&json!({}));
        let error = encode(&catalog::find("digistore24.ping").unwrap(), &account, &Map::new()).unwrap_err();
        assert_eq!(error.code(), Code::Misconfigured);
    }
}
