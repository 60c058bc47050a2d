//! The writes of one plan. Before each one the ledger says "sent", after it "done": whatever happens in between, the next
//! try knows which write may or may not have taken effect, and looks for it by its marker.

use super::{
    Sync,
    attempt::{is_uncertain, snapshot},
    mirror,
    process::Report,
    request::{
        CREATE_DEAL, Request, is_deal, is_so, made_elsewhere, mark_of, may_repeat, needs_result, request, search,
        shared,
    },
};
use crate::json::{Json, Map, ToJson, Value, json, put, text};
use crate::lease::Lease;
use crate::{
    digistore24::Event,
    effects::{Happening, Level, Write},
    error::{Code, Error, Result, word},
    mapping::{self, Action, Known, OpenTask, Plan, Step, is_unsubscribed},
    record,
};

record! {
    /// A plan under way.
    #[derive(Debug, Clone, PartialEq)]
    pub(super) struct Work {
        /// What is to be done.
        pub(super) plan: Plan,
        /// How far each step is.
        pub(super) progress: Vec<Progress>,
        /// The contact, once known.
        pub(super) contact_id: Option<String>,
        /// The version of the person's entry that the plan was made from; 0 for a new one.
        pub(super) person_version: u64,
        /// The contact that the person had before it was deleted or merged.
        pub(super) moved_from: Option<String>,
        /// The ledger's key of the message's address, where it stands for somebody else.
        pub(super) others_address: Option<String>,
        /// The keys of the claims on contacts.
        pub(super) claimed: Vec<String>,
        /// What HighLevel is known to say about the contact, with what these writes left.
        pub(super) mirror: Map,
        /// The message became a dead letter on the way: nothing is claimed, and whoever tries it again plans anew.
        pub(super) given_up: bool,
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Not begun.
    Todo,
    /// Sent at this time (milliseconds since 1970), answer unknown.
    Sent(u64),
    /// Certainly carried out.
    Done,
}

/// `null`, the time of sending, `true`.
impl ToJson for Progress {
    fn to_json(&self) -> Value {
        match self {
            Self::Todo => Value::Null,
            Self::Sent(at) => Value::from(*at),
            Self::Done => Value::Bool(true),
        }
    }
}

impl Json for Progress {
    fn read(value: Value, ok: &mut bool) -> Self {
        match value {
            Value::Null => Self::Todo,
            Value::Bool(true) => Self::Done,
            other => {
                *ok &= other.is_number();
                Self::Sent(other.as_u64().unwrap_or_default())
            }
        }
    }
}

/// How a run over the steps ended.
pub(super) enum Next {
    /// All done.
    Finished,
    /// The contact is another one than thought: plan again with this.
    Resolve(Box<Known>),
}

impl Work {
    pub(super) fn new(plan: Plan, person_version: u64, claimed: Vec<String>) -> Self {
        let progress = plan.steps.iter().map(|_| Progress::Todo).collect();
        let contact_id = plan.contact_id.clone();
        Self {
            plan,
            progress,
            contact_id,
            person_version,
            moved_from: None,
            others_address: None,
            claimed,
            mirror: Map::new(),
            given_up: false,
        }
    }

    /// Whether a step gives the contact another e-mail address.
    fn changes_address(&self, index: usize) -> bool {
        let step = self.plan.steps.get(index);
        step.is_some_and(
            |step| matches!(&step.action, Action::UpdateContact { fields, .. } if fields.contains_key("email")),
        )
    }

    /// Leaves an address to the contact that has it: a location may allow duplicates.
    fn yield_address(&mut self, index: usize, owner: &str) {
        if let Some(Step { action: Action::UpdateContact { fields, .. }, .. }) = self.plan.steps.get_mut(index)
            && self.contact_id.as_deref() != Some(owner)
        {
            fields.remove("email");
            let remark = "the buyer's new e-mail address belongs to another contact: it is left there";
            self.plan.remarks.push(remark.into());
        }
    }

    /// Takes a tag out of those that will be put on. False: it isn't among them, comes off before, or an earlier try has put
    /// it on, or may have.
    fn take_out(&mut self, tag: &str) -> bool {
        for (step, progress) in self.plan.steps.iter_mut().zip(&self.progress) {
            match &mut step.action {
                Action::RemoveTags { tags } if tags.iter().any(|one| one == tag) => break,
                Action::AddTags { tags } if *progress == Progress::Todo => {
                    let index = tags.iter().position(|one| one == tag);
                    index.map(|index| tags.remove(index));
                    return index.is_some();
                }
                _ => {}
            }
        }
        false
    }

