//! The API's answers: an envelope. Errors come as HTTP 200, some as 4xx.
//!
//! Source: Digistore24's developer documentation (API basics) and its PHP connectors of 2022 and 2025.

use crate::json::{Map, Value, parse};
use crate::text::lower;
use crate::{
    catalog::{Operation, Promise, Retry},
    error::{Code, Error, Result},
    http::Response,
};

/// Reads an answer: the envelope's `data`, or a typed error.
///
/// # Errors
/// What Digistore24 said, or `malformed_response`.
pub fn decode(operation: &Operation, response: &Response) -> Result<Value> {
    let mut envelope = parse(&response.body).unwrap_or_default();
    let error = match (envelope.text_of("result"), response.status) {
        (Some("success"), 200..=299) => {
            let data = envelope.get_mut("data").map(Value::take).unwrap_or_default();
            return promised(operation, data).map_err(|e| e.with_status(response.status));
        }
        (Some("error"), _) => refused(operation, &envelope),
        (_, status) => without_envelope(operation, status, envelope.is_object()),
    };
    Err(error.with_status(response.status))
}

/// PHP writes an empty object as an empty list, and a list with gaps as an object. A change may say no more than "success".
fn promised(operation: &Operation, data: Value) -> Result<Value> {
    let is_empty = data.as_array().is_some_and(Vec::is_empty);
    match operation.promise {
        Promise::Object if is_empty => Ok(Value::Object(Map::new())),
        Promise::List if data.is_object() => Ok(data),
        _ if data.is_null() && operation.may_be_silent() => Ok(data),
        promise if promise.fits(&data) => Ok(data),
        _ => Err(Error::malformed("Digistore24", if data.is_null() { "has no data" } else { "is of the wrong type" })),
    }
}

fn without_envelope(operation: &Operation, status: u16, is_object: bool) -> Error {
    match status {
        0 | 300..=399 => Error::redirected("Digistore24"),
        429 => Error::too_fast(None),
        408 | 500..=599 => Error::failed("Digistore24", operation.retry == Retry::Safe),
        // What a proxy or a wrong address says is no object.
        401 if is_object => bad_key(),
        403 if is_object => not_allowed(operation),
        404 if is_object => not_found(),
        400 | 409 | 413 | 415 | 422 if is_object => Error::refused("Digistore24"),
        _ => Error::malformed("Digistore24", "is not its envelope"),
    }
}

/// Digistore24 says "too many requests" inside a 200.
pub fn is_refusal(response: &Response) -> bool {
    // A refusal is short; whole lists needn't be read twice.
    response.body.len() < 4_096
        && response.body.contains("\"error\"")
        && parse(&response.body).is_some_and(|envelope| error_code(&envelope) == TOO_MANY)
}

/// "BAD_API_KEY" and "TOO_MANY_REQUESTS" of the official connectors.
pub(super) const BAD_KEY: i64 = 2;
const TOO_MANY: i64 = 12;

/// The number of an error; 0 where there is none.
pub(super) fn error_code(envelope: &Value) -> i64 {
    match envelope.get("code") {
        Some(Value::Number(n)) => n.as_i64().unwrap_or_default(),
        Some(Value::String(text)) => text.parse().unwrap_or_default(),
        _ => 0,
    }
}

/// The official PHP connectors give codes 5 and 8 different meanings in different versions, so the message decides too.
fn refused(operation: &Operation, envelope: &Value) -> Error {
    let code = error_code(envelope);
    let said = lower(envelope.text_of("message").unwrap_or_default());
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let error = match code {
        BAD_KEY | 10 => bad_key(),
        _ if said.contains("api key") => bad_key(),
        5 | 8 if has(&["permission", "access", "right"]) => not_allowed(operation),
        4 => not_found(),
        TOO_MANY => Error::too_fast(None),
        3 | 9 => Error::refused("Digistore24"),
        1 | 5..=8 | 11 => Error::failed("Digistore24", operation.retry == Retry::Safe),
        _ if has(&["not found", "unknown"]) => not_found(),
        _ => Error::refused("Digistore24"),
    };
    error.with(|d| d.cause = Some(["Digistore24 error code ", &code.to_string()].concat()))
}

