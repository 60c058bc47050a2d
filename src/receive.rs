//! Webhooks of both services: checked, stored, and only then answered with `OK`.

use crate::json::{Map, Value, json, put};
use crate::{
    client::{Client, FRESH_MS},
    clock,
    digistore24::{self, Event, Ipn, Params, Verdict},
    effects::{Effects, Happening, Level},
    error::{Code, Error, Result},
    highlevel::{self, Arrival, Secret},
    install, record,
    sync::{self, Accepted, Sync},
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
    /// It was proven, and no route led to a location: it is kept.
    pub(crate) parked: bool,
}
}

/// The fields of [`Incoming`].
pub(crate) const FIELDS: [&str; 8] =
    ["method", "service", "connection", "token", "signature", "event", "splitItems", "parked"];

impl Incoming {
    fn is_ghl(&self) -> bool {
        self.service.as_deref().is_some_and(|service| service != "digistore24")
    }
}

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
pub(crate) async fn receive(sync: &Sync<'_>, request: &Incoming, body: &[u8]) -> Value {
    let effects = &sync.effects;
    let taken = match take(sync, request, body).await {
        Ok(taken) => taken,
        Err(error) => return refused(effects, request, body, &error),
    };
    let outcome = taken.as_ref().map_or("checked", |taken| taken.accepted.word());
    tell(effects, request, outcome, taken.as_ref().map(|taken| taken.event.as_str()), "ok");
    let events = taken.map(|taken| {
        effects.log(Level::Info, "a message was stored", [("event", taken.event), ("id", taken.id)]);
        let is_new = taken.accepted == Accepted::Queued || taken.accepted == Accepted::Kept && !request.is_ghl();
        if is_new { taken.events } else { Vec::new() }
    });
    answer(outcome, plain(200, "OK"), events.unwrap_or_default())
}

/// Whose a webhook is: proven and read, not stored. For hosts that hand it on to the plugin of its location; what has none
/// comes back as `parked`. The location of a message of Digistore24 is the one that its order stays with.
#[cfg(not(feature = "fetch"))]
pub(crate) async fn route(sync: &Sync<'_>, request: &Incoming, body: &[u8]) -> Value {
    let found = if request.is_ghl() {
        read(sync, request, body).map(|(event, _)| event.get("locationId").cloned().unwrap_or_default())
    } else {
        whose(sync, request, body).await.map(|location| location.map_or(Value::Null, Value::String))
    };
    match found {
        Ok(location) => json!({ "outcome": "routed", "location": location }),
        Err(error) => refused(&sync.effects, request, body, &error),
    }
}

#[cfg(not(feature = "fetch"))]
async fn whose(sync: &Sync<'_>, request: &Incoming, body: &[u8]) -> Result<Option<String>> {
    let connection = &sync.client.connection;
    let event = if request.parked {
        // It was proven when it came; its signature was not kept.
        Event::read(&connection.id, &digistore24::parse(body)?, sync.effects.now())
    } else {
        proven(sync, request, body).await?.0
    };
    if connection.is_foreign(event.merchant.id.as_ref()) {
        return Ok(None);
    }
    sync.routes.settle(&sync.effects, &connection.id, &event, true).await
}

/// What nobody stored: told, with the answer for the sender.
fn refused(effects: &Effects, request: &Incoming, body: &[u8], error: &Error) -> Value {
    let details = error.details();
    tell(effects, request, "refused", None, details.code.word());
    let fields = [("problem", details.message.clone()), ("help", details.help.clone())];
    effects.log(Level::Error, "a message was not accepted", fields);
    let mut answer = answer("refused", refusal(error, request.is_ghl(), body.len()), Vec::new());
    if let Some(answer) = answer.as_object_mut() {
        put(answer, "error", error.to_json());
    }
    answer
}

fn tell(effects: &Effects, request: &Incoming, outcome: &str, event: Option<&str>, code: &str) {
    effects.event(Happening::Webhook, || {
        let service = if request.is_ghl() { "ghl" } else { "digistore24" };
        json!({ "service": service, "outcome": outcome, "event": event, "code": code })
    });
}

