//! HighLevel's webhooks, decoded. Nothing is refused that is a JSON object: what is not known keeps its content.
//!
//! Two ways lead here. An **app** (OAuth) gets flat objects whose `type` names the event, some in an envelope `data`. Of
//! some events the published samples have no such name, or another thing under `type` (the type of a price, the channel of
//! a message): those are told by the address, `?event=InvoicePaid`, which an app may set for each event. A **workflow**
//! sends its action "Webhook": the contact, flat, with `customData` as the user set it; `customData.event` names the event.
//! Nobody signs that one, so of its content only ids are handed on.

mod signature;

pub use signature::{Trust, public_key, texts};

use crate::error::{Error, Result};
use crate::json::{Map, ToJson, Value, parse, put, text};
use crate::text::short_hash;
use crate::{catalog, clock};

/// Larger bodies are refused unread.
const MAX_BODY: usize = 1024 * 1024;

/// What hosts get of every event, besides its keys, triggers and times: null where it isn't told.
const FIELDS: [&str; 10] = [
    "appId",
    "companyId",
    "contactId",
    "event",
    "locationId",
    "looksLike",
    "objectId",
    "occurredAt",
    "verified",
    "via",
];

/// An event as hosts see it, whatever way it came. `trigger` is its catalog id; `key` is the sender's name for this one
/// event, the same when it is sent again; `event` has what is known of [`FIELDS`], `data` (the content, without what
/// belongs to the delivery) and `raw` (what came).
///
/// `dedupeKey` is the same when the event is sent again: by its `key`, or by its whole content. `changeKey` is the same for
/// two events that tell the same state of the same thing, such as `OpportunityUpdate` beside `OpportunityStageUpdate`,
/// which come with different keys: of those that come within minutes, one is enough.
pub fn shape(trigger: &str, key: Option<&str>, mut event: Map, received_at_ms: u64) -> Value {
    for name in FIELDS {
        if !event.contains_key(name) {
            put(&mut event, name, Value::Null);
        }
    }
    let told = |name: &str| event.get(name).and_then(Value::as_str);
    let hash = |name: &str| {
        let content = event.get(name).map(text).unwrap_or_default();
        short_hash(&mut [content.as_str()].into_iter())
    };
    let id = key.map_or_else(|| hash("raw"), str::to_owned);
    let scope = told("locationId").or_else(|| told("companyId")).unwrap_or("-");
    let name = told("event").unwrap_or("-");
    let dedupe_key = format!("{scope}|{name}|{id}");
    let object = told("objectId").unwrap_or("-");
    let change_key = format!("{scope}|{}|{object}|{}", first_word(name), hash("data"));
    put(&mut event, "id", Value::String(id));
    put(&mut event, "dedupeKey", Value::String(dedupe_key));
    put(&mut event, "changeKey", Value::String(change_key));
    put(&mut event, "receivedAt", Value::String(clock::iso_utc(received_at_ms)));
    let mut event = Value::Object(event);
    let triggers = catalog::triggers(trigger, &event).to_json();
    if let Some(fields) = event.as_object_mut() {
        put(fields, "triggers", triggers);
    }
    event
}

/// `Opportunity` of `OpportunityStageUpdate`: all its events carry the same content.
fn first_word(name: &str) -> &str {
    let end = name.char_indices().skip(1).find(|(_, letter)| letter.is_ascii_uppercase());
    end.and_then(|(at, _)| name.get(..at)).unwrap_or(name)
}

/// What belongs to the delivery and not to the content.
const DELIVERY: [&str; 5] = ["appId", "deliveryId", "timestamp", "versionId", "webhookId"];

/// Where the id of the thing stands, the most telling first.
const OBJECT_IDS: [&str; 8] =
    ["id", "_id", "appointment/id", "messageId", "emailMessageId", "webhookPayload/id", "key", "appId"];
const CONTACT_IDS: [&str; 4] = ["contactId", "appointment/contactId", "contactDetails/id", "contactSnapshot/id"];
const LOCATION_IDS: [&str; 3] = ["locationId", "appointment/locationId", "contactSnapshot/locationId"];

