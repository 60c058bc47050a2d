//! What can be done: every operation with its input, output and sample, as data.
//!
//! The data is `catalog/<service>/<resource>.json`; the build packs it into the program, and only what is asked for is
//! decoded.

#[cfg(test)]
mod face_tests;
#[allow(dead_code, reason = "shared with build/, which uses more of it")]
mod form;
mod packed;
mod sample;
mod title;
mod triggers;
mod validate;

use std::{cell::RefCell, rc::Rc};

use crate::json::{Json, Map, ToJson, Value, put, take, unknown_fields};
use crate::text::lower;
use crate::{
    error::{Code, Error, FieldProblem, Result},
    record, words,
};

pub use sample::sample;
pub use triggers::{trigger_by_name, triggers, ways};
pub(crate) use validate::is_email;
pub use validate::validate;

/// Which service an operation belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// HighLevel.
    Ghl,
    /// Digistore24.
    Digistore24,
    /// Neither: an action for people, which calls operations of both.
    Bridge,
}

impl Service {
    /// The word that starts its ids.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ghl => "ghl",
            Self::Digistore24 => "digistore24",
            Self::Bridge => "bridge",
        }
    }

    /// Its name.
    pub fn title(self) -> &'static str {
        if self == Self::Ghl { "HighLevel" } else { "Digistore24" }
    }
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
        /// Whatever comes, with its status.
        Whole = "whole",
    }
}

/// What the body of a success is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// Any JSON, or none.
    Anything,
    /// An object.
    Object,
    /// A list.
    List,
}

impl Promise {
    /// Whether a value is what was promised.
    pub fn fits(self, value: &Value) -> bool {
        match self {
            Self::Anything => true,
            Self::Object => value.is_object(),
            Self::List => value.as_array().is_some(),
        }
    }
}

/// One operation of a service: what is needed to call it. The rest of the entry is for hosts, see [`list`].
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// `ghl.contacts.addTags`, `digistore24.listPurchases`.
    pub id: String,
    /// HTTP method; empty where the input says it, or where there is no request of its own.
    pub method: &'static str,
    /// Path template.
    pub path: String,
    /// Scopes that the token needs (GHL), or `readonly` / `full` (Digistore24).
    pub scopes: Vec<&'static str>,
    /// Whether it may be repeated.
    pub retry: Retry,
    /// How the body is written, if not in the usual way.
    pub encoding: Option<Encoding>,
    /// What a success brings, if not JSON.
    pub answer: Option<Answer>,
    /// What the JSON of a success is.
    pub promise: Promise,
    /// `read`, `create`, `update`, `delete`.
    effect: &'static str,
    /// Where an input field goes, if not to its usual place.
    place: Map,
    /// The name on the wire of an input field that has another name here.
    wire: Map,
    /// JSON Schema 2020-12.
    input: Value,
    /// Schemas that the input refers to.
    defs: Value,
    /// GHL's `Version` header; empty for Digistore24.
    pub version: &'static str,
    /// How further pages are reached, as the catalog says it.
    pub paging: Value,
    /// The operations that an action for people may call.
    pub calls: Vec<String>,
    /// How to find out whether a write of unknown outcome was carried out: the part `verify` of its entry, or null.
    pub verify: Value,
}

impl Operation {
    /// Which service.
    pub fn service(&self) -> Service {
        match self.id.split('.').next() {
            Some("ghl") => Service::Ghl,
            Some("bridge") => Service::Bridge,
            _ => Service::Digistore24,
        }
    }

    /// Whether a success may come without a body: a change says enough by its status, what is read or made must be told.
    pub fn may_be_silent(&self) -> bool {
        self.promise == Promise::Anything || matches!(self.effect, "update" | "delete")
    }

    /// The last part of the id.
    pub fn name(&self) -> &str {
        self.id.rsplit('.').next().unwrap_or_default()
    }

