//! What a host keeps between two polls: how far the items are told, and which of the last ones.

use crate::error::{Error, Result};
use crate::json::{Json, ToJson, Value};
use crate::record;

/// The form of the cursor. A cursor of another form is refused.
const VERSION: u64 = 1;

record! {
/// How far a trigger's items are told.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    v: u64,
    /// The trigger that it belongs to.
    pub trigger: String,
    /// Where it began.
    pub start: u64,
    /// The next pass looks at items from here on.
    pub low: u64,
    /// Items before this are told, or of no interest.
    pub cut: u64,
    /// The newest item that was seen.
    pub high: u64,
    /// What `low` becomes after the next pass over a whole list.
    pub waits: u64,
    /// How long the last slice was.
    pub slice: u64,
    /// The first pass tells nothing: it learns what is there.
    pub base: bool,
    /// The number of the pass.
    pub pass: u64,
    /// The keys of items that may turn up again.
    pub seen: Seen,
    /// A pass that has begun.
    pub walk: Option<Walk>,
}
}

record! {
/// Where a pass is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Walk {
    /// When it began, by the host's clock.
    pub began: u64,
    /// The end of its slice.
    pub to: Option<u64>,
    /// The page, or how many items to skip.
    pub page: u64,
    /// Where the next page begins, in the service's own words.
    pub after: Option<Value>,
    /// How many items there are.
    pub total: Option<String>,
    /// The newest item of this pass.
    pub newest: u64,
    /// How often it began anew because the pages shifted.
    pub again: u64,
    /// How many pages ended like the page before them.
    pub same: u64,
    /// The last row of the last page.
    pub last: u64,
    /// The keys of the items of this pass.
    pub seen: Seen,
}
}

impl Cursor {
    /// A cursor that looks from `low` on and tells nothing before `cut`.
    pub fn new(trigger: &str, low: u64, cut: u64, base: bool) -> Self {
        Self {
            v: VERSION,
            trigger: trigger.to_owned(),
            start: low,
            low,
            cut,
            high: 0,
            waits: 0,
            slice: 0,
            base,
            pass: 0,
            seen: Seen::default(),
            walk: None,
        }
    }

    /// Reads a cursor as the host kept it.
    ///
    /// # Errors
    /// `invalid_input` for one that is none, of another version, or of another trigger.
    pub fn read(value: Value, trigger: &str) -> Result<Self> {
        let version = value.get("v").and_then(Value::as_u64);
        if version.is_some_and(|v| v != VERSION) {
            return Err(Error::invalid_field("cursor", "is of another version of this plugin; start with a new one"));
        }
        let cursor = Self::from_json(value).filter(|_| version.is_some());
        let cursor = cursor.ok_or_else(|| {
            Error::invalid_field("cursor", "can't be read; hand it back as poll() gave it, or start without one")
        })?;
        if cursor.trigger != trigger {
            return Err(Error::invalid_field("cursor", "belongs to another trigger"));
        }
        Ok(cursor)
    }

    /// As the host keeps it.
    pub fn write(&self) -> Value {
        let mut value = self.to_json();
        if let Some(fields) = value.as_object_mut() {
            if let Some(walk) = fields.get_mut("walk").and_then(Value::as_object_mut) {
                walk.retain(|_, v| !v.is_null());
            }
            fields.retain(|_, v| !v.is_null());
        }
        value
    }
}

/// In place of the time of an item that has none: the last pass didn't meet it.
pub const MISSED: u64 = 1;

/// Keys as hashes of 60 bits, each with the time of its item; 0 where it has none. In order of the hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen(Vec<(u64, u64)>);

/// Sorts pairs. The one sort of this module: each for itself would cost the wasm a kilobyte.
#[inline(never)]
pub(super) fn sort(pairs: &mut [(u64, u64)]) {
    pairs.sort_unstable();
}

/// The digits of a hash, six bits each.
const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
const WIDTH: usize = 10;

