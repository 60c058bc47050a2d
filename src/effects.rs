//! The one handle through which the core touches the world, and the task that a host drives step by step.
//!
//! The core is plain `async` code. An effect is written into a mailbox and the future waits; the host takes the
//! outstanding effects, performs them as it likes, hands back the answers and polls again. No executor, no waker, no I/O
//! in here, so the same code runs under `fetch`, in a Worker, in a component and in a native test.

mod wire;

use std::{
    cell::RefCell,
    fmt,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use crate::json::{Map, ToJson, Value, put, put_some};
use crate::{
    error::{Code, Error, Result},
    http, words,
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
    /// Ask how a zone's clocks stand: only hosts have the tables of all zones.
    Zone {
        /// Its IANA name.
        zone: String,
        /// At this time, seconds since 1970.
        at: i64,
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
    /// Tell who listens what happened: `{ at, trace, kind, … }`. Not answered.
    Event(Map),
}

words! {
/// What an event tells about. Its fields are those of `PluginEvent` in the TypeScript module `watch/events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// A call has ended, all its tries included.
    Call = "call",
    /// A request will be sent again.
    Retry = "retry",
    /// A call waits before it is sent.
    Wait = "wait",
    /// A token was renewed, or could not be.
    Refresh = "refresh",
    /// A service was found to be down, or to be back.
    Circuit = "circuit",
    /// A webhook was answered.
    Webhook = "webhook",
    /// A message was tried.
    Sync = "sync",
    /// One write of a message was tried.
    Step = "step",
    /// A list was asked for what is new.
    Poll = "poll",
}
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
    /// The caller gave up while nothing but time was waited for.
    Cancelled,
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
    /// How far a zone's clocks are ahead of UTC, in minutes; nothing where the zone is not known.
    Offset(Option<i32>),
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

/// What an event tells of an answer: its status and size, and what GHL's headers say is left.
fn seen(response: &http::Response) -> Map {
    let mut seen = Map::new();
    put(&mut seen, "status", response.status.into());
    put(&mut seen, "bytes", response.body.len().into());
    for (name, header) in [
        ("remaining", "x-ratelimit-remaining"),
        ("dailyRemaining", "x-ratelimit-daily-remaining"),
        ("dailyLimit", "x-ratelimit-limit-daily"),
    ] {
        put_some(&mut seen, name, response.number(header).to_json());
    }
    seen
}

#[derive(Debug, Default)]
struct Mailbox {
    now: u64,
    /// The store's clock less ours, as of its last answer.
    ahead: i64,
    random: u64,
    last_id: u32,
    outbox: Vec<Outgoing>,
    answers: Vec<Answer>,
    requests: u32,
    last_answer: Map,
    /// Empty until somebody asks for it.
    trace: String,
    /// Somebody wants to hear of events.
    is_heard: bool,
}

/// The handle. Cheap to clone; all clones share one mailbox.
#[derive(Debug, Clone, Default)]
pub struct Effects(Rc<RefCell<Mailbox>>);

impl Effects {
    /// Milliseconds since 1970, as of the current step.
    pub fn now(&self) -> u64 {
        self.0.borrow().now
    }

    /// The same by the store's clock: for what is compared with what another process has written. Ours until the store has
    /// answered.
    pub(crate) fn shared_now(&self) -> u64 {
        let mailbox = self.0.borrow();
        mailbox.now.saturating_add_signed(mailbox.ahead)
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
        let reply = self.ask(Effect::Http(request)).await;
        let mut mailbox = self.0.borrow_mut();
        if mailbox.is_heard {
            mailbox.last_answer = if let Reply::Http(response) = &reply { seen(response) } else { Map::new() };
        }
        match reply {
            Reply::Http(response) => Ok(response),
            Reply::HttpError { reason } => Err(reason),
            _ => Err(http::Failure::Lost),
        }
    }

    /// What the last request was answered with, for an event.
    pub fn last_answer(&self) -> Map {
        self.0.borrow().last_answer.clone()
    }

    /// Waits.
    ///
    /// # Errors
    /// `cancelled`: the caller gave up.
    pub async fn sleep(&self, ms: u64) -> Result<()> {
        if ms > 0 && self.ask(Effect::Sleep { ms }).await == Reply::Cancelled {
            return Err(cancelled());
        }
        Ok(())
    }

    /// How far a zone's clocks are ahead of UTC at a time (seconds since 1970), in minutes; nothing where the host doesn't know.
    pub async fn offset(&self, zone: &str, at: i64) -> Option<i32> {
        match self.ask(Effect::Zone { zone: zone.to_owned(), at }).await {
            Reply::Offset(minutes) => minutes,
            _ => None,
        }
    }

    /// Reads keys; also gives the store's own time.
    ///
    /// # Errors
    /// `storage`.
    pub fn get(&self, keys: Vec<String>) -> Later<'_, (Vec<Entry>, u64)> {
        self.range(Effect::Get { keys })
    }

    /// Reads a range.
    ///
    /// # Errors
    /// `storage`.
    pub fn list(&self, prefix: String, after: Option<String>, limit: u32) -> Later<'_, (Vec<Entry>, u64)> {
        self.range(Effect::List { prefix, after, limit })
    }

    fn range(&self, effect: Effect) -> Later<'_, (Vec<Entry>, u64)> {
        let ask = self.ask(effect);
        Box::pin(async { values(ask.await) })
    }

    /// Writes all or nothing: the new version, or nothing where an expectation didn't hold.
    ///
    /// # Errors
    /// `storage`.
    pub fn commit(&self, writes: Vec<Write>) -> Later<'_, Option<u64>> {
        let ask = self.ask(Effect::Commit { writes });
        Box::pin(async {
            match ask.await {
                Reply::Committed { ok, version, .. } => Ok(ok.then_some(version)),
                other => Err(storage_error(other)),
            }
        })
    }

    /// Sixteen hexadecimal digits that nobody else has.
    pub fn unique(&self) -> String {
        format!("{:08x}{:08x}", self.random(), self.random())
    }

    /// What all events of one cause have in common: from the host, or 32 hexadecimal digits.
    pub fn trace(&self) -> String {
        if self.0.borrow().trace.is_empty() {
            let made = self.unique() + &self.unique();
            self.0.borrow_mut().trace = made;
        }
        self.0.borrow().trace.clone()
    }

    /// What follows belongs to this trace. Gives the one before.
    pub fn follow(&self, trace: String) -> String {
        std::mem::replace(&mut self.0.borrow_mut().trace, trace)
    }

    /// Tells who listens what happened; costs nothing where nobody does. `fields` gives an object: ids of the catalog, words
    /// and numbers, never a secret, a personal value or the id of a thing.
    pub fn event(&self, kind: Happening, fields: impl FnOnce() -> Value) {
        if self.0.borrow().is_heard {
            self.tell(kind, fields());
        }
    }

    #[cold]
    fn tell(&self, kind: Happening, fields: Value) {
        let (Value::Object(mut event), trace) = (fields, self.trace()) else { return };
        let mut mailbox = self.0.borrow_mut();
        put(&mut event, "at", mailbox.now.into());
        put(&mut event, "trace", trace.into());
        put(&mut event, "kind", kind.word().into());
        mailbox.outbox.push(Outgoing { id: 0, effect: Effect::Event(event) });
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

    /// Asks the host for one thing.
    pub(crate) fn ask(&self, effect: Effect) -> impl Future<Output = Reply> {
        let mut mailbox = self.0.borrow_mut();
        mailbox.last_id += 1;
        let id = mailbox.last_id;
        mailbox.outbox.push(Outgoing { id, effect });
        Ask { mailbox: self.0.clone(), id }
    }
}

