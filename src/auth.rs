//! Authorisations and keys: connecting, changing them while the plugin runs, telling how things stand. No method gives a
//! secret back.

use crate::json::{Json, Map, Value, json, put};
use crate::{
    client::{Client, FRESH_MS, Held, Slot},
    clock,
    error::{Code, Error, Result},
    grant::Grant,
    highlevel::{
        Account, Auth,
        oauth::{self, App, Refusal},
    },
};

/// Carries out a method of `auth`; `needed` are the scopes that the connection's mapping needs.
///
/// # Errors
/// `invalid_input`, `misconfigured` where the connection has another kind of credential; what a service said.
pub(crate) async fn call(client: &Client, method: &str, input: &Value, needed: Vec<String>) -> Result<Value> {
    let text = |name: &str| input.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    match method {
        "authorizeUrl" => return authorize_url(client, input, needed),
        "exchange" => {
            let code = text("code").ok_or_else(|| Error::invalid_field("code", "is required"))?;
            exchange(client, code, text("redirectUri")).await?;
        }
        "rotate" => rotate(client, input).await?,
        "requestApiKey" => return client.run("digistore24.requestApiKey", input.clone()).await,
        "retrieveApiKey" => return retrieve_api_key(client, input).await,
        _ => {}
    }
    status(client).await
}

fn app(client: &Client) -> Result<(&Account, &App)> {
    let account = client.connection.highlevel()?;
    match &account.auth {
        Auth::OAuth(app) => Ok((account, app)),
        _ => Err(Error::new(
            Code::Misconfigured,
            "the connection has no app of HighLevel",
            "Set highlevel.auth to { kind: 'oauth', clientId, clientSecret } (GHL_CLIENT_ID, GHL_CLIENT_SECRET).",
        )),
    }
}

fn redirect_of<'a>(app: &'a App, given: Option<&'a str>) -> Result<&'a str> {
    given.or(app.redirect_uri.as_deref()).ok_or_else(|| Error::invalid_field("redirectUri", "is required"))
}

fn authorize_url(client: &Client, input: &Value, needed: Vec<String>) -> Result<Value> {
    let (account, app) = app(client)?;
    let text = |name: &str| input.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let state = text("state")
        .ok_or_else(|| Error::invalid_field("state", "is required: a random text that you check at the return"))?;
    let redirect_uri = redirect_of(app, text("redirectUri"))?;
    let host = text("host").unwrap_or(oauth::AUTHORIZE_HOST);
    let given: Vec<String> = input.get("scopes").cloned().and_then(Vec::from_json).unwrap_or_default();
    let mut choices = [given, account.scopes.clone(), needed].into_iter();
    let scopes = choices.find(|scopes| !scopes.is_empty()).unwrap_or_default();
    Ok(json!({ "url": oauth::authorize_url(host, app, redirect_uri, &scopes, state), "scopes": scopes }))
}

/// Exchanges a code for a pair of tokens and stores it. A code is good for one try.
async fn exchange(client: &Client, code: &str, redirect_uri: Option<&str>) -> Result<()> {
    let (account, app) = app(client)?;
    let slot = client.pair_slot(app)?;
    let held = client.held(&slot, 0).await?;
    let mut form = vec![("grant_type", "authorization_code"), ("code", code)];
    form.extend(redirect_uri.or(app.redirect_uri.as_deref()).map(|uri| ("redirect_uri", uri)));
    let response = client.effects.http(oauth::token_request(&account.base_url, app, &form)).await;
    let Ok(response) = response else { return Err(oauth::unavailable()) };
    let now = held.store_time(client.effects.now());
    let (grant, answer) = oauth::read_grant(&response, now, false).map_err(|refusal| match refusal {
        Refusal::Grant => Error::new(
            Code::Unauthenticated,
            "HighLevel doesn't accept the code",
            "A code is good for one use within minutes: open the address of auth.authorizeUrl again.",
        ),
        Refusal::Inactive => oauth::inactive(),
        Refusal::Other(error) => error,
    })?;
    belongs(account, app, &answer)?;
    client.keep(&slot, grant).await?;
    if app.company_id.is_some() {
        // Made from the agency's last pair, perhaps with fewer scopes.
        client.forget(&client.location_slot()?).await?;
    }
    Ok(())
}

