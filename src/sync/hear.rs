//! What must be read before an event of HighLevel can be planned, and whether it tells anything new. The bare module leaves
//! this out for its size.

use super::{
    Accepted, RELOAD_MS, Sync,
    attempt::snapshot,
    heard::{contact_id, place},
    mirror,
    process::Report,
};
use crate::json::{Map, Value, json, put};
use crate::text::lower;
use crate::{
    clock,
    digistore24::Event,
    error::{Code, Error, Result},
    mapping::{Known, Person},
};

/// How what an event names is read again: the first word of its name, the operation, its input's field, where it stands in the
/// answer. Other events are about the contact.
const THINGS: [(&str, &str, &str, &str); 4] = [
    ("Appointment", "ghl.calendars.getAppointment", "eventId", "event"),
    ("Note", "ghl.contacts.getNote", "id", "note"),
    ("Opportunity", "ghl.opportunities.getOpportunity", "id", "opportunity"),
    ("Task", "ghl.contacts.getTask", "taskId", "task"),
];

/// The operations that an event of HighLevel may need: its contact is read anyway.
pub(super) fn operations() -> impl Iterator<Item = String> {
    THINGS.iter().map(|(_, operation, ..)| (*operation).to_owned())
}

/// Whether HighLevel itself told the content of an event.
fn is_certain(raw: &Map) -> bool {
    raw["verified"] == Value::Bool(true) || raw["via"] == "polling"
}

/// Takes an event into the mirror: the aspects that are news; all is, where nothing is kept about such events.
pub(super) fn news(mirror: &mut Map, event: &mut Event, now: i64) -> bool {
    let raw = &event.raw;
    // What a workflow says was done is not, or not any more.
    let completed = raw["data"].get("completed");
    if raw["event"] == "TaskComplete" && completed == Some(&Value::Bool(false)) {
        return false;
    }
    // What was read again is as it is now.
    let told = if is_certain(raw) { raw["occurredAt"].as_str().or(raw["receivedAt"].as_str()) } else { None };
    let news = mirror::learn(mirror, raw, told.and_then(clock::parse_iso).unwrap_or(now));
    let is_news = news.as_ref().is_none_or(|news| !news.is_empty());
    let (mut tags, mut changed) = (Vec::new(), Vec::new());
    for aspect in news.unwrap_or_default() {
        match aspect.strip_prefix('#') {
            Some(tag) => tags.push(Value::from(tag)),
            None => changed.push(Value::from(aspect.rsplit('.').next().unwrap_or_default())),
        }
    }
    put(&mut event.raw, "now", json!({ "addedTags": tags, "changed": changed }));
    is_news
}