/// The caller gave up.
pub(crate) fn cancelled() -> Error {
    Error::new(Code::Cancelled, "the call was cancelled", "Call again if it is still wanted.")
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

/// What an answer will bring. In a box: the code of whoever waits for it is then a third of the size.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + 'a>>;

type Work = Later<'static, String>;

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

    /// Before the first step: a trace of the host's (else one is made up), and whether somebody listens to events.
    pub fn observe(&mut self, trace: Option<String>, is_heard: bool) {
        let mut mailbox = self.effects.0.borrow_mut();
        mailbox.trace = trace.unwrap_or_default();
        mailbox.is_heard = is_heard;
    }

    /// Takes the answers, runs until the next effects are needed, and hands those out.
    pub fn step(&mut self, input: StepInput) -> Step {
        {
            let mut mailbox = self.effects.0.borrow_mut();
            mailbox.now = input.now;
            mailbox.random ^= u64::from(input.seed) << 17 ^ input.now;
            for answer in &input.answers {
                if let Reply::Values { now, .. } | Reply::Committed { now, .. } = answer.result {
                    mailbox.ahead = now.cast_signed().wrapping_sub(input.now.cast_signed());
                }
            }
            mailbox.answers.extend(input.answers);
        }
        let Some(work) = self.work.as_mut() else {
            return Step::Failed(Error::new(Code::Cancelled, "this call has already ended", "Start a new call."));
        };
        match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => Step::Effects(std::mem::take(&mut self.effects.0.borrow_mut().outbox)),
            Poll::Ready(result) => {
                // Log lines and events of the last stretch still go out: the end is told at the next step.
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

#[cfg(test)]
mod tests;
