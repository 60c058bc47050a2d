//! How many requests may go: a log of what was granted in the last interval. Pure; kept in the store, so that all
//! processes with the same token share it.
//!
//! The service counts requests when they arrive, in windows of which nobody tells where they begin. So a grant counts from
//! the moment it is given until a whole interval after the last moment at which its request can have arrived: that of its
//! answer, or else one that is assumed. Then no window of one interval can hold more than `max`, whether the service's
//! windows are fixed or slide, and what is lost of the rate is the time of an answer in an interval.

use super::Told;
use crate::json::{Json, ToJson, Value};

/// A request whose answer is not there yet arrives within this part of the interval: 500 ms of 10 s.
const LATENESS: u64 = 20;
/// Ends are rounded up to this part of the interval (1/400: 25 ms of 10 s), so that the log stays short.
const GRAIN: u64 = 400;
/// Of the day's quota, the part that is kept from the background: a fifth.
const KEPT: u64 = 5;

/// What was granted and what the service said. All times are the store's, in milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    /// Requests in one interval.
    max: u64,
    /// Its length in milliseconds.
    interval: u64,
    /// All that was ever granted or used by others.
    total: u64,
    /// Nothing goes before this moment.
    blocked: u64,
    /// What is left of the day's quota.
    left: u64,
    /// The day's quota.
    daily: u64,
    /// When what is said of the day is no longer true; 0: nothing was said.
    day_ends: u64,
    /// Three numbers for each group of grants, in order: the latest moment at which they arrive, how many, how many of those
    /// for the background.
    log: Vec<u64>,
}

/// In the store: a list of numbers, the log's behind the others.
impl ToJson for Budget {
    fn to_json(&self) -> Value {
        let head = [self.max, self.interval, self.total, self.blocked, self.left, self.daily, self.day_ends];
        [&head, self.log.as_slice()].concat().to_json()
    }
}

impl Json for Budget {
    fn read(value: Value, ok: &mut bool) -> Self {
        let numbers: Vec<u64> = Json::read(value, ok);
        let [max, interval, total, blocked, left, daily, day_ends, log @ ..] = numbers.as_slice() else {
            *ok = false;
            return Self::default();
        };
        let [max, interval, total, blocked, left, daily, day_ends] =
            [max, interval, total, blocked, left, daily, day_ends].map(|n| *n);
        Self { max, interval, total, blocked, left, daily, day_ends, log: log.to_vec() }
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Somebody waits for the answer.
    Person,
    /// Nobody does: at most so many percent of the rate.
    Background(u64),
}

impl Budget {
    /// A budget of `max` requests in `interval` milliseconds, until the service says otherwise.
    pub fn new(max: u64, interval: u64) -> Self {
        Self { max, interval, ..Self::default() }
    }

    /// Requests in one interval.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The interval in milliseconds.
    pub fn interval(&self) -> u64 {
        self.interval
    }

    /// How many requests may go now.
    pub fn free(&self, now: u64, class: Class) -> u64 {
        let (all, background) = self.counted(now);
        if self.is_blocked(now) { 0 } else { self.room(class, all, background) }
    }

    /// How many may go with so many counted.
    fn room(&self, class: Class, all: u64, background: u64) -> u64 {
        let room = self.max.saturating_sub(all);
        match class {
            Class::Person => room,
            Class::Background(_) => room.min(self.limit(class).saturating_sub(background)),
        }
    }

    fn limit(&self, class: Class) -> u64 {
        match class {
            Class::Person => self.max,
            Class::Background(percent) => (self.max * percent / 100).max(1),
        }
    }

    /// The earliest moment at which one request may go after `ahead` others, as far as is known now.
    pub fn free_at(&self, now: u64, ahead: u64, class: Class) -> u64 {
        let limit = self.limit(class);
        // What comes after a whole interval's worth of others waits for whole intervals.
        let (rounds, needed) = (ahead / limit, ahead % limit + 1);
        let (mut all, mut background) = self.counted(now);
        let mut at = now;
        for (end, n, of_background) in self.groups() {
            if !self.counts(end, now) {
                continue;
            }
            if self.room(class, all, background) >= needed {
                break;
            }
            all -= n;
            background -= of_background;
            at = end + self.interval;
        }
        at.max(self.blocked) + rounds * (self.interval + self.interval / LATENESS)
    }

    /// Whether the service asked to wait.
    pub fn is_blocked(&self, now: u64) -> bool {
        now < self.blocked
    }

    /// Grants `n` requests, to be sent within `valid` milliseconds. Gives the name of their group, for [`Told::answered`].
    pub fn grant(&mut self, now: u64, n: u64, class: Class, valid: u64) -> u64 {
        self.total += n;
        self.note(now + valid + self.interval / LATENESS, n, if class == Class::Person { 0 } else { n })
    }

    fn note(&mut self, end: u64, n: u64, of_background: u64) -> u64 {
        let end = end.next_multiple_of((self.interval / GRAIN).max(1));
        let at = self.groups().take_while(|(other, ..)| *other < end).count() * 3;
        match self.log.get_mut(at..at + 3) {
            Some([same, all, background]) if *same == end => {
                *all += n;
                *background += of_background;
            }
            _ => {
                for number in [of_background, n, end] {
                    self.log.insert(at, number);
                }
            }
        }
        end
    }

    /// A request of the group `end` was answered: it had arrived by then.
    fn answered(&mut self, end: u64, at: u64) {
        for group in self.log.as_chunks_mut::<3>().0 {
            let [same, all, background] = group;
            if *same == end && *all > 0 {
                *all -= 1;
                let of_background = 1.min(*background);
                *background -= of_background;
                self.note(at, 1, of_background);
                return;
            }
        }
    }

    /// How many grants no longer count. A request remembers it, for [`Told::used`].
    pub fn expired(&self, now: u64) -> u64 {
        self.total - self.counted(now).0
    }

    /// Takes in what the service said, and forgets what no longer counts.
    pub fn hear(&mut self, now: u64, told: &Told) {
        if told.max > 0 {
            self.max = told.max;
        }
        if told.interval > 0 {
            self.interval = told.interval;
        }
        self.blocked = self.blocked.max(told.blocked);
        if let Some(left) = told.left {
            (self.left, self.daily, self.day_ends) = (left, told.daily, told.day_ends);
        }
        for (group, at) in &told.answered {
            self.answered(*group, *at);
        }
        let over = self.groups().take_while(|(end, ..)| !self.counts(*end, now)).count();
        self.log.drain(..over * 3);
        // The service counted more than was granted here: somebody else uses the same token.
        if told.used > self.total {
            self.note(now, told.used - self.total, 0);
            self.total = told.used;
        }
    }

    /// Until when the day's quota holds a request back.
    pub fn exhausted(&self, now: u64, class: Class) -> Option<u64> {
        let kept = if class == Class::Person { 0 } else { self.daily / KEPT };
        (self.left <= kept && now < self.day_ends).then_some(self.day_ends)
    }

    fn groups(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        self.log.as_chunks::<3>().0.iter().map(|[end, n, of_background]| (*end, *n, *of_background))
    }

    fn counts(&self, end: u64, now: u64) -> bool {
        end + self.interval > now
    }

    /// What counts now: all, and of that the background's.
    fn counted(&self, now: u64) -> (u64, u64) {
        let counting = self.groups().filter(|(end, ..)| self.counts(*end, now));
        counting.fold((0, 0), |(all, background), (_, n, b)| (all + n, background + b))
    }
}

#[cfg(test)]
#[path = "budget/tests.rs"]
mod tests;
