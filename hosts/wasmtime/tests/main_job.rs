//! The component does the main job in wasmtime, against the sandbox: a signed message in; contact, note, tags and task out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]
#![allow(clippy::result_large_err, reason = "errors are the component's records as they are")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use ghl_digistore24_wasmtime::wit::exports::ghl_digistore24::plugin::{
    actions::CallOptions,
    catalog::Filter,
    effects::{StoreCommit, StoreRange, StoreValues, StoreWrite},
    triggers::Webhook,
    types::{Error, ErrorCode},
};
use ghl_digistore24_wasmtime::{Host, Memory, Storage};
use serde_json::{Value, json};
use wasmtime::Engine;
use wasmtime::component::{Component, ResourceAny};

const PASSPHRASE: &str = "a-passphrase-for-tests";

/// Both services, simulated by the checkout's own sandbox in a process of its own. It ends when its input does: also where
/// this process is killed.
struct Sandbox {
    process: Child,
    url: String,
    options: Value,
}

impl Sandbox {
    fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandbox.mjs");
        let mut process = Command::new("node")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Node and a built checkout (npm run build)");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).expect("the sandbox's addresses as JSON");
        Self { process, url: started["url"].as_str().unwrap().to_owned(), options: started["options"].clone() }
    }

    fn get(&self, path: &str) -> Value {
        let text = ureq::get(format!("{}/_sandbox/{path}", self.url)).call().unwrap().body_mut().read_to_string();
        serde_json::from_str(&text.unwrap()).unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let answer = ureq::post(format!("{}/_sandbox/{path}", self.url)).send(body.to_string());
        serde_json::from_str(&answer.unwrap().body_mut().read_to_string().unwrap()).unwrap()
    }

    /// Lets something happen to an order, or to a new one; gives the order and the message as it would be posted.
    fn message(&self, event: &str, order: Option<&str>, passphrase: &str) -> (String, String) {
        let mut request = json!({ "event": event, "passphrase": passphrase });
        if let Some(order) = order {
            request["order"] = order.into();
        }
        let made = self.post("ipn", &request);
        let fields = made["message"].as_object().unwrap();
        let form: Vec<String> =
            fields.iter().map(|(k, v)| format!("{}={}", escaped(k), escaped(v.as_str().unwrap()))).collect();
        (made["orderId"].as_str().unwrap().to_owned(), form.join("&"))
    }

    /// How many requests the services got.
    fn requests(&self) -> usize {
        self.get("requests").as_array().unwrap().len()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// A store on a disk that is full.
struct Full;

impl Storage for Full {
    fn get(&mut self, _: &[String]) -> Result<StoreValues, String> {
        Ok(StoreValues { entries: Vec::new(), now: 1 })
    }

    fn list(&mut self, _: &StoreRange) -> Result<StoreValues, String> {
        self.get(&[])
    }

    fn commit(&mut self, _: Vec<StoreWrite>) -> Result<StoreCommit, String> {
        Err("no space left on device".to_owned())
    }
}

/// A host with an open connection, and its calls by name.
struct Session {
    host: Host,
    connection: ResourceAny,
}

impl Session {
    fn open(options: &Value) -> Self {
        Self::with(options, Box::new(Memory::default()))
    }

    fn with(options: &Value, storage: Box<dyn Storage>) -> Self {
        let mut host = Host::new(&COMPONENT, storage).unwrap();
        let connections = host.plugin.ghl_digistore24_plugin_connections().connection();
        let connection = connections.call_open(&mut host.store, &options.to_string()).unwrap().unwrap();
        Self { host, connection }
    }

    fn finish(&mut self, task: ResourceAny) -> Result<Value, Error> {
        self.host.finish(self.connection, task).unwrap().map(|json| serde_json::from_str(&json).unwrap())
    }

    fn setup(&mut self) -> Result<Value, Error> {
        let Host { plugin, store, .. } = &mut self.host;
        let task = plugin.ghl_digistore24_plugin_sync().call_setup(store, self.connection).unwrap();
        self.finish(task)
    }

    fn receive(&mut self, form: &str) -> Value {
        let webhook = Webhook {
            method: "POST".to_owned(),
            service: "digistore24".to_owned(),
            connection: None,
            token: None,
            signature: None,
            event: None,
            split_items: false,
        };
        let Host { plugin, store, .. } = &mut self.host;
        let triggers = plugin.ghl_digistore24_plugin_triggers();
        let task = triggers.call_receive(store, self.connection, &webhook, form.as_bytes()).unwrap();
        self.finish(task).unwrap()
    }

    fn tick(&mut self) -> Value {
        let Host { plugin, store, .. } = &mut self.host;
        let task = plugin.ghl_digistore24_plugin_sync().call_tick(store, self.connection, None).unwrap();
        self.finish(task).unwrap()
    }

    fn run(&mut self, id: &str, input: &Value) -> Result<Value, Error> {
        let options = CallOptions { background: false, deadline_ms: Some(2_000) };
        let Host { plugin, store, .. } = &mut self.host;
        let actions = plugin.ghl_digistore24_plugin_actions();
        let task = actions.call_run(store, self.connection, id, &input.to_string(), options).unwrap();
        self.finish(task)
    }
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Compiled once for all tests.
static COMPONENT: LazyLock<Component> = LazyLock::new(|| {
    let path = checkout().join("pkg/component/ghl_digistore24.wasm");
    Component::from_file(&Engine::default(), path).expect("the component (npm run build:component)")
});

/// As in a form, every byte that might mean something.
fn escaped(text: &str) -> String {
    let escape =
        |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(escape).collect()
}

#[test]
fn does_the_main_job() {
    let sandbox = Sandbox::start();
    let mut session = Session::open(&sandbox.options);
    session.setup().unwrap();

    let (order, paid) = sandbox.message("on_payment", None, PASSPHRASE);
    let answer = session.receive(&paid);
    assert_eq!(answer["response"]["status"], 200);
    assert_eq!(answer["response"]["body"], "OK");
    session.tick();
    let (_, missed) = sandbox.message("on_payment_missed", Some(&order), PASSPHRASE);
    session.receive(&missed);
    session.tick();

    let state = sandbox.get("state");
    let [contact] = state["contacts"].as_array().unwrap().as_slice() else { panic!("not one contact: {state}") };
    let tags = contact["tags"].as_array().unwrap();
    assert!(tags.contains(&"ds24-customer".into()) && tags.contains(&"ds24-paused".into()), "{tags:?}");
    assert_eq!(contact["notes"].as_array().unwrap().len(), 1);
    assert_eq!(contact["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(contact["fields"]["contact.ds24_order_id"], order.as_str());

    let before = sandbox.requests();
    for repeated in [&paid, &missed] {
        assert_eq!(session.receive(repeated)["response"]["body"], "OK");
        assert_eq!(session.tick()["done"], true);
    }
    assert_eq!(sandbox.requests(), before, "a repeat makes no call");

    // Bodies of DELETE, too.
    let id = contact["id"].as_str().unwrap();
    session.run("ghl.contacts.removeTags", &json!({ "contactId": id, "tags": ["ds24-paused"] })).unwrap();
    assert!(!sandbox.get("state")["contacts"][0]["tags"].as_array().unwrap().contains(&"ds24-paused".into()));
}

#[test]
fn refuses_a_forged_message() {
    let sandbox = Sandbox::start();
    let mut session = Session::open(&sandbox.options);
    let (_, form) = sandbox.message("on_payment", None, "another passphrase");
    let answer = session.receive(&form);
    assert_eq!(answer["response"]["status"], 403);
    assert_eq!(answer["error"]["code"], "signature_invalid");
    assert_eq!(sandbox.requests(), 0);
}

#[test]
fn failures_say_what_to_do() {
    let sandbox = Sandbox::start();
    let find = json!({ "contactId": "abcdefghijklmnopqrst" });

    let mut options = sandbox.options.clone();
    options["highlevel"]["auth"]["token"] = "pit-wrong".into();
    let error = Session::open(&options).run("ghl.contacts.getContact", &find).unwrap_err();
    assert_eq!(error.code, ErrorCode::Unauthenticated);
    assert!(!error.help.is_empty() && !format!("{error:?}").contains("pit-wrong"), "{error:?}");

    // A port where nobody listens.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    options = sandbox.options.clone();
    options["highlevel"]["baseUrl"] = format!("http://127.0.0.1:{port}").into();
    let error = Session::open(&options).run("ghl.contacts.getContact", &find).unwrap_err();
    assert_eq!(error.code, ErrorCode::Unavailable);
    assert!(error.retryable && !error.help.is_empty(), "{error:?}");

    // What can't be stored is not answered with OK, so that it is sent again.
    let mut full = Session::with(&sandbox.options, Box::new(Full));
    let (_, form) = sandbox.message("on_payment", None, PASSPHRASE);
    let answer = full.receive(&form);
    assert_eq!(answer["response"]["status"], 503);
    assert_eq!(answer["error"]["code"], "storage");
    assert_eq!(answer["error"]["cause"], "no space left on device");
    assert!(answer["error"]["help"].as_str().unwrap().contains("room"));

    let error = Session::open(&sandbox.options).run("ghl.contacts.getContakt", &find).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    assert!(
        error.message.contains("ghl.contacts.getContact") || error.help.contains("ghl.contacts.getContact"),
        "{error:?}"
    );
}

#[test]
fn wrong_options_are_all_named() {
    let mut host = Host::new(&COMPONENT, Box::new(Memory::default())).unwrap();
    let connections = host.plugin.ghl_digistore24_plugin_connections().connection();
    let options = json!({ "highlevel": { "auth": { "kind": "private-integration" } }, "nonsense": 1 });
    let error = connections.call_open(&mut host.store, &options.to_string()).unwrap().unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    let paths: Vec<&str> = error.fields.iter().map(|field| field.path.as_str()).collect();
    assert!(paths.contains(&"highlevel.auth.token") && paths.contains(&"nonsense"), "{paths:?}");
}

#[test]
fn lists_the_whole_catalog() {
    let mut host = Host::new(&COMPONENT, Box::new(Memory::default())).unwrap();
    let all = Filter {
        id: Some("ghl.contacts.addTags".to_owned()),
        service: None,
        resource: None,
        kind: None,
        tier: None,
        text: None,
        brief: false,
    };
    let catalog = host.plugin.ghl_digistore24_plugin_catalog();
    let listed = catalog.call_list(&mut host.store, &all).unwrap().unwrap();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    // With what is beside the wasm elsewhere.
    assert_eq!(listed[0]["input"]["required"], json!(["contactId", "tags"]));
    assert!(listed[0]["sample"]["output"]["tags"].is_array(), "{listed}");
}
