//! Authorisations and keys: connecting, changing them while the plugin runs, telling how things stand. No method gives a
//! secret back.

use std::rc::Rc;

use crate::json::{Json, Map, Value, json, put};
use crate::{
    client::{Client, Held, Slot, scopes_of},
    clock,
    error::{Code, Error, Result},
    grant::Grant,
    highlevel::{
        Account, Auth,
        oauth::{self, App, Refusal},
        wrong_secret,
    },
    http::{Request, Response, wrong_base},
};

/// Carries out a method of `auth`; `needed` are the scopes that the connection's mapping needs.
///
/// # Errors
/// `invalid_input`, `misconfigured` where the connection has another kind of credential; what a service said.
pub(crate) async fn call(client: &Client, method: &str, input: Value, needed: Vec<String>) -> Result<Value> {
    let mut changes = Vec::new();
    let mut dialogue = Value::Null;
    match method {
        "authorizeUrl" => return authorize_url(client, &input, needed),
        "exchange" => {
            let request = code_request(client, &input)?;
            // A code is good for one try.
            let response = client.effects.http(request).await.map_err(|_| oauth::unavailable())?;
            changes = authorized(client, &response)?;
        }
        "rotate" => changes.push(rotated(client, &input)?),
        "requestApiKey" => return client.run("digistore24.requestApiKey", input).await,
        "retrieveApiKey" => {
            let answer = client.run("digistore24.retrieveApiKey", input).await?;
            if let Some(key) = text_of(&answer, "api_key") {
                changes.push((client.key_slot(client.connection.digistore24()?), Grant::of(key)));
            }
            dialogue = json!({ "status": answer.get("request_status") });
        }
        _ => {}
    }
    for (slot, grant) in changes {
        client.keep(&slot, grant).await?;
    }
    if !dialogue.is_null() {
        return Ok(dialogue);
    }
    Ok(status(client, &client.overview().await?))
}

fn text_of<'a>(input: &'a Value, name: &str) -> Option<&'a str> {
    input.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
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
    let state = text_of(input, "state")
        .ok_or_else(|| Error::invalid_field("state", "is required: a random text that you check at the return"))?;
    let redirect_uri = redirect_of(app, text_of(input, "redirectUri"))?;
    let host = text_of(input, "host");
    if let Some(problem) = host.and_then(wrong_base) {
        return Err(Error::invalid_field("host", problem));
    }
    let mut scopes = input.get("scopes").cloned().and_then(Vec::from_json).unwrap_or_default();
    for others in [&account.scopes, &needed] {
        if scopes.is_empty() {
            scopes.clone_from(others);
        }
    }
    let url = oauth::authorize_url(host, app, redirect_uri, &scopes, state);
    Ok(json!({ "url": url, "scopes": scopes }))
}

fn code_request(client: &Client, input: &Value) -> Result<Request> {
    let (account, app) = app(client)?;
    let code = text_of(input, "code").ok_or_else(|| Error::invalid_field("code", "is required"))?;
    let mut form = json!({ "grant_type": "authorization_code", "code": code });
    if let (Some(uri), Some(form)) =
        (text_of(input, "redirectUri").or(app.redirect_uri.as_deref()), form.as_object_mut())
    {
        put(form, "redirect_uri", uri.into());
    }
    oauth::token_request(account, app, form)
}

/// What a person's agreement brought: a pair, in its place.
fn authorized(client: &Client, response: &Response) -> Result<Vec<(Slot, Grant)>> {
    let (account, app) = app(client)?;
    let (grant, answer) =
        oauth::read_grant(response, client.effects.now(), false).map_err(|refusal| match refusal {
            Refusal::Grant => Error::new(
                Code::Unauthenticated,
                "HighLevel doesn't accept the code",
                "A code is good for one use within minutes: open the address of auth.authorizeUrl again.",
            ),
            Refusal::Inactive => oauth::inactive(),
            Refusal::Other(error) => error,
        })?;
    belongs(account, app, &answer)?;
    let mut changes = vec![(client.pair_slot(account, app), grant)];
    if app.company_id.is_some() {
        // Made from the agency's last pair, perhaps with fewer scopes.
        changes.push((client.location_slot(account), Grant::default()));
    }
    Ok(changes)
}