/// Puts into the event what its contact tells, and into the ledger's entry which tags are there.
fn meet(event: &mut Event, person: &mut Person) {
    let contact = event.raw.get("contact").unwrap_or(&Value::Null);
    if let Some(seen) = snapshot(contact) {
        // What somebody took off by hand a playbook may put on again; what stands there besides is not ours.
        let Person { kept, tags, foreign_tags, assigned_to, .. } = person;
        let gone = Vec::from_iter(kept.iter().filter(|tag| !seen.tags.contains(tag)).cloned());
        for tag in &gone {
            kept.remove(tag);
            tags.remove(tag);
        }
        *foreign_tags = Default::default();
        foreign_tags.extend(seen.tags.into_iter().filter(|tag| !tags.contains(tag)));
        *assigned_to = seen.assigned_to;
    }
    let of = |name: &str| contact[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let buyer = &mut event.buyer;
    buyer.email = of("email").map(|email| lower(email.trim()));
    (buyer.first_name, buyer.last_name) = (of("firstName"), of("lastName"));
    place(event, person);
}

/// Names custom fields by their keys: in the contact, and among what has changed.
fn name_fields(event: &mut Event, known: &[Value]) {
    let mut fields = Map::new();
    let customs = event.raw.get("contact").and_then(|contact| contact.get("customFields"));
    let customs = customs.cloned().unwrap_or_default();
    for custom in customs.items() {
        let id = &custom["id"];
        let Some(key) = known.iter().find(|field| field["id"] == *id).map(|field| &field["key"]) else { continue };
        put(&mut fields, key.as_str().unwrap_or_default(), custom["value"].clone());
        let changed = event.raw.get_mut("now").and_then(|now| now.get_mut("changed"));
        for name in changed.and_then(Value::as_array_mut).into_iter().flatten().filter(|name| *name == id) {
            *name = key.clone();
        }
    }
    if let Some(contact) = event.raw.get_mut("contact").and_then(Value::as_object_mut) {
        put(contact, "fields", Value::Object(fields));
    }
}

/// What must be read before an event can be planned: `(operation, input, where it stands in the answer, where it goes)`.
fn missing(raw: &Map) -> Option<(&'static str, Map, &'static str, &'static str)> {
    let mut input = Map::new();
    put(&mut input, "contactId", raw["contactId"].clone());
    if !raw.contains_key("contact") {
        return Some(("ghl.contacts.getContact", input, "contact", "contact"));
    }
    let word = raw["event"].as_str().unwrap_or_default();
    let (_, operation, field, place) = THINGS.iter().find(|(thing, ..)| word.starts_with(thing))?;
    if is_certain(raw) || raw.contains_key("custom") {
        return None;
    }
    if !operation.starts_with("ghl.contacts.") {
        input = Map::new();
    }
    put(&mut input, field, raw["objectId"].clone());
    Some((operation, input, place, "data"))
}

/// Takes what was read. What the workflow said besides stays in `custom`, for conditions.
///
/// # Errors
/// `not_found`: the thing belongs to another contact.
fn take(raw: &mut Map, found: Value, to: &str) -> Result<()> {
    if found.text_of("contactId").is_some_and(|owner| raw["contactId"] != owner) {
        let help = "Correct customData.id in the workflow's action Webhook.";
        return Err(Error::new(Code::NotFound, "the event names a thing of another contact", help));
    }
    let is_contact = raw["event"].as_str().unwrap_or_default().starts_with("Contact");
    if to == "data" || is_contact && !is_certain(raw) {
        let custom = raw["data"].get("customData").cloned().unwrap_or_default();
        put(raw, "custom", custom);
        put(raw, "data", found.clone());
    }
    put(raw, to, found);
    Ok(())
}

impl Sync<'_> {
    /// Stores an event that the host has, such as one that was polled.
    pub(super) async fn accept_heard(&self, shape: &Value, event: &Event) -> Result<(Accepted, String)> {
        let (name, remember) = self.arrival(&event.dedupe_key, self.effects.now());
        let Some(write) = self.heard(shape, self.effects.now(), &name) else { return Ok((Accepted::Kept, name)) };
        let key = remember.key.clone();
        if self.effects.commit(vec![remember, write]).await?.is_some() {
            return Ok((Accepted::Queued, name));
        }
        let (seen, _) = self.effects.get(vec![key]).await?;
        let first = seen.first().and_then(|entry| super::from_json(&entry.value).ok());
        Ok((Accepted::Duplicate, first.unwrap_or(name)))
    }

    /// The address of a contact of which nothing is known. A message that makes the contact just now has claimed it: what that
    /// one writes must be known before its echo is heard.
    pub(super) async fn email_of_unknown(&self, report: &mut Report, event: &Event) -> Result<Option<String>> {
        let id = contact_id(event);
        let (entries, _) = self.effects.get(vec![self.scope.mirror(&id)]).await?;
        if !entries.is_empty() {
            return Ok(None);
        }
        let answer = self.call(&mut report.calls, "ghl.contacts.getContact", json!({ "contactId": id })).await?;
        let email = answer.pointer("/contact/email").and_then(Value::as_str).filter(|email| !email.is_empty());
        Ok(email.map(|email| lower(email.trim())))
    }

    /// Reads what an event is about, unless it tells nothing new; a later step of it was new when it came. True: it is news.
    pub(super) async fn hear(
        &self,
        report: &mut Report,
        event: &mut Event,
        known: &mut Known,
        mirror: &mut Map,
        is_due: bool,
    ) -> Result<bool> {
        let is_certain = is_certain(&event.raw);
        if is_certain && !is_due && !news(mirror, event, self.seconds()) {
            return Ok(false);
        }
        while let Some((operation, input, from, to)) = missing(&event.raw) {
            let mut answer = self.call(&mut report.calls, operation, Value::Object(input)).await?;
            let found = answer.get_mut(from).map(Value::take).unwrap_or_default();
            take(&mut event.raw, found, to)?;
        }
        if !is_certain && !is_due && !news(mirror, event, self.seconds()) {
            return Ok(false);
        }
        if let Known::Person { person, .. } = known {
            meet(event, person);
        }
        let fields = self.fields(RELOAD_MS, &mut report.calls).await?;
        name_fields(event, &fields.list);
        Ok(true)
    }
}
