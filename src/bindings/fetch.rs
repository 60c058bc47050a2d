//! The short named exports for hosts that want the bare wasm module: promises over gloo-net.
//!
//! `connection` is the options of `createPlugin`; it may carry a `store` with `get`, `list` and `commit`. Without one the
//! ledger lives in the instance's memory, and a restart forgets it.

use std::{cell::RefCell, collections::VecDeque};

use gloo_net::http::{Headers, Method, RequestBuilder, Response as HttpResponse};
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, prelude::*};
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::js::{error_to_js, from_js, to_js};
use crate::json::{Value, json};
use crate::{
    effects::{Answer, Effect, Entry, Level, Outgoing, Reply, Step, StepInput, Write},
    http::{Failure, Request, Response},
    plugin::Plugin,
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
    #[wasm_bindgen(js_namespace = Math, js_name = random)]
    fn math_random() -> f64;
    #[wasm_bindgen(js_name = fetch)]
    fn host_fetch(request: &web_sys::Request) -> Promise;
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, ms: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    fn console_warn(line: &str);
}

/// Larger answers are refused: no operation has a use for them.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

#[derive(Default)]
struct Memory {
    version: u64,
    /// In byte order of the keys.
    entries: Vec<Entry>,
}

/// Declares the named exports: JavaScript name, Rust name, method, operation.
macro_rules! operations {
    ($($doc:literal $js:ident $name:ident $operation:literal;)*) => {$(
        #[doc = $doc]
        #[wasm_bindgen(js_name = $js)]
        pub fn $name(connection: JsValue, input: JsValue) -> Promise {
            start(connection, "run", Some($operation), input, Vec::new())
        }
    )*};
}

operations! {
    "Creates a contact."
    createContact create_contact "ghl.contacts.createContact";
    "Changes a contact."
    updateContact update_contact "ghl.contacts.updateContact";
    "Creates or changes a contact, by the location's own rules for duplicates."
    upsertContact upsert_contact "ghl.contacts.upsertContact";
    "Reads a contact by id."
    getContact get_contact "ghl.contacts.getContact";
    "Finds a contact by e-mail address or phone."
    findContact find_contact "ghl.contacts.getDuplicateContact";
    "Adds tags: `{ contactId, tags }`."
    addTag add_tag "ghl.contacts.addTags";
    "Removes tags: `{ contactId, tags }`."
    removeTag remove_tag "ghl.contacts.removeTags";
    "Creates a task."
    createTask create_task "ghl.contacts.createTask";
    "Completes a task (or reopens it): `{ contactId, taskId, completed }`."
    completeTask complete_task "ghl.contacts.updateTaskCompleted";
    "Creates a note."
    createNote create_note "ghl.contacts.createNote";
    "Lists a contact's appointments."
    listAppointments list_appointments "ghl.contacts.getAppointmentsForContact";
}

/// Receives a Digistore24 message: `{ method, body }`, the body as text or bytes. Gives `{ response, events, outcome }`.
#[wasm_bindgen(js_name = receiveIpn)]
pub fn receive_ipn(connection: JsValue, input: JsValue) -> Promise {
    receive(connection, input, "digistore24")
}

/// Receives an event of HighLevel: `{ method, body, signature, event? }`, or `{ service: "ghl-workflow", body, token }`.
#[wasm_bindgen(js_name = receiveWebhook)]
pub fn receive_webhook(connection: JsValue, input: JsValue) -> Promise {
    receive(connection, input, "ghl")
}

fn receive(connection: JsValue, input: JsValue, service: &str) -> Promise {
    let body = Reflect::get(&input, &"body".into()).unwrap_or(JsValue::UNDEFINED);
    let bytes = body
        .as_string()
        .map(String::into_bytes)
        .or_else(|| body.dyn_into::<js_sys::Uint8Array>().ok().map(|b| b.to_vec()));
    let request = js_sys::Object::new();
    for (name, usual) in [("method", "POST"), ("service", service), ("signature", ""), ("token", ""), ("event", "")] {
        let given = Reflect::get(&input, &name.into()).ok().and_then(|value| value.as_string());
        if let Some(value) = given.or((!usual.is_empty()).then(|| usual.to_owned())) {
            let _ = Reflect::set(&request, &name.into(), &value.into());
        }
    }
    start(connection, "receive", None, request.into(), bytes.unwrap_or_default())
}

/// What is new since the last time: `{ trigger, cursor?, input?, maxRequests? }`. Gives `{ events, cursor, done }`.
#[wasm_bindgen(js_name = poll)]
pub fn poll(connection: JsValue, input: JsValue) -> Promise {
    start(connection, "poll", None, input, Vec::new())
}

