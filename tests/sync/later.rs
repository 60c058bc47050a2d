//! What later messages make of what earlier ones left: access of customers from before the plugin, upgrades on a day to come,
//! tags and tasks of messages that were given up, refunds that name no item, drift.

use crate::support::{Contact, DAY, World, apply, bought, call, event, plugin, plugin_with, purchase, with};
use ghl_digistore24::json::{Value, json};
use ghl_digistore24::plugin::Plugin;

/// A message with these parts over those.
fn but(base: &Value, extra: Value) -> Value {
    event(with(base.clone(), extra))
}

fn has(world: &World, tag: &str) -> bool {
    world.contacts["c1"].tags.contains(tag)
}

fn open_tasks(contact: &Contact) -> Vec<&str> {
    let open = contact.tasks.iter().filter(|task| task["completed"].as_bool() != Some(true));
    open.map(|task| task["title"].as_str().unwrap()).collect()
}

fn enrols() -> Value {
    json!({ "name": "welcome", "when": { "event": "newSale" }, "then": [{ "workflow": "Onboarding" }] })
}

/// The second order of a buyer, whose message can't be carried out to its end: its tags are on the contact.
fn given_up(mapping: Value) -> (World, Plugin, Value) {
    let (mut world, plugin) = (World::new(), plugin_with(mapping));
    apply(&mut world, &plugin, &event(json!({})));
    world.contacts.get_mut("c1").unwrap().fields.insert("refusesWorkflows".into(), true.into());
    let second = json!({
        "order_id": "B2", "order_item_id": "5", "product_id": "6", "transaction_id": "500", "tags": "own",
    });
    assert_eq!(apply(&mut world, &plugin, &event(second.clone()))["outcome"], "dead");
    assert!(has(&world, "own"));
    (world, plugin, second)
}

#[test]
fn tags_of_a_message_that_was_given_up_go_with_their_product() {
    let (mut world, plugin, second) = given_up(json!({ "playbooks": [enrols()] }));
    let renewal = but(&second, json!({ "pay_sequence_no": "2", "transaction_id": "501" }));
    assert_eq!(apply(&mut world, &plugin, &renewal)["outcome"], "done");
    assert!(has(&world, "own"));
    let refund = but(
        &second,
        json!({ "event": "on_refund", "pay_sequence_no": "2", "transaction_id": "502", "parent_transaction_id": "501" }),
    );
    apply(&mut world, &plugin, &refund);
    assert!(!has(&world, "own") && !has(&world, "ds24-p-6"), "{:?}", world.contacts["c1"].tags);
    assert!(has(&world, "ds24-customer"), "the first order is still paid");
}

#[test]
fn another_order_leaves_the_tags_of_a_message_that_was_given_up() {
    let (mut world, plugin, _) = given_up(json!({ "playbooks": [enrols()] }));
    apply(&mut world, &plugin, &event(json!({ "pay_sequence_no": "2", "transaction_id": "9002" })));
    assert!(has(&world, "own") && has(&world, "ds24-p-6"));
}

#[test]
fn a_refund_takes_off_what_a_message_that_was_given_up_put_on() {
    let (mut world, plugin, second) = given_up(json!({ "playbooks": [enrols()] }));
    let refund = json!({ "event": "on_refund", "transaction_id": "502", "parent_transaction_id": "500" });
    apply(&mut world, &plugin, &but(&second, refund));
    assert!(!has(&world, "own") && !has(&world, "ds24-p-6"), "{:?}", world.contacts["c1"].tags);
}

#[test]
fn a_tag_that_is_put_on_anew_is_there_after_a_retry() {
    let (mut world, plugin, second) =
        given_up(json!({ "playbooks": [enrols()], "tags": { "retrigger": ["ds24-customer"] } }));
    world.contacts.get_mut("c1").unwrap().fields.remove("refusesWorkflows");
    assert_eq!(apply(&mut world, &plugin, &event(second))["outcome"], "done");
    for tag in ["ds24-customer", "ds24-p-6", "own"] {
        assert!(has(&world, tag), "{tag}");
    }
}

