//! What can be done: every operation with its input, output and sample, as data.
//!
//! The data is `catalog/<service>/<resource>.json`; the build puts it into the program as text, and only what is asked
//! for is parsed.

mod sample;
mod title;
mod validate;

use std::{cell::RefCell, rc::Rc};

use serde_json::{Map, Value, json};

use crate::{
    error::{Code, Error, FieldProblem, Result},
    json::{Json, field, unknown_fields},
    record, words,
};

pub use sample::sample;
pub(crate) use validate::is_email;
pub use validate::validate;

include!(concat!(env!("OUT_DIR"), "/catalog.rs"));

struct Resource {
    service: &'static str,
    name: &'static str,
    title: &'static str,
    version: &'static str,
    defs: &'static str,
}

struct Entry {
    id: &'static str,
    resource: usize,
    json: &'static str,
}

/// Which service an operation belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// HighLevel.
    Ghl,
    /// Digistore24.
    Digistore24,
}

words! {
    /// Whether a call may be repeated when its outcome is unknown.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Retry {
        /// A second execution changes nothing.
        Safe = "safe",
        /// Look first whether it happened.
        Verify = "verify",
        /// Never.
        Never = "never",
    }
}

words! {
    /// Where an input field goes.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Place {
        /// Into the path.
        Path = "path",
        /// Into the query.
        Query = "query",
        /// Into the JSON body (GHL) or a form argument (Digistore24).
        Body = "body",
        /// Into `data[…]` (Digistore24).
        Data = "data",
        /// It is itself the whole body.
        Whole = "whole",
        /// Into the query, as one value joined by commas.
        List = "list",
        /// Each of its entries is a part of the multipart body.
        Parts = "parts",
    }
}

words! {
    /// How a body is written, where not in the service's usual way.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Encoding {
        /// JSON, even without any field.
        Json = "json",
        /// There is none.
        None = "none",
        /// Parts, files among them.
        Multipart = "multipart",
        /// `a=1&b=2`.
        Form = "form",
    }
}

words! {
    /// What a success brings, if not JSON.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Answer {
        /// Text.
        Text = "text",
        /// Bytes.
        Binary = "binary",
    }
}

/// One operation of a service: what is needed to call it. The rest of the entry is for hosts, see [`list`].
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// `ghl.contacts.addTags`, `digistore24.listPurchases`.
    pub id: String,
    /// HTTP method.
    pub method: String,
    /// Path template.
    pub path: String,
    /// Scopes that the token needs (GHL), or `readonly` / `full` (Digistore24).
    pub scopes: Vec<String>,
    /// Whether it may be repeated.
    pub retry: Retry,
    /// How the body is written, if not in the usual way.
    pub encoding: Option<Encoding>,
    /// What a success brings, if not JSON.
    pub answer: Option<Answer>,
    /// Where an input field goes, if not to its usual place.
    place: Map<String, Value>,
    /// Names on the wire that differ from the input's.
    wire: Map<String, Value>,
    /// JSON Schema 2020-12.
    input: Value,
    /// Schemas that the input refers to.
    defs: Value,
    /// GHL's `Version` header; empty for Digistore24.
    pub version: String,
}

impl Operation {
    /// Which service.
    pub fn service(&self) -> Service {
        if self.id.starts_with("ghl.") { Service::Ghl } else { Service::Digistore24 }
    }

    /// Where the input field `name` goes.
    pub fn place_of(&self, name: &str) -> Place {
        if let Some(place) = self.place.get(name).cloned().and_then(Place::from_json) {
            return place;
        }
        if self.path.contains(&format!("{{{name}}}")) {
            return Place::Path;
        }
        match (self.service(), self.method.as_str()) {
            (Service::Ghl, "GET" | "DELETE") => Place::Query,
            _ => Place::Body,
        }
    }

    /// The name on the wire of the input field `name`.
    pub fn wire_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.wire.get(name).and_then(Value::as_str).unwrap_or(name)
    }

    /// Fills in what the connection knows, checks the whole input, and gives it back as an object.
    ///
    /// # Errors
    /// `invalid_input` with every wrong field.
    pub fn accept(&self, input: Value, location_id: Option<&str>) -> Result<Map<String, Value>> {
        let mut object = match input {
            Value::Object(object) => object,
            Value::Null => Map::new(),
            _ => return Err(Error::invalid_field("input", "must be an object").of_operation(&self.id)),
        };
        if let Some(location) = location_id {
            for name in filled_by_connection(&self.input) {
                object.entry(name).or_insert_with(|| Value::from(location));
            }
        }
        let input = Value::Object(object);
        let problems = validate(&self.input, &self.defs, &input);
        if !problems.is_empty() {
            let message = format!("the input of {} has {}", self.id, count(problems.len(), "wrong field"));
            return Err(Error::invalid(message, problems).of_operation(&self.id));
        }
        match input {
            Value::Object(object) => Ok(object),
            _ => Ok(Map::new()),
        }
    }
}

