//! The one façade that every binding exposes: a method name, arguments as JSON, and a [`Task`] that the host drives.

use std::rc::Rc;

use crate::json::{Json, Map, ToJson, Value, json, parse, put, text};
use crate::{
    auth, bridge, catalog, check,
    client::{Client, Memory, Urgency},
    clock,
    connection::Connection,
    digistore24::{self, Kind, Verdict},
    effects::{Effects, Happening, Level, Task},
    error::{Error, FieldProblem, Result, word},
    events, highlevel, http, install,
    mapping::{self, Mapping},
    pages::Pager,
    poll,
    receive::{self, Incoming},
    record,
    routes::Routes,
    scope::Scope,
    sync::{Sync, params_of},
};

/// `options.schema.json` without white space and descriptions.
const SCHEMA: &str = include_str!(concat!(env!("OUT_DIR"), "/options.json"));

/// The plugin with its settings. Holds no durable state: that is in the host's store.
#[derive(Debug, Clone)]
pub struct Plugin(Rc<Settings>);

#[derive(Debug)]
struct Settings {
    connection: Rc<Connection>,
    memory: Rc<Memory>,
    mapping: Mapping,
    routes: Routes,
    /// Events before this time are silent, milliseconds since 1970.
    live_after: Option<u64>,
    keep_ms: u64,
}

/// Finished messages are kept so many days, unless told otherwise.
const KEEP_DAYS: u64 = 30;
const DAY_MS: u64 = 24 * 3_600_000;

type Check = fn(&str) -> Option<&'static str>;

/// What the schema can't say of an option.
const CHECKED: &[(&str, Check)] = &[
    ("id", |id| id.contains('/').then_some("must not contain a slash")),
    ("highlevel.locationId", wrong_id),
    ("highlevel.auth.companyId", wrong_id),
    ("highlevel.auth.token", highlevel::wrong_secret),
    ("highlevel.auth.accessToken", highlevel::wrong_secret),
    ("digistore24.apiKey", highlevel::wrong_secret),
    ("digistore24.developerKey", highlevel::wrong_secret),
    ("highlevel.baseUrl", http::wrong_base),
    ("digistore24.baseUrl", http::wrong_base),
];

fn wrong_id(id: &str) -> Option<&'static str> {
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    (!plain).then_some("must be letters and digits")
}

impl Plugin {
    /// Reads the options of `createPlugin`.
    ///
    /// # Errors
    /// `invalid_input` with every wrong option by path; values are never repeated.
    pub fn new(options: Value) -> Result<Self> {
        thread_local! {
            static PARSED: Value = parse(SCHEMA).unwrap_or_default();
        }
        let check = |schema: &Value| catalog::validate(schema, schema.get("$defs").unwrap_or(&Value::Null), &options);
        let mut problems = PARSED.with(check);
        for name in missing_credentials(&options) {
            let path = "highlevel.auth.".to_owned() + name;
            problems.push(FieldProblem { path, problem: "is required".into() });
        }
        for (name, wrong) in CHECKED {
            let value = options.pointer(&["/", &name.replace('.', "/")].concat()).and_then(Value::as_str);
            let problem = value.filter(|_| problems.iter().all(|p| p.path != *name)).and_then(wrong);
            problems.extend(problem.map(|problem| FieldProblem { path: (*name).into(), problem: problem.into() }));
        }
        for key in highlevel::texts(options.pointer("/highlevel/webhookPublicKey")) {
            if highlevel::public_key(key).is_none() {
                let problem = "must be an Ed25519 public key: PEM or base64".into();
                problems.push(FieldProblem { path: "highlevel.webhookPublicKey".into(), problem });
            }
        }
        let mapping = match options.get("mapping").map(Mapping::load) {
            Some(Ok(mapping)) => mapping,
            None => Mapping::default(),
            Some(Err(mistakes)) => {
                problems
                    .extend(mistakes.into_iter().map(|p| FieldProblem { path: "mapping.".to_owned() + &p.path, ..p }));
                Mapping::default()
            }
        };
        for (index, route) in options.items_of("routes").iter().enumerate() {
            if let Some(when) = route.get("when") {
                problems.extend(mapping::wrong_condition(when, &format!("routes[{index}].when")));
            }
        }
        let live_after = options.text_of("liveAfter");
        let live_after = live_after.map(|text| clock::parse_iso(text).and_then(|s| u64::try_from(s).ok()));
        if live_after == Some(None) {
            let problem = "must be a day or time such as 2026-11-23 or 2026-11-23T09:30:00+01:00";
            problems.push(FieldProblem { path: "liveAfter".into(), problem: problem.into() });
        }
        if !problems.is_empty() {
            return Err(Error::invalid(
                format!("the options have {}", catalog::count(problems.len(), "wrong field")),
                problems,
            ));
        }
        Ok(Self(Rc::new(Settings {
            connection: Rc::new(Connection {
                id: options.text_of("id").unwrap_or("default").to_owned(),
                highlevel: options.get("highlevel").map(highlevel::Account::from_options),
                digistore24: options.get("digistore24").map(digistore24::Account::from_options),
            }),
            memory: Rc::new(Memory::new(&options)),
            mapping,
            routes: Routes::from_options(options.get("routes")),
            live_after: live_after.flatten().map(|seconds| seconds * 1_000),
            keep_ms: options.get("keepDays").and_then(Value::as_u64).unwrap_or(KEEP_DAYS) * DAY_MS,
        })))
    }

