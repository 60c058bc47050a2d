//! Events of HighLevel for the host, and into the inbox where a playbook waits for them. They are safe before HighLevel hears `OK`, and stay until the host says that it has
//! dealt with them: whoever stops in between is given them again, with the same `dedupeKey`.

use super::{Accepted, Sync};
use crate::effects::Write;
use crate::error::Result;
use crate::highlevel::{self, Arrival};
use crate::json::{Value, json, parse, text};

impl Sync<'_> {
    /// Stores an event with the body that it came of; another location's is kept aside. When this returns, it can't be lost.
    ///
    /// # Errors
    /// `storage`: the sender must not hear `OK`.
    pub(crate) async fn keep_event(
        &self,
        event: &Value,
        body: &[u8],
        arrival: Arrival<'_>,
        is_foreign: bool,
    ) -> Result<Accepted> {
        let (name, remember) = self.arrival(event.text_of("dedupeKey").unwrap_or_default(), arrival.at);
        let value = json!({
            "event": event.get("event"), "body": String::from_utf8_lossy(body).into_owned(), "receivedAt": arrival.at,
            "said": arrival.said, "verified": arrival.verified,
            "reason": is_foreign.then_some("another location's event"),
        });
        let (room, accepted) = if is_foreign {
            (self.scope.kept(&name), Accepted::Kept)
        } else {
            (self.scope.event(&name), Accepted::Queued)
        };
        let mut writes = vec![remember, Write { key: room, expect: Some(0), value: Some(text(&value)) }];
        if !is_foreign {
            writes.extend(self.heard(event, arrival.at, &name));
        }
        Ok(if self.effects.commit(writes).await?.is_some() { accepted } else { Accepted::Duplicate })
    }

    /// The name of an event's entry, and the write that remembers that it came.
    pub(super) fn arrival(&self, dedupe_key: &str, at: u64) -> (String, Write) {
        let key = self.scope.seen(dedupe_key);
        // The dot tells it from a message of Digistore24: what came is remembered as long as the entry stays.
        let name = format!("{at:013}.{}", key.rsplit('/').next().unwrap_or_default());
        let value = Some(text(&Value::from(name.as_str())));
        (name, Write { key, expect: Some(0), value })
    }

    /// The events that nobody has dealt with, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// `storage`.
    pub(crate) async fn waiting_events(&self, limit: u32) -> Result<Value> {
        let (entries, _) = self.effects.list(self.scope.event(""), None, limit).await?;
        let mut events = Vec::new();
        for entry in entries {
            let kept = parse(&entry.value).unwrap_or_default();
            let arrival = Arrival {
                said: kept.text_of("said"),
                verified: kept.get("verified").and_then(Value::as_bool),
                at: kept.get("receivedAt").and_then(Value::as_u64).unwrap_or_default(),
            };
            events.extend(highlevel::webhook(kept.text_of("body").unwrap_or_default().as_bytes(), arrival));
        }
        Ok(Value::Array(events))
    }

    /// The host has dealt with these: they are not given again. What is not known counts as dealt with.
    ///
    /// # Errors
    /// `storage`.
    pub(crate) async fn finish_events(&self, dedupe_keys: &[String]) -> Result<()> {
        let keys = dedupe_keys.iter().map(|key| self.scope.seen(key)).collect();
        let (seen, _) = self.effects.get(keys).await?;
        let mut writes = Vec::new();
        for entry in seen {
            let name = parse(&entry.value).unwrap_or_default();
            let Some(name) = name.as_str().filter(|name| self.seen_of(name).is_some()) else { continue };
            writes.push(Write { key: self.scope.event(name), expect: None, value: None });
            // Without its content: it stands for the event until a repetition can't come any more.
            writes.push(Write { key: self.scope.done(name), expect: None, value: Some("{}".to_owned()) });
        }
        if !writes.is_empty() {
            self.effects.commit(writes).await?;
        }
        Ok(())
    }

    /// The key that remembers an event's arrival, by the name of its entry. Nothing for a message of Digistore24, which is
    /// remembered for ever.
    pub(super) fn seen_of(&self, name: &str) -> Option<String> {
        name.split_once('.').map(|(_, hash)| self.scope.key("seen", hash))
    }
}
