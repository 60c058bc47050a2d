//! The part of JSON Schema 2020-12 that the catalog uses, checked so that all errors come at once, by path.

use super::nearest;
use crate::error::FieldProblem;
use crate::json::{Map, Value};

/// Every way in which `value` doesn't fit `schema`. Problems never repeat the value.
///
/// Known keywords: `$ref` (to `#/$defs/…`), `type`, `enum`, `const`, `anyOf`, `oneOf`, `properties`, `required`,
/// `additionalProperties`, `items`, `minItems`, `maxItems`, `minLength`, `maxLength`, `pattern` (a beginning only), `minimum`, `maximum` and the
/// formats `email`, `date`, `date-time` and `uri`.
pub fn validate(schema: &Value, defs: &Value, value: &Value) -> Vec<FieldProblem> {
    let mut check = Check { defs, problems: Vec::new() };
    check.value(schema, value, "");
    check.problems
}

struct Check<'a> {
    defs: &'a Value,
    problems: Vec<FieldProblem>,
}

impl Check<'_> {
    fn report(&mut self, path: &str, problem: impl Into<String>) {
        let path = if path.is_empty() { "input" } else { path };
        self.problems.push(FieldProblem { path: path.to_owned(), problem: problem.into() });
    }

    fn value(&mut self, schema: &Value, value: &Value, path: &str) {
        let Some(schema) = schema.as_object() else { return };
        if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/")) {
            let defs = self.defs;
            if let Some(target) = defs.get(name) {
                self.value(target, value, path);
            }
        }
        if let Some(kind) = schema.get("type")
            && !fits_type(kind, value)
        {
            self.report(path, format!("must be {}, but is {}", name_types(kind), type_of(value)));
            return;
        }
        if value.is_null() {
            return;
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
            && !allowed.contains(value)
        {
            let words = &mut allowed.iter().filter_map(Value::as_str);
            let near = value.as_str().and_then(|word| nearest(word, words));
            let near = near.map(|n| format!("; did you mean {n}?")).unwrap_or_default();
            self.report(path, format!("must be one of {}{near}", Value::from(allowed.clone())));
        }
        if let Some(expected) = schema.get("const")
            && expected != value
        {
            self.report(path, format!("must be {expected}"));
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(choices) = schema.get(keyword).and_then(Value::as_array) {
                self.choice(choices, value, path);
            }
        }
        match value {
            Value::Object(object) => self.object(schema, object, path),
            Value::Array(list) => self.array(schema, list, path),
            Value::String(text) => self.text(schema, text, path),
            Value::Number(number) => self.number(schema, number.as_f64(), path),
            _ => {}
        }
    }

    fn choice(&mut self, choices: &[Value], value: &Value, path: &str) {
        // What was meant is most likely a choice that fits as a whole and whose first field is right; then the one with the
        // fewest complaints.
        let own = if path.is_empty() { "input" } else { path };
        let mut best = Vec::new();
        let mut least = usize::MAX;
        for choice in choices {
            let mut check = Check { defs: self.defs, problems: Vec::new() };
            check.value(choice, value, path);
            if check.problems.is_empty() {
                return;
            }
            let mut faults = check.problems.len();
            if let Some(first) = self.first_required(choice).map(|name| join(path, name))
                && check.problems.iter().any(|problem| problem.path == first)
            {
                faults += 1_000;
            }
            if check.problems.iter().any(|problem| problem.path == own) {
                faults += 2_000;
            }
            if faults < least {
                least = faults;
                best = check.problems;
            }
        }
        self.problems.append(&mut best);
    }

    fn first_required<'s>(&'s self, schema: &'s Value) -> Option<&'s str> {
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/"));
        let schema = name.and_then(|name| self.defs.get(name)).unwrap_or(schema);
        schema.get("required")?.at(0)?.as_str()
    }

    fn object(&mut self, schema: &Map, object: &Map, path: &str) {
        let at = |name: &str| join(path, name);
        let properties = schema.get("properties").and_then(Value::as_object);
        for name in schema["required"].items().iter().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                self.report(&at(name), "is required");
            }
        }
        for (name, value) in object {
            if let Some(property) = properties.and_then(|p| p.get(name)) {
                self.value(property, value, &at(name));
                continue;
            }
            match schema.get("additionalProperties") {
                Some(Value::Bool(false)) => {
                    let known = properties.map(|p| p.keys().map(String::as_str)).into_iter().flatten();
                    let near = nearest(name, known).map(|n| format!("; did you mean {n}?")).unwrap_or_default();
                    self.report(&at(name), format!("is not a field here{near}"));
                }
                Some(rest @ Value::Object(_)) => self.value(rest, value, &at(name)),
                _ => {}
            }
        }
    }

    fn array(&mut self, schema: &Map, list: &[Value], path: &str) {
        let limit = |name: &str| schema.get(name).and_then(Value::as_u64);
        let length = list.len() as u64;
        if let Some(min) = limit("minItems").filter(|min| length < *min) {
            self.report(path, format!("must have at least {min} items, but has {length}"));
        }
        if let Some(max) = limit("maxItems").filter(|max| length > *max) {
            self.report(path, format!("must have at most {max} items, but has {length}"));
        }
        if let Some(items) = schema.get("items") {
            for (i, item) in list.iter().enumerate() {
                self.value(items, item, &format!("{path}[{i}]"));
            }
        }
    }

    fn text(&mut self, schema: &Map, text: &str, path: &str) {
        let length = text.chars().count() as u64;
        if let Some(min) = schema.get("minLength").and_then(Value::as_u64).filter(|min| length < *min) {
            let problem =
                if min == 1 { "must not be empty".to_owned() } else { format!("must have at least {min} characters") };
            self.report(path, problem);
        }
        if let Some(max) = schema.get("maxLength").and_then(Value::as_u64).filter(|max| length > *max) {
            self.report(path, format!("must have at most {max} characters, but has {length}"));
        }
        if let Some(start) = schema.text_of("pattern") {
            let start = start.trim_start_matches('^').replace('\\', "");
            if !text.starts_with(&start) {
                self.report(path, "must begin with ".to_owned() + &start);
            }
        }
        let problem = match schema.text_of("format") {
            Some("email") if !is_email(text) => "must be an e-mail address",
            Some("date") if !is_date(text) => "must be a date such as 2026-11-23",
            Some("date-time") if !is_date_time(text) => "must be a time such as 2026-11-23T09:00:00Z",
            Some("uri") if !(text.starts_with("https://") || text.starts_with("http://")) => {
                "must be an http or https address"
            }
            _ => return,
        };
        self.report(path, problem);
    }

    fn number(&mut self, schema: &Map, number: f64, path: &str) {
        let limit = |name: &str| schema.get(name).and_then(|l| Some((l, l.as_f64()?)));
        if let Some((min, _)) = limit("minimum").filter(|(_, min)| number < *min) {
            self.report(path, format!("must be at least {min}"));
        }
        if let Some((max, _)) = limit("maximum").filter(|(_, max)| number > *max) {
            self.report(path, format!("must be at most {max}"));
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn fits_type(kind: &Value, value: &Value) -> bool {
    match kind {
        Value::Array(kinds) => kinds.iter().any(|k| fits_type(k, value)),
        Value::String(name) => match (name.as_str(), value) {
            ("number", Value::Number(_)) => true,
            ("integer", Value::Number(n)) => n.is_whole(),
            (name, value) => name == type_of(value).trim_start_matches("an ").trim_start_matches("a "),
        },
        _ => true,
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn name_types(kind: &Value) -> String {
    let one = |k: &str| match k {
        "null" => "null".to_owned(),
        "integer" => "a whole number".to_owned(),
        "array" | "object" => format!("an {k}"),
        other => format!("a {other}"),
    };
    match kind {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or "),
        other => one(other.as_str().unwrap_or("value")),
    }
}

/// Roughly what both services take: something@something.tld, without spaces.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let bad = |c: char| c.is_whitespace() || c.is_control();
    !local.is_empty()
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !text.contains(bad)
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && crate::clock::parse_date(text).is_some()
}

fn is_date_time(text: &str) -> bool {
    let Some((date, clock)) = text.split_once('T') else { return false };
    let zoned = clock.ends_with('Z') || clock.get(5..).is_some_and(|rest| rest.contains(['+', '-']));
    is_date(date) && zoned && crate::clock::parse_berlin(text.get(..19).unwrap_or_default()).is_some()
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    fn problems(schema: Value, value: Value) -> Vec<String> {
        validate(&schema, &json!({ "Id": { "type": "string", "minLength": 1 } }), &value)
            .into_iter()
            .map(|p| format!("{}: {}", p.path, p.problem))
            .collect()
    }

    #[test]
    fn all_wrong_fields_come_at_once_with_their_paths() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["contactId", "tags"],
            "properties": {
                "contactId": { "$ref": "#/$defs/Id" },
                "tags": { "type": "array", "items": { "type": "string" }, "minItems": 1 },
                "email": { "type": ["string", "null"], "format": "email" },
                "status": { "enum": ["open", "won"] },
                "limit": { "type": "integer", "maximum": 100 },
            }
        });
        let value = json!({ "contactId": "", "tags": ["a", 1], "emial": "x", "email": "nobody", "status": "lost", "limit": 200 });
        assert_eq!(
            problems(schema.clone(), value),
            [
                "contactId: must not be empty",
                "email: must be an e-mail address",
                "emial: is not a field here; did you mean email?",
                "limit: must be at most 100",
                "status: must be one of [\"open\",\"won\"]",
                "tags[1]: must be a string, but is a number",
            ]
        );
        assert_eq!(problems(schema.clone(), json!({ "email": null })), ["contactId: is required", "tags: is required"]);
        assert!(problems(schema, json!({ "contactId": "c", "tags": ["a"], "limit": 5 })).is_empty());
    }

    #[test]
    fn a_choice_reports_the_nearest_branch() {
        let schema = json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] });
        assert!(problems(schema.clone(), json!("x")).is_empty());
        assert!(problems(schema.clone(), json!(["x"])).is_empty());
        assert_eq!(problems(schema, json!([1])).len(), 1);
    }

    #[test]
    fn formats() {
        let ok =
            |format: &str, text: &str| problems(json!({ "type": "string", "format": format }), json!(text)).is_empty();
        assert!(ok("email", "käthe+shop@example.de") && !ok("email", "a b@example.de") && !ok("email", "@x.de"));
        assert!(ok("date", "2028-02-29") && !ok("date", "2026-02-29") && !ok("date", "2026-1-1"));
        assert!(ok("date-time", "2026-11-23T09:00:00Z") && ok("date-time", "2026-11-23T09:00:00.000+01:00"));
        assert!(!ok("date-time", "2026-11-23 09:00") && !ok("date-time", "2026-11-23T09:00:00"));
    }
}
