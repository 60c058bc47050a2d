//! What a mapping says, as a reviewer reads it: mistakes by path, and plans in words.

use super::{tests::message, *};
use crate::json::{Value, json, parse};

fn mistakes(mapping: Value) -> Vec<String> {
    let problems = Mapping::load(&mapping).err().unwrap_or_default();
    problems.into_iter().map(|p| format!("{}: {}", p.path, p.problem)).collect()
}

#[test]
fn every_mistake_is_named_by_its_path() {
    for (mapping, expected) in [
        (r#"{ "tagz": {} }"#, vec!["tagz: is not a field here; did you mean tags?"]),
        (
            r#"{ "extends": "minimum" }"#,
            vec!["extends: minimum is no ready mapping; only the command line reads files; did you mean minimal?"],
        ),
        (
            r#"{ "notes": { "title": "{{buyer.frist_name}}" } }"#,
            vec!["notes.title: fristName is no field of the event; did you mean firstName?"],
        ),
        (r#"{ "notes": { "titel": "x" } }"#, vec!["notes.titel: is not a field here; did you mean title?"]),
        (
            r#"{ "contact": { "website": "{{buyer.company | uper}}" } }"#,
            vec!["contact.website: uper is no filter; did you mean upper? at character 19"],
        ),
        (
            r#"{ "customFields": { "own": { "x": "Hi {{buyer.firstName" } } }"#,
            vec!["customFields.own.x: expected | or }} at character 21"],
        ),
        (
            r#"{ "tags": { "byEvent": { "new_sale": [] } } }"#,
            vec!["tags.byEvent.new_sale: is not a field here; did you mean newSale?"],
        ),
        (
            r#"{ "tags": { "byState": { "activ": [] } } }"#,
            vec!["tags.byState.activ: is not a field here; did you mean active?"],
        ),
        (r#"{ "tasks": { "dunning": { "dueDays": 100 } } }"#, vec!["tasks.dunning.dueDays: must be at most 60"]),
        (r#"{ "opportunity": { "stage": "New" } }"#, vec!["opportunity.pipeline: is required"]),
        (
            r#"{ "playbooks": [{ "use": "upsell", "with": { "product": 5 } }], "consent": { "confirmedField": "x" } }"#,
            vec!["playbooks[0].with.upsell: is required"],
        ),
        (
            r#"{ "playbooks": [{ "use": "upsell", "with": { "upsell": 5 } }], "consent": { "confirmedField": "x" } }"#,
            vec!["playbooks[0].with.product: is required"],
        ),
        (
            r#"{ "playbooks": [{ "use": "winBack" }] }"#,
            vec!["playbooks[0]: is marketing and needs consent.confirmedField"],
        ),
        (
            r#"{ "playbooks": [{ "name": "a" }] }"#,
            vec!["playbooks[0].when: is required", "playbooks[0].then: is required"],
        ),
        (
            r#"{ "playbooks": [{ "use": "dunning" }, { "use": "dunning" }] }"#,
            vec!["playbooks[1]: has the name of another playbook", "playbooks[1]: has the name of another playbook"],
        ),
        (
            r#"{ "playbooks": [{ "name": "a", "when": { "event": "refund" }, "then": [{ "refund": { "maxAmount": 5 } }, { "wait": "soon", "segment": "x" }, { "segment": "x", "workflow": "w" }] }] }"#,
            vec![
                "playbooks[0].then[0]: refunds: that needs allowRefund: true in the playbook",
                "playbooks[0].then[1]: waits or is due in a time that can't be read: write 3 days, 2 hours or 1 week",
                "playbooks[0].then[2]: must have exactly one action, such as addTags or task",
            ],
        ),
        (
            r#"{ "playbooks": [{ "name": "a", "allowRefund": true, "when": { "event": ["refund", "tagAdded"] }, "then": [{ "refund": { "maxAmount": 5 } }] }] }"#,
            vec!["playbooks[0].then[0].refund.amount: is required: an event of HighLevel has no amount of its own"],
        ),
        (
            r#"{ "playbooks": [{ "name": "a", "when": { "event": "refund", "if": [
                { "field": "money.gross", "gt": "much" }, { "field": "item.nam", "is": 1 }, { "is": 5 }, { "field": "test" },
                { "field": "occurredAt", "gte": "2026-11-18" }, { "field": "now.order", "in": ["paused", true] },
                { "field": "raw.anything", "gt": 5 }, { "field": "items.prodctId", "is": 5 },
                { "field": "items.money.gross", "gt": "much" }, { "field": "items.0.productId", "is": 5 },
                { "field": "items.productId", "in": [5, "6"] }, { "any": [{ "field": "test", "matches": "x" }] }
            ] }, "then": [{ "segment": "x" }] }] }"#,
            vec![
                "playbooks[0].when.if[0].gt: doesn't fit: the field is a number",
                "playbooks[0].when.if[1].field: nam is no field of the event; did you mean name?",
                "playbooks[0].when.if[2].is: needs a field beside it",
                "playbooks[0].when.if[3]: lacks what the field is compared with, such as is",
                "playbooks[0].when.if[5].in: doesn't fit: the field is a text",
                "playbooks[0].when.if[7].field: prodctId is no field of the event; did you mean productId?",
                "playbooks[0].when.if[8].gt: doesn't fit: the field is a number",
                "playbooks[0].when.if[11].any[0].matches: doesn't fit: the field is a boolean",
            ],
        ),
        (
            r#"{ "playbooks": [
                { "use": "onboarding", "unless": { "field": "test", "is": true }, "with": { "product": 5, "after": "5 dayz" } },
                { "name": "a", "with": { "tag": "x" }, "when": { "event": "refund" }, "unless": {}, "then": [{ "segment": "x" }] }
            ] }"#,
            vec![
                "playbooks[1].unless: is empty: it would always hold",
                "playbooks[0].unless: is not a field here",
                "playbooks[0].with.product: is not a field here",
                "playbooks[0].with: waits or is due in a time that can't be read: write 3 days, 2 hours or 1 week",
                "playbooks[1].with: has no place without use",
            ],
        ),
        (
            r#"{ "tags": { "byEvent": { "newSale": ["a-{{item.productId}}"] } }, "tasks": { "dunning": { "assignedTo": "{{raw.who}}" } } }"#,
            vec![
                "tags.byEvent.newSale[0]: can't hold a template: use a playbook for that",
                "tasks.dunning.assignedTo: can't hold a template: use a playbook for that",
            ],
        ),
        (
            r#"{ "customFields": { "own": { "course": 5, "courseDate": "{{item.nam}}" } } }"#,
            vec![
                "customFields.own.course: must be a string or null, but is a number",
                "customFields.own.courseDate: nam is no field of the event; did you mean name?",
            ],
        ),
        (
            r#"{ "extends": { "playbooks": [{ "use": "onboarding" }] }, "playbooks": [{ "name": "a", "when": { "event": "refund" }, "then": [{}] }] }"#,
            vec!["playbooks[0].then[0]: must have exactly one action, such as addTags or task"],
        ),
    ] {
        assert_eq!(mistakes(parse(mapping).unwrap()), expected, "{mapping}");
    }
}

