//! What the ledger knows of one customer: the orders and what happened to them. Notes, tasks and all else that HighLevel
//! keeps are read by the host and put between (`js/src/timeline.ts`).

#[cfg(not(feature = "fetch"))]
use super::import::id_of;
use super::{Sync, contact_of, import::base_of, person};
use crate::json::{Map, ToJson, Value, json, put};
#[cfg(not(feature = "fetch"))]
use crate::mapping::{Circumstances, Known, Manner, plan};
use crate::text::lower;
use crate::{
    digistore24::order_key,
    error::{Code, Error, Result},
    mapping::{Person, dates},
    record,
};

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
        /// By an order, or an upsell.
        pub order_id: Option<String> as "orderId",
        /// The contact that was found so is gone: who has its address now?
        pub gone: Option<String>,
    }
}

impl Sync<'_> {
    /// `{ contactId, status, lifetime, orders, timeline, notes, choices }`: `timeline` are the purchases, `notes` the ids of
    /// our own notes, `lifetime` what was paid less what went back, by currency, `choices` the evidence about newsletters.
    ///
    /// # Errors
    /// `invalid_input` without a name to look for, `not_found`, or what GHL said.
    pub async fn timeline(&self, whom: &Whom) -> Result<Value> {
        let (contact_id, person) = self.find_contact(whom).await?;
        Ok(view(&contact_id, &person))
    }

    /// The same with orders that the ledger doesn't have, as `getPurchase` answers: read as an import would, but nothing is kept.
    ///
    /// # Errors
    /// `storage`.
    #[cfg(not(feature = "fetch"))]
    pub async fn view_with(&self, contact_id: &str, merchant: &str, orders: &Value) -> Result<Value> {
        let (mut person, _) = person(&self.effects, &self.scope, contact_id).await?.unwrap_or_default();
        let now = Circumstances { now_ms: self.effects.now(), manner: Manner::Silent, ..Circumstances::default() };
        let mut ids = Vec::new();
        let orders = orders.items();
        ids.extend(orders.iter().filter_map(id_of));
        for order in orders {
            for (event, _) in self.told(order, merchant, &ids, false).await? {
                let known = Known::Person { contact_id: Some(contact_id.to_owned()), person };
                person = plan(self.mapping, &event, known, &now).person;
            }
        }
        Ok(view(contact_id, &person))
    }

    /// The contact, and what the ledger knows: of it, or of one that is gone.
    async fn find_contact(&self, whom: &Whom) -> Result<(String, Person)> {
        fn given(value: &Option<String>) -> Option<&str> {
            value.as_deref().map(str::trim).filter(|text| !text.is_empty())
        }
        let mut email = given(&whom.email).map(lower);
        let (buyer, order) = (given(&whom.buyer_id), given(&whom.order_id));
        let mut known = given(&whom.contact_id).map(str::to_owned);
        if known.is_none() {
            let keys = match (&email, buyer, order) {
                (Some(email), _, _) => vec![self.scope.email(email)],
                (None, Some(buyer), _) => vec![self.scope.buyer(&order_key(Some(&self.merchant().await?), buyer))],
                (None, None, Some(order)) => {
                    let merchant = self.merchant().await?;
                    // An upsell stands under its first order.
                    [order, base_of(order)].map(|id| self.scope.order(&order_key(Some(&merchant), id))).to_vec()
                }
                _ => return Err(Error::invalid_field("email", "or contactId, buyerId or orderId is required")),
            };
            known = contact_of(&self.effects, keys).await?;
        }
        let mut of_ledger = None;
        if let Some(id) = &known {
            of_ledger = person(&self.effects, &self.scope, id).await?.map(|(person, _)| person);
        }
        if let Some(id) = known.filter(|id| whom.gone.as_ref() != Some(id)) {
            return Ok((id, of_ledger.unwrap_or_default()));
        }
        if email.is_none() && self.can_ask() {
            let asked = match (buyer, order) {
                (Some(id), _) => Some(("digistore24.getBuyer", json!({ "buyer_id": id }))),
                (None, Some(id)) => Some(("digistore24.getPurchase", json!({ "purchase_id": id }))),
                _ => None,
            };
            if let Some((operation, input)) = asked {
                let answer = self.client.run(operation, input).await?;
                email = answer.pointer("/buyer/email").and_then(Value::as_str).map(lower);
            }
        }
        let mut found = Value::Null;
        if let Some(email) = email {
            found = self.client.run("ghl.contacts.getDuplicateContact", json!({ "email": email })).await?;
        }
        let Some(id) = found.pointer("/contact/id").and_then(Value::as_str) else {
            return Err(Error::new(
                Code::NotFound,
                "nobody is known by this",
                "Check what was typed: plus-addresses count as written. A contact that was deleted has no timeline.",
            ));
        };
        if of_ledger.is_none() {
            of_ledger = person(&self.effects, &self.scope, id).await?.map(|(person, _)| person);
        }
        Ok((id.to_owned(), of_ledger.unwrap_or_default()))
    }
}

fn view(contact_id: &str, person: &Person) -> Value {
    let (mut orders, mut lines, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    let mut lifetime = Map::new();
    for order in &person.orders {
        let mut items = Vec::new();
        for item in &order.items {
            items.push(json!({
                "product": item.product_name, "productId": item.product_id, "state": item.state.word(),
                "order": item.order_id.as_ref().unwrap_or(&order.id),
            }));
        }
        let (next, until) = dates(std::slice::from_ref(order));
        orders.push(json!({
            "id": order.id,
            "test": order.test,
            "items": items,
            "balance": order.balance().to_json(),
            "currency": order.currency,
            "nextPaymentAt": next,
            "paidUntil": until,
        }));
        for line in &order.history {
            lines.push(
                json!({ "at": line.at, "kind": "purchase", "order": order.id, "title": line.what, "test": order.test }),
            );
        }
        notes.extend(order.note_id.as_deref().map(Value::from));
        if !order.test && !order.currency.is_empty() {
            put(&mut lifetime, &order.currency, person.lifetime(&order.currency).to_json());
        }
    }
    json!({
        "contactId": contact_id,
        "status": person.status().map(|s| s.word()),
        "lifetime": lifetime,
        "orders": orders,
        "timeline": lines,
        "notes": notes,
        "choices": person.choices.to_json(),
    })
}
