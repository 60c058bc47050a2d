//! Playbooks: when an event comes and conditions hold, then steps. Here they become parts of the plan.

use super::{
    condition::holds,
    person::{Person, Purpose},
    plan::{Action, Circumstances, Step},
    settings::Mapping,
    template::{Form, as_text},
    transition::State,
};
use crate::digistore24::{Cents, Event, Kind};
use crate::json::{Map, ToJson, Value, json, put, text};
use crate::text::{lower, short_hash};
use crate::{clock, record};

/// A rule, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Playbook {
    name: String,
    marketing: bool,
    events: Vec<String>,
    condition: Value,
    unless: Value,
    steps: Vec<PlayStep>,
}

#[derive(Debug, Clone, PartialEq)]
struct PlayStep {
    wait_ms: u64,
    condition: Value,
    unless: Value,
    action: String,
    with: Form,
    /// Stands for all of it.
    mark: String,
}

record! {
    /// A step of a playbook that comes later.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Later {
        /// When, milliseconds since 1970.
        pub at: u64,
        /// Of which playbook.
        pub playbook: String,
        /// Which step, from 0.
        pub step: u32,
        /// Stands for the step as it was: a playbook that was changed since does nothing else in its place.
        pub mark: Option<String>,
    }
}

/// The operations that a step calls beyond those of every mapping: for its scopes.
const OPERATIONS: [(&str, &[&str]); 14] = [
    ("appointment", &["ghl.calendars.createAppointment", "ghl.calendars.getCalendars"]),
    (
        "business",
        &[
            "ghl.businesses.createBusiness",
            "ghl.businesses.getBusinessesByLocation",
            "ghl.contacts.addRemoveContactFromBusiness",
        ],
    ),
    ("buyLink", &["digistore24.createBuyUrl"]),
    ("campaign", &["ghl.contacts.addContactToCampaign", "ghl.campaigns.getCampaigns"]),
    ("leaveCampaign", &["ghl.contacts.removeContactFromCampaign", "ghl.campaigns.getCampaigns"]),
    ("leaveWorkflow", &["ghl.contacts.deleteContactFromWorkflow", "ghl.workflows.getWorkflow"]),
    (
        OPPORTUNITY,
        &[
            "ghl.opportunities.createOpportunity",
            "ghl.opportunities.updateOpportunity",
            "ghl.opportunities.searchOpportunity",
            "ghl.opportunities.getPipelines",
        ],
    ),
    ("refund", &["digistore24.refundPartially"]),
    ("startRebilling", &["digistore24.startRebilling"]),
    ("stopRebilling", &["digistore24.stopRebilling"]),
    ("task", &["ghl.users.getUserByLocation"]),
    ("updateBuyer", &["digistore24.updateBuyer"]),
    ("updatePurchase", &["digistore24.updatePurchase"]),
    ("workflow", &["ghl.contacts.addContactToWorkflow", "ghl.workflows.getWorkflow"]),
];
pub(super) const OPPORTUNITY: &str = "opportunity";

/// What a step of this name calls.
pub(super) fn operations(action: &str) -> &'static [&'static str] {
    OPERATIONS.iter().find(|(known, _)| *known == action).map_or(&[], |(_, operations)| *operations)
}

/// One text, or several.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(several) => several.iter().map(as_text).filter(|text| !text.is_empty()).collect(),
        one => texts(&Value::Array(vec![one.clone()])),
    }
}

/// HighLevel tells a deal's new stage or status twice, once among all its fields: whichever comes first is the news.
fn is_change_of_deal(facts: &Value, name: &str) -> bool {
    let changed = |aspect: &str| facts["now"].items_of("changed").iter().any(|one| one == aspect);
    match (facts["event"].as_str().unwrap_or_default(), name) {
        ("OpportunityStageUpdate" | "OpportunityStatusUpdate", "changedDeal") => true,
        ("OpportunityUpdate", "dealStageChanged") => changed("pipelineStageId"),
        ("OpportunityUpdate", "dealStatusChanged") => changed("status"),
        _ => false,
    }
}

/// Whether the event with these facts goes by that name.
pub(super) fn is_event(facts: &Value, name: &str) -> bool {
    let is_it = |id: &Value| id.as_str().and_then(|id| id.split_once('.')).is_some_and(|(_, word)| word == name);
    facts["event"] == name || is_change_of_deal(facts, name) || facts["triggers"].items().iter().any(is_it)
}

