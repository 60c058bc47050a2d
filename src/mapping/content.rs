//! The words and values that are written: contact, custom fields, notes, tasks.

use super::person::{self, OrderState, Person, Purpose};
use super::transition::State;
use crate::json::{Map, Set, ToJson, Value, put, put_some};
use crate::{
    clock,
    digistore24::{Event, Form, Kind},
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

fn set(fields: &mut Map, key: &str, value: Option<Value>) {
    put_some(fields, &["ds24_", key].concat(), value.unwrap_or_default());
}

/// Our custom fields, by key, that follow from all that the person has bought. An empty text clears a field.
pub(super) fn standing_fields(person: &Person) -> Map {
    let mut fields = Map::new();
    let mut granted = Set::new();
    granted.extend(person.items().filter(|i| i.state.grants()).filter_map(|i| i.product_name.clone()));
    let products = Vec::from_iter(granted).join(", ");
    let (next, until) = person::dates(&person.orders);
    let mut ticket = "";
    for (_, one) in &person.tickets {
        let day = one["day"].as_str().unwrap_or_default();
        if one["is"] != "revoke" && day > ticket {
            ticket = day;
        }
    }
    for (key, text) in [
        ("ds24_products", products.as_str()),
        ("ds24_next_payment", next.unwrap_or_default()),
        ("ds24_paid_until", until.unwrap_or_default()),
        ("ds24_eticket_date", ticket),
    ] {
        // What was never written needs no clearing.
        if !text.is_empty() || person.fields.contains_key(key) {
            put(&mut fields, key, text.into());
        }
    }
    // Where all was replaced by orders that are not known.
    let replaced = person.items().next().map(|i| i.state);
    put_some(&mut fields, "ds24_status", person.status().or(replaced).map(State::word).to_json());
    fields
}

/// Our custom fields, by key, that the event brings.
pub(super) fn event_fields(event: &Event, person: &Person, profile: &Profile, now_ms: u64) -> Map {
    let mut fields = Map::new();
    let mut set = |key: &str, value: Option<Value>| set(&mut fields, key, value);
    let text = |value: &Option<String>| value.clone().map(Value::from);
    set("buyer_id", text(&event.buyer.id));
    // What comes of an order that was replaced is no news of the person.
    if person.order_status(&event.order_key()).is_some() {
        set("order_id", Some(event.order.base_id.clone().into()));
        set("product", event.items.first().and_then(|i| i.name.clone()).map(Value::from));
    }
    set("last_event", Some(event.event.name().into()));
    set("newsletter", event.consent.newsletter.clone().filter(|c| c != "none").map(Value::from));
    set("phone", text(&profile.odd_phone));
    let moment = moment_of(event, now_ms);
    let day = moment.get(..10).unwrap_or_default();
    // A message that comes late says nothing of the last activity.
    let is_late = person.fields.get("ds24_last_activity").and_then(Value::as_str).is_some_and(|last| last > day);
    set("last_activity", Some(day.into()).filter(|_| !is_late));
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
pub(super) fn note_title(event: &Event, order: &str) -> String {
    format!("DS24 {order} · {} · {}", event.event.name(), note_mark(event))
}

/// The order's history as text.
pub(super) fn order_note(order: &OrderState) -> String {
    let mut lines = vec![format!("Digistore24 order {}{}", order.id, if order.test { " (test order)" } else { "" })];
    for item in order.items.iter() {
        let name = item.product_name.as_deref().or(item.product_id.as_deref()).unwrap_or("product unknown");
        lines.push(format!("{name}: {}", item.state.word()));
    }
    let (next, until) = person::dates(std::slice::from_ref(order));
    for (label, day) in [("Next payment", next), ("Paid until", until)] {
        if let Some(day) = day {
            lines.push(format!("{label}: {day}"));
        }
    }
    lines.push(String::new());
    lines.extend(order.history.iter().map(|line| format!("{}  {}", line.at.get(..10).unwrap_or_default(), line.what)));
    lines.join("\n")
}

/// The note about a ticket, for who holds it.
pub(super) fn ticket_note(event: &Event) -> String {
    let mut note = "E-ticket".to_owned();
    if let Some(ticket) = &event.eticket {
        let product = event.items.first().and_then(|i| i.name.as_ref());
        for part in [product, ticket.date.as_ref(), ticket.location_name.as_ref()].into_iter().flatten() {
            note = note + " · " + part;
        }
    }
    let bought_by = event.raw.text_of("email").unwrap_or_default();
    note + "\nOrder " + &event.order.id + ", bought by " + bought_by
}

/// Digistore24's own parameters: how they begin, with `_` at the end, or whole names; of several items numbered.
const OWN: &str = "action add_ address_ affiliate amount api_mode billing_ buyer_ campaignkey checkout_ click_id country \
                   coupon_ currency custom customer_affiliate_ customer_to_ delivery_ email eticket event first_ form function_call has_ image_ \
                   invoice_ ipn_ is_ item_count language license_ location_ merchant_ monthly_ newsletter_ next_ note \
                   number_of_ order orderform_ other_ parent_ pay payment_ payplan_ placeholder_ product promoclick_ \
                   purchase_ quantity rebill rebilling_ receipt_ referring_ refund_ renew_ request_ salesteam_ store_ \
                   support_ switch_ tag tags trackingkey transaction_ upgrade upgraded_ upsell_ used_ utm_ variant_ vat_ \
                   voucher_";

fn is_own(name: &str) -> bool {
    OWN.split(' ').filter_map(|own| Some((own, name.strip_prefix(own)?))).any(|(own, rest)| {
        own.ends_with('_') || rest.is_empty() || rest.starts_with(|next: char| next == '_' || next.is_ascii_digit())
    })
}

/// What the line of a form begins with: `custom form 1 of 2`.
pub(super) fn form_mark(event: &Event) -> String {
    let number = |n: fn(&Form) -> Option<u32>| event.form.as_ref().and_then(n).unwrap_or(1);
    format!("custom form {} of {}", number(|f| f.no), number(|f| f.count))
}

/// `payment 2 · 47.00 EUR · transaction 3999938`.
pub(super) fn history_line(event: &Event) -> String {
    let mut parts = Vec::new();
    let number = event.sequence_no();
    parts.push(match event.event {
        Kind::Payment if number > 0 => format!("payment {number}"),
        Kind::CustomForm => form_mark(event),
        _ => event.event.name().replace('_', " "),
    });
    if let Some("revoke") = event.form.as_ref().and_then(|f| f.action.as_deref()) {
        parts.push("revoked".to_owned());
    }
    if event.event == Kind::CustomForm {
        // Under which names the answers come is not published: they are what is not Digistore24's own.
        for (name, value) in &event.raw {
            let text = value.as_str().unwrap_or_default();
            if !text.is_empty() && !is_own(name) {
                parts.push(format!("{name}: {text}"));
            }
        }
    }
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
        let what = if event.event.is_work() { "number" } else { "transaction" };
        parts.push(format!("{what} {}", transaction.id));
    }
    parts.join(" · ")
}

/// Title and body of a task. The last line of the body is how it is found again.
pub(super) fn task(event: &Event, order: &OrderState, purpose: Purpose) -> (String, String) {
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
        Purpose::ServiceProof => (
            match event.raw.text_of("due_date") {
                Some(day) => format!("Provide proof until {day}: {product}"),
                None => format!("Provide proof: {product}"),
            },
            "Digistore24 wants a proof that the service was delivered. Without one the buyer gets the money back."
                .to_owned(),
        ),
        Purpose::RefundRequest => (
            format!("Refund requested: {product}"),
            "The buyer asked Digistore24 for the money back. A personal word may help, before it goes.".to_owned(),
        ),
        Purpose::Delivery => (
            format!("Ship: {product}"),
            "Digistore24 waits for the delivery. Enter the tracking number there when it is on its way.".to_owned(),
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
    (title, format!("{text}\nOrder {}\nds24:{}:{}", order.id, purpose.word(), event.id))
}

pub(super) fn hash(value: &Value) -> Value {
    crate::text::short_hash(&mut [value.to_string().as_str()].into_iter()).into()
}
