//! Events of HighLevel in the sync: what they start is a playbook's steps for a contact. They take the way of every message:
//! inbox, lease, claim, ledger. Of what nobody signed only ids count; what stands under them is read again. The bare module
//! leaves this out for its size.

use super::{Sync, inbox::Message};
use crate::json::{ToJson, Value, text};
use crate::text::short_hash;
use crate::{
    digistore24::{Event, Kind},
    effects::Write,
    mapping::{Person, State},
};

/// The event of a shape as hosts get it; nothing for one of Digistore24.
pub(crate) fn event_of(shape: &Value, received_at_ms: u64) -> Option<Event> {
    shape.text_of("via").filter(|_| cfg!(not(feature = "fetch")))?;
    let word = shape.text_of("event").unwrap_or_default();
    let mut event = Event::blank(word, Kind::HighLevel(word.to_owned()), received_at_ms);
    event.dedupe_key = shape.text_of("dedupeKey").unwrap_or_default().to_owned();
    event.id = short_hash(&mut [event.dedupe_key.as_str()].into_iter());
    event.raw = shape.as_object().cloned().unwrap_or_default();
    // What came is in `data` as far as it counts.
    event.raw.remove("raw");
    Some(event)
}

/// The contact that an event is about.
pub(super) fn contact_id(event: &Event) -> String {
    event.raw.text_of("contactId").unwrap_or_default().to_owned()
}

/// Puts the order into an event that it is about: that of the deal, the task or the note; else the only one that runs, else the
/// only one.
pub(super) fn place(event: &mut Event, person: &Person) {
    let id = event.raw.text_of("objectId");
    let (mut named, mut running, mut runs) = (None, None, 0);
    for order in &person.orders {
        let ids = [order.deal_id.as_deref(), order.note_id.as_deref()];
        if id.is_some() && (ids.contains(&id) || order.open_tasks.iter().any(|task| Some(task.id.as_str()) == id)) {
            named = Some(order);
        }
        if person.order_status(&order.key).is_some_and(State::grants) {
            running = Some(order);
            runs += 1;
        }
    }
    if runs != 1 {
        running = person.orders.first().filter(|_| runs == 0 && person.orders.len() == 1);
    }
    if let Some(order) = named.or(running) {
        event.order.id.clone_from(&order.id);
        event.order.base_id.clone_from(&order.id);
        event.merchant.id = order.key.split_once(':').map(|(merchant, _)| merchant.to_owned());
        event.test = order.test;
    }
    let mut buyers = person.buyers.iter();
    if let (Some(buyer), None) = (buyers.next(), buyers.next()) {
        event.buyer.id = buyer.split_once(':').map(|(_, id)| id.to_owned());
    }
}

impl Sync<'_> {
    /// The message of an event that a playbook waits for, and its name.
    pub(super) fn heard(&self, shape: &Value, at: u64, name: &str) -> Option<Write> {
        let event = event_of(shape, at).filter(|event| self.mapping.hears(shape) && !contact_id(event).is_empty())?;
        let mut message = Message::new(at, text(&event.raw.to_json()), "contact:".to_owned() + &contact_id(&event));
        message.trace = Some(self.effects.trace());
        Some(Write { key: self.scope.inbox(name), expect: Some(0), value: Some(text(&message.to_json())) })
    }

    /// Now, in seconds since 1970.
    pub(super) fn seconds(&self) -> i64 {
        (self.effects.now() / 1000).cast_signed()
    }
}
