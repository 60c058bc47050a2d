//! A row of the API's lists as an event. Rows differ in their names: the documentation has one spelling, answers that were
//! seen have another.

use super::event::{
    Affiliate, Buyer, Consent, Eticket, Event, Item, Kind, Money, Order, Subscription, Transaction, links,
};
use super::money::Cents;
use crate::catalog::is_email;
use crate::clock;
use crate::json::Value;
use crate::text::{lower, short_hash};

/// Reads the fields of a row.
pub(super) struct Row<'a>(pub(super) &'a Value);

impl Row<'_> {
    /// The first of the fields that says something.
    pub(super) fn text(&self, names: &[&str]) -> Option<String> {
        for name in names {
            let text = match self.0.get(name) {
                Some(Value::String(text)) => text.trim().to_owned(),
                Some(number @ Value::Number(_)) => number.to_string(),
                _ => continue,
            };
            if !text.is_empty() {
                return Some(text);
            }
        }
        None
    }

    pub(super) fn number(&self, name: &str) -> Option<u32> {
        self.text(&[name])?.parse().ok()
    }

    pub(super) fn cents(&self, names: &[&str]) -> Option<Cents> {
        Cents::parse(&self.text(names)?)
    }

    fn moment(&self, name: &str) -> Option<String> {
        clock::parse_berlin(&self.text(&[name])?).map(clock::iso)
    }

    pub(super) fn yes(&self, name: &str) -> Option<bool> {
        Some(matches!(self.text(&[name])?.as_str(), "Y" | "y" | "1"))
    }

    /// An object in the row, or the row itself.
    pub(super) fn part(&self, name: &str) -> Row<'_> {
        Row(self.0.get(name).filter(|part| part.is_object()).unwrap_or(self.0))
    }
}

impl Event {
    /// The event that a row of a list is, under the key that the poll gave it.
    pub fn from_row(
        trigger: &str,
        event: Option<&str>,
        row: Value,
        dedupe_key: String,
        occurred_at: Option<String>,
        now: u64,
    ) -> Self {
        let is_order = trigger == "digistore24.newPurchase";
        let is_buyer = trigger.contains("uyer");
        let one = Row(&row);
        let said = one.text(&["transaction_type", "type"]);
        let kind = Kind::parse(event.or(said.as_deref()).unwrap_or_default());
        let mut it = Self::blank(trigger, kind, now);
        it.id = short_hash(&mut [dedupe_key.as_str()].into_iter());
        it.occurred_at = occurred_at;
        it.test = one.text(&["order_type"]).as_deref() == Some("test") || one.yes("is_test_order") == Some(true);
        it.order = order(&one, is_order);
        it.buyer = if row.get("buyer").is_some() {
            buyer(&one.part("buyer"), &["id"])
        } else {
            buyer(&one.part("delivery_address"), if is_buyer { &["id"] } else { &["buyer_id"] })
        };
        it.buyer.id = it.buyer.id.take().or_else(|| one.text(&["buyer_id"]));
        it.items = items(&one, &dedupe_key);
        let has_transaction = row.get("transaction_type").is_some();
        if has_transaction {
            it.transaction = one.text(&["id", "transaction_id"]).map(|id| Transaction {
                id,
                parent_id: one.text(&["parent_txn_id"]),
                pay_method: one.text(&["pay_method", "transaction_pay_method"]),
            });
        }
        if has_transaction || is_order {
            let currency = one.text(&["transaction_currency", "currency"]);
            it.money = one.cents(&["transaction_amount", "amount"]).zip(currency).map(|(gross, currency)| {
                let earned = one.cents(&["earned_amount", "total_merchant_amount"]);
                Money::new(gross, one.cents(&["vat_amount"]), earned, &currency)
            });
        }
        it.subscription = one.text(&["billing_type"]).map(|billing_type| Subscription {
            billing_type,
            status: one.text(&["billing_status"]),
            sequence_no: one.number("pay_sequence_no").unwrap_or_default(),
            told_sequence_no: one.number("pay_sequence_no"),
            installments: one.number("number_of_installments").unwrap_or_default(),
            next_payment_at: one.text(&["next_payment_at"]).and_then(|t| clock::parse_date(&t)).map(clock::ymd),
            stop_noted_at: one.text(&["rebill_stop_noted_at"]),
            ..Subscription::default()
        });
        it.affiliate = one.text(&["affiliate_name"]).map(|name| Affiliate {
            id: one.text(&["affiliate_id"]).filter(|id| id != "0"),
            name: Some(name),
            campaign_key: one.text(&["campaignkey"]),
            ..Affiliate::default()
        });
        it.eticket = (it.event == Kind::Eticket).then(|| Eticket {
            id: one.text(&["id"]),
            action: Some("create".to_owned()),
            no: one.number("no"),
            count: one.number("count"),
            blocked: one.yes("is_blocked"),
            url: one.text(&["download_url"]),
            date: one.text(&["date"]),
            hint: one.text(&["hint"]),
            used_at: one.moment("used_at"),
            ..Eticket::default()
        });
        it.links = links(&|name| one.text(&[name]));
        it.dedupe_key = dedupe_key;
        if let Value::Object(fields) = row {
            it.raw = fields;
        }
        it
    }
}

