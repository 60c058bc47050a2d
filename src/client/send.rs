//! The way of one request: admitted, authorized, sent, and sent again where that does no harm.

use super::Client;
use crate::json::json;
use crate::{
    catalog::{Operation, Retry, Service},
    effects::{Happening, Level},
    error::{Code, Error, Result},
    http::{Decision, Failure, Outcome, Request, Response, RetryPolicy, retry},
};

impl Client {
    /// Sends a request until there is an answer that counts.
    ///
    /// # Errors
    /// What stands in the way; `timeout` or `outcome_unknown` where no answer came.
    pub(super) async fn send(&self, operation: &Operation, request: Request, repeatable: bool) -> Result<Response> {
        let effects = &self.effects;
        let mut policy = RetryPolicy::default();
        policy.deadline_ms = self.urgency.deadline_ms.unwrap_or(policy.deadline_ms);
        let started = effects.now();
        let service = operation.service();
        let mut attempt = 0;
        let mut renewed = false;
        loop {
            attempt += 1;
            self.admit(service, started + policy.deadline_ms).await?;
            let mut request = request.clone();
            let credential = self.authorize(operation, &mut request).await?;
            let result = effects.http(request).await;
            self.learn(service, &result);
            let outcome = match &result {
                Ok(response) => {
                    if !renewed && self.renew(operation, response, &credential).await? {
                        renewed = true;
                        continue;
                    }
                    Outcome::Answered { status: response.status, wait_ms: wait_of(response) }
                }
                Err(failure) => Outcome::Failed(*failure),
            };
            let elapsed = effects.now().saturating_sub(started);
            match retry(&policy, repeatable, attempt, elapsed, outcome, effects.random()) {
                Decision::After(ms) => {
                    let fields = [
                        ("operation", operation.id.clone()),
                        ("attempt", attempt.to_string()),
                        ("waitMs", ms.to_string()),
                    ];
                    effects.log(Level::Warn, "a call is tried again", fields);
                    effects.event(Happening::Retry, || {
                        let (status, failure) = match &result {
                            Ok(response) => (Some(response.status), None),
                            Err(failure) => (None, Some(failure.word())),
                        };
                        json!({ "operation": operation.id, "attempt": attempt, "waitMs": ms, "status": status, "failure": failure })
                    });
                    effects.sleep(ms).await;
                }
                Decision::Stop => return result.map_err(|failure| no_answer(operation, failure)),
            }
        }
    }
}

/// How long the service asks to wait, in milliseconds: `Retry-After` in seconds, else GHL's rate window.
fn wait_of(response: &Response) -> Option<u64> {
    let window = || response.number("x-ratelimit-interval-milliseconds").filter(|_| response.status == 429);
    response.number("retry-after").map(|s| s.saturating_mul(1000)).or_else(window)
}

fn no_answer(operation: &Operation, failure: Failure) -> Error {
    let service = match operation.service() {
        Service::Ghl => "HighLevel",
        _ => "Digistore24",
    };
    match (failure, operation.retry) {
        (Failure::Refused, _) => Error::new(
            Code::Unavailable,
            format!("{service} can't be reached"),
            "Check the network and the base address in the settings; nothing was sent.",
        ),
        (Failure::Oversize, _) => Error::malformed(service, "is larger than 16 MiB"),
        (Failure::Cancelled, _) => {
            Error::new(Code::Cancelled, "the call was cancelled", "Call again if it is still wanted.")
        }
        (_, Retry::Safe) => Error::new(
            Code::Timeout,
            format!("{service} didn't answer in time"),
            "Try again later; a repetition does no harm.",
        ),
        _ => outcome_unknown(service),
    }
}

fn outcome_unknown(service: &str) -> Error {
    Error::new(
        Code::OutcomeUnknown,
        format!("the connection to {service} ended before its answer came"),
        "Look whether the change was made before you repeat it; the sync does this by itself.",
    )
}
