//! A found item as the event that hosts get: the shape of its service, whatever way an event comes.

use super::spec::{Spec, find, scalar};
use super::walk::Found;
use crate::digistore24::{Event, short_hash};
use crate::json::{Map, ToJson, Value, put};
use crate::{catalog, clock, plugin::Connection};

/// Makes events of one trigger.
pub(super) struct Teller<'a> {
    id: &'a str,
    /// What happened, where the row doesn't say it.
    event: Option<String>,
    /// The time of what happened, where it isn't the one that the list is read by.
    occurred: Option<String>,
    scope: String,
    location: String,
    now: u64,
}

impl<'a> Teller<'a> {
    pub(super) fn new(connection: &Connection, id: &'a str, poll: &Value, spec: &Spec, now: u64) -> Self {
        let text = |name: &str| poll.get(name).and_then(Value::as_str).map(str::to_owned);
        let location = connection.highlevel.as_ref().map(|account| account.location_id.clone()).unwrap_or_default();
        let scope = if id.starts_with("ghl.") { location.clone() } else { connection.id.clone() };
        let time = spec.each.as_ref().map(|each| each.time.clone()).or_else(|| spec.time.clone());
        Self { id, event: text("event"), occurred: text("occurred").or(time), scope, location, now }
    }

    pub(super) fn event(&self, found: Found) -> Value {
        let key = format!("{}|{}|{}", self.scope, self.id, found.key.join("|"));
        let occurred = self.occurred.as_deref().and_then(|path| find(&found.row, path));
        if self.id.starts_with("ghl.") {
            return self.highlevel(key, occurred.and_then(iso), found);
        }
        let occurred = occurred.and_then(Value::as_str).and_then(clock::parse_berlin).map(clock::iso);
        let event = Event::from_row(self.id, self.event.as_deref(), found.row, key, occurred, self.now);
        event.shape(false).pop().unwrap_or_default()
    }

    fn highlevel(&self, key: String, occurred: Option<String>, found: Found) -> Value {
        let mut event = Map::new();
        let row = &found.row;
        let is_contact = self.event.as_deref().is_some_and(|event| event.starts_with("Contact"));
        let object = find(row, "id|_id").and_then(scalar);
        let parent = found.parent.as_ref().and_then(|parent| find(parent, "id")).and_then(scalar);
        let contact = find(row, "contactId|contact.id").and_then(scalar).or(parent);
        let contact = if is_contact { object.clone() } else { contact };
        let location = find(row, "locationId").and_then(scalar).unwrap_or_else(|| self.location.clone());
        put(&mut event, "id", Value::String(short_hash(&mut [key.as_str()].into_iter())));
        put(&mut event, "dedupeKey", Value::String(key));
        put(&mut event, "event", self.event.to_json());
        put(&mut event, "via", "polling".into());
        put(&mut event, "occurredAt", occurred.to_json());
        put(&mut event, "receivedAt", Value::String(clock::iso_utc(self.now)));
        put(&mut event, "locationId", Value::String(location));
        put(&mut event, "contactId", contact.to_json());
        put(&mut event, "objectId", object.to_json());
        put(&mut event, "data", found.row);
        let mut event = Value::Object(event);
        let triggers = catalog::triggers(self.id, &event).to_json();
        if let Some(fields) = event.as_object_mut() {
            put(fields, "triggers", triggers);
        }
        event
    }
}

/// A time as HighLevel writes it: text as it is, milliseconds as text.
fn iso(time: &Value) -> Option<String> {
    match time {
        Value::Number(ms) => Some(clock::iso_utc(ms.as_f64() as u64)),
        other => other.as_str().filter(|text| clock::parse_iso(text).is_some()).map(str::to_owned),
    }
}
