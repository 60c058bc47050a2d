//! What a plugin remembers from one task to the next. Nothing in here is a durable fact: an instance that starts anew
//! learns it again.

use std::cell::RefCell;

use super::{credentials::Known, pool::Pool};
use crate::json::Value;
use crate::{
    catalog::Service,
    http::{Budget, Class},
};

/// HighLevel's published limit: requests in an interval of milliseconds, for each app and location.
const GHL_RATE: (u64, u64) = (100, 10_000);
/// Digistore24 publishes none. This one only bounds how often the store is asked.
const DIGISTORE24_RATE: (u64, u64) = (1_000, 10_000);
/// Percent of the rate for the background, unless told otherwise.
const SHARE: u64 = 50;
/// How long a write may take effect after its request ended, unless told otherwise.
const SETTLE_MS: u64 = 60_000;

/// Shared by all tasks of one plugin.
#[derive(Debug)]
pub struct Memory {
    /// The credentials as they were last read.
    pub(super) credentials: Known,
    ghl: RefCell<Pool>,
    digistore24: RefCell<Pool>,
    /// The last `Date` header with the host's time at which it came: how late it is for the services.
    pub(super) date: RefCell<Option<(String, u64)>>,
    /// Percent of the rate.
    background_share: u64,
    /// How long a write may take effect after its request ended.
    pub settle_ms: u64,
}

impl Memory {
    /// Reads the options of `createPlugin` that are about the way to the services.
    pub fn new(options: &Value) -> Self {
        let number = |name: &str| options.get(name).and_then(Value::as_f64);
        let is_alone = options.get("exclusive").and_then(Value::as_bool).unwrap_or_default();
        let pool = |(max, interval)| RefCell::new(Pool::new(Budget::new(max, interval), is_alone));
        Self {
            credentials: Known::default(),
            ghl: pool(GHL_RATE),
            digistore24: pool(DIGISTORE24_RATE),
            date: RefCell::default(),
            background_share: number("backgroundShare").map_or(SHARE, |share| (share * 100.0) as u64),
            settle_ms: number("settleSeconds").map_or(SETTLE_MS, |s| (s * 1000.0) as u64),
        }
    }

    pub(super) fn pool(&self, service: Service) -> &RefCell<Pool> {
        match service {
            Service::Ghl => &self.ghl,
            _ => &self.digistore24,
        }
    }

    pub(super) fn class(&self, background: bool) -> Class {
        if background { Class::Background(self.background_share) } else { Class::Person }
    }
}