/// The input fields that the connection knows, such as `locationId`.
fn filled_by_connection(input: &Value) -> impl Iterator<Item = &String> {
    let properties = input.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().filter(|(_, schema)| schema.get("x-connection").is_some()).map(|(name, _)| name)
}

/// `1 wrong field`, `3 wrong fields`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// Adds all definitions that `schema` refers to, directly or through others.
fn collect_defs(schema: &Value, defs: &Value, into: &mut Map<String, Value>) {
    match schema {
        Value::Object(object) => {
            if let Some(name) = object.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/"))
                && let (false, Some(definition)) = (into.contains_key(name), defs.get(name))
            {
                into.insert(name.to_owned(), definition.clone());
                collect_defs(definition, defs, into);
            }
            object.values().for_each(|v| collect_defs(v, defs, into));
        }
        Value::Array(list) => list.iter().for_each(|v| collect_defs(v, defs, into)),
        _ => {}
    }
}

/// Finds an operation.
///
/// # Errors
/// `invalid_input` that suggests the nearest id.
pub fn find(id: &str) -> Result<Rc<Operation>> {
    let cached = PARSED.with_borrow(|parsed| parsed.iter().find(|o| o.id == id).cloned());
    if let Some(operation) = cached {
        return Ok(operation);
    }
    let found = ENTRIES.binary_search_by(|e| e.id.cmp(id)).ok().and_then(|i| ENTRIES.get(i));
    let operation = Rc::new(found.map_or_else(|| Err(unknown(id)), parse)?);
    PARSED.with_borrow_mut(|parsed| parsed.push(operation.clone()));
    Ok(operation)
}

thread_local! {
    /// Entries that have been called: parsing one takes longer than calling it.
    static PARSED: RefCell<Vec<Rc<Operation>>> = const { RefCell::new(Vec::new()) };
}

/// The entry as written, and its resource.
fn raw(entry: &Entry) -> Result<(Map<String, Value>, Value, &'static Resource)> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    let resource = RESOURCES.get(entry.resource);
    match (parse(entry.json), resource.and_then(|r| parse(r.defs)), resource) {
        (Some(Value::Object(object)), Some(defs), Some(resource)) => Ok((object, defs, resource)),
        _ => Err(broken(entry.id)),
    }
}

fn broken(id: &str) -> Error {
    Error::new(Code::Misconfigured, format!("the catalog entry {id} can't be read"), "Report this as a bug.")
}

fn parse(entry: &Entry) -> Result<Operation> {
    let (mut object, defs, resource) = raw(entry)?;
    let read = || {
        Some(Operation {
            id: field(&mut object, "id")?,
            method: field(&mut object, "method")?,
            path: field(&mut object, "path")?,
            scopes: field(&mut object, "scopes")?,
            retry: field(&mut object, "retry")?,
            encoding: field(&mut object, "encoding")?,
            answer: field(&mut object, "answer")?,
            place: field(&mut object, "place")?,
            wire: field(&mut object, "wire")?,
            input: field(&mut object, "input")?,
            defs,
            version: field::<Option<String>>(&mut object, "version")?.unwrap_or_else(|| resource.version.to_owned()),
        })
    };
    read().ok_or_else(|| broken(entry.id))
}

fn unknown(id: &str) -> Error {
    let suggestion = nearest(id, ENTRIES.iter().map(|e| e.id));
    let problem = match suggestion {
        Some(near) => format!("is not a known operation; did you mean {near}?"),
        None => "is not a known operation".to_owned(),
    };
    Error::invalid_field("operation", problem)
        .with(|d| d.help = "List the operations with catalog.list() or the command `catalog`; nothing was sent.".into())
}

/// The most similar of `candidates`, if it is similar enough to be a slip.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.len() / 3).clamp(1, 8);
    let scored = candidates.map(|c| (strsim::osa_distance(&word.to_lowercase(), &c.to_lowercase()), c));
    scored.min_by_key(|(distance, _)| *distance).filter(|(distance, _)| *distance <= limit).map(|(_, c)| c)
}

