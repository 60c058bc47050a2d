//! HTTP as values: what is asked, what came back, and whether to try again. Nothing here performs a request.

mod base;
mod retry;

use crate::words;

pub use base::{is_under, wrong_base};
pub use retry::{Decision, Outcome, RetryPolicy, retry};

/// A request that the host performs with its own `fetch`. Redirects are not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE`.
    pub method: String,
    /// Absolute address.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Text, or nothing.
    pub body: Option<String>,
    /// In place of text: the parts of a multipart body. The host writes it and its content type.
    pub parts: Vec<Part>,
    /// The body of a success is no text: the host brings it in base64.
    pub binary: bool,
    /// After this many milliseconds the host gives up.
    pub timeout_ms: u64,
}

/// One part of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// Text, or a file's content in base64.
    pub value: String,
    /// Of a file: its name and media type.
    pub file: Option<(String, String)>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in any case.
    pub headers: Vec<(String, String)>,
    /// The text; invalid UTF-8 is replaced by the host. Of a binary success: base64.
    pub body: String,
}

impl Response {
    /// A header that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.trim().parse().ok()
    }

    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

words! {
/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The connection broke: the request may have taken effect.
    Lost = "lost",
    /// The time was up: the request may have taken effect.
    Timeout = "timeout",
    /// No connection was made: the request can't have taken effect.
    Refused = "refused",
    /// The caller gave up: the request may have taken effect.
    Cancelled = "cancelled",
    /// There was an answer, larger than any operation has a use for: the request has taken effect.
    Oversize = "oversize",
}
}
