//! The one handle through which the core touches the world, and the task that a host drives step by step.
//!
//! The core is plain `async` code. An effect is written into a mailbox and the future waits; the host takes the
//! outstanding effects, performs them as it likes, hands back the answers and polls again. No executor, no waker, no I/O
//! in here, so the same code runs under `fetch`, in a Worker, in a component and in a native test.

use std::{
    cell::RefCell,
    fmt,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use crate::json::{Map, Value, json};
use crate::{
    error::{Code, Error, Result},
    http,
};

/// One thing that the host is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Perform a request.
    Http(http::Request),
    /// Wait.
    Sleep {
        /// Milliseconds.
        ms: u64,
    },
    /// Read these keys from the store.
    Get {
        /// Full keys, `connection/location/…`.
        keys: Vec<String>,
    },
    /// Read a range of the store, in byte order of the keys.
    List {
        /// Only keys that start so.
        prefix: String,
        /// Only keys after this one.
        after: Option<String>,
        /// At most so many.
        limit: u32,
    },
    /// Write all or nothing.
    Commit {
        /// The writes; all keys share one scope (`connection/location`).
        writes: Vec<Write>,
    },
    /// Say something to the operator. Not answered.
    Log {
        /// `debug`, `info`, `warn` or `error`.
        level: Level,
        /// A constant sentence.
        message: String,
        /// Names and values without secrets or personal data.
        fields: Map,
    },
}

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For the developer.
    Debug,
    /// What happens.
    Info,
    /// Somebody should look at it.
    Warn,
    /// Somebody must act.
    Error,
}

/// One compare-and-set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Full key.
    pub key: String,
    /// 0: the key must be absent. n: it must have this version. None: any.
    pub expect: Option<u64>,
    /// The new value, or None to delete.
    pub value: Option<String>,
}

/// A value of the store with its version (1 or more).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Full key.
    pub key: String,
    /// JSON text.
    pub value: String,
    /// The number of the commit that wrote it: grows over the whole scope, so that a deleted and rewritten key never
    /// has an old number again.
    pub version: u64,
}

/// An effect with the number under which its answer is expected; a log line has none.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The number; 0 where no answer is expected.
    pub id: u32,
    /// What to do.
    pub effect: Effect,
}

/// What the host brings back for the effect `id`.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The number of the effect.
    pub id: u32,
    /// The result.
    pub result: Reply,
}

/// The result of an effect.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The service answered.
    Http(http::Response),
    /// It didn't.
    HttpError {
        /// Why.
        reason: http::Failure,
    },
    /// The time is over.
    Slept,
    /// What the store holds, missing keys left out.
    Values {
        /// Found entries, in byte order of the keys for a list.
        entries: Vec<Entry>,
        /// The store's own time, milliseconds since 1970.
        now: u64,
    },
    /// The commit was carried out whole (`ok`) or not at all.
    Committed {
        /// False: an expectation didn't hold.
        ok: bool,
        /// The number of this commit: the new version of every key that it wrote.
        version: u64,
        /// The store's own time, milliseconds since 1970.
        now: u64,
    },
    /// The store failed.
    StoreError {
        /// A technical word for the operator.
        message: String,
    },
}

/// What the host brings to a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepInput {
    /// Milliseconds since 1970.
    pub now: u64,
    /// Any number; makes jitter and lease ids differ.
    pub seed: u32,
    /// Answers to earlier effects, in any order.
    pub answers: Vec<Answer>,
}

/// What a step brings back.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Perform these, then step again. May be empty while earlier ones are outstanding.
    Effects(Vec<Outgoing>),
    /// Finished: JSON text.
    Done(String),
    /// Finished with an error.
    Failed(Error),
}

