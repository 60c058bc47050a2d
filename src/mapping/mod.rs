//! Event -> plan. Pure: no I/O, no clock of its own, no HTTP.

mod content;
mod manner;
mod person;
mod plan;
mod settings;
mod transition;

pub use manner::{Manner, plan_history};
pub use person::{HistoryLine, ItemState, OpenTask, OrderState, Payment, Person, Purpose, Returned};
pub use plan::{Action, Change, Known, Plan, Snapshot, Step, describe, plan};
pub use settings::{Mapping, Notes, Tasks, TestOrders};
pub use transition::{Outcome, Signal, State, signal, transition};

#[cfg(test)]
mod tests;
