//! One change for many contacts, by the calls that take many at once. Each contact has its own result.

use super::{Calls, one};
use crate::json::{Map, ToJson, Value, put};
use crate::{
    catalog::Operation,
    error::{Code, Error},
};

/// So many contacts go into one call. For tags the limit is not documented.
const MOST_TAGS: usize = 500;
const MOST_BUSINESS: usize = 50;

/// Whether an action is one of these.
pub(super) fn is_one(operation: &Operation) -> bool {
    operation.property("contactIds").is_some()
}

/// All contacts in as few calls as possible. A call that names a contact that is not there is made again in halves, so
/// that only that contact goes without.
pub(super) fn change(calls: &mut Calls<'_>, input: &mut Map) -> Value {
    let ids = input.remove("contactIds").unwrap_or_default();
    let is_tags = input.contains_key("tags");
    let (list_of_ids, most) = if is_tags { ("contacts", MOST_TAGS) } else { ("ids", MOST_BUSINESS) };
    if is_tags {
        let is_removal = calls.operation.name() == "bulkRemoveTags";
        put(input, "type", if is_removal { "remove" } else { "add" }.into());
    }
    // Its ids are looked up once, before the first of the calls.
    let input = calls.worded(input);
    let main = calls.operation.calls.last().map(String::as_str).unwrap_or_default();
    let mut waiting: Vec<&[Value]> = ids.items().chunks(most).rev().collect();
    let mut results = Vec::new();
    let mut failed = 0;
    while let Some(some) = waiting.pop() {
        let mut body = input.clone();
        put(&mut body, list_of_ids, some.to_json());
        let answer = calls.attempt(main, body);
        if calls.stopped() {
            break;
        }
        if let Err(error) = answer
            && matches!(error.code(), Code::NotFound | Code::InvalidInput)
            && some.len() > 1
        {
            let (first, second) = some.split_at(some.len() / 2);
            waiting.extend([second, first]);
            continue;
        }
        for id in some {
            let error = match answer {
                Ok(answer) => refused(answer, id),
                Err(error) => Some(error.clone()),
            };
            let mut result = one("contactId", id.clone());
            put(&mut result, "ok", error.is_none().into());
            if let Some(error) = error {
                failed += 1;
                put(&mut result, "error", error.to_json());
            }
            results.push(Value::Object(result));
        }
    }
    let mut answer = one("results", Value::Array(results));
    put(&mut answer, "failed", failed.into());
    Value::Object(answer)
}

/// What an answer says about one contact.
fn refused(answer: &Value, id: &Value) -> Option<Error> {
    let mut responses = answer["responses"].items().iter();
    responses.find(|one| one["contactId"] == *id && one["type"] == "error")?;
    let help = "It may have been deleted or merged, or belong to another location.";
    Some(Error::new(Code::NotFound, "HighLevel did not change this contact", help))
}