/// Whether the authorisation is for the account of the connection.
fn belongs(account: &Account, app: &App, answer: &Value) -> Result<()> {
    let (field, ours, what) = match &app.company_id {
        Some(company) => ("companyId", company, "agency"),
        None => ("locationId", &account.location_id, "location"),
    };
    let theirs = answer.get(field).and_then(Value::as_str).unwrap_or_default();
    let is_agency = answer["userType"] == "Company";
    if theirs == ours && is_agency == app.company_id.is_some() {
        return Ok(());
    }
    let message = if is_agency == app.company_id.is_some() {
        "the authorisation is for another ".to_owned() + what + " than the connection's"
    } else {
        "the authorisation is not of a ".to_owned() + what
    };
    let help = "Nothing was stored. Open the address again and choose the ".to_owned()
        + what
        + " "
        + ours
        + ", or change the connection's locationId, userType and companyId.";
    Err(Error::new(Code::Misconfigured, message, help))
}

/// Changes a credential: this instance uses it at once, others at the latest after a minute, without a restart.
async fn rotate(client: &Client, input: &Value) -> Result<()> {
    let fields = input.as_object().into_iter().flatten();
    let mut given = fields.filter_map(|(name, value)| Some((name.as_str(), value.as_str().filter(|v| !v.is_empty())?)));
    let (Some((name, secret)), None) = (given.next(), given.next()) else {
        return Err(Error::invalid_field("input", "must have one of token, apiKey, ipnPassphrase"));
    };
    match name {
        "token" => {
            if !matches!(client.connection.highlevel()?.auth, Auth::PrivateIntegration { .. }) {
                return Err(Error::new(
                    Code::Misconfigured,
                    "the connection has no private integration",
                    "An app's tokens renew themselves; connect it again with auth.authorizeUrl and auth.exchange.",
                ));
            }
            client.keep(&client.location_slot()?, Grant::of(secret)).await
        }
        "apiKey" => client.keep(&client.key_slot(client.connection.digistore24()?), Grant::of(secret)).await,
        _ => {
            let slot = client.passphrase_slot(client.connection.digistore24()?);
            // Messages that are on their way have the last one; older ones end here.
            let mut also = vec![client.held(&slot, 0).await?.grant.access.clone()];
            also.retain(|last| !last.is_empty() && last != secret);
            client.keep(&slot, Grant { also, ..Grant::of(secret) }).await
        }
    }
}

/// Asks for a key that a vendor was asked for, and stores it.
async fn retrieve_api_key(client: &Client, input: &Value) -> Result<Value> {
    let answer = client.run("digistore24.retrieveApiKey", input.clone()).await?;
    if let Some(key) = answer["api_key"].as_str().filter(|key| !key.is_empty()) {
        client.keep(&client.key_slot(client.connection.digistore24()?), Grant::of(key)).await?;
    }
    Ok(json!({ "status": answer["request_status"] }))
}

/// How things stand, without a secret. Reads the store, makes no call.
async fn status(client: &Client) -> Result<Value> {
    let mut status = Map::new();
    if let Some(account) = &client.connection.highlevel {
        put(&mut status, "highlevel", highlevel_status(client, account).await?);
    }
    if let Some(account) = &client.connection.digistore24 {
        let slot = client.key_slot(account);
        let key = client.held(&slot, 0).await?;
        let passphrases = client.passphrases(account, FRESH_MS).await?.len();
        let shop = json!({
            "apiKey": !key.grant.access.is_empty(), "source": source(&slot, &key), "readOnly": client.key_can_only_read(&key),
            "developerKey": account.developer_key.is_some(), "ipnPassphrases": passphrases,
        });
        put(&mut status, "digistore24", shop);
    }
    Ok(Value::Object(status))
}

async fn highlevel_status(client: &Client, account: &Account) -> Result<Value> {
    let (kind, slot) = match &account.auth {
        Auth::Host => return Ok(json!({ "kind": "host", "state": "connected" })),
        Auth::PrivateIntegration { .. } => ("private-integration", client.location_slot()?),
        Auth::OAuth(app) => ("oauth", client.pair_slot(app)?),
    };
    let held = client.held(&slot, 0).await?;
    let grant = &held.grant;
    let state = if grant.access.is_empty() && grant.refresh.is_empty() {
        "not_connected"
    } else if grant.lost {
        "lost"
    } else if grant.wait_until > held.store_time(client.effects.now()) {
        "inactive"
    } else {
        "connected"
    };
    let scopes = if kind == "oauth" { &grant.scopes } else { &account.scopes };
    let expires = Some(grant.expires).filter(|at| *at > 0).map(clock::iso_utc);
    Ok(json!({ "kind": kind, "state": state, "source": source(&slot, &held), "scopes": scopes, "expiresAt": expires }))
}

/// Which of the two counts.
fn source(slot: &Slot, held: &Held) -> &'static str {
    let is_configured = |c: &Grant| c.access == held.grant.access && c.refresh == held.grant.refresh;
    if slot.configured.as_ref().is_some_and(is_configured) { "options" } else { "store" }
}
