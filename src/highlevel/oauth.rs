//! OAuth 2 as HighLevel speaks it: the address where a person agrees, and the requests for tokens. Pure.
//!
//! Source: HighLevel's OAuth pages and API specification, app `oauth` (v2). A refresh token is good for one use; for 30
//! seconds after it the very same request gets the same answer again.

use super::{Account, Secret, encode, errors, pairs};
use crate::json::{Value, json, parse, put};
use crate::{
    catalog,
    error::{Code, Error, Result},
    grant::Grant,
    http::{Request, Response},
};

/// Where a person agrees.
const AUTHORIZE_HOST: &str = "https://marketplace.gohighlevel.com";
/// After so many milliseconds without an answer a request for a token has failed: well within the 30 seconds in which it
/// may be repeated.
const TIMEOUT_MS: u64 = 10_000;

/// An app of HighLevel's marketplace, private ones too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its public id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// Where the person comes back to, as set in the app.
    pub redirect_uri: Option<String>,
    /// The agency, where the app is installed there: locations' tokens are made from its token.
    pub company_id: Option<String>,
    /// An authorisation that was given elsewhere.
    pub initial: Option<Grant>,
}

/// Why there is no token.
#[derive(Debug)]
pub enum Refusal {
    /// The code or the refresh token is used, expired or revoked.
    Grant,
    /// The location is paused; the same refresh token works again later.
    Inactive,
    /// Anything else.
    Other(Error),
}

/// The address where a person chooses the location and agrees. `host`: of a white-label marketplace.
pub fn authorize_url(host: Option<&str>, app: &App, redirect_uri: &str, scopes: &[String], state: &str) -> String {
    let host = host.unwrap_or(AUTHORIZE_HOST).trim_end_matches('/');
    let mut url = host.to_owned() + "/v2/oauth/chooselocation?response_type=code";
    let scope = scopes.join(" ");
    let query = json!({ "client_id": app.client_id, "redirect_uri": redirect_uri, "scope": scope, "state": state });
    pairs(&mut url, "", &query);
    url
}

/// Asks for a pair of tokens. `grant`: its type, with a code and perhaps its `redirect_uri`, or with a refresh token.
///
/// # Errors
/// None but those of a broken catalog.
pub fn token_request(account: &Account, app: &App, mut grant: Value) -> Result<Request> {
    if let Some(form) = grant.as_object_mut() {
        put(form, "client_id", app.client_id.as_str().into());
        put(form, "client_secret", app.client_secret.reveal().into());
        put(form, "user_type", if app.company_id.is_some() { "Company" } else { "Location" }.into());
    }
    request("ghl.oauth.getAccessToken", account, grant)
}

/// Asks for the location's token with the agency's.
///
/// # Errors
/// None but those of a broken catalog.
pub fn location_request(account: &Account, company_id: &str, company_token: &str) -> Result<Request> {
    let form = json!({ "companyId": company_id, "locationId": account.location_id });
    let mut request = request("ghl.oauth.getLocationAccessToken", account, form)?;
    request.headers.push(("authorization".to_owned(), "Bearer ".to_owned() + company_token));
    Ok(request)
}

fn request(id: &str, account: &Account, form: Value) -> Result<Request> {
    let operation = catalog::find(id)?;
    let request = encode(&operation, account, &operation.accept(form, None)?)?;
    Ok(Request { timeout_ms: TIMEOUT_MS, ..request })
}

