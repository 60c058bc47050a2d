//! The stories. A message says only what differs from the usual one: the first payment of Käthe's monthly herb course.

use ghl_digistore24::json::{Value, json};

use super::story::Story;
use crate::support::{purchase, with};

fn first() -> Value {
    json!({})
}

fn renewal() -> Value {
    json!({ "pay_sequence_no": "2", "transaction_id": "9002", "transaction_date": "2026-12-18", "next_payment_at": "2027-01-18" })
}

fn missed(reason: &str) -> Value {
    json!({ "event": "on_payment_missed", "pay_sequence_no": "2", "billing_stop_reason": reason })
}

fn cancelled() -> Value {
    json!({ "event": "on_rebill_cancelled", "rebill_stop_noted_at": "2026-11-20 10:00:00" })
}

fn resumed() -> Value {
    json!({ "event": "on_rebill_resumed" })
}

fn last_paid_day() -> Value {
    json!({ "event": "last_paid_day", "next_payment_at": "" })
}

fn refund(amount: &str, id: &str) -> Value {
    json!({ "event": "on_refund", "transaction_id": id, "parent_transaction_id": "9001", "transaction_amount": amount })
}

fn chargeback() -> Value {
    json!({ "event": "on_chargeback", "transaction_id": "9005", "parent_transaction_id": "9001", "transaction_amount": "-47.00" })
}

/// A book that is paid once.
fn book(extra: Value) -> Value {
    with(
        json!({
            "order_id": "BOOK2", "order_item_id": "77", "product_id": "600", "product_name": "Buch", "tags": "buch",
            "transaction_id": "9100", "transaction_amount": "20.00", "billing_type": "single_payment",
            "pay_sequence_no": "0", "number_of_installments": "1", "next_payment_at": "",
        }),
        extra,
    )
}

/// The book as an upsell of the course's order.
fn upsell() -> Value {
    book(json!({ "order_id": "C74PNZH51", "upsell_no": "1" }))
}

fn grouped() -> Value {
    json!({
        "item_count": "2", "transaction_amount": "67.00", "product_txn_amount": "47.00", "order_item_id_2": "32",
        "product_id_2": "600", "product_name_2": "Buch", "tags_2": "buch", "product_txn_amount_2": "20.00",
    })
}

pub fn payment() -> Vec<String> {
    vec![
        Story::new("A first payment").then(first()).end(),
        Story::new("The same message again").before(first()).then(first()).end(),
        Story::new("A single payment").then(book(json!({}))).end(),
        Story::new("Two products in one message").then(grouped()).end(),
        Story::new("The same two products, each in a message of its own")
            .then(json!({ "transaction_amount": "67.00", "product_txn_amount": "47.00" }))
            .then(json!({
                "transaction_amount": "67.00", "product_txn_amount": "20.00", "order_item_id": "32", "product_id": "600",
                "product_name": "Buch", "tags": "buch",
            }))
            .end(),
        Story::new("An upsell counts to the order before it").before(first()).then(upsell()).end(),
        Story::new("An order whose id ends in a digit by nature is no upsell")
            .before(first())
            .then(book(json!({ "order_id": "C74PNZH51", "upsell_no": "0" })))
            .end(),
        Story::new("Another order of the same buyer").before(first()).then(book(json!({}))).end(),
        Story::new("A test order").then(json!({ "api_mode": "test", "pay_method": "test" })).end(),
        Story::under("A test order makes no deal value", json!({ "opportunity": { "pipeline": "Sales", "stage": "New" } }))
            .then(json!({ "api_mode": "test" }))
            .end(),
        Story::new("The same sale through two connections of one vendor")
            .before(json!({ "ipn_config_id": "1", "event_label": "Zahlung", "function_call": "on_payment" }))
            .then(json!({ "ipn_config_id": "2" }))
            .end(),
    ]
}

