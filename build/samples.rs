//! Values as bytes: by their schema, or each with its kind.

use serde_json::{Map, Value};

use crate::{
    Result,
    form::value as v,
    out::{Out, varint},
    pack::Pack,
};

impl Pack {
    /// A value of which the schema says what to expect. 0 says that it is something else.
    pub(crate) fn guided(&mut self, out: &mut Out, value: &Value, schema: &Value, file: &Map<String, Value>) {
        let mut schema = schema;
        while let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/")) {
            schema = file.get("$defs").and_then(|defs| defs.get(name)).unwrap_or(&Value::Null);
        }
        let word = schema.get("enum").and_then(Value::as_array).and_then(|words| words.iter().position(|w| w == value));
        let expected: Vec<&str> = match schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).filter(|t| *t != "null").collect(),
            _ => Vec::new(),
        };
        let nothing = Value::Null;
        match (&expected[..], value) {
            (["string"], Value::String(_)) if schema.get("enum").is_some() && word.is_some() => {
                varint(out, word.unwrap_or_default() + 1);
            }
            (["string"], Value::String(text)) if schema.get("enum").is_none() => self.put_some(out, Some(text)),
            (["boolean"], Value::Bool(yes)) => out.push(1 + u8::from(*yes)),
            (["integer" | "number"], Value::Number(number)) if number.as_u64().is_some_and(|n| n < 1 << 30) => {
                varint(out, number.as_u64().unwrap_or_default() as usize + 1);
            }
            (["array"], Value::Array(list)) => {
                varint(out, list.len() + 1);
                let items = schema.get("items").unwrap_or(&nothing);
                list.iter().for_each(|item| self.guided(out, item, items, file));
            }
            (["object"], Value::Object(object)) => {
                varint(out, object.len() + 1);
                let properties = schema.get("properties").and_then(Value::as_object);
                let mut names: Vec<&String> = properties.into_iter().flat_map(Map::keys).collect();
                names.sort_unstable();
                for (name, item) in object {
                    match names.binary_search(&name) {
                        Ok(index) => {
                            varint(out, index + 1);
                            let property = properties.and_then(|p| p.get(name)).unwrap_or(&nothing);
                            self.guided(out, item, property, file);
                        }
                        Err(_) => {
                            out.push(0);
                            self.put_string(out, name);
                            self.value(out, item);
                        }
                    }
                }
            }
            _ => {
                if matches!(expected[..], ["string" | "boolean" | "integer" | "number" | "array" | "object"]) {
                    out.push(0);
                }
                self.value(out, value);
            }
        }
    }

    /// A list of values.
    pub(crate) fn values(&mut self, out: &mut Out, list: &Value) -> Result<()> {
        let list = list.as_array().ok_or("a list of values is none")?;
        varint(out, list.len());
        list.iter().for_each(|item| self.value(out, item));
        Ok(())
    }

    /// Any JSON value.
    pub(crate) fn value(&mut self, out: &mut Out, value: &Value) {
        match value {
            Value::Null => out.push(v::NULL),
            Value::Bool(yes) => out.push(if *yes { v::TRUE } else { v::FALSE }),
            Value::Number(number) => match number.as_u64().filter(|n| *n < 1 << 31) {
                Some(n) => {
                    out.push(v::WHOLE);
                    varint(out, n as usize);
                }
                None => {
                    out.push(v::NUMBER);
                    self.put_string(out, &number.to_string());
                }
            },
            Value::String(text) => {
                out.push(v::STRING);
                self.put_string(out, text);
            }
            Value::Array(list) => {
                out.push(v::LIST);
                varint(out, list.len());
                list.iter().for_each(|item| self.value(out, item));
            }
            Value::Object(object) => {
                out.push(v::OBJECT);
                varint(out, object.len());
                for (name, item) in object {
                    self.put_string(out, name);
                    self.value(out, item);
                }
            }
        }
    }
}
