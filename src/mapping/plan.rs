//! Event + what is known -> plan. Pure: no call is made, and the same input gives the same plan.

use super::{
    content,
    manner::Manner,
    person::{self, HistoryLine, ItemState, OrderState, Person, Purpose},
    playbook::Later,
    settings::Mapping,
    transition::{self, Outcome, Signal, State},
    write::Writer,
};
use crate::json::{Map, Set, ToJson, Value, json};
use crate::{
    clock,
    digistore24::{Event, Item, Kind, Standing, order_key},
    record, variants,
};

/// What is known about the buyer's contact when the plan is made.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time; on wasm they differ less")]
pub enum Known {
    /// No contact yet.
    Nobody,
    /// GHL has a contact with this e-mail address; the ledger doesn't know it.
    Contact(Snapshot),
    /// The ledger knows the person.
    Person {
        /// The contact's id; `None` where the contact is gone and may be made anew.
        contact_id: Option<String>,
        /// Its ledger entry.
        person: Person,
    },
}

/// A contact as GHL shows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// Its id.
    pub id: String,
    /// Who looks after it.
    pub assigned_to: Option<String>,
    /// In lower case.
    pub tags: Vec<String>,
    /// Everything.
    pub rest: Map,
}

impl Known {
    /// What the ledger begins with: tags with this prefix are ours.
    pub(crate) fn person(&self, prefix: &str) -> Person {
        match self {
            Self::Nobody => Person::default(),
            Self::Contact(contact) => contact.person(prefix),
            Self::Person { person, .. } => person.clone(),
        }
    }
}

impl Snapshot {
    /// What the ledger begins with for a contact that was there before: tags with our prefix are ours.
    pub(super) fn person(&self, prefix: &str) -> Person {
        let unsubscribed = person::is_unsubscribed(&self.rest);
        let mut person = Person { assigned_to: self.assigned_to.clone(), unsubscribed, ..Person::default() };
        for tag in &self.tags {
            let set = if tag.starts_with(prefix) { &mut person.tags } else { &mut person.foreign_tags };
            set.insert(tag.clone());
        }
        person
    }
}

record! {
    /// What will be done, in order, and why.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Plan {
        /// The contact, where it is known.
        pub contact_id: Option<String> as "contactId",
        /// What changes for each item.
        pub changes: Vec<Change>,
        /// The writes. Tags come last: each may start a workflow that must find the rest in place.
        pub steps: Vec<Step>,
        /// Steps of playbooks that come later.
        pub later: Vec<Later>,
        /// Why something is not done.
        pub remarks: Vec<String>,
        /// The message alone can't tell what to do: where Digistore24 can't be asked, a person is.
        pub asks: bool,
        /// The ledger entry when all is done.
        pub person: Person,
    }
}

record! {
    /// What becomes of an item.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Change {
        /// Order and item.
        pub item: String,
        /// The product's name.
        pub product: Option<String>,
        /// Before; `None` for a new item.
        pub from: Option<State>,
        /// After; `None` where the message creates nothing.
        pub to: Option<State>,
    }
}

record! {
    /// One write.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Step {
        /// For people.
        pub why: String,
        /// What is done: one key, named after the action.
        pub action: Action as "do",
    }
}

