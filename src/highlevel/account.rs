//! Who calls: the location, its address and its credential.

use std::fmt;

use super::oauth::App;
use crate::grant::Grant;
use crate::json::{Json, Value};

/// A text that never shows up in a log, an error or a debug print.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends or checks it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What is wrong with a token or key; nothing where it may be used. It stands in a header: a line break in it would be a header of its own.
pub fn wrong_secret(secret: &str) -> Option<&'static str> {
    let plain = secret.bytes().all(|b| b.is_ascii_graphic());
    (!plain).then_some("must be one word, without spaces and line breaks")
}

/// How calls are authorised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// A private integration token of the sub-account (`pit-…`).
    PrivateIntegration {
        /// The token.
        token: Secret,
    },
    /// The tokens of an app that a person has agreed to. They live in the store.
    OAuth(Box<App>),
    /// The host adds the authorisation itself (n8n's authenticated helper, a proxy).
    Host,
}

/// One location of HighLevel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// How calls are authorised.
    pub auth: Auth,
    /// The sub-account.
    pub location_id: String,
    /// For tests and proxies.
    pub base_url: String,
    /// Of a private integration: what is ticked. Of an app: what to ask for. Empty where the options don't say.
    pub scopes: Vec<String>,
}

impl Account {
    /// From checked options (`options.schema.json`).
    pub fn from_options(options: &Value) -> Self {
        let text = |path: &str| options.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let secret = |path: &str| Secret::new(text(path).unwrap_or_default());
        let auth = match text("/auth/kind").as_deref() {
            Some("private-integration") => Auth::PrivateIntegration { token: secret("/auth/token") },
            Some("oauth") => Auth::OAuth(Box::new(App {
                client_id: text("/auth/clientId").unwrap_or_default(),
                client_secret: secret("/auth/clientSecret"),
                redirect_uri: text("/auth/redirectUri"),
                company_id: text("/auth/companyId").filter(|_| text("/auth/userType").as_deref() == Some("Company")),
                initial: text("/auth/refreshToken").map(|refresh| Grant {
                    refresh,
                    expires: options.pointer("/auth/expiresAt").and_then(Value::as_u64).unwrap_or_default(),
                    ..Grant::of(&text("/auth/accessToken").unwrap_or_default())
                }),
            })),
            _ => Auth::Host,
        };
        Self {
            auth,
            location_id: text("/locationId").unwrap_or_default(),
            base_url: text("/baseUrl").unwrap_or_else(|| super::BASE_URL.to_owned()),
            scopes: options.pointer("/auth/scopes").cloned().and_then(Vec::from_json).unwrap_or_default(),
        }
    }
}