impl Seen {
    /// Whether a key is in.
    pub fn contains(&self, hash: u64) -> bool {
        self.0.binary_search_by_key(&hash, |(h, _)| *h).is_ok()
    }
    /// Puts a key in, or changes its time.
    pub fn insert(&mut self, hash: u64, time: u64) {
        match self.0.binary_search_by_key(&hash, |(h, _)| *h) {
            Ok(place) => {
                if let Some(one) = self.0.get_mut(place) {
                    one.1 = time;
                }
            }
            Err(place) => self.0.insert(place, (hash, time)),
        }
    }
    /// The first key from `hash` on.
    pub fn from(&self, hash: u64) -> Option<u64> {
        let place = self.0.partition_point(|(h, _)| *h < hash);
        self.0.get(place).map(|(h, _)| *h)
    }
    /// Takes a key out.
    pub fn remove(&mut self, hash: u64) {
        if let Ok(place) = self.0.binary_search_by_key(&hash, |(h, _)| *h) {
            self.0.remove(place);
        }
    }
    /// How many keys.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Keeps those whose time `keep` wants.
    pub fn retain(&mut self, keep: impl Fn(u64) -> bool) {
        self.0.retain(|(_, time)| keep(*time));
    }
    /// Takes the keys of another set in, as far as `keep` gives them a time.
    pub fn join(&mut self, other: Seen, keep: impl Fn(u64) -> Option<u64>) {
        for (hash, time) in other.0 {
            if let (Some(time), false) = (keep(time), self.contains(hash)) {
                self.insert(hash, time);
            }
        }
    }
    /// The time of which the newest `limit` keys are not older; nothing where there are no more keys than that.
    pub fn time_of_newest(&self, limit: usize) -> Option<u64> {
        let times = self.by_time();
        let timeless = times.partition_point(|(time, _)| *time <= MISSED);
        let place = times.len().checked_sub(limit).filter(|place| *place > timeless)?;
        times.get(place).map(|(time, _)| *time)
    }
    /// Times and keys, the oldest first.
    fn by_time(&self) -> Vec<(u64, u64)> {
        let mut pairs = Vec::new();
        for (hash, time) in &self.0 {
            pairs.push((*time, *hash));
        }
        sort(&mut pairs);
        pairs
    }
}

/// A list of times, each followed by the keys of that time, one behind the other.
impl ToJson for Seen {
    fn to_json(&self) -> Value {
        let mut list: Vec<Value> = Vec::new();
        let mut last = None;
        for (time, hash) in self.by_time() {
            if last != Some(time) {
                last = Some(time);
                list.push(time.into());
                list.push(Value::String(String::new()));
            }
            if let Some(Value::String(keys)) = list.last_mut() {
                for i in (0..WIDTH).rev() {
                    let digit = (hash >> (6 * i)) as usize % 64;
                    keys.push(char::from(DIGITS.get(digit).copied().unwrap_or_default()));
                }
            }
        }
        Value::Array(list)
    }
}

impl Json for Seen {
    fn read(value: Value, ok: &mut bool) -> Self {
        let mut seen = Vec::new();
        let mut time = 0;
        for one in Vec::<Value>::read(value, ok) {
            match one {
                Value::String(keys) => {
                    *ok &= keys.len() % WIDTH == 0;
                    for key in keys.as_bytes().chunks(WIDTH) {
                        let mut hash = 0;
                        for byte in key {
                            let digit = DIGITS.iter().position(|d| d == byte);
                            *ok &= digit.is_some();
                            hash = hash * 64 + digit.unwrap_or_default() as u64;
                        }
                        seen.push((hash, time));
                    }
                }
                other => {
                    *ok &= other.as_u64().is_some();
                    time = other.as_u64().unwrap_or_default();
                }
            }
        }
        sort(&mut seen);
        seen.dedup_by_key(|(hash, _)| *hash);
        Self(seen)
    }
}
