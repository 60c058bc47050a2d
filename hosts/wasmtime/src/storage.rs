//! Where everything durable lives: inbox, ledger, leases, tokens.

use std::collections::BTreeMap;

use crate::now_ms;
use crate::wit::exports::ghl_digistore24::plugin::effects::{
    Reply, StoreCommit, StoreEntry, StoreRange, StoreValues, StoreWrite,
};

/// A store. An error is a technical word for the operator: nothing was changed, or it is unknown.
pub trait Storage {
    /// The entries that exist among `keys`.
    fn get(&mut self, keys: &[String]) -> Result<StoreValues, String>;
    /// A range, in byte order of the keys.
    fn list(&mut self, range: &StoreRange) -> Result<StoreValues, String>;
    /// Writes all or nothing.
    fn commit(&mut self, writes: Vec<StoreWrite>) -> Result<StoreCommit, String>;
}

/// A store that forgets everything at the end.
#[derive(Debug, Default)]
pub struct Memory {
    entries: BTreeMap<String, (String, u64)>,
    version: u64,
}

impl Storage for Memory {
    fn get(&mut self, keys: &[String]) -> Result<StoreValues, String> {
        let found = keys.iter().filter_map(|key| self.entries.get_key_value(key));
        Ok(StoreValues { entries: found.map(entry).collect(), now: now_ms() })
    }

    fn list(&mut self, range: &StoreRange) -> Result<StoreValues, String> {
        let in_range =
            |key: &str| key.starts_with(&range.prefix) && range.after.as_deref().is_none_or(|after| key > after);
        let found = self.entries.iter().filter(|(key, _)| in_range(key)).take(range.limit as usize);
        Ok(StoreValues { entries: found.map(entry).collect(), now: now_ms() })
    }

    fn commit(&mut self, writes: Vec<StoreWrite>) -> Result<StoreCommit, String> {
        let version_of = |key: &str| self.entries.get(key).map_or(0, |(_, version)| *version);
        let ok = writes.iter().all(|w| w.expect.is_none_or(|expected| expected == version_of(&w.key)));
        if ok {
            self.version += 1;
            for StoreWrite { key, value, .. } in writes {
                match value {
                    Some(value) => self.entries.insert(key, (value, self.version)),
                    None => self.entries.remove(&key),
                };
            }
        }
        Ok(StoreCommit { ok, version: self.version, now: now_ms() })
    }
}

fn entry((key, (value, version)): (&String, &(String, u64))) -> StoreEntry {
    StoreEntry { key: key.clone(), value: value.clone(), version: *version }
}

impl From<Result<StoreValues, String>> for Reply {
    fn from(result: Result<StoreValues, String>) -> Self {
        result.map_or_else(Self::StoreFailed, Self::Values)
    }
}

impl From<Result<StoreCommit, String>> for Reply {
    fn from(result: Result<StoreCommit, String>) -> Self {
        result.map_or_else(Self::StoreFailed, Self::Committed)
    }
}
