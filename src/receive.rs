//! Webhooks of both services: checked, stored, and only then answered with `OK`.

use crate::json::{Map, Value, json, put};
use crate::{
    client::{Client, FRESH_MS},
    clock,
    connection::Connection,
    digistore24::{self, Event, Ipn, Params, Verdict},
    effects::{Effects, Happening, Level},
    error::{Code, Error, Result, word},
    highlevel::{self, Arrival, Secret},
    install, record,
    sync::{Accepted, Sync},
};

record! {
/// A webhook as it arrived, without its body. The host takes from address and headers what they say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// `digistore24` (where nothing is said), `ghl`, or `ghl-workflow` for the action of a workflow.
    pub(crate) service: Option<String>,
    /// The connection that the address names.
    pub(crate) connection: Option<String>,
    /// The last part of the address: a workflow's token, or the id of an IPN connection.
    pub(crate) token: Option<String>,
    /// `X-GHL-Signature`.
    pub(crate) signature: Option<String>,
    /// The event's name as the address tells it.
    pub(crate) event: Option<String>,
    /// One event for each item of the order.
    pub(crate) split_items: bool as "splitItems",
}
}

/// The fields of [`Incoming`].
pub(crate) const FIELDS: [&str; 7] = ["method", "service", "connection", "token", "signature", "event", "splitItems"];

/// A message that was taken.
struct Taken {
    accepted: Accepted,
    /// The service's word for what happened, if it is one that we know.
    event: String,
    id: String,
    /// As hosts get them.
    events: Vec<Value>,
}

/// Takes a webhook. The sender's answer is in `response`; only a stored message is answered with `OK`.
pub(crate) async fn receive(
    effects: &Effects,
    connection: &Connection,
    sync: Result<Sync<'_>>,
    request: &Incoming,
    body: &[u8],
) -> Value {
    let is_ghl = request.service.as_deref().is_some_and(|service| service != "digistore24");
    let taken = take(connection, sync, request, body).await;
    let outcome = match &taken {
        Ok(Some(taken)) => taken.accepted.word(),
        Ok(None) => "checked",
        Err(_) => "refused",
    };
    effects.event(Happening::Webhook, || {
        let event = taken.as_ref().ok().and_then(Option::as_ref).map(|taken| taken.event.as_str());
        let service = if is_ghl { "ghl" } else { "digistore24" };
        json!({ "service": service, "outcome": outcome, "event": event, "code": word(&taken) })
    });
    // Put together by hand: `json!` would copy the events once more.
    let mut answer = Map::new();
    put(&mut answer, "outcome", outcome.into());
    let (response, events) = match taken {
        Ok(taken) => {
            let events = taken.map(|taken| {
                let fields = [("event", taken.event), ("id", taken.id)];
                effects.log(Level::Info, "a message was stored", fields);
                if taken.accepted == Accepted::Queued || taken.accepted == Accepted::Kept && !is_ghl {
                    taken.events
                } else {
                    Vec::new()
                }
            });
            (plain(200, "OK"), events.unwrap_or_default())
        }
        Err(error) => {
            let fields = [("problem", error.details().message.clone()), ("help", error.details().help.clone())];
            effects.log(Level::Error, "a message was not accepted", fields);
            let response = refusal(&error, is_ghl, body.len());
            put(&mut answer, "error", error.to_json());
            (response, Vec::new())
        }
    };
    put(&mut answer, "response", response);
    put(&mut answer, "events", Value::Array(events));
    Value::Object(answer)
}

async fn take(
    connection: &Connection,
    sync: Result<Sync<'_>>,
    request: &Incoming,
    body: &[u8],
) -> Result<Option<Taken>> {
    if request.connection.as_ref().is_some_and(|id| *id != connection.id) {
        return Err(Error::new(
            Code::NotFound,
            "the address names another connection",
            "Compare its part after the service with the option id of createPlugin, which is default unless it was set.",
        ));
    }
    if matches!(request.method.to_ascii_uppercase().as_str(), "GET" | "HEAD") {
        // Digistore24 checks the address so before it saves a connection.
        return Ok(None);
    }
    let sync = sync?;
    match request.service.as_deref() {
        None | Some("digistore24") => from_digistore24(&sync, request, body).await.map(Some),
        Some("ghl" | "ghl-workflow") => from_highlevel(&sync, request, body).await.map(Some),
        _ => Err(Error::invalid_field("service", "must be digistore24, ghl or ghl-workflow")),
    }
}

async fn from_digistore24(sync: &Sync<'_>, request: &Incoming, body: &[u8]) -> Result<Taken> {
    let params = digistore24::parse(body)?;
    if let Some(error) = verdict(&sync.client, &params, request.token.as_deref()).await?.error() {
        return Err(error);
    }
    let event = Event::read(&sync.client.connection.id, &params, sync.effects.now());
    let (accepted, _) = sync.accept(&event, &params).await?;
    inspect(&sync.effects, &event, &params);
    Ok(Taken {
        accepted,
        event: event.event.name().to_owned(),
        id: event.id.clone(),
        events: event.shape(request.split_items),
    })
}

