//! Tasks, deals and messages.

use time::Duration;

use super::{Bridge, nothing_done, pick, text};
use crate::json::{Map, ToJson, Value, json, put};
use crate::{
    catalog::Operation,
    clock,
    error::{Code, Error, Result},
};

const CREATE_DEAL: &str = "ghl.opportunities.createOpportunity";
const UPDATE_DEAL: &str = "ghl.opportunities.updateOpportunity";

impl Bridge<'_> {
    /// When a task is due: as given, else on the morning of the next working day.
    pub(super) fn due(&self, input: &mut Map) -> Result<()> {
        let now = clock::at(self.effects.now());
        let due = match text(input, "due") {
            None => clock::next_working_morning(now, 1),
            Some(given) => moment(&given, now).ok_or_else(|| {
                Error::invalid_field("due", "must be a time such as 2026-11-23T09:00:00Z, a day, or such as +3 days")
            })?,
        };
        put(input, "due", clock::iso(due).into());
        put(input, "completed", false.into());
        Ok(())
    }

    /// By id, or all open ones with this title.
    pub(super) async fn complete_task(
        &self,
        operation: &Operation,
        contact_id: &str,
        mut input: Map,
    ) -> Result<Value> {
        let ids = match (text(&input, "taskId"), input.remove("title")) {
            (Some(id), _) => vec![id],
            (None, title) => {
                let title = title.as_ref().and_then(Value::as_str).unwrap_or_default().trim();
                let answer = self.call("ghl.contacts.getAllTasks", json!({ "contactId": contact_id })).await?;
                let tasks = answer["tasks"].as_array().map_or(&[][..], Vec::as_slice);
                let named = |task: &&Value| task["title"].as_str().is_some_and(|t| t.trim() == title);
                let open = tasks.iter().filter(named).filter(|task| task["completed"] != Value::Bool(true));
                let ids: Vec<String> = open.filter_map(|t| t["id"].as_str()).map(str::to_owned).collect();
                match ids.is_empty() {
                    true if tasks.iter().any(|task| named(&task)) => {
                        self.note("the task was completed before".to_owned());
                    }
                    true => {
                        return Err(Error::new(
                            Code::NotFound,
                            "the contact has no task with this title",
                            "Write the title exactly as it is, or give taskId.",
                        )
                        .with(|d| d.fields = vec![super::wrong("title", "is the title of no task of the contact")]));
                    }
                    false => {}
                }
                ids
            }
        };
        for id in &ids {
            let mut one = input.clone();
            put(&mut one, "taskId", id.to_json());
            put(&mut one, "completed", true.into());
            self.send(operation, "ghl.contacts.updateTaskCompleted", one).await?;
            self.done(format!("the task {id} was completed"));
        }
        Ok(json!({ "completed": ids }))
    }

    /// The contact's open deal in the pipeline is updated; where there is none, one is created.
    pub(super) async fn deal(&self, operation: &Operation, contact_id: &str, mut input: Map) -> Result<Value> {
        let answer = self.call("ghl.opportunities.getPipelines", json!({})).await?;
        let pipeline = pick(&answer, "pipelines", &text(&input, "pipeline").unwrap_or_default(), "pipeline")?;
        put(&mut input, "pipeline", pipeline["id"].clone());
        if let Some(stage) = text(&input, "stage") {
            put(&mut input, "stage", pick(pipeline, "stages", &stage, "stage")?["id"].clone());
        }
        let search = json!({
            "contact_id": contact_id, "pipeline_id": pipeline["id"].clone(), "status": "open", "limit": 100
        });
        let answer = self.call("ghl.opportunities.searchOpportunity", search).await?;
        let open = answer["opportunities"].as_array().map_or(&[][..], Vec::as_slice);
        let of_this_name = open.iter().find(|deal| text(&input, "name").is_some_and(|name| deal["name"] == name));
        let found = of_this_name.or_else(|| open.first()).and_then(|deal| deal["id"].as_str());
        if let Some(id) = found {
            return self.update_deal(operation, id, input).await;
        }
        let mut new = input.clone();
        if !new.contains_key("name") {
            return Err(nothing_done(Error::invalid_field("name", "is required: there is no open deal yet")));
        }
        if !new.contains_key("status") {
            put(&mut new, "status", "open".into());
        }
        match self.send(operation, CREATE_DEAL, new).await {
            Ok(answer) => Ok(shown(true, answer)),
            Err(error) => match &error.details().existing_id {
                Some(id) if error.code() == Code::Duplicate => {
                    self.note("the location allows one deal for each contact: that one was updated".to_owned());
                    self.update_deal(operation, id, input).await
                }
                _ => Err(error),
            },
        }
    }

    async fn update_deal(&self, operation: &Operation, id: &str, mut input: Map) -> Result<Value> {
        input.remove("contactId");
        put(&mut input, "id", id.into());
        Ok(shown(false, self.send(operation, UPDATE_DEAL, input).await?))
    }
}

