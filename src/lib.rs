//! Joins Digistore24 (where people sell) to HighLevel, "GHL" (the CRM where they follow up).
//!
//! Data flows one way: bytes -> event -> plan -> effects. The rooms, each knowing only those above it:
//!
//! - [`error`]: what can go wrong, as data.
//! - [`json`]: records as JSON.
//! - [`text`]: words as both services compare them.
//! - [`effects`]: the one handle through which the core asks its host for HTTP, time, storage and logging.
//! - [`catalog`]: what can be done; lookup and validation. Knows nobody.
//! - [`http`]: requests, responses and the decision to try again, as values. Knows nobody.
//! - [`clock`]: calendar arithmetic, Berlin wall-clock time.
//! - [`grant`]: a credential that may change.
//! - [`highlevel`], [`digistore24`]: how each service is spoken to.
//! - [`events`]: webhooks as events, for builders. Pure.
//! - [`connection`]: whose accounts.
//! - [`scope`]: names in the store.
//! - `lease`: the right to write, held in the store.
//! - [`client`]: one call: validate, encode, send, decode.
//! - [`mapping`]: event -> plan. Pure.
//! - `routes`: which location an order belongs to.
//! - [`sync`]: plan -> effects, exactly once.
//! - [`paging`]: how lists are read.
//! - [`pages`]: a list page by page. Pure.
//! - [`auth`]: authorisations and keys: connecting, changing, telling.
//! - [`poll`]: what is new in a list since the last time.
//! - [`bridge`]: actions for people, each of several calls.
//! - [`check`]: is all set right?
//! - `receive`: webhooks of both services: checked, stored, answered. `install`: the connection that sends them.
//! - [`plugin`]: the one façade that every binding exposes.
//! - [`bindings`]: JavaScript, components. No logic.

pub mod auth;
pub mod bindings;
pub mod bridge;
pub mod catalog;
pub mod check;
pub mod client;
pub mod clock;
pub mod connection;
pub mod digistore24;
pub mod effects;
pub mod error;
pub mod events;
pub mod grant;
pub mod highlevel;
pub mod http;
mod install;
pub mod json;
mod lease;
pub mod mapping;
pub mod pages;
pub mod paging;
pub mod plugin;
pub mod poll;
mod receive;
mod routes;
pub mod scope;
pub mod sync;
pub mod text;