/// A mistake of one kind hides none of another: what the schema refuses, templates, conditions, steps, what is extended.
#[test]
fn all_mistakes_come_at_once() {
    let mapping = json!({
        "extends": "minimum", "tagz": {}, "notes": { "title": "{{buyer.nane | uper}} {{item.nam | money: xx}}" },
        "tasks": { "dunning": { "dueDays": "soon", "title": "{{x" } },
        "playbooks": [
            { "name": "a", "when": { "event": "sale", "if": { "field": "money.gros", "isnt": 5 } },
              "then": [{ "addTag": ["x"] }, { "wait": "soon", "segment": "x" }] },
            { "name": "b", "when": { "event": "taskCompletd" }, "then": [{ "task": { "titel": "{{now.ordr}}" } }] },
            { "use": "duning" }, { "use": "upsell", "with": { "produkt": 5 } }, 7,
        ],
    });
    // Without the list of what would be right.
    let found: Vec<String> = mistakes(mapping)
        .iter()
        .map(|mistake| match mistake.find("of [") {
            Some(from) => mistake[..from].to_owned() + mistake.rsplit(']').next().unwrap(),
            None => mistake.clone(),
        })
        .collect();
    assert_eq!(
        found,
        [
            "extends: minimum is no ready mapping; only the command line reads files; did you mean minimal?",
            "playbooks[0].then[0].addTag: is not a field here; did you mean addTags?",
            "playbooks[0].when.event: must be one ",
            "playbooks[0].when.if.isnt: is not a field here; did you mean isNot?",
            "playbooks[1].then[0].task.title: is required",
            "playbooks[1].then[0].task.titel: is not a field here; did you mean title?",
            "playbooks[1].when.event: must be one ; did you mean taskCompleted?",
            "playbooks[2].use: must be one ; did you mean dunning?",
            "playbooks[3].with.produkt: is not a field here; did you mean product?",
            "playbooks[4]: must be an object, but is a number",
            "tagz: is not a field here; did you mean tags?",
            "tasks.dunning.dueDays: must be a whole number, but is a string",
            "notes.title: nane is no field of the event",
            "notes.title: nam is no field of the event; did you mean name?",
            "notes.title: uper is no filter; did you mean upper? at character 16",
            "notes.title: money can't be used with these arguments at character 36",
            "playbooks[0].when.if.field: gros is no field of the event; did you mean gross?",
            "tasks.dunning.title: expected | or }} at character 4",
            "playbooks[0].then[1]: waits or is due in a time that can't be read: write 3 days, 2 hours or 1 week",
            "playbooks[3].with.product: is required",
            "playbooks[3].with.upsell: is required",
            "playbooks[3]: is marketing and needs consent.confirmedField",
        ]
    );
}

