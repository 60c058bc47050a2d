//! Finding, creating and changing contacts.

use super::{Calls, fields, fields::Custom, object, one, text};
use crate::json::{Map, ToJson, Value, put, put_some};
use crate::text::lower;
use crate::{
    catalog,
    error::{Code, Error, Result},
};

const GET: &str = "ghl.contacts.getContact";
const CREATE: &str = "ghl.contacts.createContact";
const UPDATE: &str = "ghl.contacts.updateContact";

/// A contact as the caller wrote it: ids in place of names, tags only where all are meant. The result says what HighLevel
/// didn't take.
pub(super) fn write_given(calls: &mut Calls<'_>, input: &mut Map) -> Value {
    let operation = calls.operation;
    let is_new = operation.id == CREATE;
    let may_replace = input.remove("replaceTags") == Some(Value::Bool(true));
    if !is_new && !may_replace && input.contains_key("tags") {
        calls.bad("", "tags", "would take all other tags off: use addTags, or say replaceTags: true if that is meant");
    }
    fields::put_ids(calls, input);
    let answer = calls.call(&operation.id, input.clone());
    let mut warnings = fields::dropped("path", input, &Custom::of_body(input), &answer["contact"]);
    // Known to be dropped by it, and never shown.
    if operation.name() == "upsertContact" && input.contains_key("gender") {
        let mut warning = one("path", "gender".into());
        put(&mut warning, "problem", "dropped".into());
        warnings.push(Value::Object(warning));
    }
    let mut object = object(answer.clone());
    put(&mut object, "warnings", Value::Array(warnings));
    Value::Object(object)
}

/// By e-mail; created where it doesn't exist. Only empty fields are filled, unless told otherwise. Tags come last, by their
/// own call: in the contact's body they would replace the others.
pub(super) fn find_or_create(calls: &mut Calls<'_>, input: &mut Map) -> Value {
    let email = lower(&text(input, "email"));
    let tags = input.remove("tags").unwrap_or_default();
    let overwrite = input.remove("overwrite") == Some(Value::Bool(true));
    let policy = input.remove("onConflict").unwrap_or_default();
    let more = object(input.remove("fields").unwrap_or_default());
    let mut custom = fields::sort(calls, more, input);
    put(input, "email", email.as_str().into());

    let mut contact = calls.by_email(&email);
    let mut created = false;
    let as_it_is = settle_conflict(calls, policy.as_str().unwrap_or_default(), input, &mut contact);
    if contact.is_null() {
        (contact, created) = create(calls, with_custom(input, &custom), as_it_is);
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
    for tag in tags.items() {
        let tag = lower(tag.as_str().unwrap_or_default().trim());
        let tag = Value::String(tag);
        if tag != "" && !contact["tags"].items().contains(&tag) && !new_tags.contains(&tag) {
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
    put(&mut answer, "dropped", fields::dropped("field", input, &custom, contact).to_json());
    put(&mut answer, "contact", contact.clone());
    Value::Object(answer)
}

/// Where the phone number belongs to another contact than the e-mail address: which of them it is, by the caller's policy.
/// Without one the number is left out when HighLevel refuses it. True: there shall be a new contact with both.
fn settle_conflict<'a>(calls: &mut Calls<'a>, policy: &str, input: &mut Map, contact: &mut &'a Value) -> bool {
    let phone = text(input, "phone");
    if phone.is_empty() || matches!(policy, "" | "email") {
        return false;
    }
    let other = &calls.call("ghl.contacts.getDuplicateContact", one("number", phone.into()))["contact"];
    if other.is_null() || other["id"] == contact["id"] {
        return false;
    }
    let whose = other["id"].as_str().unwrap_or_default();
    match policy {
        "phone" => {
            if !contact.is_null() {
                calls.note(
                    "the e-mail address belongs to another contact and was left out: ",
                    contact["id"].as_str().unwrap_or_default(),
                );
                input.remove("email");
            }
            *contact = other;
        }
        "refuse" => {
            let help = "Merge the contacts, leave the number out, or choose another onConflict; nothing was changed.";
            let error = Error::new(Code::Conflict, "the phone number belongs to another contact", help);
            calls.fail(error.with(|d| d.existing_id = Some(whose.to_owned())));
        }
        _ => *contact = &Value::Null,
    }
    policy == "create"
}

/// Creates; where the service knows the person already, that contact is the result, unless the body must stay `as_it_is`.
/// True: it is new.
fn create<'a>(calls: &mut Calls<'a>, body: Map, as_it_is: bool) -> (&'a Value, bool) {
    let answer = if as_it_is { calls.attempt(CREATE, body) } else { write(calls, CREATE, body) };
    let error = match answer {
        Ok(answer) if answer.pointer("/contact/id").is_some() || calls.stopped() => return (&answer["contact"], true),
        Ok(_) => {
            let help = "Call again: if the contact was created, its e-mail address finds it.";
            Error::new(Code::OutcomeUnknown, "HighLevel's answer lacks the new contact", help)
        }
        Err(error) => error.clone(),
    };
    let details = error.details();
    if let (Code::Duplicate, Some(id), false) = (details.code, &details.existing_id, as_it_is) {
        return (&calls.call(GET, one("contactId", id.as_str().into()))["contact"], false);
    }
    calls.fail(error);
    (&Value::Null, false)
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
            "email" => return is_empty(name),
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
    put(&mut answer, "dropped", fields::dropped("field", own, custom, contact).to_json());
    answer
}
