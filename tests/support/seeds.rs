//! The seeds of a simulation, on all cores. `npm run simulate` chooses them; alone a test runs its own number of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Runs each seed once and gives what the threads have gathered. Every seed that fails is named; its panic is printed.
///
/// `SIMULATION_SEEDS` says how many, `SIMULATION_SEED` the first of them (alone: only this one), `SIMULATION_FAILURES` after
/// how many that fail it stops (3).
pub fn each<T: Default + Send>(default: u64, run: impl Fn(u64, &mut T) + Sync) -> Vec<T> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("SIMULATION_SEED");
    let seeds = number("SIMULATION_SEEDS").unwrap_or(if first.is_some() { 1 } else { default });
    let start = first.unwrap_or(0);
    let enough = number("SIMULATION_FAILURES").unwrap_or(3);
    let (next, broken) = (AtomicU64::new(start), Mutex::new(Vec::new()));
    let began = Instant::now();
    let told = Mutex::new(began);
    let work = || {
        let mut gathered = T::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= start + seeds || broken.lock().unwrap().len() as u64 >= enough {
                return gathered;
            }
            if catch_unwind(AssertUnwindSafe(|| run(seed, &mut gathered))).is_err() {
                broken.lock().unwrap().push(seed);
            }
            let mut told = told.lock().unwrap();
            if told.elapsed() > Duration::from_secs(10) {
                *told = Instant::now();
                let done = seed - start + 1;
                println!("{done} of {seeds} seeds, {:.0} a second", done as f64 / began.elapsed().as_secs_f64());
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let gathered = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut broken = broken.into_inner().unwrap();
    broken.sort_unstable();
    assert!(broken.is_empty(), "`npm run simulate -- --seed n` repeats one of these: {broken:?}");
    println!("{seeds} seeds in {:.1} s", began.elapsed().as_secs_f64());
    gathered
}
