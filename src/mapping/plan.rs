//! Event + what is known -> plan. Pure: no call is made, and the same input gives the same plan.

use std::{cell::Cell, cmp::Ordering};

use super::{
    clocks::{Clocks, LOCATION},
    content,
    manner::Manner,
    payments::Back,
    person::{self, HistoryLine, ItemState, OrderState, Person, Purpose},
    playbook::Later,
    settings::Mapping,
    transition::{self, Outcome, Signal, State},
    write::Writer,
};
use crate::json::{Map, Set, ToJson, Value, json, put};
use crate::{
    clock,
    digistore24::{Event, Kind, Standing, order_key},
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
        /// Tags that are asked for and were put on before: put on again, where somebody has taken them off since.
        pub again: Vec<String>,
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
#[derive(Debug, Clone, Default, PartialEq)]
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
    /// The clocks by which tasks are due and the mapping's texts tell dates.
    pub clocks: Clocks,
    /// What Digistore24 told about the order when it was asked: it decides where the message can't.
    pub told: Option<Standing>,
    /// The contact of a known person as HighLevel shows it now, where a plan wanted it; `false`: it is gone.
    pub contact: Value,
    /// A plan wants it: something is only written where the contact lacks it, or has not unsubscribed.
    pub wants_contact: Cell<bool>,
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
    /// Nine in the morning of a working day, so many days on, by the location's calendar and its clocks of that day.
    pub(super) fn morning(&self, days: i64) -> String {
        let now = i64::try_from(self.now_ms / 1000).unwrap_or_default();
        let there = |at: i64| i64::from(self.clocks.minutes(LOCATION, at)) * 60;
        let today = clock::at((now + there(now)).unsigned_abs() * 1000).date();
        let nine = clock::nine_on(clock::working_day(today, days));
        let there = there(nine.unix_timestamp() - there(now));
        clock::with_offset(&clock::iso(nine), i32::try_from(there / 60).unwrap_or_default())
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
    let mut draft =
        Draft { event, now, person: &mut person, changes: Vec::new(), remarks: Vec::new(), ask: false, told: now.told };
    let end = end_of_replaced(event, now.now_ms);
    let tells = match &now.due {
        // A step that comes later changes nothing of what was bought but what ends by itself, and brings nobody back who was
        // deleted.
        Some(_) => {
            if let (None, Some(old), Some(order)) =
                (&end, &event.order.upgraded_order_id, draft.person.order_mut(&event.order_key()))
                && order.is_in_force()
            {
                order.replaces = Some(old.clone());
                draft.settle_replaced();
            }
            contact_id.is_some()
        }
        None if event.event == Kind::Affiliation => event.buyer.email.is_some(),
        None if event.event == Kind::Eticket => draft.ticket(),
        None if event.event.is_highlevel() => contact_id.is_some() && !now.repeated,
        None => draft.apply(),
    };
    let Draft { changes, mut remarks, ask, .. } = draft;
    let (mut steps, mut later, mut again) = (Vec::new(), Vec::new(), Vec::new());
    if tells {
        let mut writer = Writer::new(mapping, event, now, &mut person, &before);
        writer.changes = &changes;
        writer.ask = ask;
        writer.write(snapshot.as_ref(), contact_id.is_none());
        (steps, later, again) = (writer.steps, writer.drawn.later, writer.again);
        if let Some(end) = end.filter(|_| now.due.is_none()) {
            remarks.push(format!(
                "the replaced order runs until {}",
                event.order.delivery_date.as_deref().unwrap_or_default()
            ));
            later.push(end);
        }
        remarks.extend(writer.drawn.remarks);
    }
    Plan { contact_id, changes, steps, later, remarks, asks: ask, person, again }
}

struct Draft<'a> {
    event: &'a Event,
    now: &'a Circumstances,
    person: &'a mut Person,
    changes: Vec<Change>,
    remarks: Vec<String>,
    ask: bool,
    /// What Digistore24 told, as far as it says something about the items that are meant.
    told: Option<Standing>,
}

