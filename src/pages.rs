//! A list, page by page, for a host that goes through all of it. Pure but for the call: [`Pager::input`] says what to ask
//! for, [`Pager::take`] reads the answer.
//!
//! Lists change while they are read. Where a page is asked for by its number or by what comes before it, something added
//! moves items onto the next page: they are known by the keys of the last two pages and told once. Something deleted moves
//! items onto the page before: the total, the number of pages or the missing last item shows it, and that page is read
//! again. A place in the service's own words doesn't shift.
//!
//! The end is known by a short page, by the total or by the service's word for it, so there is no request too many. A short
//! page says nothing where the service may have cut the size down, a total says nothing once it has changed.

use crate::json::{Json, Map, ToJson, Value, put, text};
use crate::paging::{Paging, Style, find, hash, number_at, scalar, set, take_list};
use crate::{
    catalog::Operation,
    error::{Code, Error, Result},
};

/// The form of the cursor. A cursor of another form is refused.
const VERSION: u64 = 1;
/// The size of a page where the service says nothing about it.
const SIZE: u64 = 100;
/// The largest page that is asked for.
const MOST: u64 = 500;
/// So many pages in a row may have nothing new.
const IDLE: u64 = 3;

/// Where the next page begins. Kept by the host; it may go on in another process.
#[derive(Debug, Clone, Default)]
struct Cursor {
    /// Stands for the operation, the location and the input.
    of: u64,
    /// The number of the page, or how many items come before it.
    at: u64,
    /// The farthest such place so far.
    far: u64,
    /// How many items a page has.
    size: u64,
    /// The most items that a page had.
    width: u64,
    /// How many items were told.
    told: u64,
    /// How many pages in a row had nothing new.
    idle: u64,
    /// The number of pages, and a place in the service's own words that was met earlier.
    pages: u64,
    mark: u64,
    /// The total has changed, or it isn't known how many items came before the first one.
    unsteady: bool,
    /// How many items or pages there are.
    total: Option<u64>,
    /// Where it begins, in the service's own words.
    after: Value,
    /// The keys of the last page, in its order, and of the one before.
    last: Vec<u64>,
    before: Vec<u64>,
}

impl Cursor {
    /// As the host keeps it: numbers in the order of the fields; the last one is the total, where there is one.
    fn write(&self) -> Value {
        let mut numbers = vec![self.of, self.at, self.far, self.size, self.width, self.told, self.idle, self.pages];
        numbers.extend([self.mark, u64::from(self.unsteady)]);
        numbers.extend(self.total);
        let mut kept = Map::new();
        put(&mut kept, "v", VERSION.into());
        put(&mut kept, "numbers", numbers.to_json());
        put(&mut kept, "after", self.after.clone());
        put(&mut kept, "last", self.last.to_json());
        put(&mut kept, "before", self.before.to_json());
        Value::Object(kept)
    }

    fn read(mut kept: Value) -> Option<Self> {
        let numbers = |kept: &mut Value, name: &str| Vec::<u64>::from_json(kept.get_mut(name)?.take());
        let all = numbers(&mut kept, "numbers").filter(|_| kept.get("v").and_then(Value::as_u64) == Some(VERSION))?;
        let [of, at, far, size, width, told, idle, pages, mark, unsteady, ref total @ ..] = all[..] else {
            return None;
        };
        Some(Self {
            unsteady: unsteady > 0,
            total: total.first().copied(),
            last: numbers(&mut kept, "last")?,
            before: numbers(&mut kept, "before")?,
            after: kept.get_mut("after")?.take(),
            ..Self { of, at, far, size, width, told, idle, pages, mark, ..Self::default() }
        })
    }
}

/// One step through a list.
#[derive(Debug)]
pub struct Pager {
    paging: Paging,
    style: Style,
    input: Map,
    /// How far it is.
    cursor: Cursor,
    /// The first place.
    first: u64,
    /// At most so many items are wanted.
    limit: Option<u64>,
    /// How many items are asked for.
    asked: u64,
    /// The service doesn't make pages of this size smaller.
    is_kept: bool,
    done: bool,
    /// What the operator should know.
    pub warning: Option<&'static str>,
}