/// What of a connection's settings only its messages show.
fn inspect(effects: &Effects, event: &Event, params: &Params) {
    let told = params.get("item_count").trim().parse::<usize>().unwrap_or_default();
    if told > event.items.len() {
        let help =
            "In the IPN connection switch on add-ons and the grouping of upsells, or items are missing in the CRM.";
        effects.log(Level::Warn, "a message carries fewer items than it counts", [("help", help.to_owned())]);
    }
}

/// Whether a message is signed by one of our IPN connections, or by the one that its address names. What the plugin made
/// itself, or another process has changed, is known at the second look at the latest: so a valid message costs no read.
///
/// # Errors
/// `misconfigured`, `storage`.
pub(crate) async fn verdict(client: &Client, params: &Params, id: Option<&str>) -> Result<Verdict> {
    let account = client.connection.digistore24()?;
    let slot = client.passphrase_slot(account);
    let mut verdict = Verdict::NoPassphraseSet;
    for age in [FRESH_MS, 0] {
        let mut ipns = if age > 0 { account.ipn.clone() } else { install::connections(client).await? };
        let short = client.held(&slot, age).await?;
        ipns.push(Ipn { id: None, passphrases: short.grant.texts().into_iter().map(Secret::new).collect() });
        match check(params, &ipns, id) {
            Verdict::NoPassphraseSet => {}
            found => verdict = found,
        }
        if !matches!(verdict, Verdict::Mismatch | Verdict::NoPassphraseSet) {
            break;
        }
    }
    Ok(verdict)
}

fn check(params: &Params, ipns: &[Ipn], id: Option<&str>) -> Verdict {
    let named = ipns.iter().filter(|ipn| id.is_none() || ipn.id.as_deref() == id);
    digistore24::verify(params, named.flat_map(|ipn| &ipn.passphrases).map(Secret::reveal))
}

async fn from_highlevel(sync: &Sync<'_>, request: &Incoming, body: &[u8]) -> Result<Taken> {
    let account = sync.client.connection.highlevel()?;
    let verified = request.service.as_deref() == Some("ghl");
    let arrival = Arrival { said: request.event.as_deref(), verified: Some(verified), at: sync.effects.now() };
    let event = read(account, request, body, arrival, sync.keep_ms)?;
    let is_foreign = event.text_of("locationId").is_some_and(|id| id != account.location_id);
    let accepted = sync.keep_event(&event, body, arrival, is_foreign).await?;
    let is_known = event.get("triggers").and_then(|all| all.at(0)).and_then(Value::as_str) != Some("ghl.unknownEvent");
    let word = event.text_of("event").filter(|_| is_known).unwrap_or("unknown");
    let id = event.text_of("id").unwrap_or_default();
    Ok(Taken { accepted, event: word.to_owned(), id: id.to_owned(), events: vec![event] })
}

/// The event, if it is proven and not too old.
fn read(
    account: &highlevel::Account,
    request: &Incoming,
    body: &[u8],
    arrival: Arrival<'_>,
    keep_ms: u64,
) -> Result<Value> {
    let webhooks = &account.webhooks;
    match arrival.verified {
        Some(true) => webhooks.verify(body, request.signature.as_deref())?,
        _ => webhooks.admit(request.token.as_deref())?,
    }
    let event = highlevel::webhook(body, arrival)?;
    // Longer ago than anything is remembered, a repetition could not be told from an event.
    let max_age_ms = webhooks.max_age_ms.unwrap_or(keep_ms);
    let occurred = event.text_of("occurredAt").and_then(clock::parse_iso).and_then(|s| u64::try_from(s).ok());
    if occurred.is_some_and(|s| s.saturating_mul(1000).saturating_add(max_age_ms) < arrival.at) {
        return Err(Error::new(
            Code::SignatureInvalid,
            "the event happened too long ago",
            "It may be a recorded one, sent again; or highlevel.webhookMaxAgeSeconds is too small, or this machine's clock wrong.",
        ));
    }
    Ok(event)
}

fn plain(status: u16, body: &str) -> Value {
    let mut headers = vec![json!(["content-type", "text/plain; charset=utf-8"]), json!(["cache-control", "no-store"])];
    if status == 429 {
        headers.push(json!(["retry-after", "60"]));
    }
    json!({ "status": status, "headers": headers, "body": body })
}

/// One plain sentence without a secret: the vendor reads it in Digistore24's log, which counts nothing but `OK` as received.
/// HighLevel sends again only what was answered with 429.
fn refusal(error: &Error, is_ghl: bool, length: usize) -> Value {
    let status = match error.code() {
        Code::SignatureInvalid => 403,
        Code::NotFound => 404,
        Code::InvalidInput if length > digistore24::MAX_BODY => 413,
        Code::InvalidInput => 400,
        _ => return plain(if is_ghl { 429 } else { 503 }, "Not stored: please send it again."),
    };
    plain(status, &format!("Not accepted: {}.", error.details().message))
}
