//! From the inbox to the CRM: one message at a time, one person at a time, resumable at any point.

use super::{
    Sync,
    attempt::{is_damage, is_fence, is_uncertain},
    from_json, heard,
    inbox::{Accepted, Fate, Message, turn_to_partner},
    work::Work,
};
use crate::json::{Map, Set, ToJson, Value, json, text};
use crate::lease::Lease;
use crate::{
    clock,
    digistore24::{Event, Kind},
    effects::{Entry, Happening, Level, Write},
    error::{Code, Details, Error, Result},
    mapping::{self, Action, Circumstances, Known, Manner, Plan, Purpose},
    record,
};

/// A call must end within this time after it began.
const DEADLINE_MS: u64 = 60_000;
/// After so many failures in a row that time was expected to heal, a message waits for a person.
const MAX_ATTEMPTS: u32 = 50;
/// Requests that one event can need at most: look-ups, six writes, repeated look-ups.
pub(super) const REQUESTS_PER_EVENT: u32 = 20;
const PAGE: u32 = 100;

record! {
/// One call that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Catalog id.
    pub operation: String,
    /// `ok` or the error's code.
    pub result: String,
}
}

record! {
/// What became of one message.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The event's id.
    pub id: String,
    /// `payment`, `refund`, …
    pub event: String,
    /// The order as sent.
    pub order: String,
    /// `done`, `waiting` (tried again later), `dead` (waits for a person), `busy` (another worker has it), `duplicate`,
    /// `kept`.
    pub outcome: String,
    /// The contact in GHL.
    pub contact_id: Option<String> as "contactId",
    /// The plan that was carried out.
    pub plan: Option<Value>,
    /// The calls of this try, in order.
    pub calls: Vec<Call>,
    /// Requests of this try, repetitions included.
    pub requests: u32,
    /// Why it waits.
    pub error: Option<Details>,
    /// When it is tried again. ISO 8601.
    pub next_at: Option<String> as "nextAt",
}
}

impl Report {
    pub(super) fn new(event: &Event, outcome: &str) -> Self {
        Self {
            id: event.id.clone(),
            event: event.event.name().to_owned(),
            order: event.order.id.clone(),
            outcome: outcome.to_owned(),
            contact_id: None,
            plan: None,
            calls: Vec::new(),
            requests: 0,
            error: None,
            next_at: None,
        }
    }
}

record! {
/// What a tick did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tick {
    /// Nothing is left that could be done now.
    pub done: bool,
    /// When to come again, milliseconds since 1970.
    pub next_at: Option<u64> as "nextAt",
    /// What became of each message.
    pub events: Vec<Report>,
}
}