/// Whether the authorisation is for the account of the connection.
fn belongs(account: &Account, app: &App, answer: &Value) -> Result<()> {
    let (field, ours, user_type) = match &app.company_id {
        Some(company) => ("companyId", company, "Company"),
        None => ("locationId", &account.location_id, "Location"),
    };
    if text_of(answer, field) == Some(ours) && text_of(answer, "userType") == Some(user_type) {
        return Ok(());
    }
    Err(Error::new(
        Code::Misconfigured,
        "the authorisation is for another ".to_owned() + field + " than the connection's",
        "Nothing was stored. Open the address again and choose what the connection names, or change its locationId, userType and companyId.",
    ))
}

/// Changes a credential: this instance uses it at once, others at the latest after a minute, without a restart.
fn rotated(client: &Client, input: &Value) -> Result<(Slot, Grant)> {
    let connection = &client.connection;
    let mut given = input.fields();
    let (Some((name, secret)), None) = (given.next(), given.next()) else {
        return Err(Error::invalid_field("input", "must have one of token, apiKey, ipnPassphrase"));
    };
    let secret = secret.as_str().filter(|secret| !secret.is_empty());
    let secret = secret.ok_or_else(|| Error::invalid_field(name, "must be a text that is not empty"))?;
    if let Some(problem) = wrong_secret(secret).filter(|_| name != "ipnPassphrase") {
        return Err(Error::invalid_field(name, problem));
    }
    let slot = match name.as_str() {
        "apiKey" => client.key_slot(connection.digistore24()?),
        "ipnPassphrase" => client.passphrase_slot(connection.digistore24()?),
        _ => {
            let account = connection.highlevel()?;
            if !matches!(account.auth, Auth::PrivateIntegration { .. }) {
                return Err(Error::new(
                    Code::Misconfigured,
                    "the connection has no private integration",
                    "An app's tokens renew themselves; connect it again with auth.authorizeUrl and auth.exchange.",
                ));
            }
            client.location_slot(account)
        }
    };
    Ok((slot, Grant::of(secret)))
}

/// How things stand, without a secret.
fn status(client: &Client, all: &[(Slot, Rc<Held>)]) -> Value {
    let mut status = Map::new();
    let mut all = all.iter();
    if let Some(account) = &client.connection.highlevel
        && let Some((slot, held)) = all.next()
    {
        put(&mut status, "highlevel", highlevel_status(account, slot, held, held.store_time(client.effects.now())));
    }
    if let Some(account) = &client.connection.digistore24
        && let (Some((slot, key)), Some((_, passphrases))) = (all.next(), all.next())
    {
        let shop = json!({
            "apiKey": key.grant.is_set(), "source": source(slot, key), "readOnly": client.key_can_only_read(key),
            "developerKey": account.developer_key.is_some(), "ipnPassphrases": passphrases.grant.texts().len(),
        });
        put(&mut status, "digistore24", shop);
    }
    Value::Object(status)
}

fn highlevel_status(account: &Account, slot: &Slot, held: &Held, now: u64) -> Value {
    let kind = match &account.auth {
        Auth::Host => return json!({ "kind": "host", "state": "connected" }),
        Auth::PrivateIntegration { .. } => "private-integration",
        Auth::OAuth(_) => "oauth",
    };
    let grant = &held.grant;
    let state = if !grant.is_set() {
        "not_connected"
    } else if grant.lost {
        "lost"
    } else if grant.wait_until > now {
        "inactive"
    } else {
        "connected"
    };
    let expires = Some(grant.expires).filter(|at| *at > 0).map(clock::iso_utc);
    json!({ "kind": kind, "state": state, "source": source(slot, held), "scopes": scopes_of(account, held), "expiresAt": expires })
}

/// Which of the two counts.
fn source(slot: &Slot, held: &Held) -> &'static str {
    let is_configured = |c: &Grant| c.access == held.grant.access && c.refresh == held.grant.refresh;
    if slot.configured.as_ref().is_some_and(is_configured) { "options" } else { "store" }
}