pub fn subscription() -> Vec<String> {
    let mut stories = vec![
        Story::new("A renewal").before(first()).then(renewal()).end(),
        Story::new("A missed payment, then the late payment, then another missed one")
            .before(first())
            .then(missed(""))
            .then(renewal())
            .then(json!({ "event": "on_payment_missed", "pay_sequence_no": "3", "next_payment_at": "2027-02-18" }))
            .end(),
        Story::new("A missed payment that overtook its payment").before(first()).before(renewal()).then(missed("")).end(),
        Story::new("The late payment of one order, while another one is still missed")
            .before(first())
            .before(json!({ "order_id": "K2", "order_item_id": "50", "product_id": "700", "product_name": "Kurs 2", "tags": "", "transaction_id": "9200" }))
            .before(missed(""))
            .before(with(missed(""), json!({ "order_id": "K2", "order_item_id": "50", "product_id": "700", "product_name": "Kurs 2", "tags": "" })))
            .then(renewal())
            .end(),
        Story::new("An older payment comes late while the newest one is missing")
            .before(renewal())
            .before(with(missed(""), json!({ "pay_sequence_no": "3" })))
            .then(first())
            .end(),
        Story::new("A payment of an upsell while the plan beside it is missing one")
            .before(first())
            .before(missed(""))
            .then(upsell())
            .end(),
        Story::new("A missed payment beside an order that runs").before(first()).before(book(json!({}))).then(missed("")).end(),
        Story::new("A missed payment of an order that is not known").then(missed("by_payment_denial")).end(),
        Story::new("A missed payment after a refund").before(first()).before(refund("-47.00", "9003")).then(missed("by_refund")).end(),
        Story::new("A missed payment after a chargeback").before(first()).before(chargeback()).then(missed("by_chargeback")).end(),
        Story::new("A refused payment").before(first()).then(json!({ "event": "payment_denial", "pay_sequence_no": "2" })).end(),
        Story::new("A refused payment of an order that is not known").then(json!({ "event": "payment_denial" })).end(),
    ];
    for reason in [
        "by_payment_denial",
        "by_payment_uncertain",
        "pay_alias_invalid",
        "by_buyer",
        "by_operator",
        "by_refund",
        "by_chargeback",
        "upgraded",
        "no_product",
        "merchant_inactive",
        "unknown",
        "something_new",
    ] {
        let story = Story::new(&format!("A missed payment, {reason}")).before(first());
        stories.push(story.then(missed(reason)).end());
    }
    stories.push(
        Story::new("A missed payment, upgraded: Digistore24 knows")
            .knows(
                "C74PNZH5",
                with(
                    purchase("C74PNZH5", "aborted", &[("9001", "payment", "47.00")]),
                    json!({ "upgraded_by_purchase_id": "N1" }),
                ),
            )
            .before(first())
            .then(missed("upgraded"))
            .end(),
    );
    stories
}

pub fn cancellation() -> Vec<String> {
    let mut stories = vec![
        Story::new("A cancellation, then the last paid day")
            .before(first())
            .then(cancelled())
            .then(last_paid_day())
            .end(),
        Story::under("A cancellation with a task to win the buyer back", json!({ "tasks": { "retention": true } }))
            .before(first())
            .then(cancelled())
            .end(),
        Story::new("A missed payment after a cancellation").before(first()).before(cancelled()).then(missed("")).end(),
        Story::new("A payment that was under way when the buyer cancelled")
            .before(first())
            .before(cancelled())
            .then(with(renewal(), json!({ "rebill_stop_noted_at": "2026-11-20 10:00:00" })))
            .end(),
        Story::new("A cancellation beside an order that runs")
            .before(first())
            .before(book(json!({})))
            .then(cancelled())
            .end(),
        Story::new("A cancellation beside an upsell that was paid once")
            .before(first())
            .before(upsell())
            .then(cancelled())
            .end(),
        Story::new("A cancellation of an order that is not known").then(cancelled()).end(),
        Story::new("Resumed, of an order that is not known").then(resumed()).end(),
        Story::new("The last paid day of an order that is not known").then(last_paid_day()).end(),
        Story::new("The last paid day after a refund")
            .before(first())
            .before(refund("-47.00", "9003"))
            .then(last_paid_day())
            .end(),
        Story::new("The last paid day beside an order that grants the same product")
            .before(first())
            .before(json!({ "order_id": "K2", "order_item_id": "50", "transaction_id": "9200" }))
            .then(last_paid_day())
            .end(),
    ];
    for (state, way) in [
        ("active", vec![]),
        ("cancelling", vec![cancelled()]),
        ("paused", vec![missed("")]),
        ("ended", vec![last_paid_day()]),
        ("refunded", vec![refund("-47.00", "9003")]),
        ("chargeback", vec![chargeback()]),
        ("upgraded", vec![pro(json!({}))]),
    ] {
        let story = Story::new(&format!("Resumed, when the order is {state}")).before(first());
        stories.push(way.into_iter().fold(story, Story::before).then(resumed()).end());
    }
    stories
}