    /// Tags that it has put on.
    pub(super) fn tags_put_on(&self) -> Vec<String> {
        let mut put_on = Vec::new();
        for (step, progress) in self.plan.steps.iter().zip(&self.progress) {
            if let (Action::AddTags { tags }, Progress::Done) = (&step.action, progress) {
                put_on.extend(tags.iter().cloned());
            }
        }
        put_on
    }

    /// Tags to come as well: before what comes after tags.
    fn add_tags(&mut self, tags: Vec<String>) {
        let after = self.plan.steps.iter().position(|step| mapping::is_after_tags(&step.action));
        let at = after.unwrap_or(self.plan.steps.len()).min(self.progress.len());
        let why = "asked for again".to_owned();
        self.plan.steps.insert(at, Step { why, action: Action::AddTags { tags } });
        self.progress.insert(at, Progress::Todo);
    }

    /// How many steps are certainly carried out.
    pub(super) fn done(&self) -> usize {
        self.progress.iter().filter(|progress| **progress == Progress::Done).count()
    }

    /// Whether something was written, or may have been.
    pub(super) fn has_begun(&self) -> bool {
        self.progress.iter().any(|progress| *progress != Progress::Todo)
    }

    /// How far the steps are that must not be done twice, by their marks, as far as these begin so.
    /// Beside it the contact that the person had before.
    pub(super) fn left(&self, prefix: &str) -> (Map, Option<String>) {
        let mut marks = Map::new();
        for (step, progress) in self.plan.steps.iter().zip(&self.progress) {
            let mark = mark_of(&step.action);
            // What has no mark may be repeated; tags that are on are kept as the order's. What gives something that other steps
            // need is done again, for its result: it is looked for first, or does no harm.
            let is_on = *progress == Progress::Done && matches!(step.action, Action::AddTags { .. });
            let gives = matches!(&step.action, Action::Run { keep: Some(_), .. }) || needs_result(&step.action);
            if *progress != Progress::Todo && !is_on && !gives && !mark.is_empty() && mark.starts_with(prefix) {
                put(&mut marks, &mark, progress.to_json());
            }
        }
        (marks, self.moved_from.clone())
    }

    /// What an earlier plan for the same message has done is not done again, and what it may have done is looked for.
    pub(super) fn go_on_from(&mut self, marks: &Map) {
        for (step, progress) in self.plan.steps.iter().zip(&mut self.progress) {
            if let Some(known) = marks.get(&mark_of(&step.action)) {
                *progress = Progress::read(known.clone(), &mut true);
            }
        }
    }
}

impl Sync<'_> {
    /// Carries out what is left of a plan.
    pub(super) async fn carry_out(
        &self,
        lease: &mut Lease,
        report: &mut Report,
        name: &str,
        event: &Event,
        work: &mut Work,
    ) -> Result<Next> {
        // What a write shows may add a step.
        for index in 0.. {
            let Some(progress) = work.progress.get(index).copied() else { break };
            if progress == Progress::Done {
                continue;
            }
            if work.changes_address(index)
                && let Some(other) = self.contact_by_email(report, event).await?
            {
                work.yield_address(index, &other.id);
            }
            let Some(step) = work.plan.steps.get(index).cloned() else { continue };
            let mut found = None;
            if let Progress::Sent(at) = progress {
                let settled = at + self.settle_ms;
                if self.effects.shared_now() < settled {
                    return Err(unsettled(settled - self.effects.shared_now()));
                }
                found = self.look_up(report, event, work, &step.action, at).await?;
                if found.is_none() && !may_repeat(&step.action) {
                    self.give_up(event, work, &step.action);
                    self.mark(lease, name, work, index, Progress::Done).await?;
                    continue;
                }
                if found.is_none() {
                    self.doubt(lease, name, event, work, index).await?;
                }
            } else if let Some(shared) = shared(&step.action) {
                if !lease.claim(self.scope.claim_business(&shared), name).await? {
                    return Err(made_elsewhere());
                }
                work.claimed.clone_from(&lease.claims);
                found = self.look_up(report, event, work, &step.action, 0).await?;
            } else if is_deal(&step.action) && !is_new_order(event) {
                // The ledger may be newer than the deal.
                found = self.look_up(report, event, work, &step.action, 0).await?;
            }
            if let Some(id) = found {
                if self.mapping.listens()
                    && let Some(request) = request(work, &step.action, Vec::new())?
                {
                    mirror::wrote(&mut work.mirror, &request, &json!({ "id": id }), self.seconds());
                }
                note_result(work, &step.action, Some(id), &event.order.id);
                self.tell(event, &step.action, "found", "ok");
            } else {
                self.mark(lease, name, work, index, Progress::Sent(self.effects.shared_now())).await?;
                let recovered = match self.write(report, work, &step.action).await {
                    Ok(id) => Ok(Recovered::Done(id)),
                    Err(error) => self.recover(report, event, work, &step.action, error).await,
                };
                let outcome = if recovered.is_ok() { "done" } else { "failed" };
                self.tell(event, &step.action, outcome, word(&recovered));
                match recovered {
                    Ok(Recovered::Done(id)) => note_result(work, &step.action, id, &event.order.id),
                    Ok(Recovered::Resolve(known)) => return Ok(Next::Resolve(known)),
                    Err(error) => {
                        // A certain refusal: the step may be begun anew without a look-up. Else the time in which it may
                        // take effect counts from here, where its request has ended.
                        let uncertain = is_uncertain(&error);
                        let progress =
                            if uncertain { Progress::Sent(self.effects.shared_now()) } else { Progress::Todo };
                        self.mark(lease, name, work, index, progress).await?;
                        return Err(error);
                    }
                }
            }
            self.mark(lease, name, work, index, Progress::Done).await?;
        }
        Ok(Next::Finished)
    }

