//! Actions for people: each does what its name promises, with as many calls as that takes.
//!
//! An action is an entry of the catalog (`catalog/bridge/`). Most are data alone: find the contact, find the ids of what is
//! named (its `x-choices` say where), call the last operation of `calls` with the fields under their names on the `wire`.
//! What needs more than that has a function here.
//!
//! The functions are plain ones, not async: an action is told its input and the answers so far, and comes to its result or
//! to the next call. The driver makes that call and starts the action again with one answer more. It never waits, so it
//! needs no state machine: half the code of an async one (measured), and a test needs no host.

mod contact;
mod fields;
mod shop;
mod work;

use crate::json::{Map, ToJson, Value, put};
use crate::text::lower;
use crate::{
    catalog::{self, Operation, Service, nearest},
    client,
    effects::Effects,
    error::{Code, Error, FieldProblem, Result},
    plugin::Connection,
    sync::{RELOAD_MS, Sync},
};

/// Two actions are what the plugin does anyway: its own method of another name, and the arguments of that.
///
/// # Errors
/// `invalid_input`.
pub fn as_method(method: &str, mut args: Vec<Value>) -> Result<(&str, Vec<Value>)> {
    let own = match args.first().and_then(Value::as_str).filter(|_| method == "run") {
        Some("bridge.syncEvent") => "sync.apply",
        Some("bridge.customerTimeline") => "timeline",
        _ => return Ok((method, args)),
    };
    let id = args.first().and_then(Value::as_str).unwrap_or_default();
    let input = args.get(1).cloned().unwrap_or_default();
    let mut input = catalog::find(id)?.accept(input, None)?;
    args = vec![input.remove("event").unwrap_or(Value::Object(input))];
    Ok((own, args))
}

/// Calls an operation of the catalog, or carries out an action for people.
///
/// # Errors
/// `invalid_input` before anything is sent; else what a service said. `notes` name what was done before that.
pub async fn run(
    effects: &Effects,
    connection: &Connection,
    sync: Result<Sync<'_>>,
    id: &str,
    input: Value,
) -> Result<Value> {
    let operation = catalog::find(id)?;
    let mut input = input;
    let mut own = None;
    if operation.service() == Service::Bridge || fields::are_named(&operation, &input) {
        let location = connection.highlevel.as_ref().map(|account| account.location_id.as_str());
        own = Some(operation.accept(input.take(), location)?);
    }
    let now = effects.now();
    let mut answers = Vec::new();
    loop {
        let (call, input) = match &own {
            None => (id.to_owned(), input.take()),
            Some(input) => match step(&operation, input, now, &answers) {
                Ok(Next::Call(call, input)) => (call, Value::Object(input)),
                Ok(Next::Done(answer)) => return Ok(answer),
                Err(error) => return Err(error),
            },
        };
        let answer = match (call.as_str(), &sync) {
            (FIELDS | RELOAD, Err(error)) => Err(error.clone()),
            (FIELDS | RELOAD, Ok(sync)) => {
                let age = if call == RELOAD { 0 } else { RELOAD_MS };
                sync.fields(age, &mut Vec::new()).await.map(|fields| Value::Array(fields.list))
            }
            _ => client::run(effects, connection, &call, input).await,
        };
        if own.is_none() {
            return answer;
        }
        answers.push(answer);
    }
}

/// What an action comes to, with the answers that there are.
enum Next {
    Call(String, Map),
    Done(Value),
}

fn step(operation: &Operation, input: &Map, now: u64, answers: &[Result<Value>]) -> Result<Next> {
    let [notes, done] = [Vec::new(), Vec::new()];
    let mut calls = Calls { operation, now, answers, next: 0, wanted: None, notes, done };
    let mut input = input.clone();
    match act(&mut calls, &mut input) {
        Ok(mut answer) => {
            if answer["contactId"].is_string()
                && let Some(object) = answer.as_object_mut()
            {
                put(object, "notes", calls.notes.to_json());
            }
            Ok(Next::Done(answer))
        }
        Err(error) => match (error, calls.wanted.take()) {
            (None, Some((call, input))) => Ok(Next::Call(call, input)),
            (error, _) => Err(explained(error.unwrap_or_else(|| wrong(Vec::new())), calls)),
        },
    }
}

