//! Playbooks over time: what is asked for is there, also after a dead letter, a merge or somebody's hand; `plan` shows it; what
//! the plugin itself wrote starts none.

use crate::support::{Contact, DAY, End, Rng, World, apply, call, event, heard, plugin, plugin_with, tick};
use ghl_digistore24::json::{Value, json, put};
use ghl_digistore24::plugin::Plugin;

fn with_books(books: Value) -> (World, Plugin) {
    (World::new(), plugin_with(json!({ "playbooks": books })))
}

fn renewal() -> Value {
    event(json!({ "pay_sequence_no": "2", "transaction_id": "9002" }))
}

fn contact(world: &mut World) -> &mut Contact {
    world.contacts.get_mut("c1").unwrap()
}

/// Whether HighLevel takes the contact into a workflow; without, the message ends as a dead letter.
fn refuse_workflows(world: &mut World, refuses: bool) {
    contact(world).fields.insert("refusesWorkflows".into(), refuses.into());
    if !refuses {
        contact(world).fields.remove("refusesWorkflows");
    }
}

fn retry(world: &mut World, plugin: &Plugin) {
    let dead = call(world, plugin, "inbox.list", json!([{ "room": "dead" }]));
    call(world, plugin, "deadLetters.retry", json!([dead[0]["name"]]));
    tick(world, plugin);
    assert!(!world.holds("dead") && !world.holds("inbox"));
}

/// The usual workflow takes off the tag that started it.
#[test]
fn a_tag_that_is_asked_for_is_put_on_again() {
    let books = json!([{ "name": "b", "when": { "event": "payment" }, "then": [{ "addTags": ["thanks", "vip"] }] }]);
    let (mut world, plugin) = with_books(books);
    world.contact_before_us("kaethe@example.de");
    apply(&mut world, &plugin, &event(json!({})));
    for tag in ["thanks", "vip"] {
        contact(&mut world).tags.remove(tag);
    }
    apply(&mut world, &plugin, &renewal());
    let tags = &world.contacts["c1"].tags;
    assert!(tags.contains("thanks") && tags.contains("vip"), "{tags:?}");
    let before = world.requests.len();
    apply(&mut world, &plugin, &event(json!({ "pay_sequence_no": "3", "transaction_id": "9003" })));
    assert_eq!(world.requests.len() - before, 2, "what is there costs no call");
}

#[test]
fn a_segment_is_what_the_playbook_says_though_somebody_changed_it() {
    let books = json!([{ "name": "b", "when": { "event": "payment" }, "then": [{ "segment": "payer" }] }]);
    let (mut world, plugin) = with_books(books);
    apply(&mut world, &plugin, &event(json!({})));
    contact(&mut world).custom.insert("ds24_segment".into(), "by hand".into());
    apply(&mut world, &plugin, &renewal());
    assert_eq!(world.contacts["c1"].custom["ds24_segment"], "payer");
}

#[test]
fn a_link_is_a_link_after_a_retry_and_for_a_merged_contact() {
    let link = json!({ "buyLink": { "product": 7, "field": "ds24_segment" } });
    let is_link = |world: &World, id: &str| {
        let link = &world.contacts[id].custom["ds24_segment"];
        assert_eq!(link, "https://buy.example.com/5");
    };
    let books = json!([{ "name": "b", "when": { "event": "newSale" }, "then": [link, { "workflow": "Onboarding" }] }]);
    let (mut world, plugin) = with_books(books);
    world.contact_before_us("kaethe@example.de");
    refuse_workflows(&mut world, true);
    assert_eq!(apply(&mut world, &plugin, &event(json!({})))["outcome"], "dead");
    refuse_workflows(&mut world, false);
    retry(&mut world, &plugin);
    is_link(&world, "c1");

    let mut later = link;
    later.as_object_mut().unwrap().insert("wait".into(), "7 days".into());
    let (mut world, plugin) = with_books(json!([{ "name": "b", "when": { "event": "newSale" }, "then": [later] }]));
    apply(&mut world, &plugin, &event(json!({})));
    let merged = world.contacts.remove("c1").unwrap();
    world.contacts.insert("c77".into(), merged);
    world.now += 8 * DAY;
    tick(&mut world, &plugin);
    is_link(&world, "c77");
}

