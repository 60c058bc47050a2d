use super::*;
use crate::json::{json, parse};
use proptest::prelude::*;

fn contact_event(word: &str, data: Value) -> Value {
    json!({ "event": word, "objectId": "c1", "data": data })
}

fn tags_event(tags: &[&str]) -> Value {
    contact_event("ContactTagUpdate", json!({ "tags": tags }))
}

fn write(operation: &str, input: Value) -> Request {
    Request { operation: operation.to_owned(), input: input.as_object().cloned().unwrap(), id: "" }
}

fn news(mirror: &mut Map, event: &Value, at: i64) -> Vec<String> {
    learn(mirror, event.as_object().unwrap(), at).unwrap()
}

#[test]
fn what_we_wrote_comes_back_as_nothing_new_and_a_persons_change_does_not() {
    let mut mirror = Map::new();
    let contact =
        |city: &str| json!({ "firstName": "Zoë", "city": city, "customFields": [{ "id": "f", "value": "x" }] });
    let update = write(
        "ghl.contacts.updateContact",
        json!({ "firstName": "Zoë", "customFields": [{ "id": "f", "field_value": "x" }] }),
    );
    wrote(&mut mirror, &update, &json!({ "contact": contact("Bonn") }), 100);
    wrote(&mut mirror, &write("ghl.contacts.addTags", json!({ "tags": ["VIP "] })), &json!({}), 100);
    wrote(&mut mirror, &write("ghl.contacts.createNote", json!({})), &json!({ "id": "n1" }), 100);
    assert_eq!(news(&mut mirror, &contact_event("ContactUpdate", contact("Bonn")), 100), [""; 0]);
    assert_eq!(news(&mut mirror, &tags_event(&["vip"]), 100), [""; 0]);
    assert_eq!(news(&mut mirror, &json!({ "event": "NoteCreate", "objectId": "n1", "data": {} }), 100), [""; 0]);
    assert_eq!(news(&mut mirror, &contact_event("ContactUpdate", contact("Köln")), 100), ["city"]);
    assert_eq!(news(&mut mirror, &tags_event(&["vip", "hot"]), 101), ["#hot"]);
    assert_eq!(news(&mut mirror, &json!({ "event": "NoteCreate", "objectId": "n2", "data": {} }), 101), ["n2"]);
    // Off and on again is a change.
    assert_eq!(news(&mut mirror, &tags_event(&["hot"]), 110), [""; 0]);
    assert_eq!(news(&mut mirror, &tags_event(&["hot", "vip"]), 120), ["#vip"]);
    // A thing that is kept nowhere is always news to whoever asks.
    assert_eq!(learn(&mut mirror, json!({ "event": "InboundMessage", "data": {} }).as_object().unwrap(), 130), None);
}

#[test]
fn an_echo_that_comes_late_is_none_either() {
    let mut mirror = Map::new();
    let update = |city: &str| write("ghl.contacts.updateContact", json!({ "city": city }));
    let told = |city: &str, name: &str| contact_event("ContactUpdate", json!({ "city": city, "firstName": name }));
    wrote(&mut mirror, &update("Bonn"), &json!({ "contact": { "city": "Bonn", "firstName": "Zoë" } }), 100);
    assert_eq!(news(&mut mirror, &told("Bonn", "Zoe"), 110), ["firstName"]);
    assert_eq!(news(&mut mirror, &told("Bonn", "Zoë"), 100), [""; 0], "the echo tells the old name, too");
    // A person's change from before our write is news, and takes nothing back.
    wrote(&mut mirror, &update("Köln"), &json!({ "contact": { "city": "Köln", "firstName": "Zoe" } }), 120);
    assert_eq!(news(&mut mirror, &told("Bonn", "Zora"), 119), ["firstName"]);
    assert_eq!(news(&mut mirror, &told("Köln", "Zora"), 120), [""; 0]);
    // Two changes of a person, the second one first.
    assert_eq!(news(&mut mirror, &told("Trier", "Zora"), 140), ["city"]);
    assert_eq!(news(&mut mirror, &told("Ulm", "Zora"), 130), ["city"]);
    assert_eq!(news(&mut mirror, &told("Trier", "Zora"), 150), [""; 0]);
}