/// The course's successor, bought as an upgrade.
fn pro(extra: Value) -> Value {
    with(
        json!({
            "order_id": "NEW1", "order_item_id": "90", "product_id": "800", "product_name": "Pro", "tags": "pro",
            "transaction_id": "9500", "transaction_amount": "97.00", "upgraded_order_id": "C74PNZH5",
            "upgrade_type": "upgrade", "order_type": "upgrade",
        }),
        extra,
    )
}

pub fn refunds() -> Vec<String> {
    let again = || {
        purchase(
            "C74PNZH5",
            "paying",
            &[("9001", "payment", "47.00"), ("9003", "refund", "-47.00"), ("9004", "payment", "47.00")],
        )
    };
    vec![
        Story::new("A refund").before(first()).then(refund("-47.00", "9003")).end(),
        Story::new("A refund in part").before(first()).then(refund("-10.00", "9003")).end(),
        Story::new("Refunds in part that come to all")
            .before(first())
            .before(refund("-10.00", "9003"))
            .then(refund("-37.00", "9004"))
            .end(),
        Story::new("A refund of an older payment").before(first()).before(renewal()).then(refund("-47.00", "9003")).end(),
        Story::new("A refund of the newest payment")
            .before(first())
            .before(renewal())
            .then(with(refund("-47.00", "9003"), json!({ "parent_transaction_id": "9002", "pay_sequence_no": "2" })))
            .end(),
        Story::new("A refund that names no product")
            .before(first())
            .then(with(refund("-47.00", "9003"), json!({ "product_id": "", "order_item_id": "", "product_name": "", "tags": "" })))
            .end(),
        Story::new("A refund that comes before its payment").before(refund("-47.00", "9003")).then(first()).end(),
        Story::new("A refund in part that comes before its payment").before(refund("-10.00", "9003")).then(first()).end(),
        Story::new("A refund of one of two products, by its amount")
            .before(grouped())
            .then(with(refund("-20.00", "9003"), json!({ "order_item_id": "32", "product_id": "600", "product_name": "Buch", "tags": "buch" })))
            .end(),
        Story::new("A refund of a message with two products").before(grouped()).then(with(grouped(), refund("-67.00", "9003"))).end(),
        Story::new("A refund of an upsell after a renewal")
            .before(first())
            .before(upsell())
            .before(renewal())
            .then(with(upsell(), json!({ "event": "on_refund", "transaction_id": "9110", "parent_transaction_id": "9100", "transaction_amount": "-20.00" })))
            .end(),
        Story::new("A refund of an upsell that names no product")
            .before(first())
            .before(upsell())
            .then(with(
                upsell(),
                json!({ "event": "on_refund", "transaction_id": "9110", "parent_transaction_id": "9100", "transaction_amount": "-20.00",
                        "product_id": "", "order_item_id": "", "product_name": "", "tags": "" }),
            ))
            .end(),
        Story::new("A refund of an older payment that no message told").before(renewal()).then(refund("-47.00", "9003")).end(),
        Story::new("A refund in part, of an order that is not known").then(refund("-10.00", "9003")).end(),
        Story::new("A refund without a number that comes before its payment")
            .before(with(refund("-47.00", "9003"), json!({ "pay_sequence_no": "" })))
            .then(first())
            .end(),
        Story::new("A refund that names neither of two products, as much as one of them")
            .before(grouped())
            .then(with(refund("-20.00", "9003"), json!({ "product_id": "", "order_item_id": "", "product_name": "", "tags": "" })))
            .end(),
        Story::new("A refund that names neither of two products, more than one of them")
            .before(grouped())
            .then(with(refund("-30.00", "9003"), json!({ "product_id": "", "order_item_id": "", "product_name": "", "tags": "" })))
            .end(),
        Story::new("A refund of an upsell leaves the tasks of the plan beside it")
            .before(first())
            .before(upsell())
            .before(missed(""))
            .then(with(upsell(), json!({ "event": "on_refund", "transaction_id": "9110", "parent_transaction_id": "9100", "transaction_amount": "-20.00" })))
            .end(),
        Story::new("One of two orders is refunded").before(first()).before(book(json!({}))).then(refund("-47.00", "9003")).end(),
        Story::new("One of two orders that grant one product is refunded")
            .before(first())
            .before(json!({ "order_id": "K2", "order_item_id": "50", "transaction_id": "9200" }))
            .then(refund("-47.00", "9003"))
            .end(),
        Story::new("A refund completes the tasks of its order").before(first()).before(missed("")).then(refund("-47.00", "9003")).end(),
        Story::under("A refund loses the deal, a refund in part lowers it", json!({ "opportunity": { "pipeline": "Sales", "stage": "New" } }))
            .before(first())
            .then(refund("-10.00", "9003"))
            .then(refund("-37.00", "9004"))
            .end(),
        Story::new("A payment sent again after its refund: Digistore24 says that it runs")
            .knows("C74PNZH5", again())
            .before(first())
            .before(refund("-47.00", "9003"))
            .then(first())
            .end(),
        Story::new("A payment sent again after its refund: Digistore24 doesn't say")
            .before(first())
            .before(refund("-47.00", "9003"))
            .then(first())
            .end(),
        Story::new("A newer payment after a refund").before(first()).before(refund("-47.00", "9003")).then(renewal()).end(),
        Story::new("A chargeback, then a cancellation").before(first()).then(chargeback()).then(cancelled()).end(),
        Story::new("A chargeback beside an order that runs").before(first()).before(book(json!({}))).then(chargeback()).end(),
        Story::new("A chargeback after a refund").before(first()).before(refund("-47.00", "9003")).then(chargeback()).end(),
    ]
}

