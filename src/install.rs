//! The IPN connection at Digistore24: made, read back, removed. Its passphrase is in the store before Digistore24 hears of
//! it, so that no message can come that is not believed.

use crate::json::{ToJson, Value, json, parse, put, text};
use crate::{
    client::Client,
    digistore24::{Install, Ipn, differences, passphrases},
    effects::Write,
    error::{Code, Error, Result},
    record,
    scope::Scope,
    sync::from_json,
};

record! {
/// A connection that we made.
#[derive(Debug, Clone, Default)]
struct Made {
    id: String,
    /// The newest first.
    passphrases: Vec<String>,
    /// The arguments of `ipnSetup`, without the passphrase.
    settings: Value,
}
}

/// Where it is kept: beside the vendor's other secrets.
fn key(client: &Client, kind: &str) -> String {
    Scope::new(&client.connection.id, "digistore24").key("ipn", kind)
}

/// The connections that the plugin made, with the passphrases that are believed.
///
/// # Errors
/// `storage`.
pub(crate) async fn connections(client: &Client) -> Result<Vec<Ipn>> {
    let (entries, _) = client.effects.get(vec![key(client, "live"), key(client, "test")]).await?;
    let mut all = Vec::new();
    for entry in entries {
        let made = parse(&entry.value).unwrap_or_default();
        let id = made.text_of("id").map(str::to_owned);
        all.push(Ipn { id, passphrases: passphrases(made.get("passphrases")) });
    }
    Ok(all)
}

/// `ipn.install`, `ipn.check`, `ipn.remove`: what is there at the end, and how it differs from what was wanted.
///
/// # Errors
/// `conflict` where the id is somebody else's; `storage`; what Digistore24 said.
pub(crate) async fn run(client: &Client, method: &str, asked: &Install) -> Result<Value> {
    let key = key(client, if asked.test { "test" } else { "live" });
    let (entries, _) = client.effects.get(vec![key.clone()]).await?;
    let (mut made, version) = match entries.first() {
        Some(entry) => (from_json::<Made>(&entry.value)?, entry.version),
        None => (Made::default(), 0),
    };
    let is_new = made.id.is_empty();
    let mut found = Value::Null;
    for call in made.begin(method, asked)? {
        let setup = *call == "ipnSetup";
        if setup {
            if is_new && !found.is_null() {
                return Err(Error::new(
                    Code::Conflict,
                    "Digistore24 has another connection with this id",
                    "Call again: a new id is drawn each time.",
                ));
            }
            keep(client, &key, version, Some(text(&made.to_json()))).await?;
        }
        let answer = client.run(&("digistore24.".to_owned() + call), made.arguments(setup)).await;
        found = settings_in(answer.map_err(explained)?);
    }
    if method == "ipn.remove" && !is_new {
        keep(client, &key, version, None).await?;
    }
    Ok(made.state(&found))
}

impl Made {
    /// The calls of a method, in order. For an installation also what is to be made.
    fn begin(&mut self, method: &str, asked: &Install) -> Result<&'static [&'static str]> {
        let is_new = self.id.is_empty();
        if method == "ipn.install" {
            let (id, passphrase) = asked.secrets()?;
            if is_new {
                self.id = id;
            }
            if is_new || asked.rotate {
                self.passphrases.insert(0, passphrase);
                self.passphrases.truncate(2);
            }
            self.settings = asked.settings(&self.id);
            return Ok(&["ipnInfo", "ipnSetup", "ipnInfo"]);
        }
        Ok(match method {
            _ if is_new => &[],
            "ipn.remove" => &["ipnDelete", "ipnInfo"],
            _ => &["ipnInfo"],
        })
    }

    fn arguments(&self, setup: bool) -> Value {
        if !setup {
            return json!({ "domain_id": self.id });
        }
        let mut all = self.settings.clone();
        if let Some(all) = all.as_object_mut() {
            put(all, "sha_passphrase", self.passphrases.first().to_json());
        }
        all
    }

    /// How it is, beside how it was wanted.
    fn state(&self, found: &Value) -> Value {
        let mut differing = Vec::new();
        if let (Value::Object(_), Some(wanted)) = (found, self.settings.as_object()) {
            differing = differences(wanted, found);
            let theirs = found.text_of("sha_passphrase");
            if theirs.is_some() && theirs != self.passphrases.first().map(String::as_str) {
                // Neither one is told.
                differing.push(json!({ "field": "sha_passphrase", "expected": null, "found": null }));
            }
        }
        let id = Some(&self.id).filter(|id| !id.is_empty());
        json!({ "id": id, "url": self.settings.get("ipn_url"), "installed": !found.is_null(), "differences": differing })
    }
}

/// The settings that `ipnInfo` shows; null where there is no connection, and in other answers.
fn settings_in(mut answer: Value) -> Value {
    let is_there = answer.text_of("have_settings") == Some("Y");
    answer.get_mut("ipn_settings").filter(|_| is_there).map(Value::take).unwrap_or_default()
}

fn explained(error: Error) -> Error {
    match error.code() {
        Code::InvalidInput => error.with(|d| {
            d.help = "Digistore24 calls the address before it agrees: start the receiver first, reachable by https without redirects.".to_owned();
        }),
        _ => error,
    }
}

async fn keep(client: &Client, key: &str, version: u64, value: Option<String>) -> Result<()> {
    let write = Write { key: key.to_owned(), expect: Some(version), value };
    if client.effects.commit(vec![write]).await?.is_some() {
        return Ok(());
    }
    Err(Error::new(Code::Conflict, "somebody else works on the IPN connection", "Call again when they are done."))
}