/// What would be done for an event; makes no call.
#[wasm_bindgen(js_name = planSync)]
pub fn plan_sync(connection: JsValue, event: JsValue) -> Promise {
    start(connection, "sync.plan", None, event, Vec::new())
}

/// Carries out an event.
#[wasm_bindgen(js_name = applySync)]
pub fn apply_sync(connection: JsValue, event: JsValue) -> Promise {
    start(connection, "sync.apply", None, event, Vec::new())
}

/// One promise for all exports: an `async` export each would repeat the machinery.
fn start(
    connection: JsValue,
    method: &'static str,
    operation: Option<&'static str>,
    input: JsValue,
    body: Vec<u8>,
) -> Promise {
    future_to_promise(async move {
        let input = from_js(&input)?;
        let args = match operation {
            Some(id) => json!([id, input]),
            // Its arguments stand in one object.
            None if method == "poll" => poll_arguments(input),
            None => json!([input]),
        };
        drive(connection, method, args, body).await
    })
}

fn poll_arguments(mut input: Value) -> Value {
    let mut named = |name: &str| input.as_object_mut().and_then(|fields| fields.remove(name)).unwrap_or_default();
    let (trigger, cursor) = (named("trigger"), named("cursor"));
    json!([trigger, cursor, input])
}

async fn drive(connection: JsValue, method: &str, args: Value, body: Vec<u8>) -> Result<JsValue, JsValue> {
    let store = Reflect::get(&connection, &"store".into()).ok().filter(|s| s.is_object());
    let options = from_js(&without_store(&connection)?)?;
    let plugin = Plugin::new(options).map_err(|e| error_to_js(&e))?;
    let mut task = plugin.start(method, &args.to_string(), body);
    let mut queue: VecDeque<Outgoing> = VecDeque::new();
    let mut answers = Vec::new();
    loop {
        let input = StepInput {
            now: date_now() as u64,
            seed: (math_random() * f64::from(u32::MAX)) as u32,
            answers: std::mem::take(&mut answers),
        };
        match task.step(input) {
            Step::Done(text) => return js_sys::JSON::parse(&text),
            Step::Failed(error) => return Err(error_to_js(&error)),
            Step::Effects(effects) => queue.extend(effects),
        }
        // One at a time is enough: the core asks for one thing at a time.
        while let Some(outgoing) = queue.pop_front() {
            if let Some(result) = perform(outgoing.effect, &plugin, store.as_ref()).await {
                answers.push(Answer { id: outgoing.id, result });
                break;
            }
        }
    }
}

/// The options without the parts that are no data.
fn without_store(connection: &JsValue) -> Result<JsValue, JsValue> {
    let copy = js_sys::Object::assign(&js_sys::Object::new(), &js_sys::Object::from(connection.clone()));
    Reflect::delete_property(&copy, &"store".into())?;
    Ok(copy.into())
}

async fn perform(effect: Effect, plugin: &Plugin, store: Option<&JsValue>) -> Option<Reply> {
    Some(match effect {
        Effect::Http(request) if !plugin.allows(&request.url) => Reply::HttpError { reason: Failure::Refused },
        Effect::Http(request) => match send(request).await {
            Ok(response) => Reply::Http(response),
            Err(reason) => Reply::HttpError { reason },
        },
        Effect::Sleep { ms } => {
            let promise = Promise::new(&mut |resolve, _| {
                set_timeout(&resolve, ms as f64);
            });
            let _ = JsFuture::from(promise).await;
            Reply::Slept
        }
        Effect::Log { level, message, fields } => {
            if matches!(level, Level::Debug | Level::Info) {
                return None;
            }
            console_warn(&format!("ghl-digistore24: {message} {}", Value::Object(fields)));
            return None;
        }
        // Berlin is what the core knows by itself.
        Effect::Zone { .. } => Reply::Offset(None),
        // Nobody listens here.
        Effect::Event(_) => return None,
        storage => match store {
            Some(store) => in_host(store, storage).await,
            None => MEMORY.with_borrow_mut(|memory| memory.answer(storage)),
        },
    })
}

