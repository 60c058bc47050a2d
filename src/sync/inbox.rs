//! Where a message is safe before the sender hears `OK`.

use super::{FORGOTTEN, Sync, from_json, heard, person_of};
use crate::json::{self, ToJson, Value, text};
use crate::{
    clock,
    digistore24::{Event, Kind, Params, parse},
    effects::{Level, Write},
    error::{Details, Result},
    mapping::{Later, Manner, TestOrders},
    record, words,
};

const FOREIGN: &str = "another merchant's message";

/// What is older is repaired silently: a welcome that is days late is worse than none.
pub(super) const REPAIR_MS: u64 = 48 * 3_600_000;

record! {
/// A message in the store.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Message {
    /// Milliseconds since 1970.
    pub(super) received_at: u64,
    /// The message itself, as a form without its signature; an event of HighLevel as JSON.
    pub(super) body: String,
    /// Messages of one person are worked on in order.
    pub(super) person: String,
    /// Items that came before, by deduplication key: this message tells nothing new about them.
    pub(super) known_items: Vec<String>,
    /// The very same message came before and its payment has been returned since.
    pub(super) repeated: bool,
    /// Tries so far.
    pub(super) attempts: u32,
    /// Not before this time, milliseconds since 1970.
    pub(super) next_at: u64,
    /// Why the last try failed, or why the message is kept.
    pub(super) error: Option<Details>,
    /// Why the message is kept without being worked on.
    pub(super) reason: Option<String>,
    /// What is done for the message is told under the trace of its webhook.
    pub(super) trace: Option<String>,
    /// The message was dealt with before; this step of a playbook is what is left of it.
    pub(super) due: Option<Later>,
    /// How much of it may show; all where nothing is said.
    pub(super) manner: Option<Manner>,
    /// Messages of the same person that come before this one and are written together with it, the oldest first.
    pub(super) earlier: Vec<String>,
    /// The contact with the person's address as a backfill saw it; `false`: there is none; null: nobody has looked.
    pub(super) contact: Value,
    /// What Digistore24 told about an e-ticket and who holds it, until the message is dealt with.
    pub(super) ticket: Value,
}
}

impl Message {
    /// A message that was not tried yet.
    pub(super) fn new(received_at: u64, body: String, person: String) -> Self {
        Self {
            received_at,
            body,
            person,
            known_items: Vec::new(),
            repeated: false,
            attempts: 0,
            next_at: 0,
            error: None,
            reason: None,
            trace: None,
            due: None,
            manner: None,
            earlier: Vec::new(),
            contact: Value::Null,
            ticket: Value::Null,
        }
    }

    /// The event in it, without the items that came before.
    pub(super) fn event(&self, connection: &str) -> Result<Event> {
        self.read(connection, &self.body)
    }

    /// The events before it that are not known yet.
    pub(super) fn history(&self, connection: &str) -> Result<Vec<Event>> {
        let mut history = Vec::new();
        for form in &self.earlier {
            let event = self.read(connection, form)?;
            if !event.items.is_empty() {
                history.push(event);
            }
        }
        Ok(history)
    }

    fn read(&self, connection: &str, form: &str) -> Result<Event> {
        if let Some(event) = heard::event_of(&json::parse(form).unwrap_or_default(), self.received_at) {
            return Ok(event);
        }
        let params = parse(form.as_bytes())?;
        let mut event = Event::read(connection, &params, self.received_at);
        event.items.retain(|item| !self.known_items.contains(&item.dedupe_key));
        turn_to_partner(&mut event);
        Ok(event)
    }
}

/// The person that an approval is about is the partner.
pub(super) fn turn_to_partner(event: &mut Event) {
    if event.event == Kind::Affiliation {
        event.buyer.email = event.affiliate.as_ref().and_then(|partner| partner.email.clone());
    }
}

words! {
/// What became of an incoming message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It waits in the inbox.
    Queued = "queued",
    /// It came before; nothing to do.
    Duplicate = "duplicate",
    /// It is kept, nothing is done: a test, something unknown, another merchant's.
    Kept = "kept",
}
}

/// How messages come that no webhook brought.
#[derive(Debug, Default)]
pub(crate) struct Arrival {
    /// How much may show. `None`: everything, unless the event is from before the plugin was connected.
    pub(crate) manner: Option<Manner>,
    /// As [`Message::contact`].
    pub(crate) contact: Value,
    /// It belongs to no location.
    pub(crate) parked: bool,
}

