//! What can be set about the sync, as the planner uses it. An empty mapping file means the default mapping. The published
//! schema is `mapping.schema.json`.

use super::{
    check,
    plan::{Action, Step},
    playbook::{self, Playbook},
    template::{Form, is_template},
};
use crate::error::FieldProblem;
use crate::json::{Json, Map, Set, Value, put};
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
    /// What it names in HighLevel, as steps that take the names.
    names: Vec<Step>,
    /// Custom fields that it names itself, by key or name.
    own_keys: Set,
    /// Rules.
    pub(super) playbooks: Vec<Playbook>,
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
        check::checked(file).map(|whole| Self::read(&whole))
    }

    /// Whether a new affiliate becomes a contact.
    pub fn welcomes_partners(&self) -> bool {
        self.playbooks.iter().any(|book| book.begins_with("affiliateApproved"))
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

    /// The things in HighLevel that it names, as steps that take the names.
    pub(crate) fn names(&self) -> &[Step] {
        &self.names
    }

    /// The custom fields that it names itself, by key or name.
    pub(crate) fn own_keys(&self) -> &Set {
        &self.own_keys
    }

    /// Whether all orders of a contact have one deal.
    pub(crate) fn shares_deals(&self) -> bool {
        self.deal["per"] == "contact"
    }

    /// Whether orders have deals.
    pub(crate) fn has_deals(&self) -> bool {
        self.deal.is_object()
    }

    /// Whether tasks are made that the contact's user may be missing for.
    pub(crate) fn has_ownerless_tasks(&self) -> bool {
        let is_ownerless = |purpose: &str| {
            let own = &self.tasks[purpose];
            let is_on = if own.is_null() { purpose != "retention" } else { own.as_bool() != Some(false) };
            is_on && own["assignedTo"].is_null()
        };
        self.tasks["assignedTo"].is_null()
            && ["dunning", "retention", "chargeback", "review"].into_iter().any(is_ownerless)
    }

    /// Whether a playbook asks for the contact's consent.
    pub fn asks_consent(&self) -> Option<&str> {
        let asks = self.playbooks.iter().any(Playbook::is_marketing);
        self.consent_field.as_deref().filter(|_| asks)
    }

    /// Reads a checked mapping; what is missing keeps its default.
    fn read(file: &Value) -> Self {
        let at = |path: &str| file.pointer(path).cloned().unwrap_or_default();
        let yes = |path: &str, default: bool| at(path).as_bool().unwrap_or(default);
        let form = |path: &str| Form::read(&at(path));
        let notes = &at("/notes");
        let tags = &at("/tags");
        let mut playbooks = Vec::new();
        let mut names = Names::default();
        names.deal(&at("/opportunity"));
        let tasks = &at("/tasks");
        let own = at("/customFields/own");
        for who in [tasks, &tasks["dunning"], &tasks["retention"], &tasks["chargeback"], &tasks["review"]] {
            names.users(who);
        }
        names.keys(&own);
        names.fields.extend(String::from_json(at("/consent/confirmedField")));
        let business = Business::from_json(at("/business")).unwrap_or(Business::CompanyName);
        for written in check::shortcuts(file).iter().chain(at("/playbooks").as_array().into_iter().flatten()) {
            for book in &check::expanded(written) {
                playbooks.push(Playbook::read(book));
                book["then"].as_array().into_iter().flatten().for_each(|step| names.step(step));
            }
        }
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
            names: names.steps(),
            own_keys: names.fields,
            deal: at("/opportunity"),
            playbooks,
            needs_facts: false,
        };
        let has_texts = |form: &Form| matches!(form, Form::Object(_));
        mapping.needs_facts = !mapping.playbooks.is_empty()
            || tags["byEvent"].is_object()
            || [&mapping.own_fields, &mapping.contact, &mapping.note, &mapping.task_texts, &mapping.opportunity]
                .into_iter()
                .any(has_texts);
        mapping
    }
}

/// What a mapping names in HighLevel. A template is no name yet.
#[derive(Default)]
struct Names {
    list: Vec<Step>,
    fields: Set,
}

impl Names {
    fn add(&mut self, action: Action) {
        self.list.push(Step { why: String::new(), action });
    }

    fn one(&mut self, operation: &str, names: &[(&str, &Value)]) {
        let mut input = Map::new();
        for (field, name) in names {
            if let Some(name) = name.as_str().filter(|name| !is_template(name)) {
                put(&mut input, field, name.into());
            }
        }
        self.add(Action::Run { operation: operation.to_owned(), input, order: String::new(), keep: None });
    }

    fn keys(&mut self, fields: &Value) {
        self.fields.extend(fields.as_object().into_iter().flatten().map(|(key, _)| key.clone()));
    }

    fn users(&mut self, who: &Value) {
        for user in playbook::texts(&who["assignedTo"]) {
            self.one(DEAL, &[("assignedTo", &user.into())]);
        }
    }

    fn deal(&mut self, deal: &Value) {
        let named = deal["stages"].as_object().into_iter().flatten().map(|(_, stage)| stage);
        for stage in named.chain([&deal["stage"]]) {
            self.one(DEAL, &[("pipelineId", &deal["pipeline"]), ("pipelineStageId", stage)]);
        }
    }

    fn step(&mut self, step: &Value) {
        for (action, with) in step.as_object().into_iter().flatten() {
            let (operation, field) = match action.as_str() {
                "workflow" | "leaveWorkflow" => ("ghl.contacts.addContactToWorkflow", "workflowId"),
                "campaign" | "leaveCampaign" => ("ghl.contacts.addContactToCampaign", "campaignId"),
                _ => ("ghl.calendars.createAppointment", "calendarId"),
            };
            match action.as_str() {
                "opportunity" => self.deal(with),
                "task" => self.users(with),
                "setFields" => self.keys(with),
                "buyLink" => self.fields.extend(String::from_json(with["field"].clone())),
                "appointment" => self.one(operation, &[(field, &with["calendar"])]),
                _ if field != "calendarId" => self.one(operation, &[(field, with)]),
                _ => {}
            }
        }
    }

    /// All of them; the custom fields as those of one contact.
    fn steps(&mut self) -> Vec<Step> {
        let custom = Map::from_iter(self.fields.iter().map(|key| (key.clone(), Value::Null)));
        self.add(Action::UpdateContact { fields: Map::new(), custom });
        std::mem::take(&mut self.list)
    }
}

/// Takes pipelines, stages and users.
const DEAL: &str = "ghl.opportunities.createOpportunity";

impl Default for Mapping {
    fn default() -> Self {
        Self::read(&Value::Null)
    }
}
