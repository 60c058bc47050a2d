//! One try at a message: whose event is it, what is to be done, and what the ledger must say in the end.

use super::{
    RELOAD_MS, Sync, contact_of,
    execute::{Next, is_new_order},
    from_json, heard,
    inbox::Message,
    mirror, person, person_of,
    process::{Call, Report},
    work::Work,
};
use std::cell::Cell;

use crate::json::{Map, Set, ToJson, Value, json, put, text};
use crate::lease::Lease;
use crate::text::lower;
use crate::{
    digistore24::{Event, Kind, standing},
    effects::Write,
    error::{Code, Error, Result, word},
    mapping::{self, Circumstances, Known, Person, Snapshot, is_unsubscribed},
};

/// What a plan is made from.
struct Basis {
    known: Known,
    /// The contact that the person had before it was deleted or merged.
    moved_from: Option<String>,
    /// How far an earlier try was when the message was given up.
    begun: Map,
}

impl Sync<'_> {
    /// Resolves, plans and writes; `slot` is how far it is, also after a failure. False: another worker holds the contact.
    pub(super) async fn attempt(
        &self,
        lease: &mut Lease,
        report: &mut Report,
        name: &str,
        event: &mut Event,
        message: &mut Message,
        slot: &mut Option<Work>,
    ) -> Result<bool> {
        if let Some(ticket) = event.eticket.as_ref().and_then(|ticket| ticket.id.as_ref()) {
            if message.ticket.is_null() {
                message.ticket = self.ask(report, "digistore24.getEticket", "eticket_id", ticket).await?;
                if !message.ticket.is_null() {
                    message.attempts = 0;
                }
            }
            event.learn_holder(&message.ticket);
        }
        let (event, message) = (&*event, &*message);
        let mut basis = None;
        match &*slot {
            Some(work) if !work.given_up => lease.claims.clone_from(&work.claimed),
            given_up => {
                let email = match event.event.is_highlevel() {
                    #[cfg(not(feature = "fetch"))]
                    true => self.email_of_unknown(report, event).await?,
                    _ => event.buyer.email.clone(),
                };
                // The lease ends with a worker, and what a worker has listed may be old: only a claim tells it that another
                // message of this person has begun.
                let mut claims = vec![self.scope.claim_person(&message.person)];
                claims.extend(email.map(|email| self.scope.claim_email(&email)));
                if !lease.claim_all(claims, name).await? {
                    return Ok(false);
                }
                let (begun, moved_from) = given_up.as_ref().map(|work| work.left("")).unwrap_or_default();
                let known = if event.event.is_highlevel() {
                    Known::Person { contact_id: Some(heard::contact_id(event)), person: Person::default() }
                } else {
                    self.resolve(report, event, message).await?
                };
                basis = Some(Basis { known, moved_from, begun });
            }
        }
        for _ in 0..3 {
            if let Some(basis) = basis.take() {
                let Some(work) = self.begin(lease, report, name, event, message, basis).await? else {
                    if slot.take().is_some_and(|work| !work.given_up) {
                        lease.commit(vec![Write { key: self.scope.work(name), expect: None, value: None }]).await?;
                    }
                    return Ok(false);
                };
                *slot = Some(work);
            }
            let Some(work) = slot else { break };
            match self.carry_out(lease, report, name, event, work).await? {
                Next::Finished => return Ok(true),
                Next::Resolve(known) => {
                    // What was done with the other contact is gone with it; what was done in Digistore24 is done.
                    let (begun, moved_from) = work.left("digistore24.");
                    basis = Some(Basis { known: *known, moved_from, begun });
                }
            }
        }
        Err(Error::new(
            Code::Unavailable,
            "the contact changes faster than it can be written",
            "Look at the contact in HighLevel; the event is tried again later.",
        ))
    }

    /// Plans and stores the plan. Nothing, where another unfinished message has claimed the contact.
    #[cfg_attr(feature = "fetch", allow(unused_mut, reason = "the bare module hears nothing"))]
    async fn begin(
        &self,
        lease: &mut Lease,
        report: &mut Report,
        name: &str,
        event: &Event,
        message: &Message,
        basis: Basis,
    ) -> Result<Option<Work>> {
        let Basis { mut known, moved_from, begun } = basis;
        let contact_id = contact_id_of(&known).map(str::to_owned);
        if let Some(id) = &contact_id
            && !lease.claim(self.scope.claim_contact(id), name).await?
        {
            return Ok(None);
        }
        // Only under the claim is the ledger's entry certain to stay as it is.
        let mut mirror = Map::new();
        let mut version = 0;
        if let Some(id) = &contact_id
            && let Some((person, at)) = self.entries(id, &mut mirror).await?
        {
            (known, version) = (Known::Person { contact_id: contact_id.clone(), person }, at);
        }
        let mut known = self.inherited(known, moved_from.as_ref()).await?;
        let (mut heard, mut is_news): (Option<Event>, bool) = (None, true);
        #[cfg(not(feature = "fetch"))]
        if event.event.is_highlevel() {
            let event = heard.insert(message.event(&self.client.connection.id)?);
            is_news = self.hear(report, event, &mut known, &mut mirror, message.due.is_some()).await?;
        }
        let event = heard.as_ref().unwrap_or(event);
        let history = message.history(&self.client.connection.id)?;
        let earlier: Vec<&Event> = history.iter().collect();
        let mut now = Circumstances {
            repeated: message.repeated || !is_news,
            now_ms: message.due.as_ref().map_or(message.received_at, |due| due.at),
            due: message.due.clone(),
            manner: message.manner.unwrap_or_default(),
            wants_contact: Cell::new(self.mapping.asks_consent().is_some()),
            ..Circumstances::default()
        };
        let mut asked = false;
        let mut plan = loop {
            let plan = mapping::plan_history(self.mapping, &earlier, event, known.clone(), &now);
            if let (true, Value::Null, Some(id)) = (now.wants_contact.take(), &now.contact, &contact_id) {
                let input = json!({ "contactId": id });
                now.contact = match self.call(&mut report.calls, "ghl.contacts.getContact", input).await {
                    // The writes will find it out.
                    Err(error) if error.code() == Code::NotFound => Value::Null,
                    answer => answer?.get("contact").cloned().unwrap_or_default(),
                };
                if !now.contact.is_object() {
                    now.contact = false.into();
                }
                let unsubscribed = now.contact.as_object().is_some_and(is_unsubscribed);
                if let Known::Person { person, .. } = &mut known {
                    person.unsubscribed = unsubscribed;
                }
                now.confirmed = !unsubscribed && self.is_confirmed(report, &now.contact).await?;
                continue;
            }
            if plan.asks && !asked {
                asked = true;
                // Without an answer a person is asked.
                let order = &event.order.id;
                now.told = standing(&self.ask(report, "digistore24.getPurchase", "purchase_id", order).await?);
                if now.told.is_some() {
                    continue;
                }
            }
            if self.tell_time(Some(&mut report.calls), &now.clocks).await? {
                continue;
            }
            break plan;
        };
        if !is_news {
            plan.remarks.push("tells nothing new: the plugin's own write, or told before".to_owned());
        }
        let mut others_address = None;
        if let (false, Some(id), Some(email)) = (event.event.is_highlevel(), &contact_id, &event.buyer.email) {
            let key = self.scope.email(email);
            if let Some(owner) = contact_of(&self.effects, vec![key.clone()]).await?
                && owner != *id
                && moved_from.as_ref() != Some(&owner)
                && person(&self.effects, &self.scope, &owner).await?.is_some()
            {
                others_address = Some(key);
            }
        }
        let mut work = Work { mirror, moved_from, others_address, ..Work::new(plan, version, lease.claims.clone()) };
        self.name_ids(&mut report.calls, &mut work).await?;
        work.go_on_from(&begun);
        lease
            .commit(vec![Write { key: self.scope.work(name), expect: None, value: Some(text(&work.to_json())) }])
            .await?;
        Ok(Some(work))
    }

    /// The ledger's entry of a contact, and what is known of it in HighLevel where a playbook listens.
    pub(super) async fn entries(&self, contact_id: &str, mirror: &mut Map) -> Result<Option<(Person, u64)>> {
        let mut keys = vec![self.scope.person(contact_id)];
        if self.mapping.listens() {
            keys.push(self.scope.mirror(contact_id));
        }
        let (entries, _) = self.effects.get(keys.clone()).await?;
        let mut person = None;
        for entry in entries {
            if keys.first() == Some(&entry.key) {
                person = Some((from_json(&entry.value)?, entry.version));
            } else {
                // What can't be read is learnt anew.
                *mirror = from_json(&entry.value).unwrap_or_default();
            }
        }
        Ok(person)
    }

    /// With what the ledger knows of the contact that the person had before.
    async fn inherited(&self, known: Known, moved_from: Option<&String>) -> Result<Known> {
        let contact_id = contact_id_of(&known).map(str::to_owned);
        let Some(gone) = moved_from.filter(|gone| Some(*gone) != contact_id.as_ref()) else { return Ok(known) };
        let Some((old, _)) = person(&self.effects, &self.scope, gone).await? else { return Ok(known) };
        let mut person = known.person(&self.mapping.tag_prefix);
        // What was merged has its notes, tasks and deals still.
        person.inherit(if contact_id.is_some() { old } else { old.without_contact() });
        Ok(Known::Person { contact_id, person })
    }

    /// What a message has made that is given up half-way belongs to the ledger all the same: the next message of this
    /// person must find it, and so must this one when it is tried again.
    pub(super) async fn keep_made(&self, event: &Event, message: &Message, work: &mut Work) -> Result<Vec<Write>> {
        let id = work.contact_id.clone().unwrap_or_default();
        let mut mirror = Map::new();
        let known = self.entries(&id, &mut mirror).await?.map(|(person, _)| person);
        let left = work.tags_put_on();
        if let Some(order) = work.plan.person.order_mut(&event.order_key()) {
            order.left_tags.extend(left);
        }
        work.plan.leave_made(known);
        if event.event.is_highlevel() {
            // It is still news for the next try; what was written for it until now is not.
            mirror::keep_own(&mut mirror, &work.mirror);
            work.mirror = mirror;
        }
        // What the person had before is taken over by the next try.
        work.moved_from = None;
        self.conclusion(event, message, work)
    }

    /// Whether the contact has confirmed that it wants mail, where a playbook needs to know.
    async fn is_confirmed(&self, report: &mut Report, contact: &Value) -> Result<bool> {
        let Some(field) = self.mapping.asks_consent() else { return Ok(false) };
        let fields = self.fields_with(&[field.to_owned()], &mut report.calls).await?;
        let Some(field_id) = fields.by_key(field).map(|f| f["id"].clone()) else { return Ok(false) };
        let values = contact["customFields"].items().iter();
        let value = values.filter(|f| f["id"] == field_id).map(|f| &f["value"]).next().cloned().unwrap_or_default();
        Ok(!matches!(lower(&mapping::as_text(&value)).trim(), "" | "0" | "false" | "no" | "nein"))
    }

    /// Whether Digistore24 can be asked.
    pub(super) fn can_ask(&self) -> bool {
        self.client.connection.digistore24.as_ref().is_some_and(|account| account.api_key.is_some())
    }

    /// Asks Digistore24 about one thing. Null where it can't be asked or doesn't know.
    async fn ask(&self, report: &mut Report, operation: &str, name: &str, id: &str) -> Result<Value> {
        if !self.can_ask() {
            return Ok(Value::Null);
        }
        let mut input = Map::new();
        put(&mut input, name, id.into());
        match self.call(&mut report.calls, operation, Value::Object(input)).await {
            // A proxy's page is no answer either.
            Err(error) if error.details().retryable || error.code() == Code::MalformedResponse => Err(error),
            answer => Ok(answer.unwrap_or_default()),
        }
    }

    /// Whose event is it? By order, replaced order, buyer and e-mail in the ledger, then by e-mail in GHL. Never by phone.
    async fn resolve(&self, report: &mut Report, event: &Event, message: &Message) -> Result<Known> {
        let known = person_of(&self.effects, &self.scope, event).await?;
        let order = known.as_ref().and_then(|(_, person, _)| person.order(&event.order_key()));
        if event.event == Kind::CustomForm && message.due.is_none() && order.is_none_or(|order| order.items.is_empty())
        {
            return Err(too_early());
        }
        if let Some((contact_id, person, _)) = known {
            return Ok(Known::Person { contact_id: Some(contact_id), person });
        }
        let contact = match &message.contact {
            Value::Null => match self.contact_by_email(report, event).await? {
                // Of a first order nobody can know the buyer's number: no call is made for it.
                None if !is_new_order(event) && self.mapping.custom_fields => {
                    self.contact_by_buyer(report, event).await?
                }
                found => found,
            },
            seen => snapshot(seen),
        };
        Ok(contact.map_or(Known::Nobody, Known::Contact))
    }

    /// The one contact that bears the buyer's number in its custom field: the ledger is new, or the address has changed.
    async fn contact_by_buyer(&self, report: &mut Report, event: &Event) -> Result<Option<Snapshot>> {
        let fields = self.fields(RELOAD_MS, &mut report.calls).await?;
        let (Some(buyer), Some(field)) = (&event.buyer.id, fields.by_key("ds24_buyer_id")) else { return Ok(None) };
        let path = ["customFields.", field["id"].as_str().unwrap_or_default()].concat();
        let filters = json!([{ "field": path, "operator": "eq", "value": buyer }]);
        let input = json!({ "pageLimit": 2, "filters": filters });
        let answer = self.call(&mut report.calls, "ghl.contacts.searchContactsAdvanced", input).await?;
        match answer.get("contacts").and_then(Value::as_array).map(Vec::as_slice) {
            Some([contact]) => Ok(snapshot(contact)),
            _ => Ok(None),
        }
    }

    /// The contact with exactly this address. GHL's search index lags, its duplicate check doesn't.
    pub(super) async fn contact_by_email(&self, report: &mut Report, event: &Event) -> Result<Option<Snapshot>> {
        let Some(email) = &event.buyer.email else { return Ok(None) };
        let answer =
            self.call(&mut report.calls, "ghl.contacts.getDuplicateContact", json!({ "email": email })).await?;
        let Some(contact) = answer.get("contact").filter(|c| c.is_object()) else { return Ok(None) };
        let same = contact.text_of("email").is_none_or(|e| e.trim().eq_ignore_ascii_case(email));
        Ok(if same { snapshot(contact) } else { None })
    }

    /// Calls and notes it.
    pub(super) async fn call(&self, calls: &mut Vec<Call>, id: &str, input: Value) -> Result<Value> {
        debug_assert!(
            id.starts_with("digistore24.")
                || super::OPERATIONS.iter().any(|(known, _)| *known == id)
                || self.mapping.operations().contains(id),
            "{id} is not in the list"
        );
        let result = self.client.run_once(id, input).await;
        calls.push(Call { operation: id.to_owned(), result: word(&result).to_owned() });
        result
    }

    /// What the ledger must say when all writes are done.
    pub(super) fn conclusion(&self, event: &Event, message: &Message, work: &Work) -> Result<Vec<Write>> {
        let Some(contact_id) = &work.contact_id else { return Ok(Vec::new()) };
        let mut writes = Vec::new();
        if self.mapping.listens() {
            let value = Some(text(&work.mirror.to_json()));
            writes.push(Write { key: self.scope.mirror(contact_id), expect: None, value });
        }
        let is_heard = event.event.is_highlevel();
        let is_stranger = work.plan.person.orders.is_empty() && (is_heard || work.plan.steps.is_empty());
        if is_stranger && work.plan.later.is_empty() {
            return Ok(writes);
        }
        let mut keys = Set::new();
        if !is_heard {
            // An address that is somebody else's stays so, though a message about this one's order bears it.
            let own = |key: &String| work.others_address.as_ref() != Some(key);
            keys.extend(self.scope.identities(event).into_iter().filter(own));
        }
        keys.extend(work.plan.person.orders.iter().map(|o| self.scope.order(&o.key)));
        keys.extend(work.plan.person.buyers.iter().map(|b| self.scope.buyer(b)));
        let value = text(&contact_id.to_json());
        writes.extend(keys.into_iter().map(|key| Write { key, expect: None, value: Some(value.clone()) }));
        if let Some(old) = work.moved_from.as_ref().filter(|old| *old != contact_id) {
            writes.push(Write { key: self.scope.person(old), expect: None, value: None });
        }
        for later in &work.plan.later {
            // The time first, so that the list of what is due ends at the first that isn't.
            let name = format!("{:013}-{}-{}-{}", later.at, event.id, later.playbook, later.step);
            let mut step = message.clone();
            (step.due, step.attempts, step.next_at, step.error) = (Some(later.clone()), 0, 0, None);
            // What was known when the message came, and what came with it, is over by then.
            (step.contact, step.ticket, step.earlier) = (Value::Null, Value::Null, Vec::new());
            if later.playbook.starts_with(mapping::UPGRADE) {
                // The day is now, however long ago it was told.
                step.manner = None;
            }
            let value = Some(text(&step.to_json()));
            writes.push(Write { key: self.scope.later(&name), expect: None, value });
        }
        if is_stranger {
            // Who has bought nothing has no entry: the first sale must still find an unknown contact.
            return Ok(writes);
        }
        let person = &work.plan.person;
        writes.push(Write {
            key: self.scope.person(contact_id),
            expect: Some(work.person_version),
            value: Some(text(&person.to_json())),
        });
        Ok(writes)
    }
}

