//! Receiving, against a store in memory: whatever comes, and whatever dies in between.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod support;

use ghl_digistore24::digistore24::{Params, sign};
use ghl_digistore24::json::{Value, json};
use ghl_digistore24::plugin::Plugin;
use proptest::prelude::*;
use support::{End, Faults, Rng, World};

const TOKEN: &str = "a-token-of-20-letters";

fn plugin() -> Plugin {
    Plugin::new(json!({
        "highlevel": { "auth": { "kind": "host" }, "locationId": "loc1", "workflowToken": TOKEN },
        "digistore24": { "ipnPassphrase": "secret-phrase" },
    }))
    .unwrap()
}

fn workflow(key: &str, location: &str) -> Vec<u8> {
    json!({
        "contact_id": "c1", "location": { "id": location }, "workflow": { "id": "w1" },
        "customData": { "event": "ContactTagUpdate", "key": key },
    })
    .to_string()
    .into_bytes()
}

fn call(world: &mut World, plugin: &Plugin, method: &str, argument: Value, body: Vec<u8>, rng: &mut Rng) -> End {
    world.drive(plugin.start(method, &json!([argument]).to_string(), body), rng)
}

fn done(end: End) -> Value {
    match end {
        End::Done(value) => value,
        other => panic!("{other:?}"),
    }
}

fn from_workflow() -> Value {
    json!({ "method": "POST", "service": "ghl-workflow", "token": TOKEN })
}

fn waiting(world: &mut World, plugin: &Plugin) -> Vec<Value> {
    let events = done(call(world, plugin, "events.take", json!({}), Vec::new(), &mut Rng::new(1)));
    events.as_array().unwrap().clone()
}

#[test]
fn an_event_waits_until_it_is_dealt_with_and_comes_once() {
    let (mut world, plugin, rng) = (World::new(), plugin(), &mut Rng::new(1));
    let first = done(call(&mut world, &plugin, "receive", from_workflow(), workflow("run-1", "loc1"), rng));
    assert_eq!(first["outcome"], json!("queued"));
    assert_eq!(first["events"][0]["verified"], json!(false));
    let again = done(call(&mut world, &plugin, "receive", from_workflow(), workflow("run-1", "loc1"), rng));
    assert_eq!((&again["outcome"], &again["events"]), (&json!("duplicate"), &json!([])));
    // Nobody acted on it: the process may have died. It is given again, the very same.
    assert_eq!(waiting(&mut world, &plugin), [first["events"][0].clone()]);
    let keys = json!([first["events"][0]["dedupeKey"], "unknown"]);
    done(call(&mut world, &plugin, "events.done", keys, Vec::new(), rng));
    assert_eq!(waiting(&mut world, &plugin), Vec::<Value>::new());
    let late = done(call(&mut world, &plugin, "receive", from_workflow(), workflow("run-1", "loc1"), rng));
    assert_eq!(late["outcome"], json!("duplicate"));
    // A month later nothing is left of it.
    world.now += 31 * 24 * 3_600_000;
    done(call(&mut world, &plugin, "tick", json!({}), Vec::new(), rng));
    assert!(world.entries.is_empty(), "{:?}", world.entries.keys());
}

/// Triggers of Digistore24 alone need no account of HighLevel.
#[test]
fn without_highlevel_a_message_is_proven_known_again_and_kept() {
    let options = json!({ "digistore24": { "ipnPassphrase": support::PASSPHRASE } });
    let (mut world, plugin, rng) = (World::new(), Plugin::new(options).unwrap(), &mut Rng::new(1));
    let raw = support::event(json!({}))["raw"].clone();
    let pairs = raw.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
    let mut pairs: Vec<(String, String)> = pairs.collect();
    let signature = sign(&Params::new(pairs.clone()).unwrap(), support::PASSPHRASE, false);
    let mut take = |world: &mut World, sha_sign: &str, parked: bool| {
        let mut signed = std::mem::take(&mut pairs);
        signed.retain(|(name, _)| name != "sha_sign");
        signed.push(("sha_sign".into(), sha_sign.into()));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&signed).finish();
        pairs = signed;
        done(call(world, &plugin, "receive", json!({ "method": "POST", "parked": parked }), body.into_bytes(), rng))
    };
    // Nobody has said that it is only to be read: the sender must keep it until the account is set.
    assert_eq!(take(&mut world, &signature, false)["response"]["status"], json!(503));
    let first = take(&mut world, &signature, true);
    assert_eq!((&first["outcome"], &first["response"]["body"]), (&json!("kept"), &json!("OK")));
    assert_eq!(first["events"][0]["event"], json!("payment"));
    let again = take(&mut world, &signature, true);
    assert_eq!((&again["outcome"], &again["events"]), (&json!("duplicate"), &json!([])));
    assert_eq!(take(&mut world, "AB", true)["outcome"], json!("refused"));
    let kept: Vec<_> = world.entries.iter().filter(|(key, _)| key.contains("/kept/")).collect();
    assert!(kept.len() == 1 && kept[0].1.0.contains("no HighLevel account is set"), "{kept:?}");
    // What needs the account still says so, and what is old goes.
    let applied = call(&mut world, &plugin, "sync.apply", json!({ "raw": raw }), Vec::new(), &mut Rng::new(1));
    assert!(
        matches!(applied, End::Failed(ref error) if format!("{error:?}").contains("no HighLevel account")),
        "{applied:?}"
    );
    world.now += 31 * 24 * 3_600_000;
    done(call(&mut world, &plugin, "tick", json!({}), Vec::new(), &mut Rng::new(1)));
    assert!(!world.entries.keys().any(|key| key.contains("/kept/")));
}

