//! HighLevel: how a call becomes a request, and how its answer is read. Pure.

mod account;
mod custom;
mod errors;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use account::{Account, Auth, Secret};
pub use custom::{custom, decode_custom};

use crate::json::{Map, Value, parse};
use crate::{
    catalog::{Operation, Place},
    error::{Code, Error, Result},
    http::{Request, Response},
};

/// The official base address.
pub const BASE_URL: &str = "https://services.leadconnectorhq.com";

/// After so many milliseconds without an answer a call has failed.
pub const TIMEOUT_MS: u64 = 30_000;

/// What may stand in a path segment or query value as it is (RFC 3986, unreserved).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Builds the request of an operation from its accepted input.
///
/// # Errors
/// `invalid_input` where a path parameter is empty or no text.
pub fn encode(operation: &Operation, account: &Account, input: &Map) -> Result<Request> {
    let mut path = operation.path.clone();
    let mut query: Vec<String> = Vec::new();
    let mut body = Map::new();
    for (name, value) in input {
        match operation.place_of(name) {
            Place::Path => {
                let text = scalar(value).filter(|t| !t.is_empty() && t != "." && t != "..");
                let text = text.ok_or_else(|| Error::invalid_field(name, "must not be empty"))?;
                path = path.replace(&format!("{{{name}}}"), &escape(&text));
            }
            Place::Query => match value {
                Value::Array(items) => {
                    query.extend(items.iter().filter_map(scalar).map(|v| format!("{}={}", escape(name), escape(&v))))
                }
                other => query.extend(scalar(other).map(|v| format!("{}={}", escape(name), escape(&v)))),
            },
            Place::Body | Place::Data => {
                body.insert(name.clone(), value.clone());
            }
        }
    }
    let has_body = !matches!(operation.method, "GET") && (!body.is_empty() || operation.method != "DELETE");
    let mut headers = vec![("accept".to_owned(), "application/json".to_owned())];
    if !operation.version.is_empty() {
        headers.push(("version".to_owned(), operation.version.to_owned()));
    }
    if let Auth::PrivateIntegration { token } = &account.auth {
        headers.push(("authorization".to_owned(), format!("Bearer {}", token.reveal())));
    }
    if has_body {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    let mut url = format!("{}{path}", account.base_url.trim_end_matches('/'));
    if !query.is_empty() {
        url = format!("{url}?{}", query.join("&"));
    }
    let body = has_body.then(|| Value::Object(body).to_string());
    Ok(Request { method: operation.method.to_owned(), url, headers, body, timeout_ms: TIMEOUT_MS })
}

fn escape(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// Reads an answer: the JSON of a success, or a typed error.
///
/// # Errors
/// What GHL said, or `malformed_response`.
pub fn decode(operation: &Operation, response: &Response) -> Result<Value> {
    if !(200..300).contains(&response.status) {
        return Err(errors::decode(operation, response));
    }
    if response.body.trim().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    parse(&response.body).ok_or_else(|| {
        Error::new(
            Code::MalformedResponse,
            "HighLevel's answer is not JSON",
            "Check the base address and whether a proxy answers in its place; the call itself may have taken effect.",
        )
        .with_status(response.status)
        .with(|d| d.cause = Some(format!("{} bytes", response.body.len())))
    })
}

#[cfg(test)]
mod tests;
