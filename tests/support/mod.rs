//! A world in memory for tests: a store with compare-and-set, a clock, and GHL as far as the sync uses it, with faults.

#![allow(dead_code, unused_imports, reason = "each test uses a part of it")]

mod digistore24;
mod highlevel;
mod rng;
pub mod store;

use std::collections::{BTreeMap, BTreeSet};

pub use digistore24::purchase;
pub use rng::Rng;

use ghl_digistore24::json::{Map, Set, Value, json, parse, put};
use ghl_digistore24::{
    effects::{Answer, Effect, Entry, Outgoing, Reply, Step, StepInput, Task, Write},
    highlevel::{Arrival, webhook},
    http::{Failure, Request, Response},
    plugin::Plugin,
};

/// What goes wrong. Chances in percent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// The connection is refused: nothing happens.
    pub refused: u64,
    /// The write happens, the answer is lost: at once, or after the client's patience.
    pub lost: u64,
    /// The answer is lost so, too; the write happens up to [`LATEST_MS`] after that.
    pub late: u64,
    /// Nothing arrives, and nobody says so.
    pub dropped: u64,
    /// 429 with a wait.
    pub limited: u64,
    /// 5xx, nothing happened.
    pub broken: u64,
    /// 5xx though it happened.
    pub broken_after: u64,
    /// It happened, and the answer is HTML of a proxy or cut off.
    pub garbled: u64,
    /// It happens, and the answer takes its time.
    pub slow: u64,
    /// A contact is created and the answer is 422.
    pub created_422: u64,
    /// The store fails, before or after what it was asked for.
    pub store: u64,
    /// The process dies at this effect.
    pub crash: u64,
}

/// A write takes effect less than the settle time of [`plugin_with`] after its request ended.
pub const LATEST_MS: u64 = 59_000;

#[derive(Debug, Default, Clone)]
pub struct Contact {
    pub fields: Map,
    pub custom: Map,
    pub tags: Set,
    pub notes: Vec<Value>,
    pub tasks: Vec<Value>,
    pub deals: Vec<Value>,
    pub appointments: Vec<Value>,
    pub business: Option<String>,
}

#[derive(Debug, Default)]
pub struct World {
    pub now: u64,
    pub entries: BTreeMap<String, (String, u64)>,
    pub version: u64,
    pub contacts: BTreeMap<String, Contact>,
    pub businesses: Vec<Value>,
    /// `c1 into w1`, `c1 out of w1`, in order.
    pub enrolments: Vec<String>,
    /// What was asked of Digistore24.
    pub shop: Vec<String>,
    /// Digistore24's orders by id.
    pub purchases: BTreeMap<String, Value>,
    /// What Digistore24 answers to other questions: `getEticket 700001`.
    pub answers: BTreeMap<String, Value>,
    pub requests: Vec<String>,
    /// Every change that could start a workflow, in order.
    pub triggers: Vec<String>,
    /// Every tag that came, with the contact as a workflow finds it then.
    pub snapshots: Vec<(String, Contact)>,
    /// What was written about messages, in order.
    pub journal: Vec<Write>,
    pub logs: Vec<Value>,
    pub events: Vec<Value>,
    pub faults: Faults,
    /// Writes that take effect later.
    pending: Vec<(u64, Request)>,
    ids: u64,
}

pub const FIELDS: [&str; 17] = [
    "ds24_buyer_id",
    "ds24_order_id",
    "ds24_product",
    "ds24_products",
    "ds24_status",
    "ds24_segment",
    "ds24_currency",
    "ds24_last_event",
    "ds24_newsletter",
    "ds24_phone",
    "ds24_amount",
    "ds24_earnings",
    "ds24_lifetime",
    "ds24_last_activity",
    "ds24_next_payment",
    "ds24_paid_until",
    "ds24_eticket_date",
];

/// In milliseconds.
pub const DAY: u64 = 86_400_000;

/// How a run of a task ended.
#[derive(Debug)]
pub enum End {
    Done(Value),
    Failed(Value),
    Crashed,
}

impl World {
    pub fn new() -> Self {
        Self { now: 1_795_000_000_000, ..Self::default() }
    }

    /// Drives a task to its end, or to its death.
    pub fn drive(&mut self, mut task: Task, rng: &mut Rng) -> End {
        let mut answers = Vec::new();
        for _ in 0..10_000 {
            match self.step(&mut task, &mut answers, rng) {
                Some(end) => return end,
                None => continue,
            }
        }
        panic!("the task doesn't end");
    }

