//! Names in place of ids: pipelines, stages, workflows, campaigns, calendars, users, by the lists that the catalog's
//! `x-choices` point to. The lists are kept for a day; one that lacks a name is read again.

use super::{
    Sync,
    fields::{CUSTOM_FIELDS, Fields, RELOAD_MISSING_MS, RELOAD_MS},
    from_json,
    process::Call,
    work::{Progress, Work},
};
use crate::catalog::{self, nearest};
use crate::json::{Map, ToJson, Value, json, put, text};
use crate::text::lower;
use crate::{
    effects::{Level, Write},
    error::{Code, Error, Result},
    mapping::{self, Action, Clocks},
    record,
};

const UNKNOWN_ZONE: &str = "a time zone of the mapping is not known here: Berlin's is used in its place";

record! {
    /// A list as it was read: `{ id, name, … }`.
    #[derive(Debug, Clone, Default)]
    struct Named {
        since: u64,
        list: Vec<Value>,
    }
}

const LOCATION: &str = "ghl.locations.getLocation";

/// A list that is needed, and how old it may be.
#[derive(Debug)]
struct Wanted {
    operation: String,
    place: String,
    age: u64,
}

impl Sync<'_> {
    /// Puts ids in place of the names in a plan. All are looked up before its first write: a name that doesn't exist must
    /// leave nothing half done.
    pub(super) async fn name_ids(&self, calls: &mut Vec<Call>, work: &mut Work) -> Result<()> {
        let mut lists = Vec::new();
        while let Some(wanted) = resolve(work, &lists)? {
            let list = self.list(Some(calls), &wanted).await?;
            lists.push((wanted, list));
        }
        let own = own_keys(work);
        if !own.is_empty() {
            let fields = self.fields_with(&own, calls).await?;
            if let Some(problem) = missing_field(&fields, &own) {
                return Err(unnamed(problem));
            }
        }
        Ok(())
    }

    /// A list of the location; without `calls` as it was read last.
    async fn list(&self, calls: Option<&mut Vec<Call>>, wanted: &Wanted) -> Result<Vec<Value>> {
        let key = self.scope.named(&wanted.operation);
        let (entries, _) = self.effects.get(vec![key.clone()]).await?;
        // A list that can't be read is none.
        let mut named: Named = entries.first().and_then(|e| from_json(&e.value).ok()).unwrap_or_default();
        if let Some(calls) = calls
            && self.effects.now().saturating_sub(named.since) > wanted.age
        {
            let answer = &self.call(calls, &wanted.operation, json!({})).await?;
            named = Named { since: self.effects.now(), list: named_in(&answer[wanted.place.as_str()]) };
            let value = Some(text(&named.to_json()));
            self.effects.commit(vec![Write { key, expect: None, value }]).await?;
        }
        Ok(named.list)
    }

    /// The location's time zone, such as `Europe/Vienna`; empty where it can't be read.
    async fn zone(&self, calls: Option<&mut Vec<Call>>) -> Result<String> {
        let wanted = Wanted { operation: LOCATION.to_owned(), place: "location".to_owned(), age: RELOAD_MS };
        match self.list(calls, &wanted).await {
            Ok(list) => Ok(list.first().map(|location| mapping::as_text(&location["timezone"])).unwrap_or_default()),
            Err(error) if error.details().retryable => Err(error),
            Err(_) => Ok(String::new()),
        }
    }

    /// Answers what a plan asked of clocks; without `calls` from what is kept. True: there was a question, plan again.
    pub(super) async fn tell_time(&self, mut calls: Option<&mut Vec<Call>>, clocks: &Clocks) -> Result<bool> {
        let mut told = false;
        while let Some((mut zone, at)) = clocks.question() {
            let asked = zone.clone();
            if zone == mapping::LOCATION {
                zone = self.zone(calls.as_deref_mut()).await?;
            }
            let minutes = if zone.is_empty() { None } else { self.effects.offset(&zone, at).await };
            if minutes.is_none() && asked == zone {
                self.effects.log(Level::Warn, UNKNOWN_ZONE, [("zone", zone)]);
            }
            clocks.answer(&asked, at, minutes);
            told = true;
        }
        Ok(told)
    }
}

/// The custom fields in a plan that the mapping names itself. Those of `setup` are its business.
fn own_keys(work: &Work) -> Vec<String> {
    let mut keys = Vec::new();
    for step in &work.plan.steps {
        if let Action::CreateContact { custom, .. } | Action::UpdateContact { custom, .. } = &step.action {
            for (key, _) in custom {
                if !CUSTOM_FIELDS.iter().any(|(ours, ..)| ours == key) {
                    keys.push(key.clone());
                }
            }
        }
    }
    keys
}

/// Of a list, what names are looked up by.
fn named_in(list: &Value) -> Vec<Value> {
    let mut named = Vec::new();
    // The location is one.
    for item in list.as_array().map_or(std::slice::from_ref(list), Vec::as_slice) {
        let mut kept = Map::new();
        for name in ["id", "name", "email", "stages", "timezone"] {
            put(&mut kept, name, item[name].clone());
        }
        named.push(Value::Object(kept));
    }
    named
}

