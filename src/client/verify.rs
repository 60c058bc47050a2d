//! Writes whose answer is missing: looked up before anything is repeated.
//!
//! How is data: the part `verify` of a catalog entry names the list to look into, what the thing has in common with the
//! input (`same`; `alike` is what the service may write in another way), and the field that says when it was made. Only
//! what was made after the request began is taken for its work: an older twin is not. Both times are the service's, so that
//! the host's clock may be wrong. Where doubt remains nothing is repeated.

use super::{Client, Urgency};
use time::OffsetDateTime;

use crate::clock::{parse_berlin, parse_http, parse_iso};
use crate::json::{Map, Value, put};
use crate::text::lower;
use crate::{
    catalog::{self, Operation, Retry},
    error::{Code, Error, Result},
    http::RetryPolicy,
};

/// What a look-up brought.
enum Found {
    /// The thing, in the shape of the operation's answer.
    This(Value),
    /// Something equal of which can't be said when it was made, by its id; or the list was longer than what was seen of it.
    Perhaps(Option<String>),
    /// Nothing.
    Nothing,
}

impl Client {
    /// Calls an operation that can be looked up. Its request is sent a second time only if the first one can no longer take
    /// effect and has left nothing.
    pub(super) async fn verified(&self, operation: &Operation, input: Value) -> Result<Value> {
        let began = self.effects.now();
        let ends = began + self.urgency.deadline_ms.unwrap_or(RetryPolicy::default().deadline_ms);
        // A quarter of the time is kept for the look-up.
        let asked_until = began + (ends - began) / 4 * 3;
        let mut is_last = false;
        loop {
            let result = self.until(if is_last { ends } else { asked_until }).call(operation, input.clone(), false).await;
            let Some(error) = result.as_ref().err().filter(|error| is_doubtful(operation, error, is_last)) else {
                return result;
            };
            let may_repeat = error.code() == Code::OutcomeUnknown && !is_last;
            let ended = self.effects.now();
            let mut found = self.look(operation, &input, began, ends).await;
            let settled = ended + self.memory.settle_ms;
            if may_repeat && matches!(found, Ok(Found::Nothing)) && settled > ended && settled < ends {
                self.effects.sleep(settled.saturating_sub(self.effects.now())).await?;
                found = self.look(operation, &input, began, ends).await;
            }
            match found {
                Ok(Found::This(answer)) => return Ok(answer),
                Ok(Found::Nothing) if may_repeat && self.effects.now() >= settled => is_last = true,
                found => return Err(told(error.clone(), found, settled.saturating_sub(self.effects.now()))),
            }
        }
    }

    /// The same with what is left of the time.
    fn until(&self, ends: u64) -> Self {
        let deadline_ms = Some(ends.saturating_sub(self.effects.now()));
        Self { urgency: Urgency { deadline_ms, ..self.urgency.clone() }, ..self.clone() }
    }

    /// Looks for what the request should have made.
    async fn look(&self, operation: &Operation, input: &Value, began: u64, ends: u64) -> Result<Found> {
        let verify = &operation.verify;
        let search = catalog::find(verify["search"].as_str().unwrap_or_default())?;
        // The first way to ask for which the input has everything.
        let ways = verify["input"].as_array().map_or(&[][..], Vec::as_slice);
        let Some(question) = ways.iter().find_map(|way| filled(way, input)) else {
            return Ok(Found::Perhaps(None));
        };
        let answer = match self.until(ends).call(&search, Value::Object(question), search.retry == Retry::Safe).await {
            Err(error) if error.code() == Code::NotFound => return Ok(Found::Nothing),
            answer => answer?,
        };
        let items = match verify["items"].as_str().map_or(&answer, |name| &answer[name]) {
            Value::Array(items) => items.as_slice(),
            Value::Null => &[],
            one => std::slice::from_ref(one),
        };
        let mut perhaps = None;
        for item in items.iter().filter(|item| agree(&verify["same"], input, item)) {
            let is_ours = match verify["newer"].as_str() {
                Some(name) => moment(&item[name]).zip(self.service_time(began)).map(|(made, began)| made >= began),
                // There is only one of its kind, or nothing says when it was made.
                None => verify["unique"].as_bool(),
            };
            match is_ours {
                Some(false) => {}
                Some(true) if agree(&verify["alike"], input, item) => return Ok(Found::This(shaped(verify, item))),
                _ => perhaps = Some(item),
            }
        }
        let is_cut = verify["page"].as_f64().is_some_and(|page| items.len() as f64 >= page);
        Ok(match perhaps {
            Some(item) => Found::Perhaps(item["id"].as_str().or(item["_id"].as_str()).map(str::to_owned)),
            None if is_cut => Found::Perhaps(None),
            None => Found::Nothing,
        })
    }

    /// What the service's clock showed at a moment of the host's, in whole seconds and rather too early: an answer's time has
    /// lost its fraction and its way back.
    fn service_time(&self, moment: u64) -> Option<i64> {
        let date = self.memory.date.borrow();
        let (date, came) = date.as_ref()?;
        Some(parse_http(date)? - came.saturating_sub(moment).div_ceil(1_000) as i64)
    }
}

/// Whether an error leaves open what was done: no answer, an answer that can't be read, or one that HighLevel is known to
/// give although it did the work (`also`). To a repetition it may say that the thing exists already.
fn is_doubtful(operation: &Operation, error: &Error, is_repetition: bool) -> bool {
    let status = error.details().status;
    match error.code() {
        Code::OutcomeUnknown | Code::MalformedResponse => true,
        Code::Duplicate | Code::Conflict => is_repetition,
        _ => status.is_some() && operation.verify["also"].as_f64() == status.map(f64::from),
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
    names.as_array().into_iter().flatten().filter_map(Value::as_str).all(|name| {
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
fn told(error: Error, found: Result<Found>, settle_ms: u64) -> Error {
    error.with(|d| {
        if d.code != Code::OutcomeUnknown {
            return;
        }
        let (help, id) = match found {
            Ok(Found::Perhaps(id)) => {
                ("It was looked for: something equal exists, perhaps from before. Look yourself before you repeat it.", id)
            }
            Ok(_) => ("It was looked for and was not there; it may still take effect for a while. Look again later.", None),
            Err(_) => ("Looking for it failed, too. Look yourself before you repeat it.", None),
        };
        d.help = help.to_owned();
        d.existing_id = id;
        d.retry_after_ms = (settle_ms > 0).then_some(settle_ms);
    })
}
