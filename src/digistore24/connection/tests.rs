use super::*;
use crate::error::Code;

fn install(url: &str) -> Install {
    Install { url: Some(url.into()), random: Some("abcDEFGH".to_owned() + &"p".repeat(40)), ..Install::default() }
}

#[test]
fn an_id_and_a_passphrase_are_cut_from_what_the_host_drew() {
    let live = install("https://example.test/webhooks/digistore24");
    assert_eq!(live.secrets().unwrap(), ("ghl-abcDEFGH".to_owned(), "p".repeat(40)));
    let test = Install { test: true, ..install("http://localhost:1/x") };
    assert_eq!(test.secrets().unwrap().0, "ghl-test-abcDEFGH");
    for (wrong, path) in [
        (install("http://example.test"), "url"),
        (install(""), "url"),
        (Install { random: Some("short".into()), ..live.clone() }, "random"),
        (Install { random: Some("!".repeat(60)), ..live.clone() }, "random"),
        (Install { random: None, ..live.clone() }, "random"),
    ] {
        let error = wrong.secrets().unwrap_err();
        assert_eq!((error.code(), error.details().fields[0].path.as_str()), (Code::InvalidInput, path));
    }
}

#[test]
fn the_settings_are_all_that_the_sync_needs() {
    let settings = install("https://example.test/x").settings("ghl-1");
    assert_eq!(settings["product_ids"].as_str(), Some("all"));
    assert_eq!(settings["timing"].as_str(), Some("delayed"));
    assert_eq!(settings["categories"].as_str(), Some("orders,e-tickets,custom forms"));
    for event in [
        "payment",
        "refund",
        "chargeback",
        "payment_missed",
        "payment_denial",
        "rebill_cancelled",
        "rebill_resumed",
        "last_paid_day",
    ] {
        assert!(settings["transactions"].as_str().unwrap().split(',').any(|one| one == event), "{event}");
    }
    let more =
        Install { affiliations: true, product_ids: vec!["7".into(), "8".into()], ..install("https://example.test/x") };
    let more = more.settings("ghl-1");
    assert_eq!(more["product_ids"].as_str(), Some("7,8"));
    assert!(more["categories"].as_str().unwrap().ends_with(",affiliations"));
}

#[test]
fn a_difference_is_named_and_another_spelling_is_none() {
    let wanted = install("https://example.test/a-b").settings("ghl-1");
    let wanted = wanted.as_object().unwrap();
    let mut found = Value::Object(wanted.clone());
    assert_eq!(differences(wanted, &found), Vec::<Value>::new());
    let set = |found: &mut Value, name: &str, value: Value| {
        found.as_object_mut().unwrap().insert(name.into(), value);
    };
    set(&mut found, "categories", json!(["customforms", "etickets", "orders"]));
    set(
        &mut found,
        "transactions",
        json!("refund, payment,chargeback,payment_missed,payment_denial,rebill_cancelled,rebill_resumed,last_paid_day"),
    );
    assert_eq!(differences(wanted, &found), Vec::<Value>::new());
    set(&mut found, "ipn_url", json!("https://example.test/ab"));
    set(&mut found, "timing", json!("before_thankyou"));
    set(&mut found, "product_ids", Value::Null);
    let fields: Vec<String> =
        differences(wanted, &found).iter().map(|d| d["field"].as_str().unwrap().to_owned()).collect();
    assert_eq!(fields, ["ipn_url", "product_ids", "timing"]);
}
