//! GHL's error answers. Six shapes are known: `message` as text or list, `statusCode` or `status`, with or without
//! `error`, and an envelope `{error: {code, message}}`. 401 has many meanings; "not found" may come as 400.

use crate::json::{Value, parse};
use crate::text::lower;
use crate::{
    catalog::{Operation, Retry},
    error::{Code, Error, FieldProblem},
    http::Response,
};

/// Turns an answer outside 2xx into a typed error. GHL's own words are used to decide and never repeated whole: they can
/// contain what was sent.
pub(super) fn decode(operation: &Operation, response: &Response) -> Error {
    let body = parse(&response.body).unwrap_or_default();
    let mut messages = Vec::new();
    collect(&body, &mut messages);
    let said = lower(&messages.join("; "));
    let error = match status_of(response.status, &body) {
        // A browser shows a redirect as 0.
        0 | 300..=399 => Error::redirected("HighLevel"),
        401 => unauthorized(operation, &said),
        402 | 403 => forbidden(&said),
        429 => too_many(response),
        status @ (400 | 404 | 410 | 422) if is_not_found(status, &said) => Error::new(
            Code::NotFound,
            "the thing named by the id doesn't exist",
            "Check the id (and the path of a custom request); it may have been deleted or merged.",
        ),
        400 | 409 | 422 if said.contains("duplicate") || said.contains("already exist") => duplicate(&body),
        400 | 409 | 413 | 415 | 422 => refused(&messages),
        408 | 500..=599 => Error::failed("HighLevel", operation.retry == Retry::Safe),
        _ => Error::malformed("HighLevel", "has an unexpected status"),
    };
    let trace = body.text_of("traceId").map(|t| ["traceId ", &t.chars().take(64).collect::<String>()].concat());
    error.with_status(response.status).with(|d| d.cause = d.cause.take().or(trace))
}

/// All that the answer says, in small letters.
pub(super) fn said(body: &Value) -> String {
    let mut messages = Vec::new();
    collect(body, &mut messages);
    lower(&messages.join("; "))
}

/// What a 401 is about. Only the first kind is healed by another token of the same authorisation.
#[derive(PartialEq, Eq)]
enum Unauthorized {
    Token,
    Scope,
    Class,
    Route,
    Version,
}

fn why_unauthorized(said: &str) -> Unauthorized {
    let has = |word: &str| said.contains(word);
    // "authClass type is not allowed to access this scope" has both words.
    if has("type mismatch") || has("authclass") {
        Unauthorized::Class
    } else if has("iam service") || has("iam config") {
        Unauthorized::Route
    } else if has("scope") {
        Unauthorized::Scope
    } else if has("version header") {
        Unauthorized::Version
    } else {
        Unauthorized::Token
    }
}

/// Whether the answer says that the token has expired or isn't valid.
pub fn refuses_token(response: &Response) -> bool {
    response.status == 401 && why_unauthorized(&said(&parse(&response.body).unwrap_or_default())) == Unauthorized::Token
}

/// Whether a success says in its body that it is none.
pub(super) fn is_failure(body: &Value) -> bool {
    body.get("statusCode").and_then(Value::as_f64).is_some_and(|status| status >= 400.0)
        && body.get("message").is_some()
}

/// Where both are a refusal, the body's own status says more: "not found" may come as 400. A failure of the service, a
/// redirect and "too many requests" are what they are.
fn status_of(status: u16, body: &Value) -> u16 {
    let number = |name: &str| body.get(name).and_then(Value::as_f64);
    let told = number("statusCode").or_else(|| number("status")).map(|n| n as u16);
    match (status, told) {
        (200..=299, Some(told)) => told,
        (400 | 422, Some(told @ 400..=499)) => told,
        _ => status,
    }
}

/// The words of an error: the messages first, then what classifies it.
fn collect(body: &Value, into: &mut Vec<String>) {
    let holder = body.get("error").filter(|e| e.is_object()).unwrap_or(body);
    for name in ["message", "error", "code", "name"] {
        match holder.get(name) {
            Some(Value::String(text)) => into.push(text.clone()),
            Some(Value::Array(list)) => into.extend(list.iter().filter_map(Value::as_str).map(str::to_owned)),
            _ => {}
        }
    }
}

fn forbidden(said: &str) -> Error {
    let (message, help) = if said.contains("location") {
        (
            "the token has no access to this location",
            "Check the location id, and that the token was made in this sub-account.",
        )
    } else if ["plan", "upgrade", "subscription", "saas"].iter().any(|word| said.contains(word)) {
        (
            "the account's HighLevel plan doesn't include this",
            "Book a plan that has it, or leave it out; other operations are not affected.",
        )
    } else {
        (
            "the token may not do this",
            "Check that the token belongs to this location and that its plan includes this feature.",
        )
    };
    Error::new(Code::Forbidden, message, help)
}

