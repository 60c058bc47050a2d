//! The words and values that are written: contact, custom fields, notes, tasks.

use super::person::{OrderState, Person, Purpose};
use crate::json::{Map, Set, ToJson, Value, put_some};
use crate::{
    clock,
    digistore24::{Event, Kind},
};

/// A note keeps so many lines; the oldest go first.
pub(super) const MAX_HISTORY: usize = 200;

/// Name, address and phone of the buyer in GHL's field names.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Profile {
    /// Without what only a creation may carry.
    pub(super) fields: Map,
    pub(super) email: Option<String>,
    pub(super) company: Option<String>,
    /// As the buyer typed it, where it can't be read as an international number.
    odd_phone: Option<String>,
}

pub(super) fn profile(event: &Event) -> Profile {
    let buyer = &event.buyer;
    let phone = buyer.phone.as_deref().and_then(|p| e164(p, buyer.country.as_deref()));
    let odd_phone = if phone.is_none() { buyer.phone.clone() } else { None };
    let pairs = [
        ("firstName", buyer.first_name.clone()),
        ("lastName", buyer.last_name.clone()),
        ("phone", phone),
        ("address1", buyer.street.clone()),
        ("city", buyer.city.clone()),
        ("state", buyer.state.clone()),
        ("postalCode", buyer.zipcode.clone()),
        ("country", buyer.country.clone().filter(|c| c.len() == 2 && c.bytes().all(|b| b.is_ascii_alphabetic()))),
    ];
    let mut fields = Map::new();
    for (name, value) in pairs {
        put_some(&mut fields, name, value.to_json());
    }
    Profile { fields, email: buyer.email.clone(), company: buyer.company.clone(), odd_phone }
}

/// The fields of a new contact. Tags come later, by their own call.
pub(super) fn for_creation(profile: &Profile) -> Map {
    let mut fields = profile.fields.clone();
    fields.insert("source".into(), "Digistore24".into());
    put_some(&mut fields, "email", profile.email.to_json());
    put_some(&mut fields, "companyName", profile.company.to_json());
    fields
}

/// An international number, if the text clearly is one: with + or 00, or with the 0 of DE, AT and CH before it.
pub(super) fn e164(text: &str, country: Option<&str>) -> Option<String> {
    if text.chars().any(|c| !(c.is_ascii_digit() || c.is_whitespace() || "+()-/.".contains(c))) {
        return None;
    }
    let text = text.replace("(0)", "");
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let international = if text.trim_start().starts_with('+') {
        digits
    } else if let Some(rest) = digits.strip_prefix("00") {
        rest.to_owned()
    } else {
        let code = match country {
            Some("DE") => "49",
            Some("AT") => "43",
            Some("CH") => "41",
            _ => return None,
        };
        format!("{code}{}", digits.strip_prefix('0')?)
    };
    ((8..=15).contains(&international.len()) && !international.starts_with('0')).then(|| format!("+{international}"))
}

/// The moment of the event in Berlin: when it happened, else when it came.
pub(super) fn moment_of(event: &Event, now_ms: u64) -> String {
    event.occurred_at.clone().unwrap_or_else(|| clock::iso(clock::in_berlin(clock::at(now_ms))))
}

/// Our custom fields by key. An empty text clears a field.
pub(super) fn custom_fields(event: &Event, person: &Person, profile: &Profile) -> Map {
    let mut fields = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(format!("ds24_{key}"), value);
        }
    };
    let order = person.order(&event.order_key());
    let text = |value: &Option<String>| value.clone().map(Value::from);
    set("buyer_id", text(&event.buyer.id));
    set("order_id", Some(event.order.base_id.clone().into()));
    set("product", event.items.first().and_then(|i| i.name.clone()).map(Value::from));
    let mut granted = Set::new();
    granted.extend(person.items().filter(|i| i.state.grants()).filter_map(|i| i.product_name.clone()));
    set("products", Some(Vec::from_iter(granted).join(", ").into()));
    set("status", person.status().map(|s| s.word().into()));
    set("last_event", Some(event.event.name().into()));
    set("newsletter", event.consent.newsletter.clone().filter(|c| c != "none").map(Value::from));
    set("phone", text(&profile.odd_phone));
    let day = event.occurred_at.as_deref().or(Some(&event.received_at)).and_then(|at| at.get(..10));
    set("last_activity", day.map(Value::from));
    if let Some(order) = order {
        let plan = order.items.iter().any(|i| i.billing_type.as_deref().is_some_and(|b| b != "single_payment"));
        let date = |value: &Option<String>| Some(Value::from(value.clone().unwrap_or_default()));
        // A single purchase has no such dates: nothing to write, nothing to clear.
        if plan || person.fields.contains_key("ds24_next_payment") {
            set("next_payment", date(&order.next_payment_at));
        }
        if order.paid_until.is_some() || person.fields.contains_key("ds24_paid_until") {
            set("paid_until", date(&order.paid_until));
        }
    }
    if let (Some(money), false) = (&event.money, event.test) {
        set("currency", Some(money.currency.clone().into()));
        if event.event == Kind::Payment {
            set("amount", Some(money.gross.to_json()));
            set("earnings", money.earnings.map(|e| e.to_json()));
        }
        set("lifetime", Some(person.lifetime(&money.currency).to_json()));
    }
    fields
}

