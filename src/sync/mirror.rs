//! What is known of a contact in HighLevel and of what hangs on it, as far as an event may tell it: by aspect (`firstName`,
//! `#vip`, `<deal>.status`) the last value that was written or told. An event is news where it tells another value. So what the
//! plugin wrote itself comes back as nothing new, as does what came by two ways, and a person's change is news right after it.
//!
//! Events overtake each other, and a contact's event tells all of it. So each aspect has its time and some values from before:
//! what an older event tells of these is no news. Values are hashed: the mirror needs to know that they differ, not what they
//! are. What remains: who puts a value back within the two seconds that two clocks may differ isn't heard.

use super::request::Request;
use crate::json::{Map, ToJson, Value, put};
use crate::mapping::as_text;
use crate::text::{lower, short_hash};

/// What of a contact can change; its tags and what it may be sent have events of their own.
const CONTACT: [&str; 13] = [
    "address1",
    "assignedTo",
    "city",
    "companyName",
    "country",
    "dateOfBirth",
    "email",
    "firstName",
    "lastName",
    "phone",
    "postalCode",
    "state",
    "website",
];
const DEAL: [&str; 5] = ["pipelineStageId", "status", "monetaryValue", "assignedTo", "name"];

/// What an event tells, by aspect.
fn told(event: &Map) -> Map {
    let data = event["data"].get("appointment").unwrap_or(&event["data"]);
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let (id, word) = (text("objectId"), text("event"));
    let fields: &[&str] = match word {
        "ContactUpdate" => return contact(data),
        "ContactTagUpdate" => return tags(data),
        "ContactDndUpdate" => &["dnd", "dndSettings"],
        "OpportunityStageUpdate" => &DEAL[..1],
        "OpportunityStatusUpdate" => &DEAL[1..2],
        "OpportunityUpdate" => &DEAL,
        "AppointmentUpdate" => &["appointmentStatus", "startTime", "endTime", "calendarId"],
        _ => &[],
    };
    let mut told = Map::new();
    for field in fields {
        put(&mut told, &aspect(id, field), value_of(&data[*field]));
    }
    if word == "TaskComplete" {
        put(&mut told, id, DONE.into());
    } else if word.ends_with("Create") {
        put(&mut told, id, MADE.into());
    }
    told
}

const MADE: &str = "made";
const DONE: &str = "done";

fn aspect(id: &str, field: &str) -> String {
    [id, ".", field].concat()
}

fn value_of(value: &Value) -> Value {
    match as_text(value).trim() {
        "" => "".into(),
        text => Value::String(short_hash(&mut [text].into_iter())),
    }
}

fn contact(contact: &Value) -> Map {
    let mut told = Map::new();
    for field in CONTACT {
        put(&mut told, field, value_of(&contact[field]));
    }
    for field in contact["customFields"].items() {
        let value = field.get("field_value").unwrap_or(&field["value"]);
        put(&mut told, &aspect("customFields", field.text_of("id").unwrap_or_default()), value_of(value));
    }
    told
}

fn tags(data: &Value) -> Map {
    let mut told = Map::new();
    for tag in data["tags"].items().iter().filter_map(Value::as_str) {
        put(&mut told, &["#", &lower(tag.trim())].concat(), "+".into());
    }
    told
}

/// So many values from before are kept.
const PAST: usize = 4;
/// Our clock and HighLevel's may differ by so many seconds.
const CLOCKS_DIFFER: i64 = 2;

/// One aspect: `[at, own, current, before, …]`; `at` in seconds since 1970, `own`: we wrote it.
struct Aspect {
    at: i64,
    own: bool,
    values: Vec<Value>,
}

impl Aspect {
    fn of(mirror: &Map, name: &str) -> Option<Self> {
        let mut values = mirror.get(name)?.as_array()?.clone();
        let at = values.first()?.as_i64()?;
        let own = values.get(1)? == &Value::Bool(true);
        values.drain(..2);
        Some(Self { at, own, values })
    }

    fn keep(mut self, mirror: &mut Map, name: &str) {
        self.values.truncate(1 + PAST);
        let mut entry = vec![self.at.to_json(), self.own.to_json()];
        entry.append(&mut self.values);
        put(mirror, name, Value::Array(entry));
    }

    /// How far the time of a write of ours is from HighLevel's.
    fn differ(&self) -> i64 {
        if self.own { CLOCKS_DIFFER } else { 0 }
    }

