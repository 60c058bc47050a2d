//! One call: validate, encode, send, decode. The same for both services.
//!
//! What happens between the request and its answer has a room each: [`pace`] decides when it may go, [`token`] says who it
//! is from, [`send`] whether it goes again.

mod credentials;
mod memory;
mod pace;
mod send;
mod token;

use std::rc::Rc;

use crate::connection::Connection;
use crate::json::{Map, Value, put};
use crate::{
    catalog::{self, Operation, Retry, Service},
    digistore24,
    effects::{Effects, Happening},
    error::{Code, Error, Result, word},
    highlevel, record,
};

pub(crate) use credentials::{FRESH_MS, Held, Slot};
pub use memory::Memory;
pub(crate) use token::scopes_of;

record! {
/// How urgent a call is, and how patient its caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Urgency {
    /// Nobody waits for it: it takes its share of the rate only, so that others needn't wait.
    pub background: bool,
    /// All tries, pauses and waits together take at most so many milliseconds (default 60,000).
    pub deadline_ms: Option<u64> as "deadlineMs",
}
}

/// The way to both services for one task.
#[derive(Debug, Clone)]
pub struct Client {
    /// The host.
    pub effects: Effects,
    /// Whose accounts.
    pub connection: Rc<Connection>,
    /// What is remembered from one task to the next.
    pub memory: Rc<Memory>,
    /// Of every call.
    pub urgency: Urgency,
}

impl Client {
    /// Calls an operation of the catalog.
    ///
    /// # Errors
    /// `invalid_input` before anything is sent; else what the service or the way to it said.
    pub fn run(&self, id: &str, input: Value) -> impl Future<Output = Result<Value>> {
        self.watched(id, input, |operation| operation.retry == Retry::Safe)
    }

    /// Calls an operation for the sync, which keeps a ledger: a write of unknown outcome comes back at once. Even one that
    /// may be repeated could take effect late, after a write that takes it back, so the sync waits that time out first.
    ///
    /// # Errors
    /// As [`Client::run`].
    pub fn run_once(&self, id: &str, input: Value) -> impl Future<Output = Result<Value>> {
        self.watched(id, input, |operation| operation.method == "GET")
    }

    /// Calls, names the operation in an error, and tells who listens how it went.
    async fn watched(&self, id: &str, input: Value, is_repeatable: fn(&Operation) -> bool) -> Result<Value> {
        let operation = catalog::find(id)?;
        let (began, before) = (self.effects.now(), self.effects.requests());
        let result = self.call(&operation, input, is_repeatable(&operation)).await.map_err(|e| e.of_operation(id));
        self.effects.event(Happening::Call, || {
            let requests = self.effects.requests() - before;
            let mut event = if requests == 0 { Map::new() } else { self.effects.last_answer() };
            put(&mut event, "operation", id.into());
            put(&mut event, "method", operation.method.into());
            // A template. The path of a custom request is the caller's, who may have put an id into it.
            put(&mut event, "path", operation.path.as_str().into());
            put(&mut event, "code", word(&result).into());
            put(&mut event, "requests", requests.into());
            put(&mut event, "durationMs", self.effects.now().saturating_sub(began).into());
            Value::Object(event)
        });
        result
    }

    async fn call(&self, operation: &Operation, input: Value, repeatable: bool) -> Result<Value> {
        match operation.service() {
            Service::Ghl => {
                let account = self.connection.highlevel()?;
                let input = operation.accept(input, Some(&account.location_id))?;
                let custom;
                let (operation, request, repeatable) = if operation.method.is_empty() {
                    custom = highlevel::custom(operation, account, input)?;
                    (&custom.0, custom.1, custom.0.retry == Retry::Safe)
                } else {
                    (operation, highlevel::encode(operation, account, &input)?, repeatable)
                };
                let response = self.send(operation, request, repeatable).await?;
                highlevel::decode(operation, &response)
            }
            Service::Digistore24 => {
                let account = self.connection.digistore24()?;
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
                    let request = digistore24::encode(operation, account, &input);
                    let response = self.send(operation, request, repeatable).await?;
                    // Digistore24 says "too many requests" inside a 200.
                    match digistore24::decode(operation, &response) {
                        Err(error) if error.code() == Code::RateLimited && attempt < 4 => {
                            self.effects.sleep(u64::from(self.effects.random() % 1_000) + (1_000 << attempt)).await;
                        }
                        result => {
                            self.note_permissions(operation, account, &result);
                            return result;
                        }
                    }
                }
            }
            Service::Bridge => Err(Error::invalid_field("operation", "is no call of one service")),
        }
    }
}
