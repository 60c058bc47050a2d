//! A found item as the event that hosts get: the shape of its service, whatever way an event comes.

use super::spec::Spec;
use super::walk::Found;
use crate::digistore24::Event;
use crate::json::{Map, ToJson, Value, put};
use crate::paging::{find, scalar};
use crate::{clock, highlevel, text::short_hash};

/// Makes events of one trigger.
pub(super) struct Teller<'a> {
    id: &'a str,
    /// What happened, where the row doesn't say it.
    event: Option<String>,
    /// The time of what happened, where it isn't the one that the list is read by.
    occurred: Option<String>,
    /// The connection (Digistore24) or the location (HighLevel).
    scope: &'a str,
    /// One event for each item of an order.
    split: bool,
    now: u64,
}

impl<'a> Teller<'a> {
    pub(super) fn new(id: &'a str, poll: &Value, spec: &Spec, scope: &'a str, split: bool, now: u64) -> Self {
        let text = |name: &str| poll.get(name).and_then(Value::as_str).map(str::to_owned);
        let time = spec.each.as_ref().map(|each| each.time.clone()).or_else(|| spec.time.clone());
        Self { id, event: text("event"), occurred: text("occurred").or(time), scope, split, now }
    }

    pub(super) fn events(&self, found: Found) -> Vec<Value> {
        let key = format!("{}|{}", self.id, found.key.join("|"));
        let occurred = self.occurred.as_deref().and_then(|path| find(&found.row, path));
        if self.id.starts_with("ghl.") {
            let occurred = occurred.and_then(iso);
            return vec![self.highlevel(&key, occurred, found)];
        }
        let occurred = occurred.and_then(Value::as_str).and_then(clock::parse_berlin).map(clock::iso);
        let key = format!("{}|{key}", self.scope);
        Event::from_row(self.id, self.event.as_deref(), found.row, key, occurred, self.now).shape(self.split)
    }

    fn highlevel(&self, key: &str, occurred: Option<String>, found: Found) -> Value {
        let mut event = Map::new();
        let row = &found.row;
        let object = find(row, "id|_id").and_then(scalar);
        let contact = if self.event.as_deref().is_some_and(|event| event.starts_with("Contact")) {
            object.clone()
        } else {
            let parent = || found.parent.as_ref().and_then(|parent| find(parent, "id")).and_then(scalar);
            find(row, "contactId|contact.id").and_then(scalar).or_else(parent)
        };
        let location = find(row, "locationId").and_then(scalar).unwrap_or_else(|| self.scope.to_owned());
        put(&mut event, "event", self.event.to_json());
        put(&mut event, "via", "polling".into());
        put(&mut event, "occurredAt", occurred.to_json());
        put(&mut event, "locationId", Value::String(location));
        put(&mut event, "contactId", contact.to_json());
        put(&mut event, "objectId", object.to_json());
        put(&mut event, "raw", found.row.clone());
        put(&mut event, "data", found.row);
        let key = short_hash(&mut [key].into_iter());
        highlevel::shape(self.id, Some(&key), event, self.now)
    }
}

/// A time as HighLevel writes it: text as it is, milliseconds as text.
fn iso(time: &Value) -> Option<String> {
    match time {
        Value::Number(ms) => Some(clock::iso_utc(ms.as_f64() as u64)),
        other => other.as_str().filter(|text| clock::parse_iso(text).is_some()).map(str::to_owned),
    }
}