#[test]
fn a_business_is_a_business_after_a_retry() {
    let mapping = json!({
        "business": "link",
        "playbooks": [{ "name": "b", "when": { "event": "newSale" }, "then": [{ "workflow": "Onboarding" }] }],
    });
    let (mut world, plugin) = (World::new(), plugin_with(mapping));
    apply(&mut world, &plugin, &event(json!({ "address_company": "" })));
    refuse_workflows(&mut world, true);
    let second = event(json!({ "order_id": "B2", "order_item_id": "77", "transaction_id": "500" }));
    assert_eq!(apply(&mut world, &plugin, &second)["outcome"], "dead");
    refuse_workflows(&mut world, false);
    retry(&mut world, &plugin);
    let business = world.contacts["c1"].business.clone().unwrap();
    assert_eq!((world.businesses.len(), &world.businesses[0]["id"]), (1, &Value::from(business)));
}

#[test]
fn a_dead_letter_of_highlevel_is_carried_out_when_it_is_tried_again() {
    let books = json!([{ "name": "b", "when": { "event": "tagAdded" }, "then": [{ "workflow": "Onboarding" }] }]);
    let (mut world, plugin) = with_books(books);
    apply(&mut world, &plugin, &event(json!({})));
    contact(&mut world).tags.insert("hot".into());
    refuse_workflows(&mut world, true);
    let tagged = heard("ContactTagUpdate", json!({ "id": "c1", "tags": ["hot"] }));
    assert_eq!(apply(&mut world, &plugin, &tagged)["outcome"], "dead");
    refuse_workflows(&mut world, false);
    retry(&mut world, &plugin);
    assert_eq!(world.enrolments.len(), 1);
}

#[test]
fn tags_and_deals_from_before_are_no_news_when_the_plugin_writes_beside_them() {
    let books = json!([
        { "name": "vip", "when": { "event": "tagAdded", "if": { "field": "now.addedTags", "is": "vip" } },
          "then": [{ "workflow": "Onboarding" }] },
        { "name": "deal", "when": { "event": "changedDeal" }, "then": [{ "workflow": "Onboarding" }] },
    ]);
    let mapping = json!({ "opportunity": { "pipeline": "Sales" }, "playbooks": books });
    let (mut world, plugin) = (World::new(), plugin_with(mapping));
    world.contact_before_us("kaethe@example.de");
    apply(&mut world, &plugin, &event(json!({})));
    let tags = &world.contacts["c1"].tags;
    assert!(tags.contains("vip"));
    let echo = heard("ContactTagUpdate", json!({ "id": "c1", "tags": tags.iter().collect::<Vec<_>>() }));
    apply(&mut world, &plugin, &echo);
    apply(
        &mut world,
        &plugin,
        &event(json!({ "event": "on_refund", "transaction_id": "9100", "parent_transaction_id": "9001" })),
    );
    let mut deal = world.contacts["c1"].deals[0].as_object().cloned().unwrap();
    put(&mut deal, "contactId", "c1".into());
    apply(&mut world, &plugin, &heard("OpportunityUpdate", Value::Object(deal)));
    assert!(world.enrolments.is_empty(), "{:?}", world.enrolments);
}

#[test]
fn a_new_stage_starts_both_kinds_of_playbook_whichever_message_comes_first() {
    for order in [["OpportunityUpdate", "OpportunityStageUpdate"], ["OpportunityStageUpdate", "OpportunityUpdate"]] {
        let step = |title: &str| json!([{ "note": { "title": title, "body": "x" } }]);
        let books = json!([
            { "name": "b", "when": { "event": "changedDeal" }, "then": step("any change") },
            { "name": "s", "when": { "event": "dealStageChanged" }, "then": step("a stage") },
        ]);
        let mapping = json!({ "opportunity": { "pipeline": "Sales", "stage": "New" }, "playbooks": books });
        let (mut world, plugin) = (World::new(), plugin_with(mapping));
        apply(&mut world, &plugin, &event(json!({})));
        let mut deal = world.contacts["c1"].deals[0].as_object().cloned().unwrap();
        put(&mut deal, "pipelineStageId", "s2".into());
        put(&mut deal, "contactId", "c1".into());
        for (i, word) in order.iter().enumerate() {
            put(&mut deal, "webhookId", Value::from(format!("w{i}")));
            apply(&mut world, &plugin, &heard(word, Value::Object(deal.clone())));
        }
        let notes = &world.contacts["c1"].notes;
        for title in ["any change", "a stage"] {
            let times = notes.iter().filter(|note| note["title"].as_str().unwrap().starts_with(title)).count();
            assert_eq!(times, 1, "{title}: {order:?}");
        }
    }
}