impl Playbook {
    /// Reads a checked one.
    pub(super) fn read(book: &Value) -> Self {
        let mut steps = Vec::new();
        for step in book["then"].items() {
            // What is neither time nor condition is the action.
            let action = step
                .as_object()
                .into_iter()
                .flatten()
                .find(|(name, _)| !["if", "unless", "wait"].contains(&name.as_str()));
            if let Some((action, with)) = action {
                steps.push(PlayStep {
                    wait_ms: step["wait"].as_str().and_then(clock::span).unwrap_or_default(),
                    condition: step["if"].clone(),
                    unless: step["unless"].clone(),
                    action: action.clone(),
                    with: Form::read(with),
                    mark: short_hash(&mut [text(step).as_str()].into_iter()),
                });
            }
        }
        let when = &book["when"];
        Self {
            name: as_text(&book["name"]),
            marketing: book["kind"] == "marketing",
            events: texts(&when["event"]),
            condition: when["if"].clone(),
            unless: book["unless"].clone(),
            steps,
        }
    }

    /// The names of its steps.
    pub(super) fn actions(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.action.as_str())
    }

    /// Whether it needs the contact's consent.
    pub(super) fn is_marketing(&self) -> bool {
        self.marketing
    }

    /// The events that it begins with.
    pub(super) fn events(&self) -> impl Iterator<Item = &str> {
        self.events.iter().map(String::as_str)
    }
}

/// What the playbooks add to a plan.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    pub(super) custom: Map,
    pub(super) add_tags: Vec<String>,
    pub(super) remove_tags: Vec<String>,
    pub(super) steps: Vec<Step>,
    pub(super) later: Vec<Later>,
    pub(super) remarks: Vec<String>,
}

/// What the playbooks do about an event now; or, where a step's time has come, what that step does.
pub(super) fn draw(mapping: &Mapping, event: &Event, facts: &Value, person: &mut Person, now: &Circumstances) -> Drawn {
    let mut drawn = Drawn::default();
    for book in &mapping.playbooks {
        let due = now.due.as_ref();
        match due {
            Some(due) if due.playbook != book.name => continue,
            None if !book.events.iter().any(|name| is_event(facts, name)) => continue,
            None if !holds(&book.condition, facts) => continue,
            None if holds(&book.unless, facts) && !book.unless.is_null() => continue,
            _ => {}
        }
        // Where the playbook was changed since, what waited may stand in another place, or in none.
        let waited = due.map(|due| {
            let is_it = |(place, step): &(u32, &PlayStep)| match &due.mark {
                Some(mark) => step.mark == *mark,
                None => *place == due.step,
            };
            let places = (0..).zip(&book.steps).filter(is_it).map(|(place, _)| place);
            places.min_by_key(|place| *place != due.step)
        });
        if waited == Some(None) {
            let remark = ": the step that waited is not in it any more";
            drawn.remarks.push("playbook ".to_owned() + &book.name + remark);
        }
        for (index, step) in (0..).zip(&book.steps) {
            match waited {
                Some(waited) if waited != Some(index) => continue,
                None if step.wait_ms > 0 => {
                    let at = now.now_ms + step.wait_ms;
                    drawn.later.push(Later {
                        at,
                        playbook: book.name.clone(),
                        step: index,
                        mark: Some(step.mark.clone()),
                    });
                    continue;
                }
                _ => {}
            }
            if !holds(&step.condition, facts) || (holds(&step.unless, facts) && !step.unless.is_null()) {
                continue;
            }
            if book.marketing && !now.confirmed {
                drawn.remarks.push("playbook ".to_owned() + &book.name + ": the contact has not confirmed its consent");
                continue;
            }
            let number = index.to_string();
            let mark = short_hash(&mut [event.id.as_str(), &book.name, &number].into_iter());
            let why = "playbook ".to_owned() + &book.name;
            let mut hand = Hand { drawn: &mut drawn, tasks: &mapping.tasks, event, person, now, why, mark };
            hand.play(&step.action, &step.with.fill(facts, &now.clocks));
        }
    }
    drawn
}

/// One step being turned into actions.
struct Hand<'a> {
    drawn: &'a mut Drawn,
    /// Who does tasks, where a step doesn't say it.
    tasks: &'a Value,
    event: &'a Event,
    person: &'a mut Person,
    now: &'a Circumstances,
    why: String,
    /// Names this step of this event: how a note or a task of unknown outcome is found again.
    mark: String,
}

