//! The client against a service that fails in every way that is known, in simulated time: what it says is true, nothing is
//! written twice, no token is lost. `npm run simulate` runs more seeds, or one again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking"
)]

#[path = "support/rng.rs"]
mod rng;
#[path = "support/seeds.rs"]
mod seeds;
#[path = "client/service.rs"]
mod service;
#[path = "support/store.rs"]
mod store;
#[path = "client/world.rs"]
mod world;

use std::collections::BTreeMap;

use ghl_digistore24::json::{Value, json};
use ghl_digistore24::plugin::Plugin;
use rng::Rng;
use service::{Manner, Service};
use world::{End, Faults, Process, World};

const START: u64 = 1_795_000_000_000;
/// A write takes effect at most so much later than its request ended.
const SETTLE_S: u64 = 20;

fn plugin() -> Plugin {
    Plugin::new(json!({
        "highlevel": {
            "auth": {
                "kind": "oauth", "clientId": "client", "clientSecret": "secret",
                "accessToken": "access-0", "refreshToken": "refresh-0",

            },
            "locationId": "loc1", "baseUrl": "https://ghl.test",
        },
        "settleSeconds": SETTLE_S,
    }))
    .unwrap()
}

/// What a call was to write, and where to look whether it is there.
#[derive(Debug, Clone)]
enum Wanted {
    Note(String, String),
    Task(String, String),
    Tag(String, String),
    Contact(String),
    Rename(String, String),
    Read(String),
}

fn one_of(rng: &mut Rng, contacts: &[String], n: usize) -> (Value, Wanted) {
    let contact = contacts[rng.below(contacts.len() as u64) as usize].clone();
    let marker = format!("m{n}");
    match rng.below(12) {
        0..3 => (
            json!(["ghl.contacts.createNote", { "contactId": contact.as_str(), "body": marker.as_str() }]),
            Wanted::Note(contact, marker),
        ),
        3..5 => (
            json!(["ghl.contacts.createTask", { "contactId": contact.as_str(), "title": marker.as_str(), "dueDate": "2026-12-01T09:00:00Z", "completed": false }]),
            Wanted::Task(contact, marker),
        ),
        5..7 => (
            json!(["ghl.contacts.addTags", { "contactId": contact.as_str(), "tags": [marker.as_str()] }]),
            Wanted::Tag(contact, marker),
        ),
        7..9 => {
            let email = format!("{marker}@example.com");
            (
                json!(["ghl.contacts.createContact", { "email": email.as_str(), "firstName": "New" }]),
                Wanted::Contact(email),
            )
        }
        9 => (
            json!(["ghl.contacts.updateContact", { "contactId": contact.as_str(), "firstName": marker.as_str() }]),
            Wanted::Rename(contact, marker),
        ),
        _ => (json!(["ghl.contacts.getContact", { "contactId": contact.as_str() }]), Wanted::Read(contact)),
    }
}

/// How often it is there.
fn count(service: &Service, wanted: &Wanted) -> usize {
    let marked = |list: &[(String, u64)], marker: &str| list.iter().filter(|(m, _)| m == marker).count();
    match wanted {
        Wanted::Note(contact, marker) => marked(&service.contacts[contact].notes, marker),
        Wanted::Task(contact, marker) => marked(&service.contacts[contact].tasks, marker),
        Wanted::Tag(contact, marker) => service.contacts[contact].tags.iter().filter(|t| *t == marker).count(),
        Wanted::Contact(email) => service.contacts.values().filter(|c| c.email == *email).count(),
        Wanted::Rename(contact, marker) => usize::from(service.contacts[contact].first_name == *marker),
        Wanted::Read(_) => 1,
    }
}

