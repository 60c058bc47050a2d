//! The sync against a world in memory: what it does, and that it does it exactly once, whatever fails.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use ghl_digistore24::json::{Value, json};
use ghl_digistore24::plugin::Plugin;
use support::{End, Faults, Rng, World, event, plugin, plugin_with};

fn apply(world: &mut World, plugin: &Plugin, event: &Value) -> Value {
    let task = plugin.start("sync.apply", &json!([event]).to_string(), Vec::new());
    match world.drive(task, &mut Rng::new(1)) {
        End::Done(report) => report,
        other => panic!("{other:?}"),
    }
}

fn operations(report: &Value) -> Vec<&str> {
    report["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["operation"].as_str().unwrap().trim_start_matches("ghl.contacts."))
        .collect()
}

fn subscription() -> Vec<Value> {
    vec![
        event(json!({})),
        event(
            json!({ "event": "on_payment_missed", "pay_sequence_no": "2", "billing_stop_reason": "by_payment_denial", "transaction_id": "" }),
        ),
        event(
            json!({ "pay_sequence_no": "2", "transaction_id": "9002", "transaction_date": "2026-12-20", "next_payment_at": "2027-01-18" }),
        ),
        event(
            json!({ "order_id": "C74PNZH51", "upsell_no": "1", "order_item_id": "32", "product_id": "6", "product_name": "Buch",
                      "transaction_id": "9003", "billing_type": "single_payment", "pay_sequence_no": "0" }),
        ),
        event(
            json!({ "event": "on_rebill_cancelled", "pay_sequence_no": "2", "rebill_stop_noted_at": "2026-12-28 10:00:00", "transaction_id": "" }),
        ),
        event(json!({ "event": "last_paid_day", "pay_sequence_no": "2", "transaction_id": "" })),
    ]
}

#[test]
fn four_calls_for_a_first_purchase_none_for_a_repeat_two_for_a_renewal() {
    let (mut world, plugin) = (World::new(), plugin());
    // `setup` keeps the ids of the custom fields.
    world.drive(plugin.start("setup", "[]", Vec::new()), &mut Rng::new(1));
    world.requests.clear();
    let first = apply(&mut world, &plugin, &event(json!({})));
    assert_eq!(first["outcome"], "done");
    assert_eq!(operations(&first), ["getDuplicateContact", "createContact", "createNote", "addTags"]);
    assert_eq!(world.requests.len(), 4);
    let before = world.requests.len();
    let repeat = apply(&mut world, &plugin, &event(json!({})));
    assert_eq!((repeat["outcome"].as_str(), world.requests.len()), (Some("duplicate"), before));
    let renewal = apply(
        &mut world,
        &plugin,
        &event(json!({ "pay_sequence_no": "2", "transaction_id": "9002", "next_payment_at": "2027-01-18" })),
    );
    assert_eq!(operations(&renewal), ["updateContact", "updateNote"]);
    let fresh = event(
        json!({ "order_id": "B2", "order_item_id": "5", "transaction_id": "77", "buyer_id": "43", "email": "b@example.com", "address_phone_no": "" }),
    );
    let before = world.requests.len();
    apply(&mut world, &plugin, &fresh);
    assert_eq!(world.requests.len() - before, 4);
    let triggers = &world.triggers;
    assert!(
        triggers[0].ends_with("created") && triggers[1].ends_with("note") && triggers[2].contains('+'),
        "tags last: {triggers:?}"
    );
}

#[test]
fn a_message_sent_again_after_its_refund_is_a_question_not_a_guess() {
    let (mut world, plugin) = (World::new(), plugin());
    apply(&mut world, &plugin, &event(json!({})));
    apply(
        &mut world,
        &plugin,
        &event(json!({ "event": "on_refund", "transaction_id": "9100", "parent_transaction_id": "9001" })),
    );
    assert!(!world.contacts["c1"].tags.contains("ds24-customer"));
    let again = apply(&mut world, &plugin, &event(json!({})));
    assert_eq!(again["outcome"], "done");
    let contact = &world.contacts["c1"];
    assert_eq!(contact.tasks.len(), 1);
    assert!(contact.tasks[0]["title"].as_str().unwrap().starts_with("Check order"));
    assert!(contact.tags.contains("ds24-refunded"));
}

#[test]
fn a_message_that_waits_or_is_dead_is_tried_again_when_somebody_asks() {
    let (mut world, plugin) = (World::new(), plugin());
    world.faults.refused = 100;
    let waiting = apply(&mut world, &plugin, &event(json!({})));
    assert_eq!(
        (waiting["outcome"].as_str(), waiting["error"]["code"].as_str()),
        (Some("waiting"), Some("unavailable"))
    );
    world.faults.refused = 0;
    assert_eq!(apply(&mut world, &plugin, &event(json!({})))["outcome"], "done");
    assert_eq!(apply(&mut world, &plugin, &event(json!({})))["outcome"], "duplicate");
    let gone = world.contacts.remove("c1").unwrap();
    let renewal = event(json!({ "pay_sequence_no": "2", "transaction_id": "9002" }));
    assert_eq!(apply(&mut world, &plugin, &renewal)["outcome"], "dead");
    world.contacts.insert("c1".into(), gone);
    assert_eq!(apply(&mut world, &plugin, &renewal)["outcome"], "done");
    assert!(!world.entries.keys().any(|k| k.contains("/dead/") || k.contains("/inbox/")));
}

#[test]
fn a_phone_of_somebody_else_never_identifies() {
    let (mut world, plugin) = (World::new(), plugin());
    apply(&mut world, &plugin, &event(json!({})));
    let spouse = event(
        json!({ "order_id": "S1", "order_item_id": "9", "transaction_id": "500", "buyer_id": "50", "email": "otto@example.de", "address_first_name": "Otto" }),
    );
    assert_eq!(apply(&mut world, &plugin, &spouse)["outcome"], "done");
    assert_eq!(world.contacts.len(), 2);
    let otto = world.contacts.values().find(|c| c.fields["email"] == "otto@example.de").unwrap();
    assert_eq!((otto.fields.get("phone"), &otto.custom["ds24_phone"]), (None, &json!("+49301234567")));
    assert_eq!(world.contacts["c1"].fields["firstName"], "Käthe");
}

#[test]
fn two_buyers_with_one_address_share_a_contact() {
    let (mut world, plugin) = (World::new(), plugin());
    apply(&mut world, &plugin, &event(json!({})));
    apply(
        &mut world,
        &plugin,
        &event(
            json!({ "order_id": "S1", "order_item_id": "9", "transaction_id": "500", "buyer_id": "50", "address_first_name": "Otto" }),
        ),
    );
    assert_eq!((world.contacts.len(), &world.contacts["c1"].fields["firstName"]), (1, &json!("Käthe")));
    assert_eq!(world.contacts["c1"].notes.len(), 2);
}

#[test]
fn whoever_was_deleted_does_not_come_back_with_a_renewal_but_with_a_new_order() {
    let (mut world, plugin) = (World::new(), plugin());
    apply(&mut world, &plugin, &event(json!({})));
    world.contacts.clear();
    let renewal = apply(&mut world, &plugin, &event(json!({ "pay_sequence_no": "2", "transaction_id": "9002" })));
    assert_eq!((renewal["outcome"].as_str(), renewal["error"]["code"].as_str()), (Some("dead"), Some("not_found")));
    assert!(world.contacts.is_empty());
    let order =
        apply(&mut world, &plugin, &event(json!({ "order_id": "N1", "order_item_id": "60", "transaction_id": "600" })));
    assert_eq!(order["outcome"], "done", "{order}");
    assert_eq!(world.contacts.len(), 1);
}

#[test]
fn a_merged_contact_is_found_again_by_its_address() {
    let (mut world, plugin) = (World::new(), plugin());
    apply(&mut world, &plugin, &event(json!({})));
    let contact = world.contacts.remove("c1").unwrap();
    world.contacts.insert("winner".into(), contact);
    let renewal = apply(&mut world, &plugin, &event(json!({ "pay_sequence_no": "2", "transaction_id": "9002" })));
    assert_eq!((renewal["outcome"].as_str(), renewal["contactId"].as_str()), (Some("done"), Some("winner")));
    assert_eq!(world.contacts.len(), 1);
}

#[test]
fn a_note_that_a_person_deleted_is_made_anew() {
    let (mut world, plugin) = (World::new(), plugin());
    apply(&mut world, &plugin, &event(json!({})));
    world.contacts.get_mut("c1").unwrap().notes.clear();
    let renewal = apply(&mut world, &plugin, &event(json!({ "pay_sequence_no": "2", "transaction_id": "9002" })));
    assert_eq!(renewal["outcome"], "done");
    assert_eq!(world.contacts["c1"].notes.len(), 1);
    apply(&mut world, &plugin, &event(json!({ "pay_sequence_no": "3", "transaction_id": "9003" })));
    assert_eq!(world.contacts["c1"].notes.len(), 1);
}

#[test]
fn odd_addresses_and_countries_block_no_sale() {
    let (mut world, plugin) = (World::new(), plugin());
    let odd = event(json!({ "email": "no address", "address_country": "Deutschland", "address_phone_no": "call me" }));
    assert_eq!(apply(&mut world, &plugin, &odd)["outcome"], "done");
    let contact = &world.contacts["c1"];
    assert_eq!((contact.fields.get("email"), contact.fields.get("country")), (None, None));
    assert_eq!(contact.custom["ds24_phone"], "call me");
}

#[test]
fn finished_messages_are_forgotten_after_a_month() {
    let (mut world, plugin) = (World::new(), plugin());
    apply(&mut world, &plugin, &event(json!({})));
    let kept = |world: &World| world.entries.keys().filter(|k| k.contains("/done/")).count();
    let tick = |world: &mut World| world.drive(plugin.start("tick", "[{}]", Vec::new()), &mut Rng::new(1));
    tick(&mut world);
    assert_eq!(kept(&world), 1);
    world.now += 31 * 24 * 3_600_000;
    tick(&mut world);
    assert_eq!(kept(&world), 0);
    assert_eq!(
        apply(&mut world, &plugin, &event(json!({})))["outcome"],
        "duplicate",
        "that it came is never forgotten"
    );
}

#[test]
fn planning_makes_no_call_and_changes_nothing() {
    let (mut world, plugin) = (World::new(), plugin());
    let task = plugin.start("sync.plan", &json!([event(json!({}))]).to_string(), Vec::new());
    let End::Done(plan) = world.drive(task, &mut Rng::new(1)) else { panic!() };
    assert_eq!(plan["steps"].as_array().unwrap().len(), 3);
    assert!(world.requests.is_empty() && world.entries.is_empty());
}

#[test]
fn a_broken_entry_of_the_ledger_is_a_clear_error_and_nothing_is_lost() {
    let (mut world, plugin) = (World::new(), plugin());
    apply(&mut world, &plugin, &event(json!({})));
    world.entries.insert("default/loc1/person/c1".into(), ("{".into(), 999));
    let task = plugin.start(
        "sync.apply",
        &json!([event(json!({ "pay_sequence_no": "2", "transaction_id": "9002" }))]).to_string(),
        Vec::new(),
    );
    let End::Done(report) = world.drive(task, &mut Rng::new(1)) else { panic!() };
    assert_eq!((report["outcome"].as_str(), report["error"]["code"].as_str()), (Some("waiting"), Some("storage")));
    assert!(world.entries.keys().any(|k| k.contains("/inbox/")));
    let other = event(
        json!({ "order_id": "B2", "order_item_id": "5", "transaction_id": "77", "buyer_id": "43", "email": "b@example.com" }),
    );
    assert_eq!(apply(&mut world, &plugin, &other)["outcome"], "done", "one damaged entry holds up nobody else");
}

/// Everything that must be the same whatever went wrong on the way.
fn outcome(world: &World) -> Value {
    let contacts = world.contacts.values().map(|c| {
        let mut notes: Vec<&str> = c.notes.iter().map(|n| n["body"].as_str().unwrap()).collect();
        notes.sort_unstable();
        let mut tasks: Vec<String> = c.tasks.iter().map(|t| format!("{} {}", t["title"], t["completed"])).collect();
        tasks.sort();
        // The fields about "the latest event" depend on the order in which two buyers of one contact are served.
        let lasting = ["ds24_status", "ds24_lifetime", "ds24_products", "ds24_currency"];
        let custom: Vec<&Value> = lasting.iter().filter_map(|k| c.custom.get(k)).collect();
        let mut deals: Vec<String> =
            c.deals.iter().map(|d| format!("{} {} {}", d["name"], d["status"], d["monetaryValue"])).collect();
        deals.sort();
        let business =
            world.businesses.iter().find(|b| b["id"].as_str() == c.business.as_deref()).map(|b| b["name"].clone());
        json!({
            "fields": &c.fields, "custom": custom, "tags": c.tags, "notes": notes, "tasks": tasks, "deals": deals,
            "business": business, "appointments": c.appointments.len(),
        })
    });
    let mut contacts: Vec<Value> = contacts.collect();
    contacts.sort_by_key(|c| c["fields"]["email"].to_string());
    Value::Array(contacts)
}

/// Everything that a mapping can make at once: deals, a business that two people share, notes, tasks, enrolments, and steps
/// that come later.
fn rules() -> Value {
    json!({
        "opportunity": { "pipeline": "Sales", "stage": "New", "stages": { "paused": "At risk" } },
        "business": "link",
        "tags": { "byProduct": { "512345": ["herbs"] }, "byEvent": { "renewal": ["loyal"] } },
        "playbooks": [
            { "name": "welcome", "when": { "event": "newSale" }, "then": [
                { "addTags": ["welcome"] },
                { "note": { "body": "Say hello" } },
                { "task": { "title": "Ring {{buyer.firstName}}" } },
                { "appointment": { "calendar": "Visits", "start": "2026-12-24T10:00:00+01:00" } },
                { "workflow": "Onboarding" },
                { "wait": "30 days", "addTags": ["month"] },
                { "wait": "30 days", "task": { "title": "Ask {{buyer.firstName}}" } },
            ] },
            { "name": "way-back", "when": { "event": "subscriptionCancelled" }, "then": [{ "stopRebilling": true }] },
        ],
    })
}

fn expected(mapping: &Value) -> (Value, Vec<String>, Vec<String>) {
    let (mut world, plugin) = (World::new(), plugin_with(mapping.clone()));
    for event in people() {
        assert_eq!(apply(&mut world, &plugin, &event)["outcome"], "done");
    }
    world.now += 31 * 24 * 3_600_000;
    world.drive(plugin.start("tick", "[{}]", Vec::new()), &mut Rng::new(1));
    (outcome(&world), creations(&world), enrolments(&world))
}

/// Who entered what.
fn enrolments(world: &World) -> Vec<String> {
    let of = |line: &String| {
        let (id, what) = line.split_once(' ').unwrap();
        format!("{} {what}", world.contacts[id].fields["email"])
    };
    world.enrolments.iter().map(of).collect()
}

/// What was made: each exactly once. (Which tags come and go in between depends on the order in which two buyers of one
/// contact are served; at the end they are equal.)
fn creations(world: &World) -> Vec<String> {
    let words = world.triggers.iter().map(|t| t.split_once(' ').unwrap().1.to_owned());
    let mut made: Vec<String> = words.filter(|w| !w.starts_with('+')).collect();
    made.sort();
    made
}

/// Three people: a subscription with everything, a single purchase, and somebody who shares the first one's address.
fn people() -> Vec<Value> {
    let mut events = subscription();
    events.insert(1, event(json!({ "order_id": "B2", "order_item_id": "5", "transaction_id": "77", "buyer_id": "43", "email": "b@example.com",
                                   "address_phone_no": "", "address_first_name": "Bob", "billing_type": "single_payment", "pay_sequence_no": "0" })));
    events
        .insert(3, event(json!({ "order_id": "S1", "order_item_id": "9", "transaction_id": "500", "buyer_id": "50" })));
    events.push(event(json!({ "event": "on_refund", "order_id": "B2", "order_item_id": "5", "transaction_id": "78", "parent_transaction_id": "77",
                              "buyer_id": "43", "email": "b@example.com", "billing_type": "single_payment", "pay_sequence_no": "0" })));
    events
}

/// Delivers everything with repetitions while connections break, the service fails and the process dies; several workers
/// run at once. In the end the CRM is the same as without any of it, and no workflow was started twice.
#[test]
fn exactly_once_whatever_fails() {
    let mappings = [json!({}), rules()];
    let models = mappings.each_ref().map(expected);
    let seeds: u64 = std::env::var("SIMULATION_SEEDS").ok().and_then(|s| s.parse().ok()).unwrap_or(150);
    let first: u64 = std::env::var("SIMULATION_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    for seed in first..first + seeds {
        if std::env::var("SIMULATION_TRACE").is_ok() {
            eprintln!("seed {seed}");
        }
        let mut rng = Rng::new(seed + 1);
        let mut world = World::new();
        let which = (seed % 2) as usize;
        let (plugin, (right, right_creations, right_enrolments)) =
            (plugin_with(mappings[which].clone()), &models[which]);
        world.faults = Faults {
            refused: rng.below(8),
            lost: rng.below(10),
            late: rng.below(8),
            limited: rng.below(6),
            broken: rng.below(6),
            crash: rng.below(5),
        };
        // Deliver: each event until its commit is known to be durable, sometimes twice.
        for event in people() {
            let mut left = 1 + u64::from(rng.below(4) == 0);
            while left > 0 {
                let task = plugin.start("sync.apply", &json!([event]).to_string(), Vec::new());
                match world.drive(task, &mut rng) {
                    End::Done(_) => left -= 1,
                    End::Crashed => {}
                    End::Failed(error) => panic!("seed {seed}: {error}"),
                }
            }
        }
        // Work until the inbox is empty, with two workers interleaved.
        for round in 0..500 {
            if !world.entries.keys().any(|k| k.contains("/inbox/")) {
                if !world.entries.keys().any(|k| k.contains("/later/")) {
                    break;
                }
                // Everything of today is done: the steps that come later.
                world.now += 30 * 24 * 3_600_000;
            }
            if round == 499 {
                let left = world.entries.iter().filter(|(k, _)| !k.contains("/seen/") && !k.contains("/done/"));
                panic!("seed {seed}: the inbox doesn't empty: {:#?}", left.collect::<Vec<_>>());
            }
            if round == 300 {
                world.faults = Faults::default();
            }
            world.now += 30_000 + rng.below(400_000);
            let mut tasks = [plugin.start("tick", "[{}]", Vec::new()), plugin.start("tick", "[{}]", Vec::new())];
            let mut answers = [Vec::new(), Vec::new()];
            let mut ended = [false, false];
            let mut steps = 0;
            while ended.contains(&false) {
                steps += 1;
                assert!(
                    steps < 100_000,
                    "seed {seed}: the workers don't end: {:?}",
                    world.logs.iter().rev().take(6).collect::<Vec<_>>()
                );
                let which = rng.below(2) as usize;
                if !ended[which] {
                    match world.step(&mut tasks[which], &mut answers[which], &mut rng) {
                        Some(End::Failed(error)) => panic!("seed {seed}: {error}"),
                        end => ended[which] = end.is_some(),
                    }
                }
            }
        }
        assert!(
            !world.entries.keys().any(|k| k.contains("/dead/")),
            "seed {seed}: dead letters: {:?}",
            world.logs.last()
        );
        assert_eq!(outcome(&world), *right, "seed {seed}: the CRM differs");
        assert_eq!(creations(&world), *right_creations, "seed {seed}: something was made twice or never");
        // What can't be looked up is done at most once, and told where it may be missing.
        let done = enrolments(&world);
        let told = world.logs.iter().filter(|l| l["message"].as_str().is_some_and(|m| m.contains("is not repeated")));
        let mut missing = right_enrolments.clone();
        for enrolment in &done {
            let at = missing.iter().position(|e| e == enrolment);
            missing.remove(at.unwrap_or_else(|| panic!("seed {seed}: {enrolment} twice: {done:?}")));
        }
        assert!(missing.len() <= told.count(), "seed {seed}: {missing:?} and nobody was told");
        assert!(!world.entries.keys().any(|k| k.contains("/claim/")), "seed {seed}: a claim is left");
        assert!(!world.entries.keys().any(|k| k.contains("/work/")), "seed {seed}: unfinished work is left");
    }
}
