//! Event -> plan. Pure: no I/O, no clock of its own, no HTTP.

mod check;
mod clocks;
mod condition;
mod content;
mod manner;
mod payments;
mod person;
mod plan;
mod playbook;
mod settings;
mod template;
mod transition;
mod write;

pub(crate) use check::{expand, wrong_condition, zones};
pub use clocks::Clocks;
pub(crate) use clocks::LOCATION;
pub(crate) use condition::holds;
pub use manner::{Manner, plan_history};
pub use payments::{Back, Payment, Returned};
pub(crate) use person::is_unsubscribed;
pub use person::{HistoryLine, ItemState, OpenTask, OrderState, Person, Purpose, dates};
pub(crate) use plan::UPGRADE;
pub use plan::{Action, Change, Circumstances, Known, Plan, Snapshot, Step, describe, plan};
pub use playbook::{Later, Playbook};
pub use settings::{Mapping, Notes, TestOrders};
pub(crate) use template::as_text;
pub use transition::{Outcome, Signal, State, signal, transition};
pub(crate) use write::is_after_tags;

#[cfg(test)]
mod rules_tests;
#[cfg(test)]
mod tests;
