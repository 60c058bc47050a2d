//! An order as the API tells it, as the messages that its webhooks would have been. So history and gaps go through one
//! reader, get the same deduplication keys and are mapped by the same rules as what arrives live.

use super::ipn::Params;
use super::row::Row;
use crate::error::Result;
use crate::json::Value;
use crate::words;

words! {
/// Where an order stands, as `getPurchase` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Paid; renewals go on.
    Paying = "paying",
    /// All payments came.
    Completed = "completed",
    /// A payment is missing.
    Unpaid = "unpaid",
    /// Cancelled, but paid until a later day.
    Cancelling = "cancelling",
    /// Cancelled, and the paid time is over.
    Ended = "ended",
    /// All money went back.
    Refunded = "refunded",
    /// The bank took the money back.
    ChargedBack = "chargeback",
    /// Another order replaced it.
    Upgraded = "upgraded",
}
}

/// Names in a message, and where a row of the API has them.
const ORDER: [(&str, &[&str]); 11] = [
    ("order_id", &["id"]),
    ("order_date_time", &["created_at"]),
    ("billing_type", &["billing_type"]),
    ("billing_status", &["billing_status"]),
    ("number_of_installments", &["number_of_installments"]),
    ("next_payment_at", &["next_payment_at"]),
    ("rebill_stop_noted_at", &["rebill_stop_noted_at"]),
    ("upgraded_order_id", &["upgrade_of_purchase_id"]),
    ("currency", &["currency"]),
    ("custom", &["custom"]),
    ("voucher_code", &["voucher_code"]),
];
const BUYER: [(&str, &[&str]); 12] = [
    ("buyer_id", &["id", "buyer_id"]),
    ("email", &["email"]),
    ("address_salutation", &["salutation"]),
    ("address_first_name", &["first_name"]),
    ("address_last_name", &["last_name"]),
    ("address_company", &["company"]),
    ("address_phone_no", &["phone_no", "phone_number"]),
    ("address_street", &["street"]),
    ("address_zipcode", &["zipcode"]),
    ("address_city", &["city"]),
    ("address_state", &["state"]),
    ("address_country", &["country"]),
];
const TRANSACTION: [(&str, &[&str]); 6] = [
    ("transaction_id", &["id", "transaction_id"]),
    ("parent_transaction_id", &["parent_txn_id"]),
    ("transaction_amount", &["amount", "transaction_amount"]),
    ("transaction_currency", &["currency", "transaction_currency"]),
    ("pay_method", &["pay_method"]),
    ("pay_sequence_no", &["pay_sequence_no"]),
];
const ITEM: [(&str, &[&str]); 4] = [
    ("order_item_id", &["id"]),
    ("product_id", &["product_id"]),
    ("product_name", &["product_name"]),
    ("quantity", &["quantity"]),
];

/// Of a request for work: its own number stands where money has its transaction.
const WORK: [(&str, &[&str]); 5] = [
    ("order_id", &["purchase_id"]),
    ("transaction_id", &["id", "transaction_id"]),
    ("product_id", &["product_id", "main_product_id"]),
    ("product_name", &["product_name", "main_product_name"]),
    ("due_date", &["due_date"]),
];

type Pairs = Vec<(String, String)>;

fn copy(pairs: &mut Pairs, names: &[(&str, &[&str])], row: &Row<'_>, suffix: &str) {
    for (name, places) in names {
        if let Some(text) = row.text(places) {
            pairs.push((format!("{name}{suffix}"), text));
        }
    }
}

fn transactions(purchase: &Value) -> &[Value] {
    purchase["transaction_list"].items()
}

/// Where the order stands; `None` where that can't be told.
pub fn standing(purchase: &Value) -> Option<Standing> {
    let row = Row(purchase);
    let (mut balance, mut paid, mut charged_back) = (0, false, false);
    for one in transactions(purchase) {
        let one = Row(one);
        match one.text(&["type", "transaction_type"]).as_deref() {
            Some("payment") => paid = true,
            Some("chargeback") => charged_back = true,
            Some("refund") => {}
            _ => continue,
        }
        balance += one.cents(&["amount", "transaction_amount"]).map_or(0, |cents| cents.0);
    }
    let yes = |name: &str| row.yes(name) == Some(true);
    let status = row.text(&["billing_status"]);
    Some(match status.as_deref() {
        _ if charged_back && balance <= 0 => Standing::ChargedBack,
        _ if paid && balance <= 0 => Standing::Refunded,
        _ if row.text(&["upgraded_by_purchase_id"]).is_some() => Standing::Upgraded,
        _ if yes("is_canceled_later") => Standing::Cancelling,
        _ if yes("is_canceled_now") => Standing::Ended,
        Some("completed") => Standing::Completed,
        Some("paying") => Standing::Paying,
        Some("unpaid" | "reminding") => Standing::Unpaid,
        _ => return None,
    })
}

