//! The fields of a contact by the names that people know: which one is meant, and its value in the form that it takes.

use super::{Calls, FIELDS, RELOAD, SEVERAL, no_such, one};
use crate::json::{Map, Value, parse, put};
use crate::text::lower;
use crate::{catalog, clock, error::FieldProblem};

/// A custom field with its new value.
pub(super) struct Custom<'a> {
    /// As the caller named it.
    name: String,
    id: &'a Value,
    value: Value,
}

/// Fields of the contact's body that are not set as fields.
const NOT_HERE: [&str; 6] = ["contactId", "locationId", "tags", "customFields", "dndSettings", "inboundDndSettings"];

/// What an answer doesn't tell in the form in which it was sent; a name is taken apart.
const NOT_COMPARED: [&str; 8] = [
    "contactId",
    "locationId",
    "customFields",
    "dndSettings",
    "inboundDndSettings",
    "createNewIfDuplicateAllowed",
    "replaceTags",
    "name",
];

/// Sorts fields by name, key or id into the contact's own and the location's custom ones, with converted values.
pub(super) fn sort<'a>(calls: &mut Calls<'a>, given: Map, own: &mut Map) -> Vec<Custom<'a>> {
    let mut custom = Vec::new();
    let Ok(update) = catalog::find("ghl.contacts.updateContact") else { return custom };
    let mut names = Vec::new();
    let mut values = Vec::new();
    'given: for (name, value) in given {
        let sought = letters(&name);
        for (known, _) in update.properties() {
            if letters(known) == sought && !NOT_HERE.contains(&known.as_str()) {
                put(own, known, value);
                continue 'given;
            }
        }
        names.push(("fields.".to_owned() + &name, name));
        values.push(value);
    }
    let mut problems = Vec::new();
    for (i, field) in find(calls, &names).into_iter().enumerate() {
        let (Some((path, name)), Some(value)) = (names.get(i), values.get(i)) else { break };
        match converted(field, value) {
            Ok(value) => custom.push(Custom { name: name.clone(), id: &field["id"], value }),
            Err(problem) => problems.push(FieldProblem { path: path.clone(), problem }),
        }
    }
    if !problems.is_empty() {
        calls.wrong(problems);
    }
    custom
}

/// The custom fields of these names, keys or ids; `names` are pairs of path and name. The list is read anew where it lacks
/// one.
pub(super) fn find<'a>(calls: &mut Calls<'a>, names: &[(String, String)]) -> Vec<&'a Value> {
    let mut found = Vec::new();
    for source in [FIELDS, RELOAD] {
        if names.is_empty() || !found.is_empty() {
            break;
        }
        let mut problems = Vec::new();
        found = find_all(names, calls.call(source, Map::new()).items(), &mut problems);
        if !problems.is_empty() {
            found.clear();
            if source == RELOAD {
                calls.wrong(problems);
            }
        }
    }
    found
}

fn find_all<'a>(names: &[(String, String)], fields: &'a [Value], problems: &mut Vec<FieldProblem>) -> Vec<&'a Value> {
    let mut found = Vec::new();
    for (path, name) in names {
        let key = name.strip_prefix("contact.").unwrap_or(name);
        let sought = lower(name.trim());
        let mut known = Vec::new();
        let mut same = Vec::new();
        for field in fields {
            let text = |key: &str| field[key].as_str().unwrap_or_default();
            if text("id") == name || text("key") == key {
                same = vec![field];
                break;
            }
            if lower(text("name").trim()) == sought {
                same.push(field);
            }
            known.push(text("name"));
            known.push(text("key"));
        }
        let problem = match same[..] {
            [one] => {
                found.push(one);
                continue;
            }
            [] => no_such(name, &known),
            _ => SEVERAL.to_owned(),
        };
        problems.push(FieldProblem { path: path.clone(), problem });
    }
    found
}

