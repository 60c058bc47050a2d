//! What the sync does, against a world in memory. That it does it exactly once, whatever fails: `tests/simulation.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod history;
mod later;
mod messages;
mod person;
mod plans;
mod playbooks;
mod rules;
#[path = "../support/mod.rs"]
mod support;
mod wayback;
