//! Compiles `catalog/*/*.json` into one compact block of bytes, so that the wasm carries the whole catalog and decodes only
//! what is asked for. `src/catalog/packed.rs` reads it and describes the form; `docs/architecture.md` has the measurements.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    env,
    error::Error,
    fs,
    path::Path,
};

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

    let mut head = Out::default();
    let strings = by_number(&pack.strings);
    varint(&mut head, strings.len());
    for text in strings {
        varint(&mut head, text.len());
        head.texts.extend_from_slice(text.as_bytes());
    }
    let texts = [head.texts, body.texts].concat();
    let mut out = Out::default();
    varint(&mut out, texts.len());
    let out = [out.bytes, texts, head.bytes, body.bytes].concat();
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

/// Gives numbers from 1 to what is used more than once: the most used first, as far as one byte goes, then as they come,
/// which compresses best.
fn number(used: Used) -> Used {
    let mut uses: Vec<(String, Use)> = used.into_iter().filter(|(_, one)| one.times > 1).collect();
    uses.sort_by(|(a, m), (b, n)| n.times.cmp(&m.times).then_with(|| a.cmp(b)));
    let common = uses.len().min(ONE_BYTE);
    if let Some(rest) = uses.get_mut(common..) {
        rest.sort_by_key(|(_, one)| one.first);
    }
    uses.into_iter().zip(1..).map(|((name, _), number)| (name, Use { number, ..Use::default() })).collect()
}

fn by_number(used: &Used) -> Vec<&str> {
    let mut names: Vec<_> = used.iter().map(|(name, one)| (one.number, name.as_str())).collect();
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

/// A string or property in use.
#[derive(Default)]
struct Use {
    /// 0: none.
    number: usize,
    times: usize,
    /// How many others came before.
    first: usize,
}

type Used = HashMap<String, Use>;

/// How many numbers fit one byte, roughly: names lose one of its bits.
const ONE_BYTE: usize = 63;

#[derive(Default)]
struct Pack {
    strings: Used,
    /// Properties, each with its name and schema.
    properties: Used,
    /// What stands for them.
    property_bodies: HashMap<usize, Out>,
    /// `resource/Name` -> number of the definition.
    defs: HashMap<String, usize>,
    def_bodies: Vec<Out>,
    /// Equal definitions of several files are one.
    def_numbers: HashMap<Out, usize>,
}

/// Structure and texts, apart: together they compress worse.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Out {
    bytes: Vec<u8>,
    texts: Vec<u8>,
}

impl Out {
    fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    fn extend(&mut self, other: &Out) {
        self.bytes.extend_from_slice(&other.bytes);
        self.texts.extend_from_slice(&other.texts);
    }
}

