//! The IPN connection at Digistore24: made, read back, removed. Its passphrase is in the store before Digistore24 hears of
//! it, so that no message can come that is not believed.

use crate::json::{ToJson, Value, json, parse, put, text};
use crate::{
    digistore24::{Install, Ipn, differences, passphrases},
    effects::Write,
    error::{Code, Error, Result},
    record,
    sync::{Sync, from_json},
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

/// The connections that the plugin made, with the passphrases that are believed.
///
/// # Errors
/// `storage`.
pub(crate) async fn connections(sync: &Sync<'_>) -> Result<Vec<Ipn>> {
    let (entries, _) = sync.effects.get(vec![sync.scope.ipn("live"), sync.scope.ipn("test")]).await?;
    let mut all = Vec::new();
    for entry in entries {
        let made = parse(&entry.value).unwrap_or_default();
        let id = made["id"].as_str().map(str::to_owned);
        all.push(Ipn { id, passphrases: passphrases(made.get("passphrases")) });
    }
    Ok(all)
}

/// `ipn.install`, `ipn.check`, `ipn.remove`: what is there at the end, and how it differs from what was wanted.
///
/// # Errors
/// `conflict` where the id is somebody else's; `storage`; what Digistore24 said.
pub(crate) async fn run(sync: &Sync<'_>, method: &str, asked: &Install) -> Result<Value> {
    let key = sync.scope.ipn(if asked.test { "test" } else { "live" });
    let (entries, _) = sync.effects.get(vec![key.clone()]).await?;
    let (mut made, version) = match entries.first() {
        Some(entry) => (from_json::<Made>(&entry.value)?, entry.version),
        None => (Made::default(), 0),
    };
    let is_new = made.id.is_empty();
    let calls: &[&str] = match method {
        "ipn.install" => {
            let (id, passphrase) = asked.secrets()?;
            if is_new {
                made.id = id;
            }
            if is_new || asked.rotate {
                made.passphrases.insert(0, passphrase);
                made.passphrases.truncate(2);
            }
            made.settings = asked.settings(&made.id);
            &["digistore24.ipnInfo", "digistore24.ipnSetup", "digistore24.ipnInfo"]
        }
        _ if is_new => return Ok(json!({ "id": null, "url": null, "installed": false, "differences": [] })),
        "ipn.remove" => &["digistore24.ipnDelete", "digistore24.ipnInfo"],
        _ => &["digistore24.ipnInfo"],
    };
    let passphrase = made.passphrases.first().to_json();
    let mut found = Value::Null;
    for call in calls {
        let mut arguments = json!({ "domain_id": made.id });
        if *call == "digistore24.ipnSetup" {
            if is_new && !found.is_null() {
                return Err(Error::new(
                    Code::Conflict,
                    "Digistore24 has another connection with this id",
                    "Call again: a new id is drawn each time.",
                ));
            }
            keep(sync, &key, version, Some(text(&made.to_json()))).await?;
            arguments = made.settings.clone();
            if let Some(arguments) = arguments.as_object_mut() {
                put(arguments, "sha_passphrase", passphrase.clone());
            }
        }
        let mut answer = sync.client.run(call, arguments).await.map_err(explained)?;
        let is_there = answer["have_settings"].as_str() == Some("Y");
        found = answer.get_mut("ipn_settings").map(Value::take).filter(|_| is_there).unwrap_or_default();
    }
    if method == "ipn.remove" {
        keep(sync, &key, version, None).await?;
    }
    let mut differing = Vec::new();
    if let (Value::Object(_), Some(wanted)) = (&found, made.settings.as_object()) {
        differing = differences(wanted, &found);
        let theirs = &found["sha_passphrase"];
        if !theirs.is_null() && *theirs != passphrase {
            // Neither one is told.
            differing.push(json!({ "field": "sha_passphrase", "expected": null, "found": null }));
        }
    }
    Ok(json!({
        "id": made.id, "url": made.settings["ipn_url"], "installed": !found.is_null(), "differences": differing,
    }))
}

fn explained(error: Error) -> Error {
    match error.code() {
        Code::InvalidInput => error.with(|d| {
            d.help = "Digistore24 calls the address before it agrees: start the receiver first, reachable by https without redirects.".to_owned();
        }),
        _ => error,
    }
}

async fn keep(sync: &Sync<'_>, key: &str, version: u64, value: Option<String>) -> Result<()> {
    let write = Write { key: key.to_owned(), expect: Some(version), value };
    if sync.effects.commit(vec![write]).await?.is_some() {
        return Ok(());
    }
    Err(Error::new(Code::Conflict, "somebody else works on the IPN connection", "Call again when they are done."))
}
