//! Triggers: which one an event of a service belongs to, and which ones of the business level it fires besides.
//!
//! An entry of the business level names its `sources` (ids of triggers), and its condition as data: `when` lists for dotted
//! paths of the event the values that are wanted, `unless` those that are not. `null` stands for what the event doesn't say.

use std::cell::OnceCell;

use super::packed;
use crate::json::{Json, Value};

struct Trigger {
    id: String,
    facts: Value,
}

impl Trigger {
    fn wire(&self) -> Option<&str> {
        self.facts.text_of("wireEvent")
    }
}

/// All triggers of the catalog: read once and kept as long as the program.
fn all() -> &'static [Trigger] {
    thread_local! {
        static ALL: OnceCell<&'static [Trigger]> = const { OnceCell::new() };
    }
    ALL.with(|cell| *cell.get_or_init(|| read().leak()))
}

fn read() -> Vec<Trigger> {
    let mut triggers = Vec::new();
    for entry in packed::entries() {
        if entry.kind == "trigger" {
            triggers.push(Trigger { facts: Value::Object(entry.rest()), id: entry.id });
        }
    }
    triggers
}

/// The ids of all triggers that an event of the trigger `own` fires, its own first.
pub fn triggers(own: &str, event: &Value) -> Vec<String> {
    let mut fired = vec![own.to_owned()];
    for Trigger { id, facts } in all() {
        let sources = facts.get("sources").and_then(Value::as_array);
        let is_fed = sources.is_some_and(|sources| sources.iter().any(|source| source == own));
        if is_fed && holds(facts.get("when"), event, true) && holds(facts.get("unless"), event, false) {
            fired.push(id.clone());
        }
    }
    fired
}

/// The trigger that a webhook of HighLevel names: by its own word (`ContactCreate`) or by the catalog's
/// (`ghl.contactCreate`). Gives the id and HighLevel's word.
pub fn trigger_by_name(name: &str) -> Option<(&'static str, &'static str)> {
    for trigger in all().iter().filter(|trigger| trigger.id.starts_with("ghl.")) {
        if let Some(wire) = trigger.wire().filter(|wire| wire.eq_ignore_ascii_case(name) || trigger.id == name) {
            return Some((&trigger.id, wire));
        }
    }
    None
}

/// The triggers of HighLevel that bring an event of this name (`tagAdded`): webhooks, and those that are polled.
pub fn ways(name: &str) -> Vec<String> {
    let trigger = all().iter().find(|trigger| trigger.id.strip_prefix("bridge.") == Some(name));
    let sources = trigger.and_then(|trigger| Vec::from_json(trigger.facts.get("sources")?.clone()));
    let mut ways: Vec<String> = sources.unwrap_or_default();
    ways.retain(|id| id.starts_with("ghl."));
    ways
}

/// Whether the event's value is among those listed, or among none, as `wanted` says; for every path.
fn holds(conditions: Option<&Value>, event: &Value, wanted: bool) -> bool {
    conditions.and_then(Value::as_object).into_iter().flatten().all(|(path, values)| {
        let found = event.pointer(&format!("/{}", path.replace('.', "/"))).unwrap_or(&Value::Null);
        values.items().contains(found) == wanted
    })
}
