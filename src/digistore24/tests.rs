use proptest::prelude::*;

use super::*;
use crate::json::{Value, json};

fn params(pairs: &[(&str, &str)]) -> Params {
    Params::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()).unwrap()
}

/// Computed with Python's hashlib: sha512(b"order_id=ORD-1s3cret-passphraseproduct_id=42s3cret-passphrase").
const KNOWN: &str = "9A23DE2603A33D17D935908580B5DB90C452DE8E68556E2A4AD96F1C3EC3BFD2EE3AE47B819B96286812224FBCED943D0ACF48C8C20CA57570E2263B6ABAF099";

#[test]
fn the_known_answer_in_any_order_with_empty_values_and_in_lower_case() {
    for sign in [KNOWN.to_owned(), KNOWN.to_lowercase()] {
        let message = params(&[("product_id", "42"), ("sha_sign", &sign), ("note", ""), ("order_id", "ORD-1")]);
        assert_eq!(verify(&message, ["old", "s3cret-passphrase"]), Verdict::Valid);
        assert_eq!(verify(&message, ["wrong"]), Verdict::Mismatch);
        assert_eq!(verify(&message, []), Verdict::NoPassphraseSet);
        assert_eq!(verify(&message, [""]), Verdict::NoPassphraseSet);
    }
}

#[test]
fn what_is_no_signature_is_refused() {
    let verdict = |sign: &str| {
        verify(&params(&[("order_id", "ORD-1"), ("product_id", "42"), ("sha_sign", sign)]), ["s3cret-passphrase"])
    };
    assert_eq!(verdict("no_signature_passphrase_provided"), Verdict::ConnectionHasNoPassphrase);
    assert_eq!(verdict(""), Verdict::Missing);
    assert_eq!(verdict(&KNOWN[1..]), Verdict::Missing);
    assert_eq!(verdict(&KNOWN.replace('9', "G")), Verdict::Missing);
    assert_eq!(verdict(&KNOWN.replace('9', "8")), Verdict::Mismatch);
}

#[test]
fn names_sort_by_bytes() {
    let a = params(&[("address_street", "1"), ("address_street2", "2"), ("address_street_name", "3"), ("Zeta", "4")]);
    let b = params(&[("address_street_name", "3"), ("Zeta", "4"), ("address_street2", "2"), ("address_street", "1")]);
    assert_eq!(sign(&a, "x", false), sign(&b, "x", false));
    assert_ne!(sign(&a, "x", false), sign(&a, "x", true));
}

#[test]
fn a_form_is_decoded_once_and_strange_bodies_are_refused() {
    let read = parse(b"a=C%2B%2B+100%25+%26+x&empty=&b=%C3%BC").unwrap();
    assert_eq!((read.get("a"), read.find("empty"), read.get("b")), ("C++ 100% & x", None, "ü"));
    assert!(parse(b"{\"event\":1}").is_err());
    assert!(parse(b"").is_err());
    assert!(parse(b"just words").is_err());
    assert!(parse(&vec![b'a'; MAX_BODY + 1]).is_err());
    let twice = parse(b"order_id=1&event=x&order_id=2").unwrap_err();
    assert_eq!(twice.details().fields[0].path, "order_id");
}

#[test]
fn every_event_name_is_understood() {
    for (name, kind) in [
        ("on_payment", Kind::Payment),
        ("payment", Kind::Payment),
        ("on_payment_subscription_signup", Kind::Payment),
        ("on_payment_missed", Kind::PaymentMissed),
        ("missed_payment", Kind::PaymentMissed),
        ("payment_denial", Kind::PaymentDenial),
        ("on_refund", Kind::Refund),
        ("on_chargeback", Kind::Chargeback),
        ("on_rebill_cancelled", Kind::RebillCancelled),
        ("on_rebill_resumed", Kind::RebillResumed),
        ("last_paid_day", Kind::LastPaidDay),
        ("on_affiliation", Kind::Affiliation),
        ("eticket", Kind::Eticket),
        ("custom_form", Kind::CustomForm),
        ("customform", Kind::CustomForm),
        ("of_filled_out", Kind::OrderformFilled),
        ("connection_test", Kind::ConnectionTest),
        ("on_something_new", Kind::Unknown("something_new".into())),
    ] {
        assert_eq!(Kind::parse(name), kind, "{name}");
    }
    assert_eq!(Kind::PaymentMissed.trigger(), "digistore24.onPaymentMissed");
}

