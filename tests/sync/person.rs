//! One person over time: what was forgotten stays so, consent follows the contact, tests are marked, names are found however
//! they are written.

use crate::support::{DAY, World, apply, call, event, plugin, plugin_with, tick, with};
use ghl_digistore24::json::{Map, Value, json};

/// A message about another order of the same buyer.
fn other(extra: Value) -> Value {
    let raw = json!({ "order_id": "B2", "order_item_id": "77", "product_id": "600", "transaction_id": "500" });
    event(with(raw, extra))
}

fn missed(pay_sequence_no: &str) -> Value {
    json!({ "event": "on_payment_missed", "transaction_id": "", "pay_sequence_no": pay_sequence_no })
}

#[test]
fn a_ticket_brings_nobody_back_who_was_forgotten() {
    let (mut world, plugin) = (World::new(), plugin());
    let holder = json!({ "eticket": { "id": "700001", "email": "holder@example.com", "first_name": "Hanna" } });
    world.answers.insert("getEticket 700001".into(), holder);
    let ticket = |action: &str, day: &str| {
        event(json!({ "event": "eticket", "action": action, "eticket_id": "700001", "eticket_modified_at": day }))
    };
    assert_eq!(apply(&mut world, &plugin, &ticket("create", "2026-11-19 10:00:00"))["outcome"], "done");
    call(&mut world, &plugin, "forget", json!(["holder@example.com"]));
    world.contacts.clear();
    assert_eq!(apply(&mut world, &plugin, &ticket("use", "2026-11-29 10:00:00"))["outcome"], "kept");
    assert!(world.contacts.is_empty());
}

#[test]
fn an_order_that_was_replaced_brings_nobody_back_who_was_forgotten() {
    let (mut world, plugin) = (World::new(), plugin());
    apply(&mut world, &plugin, &other(json!({ "upgraded_order_id": "C74PNZH5" })));
    call(&mut world, &plugin, "forget", json!(["kaethe@example.de"]));
    world.contacts.clear();
    let last_day = event(json!({ "event": "last_paid_day", "transaction_id": "" }));
    assert_eq!(apply(&mut world, &plugin, &last_day)["outcome"], "kept");
    assert!(world.contacts.is_empty());
}

#[test]
fn a_field_is_found_by_key_name_or_id() {
    for written in ["ds24_segment", " DS24_Segment", "id-ds24_segment"] {
        let mut own = Map::new();
        own.insert(written.into(), "{{item.productId}}".into());
        let mapping = json!({ "customFields": { "own": own } });
        let (mut world, plugin) = (World::new(), plugin_with(mapping));
        assert_eq!(apply(&mut world, &plugin, &event(json!({})))["outcome"], "done", "{written}");
        assert_eq!(world.contacts["c1"].custom["ds24_segment"], "512345", "{written}");
    }
}

#[test]
fn the_company_of_a_new_contact_is_what_the_mapping_says() {
    for (written, expected) in [(Value::Null, Value::Null), ("{{buyer.company | upper}}".into(), "ACME GMBH".into())] {
        let mapping = json!({ "contact": { "companyName": written } });
        let (mut world, plugin) = (World::new(), plugin_with(mapping));
        apply(&mut world, &plugin, &event(json!({ "address_company": "acme gmbh" })));
        assert_eq!(world.contacts["c1"].fields.get("companyName").cloned().unwrap_or_default(), expected);
    }
}

#[test]
fn dunning_ends_however_the_payment_stopped_being_missed() {
    let mapping = json!({ "tasks": { "dunning": false }, "playbooks": [{ "use": "dunning", "with": { "workflow": "Onboarding" } }] });
    for end in [
        json!({ "event": "on_rebill_resumed", "transaction_id": "", "pay_sequence_no": "2" }),
        json!({ "event": "last_paid_day", "transaction_id": "", "pay_sequence_no": "2" }),
        json!({ "event": "on_rebill_cancelled", "transaction_id": "", "pay_sequence_no": "2" }),
        json!({ "pay_sequence_no": "2", "transaction_id": "9002" }),
    ] {
        let (mut world, plugin) = (World::new(), plugin_with(mapping.clone()));
        apply(&mut world, &plugin, &event(json!({})));
        apply(&mut world, &plugin, &event(missed("2")));
        world.now += 4 * DAY;
        tick(&mut world, &plugin);
        assert!(world.contacts["c1"].tags.contains("dunning"));
        apply(&mut world, &plugin, &event(end.clone()));
        assert!(!world.contacts["c1"].tags.contains("dunning"), "{end}");
        assert_eq!(world.enrolments, ["c1 into w1", "c1 out of w1"], "{end}");
    }
}

#[test]
fn dunning_goes_on_while_another_payment_is_missing() {
    let mapping = json!({ "playbooks": [{ "use": "dunning", "with": { "workflow": "Onboarding" } }] });
    let (mut world, plugin) = (World::new(), plugin_with(mapping));
    for message in [event(json!({})), other(json!({})), event(missed("2")), other(missed("2"))] {
        apply(&mut world, &plugin, &message);
    }
    world.now += 4 * DAY;
    tick(&mut world, &plugin);
    apply(&mut world, &plugin, &event(json!({ "pay_sequence_no": "2", "transaction_id": "9002" })));
    assert!(world.contacts["c1"].tags.contains("dunning"));
    apply(&mut world, &plugin, &other(json!({ "pay_sequence_no": "2", "transaction_id": "502" })));
    assert!(!world.contacts["c1"].tags.contains("dunning"));
}

