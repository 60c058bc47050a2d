//! What an action is on the wire, and how it is found again. Pure.

use super::{execute::no_contact, work::Work};
use crate::json::{Map, Value, json, put, text};
use crate::text::lower;
use crate::{
    catalog::{self, Retry},
    clock,
    digistore24::{Cents, Standing, standing},
    error::{Code, Error, Result},
    mapping::{Action, as_text},
};

const CREATE_BUSINESS: &str = "ghl.businesses.createBusiness";
pub(super) const CREATE_DEAL: &str = "ghl.opportunities.createOpportunity";
const UPDATE_DEAL: &str = "ghl.opportunities.updateOpportunity";
const CREATE_APPOINTMENT: &str = "ghl.calendars.createAppointment";
/// What one look at a list of the location brings at most.
const PAGE: usize = 100;
const CREATE_LINK: &str = "digistore24.createBuyUrl";

/// One call to be made.
pub(super) struct Request {
    /// Catalog id.
    pub(super) operation: String,
    pub(super) input: Map,
    /// Where the answer has the id of what was made; empty where nothing is made.
    pub(super) id: &'static str,
}

/// The request of an action; `custom` are its custom fields as GHL wants them. `None`: nothing is left to write.
pub(super) fn request(work: &Work, action: &Action, custom: Vec<Value>) -> Result<Option<Request>> {
    let mut contact = work.contact_id.as_deref();
    let (operation, mut input, id) = match action {
        Action::CreateContact { fields, .. } => {
            contact = None;
            ("ghl.contacts.createContact", fields.clone(), "/contact/id")
        }
        Action::UpdateContact { fields, .. } if fields.is_empty() && custom.is_empty() => return Ok(None),
        Action::UpdateContact { fields, .. } => ("ghl.contacts.updateContact", fields.clone(), ""),
        Action::CreateNote { title, body, .. } => {
            ("ghl.contacts.createNote", object(json!({ "title": title, "body": body })), "/note/id")
        }
        Action::UpdateNote { note_id, body, .. } => {
            ("ghl.contacts.updateNote", object(json!({ "id": note_id, "body": body })), "")
        }
        Action::CreateTask { title, body, due, assigned_to, .. } => {
            let mut input = object(json!({ "title": title, "body": body, "dueDate": due, "completed": false }));
            if let Some(user) = assigned_to {
                put(&mut input, "assignedTo", user.as_str().into());
            }
            ("ghl.contacts.createTask", input, "/task/id")
        }
        Action::CompleteTask { task_id } => {
            ("ghl.contacts.updateTaskCompleted", object(json!({ "taskId": task_id, "completed": true })), "")
        }
        // All were taken out on the way.
        Action::AddTags { tags } if tags.is_empty() => return Ok(None),
        Action::RemoveTags { tags } => ("ghl.contacts.removeTags", object(json!({ "tags": tags })), ""),
        Action::AddTags { tags } => ("ghl.contacts.addTags", object(json!({ "tags": tags })), ""),
        Action::Run { operation, input, order, .. } => {
            let mut input = input.clone();
            let deal = deal_of(work, order);
            let id = match (operation.as_str(), deal) {
                // Another step of the plan has made it, or GHL knows one already.
                (CREATE_DEAL | UPDATE_DEAL, Some(deal)) => {
                    put(&mut input, "id", deal.into());
                    return Ok(Some(Request { operation: UPDATE_DEAL.to_owned(), input, id: "" }));
                }
                (CREATE_DEAL, None) => "/opportunity/id",
                (CREATE_BUSINESS, _) => "/buiseness/id",
                (CREATE_LINK, _) => "/url",
                _ => "",
            };
            let entry = catalog::find(operation)?;
            if entry.property("ids").is_some() {
                put(&mut input, "ids", json!([contact.ok_or_else(no_contact)?]));
            }
            if entry.property("contactId").is_none() {
                return Ok(Some(Request { operation: operation.clone(), input, id }));
            }
            (operation.as_str(), input, id)
        }
    };
    if !custom.is_empty() {
        put(&mut input, "customFields", Value::Array(custom));
    }
    if !matches!(action, Action::CreateContact { .. }) {
        put(&mut input, "contactId", contact.ok_or_else(no_contact)?.into());
    }
    Ok(Some(Request { operation: operation.to_owned(), input, id }))
}

fn deal_of<'a>(work: &'a Work, order: &str) -> Option<&'a str> {
    work.plan.person.order(order)?.deal_id.as_deref()
}

/// How a thing of unknown outcome is looked for: in which list, and what in which field tells it.
pub(super) struct Search {
    pub(super) operation: &'static str,
    pub(super) input: Value,
    place: &'static str,
    field: &'static str,
    sought: String,
}

