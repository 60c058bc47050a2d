//! Mappings and playbooks carried out against the world in memory.

use crate::support::{DAY, World, apply, call, event, plugin, plugin_with, tick, with};
use ghl_digistore24::json::{Value, json};
use ghl_digistore24::plugin::Plugin;

fn done(world: &mut World, plugin: &Plugin, event: &Value) -> Value {
    let report = apply(world, plugin, event);
    assert_eq!(report["outcome"], "done", "{report}");
    report
}

fn missed() -> Value {
    event(
        json!({ "event": "on_payment_missed", "pay_sequence_no": "2", "billing_stop_reason": "by_payment_denial", "transaction_id": "" }),
    )
}

fn late() -> Value {
    event(json!({ "pay_sequence_no": "2", "transaction_id": "9002", "transaction_date": "2026-12-20" }))
}

fn refund() -> Value {
    event(json!({ "event": "on_refund", "transaction_id": "9100", "parent_transaction_id": "9001" }))
}

#[test]
fn a_step_comes_later_unless_it_was_paid() {
    let dunning = json!({ "playbooks": [{ "use": "dunning", "with": { "workflow": "Dunning" } }], "tasks": { "dunning": false } });
    for is_paid in [false, true] {
        let (mut world, plugin) = (World::new(), plugin_with(dunning.clone()));
        done(&mut world, &plugin, &event(json!({})));
        done(&mut world, &plugin, &missed());
        assert_eq!(world.enrolments, ["c1 into w2"]);
        if is_paid {
            done(&mut world, &plugin, &late());
            assert_eq!(world.enrolments, ["c1 into w2", "c1 out of w2"]);
        }
        let early = tick(&mut world, &plugin);
        assert_eq!(early["events"], json!([]));
        assert!(early["nextAt"].as_f64().unwrap() > world.now as f64 + 2.9 * DAY as f64, "{early}");
        world.now += 3 * DAY;
        tick(&mut world, &plugin);
        let contact = &world.contacts["c1"];
        assert_eq!(contact.tags.contains("dunning"), !is_paid);
        assert_eq!(contact.tasks.len(), usize::from(!is_paid));
        assert_eq!(tick(&mut world, &plugin)["nextAt"], Value::Null, "each step once");
        if !is_paid {
            done(&mut world, &plugin, &late());
            let contact = &world.contacts["c1"];
            assert_eq!(
                (contact.tasks[0]["completed"].as_bool(), contact.tags.contains("dunning")),
                (Some(true), false)
            );
        }
    }
}