fn varint(out: &mut Out, mut n: usize) {
    while n >= 0x80 {
        out.push((n & 0x7F) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Things one behind the other, each with the lengths of its two parts before it.
fn list(out: &mut Out, things: &[Out]) {
    varint(out, things.len());
    for thing in things {
        varint(out, thing.bytes.len());
        varint(out, thing.texts.len());
    }
    things.iter().for_each(|thing| out.extend(thing));
}

fn use_once_more(used: &mut Used, name: &str) -> usize {
    let first = used.len();
    let one = used.entry(name.to_owned()).or_insert(Use { first, ..Use::default() });
    one.times += 1;
    one.number
}

fn text_of<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list_of<'a>(object: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Value> {
    object.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// An entry and the number of its file, by id.
type Entries<'a> = BTreeMap<&'a str, (usize, &'a Map<String, Value>)>;

fn everything(files: &[Map<String, Value>]) -> Result<Entries<'_>> {
    let mut all = BTreeMap::new();
    for (number, file) in files.iter().enumerate() {
        for entry in list_of(file, "operations").chain(list_of(file, "triggers")) {
            let entry = entry.as_object().ok_or("an entry is no object")?;
            let id = text_of(entry, "id");
            if all.insert(id, (number, entry)).is_some() {
                return Err(format!("the id {id} stands in two places").into());
            }
        }
    }
    Ok(all)
}

/// A schema and the number of the file whose definitions it refers to.
type Schema<'a> = Option<(usize, Cow<'a, Value>)>;

/// Input and output of an entry. What a trigger lacks it takes from the one that it is `like`, or from the first that feeds
/// it; no input means that there is nothing to choose. Its `data` stands for an output: the `Event` of its file with this
/// content.
fn schemas_of<'a>(id: &str, all: &Entries<'a>, files: &[Map<String, Value>]) -> Result<(Schema<'a>, Schema<'a>)> {
    let (file, entry) = *all.get(id).ok_or_else(|| format!("there is no entry {id}"))?;
    let of = |name: &str| entry.get(name).map(|schema| (file, Cow::Borrowed(schema)));
    let (mut input, mut output) = (of("input"), of("output"));
    if let Some(data) = entry.get("data") {
        let event = files.get(file).and_then(|file| file.get("$defs")).and_then(|defs| defs.get("Event"));
        let mut event = event.ok_or("the file defines no Event")?.clone();
        *event.pointer_mut("/properties/data").ok_or("Event has no data")? = data.clone();
        output = Some((file, Cow::Owned(event)));
    }
    if text_of(entry, "kind") == "trigger" {
        let model = entry.get("like").or_else(|| list_of(entry, "sources").next()).and_then(Value::as_str);
        if let Some(model) = model {
            let (of_model, and_output) = schemas_of(model, all, files)?;
            (input, output) = (input.or(of_model), output.or(and_output));
        }
        let nothing = || serde_json::json!({ "type": "object", "properties": {}, "additionalProperties": false });
        input = input.or_else(|| Some((file, Cow::Owned(nothing()))));
    }
    Ok((input, output))
}

/// A trigger with all that it takes from the one that it is `like`, or from those that feed it: the ways by which it
/// arrives, and the body of its sample, which `with` changes.
fn whole_trigger(id: &str, all: &Entries<'_>) -> Result<Map<String, Value>> {
    let (_, entry) = *all.get(id).ok_or_else(|| format!("there is no entry {id}"))?;
    let mut whole = entry.clone();
    whole.remove("like");
    let sources = list_of(entry, "sources").filter_map(Value::as_str);
    let models: Vec<_> = entry.get("like").and_then(Value::as_str).into_iter().chain(sources).collect();
    let models = models.into_iter().map(|id| whole_trigger(id, all)).collect::<Result<Vec<_>>>()?;
    if !whole.contains_key("arrives") {
        let mut ways: Vec<Value> = Vec::new();
        for way in models.iter().flat_map(|model| list_of(model, "arrives")) {
            if !ways.contains(way) {
                ways.push(way.clone());
            }
        }
        whole.insert("arrives".into(), ways.into());
    }
    let mut sample = entry.get("sample").and_then(Value::as_object).cloned().unwrap_or_default();
    // What is polled has no body that arrives.
    let of_model = models.first().and_then(|model| Some((model, model.get("sample")?.get("payload")?.as_object()?)));
    if let Some((model, payload)) = of_model.filter(|_| !sample.contains_key("payload") && !entry.contains_key("poll"))
    {
        let mut payload = payload.clone();
        let (named, own) = (model.get("wireEvent"), entry.get("wireEvent"));
        if let (Some(own), true) = (own, named.is_some() && payload.get("type") == named) {
            payload.insert("type".into(), own.clone());
        }
        if let Some(Value::Object(changes)) = sample.remove("with") {
            payload.extend(changes);
        }
        sample.insert("payload".into(), payload.into());
    }
    whole.insert("sample".into(), sample.into());
    Ok(whole)
}

impl Pack {
    /// The number of a string, or 0 and the string itself. `shift` leaves room for a bit or for "none".
    fn put_string(&mut self, out: &mut Out, text: &str) {
        self.put_text(out, text, |number| number);
    }

    /// 0 for nothing.
    fn put_some(&mut self, out: &mut Out, text: Option<&str>) {
        match text {
            None => out.push(0),
            Some(text) => self.put_text(out, text, |number| number + 1),
        }
    }

    fn put_text(&mut self, out: &mut Out, text: &str, code: impl FnOnce(usize) -> usize) {
        let number = use_once_more(&mut self.strings, text);
        varint(out, code(number));
        if number == 0 {
            varint(out, text.len());
            out.texts.extend_from_slice(text.as_bytes());
        }
    }

    fn files(&mut self, files: &[Map<String, Value>]) -> Result<Out> {
        let mut out = Out::default();
        let mut entries: Vec<(String, Out)> = Vec::new();
        varint(&mut out, files.len());
        for (number, file) in files.iter().enumerate() {
            for key in ["service", "resource", "title", "version"] {
                self.put_string(&mut out, text_of(file, key));
            }
            self.definitions(number, file)?;
        }
        let all = everything(files)?;
        for (id, (file, entry)) in &all {
            let schemas = schemas_of(id, &all, files).map_err(|e| format!("{id}: {e}"))?;
            let whole = match text_of(entry, "kind") {
                "trigger" => &whole_trigger(id, &all)?,
                _ => *entry,
            };
            let file = (*file, files.get(*file).ok_or("no file")?);
            let body = self.operation(file, whole, schemas).map_err(|e| format!("{id}: {e}"))?;
            entries.push(((*id).to_owned(), body));
        }
        let mut properties: Vec<_> = self.property_bodies.iter().collect();
        properties.sort_unstable();
        let properties: Vec<Out> = properties.into_iter().map(|(_, body)| body.clone()).collect();
        list(&mut out, &properties);
        list(&mut out, &self.def_bodies);
        list(&mut out, &entries.into_iter().map(|(_, body)| body).collect::<Vec<_>>());
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
            self.def_bodies.push(Out::default());
        }
        for (i, (name, schema)) in open.into_iter().enumerate() {
            let mut body = Out::default();
            self.put_string(&mut body, name);
            self.schema(&mut body, resource, schema, None)?;
            if let Some(place) = self.def_bodies.get_mut(first + i) {
                *place = body;
            }
        }
        Ok(())
    }

    fn define(&mut self, resource: usize, name: &str, schema: &Value) -> Result<()> {
        let mut body = Out::default();
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
        (resource, file): (usize, &Map<String, Value>),
        operation: &Map<String, Value>,
        (input, output): (Schema<'_>, Schema<'_>),
    ) -> Result<Out> {
        let id = text_of(operation, "id");
        let name = id.rsplit_once('.').map_or(id, |(_, name)| name);
        let mut out = Out::default();
        varint(&mut out, resource);
        self.put_string(&mut out, name);
        let has = |key: &str| operation.contains_key(key);
        let mut flags = 0;
        for (is_there, bit) in [
            (has("version"), flag::VERSION),
            (input.is_some(), flag::INPUT),
            (output.is_some(), flag::OUTPUT),
            (has("sample"), flag::SAMPLE),
            (has("deprecated"), flag::DEPRECATED),
        ] {
            flags |= if is_there { bit } else { 0 };
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
            "data",
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
        for (file, schema) in [input, output].into_iter().flatten() {
            self.schema(&mut out, file, &schema, None)?;
        }
        let sample = operation.get("sample");
        if let Some(sample) = sample.filter(|_| text_of(operation, "kind") == "trigger") {
            self.value(&mut out, sample);
        } else if let Some(sample) = sample {
            for key in ["input", "output"] {
                let schema = operation.get(key).unwrap_or(&Value::Null);
                self.guided(&mut out, sample.get(key).unwrap_or(&Value::Null), schema, file);
            }
        }
        Ok(out)
    }

    /// A schema; `name` is that of the property that it describes.
    fn schema(&mut self, out: &mut Out, resource: usize, schema: &Value, name: Option<&str>) -> Result<()> {
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

        let mut extras: Vec<(u8, Out)> = Vec::new();
        for (key, value) in schema {
            let Some(keyword) = word(&KEYWORDS, key) else {
                if !["type", "$ref", "$comment"].contains(&key.as_str()) {
                    return Err(format!("the keyword {key} is not known to the build").into());
                }
                continue;
            };
            let mut body = Out::default();
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
            out.extend(&body);
        }
        if more {
            out.push(0);
        }
        Ok(())
    }

    /// A list of words as one text; whether it is such a list.
    fn put_words(&mut self, out: &mut Out, list: &Value) -> bool {
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
    fn property(&mut self, out: &mut Out, resource: usize, name: &str, schema: &Value, required: bool) -> Result<()> {
        let key = format!("{name} {}", self.canonical(resource, schema)?);
        let number = use_once_more(&mut self.properties, &key);
        varint(out, number << 1 | usize::from(required));
        if number > 0 && self.property_bodies.contains_key(&number) {
            return Ok(());
        }
        let mut body = Out::default();
        self.put_string(&mut body, name);
        self.schema(&mut body, resource, schema, Some(name))?;
        match number {
            0 => out.extend(&body),
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
    fn guided(&mut self, out: &mut Out, value: &Value, schema: &Value, file: &Map<String, Value>) {
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
    fn value(&mut self, out: &mut Out, value: &Value) {
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
