//! What the webhooks missed: orders as the API tells them, compared with the ledger. What it lacks goes into the inbox like a
//! message that came late, under the key that its webhook has, so nothing is applied twice.

use super::{
    Sync, from_json,
    import::{Told, base_of, id_of},
    inbox::{Accepted, Arrival, REPAIR_MS},
};
use crate::json::{Json, Value, json};
use crate::{
    clock,
    digistore24::{self, Cents, Event, Kind, Params, Standing, order_key, standing},
    error::Result,
    mapping::{ItemState, Manner, OrderState, Outcome, Person, State, signal, transition},
    record,
};

/// A payment is overdue so long after its day.
const OVERDUE_MS: u64 = 3 * 24 * 3_600_000;
/// So many people of the ledger are looked at at a time, and so many orders are told at most: the host reads each.
const PAGE: u32 = 200;

record! {
    /// A row of a list: which order, and what about it. With neither, the ledger need only know the order.
    #[derive(Debug, Clone, Default)]
    pub struct Row {
        order: String,
        /// A movement of money.
        transaction: Option<String>,
        /// What happened: `refund`, `rebill_cancelled`, …
        kind: Option<String>,
        /// How much money, without a sign, and its currency.
        amount: Option<Cents>,
        currency: Option<String>,
    }
}