/// The API, and perhaps a renewal, name the old order without the day.
#[test]
fn an_upgrade_on_a_day_to_come_keeps_its_day() {
    let upgrade = json!({
        "order_id": "U2", "order_item_id": "5", "product_id": "6", "transaction_id": "500", "upgraded_order_id": "C74PNZH5",
    });
    for is_renewal in [true, false] {
        let (mut world, plugin) = bought();
        apply(&mut world, &plugin, &but(&upgrade, json!({ "delivery_date": "2026-12-30" })));
        if is_renewal {
            apply(&mut world, &plugin, &but(&upgrade, json!({ "pay_sequence_no": "2", "transaction_id": "501" })));
        } else {
            let payments = [("500", "payment", "47.00"), ("501", "payment", "47.00")];
            let mut order = purchase("U2", "paying", &payments);
            let items = json!([{ "id": "5", "product_id": "6", "product_name": "Garten" }]);
            order.as_object_mut().unwrap().insert("upgrade_of_purchase_id".into(), "C74PNZH5".into());
            order.as_object_mut().unwrap().insert("items".into(), items);
            let drift = call(&mut world, &plugin, "sync.compare", json!(["777", order]));
            assert_eq!(drift.as_array().unwrap().len(), 1, "{drift}");
            call(&mut world, &plugin, "tick", json!([{}]));
        }
        assert!(has(&world, "ds24-p-512345"), "the old product is used until its day");
        // The thirty-first.
        world.now = 1_798_700_000_000;
        // It comes into the inbox, and is carried out.
        for _ in 0..2 {
            call(&mut world, &plugin, "tick", json!([{}]));
        }
        assert!(!has(&world, "ds24-p-512345") && has(&world, "ds24-p-6"), "{:?}", world.contacts["c1"].tags);
    }
}

/// Whoever bought long before the plugin came starts no welcome: not by a withdrawn cancellation, nor by what Digistore24 says.
#[test]
fn access_that_was_never_seen_paid_brings_no_tag_until_a_payment_does() {
    let withdrawn = ["on_rebill_cancelled", "on_rebill_resumed"]
        .map(|name| json!({ "event": name, "pay_sequence_no": "3", "transaction_id": "" }));
    let missed = json!({
        "event": "on_payment_missed", "pay_sequence_no": "3", "transaction_id": "", "billing_stop_reason": "no_product",
    });
    let gesture = json!({ "event": "on_refund", "pay_sequence_no": "1", "transaction_id": "8100", "parent_transaction_id": "8001" });
    for messages in [withdrawn.to_vec(), vec![missed], vec![gesture]] {
        let (mut world, plugin) = (World::new(), plugin());
        let payments = [("8001", "payment", "47.00"), ("8002", "payment", "47.00")];
        world.purchases.insert("C74PNZH5".into(), purchase("C74PNZH5", "paying", &payments));
        for message in &messages {
            apply(&mut world, &plugin, &event(message.clone()));
        }
        assert!(has(&world, "ds24-active"), "{messages:?}");
        assert!(!has(&world, "ds24-customer") && !has(&world, "ds24-p-512345"), "{messages:?}");
        apply(&mut world, &plugin, &event(json!({ "pay_sequence_no": "4", "transaction_id": "9004" })));
        assert!(has(&world, "ds24-customer") && has(&world, "ds24-p-512345"), "{messages:?}");
    }
}

#[test]
fn what_is_to_be_done_about_an_upsell_ends_with_the_upsell() {
    let (mut world, plugin) = (World::new(), plugin());
    let upsell = json!({
        "order_id": "C74PNZH51", "upsell_no": "1", "order_item_id": "33", "product_id": "512347", "product_name": "Buch",
        "transaction_id": "9010", "transaction_amount": "20.00", "billing_type": "single_payment", "pay_sequence_no": "0",
        "next_payment_at": "",
    });
    apply(&mut world, &plugin, &event(json!({})));
    apply(&mut world, &plugin, &event(upsell.clone()));
    for (kind, id, order) in
        [("refund_request", "55", "C74PNZH51"), ("delivery", "56", "C74PNZH51"), ("delivery", "57", "C74PNZH5")]
    {
        let rows = json!([{ "id": id, "purchase_id": order, "product_id": "512347" }]);
        call(&mut world, &plugin, "sync.work", json!(["777", kind, rows]));
        call(&mut world, &plugin, "tick", json!([{}]));
    }
    assert_eq!(open_tasks(&world.contacts["c1"]).len(), 3);
    let refund = json!({ "event": "on_refund", "transaction_id": "9011", "parent_transaction_id": "9010" });
    apply(&mut world, &plugin, &but(&upsell, refund));
    assert_eq!(open_tasks(&world.contacts["c1"]).len(), 1, "{:?}", world.contacts["c1"].tasks);
}