impl Event {
    /// Takes in what `getEticket` answers: a ticket is about who holds it, not about who bought it.
    pub fn learn_holder(&mut self, answer: &Value) {
        let holder = buyer(&Row(&answer["eticket"]), &[]);
        if holder.email.is_some() && holder.email != self.buyer.email {
            self.buyer = holder;
            self.consent = Consent::default();
        }
    }
}

fn order(row: &Row<'_>, is_order: bool) -> Order {
    let id = row.text(if is_order { &["id"] } else { &["purchase_id"] }).unwrap_or_default();
    Order {
        base_id: id.clone(),
        id,
        created_at: row.moment(if is_order { "created_at" } else { "purchase_created_at" }),
        upgraded_order_id: row.text(&["upgrade_of_purchase_id"]),
        custom: row.text(&["custom"]),
        voucher: row.text(&["voucher_code"]),
        ..Order::default()
    }
}

fn buyer(row: &Row<'_>, id: &[&str]) -> Buyer {
    Buyer {
        id: row.text(id),
        email: row.text(&["email"]).map(|email| lower(&email)).filter(|email| is_email(email)),
        salutation: row.text(&["salutation"]),
        first_name: row.text(&["first_name"]),
        last_name: row.text(&["last_name"]),
        company: row.text(&["company"]),
        phone: row.text(&["phone_no", "phone_number"]),
        street: row.text(&["street"]),
        zipcode: row.text(&["zipcode"]),
        city: row.text(&["city"]),
        state: row.text(&["state"]),
        country: row.text(&["country"]).map(|country| country.to_ascii_uppercase()),
        language: row.text(&["language"]),
    }
}

/// The items of an order; else the one product that the row names.
fn items(row: &Row<'_>, key: &str) -> Vec<Item> {
    let listed = row.0.get("items").and_then(Value::as_array);
    let mut items = Vec::new();
    for one in listed.map_or(std::slice::from_ref(row.0), Vec::as_slice) {
        let of = Row(one);
        let product_id = of.text(&["product_id", "main_product_id"]);
        if product_id.is_none() {
            continue;
        }
        let id = of.text(if listed.is_some() { &["id"] } else { &["purchase_item_id"] });
        let name = id.as_ref().or(product_id.as_ref()).map_or("-", String::as_str);
        items.push(Item {
            dedupe_key: format!("{key}|{name}"),
            id,
            product_id,
            name: of.text(&["product_name", "main_product_name"]),
            quantity: of.number("quantity").unwrap_or(1),
            ..Item::default()
        });
    }
    items
}
