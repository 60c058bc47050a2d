//! The way back: what happens in HighLevel starts playbooks, once each, whatever fails; what the plugin wrote itself starts none.

use std::collections::BTreeMap;

use crate::support::{Contact, End, Faults, Rng, World, apply, call, event, heard, plugin_with, purchase};
use ghl_digistore24::clock;
use ghl_digistore24::highlevel::{Arrival, webhook};
use ghl_digistore24::json::{Value, json, put};
use ghl_digistore24::plugin::Plugin;

/// What an app's webhooks would tell of every change in the world.
#[derive(Default)]
struct Feed {
    before: BTreeMap<String, Contact>,
    /// Not delivered yet.
    events: Vec<Value>,
    count: u32,
}

impl Feed {
    fn tell(&mut self, now: u64, word: &str, id: &str, body: Value) {
        self.count += 1;
        let mut body = body.as_object().cloned().unwrap();
        for (name, value) in [
            ("type", word.into()),
            ("id", id.into()),
            ("locationId", "loc1".into()),
            ("webhookId", Value::from(format!("w{}", self.count))),
            ("timestamp", Value::from(clock::iso_utc(now))),
        ] {
            put(&mut body, name, value);
        }
        let arrival = Arrival { said: None, verified: Some(true), at: now };
        self.events.push(webhook(Value::Object(body).to_string().as_bytes(), arrival).unwrap());
    }

    /// Looks at what has changed since the last time.
    fn watch(&mut self, world: &World) {
        let now = world.now;
        for (id, contact) in &world.contacts {
            let old = self.before.get(id).cloned();
            let mut shown = contact.fields.clone();
            let custom = contact.custom.iter().map(|(key, value)| json!({ "id": format!("id-{key}"), "value": value }));
            put(&mut shown, "customFields", Value::Array(custom.collect()));
            put(&mut shown, "tags", json!(contact.tags));
            let shown = Value::Object(shown);
            let of_contact = |thing: &Value| {
                let mut body = thing.as_object().cloned().unwrap();
                put(&mut body, "contactId", id.as_str().into());
                Value::Object(body)
            };
            let Some(old) = old else {
                self.tell(now, "ContactCreate", id, shown);
                continue;
            };
            if old.fields != contact.fields || old.custom != contact.custom {
                self.tell(now, "ContactUpdate", id, shown.clone());
            }
            if old.tags != contact.tags {
                self.tell(now, "ContactTagUpdate", id, shown);
            }
            for note in contact.notes.iter().skip(old.notes.len()) {
                self.tell(now, "NoteCreate", note["id"].as_str().unwrap(), of_contact(note));
            }
            for (index, task) in contact.tasks.iter().enumerate() {
                let id = task["id"].as_str().unwrap();
                match old.tasks.get(index) {
                    None => self.tell(now, "TaskCreate", id, of_contact(task)),
                    Some(was) if was["completed"] != task["completed"] => {
                        self.tell(now, "TaskComplete", id, of_contact(task));
                    }
                    _ => {}
                }
            }
            for (index, deal) in contact.deals.iter().enumerate() {
                let id = deal["id"].as_str().unwrap();
                match old.deals.get(index) {
                    None => self.tell(now, "OpportunityCreate", id, of_contact(deal)),
                    Some(was) if was["pipelineStageId"] != deal["pipelineStageId"] => {
                        self.tell(now, "OpportunityStageUpdate", id, of_contact(deal));
                        self.tell(now, "OpportunityUpdate", id, of_contact(deal));
                    }
                    _ => {}
                }
            }
        }
        self.before = world.contacts.clone();
    }
}

/// One world, its plugin and its webhooks.
struct Scene {
    world: World,
    plugin: Plugin,
    feed: Feed,
    rng: Rng,
}

impl Scene {
    fn new(mapping: Value, seed: u64) -> Self {
        let mut scene =
            Self { world: World::new(), plugin: plugin_with(mapping), feed: Feed::default(), rng: Rng::new(seed) };
        let order = purchase("C74PNZH5", "paying", &[("9001", "payment", "47.00")]);
        scene.world.purchases.insert("C74PNZH5".into(), order);
        scene.until_done("sync.apply", json!([event(json!({}))]));
        scene
    }