impl Sync<'_> {
    /// Works on the inbox, oldest first, until it is empty or `max_requests` might be exceeded.
    ///
    /// # Errors
    /// `storage`. Whatever concerns one message is in its report.
    pub async fn tick(&self, max_requests: u32) -> Result<Tick> {
        let prefix = self.scope.inbox("");
        let mut tick = Tick { done: true, next_at: self.wake().await?, ..Tick::default() };
        let mut blocked: Set = Set::new();
        let (mut page, mut after, mut is_last) = (self.begun().await?, None, false);
        loop {
            for entry in &page {
                let Ok(message) = from_json::<Message>(&entry.value) else {
                    self.bury_unreadable(&entry.key, &entry.value, entry.version).await?;
                    continue;
                };
                if blocked.contains(&message.person) {
                    continue;
                }
                if message.next_at > self.effects.shared_now() {
                    tick.next_at = Some(tick.next_at.map_or(message.next_at, |t| t.min(message.next_at)));
                    blocked.insert(message.person);
                    continue;
                }
                if self.effects.requests() + REQUESTS_PER_EVENT > max_requests {
                    tick.done = false;
                    tick.next_at = Some(self.effects.now());
                    return Ok(tick);
                }
                let name = entry.key.strip_prefix(&prefix).unwrap_or_default();
                let report = self.process(name).await?;
                if let Some(report) = report {
                    if matches!(report.outcome.as_str(), "waiting" | "busy") {
                        blocked.insert(message.person);
                        let at = self.effects.now() + if report.outcome == "busy" { 15_000 } else { 0 };
                        let told = report.next_at.as_ref().and(self.next_at(name).await?);
                        let at = told.unwrap_or(at);
                        tick.next_at = Some(tick.next_at.map_or(at, |t| t.min(at)));
                    }
                    tick.events.push(report);
                }
            }
            if is_last {
                self.sweep().await?;
                return Ok(tick);
            }
            page = self.effects.list(prefix.clone(), after, PAGE).await?.0;
            is_last = page.len() < PAGE as usize;
            after = page.last().map(|e| e.key.clone());
        }
    }

    /// Messages that hold a claim go first. One that was received earlier but stored later stands before them in the inbox,
    /// and would wait for their claim for ever.
    async fn begun(&self) -> Result<Vec<Entry>> {
        let (claims, _) = self.effects.list(self.scope.key("claim", ""), None, PAGE).await?;
        if claims.is_empty() {
            return Ok(Vec::new());
        }
        let holder = |claim: &Entry| self.scope.inbox(&from_json::<String>(&claim.value).unwrap_or_default());
        let mut keys: Vec<String> = claims.iter().map(holder).collect();
        keys.sort_unstable();
        keys.dedup();
        let (held, _) = self.effects.get(keys).await?;
        // Planned anew after a crash, a message may have ended without a claim of its first plan: that is nobody's now.
        let mut stale = Vec::new();
        for claim in claims {
            let key = holder(&claim);
            if !held.iter().any(|entry| entry.key == key) {
                stale.push(Write { key: claim.key, expect: Some(claim.version), value: None });
            }
        }
        if !stale.is_empty() {
            // Where it fails, a message has just ended: the next time.
            self.effects.commit(stale).await?;
        }
        Ok(held)
    }

    /// Forgets messages that were finished a month ago, some at a time. Their names begin with the time of arrival.
    async fn sweep(&self) -> Result<()> {
        let before = format!("{:013}", self.effects.now().saturating_sub(self.keep_ms));
        for room in [self.scope.done(""), self.scope.kept(""), self.scope.event("")] {
            let (oldest, _) = self.effects.list(room.clone(), None, PAGE).await?;
            let mut writes = Vec::new();
            for entry in oldest {
                let Some(name) = entry.key.strip_prefix(&room).filter(|name| **name < *before) else { break };
                let seen = self.seen_of(name).map(|key| Write { key, expect: None, value: None });
                writes.extend(seen);
                writes.push(Write { key: entry.key, expect: Some(entry.version), value: None });
            }
            if !writes.is_empty() {
                // A conflict means that another worker sweeps too.
                self.effects.commit(writes).await?;
            }
        }
        Ok(())
    }

    async fn next_at(&self, name: &str) -> Result<Option<u64>> {
        let (entries, _) = self.effects.get(vec![self.scope.inbox(name)]).await?;
        Ok(entries.first().and_then(|e| from_json::<Message>(&e.value).ok()).map(|m| m.next_at))
    }

    /// Works on the messages of one person up to and including `name`. Gives the report of the last one.
    ///
    /// # Errors
    /// `storage`.
    pub async fn drain_person(&self, name: &str) -> Result<Option<Report>> {
        let prefix = self.scope.inbox("");
        let (own, _) = self.effects.get(vec![self.scope.inbox(name)]).await?;
        let Some(own) = own.first().and_then(|e| from_json::<Message>(&e.value).ok()) else { return Ok(None) };
        let (mut page, mut after, mut is_last) = (self.begun().await?, None, false);
        loop {
            for entry in &page {
                let same = from_json::<Message>(&entry.value).is_ok_and(|m| m.person == own.person);
                let this = entry.key.strip_prefix(&prefix).unwrap_or_default();
                if !same {
                    continue;
                }
                let report = self.process(this).await?;
                let stopped = report.as_ref().is_some_and(|r| matches!(r.outcome.as_str(), "waiting" | "busy"));
                if stopped || this == name {
                    return Ok(report);
                }
            }
            if is_last {
                return Ok(None);
            }
            page = self.effects.list(prefix.clone(), after, PAGE).await?.0;
            is_last = page.len() < PAGE as usize;
            after = page.last().map(|e| e.key.clone());
        }
    }

    /// Puts the steps of playbooks whose time has come into the inbox, where they are worked on like messages. Gives the
    /// time of the first one that waits.
    async fn wake(&self) -> Result<Option<u64>> {
        let prefix = self.scope.later("");
        loop {
            let (page, _) = self.effects.list(prefix.clone(), None, PAGE).await?;
            for entry in &page {
                let name = entry.key.strip_prefix(&prefix).unwrap_or_default();
                let at = name.get(..13).and_then(|at| at.parse().ok()).unwrap_or_default();
                if at > self.effects.now() {
                    return Ok(Some(at));
                }
                let due = Write { key: entry.key.clone(), expect: Some(entry.version), value: None };
                let inbox = Write { key: self.scope.inbox(name), expect: None, value: Some(entry.value.clone()) };
                // Where it fails, another worker was faster.
                self.effects.commit(vec![due, inbox]).await?;
            }
            if page.len() < PAGE as usize {
                return Ok(None);
            }
        }
    }

    /// Works on one message. Nothing, where another worker has finished it.
    pub(super) async fn process(&self, name: &str) -> Result<Option<Report>> {
        let mut report = None;
        let (effects, began) = (&self.effects, self.effects.now());
        let trace = effects.trace();
        let result = match self.process_leased(name, &mut report).await {
            // Fenced off: another worker has taken over and goes on from the ledger.
            Err(error) if error.code() == Code::Conflict => {
                if let Some(report) = &mut report {
                    report.outcome = "busy".to_owned();
                }
                Ok(())
            }
            // An entry of this message can't be read: the others go on.
            Err(error) if is_damage(&error) => {
                if let Some(report) = &mut report {
                    report.outcome = "waiting".to_owned();
                    report.error = Some(error.details().clone());
                    self.log_failure(report, false);
                }
                Ok(())
            }
            result => result,
        };
        if let Some(report) = &report {
            effects.event(Happening::Sync, || {
                let code = report.error.as_ref().or(result.as_ref().err().map(Error::details));
                json!({
                    "id": report.id, "name": name, "event": report.event, "outcome": report.outcome, "requests": report.requests,
                    "code": code.map_or("ok", |e| e.code.word()), "durationMs": effects.now().saturating_sub(began),
                })
            });
        }
        effects.follow(trace);
        result.map(|()| report)
    }

    async fn process_leased(&self, name: &str, told: &mut Option<Report>) -> Result<()> {
        let key = self.scope.inbox(name);
        let before = self.effects.requests();
        let mut lease = Lease::new(&self.effects, DEADLINE_MS + 2 * self.settle_ms);
        let (entries, _) = self.effects.get(vec![key.clone()]).await?;
        let Some(entry) = entries.first() else { return Ok(()) };
        let message: Message = from_json(&entry.value)?;
        let mut event = message.event(&self.client.connection.id)?;
        self.effects.follow(message.trace.clone().unwrap_or_default());
        let report = told.insert(Report::new(&event, "busy"));
        if !lease.acquire(self.scope.lease(&message.person)).await? {
            return Ok(());
        }
        // Under the lease: is it still to be done, and where did the last try stop?
        let (entries, _) = self.effects.get(vec![key.clone(), self.scope.work(name)]).await?;
        let Some(entry) = entries.iter().find(|e| e.key == key) else {
            *told = None;
            return lease.release(Vec::new()).await;
        };
        let version = entry.version;
        let mut message: Message = from_json(&entry.value)?;
        let mut work = entries.iter().find(|e| e.key != key).map(|e| from_json::<Work>(&e.value)).transpose()?;

        let done = |work: &Option<Work>| work.as_ref().map_or(0, Work::done);
        let before_it = done(&work);
        let result = self.attempt(&mut lease, report, name, &mut event, &mut message, &mut work).await;
        if done(&work) > before_it {
            // It gets on, however slowly.
            message.attempts = 0;
        }
        report.requests = self.effects.requests() - before;
        match (result, &mut work) {
            (Ok(true), Some(work)) => {
                let mut writes = self.conclusion(&event, &message, work)?;
                writes.extend(lease.unclaim());
                writes.push(Write { key, expect: Some(version), value: None });
                writes.push(Write { key: self.scope.work(name), expect: None, value: None });
                message.ticket = Value::Null;
                writes.push(Write { key: self.scope.done(name), expect: None, value: Some(text(&message.to_json())) });
                lease.release(writes).await?;
                report.outcome = "done".to_owned();
                report.contact_id.clone_from(&work.contact_id);
                report.plan = Some(mapping::describe(&work.plan));
            }
            (Ok(_), _) => {
                let claims = lease.unclaim();
                lease.release(claims).await?;
            }
            (Err(error), _) if error.code() == Code::Storage || is_fence(&error) => return Err(error),
            (Err(error), work) => {
                let dead = self.postpone(&mut message, &error);
                report.outcome = if dead { "dead" } else { "waiting" }.to_owned();
                report.error = Some(error.details().clone());
                report.next_at = (!dead).then(|| clock::iso_utc(message.next_at));
                let mut writes =
                    vec![Write { key, expect: Some(version), value: (!dead).then(|| text(&message.to_json())) }];
                let begun = work.as_mut().filter(|work| !work.given_up);
                if dead || begun.is_none() {
                    // Nothing is under way any more: others may go on.
                    writes.extend(lease.unclaim());
                    if let Some(work) = begun {
                        work.given_up = true;
                        let left = work.has_begun().then(|| text(&work.to_json()));
                        writes.push(Write { key: self.scope.work(name), expect: None, value: left });
                        if work.contact_id.is_some() {
                            writes.extend(self.keep_made(&event, &message, work).await?);
                        }
                    }
                }
                if dead {
                    message.ticket = Value::Null;
                    writes.push(Write {
                        key: self.scope.dead(name),
                        expect: None,
                        value: Some(text(&message.to_json())),
                    });
                }
                lease.release(writes).await?;
                self.log_failure(report, dead);
            }
        }
        Ok(())
    }

    /// When to try again. True: never, a person must look.
    fn postpone(&self, message: &mut Message, error: &Error) -> bool {
        message.attempts += 1;
        message.error = Some(error.details().clone());
        let backoff = 15_000u64.saturating_mul(1 << message.attempts.min(8)).min(3_600_000);
        let wait = match error.code() {
            _ if is_uncertain(error) => {
                let settled = error.details().retry_after_ms.unwrap_or(self.settle_ms) + 1_000;
                settled.max(backoff)
            }
            Code::RateLimited => error.details().retry_after_ms.unwrap_or(backoff),
            Code::QuotaExhausted => 3_600_000,
            // A person must mend the settings; the event itself is fine, so it is never given up.
            Code::Unauthenticated | Code::Forbidden | Code::Misconfigured => backoff.max(60_000),
            Code::OutcomeUnknown
            | Code::Timeout
            | Code::Unavailable
            | Code::Conflict
            | Code::Cancelled
            | Code::Storage
            | Code::MalformedResponse => backoff,
            Code::InvalidInput | Code::NotFound | Code::Duplicate | Code::SignatureInvalid => return true,
        };
        message.next_at = self.effects.shared_now() + wait;
        let healing = !matches!(error.code(), Code::Unauthenticated | Code::Forbidden | Code::Misconfigured);
        healing && message.attempts >= MAX_ATTEMPTS
    }

    fn log_failure(&self, report: &Report, dead: bool) {
        let error = report.error.as_ref();
        let message = if dead { "an event waits for a person" } else { "an event is tried again later" };
        let text = |f: fn(&Details) -> String| error.map(f).unwrap_or_default();
        let fields = [
            ("event", report.event.clone()),
            ("id", report.id.clone()),
            ("problem", text(|e| e.message.clone())),
            ("help", text(|e| e.help.clone())),
            ("nextAt", report.next_at.clone().unwrap_or_default()),
        ];
        self.effects.log(if dead { Level::Error } else { Level::Warn }, message, fields);
    }

    async fn bury_unreadable(&self, key: &str, value: &str, version: u64) -> Result<()> {
        let name = key.rsplit('/').next().unwrap_or_default();
        self.effects.log(
            Level::Error,
            "a stored message can't be read and waits for a person",
            [("name", name.to_owned())],
        );
        self.effects.event(Happening::Sync, || {
            json!({
                "id": "", "name": name, "event": "", "outcome": "dead", "requests": 0, "code": Code::Storage.word(),
                "durationMs": 0,
            })
        });
        let writes = vec![
            Write { key: key.to_owned(), expect: Some(version), value: None },
            Write { key: self.scope.dead(name), expect: None, value: Some(value.to_owned()) },
        ];
        self.effects.commit(writes).await.map(|_| ())
    }

    /// An event of either service, as hosts have it.
    ///
    /// # Errors
    /// `invalid_input`: it is none.
    pub fn event_of(&self, given: &Value) -> Result<Event> {
        let now = self.effects.now();
        match heard::event_of(given, now) {
            Some(event) => Ok(event),
            None => Ok(Event::read(&self.client.connection.id, &super::params_of(given)?, now)),
        }
    }

    /// Carries an event out as if its webhook had come. A message that still waits, or lies with the dead letters, is
    /// worked on now: somebody asked for it.
    ///
    /// # Errors
    /// `invalid_input`, `storage`. Whatever concerns the message is in the report.
    pub async fn apply(&self, given: &Value) -> Result<Report> {
        let event = self.event_of(given)?;
        let (accepted, name) = match event.event.is_highlevel() {
            #[cfg(not(feature = "fetch"))]
            true => self.accept_heard(given, &event).await?,
            _ => self.accept(&event, &super::params_of(given)?).await?,
        };
        let outcome = match accepted {
            Accepted::Kept => "kept",
            Accepted::Queued | Accepted::Duplicate if !self.revive(&name).await? => "duplicate",
            Accepted::Queued | Accepted::Duplicate => match self.drain_person(&name).await? {
                Some(report) => return Ok(report),
                None => "done",
            },
        };
        Ok(Report { requests: self.effects.requests(), ..Report::new(&event, outcome) })
    }

    /// The plan as it would be made now, from the ledger alone: no call is made.
    ///
    /// # Errors
    /// `storage`.
    pub async fn dry_run(&self, event: &mut Event) -> Result<(Plan, bool)> {
        turn_to_partner(event);
        let seen_keys: Vec<String> = event.items.iter().map(|i| self.scope.seen(&i.dedupe_key)).collect();
        let since = self.scope.since();
        let mut keys = seen_keys.clone();
        keys.push(since.clone());
        keys.extend(self.scope.owners(event));
        let (entries, _) = self.effects.get(keys).await?;
        let of = |key: &String| entries.iter().find(|entry| entry.key == *key).map(|entry| entry.value.as_str());
        let repeated = !seen_keys.is_empty() && seen_keys.iter().all(|key| of(key).is_some());
        let is_heard = event.event.is_highlevel();
        let (known, fate) = if is_heard {
            let id = heard::contact_id(event);
            // As it is stored: what the event would tell that is new, as far as it says so itself.
            let mut mirror = Map::new();
            let (person, _) = self.entries(&id, &mut mirror).await?.unwrap_or_default();
            heard::place(event, &person);
            #[cfg(not(feature = "fetch"))]
            super::hear::news(&mut mirror, event, self.seconds());
            (Known::Person { contact_id: Some(id), person }, Fate::default())
        } else {
            let is_forgotten = entries.iter().any(|entry| entry.value == super::FORGOTTEN);
            let fate = self.fate(event, is_forgotten, of(&since), self.effects.now());
            let found = super::person_of(&self.effects, &self.scope, event).await?;
            let person = |(id, person, _)| Known::Person { contact_id: Some(id), person };
            (found.map_or(Known::Nobody, person), fate)
        };
        let is_known = match &known {
            Known::Person { person, .. } => {
                person.order(&event.order_key()).is_some_and(|order| !order.items.is_empty())
            }
            _ => false,
        };
        let manner = fate.manner.unwrap_or_default();
        let now = Circumstances { repeated, manner, now_ms: self.effects.now(), ..Circumstances::default() };
        let mut plan = loop {
            let plan = mapping::plan_history(self.mapping, &[], event, known.clone(), &now);
            if !self.tell_time(None, &now.clocks).await? {
                break plan;
            }
        };
        let mut remark = |text: &str| plan.remarks.push(text.to_owned());
        if is_heard {
            remark("the contact is read first: here only what the event says is known");
        }
        if manner == Manner::Silent {
            remark("from before the plugin was connected: contact and fields only");
        }
        if event.event == Kind::CustomForm && !is_known {
            remark("it waits until its order is known");
        }
        if now.wants_contact.take() {
            remark(
                "the contact is read first: of this only what it lacks is written, and no opt-in where it unsubscribed",
            );
        }
        if self.mapping.asks_consent().is_some() {
            remark("consent is read from the contact when the event is carried out: here it counts as not confirmed");
        }
        if plan.asks && self.can_ask() {
            remark("digistore24.getPurchase is asked first: only where its answer doesn't decide, a person is asked");
            plan.steps.retain(|step| !matches!(step.action, Action::CreateTask { purpose: Purpose::Review, .. }));
        }
        if let Some(reason) = fate.reason {
            (plan.changes, plan.steps, plan.later, plan.remarks) = (Vec::new(), Vec::new(), Vec::new(), vec![reason]);
        }
        Ok((plan, repeated))
    }
}