#[test]
fn times_are_berlin_time() {
    let event = |date: &str, time: &str| {
        let message = params(&[
            ("event", "on_payment"),
            ("transaction_id", "1"),
            ("transaction_date", date),
            ("transaction_time", time),
        ]);
        Event::read("c", &message, 0).occurred_at.unwrap_or_default()
    };
    assert_eq!(event("2026-08-18", "08:41:48"), "2026-08-18T08:41:48+02:00");
    assert_eq!(event("2026-11-18", "08:41:48"), "2026-11-18T08:41:48+01:00");
    // The hour that exists twice: the first one. The hour that doesn't exist: the old offset. As Python's zoneinfo, fold 0.
    assert_eq!(event("2026-10-25", "02:30:00"), "2026-10-25T02:30:00+02:00");
    assert_eq!(event("2026-03-29", "02:30:00"), "2026-03-29T02:30:00+01:00");
    assert_eq!(event("0000-00-00", "00:00:00"), "");
}

#[test]
fn an_upsell_names_its_base_order_and_a_natural_digit_stays() {
    let base = |id: &str, upsell: &str| {
        Event::read("c", &params(&[("event", "on_payment"), ("order_id", id), ("upsell_no", upsell)]), 0).order.base_id
    };
    assert_eq!(base("C74PNZH51", "1"), "C74PNZH5");
    assert_eq!(base("C74PNZH512", "12"), "C74PNZH5");
    assert_eq!(base("C74PNZH5", "0"), "C74PNZH5");
    assert_eq!(base("C74PNZH5", "2"), "C74PNZH5", "no suffix to strip");
}

#[test]
fn grouped_items_have_their_own_keys() {
    let message = params(&[
        ("event", "on_payment"),
        ("merchant_id", "7"),
        ("transaction_id", "5"),
        ("item_count", "2"),
        ("order_item_id", "a"),
        ("product_id", "1"),
        ("order_item_id_2", "b"),
        ("product_id_2", "2"),
        ("quantity_2", "3"),
        ("tags_2", "X, y"),
    ]);
    let event = Event::read("c", &message, 0);
    let keys: Vec<&str> = event.items.iter().map(|i| i.dedupe_key.as_str()).collect();
    assert_eq!(keys, ["c|7|payment|5|a", "c|7|payment|5|b"]);
    assert_eq!((event.items[1].quantity, event.items[1].tags.clone()), (3, vec!["x".to_owned(), "y".to_owned()]));
}

#[test]
fn deduplication_keys_tell_renewals_apart_and_repetitions_not() {
    let key = |pairs: &[(&str, &str)]| Event::read("c", &params(pairs), 0).items[0].dedupe_key.clone();
    let first = [
        ("event", "on_payment"),
        ("order_id", "A"),
        ("order_item_id", "1"),
        ("transaction_id", "10"),
        ("pay_sequence_no", "1"),
    ];
    let renewal = [
        ("event", "on_payment"),
        ("order_id", "A"),
        ("order_item_id", "1"),
        ("transaction_id", "11"),
        ("pay_sequence_no", "2"),
    ];
    assert_ne!(key(&first), key(&renewal));
    let mut other_connection = first.to_vec();
    other_connection.push(("ipn_config_id", "99"));
    assert_eq!(key(&first), key(&other_connection));
    let missed = [("event", "on_payment_missed"), ("order_id", "A"), ("order_item_id", "1"), ("pay_sequence_no", "2")];
    let later = [("event", "on_payment_missed"), ("order_id", "A"), ("order_item_id", "1"), ("pay_sequence_no", "3")];
    assert_ne!(key(&missed), key(&later));
}

