//! A pass over a list, page by page. Pure: [`Walker::next`] says what to call, [`Walker::take`] reads the answer.
//!
//! A pass begins `overlap` before the newest item of the pass before it, so an item that turns up late is found; the keys
//! in the cursor tell which of those are told already. Three ways to read a list:
//!
//! - **sorted**: the oldest first, each page goes on after the last item of the page before. The cursor moves with each page.
//! - **by time**: the service takes `from`; the order doesn't matter. A long time is read in slices of a few pages each.
//! - **whole**: the service takes no time. Items before `cut` are skipped; without a time, all keys are remembered.

use super::cursor::{Cursor, MISSED, Seen, Walk};
use super::spec::{Clock, Spec, parts};
use crate::clock;
use crate::error::{Error, Result};
use crate::json::{Map, Value, put};
use crate::paging::{Paging, Style, find, hash, list_at, number_at, scalar, set};

/// How far the clocks of host and service may differ, in seconds.
pub(super) const SKEW: u64 = 600;
/// Wall-clock times repeat for one hour each year, so a service that compares them is asked from an hour earlier.
const FOLD: u64 = 3_600;
/// A slice with more pages is cut.
const PAGES: u64 = 4;
/// The shortest slice, in seconds.
const SLICE: u64 = 600;
/// How often a pass begins anew because the pages shift. What it misses then is found by the next pass.
const AGAIN: u64 = 3;
/// By so many items two pages overlap where the service skips items.
const STEP_BACK: u64 = 3;
/// So many keys a cursor keeps; with more the overlap becomes shorter.
pub(super) const KEYS: usize = 2_000;
/// So many keys a pass or a list without times may have.
pub(super) const MANY_KEYS: usize = 20_000;
/// So many contents are watched for changes.
pub(super) const CONTENTS: usize = 10_000;

/// An item that is to be told.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// The parts of its key.
    pub key: Vec<String>,
    /// Its time, for the order; 0 where it has none.
    pub time: u64,
    /// The item.
    pub row: Value,
    /// The row of the first list that it belongs to.
    pub parent: Option<Value>,
}

/// A row whose second list is still to be read.
#[derive(Debug)]
struct Pending {
    id: String,
    hash: u64,
    time: u64,
    row: Value,
}

/// A pass, and what a host doesn't have to keep of it.
#[derive(Debug)]
pub struct Walker {
    spec: Spec,
    paging: Paging,
    /// The operation's input, filters included.
    input: Value,
    /// How far it is.
    pub cursor: Cursor,
    queue: Vec<Pending>,
    /// What the walk becomes when the queue is empty.
    turned: Option<Turn>,
    done: bool,
    /// What the operator should know.
    pub warning: Option<&'static str>,
}

/// What comes after a page.
#[derive(Debug)]
enum Turn {
    Page(u64),
    After(Value),
    End,
}

impl Walker {
    /// A pass that begins, or goes on where the cursor says.
    pub fn new(spec: Spec, paging: Paging, chosen: &Map, cursor: Cursor) -> Self {
        let mut input = Value::Object(spec.input.clone());
        let joined = spec.operation.starts_with("digistore24.");
        for (name, path) in &spec.filters {
            let (Some(value), Some(path)) = (chosen.get(name), path.as_str()) else { continue };
            // Digistore24 takes several values as one text.
            let value = match value {
                Value::Array(many) if joined => {
                    Value::String(many.iter().filter_map(scalar).collect::<Vec<_>>().join(","))
                }
                other => other.clone(),
            };
            set(&mut input, path, value);
        }
        Self { spec, paging, input, cursor, queue: Vec::new(), turned: None, done: false, warning: None }
    }

    /// Whether the pass is over.
    pub fn done(&self) -> bool {
        self.done
    }

