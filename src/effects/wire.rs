//! The wire form of steps, written by hand: it is the hot path of every host, and derived code for tagged enums is large.

use super::{Answer, Effect, Entry, Level, Outgoing, Reply, Step, StepInput};
use crate::http;
use crate::json::{Json, Value, json};

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
                if request.detached {
                    put(&mut http, "detached", true.into());
                }
                if request.binary {
                    put(&mut http, "binary", true.into());
                }
                http
            }
            Effect::Sleep { ms } => json!({ "kind": "sleep", "ms": ms }),
            Effect::Zone { zone, at } => json!({ "kind": "zone", "zone": zone, "at": at }),
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
            Effect::Event(event) => json!({ "kind": "event", "event": event }),
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
        match value.text_of("kind").unwrap_or_default() {
            "http" => Reply::Http(http::Response {
                status: number(&value, "status") as u16,
                headers: value.items_of("headers").iter().filter_map(header).collect(),
                body: text(&mut value, "body"),
            }),
            "httpError" => Reply::HttpError {
                // An unknown word reads as `lost`: anything may have happened.
                reason: http::Failure::read(value.get("reason").cloned().unwrap_or_default(), &mut true),
            },
            "slept" => Reply::Slept,
            "cancelled" => Reply::Cancelled,
            "offset" => Reply::Offset(value.get("minutes").and_then(Value::as_f64).map(|minutes| minutes as i32)),
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