variants! {
    /// What is done. `custom` are custom fields by key, without `contact.`; `order` is an order's key in the ledger.
    #[derive(Debug, Clone, PartialEq)]
    pub enum Action {
        /// A new contact, in GHL's own field names.
        CreateContact as "createContact" { fields: Map, custom: Map, },
        /// Fields of a contact. Never tags: an update would replace them all.
        UpdateContact as "updateContact" { fields: Map, custom: Map, },
        /// A new note; its title is how it is found again. `keep`: it becomes the order's note.
        CreateNote as "createNote" { order: String, title: String, body: String, keep: bool, },
        /// The order's note, brought up to date; made anew under `title` if a person deleted it.
        UpdateNote as "updateNote" { order: String, title: String, note_id: String as "noteId", body: String, },
        /// A new task, due at an ISO 8601 time; the last line of its body is how it is found again.
        CreateTask as "createTask" {
            order: String,
            purpose: Purpose,
            title: String,
            body: String,
            due: String,
            assigned_to: Option<String> as "assignedTo",
            // The contact's user, as HighLevel shows it when the task is made, comes before `assigned_to`.
            owner_first: bool as "ownerFirst",
        },
        /// A task of ours is done.
        CompleteTask as "completeTask" { task_id: String as "taskId", },
        /// An operation of the catalog, for an order. The contact is filled in; ids stand in place of names once they are
        /// known. `keep`: later steps that hold this text get the id or the address in the answer instead.
        Run as "run" { operation: String, input: Map, order: String, keep: Option<String>, },
        /// Tags go. In lower case.
        RemoveTags as "removeTags" { tags: Vec<String>, },
        /// Tags come. In lower case.
        AddTags as "addTags" { tags: Vec<String>, },
    }
}

impl Action {
    /// Its name in JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::CreateContact { .. } => "createContact",
            Self::UpdateContact { .. } => "updateContact",
            Self::CreateNote { .. } => "createNote",
            Self::UpdateNote { .. } => "updateNote",
            Self::CreateTask { .. } => "createTask",
            Self::CompleteTask { .. } => "completeTask",
            Self::RemoveTags { .. } => "removeTags",
            Self::AddTags { .. } => "addTags",
            Self::Run { .. } => "run",
        }
    }

    /// Stands for one that can't be read; the record around it is refused.
    fn unreadable() -> Self {
        Self::RemoveTags { tags: Vec::new() }
    }
}

/// Under what circumstances an event is planned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// The same message came before.
    pub repeated: bool,
    /// Milliseconds since 1970, for due dates and messages that carry no time.
    pub now_ms: u64,
    /// The contact has confirmed that it wants mail.
    pub confirmed: bool,
    /// The event was dealt with before; the time of one step of a playbook has come.
    pub due: Option<Later>,
    /// How much may show.
    pub manner: Manner,
    /// How far the location's clocks are ahead of those in Berlin, in minutes.
    pub ahead: i32,
    /// What Digistore24 told about the order when it was asked: it decides where the message can't.
    pub told: Option<Standing>,
}

impl Plan {
    /// Turns the entry into what the ledger says of the person, with what was made for it on the way, and nothing more.
    pub(crate) fn leave_made(&mut self, known: Option<Person>) {
        let made = std::mem::take(&mut self.person.orders);
        match known {
            Some(known) => self.person = known,
            // What was written of these is written once more.
            None => (self.person.tags, self.person.fields) = (Set::new(), Map::new()),
        }
        for order in made {
            self.person.take_made(order);
        }
        self.later.clear();
    }
}

impl Circumstances {
    /// Nine in the morning, so many days on, by the location's calendar.
    pub(super) fn morning(&self, days: i64) -> String {
        let now = self.now_ms.saturating_add_signed(i64::from(self.ahead) * 60_000);
        clock::iso(clock::next_working_morning(clock::at(now), days))
    }
}

/// Plans an event about an order.
pub fn plan(mapping: &Mapping, event: &Event, known: Known, now: &Circumstances) -> Plan {
    let (contact_id, snapshot, mut person) = match known {
        Known::Nobody => (None, None, Person::default()),
        Known::Contact(snapshot) => {
            let person = snapshot.person(&mapping.tag_prefix);
            (Some(snapshot.id.clone()), Some(snapshot), person)
        }
        Known::Person { contact_id, person } => (contact_id, None, person),
    };
    let before = person.clone();
    let mut draft = Draft { event, now, person: &mut person, changes: Vec::new(), remarks: Vec::new(), ask: false };
    let tells = match &now.due {
        // A step that comes later changes nothing of what was bought, and brings nobody back who was deleted.
        Some(_) => contact_id.is_some(),
        None if event.event == Kind::Affiliation => event.buyer.email.is_some(),
        None if event.event.is_highlevel() => contact_id.is_some() && !now.repeated,
        None => draft.apply(),
    };
    let Draft { changes, mut remarks, ask, .. } = draft;
    let (mut steps, mut later) = (Vec::new(), Vec::new());
    if tells {
        let mut writer = Writer::new(mapping, event, now, &mut person, &before);
        writer.changes = &changes;
        writer.ask = ask;
        writer.write(snapshot.as_ref(), contact_id.is_none());
        (steps, later) = (writer.steps, writer.drawn.later);
        remarks.extend(writer.drawn.remarks);
    }
    Plan { contact_id, changes, steps, later, remarks, asks: ask, person }
}

