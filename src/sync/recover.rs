//! Some refusals have a way out: another contact is the right one, what was to be changed is gone, a number is somebody else's.

use super::{
    Sync,
    attempt::snapshot,
    execute::{is_new_order, no_contact},
    process::Report,
    request::CREATE_DEAL,
    work::Work,
};
use crate::json::{Map, Value, json};
use crate::{
    digistore24::Event,
    effects::Level,
    error::{Code, Error, Result},
    mapping::{Action, Known},
};

/// How a write ended after all.
pub(super) enum Recovered {
    /// Done; with the id of what was made.
    Done(Option<String>),
    /// The contact is another one than thought.
    Resolve(Box<Known>),
}

const NO_SECOND_DEAL: &str = "no deal: the location allows one for each contact. Allow duplicate opportunities there, or set \
                              opportunity.per to contact in the mapping";

impl Sync<'_> {
    /// Some refusals have a way out.
    pub(super) async fn recover(
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

    /// The number goes into a field of its own, by which nobody is found.
    fn without_phone(&self, work: &mut Work, fields: &Map, custom: &Map) -> (Map, Map) {
        let (mut fields, mut custom) = (fields.clone(), custom.clone());
        work.plan.person.profile.insert("phone".into(), Value::Null);
        if let Some(phone) = fields.remove("phone").filter(|_| self.mapping.custom_fields) {
            custom.insert("ds24_phone".into(), phone);
        }
        (fields, custom)
    }
}