pub fn upgrade() -> Vec<String> {
    vec![
        Story::new("An upgrade that takes effect at once").before(first()).then(pro(json!({}))).end(),
        Story::new("The old order's missed payment, last paid day and refund come after the upgrade")
            .before(first())
            .before(pro(json!({})))
            .then(missed("upgraded"))
            .then(last_paid_day())
            .then(refund("-47.00", "9003"))
            .end(),
        Story::new("An upgrade that takes effect later")
            .before(first())
            .then(pro(json!({ "delivery_date": "2026-12-18" })))
            .on("2026-12-17")
            .due()
            .on("2026-12-18")
            .due()
            .end(),
        Story::new("Until an upgrade takes effect the old order's missed payment, cancellation and last paid day change nothing")
            .before(first())
            .before(pro(json!({ "delivery_date": "2026-12-18" })))
            .then(missed("upgraded"))
            .then(json!({ "event": "on_rebill_cancelled", "rebill_stop_noted_at": "2026-11-20 10:00:00" }))
            .then(last_paid_day())
            .on("2026-12-18")
            .due()
            .end(),
        Story::new("An upgrade that overtook the old order's payment").before(pro(json!({}))).then(first()).end(),
        Story::new("An upgrade to what the old order also grants")
            .before(first())
            .then(pro(json!({ "product_id": "512345", "product_name": "Kräuterkurs", "tags": "Kräuter" })))
            .end(),
        Story::under(
            "An upgrade leaves the old order's deal won",
            json!({ "opportunity": { "pipeline": "Sales", "stage": "New" } }),
        )
        .before(first())
        .then(pro(json!({})))
        .then(refund("-47.00", "9003"))
        .end(),
    ]
}

