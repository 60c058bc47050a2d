//! What can be wrong with a mapping file, found before it is used: every mistake by path.

use super::{
    condition,
    playbook::texts,
    template::{Template, as_text, did_you_mean, is_template, pointer},
};
use crate::catalog::{self, nearest};
use crate::clock;
use crate::error::FieldProblem;
use crate::json::{Map, Set, Value, json, parse, put};

/// `mapping.schema.json` without words for people.
const SCHEMA: &str = include_str!(concat!(env!("OUT_DIR"), "/mapping.json"));
/// The schema of an event, out of the catalog.
const EVENT: &str = include_str!(concat!(env!("OUT_DIR"), "/event.json"));
/// Ready mappings and playbooks.
const READY: &str = include_str!(concat!(env!("OUT_DIR"), "/ready.json"));

/// What a mapping may build on, in how many steps.
const MAX_DEPTH: usize = 8;

thread_local! {
    static PARSED: [Value; 2] = [parse(SCHEMA).unwrap_or_default(), parse(READY).unwrap_or_default()];
}

fn ready(kind: &str) -> Value {
    PARSED.with(|[_, ready]| ready[kind].clone())
}

/// The mapping with all that it extends.
///
/// # Errors
/// Every mistake.
pub(super) fn checked(file: &Value) -> Result<Value, Vec<FieldProblem>> {
    let mut check = Check::default();
    let whole = check.whole(file, MAX_DEPTH);
    check.problems.extend(PARSED.with(|[schema, _]| catalog::validate(schema, &schema["$defs"], &whole)));
    check.refused = check.problems.len();
    check.mapping(&whole);
    if check.problems.is_empty() { Ok(whole) } else { Err(check.problems) }
}

/// The time zones in a mapping's texts, by path. Whether there are such zones, the host knows.
pub(crate) fn zones(file: &Value) -> Vec<(String, String)> {
    let mut check = Check::default();
    let whole = check.whole(file, MAX_DEPTH);
    check.texts(&whole, "");
    check.zones
}

/// Every mistake in a condition on an event, by path.
pub(crate) fn wrong_condition(condition: &Value, path: &str) -> Vec<FieldProblem> {
    let mut check = Check::default();
    let defs = &PARSED.with(|[schema, _]| schema["$defs"].clone());
    for problem in catalog::validate(&defs["condition"], defs, condition) {
        check.say(&[path, ".", &problem.path].concat(), &problem.problem);
    }
    if check.problems.is_empty() {
        check.condition(condition, path);
    }
    check.problems
}

#[derive(Default)]
struct Check {
    problems: Vec<FieldProblem>,
    /// So many of them are the schema's: what it has refused is not judged again, nor what stands in it.
    refused: usize,
    /// The schema of an event; read when first needed.
    event: Value,
    /// The time zones in the texts, by path.
    zones: Vec<(String, String)>,
}

