//! Actions for people: each does what its name promises, with as many calls as that takes.
//!
//! An action is an entry of the catalog (`catalog/bridge/`). Most are data alone: find the contact, find the ids of what is
//! named (its `x-choices` say where), call the last operation of `calls` with the fields under their names on the `wire`.
//! What needs more than that has a function here.

mod contact;
mod fields;
mod shop;
mod work;

use std::{cell::RefCell, pin::Pin};

use crate::json::{Json, Map, ToJson, Value, json, put};
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
    let bridge = Bridge { effects, connection, sync, notes: RefCell::default(), done: RefCell::default() };
    if operation.service() != Service::Bridge {
        let input = bridge.with_field_ids(&operation, input).await?;
        return bridge.call(id, input).await;
    }
    let result = match operation.accept(input, None) {
        Ok(input) => bridge.act(&operation, input).await,
        Err(error) => Err(error),
    };
    let notes = bridge.notes.take();
    match result {
        Ok(mut answer) => {
            if let Some(object) = answer.as_object_mut().filter(|object| object.contains_key("contactId")) {
                put(object, "notes", notes.to_json());
            }
            Ok(answer)
        }
        Err(error) => Err(error.with(|d| {
            // Which of its calls it was.
            if let Some(inner) = d.operation.take().filter(|inner| inner != id) {
                d.cause = Some(d.cause.take().map_or(inner.clone(), |cause| format!("{inner}: {cause}")));
            }
            d.operation = Some(id.to_owned());
            d.notes = bridge.done.take();
            d.notes.extend(notes);
        })),
    }
}

/// One action under way.
struct Bridge<'a> {
    effects: &'a Effects,
    connection: &'a Connection,
    sync: Result<Sync<'a>>,
    /// What the caller should know of the result.
    notes: RefCell<Vec<String>>,
    /// What the caller should know of an error: the writes so far.
    done: RefCell<Vec<String>>,
}

impl<'a> Bridge<'a> {
    /// One call. In a box, so that each action's own state stays small.
    fn call<'b>(&'b self, id: &'b str, input: Value) -> Pin<Box<dyn Future<Output = Result<Value>> + 'b>> {
        Box::pin(client::run(self.effects, self.connection, id, input))
    }