    fn run(&mut self, method: &str, args: &Value) -> End {
        let mut task = self.plugin.start(method, &args.to_string(), Vec::new());
        let mut answers = Vec::new();
        loop {
            let end = self.world.step(&mut task, &mut answers, &mut self.rng);
            self.feed.watch(&self.world);
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// As a sender who repeats until he has heard OK.
    fn until_done(&mut self, method: &str, args: Value) -> Value {
        loop {
            if let End::Done(answer) = self.run(method, &args) {
                return answer;
            }
            self.world.now += 1_000;
        }
    }

    /// A person does something in HighLevel.
    fn person(&mut self, act: impl FnOnce(&mut Contact)) {
        self.world.now += 5_000;
        act(self.world.contacts.get_mut("c1").unwrap());
        self.feed.watch(&self.world);
        self.world.now += 1_000;
    }

    fn deliver(&mut self, index: usize) {
        let shape = self.feed.events.remove(index);
        self.until_done("sync.apply", json!([shape]));
    }

    /// Everything that is under way comes to its end.
    fn settle(&mut self) {
        for _ in 0..2_000 {
            while !self.feed.events.is_empty() {
                self.deliver(0);
            }
            let tick = self.until_done("tick", json!([{}]));
            self.feed.watch(&self.world);
            if self.feed.events.is_empty() && tick["nextAt"].is_null() {
                return;
            }
            let next = tick["nextAt"].as_f64().unwrap_or_default() as u64;
            self.world.now = next.max(self.world.now + 1_000);
        }
        panic!("it never ends: {:?}", self.world.requests.len());
    }

    fn notes(&self, title: &str) -> usize {
        self.world.contacts["c1"].notes.iter().filter(|n| n["title"].as_str().unwrap().starts_with(title)).count()
    }
}

/// Every playbook writes what another one listens to: one echo that is taken for news goes round for ever.
fn circle() -> Value {
    json!({ "playbooks": [
        { "name": "tagged", "when": { "event": "tagAdded" }, "then": [
            { "note": { "title": "tagged {{now.addedTags}}", "body": "x" } }, { "addTags": ["seen"] },
        ] },
        { "name": "changed", "when": { "event": "changedContact" }, "then": [
            { "note": { "title": "changed {{now.changed}}", "body": "x" } }, { "setFields": { "ds24_segment": "{{contact.city}}" } },
        ] },
        { "name": "noted", "when": { "event": "noteAdded" }, "then": [{ "task": { "title": "noted" } }, { "addTags": ["{{objectId}}"] }] },
        { "name": "tasked", "when": { "event": "taskCreated" }, "then": [{ "note": { "title": "tasked", "body": "x" } }] },
        { "name": "ticked", "when": { "event": "taskCompleted" }, "then": [{ "updatePurchase": { "tracking_param": "{{objectId}}" } }] },
    ] })
}

/// What the plugin and people do, in any order, with every fault: each change by a person starts its playbook once, nothing
/// else starts any.
#[test]
fn echoes_start_nothing_and_people_are_heard_once() {
    let from = std::env::var("SIMULATION_SEED").ok().and_then(|s| s.parse::<u64>().ok());
    let seeds = std::env::var("SIMULATION_SEEDS").ok().and_then(|s| s.parse().ok()).unwrap_or(150);
    for seed in from.map_or(0..seeds, |one| one..one + 1) {
        let mut scene = Scene::new(circle(), seed);
        scene.world.faults =
            Faults { refused: 2, lost: 3, late: 3, limited: 2, broken: 2, crash: 2, ..Faults::default() };
        let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
        let mut count = |what: &'static str| *expected.entry(what).or_default() += 1;
        let mut ticked = Vec::new();
        for turn in 0..8 {
            let fresh = format!("v{turn}");
            match scene.rng.below(7) {
                0 => {
                    count("tagged");
                    scene.person(|c| {
                        c.tags.insert(fresh);
                    });
                }
                1 => {
                    count("changed");
                    scene.person(|c| put(&mut c.fields, "city", fresh.as_str().into()));
                }
                2 => {
                    count("noted");
                    scene.person(|c| c.notes.push(json!({ "id": fresh, "title": "by hand", "body": "" })));
                }
                3 => {
                    count("tasked");
                    scene.person(|c| c.tasks.push(json!({ "id": fresh, "title": "by hand", "completed": false })));
                }
                4 => {
                    let open = |task: &Value| task["completed"] == Value::Bool(false) && task["title"] == "by hand";
                    if let Some(id) = scene.world.contacts["c1"].tasks.iter().find(|t| open(t)).map(|t| t["id"].clone())
                    {
                        ticked.push(id.as_str().unwrap().to_owned());
                        scene.person(|c| {
                            let task = c.tasks.iter_mut().find(|t| t["id"] == id).unwrap();
                            put(task.as_object_mut().unwrap(), "completed", true.into());
                        });
                    }
                }
                n => {
                    let number = (turn + 2).to_string();
                    let missed = n == 5;
                    let kind = if missed { "on_payment_missed" } else { "on_payment" };
                    let transaction = if missed { String::new() } else { format!("90{number}") };
                    let message =
                        event(json!({ "event": kind, "pay_sequence_no": number, "transaction_id": transaction }));
                    scene.until_done("sync.apply", json!([message]));
                }
            }
            // Some are delivered now, in any order, some twice.
            while !scene.feed.events.is_empty() && scene.rng.chance(60) {
                let index = scene.rng.below(scene.feed.events.len() as u64) as usize;
                if scene.rng.chance(20) {
                    let again = scene.feed.events[index].clone();
                    scene.feed.events.push(again);
                }
                scene.deliver(index);
            }
            if scene.rng.chance(40) {
                scene.until_done("tick", json!([{}]));
            }
        }
        scene.world.faults = Faults::default();
        scene.settle();
        let contact = &scene.world.contacts["c1"];
        // An event that overtakes another tells both tags at once.
        let tagged = contact.notes.iter().filter_map(|n| n["title"].as_str().unwrap().strip_prefix("tagged "));
        let tagged = tagged.map(|title| title.split(", ").count()).sum();
        let noted = contact.tasks.iter().filter(|t| t["title"] == "noted").count();
        let found: BTreeMap<&str, usize> = ["changed", "tasked"]
            .into_iter()
            .map(|title| (title, scene.notes(title)))
            .chain([("tagged", tagged), ("noted", noted)])
            .filter(|(_, n)| *n > 0)
            .collect();
        assert_eq!(found, expected, "seed {seed}");
        ticked.retain(|id| {
            !scene.world.shop.iter().any(|call| call.contains(&format!("={id}")) || call.ends_with(id.as_str()))
        });
        assert_eq!(ticked, Vec::<String>::new(), "seed {seed}: {:?}", scene.world.shop);
        let dead = scene.until_done("inbox.list", json!([{ "room": "dead" }]));
        assert_eq!(dead, json!([]), "seed {seed}");
    }
}

#[test]
fn what_happens_in_highlevel_acts_in_digistore24_on_the_order_that_is_meant() {
    let mapping = json!({ "playbooks": [
        { "name": "saved", "allowRefund": true, "when": { "event": "tagAdded", "if": { "field": "now.addedTags", "is": "saved" } }, "then": [
            { "startRebilling": true },
            { "updatePurchase": { "tracking_param": "{{contact.firstName | lower}}" } },
            { "refund": { "amount": 10, "maxAmount": 20 } },
            { "refund": { "amount": 30, "maxAmount": 20 } },
            { "buyLink": { "product": 7, "field": "ds24_segment" } },
            { "updateBuyer": { "city": "{{contact.city}}" } },
        ] },
    ] });
    let (mut world, plugin) = (World::new(), plugin_with(mapping));
    apply(&mut world, &plugin, &event(json!({})));
    world.contacts.get_mut("c1").unwrap().tags.insert("saved".into());
    put(&mut world.contacts.get_mut("c1").unwrap().fields, "city", "Bonn".into());
    let told = heard("ContactTagUpdate", json!({ "id": "c1", "tags": ["ds24-active", "saved"] }));
    let planned = call(&mut world, &plugin, "sync.plan", json!([told]));
    assert_eq!(world.shop.len(), 0, "a plan makes no call: {planned}");
    let report = apply(&mut world, &plugin, &told);
    assert_eq!(report["outcome"], "done", "{report}");
    let called: Vec<&str> = world.shop.iter().map(|c| c.split(' ').next().unwrap()).collect();
    assert_eq!(called, ["createBuyUrl", "startRebilling", "updatePurchase", "refundPartially", "updateBuyer"]);
    for call in &world.shop[1..4] {
        assert!(call.contains("purchase_id=C74PNZH5"), "{call}");
    }
    assert!(world.shop[4].contains("buyer_id=42") && world.shop[4].contains("Bonn"), "{}", world.shop[4]);
    assert_eq!(
        report["plan"]["remarks"],
        json!(["playbook saved: no refund, the amount is unknown or more than maxAmount"])
    );
    assert_eq!(apply(&mut world, &plugin, &told)["outcome"], "duplicate");
    // Another tag: the condition asks for what is new.
    world.contacts.get_mut("c1").unwrap().tags.insert("other".into());
    let other =
        heard("ContactTagUpdate", json!({ "id": "c1", "tags": ["ds24-active", "saved", "other"], "webhookId": "2" }));
    assert_eq!(apply(&mut world, &plugin, &other)["outcome"], "done");
    assert_eq!(world.shop.len(), 5);
    // Two orders that run: nobody guesses.
    apply(&mut world, &plugin, &event(json!({ "order_id": "N1", "order_item_id": "60", "transaction_id": "600" })));
    let again = heard(
        "ContactTagUpdate",
        json!({ "id": "c1", "tags": ["saved"], "webhookId": "4", "timestamp": "2026-11-18T12:30:00Z" }),
    );
    let off = heard(
        "ContactTagUpdate",
        json!({ "id": "c1", "tags": [], "webhookId": "3", "timestamp": "2026-11-18T12:20:00Z" }),
    );
    apply(&mut world, &plugin, &off);
    let report = apply(&mut world, &plugin, &again);
    let remarks = report["plan"]["remarks"].to_string();
    assert!(remarks.contains("which order is meant can't be told"), "{report}");
    assert!(!world.shop[5..].iter().any(|call| call.contains("purchase_id")), "{:?}", world.shop);
}

#[test]
fn somebody_who_bought_nothing_is_followed_up_and_stays_unknown_to_the_ledger() {
    let mapping = json!({ "playbooks": [
        { "name": "hot", "when": { "event": "tagAdded" }, "then": [
            { "segment": "hot" },
            { "opportunity": { "pipeline": "Sales", "stage": "New", "name": "{{contact.firstName}}" } },
            { "task": { "title": "Ring {{contact.firstName}}", "assignedTo": ["u1", "u2"] } },
            { "workflow": "Onboarding" },
            { "stopRebilling": true },
            { "wait": "2 days", "if": { "field": "contact.tags", "is": "hot" }, "addTags": ["warm"] },
        ] },
    ] });
    let (mut world, plugin) = (World::new(), plugin_with(mapping));
    let mut lead = Contact::default();
    put(&mut lead.fields, "firstName", "Ida".into());
    put(&mut lead.fields, "email", "kaethe@example.de".into());
    lead.tags.insert("hot".into());
    lead.tags.insert("ds24-by-hand".into());
    world.contacts.insert("c9".into(), lead);
    let report =
        apply(&mut world, &plugin, &heard("ContactTagUpdate", json!({ "id": "c9", "tags": ["hot", "ds24-by-hand"] })));
    assert_eq!(report["outcome"], "done", "{report}");
    let lead = world.contacts["c9"].clone();
    assert_eq!((&lead.deals[0]["name"], &lead.deals[0]["status"]), (&json!("Ida"), &json!("open")));
    assert_eq!(lead.tasks[0]["title"], "Ring Ida");
    assert_eq!(
        (world.enrolments.clone(), &lead.custom["ds24_segment"]),
        (vec!["c9 into w1".to_owned()], &json!("hot"))
    );
    assert!(lead.tags.contains("ds24-by-hand"), "what stands there is not ours");
    assert_eq!(world.shop, Vec::<String>::new());
    world.now += 3 * 86_400_000;
    call(&mut world, &plugin, "tick", json!([{}]));
    assert!(world.contacts["c9"].tags.contains("warm"));
    // The first sale finds a contact that it doesn't know: empty fields are filled, the name stays.
    apply(&mut world, &plugin, &event(json!({})));
    let contact = &world.contacts["c9"];
    assert_eq!((&contact.fields["firstName"], &contact.fields["country"]), (&json!("Ida"), &json!("DE")));
    let forgotten = call(&mut world, &plugin, "forget", json!(["kaethe@example.de"]));
    assert_eq!(forgotten["contactId"], "c9");
    assert!(
        !world.entries.iter().any(|(key, (value, _))| key.contains("c9") || value.contains("Ida")),
        "{:?}",
        world.entries
    );
}

#[test]
fn a_write_to_digistore24_whose_answer_was_lost_is_looked_up_before_it_is_repeated() {
    let steps = [
        (json!({ "stopRebilling": true }), json!({ "is_canceled_later": "Y" })),
        (json!({ "updatePurchase": { "tracking_param": "back" } }), json!({ "tracking_param": "back" })),
        (json!({ "startRebilling": true }), json!({ "billing_status": "paying" })),
        (
            json!({ "refund": { "amount": 10, "maxAmount": 20 } }),
            json!({ "transaction_list": [{ "type": "refund", "amount": "-10.00", "created_at": "2030-01-01 00:00:00" }] }),
        ),
    ];
    for (step, after) in steps {
        for took_place in [true, false] {
            let mapping = json!({ "playbooks": [
                { "name": "back", "allowRefund": true, "when": { "event": "tagAdded" }, "then": [step.clone()] },
            ] });
            let (mut world, plugin) = (World::new(), plugin_with(mapping));
            apply(&mut world, &plugin, &event(json!({})));
            let mut order = purchase("C74PNZH5", "unpaid", &[("9001", "payment", "47.00")]);
            world.purchases.insert("C74PNZH5".into(), order.clone());
            world.contacts.get_mut("c1").unwrap().tags.insert("hot".into());
            let told = heard("ContactTagUpdate", json!({ "id": "c1", "tags": ["hot"] }));
            // Until the write itself, all goes well; its answer is lost.
            let mut task = plugin.start("sync.apply", &json!([told]).to_string(), Vec::new());
            let (mut rng, mut answers) = (Rng::new(1), Vec::new());
            while world.shop.is_empty() {
                assert!(world.step(&mut task, &mut answers, &mut rng).is_none());
            }
            drop(task);
            if took_place {
                order.as_object_mut().unwrap().extend(after.as_object().unwrap().clone());
                world.purchases.insert("C74PNZH5".into(), order);
            }
            world.now += 10 * 60_000;
            let tick = call(&mut world, &plugin, "tick", json!([{}]));
            assert!(world.requests.iter().any(|r| r.contains("getPurchase")), "{tick}");
            let is_refund = step.get("refund").is_some();
            let times = if took_place || is_refund { 1 } else { 2 };
            assert_eq!(world.shop.len(), times, "{step}, took place: {took_place}: {:?}", world.shop);
            let told = tick["events"][0]["plan"]["remarks"].to_string().contains("look whether it was done");
            assert_eq!(told, is_refund && !took_place, "{tick}");
        }
    }
}