#[test]
fn a_mapping_stands_on_another_one() {
    let base = json!({ "extends": "minimal", "tags": { "prefix": "a-", "vendorTags": false },
                       "playbooks": [{ "use": "onboarding" }, { "use": "dunning" }] });
    let mapping = Mapping::load(&json!({ "extends": base, "tags": { "prefix": "B-" },
                                         "playbooks": [{ "use": "dunning", "with": { "tag": "late" } }] }));
    let mapping = mapping.unwrap();
    assert_eq!((mapping.tag_prefix.as_str(), mapping.vendor_tags, mapping.notes), ("b-", false, Notes::None));
    assert_eq!(mapping.playbooks.len(), 3, "onboarding, and dunning with its end");
    assert_eq!(Mapping::load(&json!({})), Ok(Mapping::default()));
}

#[test]
fn every_event_of_highlevel_that_is_offered_can_arrive() {
    let schema = parse(include_str!("mapping.schema.json")).unwrap();
    let offered = schema.pointer("/$defs/event/enum").and_then(Value::as_array).unwrap();
    let names = offered.iter().filter_map(Value::as_str).skip_while(|name| *name != "newContact");
    let ways: Vec<usize> = names.map(|name| crate::catalog::ways(name).len()).collect();
    assert!(ways.len() == 12 && ways.iter().all(|ways| *ways > 0), "{ways:?}");
}