    /// A creation is repeated, because nothing was found. Should the first one take effect later than the fault model allows,
    /// there will be two: the host looks again later, and tells a person.
    async fn doubt(&self, lease: &mut Lease, name: &str, event: &Event, work: &Work, index: usize) -> Result<()> {
        let Some(action) = work.plan.steps.get(index).map(|step| &step.action) else { return Ok(()) };
        let search = search(work, action).map_or(Value::Null, |search| search.to_json());
        if search.is_null() && !matches!(action, Action::CreateContact { .. }) {
            return Ok(());
        }
        let doubt = json!({
            "at": self.effects.now(), "id": event.id, "order": event.order_key(), "action": action.word(), "search": search,
        });
        let key = self.scope.key("doubt", &[name, "-", &index.to_string()].concat());
        lease.commit(vec![Write { key, expect: None, value: Some(text(&doubt)) }]).await.map(|_| ())
    }

    fn tell(&self, event: &Event, action: &Action, outcome: &str, code: &str) {
        self.effects.event(Happening::Step, || {
            let named = action.to_json();
            let action = named.fields().next().map(|(name, _)| name);
            json!({ "id": event.id, "action": action, "outcome": outcome, "code": code })
        });
    }

    async fn mark(
        &self,
        lease: &mut Lease,
        name: &str,
        work: &mut Work,
        index: usize,
        progress: Progress,
    ) -> Result<()> {
        if let Some(slot) = work.progress.get_mut(index) {
            *slot = progress;
        }
        // The end of the last step is written together with the ledger's conclusion.
        if progress == Progress::Done && work.progress.iter().all(|p| *p == Progress::Done) {
            return Ok(());
        }
        lease
            .commit(vec![Write { key: self.scope.work(name), expect: None, value: Some(text(&work.to_json())) }])
            .await
            .map(|_| ())
    }

    /// Performs one write. Gives the id of what was made.
    async fn write(&self, report: &mut Report, work: &mut Work, action: &Action) -> Result<Option<String>> {
        let mut values = Vec::new();
        if let Action::CreateContact { custom, .. } | Action::UpdateContact { custom, .. } = action {
            values = self.custom_fields(report, custom, &mut work.plan.person.fields).await?;
        }
        let Some(request) = request(work, action, values)? else { return Ok(None) };
        let answer = self.call(&mut report.calls, &request.operation, Value::Object(request.input.clone())).await?;
        if self.mapping.listens() {
            mirror::wrote(&mut work.mirror, &request, &answer, self.seconds());
        }
        let Request { operation, id, .. } = request;
        if let (Action::UpdateContact { .. }, Some(contact)) = (action, answer.get("contact")) {
            self.observe(work, contact);
        }
        if id.is_empty() {
            return Ok(None);
        }
        match answer.pointer(id).and_then(Value::as_str) {
            Some(id) => Ok(Some(id.to_owned())),
            // It answered "created" but not what: look for it as if the answer had been lost.
            None => Err(Error::new(
                Code::OutcomeUnknown,
                "HighLevel's answer lacks the new id",
                "Nothing to do: it is looked up.",
            )
            .of_operation(&operation)),
        }
    }