#[test]
fn which_of_several_items_went_back_is_no_guess() {
    let both = json!({
        "transaction_amount": "94.00", "billing_type": "single_payment", "pay_sequence_no": "0", "item_count": "2",
        "order_item_id_2": "32", "product_id_2": "512346", "product_name_2": "Buch",
        "product_txn_amount": "47.00", "product_txn_amount_2": "47.00",
    });
    let refund = json!({
        "event": "on_refund", "transaction_id": "9100", "parent_transaction_id": "9001", "transaction_amount": "47.00",
        "billing_type": "single_payment", "pay_sequence_no": "0", "order_item_id": "", "product_id": "", "product_name": "",
    });
    let movements = [("9001", "payment", "94.00"), ("9100", "refund", "-47.00"), ("9101", "refund", "-47.00")];
    for (known, questions) in [(2, 1), (3, 0)] {
        let (mut world, plugin) = (World::new(), plugin());
        world.purchases.insert("C74PNZH5".into(), purchase("C74PNZH5", "completed", &movements[..known]));
        apply(&mut world, &plugin, &event(both.clone()));
        apply(&mut world, &plugin, &event(refund.clone()));
        // Only where all has gone, nobody needs to say which.
        assert_eq!(open_tasks(&world.contacts["c1"]).len(), questions, "{:?}", world.contacts["c1"].tasks);
        assert_eq!(has(&world, "ds24-customer"), questions == 1);
    }
}

#[test]
fn a_payment_of_which_only_the_refund_came_is_taken_in_once() {
    let (mut world, plugin) = bought();
    let refund = json!({
        "event": "on_refund", "pay_sequence_no": "2", "transaction_id": "9100", "parent_transaction_id": "9002",
    });
    apply(&mut world, &plugin, &event(refund));
    let rows =
        json!([{ "order": "C74PNZH5", "transaction": "9002", "kind": "payment", "amount": 47.0, "currency": "EUR" }]);
    assert_eq!(call(&mut world, &plugin, "sync.lacks", json!(["777", rows])), json!(["C74PNZH5"]));
    let movements = [("9001", "payment", "47.00"), ("9002", "payment", "47.00"), ("9100", "refund", "-47.00")];
    let order = purchase("C74PNZH5", "paying", &movements);
    let drift = call(&mut world, &plugin, "sync.compare", json!(["777", order]));
    assert_eq!((drift.as_array().unwrap().len(), &drift[0]["event"]), (1, &json!("payment")), "{drift}");
    call(&mut world, &plugin, "tick", json!([{}]));
    assert_eq!(call(&mut world, &plugin, "sync.compare", json!(["777", order])), json!([]));
    assert_eq!(call(&mut world, &plugin, "sync.lacks", json!(["777", rows])), json!([]));
    assert_eq!(world.contacts["c1"].custom["ds24_lifetime"], json!(47.0));
}

#[test]
fn a_cancellation_with_number_0_is_one() {
    let (mut world, plugin) = bought();
    let cancelled = json!({ "event": "on_rebill_cancelled", "pay_sequence_no": "0", "transaction_id": "" });
    apply(&mut world, &plugin, &event(cancelled));
    assert!(has(&world, "ds24-cancelling") && world.contacts["c1"].tasks.is_empty());
}

