//! Digistore24 for people: plain values, and the original beside them.

use super::{Calls, contact, fields, fields::Custom, object, text};
use crate::json::{Map, Value, parse, put};

/// A link to the order form; by wish it is written into a field of a contact.
pub(super) fn buy_link(calls: &mut Calls<'_>, input: &mut Map) -> Value {
    let mut target = object(input.remove("writeTo").unwrap_or_default());
    let name = text(&target, "field");
    let mut place = None;
    // Contact and field must be there before the link is made.
    if !name.is_empty() {
        if let (None, Some(buyer)) = (target.get("email"), input.get("email")) {
            put(&mut target, "email", buyer.clone());
        }
        let contact_id = calls.contact(&mut target, "writeTo.");
        let found = fields::find(calls, &[("writeTo.field".to_owned(), name.clone())]);
        place =
            found.first().filter(|field| Custom::of_text(field, "", "https://").is_some()).map(|f| (contact_id, *f));
        if place.is_none() {
            calls.bad("writeTo.", "field", "must be a text field");
        }
    }
    let mut answer = plain(calls.send("digistore24.createBuyUrl", input), "");
    if let (Some((contact_id, field)), Some(answer)) = (place, answer.as_object_mut()) {
        let custom = Custom::of_text(field, &name, &text(answer, "url"));
        calls.done("the buy link was created: ", &text(answer, "id"));
        let mut written = contact::set(calls, &contact_id, &Map::new(), custom.as_slice());
        put(answer, "dropped", written.remove("dropped").unwrap_or_default());
        put(answer, "contactId", contact_id.into());
    }
    answer
}

/// A whole order, one payment, or a part of an order's payment.
pub(super) fn refund(calls: &mut Calls<'_>, input: &mut Map) -> Value {
    input.remove("confirm");
    let has = |name: &str| input.contains_key(name);
    let is_part = has("amount");
    let (function, problem) = match (has("orderId"), has("transactionId")) {
        (false, false) => ("", ("orderId", "or transactionId is required")),
        (true, true) => ("", ("transactionId", "must not stand beside orderId: which is meant?")),
        (false, true) if is_part => ("", ("amount", "goes with orderId: one payment is given back whole")),
        (false, true) => ("digistore24.refundTransaction", ("", "")),
        (true, false) if is_part => {
            let amount = input.get("amount").and_then(Value::as_f64).unwrap_or_default();
            let stray = ["force", "requestDate"].into_iter().find(|name| has(name));
            let problem = match stray {
                _ if amount <= 0.0 => ("amount", "must be more than 0"),
                Some(name) => (name, "has no meaning for a part of a payment"),
                None => ("", ""),
            };
            ("digistore24.refundPartially", problem)
        }
        (true, false) => ("digistore24.refundPurchase", ("", "")),
    };
    if !problem.0.is_empty() {
        calls.bad("", problem.0, problem.1);
    }
    plain(calls.send(function, input), "")
}

/// An answer with plain values and the original under `raw`; a list under its name.
pub(super) fn plain(raw: &Value, name: &str) -> Value {
    let mut shown = Map::new();
    match normal("", raw) {
        Value::Object(fields) => shown = fields,
        // PHP writes an empty object as a list, too: that has no name.
        list if !name.is_empty() => put(&mut shown, name, list),
        _ => {}
    }
    put(&mut shown, "raw", raw.clone());
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
        let shown = plain(&raw, "");
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
        assert_eq!(plain(&json!([{ "id": "A" }]), "orders")["orders"][0]["id"], json!("A"));
        assert_eq!(plain(&json!([]), ""), json!({ "raw": [] }));
    }
}
