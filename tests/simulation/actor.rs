//! A process that sends or works: one task at a time, one effect at a time, each at its own moment.

use std::collections::VecDeque;

use ghl_digistore24::effects::{Answer, Effect, Outgoing, Step, StepInput, Task, Write};
use ghl_digistore24::json::{Value, parse};
use ghl_digistore24::plugin::Plugin;

use super::shop::Delivery;
use super::support::{Rng, World};

pub struct Actor {
    plugin: Plugin,
    task: Option<Task>,
    effects: VecDeque<Outgoing>,
    answers: Vec<Answer>,
    /// What it is to deliver, until that is safe.
    pub delivery: Option<Delivery>,
    /// When it goes on.
    pub ready_at: u64,
    /// By how many milliseconds its clock is ahead of the store's.
    skew: i64,
}

/// What one turn came to.
pub enum Turn {
    Goes,
    Died,
    Done(Value),
    Failed(Value),
}

impl Actor {
    pub fn new(plugin: &dyn Fn() -> Plugin, skew: i64) -> Self {
        let (effects, answers) = Default::default();
        Self { plugin: plugin(), task: None, effects, answers, delivery: None, ready_at: 0, skew }
    }

    /// Another process in its place: it knows what the store knows.
    pub fn restart(&mut self, plugin: &dyn Fn() -> Plugin) {
        *self = Self { delivery: self.delivery, ready_at: self.ready_at, ..Self::new(plugin, self.skew) };
    }

    pub fn is_idle(&self) -> bool {
        self.task.is_none()
    }

    pub fn start(&mut self, method: &str, args: &str, body: Vec<u8>) {
        self.task = Some(self.plugin.start(method, args, body));
    }

    /// One step of the task, or one of its effects.
    pub fn turn(&mut self, world: &mut World, rng: &mut Rng) -> Turn {
        let Some(Outgoing { id, effect }) = self.effects.pop_front() else {
            let answers = std::mem::take(&mut self.answers);
            let step = self.task.as_mut().unwrap().step(StepInput {
                now: world.now.saturating_add_signed(self.skew),
                seed: rng.below(1 << 32) as u32,
                answers,
            });
            let end = match step {
                Step::Effects(effects) => {
                    self.effects = effects.into();
                    return Turn::Goes;
                }
                Step::Done(text) => Turn::Done(parse(&text).unwrap()),
                Step::Failed(error) => Turn::Failed(error.to_json()),
            };
            self.task = None;
            return end;
        };
        if rng.chance(world.faults.crash) {
            world.die(effect, rng);
            return Turn::Died;
        }
        if world.faults.crash > 0 && rng.chance(2) && may_sleep(&effect) {
            // It sleeps for minutes, and wakes up when another has taken over.
            self.effects.push_front(Outgoing { id, effect });
            self.ready_at = world.now + 60_000 + rng.below(600_000);
            return Turn::Goes;
        }
        let (result, took) = world.perform(effect, rng);
        self.answers.extend(result.map(|result| Answer { id, result }));
        self.ready_at = world.now + took;
        Turn::Goes
    }
}

/// A commit under a lease, after which nothing is sent before another one.
fn may_sleep(effect: &Effect) -> bool {
    let Effect::Commit { writes } = effect else { return false };
    let sends = |write: &Write| {
        let work = write.value.as_deref().filter(|_| write.key.contains("/work/")).and_then(parse).unwrap_or_default();
        work["progress"].as_array().is_some_and(|steps| steps.iter().any(Value::is_number))
    };
    writes.iter().any(|w| w.key.contains("/lease/")) && !writes.iter().any(sends)
}
