//! One customer, one view: what both services know about a person, in order of time.

use super::{Sync, contact_of, person};
use crate::json::{Map, ToJson, Value, json, put, put_some};
use crate::text::lower;
use crate::{
    clock,
    digistore24::order_key,
    error::{Code, Error, Result},
    mapping::Person,
    record,
};

/// So many conversations are read; a contact seldom has more than one.
const CONVERSATIONS: usize = 3;
/// So many orders are read whole, the newest first.
const ORDERS: usize = 20;

record! {
    /// Whose timeline: one of the four.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Whom {
        /// By e-mail address.
        pub email: Option<String>,
        /// By the contact's id in GHL.
        pub contact_id: Option<String> as "contactId",
        /// By Digistore24's number of the buyer.
        pub buyer_id: Option<String> as "buyerId",
        /// By an order.
        pub order_id: Option<String> as "orderId",
    }
}

/// What is drawn from a list: its operation, where its items are, the kind of line, where the time is, what else is told.
type Source = (&'static str, &'static str, &'static str, &'static str, &'static [&'static str]);

const NOTES: Source = ("ghl.contacts.getAllNotes", "/notes", "note", "dateAdded", &["id", "title", "body"]);
const TASKS: Source =
    ("ghl.contacts.getAllTasks", "/tasks", "task", "dueDate", &["id", "title", "body", "completed", "assignedTo"]);
const APPOINTMENTS: Source = (
    "ghl.contacts.getAppointmentsForContact",
    "/events",
    "appointment",
    "startTime",
    &["id", "title", "appointmentStatus", "endTime", "address"],
);
const DEALS: Source = (
    "ghl.opportunities.searchOpportunity",
    "/opportunities",
    "deal",
    "createdAt",
    &["id", "name", "status", "monetaryValue", "pipelineId", "pipelineStageId", "lastStageChangeAt"],
);
const MESSAGES: Source = (
    "ghl.conversations.getMessages",
    "/messages/messages",
    "message",
    "dateAdded",
    &["id", "messageType", "direction", "status", "body"],
);
const ETICKETS: Source = (
    "digistore24.listEtickets",
    "/etickets",
    "eticket",
    "date",
    &["id", "product_id", "used_at", "is_blocked", "hint", "no", "count"],
);

/// What has been put together so far.
#[derive(Default)]
struct Lines {
    entries: Vec<Value>,
    /// What could not be read: `{ operation, code, help }`.
    missing: Vec<Value>,
}

impl Lines {
    fn add(&mut self, at: Value, kind: &str, mut rest: Map) {
        put(&mut rest, "at", at);
        put(&mut rest, "kind", kind.into());
        self.entries.push(Value::Object(rest));
    }
}

