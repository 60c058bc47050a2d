//! What one message does: its calls, whose it is, repetitions, forms, refusals and outages.

use std::cell::Cell;

use crate::support::{End, Rng, World, apply, bought, event, plugin, plugin_with, tick, with};
use ghl_digistore24::json::{Map, Value, json};
use ghl_digistore24::{
    effects::{Answer, Task},
    plugin::Plugin,
};

fn operations(report: &Value) -> Vec<&str> {
    report["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["operation"].as_str().unwrap().trim_start_matches("ghl.contacts."))
        .collect()
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
    let (mut world, plugin) = bought();
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

/// Drives a task; from where `is_reached` on no answer comes, and what was asked for takes effect later.
fn drive_late(world: &mut World, mut task: Task, rng: &mut Rng, is_reached: impl Fn(&World) -> bool) -> End {
    let mut answers = Vec::new();
    let end = loop {
        world.faults.late = if is_reached(world) { 100 } else { 0 };
        if let Some(end) = world.step(&mut task, &mut answers, rng) {
            break end;
        }
    };
    world.faults.late = 0;
    end
}

/// A note whose answer gets lost is there up to the settle time after its request has ended, which may be long after the
/// sending. Who asks in between must not make it again.
#[test]
fn a_write_of_unknown_outcome_is_not_looked_for_too_early() {
    for seed in 0..30 {
        let (mut world, plugin, sent) = (World::new(), plugin(), Cell::new(0));
        let task = plugin.start("sync.apply", &json!([event(json!({}))]).to_string(), Vec::new());
        let end = drive_late(&mut world, task, &mut Rng::new(seed), |world| {
            if sent.get() == 0 && !world.contacts.is_empty() {
                sent.set(world.now);
            }
            sent.get() > 0
        });
        assert!(matches!(&end, End::Done(report) if report["outcome"] == "waiting"), "{end:?}");
        let asked = sent.get() + 61_000;
        world.advance(asked);
        apply(&mut world, &plugin, &event(json!({})));
        world.advance(asked + 300_000);
        tick(&mut world, &plugin);
        assert!(!world.holds("inbox"));
        assert_eq!(world.contacts["c1"].notes.len(), 1, "seed {seed}");
    }
}

/// The worker listed what there is before the other message came, and the two share no address: only the claim on the buyer
/// tells it that the other one has begun.
#[test]
fn a_worker_with_an_old_list_begins_nothing_beside_another_message_of_the_buyer() {
    let (mut world, plugin, mut rng) = (World::new(), plugin(), Rng::new(1));
    let start = |raw: Value| plugin.start("sync.apply", &json!([event(raw)]).to_string(), Vec::new());
    let (began, mut answers) = (world.now, Vec::new());
    world.now += 1_000;
    let second = json!({
        "order_id": "B2", "order_item_id": "5", "transaction_id": "500", "email": "new@example.de", "address_phone_no": "",
    });
    let mut slow = start(second);
    // It reads its own message twice, then the whole inbox.
    let lists = |answers: &[Answer]| format!("{answers:?}").contains("/inbox/");
    for _ in 0..3 {
        assert!(world.step(&mut slow, &mut answers, &mut rng).is_none());
        while !lists(&answers) {
            assert!(world.step(&mut slow, &mut answers, &mut rng).is_none());
        }
    }
    assert!(!world.holds("lease"));
    // Received earlier, stored later; whether its contact was made is not known.
    world.now = began;
    let is_read = |world: &World| world.requests.iter().any(|request| request.ends_with("customFields"));
    drive_late(&mut world, start(json!({})), &mut Rng::new(1), is_read);
    assert_eq!(world.requests.last().unwrap(), "POST /contacts/");
    while world.step(&mut slow, &mut answers, &mut rng).is_none() {}
    for _ in 0..3 {
        world.advance(world.now + 300_000);
        tick(&mut world, &plugin);
    }
    assert!(!world.holds("inbox"));
    assert_eq!(world.contacts.len(), 1);
}

#[test]
fn a_phone_of_somebody_else_never_identifies() {
    let (mut world, plugin) = bought();
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
    let (mut world, plugin) = bought();
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
    let (mut world, plugin) = bought();
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
fn a_refund_that_names_no_item_and_comes_first_is_the_one_of_the_payment_after_it() {
    let (mut world, plugin) = (World::new(), plugin());
    let refund = json!({
        "event": "on_refund", "transaction_id": "9100", "parent_transaction_id": "9001", "order_item_id": "", "product_id": "",
        "product_name": "",
    });
    apply(&mut world, &plugin, &event(refund));
    apply(&mut world, &plugin, &event(json!({})));
    let tags = &world.contacts["c1"].tags;
    assert!(tags.contains("ds24-refunded") && !tags.contains("ds24-customer"), "{tags:?}");
}

#[test]
fn an_upsell_whose_money_went_back_is_refunded_though_the_plan_beside_it_goes_on() {
    let (mut world, plugin) = bought();
    let upsell = |extra: Value| {
        let upsell = json!({
            "order_id": "C74PNZH51", "upsell_no": "1", "order_item_id": "32", "product_id": "6", "product_name": "Buch",
            "transaction_id": "9003", "billing_type": "single_payment", "pay_sequence_no": "0",
        });
        event(with(upsell, extra))
    };
    apply(&mut world, &plugin, &upsell(json!({})));
    let refund = json!({ "event": "on_refund", "transaction_id": "9004", "parent_transaction_id": "9003" });
    apply(&mut world, &plugin, &upsell(refund));
    let tags = &world.contacts["c1"].tags;
    assert!(tags.contains("ds24-p-512345") && !tags.contains("ds24-p-6"), "{tags:?}");
}

#[test]
fn a_refund_that_comes_before_its_payment_is_not_taken_for_one_of_another() {
    let (mut world, plugin) = bought();
    // Of the second payment, all of it.
    let refund = json!({ "event": "on_refund", "pay_sequence_no": "2", "transaction_id": "9100", "transaction_amount": "30.00", "parent_transaction_id": "9002" });
    apply(&mut world, &plugin, &event(refund));
    apply(
        &mut world,
        &plugin,
        &event(json!({ "pay_sequence_no": "2", "transaction_id": "9002", "transaction_amount": "30.00" })),
    );
    assert!(world.contacts["c1"].tags.contains("ds24-refunded"), "{:?}", world.contacts["c1"].tags);
}

#[test]
fn a_contact_that_was_created_and_refused_is_found_also_when_its_phone_is_somebody_elses() {
    let (mut world, plugin) = bought();
    world.faults.created_422 = 100;
    let spouse = event(
        json!({ "order_id": "S1", "order_item_id": "9", "transaction_id": "500", "buyer_id": "50", "email": "otto@example.de" }),
    );
    assert_eq!(apply(&mut world, &plugin, &spouse)["outcome"], "done");
    assert_eq!(world.contacts.len(), 2);
}

/// Two receivers store messages of one buyer: the one that began earlier is slower. Meanwhile work on the other has begun,
/// and its worker has died.
#[test]
fn a_message_that_was_begun_is_not_held_up_by_one_that_was_stored_later() {
    let (mut world, plugin, mut rng) = (World::new(), plugin(), Rng::new(1));
    let second = event(json!({ "pay_sequence_no": "2", "transaction_id": "9002" }));
    let mut task = plugin.start("sync.apply", &json!([second]).to_string(), Vec::new());
    let mut answers = Vec::new();
    while world.contacts.is_empty() {
        assert!(world.step(&mut task, &mut answers, &mut rng).is_none());
    }
    drop(task);
    world.now -= 60_000;
    apply(&mut world, &plugin, &event(json!({})));
    for _ in 0..5 {
        world.now += 400_000;
        world.drive(plugin.start("tick", "[{}]", Vec::new()), &mut rng);
    }
    assert!(!world.holds("inbox"));
    assert_eq!(world.contacts["c1"].notes.len(), 1);
}

/// Each try fails as soon as it begins, and the message goes on when the services do: nobody has to look after it.
#[test]
fn an_outage_of_a_day_brings_nothing_to_the_dead_letters() {
    let (mut world, plugin, mut rng) = (World::new(), plugin(), Rng::new(1));
    world.faults.broken = 100;
    assert_eq!(apply(&mut world, &plugin, &event(json!({})))["outcome"], "waiting");
    let (end, mut tries) = (world.now + 24 * 3_600_000, 0);
    while world.now < end {
        world.now += 60_000;
        match world.drive(plugin.start("tick", "[{}]", Vec::new()), &mut rng) {
            End::Done(tick) => tries += tick["events"].as_array().unwrap().len(),
            other => panic!("{other:?}"),
        }
    }
    assert!(tries < 40, "{tries} tries");
    world.faults.broken = 0;
    world.now += 3_600_000;
    world.drive(plugin.start("tick", "[{}]", Vec::new()), &mut rng);
    assert_eq!((world.contacts.len(), world.holds("dead"), world.holds("inbox")), (1, false, false));
}

/// Who holds a ticket is asked until it is answered, and then no more.
#[test]
fn the_holder_of_a_ticket_is_asked_once() {
    let (mut world, plugin, mut rng) = (World::new(), plugin(), Rng::new(1));
    let holder = json!({ "eticket": { "id": "700001", "email": "holder@example.com", "first_name": "Hanna" } });
    world.answers.insert("getEticket 700001".into(), holder);
    let ticket = event(json!({
        "event": "eticket", "action": "create", "eticket_id": "700001", "eticket_modified_at": "2026-11-19 10:00:00",
    }));
    let mut task = plugin.start("sync.apply", &json!([ticket]).to_string(), Vec::new());
    let mut answers = Vec::new();
    let asked = |world: &World| world.requests.iter().filter(|request| request.contains("getEticket")).count();
    while asked(&world) == 0 {
        assert!(world.step(&mut task, &mut answers, &mut rng).is_none());
    }
    world.faults.broken = 100;
    while world.step(&mut task, &mut answers, &mut rng).is_none() {}
    world.faults.broken = 0;
    assert!(world.holds("inbox") && world.contacts.is_empty());
    world.now += 3_600_000;
    world.drive(plugin.start("tick", "[{}]", Vec::new()), &mut rng);
    assert_eq!(asked(&world), 1);
    assert_eq!(world.contacts["c1"].fields["email"], "holder@example.com");
    assert!(!world.entries.values().any(|(value, _)| value.contains("Hanna")), "nobody needs it any more");
}

/// A worker has listed a message and sleeps. Meanwhile another message of the buyer, with another address, has made a contact,
/// and its worker has died: the ledger knows nothing yet.
#[test]
fn a_worker_that_slept_begins_no_second_message_of_a_buyer() {
    let (mut world, plugin, mut rng) = (World::new(), plugin(), Rng::new(1));
    let moved = event(json!({ "order_id": "B2", "transaction_id": "9002", "email": "new@example.com" }));
    let mut task = plugin.start("sync.apply", &json!([moved]).to_string(), Vec::new());
    let mut answers = Vec::new();
    while !world.holds("inbox") {
        assert!(world.step(&mut task, &mut answers, &mut rng).is_none());
    }
    drop(task);
    let (mut sleeper, mut told) = (plugin.start("tick", "[{}]", Vec::new()), Vec::new());
    for _ in 0..4 {
        assert!(world.step(&mut sleeper, &mut told, &mut rng).is_none());
    }
    assert!(!world.holds("lease"), "it has only listed");
    world.now -= 60_000;
    let mut task = plugin.start("sync.apply", &json!([event(json!({}))]).to_string(), Vec::new());
    let mut answers = Vec::new();
    while world.contacts.is_empty() {
        assert!(world.step(&mut task, &mut answers, &mut rng).is_none());
    }
    drop(task);
    world.now += 400_000;
    while world.step(&mut sleeper, &mut told, &mut rng).is_none() {}
    for _ in 0..5 {
        world.now += 400_000;
        world.drive(plugin.start("tick", "[{}]", Vec::new()), &mut rng);
    }
    assert!(!world.holds("inbox"));
    assert_eq!((world.contacts.len(), world.contacts["c1"].notes.len()), (1, 2));
}

#[test]
fn what_the_first_order_lacked_is_filled_by_the_next_where_it_is_empty() {
    let (mut world, plugin) = (World::new(), plugin());
    let bare = json!({ "address_last_name": "", "address_phone_no": "", "address_country": "", "address_company": "" });
    apply(&mut world, &plugin, &event(bare));
    // Meanwhile a person has filled in one of them.
    world.contacts.get_mut("c1").unwrap().fields.insert("city".into(), "Bonn".into());
    let whole = |no: &str, extra: Value| {
        let raw = json!({
            "order_id": "B2", "order_item_id": "5", "transaction_id": ["50", no].concat(), "pay_sequence_no": no,
            "address_street": "Am Markt 1", "address_zipcode": "10115", "address_city": "Berlin",
        });
        event(with(raw, extra))
    };
    let second = apply(&mut world, &plugin, &whole("1", json!({})));
    let fields = &world.contacts["c1"].fields;
    for (name, value) in [
        ("firstName", "Käthe"),
        ("lastName", "Grünwald"),
        ("address1", "Am Markt 1"),
        ("postalCode", "10115"),
        ("city", "Bonn"),
        ("phone", "+49301234567"),
    ] {
        assert_eq!(fields[name], value, "{name}");
    }
    assert_eq!(operations(&second), ["getContact", "updateContact", "createNote"], "{second}");
    // It is asked once; what a person wrote stays, what the plugin wrote follows the buyer.
    let moved = json!({ "address_street": "Am Tor 2", "address_city": "Hamburg" });
    let renewal = apply(&mut world, &plugin, &whole("2", moved));
    assert_eq!(operations(&renewal), ["updateContact", "updateNote"]);
    let fields = &world.contacts["c1"].fields;
    assert_eq!((&fields["address1"], &fields["city"]), (&json!("Am Tor 2"), &json!("Bonn")));
}

#[test]
fn a_phone_that_is_somebody_elses_is_tried_once() {
    let (mut world, plugin) = bought();
    let otto = |no: &str, phone: &str| {
        event(json!({
            "order_id": "S1", "order_item_id": "9", "transaction_id": ["50", no].concat(), "pay_sequence_no": no,
            "buyer_id": "50", "email": "otto@example.de", "address_phone_no": phone,
        }))
    };
    apply(&mut world, &plugin, &otto("1", ""));
    let second = apply(&mut world, &plugin, &otto("2", "030 1234567"));
    assert_eq!(operations(&second), ["getContact", "updateContact", "updateContact", "updateNote"], "{second}");
    assert_eq!(operations(&apply(&mut world, &plugin, &otto("3", "030 1234567"))), ["updateContact", "updateNote"]);
}

#[test]
fn whoever_unsubscribed_gets_no_opt_in_tag_also_where_no_field_is_written() {
    let (mut world, plugin) = (World::new(), plugin_with(json!({ "customFields": false })));
    apply(&mut world, &plugin, &event(json!({})));
    world.contacts.get_mut("c1").unwrap().fields.insert("dnd".into(), true.into());
    let second =
        json!({ "order_id": "B2", "order_item_id": "5", "transaction_id": "500", "newsletter_choice": "optin" });
    let second = apply(&mut world, &plugin, &event(second));
    assert_eq!(operations(&second), ["getContact", "createNote"], "{second}");
    assert!(!world.contacts["c1"].tags.contains("ds24-newsletter-requested"));
}

#[test]
fn a_tag_that_a_person_put_on_stays_when_what_would_have_brought_it_goes() {
    let mapping = json!({ "tags": { "byProduct": { "6": ["vip"] } } });
    let (mut world, plugin) = (World::new(), plugin_with(mapping));
    apply(&mut world, &plugin, &event(json!({})));
    world.contacts.get_mut("c1").unwrap().tags.insert("vip".into());
    let book = |extra: Value| {
        let raw = json!({ "order_id": "B2", "order_item_id": "5", "product_id": "6", "transaction_id": "500", "tags": "own" });
        event(with(raw, extra))
    };
    apply(&mut world, &plugin, &book(json!({})));
    assert!(world.contacts["c1"].tags.contains("own"));
    let refund = json!({ "event": "on_refund", "transaction_id": "501", "parent_transaction_id": "500" });
    apply(&mut world, &plugin, &book(refund));
    let tags = &world.contacts["c1"].tags;
    assert!(tags.contains("vip") && !tags.contains("own"), "{tags:?}");
}

/// It was given up after its tags were put on: they are its own when it is tried again.
#[test]
fn a_tag_that_an_earlier_try_put_on_is_no_persons() {
    let book = json!({ "name": "b", "when": { "event": "newSale" }, "then": [{ "workflow": "Onboarding" }] });
    let mapping = json!({ "tags": { "byProduct": { "6": ["vip"] } }, "playbooks": [book] });
    let (mut world, plugin) = (World::new(), plugin_with(mapping));
    apply(&mut world, &plugin, &event(json!({})));
    let sale = event(json!({ "order_id": "B2", "order_item_id": "5", "product_id": "6", "transaction_id": "500" }));
    world.contacts.get_mut("c1").unwrap().fields.insert("refusesWorkflows".into(), true.into());
    assert_eq!(apply(&mut world, &plugin, &sale)["outcome"], "dead");
    assert!(world.contacts["c1"].tags.contains("vip"));
    world.contacts.get_mut("c1").unwrap().fields.remove("refusesWorkflows");
    assert_eq!(apply(&mut world, &plugin, &sale)["outcome"], "done");
    let refund = json!({
        "order_id": "B2", "order_item_id": "5", "product_id": "6", "event": "on_refund", "transaction_id": "501", "parent_transaction_id": "500",
    });
    apply(&mut world, &plugin, &event(refund));
    assert!(!world.contacts["c1"].tags.contains("vip"));
}

fn form(extra: Value) -> Value {
    let mut raw = event(json!({ "event": "custom_form", "action": "create", "form_no": "1", "form_count": "1" }));
    let fields = raw["raw"].as_object().unwrap().clone();
    let fields = fields.into_iter().filter(|(name, _)| !name.starts_with("transaction_"));
    let fields: Map = fields.chain(extra.as_object().unwrap().clone()).collect();
    raw.as_object_mut().unwrap().insert("raw".into(), Value::Object(fields));
    raw
}

#[test]
fn a_form_that_overtakes_its_payment_waits_for_it_and_holds_it_up_by_nothing() {
    let (mut world, plugin) = (World::new(), plugin());
    let early = apply(&mut world, &plugin, &form(json!({ "Balkon": "Süd" })));
    assert_eq!((early["outcome"].as_str(), operations(&early).len()), (Some("waiting"), 0), "{early}");
    assert_eq!(apply(&mut world, &plugin, &event(json!({})))["outcome"], "done");
    world.now += 60_000;
    assert_eq!(tick(&mut world, &plugin)["events"][0]["outcome"], "done");
    let note = world.contacts["c1"].notes[0]["body"].as_str().unwrap();
    assert!(note.contains("Balkon: Süd") && !world.holds("inbox"), "{note}");
}

#[test]
fn a_form_whose_payment_never_comes_waits_for_a_person_after_two_days() {
    let (mut world, plugin) = (World::new(), plugin());
    let mut report = apply(&mut world, &plugin, &form(json!({})));
    let began = world.now;
    while report["outcome"] == "waiting" {
        assert!(world.now - began < 48 * 3_600_000);
        world.now += 600_000;
        report = tick(&mut world, &plugin)["events"].at(0).cloned().unwrap_or(report);
    }
    assert_eq!(report["outcome"], "dead", "{report}");
    assert!(world.now - began > 36 * 3_600_000);
    let help = report["error"]["help"].as_str().unwrap();
    assert!(help.contains("retry"), "{help}");
}

#[test]
fn two_affiliates_are_two_people() {
    let book =
        json!({ "name": "partners", "when": { "event": "affiliateApproved" }, "then": [{ "addTags": ["partner"] }] });
    let (mut world, plugin) = (World::new(), plugin_with(json!({ "playbooks": [book] })));
    for name in ["max", "moritz"] {
        let raw = json!({
            "event": "on_affiliation", "merchant_id": "777", "affiliate_name": name, "email": [name, "@example.com"].concat(),
        });
        assert_eq!(apply(&mut world, &plugin, &json!({ "raw": raw }))["outcome"], "done");
    }
    assert_eq!(world.contacts.len(), 2);
}

#[test]
fn a_merged_contact_is_found_again_by_its_address() {
    let (mut world, plugin) = bought();
    let contact = world.contacts.remove("c1").unwrap();
    world.contacts.insert("winner".into(), contact);
    let renewal = apply(&mut world, &plugin, &event(json!({ "pay_sequence_no": "2", "transaction_id": "9002" })));
    assert_eq!((renewal["outcome"].as_str(), renewal["contactId"].as_str()), (Some("done"), Some("winner")));
    assert_eq!(world.contacts.len(), 1);
}

#[test]
fn a_note_that_a_person_deleted_is_made_anew() {
    let (mut world, plugin) = bought();
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
    let (mut world, plugin) = bought();
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
    let (mut world, plugin) = bought();
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

/// What `sync.plan` says of a message, then what is done about it.
fn planned_and_done(world: &mut World, plugin: &Plugin, event: &Value) -> (Value, Value) {
    let before = world.requests.len();
    let End::Done(plan) =
        world.drive(plugin.start("sync.plan", &json!([event]).to_string(), Vec::new()), &mut Rng::new(1))
    else {
        panic!("no plan")
    };
    assert_eq!(world.requests.len(), before, "planning makes no call");
    (plan, apply(world, plugin, event))
}

fn named(steps: &Value) -> Vec<String> {
    steps
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["do"].as_object().unwrap().into_iter().next().unwrap().0.clone())
        .collect()
}

#[test]
fn the_plan_of_an_old_event_is_as_silent_as_what_is_done() {
    let (mut world, plugin) = (World::new(), plugin());
    let old = event(json!({ "transaction_date": "2026-01-05" }));
    let (plan, report) = planned_and_done(&mut world, &plugin, &old);
    assert_eq!(named(&plan["steps"]), named(&report["plan"]["steps"]));
    assert_eq!(named(&plan["steps"]), ["createContact"]);
    assert_eq!(plan["steps"][0]["do"]["createContact"]["fields"]["tags"], json!(["ds24-import"]));
    assert!(plan["remarks"].to_string().contains("before the plugin was connected"), "{}", plan["remarks"]);
}

#[test]
fn the_plan_says_that_digistore24_will_be_asked() {
    let (mut world, plugin) = bought();
    let missed = event(
        json!({ "event": "on_payment_missed", "pay_sequence_no": "2", "billing_stop_reason": "no_product", "transaction_id": "" }),
    );
    let (plan, report) = planned_and_done(&mut world, &plugin, &missed);
    assert!(plan["remarks"].to_string().contains("getPurchase is asked first"), "{}", plan["remarks"]);
    assert!(!named(&plan["steps"]).contains(&"createTask".to_owned()), "{}", plan["steps"]);
    assert!(report["calls"].to_string().contains("getPurchase"));
}

#[test]
fn the_plan_says_what_waits_and_what_is_read_first() {
    let (mut world, plugin) = (World::new(), plugin());
    let form = event(
        json!({ "event": "custom_form", "form_no": "1", "action": "create", "Groesse": "XL", "transaction_id": "" }),
    );
    let (plan, report) = planned_and_done(&mut world, &plugin, &form);
    assert!(plan["remarks"].to_string().contains("waits until its order is known"), "{}", plan["remarks"]);
    assert_eq!(report["outcome"], "waiting");
    apply(&mut world, &plugin, &event(json!({ "address_phone_no": "" })));
    let second = event(json!({ "order_id": "B2", "order_item_id": "5", "transaction_id": "9002" }));
    let (plan, report) = planned_and_done(&mut world, &plugin, &second);
    assert!(plan["remarks"].to_string().contains("the contact is read first"), "{}", plan["remarks"]);
    assert!(report["calls"].to_string().contains("getContact"));
}

#[test]
fn a_sale_of_another_merchant_is_put_aside_and_told() {
    let (mut world, plugin) = (World::new(), plugin());
    let foreign = event(json!({ "merchant_id": "888" }));
    let (plan, report) = planned_and_done(&mut world, &plugin, &foreign);
    assert_eq!((plan["steps"].clone(), plan["remarks"].clone()), (json!([]), json!(["another merchant's message"])));
    assert_eq!((report["outcome"].as_str(), world.contacts.len()), (Some("kept"), 0));
    assert!(world.logs.iter().any(|log| log["message"].as_str().unwrap().contains("put aside")), "{:?}", world.logs);
}
