//! Several processes on one store, step by step on a clock of its own.

use super::*;

const MAX: u64 = 100;
const INTERVAL: u64 = 10_000;
const KEY: &str = "default/place/budget/rate";
const PEOPLE: Class = Class::Person;
const HALF: Class = Class::Background(50);

#[derive(Default)]
struct Store {
    entry: Option<Entry>,
    operations: u64,
}

impl Store {
    fn commit(&mut self, write: Write) -> Option<u64> {
        self.operations += 1;
        let version = self.entry.as_ref().map_or(0, |e| e.version);
        (write.expect == Some(version)).then(|| {
            self.entry = Some(Entry { key: write.key, value: write.value.unwrap(), version: version + 1 });
            version + 1
        })
    }
}

/// A call that waits to be sent.
struct Caller<'a> {
    place: Option<Place<'a>>,
    class: Class,
    process: usize,
    wakes: u64,
    is_taking: bool,
}

/// What became of the calls: the moments at which they were sent, by class.
struct Sent {
    people: Vec<u64>,
    background: Vec<u64>,
    operations: u64,
}

/// In each process, so many callers of each class call one after the other, with a pause between.
fn run(processes: usize, people: usize, background: usize, pause: u64, until: u64, is_alone: bool) -> Sent {
    let pools: Vec<_> = (0..processes).map(|_| RefCell::new(Pool::new(Budget::new(MAX, INTERVAL), is_alone))).collect();
    let mut store = Store::default();
    let mut callers = Vec::new();
    for (process, _) in pools.iter().enumerate() {
        for i in 0..people + background {
            let class = if i < people { PEOPLE } else { HALF };
            callers.push(Caller { place: None, class, process, wakes: 1_000 + i as u64, is_taking: false });
        }
    }
    let mut sent = Sent { people: Vec::new(), background: Vec::new(), operations: 0 };
    let mut random = 7_u64;
    while let Some(i) = (0..callers.len()).min_by_key(|i| callers[*i].wakes) {
        let caller = &mut callers[i];
        let now = caller.wakes;
        if now > until {
            break;
        }
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let jitter = random >> 62;
        let pool = &pools[caller.process];
        let place = caller.place.get_or_insert_with(|| Place::new(pool, caller.class));
        let next = pool.borrow_mut().next(now, place, &mut caller.is_taking, KEY);
        match next {
            Next::Go(ticket) => {
                caller.place = None;
                // Its answer comes at once.
                pool.borrow_mut().hear(now, &Told { answered: vec![(ticket.group, now)], ..Told::default() });
                caller.wakes = now + pause + jitter;
                if caller.class == PEOPLE { &mut sent.people } else { &mut sent.background }.push(now);
            }
            Next::Wait(at) => caller.wakes = at.min(now + 1_000) + jitter,
            Next::Read => {
                store.operations += 1;
                pool.borrow_mut().read(store.entry.as_ref(), now + 1, now + 1);
                caller.wakes = now + 1;
            }
            Next::Write(draft, write) => {
                let version = store.commit(write);
                let mut pool = pool.borrow_mut();
                pool.settle(*draft, version, caller.class, now + 2);
                pool.release(&mut caller.is_taking);
                caller.wakes = now + 2;
            }
            Next::Refuse(code, _) => panic!("{code:?}"),
        }
    }
    sent.operations = store.operations;
    sent
}

/// The most that are sent in any window of one interval.
fn worst(sent: &Sent) -> usize {
    let mut all = [sent.people.clone(), sent.background.clone()].concat();
    all.sort_unstable();
    let span = INTERVAL;
    (0..all.len()).map(|i| i + 1 - all.partition_point(|at| *at + span <= all[i])).max().unwrap_or_default()
}

/// Percent of the allowed rate, the first window's worth left out.
fn percent(count: usize, until: u64) -> u64 {
    (count as u64 - MAX) * 100 / (MAX * (until - 1_000) / INTERVAL - MAX)
}

#[test]
fn the_rate_is_kept_and_used_by_one_process_and_by_several() {
    for (processes, is_alone) in [(1, true), (1, false), (2, false), (3, false)] {
        let until = 301_000;
        let sent = run(processes, 40, 0, 20, until, is_alone);
        assert!(worst(&sent) <= MAX as usize, "{processes} processes: {}", worst(&sent));
        let percent = percent(sent.people.len(), until);
        assert!(percent >= 95, "{processes} processes (alone: {is_alone}): {percent} % of the rate");
        assert_eq!(is_alone, sent.operations == 0);
        assert!(sent.operations < sent.people.len() as u64, "{processes}: {} operations", sent.operations);
    }
}

