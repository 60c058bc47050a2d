//! What was sold before the plugin came: read once, written silently, each person once.
//!
//! A job has three parts: all contacts into an index by address, all orders by person, then one person after the other. The
//! store holds index and orders and does the sorting, so memory is the same for a thousand orders and a million. A call
//! works for some requests and ends with a checkpoint: it may be stopped at any point and goes on anywhere. The writes go
//! through the inbox, like everything else.

use super::{
    Sync, from_json,
    inbox::{Accepted, Arrival},
    person_of,
    process::REQUESTS_PER_EVENT,
};
use crate::json::{Map, ToJson, Value, json, parse, put, text};
use crate::{
    clock,
    digistore24::{self, Event, Params, order_key},
    effects::{Entry, Write},
    error::{Code, Error, Result},
    mapping::{self, Known, Manner},
    record,
    text::{lower, short_hash},
    words,
};

/// HighLevel's and Digistore24's largest page that is not slow.
const PAGE: u32 = 500;
/// So many orders are read whole by one `getPurchase`.
pub(super) const AT_ONCE: usize = 50;
/// So many orders of the store are looked at at a time. A person with more is written in parts.
const ORDERS: u32 = 200;
/// A call that needs no requests ends after so many pages of the store, for progress to be seen.
const ROUNDS: u32 = 20;
/// Requests of one call unless told otherwise: what an edge worker may make.
const REQUESTS: u32 = 50;
/// HighLevel's daily quota of a location, of which a fifth stays for live events; and half of its 100 requests in 10 s.
/// Source: HighLevel's documentation of rate limits.
const DAILY: u64 = 200_000 * 4 / 5;
const PER_SECOND: u64 = 5;

record! {
    /// What is to be imported.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct Backfill {
        /// Orders since this day or time (Berlin): `2026-01-01`. Default: all.
        pub from: Option<String>,
        /// Orders until then. Default: now.
        pub to: Option<String>,
        /// Only so many orders, the oldest first: for a first look.
        pub limit: Option<u32>,
        /// Counts what would be written.
        pub dry_run: bool as "dryRun",
        /// Also write tags.
        pub tags: bool,
        /// Also write tags, notes, tasks and all else, as if it happened now.
        pub live: bool,
    }
}

words! {
    /// The parts of a job.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Phase {
        Contacts = "contacts",
        Orders = "orders",
        People = "people",
        CleanUp = "cleanUp",
        Done = "done",
    }
}

record! {
    /// How far a backfill is.
    #[derive(Debug, Clone)]
    struct Job {
        wanted: Value,
        phase: Phase,
        merchant: String,
        from: String,
        to: String,
        /// The next page: GHL's cursor, or a number.
        page: Value,
        /// The last key of the store that was dealt with.
        after: Option<String>,
        /// Of this phase, in its own unit: contacts, orders, orders.
        done: u64,
        total: u64,
        began: u64,
        counts: Map,
        requests: u64,
    }
}