impl Draft<'_> {
    /// Brings the ledger entry up to date. False where the event leaves nothing to write.
    fn apply(&mut self) -> bool {
        let event = self.event;
        if event.items.is_empty() {
            // All that it tells came before; what is new stands before it.
            return false;
        }
        let key = event.order_key();
        let mut order = self.person.order(&key).cloned().unwrap_or_else(|| OrderState {
            key: key.clone(),
            id: event.order.base_id.clone(),
            test: event.test,
            ..OrderState::default()
        });
        order.name_items(event);
        let mut keys = order.keys_of(event);
        let again = self.now.repeated && event.transaction.as_ref().is_some_and(|t| order.is_returned(&t.id));
        // What the message says, unless it is about money.
        let says = transition::signal(event, None, again);
        if keys.is_empty() && !event.order.base_id.is_empty() && !matches!(says, Signal::Resumed | Signal::Information)
        {
            keys.push(person::NAMELESS.to_owned());
        }
        let meant = order.meant(event, &keys);
        let is_clear = meant.is_some();
        keys = meant.unwrap_or(keys);
        // A refund in part that came before its payment was taken for a full one.
        let was_part = order.was_returned_in_part(event);
        order.note_money(event, &keys);
        let back = if is_clear { order.went_back(event, &keys) } else { Some(Back::Unclear) };
        // Where the order stands tells nothing of one of several items, unless all are gone.
        let is_gone = |told: &Standing| matches!(told, Standing::Refunded | Standing::ChargedBack);
        self.told = self.now.told.filter(|told| is_clear || is_gone(told));
        let mut signal = transition::signal(event, back, again);
        if matches!(event.event, Kind::PaymentMissed | Kind::LastPaidDay | Kind::RebillCancelled)
            && self.person.orders.iter().any(|o| o.replaces_later.as_ref() == Some(&event.order.id) && o.is_in_force())
        {
            // It will end by its upgrade, and no sooner.
            signal = Signal::Information;
        }
        for item_key in &keys {
            self.apply_item(&mut order, item_key, signal, was_part);
        }
        if order.items.is_empty() {
            // Nor does it ask a person: about whom?
            self.remarks = vec![format!("{} for an order that is not known creates nothing", event.event.name())];
            return false;
        }
        if let Some(money) = &event.money {
            order.currency.clone_from(&money.currency);
        }
        if event.event == Kind::CustomForm {
            // What it said before is no longer so.
            let form = content::form_mark(event);
            for line in &mut order.history {
                if line.what.starts_with(&form) {
                    line.what.clone_from(&form);
                }
            }
        }
        if event.event == Kind::Payment {
            let old = &event.order.upgraded_order_id;
            // Its day is told once: what names the order without one, like the API, changes nothing about it.
            let is_to_come = order.replaces_later == *old && event.order.delivery_date.is_none();
            if end_of_replaced(event, self.now.now_ms).is_some() {
                keep_newer(&mut order.replaces_later, old);
            } else if !is_to_come {
                keep_newer(&mut order.replaces, old);
            }
        }
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
        self.settle_replaced();
        if let Some(id) = &event.buyer.id {
            self.person.buyers.insert(order_key(event.merchant.id.as_deref(), id));
        }
        if self.person.note_choice(event, content::moment_of(event, self.now.now_ms)) {
            self.now.wants_contact.set(true);
        }
        true
    }

    fn apply_item(&mut self, order: &mut OrderState, item_key: &str, signal: Signal, was_part: bool) {
        let event = self.event;
        let known = order.item(item_key);
        let from = known.map(|i| i.state);
        let told = event.items.iter().find(|i| i.is(item_key)).or_else(|| event.items.first());
        let number = person::compare(known, event);
        let judged = from.filter(|state| *state != State::Refunded || !was_part);
        let mut outcome = transition::transition(judged, signal, number);
        if let (Outcome::Ask, Some(standing)) = (outcome, self.told) {
            let single = event.subscription.as_ref().is_none_or(|s| s.billing_type == "single_payment");
            outcome = Outcome::To(State::of(standing, single));
            self.remarks.push(format!("Digistore24 says about the order: {}", standing.word()));
        }
        let to = match outcome {
            Outcome::To(state) => Some(state),
            Outcome::Keep => from,
            Outcome::Ask => {
                if !self.ask {
                    let name = event.event.name();
                    self.remarks.push(format!("{name} can't be decided from the message alone: a person is asked"));
                }
                self.ask = true;
                // Whose payment comes yet has one that went back.
                from.or((signal == Signal::RefundUnclear).then_some(State::Refunded))
            }
        };
        if let (Outcome::Keep, Some(state)) = (outcome, from)
            && !(state.grants() && matches!(signal, Signal::Paid { .. }))
            && event.event != Kind::CustomForm
        {
            self.remarks.push(format!("{} leaves the item {}", event.event.name(), state.word()));
        }
        let product = told.and_then(|i| i.name.clone()).or_else(|| known.and_then(|i| i.product_name.clone()));
        self.changes.push(Change { item: format!("{}/{item_key}", order.id), product, from, to });
        let Some(state) = to else { return };
        let moved = matches!(outcome, Outcome::To(_));
        if known.is_none() {
            order.items.push(ItemState {
                key: item_key.to_owned(),
                order_id: Some(event.order.id.clone()),
                state,
                sequence_no: 0,
                product_id: None,
                product_name: None,
                tags: Vec::new(),
                billing_type: None,
                last_event: String::new(),
                next_payment_at: None,
                paid_until: None,
                is_paid: false,
            });
        }
        let Some(item) = order.items.iter_mut().find(|i| i.key == item_key) else { return };
        item.state = state;
        item.is_paid |= event.event == Kind::Payment;
        if moved || from.is_none() || (event.event == Kind::Payment && signal != Signal::PaidAgain) {
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
        note_dates(item, event, number.is_lt());
    }

    /// A ticket: its holder's, not an order's.
    fn ticket(&mut self) -> bool {
        let Some(ticket) = &self.event.eticket else { return false };
        let Some(id) = &ticket.id else { return false };
        let at = ticket.modified_at.as_deref().or(ticket.created_at.as_deref()).unwrap_or(&self.event.received_at);
        let mut now = self.person.tickets.get(id).cloned().unwrap_or_else(|| json!({}));
        if now.text_of("at").is_some_and(|known| known > at) {
            self.remarks.push("what it says of the ticket is no longer so".to_owned());
            return false;
        }
        if let Some(now) = now.as_object_mut() {
            put(now, "at", at.into());
            put(now, "test", self.event.test.into());
            if let Some(action) = ticket.action.as_deref().filter(|action| *action != "update") {
                put(now, "is", action.into());
            }
            if let Some(day) = ticket.date.as_deref().and_then(clock::parse_date) {
                put(now, "day", clock::ymd(day).into());
            }
        }
        put(&mut self.person.tickets, id, now);
        if let Some(id) = &self.event.buyer.id {
            self.person.buyers.insert(order_key(self.event.merchant.id.as_deref(), id));
        }
        true
    }

    /// An order that was replaced by an upgrade ends on the day that the upgrade named; so do those of its messages that come
    /// after that.
    fn settle_replaced(&mut self) {
        let mut replaced = Vec::new();
        for order in &self.person.orders {
            replaced.extend(order.replaces.clone());
        }
        for order in &mut self.person.orders {
            for item in &mut order.items {
                let of = item.order_id.as_ref().unwrap_or(&order.id);
                let outcome = transition::transition(Some(item.state), Signal::Replaced, Ordering::Greater);
                if let (Outcome::To(state), true) = (outcome, replaced.contains(of)) {
                    let (from, to) = (Some(item.state), Some(state));
                    let product = item.product_name.clone();
                    self.changes.push(Change { item: format!("{of}/{}", item.key), product, from, to });
                    item.state = state;
                    (item.next_payment_at, item.paid_until) = (None, None);
                }
            }
        }
    }
}

