//! A store in memory: what it answers, and a commit that is carried out whole or not at all.

use std::collections::BTreeMap;
use std::ops::Bound;

use ghl_digistore24::effects::{Entry, Write};

/// Values with their versions, by key.
pub type Entries = BTreeMap<String, (String, u64)>;

fn entry((key, (value, version)): (&String, &(String, u64))) -> Entry {
    Entry { key: key.clone(), value: value.clone(), version: *version }
}

pub fn get(entries: &Entries, keys: &[String]) -> Vec<Entry> {
    keys.iter().filter_map(|key| entries.get_key_value(key)).map(entry).collect()
}

pub fn list(entries: &Entries, prefix: &str, after: Option<&String>, limit: u32) -> Vec<Entry> {
    // Keys after `after` that begin with the prefix stand together.
    let from = after.map_or(Bound::Included(prefix), |after| Bound::Excluded(after.as_str()));
    let range = entries.range::<str, _>((from, Bound::Unbounded)).take_while(|(key, _)| key.starts_with(prefix));
    range.take(limit as usize).map(entry).collect()
}

/// Whether it was carried out; then `version` has grown.
pub fn commit(entries: &mut Entries, version: &mut u64, writes: Vec<Write>) -> bool {
    let version_of = |key: &str| entries.get(key).map_or(0, |(_, v)| *v);
    if !writes.iter().all(|w| w.expect.is_none_or(|e| e == version_of(&w.key))) {
        return false;
    }
    *version += 1;
    for Write { key, value, .. } in writes {
        match value {
            Some(value) => entries.insert(key, (value, *version)),
            None => entries.remove(&key),
        };
    }
    true
}