/// An error in the words of the action: its fields, which of its calls it was, what was done before.
fn explained(error: Error, calls: Calls<'_>) -> Error {
    let operation = calls.operation;
    error.with(|d| {
        for field in &mut d.fields {
            if let Some((name, _)) = operation.properties().find(|(name, _)| operation.wire_name(name) == field.path) {
                field.path.clone_from(name);
            } else if operation.property(&field.path).is_none() && operation.name() == "setFields" {
                field.path = format!("fields.{}", field.path.trim_start_matches("fields."));
            }
        }
        if let Some(inner) = d.operation.take().filter(|inner| *inner != operation.id) {
            d.cause = Some(match d.cause.take() {
                Some(cause) => format!("{inner}: {cause}"),
                None => inner,
            });
        }
        d.operation = Some(operation.id.clone());
        d.notes = calls.done;
        d.notes.extend(calls.notes);
    })
}

/// The location's custom fields as the store has them, and as they are now.
const FIELDS: &str = "fields";
const RELOAD: &str = "fields again";

/// The result of a part of an action. An error that is `None`: the answer of a call is missing yet.
type Step<T> = std::result::Result<T, Option<Error>>;

/// The answers so far, and the call that is wanted next.
struct Calls<'a> {
    operation: &'a Operation,
    now: u64,
    answers: &'a [Result<Value>],
    next: usize,
    wanted: Option<(String, Map)>,
    /// What the caller should know of the result.
    notes: Vec<String>,
    /// What the caller should know of an error: the writes so far.
    done: Vec<String>,
}

impl<'a> Calls<'a> {
    /// One call, whose failure the action may know a way out of.
    fn attempt(&mut self, id: &str, input: Map) -> Step<&'a Result<Value>> {
        let answer = self.answers.get(self.next);
        self.next += 1;
        if answer.is_none() {
            self.wanted = Some((id.to_owned(), input));
        }
        answer.ok_or(None)
    }

    /// One call that must succeed.
    fn call(&mut self, id: &str, input: Map) -> Step<&'a Value> {
        self.attempt(id, input)?.as_ref().map_err(|error| Some(error.clone()))
    }

    /// Calls an operation with the fields of the action: ids in place of names, and as they are called on the wire.
    fn send(&mut self, id: &str, input: &mut Map) -> Step<&'a Value> {
        for (name, property) in self.operation.properties() {
            let choices = &property["x-choices"];
            let Some(list) = choices["operation"].as_str() else { continue };
            let Some(given) = text(input, name) else { continue };
            if self.operation.calls.iter().any(|call| call == list) && choices["where"].is_null() {
                let items = &self.call(list, Map::new())?[choices["items"].as_str().unwrap_or_default()];
                put(input, name, pick(items, &given, name)?["id"].clone());
            }
        }
        let mut body = Map::new();
        for (name, value) in input.iter() {
            set(&mut body, self.operation.wire_name(name), value.clone());
        }
        self.call(id, body)
    }

    /// The contact that an action is about: by id, else by e-mail. Never by phone. Leaves `contactId` alone in the input.
    fn contact(&mut self, input: &mut Map, at: &str) -> Step<String> {
        let email = text(input, "email");
        input.remove("email");
        let id = match (text(input, "contactId"), email) {
            (Some(id), _) => id,
            (None, None) => return Err(bad(at, "contactId", "or email is required")),
            (None, Some(email)) => match self.by_email(&email)?["id"].as_str() {
                Some(id) => id.to_owned(),
                None => return Err(missing(at, "email", "is the address of no contact")),
            },
        };
        put(input, "contactId", id.as_str().into());
        Ok(id)
    }

    /// The contact with exactly this address, or null. GHL's search index lags, its duplicate check doesn't.
    fn by_email(&mut self, email: &str) -> Step<&'a Value> {
        let contact = &self.call("ghl.contacts.getDuplicateContact", one("email", email.into()))?["contact"];
        let is_other = contact["email"].as_str().is_some_and(|found| lower(found.trim()) != lower(email));
        Ok(if is_other { &Value::Null } else { contact })
    }
}

