//! Writes whose answer is missing: looked up before anything is repeated.
//!
//! How is data: the part `verify` of a catalog entry names the list to look into, what the thing has in common with the
//! input (`same`; `alike` is what the service may write in another way), and the field that says when it was made. Only
//! what was made after the request began is taken for its work: an older twin is not. Both times are the service's, so that
//! the host's clock may be wrong. Where doubt remains nothing is repeated.

use super::{Call, Memory};
use std::rc::Rc;

use time::OffsetDateTime;

use crate::clock::{parse_berlin, parse_http, parse_iso};
use crate::json::{Map, Value, put};
use crate::text::lower;
use crate::{
    catalog::{self, Operation, Retry},
    error::{Code, Error, Result},
};

/// What a look-up brought.
enum Found {
    /// The thing, in the shape of the operation's answer.
    This(Value),
    /// Something equal of which can't be said when it was made, by its id; or the list was longer than what was seen of it.
    Perhaps(Option<String>),
    /// Nothing.
    Nothing,
    /// The look-up failed.
    Unknown,
}

/// A call that can be looked up, and how far that is. Its request is sent a second time only if the first one can no longer
/// take effect and has left nothing.
pub(super) struct Doubt {
    operation: Rc<Operation>,
    input: Value,
    began: u64,
    deadline: u64,
    /// What the request ended with, while it is looked up.
    error: Option<Error>,
    /// From then on the request takes effect no more.
    settled: u64,
    /// When the look-up begins.
    looks_at: u64,
    is_repetition: bool,
}

impl Doubt {
    /// Nothing for an operation that can't be looked up.
    pub(super) fn new(operation: &Rc<Operation>, input: &Value, began: u64, deadline: u64) -> Option<Self> {
        (!operation.verify.is_null()).then(|| Self {
            operation: operation.clone(),
            input: input.clone(),
            began,
            deadline,
            error: None,
            settled: 0,
            looks_at: 0,
            is_repetition: false,
        })
    }

    /// What is to be called after this result.
    ///
    /// # Errors
    /// The result of the whole.
    pub(super) fn next(
        &mut self,
        result: Result<Value>,
        now: u64,
        memory: &Memory,
    ) -> std::result::Result<Call, Result<Value>> {
        let Some(error) = self.error.take() else {
            let error = match result {
                Err(error) if is_doubtful(&self.operation, &error, self.is_repetition) => error,
                result => return Err(result),
            };
            self.settled = now + memory.settle_ms;
            self.error = Some(error);
            return self.look(now, 0);
        };
        let found = self.found(result, memory.service_time(self.began));
        let may_repeat = error.code() == Code::OutcomeUnknown && !self.is_repetition;
        let wait_ms = self.settled.saturating_sub(now);
        match found {
            Found::This(answer) => Err(Ok(answer)),
            Found::Nothing if may_repeat && self.looks_at >= self.settled => {
                self.is_repetition = true;
                Ok(self.call(self.operation.clone(), self.input.clone(), 0))
            }
            Found::Nothing if may_repeat && self.settled < self.deadline => {
                self.error = Some(error);
                self.look(now, wait_ms)
            }
            found => Err(Err(told(error, found, wait_ms))),
        }
    }

    fn call(&self, operation: Rc<Operation>, input: Value, after_ms: u64) -> Call {
        let repeatable = operation.retry == Retry::Safe;
        Call { operation, input, repeatable, deadline: self.deadline, after_ms }
    }

    /// The look-up, by the first way to ask for which the input has everything.
    fn look(&mut self, now: u64, after_ms: u64) -> std::result::Result<Call, Result<Value>> {
        self.looks_at = now + after_ms;
        let verify = &self.operation.verify;
        let search = catalog::find(verify["search"].as_str().unwrap_or_default()).map_err(Err)?;
        let ways = verify["input"].items();
        match ways.iter().find_map(|way| filled(way, &self.input)) {
            Some(question) => Ok(self.call(search, Value::Object(question), after_ms)),
            None => Err(self.error.take().map_or(Ok(Value::Null), Err)),
        }
    }

