//! What was sold before the plugin came, or came while nobody listened: orders as the API tells them become messages, and
//! those go through the inbox like everything else.
//!
//! Which orders, in which pages, is the host's part: it reads the lists and keeps what it has read (`js/src/history/`).

use super::{
    FORGOTTEN, Sync,
    attempt::snapshot,
    inbox::{Accepted, Arrival},
    person_of,
    process::REQUESTS_PER_EVENT,
};
use crate::json::{Map, ToJson, Value, json, put};
use crate::{
    digistore24::{self, Event, Params, order_key},
    error::{Code, Error, Result},
    mapping::{self, Action, Circumstances, Known, Manner},
    record,
};

record! {
    /// How orders are imported.
    #[derive(Debug, Clone)]
    pub struct Import {
        /// Everything that one person bought, as `getPurchase` answers, the oldest first.
        pub orders: Vec<Value>,
        /// Who sells: the account's number.
        pub merchant: String,
        /// How much of it may show.
        pub manner: Manner,
        /// The contact with the person's address as far as it is known: `false` for none, null where nobody has looked.
        pub contact: Value,
        /// Only count what would be written.
        pub dry_run: bool as "dryRun",
        /// So many requests may be made in all: messages for which that might be too few wait in the inbox.
        pub max_requests: Option<u32> as "maxRequests",
    }
}

/// A message with the event in it.
pub(super) type Told = (Event, Params);