/// Puts the ids in place of names and keys, and values in the form that the field takes. An `id` with a `field_value` goes
/// as it is.
pub(super) fn put_ids(calls: &mut Calls<'_>, input: &mut Map) {
    let mut names = Vec::new();
    let Some(entries) = input.get_mut("customFields").and_then(Value::as_array_mut) else { return };
    let is_plain = |entry: &Value| !entry["id"].is_null() && entry["value"].is_null();
    for (i, entry) in entries.iter().enumerate().filter(|(_, entry)| !is_plain(entry)) {
        let path = format!("customFields[{i}].");
        let by = match (&entry["id"], &entry["name"]) {
            (Value::String(_), _) => "id",
            (_, Value::String(_)) => "name",
            _ => "key",
        };
        match entry[by].as_str() {
            Some(name) => names.push((path + by, name.to_owned())),
            None => calls.bad(&path, "id", "or name or key is required"),
        }
    }
    let mut found = find(calls, &names).into_iter();
    let mut problems = Vec::new();
    for (i, entry) in entries.iter_mut().enumerate() {
        let is_plain = is_plain(entry);
        let Some(entry) = entry.as_object_mut() else { continue };
        entry.remove("name");
        let Some(field) = (if is_plain { None } else { found.next() }) else { continue };
        entry.remove("key");
        let given = entry.remove("value").or(entry.remove("field_value")).unwrap_or_default();
        match converted(field, &given) {
            Ok(value) => put(entry, "field_value", value),
            Err(problem) => problems.push(FieldProblem { path: format!("customFields[{i}].value"), problem }),
        }
        put(entry, "id", field["id"].clone());
    }
    if !problems.is_empty() {
        calls.wrong(problems);
    }
}

/// `First name`, `first_name` and `firstName` are the same.
fn letters(name: &str) -> String {
    let mut letters = lower(name);
    letters.retain(|c| !matches!(c, ' ' | '_' | '-' | '.'));
    letters
}

/// The list for the wire; `Null` for none.
pub(super) fn to_wire(custom: &[Custom<'_>]) -> Value {
    let mut items = Vec::new();
    for field in custom {
        let mut item = one("id", field.id.clone());
        put(&mut item, "field_value", field.value.clone());
        items.push(Value::Object(item));
    }
    if items.is_empty() { Value::Null } else { Value::Array(items) }
}

impl<'a> Custom<'a> {
    /// The entries of a body, by their place in it.
    pub(super) fn of_body(body: &'a Map) -> Vec<Self> {
        let entries = body["customFields"].items().iter().enumerate();
        let of = |(i, entry): (usize, &'a Value)| Self {
            name: format!("customFields[{i}]"),
            id: &entry["id"],
            value: entry["field_value"].clone(),
        };
        entries.map(of).collect()
    }

    /// A link in a field, if it takes texts.
    pub(super) fn of_text(field: &'a Value, name: &str, text: &str) -> Option<Self> {
        let value = converted(field, &text.into()).ok()?;
        Some(Self { name: name.to_owned(), id: &field["id"], value })
    }

    fn current<'v>(&self, contact: &'v Value) -> &'v Value {
        let found = contact["customFields"].items().iter().find(|field| field["id"] == *self.id);
        found.map_or(&Value::Null, |field| &field["value"])
    }

    /// Whether the contact lacks this value and may get it.
    pub(super) fn may_replace(&self, contact: &Value, overwrite: bool) -> bool {
        let current = self.current(contact);
        (overwrite || is_empty(current)) && !same("", &self.value, current)
    }
}