    /// A value told at a time. True: it is news.
    fn learn(&mut self, value: &Value, at: i64) -> bool {
        let was_known = self.values.iter().skip(1).any(|old| old == value);
        let differ = self.differ();
        let may_be_older = at <= self.at + differ;
        if self.values.first() == Some(value) {
            self.at = self.at.max(at);
            return false;
        }
        if was_known && may_be_older {
            return false;
        }
        // What stood there before our first write is known only now.
        let is_before = self.own && self.values.len() == 1 && at < self.at;
        if !is_before && at + differ >= self.at {
            self.values.insert(0, value.clone());
            (self.at, self.own) = (at, false);
        } else {
            self.values.insert(1, value.clone());
        }
        !is_before
    }
}

/// Takes in what an event tells about the time `at`, in seconds since 1970. Gives the aspects that are news, or nothing where
/// it is about none that are kept here.
pub(super) fn learn(mirror: &mut Map, event: &Map, at: i64) -> Option<Vec<String>> {
    let told = told(event);
    let mut news = Vec::new();
    for (name, value) in &told {
        let is_news = match Aspect::of(mirror, name) {
            Some(mut known) => {
                let is_news = known.learn(value, at);
                known.keep(mirror, name);
                is_news
            }
            None => {
                Aspect { at, own: false, values: vec![value.clone()] }.keep(mirror, name);
                // That there is nothing where nothing was is none.
                *value != ""
            }
        };
        if is_news {
            news.push(name.clone());
        }
    }
    let tells_tags = event.get("event").is_some_and(|word| *word == "ContactTagUpdate");
    if tells_tags {
        let names: Vec<String> = mirror.keys().filter(|name| name.starts_with('#')).cloned().collect();
        for name in names.iter().filter(|name| !told.contains_key(name)) {
            let Some(mut gone) = Aspect::of(mirror, name) else { continue };
            if at > gone.at + gone.differ() {
                gone.learn(&"".into(), at);
                gone.keep(mirror, name);
            }
        }
    }
    (tells_tags || !told.is_empty()).then_some(news)
}

/// Takes over what we wrote since, as `newer` has it.
pub(super) fn keep_own(mirror: &mut Map, newer: &Map) {
    for name in newer.keys() {
        if let Some(own) = Aspect::of(newer, name).filter(|aspect| aspect.own) {
            own.keep(mirror, name);
        }
    }
}

/// Takes in what a write of ours left, by the answer to it; `at` in seconds since 1970.
pub(super) fn wrote(mirror: &mut Map, request: &Request, answer: &Value, at: i64) {
    if !request.operation.starts_with("ghl.") {
        return;
    }
    let input = &request.input;
    let operation = request.operation.rsplit('.').next().unwrap_or_default();
    let made = answer.pointer(request.id).filter(|id| id.is_string()).unwrap_or(&answer["id"]);
    // As the event would tell it that comes of it.
    let (word, id) = match operation {
        "createContact" | "updateContact" => ("ContactUpdate", made),
        "addTags" | "removeTags" => ("ContactTagUpdate", made),
        "updateTaskCompleted" => ("TaskComplete", &input["taskId"]),
        "createOpportunity" | "updateOpportunity" => {
            ("OpportunityUpdate", if made.is_null() { &input["id"] } else { made })
        }
        _ => ("Create", made),
    };
    let mut event = Map::new();
    put(&mut event, "event", word.into());
    put(&mut event, "objectId", id.clone());
    put(&mut event, "data", Value::Object(input.clone()));
    let mut own = told(&event);
    own.retain(|_, value| *value != "");
    let is_ours = input["contactId"].as_str().is_some_and(|id| mirror.contains_key(id));
    let now = match word {
        "ContactUpdate" => &answer["contact"],
        "OpportunityUpdate" => &answer["opportunity"],
        // Other tags than ours stood there before our first, unless we have made the contact.
        "ContactTagUpdate" if !is_ours && !mirror.keys().any(|name| name.starts_with('#')) => answer,
        _ => &Value::Null,
    };
    if now.is_object() {
        // Beside what was sent, the answer tells what nobody had told yet; it must not take news away.
        put(&mut event, "data", now.clone());
        for (name, value) in told(&event) {
            if own.contains_key(&name) {
                put(&mut own, &name, value);
            } else if mirror.get(&name).is_none() {
                Aspect { at, own: false, values: vec![value] }.keep(mirror, &name);
            }
        }
    }
    if let Some(id) = made.as_str() {
        put(&mut own, id, MADE.into());
    }
    if operation == "removeTags" {
        own.values_mut().for_each(|value| *value = "".into());
    }
    for (name, value) in own.into_iter().filter(|(name, _)| !name.is_empty()) {
        let mut known = Aspect::of(mirror, &name).unwrap_or(Aspect { at, own: true, values: Vec::new() });
        if known.values.first() != Some(&value) {
            known.values.insert(0, value);
        }
        (known.at, known.own) = (at, true);
        known.keep(mirror, &name);
    }
}

#[cfg(test)]
mod tests;
