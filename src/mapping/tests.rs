use std::cmp::Ordering::{Equal, Greater, Less};

use super::*;
use crate::digistore24::{Event, parse_json};
use crate::json::{ToJson, Value, json};

/// The table as a grid: one row for each state, one column for each signal, each cell for an older, an equal and a newer
/// payment number. `.` keep, `?` ask, else the first letters of the new state.
#[test]
fn every_cell_of_the_transition_table() {
    let paid = Signal::Paid { last: false, stop_noted: false };
    let last = Signal::Paid { last: true, stop_noted: false };
    let stop = Signal::Paid { last: false, stop_noted: true };
    let columns = [
        paid,
        last,
        stop,
        Signal::PaidAgain,
        Signal::Unpaid,
        Signal::NotTried,
        Signal::MissedUnclear,
        Signal::RefundFull,
        Signal::RefundPart,
        Signal::RefundUnclear,
        Signal::Chargeback,
        Signal::Cancelled,
        Signal::Resumed,
        Signal::LastPaidDay,
        Signal::Replaced,
        Signal::Information,
    ];
    #[rustfmt::skip]
    let grid = [
        //              paid         last         stop         again       unpaid      not tried   unclear     refund      part        back?       chargeback  cancelled   resumed     last day    replaced    info
        ("new",        "act act act, com com com, can can can, act act act, pau pau pau, can can can, ? ? ?,     ref ref ref, ? ? ?, ? ? ?,         cha cha cha, can can can, . . .,     end end end, upg upg upg, . . ."),
        ("active",     ". . .,       com com com, . . can,     . . .,       . ? pau,     ? can can,   ? ? ?,     ref ref ref, . . ., ? ? ?,         cha cha cha, ? can can,   . . .,     ? end end, upg upg upg, . . ."),
        ("cancelling", ". . act,     com com com, . . .,       . . .,       . . .,       . . .,       ? ? ?,     ref ref ref, . . ., ? ? ?,         cha cha cha, . . .,       act act act, end end end, upg upg upg, . . ."),
        ("completed",  ". . .,       . . .,       . . .,       . . .,       . . ?,       . . .,       . . ?,     ref ref ref, . . ., ? ? ?,         cha cha cha, . . .,       . . .,       . . .,       upg upg upg, . . ."),
        ("paused",     ". act act,   . com com,   . can can,   . . .,       . . .,       can can can, ? ? ?,     ref ref ref, . . ., ? ? ?,         cha cha cha, can can can, act act act, end end end, upg upg upg, . . ."),
        ("ended",      ". . act,     . . com,     . . can,     ? ? ?,       . . .,       . . .,       . . .,     ref ref ref, . . ., ? ? ?,         cha cha cha, . . .,       . . .,       . . .,       upg upg upg, . . ."),
        ("refunded",   ". . act,     . . com,     . . can,     ? ? ?,       . . .,       . . .,       . . .,     . . .,       . . ., . . .,         cha cha cha, . . .,       . . .,       . . .,       . . .,       . . ."),
        ("chargeback", ". . act,     . . com,     . . can,     ? ? ?,       . . .,       . . .,       . . .,     . . .,       . . ., . . .,         . . .,       . . .,       . . .,       . . .,       . . .,       . . ."),
        ("upgraded",   ". . ?,       . . ?,       . . ?,       ? ? ?,       . . .,       . . .,       . . .,     . . .,       . . ., . . .,         cha cha cha, . . .,       . . .,       . . .,       . . .,       . . ."),
    ];
    let mut cells = 0;
    for (name, row) in grid {
        let state = State::ALL.into_iter().find(|s| s.word() == name);
        assert_eq!(state.is_none(), name == "new");
        let row: Vec<Vec<&str>> = row.split(',').map(|cell| cell.split_whitespace().collect()).collect();
        assert_eq!(row.len(), columns.len(), "{name}");
        for (signal, cell) in columns.into_iter().zip(row) {
            for (order, expected) in [Less, Equal, Greater].into_iter().zip(cell) {
                let actual = match transition(state, signal, order) {
                    Outcome::Keep => ".",
                    Outcome::Ask => "?",
                    Outcome::To(to) if Some(to) == state => ".",
                    Outcome::To(to) => &to.word()[..3],
                };
                assert_eq!(actual, expected, "{name} x {signal:?} with an {order:?} number");
                cells += 1;
            }
        }
    }
    assert_eq!(cells, 9 * 16 * 3);
}