    /// One step, so that several tasks can be interleaved.
    pub fn step(&mut self, task: &mut Task, answers: &mut Vec<Answer>, rng: &mut Rng) -> Option<End> {
        let input = StepInput { now: self.now, seed: rng.below(1 << 32) as u32, answers: std::mem::take(answers) };
        match task.step(input) {
            Step::Done(text) => return Some(End::Done(parse(&text).unwrap())),
            Step::Failed(error) => return Some(End::Failed(error.to_json())),
            Step::Effects(effects) => {
                for Outgoing { id, effect } in effects {
                    if rng.chance(self.faults.crash) {
                        self.die(effect, rng);
                        return Some(End::Crashed);
                    }
                    let (result, took) = self.perform(effect, rng);
                    self.advance(self.now + took);
                    answers.extend(result.map(|result| Answer { id, result }));
                }
            }
        }
        None
    }

    /// Whether the store holds anything in this room.
    pub fn holds(&self, room: &str) -> bool {
        let prefix = format!("default/loc1/{room}/");
        self.entries.range(prefix.clone()..).next().is_some_and(|(key, _)| key.starts_with(&prefix))
    }

    /// The process dies just before, just after, or while the effect is on its way.
    pub fn die(&mut self, effect: Effect, rng: &mut Rng) {
        match (rng.below(3), effect) {
            (0, _) => {}
            (1, Effect::Http(request)) => self.pending.push((self.now + rng.below(LATEST_MS), request)),
            (_, effect) => {
                self.perform(effect, rng);
            }
        }
    }

    /// Time passes; what was late takes effect.
    pub fn advance(&mut self, to: u64) {
        self.now = self.now.max(to);
        let (due, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pending).into_iter().partition(|(at, _)| *at <= self.now);
        self.pending = rest;
        for (_, request) in due {
            self.answer(&request);
        }
    }

    /// Carries an effect out. Gives the answer, and after how many milliseconds it comes.
    pub fn perform(&mut self, effect: Effect, rng: &mut Rng) -> (Option<Reply>, u64) {
        let took = 1 + rng.below(20);
        let is_store = matches!(effect, Effect::Get { .. } | Effect::List { .. } | Effect::Commit { .. });
        if is_store && rng.chance(self.faults.store) {
            if rng.chance(50) {
                self.carry_out(effect, rng);
            }
            return (Some(Reply::StoreError { message: "it fails".into() }), took);
        }
        match effect {
            Effect::Http(request) => {
                let (reply, longer) = self.http(request, rng);
                (Some(reply), took + longer)
            }
            Effect::Sleep { ms } => (Some(Reply::Slept), took + ms),
            effect => (self.carry_out(effect, rng), took),
        }
    }

    fn carry_out(&mut self, effect: Effect, rng: &mut Rng) -> Option<Reply> {
        Some(match effect {
            Effect::Http(request) => self.http(request, rng).0,
            Effect::Sleep { .. } => Reply::Slept,
            Effect::Zone { .. } => Reply::Offset(None),
            Effect::Get { keys } => Reply::Values { entries: store::get(&self.entries, &keys), now: self.now },
            Effect::List { prefix, after, limit } => {
                Reply::Values { entries: store::list(&self.entries, &prefix, after.as_ref(), limit), now: self.now }
            }
            Effect::Commit { writes } => {
                let scopes: BTreeSet<String> =
                    writes.iter().map(|w| w.key.splitn(3, '/').take(2).collect::<Vec<_>>().join("/")).collect();
                assert_eq!(scopes.len(), 1, "a commit stays within one scope");
                let told =
                    |w: &&Write| ["/inbox/", "/done/", "/kept/", "/dead/"].iter().any(|room| w.key.contains(room));
                let told: Vec<Write> = writes.iter().filter(told).cloned().collect();
                let ok = store::commit(&mut self.entries, &mut self.version, writes);
                if ok {
                    self.journal.extend(told);
                }
                Reply::Committed { ok, version: self.version, now: self.now }
            }
            Effect::Log { level, message, fields } => {
                self.logs.push(json!({ "level": format!("{level:?}"), "message": message, "fields": fields }));
                return None;
            }
            Effect::Event(event) => {
                self.events.push(Value::Object(event));
                return None;
            }
        })
    }