#[test]
fn tags_come_before_the_workflow_and_after_what_it_reads() {
    let mapping = json!({
        "customFields": { "own": { "ds24_segment": "{{item.name | upper}}" } },
        "opportunity": { "pipeline": "sales", "stage": "new", "stages": { "paused": "At risk" } },
        "business": "link",
        "tags": { "byProduct": { "512345": ["Herbs"] }, "byEvent": { "newSale": ["bought"] }, "byState": { "paused": ["waits"] } },
        "tasks": { "dunning": { "title": "Ring {{buyer.firstName}}", "assignedTo": "Jane Doe" } },
        "notes": { "title": "Order {{order.baseId}}", "body": "{{buyer.firstName}} bought:\n{{now.note}}" },
        "playbooks": [{ "name": "welcome", "when": { "event": "newSale" }, "then": [
            { "workflow": "onboarding" },
            { "addTags": ["welcome"] },
            { "note": { "body": "Say hello" } },
        ] }],
    });
    let (mut world, plugin) = (World::new(), plugin_with(mapping));
    let report = done(&mut world, &plugin, &event(json!({ "address_company": "ACME" })));
    let calls: Vec<&str> = report["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["operation"].as_str().unwrap().rsplit('.').next().unwrap())
        .collect();
    assert_eq!(
        calls,
        [
            "getDuplicateContact",
            "getPipelines",
            "getWorkflow",
            "getCustomFields",
            "createContact",
            "getBusinessesByLocation",
            "createBusiness",
            "addRemoveContactFromBusiness",
            "createNote",
            "createNote",
            "createOpportunity",
            "addTags",
            "addContactToWorkflow",
        ]
    );
    let contact = world.contacts["c1"].clone();
    assert_eq!(contact.custom["ds24_segment"], "KRÄUTERKURS");
    assert_eq!(contact.business.as_deref(), world.businesses[0]["id"].as_str());
    let deal = &contact.deals[0];
    assert_eq!(
        (&deal["pipelineId"], &deal["pipelineStageId"], &deal["status"], &deal["monetaryValue"], &deal["name"]),
        (&json!("pl1"), &json!("s1"), &json!("won"), &json!(47), &json!("Kräuterkurs · C74PNZH5"))
    );
    assert_eq!(contact.notes[0]["title"], "Order C74PNZH5 · 9001");
    assert!(contact.notes[0]["body"].as_str().unwrap().starts_with("Käthe bought:\nDigistore24 order C74PNZH5"));
    for tag in ["herbs", "bought", "welcome", "ds24-customer"] {
        assert!(contact.tags.contains(tag), "{tag}");
    }
    // Names are known now; a second company is the same business.
    let other = event(
        json!({ "order_id": "B2", "order_item_id": "5", "transaction_id": "77", "buyer_id": "43", "email": "b@example.com", "address_phone_no": "", "address_company": "Acme " }),
    );
    done(&mut world, &plugin, &other);
    assert_eq!(world.businesses.len(), 1);
    done(&mut world, &plugin, &missed());
    let contact = world.contacts["c1"].clone();
    assert_eq!((&contact.tasks[0]["title"], &contact.tasks[0]["assignedTo"]), (&json!("Ring Käthe"), &json!("u1")));
    assert_eq!(contact.deals[0]["pipelineStageId"], "s2");
    assert!(contact.tags.contains("waits"));
    done(&mut world, &plugin, &late());
    done(
        &mut world,
        &plugin,
        &event(
            json!({ "event": "on_refund", "transaction_id": "9100", "parent_transaction_id": "9002", "pay_sequence_no": "2" }),
        ),
    );
    let contact = world.contacts["c1"].clone();
    assert_eq!(contact.deals[0]["status"], "lost");
    assert!(contact.tags.contains("welcome") && !contact.tags.contains("herbs") && !contact.tags.contains("waits"));
}

#[test]
fn a_name_that_does_not_exist_leaves_nothing_half_done() {
    let mapping = json!({ "playbooks": [{ "name": "welcome", "when": { "event": "newSale" }, "then": [{ "workflow": "Onbording" }] }] });
    let (mut world, plugin) = (World::new(), plugin_with(mapping));
    let report = call(&mut world, &plugin, "sync.apply", json!([event(json!({}))]));
    assert_eq!((report["outcome"].as_str(), report["error"]["code"].as_str()), (Some("dead"), Some("invalid_input")));
    let message = report["error"]["message"].as_str().unwrap();
    assert_eq!(message, "workflowId \"Onbording\" is neither name nor id of one that exists; did you mean Onboarding?");
    assert!(world.contacts.is_empty());
}

#[test]
fn marketing_waits_for_the_consent_of_the_contact() {
    let mapping = json!({
        "consent": { "confirmedField": "ds24_newsletter" },
        "playbooks": [{ "use": "winBack", "with": { "after": "2 days" } }],
    });
    for confirmed in [false, true] {
        let (mut world, plugin) = (World::new(), plugin_with(mapping.clone()));
        done(&mut world, &plugin, &event(json!({})));
        done(&mut world, &plugin, &refund());
        if confirmed {
            world.contacts.get_mut("c1").unwrap().custom.insert("ds24_newsletter".into(), "yes".into());
        }
        world.now += 2 * DAY;
        let events = tick(&mut world, &plugin)["events"].clone();
        assert_eq!(world.contacts["c1"].tags.contains("win-back"), confirmed);
        let remark = &events[0]["plan"]["remarks"][0];
        assert_eq!(remark.is_null(), confirmed, "{events}");
    }
}

#[test]
fn playbooks_act_in_digistore24_within_their_limits() {
    let mapping = json!({ "playbooks": [
        { "name": "goodwill", "allowRefund": true, "when": { "event": "subscriptionCancelled" }, "then": [
            { "refund": { "amount": 20, "maxAmount": 50 } },
            { "refund": { "amount": 60, "maxAmount": 50 } },
            { "stopRebilling": true },
            { "updatePurchase": { "tracking_param": "{{buyer.firstName | lower}}", "next_payment_at": "30 days" } },
            { "buyLink": { "product": "7", "field": "ds24_segment" } },
        ] },
    ] });
    let (mut world, plugin) = (World::new(), plugin_with(mapping));
    done(&mut world, &plugin, &event(json!({})));
    let report = done(&mut world, &plugin, &event(json!({ "event": "on_rebill_cancelled", "transaction_id": "" })));
    let called: Vec<&str> = world.shop.iter().map(|c| c.split(' ').next().unwrap()).collect();
    assert_eq!(called, ["createBuyUrl", "refundPartially", "stopRebilling", "updatePurchase"]);
    assert_eq!(world.contacts["c1"].custom["ds24_segment"], "https://buy.example.com/5");
    assert_eq!(
        report["plan"]["remarks"],
        json!(["playbook goodwill: no refund, the amount is unknown or more than maxAmount"])
    );
    assert!(world.shop[3].contains("käthe") || world.shop[3].contains("k%C3%A4the"), "{}", world.shop[3]);
}

#[test]
fn a_new_partner_is_welcomed_only_where_a_playbook_says_so() {
    let message = event(json!({ "event": "on_affiliation", "order_id": "", "email": "p@example.com",
                                "affiliate_name": "pia", "affiliate_id": "9", "transaction_id": "" }));
    let (mut world, plain) = (World::new(), plugin());
    assert_eq!(call(&mut world, &plain, "sync.apply", json!([message]))["outcome"], "kept");
    let (mut world, plugin) = (World::new(), plugin_with(json!({ "playbooks": [{ "use": "affiliateWelcome" }] })));
    done(&mut world, &plugin, &message);
    let contact = &world.contacts["c1"];
    assert_eq!(contact.fields["email"], "p@example.com");
    assert_eq!(Vec::from_iter(contact.tags.iter()), ["affiliate-welcome", "ds24-affiliate"]);
    assert_eq!(contact.tasks[0]["title"], "Welcome the new partner pia");
}

#[test]
fn a_tag_starts_its_workflow_anew_where_it_is_wanted() {
    let (mut world, plugin) = (World::new(), plugin_with(json!({ "tags": { "retrigger": ["ds24-customer"] } })));
    done(&mut world, &plugin, &event(json!({})));
    done(&mut world, &plugin, &event(json!({ "order_id": "N1", "order_item_id": "60", "transaction_id": "600" })));
    done(&mut world, &plugin, &late());
    assert_eq!(world.triggers.iter().filter(|t| *t == "c1 +ds24-customer").count(), 2);
}

#[test]
fn a_mapping_is_checked_without_a_call() {
    let (mut world, plugin) = (World::new(), plugin());
    let wrong = json!({ "playbooks": [{ "use": "upsell", "with": { "product": 5 } }], "notes": { "title": "{{buyer.firstname}}" } });
    let answer = call(&mut world, &plugin, "mapping.check", json!([wrong]));
    assert_eq!(answer["ok"], json!(false));
    assert!(world.requests.is_empty());
    assert_eq!(call(&mut world, &plugin, "mapping.check", json!([{}]))["ok"], json!(true));
}

/// A playbook that makes, or moves, the deal of the event's order.
fn dealing(step: Value) -> Value {
    json!({ "name": "deal", "when": { "event": "newSale" }, "then": [{ "opportunity": step }] })
}

fn deal_names(world: &World) -> Vec<&str> {
    world.contacts["c1"].deals.iter().filter_map(|deal| deal["name"].as_str()).collect()
}

#[test]
fn a_playbook_makes_a_deal_of_its_pipeline_alone() {
    let (mut world, plugin) =
        (World::new(), plugin_with(json!({ "playbooks": [dealing(json!({ "pipeline": "Sales", "stage": "New" }))] })));
    done(&mut world, &plugin, &event(json!({})));
    let deal = &world.contacts["c1"].deals[0];
    assert_eq!(
        (&deal["name"], &deal["status"], &deal["pipelineStageId"]),
        (&json!("Kräuterkurs · C74PNZH5"), &json!("won"), &json!("s1"))
    );
}

#[test]
fn each_order_has_a_deal_of_its_own_and_a_test_brings_no_revenue() {
    let named = json!({ "pipeline": "Sales", "name": "{{item.name}}", "status": "open", "value": "{{money.gross}}" });
    let moved = json!({ "pipeline": "Sales", "name": "{{item.name}} again", "value": 5 });
    let books = json!([
        dealing(named),
        { "name": "renewed", "when": { "event": "renewal" }, "then": [{ "opportunity": moved }] },
    ]);
    let (mut world, plugin) = (World::new(), plugin_with(json!({ "playbooks": books })));
    done(&mut world, &plugin, &event(json!({})));
    let second = json!({ "order_id": "N2", "order_item_id": "60", "transaction_id": "600", "api_mode": "test" });
    done(&mut world, &plugin, &event(second));
    assert_eq!(deal_names(&world), ["Kräuterkurs · C74PNZH5", "[TEST] Kräuterkurs · N2"]);
    let deals = &world.contacts["c1"].deals;
    assert_eq!((&deals[0]["monetaryValue"], deals[1].get("monetaryValue")), (&json!(47), None));
    assert_eq!(deals[0]["status"], "open");
    // By its name it is found again: so it keeps the number.
    let renewal = json!({ "order_id": "N2", "order_item_id": "60", "transaction_id": "601", "pay_sequence_no": "2", "api_mode": "test" });
    done(&mut world, &plugin, &event(renewal));
    done(&mut world, &plugin, &late());
    assert_eq!(deal_names(&world), ["Kräuterkurs again · C74PNZH5", "[TEST] Kräuterkurs again · N2"]);
    let deals = &world.contacts["c1"].deals;
    assert_eq!((&deals[0]["monetaryValue"], deals[1].get("monetaryValue")), (&json!(5), None));
    assert_eq!(deals[0]["status"], "open", "what a step doesn't say stays");
}

/// What the step doesn't say, the section has said: also where both come with one event.
#[test]
fn a_playbook_moves_the_deal_of_the_section() {
    for number in ["1", "2"] {
        let moves = json!({ "name": "deal", "when": { "event": "payment" }, "then": [{ "opportunity": { "pipeline": "Sales", "stage": "At risk" } }] });
        let section = json!({ "pipeline": "Sales", "stage": "New", "name": "Deal of {{buyer.lastName}}" });
        let (mut world, plugin) = (World::new(), plugin_with(json!({ "opportunity": section, "playbooks": [moves] })));
        done(&mut world, &plugin, &event(json!({ "pay_sequence_no": number })));
        assert_eq!(deal_names(&world), ["Deal of Grünwald · C74PNZH5"]);
        let deal = &world.contacts["c1"].deals[0];
        assert_eq!((&deal["pipelineStageId"], &deal["monetaryValue"]), (&json!("s2"), &json!(47)), "{number}");
    }
}

#[test]
fn an_upsell_is_offered_to_whoever_has_the_product_among_others() {
    for products in [["512001", "512002"], ["512002", "512001"]] {
        let with = json!({ "product": 512001, "upsell": 512009 });
        let mapping = json!({ "consent": { "confirmedField": "ds24_newsletter" }, "playbooks": [{ "use": "upsell", "with": with }] });
        let (mut world, plugin) = (World::new(), plugin_with(mapping));
        let [first, second] = products;
        let grouped = json!({ "product_id": first, "item_count": "2", "order_item_id_2": "32", "product_id_2": second,
                              "product_name_2": "Buch" });
        done(&mut world, &plugin, &event(grouped));
        world.contacts.get_mut("c1").unwrap().custom.insert("ds24_newsletter".into(), "yes".into());
        world.now += 7 * DAY;
        tick(&mut world, &plugin);
        assert!(world.contacts["c1"].tags.contains("upsell"), "{products:?}");
    }
}

/// Something bought once beside the plan, in the same order.
fn upsell() -> Value {
    event(
        json!({ "order_id": "C74PNZH51", "upsell_no": "1", "order_item_id": "33", "product_id": "512347", "product_name": "Buch",
                "transaction_id": "9010", "transaction_amount": "20.00", "billing_type": "single_payment", "pay_sequence_no": "0",
                "next_payment_at": "" }),
    )
}

#[test]
fn a_missed_payment_is_dunned_whatever_else_the_order_has() {
    let mapping = json!({ "playbooks": [{ "use": "dunning", "with": { "workflow": "Dunning" } }], "tasks": { "dunning": false } });
    // As Digistore24 sends it, and as a message that names no item.
    let nameless = json!({ "event": "on_payment_missed", "pay_sequence_no": "2", "billing_stop_reason": "by_payment_denial",
                           "transaction_id": "", "order_item_id": "", "product_id": "", "product_name": "" });
    for missed in [missed(), event(nameless)] {
        let (mut world, plugin) = (World::new(), plugin_with(mapping.clone()));
        done(&mut world, &plugin, &event(json!({})));
        done(&mut world, &plugin, &upsell());
        done(&mut world, &plugin, &missed);
        assert_eq!(world.enrolments, ["c1 into w2"]);
        world.now += 3 * DAY;
        tick(&mut world, &plugin);
        let contact = &world.contacts["c1"];
        assert_eq!((contact.tags.contains("dunning"), contact.tasks.len()), (true, 1));
        // Another sale of the order pays for nothing that is missing.
        let more = json!({ "order_id": "C74PNZH52", "upsell_no": "2", "order_item_id": "34", "product_id": "512348", "transaction_id": "9011" });
        done(&mut world, &plugin, &event(more));
        assert_eq!(world.enrolments, ["c1 into w2"]);
        done(&mut world, &plugin, &late());
        assert_eq!(world.enrolments, ["c1 into w2", "c1 out of w2"]);
        assert!(!world.contacts["c1"].tags.contains("dunning"));
    }
}

#[test]
fn whoever_charged_back_is_not_won_back() {
    let mapping = json!({ "consent": { "confirmedField": "ds24_newsletter" },
                          "playbooks": [{ "use": "winBack", "with": { "workflow": "Onboarding" } }] });
    for charged_back in [false, true] {
        let (mut world, plugin) = (World::new(), plugin_with(mapping.clone()));
        done(&mut world, &plugin, &event(json!({})));
        world.contacts.get_mut("c1").unwrap().custom.insert("ds24_newsletter".into(), "yes".into());
        let other = |extra: Value| {
            let raw = json!({ "order_id": "B2", "order_item_id": "60", "transaction_id": "600" });
            event(with(raw, extra))
        };
        done(&mut world, &plugin, &other(json!({})));
        let kind = if charged_back { "on_chargeback" } else { "on_refund" };
        done(
            &mut world,
            &plugin,
            &other(json!({ "event": kind, "transaction_id": "601", "parent_transaction_id": "600" })),
        );
        done(&mut world, &plugin, &refund());
        world.now += 14 * DAY;
        tick(&mut world, &plugin);
        assert_eq!(
            (world.contacts["c1"].tags.contains("win-back"), world.enrolments.is_empty()),
            (!charged_back, charged_back)
        );
    }
}

/// Each item has a first payment, in whatever order they come; renewals stay out.
#[test]
fn a_deal_is_worth_the_first_payments_of_its_items() {
    let back = json!({ "event": "on_refund", "order_id": "C74PNZH51", "upsell_no": "1", "order_item_id": "33", "transaction_id": "9101",
                       "parent_transaction_id": "9010", "transaction_amount": "5.00", "billing_type": "single_payment", "pay_sequence_no": "0" });
    let renewal_back = json!({ "event": "on_refund", "transaction_id": "9102", "parent_transaction_id": "9002", "pay_sequence_no": "2", "transaction_amount": "7.00" });
    let all = [event(json!({})), upsell(), late(), event(back), event(renewal_back)];
    for order in [[0, 1, 2, 3, 4], [1, 0, 2, 3, 4], [2, 1, 3, 4, 0], [1, 3, 0, 4, 2]] {
        let (mut world, plugin) = (World::new(), plugin_with(json!({ "opportunity": { "pipeline": "Sales" } })));
        for index in order {
            done(&mut world, &plugin, &all[index]);
        }
        assert_eq!(world.contacts["c1"].deals[0]["monetaryValue"], json!(62), "{order:?}");
    }
    // Of an order that was known only later, the first that came.
    let (mut world, plugin) = (World::new(), plugin_with(json!({ "opportunity": { "pipeline": "Sales" } })));
    for number in ["4", "5"] {
        done(
            &mut world,
            &plugin,
            &event(json!({ "pay_sequence_no": number, "transaction_id": format!("900{number}") })),
        );
        assert_eq!(world.contacts["c1"].deals[0]["monetaryValue"], json!(47), "{number}");
    }
}

/// Also where the message names what was given back beside it.
#[test]
fn of_several_items_one_that_is_not_paid_is_enough() {
    let mapping = json!({ "playbooks": [{ "use": "dunning", "with": { "workflow": "Dunning" } }], "tasks": { "dunning": false } });
    let (mut world, plugin) = (World::new(), plugin_with(mapping));
    let both = |extra: Value| {
        let raw =
            json!({ "item_count": "2", "order_item_id_2": "32", "product_id_2": "512346", "product_name_2": "Buch" });
        event(with(raw, extra))
    };
    done(&mut world, &plugin, &both(json!({})));
    let back = json!({ "event": "on_refund", "order_item_id": "32", "product_id": "512346", "transaction_id": "9100", "parent_transaction_id": "9001" });
    done(&mut world, &plugin, &event(back));
    done(
        &mut world,
        &plugin,
        &both(json!({ "event": "on_payment_missed", "pay_sequence_no": "2", "transaction_id": "" })),
    );
    assert_eq!(world.enrolments, ["c1 into w2"]);
}

#[test]
fn whoever_does_a_task_is_found_by_a_name_of_one_word() {
    for (user, known) in [("Support", true), ("u2", true), ("Suport", false)] {
        let task = json!({ "title": "Ring", "assignedTo": user });
        let mapping =
            json!({ "playbooks": [{ "name": "call", "when": { "event": "newSale" }, "then": [{ "task": task }] }] });
        let (mut world, plugin) = (World::new(), plugin_with(mapping));
        let report = call(&mut world, &plugin, "sync.apply", json!([event(json!({}))]));
        assert_eq!(report["outcome"], if known { "done" } else { "dead" }, "{user}");
        if known {
            let id = if user == "Support" { "u3" } else { user };
            assert_eq!(world.contacts["c1"].tasks[0]["assignedTo"], id);
        } else {
            let said = "assignedTo \"Suport\" is neither name nor id of one that exists; did you mean Support?";
            assert_eq!(report["error"]["message"], said);
            assert!(world.contacts.is_empty(), "nothing half done");
        }
    }
}
