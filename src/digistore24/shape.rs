//! The one shape in which hosts get every event of Digistore24, whether it came by webhook or by polling.

use super::event::Event;
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
        let Value::Object(mut whole) = self.to_json() else { return Vec::new() };
        whole.remove("trigger");
        let mut events = Vec::new();
        if split && self.items.len() > 1 {
            for item in &self.items {
                let mut one = whole.clone();
                let key = item.dedupe_key.as_str();
                put(&mut one, "id", Value::String(short_hash(&mut [key].into_iter())));
                put(&mut one, "dedupeKey", key.into());
                put(&mut one, "money", if self.money.is_some() { item.money.to_json() } else { Value::Null });
                put(&mut one, "items", Value::Array(vec![item.to_json()]));
                events.push(self.outward(one));
            }
        } else {
            events.push(self.outward(whole));
        }
        events
    }

    fn outward(&self, mut event: Map) -> Value {
        let item = event.get("items").and_then(|items| items.at(0)).cloned().unwrap_or_default();
        put(&mut event, "item", item);
        let mut event = Value::Object(event);
        let mut added = Map::new();
        put(&mut added, "triggers", catalog::triggers(&self.trigger, &event).to_json());
        for (name, places) in ALIASES {
            let found = places.iter().filter_map(|place| event.pointer(place)).find(|value| !value.is_null());
            put(&mut added, name, found.cloned().unwrap_or_default());
        }
        if let Some(fields) = event.as_object_mut() {
            for (name, value) in added {
                put(fields, &name, value);
            }
        }
        event
    }
}