    /// Some refusals have a way out.
    async fn recover(
        &self,
        report: &mut Report,
        event: &Event,
        work: &mut Work,
        action: &Action,
        error: Error,
    ) -> Result<Recovered> {
        match (action, error.code()) {
            (Action::CreateContact { fields, custom }, Code::Duplicate)
                if error.details().cause.as_deref() == Some("phone") =>
            {
                // The phone belongs to somebody else: it never identifies a person.
                self.create_without_phone(report, event, work, fields, custom).await
            }
            (Action::CreateContact { .. }, Code::Duplicate) => match &error.details().existing_id {
                Some(id) => self.resolve_to(report, id).await,
                None => Err(error),
            },
            (Action::CreateContact { fields, custom }, Code::InvalidInput) => {
                // GHL sometimes answers 422 and has created the contact all the same.
                if let Some(contact) = self.contact_by_email(report, event).await? {
                    return Ok(Recovered::Done(Some(contact.id)));
                }
                if fields.contains_key("phone") {
                    self.create_without_phone(report, event, work, fields, custom).await
                } else {
                    Err(error)
                }
            }
            (Action::UpdateContact { fields, custom }, Code::InvalidInput | Code::Duplicate)
                if fields.contains_key("phone") =>
            {
                let (fields, custom) = self.without_phone(work, fields, custom);
                self.write(report, work, &Action::UpdateContact { fields, custom }).await.map(Recovered::Done)
            }
            (Action::UpdateNote { order, title, body, .. }, Code::NotFound)
                if self.contact_exists(report, work).await? =>
            {
                let action =
                    Action::CreateNote { order: order.clone(), title: title.clone(), body: body.clone(), keep: true };
                self.write(report, work, &action).await.map(Recovered::Done)
            }
            (Action::CompleteTask { .. }, Code::NotFound) if self.contact_exists(report, work).await? => {
                Ok(Recovered::Done(None))
            }
            (Action::Run { operation, input, order, keep }, Code::Duplicate) if operation == CREATE_DEAL => {
                // The location allows one deal of a contact in a pipeline. Whose it is and what it is for, nobody knows.
                let existing = error.details().existing_id.clone().filter(|_| self.mapping.shares_deals());
                let is_taken = existing.is_some();
                if let Some(order) = work.plan.person.order_mut(order) {
                    if !is_taken {
                        order.deal = Map::new();
                    }
                    order.deal_id = existing;
                }
                if !is_taken {
                    self.effects.log(Level::Error, NO_SECOND_DEAL, [("id", event.id.clone())]);
                    work.plan.remarks.push(NO_SECOND_DEAL.into());
                    return Ok(Recovered::Done(None));
                }
                work.plan.remarks.push("the contact had a deal in this pipeline: that one is used".into());
                let (operation, order, keep, mut input) =
                    (operation.clone(), order.clone(), keep.clone(), input.clone());
                input.remove("name");
                let action = Action::Run { operation, input, order, keep };
                self.write(report, work, &action).await.map(Recovered::Done)
            }
            (Action::Run { operation, order, .. }, Code::NotFound) if self.contact_exists(report, work).await? => {
                match operation.rsplit('.').next().unwrap_or_default() {
                    // Whoever is not in it need not be taken out.
                    "deleteContactFromWorkflow" | "removeContactFromCampaign" => Ok(Recovered::Done(None)),
                    // A person deleted the deal: the next payment makes a new one.
                    "updateOpportunity" => {
                        if let Some(order) = work.plan.person.order_mut(order) {
                            order.deal_id = None;
                            order.deal = Map::new();
                        }
                        Ok(Recovered::Done(None))
                    }
                    _ => Err(error),
                }
            }
            (Action::CreateContact { .. }, _) => Err(error),
            (_, Code::NotFound) => self.contact_is_gone(report, event, work).await,
            _ => Err(error),
        }
    }

