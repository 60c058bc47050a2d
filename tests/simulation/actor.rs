//! A process that sends or works: one task at a time, one effect at a time, each at its own moment.

use std::collections::VecDeque;

use ghl_digistore24::effects::{Answer, Effect, Outgoing, Step, StepInput, Task};
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
}

/// What one turn came to.
pub enum Turn {
    Goes,
    Died,
    Done(Value),
    Failed(Value),
}

impl Actor {
    pub fn new(plugin: &dyn Fn() -> Plugin) -> Self {
        let (effects, answers) = Default::default();
        Self { plugin: plugin(), task: None, effects, answers, delivery: None, ready_at: 0 }
    }

    /// Another process in its place: it knows what the store knows.
    pub fn restart(&mut self, plugin: &dyn Fn() -> Plugin) {
        *self = Self { delivery: self.delivery, ready_at: self.ready_at, ..Self::new(plugin) };
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
                now: world.now,
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
        if is_release(&effect) && world.faults.crash > 0 && rng.chance(5) {
            // It sleeps for minutes before it gives its lease back, and wakes up when another has taken over.
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

fn is_release(effect: &Effect) -> bool {
    matches!(effect, Effect::Commit { writes } if writes.iter().any(|w| w.key.contains("/lease/") && w.value.is_none()))
}