impl Hand<'_> {
    fn push(&mut self, action: Action) {
        self.drawn.steps.push(Step { why: self.why.clone(), action });
    }

    fn run(&mut self, operation: &str, input: Map) {
        let order = self.event.order_key();
        self.push(Action::Run { operation: operation.to_owned(), input, order, keep: None });
    }

    /// Calls an operation with one field.
    fn run_with(&mut self, operation: &str, name: &str, value: Value) {
        // What is named by an empty field of the event is nothing.
        if !as_text(&value).is_empty() {
            let mut input = Map::new();
            put(&mut input, name, value);
            self.run(operation, input);
        }
    }

    /// Changes one thing. What is empty changes nothing.
    fn update(&mut self, operation: &str, name: &str, id: &str, mut input: Map) {
        input.retain(|_, value| !as_text(value).trim().is_empty());
        if input.is_empty() {
            return self.drawn.remarks.push(self.why.clone() + ": nothing to change is told");
        }
        put(&mut input, name, id.into());
        self.run(operation, input);
    }

    fn play(&mut self, action: &str, with: &Value) {
        let at_digistore24 = ["updatePurchase", "stopRebilling", "startRebilling", "refund"].contains(&action);
        if at_digistore24 && self.event.order.id.is_empty() {
            return self.drawn.remarks.push(self.why.clone() + ": which order is meant can't be told");
        }
        let order = self.event.order_key();
        let text = |name: &str| as_text(&with[name]);
        match action {
            "addTags" => self.drawn.add_tags.extend(tags(with)),
            "removeTags" => self.drawn.remove_tags.extend(tags(with)),
            "setFields" => self.drawn.custom.extend(with.as_object().cloned().unwrap_or_default()),
            "segment" => put(&mut self.drawn.custom, "ds24_segment", with.clone()),
            "note" => {
                let title = if with["title"].is_null() { self.why.clone() } else { text("title") };
                let title = title + " · " + self.mark.get(..8).unwrap_or_default();
                self.push(Action::CreateNote { order, title, body: text("body"), keep: false });
            }
            "task" => self.task(order, with),
            "workflow" => self.run_with("ghl.contacts.addContactToWorkflow", "workflowId", with.clone()),
            "leaveWorkflow" => self.run_with("ghl.contacts.deleteContactFromWorkflow", "workflowId", with.clone()),
            "campaign" => self.run_with("ghl.contacts.addContactToCampaign", "campaignId", with.clone()),
            "leaveCampaign" => self.run_with("ghl.contacts.removeContactFromCampaign", "campaignId", with.clone()),
            "opportunity" => self.opportunity(with),
            "business" => self.business(&as_text(with)),
            "appointment" => self.appointment(with),
            "updatePurchase" => {
                let mut input = with.as_object().cloned().unwrap_or_default();
                if let Some(span) = clock::span(&text("next_payment_at")) {
                    let day = clock::ymd(clock::in_berlin(clock::at(self.now.now_ms + span)).date());
                    put(&mut input, "next_payment_at", Value::String(day + " 00:00:00"));
                }
                self.update("digistore24.updatePurchase", "purchase_id", &self.event.order.id, input);
            }
            "updateBuyer" => {
                let input = with.as_object().cloned().unwrap_or_default();
                if let Some(id) = &self.event.buyer.id {
                    self.update("digistore24.updateBuyer", "buyer_id", id, input);
                }
            }
            "stopRebilling" | "startRebilling" => {
                let id = self.event.order.id.as_str().into();
                self.run_with(&("digistore24.".to_owned() + action), "purchase_id", id);
            }
            "refund" => self.refund(with),
            "buyLink" => self.buy_link(with),
            _ => {}
        }
    }

    fn task(&mut self, order: String, with: &Value) {
        let span = with["due"].as_str().and_then(clock::span).unwrap_or(DAY_MS);
        let days = i64::try_from(span / DAY_MS).unwrap_or_default();
        let due = match span % DAY_MS {
            0 => self.now.morning(days),
            _ => clock::iso_utc(self.now.now_ms + span),
        };
        // A late payment completes what a missed one brought.
        let purpose = if self.event.event == Kind::PaymentMissed { Purpose::Dunning } else { Purpose::Playbook };
        let who = &who(with, self.tasks);
        self.push(Action::CreateTask {
            owner_first: is_owner_first(who),
            title: as_text(&with["title"]),
            body: as_text(&with["body"]) + "\nds24:" + &self.mark,
            due,
            assigned_to: assigned(self.person, who, self.share_key(&order)),
            order,
            purpose,
        });
    }

    /// By what tasks are shared out: the order, else the contact.
    fn share_key<'k>(&'k self, order: &'k str) -> &'k str {
        let contact = self.event.raw.text_of("contactId");
        contact.filter(|_| self.event.order.id.is_empty()).unwrap_or(order)
    }

    fn opportunity(&mut self, with: &Value) {
        let mut deal = Map::new();
        for (name, wire) in [
            ("name", "name"),
            ("pipeline", "pipelineId"),
            ("stage", "pipelineStageId"),
            ("status", "status"),
            ("value", "monetaryValue"),
        ] {
            let value = &with[name];
            let number = value.as_str().and_then(crate::json::parse).filter(Value::is_number);
            if !value.is_null() {
                put(&mut deal, wire, number.filter(|_| name == "value").unwrap_or_else(|| value.clone()));
            }
        }
        let order = self.event.order_key();
        if self.person.order(&order).is_some() {
            return self.drawn.steps.extend(
                deal_action(self.person, &order, deal, "").map(|action| Step { why: self.why.clone(), action }),
            );
        }
        // Without an order: the deal that the event is about, else a new one.
        let raw = &self.event.raw;
        let told = raw.get("objectId").filter(|_| self.event.event.name().starts_with("Opportunity"));
        if let Some(id) = told {
            put(&mut deal, "id", id.clone());
            return self.run("ghl.opportunities.updateOpportunity", deal);
        }
        if !deal.contains_key("name") {
            put(&mut deal, "name", Value::String(self.why.clone() + " · " + &self.mark));
        }
        if !deal.contains_key("status") {
            put(&mut deal, "status", "open".into());
        }
        self.run("ghl.opportunities.createOpportunity", deal);
    }

    fn business(&mut self, name: &str) {
        let name = name.trim();
        if name.is_empty() || self.person.business.as_deref() == Some(name) {
            return;
        }
        self.person.business = Some(name.to_owned());
        let mut input = Map::new();
        put(&mut input, "name", name.into());
        let (order, mark) = (self.event.order_key(), self.mark.clone());
        let operation = "ghl.businesses.createBusiness".to_owned();
        self.push(Action::Run { operation, input, order, keep: Some(mark.clone()) });
        self.run_with("ghl.contacts.addRemoveContactFromBusiness", "businessId", mark.into());
    }

    fn appointment(&mut self, with: &Value) {
        let text = |name: &str| as_text(&with[name]);
        let moment = |text: &str| match clock::parse_iso(text) {
            _ if text.len() < 16 => None,
            Some(_) if text.contains(['T', 'Z']) => Some(text.to_owned()),
            _ => clock::parse_berlin(text).map(clock::iso),
        };
        let Some(start) = moment(&text("start")) else {
            return self.drawn.remarks.push(self.why.clone() + ": no appointment, the date has no time");
        };
        let title = if with["title"].is_null() { "Digistore24".to_owned() } else { text("title") };
        let mut input = Map::new();
        put(&mut input, "calendarId", with["calendar"].clone());
        put(&mut input, "startTime", start.into());
        if let Some(end) = moment(&text("end")) {
            put(&mut input, "endTime", end.into());
        }
        put(&mut input, "title", Value::String(title + " · " + self.mark.get(..8).unwrap_or_default()));
        self.run("ghl.calendars.createAppointment", input);
    }

    /// Never more than the playbook allows, and never for a test.
    fn refund(&mut self, with: &Value) {
        let cents = |value: &Value| Cents::parse(&as_text(value)).unwrap_or_default();
        let amount = match &with["amount"] {
            Value::Null => self.event.money.as_ref().map(|m| m.gross).unwrap_or_default(),
            given => cents(given),
        };
        match amount {
            Cents(1..) if amount <= cents(&with["maxAmount"]) && !self.event.test => {
                let mut input = Map::new();
                put(&mut input, "purchase_id", self.event.order.id.as_str().into());
                put(&mut input, "amount", amount.to_json());
                self.run("digistore24.refundPartially", input);
            }
            _ => {
                self.drawn.remarks.push(self.why.clone() + ": no refund, the amount is unknown or more than maxAmount")
            }
        }
    }

    fn buy_link(&mut self, with: &Value) {
        let mut buyer = Map::new();
        let person = &self.event.buyer;
        for (name, value) in
            [("email", &person.email), ("first_name", &person.first_name), ("last_name", &person.last_name)]
        {
            if let Some(value) = value {
                put(&mut buyer, name, value.as_str().into());
            }
        }
        let mut input = Map::new();
        put(&mut input, "product_id", with["product"].clone());
        put(&mut input, "buyer", Value::Object(buyer));
        let (order, keep) = (self.event.order_key(), Some(self.mark.clone()));
        self.push(Action::Run { operation: "digistore24.createBuyUrl".to_owned(), input, order, keep });
        let mut custom = Map::new();
        put(&mut custom, &as_text(&with["field"]), self.mark.as_str().into());
        self.push(Action::UpdateContact { fields: Map::new(), custom });
    }
}