fn shown(created: bool, answer: Value) -> Value {
    let deal = answer.get("opportunity").cloned().unwrap_or_default();
    json!({ "opportunityId": deal["id"].clone(), "created": created, "opportunity": deal })
}

/// `2026-11-23T09:00:00Z`; without a zone in Berlin; a day alone at nine; `+3 days`.
fn moment(text: &str, now: time::OffsetDateTime) -> Option<time::OffsetDateTime> {
    if let Some(rest) = text.strip_prefix('+') {
        let (count, unit) = rest.trim().split_once(' ')?;
        let seconds = match unit.trim().trim_end_matches('s') {
            "minute" => 60,
            "hour" => 3_600,
            "day" => 86_400,
            "week" => 604_800,
            _ => return None,
        };
        return now.checked_add(Duration::seconds(i64::from(count.parse::<u32>().ok()?) * seconds));
    }
    match text.get(10..).unwrap_or_default() {
        "" if text.len() == 10 => clock::parse_berlin(&format!("{text} 09:00:00")),
        clock if clock.ends_with('Z') || clock.contains(['+', '-']) => {
            clock::parse_iso(text).and_then(|s| Some(clock::at(u64::try_from(s).ok()? * 1000)))
        }
        _ => clock::parse_berlin(text),
    }
}

/// An e-mail needs a subject and a text, everything else a text. A plain text becomes an e-mail's HTML.
pub(super) fn check_message(input: &mut Map) -> Result<()> {
    let is_email = input.get("type").is_some_and(|kind| kind == "Email");
    let has = |name: &str| text(input, name).is_some();
    if is_email && !has("subject") {
        return Err(Error::invalid_field("subject", "is required for an e-mail"));
    }
    if !has("text") && !(is_email && has("html")) && !input.contains_key("attachments") {
        return Err(Error::invalid_field("text", "is required"));
    }
    if is_email
        && !has("html")
        && let Some(text) = text(input, "text")
    {
        let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>");
        put(input, "html", html.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_several_words() {
        let now = clock::at(1_795_424_400_000); // 2026-11-23T09:00:00Z
        let read = |text: &str| moment(text, now).map(clock::iso);
        for (written, due) in [
            ("2026-12-01T10:00:00Z", "2026-12-01T10:00:00Z"),
            ("2026-12-01T10:00:00+01:00", "2026-12-01T09:00:00Z"),
            ("2026-12-01T10:00:00", "2026-12-01T10:00:00+01:00"),
            ("2026-12-01", "2026-12-01T09:00:00+01:00"),
            ("+3 days", "2026-11-26T09:00:00Z"),
            ("+1 week", "2026-11-30T09:00:00Z"),
            ("+ 90 minutes", "2026-11-23T10:30:00Z"),
            ("+2 hours", "2026-11-23T11:00:00Z"),
        ] {
            assert_eq!(read(written).as_deref(), Some(due), "{written}");
        }
        for written in ["tomorrow", "+3", "+x days", "+3 moons", "2026-13-01", "3 days", "+99999999999 days"] {
            assert_eq!(read(written), None, "{written}");
        }
    }
}