impl Pager {
    /// Goes on at a cursor; null is the beginning. `limit`: at most so many items.
    ///
    /// # Errors
    /// `invalid_input`: the operation lists nothing page by page, or the cursor belongs to another list.
    pub fn new(operation: &Operation, location: &str, input: Value, cursor: Value, limit: Option<u64>) -> Result<Self> {
        let paging = Paging::from_json(operation.paging.clone()).unwrap_or_default();
        let no_list = "has no pages: call it with run()";
        let style = paging.style.ok_or_else(|| Error::invalid_field("operation", no_list))?;
        if limit == Some(0) {
            return Err(Error::invalid_field("limit", "must be at least 1"));
        }
        let of = hash(&[operation.id.clone(), location.to_owned(), text(&input)]) >> 8;
        let mut input = match input {
            Value::Object(input) => input,
            Value::Null => Map::new(),
            _ => return Err(Error::invalid_field("input", "must be an object")),
        };
        if style == Style::SearchAfter && input.contains_key("page") {
            return Err(Error::invalid_field("page", "can't be given here: the list goes on after its last item"));
        }
        let of_size = |key: &str| operation.property(paging.size())?.get(key)?.as_u64();
        let (most, usual) = (of_size("maximum"), of_size("default"));
        let place = paging.place().and_then(|name| operation.property(name)).and_then(|p| p.get("default")?.as_u64());
        let first = if style == Style::Page { place.unwrap_or(1) } else { 0 };
        let own = input.get(paging.size()).and_then(Value::as_u64);
        let mut cursor = if cursor.is_null() {
            let given = paging.place().and_then(|name| input.get(name)).and_then(Value::as_u64);
            let at = given.unwrap_or(first);
            let is_inside = match style {
                Style::SearchAfter => input.contains_key("searchAfter"),
                Style::StartAfter => paging.cursor.keys().any(|name| input.contains_key(name)),
                Style::Page | Style::Skip => at > first,
            };
            let size = own.unwrap_or(most.unwrap_or(SIZE).min(MOST));
            Cursor { of, at, far: at, size, unsteady: is_inside, ..Cursor::default() }
        } else {
            read(cursor, of)?
        };
        // Without a total the last item tells whether something moved. Not where a page is read again.
        let tells = style == Style::Skip && cursor.total.is_none() && cursor.at >= cursor.far;
        let overlap = u64::from(tells && !cursor.last.is_empty());
        let mut asked = cursor.size;
        let may_shrink = style != Style::Page || (cursor.pages == 0 && cursor.last.is_empty());
        if let Some(limit) = limit.filter(|_| may_shrink) {
            asked = asked.min((limit + overlap).max(of_size("minimum").unwrap_or_default()));
        }
        if style == Style::Page {
            cursor.size = asked;
        }
        put(&mut input, paging.size(), asked.into());
        let mut input = Value::Object(input);
        if let Some(name) = paging.place() {
            set(&mut input, name, cursor.at.saturating_sub(overlap).into());
        }
        match (style, cursor.after.as_object()) {
            (Style::SearchAfter, _) if cursor.after.is_array() => set(&mut input, "searchAfter", cursor.after.clone()),
            (_, Some(after)) => after.iter().for_each(|(name, value)| set(&mut input, name, value.clone())),
            _ => {}
        }
        let input = match input {
            Value::Object(input) => input,
            _ => Map::new(),
        };
        let is_kept = most.or(usual).is_some_and(|most| asked <= most);
        Ok(Self { paging, style, input, cursor, first, limit, asked, is_kept, done: false, warning: None })
    }

    /// What to ask for.
    pub fn input(&self) -> Value {
        Value::Object(self.input.clone())
    }

    /// The items of a page that were not told before.
    ///
    /// # Errors
    /// `malformed_response`: there is no list in the answer, or the pages go round in circles.
    pub fn take(&mut self, mut answer: Value) -> Result<Vec<Value>> {
        // HighLevel's messages lie, with what belongs to their page, in an object of that name; the specification has them flat.
        if let Some(name) = self.paging.items.as_deref()
            && answer.get(name).and_then(|inner| inner.get(name)).is_some_and(Value::is_array)
        {
            let inner = answer.as_object_mut().and_then(|all| all.remove(name));
            answer = inner.unwrap_or_default();
        }
        let total = number_at(&answer, self.paging.total.as_deref());
        let pages = number_at(&answer, self.paging.count.as_deref());
        let more = self.paging.more.as_deref().and_then(|path| find(&answer, path)).and_then(Value::as_bool);
        let mut after = self.words_after(&answer);
        let mut rows = take_list(answer, self.paging.items.as_deref().unwrap_or_default())?;

        let cursor = &mut self.cursor;
        let count = rows.len() as u64;
        let keys: Vec<u64> = rows.iter().map(key_of).collect();
        let known = |key: &u64| cursor.last.contains(key) || cursor.before.contains(key);
        let mut items = Vec::new();
        let mut used = rows.len();
        for (i, (row, key)) in rows.iter_mut().zip(&keys).enumerate() {
            if known(key) {
                continue;
            }
            if self.limit == Some(items.len() as u64) {
                used = i;
                break;
            }
            if self.style == Style::SearchAfter {
                after = row.get("searchAfter").cloned();
            }
            items.push(row.take());
        }
        let is_cut = used < rows.len();

        // Whether items moved onto a page that was read already: there is less than before, or the last item is gone.
        let size = total.or(pages);
        let is_less = size.is_some() && size < cursor.total;
        let is_lost = size.is_none()
            && self.style == Style::Skip
            && cursor.last.last().is_some_and(|last| count > 0 && !keys.contains(last));
        let is_back = (is_less || is_lost) && cursor.at >= cursor.far && cursor.at > self.first && cursor.pages > 0;
        cursor.unsteady |= cursor.pages > 0 && total != cursor.total;
        if cursor.at >= cursor.far {
            cursor.far = cursor.at;
            cursor.total = size;
        }
        let is_same = keys == cursor.last && !is_less;
        cursor.told += items.len() as u64;
        let is_all = total.is_some_and(|total| cursor.told >= total);
        cursor.idle = if items.is_empty() { cursor.idle + 1 } else { 0 };
        // A place in the service's own words says more than the length of the page.
        let is_next = self.style == Style::StartAfter && after.as_ref().is_some_and(|after| *after != cursor.after);
        let least = if self.is_kept { self.asked } else { self.asked.min(cursor.width) };
        let is_short = count < least && self.style != Style::StartAfter;
        cursor.width = cursor.width.max(count);

        let is_promised = more == Some(true) || is_next || (!cursor.unsteady && total.is_some() && !is_all);
        let is_end = match (count, more, pages) {
            (_, Some(false), _) => true,
            (_, _, Some(pages)) => cursor.at + 1 >= pages + self.first && !is_back,
            (0, ..) => !is_promised || cursor.idle >= IDLE,
            _ if is_back => false,
            _ if items.is_empty() && (is_same || cursor.idle >= IDLE) && self.paging.place().is_some() => true,
            (_, Some(true), _) => false,
            _ => is_short && (self.is_kept || !is_promised) || is_all && !cursor.unsteady,
        };
        if is_cut {
            self.keep(&keys, used);
            match self.style {
                Style::Skip => self.cursor.at = self.place_of(used as u64),
                Style::SearchAfter => self.cursor.after = after.unwrap_or_default(),
                // The same page once more; what was told of it is known.
                _ => {}
            }
            return Ok(items);
        }
        if is_end && is_promised && more.is_none() && !is_next {
            self.warning = Some("the service counts more items than it lists");
        }
        self.done = is_end;
        let unit = if self.style == Style::Page { 1 } else { count.max(1) };
        match self.style {
            _ if is_end => {}
            // An empty page in the middle: the same once more, then the next.
            Style::Page | Style::Skip if count == 0 && self.cursor.idle == 1 => {}
            Style::Page | Style::Skip if is_back => {
                self.cursor.at = self.cursor.at.saturating_sub(unit).max(self.first);
            }
            Style::Page => self.cursor.at += 1,
            Style::Skip => self.cursor.at = self.place_of(if count == 0 { self.asked } else { count }),
            Style::SearchAfter | Style::StartAfter => self.go_on(after, count)?,
        }
        self.cursor.pages += 1;
        self.keep(&keys, used);
        Ok(items)
    }

