//! What a plugin remembers from one task to the next. Nothing in here is a durable fact: an instance that starts anew
//! learns it again.

use super::credentials::Known;

/// Shared by all tasks of one plugin.
#[derive(Debug, Default)]
pub struct Memory {
    /// The credentials as they were last read.
    pub(super) credentials: Known,
}