/// The wire form, written by hand: it is the hot path of every host, and derived code for tagged enums is large.
impl Outgoing {
    /// As JSON: `{ id, kind, … }`.
    pub fn to_value(self) -> Value {
        let mut value = match self.effect {
            Effect::Http(request) => {
                let mut http = json!({
                    "kind": "http", "method": request.method, "url": request.url, "timeoutMs": request.timeout_ms, "body": request.body,
                    "headers": request.headers.into_iter().map(|(n, v)| Value::Array(vec![n.into(), v.into()])).collect::<Vec<_>>(),
                });
                if !request.parts.is_empty() {
                    put(&mut http, "parts", Value::Array(request.parts.into_iter().map(part).collect()));
                }
                if request.binary {
                    put(&mut http, "binary", true.into());
                }
                http
            }
            Effect::Sleep { ms } => json!({ "kind": "sleep", "ms": ms }),
            Effect::Get { keys } => json!({ "kind": "get", "keys": keys }),
            Effect::List { prefix, after, limit } => {
                json!({ "kind": "list", "prefix": prefix, "after": after, "limit": limit })
            }
            Effect::Commit { writes } => json!({
                "kind": "commit",
                "writes": writes.into_iter().map(|w| json!({ "key": w.key, "expect": w.expect, "value": w.value })).collect::<Vec<_>>(),
            }),
            Effect::Log { level, message, fields } => {
                json!({ "kind": "log", "level": level.name(), "message": message, "fields": fields })
            }
        };
        put(&mut value, "id", self.id.into());
        value
    }
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

/// `{ name, value }` or `{ name, filename, type, base64 }`.
fn part(part: http::Part) -> Value {
    match part.file {
        Some((filename, kind)) => {
            json!({ "name": part.name, "filename": filename, "type": kind, "base64": part.value })
        }
        None => json!({ "name": part.name, "value": part.value }),
    }
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl StepInput {
    /// From JSON. An answer that can't be read counts as a failure of its effect, never as a success.
    pub fn from_value(mut value: Value) -> Self {
        let number = |name: &str| value.get(name).and_then(Value::as_f64).unwrap_or_default();
        let (now, seed) = (number("now") as u64, number("seed") as u32);
        let answers = match value.get_mut("answers").map(Value::take) {
            Some(Value::Array(answers)) => answers.into_iter().map(Answer::from_value).collect(),
            _ => Vec::new(),
        };
        Self { now, seed, answers }
    }
}

impl Answer {
    fn from_value(value: Value) -> Self {
        let id = value.get("id").and_then(Value::as_f64).unwrap_or_default() as u32;
        Self { id, result: Reply::from_value(value) }
    }
}

impl Reply {
    /// From JSON: `{ kind, … }`.
    pub fn from_value(mut value: Value) -> Self {
        let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_f64).unwrap_or_default() as u64;
        let text = |value: &mut Value, name: &str| match value.get_mut(name).map(Value::take) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        match value.get("kind").and_then(Value::as_str).unwrap_or_default() {
            "http" => Reply::Http(http::Response {
                status: number(&value, "status") as u16,
                headers: value
                    .get("headers")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(header)
                    .collect(),
                body: text(&mut value, "body"),
            }),
            "httpError" => Reply::HttpError {
                reason: match value.get("reason").and_then(Value::as_str) {
                    Some("timeout") => http::Failure::Timeout,
                    Some("refused") => http::Failure::Refused,
                    Some("cancelled") => http::Failure::Cancelled,
                    _ => http::Failure::Lost,
                },
            },
            "slept" => Reply::Slept,
            "values" => {
                let now = number(&value, "now");
                let entries = match value.get_mut("entries").map(Value::take) {
                    Some(Value::Array(entries)) => entries,
                    _ => Vec::new(),
                };
                let entries = entries.into_iter().map(|mut e| Entry {
                    version: number(&e, "version"),
                    key: text(&mut e, "key"),
                    value: text(&mut e, "value"),
                });
                Reply::Values { entries: entries.collect(), now }
            }
            "committed" => Reply::Committed {
                ok: value.get("ok").and_then(Value::as_bool).unwrap_or_default(),
                version: number(&value, "version"),
                now: number(&value, "now"),
            },
            _ => Reply::StoreError { message: text(&mut value, "message") },
        }
    }
}

fn header(pair: &Value) -> Option<(String, String)> {
    let part = |i: usize| pair.at(i).and_then(Value::as_str).map(str::to_owned);
    Some((part(0)?, part(1)?))
}

impl Step {
    /// As JSON: `{ effects }`, `{ done }` or `{ failed }`.
    pub fn to_value(self) -> Value {
        match self {
            Self::Effects(effects) => {
                json!({ "effects": effects.into_iter().map(Outgoing::to_value).collect::<Vec<_>>() })
            }
            Self::Done(text) => json!({ "done": text }),
            Self::Failed(error) => json!({ "failed": error.to_json() }),
        }
    }
}

#[derive(Debug, Default)]
struct Mailbox {
    now: u64,
    random: u64,
    last_id: u32,
    outbox: Vec<Outgoing>,
    answers: Vec<Answer>,
    requests: u32,
}

/// The handle. Cheap to clone; all clones share one mailbox.
#[derive(Debug, Clone, Default)]
pub struct Effects(Rc<RefCell<Mailbox>>);

impl Effects {
    /// Milliseconds since 1970, as of the current step.
    pub fn now(&self) -> u64 {
        self.0.borrow().now
    }

    /// How many requests this task has asked for.
    pub fn requests(&self) -> u32 {
        self.0.borrow().requests
    }

    /// The next pseudo-random number (xorshift64*; for jitter and lease ids, not for secrets).
    pub fn random(&self) -> u32 {
        let mut mailbox = self.0.borrow_mut();
        let mut x = mailbox.random | 1;
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        mailbox.random = x;
        (x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    }

    /// Performs a request once. `Err` means that no answer came.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn http(&self, request: http::Request) -> std::result::Result<http::Response, http::Failure> {
        self.0.borrow_mut().requests += 1;
        match self.ask(Effect::Http(request)).await {
            Reply::Http(response) => Ok(response),
            Reply::HttpError { reason } => Err(reason),
            _ => Err(http::Failure::Lost),
        }
    }

