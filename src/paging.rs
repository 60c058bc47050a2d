//! How lists are read: what an operation's `paging` says, and values by dotted path.

use crate::json::{Map, Value};
use crate::{
    error::{Code, Error, Result},
    record,
    text::short_hash,
    words,
};

words! {
    /// How the next page is asked for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Style {
        /// By its number.
        Page = "page",
        /// By how many items come before it.
        Skip = "skip",
        /// By the `searchAfter` of the last item.
        SearchAfter = "searchAfter",
        /// By what the answer says.
        StartAfter = "startAfter",
    }
}

record! {
/// How the pages of an operation are reached: its `paging`. Names of input fields, and dotted paths in the answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Paging {
    pub(crate) style: Option<Style>,
    pub(crate) items: Option<String>,
    /// Input: how many items a page has; for pages by number.
    size: Option<String>,
    /// Input: the same for all others.
    limit: Option<String>,
    /// Input: the number of the page.
    page: Option<String>,
    /// Input: the items before the page.
    skip: Option<String>,
    /// Input field -> where its next value is in the answer.
    pub(crate) cursor: Map,
    /// Answer: how many pages there are.
    pub(crate) count: Option<String>,
    /// Answer: how many items there are.
    pub(crate) total: Option<String>,
    /// Answer: whether there is another page.
    pub(crate) more: Option<String>,
}
}

impl Paging {
    /// The input field for the number of items.
    pub(crate) fn size(&self) -> &str {
        self.size.as_deref().or(self.limit.as_deref()).unwrap_or_default()
    }

    /// The input field for the place of the page, where that is a number.
    pub(crate) fn place(&self) -> Option<&str> {
        self.page.as_deref().or(self.skip.as_deref())
    }
}

/// The list at a path. Digistore24's language writes an empty object as an empty list.
pub(crate) fn list_at<'a>(answer: &'a Value, path: &str) -> Result<&'a [Value]> {
    let found = if path.is_empty() || path == "." { Some(answer) } else { find(answer, path) };
    let empty = answer.is_null() || answer.as_array().is_some_and(Vec::is_empty);
    match found {
        Some(Value::Array(list)) => Ok(list),
        _ if empty => Ok(&[]),
        // Taking it for empty would lose what comes without a word.
        _ => Err(Error::new(
            Code::MalformedResponse,
            "the list in the service's answer can't be found",
            "Report this with the operation's name; nothing is lost, the cursor stays where it was.",
        )),
    }
}

/// The value at a path; an empty text says nothing.
pub(crate) fn find<'a>(row: &'a Value, path: &str) -> Option<&'a Value> {
    for one in path.split('|') {
        let found = one.split('.').try_fold(row, |at, key| at.pointer(&("/".to_owned() + key)));
        if let Some(found) = found.filter(|v| !v.is_null() && *v != "") {
            return Some(found);
        }
    }
    None
}

/// A text, number or truth value as text.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// 60 bits that stand for the texts.
pub(crate) fn hash(texts: &[String]) -> u64 {
    let hex = short_hash(&mut texts.iter().map(String::as_str));
    u64::from_str_radix(&hex, 16).unwrap_or_default() >> 4
}

/// Puts a value at a path; numbers are places in a list that is there.
pub(crate) fn set(at: &mut Value, path: &str, value: Value) {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    let place = match at {
        Value::Array(list) => head.parse::<usize>().ok().and_then(|i| list.get_mut(i)),
        Value::Object(map) => {
            if !map.contains_key(head) {
                map.insert(head.to_owned(), Value::Object(Map::new()));
            }
            map.get_mut(head)
        }
        _ => None,
    };
    match (place, rest) {
        (Some(place), Some(rest)) => set(place, rest, value),
        (Some(place), None) => *place = value,
        _ => {}
    }
}

/// Takes the list at a path out of an answer; `.` is the answer itself.
///
/// # Errors
/// `malformed_response` where there is none.
pub(crate) fn take_list(mut answer: Value, path: &str) -> Result<Vec<Value>> {
    list_at(&answer, path)?;
    let mut at = Some(&mut answer);
    for key in path.split('.').filter(|key| !key.is_empty()) {
        at = at.and_then(|at| at.get_mut(key));
    }
    match at.map(Value::take) {
        Some(Value::Array(list)) => Ok(list),
        _ => Ok(Vec::new()),
    }
}

/// The whole number at a path, which may be written as text.
pub(crate) fn number_at(answer: &Value, path: Option<&str>) -> Option<u64> {
    find(answer, path?).and_then(scalar)?.parse().ok()
}
