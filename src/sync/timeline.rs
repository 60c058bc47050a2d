//! What the ledger knows of one customer: the orders and what happened to them. Notes, tasks and all else that HighLevel
//! keeps are read by the host and put between (`js/src/timeline.ts`).

#[cfg(not(feature = "fetch"))]
use super::import::id_of;
use super::{Sync, contact_of, person};
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
        /// By an order.
        pub order_id: Option<String> as "orderId",
    }
}

impl Sync<'_> {
    /// `{ contactId, status, lifetime, orders, timeline, notes, choices }`: `timeline` are the purchases, `notes` the ids of
    /// our own notes, `lifetime` what was paid less what went back, by currency, `choices` the evidence about newsletters.
    ///
    /// # Errors
    /// `invalid_input` without a name to look for, `not_found`, or what GHL said.
    pub async fn timeline(&self, whom: &Whom) -> Result<Value> {
        let contact_id = self.find_contact(whom).await?;
        let person = person(&self.effects, &self.scope, &contact_id).await?.map(|(p, _)| p).unwrap_or_default();
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
        let orders = orders.as_array().map(Vec::as_slice).unwrap_or_default();
        ids.extend(orders.iter().filter_map(id_of));
        for order in orders {
            for (event, _) in self.told(order, merchant, &ids, false).await? {
                let known = Known::Person { contact_id: Some(contact_id.to_owned()), person };
                person = plan(self.mapping, &event, known, &now).person;
            }
        }
        Ok(view(contact_id, &person))
    }

    async fn find_contact(&self, whom: &Whom) -> Result<String> {
        fn given(value: &Option<String>) -> Option<&str> {
            value.as_deref().map(str::trim).filter(|text| !text.is_empty())
        }
        if let Some(id) = given(&whom.contact_id) {
            return Ok(id.to_owned());
        }
        let email = given(&whom.email).map(lower);
        let key = match (&email, given(&whom.buyer_id), given(&whom.order_id)) {
            (Some(email), _, _) => self.scope.email(email),
            (None, Some(buyer), _) => self.scope.buyer(&order_key(Some(&self.merchant().await?), buyer)),
            (None, None, Some(order)) => self.scope.order(&order_key(Some(&self.merchant().await?), order)),
            _ => return Err(Error::invalid_field("email", "or contactId, buyerId or orderId is required")),
        };
        if let Some(id) = contact_of(&self.effects, vec![key]).await? {
            return Ok(id);
        }
        let mut found = Value::Null;
        if let Some(email) = email {
            found = self.client.run("ghl.contacts.getDuplicateContact", json!({ "email": email })).await?;
        }
        found.pointer("/contact/id").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
            Error::new(
                Code::NotFound,
                "nobody is known by this",
                "Check what was typed: plus-addresses count as written, an upsell stands under its first order.",
            )
        })
    }
}

fn view(contact_id: &str, person: &Person) -> Value {
    let (mut orders, mut lines, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    let mut lifetime = Map::new();
    for order in &person.orders {
        let mut items = Vec::new();
        for item in &order.items {
            items.push(
                json!({ "product": item.product_name, "productId": item.product_id, "state": item.state.word() }),
            );
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
