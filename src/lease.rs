//! The right to write to a person, held in the store. It is fenced: every commit under a lease also proves and renews it,
//! so a worker that was asleep too long can't write any more.

use crate::json::{Json, ToJson, parse, text};
use crate::{
    effects::{Effects, Write},
    error::{Code, Error, Result},
    record,
};

record! {
    #[derive(Debug)]
    struct Held {
        holder: String,
        until: u64,
    }
}

/// A lease on one key, perhaps held, and the claims of the message that is worked on under it.
///
/// A lease ends with its worker; a claim is durable. It keeps everybody else away from a half-written contact, also after
/// a crash, until the message that wrote it is finished.
#[derive(Debug)]
pub(crate) struct Lease {
    effects: Effects,
    holder: String,
    ttl_ms: u64,
    held: Option<(String, u64)>,
    /// The keys that are ours.
    pub(crate) claims: Vec<String>,
}

impl Lease {
    pub(crate) fn new(effects: &Effects, ttl_ms: u64) -> Self {
        Self { effects: effects.clone(), holder: effects.unique(), ttl_ms, held: None, claims: Vec::new() }
    }

    /// Takes the lease. False where somebody else holds it.
    pub(crate) async fn acquire(&mut self, key: String) -> Result<bool> {
        let (entries, now) = self.effects.get(vec![key.clone()]).await?;
        let entry = entries.first();
        // What can't be read is nobody's.
        let held = entry.and_then(|e| parse(&e.value)).and_then(Held::from_json);
        if held.is_some_and(|h| h.until > now && h.holder != self.holder) {
            return Ok(false);
        }
        let expect = Some(entry.map_or(0, |e| e.version));
        let version =
            self.effects.commit(vec![Write { key: key.clone(), expect, value: Some(self.value(now)) }]).await?;
        self.held = version.map(|version| (key, version));
        Ok(version.is_some())
    }

    /// Writes under the lease and renews it.
    pub(crate) async fn commit(&mut self, mut writes: Vec<Write>) -> Result<()> {
        let (key, version) = self.held.take().ok_or_else(taken_over)?;
        let value = Some(self.value(self.effects.shared_now()));
        writes.push(Write { key: key.clone(), expect: Some(version), value });
        let version = self.effects.commit(writes).await?.ok_or_else(taken_over)?;
        self.held = Some((key, version));
        Ok(())
    }

    /// Claims a key for the message `name`. False where another unfinished message has it.
    pub(crate) async fn claim(&mut self, key: String, name: &str) -> Result<bool> {
        self.claim_all(vec![key], name).await
    }

    /// Claims all of these keys for the message `name`, or none.
    pub(crate) async fn claim_all(&mut self, mut keys: Vec<String>, name: &str) -> Result<bool> {
        keys.retain(|key| !self.claims.contains(key));
        if keys.is_empty() {
            return Ok(true);
        }
        let (entries, _) = self.effects.get(keys.clone()).await?;
        let value = text(&name.to_owned().to_json());
        if entries.iter().any(|entry| entry.value != value) {
            return Ok(false);
        }
        let free = keys.iter().filter(|key| !entries.iter().any(|entry| entry.key == **key));
        let writes: Vec<Write> =
            free.map(|key| Write { key: key.clone(), expect: Some(0), value: Some(value.clone()) }).collect();
        if !writes.is_empty() {
            self.commit(writes).await?;
        }
        self.claims.extend(keys);
        Ok(true)
    }

    /// The writes that give all claims back.
    pub(crate) fn unclaim(&mut self) -> Vec<Write> {
        self.claims.drain(..).map(|key| Write { key, expect: None, value: None }).collect()
    }

    /// Writes under the lease and gives it back.
    pub(crate) async fn release(&mut self, mut writes: Vec<Write>) -> Result<()> {
        let (key, version) = self.held.take().ok_or_else(taken_over)?;
        writes.push(Write { key, expect: Some(version), value: None });
        self.effects.commit(writes).await?.map(|_| ()).ok_or_else(taken_over)
    }

    fn value(&self, now: u64) -> String {
        text(&Held { holder: self.holder.clone(), until: now + self.ttl_ms }.to_json())
    }
}

fn taken_over() -> Error {
    Error::new(
        Code::Conflict,
        "another worker has taken over this person's events",
        "Nothing to do: that worker goes on.",
    )
}
