//! Whether a service is down. While it is, nothing is sent; after a pause one request tries whether it is back. Pure.

/// So many failures in a row, none of them older than [`MEMORY_MS`], mean that the service is down.
const FAILURES: u32 = 10;
const MEMORY_MS: u64 = 60_000;
/// The first pause. Each probe that fails doubles it, up to the longest.
const PAUSE_MS: u64 = 5_000;
const LONGEST_MS: u64 = 60_000;
/// A probe that hasn't come back by then is forgotten.
const PROBE_MS: u64 = 60_000;

/// How a service has been lately. Times in milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    last_failure: u64,
    /// 0: nothing is held back.
    open_until: u64,
    pause: u64,
    probe_until: u64,
}

impl Breaker {
    /// Lets a request pass, or says when to ask again.
    ///
    /// # Errors
    /// The moment.
    pub fn pass(&mut self, now: u64) -> Result<(), u64> {
        if self.open_until == 0 {
            return Ok(());
        }
        let closed_until = self.open_until.max(self.probe_until);
        if now < closed_until {
            return Err(closed_until);
        }
        self.probe_until = now + PROBE_MS;
        Ok(())
    }

    /// Notes how a request ended: `None` where its caller gave up. True where that opens or closes the circuit.
    pub fn note(&mut self, now: u64, is_failure: Option<bool>, random: u32) -> bool {
        let was_open = self.open_until != 0;
        let was_probe = self.probe_until > now;
        match is_failure {
            None => self.probe_until = 0,
            Some(false) => *self = Self::default(),
            Some(true) => {
                self.failures = if now.saturating_sub(self.last_failure) > MEMORY_MS { 1 } else { self.failures + 1 };
                self.last_failure = now;
                // What was under way when the circuit opened says nothing new.
                if (was_open && was_probe) || (!was_open && self.failures >= FAILURES) {
                    self.pause = (self.pause * 2).clamp(PAUSE_MS, LONGEST_MS);
                    // Half of it again at random, so that not all processes ask at once.
                    self.open_until = now + self.pause + u64::from(random) * (self.pause / 2) / u64::from(u32::MAX);
                    self.probe_until = 0;
                }
            }
        }
        was_open != (self.open_until != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        for i in 1..FAILURES {
            assert!(!breaker.note(1_000, Some(true), 0), "{i}");
            assert_eq!(breaker.pass(1_000), Ok(()));
        }
        assert!(breaker.note(1_000, Some(true), 0));
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_lets_one_probe_pass_after_the_pause() {
        let mut breaker = opened();
        assert_eq!(breaker.pass(5_999), Err(6_000));
        assert_eq!(breaker.pass(6_000), Ok(()));
        assert_eq!(breaker.pass(6_000), Err(66_000), "one probe is under way");
        assert!(breaker.note(6_100, Some(false), 0), "it is back");
        assert_eq!(breaker, Breaker::default());
    }

    #[test]
    fn a_probe_that_fails_doubles_the_pause_up_to_the_longest() {
        let mut breaker = opened();
        let mut now = 6_000;
        for pause in [10_000, 20_000, 40_000, 60_000, 60_000] {
            assert_eq!(breaker.pass(now), Ok(()));
            assert!(!breaker.note(now, Some(true), 0), "it was open before");
            assert_eq!(breaker.pass(now), Err(now + pause));
            now += pause;
        }
        breaker.pass(now).unwrap();
        breaker.note(now, Some(true), u32::MAX);
        assert_eq!(breaker.pass(now), Err(now + 90_000), "with all of the jitter");
    }

    #[test]
    fn requests_that_were_under_way_say_nothing_new() {
        let mut breaker = opened();
        assert!(!breaker.note(5_000, Some(true), 0));
        assert_eq!(breaker.pass(5_999), Err(6_000), "the pause is as long as it was");
    }

    #[test]
    fn an_answer_between_two_failures_or_a_long_time_starts_anew() {
        let mut breaker = Breaker::default();
        for i in 0..100 {
            breaker.note(1_000 + i, Some(i % 10 != 0), 0);
            assert_eq!(breaker.pass(1_000 + i), Ok(()));
        }
        for i in 1..100 {
            breaker.note(i * (MEMORY_MS + 2_000), Some(true), 0);
            assert_eq!(breaker.pass(i * (MEMORY_MS + 2_000)), Ok(()));
        }
    }

    #[test]
    fn a_probe_whose_caller_gave_up_makes_room_for_the_next() {
        let mut breaker = opened();
        breaker.pass(6_000).unwrap();
        breaker.note(6_001, None, 0);
        assert_eq!(breaker.pass(6_002), Ok(()));
    }
}
