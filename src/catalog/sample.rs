//! A sample from a schema: what an entry shows that has none of its own.

use crate::json::{Map, Value, put};

/// Deeper down only what is required is filled in, so that types that contain themselves come to an end.
const DEPTH: usize = 6;
/// So many optional fields of an object are shown.
const OPTIONAL: usize = 3;

/// A value that fits `schema`: an example, a default or an allowed value where there is one, else by format, name and
/// type. Always the same for the same schema.
pub fn sample(schema: &Value, defs: &Value) -> Value {
    make(schema, defs, "", 0)
}

fn make(schema: &Value, defs: &Value, name: &str, depth: usize) -> Value {
    let given = |key: &str| schema.get(key);
    let first = |key: &str| given(key).and_then(Value::as_array).and_then(|list| list.iter().find(|v| !v.is_null()));
    if let Some(value) =
        first("examples").or_else(|| given("default")).or_else(|| given("const")).or_else(|| first("enum"))
    {
        return value.clone();
    }
    if let Some(target) = given("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/")) {
        return make(defs.get(target).unwrap_or(&Value::Null), defs, name, depth + 1);
    }
    if let Some(choice) = first("anyOf").or_else(|| first("oneOf")) {
        return make(choice, defs, name, depth);
    }
    let kind = match given("type") {
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        Some(kind) => kind.as_str(),
        None if given("properties").is_some() => Some("object"),
        None => None,
    };
    match kind {
        Some("object") => object(schema, defs, depth),
        Some("array") => {
            let least = given("minItems").and_then(Value::as_u64).unwrap_or_default();
            let items = given("items").filter(|_| depth < DEPTH || least > 0);
            let wanted = if items.is_some() { least.max(1) } else { least };
            let item = items.map_or(Value::from("text"), |items| make(items, defs, singular(name), depth + 1));
            Value::Array(vec![item; wanted as usize])
        }
        Some("string") => Value::from(text(schema, name)),
        Some("number" | "integer") => number(schema),
        Some("boolean") => Value::Bool(true),
        Some("null") => Value::Null,
        _ => Value::Object(Map::new()),
    }
}

fn object(schema: &Value, defs: &Value, depth: usize) -> Value {
    let mut out = Map::new();
    let mut optional = OPTIONAL;
    let required: Vec<&str> = schema["required"].items().iter().filter_map(Value::as_str).collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        // The connection fills these in.
        if property.get("x-connection").is_some() {
            continue;
        }
        if !required.contains(&name.as_str()) {
            // Optional objects and lists often exclude one another; plain fields don't.
            let is_plain = property.get("type").is_some_and(|t| t == "string" || t == "boolean" || t == "number");
            if optional == 0 || depth >= DEPTH || !is_plain {
                continue;
            }
            optional -= 1;
        }
        put(&mut out, name, make(property, defs, name, depth + 1));
    }
    if let (None, Some(rest @ Value::Object(_))) = (properties, schema.get("additionalProperties")) {
        put(&mut out, "name", make(rest, defs, "", depth + 1));
    }
    Value::Object(out)
}

fn text(schema: &Value, name: &str) -> String {
    let limit = |key: &str| schema.get(key).and_then(Value::as_u64).map(|n| n as usize);
    let plain = match schema.text_of("format") {
        Some("date-time") => return "2026-11-23T09:00:00Z".to_owned(),
        Some("date") => return "2026-11-23".to_owned(),
        Some("email") => return "anna@example.com".to_owned(),
        Some("uri") => return "https://example.com/".to_owned(),
        _ => by_name(name),
    };
    let mut text = plain.to_owned();
    while text.chars().count() < limit("minLength").unwrap_or_default() {
        text.push_str(plain);
    }
    match limit("maxLength") {
        Some(most) => text.chars().take(most).collect(),
        None => text,
    }
}

/// A value that looks like what the name says.
fn by_name(name: &str) -> &'static str {
    let lower = name.to_ascii_lowercase();
    let ends = |tail: &str| lower.ends_with(tail);
    const BY_TAIL: [(&str, &str); 22] = [
        ("email", "anna@example.com"),
        ("phone", "+49301234567"),
        ("number", "1001"),
        ("url", "https://example.com/"),
        ("uri", "https://example.com/"),
        ("link", "https://example.com/"),
        ("website", "https://example.com/"),
        ("date", "2026-11-23"),
        ("time", "2026-11-23T09:00:00Z"),
        ("at", "2026-11-23T09:00:00Z"),
        ("timezone", "Europe/Berlin"),
        ("currency", "EUR"),
        ("country", "DE"),
        ("city", "Berlin"),
        ("postalcode", "10115"),
        ("firstname", "Anna"),
        ("lastname", "Beispiel"),
        ("name", "Anna Beispiel"),
        ("color", "#336699"),
        ("slug", "autumn-course"),
        ("title", "Autumn course"),
        ("locale", "de"),
    ];
    if name == "id" || name == "_id" || name.ends_with("Id") || ends("_id") {
        return "hT4nQ8vLxR2mK7pWz3Ds";
    }
    BY_TAIL.iter().find(|(tail, _)| ends(tail)).map_or("text", |(_, value)| value)
}

/// `tagIds` -> `tagId`.
fn singular(name: &str) -> &str {
    name.strip_suffix('s').unwrap_or(name)
}

/// 1, or the limit that it would break.
fn number(schema: &Value) -> Value {
    let limit = |key: &str, breaks: fn(f64) -> bool| {
        schema.get(key).filter(|limit| limit.as_f64().is_some_and(breaks)).cloned()
    };
    limit("minimum", |least| least > 1.0).or_else(|| limit("maximum", |most| most < 1.0)).unwrap_or_else(|| 1.into())
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::{super::validate, *};

    #[test]
    fn a_sample_respects_what_the_schema_asks_for() {
        let schema = json!({
            "type": "object", "required": ["id", "n", "list", "email", "code", "node"],
            "properties": {
                "id": { "type": "string", "minLength": 30 },
                "n": { "type": "number", "minimum": 2.5, "maximum": 3 },
                "list": { "type": "array", "minItems": 2, "items": { "enum": ["a", "b"] } },
                "email": { "type": ["null", "string"], "format": "email" },
                "code": { "type": "string", "maxLength": 2 },
                "node": { "$ref": "#/$defs/Node" },
                "loc": { "type": "string", "x-connection": "locationId" },
            }
        });
        let defs = json!({ "Node": { "type": "object", "properties": { "next": { "$ref": "#/$defs/Node" } } } });
        let made = sample(&schema, &defs);
        assert_eq!(validate(&schema, &defs, &made).len(), 0, "{made}");
        assert_eq!(made.get("list"), Some(&json!(["a", "a"])));
        assert_eq!(made.get("code"), Some(&json!("te")));
        assert_eq!(made.get("loc"), None);
        assert_eq!(sample(&schema, &defs), made);
    }

    #[test]
    fn every_derived_sample_of_the_catalog_fits_its_schema() {
        let entries = super::super::list(&super::super::Filter::default()).unwrap();
        assert!(entries.len() >= 576);
        for entry in &entries {
            for way in ["input", "output"] {
                let schema = entry.get(way).unwrap();
                let defs = schema.get("$defs").cloned().unwrap_or_default();
                let problems = validate(schema, &defs, &sample(schema, &defs));
                assert!(problems.is_empty(), "{} {way}: {problems:?}", entry["id"]);
            }
        }
    }
}
