//! From what the ledger knows to the writes, in their order: contact, business, note, deal, tasks, tags off, tags on, and
//! what a workflow that starts on a tag must not overtake.

use super::{
    content,
    manner::Manner,
    person::{self, ItemState, OpenTask, OrderState, Person, Purpose},
    plan::{Action, Change, Circumstances, Snapshot, Step},
    playbook::{self, Drawn},
    settings::{Business, Mapping, Notes},
    template::as_text,
    transition::State,
};
use crate::digistore24::{Cents, Event, Kind};
use crate::json::{Map, Set, ToJson, Value, json, put, put_some};

pub(super) struct Writer<'a> {
    mapping: &'a Mapping,
    event: &'a Event,
    now: &'a Circumstances,
    person: &'a mut Person,
    before: &'a Person,
    /// The event's fields and what is known; null where the mapping asks for nothing of it.
    facts: Value,
    /// What the playbooks say.
    pub(super) drawn: Drawn,
    /// What became of each item.
    pub(super) changes: &'a [Change],
    /// A person is asked.
    pub(super) ask: bool,
    /// The writes.
    pub(super) steps: Vec<Step>,
    /// As [`Plan::again`](super::Plan::again).
    pub(super) again: Vec<String>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        mapping: &'a Mapping,
        event: &'a Event,
        now: &'a Circumstances,
        person: &'a mut Person,
        before: &'a Person,
    ) -> Self {
        let mut facts = Value::Null;
        if mapping.needs_facts {
            facts = event.shape(false).pop().unwrap_or_default();
            if let Some(facts) = facts.as_object_mut() {
                let mut present = present(event, person, before, now);
                if event.event.is_highlevel() {
                    // What HighLevel told stands over the blank fields of an order's event.
                    facts.extend(event.raw.clone());
                    let told = event.raw.get("now").and_then(Value::as_object);
                    if let (Some(present), Some(told)) = (present.as_object_mut(), told) {
                        present.extend(told.clone());
                    }
                }
                put(facts, "now", present);
            }
        }
        Self {
            mapping,
            event,
            now,
            person,
            before,
            facts,
            drawn: Drawn::default(),
            changes: &[],
            ask: false,
            steps: Vec::new(),
            again: Vec::new(),
        }
    }

    /// All of it.
    pub(super) fn write(&mut self, snapshot: Option<&Snapshot>, create: bool) {
        // In HighLevel whatever is more than a contact can start somebody's workflow: an import is silent.
        let is_live = self.now.manner == Manner::Live;
        // Before the playbooks: what they say of the deal comes on top.
        if is_live && !self.is_later() {
            self.deal();
        }
        if is_live && !self.ask && !self.now.repeated {
            self.drawn = playbook::draw(self.mapping, self.event, &self.facts, self.person, self.now);
        }
        let drawn = std::mem::take(&mut self.drawn.steps);
        self.contact(snapshot, create);
        if is_live && !self.is_later() {
            self.note();
            self.tasks();
        }
        self.tags();
        self.steps.extend(drawn);
        for step in self.steps.iter_mut().filter(|_| self.event.test) {
            if let Action::CreateNote { title, .. }
            | Action::UpdateNote { title, .. }
            | Action::CreateTask { title, .. } = &mut step.action
            {
                title.insert_str(0, "[TEST] ");
            }
        }
        self.sort();
    }

    /// Whether the event brings nothing about the order: a step of a playbook that comes later, or HighLevel's own.
    fn is_later(&self) -> bool {
        self.now.due.is_some() || self.event.event.is_highlevel()
    }

    fn step(&mut self, why: &str, action: Action) {
        self.steps.push(Step { why: why.to_owned(), action });
    }

    /// Steps of one rank stay in their order.
    fn sort(&mut self) {
        let steps = std::mem::take(&mut self.steps);
        for rank in 0..=LAST {
            self.steps.extend(steps.iter().filter(|step| rank_of(&step.action) == rank).cloned());
        }
    }

    fn contact(&mut self, snapshot: Option<&Snapshot>, create: bool) {
        let mut profile = content::profile(self.event);
        let is_later = self.is_later();
        if self.mapping.business == Business::Off {
            profile.company = None;
        }
        if let Value::Object(own) = self.mapping.contact.fill(&self.facts, &self.now.clocks) {
            for (name, value) in own {
                profile.fields.remove(&name);
                if name == "companyName" {
                    profile.company = None;
                }
                put_text(&mut profile.fields, &name, value);
            }
        }
        let mut custom = Map::new();
        if self.mapping.custom_fields {
            // What became of the person's orders by itself shows at a later time too.
            custom = content::standing_fields(self.person);
            if !is_later {
                custom.extend(content::event_fields(self.event, self.person, &profile, self.now.now_ms));
            }
        }
        let mut mapped = Map::new();
        if !is_later && let Value::Object(own) = self.mapping.own_fields.fill(&self.facts, &self.now.clocks) {
            for (name, value) in own {
                put_text(&mut mapped, &name, value);
            }
        }
        custom.extend(mapped.clone());
        let mut asked = std::mem::take(&mut self.drawn.custom);
        asked.retain(|_, value| !value.is_null());
        custom.extend(asked.clone());
        let mut changed = Map::new();
        for (key, value) in custom {
            // GHL's fields hold one value: a list is written with commas.
            let value = if value.is_array() { as_text(&value).into() } else { value };
            // What a playbook asks for is written, whatever somebody made of it since.
            if asked.contains_key(&key) || self.person.fields.get(&key) != Some(&value) {
                self.person.fields.insert(key.clone(), value.clone());
                changed.insert(key, value);
            }
        }
        self.form_fields(&mapped, &mut changed);
        if create {
            let fields = content::for_creation(&profile);
            self.remember(&profile.fields);
            self.remember_address(&profile);
            self.step("no contact has this e-mail address", Action::CreateContact { fields, custom: changed });
            return;
        }
        // Names and address: where empty, or changed by the same buyer.
        let known_buyer = self.event.buyer.id.as_ref().is_some_and(|_| self.person.buyers.len() == 1)
            && !self.person.profile.is_empty()
            && !is_later;
        let asked = self.now.contact.as_object().filter(|_| known_buyer);
        let seen = snapshot.map(|contact| &contact.rest).or(asked);
        let mut fields = Map::new();
        for (name, value) in &profile.fields {
            let write = match (self.person.profile.get(name), seen) {
                (Some(old), _) => known_buyer && !old.is_null() && *old != content::hash(value),
                (None, Some(contact)) => {
                    // What stood there before us is not ours; it is not asked for again.
                    self.person.profile.insert(name.clone(), Value::Null);
                    contact.get(name).and_then(Value::as_str).is_none_or(|v| v.trim().is_empty())
                }
                (None, None) => {
                    if known_buyer {
                        self.now.wants_contact.set(true);
                    }
                    false
                }
            };
            if write {
                fields.insert(name.clone(), value.clone());
            }
        }
        if let Some(email) = profile.email.as_deref().filter(|_| self.mapping.follow_email && !is_later) {
            let value = Value::from(email);
            let is_new = match snapshot {
                Some(contact) => contact.rest.text_of("email").is_some_and(|old| !old.eq_ignore_ascii_case(email)),
                None => {
                    known_buyer && self.person.profile.get("email").is_some_and(|old| *old != content::hash(&value))
                }
            };
            if is_new {
                put(&mut fields, "email", value);
            }
        }
        // Only what we wrote can be changed by us later.
        self.remember(&fields);
        self.remember_address(&profile);
        if !fields.is_empty() || !changed.is_empty() {
            let why = self.event.event.name().to_owned() + " changes the contact's fields";
            self.step(&why, Action::UpdateContact { fields, custom: changed });
        } else if self.person.newsletter.as_deref() == Some("optin") && self.before.newsletter != self.person.newsletter
        {
            // No answer to a write will show who has unsubscribed.
            self.now.wants_contact.set(true);
        }
    }

    /// Keeps which of the mapped fields a form has changed; clears them when it is revoked.
    fn form_fields(&mut self, mapped: &Map, changed: &mut Map) {
        let Some(form) = self.event.form.as_ref().filter(|_| !self.is_later()) else { return };
        let name = self.event.order_key() + "/" + &form.no.unwrap_or_default().to_string();
        let filled = self.person.forms.get(&name).unwrap_or(&Value::Null).items().to_vec();
        if form.action.as_deref() != Some("revoke") {
            let mut keys = Set::new();
            keys.extend(filled.iter().filter_map(Value::as_str).map(str::to_owned));
            keys.extend(mapped.iter().map(|(key, _)| key).filter(|key| changed.contains_key(key)).cloned());
            if !keys.is_empty() {
                put(&mut self.person.forms, &name, keys.to_json());
            }
            return;
        }
        for key in filled.iter().filter_map(Value::as_str).filter(|key| !mapped.contains_key(key)) {
            put(&mut self.person.fields, key, "".into());
            put(changed, key, "".into());
        }
        self.person.forms.remove(&name);
    }

    fn remember(&mut self, fields: &Map) {
        for (name, value) in fields {
            self.person.profile.insert(name.clone(), content::hash(value));
        }
    }

    /// The address under which the contact was found or made: without it a new one couldn't be told from it.
    fn remember_address(&mut self, profile: &content::Profile) {
        if let Some(email) = profile.email.as_deref().filter(|_| !self.person.profile.contains_key("email")) {
            self.person.profile.insert("email".to_owned(), content::hash(&email.into()));
        }
    }

    fn note(&mut self) {
        let key = self.event.order_key();
        if let Some(ticket) = &self.event.eticket {
            if !ticket.id.as_ref().is_some_and(|id| self.before.tickets.contains_key(id)) {
                let title = content::note_title(self.event, &self.event.order.id);
                let body = content::ticket_note(self.event);
                self.step("the ticket is new", Action::CreateNote { order: key, title, body, keep: false });
            }
            return;
        }
        let Some(order) = self.person.order(&key) else { return };
        let own = &self.mapping.note.fill(&self.facts, &self.now.clocks);
        let mut title = content::note_title(self.event, &order.id);
        if let Some(written) = own["title"].as_str() {
            // The end makes it unique, so that the note can be found again.
            title = written.to_owned() + " · " + content::note_mark(self.event);
        }
        let body = |usual: String| own["body"].as_str().map_or(usual, str::to_owned);
        let why = "the history of order ".to_owned() + &order.id;
        let action = match (self.mapping.notes, &order.note_id) {
            (Notes::None, _) => return,
            (Notes::PerOrder, Some(id)) => {
                Action::UpdateNote { order: key, title, note_id: id.clone(), body: body(content::order_note(order)) }
            }
            (Notes::PerOrder, None) => {
                Action::CreateNote { order: key, title, body: body(content::order_note(order)), keep: true }
            }
            (Notes::PerEvent, _) => {
                Action::CreateNote { order: key, title, body: body(content::history_line(self.event)), keep: false }
            }
        };
        self.step(&why, action);
    }

    /// Whether the event has brought an item there.
    fn became(&self, state: State) -> bool {
        self.changes.iter().any(|change| change.to == Some(state) && change.from != Some(state))
    }

    /// Completes open tasks that the event settles.
    fn complete_tasks(&mut self) {
        let key = self.event.order_key();
        let (ask, before, refunded) = (self.ask, self.before, self.became(State::Refunded));
        let why = if refunded { "the order was refunded" } else { "what it is about is settled" };
        let mut done = Vec::new();
        for order in &mut self.person.orders {
            let (items, is_own) = (&order.items, order.key == key);
            let has = |state: State| items.iter().any(|item| item.state == state);
            // It was cancelled, and is not any more.
            let is_going_on = !has(State::Cancelling) && items.iter().any(|item| item.state.grants());
            // By this message: a dead letter may have a task that no state shows.
            let old = before.order(&order.key);
            let was_paused =
                |key: &str| old.and_then(|old| old.item(key)).is_some_and(|old| old.state == State::Paused);
            let is_replaced = items.iter().any(|item| item.state == State::Upgraded && was_paused(&item.key));
            let is_left = |task: &OpenTask| {
                let is_about = |item: &ItemState| task.order.as_deref().is_none_or(|order| item.belongs_to(order));
                items.iter().any(|item| item.state.grants() && is_about(item))
            };
            order.open_tasks.retain(|task| {
                let is_done = match task.purpose {
                    Purpose::Dunning if is_own => !ask && !has(State::Paused),
                    // An upgrade settles what the order that it replaces missed.
                    Purpose::Dunning => is_replaced && !has(State::Paused),
                    _ if !is_own => false,
                    Purpose::Review => false,
                    Purpose::Retention if !ask && is_going_on => true,
                    // Of what the task is about nothing is left.
                    _ => refunded && !is_left(task),
                };
                if is_done {
                    done.push(task.id.clone());
                }
                !is_done
            });
        }
        for task_id in done {
            self.step(why, Action::CompleteTask { task_id });
        }
    }

    fn tasks(&mut self) {
        self.complete_tasks();
        let (key, ask) = (self.event.order_key(), self.ask);
        let Some(order) = self.person.order(&key) else { return };
        let open = |purpose: Purpose| order.open_tasks.iter().any(|t| t.purpose == purpose);
        let (section, kind) = (&self.mapping.tasks, &self.event.event);
        // An object with texts of one's own means on.
        let is_on = |purpose: Purpose| match &section[purpose.word()] {
            Value::Null => purpose != Purpose::Retention,
            own => own.as_bool() != Some(false),
        };
        let wanted = [
            // Each question is one of its own, but for the same message again.
            (
                ask && !(self.now.repeated && open(Purpose::Review)),
                Purpose::Review,
                "the message alone can't tell what to do",
            ),
            (self.became(State::Paused) && !open(Purpose::Dunning), Purpose::Dunning, "a payment is missing"),
            (self.became(State::Cancelling) && !open(Purpose::Retention), Purpose::Retention, "the plan was cancelled"),
            (self.became(State::ChargedBack), Purpose::Chargeback, "the bank took the money back"),
            (*kind == Kind::ServiceProofRequest, Purpose::ServiceProof, "Digistore24 wants a proof"),
            (*kind == Kind::RefundRequest, Purpose::RefundRequest, "the buyer wants the money back"),
            (*kind == Kind::Delivery, Purpose::Delivery, "something is to be shipped"),
        ];
        let mut steps = Vec::new();
        for (_, purpose, why) in wanted.into_iter().filter(|(wanted, purpose, _)| *wanted && is_on(*purpose)) {
            let texts = &self.mapping.task_texts.fill(&self.facts, &self.now.clocks);
            let own = &texts[purpose.word()];
            let (title, body) = content::task(self.event, order, purpose);
            let (text, mark) = body.split_once('\n').unwrap_or(("", &body));
            let text = own["body"].as_str().unwrap_or(text);
            let days = own["dueDays"].as_i64().or(section["dueDays"].as_i64()).unwrap_or(1);
            let who = playbook::who(own, section);
            let action = Action::CreateTask {
                owner_first: playbook::is_owner_first(&who),
                order: key.clone(),
                purpose,
                title: own["title"].as_str().unwrap_or(&title).to_owned(),
                body: text.to_owned() + "\n" + mark,
                due: self.now.morning(days),
                assigned_to: playbook::assigned(self.person, &who, &key),
            };
            steps.push(Step { why: why.to_owned(), action });
        }
        self.steps.extend(steps);
    }

    /// One deal for each order, or for each contact, where a pipeline is named.
    fn deal(&mut self) {
        let wish = &self.mapping.opportunity.fill(&self.facts, &self.now.clocks);
        if !wish.is_object() {
            return;
        }
        let key = self.event.order_key();
        let mut state = self.person.order_status(&key);
        let is_shared = self.mapping.shares_deals();
        if is_shared {
            state = self.person.status();
            self.person.share_deal(&key, &wish["pipeline"]);
        }
        let Some(order) = self.person.order(&key) else { return };
        let is_new = order.deal_id.is_none();
        // Only money makes a deal.
        if is_new && self.event.event != Kind::Payment {
            return;
        }
        let stages = wish["stages"].fields();
        let mut stage = if is_new { wish["stage"].clone() } else { Value::Null };
        for (when, named) in stages {
            if state.is_some_and(|s| s.word() == when) || playbook::is_event(&self.facts, when) {
                stage = named.clone();
            }
        }
        let mut deal = Map::new();
        put(&mut deal, "pipelineId", wish["pipeline"].clone());
        put_some(&mut deal, "pipelineStageId", stage);
        put(&mut deal, "status", playbook::deal_status(state));
        let value_of = |order: &OrderState| {
            if wish["value"] == "sum" {
                return order.balance();
            }
            // Each item has a first payment.
            let (mut first, mut sum) = (u32::MAX, Cents(0));
            for payment in &order.payments {
                let number = payment.sequence_no.max(1);
                // A refund may be there before its payment: that has no number yet.
                if number > first || (payment.gross == Cents(0) && !payment.returned.is_empty()) {
                    continue;
                }
                if number < first {
                    (first, sum) = (number, Cents(0));
                }
                sum.0 += payment.left().0;
            }
            sum
        };
        let value = value_of(order);
        let currency = wish["currency"].as_str().unwrap_or("EUR");
        let is_local = order.currency == currency;
        if is_local {
            let mut all = value;
            for other in self.person.orders.iter().filter(|other| is_shared && other.key != key) {
                if !other.test && other.currency == currency && other.deal_id == order.deal_id {
                    all.0 += value_of(other).0;
                }
            }
            put(&mut deal, "monetaryValue", all.to_json());
        }
        let mut amount = String::new();
        if is_new {
            put_some(&mut deal, "name", wish["name"].clone());
            if !is_local && value != Cents(0) {
                amount = [" · ", &value.to_string(), " ", &order.currency].concat();
            }
        }
        if let Some(action) = playbook::deal_action(self.person, &key, deal, &amount) {
            self.step("the order's deal", action);
        }
    }

    /// Tags that are asked for and were put on before: a write of the contact will show whether they are there. Gives those that
    /// are known to be missing where there is no such write: then the contact is read.
    fn ask_again(&mut self, asked: &[String]) -> Vec<String> {
        let is_there = |tag: &&String| self.before.tags.contains(tag) || self.person.foreign_tags.contains(tag);
        let mut again: Vec<String> = asked.iter().filter(is_there).cloned().collect();
        let is_update = |step: &Step| matches!(step.action, Action::UpdateContact { .. });
        if again.is_empty() || self.event.event.is_highlevel() || self.steps.iter().any(is_update) {
            self.again = again;
            return Vec::new();
        }
        match self.now.contact.get("tags").and_then(Value::as_array) {
            Some(there) => again.retain(|tag| !there.iter().any(|one| one == tag.as_str())),
            None => {
                self.now.wants_contact.set(true);
                again.clear();
            }
        }
        again
    }

    fn tags(&mut self) {
        let (mapping, event, before) = (self.mapping, self.event, &self.before.tags);
        let by = &mapping.tags;
        let by_state = &by["byState"];
        let mut asked = std::mem::take(&mut self.drawn.add_tags);
        let is_live = self.now.manner == Manner::Live;
        if is_live && self.now.due.is_none() && !self.now.repeated {
            if event.event == Kind::Affiliation {
                asked.push(mapping.tag_prefix.clone() + "affiliate");
            }
            for (name, tags) in by["byEvent"].fields() {
                if playbook::is_event(&self.facts, name) {
                    asked.extend(playbook::tags(tags));
                }
            }
        }
        let taken = std::mem::take(&mut self.drawn.remove_tags);
        for tag in &taken {
            self.person.kept.remove(tag);
            self.person.foreign_tags.remove(tag);
        }
        self.person.kept.extend(asked.iter().cloned());
        let missing = self.ask_again(&asked);
        let mut extra = Vec::from_iter(self.person.kept.iter().cloned());
        if let Some(status) = self.person.status() {
            extra.extend(playbook::tags(&by_state[status.word()]));
        }
        let access = self.person.access_tags(mapping, false);
        let mut wanted = self.person.state_tags(&mapping.tag_prefix);
        for tag in extra.into_iter().chain(access.iter().cloned()) {
            // What was there before us is not ours to remove later.
            if !self.person.foreign_tags.contains(&tag) {
                wanted.insert(tag);
            }
        }
        let imported = mapping.tag_prefix.clone() + "import";
        if before.contains(&imported) {
            wanted.insert(imported);
        }
        // What is silent takes no tag off: the next message will.
        let is_silent = self.now.manner == Manner::Silent;
        let left = self.person.order_mut(&event.order_key()).filter(|_| !is_silent);
        let left = left.map(|order| std::mem::take(&mut order.left_tags));
        let there = &left.unwrap_or_default().into_iter().chain(before.iter().cloned()).collect::<Set>();
        let mut gone = Vec::from_iter(there.difference(&wanted).cloned());
        let mut come = Vec::from_iter(wanted.difference(there).cloned());
        come.extend(missing);
        gone.extend(taken.into_iter().filter(|tag| !wanted.contains(tag) && !there.contains(tag)));
        // What an import kept back is not on the contact yet.
        for tag in &asked {
            if self.person.withheld.remove(tag) && before.contains(tag) {
                come.push(tag.clone());
            }
        }
        // What was never seen paid starts no welcome, until a payment comes.
        let (paid, was_paid) = (self.person.access_tags(mapping, true), self.before.access_tags(mapping, true));
        for tag in access.difference(&paid).filter(|tag| !there.contains(tag)) {
            self.person.withheld.insert(tag.clone());
        }
        for tag in paid.difference(&was_paid).filter(|tag| before.contains(tag)) {
            if self.person.withheld.remove(tag) {
                come.push(tag.clone());
            }
        }
        let is_sale = self.changes.iter().any(|c| c.from.is_none() && c.to.is_some_and(State::grants));
        for tag in playbook::tags(&by["retrigger"]) {
            if is_live
                && (is_sale || asked.contains(&tag))
                && !self.ask
                && wanted.contains(&tag)
                && before.contains(&tag)
            {
                self.person.withheld.remove(&tag);
                gone.push(tag.clone());
                come.push(tag);
            }
        }
        self.person.tags = wanted;
        if !gone.is_empty() {
            self.step("no item earns them any more", Action::RemoveTags { tags: gone });
        }
        if !come.is_empty() {
            self.step("last, because tags start workflows", Action::AddTags { tags: come });
        }
    }
}

