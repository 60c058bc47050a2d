use super::*;
use proptest::prelude::*;

const MAX: u64 = 100;
const INTERVAL: u64 = 10_000;
const PEOPLE: Class = Class::Person;
const HALF: Class = Class::Background(50);

fn budget() -> Budget {
    Budget::new(MAX, INTERVAL)
}

/// A small generator, so that a seed tells the whole schedule.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n.max(1)
    }
}

/// When requests arrive at the service, in order. Some processes take slices of one budget whenever there is room, use
/// them at any moment while they are valid, and lose some. A request is up to 500 ms under way, now and then three
/// seconds, and its answer as long.
fn arrivals(seed: u64, processes: u64, pause: u64, until: u64) -> Vec<u64> {
    let mut dice = Dice(seed | 1);
    let mut budget = budget();
    let mut next: Vec<u64> = (0..processes).map(|_| dice.below(pause)).collect();
    let mut arrived = Vec::new();
    let mut answers: Vec<(u64, u64)> = Vec::new();
    while let Some(process) = (0..next.len()).min_by_key(|i| next[*i]).filter(|i| next[*i] < until) {
        let now = next[process];
        let class = if process % 2 == 0 { PEOPLE } else { HALF };
        let answered = answers.extract_if(.., |(_, at)| *at <= now).collect();
        budget.hear(now, &Told { answered, ..Told::default() });
        let n = budget.free(now, class).min(1 + dice.below(10));
        let valid = [0, 200, 2_000][dice.below(3) as usize];
        let group = budget.grant(now, n, class, valid);
        for _ in 0..n {
            if dice.below(10) > 0 {
                let way = if dice.below(9) == 0 { 3_000 } else { 501 };
                let at = now + dice.below(valid + 1) + dice.below(way);
                arrived.push(at);
                answers.push((group, at + dice.below(500)));
            }
        }
        next[process] = if n > 0 { now + 1 + dice.below(pause) } else { budget.free_at(now, 0, class).max(now + 1) };
    }
    arrived.sort_unstable();
    arrived
}

/// The most that arrive in any half-open window of one interval, wherever it begins.
fn worst(arrived: &[u64]) -> usize {
    let begins = |i: usize| arrived.partition_point(|at| *at <= arrived[i].saturating_sub(INTERVAL));
    (0..arrived.len()).map(|i| i + 1 - begins(i)).max().unwrap_or_default()
}

/// The same for windows that follow one another from a moment on.
fn worst_fixed(arrived: &[u64], phase: u64) -> usize {
    let mut counts = std::collections::BTreeMap::new();
    for at in arrived {
        *counts.entry((at + phase) / INTERVAL).or_insert(0_usize) += 1;
    }
    counts.into_values().max().unwrap_or_default()
}

proptest! {
    #[test]
    fn no_window_of_the_service_ever_holds_more_than_allowed(
        seed: u64, processes in 1_u64..4, pause in 1_u64..2_000, phase in 0..INTERVAL,
    ) {
        let arrived = arrivals(seed, processes, pause, 60_000);
        prop_assert!(worst(&arrived) <= MAX as usize, "{}", worst(&arrived));
        prop_assert!(worst_fixed(&arrived, phase) <= MAX as usize);
    }

    #[test]
    fn when_it_says_that_a_request_may_go_it_may(seed: u64, ahead in 0_u64..250, pause in 1_u64..500) {
        let mut dice = Dice(seed | 1);
        let mut budget = budget();
        let mut now = 1_000_000;
        for _ in 0..200 {
            now += dice.below(pause);
            let class = if dice.below(2) == 0 { PEOPLE } else { HALF };
            let n = budget.free(now, class).min(dice.below(20));
            budget.grant(now, n, class, dice.below(300));
        }
        for class in [PEOPLE, HALF] {
            let at = budget.free_at(now, ahead, class);
            if ahead < budget.limit(class) {
                prop_assert!(budget.free(at, class) > ahead);
                prop_assert!(at == now || budget.free(at - 1, class) <= ahead, "not later than needed");
            } else {
                prop_assert!(at >= now + INTERVAL);
            }
        }
    }
}

#[test]
fn under_steady_demand_it_gives_at_least_95_percent_of_the_rate() {
    let mut budget = budget();
    let (mut now, mut granted) = (0, 0);
    // Answers take 300 ms.
    let mut answers: Vec<(u64, u64)> = Vec::new();
    while now < 100 * INTERVAL {
        let answered = answers.extract_if(.., |(_, at)| *at <= now).collect();
        budget.hear(now, &Told { answered, ..Told::default() });
        let n = budget.free(now, PEOPLE).min(7);
        let group = budget.grant(now, n, PEOPLE, 2_000);
        answers.extend((0..n).map(|_| (group, now + 300)));
        granted += n;
        now += 20;
    }
    let allowed = MAX * 100;
    assert!((granted - MAX) * 100 >= allowed * 95, "{granted} of {allowed}");
}