/// What each event says about an item, before its state counts.
#[test]
fn every_event_has_its_signal() {
    use crate::mapping::signal;
    let of = |event: &str, extra: Value| {
        let mut all = json!({ "event": event });
        all.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        signal(&message(all), None, false)
    };
    for (reason, expected) in [
        ("", Signal::Unpaid),
        ("by_payment_denial", Signal::Unpaid),
        ("by_payment_uncertain", Signal::Unpaid),
        ("pay_alias_invalid", Signal::Unpaid),
        ("by_buyer", Signal::NotTried),
        ("by_operator", Signal::NotTried),
        ("by_refund", Signal::MissedUnclear),
        ("by_chargeback", Signal::MissedUnclear),
        ("upgraded", Signal::MissedUnclear),
        ("no_product", Signal::MissedUnclear),
        ("merchant_inactive", Signal::MissedUnclear),
        ("unknown", Signal::MissedUnclear),
        ("not_yet_invented", Signal::MissedUnclear),
    ] {
        assert_eq!(of("on_payment_missed", json!({ "billing_stop_reason": reason })), expected, "{reason}");
    }
    let paid = |last, stop_noted| Signal::Paid { last, stop_noted };
    for (no, of_all, stopped, expected) in [
        ("1", "0", "", paid(false, false)),
        ("7", "0", "", paid(false, false)),
        ("0", "1", "", paid(false, false)),
        ("1", "3", "", paid(false, false)),
        ("3", "3", "", paid(true, false)),
        ("2", "0", "2026-11-20 10:00:00", paid(false, true)),
        ("2", "0", "0000-00-00 00:00:00", paid(false, false)),
    ] {
        let fields =
            json!({ "pay_sequence_no": no, "number_of_installments": of_all, "rebill_stop_noted_at": stopped });
        assert_eq!(of("on_payment", fields), expected, "{no} of {of_all}");
    }
    for (event, expected) in [
        ("payment_denial", Signal::Information),
        ("custom_form", Signal::Information),
        ("on_refund", Signal::RefundFull),
        ("on_chargeback", Signal::Chargeback),
        ("on_rebill_cancelled", Signal::Cancelled),
        ("on_rebill_resumed", Signal::Resumed),
        ("last_paid_day", Signal::LastPaidDay),
    ] {
        assert_eq!(of(event, json!({})), expected, "{event}");
    }
    assert_eq!(signal(&message(json!({ "event": "on_refund" })), Some(Back::Part), false), Signal::RefundPart);
    assert_eq!(signal(&message(json!({})), None, true), Signal::PaidAgain);
}

#[test]
fn the_best_item_decides_the_status() {
    use State::*;
    assert_eq!(State::best([Refunded, Ended, Paused]), Some(Paused));
    assert_eq!(State::best([Cancelling, Completed, Active]), Some(Active));
    assert_eq!(State::best([ChargedBack, Refunded]), Some(Refunded));
    assert_eq!(State::best([Upgraded]), None);
}

const NOW: u64 = 1_795_000_000_000;

fn at_now() -> Circumstances {
    Circumstances { now_ms: NOW, ..Circumstances::default() }
}

pub(super) fn message(extra: Value) -> Event {
    let mut raw = json!({
        "event": "on_payment", "api_mode": "live", "merchant_id": "777", "order_id": "C74PNZH5", "order_item_id": "31",
        "product_id": "512345", "product_name": "Kräuterkurs", "tags": "Kräuter, kurs", "buyer_id": "42",
        "email": " Käthe@Example.DE ", "address_first_name": "Käthe", "address_last_name": "Grünwald", "address_country": "DE",
        "address_phone_no": "030 1234567", "transaction_id": "9001", "transaction_amount": "47.00", "transaction_currency": "EUR",
        "transaction_date": "2026-11-18", "transaction_time": "10:00:00", "amount_vendor": "39.10",
        "billing_type": "subscription", "pay_sequence_no": "1", "number_of_installments": "0", "next_payment_at": "2026-12-18",
    });
    raw.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    Event::read("default", &parse_json(&raw).unwrap(), NOW)
}

/// Carries a plan out on paper: what the ledger would know afterwards.
pub(super) fn after(mut plan: Plan) -> Known {
    for (i, step) in plan.steps.iter().enumerate() {
        match &step.action {
            Action::CreateNote { order, .. } => {
                plan.person.order_mut(order).unwrap().note_id = Some(format!("note{i}"))
            }
            Action::Run { operation, order, .. } if operation.ends_with("createOpportunity") => {
                plan.person.order_mut(order).unwrap().deal_id = Some(format!("deal{i}"))
            }
            Action::CreateTask { order, purpose, .. } => {
                let order = plan.person.order_mut(order).unwrap();
                let about = order.id.clone();
                order.open_tasks.push(OpenTask { id: format!("task{i}"), purpose: *purpose, order: Some(about) });
            }
            _ => {}
        }
    }
    Known::Person { contact_id: Some("c1".into()), person: plan.person }
}