/// Begins the name of a step that is no playbook's: the end of a replaced order.
pub(crate) const UPGRADE: &str = "upgrade from ";

/// When the order that an upgrade replaces will end, if that is to come: its access ends then, with or without a message.
fn end_of_replaced(event: &Event, now_ms: u64) -> Option<Later> {
    let order = &event.order;
    let day = order.upgraded_order_id.as_ref().and(order.delivery_date.as_deref()).and_then(clock::parse_date)?;
    let at = u64::try_from(clock::berlin(day.midnight()).unix_timestamp()).ok()? * 1000;
    let playbook = UPGRADE.to_owned() + order.upgraded_order_id.as_deref().unwrap_or_default();
    (event.event == Kind::Payment && at > now_ms).then_some(Later { at, playbook, step: 0, mark: None })
}

/// Brings an item's dates up to date. `late`: a newer payment came before this message.
fn note_dates(item: &mut ItemState, event: &Event, late: bool) {
    let plan = event.subscription.clone().unwrap_or_default();
    match (item.state, &event.event) {
        (State::Active, Kind::Payment | Kind::RebillResumed) if !late => {
            item.next_payment_at = plan.next_payment_at;
            item.paid_until = None;
        }
        (State::Cancelling, Kind::Payment | Kind::RebillCancelled | Kind::PaymentMissed) if !late => {
            let until = plan.paid_until.or(plan.next_payment_at).or(item.next_payment_at.take());
            keep_newer(&mut item.paid_until, &until);
        }
        // The cancellation itself may be an older one, and is the first to tell.
        (State::Cancelling, Kind::RebillCancelled | Kind::PaymentMissed) if item.paid_until.is_none() => {
            item.paid_until = item.next_payment_at.take();
        }
        (State::Active | State::Paused | State::Cancelling, _) => {}
        (State::Refunded | State::ChargedBack | State::Upgraded, _) => {
            (item.next_payment_at, item.paid_until) = (None, None);
        }
        _ => item.next_payment_at = None,
    }
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
