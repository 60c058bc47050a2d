//! HighLevel as far as the sync uses it.

use ghl_digistore24::http::{Request, Response};
use ghl_digistore24::json::{Map, Value, json, parse, put};

use super::{Contact, FIELDS, World};

impl World {
    /// Somebody whom HighLevel knew before the sync.
    pub fn contact_before_us(&mut self, email: &str) {
        let mut contact = Contact::default();
        for (name, value) in [("email", email), ("firstName", "Old")] {
            contact.fields.insert(name.to_owned(), value.into());
        }
        contact.tags.insert("vip".into());
        let id = self.id("c");
        self.contacts.insert(id, contact);
    }

    fn id(&mut self, kind: &str) -> String {
        self.ids += 1;
        format!("{kind}{}", self.ids)
    }

    pub(super) fn answer(&mut self, request: &Request) -> Response {
        let (status, body) = match request.url.starts_with("https://ds24.test") {
            true => (200, self.digistore24(request)),
            false => self.route(request),
        };
        Response { status, headers: vec![], body: body.to_string() }
    }

    fn route(&mut self, request: &Request) -> (u16, Value) {
        let url = request.url.trim_start_matches("https://ghl.test");
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let body: Value = request.body.as_deref().map(|b| parse(b).unwrap()).unwrap_or_default();
        let missing =
            |id: &str| (400, json!({ "statusCode": 400, "message": format!("Contact with id {id} not found") }));
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["locations", id]) => (200, json!({ "location": { "id": *id, "timezone": "Europe/Berlin" } })),
            ("GET", ["locations", _, "customFields"]) => {
                let fields = FIELDS.iter().map(
                    |k| json!({ "id": format!("id-{k}"), "fieldKey": format!("contact.{k}"), "dataType": "TEXT" }),
                );
                (200, json!({ "customFields": fields.collect::<Vec<_>>() }))
            }
            ("GET", [list @ ("workflows" | "users" | "calendars" | "campaigns")]) => {
                let named: &[(&str, &str)] = match *list {
                    "workflows" => &[("w1", "Onboarding"), ("w2", "Dunning")],
                    "users" => &[("u1", "Jane Doe"), ("u2", "Max Muster"), ("u3", "Support")],
                    "calendars" => &[("k1", "Visits")],
                    _ => &[("p1", "Spring")],
                };
                let items: Vec<Value> = named.iter().map(|(id, name)| json!({ "id": id, "name": name })).collect();
                let mut answer = Map::new();
                put(&mut answer, list, Value::Array(items));
                (200, Value::Object(answer))
            }
            ("GET", ["opportunities", "pipelines"]) => {
                let stages = json!([{ "id": "s1", "name": "New" }, { "id": "s2", "name": "At risk" }]);
                (200, json!({ "pipelines": [{ "id": "pl1", "name": "Sales", "stages": stages }] }))
            }
            ("GET", ["opportunities", "search"]) => {
                let deals: Vec<&Value> = self
                    .contacts
                    .iter()
                    .filter(|(id, _)| query.contains(&format!("contact_id={id}")))
                    .flat_map(|(_, c)| &c.deals)
                    .collect();
                (200, json!({ "opportunities": deals }))
            }
            ("POST", ["opportunities"]) => {
                let id = self.id("d");
                let owner = body["contactId"].as_str().unwrap();
                let Some(contact) = self.contacts.get_mut(owner) else { return missing(owner) };
                let mut deal = body.clone();
                put(deal.as_object_mut().unwrap(), "id", id.into());
                contact.deals.push(deal.clone());
                self.triggers.push(format!("{owner} deal"));
                (201, json!({ "opportunity": deal }))
            }
            ("PUT", ["opportunities", id]) => {
                let deals = self.contacts.values_mut().flat_map(|c| &mut c.deals).find(|d| d["id"] == **id);
                match deals {
                    Some(deal) => {
                        deal.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
                        (200, json!({ "opportunity": &*deal }))
                    }
                    None => (404, json!({ "statusCode": 404, "message": "Opportunity not found" })),
                }
            }
            ("GET", ["businesses"]) => (200, json!({ "businesses": self.businesses })),
            ("POST", ["businesses"]) => {
                let business = json!({ "id": self.id("b"), "name": body["name"] });
                self.businesses.push(business.clone());
                self.triggers.push("x business".into());
                (201, json!({ "success": true, "buiseness": business }))
            }
            ("POST", ["contacts", "bulk", "business"]) => {
                let known = self.businesses.iter().any(|b| b["id"] == body["businessId"]);
                assert!(known, "the business exists before a contact is put into it: {body}");
                for id in body["ids"].as_array().unwrap() {
                    if let Some(contact) = self.contacts.get_mut(id.as_str().unwrap()) {
                        contact.business = body["businessId"].as_str().map(str::to_owned);
                    }
                }
                (200, json!({ "success": true, "ids": body["ids"] }))
            }
            ("POST", ["calendars", "events", "appointments"]) => {
                let id = self.id("a");
                let owner = body["contactId"].as_str().unwrap();
                let Some(contact) = self.contacts.get_mut(owner) else { return missing(owner) };
                let mut appointment = body.clone();
                put(appointment.as_object_mut().unwrap(), "id", id.into());
                contact.appointments.push(appointment.clone());
                (201, appointment)
            }
            ("GET", ["contacts", "search", "duplicate"]) => {
                let email = query
                    .split('&')
                    .find_map(|p| p.strip_prefix("email="))
                    .unwrap_or_default()
                    .replace("%40", "@")
                    .replace("%2B", "+");
                let found =
                    self.contacts.iter().find(|(_, c)| c.fields.get("email") == Some(&Value::from(email.as_str())));
                (200, json!({ "contact": found.map(|(id, c)| show(id, c)) }))
            }
            ("POST", ["contacts", "search"]) => {
                let filter = &body["filters"][0];
                let key = filter["field"].as_str().unwrap().trim_start_matches("customFields.id-");
                let found = self.contacts.iter().filter(|(_, c)| c.custom.get(key) == Some(&filter["value"]));
                (200, json!({ "contacts": found.map(|(id, c)| show(id, c)).collect::<Vec<_>>() }))
            }
            ("POST", ["contacts"]) => {
                let same = |name: &str| {
                    body.get(name).and_then(|v| {
                        self.contacts.iter().find(|(_, c)| c.fields.get(name) == Some(v)).map(|(id, _)| id.clone())
                    })
                };
                for field in ["email", "phone"] {
                    if let Some(id) = same(field) {
                        let meta = json!({ "contactId": id, "contactName": "x", "matchingField": field });
                        return (
                            400,
                            json!({ "statusCode": 400, "message": "This location does not allow duplicated contacts.", "meta": meta }),
                        );
                    }
                }
                let id = self.id("c");
                let mut contact = Contact::default();
                fill(&mut contact, &body);
                let shown = show(&id, &contact);
                self.contacts.insert(id.clone(), contact);
                self.triggers.push(format!("{id} created"));
                (201, json!({ "contact": shown }))
            }
            (method, ["contacts", id, rest @ ..]) => {
                if !self.contacts.contains_key(*id) {
                    return missing(id);
                }
                let has_phone = |c: &Contact| body.get("phone").is_some() && c.fields.get("phone") == body.get("phone");
                if let Some((other, _)) = self.contacts.iter().find(|(other, c)| other != id && has_phone(c)) {
                    let meta = json!({ "contactId": other, "contactName": "x", "matchingField": "phone" });
                    return (
                        400,
                        json!({ "statusCode": 400, "message": "This location does not allow duplicated contacts.", "meta": meta }),
                    );
                }
                let fresh = self.id("x");
                let contact = self.contacts.get_mut(*id).unwrap();
                match (method, rest) {
                    ("GET", []) => (200, json!({ "contact": show(id, contact) })),
                    ("PUT", []) => {
                        fill(contact, &body);
                        (200, json!({ "succeded": true, "contact": show(id, contact) }))
                    }
                    ("POST", ["workflow", _]) if contact.fields.contains_key("refusesWorkflows") => {
                        (422, json!({ "statusCode": 422, "message": "refused" }))
                    }
                    ("POST", ["workflow" | "campaigns", list]) => {
                        self.enrolments.push(format!("{id} into {list}"));
                        (200, json!({ "succeded": true }))
                    }
                    ("DELETE", ["workflow" | "campaigns", list]) => {
                        self.enrolments.push(format!("{id} out of {list}"));
                        (200, json!({ "succeded": true }))
                    }
                    ("GET", ["appointments"]) => (200, json!({ "events": contact.appointments })),
                    ("GET", ["notes"]) => (200, json!({ "notes": contact.notes })),
                    ("GET", ["tasks"]) => (200, json!({ "tasks": contact.tasks })),
                    ("POST", ["notes"]) => {
                        let note = json!({ "id": fresh, "title": body["title"], "body": body["body"] });
                        contact.notes.push(note.clone());
                        self.triggers.push(format!("{id} note"));
                        (201, json!({ "note": note }))
                    }
                    ("PUT", ["notes", note]) => match contact.notes.iter_mut().find(|n| n["id"] == **note) {
                        Some(found) => {
                            put(found.as_object_mut().unwrap(), "body", body["body"].clone());
                            (200, json!({ "note": &*found }))
                        }
                        None => (404, json!({ "statusCode": 404, "message": "Note not found" })),
                    },
                    ("POST", ["tasks"]) => {
                        let mut task = body.clone();
                        put(task.as_object_mut().unwrap(), "id", fresh.into());
                        contact.tasks.push(task.clone());
                        self.triggers.push(format!("{id} task"));
                        (201, json!({ "task": task }))
                    }
                    ("PUT", ["tasks", task, "completed"]) => match contact.tasks.iter_mut().find(|t| t["id"] == **task)
                    {
                        Some(found) => {
                            put(found.as_object_mut().unwrap(), "completed", body["completed"].clone());
                            (200, json!({ "task": &*found }))
                        }
                        None => (404, json!({ "statusCode": 404, "message": "Task not found" })),
                    },
                    ("POST", ["tags"]) => {
                        let mut came = Vec::new();
                        for tag in body["tags"].as_array().unwrap() {
                            let tag = tag.as_str().unwrap().to_lowercase();
                            if contact.tags.insert(tag.clone()) {
                                self.triggers.push(format!("{id} +{tag}"));
                                came.push(tag);
                            }
                        }
                        self.snapshots.extend(came.into_iter().map(|tag| (tag, contact.clone())));
                        (201, json!({ "tags": contact.tags }))
                    }
                    ("DELETE", ["tags"]) => {
                        for tag in body["tags"].as_array().unwrap() {
                            contact.tags.remove(tag.as_str().unwrap());
                        }
                        (200, json!({ "tags": contact.tags }))
                    }
                    _ => panic!("the fake doesn't know {method} {path}"),
                }
            }
            (method, _) => panic!("the fake doesn't know {method} {path}"),
        }
    }
}

fn fill(contact: &mut Contact, body: &Value) {
    for (name, value) in body.as_object().unwrap() {
        match name.as_str() {
            "customFields" => {
                for field in value.as_array().unwrap() {
                    let key = field["id"].as_str().unwrap().trim_start_matches("id-").to_owned();
                    contact.custom.insert(key, field["field_value"].clone());
                }
            }
            // The one exception: an import marks what it creates.
            "tags" => {
                assert_eq!(*value, json!(["ds24-import"]), "tags must only be written by the tag endpoints");
                contact.tags.insert("ds24-import".into());
            }
            "locationId" => {}
            _ => {
                contact.fields.insert(name.clone(), value.clone());
            }
        }
    }
}

fn show(id: &str, contact: &Contact) -> Value {
    let custom: Vec<Value> =
        contact.custom.iter().map(|(key, value)| json!({ "id": format!("id-{key}"), "value": value })).collect();
    let mut shown = json!({ "id": id, "tags": contact.tags, "customFields": custom });
    shown.as_object_mut().unwrap().extend(contact.fields.clone());
    shown
}
