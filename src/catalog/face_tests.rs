//! The two blocks of the catalog: what is there without the face, and which face is taken.

use super::{Filter, accept_trigger, find, give_face, list, packed, polled};
use crate::error::Code;
use crate::json::{Map, Value, json};

/// Of the tier *all*, but called by the plugin itself.
const OWN: [&str; 2] = ["ghl.oauth.getAccessToken", "ghl.oauth.getLocationAccessToken"];

/// The operations or triggers of a tier.
fn ids(is_trigger: bool, tier: &str) -> Vec<String> {
    let entries = list(&Filter { brief: true, ..Filter::default() }).unwrap();
    let fits = |entry: &&Value| (entry["kind"] == "trigger") == is_trigger && entry["tier"] == tier;
    entries.iter().filter(fits).map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
}

fn only(id: &str) -> Value {
    list(&Filter { id: Some(id.to_owned()), ..Filter::default() }).unwrap().pop().unwrap()
}

#[test]
fn calls_and_checks_of_the_tier_core_need_no_face() {
    let mut operations = ids(false, "core");
    assert!(operations.len() > 250);
    operations.extend(OWN.map(str::to_owned));
    for id in &operations {
        assert_eq!(packed::without_face(|| decoded(id)).unwrap(), decoded(id).unwrap(), "{id}");
        assert!(packed::without_face(|| find(id)).is_ok(), "{id}");
    }
    assert_eq!(ids(true, "all"), [""; 0], "triggers are all of the tier core");
    for id in ids(true, "core") {
        let facts = || (polled(&id), accept_trigger(&id, None), accept_trigger(&id, Some(&json!({ "odd": 1 }))));
        assert_eq!(packed::without_face(facts), facts(), "{id}");
    }
    let problem = packed::without_face(|| find("ghl.contacts.addTags").unwrap().accept(json!({}), None));
    assert_eq!(problem.unwrap_err().details().fields.len(), 2);
}

/// Not from the memory of what has been called.
fn decoded(id: &str) -> Option<super::Operation> {
    let mut entry = packed::find(id)?;
    let schemas = entry.input();
    super::operation(entry, schemas)
}

#[test]
fn the_tier_all_needs_the_face() {
    let mut operations = ids(false, "all");
    operations.retain(|id| !OWN.contains(&id.as_str()));
    assert!(operations.len() > 400);
    packed::without_face(|| {
        for id in &operations {
            let error = find(id).unwrap_err();
            let details = error.details();
            assert_eq!((details.code, details.cause.as_deref()), (Code::Misconfigured, Some("catalog face")), "{id}");
            assert_eq!((details.operation.as_deref(), details.retryable), (Some(id.as_str()), false));
        }
        // Whether there is such an operation is known with the face only.
        assert_eq!(find("ghl.contacts.addTag").unwrap_err().details().cause.as_deref(), Some("catalog face"));
        give_face(packed::FACE.to_vec()).unwrap();
        for id in &operations {
            find(id).unwrap();
        }
        assert_eq!(find("ghl.contacts.addTag").unwrap_err().details().code, Code::InvalidInput);
    });
    for id in &operations {
        decoded(id).unwrap();
    }
}

/// What begins without the face must also end without: a call must not stop after a write because the next one needs it.
#[test]
fn the_tier_core_makes_no_calls_of_the_tier_all() {
    fn all_texts(value: &Value, found: &mut Vec<String>) {
        found.extend(value.as_str().map(str::to_owned));
        value.items().iter().for_each(|part| all_texts(part, found));
        value.as_object().into_iter().flatten().for_each(|(_, part)| all_texts(part, found));
    }
    let all = ids(false, "all");
    let mut named = 0;
    for id in [ids(false, "core"), ids(true, "core")].concat() {
        let mut texts = Vec::new();
        all_texts(&Value::Object(packed::find(&id).unwrap().rest()), &mut texts);
        named += texts.iter().filter(|text| packed::find(text).is_some()).count();
        let stray: Vec<_> = texts.iter().filter(|text| all.contains(text)).collect();
        assert!(stray.is_empty(), "{id} names {stray:?}");
    }
    assert!(named > 50, "{named} ids found in `calls`, `verify`, `poll` and the like");
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
    let mut expected = [ids(false, "core"), ids(true, "core"), OWN.map(str::to_owned).to_vec()].concat();
    expected.sort();
    assert_eq!(entries.iter().map(|entry| entry["id"].as_str().unwrap()).collect::<Vec<_>>(), expected);
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