#[test]
fn who_holds_a_ticket_can_be_forgotten_while_a_step_waits() {
    let book =
        json!({ "name": "b", "when": { "event": "eticket" }, "then": [{ "wait": "30 days", "addTags": ["remind"] }] });
    let (mut world, plugin) = (World::new(), plugin_with(json!({ "playbooks": [book] })));
    let holder = json!({ "eticket": { "id": "700001", "email": "Holder@example.com", "first_name": "Hanna" } });
    world.answers.insert("getEticket 700001".into(), holder);
    let ticket = event(json!({
        "event": "eticket", "action": "create", "eticket_id": "700001", "eticket_modified_at": "2026-11-19 10:00:00",
    }));
    assert_eq!(apply(&mut world, &plugin, &ticket)["outcome"], "done");
    assert!(world.holds("later"));
    call(&mut world, &plugin, "forget", json!(["holder@example.com"]));
    let rest = |text: &str| world.entries.values().any(|(value, _)| value.contains(text));
    assert!(!rest("Hanna") && !rest("older@example.com"));
}

fn import(world: &mut World, plugin: &Plugin, orders: Value) {
    let given = json!({ "orders": orders, "merchant": "777", "manner": "silent", "contact": null, "dryRun": false });
    call(world, plugin, "sync.import", json!([given]));
}

/// Connected in the middle of a plan, and the past imported after that: the documented order.
#[test]
fn an_import_after_a_renewal_adds_no_item() {
    let (mut world, plugin) = (World::new(), plugin());
    apply(&mut world, &plugin, &event(json!({ "transaction_id": "9003", "pay_sequence_no": "3" })));
    let payments = ["9001", "9002", "9003"].map(|id| (id, "payment", "47.00"));
    import(&mut world, &plugin, json!([purchase("C74PNZH5", "paying", &payments)]));
    assert_eq!(world.contacts["c1"].custom["ds24_lifetime"], json!(141));
    let refund = json!({
        "event": "on_refund", "transaction_id": "9100", "parent_transaction_id": "9003", "pay_sequence_no": "3",
    });
    apply(&mut world, &plugin, &event(refund));
    assert!(has(&world, "ds24-refunded") && !has(&world, "ds24-customer"), "{:?}", world.contacts["c1"].tags);
    let note = world.contacts["c1"].notes[0]["body"].as_str().unwrap();
    assert_eq!(note.matches("Kräuterkurs: ").count(), 1, "{note}");
    assert!(!note.contains("unknown"), "{note}");
}

#[test]
fn what_an_import_withheld_comes_with_the_next_purchase_though_it_was_refunded_meanwhile() {
    let (mut world, plugin) = (World::new(), plugin());
    import(&mut world, &plugin, json!([purchase("C74PNZH5", "paying", &[("9001", "payment", "47.00")])]));
    let movements = [("9001", "payment", "47.00"), ("9100", "refund", "-47.00")];
    world.now += 60 * DAY;
    call(&mut world, &plugin, "sync.compare", json!(["777", purchase("C74PNZH5", "paying", &movements)]));
    call(&mut world, &plugin, "tick", json!([{}]));
    let again = json!({
        "order_id": "NEW1", "order_item_id": "77", "transaction_id": "9500", "transaction_date": "2027-01-20",
    });
    apply(&mut world, &plugin, &event(again));
    for tag in ["ds24-active", "ds24-customer", "ds24-p-512345"] {
        assert!(has(&world, tag), "{tag}");
    }
}

#[test]
fn an_import_brings_no_order_of_somebody_who_was_forgotten() {
    let (mut world, plugin) = (World::new(), plugin());
    apply(&mut world, &plugin, &event(json!({ "pay_sequence_no": "3", "transaction_id": "9003" })));
    call(&mut world, &plugin, "forget", json!(["kaethe@example.de"]));
    world.contacts.clear();
    let fresh = json!({ "order_id": "NEW1", "order_item_id": "77", "product_id": "6", "transaction_id": "9500" });
    apply(&mut world, &plugin, &event(fresh));
    let payments = ["9001", "9002", "9003"].map(|id| (id, "payment", "47.00"));
    let mut other = purchase("NEW1", "paying", &[("9500", "payment", "47.00"), ("9501", "payment", "47.00")]);
    let items = json!([{ "id": "77", "product_id": "6", "product_name": "Garten" }]);
    other.as_object_mut().unwrap().insert("items".into(), items);
    import(&mut world, &plugin, json!([purchase("C74PNZH5", "paying", &payments), other]));
    assert_eq!(world.entries["default/loc1/order/777:C74PNZH5"].0, "\"\"");
    let contact = world.contacts.values().next().unwrap();
    assert_eq!((contact.custom["ds24_lifetime"].clone(), world.contacts.len()), (json!(94), 1));
}