#[test]
fn plan_shows_what_an_event_of_highlevel_and_a_new_partner_would_start() {
    let hot = json!({ "field": "now.addedTags", "is": "hot" });
    let books = json!([
        { "name": "b", "when": { "event": "tagAdded", "if": hot }, "then": [{ "workflow": "Onboarding" }] },
        { "use": "affiliateWelcome" },
    ]);
    let (mut world, plugin) = with_books(books);
    apply(&mut world, &plugin, &event(json!({})));
    contact(&mut world).tags.insert("hot".into());
    let partner = json!({ "raw": {
        "event": "on_affiliation", "merchant_id": "777", "affiliate_name": "pia", "email": "pia@example.de", "first_name": "Pia",
    } });
    for event in [heard("ContactTagUpdate", json!({ "id": "c1", "tags": ["hot"] })), partner] {
        let before = (world.requests.len(), world.entries.clone());
        let plan = call(&mut world, &plugin, "sync.plan", json!([event]));
        assert_eq!((world.requests.len(), world.entries.clone()), before, "nothing is asked or kept");
        let done = apply(&mut world, &plugin, &event);
        let kinds = |steps: &Value| {
            let steps = steps.as_array().unwrap().iter().map(|step| step["do"].as_object().unwrap());
            steps.map(|step| step.keys().next().unwrap().clone()).collect::<Vec<_>>()
        };
        assert!(!kinds(&plan["steps"]).is_empty());
        assert_eq!(kinds(&plan["steps"]), kinds(&done["plan"]["steps"]));
    }
}

#[test]
fn what_is_empty_changes_nothing_at_digistore24() {
    let books = json!([{
        "name": "b", "when": { "event": "changedContact" },
        "then": [{ "updateBuyer": { "city": "{{contact.city}}", "last_name": "{{contact.lastName}}" } }],
    }]);
    let (mut world, plugin) = with_books(books);
    apply(&mut world, &plugin, &event(json!({})));
    contact(&mut world).fields.insert("lastName".into(), "Neu".into());
    contact(&mut world).fields.remove("city");
    let changed = heard("ContactUpdate", json!({ "id": "c1", "firstName": "Käthe", "lastName": "Neu" }));
    assert_eq!(apply(&mut world, &plugin, &changed)["outcome"], "done");
    assert!(world.shop.last().unwrap().starts_with("updateBuyer"), "{:?}", world.shop);
    assert!(!world.shop.last().unwrap().contains("city"), "{:?}", world.shop);
}

#[test]
fn each_question_is_asked_though_an_earlier_one_is_answered() {
    let (mut world, plugin) = (World::new(), plugin());
    let missed = |number: &str| {
        event(json!({
            "event": "on_payment_missed", "billing_stop_reason": "unknown", "pay_sequence_no": number, "transaction_id": "",
        }))
    };
    apply(&mut world, &plugin, &event(json!({})));
    apply(&mut world, &plugin, &missed("2"));
    apply(&mut world, &plugin, &renewal());
    apply(&mut world, &plugin, &missed("3"));
    assert_eq!(world.contacts["c1"].tasks.len(), 2);
}

#[test]
fn a_plan_that_goes_on_needs_nobody_to_keep_it() {
    let (mut world, plugin) = (World::new(), plugin_with(json!({ "tasks": { "retention": true } })));
    apply(&mut world, &plugin, &event(json!({})));
    for (turn, tasks) in [(1, 1), (2, 2)] {
        let number = turn.to_string();
        apply(
            &mut world,
            &plugin,
            &event(json!({ "event": "on_rebill_cancelled", "pay_sequence_no": number, "transaction_id": "" })),
        );
        assert_eq!(world.contacts["c1"].tasks.len(), tasks);
        let paid = json!({ "pay_sequence_no": (turn + 1).to_string(), "transaction_id": format!("95{turn}") });
        apply(&mut world, &plugin, &event(paid));
        assert!(world.contacts["c1"].tasks.iter().all(|task| task["completed"].as_bool() == Some(true)));
    }
}