    /// What the service answers, and after how many milliseconds.
    fn http(&mut self, request: Request, rng: &mut Rng) -> (Reply, u64) {
        let path = request.url.trim_start_matches("https://ghl.test").trim_start_matches("https://ds24.test");
        self.requests.push(format!("{} {}", request.method, path.split('?').next().unwrap()));
        let answer = |status: u16, body: &str| {
            let headers = vec![("X-RateLimit-Interval-Milliseconds".to_owned(), "10000".to_owned())];
            Reply::Http(Response { status, headers, body: body.to_owned() })
        };
        let patience = request.timeout_ms;
        let (no_answer, waited) = match rng.below(2) {
            0 => (Failure::Lost, rng.below(patience)),
            _ => (Failure::Timeout, patience),
        };
        let no_answer = Reply::HttpError { reason: no_answer };
        let f = self.faults;
        let (dice, mut bound) = (rng.below(100), 0);
        let mut is = |chance: u64| {
            bound += chance;
            dice < bound
        };
        if is(f.refused) {
            return (Reply::HttpError { reason: Failure::Refused }, 0);
        }
        if is(f.lost) {
            self.answer(&request);
            return (no_answer, waited);
        }
        if is(f.late) {
            if request.method != "GET" {
                self.pending.push((self.now + waited + rng.below(LATEST_MS), request));
            }
            return (no_answer, waited);
        }
        if is(f.dropped) {
            return (Reply::HttpError { reason: Failure::Timeout }, patience);
        }
        if is(f.limited) {
            return (answer(429, r#"{"statusCode":429,"message":"Too Many Requests"}"#), 0);
        }
        if is(f.broken) {
            return (answer(500, "oops"), 0);
        }
        if is(f.broken_after) {
            self.answer(&request);
            return (answer(502, "<html>Bad gateway</html>"), 0);
        }
        if is(f.garbled) {
            let whole = self.answer(&request);
            let half = whole.body.char_indices().nth(whole.body.chars().count() / 2).map_or(0, |(at, _)| at);
            return (answer(whole.status, if rng.chance(50) { "<html>Hello</html>" } else { &whole.body[..half] }), 0);
        }
        if is(f.slow) {
            return (Reply::Http(self.answer(&request)), rng.below(patience));
        }
        let is_creation = request.method == "POST" && request.url.trim_end_matches('/').ends_with(".test/contacts");
        let reply = self.answer(&request);
        if is_creation && reply.status < 300 && rng.chance(f.created_422) {
            return (answer(422, r#"{"statusCode":422,"message":["something odd"]}"#), 0);
        }
        (Reply::Http(reply), 0)
    }
}

/// Of the IPN connection.
pub const PASSPHRASE: &str = "secret-phrase";

/// A plugin for the world's one location.
pub fn plugin() -> Plugin {
    plugin_with(json!({}))
}

/// The same with a mapping.
pub fn plugin_with(mapping: Value) -> Plugin {
    Plugin::new(json!({
        "mapping": mapping,
        "highlevel": { "auth": { "kind": "private-integration", "token": "pit-test" }, "locationId": "loc1", "baseUrl": "https://ghl.test" },
        "digistore24": { "ipnPassphrase": PASSPHRASE, "merchantId": "777", "apiKey": "123-key", "baseUrl": "https://ds24.test" },
        "settleSeconds": 60,
    }))
    .unwrap()
}

/// An event as `receive` would hand it on.
pub fn event(extra: Value) -> Value {
    let raw = json!({
        "event": "on_payment", "api_mode": "live", "merchant_id": "777", "order_id": "C74PNZH5", "order_item_id": "31",
        "product_id": "512345", "product_name": "Kräuterkurs", "buyer_id": "42", "email": "kaethe@example.de",
        "address_first_name": "Käthe", "address_last_name": "Grünwald", "address_country": "DE", "address_phone_no": "030 1234567", "address_company": "ACME",
        "transaction_id": "9001", "transaction_amount": "47.00", "transaction_currency": "EUR", "transaction_date": "2026-11-18",
        "transaction_time": "10:00:00", "billing_type": "subscription", "pay_sequence_no": "1", "number_of_installments": "0",
        "next_payment_at": "2026-12-18",
    });
    json!({ "raw": with(raw, extra) })
}

/// An object with these fields over its own.
pub fn with(mut base: Value, extra: Value) -> Value {
    base.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    base
}

/// A world in which somebody has bought, and its plugin.
pub fn bought() -> (World, Plugin) {
    let (mut world, plugin) = (World::new(), plugin());
    apply(&mut world, &plugin, &event(json!({})));
    (world, plugin)
}

/// A call without faults, driven to its result.
pub fn call(world: &mut World, plugin: &Plugin, method: &str, args: Value) -> Value {
    match world.drive(plugin.start(method, &args.to_string(), Vec::new()), &mut Rng::new(1)) {
        End::Done(answer) => answer,
        other => panic!("{other:?}"),
    }
}

/// Takes a message in and works on it; gives the report.
pub fn apply(world: &mut World, plugin: &Plugin, event: &Value) -> Value {
    call(world, plugin, "sync.apply", json!([event]))
}

/// What is due.
pub fn tick(world: &mut World, plugin: &Plugin) -> Value {
    call(world, plugin, "tick", json!([{}]))
}

/// A signed webhook of HighLevel, as `receive` would hand it on.
pub fn heard(word: &str, body: Value) -> Value {
    let mut body: Map = body.as_object().cloned().unwrap();
    put(&mut body, "type", word.into());
    put(&mut body, "locationId", "loc1".into());
    let arrival = Arrival { said: None, verified: Some(true), at: 1_795_000_100_000 };
    webhook(Value::Object(body).to_string().as_bytes(), arrival).unwrap()
}
