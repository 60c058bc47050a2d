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

use crate::json::{Json, Map, ToJson, Value, put};
use crate::text::lower;
use crate::{
    catalog::{self, Operation, Service, nearest},
    client,
    effects::Effects,
    error::{Code, Error, FieldProblem, Result},
    plugin::Connection,
    sync::{Sync, Whom, params_of},
};

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
    let is_action = operation.service() == Service::Bridge;
    if !is_action && !fields::are_named(&operation, &input) {
        return client::run(effects, connection, id, input).await;
    }
    let location = connection.highlevel.as_ref().map(|account| account.location_id.as_str());
    let mut input = operation.accept(input, location)?;
    match id {
        "bridge.syncEvent" => {
            let event = input.remove("event").unwrap_or_default();
            return Ok(sync?.apply(&params_of(&event)?).await?.to_json());
        }
        "bridge.customerTimeline" => {
            return sync?.timeline(&Whom::from_json(Value::Object(input)).unwrap_or_default()).await;
        }
        _ => {}
    }
    let now = effects.now();
    let mut answers = Vec::new();
    loop {
        let mut calls = Calls {
            operation: &operation,
            now,
            answers: &answers,
            next: 0,
            wanted: None,
            notes: Vec::new(),
            done: Vec::new(),
        };
        let result = act(&mut calls, input.clone());
        let Calls { wanted, notes, done, .. } = calls;
        match (result, wanted) {
            (Err(None), Some((call, input))) => {
                let answer = match (call.as_str(), &sync) {
                    (FIELDS | RELOAD, Ok(sync)) => sync.fields(call == RELOAD).await,
                    (FIELDS | RELOAD, Err(error)) => Err(error.clone()),
                    _ => client::run(effects, connection, &call, Value::Object(input)).await,
                };
                answers.push(answer);
            }
            (Ok(mut answer), _) => {
                if let Some(object) = answer.as_object_mut()
                    && is_action
                    && object.contains_key("contactId")
                {
                    put(object, "notes", notes.to_json());
                }
                return Ok(answer);
            }
            (Err(error), _) => {
                let error = error.unwrap_or_else(|| Error::invalid_field("operation", "is not known"));
                return Err(explained(error, &operation, done, notes));
            }
        }
    }
}

/// An error in the words of the action: its fields, which of its calls it was, what was done before.
fn explained(error: Error, operation: &Operation, done: Vec<String>, notes: Vec<String>) -> Error {
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
        d.notes = done;
        d.notes.extend(notes);
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
    fn send(&mut self, id: &str, mut input: Map) -> Step<&'a Value> {
        for (name, property) in self.operation.properties() {
            let choices = &property["x-choices"];
            let Some(list) = choices["operation"].as_str() else { continue };
            let Some(given) = text(&input, name) else { continue };
            if self.operation.calls.iter().any(|call| call == list) && choices["where"].is_null() {
                let items = &self.call(list, Map::new())?[choices["items"].as_str().unwrap_or_default()];
                put(&mut input, name, pick(items, &given, name)?["id"].clone());
            }
        }
        let mut body = Map::new();
        for (name, value) in input {
            set(&mut body, self.operation.wire_name(&name), value);
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

fn act(calls: &mut Calls<'_>, mut input: Map) -> Step<Value> {
    let operation = calls.operation;
    if operation.calls.is_empty() {
        fields::put_ids(calls, &mut input)?;
        return calls.call(&operation.id, input).cloned();
    }
    // What can be said about the input alone comes before the first call.
    match operation.name() {
        "findOrCreateContact" => return contact::find_or_create(calls, input),
        "createBuyLink" => return shop::buy_link(calls, input),
        "refund" => return shop::refund(calls, input),
        "createTask" => work::due(calls.now, &mut input)?,
        "sendMessage" => work::check_message(&mut input)?,
        "completeTask" => work::check_task(&input)?,
        _ => {}
    }
    let main = operation.calls.last().map(String::as_str).unwrap_or_default();
    if operation.property("contactId").is_none() {
        let answer = calls.send(main, input)?;
        return Ok(shop::plain(answer, if operation.name() == "findOrdersByEmail" { "orders" } else { "" }));
    }
    let contact_id = calls.contact(&mut input, "")?;
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