fn bad_key() -> Error {
    Error::new(
        Code::Unauthenticated,
        "Digistore24 doesn't accept the API key",
        "Check that the key was copied whole, has not been deleted and may be used from this address.",
    )
}

fn not_allowed(operation: &Operation) -> Error {
    let help = [&operation.id, " needs ", &needs(&operation.scopes), "."].concat();
    Error::new(Code::Forbidden, "the API key may not do this", help)
}

fn not_found() -> Error {
    Error::new(Code::NotFound, "Digistore24 doesn't know this id", "Check the id and that it belongs to this account.")
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
    use super::*;
    use crate::catalog;
    use crate::json::json;
    use proptest::prelude::*;

    fn decoded(id: &str, status: u16, body: &str) -> Result<Value> {
        decode(&catalog::find(id).unwrap(), &Response { status, headers: vec![], body: body.to_owned() })
    }

    fn answer(id: &str, body: Value) -> Result<Value> {
        decoded(id, 200, &body.to_string())
    }

    #[test]
    fn a_refusal_says_which_right_is_missing() {
        let body = json!({ "result": "error", "code": 5, "message": "You need the access right" });
        let help = |id| answer(id, body.clone()).unwrap_err().details().help.clone();
        assert!(help("digistore24.updateBuyer").contains("full access"));
        assert!(help("digistore24.createRebillingPayment").contains("Billing on demand"));
        assert!(help("digistore24.requestApiKey").contains("developer key"));
    }

    /// Function, status, body, and what becomes of it.
    const TABLE: &[(&str, u16, &str, Code)] = &[
        ("getPurchase", 200, r#"{"result":"error","code":0,"message":"Something odd"}"#, Code::InvalidInput),
        ("getPurchase", 200, r#"{"result":"error","code":0,"message":"Purchase not found"}"#, Code::NotFound),
        ("getPurchase", 200, r#"{"result":"error","code":0,"message":"Invalid API key"}"#, Code::Unauthenticated),
        ("getPurchase", 200, r#"{"result":"error","code":1,"message":"Not connected"}"#, Code::Unavailable),
        ("getPurchase", 200, r#"{"result":"error","code":2,"message":"No API key given."}"#, Code::Unauthenticated),
        ("getPurchase", 200, r#"{"result":"error","code":"2","message":"Bad key"}"#, Code::Unauthenticated),
        ("getPurchase", 200, r#"{"result":"error","code":3,"message":"x"}"#, Code::InvalidInput),
        ("getPurchase", 200, r#"{"result":"error","code":4,"message":"x"}"#, Code::NotFound),
        ("getPurchase", 200, r#"{"result":"error","code":5,"message":"You need full access rights"}"#, Code::Forbidden),
        ("getPurchase", 200, r#"{"result":"error","code":5,"message":"Bad server response"}"#, Code::Unavailable),
        ("refundPurchase", 200, r#"{"result":"error","code":5,"message":"Bad server response"}"#, Code::OutcomeUnknown),
        ("getPurchase", 200, r#"{"result":"error","code":6,"message":"x"}"#, Code::Unavailable),
        ("getPurchase", 200, r#"{"result":"error","code":7,"message":"Bad HTTP code"}"#, Code::Unavailable),
        ("getPurchase", 200, r#"{"result":"error","code":8,"message":"Permission denied"}"#, Code::Forbidden),
        ("getPurchase", 200, r#"{"result":"error","code":8,"message":"Bad HTTP code"}"#, Code::Unavailable),
        ("refundPurchase", 200, r#"{"result":"error","code":8,"message":"Bad HTTP code"}"#, Code::OutcomeUnknown),
        ("getPurchase", 200, r#"{"result":"error","code":9,"message":"Bad API call"}"#, Code::InvalidInput),
        ("getPurchase", 200, r#"{"result":"error","code":10,"message":"x"}"#, Code::Unauthenticated),
        ("getPurchase", 200, r#"{"result":"error","code":11,"message":"Internal"}"#, Code::Unavailable),
        ("refundPurchase", 200, r#"{"result":"error","code":11,"message":"Internal"}"#, Code::OutcomeUnknown),
        ("getPurchase", 200, r#"{"result":"error","code":12,"message":"x"}"#, Code::RateLimited),
        ("getPurchase", 400, r#"{"result":"error","code":3,"message":"data[tag]"}"#, Code::InvalidInput),
        ("updateProduct", 400, r#"{"message":"data[tag] is not known"}"#, Code::InvalidInput),
        ("getPurchase", 401, r#"{"message":"x"}"#, Code::Unauthenticated),
        ("getPurchase", 403, r#"{"message":"x"}"#, Code::Forbidden),
        ("getPurchase", 404, r#"{"message":"x"}"#, Code::NotFound),
        ("getPurchase", 404, "<html>Not found</html>", Code::MalformedResponse),
        ("getPurchase", 429, "slow down", Code::RateLimited),
        ("getPurchase", 503, "<html>", Code::Unavailable),
        ("refundPurchase", 503, "<html>", Code::OutcomeUnknown),
        ("getPurchase", 500, r#"{"result":"success","data":{}}"#, Code::Unavailable),
        ("getPurchase", 302, "", Code::Misconfigured),
        ("getPurchase", 0, "", Code::Misconfigured),
        ("getPurchase", 200, "", Code::MalformedResponse),
        ("getPurchase", 200, "<html>", Code::MalformedResponse),
        ("getPurchase", 200, "\"success\"", Code::MalformedResponse),
        ("getPurchase", 200, r#"["success"]"#, Code::MalformedResponse),
        ("getPurchase", 200, r#"{"result":true,"data":{}}"#, Code::MalformedResponse),
        ("getPurchase", 200, r#"{"result":"success"}"#, Code::MalformedResponse),
        ("getPurchase", 200, r#"{"result":"success","data":"x"}"#, Code::MalformedResponse),
        ("getPurchase", 200, r#"{"result":"success","data":[1]}"#, Code::MalformedResponse),
        ("getPurchase", 200, r#"{"result":"success","data":{"id":"#, Code::MalformedResponse),
    ];

    #[test]
    fn every_documented_answer_has_its_code_and_a_help() {
        for (function, status, body, code) in TABLE {
            let error = decoded(&format!("digistore24.{function}"), *status, body).unwrap_err();
            assert_eq!(error.code(), *code, "{function} {status} {body}");
            assert_eq!(error.details().status, Some(*status));
            assert!(error.details().help.len() > 20, "{body}");
        }
    }

    #[test]
    fn data_is_what_the_function_promises() {
        let data = answer("digistore24.ping", json!({ "result": "success", "data": { "server_time": "x" } })).unwrap();
        assert_eq!(data, json!({ "server_time": "x" }));
        // PHP's empty object.
        let empty = json!({ "result": "success", "data": [] });
        assert_eq!(answer("digistore24.getPurchase", empty).unwrap(), json!({}));
        // A write may answer with nothing but "success".
        assert_eq!(answer("digistore24.updatePurchase", json!({ "result": "success" })).unwrap(), Value::Null);
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..200), status in 0u16..700) {
            let _ = decoded("digistore24.getPurchase", status, &String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn no_envelope_breaks_it_and_nothing_said_is_repeated(
            result in "(success|error|x)?", code in any::<i64>(), status in 0u16..700, said in "[a-z ]{0,20}",
        ) {
            let message = format!("zquxq {said}");
            let body = json!({ "result": result, "code": code, "message": message, "data": { "a": message } }).to_string();
            match decoded("digistore24.getPurchase", status, &body) {
                Ok(_) => prop_assert!(result == "success" && (200..300).contains(&status)),
                Err(error) => prop_assert!(!error.to_json().to_string().contains("zquxq")),
            }
        }

        #[test]
        fn what_is_cut_off_is_never_a_success(cut in 0usize..1000) {
            let whole = json!({ "result": "success", "data": { "id": "C74PNZH5", "items": [{ "a": 1 }] } }).to_string();
            let cut = cut % whole.len();
            prop_assert_eq!(
                decoded("digistore24.getPurchase", 200, &whole[..cut]).unwrap_err().code(),
                Code::MalformedResponse
            );
        }
    }
}
