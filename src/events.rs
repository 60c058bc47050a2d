//! Webhooks as events: what a builder's trigger hands on. Pure; signatures, storing and answering are not its business.

use crate::json::{Json, Map, Value, put, text};
use crate::{
    catalog,
    digistore24::{self, Event},
    error::{Error, Result},
    highlevel, record,
};

record! {
/// How a body is to be read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Only events that fire this trigger.
    pub trigger: Option<String>,
    /// What the user chose for that trigger: its `input` in the catalog.
    pub input: Option<Value>,
    /// HighLevel: the event's name as the address tells it.
    pub event: Option<String>,
    /// Digistore24: one event for each item of the order.
    pub split_items: bool as "splitItems",
}
}

impl Reading {
    /// Reads the options.
    ///
    /// # Errors
    /// `invalid_input` with every wrong field.
    pub fn from_options(options: Value) -> Result<Self> {
        catalog::check_known("options", &options, &["trigger", "input", "event", "splitItems"])?;
        Self::from_json(options).ok_or_else(|| Error::invalid_field("options", "has a field of the wrong type"))
    }
}

/// The events in the body of a webhook.
///
/// # Errors
/// `invalid_input`: the body is none of that service, or an option is wrong.
pub fn read(connection: &str, service: &str, body: &[u8], reading: &Reading, now: u64) -> Result<Vec<Value>> {
    let chosen = match &reading.trigger {
        Some(trigger) => catalog::accept_trigger(trigger, reading.input.as_ref())?,
        None => Map::new(),
    };
    let yes = |name: &str| chosen.get(name).and_then(Value::as_bool);
    let split = reading.split_items || yes("splitItems").unwrap_or_default();
    let mut events = match service {
        "digistore24" => Event::read(connection, &digistore24::parse(body)?, now).shape(split),
        "ghl" => vec![highlevel::webhook(body, reading.event.as_deref(), now)?],
        _ => return Err(Error::invalid_field("service", "must be digistore24 or ghl")),
    };
    if let Some(trigger) = &reading.trigger {
        let products = chosen.get("productIds").and_then(Value::as_array);
        let tests = yes("testOrders").unwrap_or(true);
        events.retain(|event| {
            lists(event, "triggers", trigger)
                && (tests || event["test"].as_bool() != Some(true))
                && products.is_none_or(|wanted| wanted.is_empty() || has_product(event, wanted))
        });
    }
    Ok(events)
}

fn lists(event: &Value, name: &str, text: &str) -> bool {
    event[name].as_array().is_some_and(|list| list.iter().any(|one| one.as_str() == Some(text)))
}

fn has_product(event: &Value, wanted: &[Value]) -> bool {
    event["items"].as_array().into_iter().flatten().any(|item| wanted.contains(&item["productId"]))
}

/// The catalog's entries that match a filter. A trigger's sample stores only the body that arrives, or how it differs
/// from another one; what comes of it is added here by reading it.
///
/// # Errors
/// `invalid_input` for a filter by id that doesn't exist.
pub fn list(filter: &catalog::Filter) -> Result<Vec<Value>> {
    let mut entries = catalog::list(filter)?;
    for entry in &mut entries {
        if entry["kind"].as_str() == Some("trigger") {
            complete(entry);
        }
    }
    Ok(entries)
}

/// When samples arrive: Monday, 2 March 2026, 09:30 in Berlin.
pub const SAMPLES_ARRIVE: u64 = 1_772_440_200_000;

fn complete(entry: &mut Value) {
    let arrives = arrives(entry);
    let mut sample = entry.get("sample").and_then(Value::as_object).cloned().unwrap_or_default();
    let is_polled = entry.get("poll").is_some();
    let payload = if is_polled || sample.contains_key("output") { None } else { payload(entry) };
    if let Some((service, payload, wire)) = payload {
        let body = match service {
            "digistore24" => digistore24::parse_json(&Value::Object(payload.clone())).map(|p| p.to_form()),
            _ => Ok(text(&Value::Object(payload.clone()))),
        };
        let reading = Reading { event: wire, ..Reading::default() };
        let events = body.and_then(|body| read("default", service, body.as_bytes(), &reading, SAMPLES_ARRIVE));
        sample.remove("with");
        put(&mut sample, "payload", Value::Object(payload));
        put(&mut sample, "output", events.unwrap_or_default().into_iter().next().unwrap_or_default());
    }
    if let Some(fields) = entry.as_object_mut() {
        put(fields, "effect", "read".into());
        put(fields, "retry", "safe".into());
        fields.remove("like");
        if !sample.contains_key("input") {
            put(&mut sample, "input", Value::Object(Map::new()));
        }
        put(fields, "sample", Value::Object(sample));
        put(fields, "arrives", arrives);
    }
}

/// By which ways: its own, or those of all its sources.
fn arrives(entry: &Value) -> Value {
    let mut ways: Vec<Value> = Vec::new();
    for entry in sources(entry).iter().filter_map(|id| entry_of(id)).chain([entry.clone()]) {
        for way in entry.get("arrives").and_then(Value::as_array).into_iter().flatten() {
            if !ways.contains(way) {
                ways.push(way.clone());
            }
        }
    }
    Value::Array(ways)
}

/// The body that arrives, of which service, and the event's name as an address would tell it.
fn payload(entry: &Value) -> Option<(&'static str, Map, Option<String>)> {
    let wire = |entry: &Value| entry.get("wireEvent").and_then(Value::as_str).map(str::to_owned);
    let sample = &entry["sample"];
    if let Some(own) = sample["payload"].as_object() {
        let service = if entry["service"].as_str() == Some("digistore24") { "digistore24" } else { "ghl" };
        return Some((service, own.clone(), wire(entry)));
    }
    let model = entry["like"].as_str().map(str::to_owned).or_else(|| sources(entry).into_iter().next())?;
    let model = entry_of(&model)?;
    let (service, mut payload, mut named) = payload(&model)?;
    if let Some(own) = wire(entry) {
        if payload.get("type").and_then(Value::as_str) == named.as_deref() {
            put(&mut payload, "type", own.as_str().into());
        }
        named = Some(own);
    }
    for (name, value) in sample["with"].as_object().into_iter().flatten() {
        put(&mut payload, name, value.clone());
    }
    Some((service, payload, named))
}

fn sources(entry: &Value) -> Vec<String> {
    Vec::from_json(entry["sources"].clone()).unwrap_or_default()
}

fn entry_of(id: &str) -> Option<Value> {
    catalog::list(&catalog::Filter { id: Some(id.to_owned()), ..catalog::Filter::default() }).ok()?.pop()
}
