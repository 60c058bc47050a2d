//! Whose accounts a call is made with.

use crate::{
    digistore24,
    error::{Code, Error, Result},
    highlevel, http,
};

/// One vendor joined to one location.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    /// Stands at the start of every store key.
    pub id: String,
    /// The CRM side.
    pub highlevel: Option<highlevel::Account>,
    /// The shop side.
    pub digistore24: Option<digistore24::Account>,
}

impl Connection {
    /// Whether a request may go to this address: only to the base addresses.
    pub fn allows(&self, address: &str) -> bool {
        let under = |base: &str| http::is_under(base, address);
        self.highlevel.as_ref().is_some_and(|account| under(&account.base_url))
            || self.digistore24.as_ref().is_some_and(|account| under(&account.base_url))
    }

    /// Whether a merchant is known to be another one than ours.
    pub fn is_foreign(&self, merchant: Option<&String>) -> bool {
        let ours = self.digistore24.as_ref().and_then(|account| account.merchant_id.as_ref());
        ours.is_some() && ours != merchant
    }

    /// The CRM side.
    ///
    /// # Errors
    /// `misconfigured`.
    pub fn highlevel(&self) -> Result<&highlevel::Account> {
        self.highlevel.as_ref().ok_or_else(|| {
            Error::new(
                Code::Misconfigured,
                "no HighLevel account is set",
                "Set highlevel.auth and highlevel.locationId (GHL_TOKEN and GHL_LOCATION_ID).",
            )
        })
    }

    /// The shop side.
    ///
    /// # Errors
    /// `misconfigured`.
    pub fn digistore24(&self) -> Result<&digistore24::Account> {
        self.digistore24.as_ref().ok_or_else(|| {
            Error::new(
                Code::Misconfigured,
                "no Digistore24 account is set",
                "Set digistore24.apiKey and digistore24.ipnPassphrase (DIGISTORE24_API_KEY, DIGISTORE24_IPN_PASSPHRASE).",
            )
        })
    }
}
