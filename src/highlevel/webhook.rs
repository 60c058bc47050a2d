//! HighLevel's webhooks, decoded. Nothing is refused that is a JSON object: what is not known keeps its content.
//!
//! Two ways lead here. An **app** (OAuth) gets flat objects whose `type` names the event, some in an envelope `data`. Of
//! some events the published samples have no such name, or another thing under `type` (the type of a price, the channel of
//! a message): those are told by the address, `?event=InvoicePaid`, which an app may set for each event. A **workflow**
//! sends its action "Webhook": the contact, flat, with `customData` as the user set it; `customData.event` names the event.
//! Nobody signs that one, so of its content only ids are handed on.

use crate::catalog;
use crate::error::{Error, Result};
use crate::json::{Map, ToJson, Value, parse, put, text};
use crate::text::short_hash;
use crate::{clock, record};

/// Larger bodies are refused unread.
const MAX_BODY: usize = 1024 * 1024;

record! {
/// One event of HighLevel, whatever way it came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event {
    /// The trigger's catalog id.
    pub trigger: String,
    /// HighLevel's word for it, as far as it is told.
    pub event: Option<String>,
    /// `app-webhook`, `workflow-webhook` or `polling`.
    pub via: String,
    /// The sender's name for this one event: the same when it is sent again.
    pub key: Option<String>,
    /// When it happened. ISO 8601.
    pub occurred_at: Option<String> as "occurredAt",
    /// When it came. ISO 8601, UTC.
    pub received_at: String as "receivedAt",
    /// The app that gets the events.
    pub app_id: Option<String> as "appId",
    /// The agency.
    pub company_id: Option<String> as "companyId",
    /// The sub-account; an app may be installed without one.
    pub location_id: Option<String> as "locationId",
    /// The contact that it is about, or that its object belongs to.
    pub contact_id: Option<String> as "contactId",
    /// The thing that it is about.
    pub object_id: Option<String> as "objectId",
    /// Of an event without a known name: what it seems to be about.
    pub looks_like: Option<String> as "looksLike",
    /// The content, without what belongs to the delivery.
    pub data: Value,
    /// The body as it came.
    pub raw: Value,
}
}

impl Event {
    /// The event as hosts see it.
    ///
    /// `dedupeKey` is the same when the event is sent again: by its `webhookId`, or by its whole content. `changeKey` is the
    /// same for two events that tell the same state of the same thing, such as `OpportunityUpdate` beside
    /// `OpportunityStageUpdate`, which come with different `webhookId`s: of those that come within minutes, one is enough.
    pub fn shape(&self) -> Value {
        let scope = self.location_id.as_ref().or(self.company_id.as_ref()).map_or("-", String::as_str);
        let name = self.event.as_deref().unwrap_or("-");
        let hash = |value: &Value| short_hash(&mut [text(value).as_str()].into_iter());
        let id = self.key.clone().unwrap_or_else(|| hash(&self.raw));
        let dedupe_key = format!("{scope}|{name}|{id}");
        let object = self.object_id.as_deref().unwrap_or("-");
        let change_key = format!("{scope}|{}|{object}|{}", first_word(name), hash(&self.data));
        let mut event = self.to_json();
        let triggers = catalog::triggers(&self.trigger, &event).to_json();
        if let Some(fields) = event.as_object_mut() {
            fields.remove("trigger");
            fields.remove("key");
            put(fields, "triggers", triggers);
            put(fields, "id", Value::String(id));
            put(fields, "dedupeKey", Value::String(dedupe_key));
            put(fields, "changeKey", Value::String(change_key));
        }
        event
    }
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