    /// Whether a request may go to this address: only to the base addresses of the options.
    pub fn allows(&self, address: &str) -> bool {
        self.0.connection.allows(address)
    }

    /// Starts a call. `args` is a JSON array; `body` are the raw bytes of a webhook.
    ///
    /// Methods: `run(id, input, {background, deadlineMs})`, `page(id, input, cursor, {limit, background, deadlineMs})`, `poll(id, cursor, {input, maxRequests})`,
    /// `receive({method, …})`, `route({method, …})`, `tick({maxRequests})`, `sync.plan(event)`, `sync.apply(event)`, `sync.merchant()`,
    /// `sync.import({orders, merchant, manner, contact, dryRun})`, `sync.lacks(merchant, rows)`, `sync.overdue(after)`, `sync.work(merchant, kind, rows)`,
    /// `sync.view(contactId, merchant, orders)`, `sync.tests(after)`, `sync.dropTests(contactId, version, gone)`,
    /// `sync.compare(merchant, order)`, `timeline({email} | {contactId} | {buyerId} | {orderId})`, `forget(email)`,
    /// `mapping.check(mapping)`, `setup()`, `inbox.list({room, limit})`, `deadLetters.retry(name)`, `deadLetters.drop(name)`,
    /// `check()`, `scopes({for})`, `auth.status()`, `auth.authorizeUrl({state, redirectUri, scopes, host})`,
    /// `auth.exchange({code, redirectUri})`, `auth.rotate({token} | {apiKey} | {ipnPassphrase})`, `auth.requestApiKey(input)`,
    /// `auth.retrieveApiKey({token})`, `events.take({limit})`, `events.done(dedupeKeys)`, `ipn.install({…})`,
    /// `ipn.check({test})`, `ipn.remove({test})`.
    pub fn start(&self, method: &str, args: &str, body: Vec<u8>) -> Task {
        let (settings, method, args) = (self.0.clone(), method.to_owned(), args.to_owned());
        Task::new(move |effects| async move {
            let args = parse(&args).and_then(Vec::<Value>::from_json);
            let args = args.ok_or_else(|| Error::invalid_field("arguments", "must be a JSON array"))?;
            settings.dispatch(&effects, &method, args, &body).await.map(|result| text(&result))
        })
    }
}

/// The catalog's entries that match a filter, the samples of triggers with the events that come of them.
///
/// # Errors
/// `invalid_input` for a filter by id that doesn't exist.
pub fn list(filter: &catalog::Filter) -> Result<Vec<Value>> {
    if filter.brief {
        return catalog::list(filter);
    }
    let mut entries = events::list(filter)?;
    poll::complete(&mut entries);
    Ok(entries)
}

/// What the kind of authorisation needs and the options lack.
fn missing_credentials(options: &Value) -> impl Iterator<Item = &'static str> {
    let auth = options.pointer("/highlevel/auth");
    let word = |name: &str| auth?.get(name)?.as_str();
    let needed: &[&str] = match (word("kind"), word("userType")) {
        (Some("private-integration"), _) => &["token"],
        (Some("oauth"), Some("Company")) => &["clientId", "clientSecret", "companyId"],
        (Some("oauth"), _) => &["clientId", "clientSecret"],
        _ => &[],
    };
    needed.iter().copied().filter(move |name| auth.is_none_or(|auth| auth.get(name).is_none()))
}

