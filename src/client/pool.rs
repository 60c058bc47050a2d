//! What one process knows of a service: its budget, the permits taken from it, who waits, whether the service is up.
//! Decisions alone; [`super::pace`] carries them out.

use std::cell::RefCell;

use crate::json::{Json, ToJson, parse, text};
use crate::{
    effects::{Entry, Write},
    error::Code,
    http::{Breaker, Budget, Class, Told},
};

/// A task that takes permits and is not done by then has been dropped by its host.
const TAKING_MS: u64 = 2_000;
/// One that waits for another to take them looks again after so long.
const GLANCE_MS: u64 = 4;
/// Nobody sleeps longer before looking again: meanwhile another rate may have been told, or others have given back permits.
pub(super) const LOOK_MS: u64 = 1_000;
/// After a failure of the store, this process counts alone for so long.
const ALONE_MS: u64 = 1_000;

/// The state for one service. Times are the store's.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) budget: Budget,
    /// Until then the budget is nobody else's and isn't kept in the store.
    alone_until: u64,
    /// The version of the store's record that `budget` was read from or written to.
    version: Option<u64>,
    /// When the store's record was seen last.
    seen_at: u64,
    /// How far the store's clock is ahead of the host's.
    ahead_ms: i64,
    /// What the store's record doesn't know yet.
    told: Told,
    people: Lane,
    background: Lane,
    /// Until then a task is busy taking permits.
    taking_until: u64,
    last_number: u32,
    /// Refusals in a row.
    pub(super) refusals: u32,
    pub(super) breaker: Breaker,
}

/// The requests of one class.
#[derive(Debug, Default)]
struct Lane {
    /// Who waits, in order.
    waiting: Vec<u32>,
    /// Permits that were taken from the store's record.
    permits: Vec<Permits>,
    /// When permits were last taken, and how many.
    last: (u64, u64),
}

#[derive(Debug)]
pub(super) struct Permits {
    left: u64,
    valid_until: u64,
    /// Their name in the budget.
    group: u64,
}

impl Lane {
    fn ready(&mut self, now: u64) -> u64 {
        self.permits.retain(|permits| permits.left > 0 && now < permits.valid_until);
        self.permits.iter().map(|permits| permits.left).sum()
    }

    fn use_one(&mut self) -> u64 {
        self.permits.first_mut().map_or(0, |permits| {
            permits.left -= 1;
            permits.group
        })
    }
}

/// A request that goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    /// See [`Told::used`].
    pub(super) expired: u64,
    /// See [`Told::answered`].
    pub(super) group: u64,
}

/// What comes next for a request.
#[derive(Debug)]
pub(super) enum Next {
    /// It goes.
    Go(Ticket),
    /// Ask again at that moment.
    Wait(u64),
    /// The store's record is to be read.
    Read,
    /// Permits are to be taken by this write.
    Write(Box<Draft>, Write),
    /// `quota_exhausted` or `unavailable` until that moment.
    Refuse(Code, u64),
}

/// The budget as it is to be written, and what it grants.
#[derive(Debug)]
pub(super) struct Draft {
    budget: Budget,
    told: Told,
    permits: Permits,
    began: u64,
}

impl Pool {
    pub(super) fn new(budget: Budget, is_alone: bool) -> Self {
        Self {
            budget,
            alone_until: if is_alone { u64::MAX } else { 0 },
            version: None,
            seen_at: 0,
            ahead_ms: 0,
            told: Told::default(),
            people: Lane::default(),
            background: Lane::default(),
            taking_until: 0,
            last_number: 0,
            refusals: 0,
            breaker: Breaker::default(),
        }
    }

    /// The store's time at a moment of the host's.
    pub(super) fn time(&self, host_now: u64) -> u64 {
        host_now.saturating_add_signed(self.ahead_ms)
    }

    fn lane(&mut self, class: Class) -> &mut Lane {
        match class {
            Class::Person => &mut self.people,
            Class::Background(_) => &mut self.background,
        }
    }

    /// Decides for a request. `is_taking`: it is the one that takes permits for all who wait; `key` is where from.
    pub(super) fn next(&mut self, now: u64, place: &mut Place<'_>, is_taking: &mut bool, key: &str) -> Next {
        let class = place.class;
        if let Some(until) = self.budget.exhausted(now, class) {
            return Next::Refuse(Code::QuotaExhausted, until);
        }
        let mut ahead = self.place_of(place);
        if class != Class::Person {
            ahead += self.people.waiting.len() as u64;
        }
        let is_alone = now < self.alone_until;
        let free = self.budget.free(now, class);
        let ready = if is_alone {
            free
        } else if self.budget.is_blocked(now) {
            0
        } else {
            self.lane(class).ready(now)
        };
        if ready > ahead {
            if let Err(until) = self.breaker.pass(now) {
                return Next::Refuse(Code::Unavailable, until);
            }
            let group = if is_alone { self.budget.grant(now, 1, class, 0) } else { self.lane(class).use_one() };
            return Next::Go(Ticket { expired: self.budget.expired(now), group });
        }
        self.enqueue(place);
        if !is_alone {
            // Those before it have these already.
            ahead -= ready;
        }
        if !is_alone && (free > ahead || self.told.blocked > now || now >= self.seen_at + LOOK_MS) {
            // What the others have given back since is in the store alone.
            if free <= ahead && self.told.blocked <= now {
                self.version = None;
            }
            if !*is_taking && now < self.taking_until {
                return Next::Wait(now + GLANCE_MS);
            }
            *is_taking = true;
            self.taking_until = now + TAKING_MS;
            if self.version.is_none() {
                return Next::Read;
            }
            return self.draft(now, class, free, key);
        }
        self.release(is_taking);
        Next::Wait(self.budget.free_at(now, ahead, class).max(now + 1))
    }

