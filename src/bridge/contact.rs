//! Finding, creating and changing contacts.

use super::{Calls, fields, fields::Custom, list, object, one, text};
use crate::json::{Map, ToJson, Value, put, put_some};
use crate::text::lower;
use crate::{
    catalog,
    error::{Code, Result},
};

const GET: &str = "ghl.contacts.getContact";
const CREATE: &str = "ghl.contacts.createContact";
const UPDATE: &str = "ghl.contacts.updateContact";

/// By e-mail; created where it doesn't exist. Only empty fields are filled, unless told otherwise. Tags come last, by their
/// own call: in the contact's body they would replace the others.
pub(super) fn find_or_create(calls: &mut Calls<'_>, input: &mut Map) -> Value {
    let email = lower(&text(input, "email"));
    let tags = input.remove("tags").unwrap_or_default();
    let overwrite = input.remove("overwrite") == Some(Value::Bool(true));
    let more = object(input.remove("fields").unwrap_or_default());
    let mut custom = fields::sort(calls, more, input);
    put(input, "email", email.as_str().into());

    let mut contact = calls.by_email(&email);
    let mut created = false;
    if contact.is_null() {
        (contact, created) = create(calls, &email, with_custom(input, &custom));
    }
    let contact_id = contact["id"].as_str().unwrap_or_default();
    let mut updated = false;
    if created {
        calls.done("the contact was created: ", contact_id);
    } else {
        if !custom.is_empty() && !contact["customFields"].is_array() {
            contact = &calls.call(GET, one("contactId", contact_id.into()))["contact"];
        }
        keep_changes(calls, contact, input, overwrite);
        custom.retain(|field| field.may_replace(contact, overwrite));
        updated = !input.is_empty() || !custom.is_empty();
    }
    if updated {
        contact = update(calls, contact_id, with_custom(input, &custom));
        calls.done("the contact was updated: ", contact_id);
    }

    let mut new_tags = Vec::new();
    for tag in list(&tags) {
        let tag = lower(tag.as_str().unwrap_or_default().trim());
        let tag = Value::String(tag);
        if tag != "" && !list(&contact["tags"]).contains(&tag) && !new_tags.contains(&tag) {
            new_tags.push(tag);
        }
    }
    let mut answer = one("contactId", contact_id.into());
    if !new_tags.is_empty() {
        let mut body = answer.clone();
        put(&mut body, "tags", new_tags.to_json());
        calls.call("ghl.contacts.addTags", body);
    }
    put(&mut answer, "created", created.into());
    put(&mut answer, "updated", updated.into());
    put(&mut answer, "tagsAdded", new_tags.to_json());
    put(&mut answer, "dropped", fields::dropped(input, &custom, contact));
    put(&mut answer, "contact", contact.clone());
    Value::Object(answer)
}

/// Creates; where the service knows the person already, that contact is the result. True: it is new.
fn create<'a>(calls: &mut Calls<'a>, email: &str, body: Map) -> (&'a Value, bool) {
    match write(calls, CREATE, body) {
        Ok(answer) if answer.pointer("/contact/id").is_some() || calls.stopped() => (&answer["contact"], true),
        // An answer in which nothing is what it should be: the e-mail address tells.
        Ok(_) => (calls.by_email(email), true),
        Err(error) => {
            if let (Code::Duplicate, Some(id)) = (error.code(), &error.details().existing_id) {
                return (&calls.call(GET, one("contactId", id.as_str().into()))["contact"], false);
            }
            calls.fail(error.clone());
            (&Value::Null, false)
        }
    }
}

/// Writes a contact. A phone number of somebody else is left out: it never identifies a person.
fn write<'a>(calls: &mut Calls<'a>, id: &str, mut body: Map) -> &'a Result<Value> {
    let answer = calls.attempt(id, body.clone());
    if let Err(error) = answer
        && error.code() == Code::Duplicate
        && error.details().cause.as_deref() == Some("phone")
        && body.remove("phone").is_some()
    {
        let whose = error.details().existing_id.as_deref().unwrap_or_default();
        calls.note("the phone number belongs to another contact and was left out: ", whose);
        return calls.attempt(id, body);
    }
    answer
}

/// Gives the contact as it is then.
fn update<'a>(calls: &mut Calls<'a>, contact_id: &str, mut body: Map) -> &'a Value {
    put(&mut body, "contactId", contact_id.into());
    match write(calls, UPDATE, body) {
        Ok(answer) => &answer["contact"],
        Err(error) => {
            calls.fail(error.clone());
            &Value::Null
        }
    }
}

fn with_custom(own: &Map, custom: &[Custom<'_>]) -> Map {
    let mut body = own.clone();
    put_some(&mut body, "customFields", fields::to_wire(custom));
    body
}

/// Keeps what a contact lacks; with `overwrite` also what it has otherwise.
fn keep_changes(calls: &mut Calls<'_>, contact: &Value, wanted: &mut Map, overwrite: bool) {
    let update = catalog::find(UPDATE).ok();
    let is_empty = |name: &str| contact[name].as_str().unwrap_or_default().is_empty();
    wanted.retain(|name, value| {
        let filled = match name {
            "email" => return false,
            "name" => !is_empty("firstName") || !is_empty("lastName"),
            name => !is_empty(name),
        };
        if (filled && !overwrite) || fields::same(name, value, &contact[name]) {
            return false;
        }
        let possible = update.as_ref().is_some_and(|update| update.property(name).is_some());
        if !possible {
            calls.note("can be set only when a contact is created: ", name);
        }
        possible
    });
}

/// Fields of both kinds, and what became of them.
pub(super) fn set_fields(calls: &mut Calls<'_>, input: &mut Map) -> Map {
    let mut own = Map::new();
    let given = object(input.remove("fields").unwrap_or_default());
    let custom = fields::sort(calls, given, &mut own);
    set(calls, &text(input, "contactId"), &own, &custom)
}

pub(super) fn set(calls: &mut Calls<'_>, contact_id: &str, own: &Map, custom: &[Custom<'_>]) -> Map {
    let contact = update(calls, contact_id, with_custom(own, custom));
    let mut answer = one("contact", contact.clone());
    put(&mut answer, "dropped", fields::dropped(own, custom, contact));
    answer
}
