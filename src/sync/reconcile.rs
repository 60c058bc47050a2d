//! What the webhooks missed: found in Digistore24's lists, put into the inbox like a message that came late, and reported.
//!
//! Four sources: movements of money, new orders, changes of rebilling, and, for what is in no list (a payment that is
//! missing), orders whose next payment is overdue. An order that differs from the ledger is read whole; each of its messages
//! that the ledger doesn't have is taken in. Those keep the keys that their webhooks have, so nothing is applied twice.

use super::{
    Sync,
    backfill::{id_of, wall_clock},
    from_json,
    inbox::{Accepted, Arrival, REPAIR_MS},
};
use crate::json::{Map, ToJson, Value, json, put, text};
use crate::{
    clock,
    digistore24::{Cents, Event, Kind, Params, order_key},
    effects::Write,
    error::{Code, Error, Result},
    mapping::{Manner, OrderState, Outcome, Person, State, signal, transition},
    record, words,
};

/// Rows of a page, and orders that are read at once: one page never needs more than eleven requests.
const PAGE: u32 = 200;
const AT_ONCE: usize = 20;
/// Requests of one step: the page, and its orders.
pub(crate) const STEP: u32 = 1 + PAGE / AT_ONCE as u32;
/// What is younger may still be on its way.
const DELAY_MS: u64 = 15 * 60_000;
/// Each run begins so much before the end of the one before: lists may lag, and wall clocks repeat an hour.
const OVERLAP_MS: u64 = 2 * 3_600_000;
/// A payment is overdue so long after its day.
const OVERDUE_MS: u64 = 3 * 24 * 3_600_000;
/// After a failure the schedule goes on so much later.
const PAUSE_MS: u64 = 10 * 60_000;
/// So many differences are told.
const TOLD: usize = 100;

words! {
    /// What is read.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Phase {
        Transactions = "transactions",
        Orders = "orders",
        Changes = "changes",
        Overdue = "overdue",
        Done = "done",
    }
}

record! {
    /// What a run found.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct Reconciliation {
        /// All is read.
        pub done: bool,
        /// Orders that were compared one by one.
        pub checked: u64,
        /// Messages that were missing.
        pub found: u64,
        /// Of those, how many are in the inbox now.
        pub repaired: u64,
        /// What differs, the first hundred: `{ order, event | problem, manner?, occurredAt? }`.
        pub drift: Vec<Value>,
    }
}

record! {
    /// How far a run is, and until when everything was compared.
    #[derive(Debug, Clone)]
    struct Run {
        phase: Phase,
        merchant: String,
        from: u64,
        to: u64,
        page: u64,
        after: Option<String>,
        found: Reconciliation,
        /// The end of the last whole run, milliseconds since 1970.
        reached: u64,
    }
}