/// The argument at `index`, an object with no other fields than `known`.
fn argument<T: Json>(args: &[Value], index: usize, name: &str, known: &[&str]) -> Result<T> {
    let value = object_argument(args, index, name, known)?;
    T::from_json(value).ok_or_else(|| wrong_type(name))
}

fn wrong_type(name: &str) -> Error {
    Error::invalid_field(name, "has a field of the wrong type")
}

fn object_argument(args: &[Value], index: usize, name: &str, known: &[&str]) -> Result<Value> {
    let value = args.get(index).filter(|v| !v.is_null()).cloned().unwrap_or_else(|| json!({}));
    if !value.is_object() {
        return Err(Error::invalid_field(name, "must be an object"));
    }
    catalog::check_known(name, &value, known)?;
    Ok(value)
}

record! {
#[derive(Debug, Clone, Default)]
struct TickOptions {
    max_requests: Option<u32> as "maxRequests",
}
}

record! {
#[derive(Debug, Clone, Default)]
struct Listing {
    room: Option<String>,
    limit: Option<u32>,
}
}

record! {
#[derive(Debug, Clone, Default)]
struct Wanted {
    operations: Vec<String> as "for",
}
}

impl Settings {
    async fn dispatch(&self, effects: &Effects, method: &str, args: Vec<Value>, body: &[u8]) -> Result<Value> {
        let (method, args) = bridge::as_method(method, args)?;
        let text_at = |index: usize| args.get(index).and_then(Value::as_str).unwrap_or_default();
        let mut sync = self.sync(effects);
        // For what needs an account of HighLevel.
        let ready = || self.connection.highlevel().map(|_| &sync);
        match method {
            "run" | "page" => {
                let id = args
                    .first()
                    .and_then(Value::as_str)
                    .ok_or_else(|| Error::invalid_field("operation", "must be the id of an operation"))?;
                let mut input = args.get(1).cloned().unwrap_or_default();
                let mut pager = None;
                let known = ["background", "deadlineMs", "limit"];
                if method == "page" {
                    sync.client.urgency = argument(&args, 3, "options", &known)?;
                    let new = self.pager(id, &args)?;
                    input = new.input();
                    pager = Some(new);
                } else {
                    sync.client.urgency = argument(&args, 2, "options", known.get(..2).unwrap_or_default())?;
                }
                let answer = bridge::run(&sync, id, input).await?;
                match pager {
                    Some(pager) => page(effects, id, pager, answer),
                    None => Ok(answer),
                }
            }
            "poll" => {
                let id = args.first().and_then(Value::as_str);
                let id = id.ok_or_else(|| Error::invalid_field("trigger", "must be the id of a trigger"))?;
                let options = argument(&args, 2, "options", &["input", "maxRequests"])?;
                let cursor = args.get(1).cloned().unwrap_or_default();
                let before = effects.requests();
                let result = poll::run(&sync.client, id, cursor, options).await;
                effects.event(Happening::Poll, || {
                    // An unknown trigger could be any text.
                    let id = catalog::polled(id).map_or("", |_| id);
                    let events = result.as_ref().ok().and_then(|r| r.get("events")).and_then(Value::as_array);
                    json!({
                        "trigger": id, "code": word(&result), "events": events.map_or(0, Vec::len),
                        "requests": effects.requests() - before,
                    })
                });
                result
            }
            "receive" => {
                let request: Incoming = argument(&args, 0, "request", &receive::FIELDS)?;
                Ok(receive::receive(&sync, &request, body).await)
            }
            #[cfg(not(feature = "fetch"))]
            "route" => {
                let request = argument(&args, 0, "request", &receive::FIELDS)?;
                Ok(receive::route(ready()?, &request, body).await)
            }
            "events.take" => {
                let options: Listing = argument(&args, 0, "options", &["limit"])?;
                ready()?.waiting_events(options.limit.unwrap_or(100)).await
            }
            "events.done" => {
                let keys = args.first().cloned().and_then(Vec::<String>::from_json);
                let keys = keys.ok_or_else(|| Error::invalid_field("keys", "must be a list of dedupeKeys"))?;
                ready()?.finish_events(&keys).await.map(|()| Value::Null)
            }
            "ipn.install" | "ipn.check" | "ipn.remove" => {
                let fields = ["url", "name", "productIds", "affiliations", "test", "rotate", "random"];
                let fields = fields.get(if method == "ipn.install" { 0..7 } else { 4..5 }).unwrap_or_default();
                let asked = argument(&args, 0, "options", fields)?;
                install::run(&sync.client, method, &asked).await
            }
            "tick" => {
                let options: TickOptions = argument(&args, 0, "options", &["maxRequests"])?;
                Ok(sync.tick(options.max_requests.unwrap_or(u32::MAX)).await?.to_json())
            }
            "deadLetters.retry" => Ok(ready()?.revive(text_at(0)).await?.into()),
            "deadLetters.drop" => Ok(ready()?.drop_letter(text_at(0)).await?.into()),
            "sync.plan" | "sync.apply" => {
                let given = args.first().unwrap_or(&Value::Null);
                match method {
                    "sync.plan" => self.plan(ready()?, given).await,
                    _ => Ok(ready()?.apply(given).await?.to_json()),
                }
            }
            #[cfg(not(feature = "fetch"))]
            other if other == "forget" || other.starts_with("sync.") => {
                // Nobody waits for it: its calls leave the rate to those that somebody waits for.
                self.connection.highlevel()?;
                sync.client.urgency.background = true;
                sync.history(other, args).await
            }
            "timeline" => {
                let whom = argument(&args, 0, "whom", &["email", "contactId", "buyerId", "orderId", "gone"])?;
                ready()?.timeline(&whom).await
            }
            "mapping.check" => {
                let file = args.first().unwrap_or(&Value::Null);
                let mut problems = Mapping::load(file).err().unwrap_or_default();
                problems.extend(self.unknown_zones(effects, file).await);
                Ok(json!({ "ok": problems.is_empty(), "problems": problems.to_json() }))
            }
            "mapping.expand" => Ok(mapping::expand(args.first().unwrap_or(&Value::Null))),
            "nearest" => {
                let known = args.get(1).map_or(&[][..], Value::items);
                Ok(catalog::nearest(text_at(0), known.iter().filter_map(Value::as_str)).to_json())
            }
            "setup" => Ok(ready()?.setup().await?.to_json()),
            "inbox.list" => self.list(ready()?, argument(&args, 0, "options", &["room", "limit"])?).await,
            "check" => check::run(&sync.client, &self.mapping).await,
            "scopes" => {
                let wanted: Wanted = argument(&args, 0, "options", &["for"])?;
                Ok(check::scopes(&self.mapping, wanted.operations)?.to_json())
            }
            _ => {
                let known: &[&str] = match method {
                    "auth.status" => &[],
                    "auth.authorizeUrl" => &["state", "redirectUri", "scopes", "host"],
                    "auth.exchange" => &["code", "redirectUri"],
                    "auth.rotate" => &["token", "apiKey", "ipnPassphrase"],
                    // The catalog knows the rest.
                    "auth.requestApiKey" => &["permissions", "return_url", "cancel_url", "site_url", "comment"],
                    "auth.retrieveApiKey" => &["token"],
                    _ => return Err(Error::invalid_field("method", "is not known")),
                };
                let input = object_argument(&args, 0, "input", known)?;
                let is_first = method == "auth.authorizeUrl";
                let needed = if is_first { check::scopes(&self.mapping, Vec::new())? } else { Vec::new() };
                auth::call(&sync.client, method.trim_start_matches("auth."), input, needed).await
            }
        }
    }