impl Sync<'_> {
    /// Imports the orders of one person: contact and fields in one write. Gives `{ outcome, requests, steps, error }`;
    /// the outcome is that of a message, `known` where all of it came before, `queued` where the rest waits in the inbox;
    /// `steps` are the writes by kind.
    ///
    /// # Errors
    /// `storage`. What concerns the person is in the answer.
    pub async fn import(&self, import: Import) -> Result<Value> {
        let others: Vec<&str> = import.orders.iter().filter_map(id_of).collect();
        let mut history = Vec::new();
        for order in &import.orders {
            history.extend(self.told(order, &import.merchant, &others, !import.dry_run).await?);
        }
        if import.dry_run {
            history = self.unseen(history).await?;
        }
        let (mut outcome, mut error, mut steps) = ("known".to_owned(), Value::Null, Map::new());
        let (mut known, mut is_full, most) = (None, false, import.max_requests.unwrap_or(u32::MAX));
        // Live, each message is one of its own; else they come to one write, for which there is always room.
        let is_live = import.manner == Manner::Live;
        let size = if is_live { 1 } else { history.len().max(1) };
        for some in history.chunks(size) {
            let Some(((event, params), earlier)) = some.split_last() else { continue };
            if import.dry_run {
                known = Some(self.rehearse(&import, known, event, earlier, &mut steps).await?);
                outcome = "done".to_owned();
                continue;
            }
            let arrival = Arrival { manner: Some(import.manner), contact: import.contact.clone(), parked: false };
            let (accepted, name) = self.take_in(event, params, earlier, arrival).await?;
            // A message must not overtake one that waits.
            is_full |= is_live && self.effects.requests() + REQUESTS_PER_EVENT > most;
            if accepted != Accepted::Queued {
                continue;
            }
            if is_full {
                "queued".clone_into(&mut outcome);
            } else if let Some(report) = self.process(&name).await? {
                (outcome, error) = (report.outcome, report.error.to_json());
            }
        }
        Ok(json!({ "outcome": outcome, "error": error, "requests": self.effects.requests(), "steps": steps }))
    }

    /// What didn't come before.
    async fn unseen(&self, history: Vec<Told>) -> Result<Vec<Told>> {
        let mut unseen = Vec::new();
        for one in history {
            let mut keys = Vec::new();
            for item in &one.0.items {
                keys.push(self.scope.seen(&item.dedupe_key));
            }
            let count = keys.len();
            if count == 0 || self.effects.get(keys).await?.0.len() < count {
                unseen.push(one);
            }
        }
        Ok(unseen)
    }

    /// Counts what a message would write, by kind. Gives what is known after it.
    async fn rehearse(
        &self,
        import: &Import,
        known: Option<Known>,
        event: &Event,
        earlier: &[Told],
        steps: &mut Map,
    ) -> Result<Known> {
        let known = match known {
            Some(known) => known,
            None => match person_of(&self.effects, &self.scope, event).await? {
                Some((contact_id, person, _)) => Known::Person { contact_id: Some(contact_id), person },
                None => snapshot(&import.contact).map_or(Known::Nobody, Known::Contact),
            },
        };
        let earlier: Vec<&Event> = earlier.iter().map(|(event, _)| event).collect();
        let now = Circumstances { now_ms: self.effects.now(), manner: import.manner, ..Circumstances::default() };
        let mut plan = mapping::plan_history(self.mapping, &earlier, event, known, &now);
        for step in &plan.steps {
            if let Action::CreateNote { order, keep: true, .. } = &step.action
                && let Some(order) = plan.person.order_mut(order)
            {
                order.note_id = Some(String::new());
            }
            let word = step.action.word();
            let count = steps.get(word).and_then(Value::as_u64).unwrap_or_default() + 1;
            put(steps, word, count.into());
        }
        // Whoever would have been created is there for the next event.
        Ok(Known::Person { contact_id: Some(String::new()), person: plan.person })
    }

    /// The messages about an order, none where it belongs to another location, or to somebody who was forgotten. `others`: orders
    /// among which may be the one that an upsell belongs to; with `remember` the order's location stays what it is found to be.
    pub(super) async fn told(
        &self,
        order: &Value,
        merchant: &str,
        others: &[&str],
        remember: bool,
    ) -> Result<Vec<Told>> {
        let connection = &self.client.connection;
        let mut upsell_no = 0;
        // `C74PNZH51` is the first upsell of `C74PNZH5`, where there is such an order. Ids that end in a digit exist.
        let id = id_of(order).unwrap_or_default();
        let base = base_of(id);
        let keys = [base, id].map(|id| self.scope.order(&order_key(Some(merchant), id)));
        let (owners, _) = self.effects.get(keys.to_vec()).await?;
        if owners.iter().any(|entry| entry.value == FORGOTTEN) {
            return Ok(Vec::new());
        }
        if base != id && (others.contains(&base) || owners.iter().any(|entry| Some(&entry.key) == keys.first())) {
            upsell_no = id.get(base.len()..).and_then(|digit| digit.parse().ok()).unwrap_or_default();
        }
        let mut told = Vec::new();
        for params in digistore24::messages(order, merchant, upsell_no)? {
            let event = Event::read(&connection.id, &params, self.effects.now());
            told.push((event, params));
        }
        if let Some((event, _)) = told.first().filter(|_| !self.routes.is_empty()) {
            let location = self.routes.settle(&self.effects, &connection.id, event, remember).await?;
            if location.as_ref() != Some(&connection.highlevel()?.location_id) {
                told.clear();
            }
        }
        Ok(told)
    }

    /// Who sells: as set, else as Digistore24 tells.
    ///
    /// # Errors
    /// `misconfigured` without an API key, or what Digistore24 said.
    pub async fn merchant(&self) -> Result<String> {
        if let Some(id) = &self.client.connection.digistore24()?.merchant_id {
            return Ok(id.clone());
        }
        let user = self.client.run("digistore24.getUserInfo", json!({})).await?;
        match user.get("user_id") {
            Some(Value::String(id)) => Ok(id.clone()),
            Some(id @ Value::Number(_)) => Ok(id.to_string()),
            _ => Err(Error::new(
                Code::MalformedResponse,
                "Digistore24 didn't say whose account this is",
                "Set digistore24.merchantId to the number of the account.",
            )),
        }
    }
}

/// An order's id.
pub(super) fn id_of(order: &Value) -> Option<&str> {
    order.text_of("id")
}

/// The id of the order that an upsell may belong to.
pub(super) fn base_of(id: &str) -> &str {
    id.strip_suffix(|last: char| matches!(last, '1'..='9')).unwrap_or(id)
}