/// The search for what an action makes. Only creations are looked for: all else may be repeated, or must not be.
pub(super) fn search(work: &Work, action: &Action) -> Option<Search> {
    let contact = json!({ "contactId": work.contact_id });
    let (operation, input, place, field, sought) = match action {
        Action::CreateNote { title, .. } => ("ghl.contacts.getAllNotes", contact, "notes", "title", title.as_str()),
        Action::CreateTask { body, .. } => {
            ("ghl.contacts.getAllTasks", contact, "tasks", "body", body.lines().last().unwrap_or_default())
        }
        Action::Run { operation, input, order, .. } => match operation.as_str() {
            CREATE_BUSINESS => {
                let all = json!({ "limit": PAGE, "skip": 0 });
                ("ghl.businesses.getBusinessesByLocation", all, "businesses", "name", input["name"].as_str()?)
            }
            // Where there is one, it is changed.
            CREATE_DEAL if deal_of(work, order).is_none() => {
                let pipeline = &input["pipelineId"];
                let of_contact =
                    json!({ "contact_id": work.contact_id, "pipeline_id": pipeline, "status": "all", "limit": 100 });
                ("ghl.opportunities.searchOpportunity", of_contact, "opportunities", "name", input["name"].as_str()?)
            }
            CREATE_APPOINTMENT => {
                ("ghl.contacts.getAppointmentsForContact", contact, "events", "title", input["title"].as_str()?)
            }
            _ => return None,
        },
        _ => return None,
    };
    Some(Search { operation, input, place, field, sought: lower(sought.trim()) })
}

impl Search {
    /// For whoever looks later: `{ operation, input, place, field, sought }`.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "operation": self.operation,
            "input": self.input,
            "place": self.place,
            "field": self.field,
            "sought": self.sought,
        })
    }

    /// Turns to the next page. False where this answer was the last one.
    pub(super) fn turn_page(&mut self, answer: &Value) -> bool {
        let is_full = answer[self.place].as_array().is_some_and(|items| items.len() >= PAGE);
        let skip = self.input.get("skip").and_then(Value::as_u64);
        if let (true, Some(skip), Some(input)) = (is_full, skip, self.input.as_object_mut()) {
            put(input, "skip", (skip + PAGE as u64).into());
            return true;
        }
        false
    }

    /// The id in the answer.
    pub(super) fn find(&self, answer: &Value) -> Option<String> {
        for item in answer[self.place].items() {
            let text = lower(item[self.field].as_str().unwrap_or_default().trim());
            // A task's mark is the last line of its text.
            if text == self.sought || (self.place == "tasks" && text.contains(&self.sought)) {
                return item["id"].as_str().map(str::to_owned);
            }
        }
        None
    }
}

/// Whether an order at Digistore24 already is as a write to it leaves it. A refund counts if it was made since `sent`,
/// milliseconds since 1970, less what two clocks may differ.
pub(super) fn is_so(operation: &str, input: &Map, purchase: &Value, sent: u64) -> bool {
    let standing = standing(purchase);
    match operation.rsplit('.').next().unwrap_or_default() {
        "updatePurchase" => input.iter().filter(|(name, _)| *name != "purchase_id").all(|(name, wanted)| {
            let (wanted, found) = (as_text(wanted), as_text(&purchase[name.as_str()]));
            // A time may come back as a day.
            wanted == found || found.len() >= 10 && wanted.starts_with(&found)
        }),
        "stopRebilling" => matches!(standing, Some(Standing::Cancelling | Standing::Ended)),
        "startRebilling" => standing == Some(Standing::Paying),
        "refundPartially" => purchase["transaction_list"].items().iter().any(|one| {
            let cents = |value: &Value| Cents::parse(&as_text(value)).map(Cents::abs);
            let at = clock::parse_berlin(one.text_of("created_at").unwrap_or_default());
            let at = at.and_then(|at| u64::try_from(at.unix_timestamp()).ok()).unwrap_or_default();
            let is_since = at.saturating_mul(1000).saturating_add(CLOCKS_DIFFER_MS) >= sent;
            let amount = input.get("amount").and_then(cents);
            is_since && one.text_of("type") == Some("refund") && amount.is_some() && cents(&one["amount"]) == amount
        }),
        _ => false,
    }
}

const CLOCKS_DIFFER_MS: u64 = 120_000;

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

/// Whether its input is what another step gives.
pub(super) fn needs_result(action: &Action) -> bool {
    matches!(action, Action::Run { operation, .. } if operation == "ghl.businesses.addRemoveContactFromBusiness")
}

/// Whether it makes a deal.
pub(super) fn is_deal(action: &Action) -> bool {
    matches!(action, Action::Run { operation, .. } if operation == CREATE_DEAL)
}

/// By what a step is known again in another plan for the same message; empty where it may be done twice.
pub(super) fn mark_of(action: &Action) -> String {
    match action {
        Action::CreateNote { title, .. } => title.clone(),
        Action::AddTags { tags } => tags.join(","),
        Action::CreateTask { body, .. } => body.lines().last().unwrap_or_default().to_owned(),
        Action::Run { operation, input, .. } => operation.clone() + &text(&Value::Object(input.clone())),
        _ => String::new(),
    }
}

/// The name of what the messages of several people may want to make at a time.
pub(super) fn shared(action: &Action) -> Option<String> {
    match action {
        Action::Run { operation, input, .. } if operation == CREATE_BUSINESS => {
            Some(lower(input["name"].as_str().unwrap_or_default().trim()))
        }
        _ => None,
    }
}

pub(super) fn made_elsewhere() -> Error {
    Error::new(
        Code::Unavailable,
        "the message of somebody else makes the same business just now",
        "Nothing to do: the event goes on when that is done.",
    )
}

fn object(value: Value) -> Map {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