/// The fields whose values are not in the answer as they were sent: GHL drops some without a word. `called`: what a field
/// is called in the result.
pub(super) fn dropped(called: &str, own: &Map, custom: &[Custom<'_>], contact: &Value) -> Vec<Value> {
    let mut dropped = Vec::new();
    let mut judge = |kind: &str, name: &str, sent: &Value, got: &Value| {
        if !same(kind, sent, got) {
            let mut entry = one(called, name.into());
            put(&mut entry, "problem", if is_empty(got) { "dropped" } else { "changed" }.into());
            dropped.push(Value::Object(entry));
        }
    };
    for (name, value) in own {
        let got = &contact[name.as_str()];
        // The answer needn't show these. And an answer without the contact says nothing.
        let is_shown = !got.is_null() || !matches!(name.as_str(), "gender" | "timezone");
        if is_shown && !NOT_COMPARED.contains(&name.as_str()) && !contact["id"].is_null() {
            judge(name, name, value, got);
        }
    }
    for field in custom {
        if contact["customFields"].is_array() {
            judge("", &field.name, &field.value, field.current(contact));
        }
    }
    dropped
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Whether a value came through, in whatever form the service keeps it.
pub(super) fn same(name: &str, sent: &Value, got: &Value) -> bool {
    if is_empty(sent) || is_empty(got) {
        return is_empty(sent) == is_empty(got);
    }
    if let (Value::Array(sent), Value::Array(got)) = (sent, got) {
        if name == "tags" {
            let is_there = |tag: &Value| got.iter().any(|one| *one == lower(&plain_text(tag)));
            return sent.iter().all(is_there);
        }
        return sent.len() == got.len() && sent.iter().all(|item| got.contains(item));
    }
    let (sent, got) = (plain_text(sent), plain_text(got));
    match name {
        // It is kept with the country code.
        "phone" => digits(&got).ends_with(digits(&sent).trim_start_matches('0')),
        "email" => lower(&sent) == lower(&got),
        _ if sent == got => true,
        // It has many forms.
        "dateOfBirth" if clock::parse_date(&sent).is_none() => true,
        // Dates come back as a time in milliseconds or with a time of day.
        _ => match clock::parse_date(&sent) {
            Some(date) => match got.parse() {
                Ok(ms) => clock::at(ms).date() == date,
                Err(_) => clock::parse_date(&got) == Some(date),
            },
            None => {
                let (sent, got) = (parse(&sent), parse(&got));
                sent.as_ref().is_some_and(Value::is_number) && sent == got
            }
        },
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}

/// The value in the form that the field takes, or what is wrong with it.
fn converted(field: &Value, value: &Value) -> std::result::Result<Value, String> {
    let options = field["options"].items();
    let kind = field["kind"].as_str().unwrap_or_default();
    let written = if value.is_null() { String::new() } else { plain_text(value) };
    if matches!(kind, "CHECKBOX" | "MULTIPLE_OPTIONS") {
        let mut chosen = Vec::new();
        match (value, options) {
            (Value::Array(items), _) => {
                for item in items {
                    chosen.push(option(field, &plain_text(item))?);
                }
            }
            (Value::Bool(true), [only]) => chosen.push(only.clone()),
            (Value::Bool(false), _) => {}
            (Value::String(_), _) if option(field, &written).is_err() || options.is_empty() => {
                for item in written.split(',').map(str::trim).filter(|item| !item.is_empty()) {
                    chosen.push(option(field, item)?);
                }
            }
            _ if written.is_empty() => {}
            _ => chosen.push(option(field, &written)?),
        }
        return Ok(Value::Array(chosen));
    }
    let known = matches!(
        kind,
        "TEXT" | "LARGE_TEXT" | "PHONE" | "SINGLE_OPTIONS" | "RADIO" | "NUMERICAL" | "MONETORY" | "DATE"
    );
    match kind {
        // A kind of tomorrow: as it is.
        _ if !known => Ok(value.clone()),
        _ if matches!(value, Value::Array(_) | Value::Object(_)) => Err("must be one value".to_owned()),
        _ if written.is_empty() => Ok("".into()),
        "SINGLE_OPTIONS" | "RADIO" => option(field, &written),
        "NUMERICAL" | "MONETORY" => number(&written).ok_or_else(|| "must be a number such as 1234.50".to_owned()),
        "DATE" => date(&written).ok_or_else(|| "must be a date such as 2026-11-23".to_owned()),
        _ => Ok(written.into()),
    }
}

/// The option as it is spelt in the location.
fn option(field: &Value, given: &str) -> std::result::Result<Value, String> {
    let sought = lower(given.trim());
    let mut names = Vec::new();
    for option in field["options"].items() {
        let name = option.as_str().unwrap_or_default();
        if lower(name.trim()) == sought {
            return Ok(option.clone());
        }
        names.push(name);
    }
    if names.is_empty() || field["open"] == Value::Bool(true) {
        return Ok(given.into());
    }
    Err("must be one of: ".to_owned() + &names.join(", "))
}

/// `1234.5`, `1234,5`, `1,234.50`, `1.234,50`. What could be read in two ways is no number.
fn number(text: &str) -> Option<Value> {
    let mut text = text.to_owned();
    text.retain(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\''));
    let (comma, dot) = (text.rfind(','), text.rfind('.'));
    if let Some(comma) = comma {
        let thousands = if dot.is_some_and(|dot| dot > comma) { ',' } else { '.' };
        if dot.is_none() && text.len() - comma == 4 {
            return None;
        }
        text.retain(|c| c != thousands);
        text = text.replace(',', ".");
    }
    parse(&text).filter(Value::is_number)
}

/// `2026-11-23` with or without a time, `23.11.2026`.
fn date(text: &str) -> Option<Value> {
    let turned = || {
        let (day, rest) = text.split_once('.')?;
        let (month, year) = rest.split_once('.')?;
        let two = |number: &str| if number.len() == 1 { "0".to_owned() + number } else { number.to_owned() };
        clock::parse_date(&[year, &two(month), &two(day)].join("-"))
    };
    let date = clock::parse_date(text).or_else(turned)?;
    Some(Value::String(clock::ymd(date)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    fn field(kind: &str, options: &[&str]) -> Value {
        json!({ "key": "level", "id": "f1", "name": "Level", "kind": kind, "options": options, "open": false })
    }

    fn of(kind: &str, value: Value) -> std::result::Result<Value, String> {
        converted(&field(kind, &["Gold", "Silver, old"]), &value)
    }

    #[test]
    fn numbers_of_both_worlds() {
        for (written, value) in [
            ("1234.50", "1234.50"),
            ("1234,5", "1234.5"),
            ("1.234,50", "1234.50"),
            ("1,234.50", "1234.50"),
            ("1 234,50", "1234.50"),
            ("-7", "-7"),
            ("1.234", "1.234"),
        ] {
            assert_eq!(number(written).unwrap().to_string(), value, "{written}");
        }
        for written in ["1,234", "1.234.567", "12 €", "seven", "1,2,3", "", "[1]", "0x1f"] {
            assert_eq!(number(written), None, "{written}");
        }
        assert_eq!(of("MONETORY", json!(97)).unwrap(), json!(97));
        assert_eq!(of("NUMERICAL", json!("")).unwrap(), json!(""));
        assert!(of("NUMERICAL", json!(true)).is_err());
    }

    #[test]
    fn dates_and_texts() {
        for written in ["2026-11-23", "2026-11-23T09:00:00Z", "23.11.2026"] {
            assert_eq!(of("DATE", json!(written)).unwrap(), json!("2026-11-23"), "{written}");
        }
        assert_eq!(of("DATE", json!("3.1.2027")).unwrap(), json!("2027-01-03"));
        for written in ["31.02.2026", "soon", "11/23/2026"] {
            assert!(of("DATE", json!(written)).is_err(), "{written}");
        }
        assert_eq!(of("TEXT", json!(5.50)).unwrap(), json!("5.5"));
        assert_eq!(of("TEXT", Value::Null).unwrap(), json!(""));
        assert!(of("TEXT", json!(["a"])).is_err());
    }

    #[test]
    fn options_are_spelt_as_the_location_spells_them() {
        assert_eq!(of("RADIO", json!("gold ")).unwrap(), json!("Gold"));
        assert_eq!(of("SINGLE_OPTIONS", json!("bronze")).unwrap_err(), "must be one of: Gold, Silver, old");
        assert_eq!(of("CHECKBOX", json!(["GOLD"])).unwrap(), json!(["Gold"]));
        assert_eq!(of("MULTIPLE_OPTIONS", json!("gold")).unwrap(), json!(["Gold"]));
        assert_eq!(of("MULTIPLE_OPTIONS", json!("Silver, old")).unwrap(), json!(["Silver, old"]));
        assert_eq!(of("CHECKBOX", json!(false)).unwrap(), json!([]));
        assert!(of("CHECKBOX", json!(true)).is_err(), "which of two?");
        assert_eq!(converted(&field("CHECKBOX", &["Yes"]), &json!(true)).unwrap(), json!(["Yes"]));
        assert_eq!(converted(&field("CHECKBOX", &[]), &json!("a, b")).unwrap(), json!(["a", "b"]));
    }

    #[test]
    fn what_came_through_in_another_form_is_the_same() {
        let same = |name: &str, sent: Value, got: Value| same(name, &sent, &got);
        assert!(same("phone", json!("030 123456"), json!("+4930123456")));
        assert!(!same("phone", json!("030 123456"), json!("+4930999999")));
        assert!(same("email", json!("A@x.de"), json!("a@x.de")));
        assert!(same("x", json!("2026-11-23"), json!(1_795_392_000_000_u64)));
        assert!(same("x", json!("2026-11-23"), json!("2026-11-23T00:00:00.000Z")));
        assert!(same("x", json!(97), json!("97.00")));
        assert!(same("x", json!(["b", "a"]), json!(["a", "b"])));
        assert!(!same("x", json!(["a"]), json!(["a", "b"])));
        assert!(same("x", json!(""), Value::Null) && !same("x", json!("a"), Value::Null));
    }

    #[test]
    fn a_name_may_be_key_or_id() {
        let mut twin = field("TEXT", &[]);
        let twin_fields = twin.as_object_mut().unwrap();
        put(twin_fields, "id", "f2".into());
        put(twin_fields, "key", "level_2".into());
        let fields = [field("TEXT", &[]), twin];
        let find = |name: &str| {
            let mut problems = Vec::new();
            let found = find_all(&[("fields.x".to_owned(), name.to_owned())], &fields, &mut problems);
            problems.pop().map_or_else(|| found[0]["id"].as_str().unwrap().to_owned(), |p| p.problem)
        };
        assert_eq!(find("contact.level_2"), "f2");
        assert_eq!(find("f1"), "f1");
        assert_eq!(find("LEVEL "), SEVERAL);
        assert!(find("levle").contains("did you mean"));
    }
}
