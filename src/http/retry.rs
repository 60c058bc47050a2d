//! Whether and when to try again: a pure decision.

use super::Failure;

/// How patient a call is. Times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all, the first included.
    pub attempts: u32,
    /// The first pause; doubled each time.
    pub base_ms: u64,
    /// The longest pause.
    pub cap_ms: u64,
    /// No new try starts after this much time since the first.
    pub deadline_ms: u64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 4, base_ms: 500, cap_ms: 15_000, deadline_ms: 60_000 }
    }
}

/// What became of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The service answered with this status, and perhaps said how long to wait.
    Answered {
        /// HTTP status.
        status: u16,
        /// From `Retry-After` or the rate headers.
        wait_ms: Option<u64>,
    },
    /// No answer.
    Failed(Failure),
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// This is the result.
    Stop,
    /// Try again after so many milliseconds.
    After(u64),
}

/// Decides after try number `attempt` (from 1), `elapsed_ms` after the first one began.
///
/// `repeatable` says that a second execution changes nothing. Where it is false, only a request that certainly was not
/// carried out (refused connection, 429) is repeated. The pause is exponential with full jitter; `random` is any u32.
pub fn retry(
    policy: &RetryPolicy,
    repeatable: bool,
    attempt: u32,
    elapsed_ms: u64,
    outcome: Outcome,
    random: u32,
) -> Decision {
    let (again, told) = match outcome {
        Outcome::Answered { status: 429, wait_ms } => (true, wait_ms),
        Outcome::Answered { status: 500..=599, wait_ms } => (repeatable, wait_ms),
        Outcome::Answered { .. } | Outcome::Failed(Failure::Cancelled | Failure::Oversize) => (false, None),
        Outcome::Failed(Failure::Refused) => (true, None),
        Outcome::Failed(Failure::Timeout | Failure::Lost) => (repeatable, None),
    };
    if !again || attempt >= policy.attempts {
        return Decision::Stop;
    }
    let ceiling = policy.base_ms.saturating_mul(1 << attempt.saturating_sub(1).min(20)).min(policy.cap_ms);
    let jitter = u64::from(random) * ceiling / u64::from(u32::MAX);
    let pause = told.map_or(jitter, |ms| ms.saturating_add(jitter / 4));
    if elapsed_ms.saturating_add(pause) > policy.deadline_ms { Decision::Stop } else { Decision::After(pause) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy { attempts: 4, base_ms: 100, cap_ms: 1_000, deadline_ms: 10_000 };

    fn after(repeatable: bool, attempt: u32, elapsed: u64, outcome: Outcome) -> Decision {
        retry(&POLICY, repeatable, attempt, elapsed, outcome, u32::MAX)
    }

    #[test]
    fn a_write_of_unknown_outcome_is_never_repeated() {
        for failure in [Failure::Timeout, Failure::Lost, Failure::Cancelled] {
            assert_eq!(after(false, 1, 0, Outcome::Failed(failure)), Decision::Stop);
        }
        assert_eq!(after(false, 1, 0, Outcome::Answered { status: 502, wait_ms: None }), Decision::Stop);
    }

    #[test]
    fn what_was_not_carried_out_is_repeated_even_for_a_write() {
        assert_eq!(after(false, 1, 0, Outcome::Failed(Failure::Refused)), Decision::After(100));
        assert_eq!(after(false, 1, 0, Outcome::Answered { status: 429, wait_ms: Some(3_000) }), Decision::After(3_025));
    }

    #[test]
    fn pauses_double_up_to_the_cap_and_stop_at_the_limits() {
        let lost = Outcome::Failed(Failure::Lost);
        assert_eq!(after(true, 2, 0, lost), Decision::After(200));
        assert_eq!(after(true, 3, 0, lost), Decision::After(400));
        assert_eq!(after(true, 4, 0, lost), Decision::Stop);
        assert_eq!(after(true, 1, 9_950, lost), Decision::Stop);
        assert_eq!(retry(&POLICY, true, 1, 0, lost, 0), Decision::After(0));
    }

    #[test]
    fn a_final_answer_is_final() {
        assert_eq!(after(true, 1, 0, Outcome::Failed(Failure::Oversize)), Decision::Stop);
        for status in [200, 201, 301, 400, 401, 404, 422] {
            assert_eq!(after(true, 1, 0, Outcome::Answered { status, wait_ms: None }), Decision::Stop);
        }
    }
}
