//! One call: validate, encode, send with retries, decode. The same for both services.

use crate::json::Value;
use crate::{
    catalog::{self, Operation, Retry, Service},
    digistore24,
    effects::{Effects, Level},
    error::{Code, Error, Result},
    highlevel,
    http::{Decision, Failure, Outcome, Request, Response, RetryPolicy, retry},
    plugin::Connection,
};

/// Calls an operation of the catalog.
///
/// # Errors
/// `invalid_input` before anything is sent; else what the service or the way to it said.
pub async fn run(effects: &Effects, connection: &Connection, id: &str, input: Value) -> Result<Value> {
    let operation = catalog::find(id)?;
    let repeatable = operation.retry == Retry::Safe;
    call(effects, connection, &operation, input, repeatable).await.map_err(|e| e.of_operation(id))
}

/// Calls an operation for the sync, which keeps a ledger: a write of unknown outcome comes back at once. Even one that may
/// be repeated could take effect late, after a write that takes it back, so the sync waits that time out first.
///
/// # Errors
/// As [`run`].
pub async fn run_once(effects: &Effects, connection: &Connection, id: &str, input: Value) -> Result<Value> {
    let operation = catalog::find(id)?;
    let repeatable = operation.method == "GET";
    call(effects, connection, &operation, input, repeatable).await.map_err(|e| e.of_operation(id))
}

async fn call(
    effects: &Effects,
    connection: &Connection,
    operation: &Operation,
    input: Value,
    repeatable: bool,
) -> Result<Value> {
    match operation.service() {
        Service::Ghl => {
            let account = connection.highlevel()?;
            let input = operation.accept(input, Some(&account.location_id))?;
            let custom;
            let (operation, request, repeatable) = if operation.method.is_empty() {
                custom = highlevel::custom(operation, account, input)?;
                (&custom.0, custom.1, custom.0.retry == Retry::Safe)
            } else {
                (operation, highlevel::encode(operation, account, &input)?, repeatable)
            };
            let response = send(effects, operation, request, repeatable).await?;
            highlevel::decode(operation, &response)
        }
        Service::Digistore24 => {
            let account = connection.digistore24()?;
            let mut input = operation.accept(input, None)?;
            let custom;
            let operation = if operation.method.is_empty() {
                (custom, input) = digistore24::custom(operation, input)?;
                &custom
            } else {
                operation
            };
            let mut attempt = 0;
            loop {
                attempt += 1;
                let response =
                    send(effects, operation, digistore24::encode(operation, account, &input)?, repeatable).await?;
                // Digistore24 says "too many requests" inside a 200.
                match digistore24::decode(operation, &response) {
                    Err(error) if error.code() == Code::RateLimited && attempt < 4 => {
                        effects.sleep(u64::from(effects.random() % 1_000) + (1_000 << attempt)).await;
                    }
                    result => return result,
                }
            }
        }
        Service::Bridge => Err(Error::invalid_field("operation", "is no call of one service")),
    }
}

async fn send(effects: &Effects, operation: &Operation, request: Request, repeatable: bool) -> Result<Response> {
    let policy = RetryPolicy::default();
    let started = effects.now();
    let mut attempt = 0;
    loop {
        attempt += 1;
        let result = effects.http(request.clone()).await;
        let outcome = match &result {
            Ok(response) => Outcome::Answered { status: response.status, wait_ms: wait_of(response) },
            Err(failure) => Outcome::Failed(*failure),
        };
        let elapsed = effects.now().saturating_sub(started);
        match retry(&policy, repeatable, attempt, elapsed, outcome, effects.random()) {
            Decision::After(ms) => {
                let fields =
                    [("operation", operation.id.clone()), ("attempt", attempt.to_string()), ("waitMs", ms.to_string())];
                effects.log(Level::Warn, "a call is tried again", fields);
                effects.sleep(ms).await;
            }
            Decision::Stop => return result.map_err(|failure| no_answer(operation, failure)),
        }
    }
}

/// How long the service asks to wait, in milliseconds: `Retry-After` in seconds, else GHL's rate window.
fn wait_of(response: &Response) -> Option<u64> {
    let number = |name: &str| response.header(name).and_then(|v| v.trim().parse::<u64>().ok());
    number("retry-after")
        .map(|s| s.saturating_mul(1000))
        .or_else(|| (response.status == 429).then(|| number("x-ratelimit-interval-milliseconds")).flatten())
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