    /// The first that is a text and not empty; numbers count, too: ids may be numbers.
    fn first(&self, paths: &[&str]) -> Option<String> {
        for path in paths {
            match self.find(path) {
                Some(Value::String(text)) if !text.trim().is_empty() => return Some(text.trim().to_owned()),
                Some(Value::Number(number)) => return Some(number.to_string()),
                _ => {}
            }
        }
        None
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

/// Reads the body of a webhook; `said` is the event's name as the address tells it. Nothing is said about its signature.
///
/// # Errors
/// `invalid_input`: too large, or no JSON object.
pub fn read(body: &[u8], said: Option<&str>, received_at_ms: u64) -> Result<Event> {
    if body.len() > MAX_BODY {
        return Err(Error::invalid_field("body", "is larger than 1 MiB"));
    }
    let raw = std::str::from_utf8(body).ok().and_then(parse).filter(Value::is_object);
    let raw = raw.ok_or_else(|| Error::invalid_field("body", "must be a JSON object, as HighLevel sends it"))?;
    let body = Body::new(&raw);
    let told = body.first(&["type"]);
    let known = told.as_deref().and_then(catalog::trigger_by_name);
    let is_workflow = known.is_none() && (body.has("contact_id") || body.has("workflow") && body.has("location"));
    let mut event = if is_workflow { workflow(&body, said) } else { app(&body, known, told, said) };
    event.received_at = clock::iso_utc(received_at_ms);
    event.raw = raw;
    Ok(event)
}

fn app(body: &Body<'_>, known: Option<(String, String)>, told: Option<String>, said: Option<&str>) -> Event {
    let known = known.or_else(|| {
        // Its `type` is the channel of the message; nothing else has one beside a message's id and no direction.
        let channel = matches!(told.as_deref(), Some("SMS" | "Email"));
        let is_to_send = channel && body.has("messageId") && body.has("contactId") && !body.has("direction");
        catalog::trigger_by_name(if is_to_send { "ProviderOutboundMessage" } else { said.unwrap_or_default() })
    });
    let name = known.as_ref().map(|(_, wire)| wire.clone()).or_else(|| told.as_deref().and_then(word));
    let word = name.as_deref().unwrap_or_default();
    let is_contact = word.starts_with("Contact");
    let is_location = word.starts_with("Location");
    let id = body.first(&OBJECT_IDS);
    let of_location = body.first(&["altId"]).filter(|_| body.first(&["altType"]).as_deref() == Some("location"));
    let mut data = Map::new();
    for (field, value) in body.inner.as_object().into_iter().flatten() {
        let is_name = field == "type" && (value.as_str() == name.as_deref() || known.is_none());
        if !is_name && !DELIVERY.contains(&field.as_str()) {
            put(&mut data, field, value.clone());
        }
    }
    let looks_like = known.is_none().then(|| LOOKS.iter().find(|(_, fields)| fields.iter().all(|f| body.has(f))));
    Event {
        via: "app-webhook".to_owned(),
        key: body.first(&["webhookId"]),
        occurred_at: body.time(word),
        app_id: body.first(&["appId"]),
        company_id: body.first(&["companyId"]),
        location_id: body.first(&LOCATION_IDS).or(of_location).or_else(|| id.clone().filter(|_| is_location)),
        contact_id: body.first(&CONTACT_IDS).or_else(|| id.clone().filter(|_| is_contact)),
        object_id: id,
        looks_like: looks_like.flatten().map(|(thing, _)| (*thing).to_owned()),
        data: Value::Object(data),
        event: name,
        trigger: trigger(known),
        ..Event::default()
    }
}

/// The body of a workflow's action "Webhook". Only ids, and what the user put into `customData`.
fn workflow(body: &Body<'_>, said: Option<&str>) -> Event {
    let asked = body.first(&["customData/event"]).or_else(|| said.map(str::to_owned));
    let known = asked.as_deref().and_then(catalog::trigger_by_name);
    let name = known.as_ref().map(|(_, wire)| wire.clone()).or_else(|| asked.as_deref().and_then(word));
    let contact_id = body.first(&["contact_id"]);
    let location_id = body.first(&["location/id"]);
    let of_thing = match name.as_deref().map(first_word) {
        Some("Contact") => contact_id.clone(),
        Some("Appointment") => body.first(&["calendar/appointmentId"]),
        // The opportunity's; other workflows have the contact's here, or nothing.
        Some("Opportunity") => body.first(&["id"]).filter(|id| Some(id) != contact_id.as_ref()),
        _ => None,
    };
    let object_id = body.first(&["customData/id"]).or(of_thing);
    let mut data = Map::new();
    for (field, value) in [("id", &object_id), ("contactId", &contact_id), ("locationId", &location_id)] {
        put(&mut data, field, value.to_json());
    }
    put(&mut data, "workflowId", body.first(&["workflow/id"]).to_json());
    put(&mut data, "customData", body.find("customData").cloned().unwrap_or_default());
    Event {
        via: "workflow-webhook".to_owned(),
        key: body.first(&["customData/key"]),
        location_id,
        contact_id,
        object_id,
        data: Value::Object(data),
        event: name,
        trigger: trigger(known),
        ..Event::default()
    }
}

fn trigger(known: Option<(String, String)>) -> String {
    known.map_or_else(|| "ghl.unknownEvent".to_owned(), |(id, _)| id)
}

/// The name of an event that is not known, cut to what a name may have.
fn word(text: &str) -> Option<String> {
    let word: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || "_.-".contains(*c)).take(64).collect();
    Some(word).filter(|word| !word.is_empty())
}