#[test]
fn every_ready_playbook_is_right() {
    for (name, with) in [
        ("onboarding", json!({ "tag": "t", "workflow": "w", "task": "x", "after": "1 day" })),
        ("dunning", json!({ "tag": "t", "workflow": "w", "task": "x", "after": "1 day" })),
        ("winBack", json!({ "tag": "t", "workflow": "w", "after": "1 day" })),
        ("upsell", json!({ "tag": "t", "workflow": "w", "field": "f", "product": 1, "upsell": 2, "after": "1 day" })),
        ("affiliateWelcome", json!({ "tag": "t", "workflow": "w", "task": "x" })),
    ] {
        let mapping = json!({ "consent": { "confirmedField": "x" }, "playbooks": [{ "use": name, "with": with }] });
        assert_eq!(mistakes(mapping), Vec::<String>::new(), "{name}");
    }
    assert_eq!(mistakes(json!({ "business": "link", "appointment": { "calendar": "Visits" } })), Vec::<String>::new());
}

/// A plan as a reviewer reads it.
fn words(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for step in &plan.steps {
        let what = match &step.action {
            Action::CreateContact { fields, custom } | Action::UpdateContact { fields, custom } => {
                format!("contact {} + {}", fields.len(), custom.len())
            }
            Action::CreateNote { title, .. } => format!("note {title}"),
            Action::UpdateNote { .. } => "note updated".to_owned(),
            Action::CreateTask { title, due, assigned_to, .. } => {
                format!("task {title}, {}, {}", &due[..10], assigned_to.as_deref().unwrap_or("nobody"))
            }
            Action::CompleteTask { .. } => "task completed".to_owned(),
            Action::RemoveTags { tags } => format!("- {}", tags.join(" ")),
            Action::AddTags { tags } => format!("+ {}", tags.join(" ")),
            Action::Run { operation, input, .. } => format!("{operation} {}", Value::Object(input.clone())),
        };
        lines.push(format!("{what} ({})", step.why));
    }
    for later in &plan.later {
        lines.push(format!("later {}: {} {}", crate::clock::iso_utc(later.at), later.playbook, later.step));
    }
    lines.extend(plan.remarks.iter().map(|r| format!("remark {r}")));
    lines.join("\n")
}

/// One story under a mapping that uses everything, message by message.
#[test]
fn a_story_in_words() {
    let mapping = Mapping::load(&json!({
        "contact": { "website": "https://example.com/{{buyer.id}}" },
        "customFields": { "ds24": false, "own": { "course": "{{item.name}}", "Paid": "{{money.gross | money: de}} {{money.currency}}" } },
        "tags": { "vendorTags": false, "byProduct": { "512345": ["Herbs"] }, "byState": { "paused": ["waits"] } },
        "tasks": { "dunning": { "title": "Ring {{buyer.firstName}}", "dueDays": 2, "assignedTo": ["u1", "u2"] } },
        "opportunity": { "pipeline": "Sales", "stage": "New", "stages": { "paused": "At risk" } },
        "playbooks": [
            { "use": "dunning", "with": { "workflow": "Dunning" } },
            { "name": "big", "when": { "event": "newSale", "if": { "field": "money.gross", "gte": 40 } }, "then": [
                { "workflow": "VIP" }, { "segment": "big" }, { "wait": "2 hours", "note": { "body": "x" } },
            ] },
        ],
    }))
    .unwrap();
    let missed = json!({ "event": "on_payment_missed", "pay_sequence_no": "2", "transaction_id": "" });
    let paid = json!({ "pay_sequence_no": "2", "transaction_id": "9002" });
    let refund = json!({ "event": "on_refund", "transaction_id": "9100", "parent_transaction_id": "9002", "pay_sequence_no": "2" });
    let mut known = Known::Nobody;
    let mut story = String::new();
    for extra in [json!({}), missed, paid, refund] {
        let event = message(extra);
        let now = Circumstances { now_ms: 1_795_000_000_000, ..Circumstances::default() };
        let plan = plan(&mapping, &event, known, &now);
        story = story + "# " + event.event.name() + "\n" + &words(&plan) + "\n";
        known = super::tests::after(plan);
    }
    assert_eq!(story, include_str!("story.txt"));
}