#[test]
fn the_background_takes_its_share_and_leaves_the_rest() {
    let mut budget = budget();
    assert_eq!(budget.free(0, HALF), 50);
    budget.grant(0, 50, HALF, 0);
    assert_eq!((budget.free(0, HALF), budget.free(0, PEOPLE)), (0, 50));
    budget.grant(0, 50, PEOPLE, 0);
    assert_eq!(budget.free(0, PEOPLE), 0);
    assert_eq!(budget.free(10_499, PEOPLE), 0);
    assert_eq!((budget.free(10_500, PEOPLE), budget.free(10_500, HALF)), (100, 50));
    assert_eq!(budget.free(0, Class::Background(100)), 0);
    assert_eq!(Budget::new(3, INTERVAL).free(0, Class::Background(1)), 1, "never nothing");
}

#[test]
fn an_answer_tells_that_its_request_has_arrived() {
    let mut budget = budget();
    let group = budget.grant(0, 3, HALF, 2_000);
    budget.hear(100, &Told { answered: vec![(group, 100), (group, 100), (7, 100)], ..Told::default() });
    assert_eq!((budget.free(10_099, HALF), budget.free(10_100, HALF)), (47, 49));
    budget.hear(9_000, &Told { answered: vec![(group, 9_000)], ..Told::default() });
    assert_eq!((budget.free(18_999, PEOPLE), budget.free(19_000, PEOPLE)), (99, 100), "however late");
    assert_eq!(budget.expired(19_000), 3);
}

#[test]
fn what_others_use_counts() {
    let mut budget = budget();
    budget.grant(1_000, 10, PEOPLE, 0);
    let expired = budget.expired(1_000);
    assert_eq!(expired, 0);
    // The service counts 40, ten of which are ours.
    let told = Told { used: 40 + expired, ..Told::default() };
    budget.hear(1_100, &told);
    assert_eq!(budget.free(1_100, PEOPLE), 60);
    budget.hear(1_200, &told);
    assert_eq!(budget.free(1_200, PEOPLE), 60, "the same is not counted twice");
    assert_eq!(budget.free(11_525, PEOPLE), 100, "it is forgotten, too");
    // An answer that was long under way tells of requests that no longer count here.
    let late = Told { used: 40, ..Told::default() };
    budget.hear(30_000, &late);
    assert_eq!(budget.free(30_000, PEOPLE), 100);
}

#[test]
fn the_services_own_numbers_replace_the_published_ones() {
    let mut budget = budget();
    budget.grant(0, 20, PEOPLE, 0);
    budget.hear(10, &Told { max: 25, interval: 1_000, ..Told::default() });
    assert_eq!(budget.free(10, PEOPLE), 5);
    assert_eq!(budget.free(1_525, PEOPLE), 25, "what was granted before counts for the new interval only");
    budget.hear(2_000, &Told::default());
    assert_eq!(budget.free(2_000, PEOPLE), 25, "nothing said, nothing changed");
}

#[test]
fn nothing_goes_while_the_service_asks_to_wait() {
    let mut budget = budget();
    budget.hear(0, &Told { blocked: 7_000, ..Told::default() });
    budget.hear(1, &Told { blocked: 5_000, ..Told::default() });
    assert_eq!((budget.free(6_999, PEOPLE), budget.free_at(1, 0, PEOPLE)), (0, 7_000));
    assert_eq!(budget.free(7_000, PEOPLE), 100);
}

#[test]
fn a_fifth_of_the_days_quota_is_kept_from_the_background() {
    let mut budget = budget();
    let day = |left| Told { left: Some(left), daily: 1_000, day_ends: 9_000, ..Told::default() };
    budget.hear(0, &day(201));
    assert_eq!(budget.exhausted(0, HALF), None);
    budget.hear(0, &day(200));
    assert_eq!((budget.exhausted(0, HALF), budget.exhausted(0, PEOPLE)), (Some(9_000), None));
    budget.hear(1, &day(0));
    assert_eq!(budget.exhausted(1, PEOPLE), Some(9_000));
    assert_eq!(budget.exhausted(9_000, PEOPLE), None, "the next day");
    budget.hear(9_001, &day(1_000));
    assert_eq!(budget.exhausted(9_001, HALF), None);
}

#[test]
fn the_log_stays_short_and_survives_the_store() {
    use crate::json::{parse, text};
    let mut budget = Budget::new(1_000_000, INTERVAL);
    for now in 0..50_000 {
        budget.hear(now, &Told::default());
        budget.grant(now, 3, PEOPLE, 0);
    }
    assert!(budget.log.len() / 3 <= 430, "{}", budget.log.len() / 3);
    let read = parse(&text(&budget.to_json())).and_then(Budget::from_json);
    assert_eq!(read, Some(budget));
}
