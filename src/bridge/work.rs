//! Tasks, deals and messages.

use time::OffsetDateTime;

use super::{Calls, one, text};
use crate::json::{Map, Value, put};
use crate::{clock, error::Code};

const CREATE: &str = "ghl.opportunities.createOpportunity";
const UPDATE: &str = "ghl.opportunities.updateOpportunity";

/// When a task is due: as given, else on the morning of the next working day.
pub(super) fn due(calls: &mut Calls<'_>, input: &mut Map) {
    let given = text(input, "due");
    let due = match given.as_str() {
        "" => Some(clock::next_working_morning(clock::at(calls.now), 1)),
        given => moment(given, calls.now),
    };
    match due {
        Some(due) => put(input, "due", clock::iso(due).into()),
        None => calls.bad("", "due", "must be a time such as 2026-11-23T09:00:00Z, a day, or such as +3 days"),
    }
    put(input, "completed", false.into());
}

/// `2026-11-23T09:00:00Z`; without a zone in Berlin; a day alone at nine; `+3 days`.
fn moment(text: &str, now: u64) -> Option<OffsetDateTime> {
    if let Some(rest) = text.strip_prefix('+') {
        return Some(clock::at(now + clock::span(rest)?));
    }
    match text.get(10..).unwrap_or_default() {
        "" => clock::parse_berlin(&(text.to_owned() + " 09:00:00")),
        time if time.ends_with('Z') || time.contains(['+', '-']) => {
            clock::parse_iso(text).and_then(|s| Some(clock::at(u64::try_from(s).ok()? * 1000)))
        }
        _ => clock::parse_berlin(text),
    }
}

pub(super) fn check_task(calls: &mut Calls<'_>, input: &Map) {
    if !input.contains_key("taskId") && !input.contains_key("title") {
        calls.bad("", "taskId", "or title is required");
    }
}

/// By id, or all open ones with this title.
pub(super) fn complete_task(calls: &mut Calls<'_>, input: &mut Map) -> Map {
    let title = text(input, "title");
    let mut ids = Vec::new();
    if let Some(id) = input.get("taskId") {
        ids.push(id.clone());
    } else {
        let tasks = &calls.call("ghl.contacts.getAllTasks", only(input, "contactId", "contactId"))["tasks"];
        let mut was_done = false;
        for task in tasks.items() {
            if task["title"].as_str().unwrap_or_default().trim() == title {
                if task["completed"] == Value::Bool(true) {
                    was_done = true;
                } else {
                    ids.push(task["id"].clone());
                }
            }
        }
        match (ids.is_empty(), was_done) {
            (true, true) => calls.note("the task was completed before", ""),
            (true, false) => calls.missing("", "title", "is the title of no task of the contact"),
            _ => {}
        }
    }
    input.remove("title");
    put(input, "completed", true.into());
    for id in &ids {
        put(input, "taskId", id.clone());
        calls.send("ghl.contacts.updateTaskCompleted", input);
        calls.done("the task was completed: ", id.as_str().unwrap_or_default());
    }
    one("completed", Value::Array(ids))
}

/// The contact's open deal in the pipeline is updated; where there is none, one is created.
pub(super) fn deal(calls: &mut Calls<'_>, input: &mut Map) -> Map {
    let pipelines = &calls.call("ghl.opportunities.getPipelines", Map::new())["pipelines"];
    let pipeline = calls.pick(pipelines, &text(input, "pipeline"), "pipeline");
    input.remove("pipeline");
    put(input, "pipelineId", pipeline["id"].clone());
    let stage = text(input, "stage");
    if input.remove("stage").is_some() {
        put(input, "pipelineStageId", calls.pick(&pipeline["stages"], &stage, "stage")["id"].clone());
    }
    let mut search = only(input, "contactId", "contact_id");
    put(&mut search, "pipeline_id", pipeline["id"].clone());
    put(&mut search, "status", "open".into());
    put(&mut search, "limit", 100.into());
    let open = calls.call("ghl.opportunities.searchOpportunity", search)["opportunities"].items();
    let name = text(input, "name");
    let same = open.iter().find(|deal| deal["name"] == name).or_else(|| open.first());
    let mut found = same.and_then(|deal| deal["id"].as_str());
    if found.is_none() {
        if name.is_empty() {
            calls.bad("", "name", "is required: there is no open deal yet");
        }
        let mut new = input.clone();
        if !new.contains_key("status") {
            put(&mut new, "status", "open".into());
        }
        let answer = calls.send(CREATE, &mut new);
        // The location allows one deal of a contact in a pipeline, and that one is not open any more.
        found = match &calls.error {
            Some(_) => calls.answers.get(calls.next - 1).and_then(|last| match last {
                Err(error) if error.code() == Code::Duplicate => error.details().existing_id.as_deref(),
                _ => None,
            }),
            None => None,
        };
        if found.is_none() {
            return shown(true, answer);
        }
        calls.error = None;
        calls.note("the location allows one deal for each contact: that one was updated", "");
    }
    input.remove("contactId");
    put(input, "id", found.unwrap_or_default().into());
    shown(false, calls.send(UPDATE, input))
}

/// A field alone, under another name.
fn only(input: &Map, name: &str, wire: &str) -> Map {
    one(wire, input.get(name).cloned().unwrap_or_default())
}

fn shown(created: bool, answer: &Value) -> Map {
    let deal = &answer["opportunity"];
    let mut shown = one("created", created.into());
    put(&mut shown, "opportunityId", deal["id"].clone());
    put(&mut shown, "opportunity", deal.clone());
    shown
}

/// An e-mail needs a subject and a text, everything else a text. A plain text becomes an e-mail's HTML.
pub(super) fn check_message(calls: &mut Calls<'_>, input: &mut Map) {
    let is_email = input.get("type").is_some_and(|kind| *kind == "Email");
    let written = text(input, "text");
    let has_html = is_email && !text(input, "html").is_empty();
    if is_email && text(input, "subject").is_empty() {
        calls.bad("", "subject", "is required for an e-mail");
    }
    if written.is_empty() && !has_html && !input.contains_key("attachments") {
        calls.bad("", "text", "is required");
    }
    if is_email && !has_html && !written.is_empty() {
        let mut html = String::new();
        for letter in written.chars() {
            match letter {
                '&' => html += "&amp;",
                '<' => html += "&lt;",
                '>' => html += "&gt;",
                '\n' => html += "<br>",
                other => html.push(other),
            }
        }
        put(input, "html", html.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_several_words() {
        let now = 1_795_424_400_000; // 2026-11-23T09:00:00Z
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