/// Reads the answer to a request for tokens: the grant, and the answer itself for its ids. `now` by the store's clock;
/// `by_company`: it was made with an agency's token.
///
/// # Errors
/// Why there is none.
pub fn read_grant(response: &Response, now: u64, by_company: bool) -> std::result::Result<(Grant, Value), Refusal> {
    let body = parse(&response.body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if (200..300).contains(&response.status) && !text("access_token").is_empty() {
        let life = body.get("expires_in").and_then(Value::as_u64);
        let grant = Grant {
            refresh: text("refresh_token").to_owned(),
            since: now,
            expires: life.map_or(0, |seconds| now.saturating_add(seconds.saturating_mul(1000))),
            scopes: text("scope").split([' ', ',']).filter(|s| !s.is_empty()).map(str::to_owned).collect(),
            ..Grant::of(text("access_token"))
        };
        return Ok((grant, body));
    }
    let said = errors::said(&body);
    Err(match response.status {
        0 | 300..=399 => Refusal::Other(Error::redirected("HighLevel").with_status(response.status)),
        400..=404 | 422 if said.contains("not active") => Refusal::Inactive,
        400 | 401 if !by_company && (said.contains("invalid grant") || said.contains("invalid_grant")) => {
            Refusal::Grant
        }
        401 if by_company => Refusal::Other(lost()),
        400..=404 | 422 if by_company => Refusal::Other(
            Error::new(
                Code::Forbidden,
                "the agency's app gets no token for this location",
                "Install the app in the location, or check highlevel.locationId and companyId.",
            )
            .with_status(response.status),
        ),
        400..=404 | 422 => Refusal::Other(
            Error::new(
                Code::Misconfigured,
                "HighLevel refused the app's request for a token",
                "Check clientId, clientSecret and redirectUri against the app in HighLevel's marketplace.",
            )
            .with_status(response.status),
        ),
        status => Refusal::Other(unavailable().with_status(status)),
    })
}

/// No answer that counts.
pub fn unavailable() -> Error {
    Error::new(Code::Unavailable, "HighLevel gave no token for now", "Try again later; the authorisation is kept.")
}

/// Nothing renews the token any more.
pub fn lost() -> Error {
    Error::new(
        Code::Unauthenticated,
        "HighLevel has ended the authorisation",
        "Connect again: open the address of auth.authorizeUrl and exchange the code (command `auth`).",
    )
}

/// The location is paused.
pub fn inactive() -> Error {
    Error::new(
        Code::Forbidden,
        "the location is not active in HighLevel",
        "Activate the location; the authorisation is kept and works again then.",
    )
    .with(|d| d.retryable = true)
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    fn app(company_id: Option<&str>) -> App {
        App {
            client_id: "app-1".into(),
            client_secret: Secret::new("s&cret"),
            redirect_uri: None,
            company_id: company_id.map(str::to_owned),
            initial: None,
        }
    }

    fn answer(status: u16, body: &Value) -> std::result::Result<(Grant, Value), Refusal> {
        read_grant(&Response { status, headers: vec![], body: body.to_string() }, 1_000, false)
    }

    #[test]
    fn the_address_names_the_app_and_no_secret() {
        let url = authorize_url(
            Some("https://agency.example/"),
            &app(None),
            "https://x.example/back",
            &["a.readonly".into(), "b.write".into()],
            "st&te",
        );
        assert_eq!(
            url,
            "https://agency.example/v2/oauth/chooselocation?response_type=code&client_id=app-1&redirect_uri=https%3A%2F%2Fx.example%2Fback&scope=a.readonly%20b.write&state=st%26te"
        );
    }

    #[test]
    fn secrets_go_into_the_body_and_never_into_the_address() {
        let account = Account::from_options(&json!({ "locationId": "l", "baseUrl": "https://api.example" }));
        let grant = json!({ "grant_type": "refresh_token", "refresh_token": "r 1" });
        let request = token_request(&account, &app(None), grant.clone()).unwrap();
        assert_eq!(request.url, "https://api.example/oauth/token");
        assert!(request.headers.iter().all(|(name, _)| name != "version"));
        let body = request.body.unwrap();
        assert_eq!(
            body,
            "client_id=app-1&client_secret=s%26cret&grant_type=refresh_token&refresh_token=r%201&user_type=Location"
        );
        let body = token_request(&account, &app(Some("c")), grant).unwrap().body.unwrap();
        assert!(body.contains("user_type=Company"));
        let request = location_request(&account, "c", "agency-token").unwrap();
        assert_eq!(request.body.as_deref(), Some("companyId=c&locationId=l"));
        assert!(request.headers.contains(&("authorization".into(), "Bearer agency-token".into())));
        assert_eq!(request.url, "https://api.example/oauth/locationToken");
    }

    #[test]
    fn expiry_counts_from_the_receipt() {
        let body =
            json!({ "access_token": "t", "refresh_token": "r", "expires_in": 86399, "scope": "a.readonly b.write" });
        let (grant, _) = answer(200, &body).unwrap();
        assert_eq!((grant.access.as_str(), grant.refresh.as_str(), grant.expires), ("t", "r", 86_400_000));
        assert_eq!(grant.scopes, ["a.readonly", "b.write"]);
        // v2 gives a location's token of an agency nothing to renew it with.
        assert_eq!(answer(201, &json!({ "access_token": "t" })).unwrap().0.refresh, "");
    }

    #[test]
    fn refusals_are_told_apart() {
        let of = |status, body: Value| answer(status, &body).unwrap_err();
        let message = |text: &str| json!({ "statusCode": 400, "message": text });
        assert!(matches!(of(400, message("Invalid grant: refresh token is invalid")), Refusal::Grant));
        let standard = json!({ "error": "invalid_grant", "error_description": "This refresh token is invalid" });
        assert!(matches!(of(400, standard), Refusal::Grant));
        assert!(matches!(of(400, message("Location is not active")), Refusal::Inactive));
        let other = |status, body| match of(status, body) {
            Refusal::Other(error) => (error.code(), error.details().retryable),
            _ => panic!("not other"),
        };
        assert_eq!(other(400, message("Missing parameter: clientId")), (Code::Misconfigured, false));
        assert_eq!(
            other(401, json!({ "error": "UnAuthorized!", "error_description": "Invalid client credentials!" })),
            (Code::Misconfigured, false)
        );
        assert_eq!(other(302, Value::Null), (Code::Misconfigured, false));
        for status in [200, 429, 500, 503] {
            assert_eq!(other(status, Value::Null), (Code::Unavailable, true), "{status}");
        }
    }
}