async fn send(request: Request) -> Result<Response, Failure> {
    // None of the named exports carries files; one that did would lose them here.
    if request.binary || !request.parts.is_empty() {
        return Err(Failure::Refused);
    }
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers.set(name, value);
    }
    let abort = web_sys::AbortController::new().map_err(|_| Failure::Refused)?;
    let stop = abort.clone();
    let on_timeout = Closure::once_into_js(move || stop.abort());
    let timer = set_timeout(on_timeout.unchecked_ref(), request.timeout_ms as f64);
    let method = match request.method.as_str() {
        "GET" => Method::GET,
        "PUT" => Method::PUT,
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        _ => Method::POST,
    };
    let builder = RequestBuilder::new(&request.url)
        .method(method)
        .headers(headers)
        // A redirect would carry the token to another address.
        .redirect(web_sys::RequestRedirect::Manual)
        .abort_signal(Some(&abort.signal()));
    let built = match request.body {
        Some(body) => builder.body(body),
        None => builder.build(),
    };
    let result = async {
        let request: web_sys::Request = built.map_err(|_| Failure::Refused)?.into();
        let answer = JsFuture::from(host_fetch(&request)).await.map_err(|e| failure_of(&e))?;
        let response: HttpResponse = answer.dyn_into::<web_sys::Response>().map_err(|_| Failure::Lost)?.into();
        let headers = response.headers().entries().collect();
        let body = response.text().await.map_err(|_| Failure::Lost)?;
        if body.len() > MAX_ANSWER_BYTES {
            return Err(Failure::Oversize);
        }
        Ok(Response { status: response.status(), headers, body })
    }
    .await;
    clear_timeout(&timer);
    if result.is_err() && abort.signal().aborted() { Err(Failure::Timeout) } else { result }
}

/// Whether the connection was certainly never made: Node tells it in `error.cause.code`, browsers don't tell.
fn failure_of(error: &JsValue) -> Failure {
    let field = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED);
    let code = field(&field(error, "cause"), "code").as_string().unwrap_or_default();
    let never_made =
        ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"];
    if never_made.contains(&code.as_str()) { Failure::Refused } else { Failure::Lost }
}

/// Asks the host's store: `get(keys)`, `list({ prefix, after, limit })`, `commit(writes)`, each a promise.
async fn in_host(store: &JsValue, effect: Effect) -> Reply {
    let sent = Outgoing { id: 0, effect }.to_value();
    let (method, argument) = match sent.text_of("kind") {
        Some("get") => ("get", to_js(sent.get("keys").unwrap_or(&Value::Null))),
        Some("list") => ("list", to_js(&sent)),
        Some("commit") => ("commit", to_js(sent.get("writes").unwrap_or(&Value::Null))),
        _ => return Reply::StoreError { message: "not an effect of the store".into() },
    };
    let call = async {
        let function: Function = Reflect::get(store, &method.into())?.dyn_into()?;
        // A store may answer at once or with a promise.
        JsFuture::from(Promise::resolve(&function.call1(store, &argument)?)).await
    };
    let failed = |_| Reply::StoreError { message: format!("store.{method} failed") };
    let Ok(value) = call.await else { return failed(JsValue::NULL) };
    match from_js(&value) {
        Ok(Value::Object(mut answer)) => {
            answer.insert("kind".to_owned(), (if method == "commit" { "committed" } else { "values" }).into());
            Reply::from_value(Value::Object(answer))
        }
        _ => failed(JsValue::NULL),
    }
}

impl Memory {
    fn find(&self, key: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|e| e.key.as_str().cmp(key))
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        self.find(key).ok().and_then(|i| self.entries.get(i))
    }

    fn answer(&mut self, effect: Effect) -> Reply {
        let now = date_now() as u64;
        match effect {
            Effect::Get { keys } => {
                Reply::Values { entries: keys.iter().filter_map(|k| self.entry(k)).cloned().collect(), now }
            }
            Effect::List { prefix, after, limit } => {
                let later = |e: &&Entry| e.key.starts_with(&prefix) && after.as_ref().is_none_or(|a| e.key > *a);
                Reply::Values {
                    entries: self.entries.iter().filter(later).take(limit as usize).cloned().collect(),
                    now,
                }
            }
            Effect::Commit { writes } => {
                let version = |key: &str| self.entry(key).map(|e| e.version).unwrap_or_default();
                let ok = writes.iter().all(|w| w.expect.is_none_or(|e| e == version(&w.key)));
                if ok {
                    self.version += 1;
                    writes.into_iter().for_each(|w| self.write(w));
                }
                Reply::Committed { ok, version: self.version, now }
            }
            _ => Reply::StoreError { message: "not an effect of the store".into() },
        }
    }

    fn write(&mut self, write: Write) {
        let place = self.find(&write.key);
        if let Ok(index) = place {
            self.entries.remove(index);
        }
        if let Some(value) = write.value {
            let index = place.unwrap_or_else(|index| index);
            self.entries.insert(index, Entry { key: write.key, value, version: self.version });
        }
    }
}
