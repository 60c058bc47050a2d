//! One call: validate, encode, send, decode. The same for both services.
//!
//! What happens between the request and its answer has a room each: [`pace`] decides when it may go, [`token`] says who it
//! is from, [`send`] whether it goes again, [`verify`] whether a write took place whose answer is missing.

mod credentials;
mod memory;
mod pace;
mod pool;
mod send;
mod token;
mod verify;

use std::rc::Rc;

use crate::connection::Connection;
use crate::json::{Map, Value, put};
use crate::{
    catalog::{self, Operation, Retry, Service},
    digistore24,
    effects::{Effects, Happening},
    error::{Error, Result, word},
    highlevel,
    http::RetryPolicy,
    record,
};

pub(crate) use credentials::{FRESH_MS, Held, Slot};
pub use memory::Memory;
pub(crate) use token::scopes_of;
use verify::Doubt;

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

/// One call of an operation.
struct Call {
    operation: Rc<Operation>,
    input: Value,
    /// Whether a second request does no harm.
    repeatable: bool,
    /// When the caller's patience ends.
    deadline: u64,
    /// A pause before it.
    after_ms: u64,
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
        self.watched(id, input, true)
    }

    /// Calls an operation for the sync, which keeps a ledger: a write of unknown outcome comes back at once. Even one that
    /// may be repeated could take effect late, after a write that takes it back, so the sync waits that time out first.
    ///
    /// # Errors
    /// As [`Client::run`].
    pub fn run_once(&self, id: &str, input: Value) -> impl Future<Output = Result<Value>> {
        self.watched(id, input, false)
    }

    /// Calls, names the operation in an error, and tells who listens how it went.
    async fn watched(&self, id: &str, input: Value, may_repeat: bool) -> Result<Value> {
        let operation = catalog::find(id)?;
        let (began, before) = (self.effects.now(), self.effects.requests());
        let patience = self.urgency.deadline_ms.unwrap_or(RetryPolicy::default().deadline_ms);
        let ends = began.saturating_add(patience);
        let mut doubt = Doubt::new(&operation, &input, began, ends).filter(|_| may_repeat);
        let repeatable = operation.method == "GET" || (may_repeat && operation.retry == Retry::Safe);
        // Of the time of a call that can be looked up, a quarter is kept for that.
        let deadline = if doubt.is_some() { ends - patience / 4 } else { ends };
        let mut call = Call { operation: operation.clone(), input, repeatable, deadline, after_ms: 0 };
        let result = loop {
            if let Err(error) = self.effects.sleep(call.after_ms).await {
                break Err(error);
            }
            let result = self.call(call).await;
            let Some(doubt) = &mut doubt else { break result };
            match doubt.next(result, self.effects.now(), &self.memory) {
                Ok(next) => call = next,
                Err(result) => break result,
            }
        };
        let result = result.map_err(|e| e.of_operation(id));
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

    async fn call(&self, call: Call) -> Result<Value> {
        let Call { operation, input, repeatable, deadline, .. } = call;
        let operation = &*operation;
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
                let response = self.send(operation, request, repeatable, deadline).await?;
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
                let request = digistore24::encode(operation, account, &input);
                let response = self.send(operation, request, repeatable, deadline).await?;
                let result = digistore24::decode(operation, &response);
                self.note_permissions(operation, account, &result);
                result
            }
            Service::Bridge => Err(Error::invalid_field("operation", "is no call of one service")),
        }
    }
}