pub fn installment() -> Vec<String> {
    let part = |no: u32, extra: Value| {
        let next = if no == 3 { String::new() } else { format!("2026-1{}-18", no + 1) };
        let base = json!({
            "billing_type": "installment", "number_of_installments": "3", "pay_sequence_no": no.to_string(),
            "transaction_id": (9000 + no).to_string(), "next_payment_at": next,
        });
        with(base, extra)
    };
    let back = |no: u32| json!({ "event": "on_refund", "transaction_id": (9010 + no).to_string(), "parent_transaction_id": (9000 + no).to_string(), "transaction_amount": "-47.00" });
    let all = |title: &str| Story::new(title).before(part(1, json!({}))).before(part(2, json!({})));
    vec![
        all("The last installment completes the order; nothing ends it")
            .then(part(3, json!({})))
            .then(part(3, json!({ "event": "last_paid_day", "transaction_id": "" })))
            .end(),
        all("One installment of several goes back, then all").then(part(2, back(2))).then(part(1, back(1))).end(),
        all("An installment is missed").then(part(3, json!({ "event": "on_payment_missed" }))).end(),
        Story::new("An installment went back before its message came: Digistore24 says that the plan runs")
            .knows(
                "C74PNZH5",
                with(
                    purchase("C74PNZH5", "paying", &[("9001", "payment", "47.00"), ("9002", "payment", "47.00")]),
                    json!({ "billing_type": "installment", "number_of_installments": "3" }),
                ),
            )
            .then(part(2, back(2)))
            .then(part(2, json!({})))
            .end(),
        Story::new("One installment goes back, and the others were paid before there was a plugin")
            .before(part(2, json!({})))
            .then(part(2, back(2)))
            .end(),
        Story::new("An installment went back before its message came, and Digistore24 says nothing")
            .then(part(2, back(2)))
            .then(part(2, json!({})))
            .end(),
        all("All installments go back after the last one")
            .before(part(3, json!({})))
            .before(part(3, back(3)))
            .before(part(2, back(2)))
            .then(part(1, back(1)))
            .end(),
    ]
}

fn ticket_news(action: &str, extra: Value) -> Value {
    let base = json!({
        "event": "eticket", "action": action, "eticket_id": "700001", "eticket_no": "1", "eticket_count": "2",
        "eticket_created_at": "2026-11-18 10:00:00", "eticket_modified_at": "2026-11-18 10:00:00", "eticket_date": "2026-12-05",
        "location_name": "Kräutergarten", "billing_type": "single_payment", "pay_sequence_no": "0", "next_payment_at": "",
    });
    with(base, extra)
}

fn at(time: &str) -> Value {
    json!({ "eticket_modified_at": format!("2026-11-{time}") })
}

