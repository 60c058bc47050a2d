//! Dead letters: events that can't be carried out without a person. Each is kept with its cause, tells once, and holds up
//! nobody else.

use super::{Sync, from_json, inbox::Message};
use crate::json::{Map, ToJson, Value, json, put, text};
use crate::{
    clock,
    digistore24::Event,
    effects::{Happening, Write},
    error::{Details, Error, Result},
};

impl Sync<'_> {
    /// The letters, the oldest first: what, which order, since when, why, and what to do. No personal values.
    ///
    /// # Errors
    /// `storage`.
    pub async fn letters(&self, limit: u32) -> Result<Value> {
        let prefix = self.scope.dead("");
        let (entries, _) = self.effects.list(prefix.clone(), None, limit).await?;
        let mut letters = Vec::new();
        for entry in &entries {
            let mut letter = Map::new();
            put(&mut letter, "name", entry.key.strip_prefix(&prefix).unwrap_or_default().into());
            let message = from_json::<Message>(&entry.value).ok();
            let event = message.as_ref().and_then(|m| m.event(&self.client.connection.id).ok());
            put(&mut letter, "event", event.as_ref().map(|e| e.event.name()).unwrap_or("unreadable").into());
            put(&mut letter, "order", event.map(|e| e.order.id).to_json());
            if let Some(message) = message {
                put(&mut letter, "receivedAt", clock::iso_utc(message.received_at).into());
                put(&mut letter, "attempts", message.attempts.into());
                put(&mut letter, "error", message.error.to_json());
            }
            letters.push(Value::Object(letter));
        }
        Ok(Value::Array(letters))
    }

    /// Tries one letter again, or with `None` all of them. Gives what became of each.
    ///
    /// # Errors
    /// `storage`; `invalid_input` where there is no letter of this name.
    pub async fn retry_letters(&self, name: Option<&str>) -> Result<Value> {
        let names = match name {
            Some(name) => vec![name.to_owned()],
            None => {
                let prefix = self.scope.dead("");
                let (entries, _) = self.effects.list(prefix.clone(), None, 1_000).await?;
                entries.iter().filter_map(|e| e.key.strip_prefix(&prefix).map(str::to_owned)).collect()
            }
        };
        let mut reports = Vec::new();
        for one in names {
            match self.revive(&one).await {
                Ok(true) => reports.extend(self.drain_person(&one).await?.map(|report| report.to_json())),
                Ok(false) => return Err(unknown_letter()),
                // One that can't be read stays where it is; the others go on.
                Err(error) if name.is_none() => reports.push(json!({ "name": one, "error": error.to_json() })),
                Err(error) => return Err(error),
            }
        }
        Ok(Value::Array(reports))
    }

    /// Gives a letter up. It is forgotten with the other finished messages; the same message isn't taken a second time.
    ///
    /// # Errors
    /// `storage`; `invalid_input` where there is no letter of this name.
    pub async fn drop_letter(&self, name: &str) -> Result<Value> {
        let dead = self.scope.dead(name);
        let (entries, _) = self.effects.get(vec![dead.clone()]).await?;
        let entry = entries.first().ok_or_else(unknown_letter)?;
        let kept = from_json::<Message>(&entry.value).ok().map(|message| {
            let message = Message { reason: Some("given up by a person".to_owned()), ..message };
            Write { key: self.scope.kept(name), expect: None, value: Some(text(&message.to_json())) }
        });
        let mut writes = vec![Write { key: dead, expect: Some(entry.version), value: None }];
        writes.extend(kept);
        let dropped = self.effects.commit(writes).await?.is_some();
        Ok(json!({ "dropped": dropped }))
    }

    /// Says once that a letter is there.
    pub(super) fn alert(&self, event: Option<&Event>, error: Option<&Details>) {
        self.effects.event(Happening::Alert, || {
            json!({
                "alert": "dead_letter",
                "id": event.map(|e| e.id.as_str()),
                "event": event.map(|e| e.event.name()),
                "code": error.map_or("storage", |e| e.code.word()),
            })
        });
    }
}

fn unknown_letter() -> Error {
    Error::invalid_field("name", "is not the name of a dead letter")
}
