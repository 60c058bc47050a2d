//! Digistore24 for people: plain values, and the original beside them.

use super::{Bridge, fields::Custom, nothing_done, object, text};
use crate::json::{Map, Value, parse, put};
use crate::{
    catalog::Operation,
    error::{Error, Result},
};

impl Bridge<'_> {
    /// A link to the order form; by wish it is written into a field of a contact.
    pub(super) async fn buy_link(&self, operation: &Operation, create: &str, mut input: Map) -> Result<Value> {
        let mut target = object(input.remove("writeTo").unwrap_or_default());
        let mut place = None;
        // Contact and field must be there before the link is made.
        if let Some(field) = text(&target, "field") {
            if let (None, Some(buyer)) = (text(&target, "email"), text(&input, "email")) {
                put(&mut target, "email", buyer.into());
            }
            let contact_id = self.contact(&mut target).await.map_err(|error| {
                error.with(|d| d.fields.iter_mut().for_each(|f| f.path = format!("writeTo.{}", f.path)))
            })?;
            let fields = self.find_fields(&[("writeTo.field".to_owned(), field.clone())]).await?;
            let Some(found) = fields.into_iter().next() else { return Ok(Value::Null) };
            if Custom::new(&found, String::new(), "https://".into()).is_err() {
                return Err(nothing_done(Error::invalid_field("writeTo.field", "must be a text field")));
            }
            place = Some((contact_id, field, found));
        }
        let mut shown = plain(self.send(operation, create, input).await?);
        if let (Some((contact_id, name, field)), Some(shown)) = (place, shown.as_object_mut()) {
            self.done(format!("the buy link {} was created", shown["id"].as_str().unwrap_or_default()));
            let custom = Custom::new(&field, name, shown["url"].clone()).ok();
            let written = self.set(&contact_id, Map::new(), custom.as_slice()).await?;
            put(shown, "contactId", contact_id.into());
            put(shown, "dropped", written["dropped"].clone());
        }
        Ok(shown)
    }

    /// A whole order, one payment, or a part of an order's payment.
    pub(super) async fn refund(&self, operation: &Operation, mut input: Map) -> Result<Value> {
        input.remove("confirm");
        let has = |name: &str| input.contains_key(name);
        let function = match (has("orderId"), has("transactionId"), has("amount")) {
            (false, false, _) => return Err(Error::invalid_field("orderId", "or transactionId is required")),
            (true, true, _) => {
                return Err(Error::invalid_field("transactionId", "must not stand beside orderId: which is meant?"));
            }
            (_, true, true) => {
                return Err(Error::invalid_field("amount", "goes with orderId: one payment is given back whole"));
            }
            (true, false, true) => "digistore24.refundPartially",
            (true, false, false) => "digistore24.refundPurchase",
            (false, true, false) => "digistore24.refundTransaction",
        };
        if has("amount") {
            if input.get("amount").and_then(Value::as_f64).is_none_or(|amount| amount <= 0.0) {
                return Err(Error::invalid_field("amount", "must be more than 0"));
            }
            for name in ["force", "requestDate"] {
                if has(name) {
                    return Err(Error::invalid_field(name, "has no meaning for a part of a payment"));
                }
            }
        }
        Ok(plain(self.send(operation, function, input).await?))
    }
}

/// An answer with plain values and the original under `raw`.
pub(super) fn plain(raw: Value) -> Value {
    // PHP writes an empty object as a list.
    let mut shown = object(normal("", &raw));
    put(&mut shown, "raw", raw);
    Value::Object(shown)
}

/// The same for a list, which gets a name.
pub(super) fn plain_list(name: &str, raw: Value) -> Value {
    let mut shown = Map::new();
    put(&mut shown, name, normal("", &raw));
    put(&mut shown, "raw", raw);
    Value::Object(shown)
}

/// Booleans in place of Y and N, numbers in place of their digits, nothing in place of the empty text; ids are texts.
fn normal(name: &str, value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), normal(name, value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| normal(name, item)).collect()),
        Value::String(text) => match text.as_str() {
            "" => Value::Null,
            day if day.starts_with("0000-00-00") => Value::Null,
            "Y" if is_flag(name) => true.into(),
            "N" if is_flag(name) => false.into(),
            digits if is_amount(name) => parse(digits).filter(Value::is_number).unwrap_or_else(|| value.clone()),
            _ => value.clone(),
        },
        Value::Number(number) if name == "id" || name.ends_with("_id") => number.to_string().into(),
        other => other.clone(),
    }
}

/// By its name: free text may be just `Y`, too.
fn is_flag(name: &str) -> bool {
    let starts = ["is_", "are_", "has_", "have_", "can_"];
    let ends = ["modified", "created", "updated", "deleted", "_active"];
    starts.iter().any(|start| name.starts_with(start)) || ends.iter().any(|end| name.ends_with(end))
}

/// By its name: post codes, phone numbers and ids are digits, too.
fn is_amount(name: &str) -> bool {
    let ends = ["amount", "amounts", "rate", "rates", "quantity", "_count", "_left", "_installments", "sequence_no"];
    name == "count" || ends.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn answers_become_plain() {
        let raw = json!({
            "id": 5, "amount": "97.00", "vat_rate": "19.00", "is_refundable_now": "Y", "modified": "N", "custom": "Y",
            "voucher_code": "", "next_payment_at": "0000-00-00", "other_amounts": "x",
            "buyer": { "zipcode": "01067", "phone_no": "0301234", "first_name": "N", "state": "" },
            "items": [{ "product_id": "551204", "quantity": "2" }],
        });
        let shown = plain(raw.clone());
        assert_eq!(shown["raw"], raw);
        for (path, value) in [
            ("/id", json!("5")),
            ("/amount", json!(97)),
            ("/vat_rate", json!(19)),
            ("/is_refundable_now", json!(true)),
            ("/modified", json!(false)),
            ("/custom", json!("Y")),
            ("/voucher_code", Value::Null),
            ("/next_payment_at", Value::Null),
            ("/other_amounts", json!("x")),
            ("/buyer/zipcode", json!("01067")),
            ("/buyer/phone_no", json!("0301234")),
            ("/buyer/first_name", json!("N")),
            ("/buyer/state", Value::Null),
            ("/items/0/product_id", json!("551204")),
            ("/items/0/quantity", json!(2)),
        ] {
            assert_eq!(shown.pointer(path), Some(&value), "{path}");
        }
        assert_eq!(plain_list("orders", json!([{ "id": "A" }]))["orders"][0]["id"], json!("A"));
        assert_eq!(plain(json!([])), json!({ "raw": [] }));
    }
}
