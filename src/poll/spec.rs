//! How a trigger finds its items: the part `poll` of its catalog entry, read as data.

use crate::json::{Json, Map, Value, take};
use crate::paging::{find, hash, scalar};
use crate::{clock, record, words};

words! {
    /// What an item's time is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Clock {
        /// Wall-clock time in Berlin without a zone.
        Berlin = "berlin",
        /// ISO 8601 with offset, or milliseconds since 1970.
        Iso = "iso",
        /// No time: a number that grows, such as an id.
        Number = "number",
    }
}

record! {
/// The part `poll` of a trigger. Paths are dotted; `a|b` takes `b` where `a` says nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// The list operation.
    pub operation: String,
    /// What it is always told.
    pub input: Map,
    /// The list in its answer, where its paging doesn't say it; without both the answer is the list.
    pub items: Option<String>,
    /// What tells an item from all others and from its own earlier states. `#` is the number of the pass.
    pub key: Vec<String>,
    /// The same for rows that lack the first part of `key`.
    pub otherwise: Vec<String>,
    /// The time of an item. Without one, all keys of the list are remembered.
    pub time: Option<String>,
    /// What that time is. Default: as the service writes times.
    pub clock: Option<Clock>,
    /// How many minutes late an item may turn up.
    pub overlap: u64,
    /// The input that takes the earliest time.
    pub from: Option<String>,
    /// The input that takes the latest time. With it, a long time is read in slices.
    pub to: Option<String>,
    /// The list comes sorted by that time, the oldest first, and its paging goes on after the last item.
    pub sorted: bool,
    /// How many items there are in all: tells that the pages have shifted.
    pub total: Option<String>,
    /// Inputs that take days from now, as milliseconds since 1970.
    pub days: Map,
    /// Inputs of the trigger, and where they go in the operation's.
    pub filters: Map,
    /// The items are not those of the list but those of a second list, one for each of its rows.
    pub each: Option<Each>,
    /// An item is told when its content changes: all contents are remembered, as hashes.
    pub change: bool,
    /// Fields that are no content.
    pub ignore: Vec<String>,
}
}

record! {
/// A second list, for each row of the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Each {
    /// Its operation.
    pub operation: String,
    /// Its input that takes the row's id.
    pub id: String,
    /// The list in its answer.
    pub items: String,
    /// As above.
    pub key: Vec<String>,
    /// As above.
    pub time: String,
}
}

impl Spec {
    /// Reads the part `poll` of an entry. `with` in it names inputs of the trigger that change it.
    pub fn read(poll: Value, input: &Map) -> Option<Self> {
        let Value::Object(mut poll) = poll else { return None };
        for (name, changes) in &Map::from_json(take(&mut poll, "with"))? {
            if input.contains_key(name) {
                poll.extend(changes.as_object().cloned().into_iter().flatten());
            }
        }
        Self::from_json(Value::Object(poll))
    }

    /// What the times of this list are.
    pub fn clock(&self) -> Clock {
        let usual = if self.operation.starts_with("ghl.") { Clock::Iso } else { Clock::Berlin };
        self.clock.unwrap_or(usual)
    }

    /// The time of an item, in seconds since 1970 (or the number that stands for it).
    pub fn time_of(&self, row: &Value, path: &str) -> Option<u64> {
        let found = find(row, path)?;
        match (self.clock(), found) {
            (Clock::Number, found) => scalar(found)?.parse().ok(),
            (_, Value::Number(ms)) => Some(ms.as_f64() as u64 / 1000),
            (Clock::Berlin, found) => berlin_late(found.as_str()?),
            (Clock::Iso, found) => u64::try_from(clock::parse_iso(found.as_str()?)?).ok(),
        }
    }

    /// The parts of an item's key; of a row that has none, its whole content.
    pub fn key_of(&self, row: &Value, pass: u64) -> Vec<String> {
        let first = self.key.first().and_then(|path| find(row, path));
        parts(row, if first.is_some() || self.otherwise.is_empty() { &self.key } else { &self.otherwise }, pass)
    }

    /// A hash of what an item says.
    pub fn content(&self, row: &Value) -> u64 {
        let mut row = row.clone();
        if let Some(fields) = row.as_object_mut() {
            fields.retain(|name, _| !self.ignore.iter().any(|ignored| ignored == name));
        }
        hash(&[crate::json::text(&row)])
    }
}

/// The parts of a key. A row that has none of them is its own key.
pub(super) fn parts(row: &Value, paths: &[String], pass: u64) -> Vec<String> {
    let mut parts = Vec::new();
    let mut known = false;
    for path in paths {
        if path == "#" {
            parts.push(format!("#{pass}"));
            continue;
        }
        let part = find(row, path).and_then(scalar);
        known |= part.is_some();
        parts.push(part.unwrap_or_default());
    }
    if known { parts } else { vec![crate::json::text(row)] }
}

/// A wall-clock time in Berlin. In the hour that exists twice the second one is meant: an item is rather taken for newer
/// than it is than left out.
fn berlin_late(text: &str) -> Option<u64> {
    let first = clock::parse_berlin(text)?;
    let later = first + time::Duration::HOUR;
    let wall = |moment| {
        let there = clock::in_berlin(moment);
        (there.date(), there.time())
    };
    let moment = if wall(later) == wall(first) { later } else { first };
    u64::try_from(moment.unix_timestamp()).ok()
}
