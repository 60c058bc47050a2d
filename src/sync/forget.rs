//! The right to be forgotten, as far as the store reaches. What lies elsewhere is the host's to name.

use super::{FORGOTTEN, Sync, contact_of, from_json, inbox::Message, person};
use crate::json::{Set, ToJson, Value, json, text};
use crate::{
    digistore24::{Event, Params, order_key, parse},
    effects::Write,
    error::{Code, Error, Result},
    mapping::Person,
    text::lower,
};

const PAGE: u32 = 200;

impl Sync<'_> {
    /// Removes everything of a person: `{ contactId, orders, messages }`. That an order came stays known by its number, so
    /// that its next message makes nobody of it again. `in_highlevel` is who has the address there: of whoever bought nothing
    /// only the contact's id is known here.
    ///
    /// # Errors
    /// `invalid_input` without an address; `storage`; `conflict` while an event of this person is worked on.
    pub async fn forget(&self, email: &str, in_highlevel: Option<&str>) -> Result<Value> {
        let email = lower(email.trim());
        if email.is_empty() {
            return Err(Error::invalid_field("email", "is missing"));
        }
        let found = contact_of(&self.effects, vec![self.scope.email(&email)]).await?;
        let contact_id = found.or_else(|| in_highlevel.map(str::to_owned));
        let id = contact_id.as_deref().unwrap_or_default();
        let (known, version) = person(&self.effects, &self.scope, id).await?.unwrap_or_default();
        let claims = vec![self.scope.claim_contact(id), self.scope.claim_email(&email)];
        let mut is_busy = !self.effects.get(claims).await?.0.is_empty();
        let mut writes = Vec::new();
        let mut forget = |key: String| writes.push(Write { key, expect: None, value: None });
        let staged = self.scope.backfill("order", &email);
        let mut messages = 0u32;
        let scope = &self.scope;
        let rooms = [scope.inbox(""), scope.dead(""), scope.kept(""), scope.done(""), scope.later(""), scope.event("")];
        // Under each address that the person ever had.
        let (addresses, owner) = (scope.key("email", ""), text(&id.to_owned().to_json()));
        for room in rooms.into_iter().chain([staged.clone(), addresses.clone()]) {
            let mut after = None;
            loop {
                let (entries, _) = self.effects.list(room.clone(), after, PAGE).await?;
                let is_last = entries.len() < PAGE as usize;
                after = entries.last().map(|entry| entry.key.clone());
                for entry in entries {
                    if room == addresses {
                        if entry.value == owner {
                            forget(entry.key);
                        }
                    } else if room == staged || self.is_of(&entry.value, &email, id, &known) {
                        messages += 1;
                        forget(self.scope.work(entry.key.strip_prefix(&room).unwrap_or_default()));
                        forget(entry.key);
                    }
                }
                if is_last {
                    break;
                }
            }
        }
        forget(self.scope.email(&email));
        forget(self.scope.mirror(id));
        forget(self.scope.backfill("contact", &email));
        for buyer in known.buyers.iter() {
            forget(self.scope.buyer(buyer));
        }
        let mut orders = Set::new();
        for order in &known.orders {
            orders.insert(self.scope.order(&order.key));
            // An order that it has replaced still has its last messages.
            for replaced in [&order.replaces, &order.replaces_later].into_iter().flatten() {
                orders.insert(self.scope.order(&order_key(order.key.split(':').next(), replaced)));
            }
        }
        orders.extend(known.tickets.keys().map(|id| self.scope.ticket(id)));
        for key in orders {
            writes.push(Write { key, expect: None, value: Some(FORGOTTEN.to_owned()) });
        }
        if version > 0 {
            writes.push(Write { key: self.scope.person(id), expect: Some(version), value: None });
        }
        is_busy = is_busy || self.effects.commit(writes).await?.is_none();
        if is_busy {
            return Err(Error::new(
                Code::Conflict,
                "an event of this person is being worked on",
                "Try again in a few minutes; the commands inbox and deadletters show what waits.",
            ));
        }
        Ok(json!({ "contactId": contact_id, "orders": known.orders.len(), "messages": messages }))
    }

    fn is_of(&self, message: &str, email: &str, id: &str, known: &Person) -> bool {
        // In a ticket, in HighLevel's events, and in what can't be read, address and id are all that can be looked for.
        let is_in = |text: &str| mentions(&lower(text), email) || !id.is_empty() && text.contains(id);
        let Ok(message) = from_json::<Message>(message) else { return is_in(message) };
        is_in(&text(&message.ticket))
            || message.earlier.iter().chain([&message.body]).any(|form| {
                if form.starts_with('{') {
                    return is_in(form);
                }
                let params: Params = parse(form.as_bytes()).unwrap_or_default();
                let event = Event::read(&self.client.connection.id, &params, 0);
                known.order(&event.order_key()).is_some() || params.iter().any(|(_, value)| lower(value) == email)
            })
    }
}

/// Whether an address stands in a text, and not as a part of a longer one.
fn mentions(text: &str, email: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
    let goes_on = |rest: &str| {
        rest.strip_prefix('.').unwrap_or(rest).starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-')
    };
    let mut parts = text.split(email);
    let mut before = parts.next().unwrap_or_default();
    parts.any(|after| {
        let is_whole = !before.ends_with(is_part) && !goes_on(after);
        before = after;
        is_whole
    })
}