/// Put together by hand: `json!` would copy the events once more.
fn answer(outcome: &str, response: Value, events: Vec<Value>) -> Value {
    let mut answer = Map::new();
    put(&mut answer, "outcome", outcome.into());
    put(&mut answer, "response", response);
    put(&mut answer, "events", Value::Array(events));
    Value::Object(answer)
}

async fn take(sync: &Sync<'_>, request: &Incoming, body: &[u8]) -> Result<Option<Taken>> {
    let connection = &sync.client.connection;
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
    if !request.parked {
        // What nobody is to carry out here needs no account of HighLevel.
        connection.highlevel()?;
    }
    match request.service.as_deref() {
        None | Some("digistore24") => from_digistore24(sync, request, body).await.map(Some),
        Some("ghl" | "ghl-workflow") => from_highlevel(sync, request, body).await.map(Some),
        _ => Err(Error::invalid_field("service", "must be digistore24, ghl or ghl-workflow")),
    }
}

async fn from_digistore24(sync: &Sync<'_>, request: &Incoming, body: &[u8]) -> Result<Taken> {
    let (event, params) = proven(sync, request, body).await?;
    let arrival = sync::Arrival { parked: request.parked, ..sync::Arrival::default() };
    let (accepted, _) = sync.take_in(&event, &params, &[], arrival).await?;
    inspect(&sync.effects, &event, &params);
    Ok(Taken {
        accepted,
        event: event.event.name().to_owned(),
        id: event.id.clone(),
        events: event.shape(request.split_items),
    })
}

/// The event in a message that one of our passphrases signs.
async fn proven(sync: &Sync<'_>, request: &Incoming, body: &[u8]) -> Result<(Event, Params)> {
    let params = digistore24::parse(body)?;
    match verdict(&sync.client, &params, request.token.as_deref()).await?.error() {
        Some(error) => Err(error),
        None => Ok((Event::read(&sync.client.connection.id, &params, sync.effects.now()), params)),
    }
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
    let (event, arrival) = read(sync, request, body)?;
    let is_foreign = event.text_of("locationId").is_some_and(|id| id != account.location_id);
    let accepted = sync.keep_event(&event, body, arrival, is_foreign).await?;
    let is_known = event.get("triggers").and_then(|all| all.at(0)).and_then(Value::as_str) != Some("ghl.unknownEvent");
    let word = event.text_of("event").filter(|_| is_known).unwrap_or("unknown");
    let id = event.text_of("id").unwrap_or_default();
    Ok(Taken { accepted, event: word.to_owned(), id: id.to_owned(), events: vec![event] })
}

/// The event, if it is proven and not too old.
fn read<'a>(sync: &Sync<'_>, request: &'a Incoming, body: &[u8]) -> Result<(Value, Arrival<'a>)> {
    let webhooks = &sync.client.connection.highlevel()?.webhooks;
    let verified = request.service.as_deref() == Some("ghl");
    let arrival = Arrival { said: request.event.as_deref(), verified: Some(verified), at: sync.effects.now() };
    match arrival.verified {
        Some(true) => webhooks.verify(body, request.signature.as_deref())?,
        _ => webhooks.admit(request.token.as_deref())?,
    }
    let event = highlevel::webhook(body, arrival)?;
    // Longer ago than anything is remembered, a repetition could not be told from an event.
    let max_age_ms = webhooks.max_age_ms.unwrap_or(sync.keep_ms);
    let occurred = event.text_of("occurredAt").and_then(clock::parse_iso).and_then(|s| u64::try_from(s).ok());
    if occurred.is_some_and(|s| s.saturating_mul(1000).saturating_add(max_age_ms) < arrival.at) {
        return Err(Error::new(
            Code::SignatureInvalid,
            "the event happened too long ago",
            "It may be a recorded one, sent again; or highlevel.webhookMaxAgeSeconds is too small, or this machine's clock wrong.",
        ));
    }
    Ok((event, arrival))
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
