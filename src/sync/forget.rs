//! The right to be forgotten, as far as it reaches: everything of a person in the store, on request the contact in
//! HighLevel, and a list of what remains elsewhere.

use super::{Sync, contact_of, from_json, inbox, inbox::Message, person};
use crate::json::{Map, Value, json, put};
use crate::lease::Lease;
use crate::{
    digistore24::{Event, Params},
    effects::Write,
    error::{Code, Error, Result},
    mapping::Person,
    record,
    text::{lower, short_hash},
};

/// A lease on the act of forgetting.
const LEASE_MS: u64 = 120_000;
const PAGE: u32 = 200;
/// So many writes go into one commit.
const AT_ONCE: usize = 100;

record! {
    /// Who is to be forgotten.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Forget {
        /// The e-mail address.
        pub email: String,
        /// Also delete the contact in HighLevel.
        pub delete_contact: bool as "deleteContact",
    }
}

impl Sync<'_> {
    /// Forgets a person: `{ contactId, contactDeleted, orders, messages, remains: [{ where, what, help }] }`.
    ///
    /// That an order came before stays known by a hash, so that its next message makes nobody of it again.
    ///
    /// # Errors
    /// `invalid_input`, `conflict` while an event of this person is worked on; else what HighLevel said. Calling it again goes
    /// on where it stopped.
    pub async fn forget(&self, whom: &Forget) -> Result<Value> {
        let email = lower(whom.email.trim());
        if email.is_empty() {
            return Err(Error::invalid_field("email", "is required"));
        }
        let mut contact_id = contact_of(&self.effects, vec![self.scope.email(&email)]).await?;
        if contact_id.is_none() && whom.delete_contact {
            let found = self.client.run("ghl.contacts.getDuplicateContact", json!({ "email": email })).await?;
            contact_id = found.pointer("/contact/id").and_then(Value::as_str).map(str::to_owned);
        }
        let mut lease = Lease::new(&self.effects, LEASE_MS);
        let is_ours = lease.acquire(self.scope.lease("forget")).await?
            && match &contact_id {
                Some(id) => lease.claim(self.scope.claim_contact(id), "forget").await?,
                None => true,
            };
        if !is_ours {
            return Err(Error::new(
                Code::Conflict,
                "an event of this person is being worked on",
                "Try again in a few minutes; see the commands inbox and deadletters.",
            ));
        }
        let known = match &contact_id {
            Some(id) => person(&self.effects, &self.scope, id).await?.map(|(person, _)| person).unwrap_or_default(),
            None => Person::default(),
        };
        let deleted = match &contact_id {
            Some(id) if whom.delete_contact => {
                let gone = self.client.run("ghl.contacts.deleteContact", json!({ "contactId": id })).await;
                match gone {
                    Ok(_) => true,
                    Err(error) if error.code() == Code::NotFound => true,
                    Err(error) => {
                        let claims = lease.unclaim();
                        lease.release(claims).await?;
                        return Err(error);
                    }
                }
            }
            _ => false,
        };
        let mut writes = Vec::new();
        let messages = self.forget_messages(&email, &known, &mut writes).await?;
        for order in &known.orders {
            // Kept so that a later message of the order is recognised.
            let value = Some(inbox::FORGOTTEN.to_owned());
            writes.push(Write { key: self.scope.order(&order.key), expect: None, value });
        }
        let mut gone: Vec<String> = known.buyers.iter().map(|buyer| self.scope.buyer(buyer)).collect();
        gone.push(self.scope.email(&email));
        gone.push(self.scope.backfill(&(String::from("contact/") + &short_hash(&mut [email.as_str()].into_iter()))));
        gone.extend(contact_id.iter().map(|id| self.scope.person(id)));
        writes.extend(gone.into_iter().map(|key| Write { key, expect: None, value: None }));
        for some in writes.chunks(AT_ONCE) {
            lease.commit(some.to_vec()).await?;
        }
        let claims = lease.unclaim();
        lease.release(claims).await?;
        let mut answer = Map::new();
        put(&mut answer, "contactId", contact_id.clone().map_or(Value::Null, Value::from));
        put(&mut answer, "contactDeleted", deleted.into());
        put(&mut answer, "orders", known.orders.len().into());
        put(&mut answer, "messages", messages.into());
        put(&mut answer, "remains", remains(contact_id.is_some() && !deleted));
        Ok(Value::Object(answer))
    }

    /// The messages of a person, in all rooms, and what a backfill has put down. Gives how many.
    async fn forget_messages(&self, email: &str, known: &Person, writes: &mut Vec<Write>) -> Result<usize> {
        let staged = self.scope.backfill(&format!("order/{}/", short_hash(&mut [email].into_iter())));
        let rooms = [self.scope.inbox(""), self.scope.dead(""), self.scope.kept(""), self.scope.done(""), staged.clone()];
        let mut count = 0;
        for room in rooms {
            let mut after = None;
            loop {
                let (entries, _) = self.effects.list(room.clone(), after, PAGE).await?;
                for entry in &entries {
                    if room == staged || self.is_of(&entry.value, email, known) {
                        count += 1;
                        writes.push(Write { key: entry.key.clone(), expect: None, value: None });
                        if let Some(name) = entry.key.strip_prefix(&room) {
                            writes.push(Write { key: self.scope.work(name), expect: None, value: None });
                        }
                    }
                }
                if entries.len() < PAGE as usize {
                    break;
                }
                after = entries.last().map(|entry| entry.key.clone());
            }
        }
        Ok(count)
    }

    fn is_of(&self, message: &str, email: &str, known: &Person) -> bool {
        let Ok(message) = from_json::<Message>(message) else { return message.contains(email) };
        let forms = message.earlier.iter().chain([&message.body]);
        let mut params = forms.filter_map(|form| crate::digistore24::parse(form.as_bytes()).ok());
        params.any(|params: Params| {
            let event = Event::read(&self.client.connection.id, &params, 0);
            event.buyer.email.as_deref() == Some(email)
                || known.order(&event.order_key()).is_some()
                || params.iter().any(|(_, value)| value.eq_ignore_ascii_case(email))
        })
    }
}

fn remains(in_highlevel: bool) -> Value {
    let mut remains = Vec::new();
    if in_highlevel {
        remains.push(json!({
            "where": "HighLevel", "what": "the contact with its notes, tasks, messages and deals",
            "help": "delete the contact there, or call again with deleteContact",
        }));
    }
    remains.push(json!({
        "where": "Digistore24", "what": "the orders, with name and address",
        "help": "the reseller keeps them as the law says; ask Digistore24's support",
    }));
    remains.push(json!({
        "where": "backups", "what": "copies of the state file from before",
        "help": "let them expire, and forget again after a restore",
    }));
    Value::Array(remains)
}
