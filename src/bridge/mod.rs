//! Actions for people: each does what its name promises, with as many calls as that takes.
//!
//! An action is an entry of the catalog (`catalog/bridge/`). Most are data alone: find the contact, find the ids of what is
//! named (its `x-choices` say where), call the last operation of `calls` with the fields under their names on the `wire`.
//! What needs more than that has a function here.
//!
//! The functions are plain ones, not async: an action is told its input and the answers so far, and comes to its result or
//! to the next call. The driver makes that call and starts the action again with one answer more. It never waits, so it
//! needs no state machine, and a test needs no host. After the first failure or missing answer every further call gives
//! null and does nothing: what the action says then is not heard, so it need not look after each call.

mod bulk;
mod contact;
mod fields;
mod search;
mod shop;
mod work;

use crate::json::{Map, ToJson, Value, put};
use crate::text::lower;
use crate::{
    catalog::{self, Operation, Service, nearest},
    error::{Code, Error, FieldProblem, Result},
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
pub async fn run(sync: &Sync<'_>, id: &str, input: Value) -> Result<Value> {
    let client = &sync.client;
    let operation = catalog::find(id)?;
    let mut input = input;
    let mut own = None;
    if operation.service() == Service::Bridge || is_safe_write(&operation) || seeks_custom(&operation, &input) {
        let location = client.connection.highlevel.as_ref().map(|account| account.location_id.as_str());
        own = Some(operation.accept(input.take(), location)?);
    }
    let now = client.effects.now();
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
        let answer = match call.as_str() {
            FIELDS | RELOAD => {
                let age = if call == RELOAD { 0 } else { RELOAD_MS };
                sync.fields(age, &mut Vec::new()).await.map(|fields| Value::Array(fields.list))
            }
            _ => client.run(&call, input).await,
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
    let mut calls = Calls { operation, now, answers, next: 0, wanted: None, error: None, notes, done };
    let mut answer = act(&mut calls, &mut input.clone());
    if let Some((call, input)) = calls.wanted {
        return Ok(Next::Call(call, input));
    }
    if let Some(error) = calls.error.take() {
        return Err(explained(error, calls));
    }
    if let Some(object) = answer.as_object_mut()
        && object.contains_key("contactId")
    {
        put(object, "notes", calls.notes.to_json());
    }
    Ok(Next::Done(answer))
}

/// An error in the words of the action: its fields, which of its calls it was, what was done before.
fn explained(error: Error, calls: Calls<'_>) -> Error {
    let operation = calls.operation;
    error.with(|d| {
        for field in &mut d.fields {
            if let Some((name, _)) = operation.properties().find(|(name, _)| operation.wire_name(name) == field.path) {
                field.path.clone_from(name);
            } else if operation.name() == "setFields" && operation.property(&field.path).is_none() {
                field.path = "fields.".to_owned() + field.path.trim_start_matches("fields.");
            }
        }
        if let Some(mut inner) = d.operation.take().filter(|inner| *inner != operation.id) {
            if let Some(cause) = &d.cause {
                inner += ": ";
                inner += cause;
            }
            d.cause = Some(inner);
        }
        d.operation = Some(operation.id.clone());
        d.notes = calls.done;
        d.notes.extend(calls.notes);
    })
}

/// The location's custom fields as the store has them, and as they are now.
const FIELDS: &str = "fields";
const RELOAD: &str = "fields again";

/// The answers so far, and the call that is wanted next.
struct Calls<'a> {
    operation: &'a Operation,
    now: u64,
    answers: &'a [Result<Value>],
    next: usize,
    /// Stops the action: the answer of this call is missing yet.
    wanted: Option<(String, Map)>,
    /// Stops the action.
    error: Option<Error>,
    /// What the caller should know of the result.
    notes: Vec<String>,
    /// What the caller should know of an error: the writes so far.
    done: Vec<String>,
}

impl<'a> Calls<'a> {
    fn stopped(&self) -> bool {
        self.wanted.is_some() || self.error.is_some()
    }

    /// One call, whose failure the action may know a way out of.
    fn attempt(&mut self, id: &str, input: Map) -> &'a Result<Value> {
        if !self.stopped() {
            if let Some(answer) = self.answers.get(self.next) {
                self.next += 1;
                return answer;
            }
            self.wanted = Some((id.to_owned(), input));
        }
        &Ok(Value::Null)
    }

    /// One call that must succeed.
    fn call(&mut self, id: &str, input: Map) -> &'a Value {
        match self.attempt(id, input) {
            Ok(answer) => answer,
            Err(error) => {
                self.fail(error.clone());
                &Value::Null
            }
        }
    }

    fn fail(&mut self, error: Error) {
        if !self.stopped() {
            self.error = Some(error);
        }
    }

    /// A wrong field, found before anything was changed.
    fn bad(&mut self, at: &str, field: &str, problem: &str) {
        self.wrong(vec![FieldProblem { path: at.to_owned() + field, problem: problem.to_owned() }]);
    }

    /// Something that a field names doesn't exist.
    fn missing(&mut self, at: &str, field: &str, problem: &str) {
        if !self.stopped() {
            self.bad(at, field, problem);
            self.error = self.error.take().map(|error| error.with(|d| d.code = Code::NotFound));
        }
    }

    fn wrong(&mut self, fields: Vec<FieldProblem>) {
        let mut message = String::new();
        for field in &fields {
            if !message.is_empty() {
                message += "; ";
            }
            message += &field.path;
            message += " ";
            message += &field.problem;
        }
        let help = "Correct what is named and call again; nothing was changed.";
        self.fail(Error::new(Code::InvalidInput, message, help).with(|d| d.fields = fields));
    }

    fn note(&mut self, text: &str, what: &str) {
        self.notes.push(text.to_owned() + what);
    }

    fn done(&mut self, text: &str, what: &str) {
        if !self.stopped() {
            self.done.push(text.to_owned() + what);
        }
    }

    /// Calls an operation with the fields of the action: ids in place of names, and as they are called on the wire.
    fn send(&mut self, id: &str, input: &mut Map) -> &'a Value {
        let body = self.worded(input);
        self.call(id, body)
    }

    /// The fields of the action with ids in place of names, and as they are called on the wire.
    fn worded(&mut self, input: &mut Map) -> Map {
        for (name, property) in self.operation.properties() {
            let choices = &property["x-choices"];
            let list = choices["operation"].as_str().unwrap_or_default();
            let given = text(input, name);
            let ours = self.operation.calls.iter().any(|call| call == list);
            if ours && !given.is_empty() && choices["where"].is_null() {
                let items = &self.call(list, Map::new())[choices["items"].as_str().unwrap_or_default()];
                put(input, name, self.pick(items, &given, name)["id"].clone());
            }
        }
        let mut body = Map::new();
        for (name, value) in input.iter() {
            set(&mut body, self.operation.wire_name(name), value.clone());
        }
        body
    }

    /// The contact that an action is about: by id, else by e-mail. Never by phone. Leaves `contactId` alone in the input.
    fn contact(&mut self, input: &mut Map, at: &str) -> String {
        let mut id = text(input, "contactId");
        let email = text(input, "email");
        input.remove("email");
        if id.is_empty() {
            if email.is_empty() {
                self.bad(at, "contactId", "or email is required");
            }
            match self.by_email(&email)["id"].as_str() {
                Some(found) => id = found.to_owned(),
                None => self.missing(at, "email", "is the address of no contact"),
            }
            put(input, "contactId", id.as_str().into());
        }
        id
    }

    /// The contact with exactly this address, or null. GHL's search index lags, its duplicate check doesn't.
    fn by_email(&mut self, email: &str) -> &'a Value {
        let contact = &self.call("ghl.contacts.getDuplicateContact", one("email", email.into()))["contact"];
        let is_other = contact["email"].as_str().is_some_and(|found| lower(found.trim()) != lower(email));
        if is_other { &Value::Null } else { contact }
    }

    /// Finds what is named in a list by id or by name.
    fn pick<'v>(&mut self, items: &'v Value, given: &str, field: &str) -> &'v Value {
        let sought = lower(given);
        let mut names = Vec::new();
        let mut found = Vec::new();
        for item in items.items() {
            let name = item["name"].as_str().unwrap_or_default();
            if item["id"] == given {
                return item;
            }
            if lower(name.trim()) == sought {
                found.push(item);
            }
            names.push(name);
        }
        match found[..] {
            [one] => return one,
            [] => self.bad("", field, &no_such(given, &names)),
            _ => self.bad("", field, SEVERAL),
        }
        &Value::Null
    }
}

