//! Who calls: the location, its address and its credential.

use super::Trust;
use crate::json::Value;
use std::fmt;

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

/// How calls are authorised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// A private integration token of the sub-account (`pit-…`).
    PrivateIntegration {
        /// The token.
        token: Secret,
    },
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
    /// Whose webhooks are believed.
    pub webhooks: Trust,
}

impl Account {
    /// From checked options (`options.schema.json`).
    pub fn from_options(options: &Value) -> Self {
        let text = |path: &str| options.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let auth = match text("/auth/token") {
            Some(token) => Auth::PrivateIntegration { token: Secret::new(token) },
            None => Auth::Host,
        };
        Self {
            auth,
            location_id: text("/locationId").unwrap_or_default(),
            base_url: text("/baseUrl").unwrap_or_else(|| super::BASE_URL.to_owned()),
            webhooks: Trust::from_options(options),
        }
    }
}
