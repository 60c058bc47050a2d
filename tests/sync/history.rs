//! Imports, comparison and questions: orders as Digistore24's API tells them.

use crate::support::{End, Faults, Rng, World, apply, bought, call, event, plugin, plugin_with, purchase};
use ghl_digistore24::json::{Value, json};

fn import(orders: &[Value], manner: &str) -> Value {
    json!([{ "orders": orders, "merchant": "777", "manner": manner, "contact": null, "dryRun": false }])
}

const TWO: [(&str, &str, &str); 2] = [("9001", "payment", "47.00"), ("9002", "payment", "47.00")];

#[test]
fn an_import_has_the_keys_of_the_webhooks() {
    let (mut world, plugin) = (World::new(), plugin());
    let order = purchase("C74PNZH5", "paying", &TWO);
    assert_eq!(call(&mut world, &plugin, "sync.import", import(&[order], "silent"))["outcome"], "done");
    let contact = &world.contacts["c1"];
    assert_eq!((contact.notes.len(), contact.tags.len()), (0, 1));
    assert_eq!(contact.custom["ds24_lifetime"], json!(94));
    for message in [event(json!({})), event(json!({ "transaction_id": "9002", "pay_sequence_no": "2" }))] {
        assert_eq!(apply(&mut world, &plugin, &message)["outcome"], "duplicate");
    }
}

#[test]
fn what_an_import_withheld_comes_only_when_it_is_asked_for() {
    let (mut world, plugin) = (World::new(), plugin());
    let order = purchase("C74PNZH5", "paying", &TWO);
    call(&mut world, &plugin, "sync.import", import(std::slice::from_ref(&order), "silent"));
    let renewal = event(json!({ "transaction_id": "9003", "pay_sequence_no": "3", "tags": "kraeuter" }));
    apply(&mut world, &plugin, &renewal);
    assert_eq!(world.contacts["c1"].tags.iter().collect::<Vec<_>>(), ["ds24-import"]);
    // A miss shows, and the payment after it does not bring back what was never there.
    let miss = json!({ "event": "on_payment_missed", "transaction_id": "", "pay_sequence_no": "4", "billing_stop_reason": "by_payment_denial" });
    apply(&mut world, &plugin, &event(miss));
    assert_eq!(world.contacts["c1"].tags.iter().collect::<Vec<_>>(), ["ds24-import", "ds24-paused"]);
    apply(&mut world, &plugin, &event(json!({ "transaction_id": "9004", "pay_sequence_no": "4" })));
    assert_eq!(world.contacts["c1"].tags.iter().collect::<Vec<_>>(), ["ds24-active", "ds24-import"]);
    // Asked for: with the next order that is imported, all that is earned.
    let other = purchase("D5", "paying", &[("9500", "payment", "10.00")]);
    call(&mut world, &plugin, "sync.import", import(&[other], "tags"));
    let tags = &world.contacts["c1"].tags;
    assert!(tags.contains("ds24-customer") && tags.contains("ds24-p-512345") && tags.contains("kraeuter"), "{tags:?}");
}

/// A mapping that does something about a payment in every way that it can.
fn busy() -> Value {
    json!({
        "tags": { "byEvent": { "payment": ["paid"] }, "byProduct": { "512345": ["herbs"] }, "byState": { "active": ["runs"] } },
        "opportunity": { "pipeline": "Sales", "stage": "New" },
        "playbooks": [{ "name": "all", "when": { "event": "payment" }, "then": [
            { "addTags": ["herbs"] },
            { "setFields": { "ds24_segment": "A" } },
            { "note": { "title": "n", "body": "b" } },
            { "task": { "title": "t", "body": "b" } },
            { "workflow": "Onboarding" },
            { "wait": "1 day", "leaveWorkflow": "Onboarding" },
        ] }],
    })
}

#[test]
fn a_silent_import_starts_no_rule() {
    let (mut world, plugin) = (World::new(), plugin_with(busy()));
    call(&mut world, &plugin, "sync.import", import(&[purchase("C74PNZH5", "paying", &TWO)], "silent"));
    assert_eq!(world.triggers, ["c1 created"]);
    assert!(world.enrolments.is_empty() && !world.entries.keys().any(|key| key.contains("/later/")));
    assert!(world.contacts["c1"].custom.get("ds24_segment").is_none());
    // The next payment is live: the rules hold, and a tag that one of them asks for comes although it was withheld.
    apply(&mut world, &plugin, &event(json!({ "transaction_id": "9003", "pay_sequence_no": "3" })));
    let contact = &world.contacts["c1"];
    assert_eq!(contact.tags.iter().collect::<Vec<_>>(), ["ds24-import", "herbs", "paid"]);
    assert_eq!((contact.notes.len(), contact.tasks.len(), contact.deals.len()), (2, 1, 1));
    assert_eq!((&contact.custom["ds24_segment"], &world.enrolments), (&json!("A"), &vec!["c1 into w1".to_owned()]));
}