/// What a note's title ends with, so that it can be found again: the transaction, else the event.
pub(super) fn note_mark(event: &Event) -> &str {
    event.transaction.as_ref().map_or(event.id.as_str(), |t| t.id.as_str())
}

/// `DS24 C74PNZH5 · payment · 3999938`.
pub(super) fn note_title(event: &Event, order: &OrderState) -> String {
    let mark = if order.test { "[TEST] " } else { "" };
    format!("{mark}DS24 {} · {} · {}", order.id, event.event.name(), note_mark(event))
}

/// The order's history as text.
pub(super) fn order_note(order: &OrderState) -> String {
    let mut lines = vec![format!("Digistore24 order {}{}", order.id, if order.test { " (test order)" } else { "" })];
    for item in order.items.iter() {
        let name = item.product_name.as_deref().or(item.product_id.as_deref()).unwrap_or("product unknown");
        lines.push(format!("{name}: {}", item.state.word()));
    }
    if let Some(next) = &order.next_payment_at {
        lines.push(format!("Next payment: {next}"));
    }
    if let Some(until) = &order.paid_until {
        lines.push(format!("Paid until: {until}"));
    }
    lines.push(String::new());
    lines.extend(order.history.iter().map(|line| format!("{}  {}", line.at.get(..10).unwrap_or_default(), line.what)));
    lines.join("\n")
}

/// `payment 2 · 47.00 EUR · transaction 3999938`.
pub(super) fn history_line(event: &Event) -> String {
    let mut parts = Vec::new();
    let number = event.sequence_no();
    parts.push(match event.event {
        Kind::Payment if number > 0 => format!("payment {number}"),
        _ => event.event.name().replace('_', " "),
    });
    if event.items.len() > 1 {
        parts.push(format!("{} items", event.items.len()));
    }
    if let Some(money) = &event.money {
        let sign = if matches!(event.event, Kind::Refund | Kind::Chargeback) { "-" } else { "" };
        parts.push(format!("{sign}{} {}", money.gross, money.currency));
    }
    if let Some(reason) = event.subscription.as_ref().and_then(|s| s.stop_reason.as_deref()) {
        parts.push(reason.replace('_', " "));
    }
    if let Some(transaction) = &event.transaction {
        parts.push(format!("transaction {}", transaction.id));
    }
    parts.join(" · ")
}

/// Title and body of a task. The last line of the body is how it is found again.
pub(super) fn task(event: &Event, order: &OrderState, purpose: Purpose) -> (String, String) {
    let mark = if order.test { "[TEST] " } else { "" };
    let product = event.items.first().and_then(|i| i.name.clone());
    let product = product
        .or_else(|| order.items.iter().find_map(|i| i.product_name.clone()))
        .unwrap_or_else(|| "the product".into());
    let (title, text) = match purpose {
        Purpose::Dunning => (
            format!("Payment missing: {product}"),
            "A renewal could not be charged. Digistore24 reminds the buyer by itself; a personal word often helps."
                .to_owned(),
        ),
        Purpose::Retention => {
            (format!("Cancelled: {product}"), "The buyer cancelled. Access goes on until the last paid day.".to_owned())
        }
        Purpose::Chargeback => (
            format!("Chargeback: {product}"),
            "The bank took the money back. Clear it up with the buyer before you sell to them again.".to_owned(),
        ),
        // A review; playbooks bring their own words.
        Purpose::Review | Purpose::Playbook => (
            format!("Check order {} in Digistore24", order.id),
            format!(
                "The message \"{}\" alone doesn't tell what to do. Look at the order and set the contact right by hand.",
                event.event.name()
            ),
        ),
    };
    (format!("{mark}{title}"), format!("{text}\nOrder {}\nds24:{}:{}", order.id, purpose.word(), event.id))
}

pub(super) fn hash(value: &Value) -> Value {
    crate::text::short_hash(&mut [value.to_string().as_str()].into_iter()).into()
}
