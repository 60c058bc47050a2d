//! The fields of a contact by the names that people know: which one is meant, and its value in the form that it takes.

use super::{Bridge, nothing_done, unknown};
use crate::json::{Map, Value, json, parse, put};
use crate::text::lower;
use crate::{
    catalog, clock,
    error::{Error, FieldProblem, Result},
    sync::Field,
};

/// A custom field with its new value.
#[derive(Clone)]
pub(super) struct Custom {
    /// As the caller named it.
    name: String,
    id: String,
    value: Value,
}

/// Fields of the contact's body that are not set as fields.
const NOT_HERE: [&str; 6] = ["contactId", "locationId", "tags", "customFields", "dndSettings", "inboundDndSettings"];

impl Bridge<'_> {
    /// Sorts fields by name, key or id into the contact's own and the location's custom ones, with converted values.
    pub(super) async fn sort_fields(&self, given: Map) -> Result<(Map, Vec<Custom>)> {
        let update = catalog::find("ghl.contacts.updateContact")?;
        let mut own = Map::new();
        let mut names = Vec::new();
        let mut values = Vec::new();
        for (name, value) in given {
            let is_it = |known: &str| !NOT_HERE.contains(&known) && letters(known) == letters(&name);
            if let Some((known, _)) = update.properties().find(|(known, _)| is_it(known)) {
                put(&mut own, known, value);
            } else {
                names.push((format!("fields.{name}"), name));
                values.push(value);
            }
        }
        let mut custom = Vec::new();
        let mut problems = Vec::new();
        for ((field, (path, name)), value) in self.find_fields(&names).await?.into_iter().zip(names).zip(values) {
            match Custom::new(&field, name, value) {
                Ok(field) => custom.push(field),
                Err(problem) => problems.push(FieldProblem { path, problem }),
            }
        }
        if !problems.is_empty() {
            return Err(nothing_done(Error::invalid("fields have values of the wrong kind", problems)));
        }
        Ok((own, custom))
    }

    /// The custom fields of these names, keys or ids; `names` are pairs of path and name. The list is read anew where it
    /// lacks one.
    pub(super) async fn find_fields(&self, names: &[(String, String)]) -> Result<Vec<Field>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let sync = self.sync()?;
        if let Some(fields) = sync.recent_fields().await?
            && let Ok(found) = find_all(names, &fields.list)
        {
            return Ok(found);
        }
        find_all(names, &sync.reload_fields().await?.list)
    }
}

fn find_all(names: &[(String, String)], fields: &[Field]) -> Result<Vec<Field>> {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for (path, name) in names {
        let key = name.strip_prefix("contact.").unwrap_or(name);
        let by_name = || {
            let sought = lower(name.trim());
            let same: Vec<&Field> = fields.iter().filter(|field| lower(field.name.trim()) == sought).collect();
            match same[..] {
                [one] => Ok(one),
                [] => {
                    let known: Vec<&str> = fields.iter().flat_map(|f| [f.name.as_str(), f.key.as_str()]).collect();
                    Err(unknown(path, "is no field of a contact here", name, &known))
                }
                _ => Err(nothing_done(Error::invalid_field(path, "is the name of several fields; give key or id"))),
            }
        };
        let field = fields.iter().find(|field| field.id == *name || field.key == key);
        match field.map_or_else(by_name, Ok) {
            Ok(field) => found.push(field.clone()),
            Err(error) => problems.extend(error.details().fields.iter().cloned()),
        }
    }
    if problems.is_empty() {
        return Ok(found);
    }
    let message = problems.iter().map(|p| format!("{} {}", p.path, p.problem)).collect::<Vec<_>>().join("; ");
    Err(nothing_done(Error::invalid(message, problems)))
}