fn run(events: &[Event]) -> (Vec<Plan>, Person) {
    let mapping = Mapping::default();
    let mut known = Known::Nobody;
    let mut plans = Vec::new();
    for event in events {
        let plan = plan(&mapping, event, known, &at_now());
        plans.push(plan.clone());
        known = after(plan);
    }
    match known {
        Known::Person { person, .. } => (plans, person),
        _ => panic!("a person"),
    }
}

fn verbs(plan: &Plan) -> Vec<String> {
    let steps = describe(plan)["steps"].as_array().unwrap().clone();
    steps.iter().map(|s| s["do"].as_object().unwrap().keys().next().unwrap().clone()).collect()
}

fn tags(plan: &Plan, verb: &str) -> Vec<String> {
    let steps = describe(plan)["steps"].as_array().unwrap().clone();
    let found = steps.iter().find_map(|s| s["do"].get(verb)).map(|a| a["tags"].clone()).unwrap_or(json!([]));
    found.as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_first_purchase_writes_contact_note_and_tags_in_this_order() {
    let (plans, person) = run(&[message(json!({}))]);
    assert_eq!(verbs(&plans[0]), ["createContact", "createNote", "addTags"]);
    assert_eq!(tags(&plans[0], "addTags"), ["ds24-active", "ds24-customer", "ds24-p-512345", "kräuter", "kurs"]);
    let Action::CreateContact { fields, custom } = &plans[0].steps[0].action else { panic!() };
    assert_eq!((fields["email"].as_str(), fields["phone"].as_str()), (Some("käthe@example.de"), Some("+49301234567")));
    assert!(!fields.contains_key("tags"), "tags only by their own call, last");
    assert_eq!((&custom["ds24_lifetime"], &custom["ds24_next_payment"]), (&json!(47.0), &json!("2026-12-18")));
    assert_eq!(person.status(), Some(State::Active));
}

#[test]
fn a_renewal_needs_two_calls() {
    let renewal = json!({ "pay_sequence_no": "2", "transaction_id": "9002", "transaction_date": "2026-12-18", "next_payment_at": "2027-01-18" });
    let (plans, person) = run(&[message(json!({})), message(renewal)]);
    assert_eq!(verbs(&plans[1]), ["updateContact", "updateNote"]);
    assert_eq!(person.lifetime("EUR").to_string(), "94.00");
}

#[test]
fn a_missed_payment_makes_one_task_and_the_late_payment_completes_it() {
    let missed =
        json!({ "event": "on_payment_missed", "pay_sequence_no": "2", "billing_stop_reason": "by_payment_denial" });
    let again = json!({ "event": "on_payment_missed", "pay_sequence_no": "2", "billing_stop_reason": "" });
    let late = json!({ "pay_sequence_no": "2", "transaction_id": "9002" });
    let (plans, person) = run(&[message(json!({})), message(missed), message(again), message(late)]);
    assert_eq!(verbs(&plans[1]), ["updateContact", "updateNote", "createTask", "removeTags", "addTags"]);
    assert_eq!(
        (tags(&plans[1], "removeTags"), tags(&plans[1], "addTags")),
        (vec!["ds24-active".to_owned()], vec!["ds24-paused".to_owned()])
    );
    assert!(!verbs(&plans[2]).contains(&"createTask".to_owned()), "one open dunning task for an order");
    assert_eq!(verbs(&plans[3]), ["updateContact", "updateNote", "completeTask", "removeTags", "addTags"]);
    assert!(person.orders[0].open_tasks.is_empty());
    assert!(
        !tags(&plans[3], "addTags").contains(&"ds24-customer".to_owned()),
        "the customer tag never left, so no workflow starts twice"
    );
}

#[test]
fn a_missed_payment_after_a_cancellation_is_no_dunning() {
    for reason in ["by_buyer", "by_operator"] {
        let missed = json!({ "event": "on_payment_missed", "pay_sequence_no": "2", "billing_stop_reason": reason });
        let (plans, person) = run(&[message(json!({})), message(missed)]);
        assert_eq!(person.status(), Some(State::Cancelling));
        assert!(!verbs(&plans[1]).contains(&"createTask".to_owned()));
    }
    let unclear = json!({ "event": "on_payment_missed", "pay_sequence_no": "2", "billing_stop_reason": "no_product" });
    let (plans, person) = run(&[message(json!({})), message(unclear)]);
    assert_eq!(person.status(), Some(State::Active), "never a guess");
    assert!(
        matches!(&plans[1].steps[2].action, Action::CreateTask { purpose: Purpose::Review, .. }),
        "a person is asked"
    );
}

#[test]
fn a_tag_that_another_item_earns_stays() {
    let second = json!({ "order_id": "K2", "order_item_id": "77", "transaction_id": "9100", "billing_type": "single_payment", "pay_sequence_no": "0" });
    let refund = json!({ "event": "on_refund", "transaction_id": "9003", "parent_transaction_id": "9001" });
    let (plans, person) = run(&[message(json!({})), message(second), message(refund)]);
    assert_eq!(person.status(), Some(State::Active));
    assert_eq!(
        verbs(&plans[2]),
        ["updateContact", "updateNote"],
        "product and customer tag are earned by the other order"
    );
    assert_eq!(person.lifetime("EUR").to_string(), "47.00");
}

#[test]
fn refunds_in_part_leave_the_state() {
    let refund = |amount: &str, id: &str, parent: &str| json!({ "event": "on_refund", "transaction_id": id, "parent_transaction_id": parent, "transaction_amount": amount });
    let renewal = json!({ "pay_sequence_no": "2", "transaction_id": "9002" });
    let state = |events: &[Event]| run(events).1.status();
    assert_eq!(state(&[message(json!({})), message(refund("-10.00", "9003", "9001"))]), Some(State::Active));
    assert_eq!(
        state(&[
            message(json!({})),
            message(refund("-10.00", "9003", "9001")),
            message(refund("-37.00", "9004", "9001"))
        ]),
        Some(State::Refunded)
    );
    assert_eq!(
        state(&[message(json!({})), message(renewal.clone()), message(refund("47.00", "9003", "9001"))]),
        Some(State::Active)
    );
    assert_eq!(
        state(&[message(json!({})), message(renewal), message(refund("47.00", "9003", "9002"))]),
        Some(State::Refunded)
    );
    let plan = |extra: Value| {
        let mut base = json!({ "billing_type": "installment", "number_of_installments": "3" });
        base.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        message(base)
    };
    let two = [plan(json!({})), plan(json!({ "pay_sequence_no": "2", "transaction_id": "9002" }))];
    let back = plan(refund("47.00", "9003", "9002"));
    assert_eq!(
        state(&[two[0].clone(), two[1].clone(), back.clone()]),
        Some(State::Active),
        "one installment of several"
    );
    let all = plan(refund("47.00", "9004", "9001"));
    assert_eq!(state(&[two[0].clone(), two[1].clone(), back, all]), Some(State::Refunded));
}

#[test]
fn the_last_installment_completes_and_nothing_ends_it() {
    let plan = |extra: Value| {
        let mut base = json!({ "billing_type": "installment", "number_of_installments": "2" });
        base.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        message(base)
    };
    let last = plan(json!({ "pay_sequence_no": "2", "transaction_id": "9002", "next_payment_at": "" }));
    let end = plan(json!({ "event": "last_paid_day", "pay_sequence_no": "2" }));
    let (_, person) = run(&[plan(json!({})), last, end]);
    assert_eq!(person.status(), Some(State::Completed));
    assert!(person.tags.contains("ds24-p-512345"));
}

#[test]
fn an_upgrade_replaces_the_old_order() {
    let upgrade = json!({
        "order_id": "NEW1", "order_item_id": "90", "product_id": "600", "product_name": "Pro", "transaction_id": "9500",
        "upgraded_order_id": "C74PNZH5", "order_type": "upgrade", "tags": "",
    });
    let late = json!({ "event": "last_paid_day" });
    let (plans, person) = run(&[message(json!({})), message(upgrade), message(late)]);
    assert_eq!(tags(&plans[1], "removeTags"), ["ds24-p-512345", "kräuter", "kurs"]);
    assert_eq!(tags(&plans[1], "addTags"), ["ds24-p-600"]);
    assert_eq!(person.status(), Some(State::Active), "the old order's last paid day changes nothing");
}

#[test]
fn grouped_items_and_upsells_belong_to_one_order() {
    let grouped = json!({ "item_count": "2", "order_item_id_2": "32", "product_id_2": "512346", "product_name_2": "Buch", "tags_2": "buch" });
    let upsell = json!({ "order_id": "C74PNZH51", "upsell_no": "1", "order_item_id": "33", "product_id": "512347", "transaction_id": "9010" });
    let (plans, person) = run(&[message(grouped), message(upsell)]);
    assert_eq!(plans[0].changes.len(), 2);
    assert_eq!((person.orders.len(), person.orders[0].items.len()), (1, 3));
    assert_eq!(verbs(&plans[1])[1], "updateNote", "one note for the order");
    assert!(tags(&plans[0], "addTags").contains(&"buch".to_owned()));
}

#[test]
fn test_orders_are_marked_and_bring_no_revenue() {
    let (plans, person) = run(&[message(json!({ "api_mode": "test" }))]);
    let Action::CreateContact { custom, .. } = &plans[0].steps[0].action else { panic!() };
    assert!(!custom.contains_key("ds24_amount") && !custom.contains_key("ds24_lifetime"));
    let Action::CreateNote { title, .. } = &plans[0].steps[1].action else { panic!() };
    assert!(title.starts_with("[TEST] "));
    assert!(person.tags.contains("ds24-test"));
}

#[test]
fn a_found_contact_keeps_its_names_and_foreign_tags() {
    let rest = json!({ "id": "c7", "firstName": "Kate", "email": "käthe@example.de", "city": "" });
    let snapshot = Snapshot {
        id: "c7".into(),
        assigned_to: Some("u1".into()),
        tags: vec!["kräuter".into(), "vip".into(), "ds24-import".into()],
        rest: rest.as_object().unwrap().clone(),
    };
    let event = message(json!({ "address_city": "Köln" }));
    let plan = plan(&Mapping::default(), &event, Known::Contact(snapshot), &at_now());
    let Action::UpdateContact { fields, .. } = &plan.steps[0].action else { panic!() };
    assert_eq!(
        (fields.get("firstName"), &fields["lastName"], &fields["city"]),
        (None, &json!("Grünwald"), &json!("Köln"))
    );
    assert!(!fields.contains_key("email") && !fields.contains_key("tags"));
    assert_eq!(tags(&plan, "addTags"), ["ds24-active", "ds24-customer", "ds24-p-512345", "kurs"]);
    assert_eq!(tags(&plan, "removeTags"), Vec::<String>::new());
    assert!(plan.person.tags.contains("ds24-import") && plan.person.foreign_tags.contains("vip"));
}

#[test]
fn resumed_creates_nothing_and_undoes_a_cancellation() {
    let resumed =
        plan(&Mapping::default(), &message(json!({ "event": "on_rebill_resumed" })), Known::Nobody, &at_now());
    assert!(resumed.steps.is_empty());
    let cancelled = json!({ "event": "on_rebill_cancelled", "rebill_stop_noted_at": "2026-11-20 10:00:00" });
    let (plans, person) =
        run(&[message(json!({})), message(cancelled), message(json!({ "event": "on_rebill_resumed" }))]);
    assert_eq!(tags(&plans[1], "addTags"), ["ds24-cancelling"]);
    let Action::UpdateContact { custom, .. } = &plans[1].steps[0].action else { panic!() };
    assert_eq!((&custom["ds24_paid_until"], &custom["ds24_next_payment"]), (&json!("2026-12-18"), &json!("")));
    assert_eq!(person.status(), Some(State::Active));
}

#[test]
fn a_second_buyer_with_the_same_address_overwrites_no_name() {
    let other = json!({ "buyer_id": "43", "order_id": "X9", "order_item_id": "50", "transaction_id": "9900", "address_first_name": "Otto" });
    let (plans, person) = run(&[message(json!({})), message(other)]);
    let Action::UpdateContact { fields, .. } = &plans[1].steps[0].action else { panic!() };
    assert!(fields.is_empty());
    assert_eq!(person.buyers.len(), 2);
}

#[test]
fn the_ledger_entry_survives_its_json_form() {
    use crate::json::Json;
    let missed = json!({ "event": "on_payment_missed", "pay_sequence_no": "2" });
    let (plans, person) = run(&[message(json!({})), message(missed)]);
    assert_eq!(Person::from_json(person.to_json()), Some(person));
    for plan in plans {
        assert_eq!(Plan::from_json(plan.to_json()), Some(plan));
    }
}

#[test]
fn phones_are_only_trusted_when_they_are_clear() {
    use super::content::e164;
    assert_eq!(e164("+49 (0)30 123 45 67", None).as_deref(), Some("+49301234567"));
    assert_eq!(e164("0043 1 5321234", None).as_deref(), Some("+4315321234"));
    assert_eq!(e164("0171/1234567", Some("DE")).as_deref(), Some("+491711234567"));
    for (text, country) in [
        ("0171 1234567", Some("FR")),
        ("12345", Some("DE")),
        ("call me", Some("DE")),
        ("+0123456789", None),
        ("", None),
    ] {
        assert_eq!(e164(text, country), None, "{text}");
    }
}
