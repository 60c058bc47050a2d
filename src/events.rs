//! Webhooks as events: what a builder's trigger hands on. Pure; signatures, storing and answering are not its business.

use crate::json::{Json, Map, Value, put, text};
use crate::{
    catalog,
    digistore24::{self, Event},
    error::{Error, Result},
    highlevel::{self, Arrival},
    record,
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
        "ghl" => {
            let arrival = Arrival { said: reading.event.as_deref(), at: now, ..Arrival::default() };
            vec![highlevel::webhook(body, arrival)?]
        }
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
    event[name].items().iter().any(|one| one.as_str() == Some(text))
}

fn has_product(event: &Value, wanted: &[Value]) -> bool {
    event["items"].items().iter().any(|item| wanted.contains(&item["productId"]))
}

/// The catalog's entries that match a filter. Of a trigger's sample only the body that arrives is stored; what comes of it is
/// added here by reading it.
///
/// # Errors
/// `invalid_input` for a filter by id that doesn't exist.
pub fn list(filter: &catalog::Filter) -> Result<Vec<Value>> {
    let mut entries = catalog::list(filter)?;
    for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
        if entry.text_of("kind") == Some("trigger") {
            complete(entry);
        }
    }
    Ok(entries)
}

/// When samples arrive: Monday, 2 March 2026, 10:30 in Berlin.
pub const SAMPLES_ARRIVE: u64 = 1_772_443_800_000;

fn complete(entry: &mut Map) {
    let mut sample = entry.get("sample").and_then(Value::as_object).cloned().unwrap_or_default();
    if let (Some(payload), false) = (sample.get("payload"), sample.contains_key("output")) {
        // It is the body of the first source where the trigger has no body of its own.
        let source = entry.get("sources").and_then(|sources| sources.at(0)).or_else(|| entry.get("id"));
        let form = digistore24::parse_json(payload).map(|params| params.to_form());
        let (service, body) = match (source.and_then(Value::as_str), form) {
            (Some(id), Ok(form)) if id.starts_with("digistore24.") => ("digistore24", form),
            _ => ("ghl", text(payload)),
        };
        let event = entry.text_of("wireEvent").map(str::to_owned);
        let reading = Reading { event, ..Reading::default() };
        let output = read("default", service, body.as_bytes(), &reading, SAMPLES_ARRIVE).unwrap_or_default().pop();
        put(&mut sample, "output", output.unwrap_or_default());
    }
    if !sample.contains_key("input") {
        put(&mut sample, "input", Value::Object(Map::new()));
    }
    put(entry, "sample", Value::Object(sample));
}