/// `First name`, `first_name` and `firstName` are the same.
fn letters(name: &str) -> String {
    lower(name).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The list for the wire; `Null` for none.
pub(super) fn to_wire(custom: &[Custom]) -> Value {
    if custom.is_empty() {
        return Value::Null;
    }
    Value::Array(custom.iter().map(|f| json!({ "id": f.id, "field_value": f.value })).collect())
}

impl Custom {
    /// With the value in the form that the field takes, or what is wrong with it.
    pub(super) fn new(field: &Field, name: String, value: Value) -> std::result::Result<Self, String> {
        Ok(Self { name, id: field.id.clone(), value: converted(field, value)? })
    }

    fn current<'v>(&self, contact: &'v Value) -> &'v Value {
        let list = contact["customFields"].as_array().map_or(&[][..], Vec::as_slice);
        list.iter().find(|field| field["id"] == self.id).map_or(&Value::Null, |field| {
            field.get("value").or_else(|| field.get("field_value")).unwrap_or(&Value::Null)
        })
    }

    /// Whether the contact lacks this value and may get it.
    pub(super) fn may_replace(&self, contact: &Value, overwrite: bool) -> bool {
        let current = self.current(contact);
        (overwrite || is_empty(current)) && !same("", &self.value, current)
    }
}

/// The fields whose values are not in the answer as they were sent: GHL drops some without a word.
pub(super) fn dropped(sent: &Map, custom: &[Custom], contact: &Value) -> Vec<Value> {
    let mut dropped = Vec::new();
    let mut judge = |name: &str, sent: &Value, got: &Value| {
        if !same(name, sent, got) {
            let what = if is_empty(got) { "dropped" } else { "changed" };
            dropped.push(json!({ "field": name, "problem": what }));
        }
    };
    // An answer without the contact says nothing.
    if contact["id"].is_null() {
        return dropped;
    }
    for (name, value) in sent {
        // It is taken apart into first and last name.
        if name != "name" {
            judge(name, value, &contact[name.as_str()]);
        }
    }
    for field in custom.iter().filter(|_| contact["customFields"].is_array()) {
        judge(&field.name, &field.value, field.current(contact));
    }
    dropped
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || *value == "" || value.as_array().is_some_and(Vec::is_empty)
}

/// Whether a value came through, in whatever form the service keeps it.
pub(super) fn same(name: &str, sent: &Value, got: &Value) -> bool {
    if is_empty(sent) || is_empty(got) {
        return is_empty(sent) == is_empty(got);
    }
    if let (Value::Array(sent), Value::Array(got)) = (sent, got) {
        return sent.len() == got.len() && sent.iter().all(|item| got.contains(item));
    }
    let (sent, got) = (plain_text(sent), plain_text(got));
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    match name {
        // It is kept with the country code.
        "phone" => digits(&got).ends_with(digits(&sent).trim_start_matches('0')),
        "email" => lower(&sent) == lower(&got),
        _ if sent == got => true,
        // Dates come back as a time in milliseconds or with a time of day.
        _ => match (clock::parse_date(&sent), got.parse::<u64>()) {
            (Some(date), Ok(ms)) => clock::at(ms).date() == date,
            (Some(date), Err(_)) => clock::parse_date(&got) == Some(date),
            (None, _) => match (parse(&sent), parse(&got)) {
                (Some(Value::Number(sent)), Some(Value::Number(got))) => sent == got,
                _ => false,
            },
        },
    }
}

fn plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned())
}

/// The value in the form that the field takes, or what is wrong with it.
fn converted(field: &Field, value: Value) -> std::result::Result<Value, String> {
    let many = matches!(field.kind.as_str(), "CHECKBOX" | "MULTIPLE_OPTIONS");
    if value.is_null() {
        return Ok(if many { json!([]) } else { "".into() });
    }
    let is_scalar = value.is_string() || value.is_number() || value.as_bool().is_some();
    let written = plain_text(&value);
    match field.kind.as_str() {
        "CHECKBOX" | "MULTIPLE_OPTIONS" => {
            let items: Vec<String> = match (&value, &field.options[..]) {
                (Value::Array(items), _) => items.iter().map(plain_text).collect(),
                (Value::Bool(false), _) => Vec::new(),
                (Value::Bool(true), [only]) => vec![only.clone()],
                (Value::String(_), options) if !options.contains(&written) => {
                    written.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
                }
                _ => vec![written],
            };
            let options: std::result::Result<Vec<Value>, String> =
                items.iter().map(|item| option(field, item)).collect();
            options.map(Value::Array)
        }
        "SINGLE_OPTIONS" | "RADIO" if is_scalar => option(field, &written),
        "NUMERICAL" | "MONETORY" if written.is_empty() => Ok("".into()),
        "NUMERICAL" | "MONETORY" => number(&written).ok_or_else(|| "must be a number such as 1234.50".to_owned()),
        "DATE" if written.is_empty() => Ok("".into()),
        "DATE" => date(&written).ok_or_else(|| "must be a date such as 2026-11-23".to_owned()),
        "TEXT" | "LARGE_TEXT" | "PHONE" | "SINGLE_OPTIONS" | "RADIO" if !is_scalar => {
            Err("must be a text".to_owned())
        }
        "TEXT" | "LARGE_TEXT" | "PHONE" => Ok(written.into()),
        // A kind of tomorrow: as it is.
        _ => Ok(value),
    }
}

