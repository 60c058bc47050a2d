//! Compiles `catalog/*/*.json` into one compact block of bytes, so that the wasm carries the whole catalog and decodes only
//! what is asked for. `src/catalog/packed.rs` reads it and describes the form; `docs/architecture.md` has the measurements.

use std::{collections::HashMap, env, error::Error, fs, path::Path};

use serde_json::{Map, Value};

#[allow(dead_code, reason = "shared with the plugin, which uses more of it")]
#[path = "src/catalog/form.rs"]
mod form;
#[allow(dead_code, unreachable_pub, reason = "shared with the plugin, which uses more of it")]
#[path = "src/catalog/title.rs"]
mod title;

use form::{EFFECTS, FORMATS, KEYWORDS, KINDS, METHODS, RETRIES, TYPES, flag, node, word};
use title::title_of;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=catalog");
    let files = read_files()?;
    // Twice: the first time counts how often each string and property is used. Common ones get short numbers, and what is
    // used once stands where it is used.
    let mut count = Pack::default();
    count.files(&files)?;
    let mut pack = Pack { strings: number(count.strings), properties: number(count.properties), ..Pack::default() };
    let body = pack.files(&files)?;

    let mut out = Vec::new();
    let strings = by_number(&pack.strings);
    varint(&mut out, strings.len());
    strings.iter().for_each(|text| varint(&mut out, text.len()));
    strings.iter().for_each(|text| out.extend_from_slice(text.as_bytes()));
    out.extend(body);
    let folder = env::var("OUT_DIR")?;
    fs::write(Path::new(&folder).join("catalog.bin"), out)?;

    let options = "src/options.schema.json";
    println!("cargo::rerun-if-changed={options}");
    let mut schema: Value = serde_json::from_str(&fs::read_to_string(options)?)?;
    drop_descriptions(&mut schema);
    fs::write(Path::new(&folder).join("options.json"), schema.to_string())?;
    Ok(())
}

/// Descriptions are for people who read the file.
fn drop_descriptions(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.retain(|name, value| name != "description" || !value.is_string());
            object.values_mut().for_each(drop_descriptions);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_descriptions),
        _ => {}
    }
}

/// Gives numbers from 1 to what is used more than once: the most used first, as far as one byte goes, then by name, which
/// compresses better.
fn number(used: Used) -> Used {
    let mut names: Vec<(String, usize)> = used.into_iter().map(|(name, (_, times))| (name, times)).collect();
    names.retain(|(_, times)| *times > 1);
    names.sort_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
    let common = names.len().min(ONE_BYTE);
    if let Some(rest) = names.get_mut(common..) {
        rest.sort();
    }
    names.into_iter().zip(1..).map(|((name, _), number)| (name, (number, 0))).collect()
}

fn by_number(used: &Used) -> Vec<&str> {
    let mut names: Vec<_> = used.iter().map(|(name, (number, _))| (*number, name.as_str())).collect();
    names.retain(|(number, _)| *number > 0);
    names.sort_unstable();
    names.into_iter().map(|(_, name)| name).collect()
}

/// All catalog files, by name.
fn read_files() -> Result<Vec<Map<String, Value>>> {
    let mut files = Vec::new();
    let mut paths = Vec::new();
    for service in fs::read_dir("catalog")? {
        let service = service?.path();
        if !service.is_dir() {
            continue;
        }
        println!("cargo::rerun-if-changed={}", service.display());
        for file in fs::read_dir(service)? {
            paths.push(file?.path());
        }
    }
    paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
    paths.sort();
    for path in paths {
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(&path)?;
        let file = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        match file {
            Value::Object(file) => files.push(file),
            _ => return Err(format!("{}: no object", path.display()).into()),
        }
    }
    Ok(files)
}

/// Name -> its number (0: none), and how often it is used.
type Used = HashMap<String, (usize, usize)>;

/// How many numbers fit one byte, roughly: names lose one of its bits.
const ONE_BYTE: usize = 63;

#[derive(Default)]
struct Pack {
    strings: Used,
    /// Properties, each with its name and schema.
    properties: Used,
    /// What stands for them.
    property_bodies: HashMap<usize, Vec<u8>>,
    /// `resource/Name` -> number of the definition.
    defs: HashMap<String, usize>,
    def_bodies: Vec<Vec<u8>>,
    /// Equal definitions of several files are one.
    def_numbers: HashMap<Vec<u8>, usize>,
}

