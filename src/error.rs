//! Errors as data: a code, what happened, and what to do about it.

use crate::{record, words};

words! {
/// What kind of error it is. The list is closed, so that a host can branch on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The input doesn't fit the operation; nothing was sent.
    InvalidInput = "invalid_input",
    /// The credential is missing, expired or unknown to the service.
    Unauthenticated = "unauthenticated",
    /// The credential is known but may not do this.
    Forbidden = "forbidden",
    /// The thing doesn't exist.
    NotFound = "not_found",
    /// The thing exists already; `existing_id` names it where the service says so.
    Duplicate = "duplicate",
    /// Somebody else changed the same thing meanwhile.
    Conflict = "conflict",
    /// Too many requests in a short time.
    RateLimited = "rate_limited",
    /// The quota of the day is used up.
    QuotaExhausted = "quota_exhausted",
    /// The service is down or can't be reached.
    Unavailable = "unavailable",
    /// The service didn't answer, or the host doesn't tell why there is no answer; nothing was changed.
    Timeout = "timeout",
    /// A write may or may not have happened.
    OutcomeUnknown = "outcome_unknown",
    /// The service's answer can't be understood.
    MalformedResponse = "malformed_response",
    /// A webhook's signature is missing or wrong.
    SignatureInvalid = "signature_invalid",
    /// A setting is missing or wrong.
    Misconfigured = "misconfigured",
    /// The store failed.
    Storage = "storage",
    /// The caller gave up.
    Cancelled = "cancelled",
}
}

record! {
/// One wrong field of an input. Never carries the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// Where: `customFields[0].id`.
    pub path: String,
    /// What is wrong and what was expected.
    pub problem: String,
}
}

record! {
/// The content of an [`Error`], in the shape that crosses every boundary.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    /// The kind.
    pub code: Code,
    /// One sentence: what happened.
    pub message: String,
    /// One sentence: what to do.
    pub help: String,
    /// Whether the same call may succeed later without a change.
    pub retryable: bool,
    /// How long to wait before that, in milliseconds.
    pub retry_after_ms: Option<u64> as "retryAfterMs",
    /// The catalog id of the operation.
    pub operation: Option<String>,
    /// The HTTP status, where there was one.
    pub status: Option<u16>,
    /// Every wrong field.
    pub fields: Vec<FieldProblem>,
    /// The scopes that the token lacks.
    pub missing_scopes: Vec<String> as "missingScopes",
    /// The id of the thing that exists already.
    pub existing_id: Option<String> as "existingId",
    /// A technical word about the cause: never a secret or a personal value.
    pub cause: Option<String>,
    /// What an action of several calls had done before it failed.
    pub notes: Vec<String>,
}
}

/// What can go wrong anywhere in the plugin.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Error(Box<Details>);

/// Shorthand.
pub type Result<T> = std::result::Result<T, Error>;

/// How something ended, for people and counters: `ok` or the error's code.
pub fn word<T>(result: &Result<T>) -> &'static str {
    result.as_ref().err().map_or("ok", |error| error.code().word())
}

impl Error {
    /// A new error. Retryable by default where the code says that time may heal it.
    pub fn new(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::build(code, message.into(), help.into())
    }

    fn build(code: Code, message: String, help: String) -> Self {
        let retryable = matches!(
            code,
            Code::RateLimited
                | Code::QuotaExhausted
                | Code::Unavailable
                | Code::Timeout
                | Code::Conflict
                | Code::Storage
        );
        Self(Box::new(Details {
            code,
            message,
            help,
            retryable,
            retry_after_ms: None,
            operation: None,
            status: None,
            fields: Vec::new(),
            missing_scopes: Vec::new(),
            existing_id: None,
            cause: None,
            notes: Vec::new(),
        }))
    }

    /// An input that doesn't fit, with every wrong field.
    pub fn invalid(message: impl Into<String>, fields: Vec<FieldProblem>) -> Self {
        let help = "Correct the named fields and call again; nothing was sent.";
        Self::new(Code::InvalidInput, message, help).with(|d| d.fields = fields)
    }

    /// An input with one wrong field.
    pub fn invalid_field(path: impl Into<String>, problem: impl Into<String>) -> Self {
        let field = FieldProblem { path: path.into(), problem: problem.into() };
        let message = format!("{} {}", field.path, field.problem);
        Self::invalid(message, vec![field])
    }

    /// A service has a problem of its own: it did nothing, or (a write) perhaps something.
    pub fn failed(service: &str, is_safe: bool) -> Self {
        if is_safe {
            let message = [service, " has a problem of its own"].concat();
            return Self::new(
                Code::Unavailable,
                message,
                "Try again later; the service's status page tells about outages.",
            );
        }
        Self::new(
            Code::OutcomeUnknown,
            [service, " failed while it carried out a write"].concat(),
            "Look whether the change was made before you repeat it; the sync does this by itself.",
        )
    }

    /// An answer that can't be understood; `cause` says in what way.
    pub fn malformed(service: &str, cause: &str) -> Self {
        Self::new(
            Code::MalformedResponse,
            [service, "'s answer can't be understood: it ", cause].concat(),
            "Check the base address and whether a proxy answers in its place; a write may have taken effect.",
        )
    }

    /// An answer that points elsewhere. A token goes to the configured address and nowhere else.
    pub fn redirected(service: &str) -> Self {
        Self::new(
            Code::Misconfigured,
            [service, "'s address answers with a redirect, which is not followed"].concat(),
            "Set the base address to where the service itself answers; nothing was changed.",
        )
    }

    /// A service refused the input and didn't say which field.
    pub fn refused(service: &str) -> Self {
        let help = "Compare the input with the operation's catalog entry; nothing was changed.";
        Self::new(Code::InvalidInput, [service, " refused the input"].concat(), help)
    }

    /// Too many requests in a short time.
    pub fn too_fast(wait_ms: Option<u64>) -> Self {
        let help = "Wait and try again; the sync does this by itself.";
        Self::new(Code::RateLimited, "too many requests in a short time", help).with(|d| d.retry_after_ms = wait_ms)
    }

    /// Changes the details.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Details)) -> Self {
        change(&mut self.0);
        self
    }

    /// Names the operation.
    #[must_use]
    pub fn of_operation(self, id: &str) -> Self {
        self.with(|d| d.operation = Some(id.to_owned()))
    }

    /// Names the HTTP status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        self.with(|d| d.status = Some(status))
    }

    /// The kind.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The shape that crosses every boundary.
    pub fn to_json(&self) -> crate::json::Value {
        let mut value = crate::json::ToJson::to_json(&*self.0);
        if let Some(object) = value.as_object_mut() {
            object.retain(|_, v| !v.is_null() && v.as_array().is_none_or(|list| !list.is_empty()));
        }
        value
    }

    /// Everything known.
    pub fn details(&self) -> &Details {
        &self.0
    }
}
