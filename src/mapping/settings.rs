//! What can be set about the sync. An empty mapping file means the default mapping. The published schema is
//! `options.schema.json`; it has been checked before anything gets here.

use crate::json::{Json, Value};
use crate::text::lower;
use crate::words;

/// The mapping file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Write the custom fields.
    pub custom_fields: bool,
    /// Stands before every tag of our own, in lower case: an unprefixed `customer` would start existing workflows.
    pub tag_prefix: String,
    /// Also write the tags that the vendor gave the product in Digistore24.
    pub vendor_tags: bool,
    /// Notes.
    pub notes: Notes,
    /// Tasks.
    pub tasks: Tasks,
    /// What happens with test orders.
    pub test_orders: TestOrders,
    /// A contact that a person deleted comes back with the next renewal, not only with a new order.
    pub recreate: bool,
}

words! {
    /// Notes.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Notes {
        /// One note for each order, kept up to date.
        PerOrder = "per_order",
        /// One note for each event.
        PerEvent = "per_event",
        /// None.
        None = "none",
    }
}

/// Tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tasks {
    /// A task for each order whose payment is missing.
    pub dunning: bool,
    /// A task when a plan is cancelled.
    pub retention: bool,
    /// A task for each chargeback.
    pub chargeback: bool,
    /// Due so many days later, at 09:00 Berlin time, on a working day.
    pub due_days: u8,
    /// Who does them, where the contact has nobody: a GHL user id.
    pub assigned_to: Option<String>,
}

words! {
    /// What happens with test orders.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum TestOrders {
        /// The full path, marked, without revenue.
        Full = "full",
        /// Kept, not synced.
        Ignore = "ignore",
    }
}

impl Mapping {
    /// Reads a checked mapping; what is missing keeps its default.
    pub fn read(file: &Value) -> Self {
        let at = |path: &str| file.pointer(path).cloned().unwrap_or_default();
        let yes = |path: &str, default: bool| at(path).as_bool().unwrap_or(default);
        Self {
            custom_fields: yes("/customFields", true),
            tag_prefix: lower(at("/tags/prefix").as_str().unwrap_or("ds24-")),
            vendor_tags: yes("/tags/vendorTags", true),
            notes: Notes::from_json(at("/notes")).unwrap_or(Notes::PerOrder),
            tasks: Tasks {
                dunning: yes("/tasks/dunning", true),
                retention: yes("/tasks/retention", false),
                chargeback: yes("/tasks/chargeback", true),
                due_days: at("/tasks/dueDays").as_u64().and_then(|d| u8::try_from(d).ok()).unwrap_or(1),
                assigned_to: String::from_json(at("/tasks/assignedTo")),
            },
            test_orders: TestOrders::from_json(at("/testOrders")).unwrap_or(TestOrders::Full),
            recreate: yes("/recreate", false),
        }
    }
}

impl Default for Mapping {
    fn default() -> Self {
        Self::read(&Value::Null)
    }
}