fn unauthorized(operation: &Operation, said: &str) -> Error {
    match why_unauthorized(said) {
        Unauthorized::Scope => missing_scopes(operation),
        Unauthorized::Version => {
            Error::new(Code::Misconfigured, "HighLevel refused the Version header", "Report this as a bug.")
        }
        Unauthorized::Class => Error::new(
            Code::Forbidden,
            "the token is of the wrong kind: an agency token where a sub-account's is needed, or the reverse",
            "Create the private integration inside the sub-account itself, or authorise the app for the location.",
        ),
        Unauthorized::Route => Error::new(
            Code::Forbidden,
            "HighLevel doesn't offer this call to tokens of this kind (IAM)",
            "Try the other kind: an app's authorisation in place of a private integration, or the reverse.",
        ),
        Unauthorized::Token => Error::new(
            Code::Unauthenticated,
            "HighLevel doesn't accept the token",
            "Private integration: check that the token was copied whole and has not been rotated or deleted. App: connect again.",
        ),
    }
}

/// The token may not do this.
pub fn missing_scopes(operation: &Operation) -> Error {
    if operation.scopes.is_empty() {
        return Error::new(
            Code::Forbidden,
            "the token lacks a scope for this",
            "Tick what the service's documentation names for it (Settings > Private Integrations).",
        );
    }
    let scopes = operation.scopes.join(", ");
    Error::new(
        Code::Forbidden,
        "the token lacks the scope ".to_owned() + &scopes,
        format!("Private integration: tick {scopes} (Settings > Private Integrations); the token stays the same. App: add it and connect again."),
    )
    .with(|d| d.missing_scopes = operation.scopes.iter().map(|s| (*s).to_owned()).collect())
}

fn too_many(response: &Response) -> Error {
    if response.number("x-ratelimit-daily-remaining") == Some(0) {
        return Error::new(
            Code::QuotaExhausted,
            "the location's daily quota of requests is used up",
            "Wait until the quota starts anew, or find what else uses it up.",
        );
    }
    let told = response.number("retry-after").map(|s| s.saturating_mul(1000));
    let window = || response.number("x-ratelimit-interval-milliseconds");
    Error::too_fast(told.or_else(window).or(Some(10_000)))
}

/// `404`, or `400` with words such as "Contact with id … not found".
fn is_not_found(status: u16, said: &str) -> bool {
    matches!(status, 404 | 410) || said.contains("not found") || said.contains("does not exist")
}

fn duplicate(body: &Value) -> Error {
    let meta = |name: &str| body.get("meta")?.get(name)?.as_str().map(str::to_owned);
    // Only the two fields that GHL matches by: any other word could be a value.
    let field = meta("matchingField").filter(|f| matches!(f.as_str(), "email" | "phone"));
    let message = match &field {
        Some(field) => format!("the location has a contact with this {field} already"),
        None => "the location has this already".to_owned(),
    };
    Error::new(
        Code::Duplicate,
        message,
        "Use the existing one (existingId), or allow duplicates in the location's settings.",
    )
    .with(|d| {
        d.existing_id = meta("contactId").or_else(|| meta("existingId"));
        d.cause = field;
    })
}

/// What GHL's validator says about a property, after its name. Anything else could repeat a value.
const PHRASES: [&str; 14] = [
    "should not exist",
    "should not be empty",
    "must be a string",
    "must be a number",
    "must be a boolean",
    "must be an array",
    "must be an object",
    "must be an email",
    "must be a valid phone number",
    "must be a valid ISO 8601 date string",
    "must be one of the following values",
    "must be longer than or equal to",
    "must be shorter than or equal to",
    "is required",
];

/// GHL's validator names the property first: `property nickname should not exist`, `title must be a string`.
fn refused(messages: &[String]) -> Error {
    let mut fields = Vec::new();
    for message in messages {
        let words = message.strip_prefix("property ").unwrap_or(message);
        let Some((name, rest)) = words.split_once(' ') else { continue };
        let plain = name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "._[]".contains(c));
        let phrase = PHRASES.iter().find(|phrase| rest.starts_with(**phrase));
        if let (true, Some(phrase)) = (plain, phrase) {
            fields.push(FieldProblem { path: name.to_owned(), problem: (*phrase).to_owned() });
        }
    }
    if fields.is_empty() {
        return Error::refused("HighLevel");
    }
    Error::invalid("HighLevel refused the input", fields)
        .with(|d| d.help = "Correct the named fields; HighLevel changed nothing.".into())
}

#[cfg(test)]
mod tests;
