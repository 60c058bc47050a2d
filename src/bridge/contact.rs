//! Finding, creating and changing contacts.

use super::{Bridge, fields, object, text};
use crate::json::{Map, Set, ToJson, Value, json, put, put_some};
use crate::text::lower;
use crate::{
    catalog::{self, Operation},
    error::{Code, Error, Result},
};

const CREATE: &str = "ghl.contacts.createContact";
const UPDATE: &str = "ghl.contacts.updateContact";

impl Bridge<'_> {
    /// By e-mail; created where it doesn't exist. Only empty fields are filled, unless told otherwise. Tags come last, by
    /// their own call: in the contact's body they would replace the others.
    pub(super) async fn find_or_create(&self, mut input: Map) -> Result<Value> {
        let email = lower(&text(&input, "email").unwrap_or_default());
        let tags = input.remove("tags").unwrap_or_default();
        let overwrite = input.remove("overwrite").and_then(|v| v.as_bool()).unwrap_or_default();
        let (more, mut custom) = self.sort_fields(object(input.remove("fields").unwrap_or_default())).await?;
        input.extend(more);
        put(&mut input, "email", email.as_str().into());

        let (mut contact, created) = match self.by_email(&email).await? {
            Some(found) => (found, false),
            None => {
                let mut body = input.clone();
                put_some(&mut body, "customFields", fields::to_wire(&custom));
                self.create(&email, body).await?
            }
        };
        let contact_id = contact["id"].as_str().unwrap_or_default().to_owned();
        let mut updated = false;
        if created {
            self.done(format!("the contact was created ({contact_id})"));
        } else {
            if !custom.is_empty() && !contact["customFields"].is_array() {
                contact = self.get_contact(&contact_id).await?;
            }
            input = self.changes(&contact, input, overwrite)?;
            custom.retain(|field| field.may_replace(&contact, overwrite));
            updated = !input.is_empty() || !custom.is_empty();
        }
        if updated {
            let mut body = input.clone();
            put_some(&mut body, "customFields", fields::to_wire(&custom));
            put(&mut body, "contactId", contact_id.as_str().into());
            let answer = self.write(UPDATE, body).await?;
            self.done(format!("the contact was updated ({contact_id})"));
            contact = answer.get("contact").filter(|c| c.is_object()).cloned().unwrap_or(contact);
        }
        let dropped = fields::dropped(&input, &custom, &contact);

        let mut missing = Set::new();
        let present = contact["tags"].as_array().map_or(&[][..], Vec::as_slice);
        for tag in tags.as_array().into_iter().flatten().filter_map(Value::as_str) {
            let tag = lower(tag.trim());
            if !tag.is_empty() && !present.iter().any(|p| p.as_str().is_some_and(|p| lower(p) == tag)) {
                missing.insert(tag);
            }
        }
        if !missing.is_empty() {
            let answer =
                self.call("ghl.contacts.addTags", json!({ "contactId": contact_id, "tags": missing })).await?;
            if let (Some(contact), Some(tags)) = (contact.as_object_mut(), answer.get("tags")) {
                put(contact, "tags", tags.clone());
            }
        }
        Ok(json!({
            "contactId": contact_id,
            "created": created,
            "updated": updated,
            "tagsAdded": missing,
            "dropped": dropped,
            "contact": contact,
        }))
    }

    /// Creates; where the service knows the person already, that contact is the result. True: it is new.
    async fn create(&self, email: &str, body: Map) -> Result<(Value, bool)> {
        let error = match self.write(CREATE, body).await {
            Ok(answer) => match answer.get("contact").filter(|c| c["id"].is_string()) {
                Some(contact) => return Ok((contact.clone(), true)),
                None => Error::new(
                    Code::OutcomeUnknown,
                    "HighLevel's answer lacks the new contact",
                    "Call again: the contact is found by its e-mail address.",
                )
                .of_operation(CREATE),
            },
            Err(error) => error,
        };
        let found = match error.code() {
            Code::Duplicate => match &error.details().existing_id {
                Some(id) => Some((self.get_contact(id).await?, false)),
                None => None,
            },
            // An error after the contact was made: its e-mail address tells. 422 is known to come like that, too.
            Code::OutcomeUnknown => self.by_email(email).await?.map(|contact| (contact, true)),
            Code::InvalidInput if error.details().status.is_some() => {
                self.by_email(email).await?.map(|contact| (contact, true))
            }
            _ => None,
        };
        if matches!(found, Some((_, true))) {
            self.note("HighLevel reported an error, but the contact was created".to_owned());
        }
        found.ok_or_else(|| {
            error.with(|d| {
                if d.code == Code::OutcomeUnknown {
                    d.help = "Call again: if the contact was created, it is found by its e-mail address.".into();
                }
            })
        })
    }

    /// Writes a contact. A phone number of somebody else is left out: it never identifies a person.
    async fn write(&self, id: &str, mut body: Map) -> Result<Value> {
        match self.call(id, Value::Object(body.clone())).await {
            Err(error)
                if error.code() == Code::Duplicate
                    && error.details().cause.as_deref() == Some("phone")
                    && body.remove("phone").is_some() =>
            {
                let whose = error.details().existing_id.as_deref().unwrap_or("unknown");
                self.note(format!("the phone number belongs to another contact ({whose}) and was left out"));
                self.call(id, Value::Object(body)).await
            }
            other => other,
        }
    }

    async fn get_contact(&self, contact_id: &str) -> Result<Value> {
        let answer = self.call("ghl.contacts.getContact", json!({ "contactId": contact_id })).await?;
        Ok(answer.get("contact").cloned().unwrap_or_default())
    }

    /// What of `wanted` a contact lacks; with `overwrite` also what it has otherwise.
    fn changes(&self, contact: &Value, mut wanted: Map, overwrite: bool) -> Result<Map> {
        let update = catalog::find(UPDATE)?;
        let is_empty = |name: &str| contact[name].as_str().unwrap_or_default().is_empty();
        let mut late = Vec::new();
        wanted.retain(|name, value| {
            let filled = match name {
                "email" => return false,
                "name" => !is_empty("firstName") || !is_empty("lastName"),
                name => !is_empty(name),
            };
            if (filled && !overwrite) || fields::same(name, value, &contact[name]) {
                return false;
            }
            let possible = update.property(name).is_some();
            if !possible {
                late.push(format!("{name} can be set only when a contact is created"));
            }
            possible
        });
        late.into_iter().for_each(|note| self.note(note));
        Ok(wanted)
    }

    /// Fields of both kinds, and what became of them.
    pub(super) async fn set_fields(&self, contact_id: &str, mut input: Map) -> Result<Value> {
        let (sent, custom) = self.sort_fields(object(input.remove("fields").unwrap_or_default())).await?;
        self.set(contact_id, sent, &custom).await
    }

    pub(super) async fn set(&self, contact_id: &str, sent: Map, custom: &[fields::Custom]) -> Result<Value> {
        let mut body = sent.clone();
        put_some(&mut body, "customFields", fields::to_wire(custom));
        put(&mut body, "contactId", contact_id.into());
        let answer = self.write(UPDATE, body).await.map_err(|error| {
            error.with(|d| {
                for field in d.fields.iter_mut().filter(|field| sent.contains_key(&field.path)) {
                    field.path = format!("fields.{}", field.path);
                }
            })
        })?;
        let contact = answer.get("contact").cloned().unwrap_or_default();
        Ok(json!({ "dropped": fields::dropped(&sent, custom, &contact), "contact": contact }))
    }

    /// Custom fields by name or key, with their ids in place of these: the service takes nothing else.
    pub(super) async fn with_field_ids(&self, operation: &Operation, mut input: Value) -> Result<Value> {
        let of_contact = operation.id.starts_with("ghl.contacts.") && operation.property("customFields").is_some();
        let entries = input.get("customFields").and_then(Value::as_array).filter(|_| of_contact);
        let named = |entry: &Value| entry.is_object() && (entry["id"].is_null() || !entry["name"].is_null());
        if !entries.is_some_and(|entries| entries.iter().any(named)) {
            return Ok(input);
        }
        // Everything that is wrong is said before the names are looked up.
        operation.accept(input.clone(), Some(&self.connection.highlevel()?.location_id))?;
        let mut names = Vec::new();
        let entries = input["customFields"].as_array().map_or(&[][..], Vec::as_slice);
        for (i, entry) in entries.iter().enumerate() {
            let given = ["name", "key"].into_iter().find_map(|name| Some((name, entry[name].as_str()?)));
            match given {
                _ if entry["id"].is_string() => {}
                Some((name, given)) => names.push((format!("customFields[{i}].{name}"), given.to_owned())),
                None => return Err(Error::invalid_field(format!("customFields[{i}].id"), "or name or key is required")),
            }
        }
        let mut found = self.find_fields(&names).await.map_err(|e| e.of_operation(&operation.id))?.into_iter();
        for entry in input.get_mut("customFields").and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(entry) = entry.as_object_mut() else { continue };
            if !entry.contains_key("id")
                && let Some(field) = found.next()
            {
                entry.remove("key");
                put(entry, "id", field.id.to_json());
            }
            entry.remove("name");
        }
        Ok(input)
    }
}