#[test]
fn tickets_and_what_an_import_withheld_come_along_with_a_merged_contact() {
    let (mut world, plugin) = (World::new(), plugin());
    import(&mut world, &plugin, json!([purchase("C74PNZH5", "paying", &[("9001", "payment", "47.00")])]));
    apply(
        &mut world,
        &plugin,
        &event(json!({
            "event": "eticket", "action": "create", "eticket_id": "700001", "eticket_modified_at": "2026-11-19 10:00:00",
            "transaction_id": "",
        })),
    );
    let mut merged = world.contacts.remove("c1").unwrap();
    merged.fields.insert("id".into(), "m9".into());
    world.contacts.insert("m9".into(), merged);
    apply(&mut world, &plugin, &event(json!({ "pay_sequence_no": "2", "transaction_id": "9002" })));
    let tags = &world.contacts["m9"].tags;
    assert!(tags.contains("ds24-eticket") && !tags.contains("ds24-customer"), "{tags:?}");
}

/// A couple, or an address that moved: an order's message may bear the address of somebody else.
#[test]
fn an_address_stays_its_owners() {
    let (mut world, plugin) = bought();
    let bernd = json!({
        "order_id": "B1", "order_item_id": "5", "buyer_id": "99", "email": "bernd@example.de", "transaction_id": "500",
    });
    let owner = call(&mut world, &plugin, "sync.apply", json!([event(bernd.clone())]))["contactId"].clone();
    let renewal = json!({ "email": "bernd@example.de", "pay_sequence_no": "2", "transaction_id": "9002" });
    apply(&mut world, &plugin, &event(renewal));
    let new_buyer = json!({ "order_id": "N1", "order_item_id": "55", "buyer_id": "100", "transaction_id": "700" });
    let report = call(&mut world, &plugin, "sync.apply", json!([but(&bernd, new_buyer)]));
    assert_eq!(report["contactId"], owner);
    assert_eq!(call(&mut world, &plugin, "forget", json!(["bernd@example.de"]))["contactId"], owner);
    assert!(world.entries.contains_key("default/loc1/person/c1"), "the other one is not forgotten");
}

#[test]
fn an_upgrade_that_was_refunded_before_its_day_ends_nothing() {
    let (mut world, plugin) = bought();
    let upgrade = json!({
        "order_id": "U2", "order_item_id": "5", "product_id": "6", "transaction_id": "500",
        "upgraded_order_id": "C74PNZH5", "delivery_date": "2026-12-30",
    });
    apply(&mut world, &plugin, &event(upgrade.clone()));
    let refund = json!({ "event": "on_refund", "transaction_id": "501", "parent_transaction_id": "500" });
    apply(&mut world, &plugin, &but(&upgrade, refund));
    world.now = 1_798_700_000_000;
    for _ in 0..2 {
        call(&mut world, &plugin, "tick", json!([{}]));
    }
    assert!(has(&world, "ds24-p-512345") && has(&world, "ds24-active"), "{:?}", world.contacts["c1"].tags);
}