    /// Somebody else may take permits.
    pub(super) fn release(&mut self, is_taking: &mut bool) {
        if std::mem::take(is_taking) {
            self.taking_until = 0;
        }
    }

    /// Takes in the store's record.
    pub(super) fn read(&mut self, entry: Option<&Entry>, now: u64, host_now: u64) {
        self.ahead_ms = now.cast_signed() - host_now.cast_signed();
        self.version = Some(entry.map_or(0, |entry| entry.version));
        self.seen_at = now;
        // What can't be read is forgotten.
        if let Some(budget) = entry.and_then(|entry| parse(&entry.value)).and_then(Budget::from_json) {
            self.budget = budget;
        }
        self.budget.hear(now, &self.told);
    }

    /// What is to be written so that those who wait may go.
    fn draft(&mut self, now: u64, class: Class, free: u64, key: &str) -> Next {
        let (max, interval) = (self.budget.max(), self.budget.interval());
        // A permit that is used counts from then on like any request; one that isn't, so much longer.
        let valid = interval / 5;
        let lane = self.lane(class);
        let missing = (lane.waiting.len() as u64).saturating_sub(lane.ready(now)).max(1);
        // As many as the next calls will need if they come as fast as the last ones, so that those need no store; not many.
        let pace_ms = (now.saturating_sub(lane.last.0) / lane.last.1.max(1)).max(1);
        let permits = missing.max((valid / pace_ms).min(max / 25)).min(free);
        let mut budget = self.budget.clone();
        let group = if permits > 0 { budget.grant(now, permits, class, valid) } else { 0 };
        let write = Write { key: key.to_owned(), expect: self.version, value: Some(text(&budget.to_json())) };
        let told = std::mem::take(&mut self.told);
        let permits = Permits { left: permits, valid_until: now + valid, group };
        Next::Write(Box::new(Draft { budget, told, permits, began: now }), write)
    }

    /// The draft was written (`version`), or somebody else was faster.
    pub(super) fn settle(&mut self, draft: Draft, version: Option<u64>, class: Class, now: u64) {
        self.version = version;
        if version.is_none() {
            let later = std::mem::replace(&mut self.told, draft.told);
            self.told.add(&later);
            return;
        }
        self.seen_at = now;
        self.budget = draft.budget;
        self.budget.hear(now, &self.told);
        let lane = self.lane(class);
        lane.last = (draft.began, draft.permits.left);
        lane.permits.push(draft.permits);
    }

    /// The store can't be reached: this process counts alone for a while.
    pub(super) fn alone(&mut self, now: u64) {
        self.alone_until = now + ALONE_MS;
        self.version = None;
    }

    /// Takes in what an answer said.
    pub(super) fn hear(&mut self, now: u64, told: &Told) {
        self.told.add(told);
        self.budget.hear(now, told);
    }

    /// How many stand before it in its lane.
    fn place_of(&mut self, place: &Place<'_>) -> u64 {
        let queue = &self.lane(place.class).waiting;
        queue.iter().position(|number| *number == place.number).unwrap_or(queue.len()) as u64
    }

    /// Gives it the place at the end, once.
    fn enqueue(&mut self, place: &mut Place<'_>) {
        if place.number == 0 {
            self.last_number = self.last_number.wrapping_add(1).max(1);
            place.number = self.last_number;
            self.lane(place.class).waiting.push(place.number);
        }
    }
}

/// A place in the queue of a pool; given back when it is dropped, however its call ends.
pub(super) struct Place<'a> {
    pool: &'a RefCell<Pool>,
    class: Class,
    /// 0: it has none yet.
    number: u32,
}

impl<'a> Place<'a> {
    pub(super) fn new(pool: &'a RefCell<Pool>, class: Class) -> Self {
        Self { pool, class, number: 0 }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.number != 0 {
            self.pool.borrow_mut().lane(self.class).waiting.retain(|number| *number != self.number);
        }
    }
}

#[cfg(test)]
#[path = "pool/tests.rs"]
mod tests;