/// The messages about an order, the oldest first: one for each movement of money, and one for a cancellation, an end or a
/// missing payment.
///
/// `merchant` is the account's number, `upsell_no` the order's place behind its base order (0: it is none): rows tell neither.
///
/// # Errors
/// None in practice: names are distinct.
pub fn messages(purchase: &Value, merchant: &str, upsell_no: u32) -> Result<Vec<Params>> {
    let row = Row(purchase);
    let mut common = vec![("merchant_id".to_owned(), merchant.to_owned())];
    if upsell_no > 0 {
        common.push(("upsell_no".into(), upsell_no.to_string()));
    }
    let test = row.text(&["order_type"]).as_deref() == Some("test");
    common.push(("api_mode".into(), if test { "test" } else { "live" }.into()));
    copy(&mut common, &ORDER, &row, "");
    copy(&mut common, &BUYER, &row.part("buyer"), "");
    let items = purchase["items"].items();
    common.push(("item_count".into(), items.len().to_string()));
    for (index, item) in items.iter().enumerate() {
        let suffix = if index == 0 { String::new() } else { format!("_{}", index + 1) };
        copy(&mut common, &ITEM, &Row(item), &suffix);
    }
    let mut moved: Vec<&Value> = transactions(purchase).iter().collect();
    // Stable: what has the same time stays as listed, payments before refunds.
    moved.sort_by_key(|one| Row(one).text(&["created_at"]));
    let mut messages = Vec::new();
    let mut last_no = 0u32;
    for one in moved {
        let one = Row(one);
        let kind = one.text(&["type", "transaction_type"]).unwrap_or_default();
        if !matches!(kind.as_str(), "payment" | "refund" | "chargeback") {
            continue;
        }
        last_no = last_no.max(one.number("pay_sequence_no").unwrap_or_default());
        let mut pairs = common.clone();
        pairs.push(("event".into(), format!("on_{kind}")));
        copy(&mut pairs, &TRANSACTION, &one, "");
        say_when(&mut pairs, one.text(&["created_at"]));
        messages.push(Params::new(pairs)?);
    }
    let closing = match standing(purchase) {
        Some(Standing::Cancelling) => Some(("on_rebill_cancelled", last_no)),
        Some(Standing::Ended) => Some(("last_paid_day", last_no)),
        Some(Standing::Unpaid) => Some(("on_payment_missed", last_no + 1)),
        _ => None,
    };
    if let Some((event, no)) = closing {
        let mut pairs = common;
        pairs.push(("event".into(), event.into()));
        pairs.push(("pay_sequence_no".into(), no.to_string()));
        messages.push(Params::new(pairs)?);
    }
    Ok(messages)
}

/// What a row of a list asks somebody to do, as a message. `kind` is the event: `service_proof_request`, `refund_request`,
/// `delivery`.
///
/// # Errors
/// None in practice: names are distinct.
pub fn work(row: &Value, kind: &str, merchant: &str, upsell_no: u32) -> Result<Params> {
    let row = Row(row);
    let test = row.yes("is_test_order") == Some(true);
    let mut pairs = vec![
        ("merchant_id".to_owned(), merchant.to_owned()),
        ("event".into(), kind.to_owned()),
        ("upsell_no".into(), upsell_no.to_string()),
        ("api_mode".into(), if test { "test" } else { "live" }.into()),
    ];
    copy(&mut pairs, &WORK, &row, "");
    say_when(&mut pairs, row.text(&["created_at", "transaction_created_at", "purchase_created_at"]));
    Params::new(pairs)
}

fn say_when(pairs: &mut Pairs, at: Option<String>) {
    if let Some((date, time)) = at.as_deref().and_then(|at| at.split_at_checked(10)) {
        pairs.push(("transaction_date".into(), date.to_owned()));
        pairs.push(("transaction_time".into(), time.trim_start_matches(['T', ' ']).to_owned()));
    }
}