/// The operations that write a whole contact.
fn is_safe_write(operation: &Operation) -> bool {
    operation.id.starts_with("ghl.contacts.") && operation.property("customFields").is_some()
}

/// A search for contacts by custom fields: the service knows only their ids.
fn seeks_custom(operation: &Operation, input: &Value) -> bool {
    operation.id == "ghl.contacts.searchContactsAdvanced" && input.get("filters").is_some_and(search::are_sought)
}

const SEVERAL: &str = "is the name of several; give the id";

fn act(calls: &mut Calls<'_>, input: &mut Map) -> Value {
    let operation = calls.operation;
    if operation.calls.is_empty() {
        if is_safe_write(operation) {
            return contact::write_given(calls, input);
        }
        search::put_sought(calls, input);
        return calls.call(&operation.id, input.clone()).clone();
    }
    // What can be said about the input alone comes before the first call.
    match operation.name() {
        "findOrCreateContact" => return contact::find_or_create(calls, input),
        _ if bulk::is_one(operation) => return bulk::change(calls, input),
        "createBuyLink" => return shop::buy_link(calls, input),
        "issueRefund" => return shop::refund(calls, input),
        "createTask" => work::due(calls, input),
        "sendMessage" => work::check_message(calls, input),
        "completeTask" => work::check_task(calls, input),
        _ => {}
    }
    let main = operation.calls.last().map(String::as_str).unwrap_or_default();
    if operation.property("contactId").is_none() {
        let answer = calls.send(main, input);
        return shop::plain(answer, if operation.name() == "findOrdersByEmail" { "orders" } else { "" });
    }
    let contact_id = calls.contact(input, "");
    let mut answer = match operation.name() {
        "setFields" => contact::set_fields(calls, input),
        "completeTask" => work::complete_task(calls, input),
        "createOrUpdateDeal" => work::deal(calls, input),
        _ => object(calls.send(main, input).clone()),
    };
    put(&mut answer, "contactId", contact_id.into());
    Value::Object(answer)
}

/// Says that a name doesn't exist, with those that do.
fn no_such(given: &str, names: &[&str]) -> String {
    let mut problem = "is neither name nor id of one that exists".to_owned();
    if let Some(near) = nearest(given, names.iter().copied()) {
        problem += "; did you mean ";
        problem += near;
        problem += "?";
    } else if !names.is_empty() {
        problem += "; there are: ";
        problem += &names.get(..12).unwrap_or(names).join(", ");
    }
    problem
}

/// A text, empty where there is none.
fn text(input: &Map, name: &str) -> String {
    input.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

fn object(value: Value) -> Map {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
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