    /// Waits.
    pub async fn sleep(&self, ms: u64) {
        if ms > 0 {
            self.ask(Effect::Sleep { ms }).await;
        }
    }

    /// Reads keys; also gives the store's own time.
    ///
    /// # Errors
    /// `storage`.
    pub async fn get(&self, keys: Vec<String>) -> Result<(Vec<Entry>, u64)> {
        values(self.ask(Effect::Get { keys }).await)
    }

    /// Reads a range.
    ///
    /// # Errors
    /// `storage`.
    pub async fn list(&self, prefix: String, after: Option<String>, limit: u32) -> Result<(Vec<Entry>, u64)> {
        values(self.ask(Effect::List { prefix, after, limit }).await)
    }

    /// Writes all or nothing: the new version, or nothing where an expectation didn't hold.
    ///
    /// # Errors
    /// `storage`.
    pub async fn commit(&self, writes: Vec<Write>) -> Result<Option<u64>> {
        match self.ask(Effect::Commit { writes }).await {
            Reply::Committed { ok, version, .. } => Ok(ok.then_some(version)),
            other => Err(storage_error(other)),
        }
    }

    /// Tells the operator. No secrets, no personal values.
    pub fn log<const N: usize>(&self, level: Level, message: &str, fields: [(&str, String); N]) {
        self.log_fields(level, message, &mut fields.into_iter());
    }

    fn log_fields(&self, level: Level, message: &str, fields: &mut dyn Iterator<Item = (&str, String)>) {
        let mut named = Map::new();
        for (name, value) in fields {
            named.insert(name.to_owned(), Value::String(value));
        }
        let effect = Effect::Log { level, message: message.to_owned(), fields: named };
        self.0.borrow_mut().outbox.push(Outgoing { id: 0, effect });
    }

    fn ask(&self, effect: Effect) -> Ask {
        let mut mailbox = self.0.borrow_mut();
        mailbox.last_id += 1;
        let id = mailbox.last_id;
        mailbox.outbox.push(Outgoing { id, effect });
        Ask { mailbox: self.0.clone(), id }
    }
}

fn values(reply: Reply) -> Result<(Vec<Entry>, u64)> {
    match reply {
        Reply::Values { entries, now } => Ok((entries, now)),
        other => Err(storage_error(other)),
    }
}

fn storage_error(reply: Reply) -> Error {
    let cause = match reply {
        Reply::StoreError { message } => message,
        _ => "the host gave an answer of another kind".to_owned(),
    };
    Error::new(
        Code::Storage,
        "the store could not be read or written",
        "Check that the state file or database exists, is not locked by another program and has room; nothing was lost.",
    )
    .with(|d| d.cause = Some(cause))
}

struct Ask {
    mailbox: Rc<RefCell<Mailbox>>,
    id: u32,
}

impl Future for Ask {
    type Output = Reply;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Reply> {
        let answers = &mut self.mailbox.borrow_mut().answers;
        match answers.iter().position(|a| a.id == self.id) {
            Some(index) => Poll::Ready(answers.swap_remove(index).result),
            None => Poll::Pending,
        }
    }
}

type Work = Pin<Box<dyn Future<Output = Result<String>>>>;

/// One call of the plugin, driven by [`Task::step`] until it is done.
pub struct Task {
    work: Option<Work>,
    effects: Effects,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("finished", &self.work.is_none()).finish()
    }
}

impl Task {
    /// A task from a function that is given the handle. Nothing runs before the first step.
    pub fn new<F>(work: impl FnOnce(Effects) -> F) -> Self
    where
        F: Future<Output = Result<String>> + 'static,
    {
        let effects = Effects::default();
        Self { work: Some(Box::pin(work(effects.clone()))), effects }
    }

    /// Takes the answers, runs until the next effects are needed, and hands those out.
    pub fn step(&mut self, input: StepInput) -> Step {
        {
            let mut mailbox = self.effects.0.borrow_mut();
            mailbox.now = input.now;
            mailbox.random ^= u64::from(input.seed) << 17 ^ input.now;
            mailbox.answers.extend(input.answers);
        }
        let Some(work) = self.work.as_mut() else {
            return Step::Failed(Error::new(Code::Cancelled, "this call has already ended", "Start a new call."));
        };
        match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => Step::Effects(std::mem::take(&mut self.effects.0.borrow_mut().outbox)),
            Poll::Ready(result) => {
                // Log lines of the last stretch still go out: the end is told at the next step.
                let logs = std::mem::take(&mut self.effects.0.borrow_mut().outbox);
                if logs.is_empty() {
                    self.work = None;
                    return match result {
                        Ok(text) => Step::Done(text),
                        Err(error) => Step::Failed(error),
                    };
                }
                self.work = Some(Box::pin(std::future::ready(result)));
                Step::Effects(logs)
            }
        }
    }
}
