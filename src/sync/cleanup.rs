//! What test orders left, before production. The host deletes their notes, tasks and deals, which can be repeated; here is
//! which they are, what else changes on the contact, and the ledger without them.

use super::{Sync, from_json, person};
use crate::json::{ToJson, Value, json, text};
use crate::{
    digistore24::{Event, Kind},
    effects::Write,
    error::Result,
    mapping::{self, Circumstances, Known, Later, Person, Plan},
};

/// So many people of the ledger are looked at at a time.
const PAGE: u32 = 100;

impl Sync<'_> {
    /// Contacts with test orders, among a part of the ledger: `{ people, after }`, without `after` at its end. Each is
    /// `{ contactId, version, isOnlyTest, orders: [{ id, noteId, dealId }], steps }`; `steps` set fields and tags right.
    ///
    /// # Errors
    /// `storage`.
    pub async fn tests(&self, after: Option<String>) -> Result<Value> {
        let room = self.scope.person("");
        let (entries, _) = self.effects.list(room.clone(), after, PAGE).await?;
        let mut people = Vec::new();
        for entry in &entries {
            // What can't be read is told where it is needed.
            let Ok(person) = from_json::<Person>(&entry.value) else { continue };
            let mut orders = Vec::new();
            for order in person.orders.iter().filter(|order| order.test) {
                orders.push(json!({ "id": order.id, "noteId": order.note_id, "dealId": order.deal_id }));
            }
            if orders.is_empty() {
                continue;
            }
            let contact_id = entry.key.strip_prefix(&room).unwrap_or_default();
            let plan = self.without_tests(contact_id, person);
            people.push(json!({
                "contactId": contact_id,
                "version": entry.version,
                "isOnlyTest": plan.person.orders.is_empty() && plan.person.tickets.is_empty(),
                "orders": orders,
                "steps": plan.steps.to_json(),
            }));
        }
        let last = entries.last().filter(|_| entries.len() == PAGE as usize).map(|entry| entry.key.as_str());
        Ok(json!({ "people": people, "after": last }))
    }

    /// Takes the test orders out of a person's entry, or the person, whose contact is `gone`. `false`, and nothing is changed,
    /// where an event has come or is worked on since the entry had this version.
    ///
    /// # Errors
    /// `storage`.
    pub async fn drop_tests(&self, contact_id: &str, version: u64, gone: bool) -> Result<bool> {
        let claim = self.scope.claim_contact(contact_id);
        let Some((person, _)) = person(&self.effects, &self.scope, contact_id).await? else { return Ok(true) };
        let is_busy = !self.effects.get(vec![claim]).await?.0.is_empty();
        let mut keys = Vec::new();
        for order in person.orders.iter().filter(|order| order.test) {
            keys.push(self.scope.order(&order.key));
        }
        let rest = if gone {
            keys.push(self.scope.mirror(contact_id));
            keys.extend(person.buyers.iter().map(|buyer| self.scope.buyer(buyer)));
            None
        } else {
            Some(text(&self.without_tests(contact_id, person).person.to_json()))
        };
        let mut writes = vec![Write { key: self.scope.person(contact_id), expect: Some(version), value: rest }];
        writes.extend(keys.into_iter().map(|key| Write { key, expect: None, value: None }));
        Ok(!is_busy && self.effects.commit(writes).await?.is_some())
    }

    /// The entry without test orders, and what follows for fields and tags: as if the time of something had come.
    fn without_tests(&self, contact_id: &str, mut person: Person) -> Plan {
        person.orders.retain(|order| !order.test);
        person.tickets.retain(|_, ticket| ticket["test"].as_bool() != Some(true));
        let nothing = Event::blank("", Kind::HighLevel(String::new()), self.effects.now());
        let now = Circumstances {
            due: Some(Later { at: 0, playbook: String::new(), step: 0, mark: None }),
            now_ms: self.effects.now(),
            ..Circumstances::default()
        };
        mapping::plan(self.mapping, &nothing, Known::Person { contact_id: Some(contact_id.to_owned()), person }, &now)
    }
}