    /// `page` takes what `run` takes, a cursor and options.
    fn pager(&self, id: &str, args: &[Value]) -> Result<Pager> {
        let at = |index: usize| args.get(index).cloned().unwrap_or_default();
        let limit = at(3).get("limit").and_then(Value::as_u64);
        let whose = match &self.connection.highlevel {
            Some(account) if id.starts_with("ghl.") => &account.location_id,
            _ => &self.connection.id,
        };
        Pager::new(&*catalog::find(id)?, whose, at(1), at(2), limit)
    }

    fn sync(&self, effects: &Effects) -> Sync<'_> {
        let location = self.connection.highlevel.as_ref().map_or("none", |account| account.location_id.as_str());
        Sync {
            effects: effects.clone(),
            client: Client {
                effects: effects.clone(),
                connection: self.connection.clone(),
                memory: self.memory.clone(),
                urgency: Urgency::default(),
            },
            mapping: &self.mapping,
            scope: Scope::new(&self.connection.id, location),
            routes: &self.routes,
            settle_ms: self.memory.settle_ms,
            live_after: self.live_after,
            keep_ms: self.keep_ms,
        }
    }

    /// The time zones in a mapping that the host doesn't know.
    async fn unknown_zones(&self, effects: &Effects, file: &Value) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        // The bare module can ask nobody.
        let zones = if cfg!(feature = "fetch") { Vec::new() } else { mapping::zones(file) };
        for (path, zone) in zones.into_iter().filter(|(_, zone)| zone != mapping::LOCATION) {
            if effects.offset(&zone, effects.now().cast_signed() / 1000).await.is_none() {
                problems.push(FieldProblem { path, problem: zone + " is no time zone that is known here" });
            }
        }
        problems
    }

    async fn plan(&self, sync: &Sync<'_>, given: &Value) -> Result<Value> {
        let mut event = sync.event_of(given)?;
        let is_heard = event.event.is_highlevel();
        let verdict = match self.connection.digistore24 {
            Some(_) if !is_heard => receive::verdict(&sync.client, &params_of(given)?, None).await?,
            _ => Verdict::NoPassphraseSet,
        };
        let (plan, repeated) = sync.dry_run(&mut event).await?;
        let mut described = mapping::describe(&plan);
        let known = plan.contact_id.is_some();
        if let Some(object) = described.as_object_mut() {
            let shown = if is_heard { given.clone() } else { event.shape(false).pop().unwrap_or_default() };
            object.insert("event".into(), shown);
            object.insert("repeated".into(), repeated.into());
            object.insert("signature".into(), signature_word(verdict).into());
            object.insert("lookUp".into(), if known { "none: the ledger knows the contact" } else {
                "ghl.contacts.getDuplicateContact by e-mail; if a contact is found it is updated in place of created"
            }.into());
            // A repetition is recognised before anything is planned.
            if repeated && plan.changes.iter().all(|c| c.from == c.to) {
                object.insert("steps".into(), json!([]));
            }
        }
        Ok(described)
    }

    /// What lies in a room of the store: `inbox`, `dead`, `kept`, `done`, `events`. Without the messages' content.
    async fn list(&self, sync: &Sync<'_>, listing: Listing) -> Result<Value> {
        let room = listing.room.as_deref().unwrap_or("inbox");
        let scope = &sync.scope;
        let prefix = match room {
            "inbox" => scope.inbox(""),
            "dead" => scope.dead(""),
            "kept" => scope.kept(""),
            "done" => scope.done(""),
            "events" => scope.event(""),
            _ => return Err(Error::invalid_field("room", "must be inbox, dead, kept, done or events")),
        };
        let (entries, _) = sync.effects.list(prefix.clone(), None, listing.limit.unwrap_or(100)).await?;
        let rows = entries.iter().map(|entry| {
            let message = parse(&entry.value).unwrap_or_default();
            let of = |name: &str| message.get(name).cloned().unwrap_or_default();
            let kept = of("body");
            let kept = kept.as_str().unwrap_or_default();
            let body = digistore24::parse(kept.as_bytes()).unwrap_or_default();
            // A message names its event only in its body.
            let heard = parse(kept).and_then(|shape| shape.text_of("event").map(str::to_owned));
            let event = of("event").as_str().map(str::to_owned).or(heard);
            json!({
                "name": entry.key.strip_prefix(&prefix),
                "event": event.unwrap_or_else(|| Kind::parse(body.get("event")).name().to_owned()),
                "order": body.get("order_id"), "receivedAt": of("received_at").as_u64().map(clock::iso_utc),
                "attempts": of("attempts"), "error": of("error"), "reason": of("reason"),
            })
        });
        Ok(Value::Array(rows.collect()))
    }
}

/// One page of a list, and where the next one begins.
fn page(effects: &Effects, id: &str, mut pager: Pager, answer: Value) -> Result<Value> {
    let items = pager.take(answer).map_err(|error| error.of_operation(id))?;
    if let Some(warning) = pager.warning {
        effects.log(Level::Warn, warning, [("operation", id.to_owned())]);
    }
    let cursor = pager.cursor();
    let mut page = Map::new();
    put(&mut page, "done", cursor.is_null().into());
    put(&mut page, "cursor", cursor);
    put(&mut page, "items", Value::Array(items));
    Ok(Value::Object(page))
}

fn signature_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Valid => "valid",
        Verdict::ConnectionHasNoPassphrase | Verdict::Missing => "missing",
        Verdict::Mismatch => "wrong",
        Verdict::NoPassphraseSet => "not checked",
    }
}