#[test]
fn people_never_wait_behind_the_background() {
    for processes in [1, 2] {
        // Two people in each process call ten times in an interval: far from the rate. The background takes all it can get.
        let until = 201_000;
        let sent = run(processes, 2, 30, 2_000, until, false);
        let expected = processes as u64 * 2 * (until - 1_000) / 2_000;
        let people = sent.people.len() as u64;
        assert!(people * 100 >= expected * 98, "{people} of {expected} calls of people");
        let background = sent.background.len() as u64;
        assert!(background * 100 >= 50 * (until - 1_000) / INTERVAL * 93, "{background} in the background");
        assert!(worst(&sent) <= MAX as usize);
    }
}

#[test]
fn the_background_stands_back_while_people_wait() {
    let sent = run(1, 60, 20, 5, 101_000, true);
    let late = |all: &[u64]| all.iter().filter(|at| **at > 12_000).count();
    assert!(late(&sent.people) > 20 * late(&sent.background), "{} {}", late(&sent.people), late(&sent.background));
}

#[test]
fn calls_now_and_then_share_what_they_take_from_the_store() {
    for pause in [50, 200, 500] {
        let until = 8_000;
        let sent = run(1, 1, 0, pause, until, false);
        let calls = sent.people.len() as u64;
        assert!(calls * 100 >= 90 * (until - 1_000) / pause.max(70), "every {pause} ms: {calls} calls");
        assert!(sent.operations * 2 < calls + 10, "every {pause} ms: {} operations for {calls} calls", sent.operations);
    }
    // What is taken is used: the next process finds the rest.
    let sent = run(2, 1, 0, 250, 61_000, false);
    assert!(sent.people.len() as u64 * 100 >= 95 * 2 * 60_000 / 250, "{}", sent.people.len());
}

#[test]
fn those_who_give_up_leave_the_queue() {
    let pool = RefCell::new(Pool::new(Budget::new(1, INTERVAL), true));
    let mut taking = false;
    let mut places: Vec<_> = (0..4).map(|_| Place::new(&pool, PEOPLE)).collect();
    let waits: Vec<_> = places
        .iter_mut()
        .map(|place| match pool.borrow_mut().next(1_000, place, &mut taking, KEY) {
            Next::Wait(at) => at,
            _ => 0,
        })
        .collect();
    assert_eq!(waits, [0, 11_500, 22_000, 32_500], "in order");
    places.remove(1);
    let again = pool.borrow_mut().next(1_001, &mut places[1], &mut taking, KEY);
    assert!(matches!(again, Next::Wait(11_500)), "the next one moves up: {again:?}");
}

#[test]
fn a_task_that_was_dropped_while_it_took_permits_blocks_nobody_for_long() {
    let pool = RefCell::new(Pool::new(Budget::new(MAX, INTERVAL), false));
    let (mut first, mut second) = (Place::new(&pool, PEOPLE), Place::new(&pool, PEOPLE));
    let (mut takes, mut other) = (false, false);
    assert!(matches!(pool.borrow_mut().next(1_000, &mut first, &mut takes, KEY), Next::Read));
    drop(first);
    assert!(matches!(pool.borrow_mut().next(1_001, &mut second, &mut other, KEY), Next::Wait(1_005)));
    assert!(matches!(pool.borrow_mut().next(3_000, &mut second, &mut other, KEY), Next::Read));
}

#[test]
fn a_refusal_is_told_to_the_other_processes() {
    let mut store = Store::default();
    let pool = RefCell::new(Pool::new(Budget::new(MAX, INTERVAL), false));
    pool.borrow_mut().read(None, 1_000, 1_000);
    pool.borrow_mut().hear(1_000, &Told { blocked: 9_000, ..Told::default() });
    let (mut place, mut taking) = (Place::new(&pool, PEOPLE), false);
    let Next::Write(draft, write) = pool.borrow_mut().next(1_000, &mut place, &mut taking, KEY) else { panic!() };
    let version = store.commit(write);
    pool.borrow_mut().settle(*draft, version, PEOPLE, 1_001);
    assert!(matches!(pool.borrow_mut().next(1_001, &mut place, &mut taking, KEY), Next::Wait(9_000)));
    let other = RefCell::new(Pool::new(Budget::new(MAX, INTERVAL), false));
    other.borrow_mut().read(store.entry.as_ref(), 1_002, 1_002);
    let mut place = Place::new(&other, PEOPLE);
    assert!(matches!(other.borrow_mut().next(1_002, &mut place, &mut false, KEY), Next::Wait(9_000)));
}

#[test]
fn when_the_store_fails_the_process_counts_alone_and_comes_back() {
    let pool = RefCell::new(Pool::new(Budget::new(MAX, INTERVAL), false));
    pool.borrow_mut().alone(1_000);
    let go = |now| {
        let mut place = Place::new(&pool, PEOPLE);
        pool.borrow_mut().next(now, &mut place, &mut false, KEY)
    };
    assert!(matches!(go(1_500), Next::Go(_)));
    assert!(matches!(go(2_000), Next::Read));
}
