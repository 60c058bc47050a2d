//! Who a request is from: the token of HighLevel.

use super::Client;
use crate::{
    error::Result,
    highlevel::Auth,
    http::{Request, Response},
};

impl Client {
    /// Adds the token to a request to HighLevel. Gives what [`Client::renew`] needs to know which one it was.
    ///
    /// # Errors
    /// `unauthenticated` where there is no valid token any more.
    pub(super) async fn authorize(&self, request: &mut Request) -> Result<()> {
        if let Auth::PrivateIntegration { token } = &self.connection.highlevel()?.auth {
            request.headers.push(("authorization".to_owned(), format!("Bearer {}", token.reveal())));
        }
        Ok(())
    }

    /// Whether an answer says that the token has expired and there is a new one now: the request may go once more.
    ///
    /// # Errors
    /// `unauthenticated` where the service refuses to renew it.
    pub(super) async fn renew(&self, _response: &Response) -> Result<bool> {
        Ok(false)
    }
}