/// The key of each kind of message: what makes it another one, and what doesn't.
#[test]
fn each_kind_has_its_key() {
    const ORDER: [(&str, &str); 4] =
        [("merchant_id", "7"), ("order_id", "A"), ("order_item_id", "1"), ("product_id", "p")];
    let key = |event: &str, own: &[(&str, &str)]| {
        let mut pairs = vec![("event", event)];
        pairs.extend(ORDER.iter().filter(|(name, _)| own.iter().all(|(other, _)| other != name)));
        pairs.extend(own);
        Event::read("c", &params(&pairs), 0).dedupe_key
    };
    let (no, next) = (("pay_sequence_no", "2"), ("next_payment_at", "2026-12-18"));
    let (money, noted) = (("transaction_id", "9"), ("rebill_stop_noted_at", "2026-11-20 10:00:00"));
    let ticket = [("eticket_id", "5"), ("action", "use"), ("eticket_modified_at", "2026-11-18 10:00:00")];
    let partner = [("affiliate_name", "paula"), ("email", "p@example.com")];
    for (event, own, expected) in [
        ("on_payment", &[money, no][..], "c|7|payment|9|1"),
        ("on_payment", &[money, ("order_item_id", "")][..], "c|7|payment|9|p"),
        ("on_refund", &[money][..], "c|7|refund|9|1"),
        ("on_chargeback", &[money][..], "c|7|chargeback|9|1"),
        ("payment_denial", &[money][..], "c|7|payment_denial|9|1"),
        ("payment_denial", &[no, next][..], "c|7|payment_denial|A|1|2|2026-12-18"),
        ("on_payment_missed", &[no, next][..], "c|7|payment_missed|A|1|2|2026-12-18"),
        ("on_payment_missed", &[no, ("delivery_date", "2026-12-01")][..], "c|7|payment_missed|A|1|2|2026-12-01"),
        ("on_rebill_cancelled", &[no, noted, next][..], "c|7|rebill_cancelled|A|1|2|2026-11-20 10:00:00"),
        ("on_rebill_resumed", &[no, next][..], "c|7|rebill_resumed|A|1|2|2026-12-18"),
        ("last_paid_day", &[][..], "c|7|last_paid_day|A|1|-|-"),
        ("eticket", &ticket[..], "c|7|eticket|5|use|2026-11-18 10:00:00"),
        ("on_affiliation", &partner[..], "c|7|affiliation|paula|p"),
    ] {
        assert_eq!(key(event, own), expected, "{event} {own:?}");
    }
    // The same through another connection of the vendor, whose messages say more or less of themselves.
    let told =
        [("ipn_config_id", "2"), ("event_label", "Formular"), ("function_call", "custom_form"), ("ipn_version", "1.6")];
    let form = |more: &[(&str, &str)]| {
        let own = [("form_no", "1"), ("action", "create"), ("Farbe", "rot")];
        key("custom_form", &[&own.map(|pair| pair), more].concat())
    };
    assert!(form(&[]).starts_with("c|7|custom_form|A|1|create|"));
    assert_eq!(form(&[]), form(&told), "the same form");
    assert_ne!(form(&[]), form(&[("Größe", "6")]), "another answer");
    assert_eq!(key("on_payment", &[money, no]), key("on_payment", &[money, no, told[0], told[1]]));
    // Of several items each has its own key, and the message one of all of them.
    let two = [money, ("item_count", "2"), ("order_item_id_2", "2")];
    assert!(key("on_payment", &two).starts_with("c|7|payment|9|1+"));
    assert_ne!(key("on_payment", &two), key("on_payment", &[two[0], two[1], ("order_item_id_2", "3")]));
}

#[test]
fn an_event_keeps_all_parameters_but_the_signature() {
    let event = Event::read("c", &params(&[("event", "x_y"), ("new_field", "1"), ("sha_sign", "abc")]), 0);
    assert_eq!(crate::json::Value::Object(event.raw), json!({ "event": "x_y", "new_field": "1" }));
}

proptest! {
    #[test]
    fn no_body_makes_the_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(read) = parse(&body) {
            let _ = Event::read("c", &read, 0).shape(true);
            let _ = verify(&read, ["x"]);
        }
    }

    #[test]
    fn any_form_survives_writing_and_reading(pairs in proptest::collection::btree_map("[a-zA-Z_0-9]{1,12}", "\\PC{0,20}", 1..20)) {
        let form = Params::new(pairs.into_iter().collect()).unwrap();
        if form.iter().any(|(_, v)| !v.is_empty()) {
            prop_assert_eq!(parse(form.to_form().as_bytes()).unwrap(), form);
        }
    }

    #[test]
    fn a_changed_value_breaks_the_signature(value in "[a-z]{1,10}", other in "[A-Z]{1,10}") {
        let message = params(&[("order_id", &value), ("x", "1")]);
        let forged = params(&[("order_id", &other), ("x", "1")]);
        prop_assert_ne!(sign(&message, "p", false), sign(&forged, "p", false));
    }

    #[test]
    fn hostile_fields_never_panic(name in "(event|order_id|item_count|quantity|upsell_no|transaction_date|pay_sequence_no|next_payment_at|transaction_amount|order_date_time)", value in "\\PC{0,24}") {
        let message = params(&[("transaction_id", "1"), (name.as_str(), value.as_str())]);
        let event = Event::read("c", &message, u64::MAX);
        prop_assert!(!event.shape(true).is_empty());
        let _ = crate::mapping::plan(&crate::mapping::Mapping::default(), &event, crate::mapping::Known::Nobody, &crate::mapping::Circumstances { now_ms: u64::MAX, ..Default::default() });
    }
}