/// One run; gives how its calls ended, by code.
fn run(seed: u64, tally: &mut BTreeMap<String, usize>) {
    let mut rng = Rng::new(seed + 1);
    let manner =
        Manner { fixed_window: rng.chance(50), headers: rng.chance(70), token_ms: 60_000 + rng.below(600_000) };
    let mut service = Service::new(manner, START);
    let contacts: Vec<String> = (0..3).map(|i| service.contact(&format!("old{i}@example.com"), START)).collect();
    let mut world = World::new(seed, service, START);
    for _ in 0..2 {
        let skew = rng.below(600_000) as i64 - 300_000;
        world.processes.push(Process { plugin: plugin(), skew });
    }
    world.faults = Faults {
        refused: rng.below(6),
        lost_before: rng.below(5),
        lost_after: rng.below(8),
        late_ms: SETTLE_S * 1000 - 1000,
        late: rng.below(4),
        broken_before: rng.below(6),
        broken_after: rng.below(6),
        limited: rng.below(6),
        garbled: rng.below(6),
        created_422: rng.below(20),
        expired: rng.below(6),
    };
    let mut calls = Vec::new();
    for n in 0..4 + rng.below(12) as usize {
        let (mut args, wanted) = one_of(&mut rng, &contacts, n);
        args.as_array_mut().unwrap().push(json!({ "deadlineMs": 60_000 + 60_000 * rng.below(3) }));
        let process = rng.below(2) as usize;
        let after = rng.below(120_000);
        calls.push((world.call(process, after, "run", &args), args, wanted));
    }
    if rng.chance(30) {
        let died = rng.below(2) as usize;
        world.run(Some(START + rng.below(120_000)));
        world.kill(died, plugin());
        // It is started again soon and does something: nobody can take up a renewal after the service's 30 seconds.
        let args = json!(["ghl.contacts.getContact", { "contactId": contacts[0].as_str() }]);
        let after = rng.below(5_000);
        calls.push((world.call(died, after, "run", &args), args, Wanted::Read(contacts[0].clone())));
    }
    world.run(None);
    for (call, args, wanted) in &calls {
        let there = count(&world.service, wanted);
        let told = |what: &str| {
            format!("seed {seed}: {what}: {args} {:?}, there {there} times\n{:#?}", world.end(*call), world.logs)
        };
        assert!(there <= 1 || matches!(wanted, Wanted::Read(_)), "{}", told("written twice"));
        let word = match world.end(*call) {
            End::Died => "died",
            End::Done(answer) => {
                // A later change of the same name may stand there by now.
                if !matches!(wanted, Wanted::Rename(..)) {
                    assert_eq!(there, 1, "{}", told("said to be done"));
                }
                if let Wanted::Contact(email) = wanted {
                    let id = answer["contact"]["id"].as_str().unwrap_or_default();
                    assert_eq!(
                        world.service.contacts.get(id).map(|c| &c.email),
                        Some(email),
                        "{}",
                        told("another contact")
                    );
                }
                if let Wanted::Read(contact) = wanted {
                    assert_eq!(answer["contact"]["id"], contact.as_str(), "{}", told("another contact"));
                }
                "done"
            }
            End::Failed(error) => {
                let code = error["code"].as_str().unwrap();
                match code {
                    // Certainly not written. A token is renewed once for each call, so one that ends twice meanwhile ends the call.
                    "rate_limited" | "unavailable" | "unauthenticated" => {
                        assert!(
                            there == 0 || matches!(wanted, Wanted::Read(_) | Wanted::Tag(..) | Wanted::Rename(..)),
                            "{}",
                            told("said not to be done")
                        );
                    }
                    // It is open.
                    "outcome_unknown" | "timeout" | "malformed_response" => {}
                    other => panic!("{}", told(&format!("unexpected {other}"))),
                }
                code
            }
        };
        *tally.entry(word.to_owned()).or_default() += 1;
    }
    // All is well again: both processes still have their authorisation, or get it.
    world.faults = Faults::default();
    world.run(Some(world.now + 120_000));
    world.service.expire();
    for process in 0..2 {
        let args = json!(["ghl.contacts.getContact", { "contactId": contacts[0].as_str() }]);
        let call = world.call(process, 1000, "run", &args);
        world.run(None);
        let end = world.end(call);
        assert!(matches!(end, End::Done(_)), "seed {seed}: a token was lost: {end:?}\n{:#?}", world.logs);
    }
    assert_eq!(world.service.misused, 0, "seed {seed}: a used refresh token was sent after its grace");
}

#[test]
fn whatever_fails_what_it_says_is_true() {
    let mut all: BTreeMap<String, usize> = BTreeMap::new();
    for (word, n) in seeds::each(10_000, run).into_iter().flatten() {
        *all.entry(word).or_default() += n;
    }
    println!("{all:?}");
    let (done, calls) = (all.get("done").copied().unwrap_or_default(), all.values().sum::<usize>());
    assert!(calls < 1000 || done * 2 > calls, "most calls come through: {all:?}");
}
