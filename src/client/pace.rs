//! When a request may go: the rate, the day's quota, a service that is down.

use super::{
    Client,
    pool::{LOOK_MS, Next, Place, Ticket},
};
use crate::json::json;
use crate::{
    catalog::Service,
    digistore24,
    effects::{Effect, Happening, Level, Reply, cancelled},
    error::{Code, Error, Result},
    http::{Class, Failure, Outcome, Response, Told, wait_of},
    scope::Scope,
};

/// A wait that is worth an event.
const TOLD_MS: u64 = 10;
/// The first pause after a refusal of Digistore24, which tells of none; doubled each time.
const PAUSE_MS: u64 = 1_000;

impl Client {
    /// Waits until a request to this service may go. The ticket is for [`Client::learn`].
    ///
    /// # Errors
    /// `quota_exhausted`, `unavailable`; `rate_limited` where it would not go before `deadline`.
    pub(super) async fn admit(&self, service: Service, deadline: u64) -> Result<Ticket> {
        let effects = &self.effects;
        let class = self.memory.class(self.urgency.background);
        let pool = self.memory.pool(service);
        let key = self.budget_key(service);
        let mut place = Place::new(pool, class);
        let mut is_taking = false;
        let mut has_waited = false;
        loop {
            let host_now = effects.now();
            let now = pool.borrow().time(host_now);
            let mut draft = None;
            let next = pool.borrow_mut().next(now, &mut place, &mut is_taking, &key);
            let mut wait_ms = 0;
            let effect = match next {
                Next::Go(ticket) => return Ok(ticket),
                Next::Refuse(code, until) => return Err(refusal(code, service, until - now)),
                Next::Read => Effect::Get { keys: vec![key.clone()] },
                Next::Write(written, write) => {
                    draft = Some(written);
                    Effect::Commit { writes: vec![write] }
                }
                Next::Wait(until) => {
                    wait_ms = until - now;
                    Effect::Sleep { ms: wait_ms.min(LOOK_MS) + u64::from(effects.random() % 4) }
                }
            };
            if host_now + wait_ms > deadline {
                pool.borrow_mut().release(&mut is_taking);
                return Err(refusal(Code::RateLimited, service, wait_ms));
            }
            if wait_ms > TOLD_MS && !has_waited {
                has_waited = true;
                effects.event(Happening::Wait, || {
                    let has_room = pool.borrow().budget.free(now, Class::Person) > 0;
                    let reason = if has_room && class != Class::Person { "share" } else { "rate" };
                    json!({ "service": service.word(), "reason": reason, "ms": wait_ms })
                });
            }
            let reply = effects.ask(effect).await;
            let mut pool = pool.borrow_mut();
            let took = effects.now().saturating_sub(host_now);
            match (reply, draft) {
                (Reply::Cancelled, _) => return Err(cancelled()),
                (Reply::Values { entries, now }, _) => pool.read(entries.first(), now, effects.now()),
                (Reply::Committed { ok, version, .. }, Some(draft)) => {
                    pool.settle(*draft, ok.then_some(version), class, now + took);
                    pool.release(&mut is_taking);
                }
                (Reply::StoreError { .. }, _) => {
                    effects.log(Level::Warn, "the rate is kept by this process alone: the store failed", []);
                    pool.alone(now + took);
                    pool.release(&mut is_taking);
                }
                _ => {}
            }
        }
    }

    /// Where the budget of this token is kept. A key of Digistore24 may serve several locations.
    fn budget_key(&self, service: Service) -> String {
        let location = match (service, &self.connection.highlevel) {
            (Service::Ghl, Some(account)) => account.location_id.as_str(),
            _ => "digistore24",
        };
        Scope::new(&self.connection.id, location).key("budget", "rate")
    }

    /// Notes what an answer says about the rate and about the service's health, and gives it as the outcome of a try.
    pub(super) fn learn(
        &self,
        service: Service,
        ticket: &Ticket,
        result: &std::result::Result<Response, Failure>,
    ) -> Outcome {
        let host_now = self.effects.now();
        let mut pool = self.memory.pool(service).borrow_mut();
        let now = pool.time(host_now);
        let (outcome, is_failure) = match result {
            Ok(response) => {
                if let Some(date) = response.header("date") {
                    *self.memory.date.borrow_mut() = Some((date.to_owned(), host_now));
                }
                let mut told = Told::read(response, now, ticket.expired);
                let mut wait_ms = wait_of(response, now);
                let mut status = response.status;
                let is_refused = status == 429 || (service != Service::Ghl && digistore24::is_refusal(response));
                if is_refused {
                    status = 429;
                    let interval = if told.interval > 0 { told.interval } else { pool.budget.interval() };
                    let pause = if service == Service::Ghl { interval } else { PAUSE_MS << pool.refusals.min(10) };
                    pool.refusals += 1;
                    let wait = wait_ms.unwrap_or(pause.min(interval));
                    // Waiting doesn't bring back the quota of the day.
                    let is_over = told.left == Some(0);
                    told.blocked = if is_over { 0 } else { now.saturating_add(wait) };
                    wait_ms = Some(if is_over { u64::MAX } else { wait });
                } else {
                    pool.refusals = 0;
                }
                told.answered.push((ticket.group, now));
                pool.hear(now, &told);
                (Outcome::Answered { status, wait_ms }, Some(status >= 500))
            }
            Err(failure) => (Outcome::Failed(*failure), (*failure != Failure::Cancelled).then_some(true)),
        };
        if pool.breaker.note(now, is_failure, self.effects.random()) {
            let state = if is_failure == Some(true) { "open" } else { "closed" };
            self.effects.event(Happening::Circuit, || json!({ "service": service.word(), "state": state }));
        }
        outcome
    }
}

fn refusal(code: Code, service: Service, wait_ms: u64) -> Error {
    let (message, help) = match code {
        Code::QuotaExhausted => (
            " allows no more requests today, or what is left is kept for calls that somebody waits for",
            "Wait until the quota starts anew, or find what else uses it up; nothing was sent.",
        ),
        Code::Unavailable => {
            (" has failed many times in a row and is left alone for a while", "Call again later; nothing was sent.")
        }
        _ => (
            " allows no more requests for longer than this call may wait",
            "Call again later, or give it more time with deadlineMs; nothing was sent.",
        ),
    };
    Error::new(code, service.title().to_owned() + message, help).with(|d| d.retry_after_ms = Some(wait_ms))
}
