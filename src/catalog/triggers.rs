//! Triggers: which one an event of a service belongs to, and which ones of the business level it fires besides.
//!
//! An entry of the business level names its `sources` (ids of triggers), and its condition as data: `when` lists for dotted
//! paths of the event the values that are wanted, `unless` those that are not. `null` stands for what the event doesn't say.

use std::cell::OnceCell;

use super::packed;
use crate::json::{Map, Value, field};

struct Trigger {
    id: String,
    wire: Option<String>,
    sources: Vec<String>,
    when: Map,
    unless: Map,
}

thread_local! {
    static ALL: OnceCell<Vec<Trigger>> = const { OnceCell::new() };
}

/// The ids of all triggers that an event of the trigger `own` fires, its own first.
pub fn triggers(own: &str, event: &Value) -> Vec<String> {
    let mut fired = vec![own.to_owned()];
    ALL.with(|all| {
        for trigger in all.get_or_init(read) {
            let fed = trigger.sources.iter().any(|source| source == own);
            if fed && holds(&trigger.when, event, true) && holds(&trigger.unless, event, false) {
                fired.push(trigger.id.clone());
            }
        }
    });
    fired
}

/// The trigger that a webhook of HighLevel names: by its own word (`ContactCreate`) or by the catalog's
/// (`ghl.contactCreate`). Gives the id and HighLevel's word.
pub fn trigger_by_name(name: &str) -> Option<(String, String)> {
    ALL.with(|all| {
        let named = |trigger: &&Trigger| {
            let wire = trigger.wire.as_deref().is_some_and(|wire| wire.eq_ignore_ascii_case(name));
            trigger.id.starts_with("ghl.") && trigger.wire.is_some() && (wire || trigger.id == name)
        };
        let trigger = all.get_or_init(read).iter().find(named)?;
        Some((trigger.id.clone(), trigger.wire.clone()?))
    })
}

/// Whether the event's value is among those listed, or among none, as `wanted` says; for every path.
fn holds(conditions: &Map, event: &Value, wanted: bool) -> bool {
    conditions.iter().all(|(path, values)| {
        let found = event.pointer(&format!("/{}", path.replace('.', "/"))).unwrap_or(&Value::Null);
        values.as_array().is_some_and(|values| values.contains(found)) == wanted
    })
}

fn read() -> Vec<Trigger> {
    let mut triggers = Vec::new();
    for entry in (0..packed::count()).filter_map(packed::entry) {
        if entry.kind == "trigger" {
            let mut rest = entry.rest();
            triggers.push(Trigger {
                id: entry.id,
                wire: field(&mut rest, "wireEvent").unwrap_or_default(),
                sources: field(&mut rest, "sources").unwrap_or_default(),
                when: field(&mut rest, "when").unwrap_or_default(),
                unless: field(&mut rest, "unless").unwrap_or_default(),
            });
        }
    }
    triggers
}
