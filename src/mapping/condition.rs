//! Conditions on the event and on what is known of the order: `{ "field": "money.gross", "gte": 100 }`, with `all`, `any`,
//! `not`. A list means all of them; nothing means yes.

use std::cmp::Ordering;

use super::template::{as_text, pointer, reach};
use crate::clock;
use crate::json::{Value, parse};
use crate::text::lower;

/// Whether a checked condition holds.
pub fn holds(condition: &Value, facts: &Value) -> bool {
    let list = Value::items;
    match condition {
        Value::Array(all) => all.iter().all(|c| holds(c, facts)),
        Value::Object(parts) => {
            let path = pointer(condition["field"].as_str().unwrap_or_default());
            let found = &reach(facts, &path);
            parts.iter().all(|(word, wanted)| match word.as_str() {
                "all" => holds(wanted, facts),
                "any" => list(wanted).iter().any(|c| holds(c, facts)),
                "not" => !holds(wanted, facts),
                "is" => is(found, wanted),
                "isNot" => !is(found, wanted),
                "in" => list(wanted).iter().any(|w| is(found, w)),
                "notIn" => !list(wanted).iter().any(|w| is(found, w)),
                "matches" => any(found, &|one| matches(&as_text(wanted), &as_text(one))),
                "exists" => as_text(found).is_empty() != (*wanted == Value::Bool(true)),
                "gt" | "gte" | "lt" | "lte" => any(found, &|one| match compare(one, wanted) {
                    Some(Ordering::Less) => word.starts_with('l'),
                    Some(Ordering::Equal) => word.ends_with('e'),
                    Some(Ordering::Greater) => word.starts_with('g'),
                    None => false,
                }),
                _ => true,
            })
        }
        _ => true,
    }
}

/// Whether a field of this kind can be compared so.
pub(super) fn fits(word: &str, kind: &str, wanted: &Value) -> bool {
    let is_date = wanted.as_str().is_some_and(|text| clock::parse_iso(text).is_some());
    match (word, kind) {
        ("exists", _) | (_, "any") => true,
        ("in" | "notIn", _) => wanted.as_array().is_some_and(|all| all.iter().all(|one| fits("is", kind, one))),
        ("gt" | "gte" | "lt" | "lte", "number") | ("is" | "isNot", "number") => wanted.is_number(),
        ("gt" | "gte" | "lt" | "lte", "date") => is_date,
        ("is" | "isNot", "boolean") => wanted.as_bool().is_some(),
        ("is" | "isNot", _) => wanted.is_string() || wanted.is_number(),
        ("matches", "text" | "list" | "date") => true,
        _ => false,
    }
}

/// Of a list one item is enough.
fn any(found: &Value, test: &dyn Fn(&Value) -> bool) -> bool {
    match found.as_array() {
        Some(items) => items.iter().any(|item| any(item, test)),
        None => test(found),
    }
}

/// Ids may be written as numbers.
fn is(found: &Value, wanted: &Value) -> bool {
    *found == *wanted || any(found, &|one| as_text(one) == as_text(wanted))
}

/// As numbers, else as moments.
fn compare(found: &Value, wanted: &Value) -> Option<Ordering> {
    // Digistore24's own fields are all text.
    let number = |value: &Value| value.as_f64().or_else(|| parse(value.as_str()?.trim())?.as_f64());
    if let (Some(found), Some(wanted)) = (number(found), number(wanted)) {
        return found.partial_cmp(&wanted);
    }
    Some(clock::parse_iso(found.as_str()?)?.cmp(&clock::parse_iso(wanted.as_str()?)?))
}