const DAY_MS: u64 = 86_400_000;

/// Lost where the money went back.
pub(super) fn deal_status(state: Option<State>) -> Value {
    if matches!(state, Some(State::Refunded | State::ChargedBack)) { "lost" } else { "won" }.into()
}

/// The order's deal is made, or changed where there is one; nothing where it is as it should be. `amount` ends its name.
pub(super) fn deal_action(person: &mut Person, order_key: &str, mut deal: Map, amount: &str) -> Option<Action> {
    let status = deal_status(person.order_status(order_key));
    let order = person.order_mut(order_key)?;
    let mut operation = "ghl.opportunities.updateOpportunity";
    if order.deal.is_empty() {
        let said = std::mem::take(&mut deal);
        let product = order.items.first().and_then(|item| item.product_name.as_deref());
        put(&mut deal, "name", product.unwrap_or_default().into());
        put(&mut deal, "status", status);
        deal.extend(said);
    }
    if let Some(name) = deal.get("name") {
        let mut name = as_text(name);
        // The name is how the deal is found again.
        if !name.contains(&order.id) {
            name = name + " · " + &order.id;
        }
        name += amount;
        if order.test {
            name.insert_str(0, "[TEST] ");
        }
        put(&mut deal, "name", name.into());
    }
    // A test is no revenue.
    if order.test {
        deal.remove("monetaryValue");
    }
    if order.deal_id.is_some() {
        deal.retain(|name, value| order.deal.get(name) != Some(value));
    } else {
        operation = "ghl.opportunities.createOpportunity";
        // With what a step before this one has said.
        let said = std::mem::replace(&mut deal, order.deal.clone());
        deal.extend(said);
    }
    if deal.is_empty() {
        return None;
    }
    order.deal.extend(deal.clone());
    // Orders may share a deal.
    if let Some(id) = order.deal_id.clone() {
        for other in person.orders.iter_mut().filter(|other| other.deal_id.as_ref() == Some(&id)) {
            other.deal.extend(deal.clone());
        }
    }
    let order = person.order(order_key)?;
    // A stage belongs to its pipeline.
    if let (true, Some(pipeline)) = (deal.contains_key("pipelineStageId"), order.deal.get("pipelineId")) {
        put(&mut deal, "pipelineId", pipeline.clone());
    }
    Some(Action::Run { operation: operation.to_owned(), input: deal, order: order_key.to_owned(), keep: None })
}