record! {
    /// What to list.
    #[derive(Debug, Clone, Default)]
    pub struct Filter {
        /// One operation.
        pub id: Option<String>,
        /// `ghl` or `digistore24`.
        pub service: Option<String>,
        /// `contacts`, `purchases`, …
        pub resource: Option<String>,
        /// `action`, `search` or `trigger`.
        pub kind: Option<String>,
        /// `core` or `all` (which includes core).
        pub tier: Option<String>,
        /// A word in id, title or description.
        pub text: Option<String>,
    }
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// `invalid_input` with every unknown field.
    pub fn read(value: Value) -> Result<Self> {
        let known = ["id", "service", "resource", "kind", "tier", "text"];
        check_known("filter", &value, &known)?;
        Self::from_json(value).ok_or_else(|| Error::invalid_field("filter", "must be an object of strings"))
    }
}

/// Refuses fields of an argument that are not known.
pub(crate) fn check_known(argument: &str, value: &Value, known: &[&str]) -> Result<()> {
    let mut problems = Vec::new();
    for name in unknown_fields(value, known) {
        let near = nearest(name, known.iter().copied()).map(|n| format!("; did you mean {n}?")).unwrap_or_default();
        problems
            .push(FieldProblem { path: format!("{argument}.{name}"), problem: format!("is not a field here{near}") });
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(format!("{argument} has {}", count(problems.len(), "unknown field")), problems))
}

/// The entries that match, whole: with schemas and sample.
///
/// # Errors
/// `invalid_input` for a filter by id that doesn't exist.
pub fn list(filter: &Filter) -> Result<Vec<Value>> {
    if let Some(id) = &filter.id {
        find(id)?;
    }
    let wanted = |asked: &Option<String>, is: &str| asked.as_deref().is_none_or(|a| a == is);
    let mut out = Vec::new();
    for entry in ENTRIES {
        // Parsing comes after what can be told without it.
        let in_resource = |r: &Resource| wanted(&filter.service, r.service) && wanted(&filter.resource, r.name);
        if !wanted(&filter.id, entry.id) || !RESOURCES.get(entry.resource).is_some_and(in_resource) {
            continue;
        }
        let (object, defs, resource) = raw(entry)?;
        let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
        let fits = wanted(&filter.kind, text("kind"))
            && filter.tier.as_deref().is_none_or(|t| t == "all" || t == text("tier"))
            && filter.text.as_ref().is_none_or(|sought| {
                let sought = sought.to_lowercase();
                ["id", "title", "description"].iter().any(|name| text(name).to_lowercase().contains(&sought))
            });
        if fits {
            out.push(describe(object, &defs, resource));
        }
    }
    Ok(out)
}

/// Gives every field of a form a title.
fn name_fields(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    for (name, field) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        name_fields(field);
        if let Some(field) = field.as_object_mut().filter(|field| !field.contains_key("title")) {
            field.insert("title".to_owned(), title::title(name).into());
        }
    }
    for (_, definition) in schema.get_mut("$defs").and_then(Value::as_object_mut).into_iter().flatten() {
        name_fields(definition);
    }
    for name in ["items", "additionalProperties"] {
        schema.get_mut(name).into_iter().for_each(name_fields);
    }
    for choice in schema.get_mut("anyOf").and_then(Value::as_array_mut).into_iter().flatten() {
        name_fields(choice);
    }
}

/// An entry as a host should see it: schemas whole, and without what the connection fills in.
fn describe(mut object: Map<String, Value>, defs: &Value, resource: &Resource) -> Value {
    for name in ["input", "output"] {
        let Some(schema) = object.get_mut(name) else { continue };
        let filled: Vec<String> = filled_by_connection(schema).cloned().collect();
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| !filled.iter().any(|f| name == f));
        }
        let mut needed = Map::new();
        collect_defs(schema, defs, &mut needed);
        if let (Some(schema), false) = (schema.as_object_mut(), needed.is_empty()) {
            schema.insert("$defs".to_owned(), Value::Object(needed));
        }
    }
    let text = |object: &Map<String, Value>, name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = text(&object, "id").unwrap_or_default();
    let title = text(&object, "title").unwrap_or_else(|| title::title(id.rsplit('.').next().unwrap_or_default()));
    for (name, value) in
        [("description", Value::from(title.as_str())), ("title", title.into()), ("paging", Value::Null)]
    {
        object.entry(name).or_insert(value);
    }
    object.get_mut("input").into_iter().for_each(name_fields);
    if !object.contains_key("sample") {
        let made = |name: &str| sample(object.get(name).unwrap_or(&Value::Null), defs);
        let sample = json!({ "input": made("input"), "output": made("output") });
        object.insert("sample".to_owned(), sample);
    }
    for (name, value) in [
        ("service", resource.service),
        ("resource", resource.name),
        ("resourceTitle", resource.title),
        ("version", resource.version),
    ] {
        // An operation's own version wins.
        if !value.is_empty() && !object.contains_key(name) {
            object.insert(name.to_owned(), value.into());
        }
    }
    Value::Object(object)
}
