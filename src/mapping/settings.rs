//! What can be set about the sync, as the planner uses it. An empty mapping file means the default mapping. The published
//! schema is `mapping.schema.json`.

use super::{
    check,
    playbook::{self, Playbook},
    template::Form,
};
#[cfg(not(feature = "fetch"))]
use crate::catalog;
use crate::error::FieldProblem;
use crate::json::{Json, Set, Value};
use crate::text::lower;
use crate::words;

/// The mapping file.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// Write the `ds24_*` custom fields.
    pub custom_fields: bool,
    /// Custom fields of one's own, by key or name.
    pub(super) own_fields: Form,
    /// Fields of the contact in place of the buyer's own values.
    pub(super) contact: Form,
    /// Stands before every tag of our own, in lower case: an unprefixed `customer` would start existing workflows.
    pub tag_prefix: String,
    /// Also write the tags that the vendor gave the product in Digistore24.
    pub vendor_tags: bool,
    /// `byEvent`, `byProduct`, `byState`, `retrigger` as they are in the file.
    pub(super) tags: Value,
    /// Notes.
    pub notes: Notes,
    /// Title and body in place of the usual ones.
    pub(super) note: Form,
    /// The section as it is in the file.
    pub(super) tasks: Value,
    /// Somebody who does tasks is named, not given by id.
    names_users: bool,
    /// The same, to fill in.
    pub(super) task_texts: Form,
    /// Whether the buyer's company is written.
    pub(super) business: Business,
    /// A deal for each order.
    pub(super) opportunity: Form,
    /// The same as it is in the file.
    deal: Value,
    /// The custom field that the double opt-in sets.
    consent_field: Option<String>,
    /// What happens with test orders.
    pub test_orders: TestOrders,
    /// A contact that a person deleted comes back with the next renewal, not only with a new order.
    pub recreate: bool,
    /// The contact's e-mail address follows the buyer's.
    pub follow_email: bool,
    /// Rules.
    pub(super) playbooks: Vec<Playbook>,
    /// The triggers of HighLevel that playbooks begin with.
    heard: Set,
    /// Something in it needs the event's fields as facts.
    pub(super) needs_facts: bool,
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

words! {
    /// What is done with the buyer's company.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Business {
        /// Nothing.
        Off = "off",
        /// Its name is written at the creation of the contact.
        CompanyName = "companyName",
        /// The contact belongs to the business of that name, too.
        Link = "link",
    }
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
    /// Reads a mapping file.
    ///
    /// # Errors
    /// Every mistake, by path.
    pub fn load(file: &Value) -> Result<Self, Vec<FieldProblem>> {
        check::checked(file).map(|whole| Self::read(&check::in_full(whole)))
    }

    /// Whether a new affiliate becomes a contact.
    pub fn welcomes_partners(&self) -> bool {
        self.playbooks.iter().flat_map(Playbook::events).any(|name| name == "affiliateApproved")
    }

    /// Whether a playbook begins with what happens in HighLevel.
    pub fn listens(&self) -> bool {
        cfg!(not(feature = "fetch")) && !self.heard.is_empty()
    }

    /// Whether a playbook needs to know of this event of HighLevel, as hosts see it: begins with it, or with its kind.
    pub fn hears(&self, event: &Value) -> bool {
        self.listens()
            && event.pointer("/triggers/0").and_then(Value::as_str).is_some_and(|own| self.heard.contains(own))
    }

    /// The operations that it needs beyond those of every mapping.
    pub(crate) fn operations(&self) -> Set {
        let mut ids = Set::new();
        let mut add = |action: &str| ids.extend(playbook::operations(action).iter().map(|id| (*id).to_owned()));
        self.playbooks.iter().flat_map(Playbook::actions).for_each(&mut add);
        if self.opportunity != Form::Nothing {
            add(playbook::OPPORTUNITY);
        }
        if self.names_users {
            add("task");
        }
        ids
    }

    /// Whether all orders of a contact have one deal.
    pub(crate) fn shares_deals(&self) -> bool {
        self.deal.get("per").is_some_and(|per| *per == "contact")
    }

    /// Whether a playbook asks for the contact's consent.
    pub fn asks_consent(&self) -> Option<&str> {
        let asks = self.playbooks.iter().any(Playbook::is_marketing);
        self.consent_field.as_deref().filter(|_| asks)
    }

    /// Reads a checked mapping in full; what is missing keeps its default.
    fn read(file: &Value) -> Self {
        let at = |path: &str| file.pointer(path).cloned().unwrap_or_default();
        let yes = |path: &str, default: bool| at(path).as_bool().unwrap_or(default);
        let form = |path: &str| Form::read(&at(path));
        let notes = &at("/notes");
        let tags = &at("/tags");
        let mut playbooks = Vec::new();
        let tasks = &at("/tasks");
        let business = Business::from_json(at("/business")).unwrap_or(Business::CompanyName);
        playbooks.extend(at("/playbooks").items().iter().map(Playbook::read));
        let mut mapping = Self {
            custom_fields: yes("/customFields", true) && yes("/customFields/ds24", true),
            own_fields: form("/customFields/own"),
            contact: form("/contact"),
            tag_prefix: lower(at("/tags/prefix").as_str().unwrap_or("ds24-")),
            vendor_tags: yes("/tags/vendorTags", true),
            tags: tags.clone(),
            notes: Notes::from_json(if notes.is_object() { notes["mode"].clone() } else { notes.clone() })
                .unwrap_or(Notes::PerOrder),
            note: form("/notes"),
            tasks: tasks.clone(),
            names_users: tasks.to_string().contains("assignedTo"),
            task_texts: form("/tasks"),
            business,
            opportunity: form("/opportunity"),
            consent_field: String::from_json(at("/consent/confirmedField")),
            test_orders: TestOrders::from_json(at("/testOrders")).unwrap_or(TestOrders::Full),
            recreate: yes("/recreate", false),
            follow_email: yes("/followEmail", false),
            deal: at("/opportunity"),
            playbooks,
            heard: Set::new(),
            needs_facts: false,
        };
        #[cfg(not(feature = "fetch"))]
        for name in mapping.playbooks.iter().flat_map(Playbook::events) {
            mapping.heard.extend(catalog::ways(name));
        }
        let has_texts = |form: &Form| matches!(form, Form::Object(_));
        mapping.needs_facts = !mapping.playbooks.is_empty()
            || tags["byEvent"].is_object()
            || [&mapping.own_fields, &mapping.contact, &mapping.note, &mapping.task_texts, &mapping.opportunity]
                .into_iter()
                .any(has_texts);
        mapping
    }
}

impl Default for Mapping {
    fn default() -> Self {
        Self::read(&Value::Null)
    }
}
