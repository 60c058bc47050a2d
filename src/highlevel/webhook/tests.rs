use proptest::prelude::*;

use super::{Arrival, read as arrived};
use crate::error::{Code, Result};
use crate::json::{Value, json, parse};

fn webhook(body: &[u8], said: Option<&str>, at: u64) -> Result<Value> {
    arrived(body, Arrival { said, at, ..Arrival::default() })
}

fn read(body: Value, said: Option<&str>) -> Value {
    webhook(body.to_string().as_bytes(), said, 1_772_440_200_000).unwrap()
}

#[test]
fn flat_and_in_an_envelope() {
    let content =
        json!({ "type": "TaskComplete", "locationId": "loc", "id": "t1", "contactId": "c1", "title": "Call" });
    let flat = read(content.clone(), None);
    assert_eq!(flat["triggers"], json!(["ghl.taskComplete", "bridge.taskCompleted"]));
    assert_eq!(
        (&flat["objectId"], &flat["contactId"], &flat["locationId"]),
        (&json!("t1"), &json!("c1"), &json!("loc"))
    );
    assert_eq!(flat["data"], json!({ "locationId": "loc", "id": "t1", "contactId": "c1", "title": "Call" }));
    assert_eq!(flat["receivedAt"], json!("2026-03-02T08:30:00Z"));
    let mut outside = json!({ "webhookId": "w1", "timestamp": "2026-03-02T09:00:00.000Z", "appId": "app" });
    outside.as_object_mut().unwrap().insert("data".into(), content);
    let inside = read(outside, None);
    assert_eq!((&inside["event"], &inside["data"]), (&json!("TaskComplete"), &flat["data"]));
    assert_eq!((&inside["id"], &inside["occurredAt"]), (&json!("w1"), &json!("2026-03-02T09:00:00Z")));
    assert_eq!((&inside["appId"], &inside["dedupeKey"]), (&json!("app"), &json!("loc|TaskComplete|w1")));
    let named_outside = json!({ "type": "NoteCreate", "data": { "id": "n1", "contactId": "c1" }, "locationId": "loc" });
    let named_outside = read(named_outside, None);
    assert_eq!(
        (&named_outside["triggers"], &named_outside["objectId"]),
        (&json!(["ghl.noteCreate", "bridge.noteAdded"]), &json!("n1"))
    );
}

#[test]
fn the_same_delivery_has_the_same_key_and_another_delivery_has_not() {
    let body = |webhook: &str| {
        read(json!({ "type": "ContactUpdate", "locationId": "l", "id": "c", "webhookId": webhook }), None)
    };
    assert_eq!(body("a")["dedupeKey"], body("a")["dedupeKey"]);
    assert_ne!(body("a")["dedupeKey"], body("b")["dedupeKey"]);
    let bare = |name: &str| read(json!({ "type": "ContactUpdate", "id": "c", "firstName": name }), None);
    assert_eq!(bare("A")["dedupeKey"], bare("A")["dedupeKey"]);
    assert_ne!(bare("A")["dedupeKey"], bare("B")["dedupeKey"]);
}

#[test]
fn two_tales_of_one_change_share_a_change_key() {
    let deal = |kind: &str, stage: &str, webhook: &str| {
        read(
            json!({ "type": kind, "locationId": "l", "id": "o", "pipelineStageId": stage, "webhookId": webhook,
                "timestamp": format!("2026-03-02T09:00:0{}Z", webhook.len()) }),
            None,
        )
    };
    let (exact, general) = (deal("OpportunityStageUpdate", "s2", "w"), deal("OpportunityUpdate", "s2", "ww"));
    assert_eq!(exact["changeKey"], general["changeKey"]);
    assert_ne!(exact["dedupeKey"], general["dedupeKey"]);
    assert_ne!(exact["changeKey"], deal("OpportunityStageUpdate", "s3", "w")["changeKey"]);
    assert_eq!(exact["triggers"], json!(["ghl.opportunityStageUpdate", "bridge.dealStageChanged"]));
    assert_eq!(
        general["triggers"],
        json!(["ghl.opportunityUpdate", "bridge.changedDeal"]),
        "the stage's trigger fires once"
    );
}

#[test]
fn a_body_that_names_no_event_is_named_by_its_address() {
    let price = json!({ "_id": "p", "type": "one_time", "product": "d", "currency": "EUR", "locationId": "l" });
    let unknown = read(price.clone(), None);
    assert_eq!((&unknown["triggers"], &unknown["looksLike"]), (&json!(["ghl.unknownEvent"]), &json!("price")));
    let named = read(price, Some("PriceUpdate"));
    assert_eq!((&named["event"], &named["looksLike"]), (&json!("PriceUpdate"), &Value::Null));
    assert_eq!(named["data"]["type"], json!("one_time"), "the price's own type is content");
    let invoice = json!({ "_id": "i", "altId": "l", "altType": "location", "contactDetails": { "id": "c" } });
    let invoice = read(invoice, Some("ghl.invoicePaid"));
    assert_eq!((&invoice["locationId"], &invoice["contactId"]), (&json!("l"), &json!("c")));
    assert_eq!(invoice["triggers"], json!(["ghl.invoicePaid"]));
    // What the body says counts more, and nonsense in the address counts nothing.
    assert_eq!(read(json!({ "type": "NoteCreate", "id": "n" }), Some("InvoicePaid"))["event"], json!("NoteCreate"));
    assert_eq!(read(json!({ "id": "n" }), Some("<script>"))["event"], Value::Null);
}