#[test]
fn the_last_paid_day_goes_with_the_money_and_not_back_in_time() {
    let cancelled = json!({ "event": "on_rebill_cancelled", "transaction_id": "", "next_payment_at": "2027-11-18" });
    let upgrade = json!({
        "order_id": "U2", "order_item_id": "5", "product_id": "6", "transaction_id": "500", "upgraded_order_id": "C74PNZH5",
    });
    let back = |kind: &str| json!({ "event": kind, "transaction_id": "9100", "parent_transaction_id": "9001" });
    for last in [back("on_refund"), back("on_chargeback"), upgrade] {
        let (mut world, plugin) = (World::new(), plugin());
        apply(&mut world, &plugin, &event(json!({ "next_payment_at": "2027-11-18" })));
        apply(&mut world, &plugin, &event(cancelled.clone()));
        assert_eq!(world.contacts["c1"].custom["ds24_paid_until"], "2027-11-18");
        apply(&mut world, &plugin, &event(last.clone()));
        assert_eq!(world.contacts["c1"].custom["ds24_paid_until"], "", "{last}");
    }
    let (mut world, plugin) = (World::new(), plugin());
    let second = json!({ "pay_sequence_no": "2", "transaction_id": "9002", "next_payment_at": "2027-01-18" });
    apply(&mut world, &plugin, &event(second));
    let cancelled = but(&cancelled, json!({ "pay_sequence_no": "2", "next_payment_at": "2027-01-18" }));
    apply(&mut world, &plugin, &cancelled);
    apply(&mut world, &plugin, &event(json!({ "next_payment_at": "2026-12-18" })));
    assert_eq!(world.contacts["c1"].custom["ds24_paid_until"], "2027-01-18", "the first payment came late");
}

#[test]
fn an_item_that_came_by_its_product_is_the_one_that_comes_by_its_number() {
    let (mut world, plugin) = (World::new(), plugin());
    let refund = json!({
        "event": "on_refund", "order_item_id": "", "transaction_id": "9100", "parent_transaction_id": "9001",
    });
    world.purchases.insert(
        "C74PNZH5".into(),
        purchase("C74PNZH5", "aborted", &[("9001", "payment", "47.00"), ("9100", "refund", "-47.00")]),
    );
    apply(&mut world, &plugin, &event(refund));
    apply(&mut world, &plugin, &event(json!({})));
    assert!(has(&world, "ds24-refunded") && !has(&world, "ds24-customer"), "{:?}", world.contacts["c1"].tags);
}

/// The numbers of two orders may begin alike.
#[test]
fn an_upgrade_settles_only_what_its_own_order_missed() {
    let (mut world, plugin) = (
        World::new(),
        plugin_with(json!({ "playbooks": [{
        "name": "refused", "when": { "event": "payment_missed" }, "then": [{ "workflow": "Onboarding" }],
    }] })),
    );
    let other = json!({ "order_id": "C74PNZH51X", "order_item_id": "5", "product_id": "6", "transaction_id": "500" });
    let missed = json!({ "event": "on_payment_missed", "pay_sequence_no": "2", "transaction_id": "" });
    apply(&mut world, &plugin, &event(json!({})));
    apply(&mut world, &plugin, &event(other.clone()));
    world.contacts.get_mut("c1").unwrap().fields.insert("refusesWorkflows".into(), true.into());
    assert_eq!(apply(&mut world, &plugin, &event(missed.clone()))["outcome"], "dead");
    world.contacts.get_mut("c1").unwrap().fields.remove("refusesWorkflows");
    apply(&mut world, &plugin, &but(&other, missed));
    assert_eq!(open_tasks(&world.contacts["c1"]).len(), 2);
    let upgrade =
        json!({ "order_id": "U2", "order_item_id": "7", "transaction_id": "600", "upgraded_order_id": "C74PNZH51X" });
    apply(&mut world, &plugin, &event(upgrade));
    assert_eq!(open_tasks(&world.contacts["c1"]).len(), 1, "{:?}", world.contacts["c1"].tasks);
}

#[test]
fn nobody_is_asked_for_a_payment_that_is_not_missing_any_more() {
    let missed = json!({ "event": "on_payment_missed", "pay_sequence_no": "2", "transaction_id": "" });
    let upgrade = json!({
        "order_id": "U2", "order_item_id": "5", "product_id": "6", "transaction_id": "500", "upgraded_order_id": "C74PNZH5",
    });
    let ends = ["on_rebill_cancelled", "last_paid_day"]
        .map(|kind| json!({ "event": kind, "pay_sequence_no": "2", "transaction_id": "" }));
    for end in ends.into_iter().chain([upgrade]) {
        let (mut world, plugin) = bought();
        apply(&mut world, &plugin, &event(missed.clone()));
        assert_eq!(open_tasks(&world.contacts["c1"]).len(), 1);
        apply(&mut world, &plugin, &event(end.clone()));
        assert!(open_tasks(&world.contacts["c1"]).is_empty(), "{end}: {:?}", world.contacts["c1"].tasks);
    }
}

