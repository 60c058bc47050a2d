//! Triggers that are polled: what is new in a list since the last time.
//!
//! The cursor is all that is kept, by the host; it moves on by what a poll gives back. A host that stops between telling the
//! events and keeping the cursor is given the same events again, with the same `dedupeKey`. Which list, and what makes an
//! item, is data: the part `poll` of the trigger's catalog entry.

mod cursor;
mod event;
mod spec;
mod walk;

pub use cursor::Cursor;
pub use spec::Spec;
pub use walk::{Found, Walker};

use crate::json::{Json, Map, ToJson, Value, put};
use crate::paging::{Paging, list_at};
use crate::{
    catalog,
    client::Client,
    clock,
    effects::Level,
    error::{Error, Result},
    events::SAMPLES_ARRIVE,
    record,
};

/// So many requests a poll makes unless told otherwise.
const REQUESTS: u32 = 30;

record! {
/// The options of a poll.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What the user chose: the trigger's input.
    pub input: Option<Value>,
    /// A poll ends after so many requests; the next one goes on there.
    pub max_requests: Option<u32> as "maxRequests",
}
}

/// What is new: `{ events, cursor, done }`.
///
/// # Errors
/// `invalid_input` for an unknown trigger, a wrong input or a cursor that is none; else what the service said. A failure
/// after the first events ends the poll without an error: the next one meets it again.
pub async fn run(client: &Client, id: &str, cursor: Value, options: Options) -> Result<Value> {
    let effects = &client.effects;
    let poll = catalog::polled(id)?;
    let chosen = catalog::accept_trigger(id, options.input.as_ref())?;
    let broken = || Error::invalid_field("trigger", "does not arrive by polling");
    let spec = Spec::read(poll.clone(), &chosen).ok_or_else(broken)?;
    let operation = catalog::find(&spec.operation)?;
    let paging = Paging::from_json(operation.paging.clone()).unwrap_or_default();
    let cursor = match cursor {
        Value::Null => start(id, &spec, &chosen, effects.now() / 1000)?,
        kept => Cursor::read(kept, id)?,
    };
    let scope = match id.starts_with("ghl.") {
        true => client.connection.highlevel()?.location_id.as_str(),
        false => client.connection.id.as_str(),
    };
    let split = chosen.get("splitItems").and_then(Value::as_bool).unwrap_or_default();
    let teller = event::Teller::new(id, &poll, &spec, scope, split, effects.now());
    let mut walker = Walker::new(spec, paging, &chosen, cursor);
    // A row of a first list and its second list: the least that moves the cursor.
    let limit = options.max_requests.unwrap_or(REQUESTS).max(2);
    let before = effects.requests();
    let mut found = Vec::new();
    while effects.requests() - before < limit {
        let Some((operation, input)) = walker.next(effects.now() / 1000) else { break };
        let answer = match client.run(&operation, input).await {
            Ok(answer) => answer,
            Err(error) if found.is_empty() => return Err(error),
            Err(error) => {
                let fields = [("trigger", id.to_owned()), ("problem", error.details().message.clone())];
                effects.log(Level::Warn, "a poll ended early and will go on there", fields);
                break;
            }
        };
        found.extend(walker.take(&answer, effects.now() / 1000).map_err(|e| e.of_operation(&operation))?);
    }
    if let Some(warning) = walker.warning {
        effects.log(Level::Warn, warning, [("trigger", id.to_owned())]);
    }
    let mut order = Vec::new();
    for (i, one) in found.iter().enumerate() {
        order.push((one.time, i as u64));
    }
    cursor::sort(&mut order);
    let mut events = Vec::new();
    for (_, i) in order {
        if let Some(one) = found.get_mut(i as usize) {
            events.extend(teller.events(std::mem::take(one)));
        }
    }
    let mut answer = Map::new();
    put(&mut answer, "events", Value::Array(events));
    put(&mut answer, "cursor", walker.cursor.write());
    put(&mut answer, "done", walker.done().to_json());
    Ok(Value::Object(answer))
}

/// The first cursor: from now on, or from a time on.
fn start(id: &str, spec: &Spec, chosen: &Map, now: u64) -> Result<Cursor> {
    let from = chosen.text_of("from").unwrap_or("now").trim();
    if from == "now" && spec.each.is_some() {
        let low = now.saturating_sub(walk::SKEW);
        return Ok(Cursor::new(id, low, low, false));
    }
    if from == "now" {
        // What is there is learnt, not told: that is right whatever the host's clock says.
        let low = now.saturating_sub(spec.overlap * 60 + walk::SKEW);
        return Ok(Cursor::new(id, low, 0, true));
    }
    let time = clock::parse_iso(from).and_then(|time| u64::try_from(time).ok()).ok_or_else(|| {
        let problem = "must be now, or a day or time such as 2026-11-23 or 2026-11-23T09:30:00+01:00";
        Error::invalid_field("input.from", problem).of_operation(id)
    })?;
    Ok(Cursor::new(id, time, time, false))
}

/// Gives the samples of polled triggers an event: what comes of the first row in the sample of the list that is read.
pub fn complete(entries: &mut [Value]) {
    for entry in entries {
        if let (Some(event), Some(sample)) = (sample(entry), entry.get_mut("sample").and_then(Value::as_object_mut)) {
            put(sample, "output", event);
        }
    }
}

fn sample(entry: &Value) -> Option<Value> {
    let (id, poll) = (entry["id"].as_str()?, entry.get("poll")?);
    let spec = Spec::read(poll.clone(), &Map::new())?;
    let first = |operation: &str, items: Option<&str>| {
        let filter = catalog::Filter { id: Some(operation.to_owned()), ..catalog::Filter::default() };
        let listed = catalog::list(&filter).ok()?.pop()?;
        let path = items.or(listed.pointer("/paging/items").and_then(Value::as_str)).unwrap_or_default();
        list_at(listed.pointer("/sample/output")?, path).ok()?.first().cloned()
    };
    let mut row = first(&spec.operation, spec.items.as_deref())?;
    let mut parent = None;
    if let Some(each) = &spec.each {
        parent = Some(std::mem::replace(&mut row, first(&each.operation, Some(&each.items))?));
    }
    // What another kind of row would say.
    if let (Some(row), Some(differs)) = (row.as_object_mut(), poll["sample"].as_object()) {
        row.extend(differs.clone());
    }
    let found = Found { key: spec.key_of(&row, 0), time: 0, row, parent };
    let scope = if id.starts_with("ghl.") { "hT4nQ8vLxR2mK7pWz3Ds" } else { "default" };
    event::Teller::new(id, poll, &spec, scope, false, SAMPLES_ARRIVE).events(found).pop()
}

#[cfg(test)]
mod tests;