/// What the event doesn't say clears nothing.
fn put_text(fields: &mut Map, name: &str, value: Value) {
    if !as_text(&value).trim().is_empty() {
        put(fields, name, value);
    }
}

const LAST: u8 = 7;

/// Whether it comes after the tags: an enrolment.
pub(crate) fn is_after_tags(action: &Action) -> bool {
    rank_of(action) == LAST
}

/// Where a write stands: what a workflow reads comes before the tag that starts it.
fn rank_of(action: &Action) -> u8 {
    match action {
        Action::CreateContact { .. } | Action::UpdateContact { .. } => 0,
        Action::CreateNote { .. } | Action::UpdateNote { .. } => 2,
        Action::CreateTask { .. } | Action::CompleteTask { .. } => 4,
        Action::RemoveTags { .. } => 5,
        Action::AddTags { .. } => 6,
        Action::Run { operation, .. } => match operation.rsplit('.').next().unwrap_or_default() {
            "createBusiness" | "addRemoveContactFromBusiness" => 1,
            "createOpportunity" | "updateOpportunity" => 3,
            // Before the field that gets the address.
            "createBuyUrl" => 0,
            _ => LAST,
        },
    }
}

/// What is known of order and contact when the event comes.
fn present(event: &Event, person: &Person, before: &Person, now: &Circumstances) -> Value {
    let key = event.order_key();
    let order = person.order(&key);
    let word = |state: Option<State>| state.map(State::word);
    // Of what the event is about; where it names nothing, of the whole order.
    let states = |person: &Person| {
        let mut states = Set::new();
        if let Some(order) = person.order(&key) {
            let keys = order.keys_of(event);
            let is_meant = |item: &&ItemState| keys.is_empty() || item.product_id.is_none() || keys.contains(&item.key);
            states.extend(order.items.iter().filter(is_meant).map(|item| item.state.word().to_owned()));
        }
        states
    };
    let (next, until) = order.map(|o| person::dates(std::slice::from_ref(o))).unwrap_or_default();
    let currency = order.map(|o| o.currency.clone()).unwrap_or_default();
    let mut products = Set::new();
    products.extend(person.items().filter(|i| i.state.grants()).filter_map(|i| i.product_id.clone()));
    let mut all = Set::new();
    all.extend(person.items().map(|item| item.state.word().to_owned()));
    let mut tags = person.tags.clone();
    tags.extend(person.foreign_tags.iter().cloned());
    tags.retain(|tag| !person.withheld.contains(tag));
    json!({
        "before": word(before.order_status(&key)),
        "chargedBack": person.items().any(|item| item.state == State::ChargedBack),
        "confirmed": now.confirmed,
        "contact": word(person.status()),
        "balance": order.map(|o| o.balance().to_json()),
        "isNewOrder": before.order(&key).is_none_or(|order| order.items.is_empty()),
        "item": states(person),
        "itemBefore": states(before),
        "lifetime": person.lifetime(&currency).to_json(),
        "nextPaymentAt": next,
        "note": order.map(content::order_note),
        "order": word(person.order_status(&key).or_else(|| order?.items.first().map(|item| item.state))),
        "orders": person.orders.iter().filter(|o| !o.test).count(),
        "paidUntil": until,
        "products": products,
        "states": all,
        "tags": tags,
    })
}