/// The option as it is spelt in the location.
fn option(field: &Field, given: &str) -> std::result::Result<Value, String> {
    let known = field.options.iter().find(|known| lower(known.trim()) == lower(given.trim()));
    match known {
        Some(known) => Ok(known.as_str().into()),
        None if given.is_empty() || field.open || field.options.is_empty() => Ok(given.into()),
        None => Err(format!("must be one of {}", field.options.join(", "))),
    }
}

/// `1234.5`, `1234,5`, `1,234.50`, `1.234,50`. What could be read in two ways is no number.
fn number(text: &str) -> Option<Value> {
    let spaces = [' ', '\u{a0}', '\u{202f}', '\''];
    let mut text = text.replace(spaces, "");
    match (text.rfind(','), text.rfind('.')) {
        (Some(comma), Some(dot)) if comma < dot => text = text.replace(',', ""),
        (Some(_), Some(_)) => text = text.replace('.', "").replace(',', "."),
        (Some(comma), None) if text.len() - comma == 4 => return None,
        (Some(_), None) => text = text.replace(',', "."),
        _ => {}
    }
    parse(&text).filter(Value::is_number)
}

/// `2026-11-23` with or without a time, `23.11.2026`.
fn date(text: &str) -> Option<Value> {
    let turned = || {
        let (day, rest) = text.split_once('.')?;
        let (month, year) = rest.split_once('.')?;
        clock::parse_date(&format!("{year}-{month:0>2}-{day:0>2}"))
    };
    let date = clock::parse_date(text).or_else(turned)?;
    Some(Value::String(clock::ymd(date)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: &str, options: &[&str]) -> Field {
        let options = options.iter().map(|o| (*o).to_owned()).collect();
        let [key, id, name] = ["level", "f1", "Level"].map(str::to_owned);
        Field { key, id, name, kind: kind.to_owned(), options, open: false }
    }

    fn of(kind: &str, value: Value) -> std::result::Result<Value, String> {
        converted(&field(kind, &["Gold", "Silver, old"]), value)
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
        assert_eq!(of("SINGLE_OPTIONS", json!("bronze")).unwrap_err(), "must be one of Gold, Silver, old");
        assert_eq!(of("CHECKBOX", json!(["GOLD"])).unwrap(), json!(["Gold"]));
        assert_eq!(of("MULTIPLE_OPTIONS", json!("gold")).unwrap(), json!(["Gold"]));
        assert_eq!(of("MULTIPLE_OPTIONS", json!("Silver, old")).unwrap(), json!(["Silver, old"]));
        assert_eq!(of("CHECKBOX", json!(false)).unwrap(), json!([]));
        assert!(of("CHECKBOX", json!(true)).is_err(), "which of two?");
        assert_eq!(converted(&field("CHECKBOX", &["Yes"]), json!(true)).unwrap(), json!(["Yes"]));
        assert_eq!(converted(&field("CHECKBOX", &[]), json!("a, b")).unwrap(), json!(["a", "b"]));
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
        twin.id = "f2".to_owned();
        twin.key = "level_2".to_owned();
        let fields = [field("TEXT", &[]), twin];
        let find = |name: &str| find_all(&[("fields.x".to_owned(), name.to_owned())], &fields);
        assert_eq!(find("contact.level_2").unwrap()[0].id, "f2");
        assert_eq!(find("f1").unwrap()[0].key, "level");
        assert!(find("LEVEL ").unwrap_err().details().message.contains("several"));
        assert!(find("levle").unwrap_err().details().message.contains("did you mean"));
    }
}