impl Sync<'_> {
    /// Works on the import for at most `max_requests` requests (default 50) and tells how far it is. Call it until `finished`.
    /// A job with the same options that was stopped goes on.
    ///
    /// # Errors
    /// `invalid_input`, `misconfigured` without an API key, `conflict` where another process works on it; else what the
    /// services said: calling again goes on there.
    pub async fn backfill(&self, options: &Backfill, max_requests: Option<u32>) -> Result<Value> {
        let max = max_requests.unwrap_or(REQUESTS);
        let key = self.scope.backfill("job");
        let (entries, _) = self.effects.get(vec![key.clone()]).await?;
        let stored = entries.first();
        let mut version = stored.map_or(0, |entry| entry.version);
        let old = stored.and_then(|entry| from_json::<Job>(&entry.value).ok());
        let mut job = match old {
            Some(job) if job.wanted == options.to_json() && job.phase != Phase::Done => job,
            old => {
                // What another job has left is of no use.
                if old.is_some_and(|job| job.phase != Phase::Done) {
                    while self.clean_up().await? {}
                }
                self.new_job(options).await?
            }
        };
        for _ in 0..ROUNDS {
            let before = self.effects.requests();
            let reserve = match job.phase {
                Phase::Done => break,
                Phase::Orders => 1 + PAGE / AT_ONCE as u32,
                Phase::People => REQUESTS_PER_EVENT,
                _ => 2,
            };
            // Somebody who allows less than one unit of work gets one all the same.
            if before > 1 && before + reserve > max {
                break;
            }
            let writes = match job.phase {
                Phase::Contacts => self.read_contacts(&mut job).await?,
                Phase::Orders => self.read_orders(&mut job, options).await?,
                Phase::People => {
                    self.import_people(&mut job, options, max).await?;
                    Vec::new()
                }
                Phase::CleanUp | Phase::Done => {
                    if !self.clean_up().await? {
                        job.turn(Phase::Done, job.began);
                    }
                    Vec::new()
                }
            };
            job.requests += u64::from(self.effects.requests() - before);
            let mut writes: Vec<Write> = writes;
            writes.push(Write { key: key.clone(), expect: Some(version), value: Some(text(&job.to_json())) });
            version = self.effects.commit(writes).await?.ok_or_else(|| {
                Error::new(
                    Code::Conflict,
                    "another process works on this backfill",
                    "Let one of them go on; nothing is written twice.",
                )
            })?;
        }
        Ok(self.progress(&job))
    }

    async fn new_job(&self, options: &Backfill) -> Result<Job> {
        let now = self.effects.now();
        let told = |value: &Option<String>, path: &str, otherwise: String| match value.as_deref().map(str::trim) {
            None | Some("") => Ok(otherwise),
            Some(text) if clock::parse_date(text).is_none() => {
                Err(Error::invalid_field(path, "must be a day or time such as 2026-01-31 or 2026-01-31 09:30:00"))
            }
            Some(day) if day.len() == 10 => Ok(format!("{day} {}", if path == "to" { "23:59:59" } else { "00:00:00" })),
            Some(time) => Ok(time.to_owned()),
        };
        let from = told(&options.from, "from", "start".to_owned())?;
        let to = told(&options.to, "to", wall_clock(now))?;
        // A few people are looked up one by one: that is less than reading all contacts.
        let few = options.limit.is_some_and(|limit| limit <= PAGE);
        Ok(Job {
            wanted: options.to_json(),
            phase: if few { Phase::Orders } else { Phase::Contacts },
            merchant: self.merchant().await?,
            from,
            to,
            page: Value::Null,
            after: None,
            done: 0,
            total: 0,
            began: now,
            counts: Map::new(),
            requests: 0,
        })
    }

    /// Who sells: as set, else as Digistore24 tells.
    pub(super) async fn merchant(&self) -> Result<String> {
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

    /// One page of contacts into the index: whose address it is, its tags, and which fields are filled.
    async fn read_contacts(&self, job: &mut Job) -> Result<Vec<Write>> {
        let mut input = json!({ "pageLimit": PAGE, "sort": [{ "field": "dateAdded", "direction": "asc" }] });
        if let (Some(input), false) = (input.as_object_mut(), job.page.is_null()) {
            put(input, "searchAfter", job.page.clone());
        }
        let answer = self.client.run("ghl.contacts.searchContactsAdvanced", input).await?;
        let contacts = answer.get("contacts").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut writes = Vec::new();
        for contact in contacts {
            let email = contact.get("email").and_then(Value::as_str).map(|e| lower(e.trim()));
            if let Some(email) = email.filter(|email| !email.is_empty()) {
                let key = self.index_key(&email);
                writes.push(Write { key, expect: None, value: Some(text(&outline(contact))) });
            }
        }
        job.done += contacts.len() as u64;
        job.total = answer.get("total").and_then(Value::as_u64).unwrap_or(job.done);
        let next = contacts.last().and_then(|c| c.get("searchAfter")).cloned().unwrap_or_default();
        if contacts.len() < PAGE as usize || next.is_null() || next == job.page {
            put(&mut job.counts, "contactsRead", job.done.into());
            job.turn(Phase::Orders, self.effects.now());
        } else {
            job.page = next;
        }
        Ok(writes)
    }

    fn index_key(&self, email: &str) -> String {
        self.scope.backfill(&(String::from("contact/") + &short_hash(&mut [email].into_iter())))
    }

    /// One page of orders, put down by person.
    async fn read_orders(&self, job: &mut Job, options: &Backfill) -> Result<Vec<Write>> {
        let page = job.page.as_u64().unwrap_or(1);
        let size = options.limit.map_or(PAGE, |limit| limit.clamp(1, PAGE));
        let input = json!({
            "from": job.from, "to": job.to, "search": { "role": "vendor", "order_type": "live" },
            "sort_by": "date", "sort_order": "asc", "load_transactions": true, "page_no": page, "page_size": size,
        });
        let answer = self.client.run("digistore24.listPurchases", input).await?;
        let empty = Vec::new();
        let rows = answer.get("purchase_list").and_then(Value::as_array).unwrap_or(&empty);
        let missing: Vec<&str> = rows.iter().filter(|row| !digistore24::is_whole(row)).filter_map(id_of).collect();
        let mut whole = Vec::new();
        for some in missing.chunks(AT_ONCE) {
            whole.extend(self.purchases(some).await?);
        }
        let mut writes = Vec::new();
        for row in rows {
            let row = whole.iter().find(|one| id_of(one) == id_of(row)).unwrap_or(row);
            let at = row.get("created_at").and_then(Value::as_str).unwrap_or_default();
            let key = format!("order/{}/{at}-{}", person_hash(row), id_of(row).unwrap_or_default());
            writes.push(Write { key: self.scope.backfill(&key), expect: None, value: Some(text(row)) });
        }
        job.done += rows.len() as u64;
        let number = |name: &str| match answer.get(name) {
            Some(Value::String(text)) => text.parse().ok(),
            other => other.and_then(Value::as_u64),
        };
        job.total = number("item_count").unwrap_or(job.done);
        let is_enough = options.limit.is_some_and(|limit| job.done >= u64::from(limit));
        if rows.len() < size as usize || is_enough || number("page_count").is_some_and(|pages| page >= pages) {
            let orders = job.done;
            put(&mut job.counts, "orders", orders.into());
            job.turn(Phase::People, self.effects.now());
            job.total = orders;
        } else {
            job.page = (page + 1).into();
        }
        Ok(writes)
    }

    /// Whole orders by their ids, at most [`AT_ONCE`].
    pub(super) async fn purchases(&self, ids: &[&str]) -> Result<Vec<Value>> {
        let answer = self.client.run("digistore24.getPurchase", json!({ "purchase_id": ids.join(",") })).await?;
        // One order comes as itself, several as an object by id.
        Ok(match answer {
            one if id_of(&one).is_some() => vec![one],
            Value::Object(by_id) => by_id.into_iter().map(|(_, purchase)| purchase).collect(),
            _ => Vec::new(),
        })
    }

    /// Works on people until the requests are used up or the orders come to their end.
    async fn import_people(&self, job: &mut Job, options: &Backfill, max: u32) -> Result<()> {
        let prefix = self.scope.backfill("order/");
        let (entries, _) = self.effects.list(prefix.clone(), job.after.clone(), ORDERS).await?;
        let hash_of = |entry: &Entry| entry.key.strip_prefix(&prefix).and_then(|k| k.split('/').next().map(str::to_owned));
        let is_last = entries.len() < ORDERS as usize;
        let mut groups: Vec<&[Entry]> = entries.chunk_by(|a, b| hash_of(a) == hash_of(b)).collect();
        if !is_last && groups.len() > 1 {
            // The last one may go on behind the page.
            groups.pop();
        }
        for group in groups {
            // A dry run makes no requests; its list is the measure.
            if self.effects.requests() > 1 && self.effects.requests() + REQUESTS_PER_EVENT > max {
                return Ok(());
            }
            self.import_person(job, options, group).await?;
            job.done += group.len() as u64;
            bump(&mut job.counts, "people");
            job.after = group.last().map(|entry| entry.key.clone());
        }
        if is_last {
            job.turn(Phase::CleanUp, self.effects.now());
        }
        Ok(())
    }

    /// Everything that one person bought.
    async fn import_person(&self, job: &mut Job, options: &Backfill, group: &[Entry]) -> Result<()> {
        let purchases: Vec<Value> = group.iter().filter_map(|entry| parse(&entry.value)).collect();
        let ids: Vec<&str> = purchases.iter().filter_map(id_of).collect();
        let mut history = Vec::new();
        for purchase in &purchases {
            history.extend(self.history_of(purchase, &job.merchant, &ids).await?);
        }
        let done: Vec<Write> =
            group.iter().map(|e| Write { key: e.key.clone(), expect: None, value: None }).collect();
        let manner = match options {
            Backfill { live: true, .. } => Manner::Live,
            Backfill { tags: true, .. } => Manner::Tags,
            _ => Manner::Silent,
        };
        let Some((event, params)) = history.pop() else { return self.effects.commit(done).await.map(|_| ()) };
        let contact = match &event.buyer.email {
            Some(email) if job.counts.contains_key("contactsRead") => {
                let (found, _) = self.effects.get(vec![self.index_key(email)]).await?;
                found.first().and_then(|entry| parse(&entry.value)).unwrap_or(Value::Bool(false))
            }
            _ => Value::Null,
        };
        if options.dry_run {
            return self.count(job, manner, &contact, history, &event).await;
        }
        if manner == Manner::Live {
            for (event, params) in std::mem::take(&mut history) {
                let arrival = Arrival { manner: Some(manner), contact: contact.clone(), also: Vec::new() };
                self.import_message(job, (&event, &params), &[], arrival).await?;
            }
        }
        let arrival = Arrival { manner: Some(manner), contact, also: done };
        self.import_message(job, (&event, &params), &history, arrival).await
    }

    async fn import_message(
        &self,
        job: &mut Job,
        (event, params): (&Event, &Params),
        history: &[(Event, Params)],
        arrival: Arrival,
    ) -> Result<()> {
        let done = arrival.also.clone();
        let (accepted, name) = self.take_in(event, params, history, arrival).await?;
        let outcome = match accepted {
            Accepted::Queued => match self.process(&name).await? {
                Some(report) => {
                    // What isn't about this person would meet the next one, too. The message waits in the inbox.
                    if let Some(details) = report.error.filter(|error| !is_own(error.code)) {
                        return Err(Error::kept(details));
                    }
                    report.outcome
                }
                None => "done".to_owned(),
            },
            Accepted::Kept => "kept".to_owned(),
            Accepted::Duplicate => {
                if !done.is_empty() {
                    self.effects.commit(done).await?;
                }
                "known".to_owned()
            }
        };
        bump(&mut job.counts, &outcome);
        Ok(())
    }

    /// What a person's orders would change, without doing it.
    async fn count(
        &self,
        job: &mut Job,
        manner: Manner,
        contact: &Value,
        history: Vec<(Event, Params)>,
        event: &Event,
    ) -> Result<()> {
        let seen: Vec<String> = event.items.iter().map(|item| self.scope.seen(&item.dedupe_key)).collect();
        let all = seen.len();
        if all > 0 && self.effects.get(seen).await?.0.len() == all {
            bump(&mut job.counts, "known");
            return Ok(());
        }
        let mut known = match person_of(&self.effects, &self.scope, event).await? {
            Some((contact_id, person, _)) => Known::Person { contact_id: Some(contact_id), person },
            None => super::attempt::snapshot(contact).map_or(Known::Nobody, Known::Contact),
        };
        let mut earlier: Vec<Event> = history.into_iter().map(|(event, _)| event).collect();
        let now = self.effects.now();
        let mut steps = Vec::new();
        if manner == Manner::Live {
            for one in std::mem::take(&mut earlier) {
                let plan = mapping::plan(self.mapping, &one, known, false, now);
                steps.extend(plan.steps);
                // Whoever would have been created is there for the next event.
                let contact_id = plan.contact_id.or_else(|| Some("new".to_owned()));
                known = Known::Person { contact_id, person: plan.person };
            }
        }
        let plan = mapping::plan_history(self.mapping, manner, &earlier, event, known, false, None, now);
        steps.extend(plan.steps);
        for step in steps {
            let named = step.action.to_json();
            for (action, _) in named.as_object().into_iter().flatten() {
                bump(&mut job.counts, action);
            }
            bump(&mut job.counts, "calls");
        }
        Ok(())
    }

    /// The messages about an order with the events in them. `others`: orders of the same person, among which may be the
    /// one that an upsell belongs to.
    pub(super) async fn history_of(
        &self,
        purchase: &Value,
        merchant: &str,
        others: &[&str],
    ) -> Result<Vec<(Event, Params)>> {
        let mut upsell_no = 0;
        // `C74PNZH51` is the first upsell of `C74PNZH5`, where there is such an order. Ids that end in a digit exist.
        if let Some((base, digit)) = id_of(purchase).and_then(|id| id.split_at_checked(id.len().saturating_sub(1)))
            && let Some(number) = digit.parse::<u32>().ok().filter(|n| *n > 0)
        {
            let known = || self.effects.get(vec![self.scope.order(&order_key(Some(merchant), base))]);
            if others.contains(&base) || !known().await?.0.is_empty() {
                upsell_no = number;
            }
        }
        let mut history = Vec::new();
        for params in digistore24::messages(purchase, merchant, upsell_no)? {
            let event = Event::read(&self.client.connection.id, &params, self.effects.now());
            history.push((event, params));
        }
        Ok(history)
    }

    /// Removes a part of what the job kept. False where nothing is left.
    async fn clean_up(&self) -> Result<bool> {
        let job = self.scope.backfill("job");
        let (entries, _) = self.effects.list(self.scope.backfill(""), None, PAGE).await?;
        let mut writes = Vec::new();
        for entry in entries.into_iter().filter(|entry| entry.key != job) {
            writes.push(Write { key: entry.key, expect: None, value: None });
        }
        let is_more = !writes.is_empty();
        if is_more {
            self.effects.commit(writes).await?;
        }
        Ok(is_more)
    }

    fn progress(&self, job: &Job) -> Value {
        let seconds = self.effects.now().saturating_sub(job.began) / 1_000;
        let rate = (job.done * 10).checked_div(seconds.max(1)).unwrap_or_default();
        let left = (job.total.saturating_sub(job.done) * 10).checked_div(rate);
        let mut progress = Map::new();
        put(&mut progress, "finished", (job.phase == Phase::Done).into());
        put(&mut progress, "phase", job.phase.to_json());
        put(&mut progress, "done", job.done.into());
        put(&mut progress, "total", job.total.into());
        put(&mut progress, "perSecond", (rate as f64 / 10.0).to_json());
        put(&mut progress, "secondsLeft", left.filter(|_| job.phase != Phase::Done).to_json());
        put(&mut progress, "requests", job.requests.into());
        put(&mut progress, "counts", Value::Object(job.counts.clone()));
        if job.wanted.get("dryRun").and_then(Value::as_bool) == Some(true) {
            let calls = job.counts.get("calls").and_then(Value::as_u64).unwrap_or_default();
            let estimate = json!({ "calls": calls, "seconds": calls / PER_SECOND, "days": calls.div_ceil(DAILY) });
            put(&mut progress, "estimate", estimate);
        }
        Value::Object(progress)
    }
}