    /// The next call: an operation and its input.
    pub fn next(&mut self, now: u64) -> Option<(String, Value)> {
        if let (Some(each), Some(pending)) = (&self.spec.each, self.queue.last()) {
            let mut input = Map::new();
            put(&mut input, &each.id, pending.id.as_str().into());
            return Some((each.operation.clone(), Value::Object(input)));
        }
        // A start in the future: there is nothing yet.
        self.done |= self.spec.clock() != Clock::Number && self.cursor.low > now + SKEW;
        if self.done {
            return None;
        }
        let first = self.first_page();
        if self.cursor.walk.is_none() {
            // After a slice the next one is tried at twice its length.
            let to = Some(self.cursor.low + self.cursor.slice * 2);
            let to = to.filter(|to| self.cursor.slice > 0 && *to < self.settled(now));
            self.cursor.walk = Some(Walk { page: first, to, began: now, ..Walk::default() });
        }
        let walk = self.cursor.walk.as_ref()?;
        let mut input = self.input.clone();
        if let Some(name) = self.paging.place() {
            set(&mut input, name, walk.page.into());
        }
        if let Some(after) = &walk.after {
            set(&mut input, "searchAfter", after.clone());
        }
        let low = self.cursor.low.saturating_sub(if self.spec.sorted { 0 } else { FOLD });
        for (path, time) in [(&self.spec.from, Some(low)), (&self.spec.to, walk.to.map(|to| to + FOLD))] {
            if let (Some(path), Some(time)) = (path, time) {
                let text = match self.spec.clock() {
                    Clock::Berlin => wall_clock(time),
                    _ => clock::iso_utc(time * 1000),
                };
                set(&mut input, path, Value::String(text));
            }
        }
        for (name, days) in &self.spec.days {
            let ms = now as i64 * 1000 + days.as_i64().unwrap_or_default() * 86_400_000;
            set(&mut input, name, Value::String(ms.to_string()));
        }
        Some((self.spec.operation.clone(), input))
    }

    fn first_page(&self) -> u64 {
        u64::from(self.paging.style == Some(Style::Page))
    }