#[test]
fn a_message_to_send_is_known_by_its_channel() {
    let body = json!({ "type": "SMS", "contactId": "c", "locationId": "l", "messageId": "m", "message": "Hi" });
    let event = read(body, None);
    assert_eq!((&event["event"], &event["objectId"]), (&json!("ProviderOutboundMessage"), &json!("m")));
    assert_eq!(event["data"]["type"], json!("SMS"));
}

#[test]
fn an_app_may_be_installed_without_a_location() {
    let event = read(json!({ "type": "UNINSTALL", "appId": "app", "companyId": "agency" }), None);
    assert_eq!((&event["locationId"], &event["companyId"]), (&Value::Null, &json!("agency")));
    assert_eq!(event["triggers"], json!(["ghl.appUninstall"]));
    assert!(event["dedupeKey"].as_str().unwrap().starts_with("agency|UNINSTALL|"));
}

#[test]
fn of_a_workflow_only_ids_are_handed_on() {
    let body = json!({
        "contact_id": "c1", "email": "a@example.com", "full_name": "A", "tags": "vip,new",
        "location": { "id": "l1", "name": "Shop" }, "workflow": { "id": "w1", "name": "Tagged" },
        "customData": { "event": "ContactTagUpdate", "tag": "vip", "key": "run-7" },
    });
    let event = read(body.clone(), None);
    assert_eq!((&event["via"], &event["contactId"]), (&json!("workflow-webhook"), &json!("c1")));
    assert_eq!(event["triggers"], json!(["ghl.contactTagUpdate", "bridge.tagAdded"]));
    assert_eq!(event["dedupeKey"], json!("l1|ContactTagUpdate|run-7"));
    assert_eq!(
        event["data"],
        json!({ "id": "c1", "contactId": "c1", "locationId": "l1", "workflowId": "w1",
            "customData": { "event": "ContactTagUpdate", "tag": "vip", "key": "run-7" } })
    );
    assert_eq!(event["raw"], body);
    let by_address = json!({ "contact_id": "c1", "id": "o1", "pipeline_id": "p", "location": { "id": "l1" } });
    let by_address = read(by_address, Some("OpportunityStageUpdate"));
    assert_eq!((&by_address["objectId"], &by_address["contactId"]), (&json!("o1"), &json!("c1")));
    let booked = json!({ "contact_id": "c1", "calendar": { "appointmentId": "a1" }, "customData": { "event": "ghl.appointmentCreate" } });
    assert_eq!(read(booked, None)["objectId"], json!("a1"));
    assert_eq!(read(json!({ "contact_id": "c1" }), None)["triggers"], json!(["ghl.unknownEvent"]));
}

#[test]
fn an_empty_list_of_tags_is_no_addition() {
    let triggers =
        |tags: Value| read(json!({ "type": "ContactTagUpdate", "id": "c", "tags": tags }), None)["triggers"].clone();
    assert_eq!(triggers(json!([])), json!(["ghl.contactTagUpdate"]));
    assert_eq!(triggers(json!(["vip"])), json!(["ghl.contactTagUpdate", "bridge.tagAdded"]));
}

#[test]
fn what_is_no_object_is_refused() {
    for body in [&b""[..], b"[]", b"1", b"\"x\"", b"{", b"a=1", b"\xff\xfe{}"] {
        assert_eq!(webhook(body, None, 0).unwrap_err().code(), Code::InvalidInput);
    }
    assert!(webhook(&vec![b' '; 1024 * 1024 + 1], None, 0).is_err());
}

/// Any JSON, with names that matter here in odd places and types.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let names = [
        "type",
        "data",
        "id",
        "_id",
        "locationId",
        "timestamp",
        "contact_id",
        "location",
        "workflow",
        "customData",
        "event",
        "webhookId",
        "appointment",
        "altId",
        "altType",
        "tags",
        "key",
        "product",
        "currency",
    ];
    let words = ["ContactCreate", "SMS", "one_time", "location", "2026-03-02T09:00:00Z", "9999-99-99", "", "ß|\u{0}"];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        prop::sample::select(words.to_vec()).prop_map(Into::into),
        ".*".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 30, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array),
            prop::collection::vec((prop::sample::select(names.to_vec()), inner), 0..8).prop_map(|pairs| pairs
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect::<serde_json::Map<_, _>>()
                .into()),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..300), said in prop::option::of(".*")) {
        let _ = webhook(&body, said.as_deref(), 0);
    }

    #[test]
    fn every_object_becomes_one_event_that_keeps_it(body in any_json(), said in prop::option::of("[A-Za-z.]*"), now in 0..253_402_300_800_000_u64) {
        match webhook(body.to_string().as_bytes(), said.as_deref(), now) {
            Ok(shape) => {
                prop_assert!(body.is_object());
                prop_assert_eq!(&shape["raw"], &parse(&body.to_string()).unwrap());
                prop_assert!(shape["triggers"][0].as_str().unwrap().starts_with("ghl."));
                prop_assert!(shape["data"].is_object());
            }
            Err(_) => prop_assert!(!body.is_object()),
        }
    }
}