    /// The place after so many rows of this page.
    fn place_of(&self, rows: u64) -> u64 {
        let asked = self.paging.place().and_then(|name| self.input.get(name)).and_then(Value::as_u64);
        asked.unwrap_or_default() + rows
    }

    /// Remembers the keys of this page. A place that doesn't shift needs none.
    fn keep(&mut self, keys: &[u64], used: usize) {
        if self.style != Style::SearchAfter && used > 0 {
            self.cursor.before = std::mem::replace(&mut self.cursor.last, keys.iter().take(used).copied().collect());
        }
    }

    /// Where the next page begins, as the answer says it: a value for each input field.
    fn words_after(&self, answer: &Value) -> Option<Value> {
        let mut after = Map::new();
        for (name, path) in &self.paging.cursor {
            put(&mut after, name, find(answer, path.as_str()?)?.clone());
        }
        Some(Value::Object(after)).filter(|_| !self.paging.cursor.is_empty())
    }

    /// Goes on in the service's own words. Brent's way finds every circle with one of them kept.
    fn go_on(&mut self, after: Option<Value>, count: u64) -> Result<()> {
        let cursor = &mut self.cursor;
        let Some(after) = after else {
            // An empty page in the middle: the same once more. Else nothing follows.
            self.done = count > 0 || cursor.after.is_null();
            return match self.style {
                Style::SearchAfter if count > 0 => Err(strange("the items of the list don't say where it goes on")),
                _ => Ok(()),
            };
        };
        let place = hash(&[text(&after)]) >> 8;
        if place == cursor.mark {
            return Err(strange("the pages of the list go round in circles"));
        }
        if cursor.pages.is_power_of_two() || cursor.pages == 0 {
            cursor.mark = place;
        }
        cursor.after = after;
        Ok(())
    }

    /// The cursor of the next page; null after the last one.
    pub fn cursor(&self) -> Value {
        if self.done { Value::Null } else { self.cursor.write() }
    }
}

fn strange(message: &str) -> Error {
    let help = "Report this with the operation's name; the items until here are right, but not all.";
    Error::new(Code::MalformedResponse, message, help)
}

fn read(cursor: Value, of: u64) -> Result<Cursor> {
    let wrong = |problem: &str| Error::invalid_field("cursor", problem);
    let cursor = Cursor::read(cursor)
        .ok_or_else(|| wrong("can't be read; hand it back as it was given, or start without one"))?;
    if cursor.of != of {
        return Err(wrong("belongs to another operation, location or input; give those it came from"));
    }
    Ok(cursor)
}

/// 52 bits that stand for an item, so that they are exact as a number of JavaScript.
fn key_of(row: &Value) -> u64 {
    let id = find(row, "id|_id").and_then(scalar);
    hash(&[id.unwrap_or_else(|| text(row))]) >> 8
}

#[cfg(test)]
mod tests;