/// What is wrong with custom fields that a mapping names.
fn missing_field(fields: &Fields, keys: &[String]) -> Option<String> {
    let key = keys.iter().find(|key| fields.by_key(key).is_none())?;
    let mut names = Vec::new();
    for field in &fields.list {
        for form in ["key", "name"] {
            names.extend(field[form].as_str());
        }
    }
    Some(unknown("custom field", key, nearest(key, names.into_iter())))
}

fn unknown(what: &str, given: &str, near: Option<&str>) -> String {
    let near = near.map(|near| "; did you mean ".to_owned() + near + "?").unwrap_or_default();
    [what, " \"", given, "\" is neither name nor id of one that exists", &near].concat()
}

fn unnamed(problem: String) -> Error {
    let help = "Correct the name in the mapping or make it in HighLevel, then process the event again.";
    Error::new(Code::InvalidInput, problem, help)
}

/// Resolves what the lists can, as far as the first list that is missing or lacks a name and may be old.
fn resolve(work: &mut Work, lists: &[(Wanted, Vec<Value>)]) -> Result<Option<Wanted>> {
    // HighLevel itself says who looks after the contact.
    let owner = work.plan.person.assigned_to.clone();
    for (step, progress) in work.plan.steps.iter_mut().zip(&work.progress) {
        let (operation, input) = match &mut step.action {
            Action::Run { operation, input, .. } => (operation.as_str(), input),
            Action::CreateTask { assigned_to: Some(user), .. } if owner.as_ref() != Some(user) => {
                let mut task = Map::new();
                let input = &mut task;
                put(input, "assignedTo", user.as_str().into());
                let wanted = resolve_input("ghl.opportunities.createOpportunity", input, lists)?;
                input["assignedTo"].as_str().unwrap_or_default().clone_into(user);
                if wanted.is_some() {
                    return Ok(wanted);
                }
                continue;
            }
            _ => continue,
        };
        if *progress == Progress::Todo
            && let Some(wanted) = resolve_input(operation, input, lists)?
        {
            return Ok(Some(wanted));
        }
    }
    Ok(None)
}

fn resolve_input(operation: &str, input: &mut Map, lists: &[(Wanted, Vec<Value>)]) -> Result<Option<Wanted>> {
    let operation = catalog::find(operation)?;
    for (field, schema) in operation.properties() {
        let choices = &schema["x-choices"];
        let list = choices["operation"].as_str().unwrap_or_default();
        let given = input[field.as_str()].as_str().unwrap_or_default();
        // A business is made by the step before.
        if given.is_empty() || !list.starts_with("ghl.") || field == "businessId" {
            continue;
        }
        // Stages stand inside their pipeline, which another field names.
        let mut places = choices["items"].as_str().unwrap_or_default().split('.');
        let place = places.next().unwrap_or_default();
        let mut known = lists.iter().filter(|(wanted, _)| wanted.operation == list);
        let first = known.next();
        let read_again = known.next();
        let Some((_, mut items)) = read_again.or(first).map(|(w, items)| (w, items.as_slice())) else {
            return Ok(Some(Wanted { operation: list.to_owned(), place: place.to_owned(), age: RELOAD_MS }));
        };
        if let Some(inner) = places.next() {
            let parent = items.iter().find(|item| item["id"] == input["pipelineId"]);
            items = parent.and_then(|parent| parent[inner].as_array()).map_or(&[], Vec::as_slice);
        }
        match pick(field, items, given) {
            Ok(id) => put(input, field, id.into()),
            Err(_) if read_again.is_none() => {
                return Ok(Some(Wanted {
                    operation: list.to_owned(),
                    place: place.to_owned(),
                    age: RELOAD_MISSING_MS,
                }));
            }
            Err(problem) => return Err(unnamed(problem).of_operation(&operation.id)),
        }
    }
    Ok(None)
}

/// Whether a text stands there, in small letters or large. `sought`: in small ones.
pub(super) fn reads(item: &Value, place: &str, sought: &str) -> bool {
    item.text_of(place).is_some_and(|text| lower(text.trim()) == sought)
}

/// The id of what is named, by id, name or e-mail; or what is wrong.
fn pick(field: &str, items: &[Value], given: &str) -> std::result::Result<String, String> {
    let sought = lower(given.trim());
    let mut found = Vec::new();
    let mut names = Vec::new();
    for item in items {
        let is = |place: &str| reads(item, place, &sought);
        let id = item["id"].as_str().unwrap_or_default();
        if id == given {
            return Ok(given.to_owned());
        }
        if is("name") || is("email") {
            found.push(id);
        }
        // Of people no names are told.
        names.extend(item["name"].as_str().filter(|_| item["email"].is_null()));
    }
    match found[..] {
        [id] => Ok(id.to_owned()),
        [] => Err(unknown(field, given, nearest(given, names.into_iter()))),
        _ => Err([field, " \"", given, "\" is the name of several: give the id"].concat()),
    }
}
