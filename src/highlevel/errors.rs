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
    let said = said(&body);
    let error = match response.status {
        401 => unauthorized(operation, &said),
        403 => Error::new(
            Code::Forbidden,
            "the token may not do this",
            "Check that the token belongs to this location and that its plan includes this feature.",
        ),
        429 => too_many(response),
        400 | 404 | 422 if is_not_found(response.status, &said) => Error::new(
            Code::NotFound,
            "the thing named by the id doesn't exist",
            "Check the id; it may have been deleted or merged.",
        ),
        400 if said.contains("duplicate") => duplicate(&body),
        400 | 409 | 422 => refused(&messages(&body)),
        500..=599 if operation.retry == Retry::Safe => Error::new(
            Code::Unavailable,
            "HighLevel has a problem of its own",
            "Try again later; status.gohighlevel.com tells about outages.",
        ),
        500..=599 => Error::new(
            Code::OutcomeUnknown,
            "HighLevel failed while it carried out a write",
            "Look whether the change was made before you repeat it; the sync does this by itself.",
        ),
        status => Error::new(
            Code::MalformedResponse,
            format!("HighLevel answered with the unexpected status {status}"),
            "Check the base address and whether a proxy answers in its place.",
        ),
    };
    let trace = body
        .get("traceId")
        .and_then(Value::as_str)
        .map(|t| format!("traceId {}", t.chars().take(64).collect::<String>()));
    error.with_status(response.status).with(|d| d.cause = d.cause.take().or(trace))
}

/// All that the answer says, in small letters.
pub(super) fn said(body: &Value) -> String {
    lower(&messages(body).join("; "))
}

fn messages(body: &Value) -> Vec<String> {
    let holder = body.get("error").filter(|e| e.is_object()).unwrap_or(body);
    match holder.get("message").or_else(|| holder.get("error")) {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
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
    let number = |name: &str| response.header(name).and_then(|v| v.trim().parse::<u64>().ok());
    if number("x-ratelimit-daily-remaining") == Some(0) {
        return Error::new(
            Code::QuotaExhausted,
            "the location's daily quota of requests is used up",
            "Wait until the quota starts anew, or find what else uses it up.",
        );
    }
    let wait = number("retry-after")
        .map(|s| s * 1000)
        .or_else(|| number("x-ratelimit-interval-milliseconds"))
        .unwrap_or(10_000);
    Error::new(
        Code::RateLimited,
        "too many requests in a short time",
        "Wait and try again; the sync does this by itself.",
    )
    .with(|d| d.retry_after_ms = Some(wait))
}

/// `404`, or `400` with words such as "Contact with id … not found".
fn is_not_found(status: u16, said: &str) -> bool {
    status == 404 || said.contains("not found") || said.contains("does not exist")
}

fn duplicate(body: &Value) -> Error {
    let meta = |name: &str| body.pointer(&format!("/meta/{name}")).and_then(Value::as_str).map(str::to_owned);
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
    Error::invalid("HighLevel refused the input", fields)
        .with(|d| d.help = "Correct the named fields; HighLevel changed nothing.".into())
}