#[test]
fn who_only_has_what_ended_is_won_back_too() {
    let mapping = json!({ "consent": { "confirmedField": "ds24_phone" }, "playbooks": [{ "use": "winBack" }] });
    let (mut world, plugin) = (World::new(), plugin_with(mapping));
    apply(&mut world, &plugin, &other(json!({})));
    apply(&mut world, &plugin, &other(json!({ "event": "last_paid_day", "transaction_id": "" })));
    apply(&mut world, &plugin, &event(json!({})));
    world.contacts.get_mut("c1").unwrap().custom.insert("ds24_phone".into(), "yes".into());
    let refund = json!({ "event": "on_refund", "transaction_id": "9100", "parent_transaction_id": "9001" });
    apply(&mut world, &plugin, &event(refund));
    world.now += 15 * DAY;
    tick(&mut world, &plugin);
    assert!(world.contacts["c1"].tags.contains("win-back"), "{:?}", world.contacts["c1"].tags);
}

#[test]
fn an_order_that_was_replaced_is_upgraded_for_conditions_too() {
    let condition = json!({ "field": "now.order", "is": "upgraded" });
    let mapping = json!({ "playbooks": [{ "name": "late", "when": { "event": "newSale" }, "then": [
        { "wait": "3 days", "if": condition, "addTags": ["replaced"] },
    ] }] });
    let (mut world, plugin) = (World::new(), plugin_with(mapping));
    apply(&mut world, &plugin, &event(json!({})));
    apply(&mut world, &plugin, &other(json!({ "upgraded_order_id": "C74PNZH5" })));
    world.now += 3 * DAY;
    tick(&mut world, &plugin);
    assert!(world.contacts["c1"].tags.contains("replaced"));
}

/// Digistore24 writes Berlin's time without saying so; birthdays lie before 1970.
#[test]
fn dates_are_shown_as_they_are_meant() {
    let body = "{{raw.born | date: \"DD.MM.YYYY\"}} {{raw.starts | date: \"DD.MM.YYYY HH:mm\"}}";
    let (mut world, plugin) = (World::new(), plugin_with(json!({ "notes": { "title": "t", "body": body } })));
    apply(&mut world, &plugin, &event(json!({ "born": "1965-03-01", "starts": "2026-12-23 18:00:00" })));
    let note = world.contacts["c1"].notes[0]["body"].as_str().unwrap();
    assert!(note.starts_with("01.03.1965 23.12.2026 18:00"), "{note}");
}

#[test]
fn whoever_has_unsubscribed_keeps_that_in_a_merge() {
    let (mut world, plugin) = (World::new(), plugin());
    apply(&mut world, &plugin, &event(json!({ "newsletter_choice": "optin" })));
    world.contact_before_us("other@example.com");
    world.contacts.remove("c1");
    let merged = world.contacts.values_mut().next().unwrap();
    merged.fields.insert("dnd".into(), true.into());
    merged.fields.insert("email".into(), "kaethe@example.de".into());
    apply(&mut world, &plugin, &event(json!({ "pay_sequence_no": "2", "transaction_id": "9002" })));
    let tags = &world.contacts.values().next().unwrap().tags;
    assert!(tags.contains("ds24-customer") && !tags.contains("ds24-newsletter-requested"), "{tags:?}");
}

#[test]
fn whoever_subscribes_again_is_believed_at_once() {
    let (mut world, plugin) = (World::new(), plugin());
    apply(&mut world, &plugin, &event(json!({ "newsletter_choice": "none" })));
    world.contacts.get_mut("c1").unwrap().fields.insert("dnd".into(), true.into());
    apply(&mut world, &plugin, &other(json!({ "newsletter_choice": "optin" })));
    assert!(!world.contacts["c1"].tags.contains("ds24-newsletter-requested"));
    world.contacts.get_mut("c1").unwrap().fields.insert("dnd".into(), false.into());
    let third =
        json!({ "order_id": "C3", "order_item_id": "9", "transaction_id": "900", "newsletter_choice": "optin" });
    apply(&mut world, &plugin, &event(third));
    assert!(world.contacts["c1"].tags.contains("ds24-newsletter-requested"));
}

#[test]
fn what_a_test_order_makes_is_marked_whatever_its_words() {
    let steps = json!([{ "task": { "title": "Thank" } }, { "note": { "title": "N", "body": "B" } }]);
    let (mut world, plugin) = (
        World::new(),
        plugin_with(json!({
            "notes": { "title": "Sale {{item.name}}", "body": "b" },
            "tasks": { "dunning": { "title": "Ring {{buyer.firstName}}" } },
            "playbooks": [{ "name": "b", "when": { "event": "payment" }, "then": steps }],
        })),
    );
    let mut miss = missed("2");
    for message in [&mut json!({}), &mut miss] {
        message.as_object_mut().unwrap().insert("api_mode".into(), "test".into());
        apply(&mut world, &plugin, &event(message.clone()));
    }
    let contact = &world.contacts["c1"];
    let titles: Vec<&str> =
        contact.notes.iter().chain(&contact.tasks).map(|made| made["title"].as_str().unwrap()).collect();
    assert_eq!(titles.len(), 4);
    assert!(
        titles.iter().all(|title| title.starts_with("[TEST] ") && title.matches("[TEST]").count() == 1),
        "{titles:?}"
    );
}
