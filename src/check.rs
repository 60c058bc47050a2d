//! Is all set right? And which scopes does that need?
//!
//! Each check is a line `{ name, ok, message, help }`. Cheap reads only: what a token may write can't be seen without writing.

use crate::json::{Set, Value, json};
use crate::{
    catalog::{self, Service},
    client::{Client, FRESH_MS},
    digistore24::key,
    error::{Code, Error, Result},
    mapping::Mapping,
    sync::{self, CUSTOM_FIELDS},
};

/// What is found; or what is wrong and what to do.
type Verdict = std::result::Result<String, (String, String)>;

/// A check by one read: its name, the operation, and what the answer says.
type Probe = (&'static str, &'static str, fn(&Value) -> Verdict);

const LOCATION: Probe = ("HighLevel: location", "ghl.locations.getLocation", location);
const CONTACTS: Probe = ("HighLevel: contacts", "ghl.contacts.getDuplicateContact", |_| Ok("can be read".to_owned()));
const FIELDS: Probe = ("HighLevel: custom fields", "ghl.locations.getCustomFields", custom_fields);
const API_KEY: Probe = ("Digistore24: API key", "digistore24.getUserInfo", api_key);

/// The scopes that these operations need; by default all that the sync calls with its mapping, and the checks.
///
/// # Errors
/// `invalid_input` for an id that doesn't exist.
pub(crate) fn scopes(mapping: &Mapping, operations: Vec<String>) -> Result<Vec<String>> {
    let mut ids = operations;
    if ids.is_empty() {
        ids = sync::operations(mapping).chain([LOCATION.1]).map(str::to_owned).collect();
    }
    let mut scopes = Set::new();
    while let Some(id) = ids.pop() {
        let operation = catalog::find(&id)?;
        // Of an action for people: those of its calls.
        ids.extend(operation.calls.iter().filter(|call| call.contains('.') && **call != id).cloned());
        if operation.service() == Service::Ghl {
            scopes.extend(operation.scopes.iter().map(|scope| (*scope).to_owned()));
        }
    }
    Ok(scopes.iter().cloned().collect())
}

/// Checks everything that the connection has.
///
/// # Errors
/// `misconfigured` where it has nothing.
pub(crate) async fn run(client: &Client, mapping: &Mapping) -> Result<Value> {
    let mut lines = Lines::default();
    let connection = &client.connection;
    if connection.digistore24.is_none() {
        connection.highlevel()?;
    }
    if connection.highlevel.is_some() {
        let error = lines.probe(client, &LOCATION, json!({})).await;
        // Whoever is told "you may not" has been recognised.
        let known = error.filter(|error| !matches!(error.code(), Code::Forbidden | Code::NotFound));
        let is_known = known.is_none();
        lines.add("HighLevel: credentials", known.map_or_else(|| Ok("accepted".to_owned()), |e| Err(failed(&e))));
        if is_known {
            lines.probe(client, &CONTACTS, json!({ "email": "check@example.invalid" })).await;
            if mapping.custom_fields {
                lines.probe(client, &FIELDS, json!({ "model": "contact" })).await;
            }
            let granted = client.granted().await?;
            if !granted.is_empty() {
                let needed = scopes(mapping, Vec::new())?;
                lines.missing.extend(needed.into_iter().filter(|scope| !granted.contains(scope)));
            }
            let scopes = lines.scopes(granted.is_empty());
            lines.add("HighLevel: scopes", scopes);
        }
    }
    if let Some(account) = &connection.digistore24 {
        if client.held(&client.key_slot(account), FRESH_MS).await?.grant.access.is_empty() {
            lines.add(API_KEY.0, Ok("none is set: the sync needs none, Digistore24's actions do".to_owned()));
        } else {
            lines.probe(client, &API_KEY, json!({})).await;
        }
        let is_set = !client.passphrases(account, FRESH_MS).await?.is_empty();
        let missing =
            ("none is set: no message is accepted", "Set digistore24.ipnPassphrase (DIGISTORE24_IPN_PASSPHRASE).");
        let verdict = if is_set { Ok("is set".to_owned()) } else { Err((missing.0.to_owned(), missing.1.to_owned())) };
        lines.add("Digistore24: IPN passphrase", verdict);
    }
    Ok(json!({ "ok": lines.list.iter().all(|line| line["ok"].as_bool() == Some(true)), "checks": lines.list }))
}

#[derive(Default)]
struct Lines {
    list: Vec<Value>,
    missing: Set,
}

impl Lines {
    fn add(&mut self, name: &str, verdict: Verdict) {
        self.list.push(match verdict {
            Ok(message) => json!({ "name": name, "ok": true, "message": message, "help": Value::Null }),
            Err((message, help)) => json!({ "name": name, "ok": false, "message": message, "help": help }),
        });
    }

    /// Reads and judges. The error, where the read failed.
    async fn probe(&mut self, client: &Client, probe: &Probe, input: Value) -> Option<Error> {
        let result = client.run(probe.1, input).await;
        self.add(probe.0, result.as_ref().map_err(failed).and_then(probe.2));
        let error = result.err()?;
        self.missing.extend(error.details().missing_scopes.iter().cloned());
        Some(error)
    }

    fn scopes(&self, unknown: bool) -> Verdict {
        if self.missing.is_empty() {
            let but = if unknown { "; those for writing can't be tried" } else { "" };
            return Ok("none is missing".to_owned() + but);
        }
        let missing: Vec<&str> = self.missing.iter().map(String::as_str).collect();
        let help = "Private integration: tick them. App: add them and connect again. The command `scopes` lists all.";
        Err(("missing: ".to_owned() + &missing.join(", "), help.to_owned()))
    }
}

fn failed(error: &Error) -> (String, String) {
    (error.details().message.clone(), error.details().help.clone())
}

fn location(answer: &Value) -> Verdict {
    Ok(answer["location"]["name"].as_str().unwrap_or("has no name").to_owned())
}

fn custom_fields(answer: &Value) -> Verdict {
    let [mut missing, mut wrong] = [Vec::new(), Vec::new()];
    let fields = answer["customFields"].as_array();
    for (key, _, kind) in CUSTOM_FIELDS {
        let is_it =
            |field: &&Value| field["fieldKey"].as_str().is_some_and(|k| k.trim_start_matches("contact.") == key);
        match fields.into_iter().flatten().find(is_it) {
            None => missing.push(key),
            Some(field) if field["dataType"] != kind => wrong.push(key),
            Some(_) => {}
        }
    }
    if !wrong.is_empty() {
        return Err((
            "of another type: ".to_owned() + &wrong.join(", "),
            "Rename or delete them, then run `setup`.".to_owned(),
        ));
    }
    if !missing.is_empty() {
        return Err(("missing: ".to_owned() + &missing.join(", "), "Run `setup`; it creates them.".to_owned()));
    }
    Ok("all are there".to_owned())
}

fn api_key(answer: &Value) -> Verdict {
    let can_only_read = key::is_read_only(answer["api_key_permissions"].as_str().unwrap_or_default());
    Ok(if can_only_read { "can only read: writes are refused before they are sent" } else { "accepted" }.to_owned())
}
