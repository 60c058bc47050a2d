//! The writes of one plan. Before each one the ledger says "sent", after it "done": whatever happens in between, the next
//! try knows which write may or may not have taken effect, and looks for it by its marker.

use super::{
    Sync,
    attempt::{is_uncertain, snapshot},
    mirror,
    process::Report,
    recover::Recovered,
    request::{Request, is_deal, is_so, made_elsewhere, may_repeat, request, search, shared},
    work::{Progress, Work, note_result},
};
use crate::json::{ToJson, Value, json, text};
use crate::lease::Lease;
use crate::{
    digistore24::Event,
    effects::{Happening, Level, Write},
    error::{Code, Error, Result, word},
    mapping::{Action, Known, is_unsubscribed},
};

/// How a run over the steps ended.
pub(super) enum Next {
    /// All done.
    Finished,
    /// The contact is another one than thought: plan again with this.
    Resolve(Box<Known>),
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
    pub(super) async fn write(&self, report: &mut Report, work: &mut Work, action: &Action) -> Result<Option<String>> {
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

    /// A write of unknown outcome that must not be repeated and can't be looked up: told, and left.
    fn give_up(&self, event: &Event, work: &mut Work, action: &Action) {
        let Action::Run { operation, .. } = action else { return };
        let remark = "ended without an answer and is not repeated: look whether it was done";
        let fields = [("id", event.id.clone()), ("operation", operation.clone())];
        self.effects.log(Level::Error, remark, fields);
        work.plan.remarks.push(operation.clone() + " " + remark);
    }
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