#[test]
fn another_locations_event_is_kept_and_not_handed_on() {
    let (mut world, plugin, rng) = (World::new(), plugin(), &mut Rng::new(1));
    let foreign = done(call(&mut world, &plugin, "receive", from_workflow(), workflow("run-1", "loc2"), rng));
    assert_eq!((&foreign["outcome"], &foreign["events"]), (&json!("kept"), &json!([])));
    assert_eq!(waiting(&mut world, &plugin), Vec::<Value>::new());
    let kept = done(call(&mut world, &plugin, "inbox.list", json!({ "room": "kept" }), Vec::new(), rng));
    assert_eq!(
        (&kept[0]["event"], &kept[0]["reason"]),
        (&json!("ContactTagUpdate"), &json!("another location's event"))
    );
}

/// `OK` means stored: in every run, each event that was answered so is given to the host, once or more under one key.
#[test]
fn whatever_dies_nothing_that_was_answered_is_lost() {
    for seed in 0..300 {
        let (mut world, plugin, rng) = (World::new(), plugin(), &mut Rng::new(seed));
        let mut answered = Vec::new();
        let mut dealt_with = Vec::new();
        for run in 0..6 {
            let key = format!("run-{run}");
            // The sender tries until it hears OK.
            loop {
                world.faults = Faults { crash: 30, ..Faults::default() };
                let end = call(&mut world, &plugin, "receive", from_workflow(), workflow(&key, "loc1"), rng);
                if let End::Done(answer) = end {
                    assert_eq!(answer["response"]["status"], json!(200));
                    answered.push(key);
                    break;
                }
            }
            let end = call(&mut world, &plugin, "events.take", json!({ "limit": 2 }), Vec::new(), rng);
            let End::Done(events) = end else { continue };
            for event in events.as_array().unwrap() {
                dealt_with.push(event["id"].as_str().unwrap().to_owned());
                let _ = call(&mut world, &plugin, "events.done", json!([event["dedupeKey"]]), Vec::new(), rng);
            }
        }
        world.faults = Faults::default();
        for event in waiting(&mut world, &plugin) {
            dealt_with.push(event["id"].as_str().unwrap().to_owned());
        }
        dealt_with.sort();
        dealt_with.dedup();
        assert_eq!(dealt_with, answered, "seed {seed}");
    }
}

proptest! {
    #[test]
    fn whatever_comes_has_an_answer_and_only_what_is_proven_is_stored(
        service in prop::sample::select(vec!["digistore24", "ghl", "ghl-workflow", "shop", ""]),
        signature in prop::option::of(".{0,100}"),
        token in prop::option::of(".{0,40}"),
        event in prop::option::of(".{0,40}"),
        body in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let (mut world, plugin, rng) = (World::new(), plugin(), &mut Rng::new(1));
        let request = json!({ "method": "POST", "service": service, "signature": signature, "token": token, "event": event });
        let answer = done(call(&mut world, &plugin, "receive", request, body, rng));
        prop_assert_eq!(&answer["outcome"], &json!("refused"));
        let status = answer["response"]["status"].as_u64().unwrap();
        prop_assert!((400..500).contains(&status), "{}", status);
        prop_assert!(world.entries.is_empty());
    }

    #[test]
    fn any_json_from_a_workflow_is_one_event_at_most(body in ".{0,200}") {
        let (mut world, plugin, rng) = (World::new(), plugin(), &mut Rng::new(1));
        for body in [body.clone(), json!({ "contact_id": body }).to_string(), json!({ "customData": { "event": body } }).to_string()] {
            let answer = done(call(&mut world, &plugin, "receive", from_workflow(), body.into_bytes(), rng));
            prop_assert!(answer["events"].as_array().unwrap().len() <= 1);
        }
    }
}
