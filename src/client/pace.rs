//! When a request may go: the rate, the day's quota, a service that is down.

use super::{
    Client,
    pool::{Next, Place},
};
use crate::json::json;
use crate::{
    catalog::Service,
    digistore24,
    effects::{Happening, Level},
    error::{Code, Error, Result},
    http::{Class, Failure, Outcome, Response, Told, wait_of},
    scope::Scope,
};

/// Nobody sleeps longer before looking again: meanwhile an answer may have told of another rate.
const LOOK_MS: u64 = 1_000;
/// The first pause after a refusal of Digistore24, which tells of none; doubled each time.
const PAUSE_MS: u64 = 1_000;

impl Client {
    /// Waits until a request to this service may go. The number is for [`Client::learn`].
    ///
    /// # Errors
    /// `quota_exhausted`, `unavailable`; `rate_limited` where it would not go before `deadline`.
    pub(super) async fn admit(&self, service: Service, deadline: u64) -> Result<u64> {
        let class = self.memory.class(self.urgency.background);
        let pool = self.memory.pool(service);
        let mut place = Place::new(pool, class);
        let mut has_told = false;
        loop {
            let host_now = self.effects.now();
            let (now, ahead) = (pool.borrow().time(host_now), place.ahead());
            let next = pool.borrow_mut().next(now, class, ahead);
            let until = match next {
                Next::Go(expired) => return Ok(expired),
                Next::Exhausted(until) => return Err(exhausted(class, until - now)),
                Next::Down(until) => return Err(down(service, until - now)),
                Next::Reserve => now,
                Next::Wait(until) => until,
            };
            if host_now + (until - now) > deadline {
                pool.borrow_mut().reserved();
                return Err(too_late(until - now));
            }
            place.take();
            if next == Next::Reserve {
                self.reserve(service, class).await?;
                continue;
            }
            if !has_told {
                has_told = true;
                self.effects.event(Happening::Wait, || {
                    let has_room = pool.borrow().budget().free(now, Class::Person) > 0;
                    let reason = if has_room && class != Class::Person { "share" } else { "rate" };
                    json!({ "service": service.word(), "reason": reason, "ms": until - now })
                });
            }
            self.effects.sleep((until - now).min(LOOK_MS) + u64::from(self.effects.random() % 4)).await?;
        }
    }

    /// Takes permits from the record that all processes share: as many as wait in this one.
    async fn reserve(&self, service: Service, class: Class) -> Result<()> {
        let pool = self.memory.pool(service);
        let key = self.budget_key(service);
        let is_unread = pool.borrow().is_unread();
        let mut failure = None;
        if is_unread {
            match self.effects.get(vec![key.clone()]).await {
                Ok((entries, now)) => pool.borrow_mut().read(entries.first(), now, self.effects.now()),
                Err(error) => failure = Some(error),
            }
        }
        let began = self.effects.now();
        let now = pool.borrow().time(began);
        let draft = if failure.is_none() { pool.borrow_mut().draft(now, class, key) } else { None };
        let mut was_faster = false;
        if let Some((draft, write)) = draft {
            let written = self.effects.commit(vec![write]).await;
            let took = self.effects.now().saturating_sub(began);
            let version = written.unwrap_or_else(|error| {
                failure = Some(error);
                None
            });
            was_faster = version.is_none();
            pool.borrow_mut().settle(draft, version, class, took, now + took);
        }
        pool.borrow_mut().reserved();
        if failure.is_some() {
            let what = [("service", service.word().to_owned())];
            self.effects.log(Level::Warn, "the rate is kept by this process alone: the store failed", what);
            pool.borrow_mut().alone(now);
        } else if was_faster {
            self.effects.sleep(u64::from(self.effects.random() % 16)).await?;
        }
        Ok(())
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
        expired: u64,
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
                let mut told = Told::read(response, now, expired);
                let mut wait_ms = wait_of(response, now);
                let mut status = response.status;
                let is_refused = status == 429 || (service != Service::Ghl && digistore24::is_refusal(response));
                if is_refused {
                    status = 429;
                    let interval = told.interval.unwrap_or(pool.budget().interval());
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

fn too_late(wait_ms: u64) -> Error {
    Error::new(
        Code::RateLimited,
        "the allowed rate of requests is used up for longer than this call may wait",
        "Call again later, or give it more time with deadlineMs; nothing was sent.",
    )
    .with(|d| d.retry_after_ms = Some(wait_ms))
}

fn exhausted(class: Class, wait_ms: u64) -> Error {
    let (message, help) = match class {
        Class::Person => (
            "the location's daily quota of requests is used up",
            "Wait until the quota starts anew, or find what else uses it up; nothing was sent.",
        ),
        Class::Background(_) => (
            "what is left of the location's daily quota is kept for calls that somebody waits for",
            "Go on when the quota starts anew; nothing was sent.",
        ),
    };
    Error::new(Code::QuotaExhausted, message, help).with(|d| d.retry_after_ms = Some(wait_ms))
}

fn down(service: Service, wait_ms: u64) -> Error {
    Error::new(
        Code::Unavailable,
        service.title().to_owned() + " has failed many times in a row and is left alone for a while",
        "Call again later; nothing was sent.",
    )
    .with(|d| d.retry_after_ms = Some(wait_ms))
}