fn varint(out: &mut Vec<u8>, mut n: usize) {
    while n >= 0x80 {
        out.push((n & 0x7F) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn use_once_more(used: &mut Used, name: &str) -> usize {
    let entry = used.entry(name.to_owned()).or_default();
    entry.1 += 1;
    entry.0
}

fn text_of<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list_of<'a>(object: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Value> {
    object.get(key).and_then(Value::as_array).into_iter().flatten()
}

impl Pack {
    /// The number of a string, or 0 and the string itself. `shift` leaves room for a bit or for "none".
    fn put_string(&mut self, out: &mut Vec<u8>, text: &str) {
        self.put_text(out, text, |number| number);
    }

    /// 0 for nothing.
    fn put_some(&mut self, out: &mut Vec<u8>, text: Option<&str>) {
        match text {
            None => out.push(0),
            Some(text) => self.put_text(out, text, |number| number + 1),
        }
    }

    fn put_text(&mut self, out: &mut Vec<u8>, text: &str, code: impl FnOnce(usize) -> usize) {
        let number = use_once_more(&mut self.strings, text);
        varint(out, code(number));
        if number == 0 {
            varint(out, text.len());
            out.extend_from_slice(text.as_bytes());
        }
    }

    fn files(&mut self, files: &[Map<String, Value>]) -> Result<Vec<u8>> {
        let mut resources = Vec::new();
        let mut entries: Vec<(String, Vec<u8>)> = Vec::new();
        varint(&mut resources, files.len());
        for (number, file) in files.iter().enumerate() {
            for key in ["service", "resource", "title", "version"] {
                self.put_string(&mut resources, text_of(file, key));
            }
            self.definitions(number, file)?;
            for operation in list_of(file, "operations").chain(list_of(file, "triggers")) {
                let operation = operation.as_object().ok_or("an operation is no object")?;
                let id = text_of(operation, "id");
                let body = self.operation(number, file, operation).map_err(|e| format!("{id}: {e}"))?;
                entries.push((id.to_owned(), body));
            }
        }
        entries.sort();
        if let Some((twice, _)) = entries.iter().zip(entries.iter().skip(1)).find(|(a, b)| a.0 == b.0) {
            return Err(format!("the id {} stands in two places", twice.0).into());
        }
        let mut out = resources;
        let mut properties: Vec<_> = self.property_bodies.iter().collect();
        properties.sort_unstable();
        varint(&mut out, properties.len());
        for (_, body) in properties {
            varint(&mut out, body.len());
            out.extend_from_slice(body);
        }
        varint(&mut out, self.def_bodies.len());
        for body in &self.def_bodies {
            varint(&mut out, body.len());
            out.extend_from_slice(body);
        }
        varint(&mut out, entries.len());
        for (_, body) in entries {
            varint(&mut out, body.len());
            out.extend(body);
        }
        Ok(out)
    }

    /// References may go round in circles, so all numbers are given first, and equal ones joined where that is safe.
    fn definitions(&mut self, resource: usize, file: &Map<String, Value>) -> Result<()> {
        let Some(defs) = file.get("$defs").and_then(Value::as_object) else { return Ok(()) };
        let mut open: Vec<(&String, &Value)> = defs.iter().collect();
        // First those that refer to none or only to known ones: they can be compared as bytes.
        while !open.is_empty() {
            let before = open.len();
            let mut later = Vec::new();
            for (name, schema) in open {
                if self.knows_all(resource, schema) {
                    self.define(resource, name, schema)?;
                } else {
                    later.push((name, schema));
                }
            }
            open = later;
            if open.len() == before {
                break;
            }
        }
        // The rest refers to itself in some way.
        let first = self.def_bodies.len();
        for (i, (name, _)) in open.iter().enumerate() {
            self.defs.insert(format!("{resource}/{name}"), first + i);
            self.def_bodies.push(Vec::new());
        }
        for (i, (name, schema)) in open.into_iter().enumerate() {
            let mut body = Vec::new();
            self.put_string(&mut body, name);
            self.schema(&mut body, resource, schema, None)?;
            if let Some(place) = self.def_bodies.get_mut(first + i) {
                *place = body;
            }
        }
        Ok(())
    }

    fn define(&mut self, resource: usize, name: &str, schema: &Value) -> Result<()> {
        let mut body = Vec::new();
        self.put_string(&mut body, name);
        self.schema(&mut body, resource, schema, None)?;
        let next = self.def_bodies.len();
        let number = *self.def_numbers.entry(body.clone()).or_insert(next);
        if number == next {
            self.def_bodies.push(body);
        }
        self.defs.insert(format!("{resource}/{name}"), number);
        Ok(())
    }

    fn knows_all(&self, resource: usize, schema: &Value) -> bool {
        match schema {
            Value::Object(object) => {
                let known = object.get("$ref").and_then(Value::as_str).is_none_or(|r| self.def(resource, r).is_ok());
                known && object.values().all(|v| self.knows_all(resource, v))
            }
            Value::Array(list) => list.iter().all(|v| self.knows_all(resource, v)),
            _ => true,
        }
    }

    fn def(&self, resource: usize, reference: &str) -> Result<usize> {
        let name = reference.strip_prefix("#/$defs/").unwrap_or_default();
        let found = self.defs.get(&format!("{resource}/{name}"));
        Ok(*found.ok_or_else(|| format!("{reference} is not defined"))?)
    }

    fn operation(
        &mut self,
        resource: usize,
        file: &Map<String, Value>,
        operation: &Map<String, Value>,
    ) -> Result<Vec<u8>> {
        let id = text_of(operation, "id");
        let name = id.rsplit_once('.').map_or(id, |(_, name)| name);
        let mut out = Vec::new();
        varint(&mut out, resource);
        self.put_string(&mut out, name);
        let has = |key: &str| operation.contains_key(key);
        let mut flags = 0;
        for (key, bit) in [
            ("version", flag::VERSION),
            ("input", flag::INPUT),
            ("output", flag::OUTPUT),
            ("sample", flag::SAMPLE),
            ("deprecated", flag::DEPRECATED),
        ] {
            flags |= if has(key) { bit } else { 0 };
        }
        flags |= if text_of(operation, "tier") == "core" { flag::CORE } else { 0 };
        out.push(flags);
        for (words, key) in [(&KINDS[..], "kind"), (&METHODS, "method"), (&EFFECTS, "effect"), (&RETRIES, "retry")] {
            out.push(word(words, text_of(operation, key)).ok_or_else(|| format!("{key} is not known"))?);
        }
        let title = operation.get("title").and_then(Value::as_str).filter(|title| *title != title_of(name));
        self.put_some(&mut out, title);
        self.put_some(&mut out, operation.get("description").and_then(Value::as_str));
        // Segments, not whole paths: they repeat.
        let segments: Vec<&str> = text_of(operation, "path").split('/').skip(1).collect();
        varint(&mut out, segments.len());
        segments.into_iter().for_each(|segment| self.put_string(&mut out, segment));
        let scopes: Vec<&str> = list_of(operation, "scopes").filter_map(Value::as_str).collect();
        varint(&mut out, scopes.len());
        scopes.into_iter().for_each(|scope| self.put_string(&mut out, scope));
        if has("version") {
            self.put_string(&mut out, text_of(operation, "version"));
        }
        // All that few operations have stays JSON.
        let own = [
            "id",
            "tier",
            "kind",
            "method",
            "effect",
            "retry",
            "title",
            "description",
            "path",
            "scopes",
            "version",
            "input",
            "output",
            "sample",
            "deprecated",
        ];
        let rest: Map<String, Value> = operation
            .iter()
            .filter(|(key, value)| !own.contains(&key.as_str()) && !value.is_null())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let rest = (!rest.is_empty()).then(|| Value::Object(rest).to_string());
        self.put_some(&mut out, rest.as_deref());
        if let Some(schema) = operation.get("input") {
            self.schema(&mut out, resource, schema, None)?;
        }
        if let Some(schema) = operation.get("output") {
            self.schema(&mut out, resource, schema, None)?;
        }
        if let Some(sample) = operation.get("sample") {
            for key in ["input", "output"] {
                let schema = operation.get(key).unwrap_or(&Value::Null);
                self.guided(&mut out, sample.get(key).unwrap_or(&Value::Null), schema, file);
            }
        }
        Ok(out)
    }

    /// A schema; `name` is that of the property that it describes.
    fn schema(&mut self, out: &mut Vec<u8>, resource: usize, schema: &Value, name: Option<&str>) -> Result<()> {
        let schema = schema.as_object().ok_or("a schema is no object")?;
        let mut head = node::ANY;
        let mut types = 0;
        let mut nullable = false;
        match schema.get("type") {
            Some(Value::String(one)) => head = word(&TYPES, one).ok_or("a type is not known")?,
            Some(Value::Array(many)) => {
                let mut numbers: Vec<u8> = many.iter().filter_map(|t| word(&TYPES, t.as_str()?)).collect();
                numbers.sort_unstable();
                let null = word(&TYPES, "null").unwrap_or_default();
                nullable = numbers.len() == 2 && numbers.contains(&null);
                if nullable {
                    numbers.retain(|n| *n != null);
                }
                match numbers[..] {
                    [one] if nullable => head = one,
                    _ => {
                        head = node::SEVERAL;
                        types = numbers.iter().fold(0, |bits, n| bits | 1 << (n - 1));
                    }
                }
            }
            _ => {}
        }
        if schema.contains_key("$ref") {
            head = node::REFERENCE;
        }

        let mut extras: Vec<(u8, Vec<u8>)> = Vec::new();
        for (key, value) in schema {
            let Some(keyword) = word(&KEYWORDS, key) else {
                if !["type", "$ref", "$comment"].contains(&key.as_str()) {
                    return Err(format!("the keyword {key} is not known to the build").into());
                }
                continue;
            };
            let mut body = Vec::new();
            match key.as_str() {
                "title" if value.as_str() == name.map(title_of).as_deref() => continue,
                "title" | "description" => self.put_string(&mut body, value.as_str().unwrap_or_default()),
                "format" => {
                    body.push(word(&FORMATS, value.as_str().unwrap_or_default()).ok_or("a format is not known")?)
                }
                "minLength" | "maxLength" | "minItems" | "maxItems" => {
                    varint(&mut body, usize::try_from(value.as_u64().ok_or("a size is no number")?)?);
                }
                "items" => self.schema(&mut body, resource, value, None)?,
                "anyOf" => {
                    let choices = value.as_array().ok_or("anyOf is no list")?;
                    varint(&mut body, choices.len());
                    for choice in choices {
                        self.schema(&mut body, resource, choice, None)?;
                    }
                }
                "properties" => {
                    let properties = value.as_object().ok_or("properties is no object")?;
                    let required: Vec<&str> = list_of(schema, "required").filter_map(Value::as_str).collect();
                    if let Some(stray) = required.iter().find(|r| !properties.contains_key(**r)) {
                        return Err(format!("{stray} is required but no property").into());
                    }
                    varint(&mut body, properties.len());
                    for (name, property) in properties {
                        let required = required.contains(&name.as_str());
                        self.property(&mut body, resource, name, property, required)?;
                    }
                }
                "additionalProperties" => match value {
                    Value::Bool(allowed) => body.push(u8::from(*allowed)),
                    schema => {
                        body.push(2);
                        self.schema(&mut body, resource, schema, None)?;
                    }
                },
                "enum" if self.put_words(&mut body, value) => {}
                "enum" | "examples" => {
                    let values = value.as_array().ok_or("a list of values is none")?;
                    varint(&mut body, values.len());
                    values.iter().for_each(|v| self.value(&mut body, v));
                }
                // They go with the properties.
                "required" if schema.contains_key("properties") => continue,
                "x-secret" => {}
                _ => self.value(&mut body, value),
            }
            extras.push((keyword, body));
        }
        // An object is most often one with properties, a list one with items: that needs no keyword.
        extras.sort();
        let plain = match (head, &extras[..]) {
            (node::OBJECT, [(k, _)]) if Some(*k) == word(&KEYWORDS, "properties") => true,
            (node::ARRAY, [(k, _)]) if Some(*k) == word(&KEYWORDS, "items") => true,
            _ => false,
        };
        let more = !plain && !extras.is_empty();
        out.push(
            head | if nullable { node::NULLABLE } else { 0 }
                | if more { node::MORE } else { 0 }
                | if plain { node::PLAIN } else { 0 },
        );
        match head {
            node::REFERENCE => {
                let number = self.def(resource, text_of(schema, "$ref"))?;
                varint(out, number);
            }
            node::SEVERAL => out.push(types),
            _ => {}
        }
        for (keyword, body) in extras {
            if more {
                out.push(keyword);
            }
            out.extend(body);
        }
        if more {
            out.push(0);
        }
        Ok(())
    }

    /// A list of words as one text; whether it is such a list.
    fn put_words(&mut self, out: &mut Vec<u8>, list: &Value) -> bool {
        let words: Option<Vec<&str>> = list.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
        let Some(words) = words.filter(|words| words.iter().all(|word| !word.contains('\n'))) else {
            out.push(0);
            return false;
        };
        out.push(1);
        self.put_string(out, &words.join("\n"));
        true
    }

    /// The number of a property, or 0 and the property itself.
    fn property(
        &mut self,
        out: &mut Vec<u8>,
        resource: usize,
        name: &str,
        schema: &Value,
        required: bool,
    ) -> Result<()> {
        let key = format!("{name} {}", self.canonical(resource, schema)?);
        let number = use_once_more(&mut self.properties, &key);
        varint(out, number << 1 | usize::from(required));
        if number > 0 && self.property_bodies.contains_key(&number) {
            return Ok(());
        }
        let mut body = Vec::new();
        self.put_string(&mut body, name);
        self.schema(&mut body, resource, schema, Some(name))?;
        match number {
            0 => out.extend(body),
            _ => {
                self.property_bodies.insert(number, body);
            }
        }
        Ok(())
    }

    /// A schema as text that is the same in every file: references by number.
    fn canonical(&self, resource: usize, schema: &Value) -> Result<String> {
        Ok(match schema {
            Value::Object(object) => {
                let mut text = String::from("{");
                for (key, value) in object {
                    let value = match value {
                        Value::String(reference) if key == "$ref" => self.def(resource, reference)?.to_string(),
                        other => self.canonical(resource, other)?,
                    };
                    text += &format!("{key}:{value},");
                }
                text + "}"
            }
            Value::Array(list) => {
                let items = list.iter().map(|item| self.canonical(resource, item)).collect::<Result<Vec<_>>>()?;
                format!("[{}]", items.join(","))
            }
            other => other.to_string(),
        })
    }

    /// A value of which the schema says what to expect. 0 says that it is something else.
    fn guided(&mut self, out: &mut Vec<u8>, value: &Value, schema: &Value, file: &Map<String, Value>) {
        let mut schema = schema;
        while let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/")) {
            schema = file.get("$defs").and_then(|defs| defs.get(name)).unwrap_or(&Value::Null);
        }
        let word = schema.get("enum").and_then(Value::as_array).and_then(|words| words.iter().position(|w| w == value));
        let expected: Vec<&str> = match schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).filter(|t| *t != "null").collect(),
            _ => Vec::new(),
        };
        let nothing = Value::Null;
        match (&expected[..], value) {
            (["string"], Value::String(_)) if schema.get("enum").is_some() && word.is_some() => {
                varint(out, word.unwrap_or_default() + 1);
            }
            (["string"], Value::String(text)) if schema.get("enum").is_none() => self.put_some(out, Some(text)),
            (["boolean"], Value::Bool(yes)) => out.push(1 + u8::from(*yes)),
            (["integer" | "number"], Value::Number(number)) if number.as_u64().is_some_and(|n| n < 1 << 30) => {
                varint(out, number.as_u64().unwrap_or_default() as usize + 1);
            }
            (["array"], Value::Array(list)) => {
                varint(out, list.len() + 1);
                let items = schema.get("items").unwrap_or(&nothing);
                list.iter().for_each(|item| self.guided(out, item, items, file));
            }
            (["object"], Value::Object(object)) => {
                varint(out, object.len() + 1);
                let properties = schema.get("properties").and_then(Value::as_object);
                let mut names: Vec<&String> = properties.into_iter().flat_map(Map::keys).collect();
                names.sort_unstable();
                for (name, item) in object {
                    match names.binary_search(&name) {
                        Ok(index) => {
                            varint(out, index + 1);
                            let property = properties.and_then(|p| p.get(name)).unwrap_or(&nothing);
                            self.guided(out, item, property, file);
                        }
                        Err(_) => {
                            out.push(0);
                            self.put_string(out, name);
                            self.value(out, item);
                        }
                    }
                }
            }
            _ => {
                if matches!(expected[..], ["string" | "boolean" | "integer" | "number" | "array" | "object"]) {
                    out.push(0);
                }
                self.value(out, value);
            }
        }
    }

    /// Any JSON value.
    fn value(&mut self, out: &mut Vec<u8>, value: &Value) {
        use form::value as v;
        match value {
            Value::Null => out.push(v::NULL),
            Value::Bool(yes) => out.push(if *yes { v::TRUE } else { v::FALSE }),
            Value::Number(number) => match number.as_u64().filter(|n| *n < 1 << 31) {
                Some(n) => {
                    out.push(v::WHOLE);
                    varint(out, n as usize);
                }
                None => {
                    out.push(v::NUMBER);
                    self.put_string(out, &number.to_string());
                }
            },
            Value::String(text) => {
                out.push(v::STRING);
                self.put_string(out, text);
            }
            Value::Array(list) => {
                out.push(v::LIST);
                varint(out, list.len());
                list.iter().for_each(|item| self.value(out, item));
            }
            Value::Object(object) => {
                out.push(v::OBJECT);
                varint(out, object.len());
                for (name, item) in object {
                    self.put_string(out, name);
                    self.value(out, item);
                }
            }
        }
    }
}