pub fn ticket() -> Vec<String> {
    let walk = || json!({ "billing_type": "single_payment", "pay_sequence_no": "0", "next_payment_at": "" });
    let held = |title: &str| {
        let holder = json!({ "id": 700001, "email": "Otto@Example.de", "first_name": "Otto", "last_name": "Oben", "no": 1, "count": 2 });
        Story::new(title).answers("getEticket 700001", json!({ "eticket": holder }))
    };
    vec![
        held("A ticket whose holder is not the buyer: used, not used after all, revoked, valid again")
            .before(walk())
            .then(ticket_news("create", json!({})))
            .then(ticket_news("use", at("19 10:00:00")))
            .then(ticket_news("cancel_use", at("19 10:05:00")))
            .then(ticket_news("revoke", at("20 10:00:00")))
            .then(ticket_news("cancel_revoke", at("21 10:00:00")))
            .end(),
        held("A ticket that is moved to another day")
            .before(walk())
            .before(ticket_news("create", json!({})))
            .then(ticket_news("update", with(at("19 10:00:00"), json!({ "eticket_date": "2026-12-12" }))))
            .end(),
        held("The news of a ticket come in the wrong order")
            .before(ticket_news("revoke", at("20 10:00:00")))
            .then(ticket_news("create", json!({})))
            .end(),
        Story::new("A ticket that the buyer holds, or whose holder can't be asked for")
            .before(walk())
            .then(ticket_news("create", json!({})))
            .end(),
        held("A ticket of a test order").then(ticket_news("create", json!({ "api_mode": "test" }))).end(),
        held("The same news of a ticket twice")
            .before(ticket_news("create", json!({})))
            .then(ticket_news("create", json!({})))
            .end(),
        Story::under(
            "An appointment, where a calendar is named and the date has a time",
            json!({ "appointment": { "calendar": "Visits" } }),
        )
        .then(ticket_news("create", json!({ "eticket_date": "2026-12-05 18:30:00" })))
        .then(ticket_news("create", json!({ "eticket_id": "700002" })))
        .end(),
    ]
}

pub fn form() -> Vec<String> {
    let filled = |action: &str, extra: Value| {
        with(json!({ "event": "custom_form", "action": action, "form_no": "1", "form_count": "1" }), extra)
    };
    let answers = |size: &str| {
        json!({
            "Balkon": "Süd", "Größe": size, "notes": "Allergie", "tagesziel": "Marathon",
            "event_label": "Formular", "ipn_config_id": "5", "tags_2": "buch", "payment_id": "7",
        })
    };
    let mapped = json!({ "customFields": { "own": { "ds24_segment": "{{raw.Balkon}}" } } });
    vec![
        Story::under(
            "A form: what is mapped becomes a field, all of it stands in the order's note until it is revoked",
            mapped,
        )
        .before(first())
        .then(filled("create", answers("6 m²")))
        .then(filled("revoke", json!({})))
        .end(),
        Story::under(
            "A revoked form takes only what it has filled; what a payment says stays",
            json!({ "customFields": { "own": { "ds24_segment": "{{raw.Balkon}}", "ds24_phone": "{{money.gross}}" } } }),
        )
        .before(first())
        .before(filled("create", answers("6 m²")))
        .then(filled("revoke", json!({})))
        .end(),
        Story::new("A form that was filled in again")
            .before(first())
            .before(filled("create", answers("6 m²")))
            .then(filled("create", answers("9 m²")))
            .end(),
        Story::new("A form that overtook its payment waits for it")
            .then(filled("create", answers("6 m²")))
            .before(first())
            .on("2026-11-19")
            .due()
            .end(),
    ]
}