fn contact_id_of(known: &Known) -> Option<&str> {
    match known {
        Known::Nobody => None,
        Known::Contact(snapshot) => Some(&snapshot.id),
        Known::Person { contact_id, .. } => contact_id.as_deref(),
    }
}

pub(super) fn snapshot(contact: &Value) -> Option<Snapshot> {
    let id = contact.text_of("id").filter(|id| !id.is_empty())?;
    let tags = contact["tags"].items().iter().filter_map(Value::as_str);
    Some(Snapshot {
        id: id.to_owned(),
        assigned_to: contact.text_of("assignedTo").filter(|a| !a.is_empty()).map(str::to_owned),
        tags: tags.map(|t| lower(t.trim())).collect(),
        rest: contact.as_object().cloned().unwrap_or_default(),
    })
}

/// Digistore24 delivers in any order: a form may overtake its payment. Tried for less than two days.
fn too_early() -> Error {
    Error::new(
        Code::Unavailable,
        "the form's order is not known: its payment has not come",
        "Import the order (backfill), or send its payment again in Digistore24; then retry.",
    )
}

/// Whether a write that ended so may have been carried out, or may yet be.
pub(super) fn is_uncertain(error: &Error) -> bool {
    match error.code() {
        Code::OutcomeUnknown | Code::Timeout | Code::Cancelled | Code::MalformedResponse => true,
        // With a status the service was reached; without one the connection was never made.
        Code::Unavailable => error.details().status.is_some(),
        _ => false,
    }
}

/// A conflict of the store, not of a service.
pub(super) fn is_fence(error: &Error) -> bool {
    error.code() == Code::Conflict && error.details().operation.is_none()
}

/// The store answers, but an entry in it can't be read.
pub(super) fn is_damage(error: &Error) -> bool {
    error.code() == Code::Storage && !error.details().retryable
}