impl Sync<'_> {
    /// Of these rows, the orders that the ledger doesn't have so.
    ///
    /// # Errors
    /// `storage`.
    pub async fn lacks(&self, merchant: &str, rows: Value) -> Result<Value> {
        let rows = Vec::<Row>::from_json(rows).unwrap_or_default();
        // An upsell stands under its base order.
        let mut keys = Vec::new();
        for row in &rows {
            keys.push(order_key(Some(merchant), &row.order));
            keys.push(order_key(Some(merchant), base_of(&row.order)));
        }
        let orders = self.orders(&keys).await?;
        let mut lacking: Vec<Value> = Vec::new();
        for (row, known) in rows.iter().zip(orders.chunks(2)) {
            let fits = known.iter().flatten().next().is_some_and(|order| {
                let kind = row.kind.as_deref().map(Kind::parse);
                match (&row.transaction, kind) {
                    // A wish for a refund moves no money yet.
                    (_, Some(Kind::Unknown(_) | Kind::RefundRequest)) => true,
                    // Only what is in one currency can differ.
                    (Some(id), _) => amount_of(order, id).is_some_and(|known| {
                        row.currency.as_ref() != Some(&order.currency) || row.amount.is_none_or(|told| told == known)
                    }),
                    (None, Some(kind)) => !moves(order, &Event::blank("", kind, 0)),
                    (None, None) => true,
                }
            });
            let id = Value::from(row.order.as_str());
            if !fits && !row.order.is_empty() && !lacking.contains(&id) {
                lacking.push(id);
            }
        }
        Ok(Value::Array(lacking))
    }

    /// Active orders whose next payment should have come, among a part of the ledger: `{ orders, after }`, without `after`
    /// at its end. A missing payment is in no list.
    ///
    /// # Errors
    /// `storage`.
    pub async fn overdue(&self, after: Option<String>) -> Result<Value> {
        let (entries, _) = self.effects.list(self.scope.person(""), after, PAGE).await?;
        let limit = clock::iso_utc(self.effects.now().saturating_sub(OVERDUE_MS));
        let (mut orders, mut last, mut is_whole) = (Vec::new(), None, entries.len() < PAGE as usize);
        for entry in &entries {
            let mut own = Vec::new();
            // What can't be read is told where it is needed.
            for order in from_json::<Person>(&entry.value).map(|person| person.orders).unwrap_or_default() {
                for item in order.items.iter().filter(|item| item.state == State::Active) {
                    let id = Value::from(item.order_id.as_ref().unwrap_or(&order.id).as_str());
                    if item.next_payment_at.as_ref().is_some_and(|day| *day < limit) && !own.contains(&id) {
                        own.push(id);
                    }
                }
            }
            if !orders.is_empty() && orders.len() + own.len() > PAGE as usize {
                is_whole = false;
                break;
            }
            orders.append(&mut own);
            last = Some(entry.key.as_str());
        }
        let last = last.filter(|_| !is_whole);
        Ok(json!({ "orders": orders, "after": last }))
    }

    /// Takes in what Digistore24 asks somebody to do about orders that the ledger knows, each once: rows of a list, as events
    /// of this kind. Gives `{ taken, whole }`: how many were new, and the rows of which that must be read whole first, because
    /// only so they tell the day.
    ///
    /// # Errors
    /// `storage`.
    pub async fn work(&self, merchant: &str, kind: &str, rows: &Value) -> Result<Value> {
        let (mut taken, mut whole) = (0, Vec::new());
        for row in rows.items() {
            let id = row.text_of("purchase_id").unwrap_or_default();
            let base = base_of(id);
            let keys = [id, base].map(|id| order_key(Some(merchant), id));
            let known = self.orders(&keys).await?;
            let upsell_no = match known.as_slice() {
                [Some(_), _] => 0,
                [None, Some(_)] => id.get(base.len()..).and_then(|digit| digit.parse().ok()).unwrap_or_default(),
                // Not here, or not yet: the list shows it again.
                _ => continue,
            };
            let params = digistore24::work(row, kind, merchant, upsell_no)?;
            let event = Event::read(&self.client.connection.id, &params, self.effects.now());
            if !self.effects.get(vec![self.scope.seen(&event.dedupe_key)]).await?.0.is_empty() {
                continue;
            }
            if event.event == Kind::ServiceProofRequest && row.get("due_date").is_none() {
                whole.push(row.clone());
                continue;
            }
            let (accepted, _) = self.take_in(&event, &params, &[], Arrival::default()).await?;
            taken += u32::from(accepted == Accepted::Queued);
        }
        Ok(json!({ "taken": taken, "whole": whole }))
    }

    /// Takes in what the ledger lacks of an order. Gives what differs: `{ order, event, manner, occurredAt }` for what was taken
    /// in, `{ order, event, problem }` for what a person must look at. `others`: ids of orders that were found beside it; what an
    /// upsell belongs to may be among them.
    ///
    /// # Errors
    /// `storage`.
    pub async fn compare(&self, merchant: &str, order: &Value, others: &Value) -> Result<Value> {
        let mut drift = Vec::new();
        let others = Vec::from_iter(others.items().iter().filter_map(Value::as_str));
        let mut told = self.told(order, merchant, &others, true).await?;
        let Some((first, _)) = told.first() else { return Ok(Value::Array(drift)) };
        let known = self.orders(&[first.order_key()]).await?.pop().flatten();
        let id = id_of(order).unwrap_or_default();
        let is_cancelling = |item: &ItemState| item.state == State::Cancelling && item.belongs_to(id);
        if standing(order) == Some(Standing::Paying)
            && known.as_ref().is_some_and(|known| known.items.iter().any(is_cancelling))
            && let Some((_, last)) = told.last()
        {
            // No order tells that it was resumed: it is paid, as if nothing had been.
            let mut pairs = vec![("event".to_owned(), "on_rebill_resumed".to_owned())];
            let keeps = |name: &str| name != "event" && !name.contains("transaction");
            pairs.extend(
                last.iter().filter(|(name, _)| keeps(name)).map(|(name, value)| (name.to_owned(), value.to_owned())),
            );
            let params = Params::new(pairs)?;
            told.push((Event::read(&self.client.connection.id, &params, self.effects.now()), params));
        }
        let live_after = self.live_after().await?.max(self.effects.now().saturating_sub(REPAIR_MS));
        let (mut silent, mut live): (Vec<Told>, Vec<Told>) = (Vec::new(), Vec::new());
        for one in told {
            let event = &one.0;
            let known = known.as_ref();
            match (known, &event.transaction) {
                (Some(known), Some(transaction)) => {
                    if let (Some(amount), Some(money)) = (amount_of(known, &transaction.id), &event.money) {
                        // A connection may convert, the API doesn't: only what is in one currency can differ.
                        if amount != money.gross && known.currency == money.currency {
                            drift.push(
                                json!({ "order": id_of(order), "event": event.event.name(), "problem": "amount" }),
                            );
                        }
                        continue;
                    }
                }
                (Some(known), None) if !moves(known, event) => continue,
                _ => {}
            }
            let at = event.occurred_at.as_deref().and_then(clock::parse_iso).and_then(|s| u64::try_from(s).ok());
            // What has no time belongs to what came before it.
            let is_old = at.map_or(live.is_empty() && !silent.is_empty(), |seconds| seconds * 1_000 < live_after);
            if is_old { silent.push(one) } else { live.push(one) }
        }
        let mut batches = vec![(Manner::Silent, silent)];
        batches.extend(live.into_iter().map(|one| (Manner::Live, vec![one])));
        for (manner, some) in &batches {
            let Some(((event, params), earlier)) = some.split_last() else { continue };
            let arrival = Arrival { manner: Some(*manner), ..Arrival::default() };
            let (accepted, _) = self.take_in(event, params, earlier, arrival).await?;
            // A duplicate waits in the inbox, or was dealt with in between.
            if accepted == Accepted::Queued {
                for (event, _) in some {
                    drift.push(json!({
                        "order": event.order.id, "event": event.event.name(), "manner": manner.word(),
                        "occurredAt": event.occurred_at,
                    }));
                }
            }
        }
        Ok(Value::Array(drift))
    }

    /// What the ledger knows of these orders (`merchant:base order`), in the same order.
    async fn orders(&self, keys: &[String]) -> Result<Vec<Option<OrderState>>> {
        let (owners, _) = self.effects.get(keys.iter().map(|key| self.scope.order(key)).collect()).await?;
        let mut people = Vec::new();
        for owner in &owners {
            let name = self.scope.person(&from_json::<String>(&owner.value)?);
            if !people.contains(&name) {
                people.push(name);
            }
        }
        let mut known = Vec::new();
        for entry in self.effects.get(people).await?.0 {
            known.extend(from_json::<Person>(&entry.value)?.orders);
        }
        let mut found = Vec::new();
        for key in keys {
            found.push(known.iter().find(|order| order.key == *key).cloned());
        }
        Ok(found)
    }
}

fn amount_of(order: &OrderState, transaction: &str) -> Option<Cents> {
    for payment in &order.payments {
        if payment.id == transaction {
            // A refund that came first left its place, not its amount.
            return Some(payment.gross).filter(|_| payment.has_come());
        }
        if let Some(returned) = payment.returned.iter().find(|returned| returned.id == transaction) {
            return Some(returned.gross);
        }
    }
    None
}

/// Whether an event without money would change any item of an order.
fn moves(order: &OrderState, event: &Event) -> bool {
    let signal = signal(event, None, false);
    let keys = order.keys_of(event);
    order.items.iter().filter(|item| keys.is_empty() || keys.contains(&item.key)).any(|item| {
        let outcome = transition(Some(item.state), signal, std::cmp::Ordering::Greater);
        outcome != Outcome::To(item.state) && outcome != Outcome::Keep && outcome != Outcome::Ask
    })
}