#[derive(Debug, Clone)]
enum Turn {
    /// We add or remove a tag, or write a field.
    Ours(bool, u8),
    /// A person does.
    Theirs(bool, u8),
}

fn turns() -> impl Strategy<Value = Vec<(Turn, usize)>> {
    let turn = prop_oneof![
        (any::<bool>(), 0..4u8).prop_map(|(tag, n)| Turn::Ours(tag, n)),
        (any::<bool>(), 0..4u8).prop_map(|(tag, n)| Turn::Theirs(tag, n)),
    ];
    proptest::collection::vec((turn, 0..4usize), 1..30)
}

proptest! {
    /// Any mix of our writes and a person's, each told by an event with the whole contact, at most three of them late and one
    /// twice: what is news is exactly what the person did. Values are new each time, as people's are.
    #[test]
    fn news_is_what_people_do(turns in turns()) {
        let mut mirror = Map::new();
        let mut contact = json!({ "city": "-", "phone": "-", "firstName": "-", "lastName": "-", "tags": [] });
        let first = write("ghl.contacts.createContact", contact.clone());
        wrote(&mut mirror, &first, &json!({ "contact": contact.clone() }), 0);
        let (mut events, mut done, mut at) = (Vec::new(), Vec::new(), 0);
        for (number, (turn, delay)) in turns.into_iter().enumerate() {
            at += 10;
            let (is_ours, is_tag, n) = match turn {
                Turn::Ours(tag, n) => (true, tag, n),
                Turn::Theirs(tag, n) => (false, tag, n),
            };
            let fresh = format!("v{number}");
            let mut sent = Map::new();
            let word;
            let fields = contact.as_object_mut().unwrap();
            if is_tag {
                word = "ContactTagUpdate";
                put(&mut sent, "tags", json!([fresh.clone()]));
                fields.get_mut("tags").unwrap().as_array_mut().unwrap().push(fresh.as_str().into());
                if !is_ours { done.push("#".to_owned() + &fresh); }
            } else {
                word = "ContactUpdate";
                let name = ["city", "phone", "firstName", "lastName"][usize::from(n)];
                put(&mut sent, name, fresh.as_str().into());
                put(fields, name, fresh.as_str().into());
                if !is_ours { done.push(name.to_owned()); }
            }
            if is_ours {
                let operation = if is_tag { "ghl.contacts.addTags" } else { "ghl.contacts.updateContact" };
                let answer = if is_tag { json!({}) } else { json!({ "contact": contact.clone() }) };
                wrote(&mut mirror, &write(operation, Value::Object(sent)), &answer, at);
            }
            events.push((number + delay, at, contact_event(word, contact.clone())));
            // What is due by now comes, and the first of it once more.
            let (due, rest): (Vec<_>, Vec<_>) = events.into_iter().partition(|(due, ..)| *due <= number);
            events = rest;
            for (index, (_, at, event)) in due.into_iter().enumerate() {
                for name in news(&mut mirror, &event, at) {
                    let place = done.iter().position(|done| *done == name);
                    prop_assert!(place.is_some(), "{name} is no news: {}", parse(&event.to_string()).unwrap());
                    done.remove(place.unwrap());
                }
                if index == 0 {
                    prop_assert_eq!(news(&mut mirror, &event, at), Vec::<String>::new());
                }
            }
        }
        for (_, at, event) in events {
            for name in news(&mut mirror, &event, at) {
                let place = done.iter().position(|done| *done == name);
                prop_assert!(place.is_some(), "{name} is no news");
                done.remove(place.unwrap());
            }
        }
        prop_assert_eq!(done, Vec::<String>::new(), "not heard");
    }
}