#[test]
fn a_payment_that_is_sent_again_after_a_part_went_back_is_a_repetition() {
    let (mut world, plugin) = bought();
    apply(
        &mut world,
        &plugin,
        &event(json!({
            "event": "on_refund", "transaction_id": "9100", "parent_transaction_id": "9001", "transaction_amount": "10.00",
        })),
    );
    let before = world.requests.len();
    assert_eq!(apply(&mut world, &plugin, &event(json!({})))["outcome"], "duplicate");
    assert_eq!(world.requests.len(), before);
}

#[test]
fn a_silent_message_leaves_tags_of_a_dead_letter_to_the_next() {
    let (mut world, plugin, second) = given_up(json!({ "playbooks": [enrols()] }));
    let refund = json!({
        "event": "on_refund", "transaction_id": "502", "parent_transaction_id": "500", "transaction_date": "2026-11-10",
    });
    apply(&mut world, &plugin, &but(&second, refund));
    assert!(has(&world, "own"), "silent");
    let refund = json!({ "event": "on_refund", "transaction_id": "503", "parent_transaction_id": "500" });
    apply(&mut world, &plugin, &but(&second, refund));
    assert!(!has(&world, "own") && !has(&world, "ds24-p-6"), "{:?}", world.contacts["c1"].tags);
}

#[test]
fn whoever_holds_a_real_ticket_is_no_test() {
    let (mut world, plugin) = (World::new(), plugin());
    apply(&mut world, &plugin, &event(json!({ "api_mode": "test" })));
    let holder = json!({ "eticket": { "id": "700001", "email": "kaethe@example.de" } });
    world.answers.insert("getEticket 700001".into(), holder);
    apply(
        &mut world,
        &plugin,
        &event(json!({
            "event": "eticket", "order_id": "OTHER", "action": "create", "buyer_id": "88", "email": "boss@example.de",
            "eticket_id": "700001", "eticket_modified_at": "2026-11-19 10:00:00", "transaction_id": "",
        })),
    );
    let tests = call(&mut world, &plugin, "sync.tests", json!([null]));
    assert_eq!(tests["people"][0]["isOnlyTest"].as_bool(), Some(false));
}

#[test]
fn tags_of_a_dead_letter_are_on_the_contact_not_withheld() {
    let (mut world, plugin, second) = given_up(json!({ "playbooks": [enrols()] }));
    apply(&mut world, &plugin, &but(&second, json!({ "event": "on_rebill_cancelled", "transaction_id": "" })));
    assert!(has(&world, "own"));
    apply(&mut world, &plugin, &but(&second, json!({ "event": "last_paid_day", "transaction_id": "" })));
    assert!(!has(&world, "own") && !has(&world, "ds24-p-6"), "{:?}", world.contacts["c1"].tags);
}

/// A payment that is sent again may mean "restore access", also to one of several items.
#[test]
fn a_payment_that_is_sent_again_for_an_item_that_went_back_is_a_question() {
    let (mut world, plugin) = (World::new(), plugin());
    let both = json!({
        "transaction_amount": "100.00", "item_count": "2", "order_item_id_2": "32", "product_id_2": "6",
        "product_name_2": "Buch", "product_txn_amount": "50.00", "product_txn_amount_2": "50.00",
    });
    apply(&mut world, &plugin, &event(both.clone()));
    apply(
        &mut world,
        &plugin,
        &event(json!({
            "event": "on_refund", "transaction_id": "9100", "parent_transaction_id": "9001", "transaction_amount": "50.00",
        })),
    );
    assert!(!has(&world, "ds24-p-512345"));
    world.purchases.insert("C74PNZH5".into(), purchase("C74PNZH5", "paying", &[("9001", "payment", "100.00")]));
    assert_eq!(apply(&mut world, &plugin, &event(both))["outcome"], "done");
    assert!(has(&world, "ds24-p-512345"));
}