impl Check {
    fn say(&mut self, path: &str, problem: &str) {
        let is_in = |said: &FieldProblem| {
            let rest = path.strip_prefix(said.path.as_str());
            said.path.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        if self.problems.iter().take(self.refused).any(is_in) {
            return;
        }
        self.problems.push(FieldProblem { path: path.to_owned(), problem: problem.to_owned() });
    }

    /// Says that a name is not among those known.
    fn unknown(&mut self, path: &str, name: &str, what: &str, known: Option<&Map>) {
        let near = nearest(name, known.into_iter().flat_map(Map::keys).map(String::as_str));
        self.say(path, &(name.to_owned() + what + &did_you_mean(near)));
    }

    /// `file` over what it extends.
    fn whole(&mut self, file: &Value, depth: usize) -> Value {
        let base = match &file["extends"] {
            Value::Null => return file.clone(),
            Value::String(name) => {
                let mappings = &ready("mappings");
                if mappings[name.as_str()].is_null() {
                    let what = " is no ready mapping; only the command line reads files";
                    self.unknown("extends", name, what, mappings.as_object());
                }
                mappings[name.as_str()].clone()
            }
            other if other.is_object() && depth > 0 => self.whole(other, depth - 1),
            _ => {
                let problem = if depth == 0 { "goes too deep" } else { "must be a name or a mapping" };
                self.say("extends", problem);
                Value::Null
            }
        };
        let mut whole = merged(base, file.clone());
        if let Some(whole) = whole.as_object_mut() {
            whole.remove("extends");
        }
        whole
    }

    /// What the schema can't say.
    fn mapping(&mut self, file: &Value) {
        self.texts(file, "");
        let mut names = Set::new();
        for (index, written) in file["playbooks"].items().iter().enumerate() {
            let path = format!("playbooks[{index}]");
            let mut steps = path.clone() + ".then[";
            if let Some(name) = written["use"].as_str() {
                steps = path.clone() + ".with";
                let books = &ready("playbooks");
                let book = &books[name];
                let with = json!({ "additionalProperties": false, "properties": book["params"], "required": book["required"] });
                let beside = json!({
                    "additionalProperties": false, "properties": { "use": {}, "name": {}, "with": with },
                });
                let whole = merged(json!({ "with": {} }), written.clone());
                for problem in catalog::validate(&beside, &Value::Null, &whole) {
                    self.say(&[&path, ".", &problem.path].concat(), &problem.problem);
                }
            } else if written.get("with").is_some() {
                self.say(&(path.clone() + ".with"), "has no place without use");
            }
            for book in &expanded(written) {
                for part in ["name", "when", "then"] {
                    if book[part].is_null() {
                        self.say(&(path.clone() + "." + part), "is required");
                    }
                }
                if !names.insert(as_text(&book["name"])) {
                    self.say(&path, "has the name of another playbook");
                }
                if book["kind"] == "marketing" && file.pointer("/consent/confirmedField").is_none() {
                    self.say(&path, "is marketing and needs consent.confirmedField");
                }
                let events = texts(book.pointer("/when/event").unwrap_or(&Value::Null));
                let hears = events.iter().any(|name| !catalog::ways(name).is_empty());
                if cfg!(feature = "fetch") && hears {
                    self.say(&path, "begins with an event of HighLevel, which the bare module doesn't hear");
                }
                for (index, step) in book["then"].items().iter().enumerate() {
                    if hears && step.get("refund").is_some_and(|refund| refund.get("amount").is_none()) {
                        let problem = "is required: an event of HighLevel has no amount of its own";
                        self.say(&format!("{path}.then[{index}].refund.amount"), problem);
                    }
                    let end = if steps.ends_with('[') { format!("{index}]") } else { String::new() };
                    self.step(book, step, &(steps.clone() + &end));
                }
            }
        }
    }

    fn step(&mut self, book: &Value, step: &Value, path: &str) {
        let conditions = ["if", "unless", "wait"].into_iter().filter(|name| step.get(name).is_some()).count();
        if step.as_object().map(Map::len) != Some(conditions + 1) {
            self.say(path, "must have exactly one action, such as addTags or task");
        }
        for span in [step.get("wait"), step.pointer("/task/due")] {
            if span.and_then(Value::as_str).is_some_and(|text| clock::span(text).is_none()) {
                self.say(path, "waits or is due in a time that can't be read: write 3 days, 2 hours or 1 week");
            }
        }
        if step.get("refund").is_some() && book["allowRefund"] != Value::Bool(true) {
            self.say(path, "refunds: that needs allowRefund: true in the playbook");
        }
    }

    /// Every template and condition anywhere.
    fn texts(&mut self, value: &Value, path: &str) {
        match value {
            Value::Object(parts) => {
                for (name, part) in parts {
                    let at = if path.is_empty() { name.clone() } else { path.to_owned() + "." + name };
                    if matches!(name.as_str(), "if" | "unless") {
                        self.condition(part, &at);
                    } else {
                        self.texts(part, &at);
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.texts(item, &format!("{path}[{index}]"));
                }
            }
            Value::String(text) if is_template(text) => {
                if path.starts_with("tags.") || path.starts_with("tasks.") && path.ends_with(".assignedTo") {
                    self.say(path, "can't hold a template: use a playbook for that");
                }
                let (template, flaws) = Template::read(text);
                for field in template.fields() {
                    self.field(path, field);
                }
                for zone in template.zones() {
                    self.zones.push((path.to_owned(), zone.to_owned()));
                }
                for flaw in flaws {
                    self.say(path, &format!("{} at character {}", flaw.problem, flaw.at));
                }
            }
            _ => {}
        }
    }

    /// The kind of a field by its pointer; says where there is none.
    fn field(&mut self, path: &str, pointer: &str) -> &'static str {
        if self.event.is_null() {
            self.event = event_schema();
        }
        let event = self.event.take();
        let mut at = &event;
        let mut kind = "any";
        for name in pointer.split('/').skip(1) {
            // Through a list the way goes into its items.
            if at.get("items").is_some() {
                at = &at["items"];
                kind = kind_of(&mut at, &event);
                if name.starts_with(|c: char| c.is_ascii_digit()) {
                    continue;
                }
            }
            // What is not described, such as raw, may hold anything.
            let Some(fields) = at["properties"].as_object() else {
                kind = "any";
                break;
            };
            if fields.get(name).is_none() {
                self.unknown(path, name, " is no field of the event", Some(fields));
                break;
            }
            at = &fields[name];
            kind = kind_of(&mut at, &event);
        }
        self.event = event;
        kind
    }

    fn condition(&mut self, condition: &Value, path: &str) {
        match condition {
            Value::Array(all) => {
                for (index, one) in all.iter().enumerate() {
                    self.condition(one, &format!("{path}[{index}]"));
                }
            }
            Value::Object(parts) if parts.is_empty() => self.say(path, "is empty: it would always hold"),
            Value::Object(parts) => {
                let name = condition["field"].as_str();
                let kind = name.map(|name| self.field(&(path.to_owned() + ".field"), &pointer(name)));
                for (word, wanted) in parts.iter().filter(|(word, _)| *word != "field") {
                    let at = path.to_owned() + "." + word;
                    match (word.as_str(), kind) {
                        ("all" | "any" | "not", _) => self.condition(wanted, &at),
                        (_, None) => self.say(&at, "needs a field beside it"),
                        (word, Some(kind)) if !condition::fits(word, kind, wanted) => {
                            self.say(&at, &("doesn't fit: the field is a ".to_owned() + kind));
                        }
                        _ => {}
                    }
                }
                if kind.is_some() && parts.len() == 1 {
                    self.say(path, "lacks what the field is compared with, such as is");
                }
            }
            _ => {}
        }
    }
}

/// The fields of an event as the catalog describes them, and those of `now`.
fn event_schema() -> Value {
    let mut event = parse(EVENT).unwrap_or_default();
    if let Some(fields) = event.get_mut("properties").and_then(Value::as_object_mut) {
        put(fields, "now", ready("now"));
        let told = ready("highlevel");
        fields.extend(told.get("properties").and_then(Value::as_object).cloned().unwrap_or_default());
    }
    event
}

/// What kind of field a schema describes. `at` goes to the schema that it refers to.
fn kind_of<'a>(at: &mut &'a Value, event: &'a Value) -> &'static str {
    *at = at["anyOf"].at(0).unwrap_or(at);
    if let Some(name) = at["$ref"].as_str() {
        let defs = &event["$defs"];
        *at = &defs[name.trim_start_matches("#/$defs/")];
    }
    let kind = at["type"].at(0).unwrap_or(&at["type"]);
    match kind.as_str().unwrap_or_default() {
        "string" if at.get("format").is_some() => "date",
        "string" => "text",
        "number" | "integer" => "number",
        "boolean" => "boolean",
        "array" => "list",
        _ => "any",
    }
}

/// `over` on `under`: objects field by field, playbooks by name, all else as a whole.
fn merged(under: Value, over: Value) -> Value {
    match (under, over) {
        (Value::Object(mut under), Value::Object(over)) => {
            for (name, value) in over {
                let old = under.remove(&name).unwrap_or_default();
                let new = if name == "playbooks" { joined(old, value) } else { merged(old, value) };
                put(&mut under, &name, new);
            }
            Value::Object(under)
        }
        (_, over) => over,
    }
}

fn joined(under: Value, over: Value) -> Value {
    let (Value::Array(mut under), Value::Array(mut over)) = (under, over.clone()) else { return over };
    let is_same = |a: &Value, b: &Value| a["name"] == b["name"] && a["use"] == b["use"];
    under.retain(|old| !over.iter().any(|new| is_same(old, new)));
    // One's own come first: what is said of them names their place in the file.
    over.extend(under);
    Value::Array(over)
}

/// A playbook as it is written, or those that a ready one stands for, with their parameters.
pub(super) fn expanded(written: &Value) -> Vec<Value> {
    let Some(name) = written["use"].as_str() else { return vec![written.clone()] };
    let books = &ready("playbooks");
    let book = &books[name];
    let mut params = Map::new();
    for (param, about) in book["params"].fields() {
        let given = written["with"].get(param).unwrap_or(&about["default"]);
        put(&mut params, param, given.clone());
    }
    let mut name = written["name"].as_str().unwrap_or(name).to_owned();
    let mut books = Vec::new();
    for part in book["playbooks"].items() {
        let mut part = with_params(part, &params);
        if let Some(steps) = part.get_mut("then").and_then(Value::as_array_mut) {
            // A step whose parameter is not given falls away.
            steps.retain(|step| !has_null(step));
        }
        if let Some(fields) = part.as_object_mut() {
            put(fields, "name", name.as_str().into());
        }
        name += "-end";
        books.push(part);
    }
    books
}

fn with_params(value: &Value, params: &Map) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('$') {
            Some(param) => params.get(param).cloned().unwrap_or_default(),
            None => value.clone(),
        },
        Value::Array(items) => Value::Array(items.iter().map(|item| with_params(item, params)).collect()),
        Value::Object(parts) => {
            Value::Object(parts.iter().map(|(name, part)| (name.clone(), with_params(part, params))).collect())
        }
        other => other.clone(),
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(parts) => parts.iter().any(|(_, part)| has_null(part)),
        _ => false,
    }
}

/// A whole mapping with each of its playbooks in full, those of the sections that are short for one, too.
pub(super) fn in_full(mut whole: Value) -> Value {
    let file = &whole;
    let mut short = Vec::new();
    if file["business"] == "link" {
        short.push(json!({ "use": "linkBusiness" }));
    }
    if file["appointment"].is_object() {
        short.push(json!({ "use": "appointment", "with": file["appointment"] }));
    }
    let mut books = Vec::new();
    for written in short.iter().chain(file["playbooks"].items().iter()) {
        books.extend(expanded(written));
    }
    if let Some(fields) = whole.as_object_mut() {
        put(fields, "playbooks", Value::Array(books));
    }
    whole
}

/// A mapping with all that it stands on, for whoever wants to know what it names.
pub(crate) fn expand(file: &Value) -> Value {
    in_full(Check::default().whole(file, MAX_DEPTH))
}