/// What events without a name have, each and nobody else.
const LOOKS: [(&str, [&str; 2]); 6] = [
    ("invoice", ["invoiceNumber", "invoiceItems"]),
    ("product", ["productType", "availableInStore"]),
    ("price", ["product", "currency"]),
    ("association", ["associationType", "firstObjectKey"]),
    ("relation", ["associationId", "firstRecordId"]),
    ("objectSchema", ["labels", "primaryDisplayProperty"]),
];

/// A body, and what stands inside its envelope `data` where it has one.
struct Body<'a> {
    outer: &'a Value,
    inner: &'a Value,
}

impl<'a> Body<'a> {
    fn new(outer: &'a Value) -> Self {
        let is_flat = ["id", "_id", "contact_id"].iter().any(|name| outer.get(name).is_some());
        let inner = outer.get("data").filter(|data| data.is_object() && !is_flat).unwrap_or(outer);
        Self { outer, inner }
    }

    fn find(&self, path: &str) -> Option<&'a Value> {
        let path = format!("/{path}");
        self.inner.pointer(&path).or_else(|| self.outer.pointer(&path)).filter(|value| !value.is_null())
    }

    /// The first that is a text and not empty, else null. Numbers count, too: ids may be numbers.
    fn first(&self, paths: &[&str]) -> Value {
        for path in paths {
            match self.find(path) {
                Some(Value::String(text)) if !text.trim().is_empty() => return text.trim().into(),
                Some(Value::Number(number)) => return Value::String(number.to_string()),
                _ => {}
            }
        }
        Value::Null
    }

    fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// When it happened: of the delivery, or of a new thing's making.
    fn time(&self, name: &str) -> Option<String> {
        let is_new = name.ends_with("Create");
        let places: &[&str] = if is_new { &["timestamp", "dateAdded", "createdAt"] } else { &["timestamp"] };
        for place in places {
            let ms = match self.find(place) {
                Some(Value::String(text)) => {
                    clock::parse_iso(text).and_then(|s| u64::try_from(s).ok()).map(|s| s.saturating_mul(1000))
                }
                Some(Value::Number(number)) => number.as_u64().map(|n| if n < LEAST_MS { n * 1000 } else { n }),
                _ => None,
            };
            if let Some(ms) = ms.filter(|ms| *ms < MOST_MS) {
                return Some(clock::iso_utc(ms));
            }
        }
        None
    }
}

/// Smaller numbers are seconds since 1970: this is March 1973 in milliseconds, the year 5138 in seconds.
const LEAST_MS: u64 = 100_000_000_000;
/// The year 9999 ends.
const MOST_MS: u64 = 253_402_300_800_000;

/// How a webhook arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// The event's name as the address tells it.
    pub said: Option<&'a str>,
    /// Whether HighLevel's signature was checked. `Some(false)`: it came to the address of workflows and is read as theirs,
    /// whatever it looks like. None: nobody looked.
    pub verified: Option<bool>,
    /// Milliseconds since 1970.
    pub at: u64,
}

