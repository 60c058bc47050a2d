//! Steps of a plan that are an operation of the catalog: deals, businesses, appointments, enrolments, and the way back to
//! Digistore24. What can be looked up is looked up before it is repeated; what can't be is never repeated.

use super::{
    Sync,
    execute::{Recovered, Work, no_contact},
    names::pick,
    process::Report,
};
use crate::json::{Map, Value, json, put};
use crate::lease::Lease;
use crate::text::lower;
use crate::{
    catalog::{self, Retry},
    digistore24::Event,
    effects::Level,
    error::{Code, Error, Result},
    mapping::Action,
};

const CREATE_BUSINESS: &str = "ghl.businesses.createBusiness";
const BUSINESSES: &str = "ghl.businesses.getBusinessesByLocation";
const CREATE_DEAL: &str = "ghl.opportunities.createOpportunity";
const UPDATE_DEAL: &str = "ghl.opportunities.updateOpportunity";
const CREATE_APPOINTMENT: &str = "ghl.calendars.createAppointment";
const CREATE_LINK: &str = "digistore24.createBuyUrl";

/// Whether a step of unknown outcome may be done again, after a look-up where there is one. A second enrolment or refund
/// can't be told from the first.
pub(super) fn may_repeat(action: &Action) -> bool {
    let Action::Run { operation, .. } = action else { return true };
    match operation.as_str() {
        // A link more does no harm: the field holds one.
        CREATE_BUSINESS | CREATE_DEAL | CREATE_APPOINTMENT | CREATE_LINK => true,
        id => catalog::find(id).is_ok_and(|operation| operation.retry == Retry::Safe),
    }
}

/// Whether a step makes something that the messages of several people may want.
pub(super) fn is_shared(action: &Action) -> bool {
    matches!(action, Action::Run { operation, .. } if operation == CREATE_BUSINESS)
}

