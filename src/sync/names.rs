//! Names in place of ids: pipelines, stages, workflows, campaigns, calendars, businesses, users, by the lists that the
//! catalog's `x-choices` point to. The lists are kept for a day; one that lacks a name is read again.

use super::{
    Sync,
    fields::{RELOAD_MISSING_MS, RELOAD_MS},
    from_json,
    process::Call,
};
use crate::catalog::{self, nearest};
use crate::json::{Map, ToJson, Value, json, put, text};
use crate::text::lower;
use crate::{
    effects::Write,
    error::{Code, Error, Result},
    mapping::Action,
    record,
};

record! {
    /// A list as it was read: `{ id, name, … }`.
    #[derive(Debug, Clone, Default)]
    struct Named {
        since: u64,
        list: Vec<Value>,
    }
}

const USERS: &str = "ghl.users.getUserByLocation";

impl Sync<'_> {
    /// Puts ids in place of the names in an action. All names of a plan are looked up before its first write: a name that
    /// doesn't exist must leave nothing half done.
    pub(super) async fn name_ids(&self, calls: &mut Vec<Call>, action: &mut Action) -> Result<()> {
        match action {
            Action::Run { operation, input, .. } => {
                let operation = catalog::find(operation)?;
                for (field, schema) in operation.properties() {
                    let choices = &schema["x-choices"];
                    let list = choices["operation"].as_str().unwrap_or_default();
                    let given = input.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
                    // A business may be made by the step before.
                    if given.is_empty() || !list.starts_with("ghl.") || field == "businessId" {
                        continue;
                    }
                    let places = choices["items"].as_str().unwrap_or_default();
                    // Stages stand inside their pipeline, which is named by another field.
                    let within = choices["where"].as_object().and_then(|fields| fields.iter().next());
                    let parent = within.and_then(|(_, other)| input.get(other.as_str()?)).cloned();
                    let id = self.id_of(calls, list, places, parent.as_ref(), &given, field).await?;
                    put(input, field, id.into());
                }
            }
            Action::CreateTask { assigned_to: Some(user), .. } if user.contains([' ', '@']) => {
                *user = self.id_of(calls, USERS, "users", None, user, "assignedTo").await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn id_of(
        &self,
        calls: &mut Vec<Call>,
        list: &str,
        places: &str,
        parent: Option<&Value>,
        given: &str,
        field: &str,
    ) -> Result<String> {
        let mut problem = String::new();
        for age in [RELOAD_MS, RELOAD_MISSING_MS] {
            let all = self.named(calls, list, places, age).await?;
            let inner = |item: &&Value| Some(&item["id"]) == parent;
            let items = match places.split_once('.') {
                Some((_, name)) => all.iter().find(inner).and_then(|item| item[name].as_array()).cloned(),
                None => Some(all),
            };
            match pick(&items.unwrap_or_default(), given) {
                Ok(id) => return Ok(id),
                Err(what) => problem = what,
            }
        }
        Err(Error::new(
            Code::InvalidInput,
            field.to_owned() + " " + &problem,
            "Correct the name in the mapping or make it in HighLevel, then process the event again; nothing was written.",
        )
        .of_operation(list))
    }

    /// A list of the location, as it was at most `age` ago.
    pub(super) async fn named(&self, calls: &mut Vec<Call>, list: &str, places: &str, age: u64) -> Result<Vec<Value>> {
        let key = self.scope.named(list);
        let (entries, _) = self.effects.get(vec![key.clone()]).await?;
        // A list that can't be read is none.
        let known: Named = entries.first().and_then(|e| from_json(&e.value).ok()).unwrap_or_default();
        if age > 0 && self.effects.now().saturating_sub(known.since) <= age {
            return Ok(known.list);
        }
        let answer = self.call(calls, list, json!({})).await?;
        let place = places.split('.').next().unwrap_or_default();
        let mut fresh = Named { since: self.effects.now(), list: Vec::new() };
        for item in answer[place].as_array().into_iter().flatten() {
            let mut kept = Map::new();
            for name in ["id", "name", "email", "stages"] {
                if let Some(value) = item.get(name) {
                    put(&mut kept, name, value.clone());
                }
            }
            fresh.list.push(Value::Object(kept));
        }
        let value = Some(text(&fresh.to_json()));
        self.effects.commit(vec![Write { key, expect: None, value }]).await?;
        Ok(fresh.list)
    }
}

/// The id of what is named, by id, name or e-mail; or what is wrong.
pub(super) fn pick(items: &[Value], given: &str) -> std::result::Result<String, String> {
    let sought = lower(given.trim());
    let is = |item: &Value, field: &str| item[field].as_str().is_some_and(|text| lower(text.trim()) == sought);
    let mut found = items.iter().filter(|item| item["id"] == given || is(item, "name") || is(item, "email"));
    match (found.next().and_then(|item| item["id"].as_str()), found.next()) {
        (Some(id), None) => Ok(id.to_owned()),
        (Some(_), Some(_)) => Err("is the name of several: give the id".to_owned()),
        (None, _) => {
            let mut problem = "\"".to_owned() + given + "\" is neither name nor id of one that exists";
            // Of people no names are told.
            let names = items.iter().filter(|item| item["email"].is_null()).filter_map(|item| item["name"].as_str());
            if let Some(near) = nearest(given, names) {
                problem = problem + "; did you mean " + near + "?";
            }
            Err(problem)
        }
    }
}