/// What is to become of an event.
#[derive(Default)]
pub(super) struct Fate {
    /// Why it is kept without being worked on.
    pub(super) reason: Option<String>,
    /// How much of it may show, where that is not everything.
    pub(super) manner: Option<Manner>,
}

impl Sync<'_> {
    /// Stores a message. When this returns, the message can't be lost any more.
    ///
    /// # Errors
    /// `storage`: the sender must not hear `OK`.
    pub async fn accept(&self, event: &Event, params: &Params) -> Result<(Accepted, String)> {
        self.take_in(event, params, &[], Arrival::default()).await
    }

    /// Stores a message with the earlier ones that are to be written together with it.
    pub(crate) async fn take_in(
        &self,
        event: &Event,
        params: &Params,
        earlier: &[(Event, Params)],
        arrival: Arrival,
    ) -> Result<(Accepted, String)> {
        let received_at = self.effects.now();
        let name = format!("{received_at:013}-{}", event.id);
        let mut message = Message {
            trace: Some(self.effects.trace()),
            earlier: earlier.iter().map(|(_, params)| params.to_form()).collect(),
            contact: arrival.contact,
            ..Message::new(received_at, params.to_form(), event.person_key())
        };
        let since = self.scope.since();
        let owners = self.scope.owners(event);
        loop {
            let mut keys: Vec<(String, String)> = Vec::new();
            for item in earlier.iter().map(|(event, _)| event).chain([event]).flat_map(|event| &event.items) {
                if !keys.iter().any(|(key, _)| *key == item.dedupe_key) {
                    keys.push((item.dedupe_key.clone(), self.scope.seen(&item.dedupe_key)));
                }
            }
            let mut wanted: Vec<String> = keys.iter().map(|(_, k)| k.clone()).collect();
            wanted.push(since.clone());
            wanted.extend(owners.iter().cloned());
            let (mut seen, _) = self.effects.get(wanted).await?;
            let known_since = seen.iter().position(|e| e.key == since).map(|at| seen.swap_remove(at).value);
            let is_forgotten = seen.iter().any(|e| e.value == FORGOTTEN);
            seen.retain(|e| !owners.contains(&e.key));
            let fate = self.fate(event, is_forgotten, known_since.as_deref(), received_at);
            message.reason = fate.reason.or_else(|| arrival.parked.then(|| "no route leads to a location".to_owned()));
            message.manner = arrival.manner.or(fate.manner);
            if is_forgotten {
                message.body = format!("event={}", event.event.name());
                message.earlier = Vec::new();
            }
            let is_seen = |key: &str| seen.iter().any(|e| e.key == key);
            let (old, new): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(_, key)| is_seen(key));
            if new.is_empty() {
                if !self.was_returned_since(event).await? {
                    let first = seen.first().and_then(|e| from_json::<String>(&e.value).ok());
                    return Ok((Accepted::Duplicate, first.unwrap_or(name)));
                }
                message.repeated = true;
            } else {
                message.known_items = old.into_iter().map(|(dedupe, _)| dedupe).collect();
            }
            let room = if message.reason.is_some() { self.scope.kept(&name) } else { self.scope.inbox(&name) };
            let mut writes: Vec<Write> = new
                .into_iter()
                .map(|(_, key)| Write { key, expect: Some(0), value: Some(format!("\"{name}\"")) })
                .collect();
            if known_since.is_none() {
                writes.push(Write { key: since.clone(), expect: None, value: Some(received_at.to_string()) });
            }
            writes.push(Write { key: room, expect: Some(0), value: Some(text(&message.to_json())) });
            if self.effects.commit(writes).await?.is_some() {
                let Some(reason) = message.reason else { return Ok((Accepted::Queued, name)) };
                if reason == FOREIGN || arrival.parked {
                    let fields = [("id", event.id.clone()), ("reason", reason)];
                    self.effects.log(Level::Warn, "a message is put aside: nothing is done for it", fields);
                }
                return Ok((Accepted::Kept, name));
            }
            // Somebody stored the same message in between: look again.
        }
    }

    /// What is to become of an event by what the store says: whom its order belongs to, and since when messages arrive.
    pub(super) fn fate(&self, event: &Event, is_forgotten: bool, since: Option<&str>, now_ms: u64) -> Fate {
        let first = since.and_then(|ms| ms.parse().ok()).unwrap_or(now_ms);
        let forgotten = is_forgotten.then(|| "of somebody who was forgotten".to_owned());
        Fate {
            reason: forgotten.or_else(|| self.reason_to_keep(event)),
            manner: self.is_before(event, first).then_some(Manner::Silent),
        }
    }

    /// Whether an event took place before the plugin was connected. Its own kind of backfill: silent.
    fn is_before(&self, event: &Event, first_ms: u64) -> bool {
        let live_after = self.live_after.unwrap_or(first_ms.saturating_sub(REPAIR_MS));
        let occurred = event.occurred_at.as_deref().and_then(clock::parse_iso);
        occurred.and_then(|s| u64::try_from(s).ok()).is_some_and(|s| s * 1000 < live_after)
    }

    /// Since when events are live, milliseconds since 1970.
    pub(super) async fn live_after(&self) -> Result<u64> {
        if let Some(set) = self.live_after {
            return Ok(set);
        }
        let (entries, _) = self.effects.get(vec![self.scope.since()]).await?;
        let first = entries.first().and_then(|e| e.value.parse::<u64>().ok());
        Ok(first.unwrap_or(self.effects.now()).saturating_sub(REPAIR_MS))
    }

    /// Gives a dead letter up. The same message isn't taken a second time. False: there is none of this name, or somebody retries
    /// it just now.
    ///
    /// # Errors
    /// `storage`.
    pub async fn drop_letter(&self, name: &str) -> Result<bool> {
        let (entries, _) = self.effects.get(vec![self.scope.dead(name)]).await?;
        let Some(letter) = entries.into_iter().next() else { return Ok(false) };
        let work = Write { key: self.scope.work(name), expect: None, value: None };
        let dead = Write { key: letter.key, expect: Some(letter.version), value: None };
        Ok(self.effects.commit(vec![dead, work]).await?.is_some())
    }

    /// Whether a message waits in the inbox. A dead letter is put back there first, if it can be read.
    ///
    /// # Errors
    /// `storage`.
    pub async fn revive(&self, name: &str) -> Result<bool> {
        let (inbox, dead) = (self.scope.inbox(name), self.scope.dead(name));
        let (entries, _) = self.effects.get(vec![inbox.clone(), dead.clone()]).await?;
        if let Some(letter) = entries.iter().find(|e| e.key == dead) {
            let Ok(message) = from_json(&letter.value) else { return Ok(false) };
            let message = Message { attempts: 0, next_at: 0, ..message };
            let back = Write { key: inbox, expect: Some(0), value: Some(text(&message.to_json())) };
            return Ok(self
                .effects
                .commit(vec![Write { key: dead, expect: Some(letter.version), value: None }, back])
                .await?
                .is_some());
        }
        Ok(!entries.is_empty())
    }

    fn reason_to_keep(&self, event: &Event) -> Option<String> {
        let connection = &self.client.connection;
        match &event.event {
            Kind::ConnectionTest => Some("a connection test".to_owned()),
            Kind::Unknown(_) => Some("an event that is not known".to_owned()),
            Kind::Affiliation if self.mapping.welcomes_partners() => None,
            kind if !kind.is_about_order() => Some(format!("{} is not synced", kind.name())),
            _ if connection.highlevel.is_none() => Some("no HighLevel account is set".to_owned()),
            _ if connection.is_foreign(event.merchant.id.as_ref()) => Some(FOREIGN.to_owned()),
            _ if event.order.base_id.is_empty() => Some("a message without an order".to_owned()),
            _ if event.test && self.mapping.test_orders == TestOrders::Ignore => Some("a test order".to_owned()),
            _ => None,
        }
    }

    /// Digistore24 may send a payment again on purpose after its refund, to restore access. That is no plain repetition.
    async fn was_returned_since(&self, event: &Event) -> Result<bool> {
        let (Kind::Payment, Some(transaction)) = (&event.event, &event.transaction) else { return Ok(false) };
        let Some((_, person, _)) = person_of(&self.effects, &self.scope, event).await? else { return Ok(false) };
        Ok(person.order(&event.order_key()).is_some_and(|o| o.is_returned(&transaction.id)))
    }
}
