//! Names in the store. Every key starts with its scope, `connection/location`: what belongs together is written together.

/// `connection/location`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(String);

impl Scope {
    /// The scope of a location within a connection.
    pub fn new(connection: &str, location: &str) -> Self {
        Self(format!("{connection}/{location}"))
    }

    /// `connection/location/room/name`.
    pub(crate) fn key(&self, room: &str, name: &str) -> String {
        format!("{}/{room}/{name}", self.0)
    }
}
