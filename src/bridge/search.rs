//! Custom fields in the filters of a search: their ids in place of names, and what their kind can be asked.

use super::{Calls, fields::find};
use crate::error::FieldProblem;
use crate::json::{Map, Value, put};

const CUSTOM: &str = "customFields.";

/// Whether a search asks for custom fields.
pub(super) fn are_sought(filters: &Value) -> bool {
    let is_custom = |field: &Value| field.as_str().is_some_and(|field| field.starts_with(CUSTOM));
    filters.items().iter().any(|one| is_custom(&one["field"]) || are_sought(&one["filters"]))
}

/// Puts the ids in place of names and keys in the filters of a search, and checks what the kind of the field can be asked.
pub(super) fn put_sought(calls: &mut Calls<'_>, input: &mut Map) {
    let mut names = Vec::new();
    let mut filters = input.remove("filters").unwrap_or_default();
    each_sought(&mut filters, "filters", &mut |path, field, _| {
        names.push((path.to_owned() + ".field", halves(field).0.to_owned()));
        None
    });
    let mut found = find(calls, &names).into_iter();
    let mut problems = Vec::new();
    each_sought(&mut filters, "filters", &mut |path, name, operator| {
        let field = found.next()?;
        let operators = match field["kind"].as_str().unwrap_or_default() {
            "DATE" => "range exists not_exists",
            "NUMERICAL" | "MONETORY" => "range eq not_eq exists not_exists",
            "CHECKBOX" | "MULTIPLE_OPTIONS" => "eq not_eq exists not_exists",
            "TEXT" | "LARGE_TEXT" | "PHONE" | "SINGLE_OPTIONS" | "RADIO" => {
                "eq not_eq contains not_contains exists not_exists"
            }
            _ => operator,
        };
        if !operators.split(' ').any(|one| one == operator) {
            let problem = "must for this field be one of: ".to_owned() + &operators.replace(' ', ", ");
            problems.push(FieldProblem { path: path.to_owned() + ".operator", problem });
        }
        Some(field["id"].as_str()?.to_owned() + halves(name).1)
    });
    if !problems.is_empty() {
        calls.wrong(problems);
    }
    put(input, "filters", filters);
}

/// The field, and the part of a list of texts: `<field>.<part>`, the second with its point.
fn halves(field: &str) -> (&str, &str) {
    let from = if field.starts_with("contact.") { field.len() } else { field.find('.').unwrap_or(field.len()) };
    field.split_at(from)
}

/// Goes through the conditions on custom fields: path, field without prefix, operator; gives the field in its place.
fn each_sought(filters: &mut Value, path: &str, visit: &mut dyn FnMut(&str, &str, &str) -> Option<String>) {
    for (i, filter) in filters.as_array_mut().into_iter().flatten().enumerate() {
        let path = format!("{path}[{i}]");
        let operator = filter["operator"].as_str().unwrap_or_default().to_owned();
        let field = filter["field"].as_str().and_then(|field| field.strip_prefix(CUSTOM));
        let id = field.and_then(|field| visit(&path, field, &operator));
        if let (Some(id), Some(filter)) = (id, filter.as_object_mut()) {
            put(filter, "field", Value::String(CUSTOM.to_owned() + &id));
        }
        if let Some(inner) = filter.get_mut("filters") {
            each_sought(inner, &(path + ".filters"), visit);
        }
    }
}