impl Sync<'_> {
    /// Compares for at most `max_requests` requests. Call it until `done`; a run that was stopped goes on.
    ///
    /// `from`: a day or time, for a run that looks further back than to the end of the last one.
    ///
    /// # Errors
    /// `misconfigured` without an API key; else what Digistore24 said: calling again goes on there.
    pub async fn reconcile(&self, from: Option<&str>, max_requests: u32) -> Result<Reconciliation> {
        let key = self.scope.reconciliation();
        let (entries, _) = self.effects.get(vec![key.clone()]).await?;
        let mut version = entries.first().map_or(0, |entry| entry.version);
        let stored = entries.first().and_then(|entry| from_json::<Run>(&entry.value).ok());
        let since = from.map(|text| {
            let moment = clock::parse_iso(text).and_then(|s| u64::try_from(s).ok());
            moment.map(|s| s * 1_000).ok_or_else(|| Error::invalid_field("from", "must be a day such as 2026-01-31"))
        });
        let mut run = match (stored, since.transpose()?) {
            (Some(run), None) if run.phase != Phase::Done => run,
            (Some(run), Some(since)) if run.phase != Phase::Done && run.from == since => run,
            (stored, since) => self.new_run(stored.map_or(0, |run| run.reached), since).await?,
        };
        while run.phase != Phase::Done {
            let before = self.effects.requests();
            if before > 1 && before + STEP > max_requests {
                break;
            }
            self.compare_page(&mut run).await?;
            let write = Write { key: key.clone(), expect: Some(version), value: Some(text(&run.to_json())) };
            version = self.effects.commit(vec![write]).await?.ok_or_else(|| {
                Error::new(Code::Conflict, "another process reconciles", "Nothing to do: that one goes on.")
            })?;
        }
        run.found.done = run.phase == Phase::Done;
        Ok(run.found)
    }

    /// When the next scheduled run begins, or goes on.
    pub(crate) async fn reconcile_at(&self, every_ms: u64) -> Result<u64> {
        let (key, pause) = (self.scope.reconciliation(), self.scope.reconciliation_pause());
        let (entries, _) = self.effects.get(vec![key.clone(), pause.clone()]).await?;
        let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str());
        let until = find(&pause).and_then(|ms| ms.parse().ok()).unwrap_or_default();
        Ok(match find(&key).and_then(|value| from_json::<Run>(value).ok()) {
            Some(run) if run.phase == Phase::Done => run.reached + DELAY_MS + every_ms,
            _ => self.effects.now().max(until),
        })
    }

    /// After a failure the schedule waits a while.
    pub(crate) async fn pause_reconciliation(&self) -> Result<()> {
        let value = Some((self.effects.now() + PAUSE_MS).to_string());
        let write = Write { key: self.scope.reconciliation_pause(), expect: None, value };
        self.effects.commit(vec![write]).await.map(|_| ())
    }

    async fn new_run(&self, reached: u64, since: Option<u64>) -> Result<Run> {
        let now = self.effects.now();
        let from = match since {
            Some(since) => since,
            None if reached > 0 => reached.saturating_sub(OVERLAP_MS),
            None => self.live_after().await?,
        };
        Ok(Run {
            phase: Phase::Transactions,
            merchant: self.merchant().await?,
            from,
            to: now.saturating_sub(DELAY_MS),
            page: 1,
            after: None,
            found: Reconciliation::default(),
            reached,
        })
    }

    async fn compare_page(&self, run: &mut Run) -> Result<()> {
        let (ids, is_last) = match run.phase {
            Phase::Overdue => self.overdue(run).await?,
            _ => self.listed(run).await?,
        };
        let mut unique: Vec<&str> = ids.iter().map(String::as_str).collect();
        unique.sort_unstable();
        unique.dedup();
        for some in unique.chunks(AT_ONCE) {
            for purchase in self.purchases(some).await? {
                self.compare(run, &purchase).await?;
            }
        }
        run.page += 1;
        if is_last {
            run.page = 1;
            run.phase = match run.phase {
                Phase::Transactions => Phase::Orders,
                Phase::Orders => Phase::Changes,
                Phase::Changes => Phase::Overdue,
                Phase::Overdue | Phase::Done => {
                    run.reached = run.reached.max(run.to);
                    Phase::Done
                }
            };
        }
        Ok(())
    }

    /// The orders of one page of a list that the ledger doesn't have so, and whether it is the last page.
    async fn listed(&self, run: &Run) -> Result<(Vec<String>, bool)> {
        let (operation, items, order) = match run.phase {
            Phase::Transactions => ("digistore24.listTransactions", "transaction_list", "purchase_id"),
            Phase::Orders => ("digistore24.listPurchases", "purchase_list", "id"),
            _ => ("digistore24.listRebillingStatusChanges", "items", "purchase_id"),
        };
        let mut input = Map::new();
        put(&mut input, "from", Value::String(wall_clock(run.from)));
        put(&mut input, "to", Value::String(wall_clock(run.to)));
        put(&mut input, "page_no", run.page.into());
        put(&mut input, "page_size", PAGE.into());
        if run.phase != Phase::Changes {
            put(&mut input, "search", json!({ "role": "vendor" }));
        }
        let answer = self.client.run(operation, Value::Object(input)).await?;
        let empty = Vec::new();
        let rows = answer.get(items).and_then(Value::as_array).unwrap_or(&empty);
        let name = |row: &Value| row.get(order).and_then(Value::as_str).unwrap_or_default().to_owned();
        let key = |id: &str| order_key(Some(&run.merchant), id);
        // An upsell stands under its base order, whose id is a digit shorter.
        let mut keys: Vec<String> = rows.iter().map(|row| key(&name(row))).collect();
        keys.extend(rows.iter().map(|row| key(base_of(&name(row)))));
        let orders = self.orders(keys).await?;
        let mut ids = Vec::new();
        for (row, (own, base)) in rows.iter().zip(orders.iter().zip(orders.iter().skip(rows.len()))) {
            let id = name(row);
            let known = own.as_ref().or(base.as_ref());
            let fits = match (run.phase, known) {
                (_, None) => false,
                (Phase::Transactions, Some(order)) => {
                    let id = row.get("id").map(|id| id.as_str().map_or_else(|| text(id), str::to_owned));
                    let kind = Kind::parse(row["transaction_type"].as_str().unwrap_or_default());
                    // A wish for a refund moves no money yet.
                    matches!(kind, Kind::Unknown(_)) || id.is_some_and(|id| amount_of(order, &id).is_some())
                }
                (Phase::Orders, Some(_)) => true,
                (_, Some(order)) => {
                    let kind = Kind::parse(row["type"].as_str().unwrap_or_default());
                    !moves(order, &Event::blank("", kind, 0))
                }
            };
            if !fits && !id.is_empty() && !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok((ids, rows.len() < PAGE as usize))
    }

    /// Active orders whose next payment should have come, among a part of the ledger.
    async fn overdue(&self, run: &mut Run) -> Result<(Vec<String>, bool)> {
        let (entries, _) = self.effects.list(self.scope.person(""), run.after.clone(), PAGE).await?;
        let limit = wall_clock(self.effects.now().saturating_sub(OVERDUE_MS));
        let mut ids = Vec::new();
        for entry in &entries {
            // What can't be read is told where it is needed.
            let Ok(person) = from_json::<Person>(&entry.value) else { continue };
            for order in &person.orders {
                let is_due = order.next_payment_at.as_ref().is_some_and(|day| **day < *limit.as_str());
                if is_due && order.items.iter().any(|item| item.state == State::Active) && ids.len() < PAGE as usize {
                    ids.push(order.id.clone());
                }
            }
        }
        run.after = entries.last().map(|entry| entry.key.clone());
        Ok((ids, entries.len() < PAGE as usize))
    }

    /// Takes in what the ledger lacks of an order.
    async fn compare(&self, run: &mut Run, purchase: &Value) -> Result<()> {
        run.found.checked += 1;
        let Some(id) = id_of(purchase) else { return Ok(()) };
        let history = self.history_of(purchase, &run.merchant, &[]).await?;
        let Some((first, _)) = history.first() else { return Ok(()) };
        let known = self.orders(vec![first.order_key()]).await?.pop().flatten();
        let known = known.as_ref();
        let live_after = self.live_after().await?.max(self.effects.now().saturating_sub(REPAIR_MS));
        let (mut silent, mut live): (Vec<(Event, Params)>, Vec<(Event, Params)>) = Default::default();
        for (event, params) in history {
            let has = known.and_then(|order| event.transaction.as_ref().and_then(|t| amount_of(order, &t.id)));
            if let (Some(amount), Some(money)) = (has, &event.money) {
                // A connection may convert, the API doesn't: only what is in one currency can differ.
                if amount != money.gross && known.is_some_and(|order| order.currency == money.currency) {
                    tell(run, json!({ "order": id, "problem": "amount", "event": event.event.name() }));
                }
                continue;
            }
            if event.transaction.is_none() && known.is_some_and(|order| !moves(order, &event)) {
                continue;
            }
            let at = event.occurred_at.as_deref().and_then(clock::parse_iso).map(|s| s.max(0) as u64 * 1_000);
            // What has no time belongs to what came before it.
            let is_old = at.map_or(live.is_empty() && !silent.is_empty(), |at| at < live_after);
            if is_old { silent.push((event, params)) } else { live.push((event, params)) }
        }
        if let Some((event, params)) = silent.pop() {
            self.repair(run, Manner::Silent, (&event, &params), &silent).await?;
        }
        for (event, params) in live {
            self.repair(run, Manner::Live, (&event, &params), &[]).await?;
        }
        Ok(())
    }

    async fn repair(
        &self,
        run: &mut Run,
        manner: Manner,
        (event, params): (&Event, &Params),
        earlier: &[(Event, Params)],
    ) -> Result<()> {
        let arrival = Arrival { manner: Some(manner), ..Arrival::default() };
        let (accepted, _) = self.take_in(event, params, earlier, arrival).await?;
        // A duplicate waits in the inbox, or was dealt with in between.
        if accepted == Accepted::Duplicate {
            return Ok(());
        }
        for event in earlier.iter().map(|(event, _)| event).chain([event]) {
            run.found.found += 1;
            run.found.repaired += u64::from(accepted == Accepted::Queued);
            tell(run, json!({
                "order": event.order.id, "event": event.event.name(), "manner": manner.word(),
                "occurredAt": event.occurred_at,
            }));
        }
        Ok(())
    }

    /// What the ledger knows of these orders (`merchant:base order`), in the same order.
    async fn orders(&self, keys: Vec<String>) -> Result<Vec<Option<OrderState>>> {
        let (owners, _) = self.effects.get(keys.iter().map(|key| self.scope.order(key)).collect()).await?;
        let owner = |key: &String| {
            let name = self.scope.order(key);
            let entry = owners.iter().find(|entry| entry.key == name)?;
            from_json::<String>(&entry.value).ok().filter(|id| !id.is_empty()).map(|id| self.scope.person(&id))
        };
        let mut names: Vec<String> = keys.iter().filter_map(owner).collect();
        names.sort_unstable();
        names.dedup();
        let mut people = Vec::new();
        for entry in self.effects.get(names).await?.0 {
            people.push((entry.key, from_json::<Person>(&entry.value)?));
        }
        let mut found = Vec::new();
        for key in &keys {
            let person = owner(key).and_then(|name| people.iter().find(|(one, _)| *one == name));
            found.push(person.and_then(|(_, person)| person.order(key)).cloned());
        }
        Ok(found)
    }
}

/// The order that an upsell may belong to.
fn base_of(id: &str) -> &str {
    id.strip_suffix(|last: char| last.is_ascii_digit()).unwrap_or(id)
}

fn amount_of(order: &OrderState, transaction: &str) -> Option<Cents> {
    let mut returned = order.payments.iter().flat_map(|payment| &payment.returned);
    let payment = order.payments.iter().find(|payment| payment.id == transaction);
    payment
        .map(|payment| payment.gross)
        .or_else(|| returned.find(|returned| returned.id == transaction).map(|returned| returned.gross))
}

/// Whether an event without money would change any item of an order.
fn moves(order: &OrderState, event: &Event) -> bool {
    let signal = signal(event, false, false);
    let keys = order.keys_of(event);
    let meant = order.items.iter().filter(|item| keys.is_empty() || keys.contains(&item.key));
    meant.into_iter().any(|item| match transition(Some(item.state), signal, std::cmp::Ordering::Greater) {
        Outcome::To(state) => state != item.state,
        Outcome::Keep | Outcome::Ask => false,
    })
}

fn tell(run: &mut Run, difference: Value) {
    if run.found.drift.len() < TOLD {
        run.found.drift.push(difference);
    }
}