/// Of somebody who bought nothing only the contact's id is known.
#[test]
fn whoever_bought_nothing_is_forgotten_by_the_contact() {
    let books = json!([{ "name": "b", "when": { "event": "noteAdded" }, "then": [{ "wait": "2 days", "workflow": "Onboarding" }] }]);
    let (mut world, plugin) = with_books(books);
    let mut lead = Contact::default();
    lead.fields.insert("email".into(), "ida@example.de".into());
    world.contacts.insert("c9".into(), lead);
    apply(&mut world, &plugin, &heard("NoteCreate", json!({ "id": "n1", "contactId": "c9", "body": "Ida is ill" })));
    assert!(world.holds("later"));
    call(&mut world, &plugin, "forget", json!(["ida@example.de", "c9"]));
    let rest: Vec<&String> = world
        .entries
        .iter()
        .filter(|(key, (value, _))| key.contains("c9") || value.contains("ill"))
        .map(|e| e.0)
        .collect();
    assert!(rest.is_empty(), "{rest:?}");
    world.now += 3 * DAY;
    tick(&mut world, &plugin);
    assert!(world.enrolments.is_empty());
}

/// By the address, where the contact is gone in HighLevel too; written as they write it, and not within a longer one.
#[test]
fn an_address_is_forgotten_as_a_whole() {
    let books = json!([{ "name": "b", "when": { "event": "noteAdded" }, "then": [{ "wait": "2 days", "workflow": "Onboarding" }] }]);
    let (mut world, plugin) = with_books(books);
    for (id, email) in [("upper", "Ida@Example.de"), ("longer", "bida@example.de"), ("below", "ida@example.de.vu")] {
        world.contacts.insert(id.into(), Contact::default());
        let body = json!({ "id": ["n", id].concat(), "contactId": id, "body": ["from ", email].concat() });
        apply(&mut world, &plugin, &heard("NoteCreate", body));
    }
    let waiting = |world: &World, id: &str| {
        world.entries.iter().any(|(key, (value, _))| key.contains("/later/") && value.contains(id))
    };
    assert!(waiting(&world, "upper") && waiting(&world, "longer") && waiting(&world, "below"));
    call(&mut world, &plugin, "forget", json!(["ida@example.de"]));
    assert!(!waiting(&world, "upper") && waiting(&world, "longer") && waiting(&world, "below"));
    let task = plugin.start("forget", r#"[" "]"#, Vec::new());
    let refused = world.drive(task, &mut Rng::new(1));
    assert!(matches!(&refused, End::Failed(error) if error["code"] == "invalid_input"), "{refused:?}");
}

/// Not grouped, each item of an order has a message of its own; and who buys again is not new.
#[test]
fn onboarding_is_once_for_a_customer() {
    let (mut world, plugin) = with_books(json!([{ "use": "onboarding", "with": { "workflow": "Onboarding" } }]));
    for (item, product) in [("31", "512345"), ("32", "512346"), ("33", "512347")] {
        apply(&mut world, &plugin, &event(json!({ "order_item_id": item, "product_id": product })));
    }
    let again = json!({ "order_id": "B2", "order_item_id": "77", "transaction_id": "500" });
    apply(&mut world, &plugin, &event(again));
    world.now += 5 * DAY;
    tick(&mut world, &plugin);
    assert_eq!((world.enrolments.len(), world.contacts["c1"].tasks.len()), (1, 1));
}

#[test]
fn a_task_of_highlevels_event_is_the_orders_not_an_upsells() {
    let books = json!([{ "name": "b", "when": { "event": "noteAdded" }, "then": [{ "task": { "title": "Call" } }] }]);
    let (mut world, plugin) = with_books(books);
    apply(&mut world, &plugin, &event(json!({})));
    let upsell = json!({
        "order_id": "C74PNZH51", "upsell_no": "1", "order_item_id": "88", "product_id": "9", "transaction_id": "600",
    });
    apply(&mut world, &plugin, &event(upsell.clone()));
    apply(&mut world, &plugin, &heard("NoteCreate", json!({ "id": "n1", "contactId": "c1", "body": "x" })));
    let mut refund = upsell.as_object().cloned().unwrap();
    for (name, value) in [("event", "on_refund"), ("transaction_id", "9100"), ("parent_transaction_id", "600")] {
        put(&mut refund, name, value.into());
    }
    apply(&mut world, &plugin, &event(Value::Object(refund)));
    let tasks = &world.contacts["c1"].tasks;
    assert_eq!((tasks.len(), tasks[0]["completed"].as_bool() == Some(true)), (1, false), "{tasks:?}");
}

/// The mapping is changed while a step waits.
#[test]
fn what_waits_is_what_was_asked_for() {
    let note = json!({ "wait": "3 days", "note": { "title": "Remember", "body": "x" } });
    let book = |then: Value| {
        plugin_with(json!({ "playbooks": [{ "name": "b", "when": { "event": "newSale" }, "then": then }] }))
    };
    for (then, notes) in [
        (json!([{ "workflow": "Onboarding" }, note]), 1),
        (json!([{ "workflow": "Onboarding" }]), 0),
        (json!([note]), 1),
    ] {
        let mut world = World::new();
        apply(&mut world, &book(json!([note])), &event(json!({})));
        world.now += 4 * DAY;
        let changed = book(then);
        let remarks = tick(&mut world, &changed)["events"][0]["plan"]["remarks"].to_string();
        let made = world.contacts["c1"].notes.iter().filter(|n| n["title"].as_str().unwrap().starts_with("Remember"));
        assert_eq!((made.count(), world.enrolments.len()), (notes, 0));
        assert_eq!(remarks.contains("not in it any more"), notes == 0, "{remarks}");
    }
}

/// The workflow finds the tag that the playbook put on before it.
#[test]
fn a_tag_that_is_put_on_again_comes_before_the_workflow() {
    let then = json!([{ "addTags": ["go"] }, { "workflow": "Onboarding" }]);
    let (mut world, plugin) = with_books(json!([{ "name": "b", "when": { "event": "renewal" }, "then": then }]));
    apply(&mut world, &plugin, &event(json!({})));
    apply(&mut world, &plugin, &renewal());
    contact(&mut world).tags.remove("go");
    apply(&mut world, &plugin, &event(json!({ "pay_sequence_no": "3", "transaction_id": "9003" })));
    assert!(world.contacts["c1"].tags.contains("go"));
    assert!(world.requests.last().unwrap().contains("workflow"), "{:?}", world.requests.last());
}

#[test]
fn a_step_that_waits_puts_its_tag_on_again() {
    let then = json!([{ "wait": "2 days", "addTags": ["go"] }]);
    let books = json!([{ "name": "b", "when": { "event": ["newSale", "renewal"] }, "then": then }]);
    let (mut world, plugin) = with_books(books);
    let wait = |world: &mut World| {
        world.now += 3 * DAY;
        for _ in 0..2 {
            tick(world, &plugin);
        }
        assert!(world.contacts["c1"].tags.contains("go"));
    };
    apply(&mut world, &plugin, &event(json!({})));
    wait(&mut world);
    contact(&mut world).tags.remove("go");
    apply(&mut world, &plugin, &renewal());
    wait(&mut world);
}

/// Nothing stood there before on a contact that the plugin has just made.
#[test]
fn a_tag_that_automation_puts_on_a_new_contact_is_news() {
    let condition = json!({ "field": "now.addedTags", "is": "auto" });
    let books = json!([{ "name": "b", "when": { "event": "tagAdded", "if": condition }, "then": [{ "workflow": "Onboarding" }] }]);
    let (mut world, plugin) = with_books(books);
    let mut rng = Rng::new(1);
    let mut task = plugin.start("sync.apply", &json!([event(json!({}))]).to_string(), Vec::new());
    let mut answers = Vec::new();
    while world.step(&mut task, &mut answers, &mut rng).is_none() {
        if let Some(made) = world.contacts.get_mut("c1").filter(|made| made.tags.is_empty()) {
            made.tags.insert("auto".into());
        }
    }
    let tags: Vec<String> = world.contacts["c1"].tags.iter().cloned().collect();
    apply(&mut world, &plugin, &heard("ContactTagUpdate", json!({ "id": "c1", "tags": tags })));
    assert_eq!(world.enrolments.len(), 1);
}