/// `*` stands for any text, `?` for one letter; the case doesn't count.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (lower(pattern).chars().collect(), lower(text).chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star stands, and how far the text had come: it may stand for one letter more.
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(letter) if *letter == '?' || text.get(t) == Some(letter) => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, proptest};

    use super::*;
    use crate::json::{json, parse};

    #[test]
    fn every_word() {
        let facts = json!({
            "money": { "gross": 97.0 }, "item": { "productId": "512345", "name": "Kräuterkurs Plus", "tags": ["kurs", "vip"] },
            "items": [
                { "productId": "512002", "tags": ["buch"], "money": null, "licenseKey": null },
                { "productId": "512001", "tags": ["kurs", "vip"], "money": { "gross": 60.0 }, "licenseKey": null },
            ],
            "raw": { "amount": "97.00" }, "buyer": { "company": null, "country": "DE" }, "occurredAt": "2026-11-18T10:00:00+01:00", "test": false,
        });
        for (condition, expected) in [
            (r#"{}"#, true),
            (r#"[]"#, true),
            (r#"{ "field": "item.product_id", "is": 512345 }"#, true),
            (r#"{ "field": "item.productId", "isNot": "512345" }"#, false),
            (r#"{ "field": "buyer.country", "in": ["DE", "AT"] }"#, true),
            (r#"{ "field": "buyer.country", "notIn": ["DE", "AT"] }"#, false),
            (r#"{ "field": "item.name", "matches": "*KURS p?us" }"#, true),
            (r#"{ "field": "item.name", "matches": "kurs*" }"#, false),
            (r#"{ "field": "item.tags", "is": "vip" }"#, true),
            (r#"{ "field": "item.tags", "matches": "v*" }"#, true),
            (r#"{ "field": "money.gross", "gte": 97, "lt": 100 }"#, true),
            (r#"{ "field": "money.gross", "gt": 97 }"#, false),
            (r#"{ "field": "raw.amount", "gt": 96.5, "lt": 1000 }"#, true),
            (r#"{ "field": "raw.amount", "gt": 97 }"#, false),
            (r#"{ "field": "occurredAt", "gte": "2026-11-18" }"#, true),
            (r#"{ "field": "occurredAt", "lte": "2026-11-18T09:00:00Z" }"#, true),
            (r#"{ "field": "buyer.country", "gt": 5 }"#, false),
            (r#"{ "field": "buyer.company", "exists": false }"#, true),
            (r#"{ "field": "buyer.country", "exists": true }"#, true),
            (r#"{ "field": "test", "is": false }"#, true),
            (r#"{ "field": "items.product_id", "is": 512001 }"#, true),
            (r#"{ "field": "items.productId", "in": [1, 512002] }"#, true),
            (r#"{ "field": "items.productId", "isNot": 512001 }"#, false),
            (r#"{ "field": "items.productId", "notIn": [1, 2] }"#, true),
            (r#"{ "field": "items.1.productId", "is": 512002 }"#, false),
            (r#"{ "field": "items.tags", "is": "vip" }"#, true),
            (r#"{ "field": "items.tags", "matches": "b*" }"#, true),
            (r#"{ "field": "items.money.gross", "gte": 60 }"#, true),
            (r#"{ "field": "items.money.gross", "gt": 60 }"#, false),
            (r#"{ "field": "items.licenseKey", "exists": true }"#, false),
            (r#"{ "field": "items.money.gross", "exists": true }"#, true),
            (r#"{ "field": "items.nothing.at.all", "is": 5 }"#, false),
            (r#"{ "any": [{ "field": "test", "is": true }, { "field": "buyer.country", "is": "DE" }] }"#, true),
            (
                r#"{ "not": { "all": [{ "field": "test", "is": true }, { "field": "buyer.country", "is": "DE" }] } }"#,
                true,
            ),
            (r#"[{ "field": "test", "is": false }, { "field": "buyer.country", "is": "FR" }]"#, false),
        ] {
            assert_eq!(holds(&parse(condition).unwrap(), &facts), expected, "{condition}");
        }
    }

    /// A condition of one field, or of several by `all`, `any`, `not`, and what it comes to, told without `holds`.
    fn judged() -> impl Strategy<Value = (Value, bool)> {
        let leaf = (-3..4i64, 0..6usize).prop_map(|(n, word)| {
            let (word, holds) =
                [("gt", 0 > n), ("gte", 0 >= n), ("lt", 0 < n), ("lte", 0 <= n), ("is", 0 == n), ("isNot", 0 != n)]
                    [word];
            let condition = [("field".to_owned(), Value::from("n")), (word.to_owned(), json!(n))];
            (Value::Object(condition.into_iter().collect()), holds)
        });
        leaf.prop_recursive(4, 24, 4, |inner| {
            (proptest::collection::vec(inner, 0..4), 0..3usize).prop_map(|(parts, word)| {
                let (conditions, truths): (Vec<Value>, Vec<bool>) = parts.into_iter().unzip();
                let (every, one) = (truths.iter().all(|t| *t), truths.contains(&true));
                match word {
                    0 => (json!({ "all": conditions }), every),
                    1 => (json!({ "any": conditions }), one),
                    _ => (json!({ "not": { "any": conditions } }), !one),
                }
            })
        })
    }

    proptest! {
        #[test]
        fn all_any_and_not_mean_what_they_say((condition, expected) in judged()) {
            prop_assert_eq!(holds(&condition, &json!({ "n": 0 })), expected);
            prop_assert_eq!(holds(&json!({ "not": condition }), &json!({ "n": 0 })), !expected);
        }

        #[test]
        fn any_pattern_that_is_the_text_matches_it(text in "[a-zA-ZäÖ0-9 ]{0,12}", at in 0..12usize) {
            let letters: Vec<char> = text.chars().collect();
            let at = at.min(letters.len());
            let (head, tail): (String, String) = (letters[..at].iter().collect(), letters[at..].iter().collect());
            prop_assert!(matches(&text, &text));
            prop_assert!(matches(&(head.clone() + "*" + &tail), &text));
            prop_assert!(matches(&(head.clone() + "*"), &text) && matches(&("*".to_owned() + &tail), &text));
            if let Some(rest) = tail.get(tail.chars().next().map_or(0, char::len_utf8)..).filter(|_| !tail.is_empty()) {
                prop_assert!(matches(&(head + "?" + rest), &text));
            }
        }
    }

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("*", "", true),
            ("?", "", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("*ä?", "BÄR", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
