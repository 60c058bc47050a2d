//! HighLevel: how a call becomes a request, and how its answer is read. Pure.

mod account;
mod custom;
mod errors;
pub mod oauth;
mod webhook;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use account::{Account, Auth, Secret, wrong_secret};
pub use custom::custom;
pub use errors::{missing_scopes, refuses_token};
pub use webhook::{Arrival, Trust, public_key, read as webhook, shape, texts};

use crate::json::{Map, Value, json, parse};
use crate::{
    catalog::{Answer, Encoding, Operation, Place},
    error::{Error, Result},
    http::{Part, Request, Response},
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
    let mut query = String::new();
    let mut body = Map::new();
    let mut whole = None;
    let mut parts = Vec::new();
    for (name, value) in input {
        let wire = operation.wire_name(name);
        match operation.place_of(name) {
            Place::Path => {
                let text = scalar(value).filter(|t| !t.is_empty() && t != "." && t != "..");
                let text = text.ok_or_else(|| Error::invalid_field(name, "must not be empty"))?;
                path = path.replace(&format!("{{{wire}}}"), &escape(&text));
            }
            Place::Query => pairs(&mut query, wire, value),
            Place::List => {
                let items: Vec<String> = value.items().iter().filter_map(scalar).collect();
                pairs(&mut query, wire, &Value::from(items.join(",")));
            }
            Place::Whole => whole = Some(value.clone()),
            Place::Parts => {
                for (name, value) in value.fields() {
                    add_parts(&mut parts, name, value)?;
                }
            }
            Place::Body | Place::Data if operation.encoding == Some(Encoding::Multipart) => {
                add_parts(&mut parts, wire, value)?;
            }
            Place::Body | Place::Data => {
                body.insert(wire.to_owned(), value.clone());
            }
        }
    }
    let has_body = match (operation.encoding, operation.method) {
        (Some(Encoding::None | Encoding::Multipart), _) | (None, "GET") => false,
        (None, "DELETE") => !body.is_empty(),
        _ => true,
    };
    let accept = if operation.answer.is_some() { "*/*" } else { "application/json" };
    let mut headers = vec![("accept".to_owned(), accept.to_owned())];
    if !operation.version.is_empty() {
        headers.push(("version".to_owned(), operation.version.to_owned()));
    }
    let is_form = operation.encoding == Some(Encoding::Form);
    if has_body {
        let kind = if is_form { "application/x-www-form-urlencoded" } else { "application/json" };
        headers.push(("content-type".to_owned(), kind.to_owned()));
    }
    let mut url = format!("{}{path}", account.base_url.trim_end_matches('/'));
    if !query.is_empty() {
        url = format!("{url}?{query}");
    }
    let body = has_body.then(|| {
        if is_form {
            let mut form = String::new();
            pairs(&mut form, "", &Value::Object(body));
            return form;
        }
        whole.unwrap_or(Value::Object(body)).to_string()
    });
    let binary = operation.answer == Some(Answer::Binary);
    Ok(Request {
        method: operation.method.to_owned(),
        url,
        headers,
        body,
        parts,
        binary,
        detached: false,
        timeout_ms: TIMEOUT_MS,
    })
}

/// Adds `name=value`: a list as one pair for each item, an object as one pair for each field (OpenAPI's style `form`,
/// exploded).
fn pairs(into: &mut String, name: &str, value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| pairs(into, name, item)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| pairs(into, name, value)),
        other => {
            let Some(text) = scalar(other) else { return };
            if !into.is_empty() {
                into.push('&');
            }
            into.push_str(&escape(name));
            into.push('=');
            into.push_str(&escape(&text));
        }
    }
}

/// Adds a field of a multipart body: a file, a text, or a list of those.
fn add_parts(parts: &mut Vec<Part>, name: &str, value: &Value) -> Result<()> {
    if let Value::Array(items) = value {
        return items.iter().try_for_each(|item| add_parts(parts, name, item));
    }
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let part = match text("base64") {
        Some(content) => {
            if !is_base64(content) {
                return Err(Error::invalid_field(
                    format!("{name}.base64"),
                    "must be base64 with padding, without breaks",
                ));
            }
            let kind = text("type").unwrap_or("application/octet-stream").to_owned();
            let file = (text("name").unwrap_or("file").to_owned(), kind);
            Part { name: name.to_owned(), value: content.to_owned(), file: Some(file) }
        }
        None => Part { name: name.to_owned(), value: scalar(value).unwrap_or_else(|| value.to_string()), file: None },
    };
    parts.push(part);
    Ok(())
}

fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - digits.len() <= 2
        && digits.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
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
    match operation.answer {
        Some(Answer::Text) => return Ok(Value::from(response.body.as_str())),
        Some(Answer::Binary) => return Ok(file(response)),
        Some(Answer::Whole) => {
            let text = response.body.as_str();
            let body = if text.is_empty() { Value::Null } else { parse(text).unwrap_or_else(|| text.into()) };
            return Ok(json!({ "status": response.status, "body": body }));
        }
        None => {}
    }
    let malformed = |cause: &str| {
        let length = [&response.body.len().to_string(), " bytes"].concat();
        Err(Error::malformed("HighLevel", cause).with_status(response.status).with(|d| d.cause = Some(length)))
    };
    if response.body.trim().is_empty() {
        let is_fine = response.status == 204 || operation.may_be_silent();
        return if is_fine { Ok(Value::Object(Map::new())) } else { malformed("is empty") };
    }
    match parse(&response.body) {
        None => malformed("is not JSON"),
        Some(body) if errors::is_failure(&body) => Err(errors::decode(operation, response)),
        Some(body) if !operation.promise.fits(&body) => malformed("is of the wrong type"),
        Some(body) => Ok(body),
    }
}

/// `{ name, type, base64 }`, from the headers and the body that the host brought in base64.
fn file(response: &Response) -> Value {
    let disposition = response.header("content-disposition").unwrap_or_default();
    let name = disposition.split_once("filename=").map(|(_, name)| name.trim_matches(['"', ' ', ';']));
    json!({
        "name": name.filter(|name| !name.is_empty()).unwrap_or("file"),
        "type": response.header("content-type").unwrap_or("application/octet-stream"),
        "base64": response.body,
    })
}

#[cfg(test)]
mod tests;
