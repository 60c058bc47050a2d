//! The API key: which one a call needs, and what it may do. Pure.
//!
//! Source: Digistore24's developer documentation (API keys; generating a key interactively).

use super::answer::{BAD_KEY, error_code};
use crate::json::parse;
use crate::text::lower;
use crate::{
    catalog::Operation,
    error::{Code, Error},
    http::Response,
};

/// Whether the call is made with the developer key, which only asks vendors for keys.
pub fn needs_developer(operation: &Operation) -> bool {
    operation.scopes.contains(&"developer")
}

/// Whether the answer says that the key is unknown or deleted.
pub fn refuses_key(response: &Response) -> bool {
    // A refusal is short: a long answer isn't read twice.
    response.body.len() < 1_000 && parse(&response.body).is_some_and(|body| error_code(&body) == BAD_KEY)
}

/// Whether a key with these permissions, in the words of `getUserInfo`, can only read.
pub fn is_read_only(permissions: &str) -> bool {
    // The official connector and the specification spell it differently.
    lower(permissions).replace('-', "") == "readonly"
}

/// Refuses what a key that can only read can't do.
///
/// # Errors
/// `forbidden`.
pub fn read_only_refusal(operation: &Operation) -> Option<Error> {
    operation.scopes.contains(&"full").then(|| {
        Error::new(
            Code::Forbidden,
            "the API key can only read",
            "Create a key with full access in Digistore24 and set or rotate it; nothing was sent.",
        )
        .with(|d| d.missing_scopes = vec!["full".to_owned()])
    })
}

/// There is no key.
pub fn missing(operation: &Operation) -> Error {
    if needs_developer(operation) {
        return Error::new(
            Code::Misconfigured,
            "no Digistore24 developer key is set",
            "Set digistore24.developerKey (DIGISTORE24_DEVELOPER_KEY); Digistore24 gives one on request.",
        );
    }
    Error::new(
        Code::Misconfigured,
        "no Digistore24 API key is set",
        "Create one under Settings > Account access > API keys and set digistore24.apiKey (DIGISTORE24_API_KEY).",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;
    use crate::json::{Value, json};

    #[test]
    fn a_refused_key_is_told_from_other_errors() {
        let refused = |body: Value| refuses_key(&Response { status: 200, headers: vec![], body: body.to_string() });
        assert!(refused(json!({ "result": "error", "code": 2, "message": "x" })));
        assert!(refused(json!({ "result": "error", "code": "2", "message": "x" })));
        assert!(!refused(json!({ "result": "error", "code": 5, "message": "x" })));
        assert!(!refused(json!({ "result": "success", "data": { "code": 2 } })));
        assert!(!refused(json!("no JSON object")));
    }

    #[test]
    fn a_key_that_can_only_read_is_refused_writes_alone() {
        let find = |id: &str| catalog::find(id).unwrap();
        assert!(is_read_only("readonly") && is_read_only("read-only") && !is_read_only("writable"));
        assert_eq!(read_only_refusal(&find("digistore24.updateBuyer")).unwrap().code(), Code::Forbidden);
        assert!(read_only_refusal(&find("digistore24.getPurchase")).is_none());
        assert!(needs_developer(&find("digistore24.requestApiKey")));
        assert!(!needs_developer(&find("digistore24.unregister")));
    }
}