impl Sync<'_> {
    /// The contact, its orders and everything that happened. A list that can't be read (a scope that is missing) is named
    /// under `missing`; the others are there.
    ///
    /// # Errors
    /// `invalid_input` without a name to look for, `not_found`, or what GHL said about the contact.
    pub async fn timeline(&self, whom: &Whom) -> Result<Value> {
        let contact_id = self.find_contact(whom).await?;
        let id = json!({ "contactId": contact_id });
        let contact = self.client.run("ghl.contacts.getContact", id.clone()).await?;
        let contact = contact.get("contact").cloned().unwrap_or_default();
        let person = person(&self.effects, &self.scope, &contact_id).await?.map(|(p, _)| p).unwrap_or_default();
        let mut lines = Lines::default();
        lines.add(contact.get("dateAdded").cloned().unwrap_or_default(), "contact", pick(&contact, &["source"]));
        for order in person.orders.iter() {
            for line in &order.history {
                let mut rest = Map::new();
                put(&mut rest, "order", order.id.as_str().into());
                put(&mut rest, "title", line.what.as_str().into());
                put(&mut rest, "test", order.test.into());
                lines.add(line.at.as_str().into(), "purchase", rest);
            }
        }
        let mut wanted = vec![
            (NOTES, id.clone()),
            (TASKS, id.clone()),
            (APPOINTMENTS, id.clone()),
            (DEALS, json!({ "contact_id": contact_id, "limit": 100 })),
        ];
        for conversation in self.conversations(&mut lines, &id).await {
            wanted.push((MESSAGES, json!({ "conversationId": conversation })));
        }
        if self.client.connection.digistore24.as_ref().is_some_and(|account| account.api_key.is_some()) {
            for order in person.orders.iter().rev().take(ORDERS) {
                wanted.push((ETICKETS, json!({ "search": { "purchase_id": order.id } })));
            }
        }
        let own: Vec<&str> = person.orders.iter().filter_map(|o| o.note_id.as_deref()).collect();
        for ((operation, path, kind, time, names), input) in wanted {
            let Some(answer) = self.read(&mut lines, operation, input).await else { continue };
            for one in answer.pointer(path).and_then(Value::as_array).into_iter().flatten() {
                let mut rest = pick(one, names);
                if kind == "note" {
                    let ours = one.get("id").and_then(Value::as_str).is_some_and(|id| own.contains(&id));
                    put(&mut rest, "ours", ours.into());
                }
                lines.add(one.get(time).cloned().unwrap_or_default(), kind, rest);
            }
        }
        let mut entries = lines.entries;
        // The sort is stable: what the ledger wrote in order stays in order within a second.
        entries.sort_by_key(|e| e.get("at").and_then(Value::as_str).and_then(moment).unwrap_or_default());
        Ok(json!({
            "contact": contact,
            "status": person.status().map(|s| s.word()),
            "lifetime": lifetime(&person),
            "orders": orders(&person),
            "timeline": entries,
            "missing": lines.missing,
        }))
    }

    /// A list, or a note about why it is missing.
    async fn read(&self, lines: &mut Lines, operation: &str, input: Value) -> Option<Value> {
        match self.client.run(operation, input).await {
            Ok(answer) => Some(answer),
            Err(error) => {
                let known = |one: &Value| one.get("operation").and_then(Value::as_str) == Some(operation);
                if !lines.missing.iter().any(known) {
                    let details = error.details();
                    let (code, help) = (details.code.word(), details.help.as_str());
                    lines.missing.push(json!({ "operation": operation, "code": code, "help": help }));
                }
                None
            }
        }
    }

    async fn conversations(&self, lines: &mut Lines, contact: &Value) -> Vec<String> {
        let answer = self.read(lines, "ghl.conversations.searchConversation", contact.clone()).await;
        let found = answer.as_ref().and_then(|a| a.get("conversations")).and_then(Value::as_array);
        let ids = found.into_iter().flatten().filter_map(|c| c.get("id").and_then(Value::as_str));
        ids.take(CONVERSATIONS).map(str::to_owned).collect()
    }

    async fn find_contact(&self, whom: &Whom) -> Result<String> {
        let given =
            |value: &Option<String>| value.as_deref().map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned);
        if let Some(id) = given(&whom.contact_id) {
            return Ok(id);
        }
        let buyer_id = given(&whom.buyer_id);
        if let Some(id) = buyer_id.as_deref().or(given(&whom.order_id).as_deref()) {
            let merchant = self.merchant().await?;
            let mut keys = vec![order_key(Some(&merchant), id)];
            // An upsell stands under its base order.
            keys.extend(
                id.strip_suffix(|last: char| last.is_ascii_digit()).map(|base| order_key(Some(&merchant), base)),
            );
            let key = |name: &String| if buyer_id.is_some() { self.scope.buyer(name) } else { self.scope.order(name) };
            let found = contact_of(&self.effects, keys.iter().map(key).collect()).await?;
            return found.ok_or_else(|| unknown("the ledger doesn't know this number"));
        }
        let email = given(&whom.email).map(|email| lower(&email));
        let email =
            email.ok_or_else(|| Error::invalid_field("email", "or contactId, buyerId or orderId is required"))?;
        if let Some(id) = contact_of(&self.effects, vec![self.scope.email(&email)]).await? {
            return Ok(id);
        }
        let found = self.client.run("ghl.contacts.getDuplicateContact", json!({ "email": email })).await?;
        let id = found.pointer("/contact/id").and_then(Value::as_str).map(str::to_owned);
        id.ok_or_else(|| unknown("no contact has this e-mail address"))
    }
}

fn unknown(problem: &str) -> Error {
    Error::new(Code::NotFound, problem, "Check what was typed; plus-addresses count as written.")
}

fn pick(from: &Value, names: &[&str]) -> Map {
    let mut picked = Map::new();
    for name in names {
        put_some(&mut picked, name, from.get(name).cloned().unwrap_or_default());
    }
    picked
}

/// The moment of a line: GHL writes ISO 8601, Digistore24 days and wall-clock times.
fn moment(text: &str) -> Option<i64> {
    let berlin = if text.contains('T') { None } else { clock::parse_berlin(text) };
    berlin.map(|moment| moment.unix_timestamp()).or_else(|| clock::parse_iso(text))
}

/// What a person has paid less what went back, by currency; test orders count nothing.
fn lifetime(person: &Person) -> Value {
    let mut sums = Map::new();
    for order in person.orders.iter().filter(|order| !order.test && !order.currency.is_empty()) {
        put(&mut sums, &order.currency, person.lifetime(&order.currency).to_json());
    }
    Value::Object(sums)
}

fn orders(person: &Person) -> Value {
    let mut orders = Vec::new();
    for order in person.orders.iter() {
        let mut items = Vec::new();
        for item in &order.items {
            items.push(
                json!({ "product": item.product_name, "productId": item.product_id, "state": item.state.word() }),
            );
        }
        orders.push(json!({
            "id": order.id,
            "test": order.test,
            "items": items,
            "balance": order.balance().to_json(),
            "currency": order.currency,
            "nextPaymentAt": order.next_payment_at,
            "paidUntil": order.paid_until,
        }));
    }
    Value::Array(orders)
}
