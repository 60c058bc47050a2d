//! Events of HighLevel in the sync: what they start is a playbook's steps for a contact. They take the way of every message:
//! inbox, lease, claim, ledger. Of what nobody signed only ids count; what stands under them is read again.

use super::{
    RELOAD_MS, Sync,
    attempt::snapshot,
    inbox::Message,
    mirror, person,
    process::Report,
};
use crate::json::{Map, ToJson, Value, json, parse, put, text};
use crate::text::{lower, short_hash};
use crate::{
    clock,
    digistore24::{Event, Kind},
    effects::Write,
    error::{Code, Error, Result},
    mapping::{Known, Person, State},
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

/// The event of a shape as hosts get it; nothing for one of Digistore24.
pub(crate) fn event_of(shape: &Value, received_at_ms: u64) -> Option<Event> {
    shape.text_of("via")?;
    let word = shape.text_of("event").unwrap_or_default();
    let mut event = Event::blank(word, Kind::HighLevel(word.to_owned()), received_at_ms);
    event.dedupe_key = shape.text_of("dedupeKey")?.to_owned();
    event.id = short_hash(&mut [event.dedupe_key.as_str()].into_iter());
    event.occurred_at = shape.text_of("occurredAt").map(str::to_owned);
    event.raw = shape.as_object().cloned().unwrap_or_default();
    // What came is in `data` as far as it counts.
    event.raw.remove("raw");
    Some(event)
}

/// The contact that an event is about.
pub(super) fn contact_id(event: &Event) -> Option<&str> {
    event.raw.get("contactId").and_then(Value::as_str)
}

/// Which order an event is about: that of the deal, the task or the note; else the only one that runs, else the only one.
fn place(event: &mut Event, person: &Person) {
    let id = event.raw.get("objectId").and_then(Value::as_str);
    let named = person.orders.iter().find(|order| {
        let ids = [order.deal_id.as_deref(), order.note_id.as_deref()];
        id.is_some() && (ids.contains(&id) || order.open_tasks.iter().any(|task| Some(task.id.as_str()) == id))
    });
    let runs = |key: &str| person.order_status(key).is_some_and(|state| state.grants() || state == State::Paused);
    let mut running = person.orders.iter().filter(|order| runs(&order.key));
    let only = match (running.next(), running.next(), person.orders.as_slice()) {
        (Some(one), None, _) | (None, _, [one]) => Some(one),
        _ => None,
    };
    if let Some(order) = named.or(only) {
        event.order.id.clone_from(&order.id);
        event.order.base_id.clone_from(&order.id);
        event.merchant.id = order.key.split_once(':').map(|(merchant, _)| merchant.to_owned());
        event.test = order.test;
    }
    let mut buyers = person.buyers.iter();
    if let (Some(buyer), None) = (buyers.next(), buyers.next()) {
        event.buyer.id = buyer.split_once(':').map(|(_, id)| id.to_owned());
    }
}

/// The event as a plan needs it, without a call: what a dry run knows.
pub(super) fn overhear(event: &Event, known: &Known) -> Event {
    let mut event = event.clone();
    let data = event.raw.get("data").cloned().unwrap_or_default();
    if matches!(&event.event, Kind::HighLevel(word) if word.starts_with("Contact")) {
        put(&mut event.raw, "contact", data);
    }
    if let Known::Person { person, .. } = known {
        place(&mut event, person);
    }
    event
}

/// What was heard.
pub(super) struct Heard {
    /// With all that is known about contact and order.
    pub(super) event: Event,
    /// The mirror with it.
    pub(super) mirror: Map,
    /// It tells something new.
    pub(super) is_news: bool,
}

impl Sync<'_> {
    /// The writes that put an event into the inbox where a playbook waits for it.
    pub(super) fn note_event(&self, shape: &Value, at: u64) -> Vec<Write> {
        let Some(event) = event_of(shape, at).filter(|_| self.mapping.hears(shape)) else { return Vec::new() };
        let Some(contact) = contact_id(&event) else { return Vec::new() };
        let mut message = Message::new(at, text(&event.raw.to_json()), ["contact:", contact].concat());
        message.trace = Some(self.effects.trace());
        let name = format!("{at:013}-{}", event.id);
        vec![Write { key: self.scope.inbox(&name), expect: Some(0), value: Some(text(&message.to_json())) }]
    }

    /// What is known of a contact, where a playbook listens.
    pub(super) async fn mirror_of(&self, contact_id: Option<&str>) -> Result<Map> {
        let Some(id) = contact_id.filter(|_| self.mapping.listens()) else { return Ok(Map::new()) };
        let (entries, _) = self.effects.get(vec![self.scope.mirror(id)]).await?;
        let kept = entries.first().and_then(|entry| parse(&entry.value)).unwrap_or_default();
        Ok(kept.as_object().cloned().unwrap_or_default())
    }

    /// Now, in seconds since 1970.
    pub(super) fn seconds(&self) -> i64 {
        i64::try_from(self.effects.now() / 1000).unwrap_or_default()
    }

    /// Whose event it is.
    pub(super) async fn heard_of(&self, event: &Event) -> Result<Known> {
        let id = contact_id(event).unwrap_or_default();
        let person = person(&self.effects, &self.scope, id).await?.map(|(person, _)| person).unwrap_or_default();
        Ok(Known::Person { contact_id: Some(id.to_owned()), person })
    }

    /// Carries an event out that the host has, such as one that was polled.
    ///
    /// # Errors
    /// `storage`. Whatever concerns the event is in the report.
    pub(crate) async fn apply_heard(&self, shape: &Value, event: &Event) -> Result<Report> {
        let at = self.effects.now();
        let mut writes = self.note_event(shape, at);
        let mut outcome = "kept";
        if let Some(Write { key, .. }) = writes.first() {
            let name = key.rsplit('/').next().unwrap_or_default().to_owned();
            let seen = self.scope.seen(&event.dedupe_key);
            // Stands for the event until a repetition can't come any more.
            let dotted = format!("{at:013}.{}", seen.rsplit('/').next().unwrap_or_default());
            writes.push(Write { key: seen, expect: Some(0), value: Some(text(&dotted.to_json())) });
            writes.push(Write { key: self.scope.done(&dotted), expect: None, value: Some("{}".to_owned()) });
            outcome = "duplicate";
            if self.effects.commit(writes).await?.is_some() {
                match self.drain_person(&name).await? {
                    Some(report) => return Ok(report),
                    None => outcome = "done",
                }
            }
        }
        Ok(Report { requests: self.effects.requests(), ..Report::new(event, outcome) })
    }

    /// Reads what an event is about, unless it tells nothing new. `is_due`: it was new when it came; a later step is due.
    pub(super) async fn hear(
        &self,
        report: &mut Report,
        event: &Event,
        known: &mut Known,
        is_due: bool,
    ) -> Result<Heard> {
        let mut event = event.clone();
        let id = contact_id(&event).unwrap_or_default().to_owned();
        let mut mirror = self.mirror_of(Some(&id)).await?;
        let mut shape = Value::Object(std::mem::take(&mut event.raw));
        let of_contact = json!({ "contactId": id });
        let is_certain = shape["verified"] == Value::Bool(true) || shape["via"] == "polling";
        let mut contact = Value::Null;
        if !is_certain {
            contact = self.call(&mut report.calls, "ghl.contacts.getContact", of_contact.clone()).await?;
            let data = self.read_again(report, &shape, &id, &contact["contact"]).await?;
            if let Some(fields) = shape.as_object_mut() {
                put(fields, "data", data);
            }
        }
        let mut changed = Vec::new();
        if !is_due {
            // What was read again is as it is now.
            let told_at = ["occurredAt", "receivedAt"].into_iter().filter(|_| is_certain);
            let at = told_at.filter_map(|name| shape.text_of(name)).find_map(clock::parse_iso);
            let news = mirror::learn(&mut mirror, &shape, at.unwrap_or_else(|| self.seconds()));
            // What a workflow says was done is not, or not any more.
            let is_so = shape["event"] != "TaskComplete" || shape["data"]["completed"] != Value::Bool(false);
            if !is_so || news.as_ref().is_some_and(Vec::is_empty) {
                event.raw = shape.as_object().cloned().unwrap_or_default();
                return Ok(Heard { event, mirror, is_news: false });
            }
            changed = news.unwrap_or_default();
        }
        if contact.is_null() {
            contact = self.call(&mut report.calls, "ghl.contacts.getContact", of_contact).await?;
        }
        let mut contact = contact["contact"].clone();
        if let (Known::Person { person, .. }, Some(seen)) = (&mut *known, snapshot(&contact)) {
            // What somebody took off by hand a playbook may put on again; what stands there besides is not ours.
            let on = |tag: &str| seen.tags.iter().any(|seen| seen == tag);
            let gone: Vec<String> = person.kept.iter().filter(|tag| !on(tag)).cloned().collect();
            for tag in &gone {
                person.kept.remove(tag);
                person.tags.remove(tag);
            }
            person.foreign_tags = Default::default();
            person.foreign_tags.extend(seen.tags.iter().filter(|tag| !person.tags.contains(tag)).cloned());
            person.assigned_to = seen.assigned_to;
            place(&mut event, person);
        }
        let mut fields = Map::new();
        let customs = contact.get_mut("customFields").map(Value::take).unwrap_or_default();
        if customs.at(0).is_some() {
            let known = self.fields(RELOAD_MS, &mut report.calls).await?;
            for custom in customs.as_array().into_iter().flatten() {
                let Some(field) = known.list.iter().find(|field| field["id"] == custom["id"]) else { continue };
                let key = field["key"].as_str().unwrap_or_default();
                put(&mut fields, key, custom["value"].clone());
                let its = ["customFields.", custom["id"].as_str().unwrap_or_default()].concat();
                for aspect in changed.iter_mut().filter(|aspect| **aspect == its) {
                    key.clone_into(aspect);
                }
            }
        }
        let of = |name: &str| contact[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let buyer = &mut event.buyer;
        (buyer.email, buyer.first_name, buyer.last_name) = (of("email").map(|e| lower(e.trim())), of("firstName"), of("lastName"));
        (buyer.phone, buyer.company, buyer.country) = (of("phone"), of("companyName"), of("country"));
        let tags: Vec<&str> = changed.iter().filter_map(|aspect| aspect.strip_prefix('#')).collect();
        let names: Vec<&str> = changed
            .iter()
            .filter(|aspect| !aspect.starts_with('#'))
            .map(|aspect| aspect.rsplit('.').next().unwrap_or_default())
            .collect();
        let now = json!({ "addedTags": tags, "changed": names });
        let mut raw = shape.as_object().cloned().unwrap_or_default();
        if let Some(contact) = contact.as_object_mut() {
            put(contact, "fields", Value::Object(fields));
        }
        put(&mut raw, "contact", contact);
        put(&mut raw, "now", now);
        event.raw = raw;
        Ok(Heard { event, mirror, is_news: true })
    }

    /// What stands under the ids of an event that nobody signed.
    async fn read_again(&self, report: &mut Report, shape: &Value, contact_id: &str, contact: &Value) -> Result<Value> {
        let word = shape.text_of("event").unwrap_or_default();
        let mut thing = contact.clone();
        if let Some((_, operation, field, place)) = THINGS.iter().find(|(thing, ..)| word.starts_with(thing)) {
            let mut input = Map::new();
            put(&mut input, field, shape["objectId"].clone());
            if operation.starts_with("ghl.contacts.") {
                put(&mut input, "contactId", contact_id.into());
            }
            let answer = self.call(&mut report.calls, operation, Value::Object(input)).await?;
            thing = answer[*place].clone();
        }
        if thing.text_of("contactId").is_some_and(|owner| owner != contact_id) {
            return Err(Error::new(
                Code::NotFound,
                "the event names a thing of another contact",
                "Correct customData.id in the workflow's action Webhook.",
            ));
        }
        // What the workflow says besides is for conditions; no money follows from it alone.
        let mut thing = thing.as_object().cloned().unwrap_or_default();
        put(&mut thing, "customData", shape["data"]["customData"].clone());
        Ok(Value::Object(thing))
    }
}