    /// Looks for what the request should have made.
    fn found(&self, answer: Result<Value>, began: Option<i64>) -> Found {
        let verify = &self.operation.verify;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if error.code() == Code::NotFound => return Found::Nothing,
            Err(_) => return Found::Unknown,
        };
        let items = match verify["items"].as_str().map_or(&answer, |name| answer.get(name).unwrap_or(&Value::Null)) {
            Value::Array(items) => items.as_slice(),
            Value::Null => &[],
            one => std::slice::from_ref(one),
        };
        let mut perhaps = None;
        for item in items.iter().filter(|item| agree(&verify["same"], &self.input, item)) {
            let is_ours = match verify["newer"].as_str() {
                Some(name) => moment(&item[name]).zip(began).map(|(made, began)| made >= began),
                // There is only one of its kind, or nothing says when it was made.
                None => verify["unique"].as_bool(),
            };
            match is_ours {
                Some(false) => {}
                Some(true) if agree(&verify["alike"], &self.input, item) => return Found::This(shaped(verify, item)),
                _ => perhaps = Some(item),
            }
        }
        let is_cut = verify["page"].as_f64().is_some_and(|page| items.len() as f64 >= page);
        match perhaps {
            Some(item) => Found::Perhaps(item["id"].as_str().or(item["_id"].as_str()).map(str::to_owned)),
            None if is_cut => Found::Perhaps(None),
            None => Found::Nothing,
        }
    }
}

impl Memory {
    /// What the service's clock showed at a moment of the host's, in whole seconds and rather too early: an answer's time has
    /// lost its fraction and its way back.
    fn service_time(&self, moment: u64) -> Option<i64> {
        let date = self.date.borrow();
        let (date, came) = date.as_ref()?;
        Some(parse_http(date)? - came.saturating_sub(moment).div_ceil(1_000) as i64)
    }
}

/// Whether an error leaves open what was done: no answer, a success that can't be read, or an answer that HighLevel is known
/// to give although it did the work (`also`). To a repetition it may say that the thing exists already.
fn is_doubtful(operation: &Operation, error: &Error, is_repetition: bool) -> bool {
    let status = error.details().status.unwrap_or_default();
    match error.code() {
        Code::OutcomeUnknown => true,
        Code::MalformedResponse => status < 300,
        Code::Duplicate | Code::Conflict => is_repetition,
        _ => operation.verify.get("also").and_then(Value::as_f64) == Some(f64::from(status)),
    }
}

/// The fields of a question, where the input has them all.
fn filled(way: &Value, input: &Value) -> Option<Map> {
    let mut question = Map::new();
    for (name, from) in way.as_object()? {
        let value = &input[from.as_str()?];
        if value.is_null() || *value == "" {
            return None;
        }
        put(&mut question, name, value.clone());
    }
    Some(question)
}

/// Whether all fields of a list that the input has are equal in the item.
fn agree(names: &Value, input: &Value, item: &Value) -> bool {
    names.items().iter().filter_map(Value::as_str).all(|name| {
        let given = &input[name];
        given.is_null() || plain(given) == plain(&item[name])
    })
}

/// When something was made, in seconds since 1970: HighLevel's ISO 8601 or Digistore24's Berlin time.
fn moment(value: &Value) -> Option<i64> {
    let text = value.as_str()?;
    if text.contains('T') { parse_iso(text) } else { parse_berlin(text).map(OffsetDateTime::unix_timestamp) }
}

/// A value so that two spellings of the same are equal: case, spaces, numbers as text, times in any zone.
fn plain(value: &Value) -> String {
    let Some(text) = value.as_str() else { return value.to_string() };
    moment(value).map_or_else(|| lower(text.trim()), |seconds| seconds.to_string())
}

/// The item in the shape of the operation's answer: as it is, under a name, or some of its fields under other names.
fn shaped(verify: &Value, item: &Value) -> Value {
    let mut answer = Map::new();
    match &verify["as"] {
        Value::String(name) => put(&mut answer, name, item.clone()),
        Value::Object(names) => {
            for (name, from) in names {
                put(&mut answer, name, item[from.as_str().unwrap_or_default()].clone());
            }
        }
        _ => return item.clone(),
    }
    Value::Object(answer)
}

/// The error with what the look-up brought.
fn told(error: Error, found: Found, settle_ms: u64) -> Error {
    // A refusal that is known to be given for work that was done stands only if there is nothing.
    let is_open = error.code() == Code::OutcomeUnknown
        || (error.code() == Code::InvalidInput && !matches!(found, Found::Nothing));
    if !is_open {
        return error;
    }
    error.with(|d| {
        d.code = Code::OutcomeUnknown;
        d.help = match &found {
            Found::Perhaps(_) => {
                "It was looked for: something equal exists, perhaps from before. Look yourself before you repeat it."
            }
            Found::Unknown => "Looking for it failed, too. Look yourself before you repeat it.",
            _ => {
                "It was looked for and was not there; it may take effect for a while. Look again before you repeat it."
            }
        }
        .to_owned();
        d.retry_after_ms = (settle_ms > 0).then_some(settle_ms);
        if let Found::Perhaps(id) = found {
            d.existing_id = id;
        }
    })
}