/// A sale of two items, the second without amounts where `bare`.
fn two_items(bare: bool) -> Event {
    let mut pairs = vec![
        ("event", "on_payment"),
        ("merchant_id", "7"),
        ("merchant_name", "vendor"),
        ("email", " Anna@Example.COM "),
        ("address_first_name", "Anna"),
        ("order_id", "A1"),
        ("transaction_id", "5"),
        ("transaction_date", "2026-08-18"),
        ("transaction_time", "08:41:48"),
        ("transaction_amount", "-149.00"),
        ("transaction_vat_amount", "23.79"),
        ("transaction_currency", "eur"),
        ("amount_vendor", "110.10"),
        ("affiliate_id", "0"),
        ("invoice_url", "https://example.com/i"),
        ("item_count", "2"),
        ("order_item_id", "a"),
        ("product_id", "1"),
        ("product_name", "Course"),
        ("product_txn_amount", "100"),
        ("product_txn_vat_amount", "15.97"),
        ("order_item_id_2", "b"),
        ("product_id_2", "2"),
    ];
    if !bare {
        pairs.push(("product_txn_amount_2", "49"));
    }
    Event::read("c", &params(&pairs), 0)
}

#[test]
fn hosts_get_one_shape() {
    let events = two_items(false).shape(false);
    let [event] = &events[..] else { panic!("one event") };
    assert_eq!(event["triggers"][0], json!("digistore24.onPayment"));
    assert_eq!(
        event["money"],
        json!({ "gross": 149, "net": 125.21, "vat": 23.79, "earnings": 110.1, "currency": "EUR" })
    );
    assert_eq!((&event["item"], &event["items"][1]["productId"]), (&event["items"][0], &json!("2")));
    let aliases = ["amount", "currency", "email", "firstName", "lastName", "nextPaymentAt", "orderId", "productId"];
    assert_eq!(
        json!(aliases.map(|name| event[name].clone())),
        json!([149, "EUR", "anna@example.com", "Anna", null, null, "A1", "1"])
    );
    assert_eq!((&event["affiliate"], &event["links"]["receipt"]), (&Value::Null, &Value::Null));
    assert_eq!(event["links"]["invoice"], json!("https://example.com/i"));
    assert_eq!((&event["eticket"], &event["form"], &event["trigger"]), (&Value::Null, &Value::Null, &Value::Null));
}

#[test]
fn split_events_count_no_amount_twice() {
    let events = two_items(false).shape(true);
    let part = |i: usize, name: &str| events[i][name].clone();
    assert_eq!((part(0, "dedupeKey"), part(1, "dedupeKey")), (json!("c|7|payment|5|a"), json!("c|7|payment|5|b")));
    assert_eq!((part(0, "amount"), part(1, "amount"), part(1, "productId")), (json!(100), json!(49), json!("2")));
    assert_ne!(part(0, "id"), part(1, "id"));
    assert_eq!(part(0, "items").as_array().unwrap().len(), 1);
    assert_eq!(events[0]["money"]["earnings"], Value::Null, "the vendor's share of one item is not told");
    let whole = two_items(false).shape(false);
    assert!(![part(0, "dedupeKey"), part(1, "dedupeKey")].contains(&whole[0]["dedupeKey"]));

    let bare = two_items(true).shape(true);
    assert_eq!((&bare[1]["money"], &bare[1]["amount"]), (&Value::Null, &Value::Null));
    assert_eq!(bare[0]["amount"], json!(100));
}

#[test]
fn tickets_forms_and_partners_have_a_part_of_their_own() {
    let shape = |pairs: &[(&str, &str)]| Event::read("c", &params(pairs), 0).shape(true).remove(0);
    let ticket = shape(&[
        ("event", "eticket"),
        ("action", "create"),
        ("eticket_id", "9"),
        ("eticket_no", "2"),
        ("eticket_is_blocked", "N"),
        ("eticket_created_at", "2026-01-18 08:41:48"),
    ]);
    assert_eq!(ticket["eticket"]["no"], json!(2));
    assert_eq!(ticket["eticket"]["blocked"], json!(false));
    assert_eq!(ticket["eticket"]["createdAt"], json!("2026-01-18T08:41:48+01:00"));
    let form = shape(&[("event", "custom_form"), ("form_no", "1"), ("form_count", "3"), ("orderform_id", "8")]);
    assert_eq!(form["form"], json!({ "id": null, "action": null, "no": 1, "count": 3 }));
    let partner = shape(&[("event", "on_affiliation"), ("email", "p@example.com"), ("affiliate_name", "p1")]);
    assert_eq!((&partner["buyer"]["email"], &partner["email"]), (&Value::Null, &json!("p@example.com")));
    assert_eq!(partner["affiliate"]["name"], json!("p1"));
    assert_eq!(shape(&[("event", "on_brand_new")])["triggers"], json!(["digistore24.onUnknownEvent"]));
}