    async fn create_without_phone(
        &self,
        report: &mut Report,
        event: &Event,
        work: &mut Work,
        fields: &Map,
        custom: &Map,
    ) -> Result<Recovered> {
        let (fields, custom) = self.without_phone(work, fields, custom);
        match self.write(report, work, &Action::CreateContact { fields, custom }).await {
            Ok(None) => Err(no_contact()),
            Ok(id) => Ok(Recovered::Done(id)),
            Err(error) if error.code() == Code::Duplicate => match error.details().existing_id.clone() {
                Some(id) => self.resolve_to(report, &id).await,
                None => Err(error),
            },
            // As above: refused, and created all the same.
            Err(error) if error.code() == Code::InvalidInput => {
                let created = self.contact_by_email(report, event).await?;
                created.map(|contact| Recovered::Done(Some(contact.id))).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Another contact turned out to be the right one.
    async fn resolve_to(&self, report: &mut Report, contact_id: &str) -> Result<Recovered> {
        if let Some((person, _)) = super::person(&self.effects, &self.scope, contact_id).await? {
            return Ok(Recovered::Resolve(Box::new(Known::Person { contact_id: Some(contact_id.to_owned()), person })));
        }
        let answer =
            self.call(&mut report.calls, "ghl.contacts.getContact", json!({ "contactId": contact_id })).await?;
        let contact = answer.get("contact").and_then(snapshot).ok_or_else(no_contact)?;
        Ok(Recovered::Resolve(Box::new(Known::Contact(contact))))
    }

    async fn contact_exists(&self, report: &mut Report, work: &Work) -> Result<bool> {
        let Some(id) = &work.contact_id else { return Ok(false) };
        match self.call(&mut report.calls, "ghl.contacts.getContact", json!({ "contactId": id })).await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Code::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The ledger's contact was deleted or merged. One with the same e-mail address takes its place; else only a new order
    /// makes a new contact: whoever was deleted by a person (erasure!) doesn't come back with a renewal.
    async fn contact_is_gone(&self, report: &mut Report, event: &Event, work: &mut Work) -> Result<Recovered> {
        let Some(gone) = work.contact_id.clone() else { return Err(no_contact()) };
        let known = match self.contact_by_email(report, event).await? {
            Some(contact) if contact.id != gone => Known::Contact(contact),
            _ if is_new_order(event) || self.mapping.recreate => Known::Nobody,
            _ => {
                return Err(Error::new(
                    Code::NotFound,
                    "the contact was deleted in HighLevel and is not made again for this event",
                    "If the deletion was a mistake, restore the contact in HighLevel and process the event again.",
                ));
            }
        };
        work.moved_from = Some(gone);
        Ok(Recovered::Resolve(Box::new(known)))
    }

    /// Whether a write of unknown outcome has taken effect. Creations are looked for, and what Digistore24 shows of an order:
    /// all else may be repeated. `sent`: when it was sent, milliseconds since 1970.
    async fn look_up(
        &self,
        report: &mut Report,
        event: &Event,
        work: &Work,
        action: &Action,
        sent: u64,
    ) -> Result<Option<String>> {
        if let Action::CreateContact { .. } = action {
            return Ok(self.contact_by_email(report, event).await?.map(|c| c.id));
        }
        if let Action::Run { operation, input, .. } = action
            && let Some(order) = input.get("purchase_id")
        {
            let order = json!({ "purchase_id": order });
            return match self.call(&mut report.calls, "digistore24.getPurchase", order).await {
                Ok(purchase) => Ok(is_so(operation, input, &purchase, sent).then(String::new)),
                Err(error) if error.details().retryable => Err(error),
                // Who may not look does as if there were nothing to see.
                Err(_) => Ok(None),
            };
        }
        let Some(mut search) = search(work, action) else { return Ok(None) };
        loop {
            let answer = self.call(&mut report.calls, search.operation, search.input.clone()).await?;
            let found = search.find(&answer);
            if found.is_some() || !search.turn_page(&answer) {
                return Ok(found);
            }
        }
    }

    /// What HighLevel shows of the contact on the way: who looks after it now, which tags somebody else has put on, and
    /// whether it wants no more mail.
    fn observe(&self, work: &mut Work, contact: &Value) {
        let Some(seen) = snapshot(contact) else { return };
        for tag in &seen.tags {
            if !tag.starts_with(&self.mapping.tag_prefix) && work.take_out(tag) {
                work.plan.person.tags.remove(tag);
                work.plan.person.foreign_tags.insert(tag.clone());
            }
        }
        let mut missing = std::mem::take(&mut work.plan.again);
        missing.retain(|tag| !seen.tags.contains(tag));
        if !missing.is_empty() {
            let person = &mut work.plan.person;
            for tag in &missing {
                person.foreign_tags.remove(tag);
                person.tags.insert(tag.clone());
            }
            work.add_tags(missing);
        }
        let person = &mut work.plan.person;
        if let Some(user) = seen.assigned_to {
            for step in &mut work.plan.steps {
                if let Action::CreateTask { assigned_to, owner_first, .. } = &mut step.action
                    && (*owner_first || assigned_to.is_none())
                {
                    *assigned_to = Some(user.clone());
                }
            }
            person.assigned_to = Some(user);
        }
        let was = std::mem::replace(&mut person.unsubscribed, is_unsubscribed(&seen.rest));
        let requested = self.mapping.tag_prefix.clone() + "newsletter-requested";
        let is_there = seen.tags.contains(&requested);
        if person.unsubscribed && !was && !is_there && person.tags.remove(&requested) {
            person.newsletter = None;
            let remark = "the contact has unsubscribed in HighLevel: its opt-in is kept as evidence only";
            work.plan.remarks.push(remark.into());
            work.take_out(&requested);
        }
    }

    /// The number goes into a field of its own, by which nobody is found.
    fn without_phone(&self, work: &mut Work, fields: &Map, custom: &Map) -> (Map, Map) {
        let (mut fields, mut custom) = (fields.clone(), custom.clone());
        work.plan.person.profile.insert("phone".into(), Value::Null);
        if let Some(phone) = fields.remove("phone").filter(|_| self.mapping.custom_fields) {
            custom.insert("ds24_phone".into(), phone);
        }
        (fields, custom)
    }

    /// A write of unknown outcome that must not be repeated and can't be looked up: told, and left.
    fn give_up(&self, event: &Event, work: &mut Work, action: &Action) {
        let Action::Run { operation, .. } = action else { return };
        let remark = "ended without an answer and is not repeated: look whether it was done";
        let fields = [("id", event.id.clone()), ("operation", operation.clone())];
        self.effects.log(Level::Error, remark, fields);
        work.plan.remarks.push(operation.clone() + " " + remark);
    }
}

/// How a write ended after all.
enum Recovered {
    /// Done; with the id of what was made.
    Done(Option<String>),
    /// The contact is another one than thought.
    Resolve(Box<Known>),
}

const NO_SECOND_DEAL: &str = "no deal: the location allows one for each contact. Allow duplicate opportunities there, or set \
                              opportunity.per to contact in the mapping";

/// Puts a new id where the ledger keeps it. `about`: the order, as sent.
fn note_result(work: &mut Work, action: &Action, id: Option<String>, about: &str) {
    let Some(id) = id else { return };
    match action {
        Action::CreateContact { .. } => work.contact_id = Some(id),
        Action::CreateNote { order, keep: true, .. } | Action::UpdateNote { order, .. } => {
            if let Some(order) = work.plan.person.order_mut(order) {
                order.note_id = Some(id);
            }
        }
        Action::CreateTask { order, purpose, .. } => {
            if let Some(order) = work.plan.person.order_mut(order) {
                // An event of HighLevel names none.
                let about = if about.is_empty() { order.id.clone() } else { about.to_owned() };
                order.open_tasks.push(OpenTask { id, purpose: *purpose, order: Some(about) });
            }
        }
        Action::Run { operation, order, .. } if operation == CREATE_DEAL => {
            if let Some(order) = work.plan.person.order_mut(order) {
                order.deal_id = Some(id);
            }
        }
        Action::Run { keep: Some(kept), .. } => {
            for step in &mut work.plan.steps {
                if let Action::Run { input: fields, .. } | Action::UpdateContact { custom: fields, .. } =
                    &mut step.action
                {
                    put_result(fields, kept, &id);
                }
            }
            put_result(&mut work.plan.person.fields, kept, &id);
        }
        _ => {}
    }
}

fn put_result(fields: &mut Map, kept: &str, id: &str) {
    fields.retain(|_, value| {
        if *value == *kept {
            *value = id.into();
        }
        true
    });
}

pub(super) fn is_new_order(event: &Event) -> bool {
    event.event == crate::digistore24::Kind::Payment && event.sequence_no() <= 1
}

fn unsettled(wait_ms: u64) -> Error {
    Error::new(
        Code::OutcomeUnknown,
        "a write of unknown outcome may still take effect",
        "Nothing to do: it is looked up when that can't be any more.",
    )
    .with(|d| {
        d.retryable = true;
        d.retry_after_ms = Some(wait_ms);
    })
}

pub(super) fn no_contact() -> Error {
    Error::new(
        Code::MalformedResponse,
        "HighLevel didn't say which contact it made",
        "Look at the contact in HighLevel; the event is tried again.",
    )
}