pub fn other() -> Vec<String> {
    let partner = || {
        json!({
            "event": "on_affiliation", "affiliate_id": "1111", "affiliate_name": "paula", "email": "paula@example.org",
            "affiliate_link": "https://example.com/paula", "order_id": "", "order_item_id": "", "buyer_id": "",
            "address_first_name": "Paula", "address_last_name": "Partner", "billing_type": "", "newsletter_choice": "optin",
        })
    };
    vec![
        Story::new("A new partner: off by default").then(partner()).end(),
        Story::under("A new partner is welcomed", json!({ "playbooks": [{ "use": "affiliateWelcome" }] }))
            .then(partner())
            .end(),
        Story::new("Another merchant's sale, as a joint venture brings it").then(json!({ "merchant_id": "888" })).end(),
        Story::new("The button \"test connection\"").then(json!({ "event": "connection_test", "order_id": "" })).end(),
        Story::new("An event that is not known").then(json!({ "event": "on_something_new" })).end(),
        Story::new("Somebody filled in the order form").then(json!({ "event": "of_filled_out" })).end(),
        Story::new("Digistore24 wants a proof of service")
            .before(first())
            .then(json!({ "event": "service_proof_request", "transaction_id": "12001", "due_date": "2026-11-23" }))
            .end(),
        Story::new("The buyer wants the money back, and gets it")
            .before(first())
            .then(json!({ "event": "refund_request", "transaction_id": "9004", "parent_transaction_id": "9001" }))
            .then(refund("-47.00", "9006"))
            .end(),
        Story::under(
            "Something is to be shipped, in the vendor's own words",
            json!({ "tasks": { "delivery": { "title": "Parcel for {{buyer.firstName}}", "dueDays": 2 } } }),
        )
        .before(book(json!({})))
        .then(book(json!({ "event": "delivery", "transaction_id": "2200001" })))
        .end(),
        Story::under("No task for a delivery", json!({ "tasks": { "delivery": false } }))
            .before(book(json!({})))
            .then(book(json!({ "event": "delivery", "transaction_id": "2200001" })))
            .end(),
        Story::under("Test orders ignored", json!({ "testOrders": "ignore" }))
            .then(json!({ "api_mode": "test" }))
            .end(),
        Story::new("A newsletter: a request, never consent; then no")
            .then(json!({ "newsletter_choice": "optin" }))
            .then(book(json!({ "newsletter_choice": "optout" })))
            .end(),
        Story::new("Two buyers with one address share a contact")
            .before(first())
            .then(book(json!({ "buyer_id": "43", "address_first_name": "Otto" })))
            .end(),
        Story::new("A phone that can't be read blocks no sale")
            .then(json!({ "address_phone_no": "ruf mich an" }))
            .end(),
    ]
}

pub fn late() -> Vec<String> {
    let third = || json!({ "pay_sequence_no": "3", "transaction_id": "9003", "transaction_date": "2027-01-18", "next_payment_at": "2027-02-18" });
    let twice = |no: &str, id: &str| json!({ "pay_sequence_no": no, "transaction_id": id, "transaction_date": "2026-10-25", "transaction_time": "02:30:00", "next_payment_at": "2026-11-25" });
    vec![
        Story::new("A sale from before the plugin was connected is written silently")
            .before(book(json!({ "buyer_id": "9", "email": "other@example.de", "order_id": "B9" })))
            .then(json!({ "transaction_date": "2026-10-01" }))
            .end(),
        Story::new("A renewal that the next one overtook").before(first()).before(third()).then(renewal()).end(),
        Story::new("A payment that the last paid day overtook").before(last_paid_day()).then(first()).end(),
        Story::new("A payment that its cancellation overtook").before(cancelled()).then(first()).end(),
        Story::new("A payment that its missed payment overtook").before(first()).before(missed("")).then(first()).end(),
        Story::new("A last paid day and a cancellation of a number that was paid since")
            .before(first())
            .before(renewal())
            .then(with(last_paid_day(), json!({ "pay_sequence_no": "1" })))
            .then(with(cancelled(), json!({ "pay_sequence_no": "1" })))
            .end(),
        Story::new("A cancellation after the last paid day")
            .before(first())
            .before(last_paid_day())
            .then(cancelled())
            .end(),
        Story::new("A missed payment after the last paid day")
            .before(first())
            .before(last_paid_day())
            .then(missed(""))
            .end(),
        Story::new("A newer payment after the last paid day")
            .before(first())
            .before(last_paid_day())
            .then(renewal())
            .end(),
        Story::new("Two payments in the hour that exists twice")
            .on("2026-10-24")
            .before(twice("1", "9001"))
            .then(twice("2", "9002"))
            .end(),
    ]
}