/// The event in the body of a webhook.
///
/// # Errors
/// `invalid_input`: too large, or no JSON object.
pub fn read(body: &[u8], arrival: Arrival<'_>) -> Result<Value> {
    let Arrival { said, verified, at } = arrival;
    if body.len() > MAX_BODY {
        return Err(Error::invalid_field("body", "is larger than 1 MiB"));
    }
    let raw = std::str::from_utf8(body).ok().and_then(parse).filter(Value::is_object);
    let raw = raw.ok_or_else(|| Error::invalid_field("body", "must be a JSON object, as HighLevel sends it"))?;
    let body = Body::new(&raw);
    let told = body.first(&["type"]);
    let is_theirs = verified == Some(false);
    let mut known = told.as_str().filter(|_| !is_theirs).and_then(catalog::trigger_by_name);
    let looks_theirs = || body.has("contact_id") || body.has("workflow") && body.has("location");
    let is_workflow = is_theirs || known.is_none() && looks_theirs();
    let asked = if is_workflow { body.first(&["customData/event"]) } else { told };
    let asked = asked.as_str();
    if known.is_none() {
        // A message to send: its `type` is the channel; nothing else has one beside a message's id and no direction.
        let channel = !is_workflow && matches!(asked, Some("SMS" | "Email"));
        let is_to_send = channel && body.has("messageId") && body.has("contactId") && !body.has("direction");
        let named = if is_to_send { Some("ProviderOutboundMessage") } else { None };
        let by_workflow = asked.filter(|_| is_workflow);
        known = named.or(by_workflow).or(said).and_then(catalog::trigger_by_name);
    }
    let name = known.map(|(_, wire)| wire.to_owned()).or_else(|| word(asked.or(said.filter(|_| is_workflow))?));
    let mut event = Map::new();
    let word = name.as_deref().unwrap_or_default();
    let key = if is_workflow {
        workflow(&body, word, &mut event);
        let key = body.first(&["customData/key"]);
        // Without a key two runs of a workflow can look the same, and neither may be lost.
        if is_theirs && key.is_null() {
            Value::String(short_hash(&mut [text(&raw).as_str(), &at.to_string()].into_iter()))
        } else {
            key
        }
    } else {
        app(&body, word, known.is_some(), &mut event);
        body.first(&["webhookId"])
    };
    put(&mut event, "event", name.to_json());
    put(&mut event, "verified", verified.to_json());
    put(&mut event, "raw", raw.clone());
    let trigger = known.map_or("ghl.unknownEvent", |(id, _)| id);
    Ok(shape(trigger, key.as_str(), event, at))
}

fn app(body: &Body<'_>, name: &str, known: bool, event: &mut Map) {
    let mut data = Map::new();
    for (field, value) in body.inner.fields() {
        let is_name = field == "type" && (value == name || !known);
        if !is_name && !DELIVERY.contains(&field.as_str()) {
            put(&mut data, field, value.clone());
        }
    }
    put(event, "data", Value::Object(data));
    put(event, "via", "app-webhook".into());
    put(event, "occurredAt", body.time(name).to_json());
    put(event, "appId", body.first(&["appId"]));
    put(event, "companyId", body.first(&["companyId"]));
    let id = body.first(&OBJECT_IDS);
    let mut contact = body.first(&CONTACT_IDS);
    if contact.is_null() && name.starts_with("Contact") {
        contact.clone_from(&id);
    }
    let mut location = body.first(&LOCATION_IDS);
    if location.is_null() && name.starts_with("Location") {
        location.clone_from(&id);
    }
    if location.is_null() && body.first(&["altType"]) == "location" {
        location = body.first(&["altId"]);
    }
    put(event, "contactId", contact);
    put(event, "locationId", location);
    put(event, "objectId", id);
    for (thing, [one, other]) in LOOKS {
        if !known && body.has(one) && body.has(other) {
            put(event, "looksLike", thing.into());
        }
    }
}

/// The body of a workflow's action "Webhook". Only ids, and what the user put into `customData`.
fn workflow(body: &Body<'_>, name: &str, event: &mut Map) {
    let contact = body.first(&["contact_id"]);
    let mut object = body.first(&["customData/id"]);
    if object.is_null() {
        object = match first_word(name) {
            "Contact" => contact.clone(),
            "Appointment" => body.first(&["calendar/appointmentId"]),
            // The opportunity's; other workflows have the contact's here, or nothing.
            "Opportunity" => Some(body.first(&["id"])).filter(|id| *id != contact).unwrap_or_default(),
            _ => Value::Null,
        };
    }
    let location = body.first(&["location/id"]);
    let mut data = Map::new();
    put(&mut data, "id", object.clone());
    put(&mut data, "contactId", contact.clone());
    put(&mut data, "locationId", location.clone());
    put(&mut data, "workflowId", body.first(&["workflow/id"]));
    put(&mut data, "customData", body.find("customData").cloned().unwrap_or_default());
    put(event, "data", Value::Object(data));
    put(event, "via", "workflow-webhook".into());
    put(event, "contactId", contact);
    put(event, "locationId", location);
    put(event, "objectId", object);
}

/// The name of an event that is not known, cut to what a name may have.
fn word(text: &str) -> Option<String> {
    let word: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || "_.-".contains(*c)).take(64).collect();
    Some(word).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
