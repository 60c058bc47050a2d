//! The component model: the world of `wit/`, by steps. Nothing is imported.

use std::cell::RefCell;

use crate::json::{Map, ToJson, Value, json, parse, put, text};
use crate::{
    catalog,
    effects::{self, StepInput},
    error::{self, Code},
    events, http,
    plugin::{self, Plugin},
};
use wit::{actions, catalog as listing, connections, effects as wire, sync, triggers, types};

/// What the generator makes of the WIT.
#[allow(unsafe_code, missing_docs, clippy::all, clippy::allow_attributes_without_reason, reason = "generated")]
mod generated {
    wit_bindgen::generate!({ path: "wit", world: "plugin" });
    use super::Component;
    export!(Component with_types_in self);
}
use generated::exports::ghl_digistore24::plugin as wit;

/// Exports the plugin.
struct Component;

/// One call under way.
struct Task(RefCell<effects::Task>);

impl connections::Guest for Component {
    type Connection = Plugin;
    type Task = Task;
}

impl connections::GuestConnection for Plugin {
    fn open(options: String) -> Result<connections::Connection, types::Error> {
        let plugin = read("options", &options).and_then(Self::new).map_err(types::Error::from)?;
        Ok(connections::Connection::new(plugin))
    }

    fn allows(&self, url: String) -> bool {
        Self::allows(self, &url)
    }

    fn call(&self, method: String, arguments: String) -> connections::Task {
        task(self.start(&method, &arguments, Vec::new()))
    }
}

impl connections::GuestTask for Task {
    fn resume(&self, now: u64, seed: u32, answers: Vec<wire::Answer>) -> Result<wire::Step, types::Error> {
        let answers = answers.into_iter().map(effects::Answer::from).collect();
        match self.0.borrow_mut().step(StepInput { now, seed, answers }) {
            effects::Step::Effects(list) => Ok(wire::Step::Effects(list.into_iter().map(Into::into).collect())),
            effects::Step::Done(json) => Ok(wire::Step::Done(json)),
            effects::Step::Failed(error) => Err(error.into()),
        }
    }

    fn observe(&self, trace: Option<String>) {
        self.0.borrow_mut().observe(trace, true);
    }
}

impl listing::Guest for Component {
    fn list(filter: listing::Filter) -> Result<String, types::Error> {
        let listing::Filter { id, service, resource, kind, tier, text: words, brief } = filter;
        let filter = catalog::Filter { id, service, resource, kind, tier, text: words, brief };
        Ok(text(&Value::Array(plugin::list(&filter)?)))
    }

    fn version() -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }
}

impl actions::Guest for Component {
    fn run(
        plugin: connections::ConnectionBorrow<'_>,
        id: String,
        input: String,
        options: actions::CallOptions,
    ) -> connections::Task {
        let actions::CallOptions { background, deadline_ms } = options;
        let options = present([("background", background.to_json()), ("deadlineMs", deadline_ms.to_json())]);
        start(&plugin, "run", read("input", &input).map(|input| json!([id, input, options])))
    }

    fn page(
        plugin: connections::ConnectionBorrow<'_>,
        id: String,
        input: String,
        cursor: Option<String>,
        options: actions::PageOptions,
    ) -> connections::Task {
        let actions::PageOptions { limit, background, deadline_ms } = options;
        let options = present([
            ("limit", limit.to_json()),
            ("background", background.to_json()),
            ("deadlineMs", deadline_ms.to_json()),
        ]);
        let arguments = || Ok(json!([id, read("input", &input)?, maybe("cursor", cursor.as_deref())?, options]));
        start(&plugin, "page", arguments())
    }
}

impl triggers::Guest for Component {
    fn receive(
        plugin: connections::ConnectionBorrow<'_>,
        webhook: triggers::Webhook,
        body: Vec<u8>,
    ) -> connections::Task {
        let triggers::Webhook { method, service, connection, token, signature, event, split_items } = webhook;
        let request = present([
            ("method", method.into()),
            ("service", service.into()),
            ("connection", connection.to_json()),
            ("token", token.to_json()),
            ("signature", signature.to_json()),
            ("event", event.to_json()),
            ("splitItems", split_items.to_json()),
        ]);
        task(plugin.get::<Plugin>().start("receive", &text(&json!([request])), body))
    }

