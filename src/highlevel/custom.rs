//! The custom request: any path of the service, with the plugin's token, limits, retries and errors. It can't leave the
//! configured base address, and it can't replace what the plugin itself says about who calls.

use super::{Account, Operation, encode};
use crate::json::{Map, Value, put};
use crate::{
    catalog::Encoding,
    error::{Error, Result},
    http::Request,
};

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Builds the request that the accepted input spells out, and the operation that it stands for.
///
/// # Errors
/// `invalid_input` for a path that could lead elsewhere and for headers that are not the caller's.
pub fn custom(operation: &Operation, account: &Account, mut input: Map) -> Result<(Operation, Request)> {
    let method = input.remove("method");
    let method = METHODS.into_iter().find(|m| method.as_ref().is_some_and(|given| given == m)).unwrap_or("GET");
    let path = input.remove("path").unwrap_or_default();
    let path = path.as_str().unwrap_or_default().replace("{locationId}", &account.location_id);
    if let Some(problem) = wrong_path(&path) {
        return Err(Error::invalid_field("path", problem));
    }
    let mut operation = operation.spelled_out(method, path);
    let mut headers = match input.remove("headers") {
        Some(Value::Object(headers)) => headers,
        _ => Map::new(),
    };
    if let Some(name) = headers.keys().find(|name| !is_the_callers(name)) {
        return Err(Error::invalid_field(format!("headers.{name}"), "is not a header that can be set here"));
    }
    if let Some(version) = input.remove("version") {
        operation.version = "";
        put(&mut headers, "version", version);
    }
    if input.get("body").is_none_or(Value::is_null) {
        input.remove("body");
    } else if method == "GET" {
        return Err(Error::invalid_field("body", "is not sent with GET"));
    } else {
        operation.encoding = Some(Encoding::Json);
    }
    let mut request = encode(&operation, account, &input)?;
    request.url = request.url.replace("%7BlocationId%7D", &account.location_id);
    for (name, value) in &headers {
        let value = value.as_str().unwrap_or_default();
        if value.chars().any(char::is_control) {
            return Err(Error::invalid_field(name, "must not have line breaks"));
        }
        // As elsewhere: an empty one is not sent.
        if !value.is_empty() {
            request.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }
    Ok((operation, request))
}

/// Neither what says who calls, nor what would change where a request goes or how it is read.
fn is_the_callers(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let own = name.starts_with("x-") && !name.starts_with("x-forwarded") && !name.starts_with("x-http");
    (own || matches!(name.as_str(), "accept-language" | "channel" | "source"))
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// What is wrong with a path; nothing where it stays on the base address whoever reads it.
fn wrong_path(path: &str) -> Option<&'static str> {
    if !path.starts_with('/') || path.starts_with("//") {
        return Some("must begin with one slash; the base address comes from the settings");
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"/-._~%:@,;=+!$&'()*".contains(&b);
    if !path.bytes().all(allowed) {
        return Some("must be a plain path; escape other characters and put the query into query");
    }
    // Servers differ in when they decode: in no reading may it climb up or hide other characters.
    let plain = path.to_ascii_lowercase().replace("%2f", "/");
    let hidden = ["%2e", "%25", "%5c", "%3f", "%23", "%0", "%1", "%7f"].iter().any(|code| plain.contains(code));
    let climbs = plain.split('/').any(|part| matches!(part, "." | ".."));
    (climbs || hidden).then_some("must not climb up or hide other characters")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;
    use crate::{catalog, highlevel::Auth, highlevel::Secret};

    fn build(input: Value) -> Result<(Operation, Request)> {
        let account = Account {
            auth: Auth::PrivateIntegration { token: Secret::new("pit-secret") },
            location_id: "loc1".into(),
            base_url: "https://example.test/".into(),
            scopes: Vec::new(),
        };
        let operation = catalog::find("ghl.custom.request").unwrap();
        let input = operation.accept(input, Some("loc1"))?;
        custom(&operation, &account, input)
    }

    fn refused(input: Value) -> String {
        build(input).unwrap_err().details().fields[0].path.clone()
    }

    #[test]
    fn a_request_is_built_as_it_is_spelled_out() {
        let input = json!({
            "method": "POST", "path": "/locations/{locationId}/tags", "version": "2021-04-15",
            "query": { "a": "x y", "n": 5, "list": ["1", "2"], "location_id": "{locationId}" },
            "body": [1, 2], "headers": { "X-Trace": "t1" },
        });
        let (operation, request) = build(input).unwrap();
        assert_eq!(request.url, "https://example.test/locations/loc1/tags?a=x%20y&list=1&list=2&location_id=loc1&n=5");
        assert_eq!((request.method.as_str(), request.body.as_deref()), ("POST", Some("[1,2]")));
        for (name, value) in [("version", "2021-04-15"), ("x-trace", "t1"), ("content-type", "application/json")] {
            assert_eq!(request.headers.iter().filter(|(n, v)| n == name && v == value).count(), 1, "{name}");
        }
        assert_eq!(operation.retry, catalog::Retry::Never);
        let (operation, request) = build(json!({ "path": "/contacts/", "version": "" })).unwrap();
        assert_eq!((operation.retry, request.body), (catalog::Retry::Safe, None));
        assert!(!request.headers.iter().any(|(name, _)| name == "version" || name == "content-type"));
    }

    #[test]
    fn no_path_leads_elsewhere() {
        for path in [
            "https://evil.test/x",
            "//evil.test/x",
            "contacts/",
            "",
            "/../x",
            "/a/./b",
            "/a/..",
            "/a/%2e%2e/b",
            "/a/%252e%252e/b",
            "/a/..%2fb",
            "/a/%2e.%5cb",
            "/a\\b",
            "/a?b=c",
            "/a#b",
            "/a b",
            "/a\n",
            "/a%0d%0ab",
            "/a%3fb",
            "/ä",
            "/@evil.test/..",
        ] {
            assert_eq!(refused(json!({ "path": path })), "path", "{path}");
        }
        assert!(build(json!({ "path": "/a/b%2Fc/x:y" })).is_ok());
    }

    #[test]
    fn some_headers_are_not_the_callers() {
        for name in [
            "Authorization",
            "HOST",
            "cookie",
            "Version",
            "content-type",
            "Content-Length",
            "Proxy-Authorization",
            "X-Forwarded-Host",
            "X-HTTP-Method-Override",
            "Transfer-Encoding",
            "a b",
            "",
            "x\r\ny",
            "kä",
        ] {
            let mut headers = Map::new();
            headers.insert(name.to_owned(), "x".into());
            let error = build(json!({ "path": "/x", "headers": Value::Object(headers) })).unwrap_err();
            assert!(error.details().fields[0].path.starts_with("headers."), "{name}");
        }
        assert_eq!(refused(json!({ "path": "/x", "headers": { "x-a": "1\r\nhost: evil" } })), "x-a");
        assert_eq!(refused(json!({ "path": "/x", "version": "1\n2" })), "version");
        assert_eq!(refused(json!({ "path": "/x", "method": "TRACE" })), "method");
        assert_eq!(refused(json!({ "path": "/x", "body": {} })), "body");
        assert_eq!(refused(json!({ "path": "/x", "url": "y" })), "url");
    }
}