    /// The schema of an input field.
    pub fn property(&self, name: &str) -> Option<&Value> {
        self.properties().find(|(n, _)| *n == name).map(|(_, schema)| schema)
    }

    /// The input fields with their schemas.
    pub fn properties(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.input.get("properties").unwrap_or(&Value::Null).fields()
    }

    /// The same operation as a request that the input spells out.
    #[must_use]
    pub fn spelled_out(&self, method: &'static str, path: String) -> Self {
        Self { method, path, retry: if method == "GET" { Retry::Safe } else { Retry::Never }, ..self.clone() }
    }

    /// Where the input field `name` goes.
    pub fn place_of(&self, name: &str) -> Place {
        if let Some(place) = self.place.get(name).cloned().and_then(Place::from_json) {
            return place;
        }
        if self.path.contains(&format!("{{{name}}}")) {
            return Place::Path;
        }
        match (self.service(), self.method) {
            (Service::Ghl, "GET" | "DELETE") => Place::Query,
            _ => Place::Body,
        }
    }

    /// What the input field `name` is called on the wire.
    pub fn wire_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.wire.get(name).and_then(Value::as_str).unwrap_or(name)
    }

    /// Fills in what the connection knows, checks the whole input, and gives it back as an object.
    ///
    /// # Errors
    /// `invalid_input` with every wrong field.
    pub fn accept(&self, input: Value, location_id: Option<&str>) -> Result<Map> {
        let mut object = match input {
            Value::Object(object) => object,
            Value::Null => Map::new(),
            _ => return Err(Error::invalid_field("input", "must be an object").of_operation(&self.id)),
        };
        if let Some(location) = location_id {
            for name in filled_by_connection(&self.input) {
                if !object.contains_key(name) {
                    put(&mut object, name, location.into());
                }
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

/// Finds an operation.
///
/// # Errors
/// `invalid_input` that suggests the nearest id; `misconfigured` with the cause `catalog face` where that is missing and
/// may have the operation.
pub fn find(id: &str) -> Result<Rc<Operation>> {
    let cached = PARSED.with_borrow(|parsed| parsed.iter().find(|o| o.id == id).cloned());
    if let Some(operation) = cached {
        return Ok(operation);
    }
    let mut entry = packed::find(id).filter(|entry| entry.kind != "trigger").ok_or_else(|| absent(id))?;
    let schemas = entry.input();
    let operation = Rc::new(operation(entry, schemas).ok_or_else(|| broken(id))?);
    PARSED.with_borrow_mut(|parsed| parsed.push(operation.clone()));
    Ok(operation)
}

thread_local! {
    /// Entries that have been called: decoding one takes longer than calling it.
    static PARSED: RefCell<Vec<Rc<Operation>>> = const { RefCell::new(Vec::new()) };
}

fn broken(id: &str) -> Error {
    Error::new(Code::Misconfigured, format!("the catalog entry {id} can't be read"), "Report this as a bug.")
}

/// Façades know this error by its cause, give the face, and call again.
fn faceless(id: &str) -> Error {
    let help = "Give this build's ghl_digistore24_face.bin to catalogFace() and call again; nothing was sent.";
    Error::new(
        Code::Misconfigured,
        "the face of the catalog is missing, which knows this operation if there is one",
        help,
    )
    .with(|details| details.cause = Some("catalog face".into()))
    .of_operation(id)
}

fn operation(entry: packed::Entry, (input, defs): (Map, Map)) -> Option<Operation> {
    let mut rest = entry.rest();
    Some(Operation {
        promise: entry.promise,
        effect: entry.effect,
        id: entry.id,
        method: entry.method,
        path: entry.path,
        scopes: entry.scopes,
        retry: Retry::from_json(entry.retry.into())?,
        encoding: Option::from_json(take(&mut rest, "encoding"))?,
        answer: Option::from_json(take(&mut rest, "answer"))?,
        place: Map::from_json(take(&mut rest, "place"))?,
        wire: Map::from_json(take(&mut rest, "wire"))?,
        input: Value::Object(input),
        defs: Value::Object(defs),
        version: entry.version,
        paging: take(&mut rest, "paging"),
        calls: Vec::from_json(take(&mut rest, "calls"))?,
        verify: take(&mut rest, "verify"),
    })
}

/// How the items of a trigger are found that arrives by polling: the part `poll` of its entry.
///
/// # Errors
/// `invalid_input`: no such trigger, or it isn't polled.
pub fn polled(id: &str) -> Result<Value> {
    let entry = packed::find(id).filter(|entry| entry.kind == "trigger").ok_or_else(|| unknown(id))?;
    let poll = take(&mut entry.rest(), "poll");
    if poll.is_null() {
        return Err(Error::invalid_field("trigger", "does not arrive by polling but by a webhook").of_operation(id));
    }
    Ok(poll)
}

/// Checks what a user chose for a trigger.
///
/// # Errors
/// `invalid_input`: no such trigger, or the choice doesn't fit.
pub fn accept_trigger(id: &str, input: Option<&Value>) -> Result<Map> {
    let mut entry = packed::find(id).filter(|entry| entry.kind == "trigger").ok_or_else(|| unknown(id))?;
    let (schema, defs) = entry.input();
    let input = input.cloned().unwrap_or_else(|| Value::Object(Map::new()));
    let problems = validate(&Value::Object(schema), &Value::Object(defs), &input);
    match input {
        Value::Object(input) if problems.is_empty() => Ok(input),
        _ => {
            let message = format!("the input of {id} has {}", count(problems.len(), "wrong field"));
            Err(Error::invalid(message, problems).of_operation(id))
        }
    }
}

/// Without the face there may be such an operation.
fn absent(id: &str) -> Error {
    if packed::is_whole() { unknown(id) } else { faceless(id) }
}

/// Triggers are all of the core.
fn unknown(id: &str) -> Error {
    let ids: Vec<String> = packed::entries().map(|entry| entry.id).collect();
    let problem = match nearest(id, ids.iter().map(String::as_str)) {
        Some(near) => format!("is not a known operation; did you mean {near}?"),
        None => "is not a known operation".to_owned(),
    };
    Error::invalid_field("operation", problem)
        .with(|d| d.help = "List the operations with catalog.list() or the command `catalog`; nothing was sent.".into())
}

/// The most similar of `candidates`, if it is similar enough to be a slip.
pub(crate) fn nearest<'a>(word: &str, mut candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    nearest_of(word, &mut candidates)
}

/// Apart, so that it is compiled once.
fn nearest_of<'a>(word: &str, candidates: &mut dyn Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.len() / 3).clamp(1, 8);
    let scored = candidates.map(|c| (strsim::osa_distance(&lower(word), &lower(c)), c));
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
        /// Words that all are in id, title or description.
        pub text: Option<String>,
        /// Without schemas and sample: for a list to choose from.
        pub brief: bool,
    }
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// `invalid_input` with every unknown field.
    pub fn read(value: Value) -> Result<Self> {
        let known = ["id", "service", "resource", "kind", "tier", "text", "brief"];
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

/// Takes the catalog's face: the entries of the tier *all*; and of all entries titles and descriptions, outputs and samples.
/// It lies apart from the wasm, because few calls need it. Without it [`find`] and [`list`] know the tier *core* only, with the
/// titles that follow from names, outputs that may be anything, and samples made from the schemas. A native program has the face
/// inside.
///
/// # Errors
/// `misconfigured` for bytes that are not the face of this very build; the entries stay as they were.
pub fn give_face(face: Vec<u8>) -> Result<()> {
    if packed::give_face(face) {
        return Ok(());
    }
    Err(Error::new(
        Code::Misconfigured,
        "this is not the face of this build's catalog",
        "Give the file that lies beside the wasm, from the same version of the package.",
    ))
}

/// The entries that match, whole: with schemas and sample.
///
/// # Errors
/// `invalid_input` for a filter by id that doesn't exist.
pub fn list(filter: &Filter) -> Result<Vec<Value>> {
    if let Some(id) = &filter.id {
        let entry = packed::find(id).ok_or_else(|| absent(id))?;
        return Ok(if filter.fits(&entry) { vec![describe(entry, filter.brief)] } else { Vec::new() });
    }
    let mut out = Vec::new();
    let mut entries: Vec<packed::Entry> = packed::entries().filter(|entry| filter.fits(entry)).collect();
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    for entry in entries {
        out.push(describe(entry, filter.brief));
    }
    Ok(out)
}

impl Filter {
    fn fits(&self, entry: &packed::Entry) -> bool {
        let wanted = |asked: &Option<String>, is: &str| asked.as_deref().is_none_or(|a| a == is);
        wanted(&self.service, entry.resource.service)
            && wanted(&self.resource, entry.resource.name)
            && wanted(&self.kind, entry.kind)
            && self.tier.as_deref().is_none_or(|t| t == "all" || (t == "core") == entry.core)
            && self.text.as_ref().is_none_or(|sought| {
                let text = format!("{} {} {}", entry.id, entry.title(), entry.description.unwrap_or_default());
                let text = lower(&text);
                lower(sought).split_whitespace().all(|word| text.contains(word))
            })
    }
}

/// An entry as a host should see it: schemas whole, with titles, and without what the connection fills in; or `brief`,
/// without schemas and sample.
fn describe(mut entry: packed::Entry, brief: bool) -> Value {
    let mut object = entry.rest();
    let (input, output, sample) = if brief { Default::default() } else { entry.whole() };
    let is_trigger = entry.kind == "trigger";
    let resource = entry.resource;
    for (name, text) in [
        ("service", resource.service),
        ("resource", resource.name),
        ("resourceTitle", resource.title),
        ("kind", entry.kind),
        ("tier", if entry.core { "core" } else { "all" }),
        ("effect", if is_trigger { "read" } else { entry.effect }),
        ("retry", if is_trigger { "safe" } else { entry.retry }),
    ] {
        if !text.is_empty() {
            put(&mut object, name, text.into());
        }
    }
    let title = entry.title();
    put(&mut object, "description", entry.description.unwrap_or(&title).into());
    put(&mut object, "title", Value::String(title));
    // An action for people needs what the operations need that it calls.
    let mut scopes: Vec<&str> = entry.scopes;
    for call in object.get("calls").unwrap_or(&Value::Null).items() {
        let called = call.as_str().and_then(packed::find).map(|called| called.scopes).unwrap_or_default();
        for scope in called {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
    }
    put(&mut object, "scopes", scopes.to_json());
    if !object.contains_key("paging") {
        put(&mut object, "paging", Value::Null);
    }
    // What not every entry has is null, so that all have the same fields.
    for (name, text) in [("version", entry.version), ("method", entry.method), ("path", &entry.path)] {
        put(&mut object, name, if text.is_empty() { Value::Null } else { text.into() });
    }
    put(&mut object, "deprecated", entry.deprecated.into());
    let mut made = Map::new();
    // An output that is not known may be anything.
    for (name, schema) in [("input", input), ("output", output.unwrap_or_default())] {
        if brief {
            continue;
        }
        let mut schema = Value::Object(schema);
        if sample.is_none() {
            put(&mut made, name, self::sample(&schema, schema.get("$defs").unwrap_or(&Value::Null)));
        }
        let filled: Vec<String> = filled_by_connection(&schema).cloned().collect();
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| !filled.iter().any(|f| name == f));
        }
        put(&mut object, name, schema);
    }
    if !brief {
        put(&mut object, "sample", sample.unwrap_or(Value::Object(made)));
    }
    put(&mut object, "id", Value::String(entry.id));
    Value::Object(object)
}