    fn poll(
        plugin: connections::ConnectionBorrow<'_>,
        id: String,
        cursor: Option<String>,
        input: Option<String>,
        max_requests: Option<u32>,
    ) -> connections::Task {
        let arguments = || {
            let options =
                present([("input", maybe("input", input.as_deref())?), ("maxRequests", max_requests.to_json())]);
            Ok(json!([id, maybe("cursor", cursor.as_deref())?, options]))
        };
        start(&plugin, "poll", arguments())
    }

    fn take(plugin: connections::ConnectionBorrow<'_>, limit: Option<u32>) -> connections::Task {
        start(&plugin, "events.take", Ok(json!([present([("limit", limit.to_json())])])))
    }

    fn finish(plugin: connections::ConnectionBorrow<'_>, dedupe_keys: Vec<String>) -> connections::Task {
        start(&plugin, "events.done", Ok(json!([dedupe_keys])))
    }

    fn read(
        connection: String,
        service: String,
        body: Vec<u8>,
        reading: triggers::Reading,
        now: u64,
    ) -> Result<String, types::Error> {
        let triggers::Reading { trigger, input, event, split_items } = reading;
        let input = input.map(|input| read("input", &input)).transpose()?;
        let reading = events::Reading { trigger, input, event, split_items };
        Ok(text(&Value::Array(events::read(&connection, &service, &body, &reading, now)?)))
    }
}

impl sync::Guest for Component {
    fn tick(plugin: connections::ConnectionBorrow<'_>, max_requests: Option<u32>) -> connections::Task {
        start(&plugin, "tick", Ok(json!([present([("maxRequests", max_requests.to_json())])])))
    }

    fn plan(plugin: connections::ConnectionBorrow<'_>, event: String) -> connections::Task {
        start(&plugin, "sync.plan", read("event", &event).map(|event| json!([event])))
    }

    fn apply(plugin: connections::ConnectionBorrow<'_>, event: String) -> connections::Task {
        start(&plugin, "sync.apply", read("event", &event).map(|event| json!([event])))
    }

    fn timeline(plugin: connections::ConnectionBorrow<'_>, whom: String) -> connections::Task {
        start(&plugin, "timeline", read("whom", &whom).map(|whom| json!([whom])))
    }

    fn setup(plugin: connections::ConnectionBorrow<'_>) -> connections::Task {
        start(&plugin, "setup", Ok(json!([])))
    }
}

fn task(task: effects::Task) -> connections::Task {
    connections::Task::new(Task(RefCell::new(task)))
}

/// Arguments that can't be read fail where everything else fails: at the first step.
fn start(
    plugin: &connections::ConnectionBorrow<'_>,
    method: &str,
    arguments: error::Result<Value>,
) -> connections::Task {
    task(match arguments {
        Ok(arguments) => plugin.get::<Plugin>().start(method, &text(&arguments), Vec::new()),
        Err(error) => effects::Task::new(|_| std::future::ready(Err(error))),
    })
}

fn read(name: &str, json: &str) -> error::Result<Value> {
    parse(json).ok_or_else(|| error::Error::invalid_field(name, "must be JSON"))
}

fn maybe(name: &str, json: Option<&str>) -> error::Result<Value> {
    json.map_or(Ok(Value::Null), |json| read(name, json))
}

/// An object of what was given.
fn present<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let mut object = Map::new();
    for (name, value) in fields {
        if !value.is_null() {
            put(&mut object, name, value);
        }
    }
    Value::Object(object)
}

impl From<error::Error> for types::Error {
    fn from(error: error::Error) -> Self {
        let error::Details {
            code,
            message,
            help,
            retryable,
            retry_after_ms,
            operation,
            status,
            fields,
            missing_scopes,
            existing_id,
            cause,
            notes,
        } = error.details().clone();
        let fields = fields.into_iter().map(|f| types::FieldProblem { path: f.path, problem: f.problem }).collect();
        Self {
            code: code.into(),
            message,
            help,
            retryable,
            retry_after_ms,
            operation,
            status,
            fields,
            missing_scopes,
            existing_id,
            cause,
            notes,
        }
    }
}

