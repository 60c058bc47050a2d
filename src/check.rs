//! Is all set right? And which scopes does that need?
//!
//! Each check is a line `{ name, ok, message, help }`. Cheap reads only: what a token may write can't be seen without writing.

use crate::json::{Set, Value, json, parse};
use crate::{
    catalog::{self, Service},
    client::{Client, scopes_of},
    digistore24::{Account, Install, key},
    error::{Code, Error, Result},
    install,
    mapping::{Mapping, as_text},
    sync::{self, CUSTOM_FIELDS},
};

/// What is found; or what is wrong and what to do.
type Verdict = std::result::Result<String, (String, String)>;

/// A check by one read.
struct Probe {
    name: &'static str,
    operation: &'static str,
    input: &'static str,
    judge: fn(&Value) -> Verdict,
}

const LOCATION: Probe =
    Probe { name: "HighLevel: location", operation: "ghl.locations.getLocation", input: "{}", judge: location };
const CONTACTS: Probe = Probe {
    name: "HighLevel: contacts",
    operation: "ghl.contacts.getDuplicateContact",
    input: r#"{"email":"check@example.invalid"}"#,
    judge: |_| Ok("can be read".to_owned()),
};
const FIELDS: Probe = Probe {
    name: "HighLevel: custom fields",
    operation: "ghl.locations.getCustomFields",
    input: r#"{"model":"contact"}"#,
    judge: custom_fields,
};
const API_KEY_READ: &str = "digistore24.getUserInfo";
const API_KEY: Probe = Probe { name: "Digistore24: API key", operation: API_KEY_READ, input: "{}", judge: api_key };

/// The scopes that these operations need; by default all that the sync calls with its mapping, and the checks.
///
/// # Errors
/// `invalid_input` for an id that doesn't exist.
pub(crate) fn scopes(mapping: &Mapping, operations: Vec<String>) -> Result<Vec<String>> {
    let mut ids = operations;
    if ids.is_empty() {
        ids = sync::operations(mapping);
        ids.push(LOCATION.operation.to_owned());
    }
    let mut scopes = Set::new();
    while let Some(id) = ids.pop() {
        let operation = catalog::find(&id)?;
        if operation.service() == Service::Ghl {
            for scope in &operation.scopes {
                scopes.insert((*scope).to_owned());
            }
        }
        // Of an action for people: those of its calls.
        for call in &operation.calls {
            if *call != id && call.contains('.') {
                ids.push(call.clone());
            }
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
    let mut probes = Vec::new();
    if connection.highlevel.is_some() {
        probes.push(&LOCATION);
        probes.push(&CONTACTS);
        if mapping.custom_fields {
            probes.push(&FIELDS);
        }
    }
    if connection.digistore24.is_some() {
        probes.push(&API_KEY);
    }
    let mut is_locked_out = false;
    for probe in probes {
        if is_locked_out && probe.operation.starts_with("ghl.") {
            continue;
        }
        let result = client.run(probe.operation, parse(probe.input).unwrap_or_default()).await;
        is_locked_out |= lines.judge(probe, &result);
        if let (API_KEY_READ, Ok(user), Some(account)) = (probe.operation, &result, &connection.digistore24) {
            lines.add("Digistore24: merchant", merchant(account, &as_text(&user["user_id"])));
        }
    }
    // Only now: an app's scopes are known after its first call.
    let stored = client.overview().await?;
    if let Some(account) = &connection.highlevel
        && let (false, Some((_, held))) = (is_locked_out, stored.first())
    {
        let granted = scopes_of(account, held);
        if !granted.is_empty() {
            for scope in scopes(mapping, Vec::new())? {
                if !granted.contains(&scope) {
                    lines.missing.insert(scope);
                }
            }
        }
        let verdict = lines.scopes(granted.is_empty());
        lines.add("HighLevel: scopes", verdict);
    }
    if let Some(account) = &connection.digistore24 {
        let is_made = !install::connections(client).await?.is_empty();
        let is_set = stored.last().is_some_and(|(_, passphrases)| passphrases.grant.is_set());
        let is_set = is_set || is_made || !account.ipn.is_empty();
        lines.add(
            "Digistore24: IPN passphrase",
            if is_set {
                Ok("is set".to_owned())
            } else {
                let help = "Set digistore24.ipnPassphrase (DIGISTORE24_IPN_PASSPHRASE).";
                Err(("none is set: no message is accepted".to_owned(), help.to_owned()))
            },
        );
        if is_made {
            let state = install::run(client, "ipn.check", &Install::default()).await;
            lines.add("Digistore24: IPN connection", state.map_or_else(|e| Err(failed(&e)), |state| ipn(&state)));
        }
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

    /// Says what a read has shown. True: HighLevel knows nobody like us, so the other reads show nothing.
    fn judge(&mut self, probe: &Probe, result: &Result<Value>) -> bool {
        let error = result.as_ref().err();
        let is_first = probe.operation == LOCATION.operation;
        // Whoever is told "you may not" has been recognised.
        let stranger = error.filter(|e| is_first && !matches!(e.code(), Code::Forbidden | Code::NotFound));
        if is_first {
            self.add("HighLevel: credentials", stranger.map_or_else(|| Ok("accepted".to_owned()), |e| Err(failed(e))));
        }
        let verdict = match result {
            _ if stranger.is_some() => return true,
            Ok(answer) => (probe.judge)(answer),
            Err(error) if probe.operation == API_KEY.operation && error.code() == Code::Misconfigured => {
                Ok("none is set: the sync needs none, Digistore24's actions do".to_owned())
            }
            Err(error) => Err(failed(error)),
        };
        self.add(probe.name, verdict);
        if let Some(error) = error {
            for scope in &error.details().missing_scopes {
                self.missing.insert(scope.clone());
            }
        }
        false
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
    Ok(answer.pointer("/location/name").and_then(Value::as_str).unwrap_or("has no name").to_owned())
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

fn ipn(state: &Value) -> Verdict {
    if state.get("installed").and_then(Value::as_bool) != Some(true) {
        let help = "Run `setup --ipn-url …`; `check` sees only what that has made.";
        return Err(("there is none for the real address".to_owned(), help.to_owned()));
    }
    let differences = state["differences"].items().iter();
    let fields: Vec<&str> = differences.filter_map(|one| one.text_of("field")).collect();
    if fields.is_empty() {
        return Ok("is as it was made".to_owned());
    }
    Err(("was changed: ".to_owned() + &fields.join(", "), "Run `setup --ipn-url …` again.".to_owned()))
}

fn api_key(answer: &Value) -> Verdict {
    let can_only_read = key::is_read_only(answer["api_key_permissions"].as_str().unwrap_or_default());
    Ok(if can_only_read { "can only read: writes are refused before they are sent" } else { "accepted" }.to_owned())
}

/// Whose sales count. With several IPN connections they may be of several merchants.
fn merchant(account: &Account, owner: &str) -> Verdict {
    let help =
        "Set digistore24.merchantId (DIGISTORE24_MERCHANT_ID) to the number of the account whose sales come here.";
    match &account.merchant_id {
        Some(set) if set != owner => {
            Err((["the API key is of ", owner, ", the setting says ", set].concat(), help.to_owned()))
        }
        Some(_) => Ok(owner.to_owned() + ": sales of others are put aside"),
        None if account.ipn.len() > 1 => Ok("any: several IPN connections are set".to_owned()),
        None => Ok([
            "not set: the API key is of ",
            owner,
            "; with that as DIGISTORE24_MERCHANT_ID sales of others are put aside",
        ]
        .concat()),
    }
}