    fn sync(&self) -> Result<&Sync<'a>> {
        self.sync.as_ref().map_err(Error::clone)
    }

    fn note(&self, text: String) {
        self.notes.borrow_mut().push(text);
    }

    fn done(&self, text: String) {
        self.done.borrow_mut().push(text);
    }

    async fn act(&self, operation: &Operation, mut input: Map) -> Result<Value> {
        let last = operation.calls.last().map(String::as_str).unwrap_or_default();
        // What can be said about the input alone comes before the first call.
        match operation.name() {
            "syncEvent" => {
                let event = input.remove("event").unwrap_or_default();
                return Ok(self.sync()?.apply(&params_of(&event)?).await?.to_json());
            }
            "customerTimeline" => {
                let whom = Whom::from_json(Value::Object(input)).unwrap_or_default();
                return self.sync()?.timeline(&whom).await;
            }
            "findOrCreateContact" => return self.find_or_create(input).await,
            "createBuyLink" => return self.buy_link(operation, last, input).await,
            "refund" => return self.refund(operation, input).await,
            "createTask" => self.due(&mut input)?,
            "sendMessage" => work::check_message(&mut input)?,
            "completeTask" if !input.contains_key("taskId") && !input.contains_key("title") => {
                return Err(Error::invalid_field("taskId", "or title is required"));
            }
            _ => {}
        }
        if operation.property("contactId").is_none() {
            let answer = self.send(operation, last, input).await?;
            return Ok(match operation.name() {
                "findOrdersByEmail" => shop::plain_list("orders", answer),
                _ => shop::plain(answer),
            });
        }
        let contact_id = self.contact(&mut input).await?;
        let answer = match operation.name() {
            "setFields" => self.set_fields(&contact_id, input).await?,
            "completeTask" => self.complete_task(operation, &contact_id, input).await?,
            "createOrUpdateDeal" => self.deal(operation, &contact_id, input).await?,
            _ => self.send(operation, last, input).await?,
        };
        let mut answer = object(answer);
        put(&mut answer, "contactId", contact_id.into());
        Ok(Value::Object(answer))
    }

    /// Calls an operation with the fields of an action: ids in place of names, and as they are called on the wire.
    async fn send(&self, operation: &Operation, id: &str, mut input: Map) -> Result<Value> {
        for (name, property) in operation.properties() {
            let choices = &property["x-choices"];
            let list = choices["operation"].as_str().unwrap_or_default();
            let Some(given) = input.get(name).and_then(Value::as_str).map(str::to_owned) else { continue };
            if operation.calls.iter().any(|call| call == list) && choices["where"].is_null() {
                let answer = self.call(list, json!({})).await?;
                let found = pick(&answer, choices["items"].as_str().unwrap_or_default(), &given, name)?;
                put(&mut input, name, found["id"].clone());
            }
        }
        let mut body = Map::new();
        for (name, value) in input {
            set(&mut body, operation.wire_name(&name), value);
        }
        self.call(id, Value::Object(body)).await.map_err(|error| named_as(error, operation))
    }

    /// The contact that an action is about: by id, else by e-mail. Never by phone. Leaves `contactId` alone in the input.
    async fn contact(&self, input: &mut Map) -> Result<String> {
        let email = input.remove("email");
        let id = match (text(input, "contactId"), email.as_ref().and_then(Value::as_str)) {
            (Some(id), _) => id,
            (None, None) => return Err(Error::invalid_field("contactId", "or email is required")),
            (None, Some(email)) => {
                let found = self.by_email(email).await?;
                found.as_ref().and_then(|contact| contact["id"].as_str()).map(str::to_owned).ok_or_else(|| {
                    Error::new(
                        Code::NotFound,
                        "no contact has this e-mail address",
                        "Check the address, or let bridge.findOrCreateContact create the contact first.",
                    )
                    .with(|d| d.fields = vec![wrong("email", "is the address of no contact")])
                })?
            }
        };
        put(input, "contactId", id.as_str().into());
        Ok(id)
    }

    /// The contact with exactly this address. GHL's search index lags, its duplicate check doesn't.
    async fn by_email(&self, email: &str) -> Result<Option<Value>> {
        let answer = self.call("ghl.contacts.getDuplicateContact", json!({ "email": email.trim() })).await?;
        let same = |contact: &&Value| {
            contact["id"].is_string() && contact["email"].as_str().is_none_or(|e| lower(e.trim()) == lower(email.trim()))
        };
        Ok(answer.get("contact").filter(same).cloned())
    }
}

/// Finds what is named in a list by id or by name.
fn pick<'v>(answer: &'v Value, items: &str, given: &str, field: &str) -> Result<&'v Value> {
    let items = answer[items].as_array().map_or(&[][..], Vec::as_slice);
    if let Some(found) = items.iter().find(|item| item["id"] == given) {
        return Ok(found);
    }
    let sought = lower(given.trim());
    let mut names = Vec::new();
    let mut found = Vec::new();
    for item in items {
        let name = item["name"].as_str().unwrap_or_default();
        if lower(name.trim()) == sought {
            found.push(item);
        }
        names.push(name);
    }
    match found[..] {
        [one] => Ok(one),
        [] => Err(unknown(field, "is neither name nor id of one that exists", given, &names)),
        _ => Err(nothing_done(Error::invalid_field(field, "is the name of several; give the id"))),
    }
}

/// An error for a name that doesn't exist, with those that do.
fn unknown(field: &str, problem: &str, given: &str, names: &[&str]) -> Error {
    const SHOWN: usize = 12;
    let near = nearest(given, names.iter().copied()).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    let some: Vec<&str> = names.iter().take(SHOWN).copied().collect();
    let known = if near.is_empty() && !some.is_empty() { format!("; there are: {}", some.join(", ")) } else { near };
    nothing_done(Error::invalid_field(field, format!("{problem}{known}")))
}

fn nothing_done(error: Error) -> Error {
    error.with(|d| d.help = "Correct the named fields and call again; nothing was changed.".into())
}

fn wrong(path: impl Into<String>, problem: &str) -> FieldProblem {
    FieldProblem { path: path.into(), problem: problem.to_owned() }
}

/// Fields by the names that the caller knows.
fn named_as(error: Error, operation: &Operation) -> Error {
    error.with(|d| {
        for field in &mut d.fields {
            let own = operation.properties().find(|(name, _)| operation.wire_name(name) == field.path);
            if let Some((name, _)) = own {
                field.path.clone_from(name);
            }
        }
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
