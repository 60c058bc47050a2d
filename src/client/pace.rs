//! When a request may go: the rate, the day's quota, a service that is down.

use super::Client;
use crate::{
    catalog::Service,
    error::Result,
    http::{Failure, Response},
};

impl Client {
    /// Waits until a request to this service may go.
    ///
    /// # Errors
    /// `quota_exhausted`, `unavailable` or, where the deadline comes first, `rate_limited`.
    pub(super) async fn admit(&self, _service: Service, _deadline: u64) -> Result<()> {
        Ok(())
    }

    /// Notes what an answer says about the rate and about the service's health.
    pub(super) fn learn(&self, _service: Service, _result: &std::result::Result<Response, Failure>) {}
}