#[test]
fn the_task_of_a_dead_letter_is_left_to_its_own_order() {
    let books = json!([{ "name": "b", "when": { "event": "paymentFailed" }, "then": [{ "workflow": "Onboarding" }] }]);
    let (mut world, plugin) = (World::new(), plugin_with(json!({ "playbooks": books })));
    let other = json!({ "order_id": "B2", "order_item_id": "5", "product_id": "6", "transaction_id": "500" });
    apply(&mut world, &plugin, &event(json!({})));
    apply(&mut world, &plugin, &event(other.clone()));
    world.contacts.get_mut("c1").unwrap().fields.insert("refusesWorkflows".into(), true.into());
    let missed = event(json!({ "event": "on_payment_missed", "pay_sequence_no": "2", "transaction_id": "" }));
    assert_eq!(apply(&mut world, &plugin, &missed)["outcome"], "dead");
    apply(&mut world, &plugin, &but(&other, json!({ "pay_sequence_no": "2", "transaction_id": "501" })));
    world.contacts.get_mut("c1").unwrap().fields.remove("refusesWorkflows");
    assert_eq!(apply(&mut world, &plugin, &missed)["outcome"], "done");
    assert_eq!(open_tasks(&world.contacts["c1"]).len(), 1, "{:?}", world.contacts["c1"].tasks);
}

#[test]
fn a_cancellation_tells_its_last_day_though_its_number_is_an_older_one() {
    let (mut world, plugin) = (World::new(), plugin());
    let next = json!({ "pay_sequence_no": "2", "transaction_id": "9002", "next_payment_at": "2027-01-18" });
    apply(&mut world, &plugin, &event(json!({})));
    apply(&mut world, &plugin, &event(next));
    let mut order = purchase("C74PNZH5", "paying", &[("9001", "payment", "47.00"), ("9002", "payment", "47.00")]);
    order.as_object_mut().unwrap().insert("is_canceled_later".into(), "Y".into());
    world.purchases.insert("C74PNZH5".into(), order);
    let cancelled = json!({
        "event": "on_rebill_cancelled", "transaction_id": "", "pay_sequence_no": "1", "next_payment_at": "2027-01-18",
    });
    apply(&mut world, &plugin, &event(cancelled));
    assert!(has(&world, "ds24-cancelling"));
    assert_eq!(world.contacts["c1"].custom["ds24_paid_until"], "2027-01-18");
}

#[test]
fn a_refund_that_names_no_payment_counts() {
    let (mut world, plugin) = bought();
    apply(&mut world, &plugin, &event(json!({ "pay_sequence_no": "2", "transaction_id": "9002" })));
    let refund =
        json!({ "event": "on_refund", "transaction_id": "9100", "pay_sequence_no": "", "parent_transaction_id": "" });
    apply(&mut world, &plugin, &event(refund));
    assert_eq!(world.contacts["c1"].custom["ds24_lifetime"], json!(47));
}

/// Both are used until their day, and the day may come for the second upgrade first.
#[test]
fn an_upgrade_of_an_upgrade_ends_both_older_orders() {
    let (mut world, plugin) = (World::new(), plugin());
    let upgrade = |id: &str, old: &str, product: &str| {
        event(json!({
            "order_id": id, "order_item_id": product, "product_id": product, "transaction_id": id,
            "upgraded_order_id": old, "delivery_date": "2026-12-30",
        }))
    };
    apply(&mut world, &plugin, &event(json!({})));
    apply(&mut world, &plugin, &upgrade("U2", "C74PNZH5", "6"));
    apply(&mut world, &plugin, &upgrade("U3", "U2", "7"));
    assert!(has(&world, "ds24-p-512345") && has(&world, "ds24-p-6"));
    world.now = 1_798_700_000_000;
    for _ in 0..3 {
        call(&mut world, &plugin, "tick", json!([{}]));
    }
    let tags = &world.contacts["c1"].tags;
    assert!(!tags.contains("ds24-p-512345") && !tags.contains("ds24-p-6") && tags.contains("ds24-p-7"), "{tags:?}");
}