#[test]
fn an_import_with_tags_brings_those_that_are_earned_but_starts_no_rule() {
    let (mut world, plugin) = (World::new(), plugin_with(busy()));
    call(&mut world, &plugin, "sync.import", import(&[purchase("C74PNZH5", "paying", &TWO)], "tags"));
    let contact = &world.contacts["c1"];
    assert!(contact.tags.contains("herbs") && contact.tags.contains("runs") && !contact.tags.contains("paid"));
    assert_eq!((contact.notes.len(), contact.tasks.len(), contact.deals.len(), world.enrolments.len()), (0, 0, 0, 0));
}

#[test]
fn what_a_playbook_has_planned_for_somebody_is_forgotten_too() {
    let (mut world, plugin) = (World::new(), plugin_with(busy()));
    apply(&mut world, &plugin, &event(json!({})));
    assert!(world.entries.keys().any(|key| key.contains("/later/")));
    call(&mut world, &plugin, "forget", json!(["kaethe@example.de"]));
    assert!(!world.entries.values().any(|(text, _)| text.to_lowercase().contains("kaethe")));
    assert!(!world.entries.keys().any(|key| key.contains("/later/")));
}

#[test]
fn an_upsell_stands_under_its_first_order() {
    let (mut world, plugin) = (World::new(), plugin());
    let orders =
        [purchase("C74PNZH5", "paying", &TWO[..1]), purchase("C74PNZH51", "paying", &[("9700", "payment", "9.00")])];
    call(&mut world, &plugin, "sync.import", import(&orders, "silent"));
    let view = call(&mut world, &plugin, "timeline", json!([{ "email": "kaethe@example.de" }]));
    let ids: Vec<&str> = view["orders"].as_array().unwrap().iter().map(|o| o["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["C74PNZH5"]);
    let rows = json!([{ "order": "C74PNZH51", "transaction": "9700", "kind": "payment" }, { "order": "X7" }]);
    assert_eq!(call(&mut world, &plugin, "sync.lacks", json!(["777", rows])), json!(["X7"]));
}

/// The import of three orders while connections break and the process dies: the same as without.
#[test]
fn an_import_is_exactly_once_whatever_fails() {
    let orders = [
        purchase("C74PNZH5", "paying", &TWO),
        purchase("R1", "aborted", &[("9100", "payment", "20.00"), ("9101", "refund", "-20.00")]),
    ];
    let summary = |world: &World| {
        let contacts: Vec<Value> = world
            .contacts
            .values()
            .map(|c| json!({ "fields": c.fields, "custom": c.custom, "tags": c.tags }))
            .collect();
        (contacts, world.contacts.values().map(|c| c.notes.len() + c.tasks.len()).sum::<usize>())
    };
    let (mut right, plugin) = (World::new(), plugin());
    call(&mut right, &plugin, "sync.import", import(&orders, "silent"));
    for seed in 0..150 {
        let (mut world, mut rng) = (World::new(), Rng::new(seed + 1));
        world.faults = Faults { refused: 4, lost: 6, late: 5, limited: 4, broken: 4, crash: 4, ..Faults::default() };
        let args = import(&orders, "silent").to_string();
        while let End::Crashed = world.drive(plugin.start("sync.import", &args, Vec::new()), &mut rng) {}
        for round in 0..300 {
            if !world.entries.keys().any(|k| k.contains("/inbox/")) {
                break;
            }
            assert!(round < 299, "seed {seed}: the inbox doesn't empty");
            world.now += 200_000;
            world.drive(plugin.start("tick", "[{}]", Vec::new()), &mut rng);
        }
        assert_eq!(summary(&world), summary(&right), "seed {seed}");
        assert_eq!(world.triggers.iter().filter(|t| t.ends_with("created")).count(), 1, "seed {seed}");
    }
}

#[test]
fn what_a_message_cannot_tell_digistore24_is_asked() {
    let again = |standing: &str, transactions: &[(&str, &str, &str)]| {
        let (mut world, plugin) = bought();
        let refund = json!({ "event": "on_refund", "transaction_id": "9100", "parent_transaction_id": "9001" });
        apply(&mut world, &plugin, &event(refund));
        world.purchases.insert("C74PNZH5".into(), purchase("C74PNZH5", standing, transactions));
        // The payment is sent again after its refund: on purpose, or not?
        let report = apply(&mut world, &plugin, &event(json!({})));
        assert_eq!(report["outcome"], "done", "{report}");
        world
    };
    let restored = again("paying", &TWO);
    assert!(restored.contacts["c1"].tags.contains("ds24-active") && restored.contacts["c1"].tasks.is_empty());
    let stays = again("aborted", &[("9001", "payment", "47.00"), ("9100", "refund", "-47.00")]);
    assert!(stays.contacts["c1"].tags.contains("ds24-refunded") && stays.contacts["c1"].tasks.is_empty());
    // It can't tell either: a person is asked.
    let unclear = again("strange", &TWO);
    assert_eq!(unclear.contacts["c1"].tasks.len(), 1);
}

#[test]
fn a_question_that_fails_for_now_is_asked_later() {
    for faults in [Faults { refused: 100, ..Faults::default() }, Faults { garbled: 100, ..Faults::default() }] {
        let (mut world, plugin) = bought();
        world.faults = faults;
        world.purchases.insert("C74PNZH5".into(), purchase("C74PNZH5", "unpaid", &TWO[..1]));
        let unclear = json!({ "event": "on_payment_missed", "transaction_id": "", "pay_sequence_no": "2", "billing_stop_reason": "no_product" });
        assert_eq!(apply(&mut world, &plugin, &event(unclear))["outcome"], "waiting");
        world.faults = Faults::default();
        world.now += 3_600_000;
        call(&mut world, &plugin, "tick", json!([{}]));
        assert!(world.contacts["c1"].tags.contains("ds24-paused"));
        assert!(world.contacts["c1"].tasks.iter().all(|task| !task["title"].as_str().unwrap().starts_with("Check")));
    }
}

#[test]
fn a_comparison_reports_an_amount_that_differs_and_repairs_nothing() {
    let (mut world, plugin) = bought();
    let order = purchase("C74PNZH5", "paying", &[("9001", "payment", "40.00")]);
    let drift = call(&mut world, &plugin, "sync.compare", json!(["777", order]));
    assert_eq!(drift, json!([{ "order": "C74PNZH5", "event": "payment", "problem": "amount" }]));
    assert!(!world.entries.keys().any(|k| k.contains("/inbox/")));
    for (amount, currency, lacking) in [(47.0, "EUR", false), (40.0, "EUR", true), (52.0, "USD", false)] {
        let row = json!({ "order": "C74PNZH5", "transaction": "9001", "kind": "payment", "amount": amount, "currency": currency });
        let found = call(&mut world, &plugin, "sync.lacks", json!(["777", [row]]));
        assert_eq!(found, if lacking { json!(["C74PNZH5"]) } else { json!([]) }, "{amount} {currency}");
    }
}

#[test]
fn a_buyer_with_a_new_address_is_found_by_the_number_that_the_contact_bears() {
    let (mut world, plugin) = bought();
    // The ledger is lost, and the buyer has another address by now.
    world.entries.clear();
    let renewal = json!({ "pay_sequence_no": "2", "transaction_id": "9002", "email": "new@example.de" });
    assert_eq!(apply(&mut world, &plugin, &event(renewal))["outcome"], "done");
    assert_eq!((world.contacts.len(), &world.contacts["c1"].fields["email"]), (1, &json!("kaethe@example.de")));
}

#[test]
fn whoever_is_forgotten_is_so_under_every_address() {
    let (mut world, plugin) = bought();
    let moved = json!({ "pay_sequence_no": "2", "transaction_id": "9002", "email": "new@example.de" });
    apply(&mut world, &plugin, &event(moved));
    let other = json!({ "buyer_id": "9", "email": "other@example.de", "order_id": "B9", "order_item_id": "9", "transaction_id": "99" });
    apply(&mut world, &plugin, &event(other));
    let addresses = |world: &World| world.entries.keys().filter(|key| key.contains("/email/")).count();
    assert_eq!(addresses(&world), 3);
    call(&mut world, &plugin, "forget", json!(["kaethe@example.de"]));
    assert_eq!(addresses(&world), 1);
    // Nor does a plan of theirs say anything else than what becomes of it.
    let next = json!({ "pay_sequence_no": "3", "transaction_id": "9003" });
    let plan = call(&mut world, &plugin, "sync.plan", json!([event(next)]));
    assert_eq!((plan["steps"].clone(), plan["remarks"].clone()), (json!([]), json!(["of somebody who was forgotten"])));
}
