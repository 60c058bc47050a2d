//! The one shape in which hosts get every event of Digistore24, whether it came by webhook or by polling.

use super::event::{Event, Item, Money};
use crate::catalog;
use crate::json::{Map, ToJson, Value, put};
use crate::text::short_hash;

/// The ten fields that are used most stand at the top, too: their names, and where they come from.
const ALIASES: [(&str, &[&str]); 10] = [
    ("amount", &["/money/gross"]),
    ("currency", &["/money/currency"]),
    // Of an approved affiliation, the partner's.
    ("email", &["/buyer/email", "/affiliate/email"]),
    ("firstName", &["/buyer/firstName"]),
    ("lastName", &["/buyer/lastName"]),
    ("nextPaymentAt", &["/subscription/nextPaymentAt"]),
    ("orderId", &["/order/id"]),
    ("productId", &["/item/productId"]),
    ("productName", &["/item/name"]),
    ("transactionId", &["/transaction/id"]),
];

impl Event {
    /// The event as hosts see it: one object, or with `split` one for each item, each with its own key.
    ///
    /// Of an event that was split, `money` is the item's part: null where the message doesn't say it, for the whole amount
    /// would be counted twice.
    pub fn shape(&self, split: bool) -> Vec<Value> {
        if !split || self.items.len() < 2 {
            return vec![self.outward()];
        }
        let mut events = Vec::new();
        for item in &self.items {
            events.push(self.only(item).outward());
        }
        events
    }

    fn only(&self, item: &Item) -> Self {
        let money = self.money.as_ref().and(item.money.clone());
        Self {
            id: short_hash(&mut [item.dedupe_key.as_str()].into_iter()),
            dedupe_key: item.dedupe_key.clone(),
            items: vec![item.clone()],
            money: money.map(|money| Money { earnings: None, ..money }),
            ..self.clone()
        }
    }

    fn outward(&self) -> Value {
        let mut event = self.to_json();
        let item = event.pointer("/items/0").cloned().unwrap_or_default();
        let mut aliases = Map::new();
        if let Some(object) = event.as_object_mut() {
            object.remove("trigger");
            put(object, "item", item);
        }
        for (name, places) in ALIASES {
            let found = places.iter().filter_map(|place| event.pointer(place)).find(|value| !value.is_null());
            put(&mut aliases, name, found.cloned().unwrap_or_default());
        }
        let triggers = catalog::triggers(&self.trigger, &event).to_json();
        if let Some(object) = event.as_object_mut() {
            for (name, value) in aliases {
                put(object, &name, value);
            }
            put(object, "triggers", triggers);
        }
        event
    }
}
