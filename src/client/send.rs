//! The way of one request: admitted, authorized, sent, and sent again where that does no harm.

use super::Client;
use crate::json::json;
use crate::{
    catalog::{Operation, Retry},
    effects::{Happening, Level, cancelled},
    error::{Code, Error, Result},
    http::{Decision, Failure, Request, Response, RetryPolicy, retry},
};

impl Client {
    /// Sends a request until there is an answer that counts, or the time is over.
    ///
    /// # Errors
    /// What stands in the way; `timeout` or `outcome_unknown` where no answer came.
    pub(super) async fn send(
        &self,
        operation: &Operation,
        request: Request,
        repeatable: bool,
        deadline: u64,
    ) -> Result<Response> {
        let effects = &self.effects;
        let started = effects.now();
        let policy = RetryPolicy { deadline_ms: deadline.saturating_sub(started), ..RetryPolicy::default() };
        let service = operation.service();
        let mut attempt = 0;
        let mut renewed = false;
        loop {
            attempt += 1;
            let ticket = self.admit(service, deadline).await?;
            let mut request = request.clone();
            let credential = self.authorize(operation, &mut request).await?;
            // No answer is waited for longer than the caller waits; the token may have taken its time.
            let left = deadline.saturating_sub(effects.now());
            request.timeout_ms = request.timeout_ms.min(left.max(1));
            let result = effects.http(request).await;
            let outcome = self.learn(service, &ticket, &result);
            if let Ok(response) = &result
                && !renewed
                && self.renew(operation, response, &credential).await?
            {
                renewed = true;
                continue;
            }
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
                    effects.sleep(ms).await?;
                }
                Decision::Stop => return result.map_err(|failure| no_answer(operation, failure)),
            }
        }
    }
}

fn no_answer(operation: &Operation, failure: Failure) -> Error {
    let service = operation.service().title();
    match (failure, operation.retry) {
        (Failure::Refused, _) => Error::new(
            Code::Unavailable,
            format!("{service} can't be reached"),
            "Check the network and the base address in the settings; nothing was sent.",
        ),
        (Failure::Oversize, _) => Error::malformed(service, "is larger than 16 MiB"),
        (Failure::Cancelled, _) => cancelled(),
        (_, Retry::Safe) => Error::new(
            Code::Timeout,
            format!("{service} didn't answer"),
            "Check the network, or try again later; a repetition does no harm.",
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
