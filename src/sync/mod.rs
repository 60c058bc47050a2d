//! Plan -> effects, exactly once.
//!
//! The fault model: a write takes effect at most `settle` after its request ended; within that, a service that repeats,
//! reorders or fails, a process that dies at any point and two workers with the same event lead to the same CRM. GHL has
//! no idempotency keys, so a ledger entry stands before and after every write, a write of unknown outcome is looked up by
//! its marker before it is tried again, and writes to one person are serialised by a lease in the store.

mod attempt;
#[cfg(not(feature = "fetch"))]
mod cleanup;
mod events;
mod execute;
mod fields;
mod forget;
#[cfg(not(feature = "fetch"))]
mod hear;
mod heard;
#[cfg(not(feature = "fetch"))]
mod history;
mod import;
mod inbox;
mod keys;
#[cfg_attr(feature = "fetch", allow(dead_code, reason = "the bare module hears nothing"))]
mod mirror;
mod names;
mod process;
mod reconcile;
mod recover;
mod request;
mod timeline;
mod work;

use crate::json::{Json, Value, parse};
use crate::{
    client::Client,
    digistore24::{self, Event, Params},
    effects::Effects,
    error::{Code, Error, Result},
    mapping::{Mapping, Person},
    routes::Routes,
    scope::Scope,
};

pub(crate) use fields::RELOAD_MS;
pub use fields::{CUSTOM_FIELDS, Setup};
pub use import::Import;
pub use inbox::Accepted;
pub(crate) use inbox::Arrival;
pub use process::{Call, Report, Tick};
pub use timeline::Whom;

/// Whom an order belongs to that somebody was to forget: nobody, and nobody is to be made of it again.
const FORGOTTEN: &str = "\"\"";

/// The sync of one location within one connection.
#[derive(Debug)]
pub struct Sync<'a> {
    pub(crate) effects: Effects,
    pub(crate) client: Client,
    pub(crate) mapping: &'a Mapping,
    pub(crate) scope: Scope,
    /// Which orders belong here.
    pub(crate) routes: &'a Routes,
    /// How long a write may take effect after its request ended, in milliseconds.
    pub(crate) settle_ms: u64,
    /// Events before this time are silent, milliseconds since 1970; `None`: two days before the first message.
    pub(crate) live_after: Option<u64>,
    /// How long finished messages are kept, in milliseconds.
    pub(crate) keep_ms: u64,
}

/// An event as `receive` gave it; its `raw` is what counts.
///
/// # Errors
/// `invalid_input` where that is missing.
pub fn params_of(event: &Value) -> Result<Params> {
    let raw = event
        .get("raw")
        .ok_or_else(|| Error::invalid_field("event.raw", "is required: pass an event as receive() gave it"))?;
    digistore24::parse_json(raw)
}

/// The operations of HighLevel that the sync calls, and whether only for custom fields.
const OPERATIONS: [(&str, bool); 17] = [
    ("ghl.contacts.getDuplicateContact", false),
    ("ghl.contacts.getContact", false),
    ("ghl.contacts.createContact", false),
    ("ghl.contacts.updateContact", false),
    ("ghl.contacts.getAllNotes", false),
    ("ghl.contacts.createNote", false),
    ("ghl.contacts.updateNote", false),
    ("ghl.contacts.getAllTasks", false),
    ("ghl.contacts.createTask", false),
    ("ghl.contacts.updateTaskCompleted", false),
    ("ghl.contacts.addTags", false),
    ("ghl.contacts.removeTags", false),
    ("ghl.contacts.getAppointmentsForContact", false),
    ("ghl.locations.getLocation", false),
    ("ghl.contacts.searchContactsAdvanced", true),
    ("ghl.locations.getCustomFields", true),
    ("ghl.locations.createCustomField", true),
];

/// The operations that the sync calls with this mapping.
pub(crate) fn operations(mapping: &Mapping) -> Vec<String> {
    let mut ids = Vec::new();
    for (id, for_fields) in OPERATIONS {
        if mapping.custom_fields || !for_fields {
            ids.push(id.to_owned());
        }
    }
    ids.extend(mapping.operations());
    #[cfg(not(feature = "fetch"))]
    if mapping.listens() {
        ids.extend(hear::operations());
    }
    ids
}

pub(crate) fn from_json<T: Json>(text: &str) -> Result<T> {
    let mut ok = true;
    let it = T::read(parse(text).unwrap_or_default(), &mut ok);
    if ok { Ok(it) } else { Err(unreadable()) }
}

fn unreadable() -> Error {
    Error::new(
        Code::Storage,
        "an entry of the ledger can't be read",
        "The state file is damaged or of another version: restore a backup or start a new one; nothing was changed.",
    )
    .with(|d| d.retryable = false)
}

/// The contact that the ledger knows for an event: its id, its entry, the entry's version.
pub(crate) async fn person_of(
    effects: &Effects,
    scope: &Scope,
    event: &Event,
) -> Result<Option<(String, Person, u64)>> {
    match contact_of(effects, scope.identities(event)).await? {
        Some(contact_id) => Ok(person(effects, scope, &contact_id).await?.map(|(p, v)| (contact_id, p, v))),
        None => Ok(None),
    }
}

/// The first of these keys that names a contact.
pub(crate) async fn contact_of(effects: &Effects, keys: Vec<String>) -> Result<Option<String>> {
    let (entries, _) = effects.get(keys.clone()).await?;
    let named = |key: &String| entries.iter().find(|e| e.key == *key && e.value != FORGOTTEN);
    let mut found = keys.iter().filter_map(named);
    found.next().map(|entry| from_json::<String>(&entry.value)).transpose()
}

pub(crate) async fn person(effects: &Effects, scope: &Scope, contact_id: &str) -> Result<Option<(Person, u64)>> {
    let (entries, _) = effects.get(vec![scope.person(contact_id)]).await?;
    entries.first().map(|e| Ok((from_json(&e.value)?, e.version))).transpose()
}