    /// Reads the answer to the call that [`Walker::next`] named: the items that are to be told.
    ///
    /// # Errors
    /// `malformed_response` where there is no list; `invalid_input` where a pass would have to remember too much.
    pub fn take(&mut self, answer: &Value, now: u64) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        match self.queue.pop() {
            Some(pending) => self.take_second(pending, answer, &mut found)?,
            None => self.take_page(answer, now, &mut found)?,
        }
        if self.queue.is_empty()
            && let Some(turn) = self.turned.take()
        {
            self.turn(turn);
        }
        Ok(found)
    }

    fn take_page(&mut self, answer: &Value, now: u64, found: &mut Vec<Found>) -> Result<()> {
        let path = self.spec.items.as_ref().or(self.paging.items.as_ref());
        let rows = list_at(answer, path.map_or("", String::as_str))?;
        let pages = number_at(answer, self.paging.count.as_deref());
        if self.cut_slice(pages, now) {
            return Ok(());
        }
        let total = self.spec.total.as_deref().and_then(|path| find(answer, path)).and_then(scalar);
        let first = self.first_page();
        let Some(walk) = self.cursor.walk.as_mut() else { return Ok(()) };
        let shifted = total.is_some() && walk.total.is_some() && walk.total != total;
        walk.total = total;
        let hash_of = |row: &Value| hash(&self.spec.key_of(row, 0));
        let (page, last) = (walk.page, walk.last);
        let ends_like_before = rows.last().is_some_and(|row| hash_of(row) == last) && page > first;
        let goes_on = rows.iter().any(|row| hash_of(row) == last);
        walk.last = rows.last().map(hash_of).unwrap_or_default();
        walk.same = if ends_like_before { walk.same + 1 } else { 0 };
        // The same page again and again: the service doesn't page. Once alone can come of new items before it.
        let stuck = walk.same >= AGAIN;
        let before = walk.after.clone();
        for row in rows {
            self.meet(row, found)?;
        }
        let size = self.input.get(self.paging.size()).and_then(Value::as_u64).unwrap_or(u64::MAX);
        let short = (rows.len() as u64) < size;
        let step = size.saturating_sub(STEP_BACK).max(1);
        let turn = match self.paging.style {
            Some(Style::Page) if shifted => self.again().unwrap_or(Turn::Page(page + 1)),
            Some(Style::Page) if rows.is_empty() || stuck || pages.map_or(short, |n| page >= n) => Turn::End,
            Some(Style::Page) => Turn::Page(page + 1),
            Some(Style::Skip) => {
                let lost = page > 0 && !goes_on;
                let on = if short || stuck { Turn::End } else { Turn::Page(page + step) };
                lost.then(|| self.again()).flatten().unwrap_or(on)
            }
            Some(Style::SearchAfter) => match rows.last().and_then(|row| row.get("searchAfter")) {
                Some(after) if !short && before.as_ref() != Some(after) => Turn::After(after.clone()),
                _ => Turn::End,
            },
            _ => Turn::End,
        };
        self.turned = Some(turn);
        Ok(())
    }

    /// From the start, unless that was done too often.
    fn again(&mut self) -> Option<Turn> {
        let first = self.first_page();
        let walk = self.cursor.walk.as_mut().filter(|walk| walk.again < AGAIN)?;
        walk.again += 1;
        walk.last = 0;
        Some(Turn::Page(first))
    }

    /// Where a time is too long for a few pages and lies so far back that nothing turns up late in it: only its beginning.
    fn cut_slice(&mut self, pages: Option<u64>, now: u64) -> bool {
        let Some(pages) = pages.filter(|pages| *pages > PAGES && self.spec.to.is_some()) else { return false };
        let (settled, low) = (self.settled(now), self.cursor.low);
        let Some(walk) = self.cursor.walk.as_mut().filter(|walk| walk.page == 1 && walk.again == 0) else {
            return false;
        };
        let span = walk.to.unwrap_or(now).saturating_sub(low);
        let to = (low + (span * 2 / pages).max(SLICE)).min(settled);
        let cut = to > low && walk.to.is_none_or(|old| to < old);
        if cut {
            walk.to = Some(to);
        }
        cut
    }

    /// Nothing turns up late before this time.
    fn settled(&self, now: u64) -> u64 {
        now.saturating_sub(self.overlap() + FOLD + SKEW)
    }

    fn overlap(&self) -> u64 {
        self.spec.overlap * 60
    }

    fn meet(&mut self, row: &Value, found: &mut Vec<Found>) -> Result<()> {
        if self.spec.change {
            self.meet_content(row, found);
            return Ok(());
        }
        let cursor = &mut self.cursor;
        let Some(walk) = cursor.walk.as_mut() else { return Ok(()) };
        let time = self.spec.time.as_deref().and_then(|path| self.spec.time_of(row, path)).unwrap_or_default();
        if time > 0 && time < cursor.cut {
            return Ok(());
        }
        walk.newest = walk.newest.max(time);
        let key = self.spec.key_of(row, cursor.pass);
        let hash = hash_without_pass(&key);
        if walk.seen.contains(hash) {
            return Ok(());
        }
        let known = cursor.seen.contains(hash) || cursor.base;
        if let (Some(_), false) = (&self.spec.each, known) {
            let id = find(row, "id").and_then(scalar).unwrap_or_default();
            self.queue.push(Pending { id, hash, time, row: row.clone() });
            return Ok(());
        }
        walk.seen.insert(hash, time);
        if !known {
            found.push(Found { key, time, row: row.clone(), parent: None });
        }
        too_many(walk.seen.len())
    }

    /// One row of which every content is remembered: 30 bits of its key, 30 of its content.
    fn meet_content(&mut self, row: &Value, found: &mut Vec<Found>) {
        const HALF: u64 = 1 << 30;
        let cursor = &mut self.cursor;
        let Some(walk) = cursor.walk.as_mut() else { return };
        let (mut key, content) = (self.spec.key_of(row, cursor.pass), self.spec.content(row));
        let id = hash(&key) / HALF * HALF;
        let now = id + content / HALF;
        let of_row = |seen: &Seen| seen.from(id).filter(|hash| hash - id < HALF);
        if walk.seen.contains(now) {
            return;
        }
        let old = if cursor.seen.contains(now) { Some(now) } else { of_row(&walk.seen).or(of_row(&cursor.seen)) };
        match old {
            Some(old) => {
                walk.seen.remove(old);
                cursor.seen.remove(old);
            }
            None if walk.seen.len() + cursor.seen.len() >= CONTENTS => {
                self.warning = Some("there are more items than can be watched for changes: only the first are");
                return;
            }
            None => {}
        }
        walk.seen.insert(now, 0);
        if old.is_some_and(|old| old != now) && !cursor.base {
            key.extend([content.to_string(), format!("#{}", cursor.pass)]);
            found.push(Found { key, time: 0, row: row.clone(), parent: None });
        }
    }

    /// The second list of a row.
    fn take_second(&mut self, pending: Pending, answer: &Value, found: &mut Vec<Found>) -> Result<()> {
        let (Some(each), Some(walk)) = (&self.spec.each, self.cursor.walk.as_mut()) else { return Ok(()) };
        // The first pass meets rows for the first time: what they hold is told from the start on.
        let since = if self.cursor.pass == 0 { self.cursor.start } else { self.cursor.cut };
        for row in list_at(answer, &each.items)? {
            // One without a time can't be told from an old one.
            let Some(time) = self.spec.time_of(row, &each.time).filter(|time| *time >= since) else {
                continue;
            };
            let key = parts(row, &each.key, self.cursor.pass);
            let hash = hash_without_pass(&key);
            if !walk.seen.contains(hash) && !self.cursor.seen.contains(hash) {
                walk.seen.insert(hash, time);
                found.push(Found { key, time, row: row.clone(), parent: Some(pending.row.clone()) });
            }
        }
        walk.seen.insert(pending.hash, pending.time);
        too_many(walk.seen.len())
    }

    fn turn(&mut self, turn: Turn) {
        let Some(walk) = self.cursor.walk.as_mut() else { return };
        let end = match turn {
            Turn::Page(page) => {
                walk.page = page;
                false
            }
            Turn::After(after) => {
                walk.after = Some(after);
                false
            }
            Turn::End => true,
        };
        if end {
            self.finish();
        } else if self.spec.sorted {
            // All that comes is newer.
            let (newest, began) = (walk.newest, walk.began);
            self.advance(newest, began);
            let mut seen = self.cursor.walk.as_mut().map(|walk| std::mem::take(&mut walk.seen)).unwrap_or_default();
            seen.join(std::mem::take(&mut self.cursor.seen), Some);
            self.cursor.seen = seen;
            self.forget(true);
        }
    }

    /// Forgets the keys of items that can't come again, and those for which there is no room.
    fn forget(&mut self, warn: bool) {
        if let Some(time) = self.cursor.seen.time_of_newest(KEYS) {
            if warn {
                self.warning = Some("there are many items at a time: one that turns up late may be missed");
            }
            self.cursor.cut = self.cursor.cut.max(time);
            self.cursor.low = self.cursor.low.max(time);
        }
        let cut = self.cursor.cut;
        self.cursor.seen.retain(|time| time <= MISSED || time >= cut);
    }

    /// Moves on to `overlap` before the newest item, as far as it was there when the pass began: one that came while the
    /// pass was under way can stand before others that this pass was too early for. Nor does a time in the future move us.
    fn advance(&mut self, newest: u64, began: u64) {
        let by_time = self.spec.clock() != Clock::Number;
        let newest = if by_time { newest.min(began + SKEW) } else { newest };
        self.cursor.high = self.cursor.high.max(newest);
        if !by_time || self.cursor.high == 0 {
            return;
        }
        let mut low = self.cursor.high.saturating_sub(self.overlap());
        // Pages of a whole list can shift unnoticed. What this pass missed is told by the next one, so that one still looks
        // as far back as this one.
        if self.spec.from.is_none() {
            low = std::mem::replace(&mut self.cursor.waits, low);
        }
        self.cursor.low = self.cursor.low.max(low);
        // A list that takes a time may look at another one than the row tells: it decides what belongs to it.
        if self.spec.from.is_none() || self.spec.sorted {
            self.cursor.cut = self.cursor.cut.max(self.cursor.low);
        }
    }

    fn finish(&mut self) {
        let Some(walk) = self.cursor.walk.take() else { return };
        match walk.to {
            Some(to) => {
                self.cursor.slice = to.saturating_sub(self.cursor.low);
                self.cursor.low = self.cursor.low.max(to);
            }
            None => self.advance(walk.newest, walk.began),
        }
        let before = std::mem::replace(&mut self.cursor.seen, walk.seen);
        // A key that this pass didn't meet is kept as long as its item may come again. One without a time has left the list
        // when two passes didn't meet it: one may only have missed it because the pages shifted.
        let low = if self.spec.clock() == Clock::Number { 0 } else { self.cursor.low.saturating_sub(2 * FOLD) };
        let all = self.spec.change;
        self.cursor.seen.join(before, |time| match time {
            0 => Some(if all { 0 } else { MISSED }),
            MISSED => None,
            time => (time >= low).then_some(time),
        });
        self.forget(walk.to.is_none());
        if walk.to.is_none() {
            // What shifting pages hid from the first pass would be taken for new, so several pages are learnt twice.
            let learns_on = self.cursor.base && self.cursor.pass == 0 && walk.page > self.first_page();
            self.done = !learns_on;
            self.cursor.base = learns_on;
            self.cursor.slice = 0;
            self.cursor.pass += 1;
        }
    }
}

fn hash_without_pass(key: &[String]) -> u64 {
    let kept: Vec<String> = key.iter().filter(|part| !part.starts_with('#')).cloned().collect();
    hash(&kept)
}

fn too_many(keys: usize) -> Result<()> {
    if keys <= MANY_KEYS {
        return Ok(());
    }
    Err(Error::invalid_field("input", "gives more than 20000 items at a time: choose a later `from`, or a filter"))
}

/// Berlin's wall clock: `2026-11-23 09:30:00`.
pub(super) fn wall_clock(time: u64) -> String {
    let (date, clock) = (clock::in_berlin(clock::at(time * 1000)), clock::in_berlin(clock::at(time * 1000)).time());
    let (h, m, s) = clock.as_hms();
    format!("{} {h:02}:{m:02}:{s:02}", clock::ymd(date.date()))
}
