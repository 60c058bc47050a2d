//! What a plugin remembers from one task to the next. Nothing in here is a durable fact: an instance that starts anew
//! learns it again.

/// Shared by all tasks of one plugin.
#[derive(Debug, Default)]
pub struct Memory {}