fn act(calls: &mut Calls<'_>, input: &mut Map) -> Step<Value> {
    let operation = calls.operation;
    if operation.calls.is_empty() {
        fields::put_ids(calls, input)?;
        return calls.call(&operation.id, input.clone()).cloned();
    }
    // What can be said about the input alone comes before the first call.
    match operation.name() {
        "findOrCreateContact" => return contact::find_or_create(calls, input),
        "createBuyLink" => return shop::buy_link(calls, input),
        "refund" => return shop::refund(calls, input),
        "createTask" => work::due(calls.now, input)?,
        "sendMessage" => work::check_message(input)?,
        "completeTask" => work::check_task(input)?,
        _ => {}
    }
    let main = operation.calls.last().map(String::as_str).unwrap_or_default();
    if operation.property("contactId").is_none() {
        let answer = calls.send(main, input)?;
        return Ok(shop::plain(answer, if operation.name() == "findOrdersByEmail" { "orders" } else { "" }));
    }
    let contact_id = calls.contact(input, "")?;
    let mut answer = match operation.name() {
        "setFields" => contact::set_fields(calls, input)?,
        "completeTask" => work::complete_task(calls, input)?,
        "createOrUpdateDeal" => work::deal(calls, input)?,
        _ => object(calls.send(main, input)?.clone()),
    };
    put(&mut answer, "contactId", contact_id.into());
    Ok(Value::Object(answer))
}

/// Finds what is named in a list by id or by name.
fn pick<'v>(items: &'v Value, given: &str, field: &str) -> Step<&'v Value> {
    let sought = lower(given);
    let mut names = Vec::new();
    let mut found = None;
    for item in list(items) {
        let name = item["name"].as_str().unwrap_or_default();
        if item["id"] == given {
            return Ok(item);
        }
        if lower(name.trim()) == sought {
            if found.is_some() {
                return Err(bad("", field, "is the name of several; give the id"));
            }
            found = Some(item);
        }
        names.push(name);
    }
    found.ok_or_else(|| bad("", field, &no_such(given, &names)))
}

/// Says that a name doesn't exist, with those that do.
fn no_such(given: &str, names: &[&str]) -> String {
    let near = nearest(given, names.iter().copied());
    let mut problem = "is neither name nor id of one that exists".to_owned();
    if let Some(near) = near {
        problem += "; did you mean ";
        problem += near;
        problem += "?";
    } else if !names.is_empty() {
        problem += "; there are: ";
        problem += &names.get(..12).unwrap_or(names).join(", ");
    }
    problem
}

/// A wrong field, found before anything was changed.
fn bad(at: &str, field: &str, problem: &str) -> Option<Error> {
    let mut path = at.to_owned();
    path += field;
    Some(wrong(vec![FieldProblem { path, problem: problem.to_owned() }]))
}

fn wrong(fields: Vec<FieldProblem>) -> Error {
    let mut message = String::new();
    for field in &fields {
        if !message.is_empty() {
            message += "; ";
        }
        message += &field.path;
        message += " ";
        message += &field.problem;
    }
    let help = "Correct the named fields and call again; nothing was changed.";
    Error::new(Code::InvalidInput, message, help).with(|d| d.fields = fields)
}

/// Something that a field names doesn't exist.
fn missing(at: &str, field: &str, problem: &str) -> Option<Error> {
    bad(at, field, problem).map(|error| {
        error.with(|d| {
            d.code = Code::NotFound;
            d.help = "Check it, or create it first; nothing was changed.".to_owned();
        })
    })
}

/// A text that is there and not empty.
fn text(input: &Map, name: &str) -> Option<String> {
    input.get(name).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned)
}

fn object(value: Value) -> Map {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn one(name: &str, value: Value) -> Map {
    let mut map = Map::new();
    put(&mut map, name, value);
    map
}

/// Puts a value at a dotted path.
fn set(into: &mut Map, path: &str, value: Value) {
    match path.split_once('.') {
        None => put(into, path, value),
        Some((first, rest)) => {
            let mut inner = object(into.remove(first).unwrap_or_default());
            set(&mut inner, rest, value);
            put(into, first, Value::Object(inner));
        }
    }
}