/// Words that stand on both sides under the same names.
macro_rules! same {
    ($from:ty => $to:ty: $($name:ident)*) => {
        impl From<$from> for $to {
            fn from(word: $from) -> Self {
                match word {
                    $(<$from>::$name => Self::$name,)*
                }
            }
        }
    };
}

same!(Code => types::ErrorCode:
    InvalidInput Unauthenticated Forbidden NotFound Duplicate Conflict RateLimited QuotaExhausted Unavailable Timeout
    OutcomeUnknown MalformedResponse SignatureInvalid Misconfigured Storage Cancelled);
same!(wire::HttpFailure => http::Failure: Lost Timeout Refused Cancelled Oversize);
same!(effects::Level => wire::LogLevel: Debug Info Warn Error);

impl From<effects::Outgoing> for wire::Outgoing {
    fn from(outgoing: effects::Outgoing) -> Self {
        Self { id: outgoing.id, effect: outgoing.effect.into() }
    }
}

impl From<effects::Effect> for wire::Effect {
    fn from(effect: effects::Effect) -> Self {
        match effect {
            effects::Effect::Http(request) => Self::Http(request.into()),
            effects::Effect::Sleep { ms } => Self::Sleep(ms),
            effects::Effect::Get { keys } => Self::StoreGet(keys),
            effects::Effect::List { prefix, after, limit } => {
                Self::StoreList(wire::StoreRange { prefix, after, limit })
            }
            effects::Effect::Commit { writes } => {
                let write = |w: effects::Write| wire::StoreWrite { key: w.key, expect: w.expect, value: w.value };
                Self::StoreCommit(writes.into_iter().map(write).collect())
            }
            effects::Effect::Zone { zone, at } => Self::Zone(wire::ZoneTime { zone, at }),
            effects::Effect::Log { level, message, fields } => {
                let field = |(name, value): (String, Value)| (name, word_of(value));
                Self::Log(wire::LogLine {
                    level: level.into(),
                    message,
                    fields: fields.into_iter().map(field).collect(),
                })
            }
            effects::Effect::Event(event) => Self::Event(text(&Value::Object(event))),
        }
    }
}

/// A text as it is, anything else as JSON.
fn word_of(value: Value) -> String {
    match value {
        Value::String(word) => word,
        other => text(&other),
    }
}

impl From<http::Request> for wire::HttpRequest {
    fn from(request: http::Request) -> Self {
        let http::Request { method, url, headers, body, parts, binary, detached, timeout_ms } = request;
        let parts = parts.into_iter().map(wire::Part::from).collect();
        Self { method, url, headers, body, parts, binary, detached, timeout_ms }
    }
}

impl From<http::Part> for wire::Part {
    fn from(part: http::Part) -> Self {
        let value = match part.file {
            Some((filename, kind)) => wire::PartValue::File(wire::File { filename, kind, base64: part.value }),
            None => wire::PartValue::Text(part.value),
        };
        Self { name: part.name, value }
    }
}

impl From<wire::Answer> for effects::Answer {
    fn from(answer: wire::Answer) -> Self {
        Self { id: answer.id, result: answer.reply.into() }
    }
}

impl From<wire::Reply> for effects::Reply {
    fn from(reply: wire::Reply) -> Self {
        match reply {
            wire::Reply::Http(wire::HttpResponse { status, headers, body }) => {
                Self::Http(http::Response { status, headers, body })
            }
            wire::Reply::HttpFailed(failure) => Self::HttpError { reason: failure.into() },
            wire::Reply::Slept => Self::Slept,
            wire::Reply::Cancelled => Self::Cancelled,
            wire::Reply::Values(wire::StoreValues { entries, now }) => {
                let entry = |e: wire::StoreEntry| effects::Entry { key: e.key, value: e.value, version: e.version };
                Self::Values { entries: entries.into_iter().map(entry).collect(), now }
            }
            wire::Reply::Committed(wire::StoreCommit { ok, version, now }) => Self::Committed { ok, version, now },
            wire::Reply::Offset(minutes) => Self::Offset(minutes),
            wire::Reply::StoreFailed(message) => Self::StoreError { message },
        }
    }
}