/// Tags as GHL keeps them.
pub(super) fn tags(value: &Value) -> Vec<String> {
    texts(value).iter().map(|tag| lower(tag.trim())).filter(|tag| !tag.is_empty()).collect()
}

/// Who is to do a task: as its own settings say, else as those of all tasks.
pub(super) fn who(own: &Value, all: &Value) -> Value {
    let setting = |name: &str| if own[name].is_null() { all[name].clone() } else { own[name].clone() };
    json!({ "assignedTo": setting("assignedTo"), "ownerFirst": setting("ownerFirst") })
}

/// Who does a task: the user who looks after the contact, else one of those in `assignedTo`: of several, each gets the
/// same share of the orders, and one order stays with one user.
pub(super) fn assigned(person: &Person, with: &Value, order_key: &str) -> Option<String> {
    let users = texts(&with["assignedTo"]);
    let hash = short_hash(&mut [order_key].into_iter());
    let number = u64::from_str_radix(&hash, 16).unwrap_or_default();
    let share = number.checked_rem(users.len() as u64).and_then(|index| users.get(index as usize)).cloned();
    let owner = person.assigned_to.clone();
    if is_owner_first(with) { owner.or(share) } else { share.or(owner) }
}

/// Whether the user who looks after the contact comes first.
pub(super) fn is_owner_first(with: &Value) -> bool {
    with["ownerFirst"].as_bool() != Some(false)
}