impl Sync<'_> {
    /// Makes sure that nobody else makes the same business meanwhile.
    pub(super) async fn claim_shared(
        &self,
        lease: &mut Lease,
        name: &str,
        work: &mut Work,
        action: &Action,
    ) -> Result<()> {
        let Action::Run { input, .. } = action else { return Ok(()) };
        let business = lower(input["name"].as_str().unwrap_or_default());
        if !lease.claim(self.scope.claim_business(&business), name).await? {
            return Err(Error::new(
                Code::Unavailable,
                "the message of somebody else makes the same business just now",
                "Nothing to do: the event goes on when that is done.",
            ));
        }
        work.claimed.clone_from(&lease.claims);
        Ok(())
    }

    /// A write of unknown outcome that must not be repeated and can't be looked up: told, and left.
    pub(super) fn give_up(&self, event: &Event, work: &mut Work, action: &Action) {
        let Action::Run { operation, .. } = action else { return };
        let remark = operation.clone() + " ended without an answer and is never repeated: look whether it was done";
        let fields =
            [("event", event.event.name().to_owned()), ("id", event.id.clone()), ("operation", operation.clone())];
        self.effects.log(Level::Error, "a step may or may not have been done and is not repeated", fields);
        work.plan.remarks.push(remark);
    }

    /// Carries out an operation. Gives the id of a deal.
    pub(super) async fn run_operation(
        &self,
        report: &mut Report,
        work: &Work,
        operation: &str,
        input: &Map,
        order: &str,
        keep: Option<&str>,
    ) -> Result<Option<String>> {
        let contact = work.contact_id.as_deref().ok_or_else(no_contact)?;
        let deal = work.plan.person.order(order).and_then(|order| order.deal_id.as_deref());
        let mut input = input.clone();
        let mut operation = operation;
        if [CREATE_DEAL, UPDATE_DEAL].contains(&operation)
            && let Some(deal) = deal
        {
            operation = UPDATE_DEAL;
            put(&mut input, "id", deal.into());
        }
        let entry = catalog::find(operation)?;
        if entry.property("contactId").is_some() {
            put(&mut input, "contactId", contact.into());
        }
        if entry.property("ids").is_some() {
            put(&mut input, "ids", json!([contact]));
            let name = input["businessId"].as_str().unwrap_or_default().to_owned();
            // The one that was just made is in no older list.
            let all = self.named(&mut report.calls, BUSINESSES, "businesses", 0).await?;
            let id = pick(&all, &name).map_err(|problem| Error::invalid_field("businessId", problem))?;
            put(&mut input, "businessId", id.into());
        }
        let answer = self.call(&mut report.calls, operation, Value::Object(input)).await?;
        if let (Some(key), Some(url)) = (keep, answer["url"].as_str()) {
            let mut custom = Map::new();
            put(&mut custom, key, url.into());
            let fields = self.custom_fields(report, &custom).await?;
            if !fields.is_empty() {
                let body = json!({ "contactId": contact, "customFields": fields });
                self.call(&mut report.calls, "ghl.contacts.updateContact", body).await?;
            }
        }
        Ok(answer.pointer("/opportunity/id").and_then(Value::as_str).map(str::to_owned))
    }

    /// Some refusals have a way out.
    pub(super) async fn recover_run(
        &self,
        report: &mut Report,
        event: &Event,
        work: &mut Work,
        operation: &str,
        input: &Map,
        order: &str,
        error: Error,
    ) -> Result<Recovered> {
        if operation == CREATE_DEAL
            && error.code() == Code::Duplicate
            && let Some(deal) = error.details().existing_id.clone()
        {
            // The location allows one deal of a contact in a pipeline.
            work.plan.remarks.push("the location allows one deal for each contact: that one was changed".to_owned());
            let mut input = input.clone();
            put(&mut input, "id", deal.as_str().into());
            self.call(&mut report.calls, UPDATE_DEAL, Value::Object(input)).await?;
            return Ok(Recovered::Id(deal));
        }
        let is_gone = error.code() == Code::NotFound;
        match operation.rsplit('.').next().unwrap_or_default() {
            _ if is_gone && !self.contact_exists(report, work).await? => {
                self.contact_is_gone(report, event, work).await
            }
            // Whoever is not in it need not be taken out.
            "deleteContactFromWorkflow" | "removeContactFromCampaign" if is_gone => Ok(Recovered::Nothing),
            // The deal was deleted by a person: a new one with the next payment.
            "updateOpportunity" if is_gone => {
                if let Some(order) = work.plan.person.order_mut(order) {
                    order.deal_id = None;
                    order.deal = Map::new();
                }
                Ok(Recovered::Nothing)
            }
            _ => Err(error),
        }
    }

    /// Whether it has been made, under its name.
    pub(super) async fn look_up_run(
        &self,
        report: &mut Report,
        work: &Work,
        operation: &str,
        input: &Map,
    ) -> Result<Option<String>> {
        let contact = &work.contact_id;
        let (list, query, place, field) = match operation {
            CREATE_BUSINESS => {
                let all = self.named(&mut report.calls, BUSINESSES, "businesses", 0).await?;
                return Ok(pick(&all, input["name"].as_str().unwrap_or_default()).ok());
            }
            CREATE_DEAL => {
                let query =
                    json!({ "contact_id": contact, "pipeline_id": input["pipelineId"], "status": "all", "limit": 100 });
                ("ghl.opportunities.searchOpportunity", query, "opportunities", "name")
            }
            CREATE_APPOINTMENT => {
                ("ghl.contacts.getAppointmentsForContact", json!({ "contactId": contact }), "events", "title")
            }
            _ => return Ok(None),
        };
        let answer = self.call(&mut report.calls, list, query).await?;
        let same = answer[place].as_array().into_iter().flatten().find(|made| made[field] == input[field]);
        Ok(same.and_then(|made| made["id"].as_str()).map(str::to_owned))
    }
}