struct Draft<'a> {
    event: &'a Event,
    now: &'a Circumstances,
    person: &'a mut Person,
    changes: Vec<Change>,
    remarks: Vec<String>,
    ask: bool,
}

impl Draft<'_> {
    /// Brings the ledger entry up to date. False where the event leaves nothing to write.
    fn apply(&mut self) -> bool {
        let event = self.event;
        let key = event.order_key();
        // An order of which only things in HighLevel are known comes from a message that was given up half-way.
        let fresh = self.person.order(&key).is_none_or(|order| order.items.is_empty());
        let mut order = self.person.order(&key).cloned().unwrap_or_else(|| OrderState {
            key: key.clone(),
            id: event.order.base_id.clone(),
            test: event.test,
            ..OrderState::default()
        });
        let full = event.event == Kind::Refund && order.refund_is_full(event);
        let again = self.now.repeated && event.transaction.as_ref().is_some_and(|t| order.is_returned(&t.id));
        let signal = transition::signal(event, full, again);
        let mut keys = order.keys_of(event);
        if keys.is_empty()
            && !event.order.base_id.is_empty()
            && !matches!(signal, Signal::Resumed | Signal::Information)
        {
            keys.push("1".to_owned());
        }
        for item_key in keys {
            self.apply_item(&mut order, &item_key, signal);
        }
        if order.items.is_empty() {
            self.remarks.push(format!("{} for an order that is not known creates nothing", event.event.name()));
            return false;
        }
        order.note_money(event);
        if let Some(money) = &event.money {
            order.currency.clone_from(&money.currency);
        }
        self.note_dates(&mut order);
        order.history.push(HistoryLine {
            at: content::moment_of(event, self.now.now_ms),
            what: content::history_line(event),
            event: event.id.clone(),
        });
        let surplus = order.history.len().saturating_sub(content::MAX_HISTORY);
        order.history.drain(..surplus);
        match self.person.order_mut(&key) {
            Some(slot) => *slot = order,
            None => self.person.orders.push(order),
        }
        if fresh {
            self.replace_upgraded();
        }
        if let Some(id) = &event.buyer.id {
            self.person.buyers.insert(order_key(event.merchant.id.as_deref(), id));
        }
        self.person.note_choice(event, content::moment_of(event, self.now.now_ms));
        true
    }

    fn apply_item(&mut self, order: &mut OrderState, item_key: &str, signal: Signal) {
        let event = self.event;
        let known = order.item(item_key);
        let from = known.map(|i| i.state);
        let told = event.items.iter().find(|i| is_item(i, item_key)).or_else(|| event.items.first());
        let mut outcome = transition::transition(from, signal, person::compare(known, event));
        if let (Outcome::Ask, Some(standing)) = (outcome, self.now.told) {
            let single = event.subscription.as_ref().is_none_or(|s| s.billing_type == "single_payment");
            outcome = Outcome::To(State::of(standing, single));
            self.remarks.push(format!("Digistore24 says about the order: {}", standing.word()));
        }
        let to = match outcome {
            Outcome::To(state) => Some(state),
            Outcome::Keep => from,
            Outcome::Ask => {
                self.ask = true;
                self.remarks
                    .push(format!("{} can't be decided from the message alone: a person is asked", event.event.name()));
                from
            }
        };
        let product = told.and_then(|i| i.name.clone()).or_else(|| known.and_then(|i| i.product_name.clone()));
        self.changes.push(Change { item: format!("{}/{item_key}", order.id), product, from, to });
        let Some(state) = to else { return };
        let moved = matches!(outcome, Outcome::To(_));
        if known.is_none() {
            order.items.push(ItemState {
                key: item_key.to_owned(),
                state,
                sequence_no: 0,
                product_id: None,
                product_name: None,
                tags: Vec::new(),
                billing_type: None,
                last_event: String::new(),
            });
        }
        let Some(item) = order.items.iter_mut().find(|i| i.key == item_key) else { return };
        item.state = state;
        if moved || matches!(signal, Signal::Paid { .. }) {
            item.sequence_no = item.sequence_no.max(event.sequence_no());
        }
        if moved && from != Some(state) {
            let reason = event.subscription.as_ref().and_then(|s| s.stop_reason.as_deref()).unwrap_or_default();
            item.last_event = format!("{} {reason}", event.event.name()).trim_end().to_owned();
        }
        if let Some(told) = told {
            keep_newer(&mut item.product_id, &told.product_id);
            keep_newer(&mut item.product_name, &told.name);
            if !told.tags.is_empty() {
                item.tags.clone_from(&told.tags);
            }
        }
        keep_newer(&mut item.billing_type, &event.subscription.as_ref().map(|s| s.billing_type.clone()));
    }

    fn note_dates(&self, order: &mut OrderState) {
        let Some(plan) = &self.event.subscription else { return };
        let running = order.items.iter().any(|i| i.state == State::Active);
        match self.event.event {
            Kind::Payment | Kind::RebillResumed if running => {
                order.next_payment_at.clone_from(&plan.next_payment_at);
                order.paid_until = None;
            }
            Kind::RebillCancelled | Kind::PaymentMissed if order.items.iter().any(|i| i.state == State::Cancelling) => {
                let until = plan
                    .paid_until
                    .clone()
                    .or_else(|| plan.next_payment_at.clone())
                    .or_else(|| order.next_payment_at.take());
                keep_newer(&mut order.paid_until, &until);
                order.next_payment_at = None;
            }
            Kind::Refund | Kind::Chargeback | Kind::LastPaidDay if !running => order.next_payment_at = None,
            _ => {}
        }
    }

    /// An upgrade ends the order that it replaces, unless that order still runs until a later day.
    fn replace_upgraded(&mut self) {
        let Some(old) = &self.event.order.upgraded_order_id else { return };
        let today = clock::ymd(clock::in_berlin(clock::at(self.now.now_ms)).date());
        if let Some(later) = self.event.order.delivery_date.as_ref().filter(|d| **d > today) {
            self.remarks.push(format!("the replaced order runs until {later}"));
            return;
        }
        let merchant = self.event.merchant.id.as_deref();
        let Some(order) = self.person.order_mut(&order_key(merchant, old)) else { return };
        for item in &mut order.items {
            let outcome = transition::transition(Some(item.state), Signal::Replaced, std::cmp::Ordering::Greater);
            if let Outcome::To(state) = outcome {
                let change = Change {
                    item: format!("{old}/{}", item.key),
                    product: item.product_name.clone(),
                    from: Some(item.state),
                    to: Some(state),
                };
                self.changes.push(change);
                item.state = state;
            }
        }
        order.next_payment_at = None;
    }
}

fn is_item(item: &Item, key: &str) -> bool {
    item.id.as_deref() == Some(key) || (item.id.is_none() && item.product_id.as_deref() == Some(key))
}

fn keep_newer<T: Clone>(old: &mut Option<T>, new: &Option<T>) {
    if new.is_some() {
        old.clone_from(new);
    }
}

/// The plan as the answer of a dry run: without the ledger entry.
pub fn describe(plan: &Plan) -> Value {
    json!({
        "contactId": plan.contact_id,
        "changes": plan.changes.to_json(),
        "steps": plan.steps.to_json(),
        "later": plan.later.to_json(),
        "remarks": plan.remarks,
    })
}
