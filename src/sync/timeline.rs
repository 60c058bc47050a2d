//! One customer, one view: purchases, notes, tasks and appointments in order of time.

use super::{Sync, contact_of, person};
use crate::json::{Map, ToJson, Value, json, put_some};
use crate::text::lower;
use crate::{
    clock,
    error::{Code, Error, Result},
    record,
};

record! {
    /// Whose timeline.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Whom {
        /// By e-mail address.
        pub email: Option<String>,
        /// By the contact's id in GHL.
        pub contact_id: Option<String> as "contactId",
    }
}

impl Sync<'_> {
    /// The contact, its orders and everything that happened.
    ///
    /// # Errors
    /// `invalid_input` without a name to look for, `not_found`, or what GHL said.
    pub async fn timeline(&self, whom: &Whom) -> Result<Value> {
        let contact_id = self.find_contact(whom).await?;
        let id = json!({ "contactId": contact_id });
        let get = |operation: &'static str| self.client.run(operation, id.clone());
        let contact = get("ghl.contacts.getContact").await?.get("contact").cloned().unwrap_or_default();
        let notes = get("ghl.contacts.getAllNotes").await?;
        let tasks = get("ghl.contacts.getAllTasks").await?;
        let appointments = get("ghl.contacts.getAppointmentsForContact").await?;
        let person = person(&self.effects, &self.scope, &contact_id).await?.map(|(p, _)| p).unwrap_or_default();

        let mut entries = Vec::new();
        let mut add = |at: Value, kind: &str, mut rest: Map| {
            rest.insert("at".into(), at);
            rest.insert("kind".into(), kind.into());
            entries.push(Value::Object(rest));
        };
        let pick = |from: &Value, names: &[&str]| {
            let mut picked = Map::new();
            for name in names {
                put_some(&mut picked, name, from.get(name).cloned().unwrap_or_default());
            }
            picked
        };
        let field = |from: &Value, name: &str| from.get(name).cloned().unwrap_or_default();
        add(field(&contact, "dateAdded"), "contact", pick(&contact, &["source"]));
        for order in person.orders.iter() {
            for line in &order.history {
                let mut rest = Map::new();
                rest.insert("order".into(), order.id.clone().into());
                rest.insert("title".into(), line.what.clone().into());
                rest.insert("test".into(), order.test.into());
                add(line.at.clone().into(), "purchase", rest);
            }
        }
        let own: Vec<&str> = person.orders.iter().filter_map(|o| o.note_id.as_deref()).collect();
        for note in list(&notes, "notes") {
            let ours = note.get("id").and_then(Value::as_str).is_some_and(|id| own.contains(&id));
            let mut rest = pick(note, &["id", "title", "body"]);
            rest.insert("ours".into(), ours.into());
            add(field(note, "dateAdded"), "note", rest);
        }
        for task in list(&tasks, "tasks") {
            add(field(task, "dueDate"), "task", pick(task, &["id", "title", "body", "completed", "assignedTo"]));
        }
        for appointment in list(&appointments, "events") {
            add(
                field(appointment, "startTime"),
                "appointment",
                pick(appointment, &["id", "title", "appointmentStatus", "endTime", "address"]),
            );
        }
        // The sort is stable: what the ledger wrote in order stays in order within a second.
        entries.sort_by_key(|e| e.get("at").and_then(Value::as_str).and_then(clock::parse_iso).unwrap_or_default());
        Ok(json!({
            "contact": contact,
            "status": person.status().map(|s| s.word()),
            "orders": person.orders.iter().map(|o| json!({
                "id": o.id,
                "test": o.test,
                "items": o.items.iter().map(|i| json!({ "product": i.product_name, "productId": i.product_id, "state": i.state.word() })).collect::<Vec<_>>(),
                "balance": o.balance().to_json(),
                "currency": o.currency,
                "nextPaymentAt": o.next_payment_at,
                "paidUntil": o.paid_until,
            })).collect::<Vec<_>>(),
            "timeline": entries,
        }))
    }

    async fn find_contact(&self, whom: &Whom) -> Result<String> {
        if let Some(id) = whom.contact_id.as_ref().filter(|id| !id.trim().is_empty()) {
            return Ok(id.trim().to_owned());
        }
        let email = whom.email.as_deref().map(|e| lower(e.trim())).filter(|e| !e.is_empty());
        let email = email.ok_or_else(|| Error::invalid_field("email", "or contactId is required"))?;
        if let Some(id) = contact_of(&self.effects, vec![self.scope.email(&email)]).await? {
            return Ok(id);
        }
        let found = self.client.run("ghl.contacts.getDuplicateContact", json!({ "email": email })).await?;
        found.pointer("/contact/id").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
            Error::new(
                Code::NotFound,
                "no contact has this e-mail address",
                "Check the address; plus-addresses count as written.",
            )
        })
    }
}

fn list<'a>(answer: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    answer.get(name).and_then(Value::as_array).into_iter().flatten()
}
