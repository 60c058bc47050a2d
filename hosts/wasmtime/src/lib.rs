//! An example host: runs the component of `ghl-digistore24` in wasmtime.
//!
//! `host.rs` drives calls by steps, `http.rs` sends requests, `storage.rs` has a store in memory. A real host has one that lasts.

mod host;
mod http;
mod storage;

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wit::exports::ghl_digistore24::plugin::effects::Reply;

pub use host::Host;
pub use storage::{Memory, Storage};

/// What the generator makes of the WIT.
#[allow(missing_docs, clippy::all, reason = "generated")]
pub mod wit {
    wasmtime::component::bindgen!({ path: "../../wit", world: "plugin" });
}

/// Milliseconds since 1970.
fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Waits.
fn slept(ms: u64) -> Reply {
    thread::sleep(Duration::from_millis(ms));
    Reply::Slept
}
