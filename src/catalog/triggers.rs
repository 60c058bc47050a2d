//! Which triggers an event fires: its own, and those of the business level that are fed by it.
//!
//! Such an entry names its `sources` (ids of triggers), and its condition as data: `when` lists for dotted paths of the
//! event the values that are wanted, `unless` those that are not. `null` stands for what the event doesn't say.

use std::cell::OnceCell;

use super::packed;
use crate::json::{Map, Value, field};

struct Rule {
    id: String,
    sources: Vec<String>,
    when: Map,
    unless: Map,
}

thread_local! {
    static RULES: OnceCell<Vec<Rule>> = const { OnceCell::new() };
}

/// The ids of all triggers that an event of the trigger `own` fires, its own first.
pub fn triggers(own: &str, event: &Value) -> Vec<String> {
    let mut fired = vec![own.to_owned()];
    RULES.with(|rules| {
        for rule in rules.get_or_init(read) {
            let fed = rule.sources.iter().any(|source| source == own);
            if fed && holds(&rule.when, event, true) && holds(&rule.unless, event, false) {
                fired.push(rule.id.clone());
            }
        }
    });
    fired
}

/// Whether the event's value is among those listed, or among none, as `wanted` says; for every path.
fn holds(conditions: &Map, event: &Value, wanted: bool) -> bool {
    conditions.iter().all(|(path, values)| {
        let found = event.pointer(&format!("/{}", path.replace('.', "/"))).unwrap_or(&Value::Null);
        values.as_array().is_some_and(|values| values.contains(found)) == wanted
    })
}

fn read() -> Vec<Rule> {
    let mut rules = Vec::new();
    for entry in (0..packed::count()).filter_map(packed::entry) {
        if entry.kind != "trigger" {
            continue;
        }
        let mut rest = entry.rest();
        let part = |rest: &mut Map, name: &str| field::<Map>(rest, name).unwrap_or_default();
        let sources = field::<Vec<String>>(&mut rest, "sources").unwrap_or_default();
        if !sources.is_empty() {
            let (when, unless) = (part(&mut rest, "when"), part(&mut rest, "unless"));
            rules.push(Rule { id: entry.id, sources, when, unless });
        }
    }
    rules
}