impl Job {
    fn turn(&mut self, phase: Phase, now: u64) {
        if phase != Phase::Done && phase != Phase::CleanUp {
            (self.done, self.total) = (0, 0);
        }
        (self.phase, self.page, self.after, self.began) = (phase, Value::Null, None, now);
    }
}

/// Whether a failure is about one person, not about the service or the settings.
fn is_own(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidInput | Code::NotFound | Code::Duplicate | Code::Conflict | Code::OutcomeUnknown | Code::MalformedResponse
    )
}

/// Adds one.
fn bump(counts: &mut Map, name: &str) {
    let count = counts.get(name).and_then(Value::as_u64).unwrap_or_default() + 1;
    put(counts, name, count.into());
}

pub(super) fn id_of(purchase: &Value) -> Option<&str> {
    purchase.get("id").and_then(Value::as_str)
}

/// Whom an order belongs to: the address, else the buyer's number.
fn person_hash(purchase: &Value) -> String {
    let buyer = purchase.get("buyer").unwrap_or(&Value::Null);
    let email = buyer.get("email").and_then(Value::as_str).map(|e| lower(e.trim())).unwrap_or_default();
    let id = if email.is_empty() { purchase.get("buyer_id").map(text).unwrap_or_default() } else { email };
    short_hash(&mut [id.as_str()].into_iter())
}

/// What a plan needs of a contact, without what is personal: a filled field is only a mark.
fn outline(contact: &Value) -> Value {
    let mut outline = Map::new();
    for name in ["id", "tags", "assignedTo"] {
        put(&mut outline, name, contact.get(name).cloned().unwrap_or_default());
    }
    for name in ["firstName", "lastName", "phone", "address1", "city", "state", "postalCode", "country"] {
        let is_filled = contact.get(name).and_then(Value::as_str).is_some_and(|v| !v.trim().is_empty());
        // The search shows an address as `address`.
        let named_else = name == "address1" && contact.get("address").and_then(Value::as_str).is_some_and(|v| !v.is_empty());
        if is_filled || named_else {
            put(&mut outline, name, "*".into());
        }
    }
    Value::Object(outline)
}

/// A moment as Digistore24 writes it.
pub(super) fn wall_clock(ms: u64) -> String {
    clock::iso(clock::in_berlin(clock::at(ms))).replacen('T', " ", 1).chars().take(19).collect()
}
