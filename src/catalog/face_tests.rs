//! The two blocks of the catalog: what is there without the face, and which face is taken.

use super::{Filter, accept_trigger, find, give_face, list, packed, polled};
use crate::error::Code;
use crate::json::{Map, Value, json};

fn ids(kind: &str) -> Vec<String> {
    let brief = Filter { kind: Some(kind.to_owned()), brief: true, ..Filter::default() };
    list(&brief).unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
}

fn only(id: &str) -> Value {
    list(&Filter { id: Some(id.to_owned()), ..Filter::default() }).unwrap().pop().unwrap()
}

#[test]
fn calls_and_checks_need_no_face() {
    let operations = [ids("action"), ids("search")].concat();
    assert!(operations.len() > 700);
    for id in &operations {
        let fresh = || super::operation(packed::find(id).unwrap()).unwrap();
        assert_eq!(packed::without_face(fresh), fresh(), "{id}");
    }
    for id in ids("trigger") {
        let facts = || (polled(&id), accept_trigger(&id, None), accept_trigger(&id, Some(&json!({ "odd": 1 }))));
        assert_eq!(packed::without_face(facts), facts(), "{id}");
    }
    let problem = packed::without_face(|| find("ghl.contacts.addTags").unwrap().accept(json!({}), None));
    assert_eq!(problem.unwrap_err().details().fields.len(), 2);
}

#[test]
fn without_the_face_entries_are_plain_but_whole() {
    let (whole, plain) = (only("ghl.contacts.createTask"), packed::without_face(|| only("ghl.contacts.createTask")));
    let names = |entry: &Value| entry.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&plain), names(&whole));
    assert_ne!(plain["description"], whole["description"]);
    assert_eq!(plain["description"], plain["title"]);
    assert_eq!(plain["output"], Value::Object(Map::new()));
    assert_eq!(plain["input"]["required"], whole["input"]["required"]);
    assert_eq!(plain["input"]["x-order"], whole["input"]["x-order"]);
    let entries = packed::without_face(|| crate::plugin::list(&Filter::default()).unwrap());
    for entry in &entries {
        let defs = entry["input"].get("$defs").cloned().unwrap_or_default();
        assert_eq!(super::validate(&entry["input"], &defs, &entry["sample"]["input"]), [], "{}", entry["id"]);
    }
}

#[test]
fn only_the_face_of_this_build_is_taken() {
    packed::without_face(|| {
        let plain = only("ghl.contacts.createTask");
        let mut changed = packed::FACE.to_vec();
        *changed.last_mut().unwrap() ^= 1;
        let cut = packed::FACE[..packed::FACE.len() - 1].to_vec();
        let longer = [packed::FACE, &[0]].concat();
        for wrong in [Vec::new(), vec![0], b"garbage".to_vec(), vec![0xFF; 200_000], changed, cut, longer] {
            let error = give_face(wrong).unwrap_err();
            assert_eq!(error.details().code, Code::Misconfigured);
            assert_eq!(only("ghl.contacts.createTask"), plain);
        }
        give_face(packed::FACE.to_vec()).unwrap();
        give_face(packed::FACE.to_vec()).unwrap();
        assert_ne!(only("ghl.contacts.createTask"), plain);
    });
    assert!(packed::without_face(|| only("ghl.contacts.createTask"))["output"].as_object().unwrap().is_empty());
}
