//! What an answer says about the rate, the day's quota, and how long to wait.

use super::Response;
use crate::clock::parse_http;

/// A moment in milliseconds is above it, a duration below.
const MOMENT: u64 = 100_000_000_000;
/// Where nobody says when the day begins anew, one request in an hour may find out.
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// What HighLevel's rate headers say. Zero where they are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// `X-RateLimit-Max`: requests in one interval.
    pub max: u64,
    /// `X-RateLimit-Interval-Milliseconds`.
    pub interval: u64,
    /// By `X-RateLimit-Remaining`: what the service counts in its window, and all that no longer counted when the request
    /// was sent. Comparable with all that was ever granted.
    pub used: u64,
    /// Nothing is to go before this moment.
    pub blocked: u64,
    /// `X-RateLimit-Daily-Remaining`; zero means something else than nothing.
    pub left: Option<u64>,
    /// `X-RateLimit-Limit-Daily`.
    pub daily: u64,
    /// `X-RateLimit-Daily-Reset` as a moment; without it the end of the UTC day, or an hour where that is earlier.
    pub day_ends: u64,
    /// Requests that have come back: the group of their grant, and when.
    pub answered: Vec<(u64, u64)>,
}

impl Told {
    /// Reads an answer. `expired`: see [`Told::used`].
    pub fn read(response: &Response, now: u64, expired: u64) -> Self {
        let number = |name: &str| response.number(name).unwrap_or_default();
        let max = number("x-ratelimit-max");
        let remaining = response.number("x-ratelimit-remaining").unwrap_or(max);
        let reset = number("x-ratelimit-daily-reset");
        Self {
            max,
            interval: number("x-ratelimit-interval-milliseconds"),
            used: max.saturating_sub(remaining) + expired,
            blocked: 0,
            left: response.number("x-ratelimit-daily-remaining"),
            daily: number("x-ratelimit-limit-daily"),
            day_ends: match reset {
                0 => (now + HOUR_MS).min((now / DAY_MS + 1) * DAY_MS),
                moment if moment > MOMENT => moment,
                wait => now + wait,
            },
            answered: Vec::new(),
        }
    }

    /// Takes in what was told later.
    pub fn add(&mut self, later: &Self) {
        let mut before = std::mem::replace(self, later.clone());
        before.answered.append(&mut self.answered);
        self.answered = before.answered;
        self.used = self.used.max(before.used);
        self.blocked = self.blocked.max(before.blocked);
        if self.left.is_none() {
            (self.left, self.daily, self.day_ends) = (before.left, before.daily, before.day_ends);
        }
        if self.max == 0 {
            (self.max, self.interval) = (before.max, before.interval);
        }
    }
}

/// How long the service asks to wait, in milliseconds: `Retry-After` as seconds or as a time (compared with the service's
/// own clock where it tells it), else the interval of a full window.
pub fn wait_of(response: &Response, now: u64) -> Option<u64> {
    let after = response.header("retry-after").and_then(|text| {
        text.trim().parse::<u64>().ok().map(|seconds| seconds.saturating_mul(1000)).or_else(|| {
            let until = parse_http(text)?;
            let now = response.header("date").and_then(parse_http).unwrap_or((now / 1000) as i64);
            Some(u64::try_from(until - now).unwrap_or_default() * 1000)
        })
    });
    let window = || response.number("x-ratelimit-interval-milliseconds").filter(|_| response.status == 429);
    after.or_else(window)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { status, headers, body: String::new() }
    }

    #[test]
    fn retry_after_is_seconds_or_a_time_of_the_services_own_clock() {
        let wait = |headers: &[(&str, &str)]| wait_of(&answer(429, headers), 784_111_770_000);
        assert_eq!(wait(&[("Retry-After", "7")]), Some(7_000));
        assert_eq!(wait(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]), Some(7_000));
        let skewed = [("date", "Sun, 06 Nov 1994 08:49:35 GMT"), ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")];
        assert_eq!(wait(&skewed), Some(2_000));
        assert_eq!(wait(&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")]), Some(0), "it is over");
        assert_eq!(wait(&[("retry-after", "soon"), ("x-ratelimit-interval-milliseconds", "10000")]), Some(10_000));
        assert_eq!(wait(&[]), None);
        let window = [("x-ratelimit-interval-milliseconds", "10000")];
        assert_eq!(wait_of(&answer(503, &window), 0), None, "a full window is not why it failed");
    }

    #[test]
    fn the_day_ends_when_the_service_says_or_is_asked_again_within_the_hour() {
        let ends = |reset: &str, now| Told::read(&answer(200, &[("x-ratelimit-daily-reset", reset)]), now, 0).day_ends;
        assert_eq!(ends("5000", 1_000), 6_000);
        assert_eq!(ends("1800000000000", 1_000), 1_800_000_000_000);
        assert_eq!(ends("", 5 * DAY_MS + 1), 5 * DAY_MS + 1 + HOUR_MS);
        assert_eq!(ends("", 6 * DAY_MS - 1), 6 * DAY_MS);
    }
}
