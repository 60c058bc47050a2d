//! Values: by their schema, or each with its kind.

use super::{
    super::form::value,
    index::{Cursor, Index},
};
use crate::json::{Map, Value, parse, put};

impl Cursor {
    pub(super) fn list(&mut self, index: &Index) -> Value {
        let mut list = Vec::new();
        for _ in 0..self.number() {
            list.push(self.value(index));
        }
        Value::Array(list)
    }

    /// A value of which the schema says what to expect; 0 says that it is something else.
    pub(super) fn guided(&mut self, schema: &Map, definitions: Option<&Value>, index: &Index) -> Value {
        let mut schema = schema;
        while let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/")) {
            match definitions.and_then(|all| all.get(name)).and_then(Value::as_object) {
                Some(definition) => schema = definition,
                None => return Value::Null,
            }
        }
        let mut expected = "";
        match schema.get("type") {
            Some(Value::String(one)) => expected = one,
            Some(Value::Array(many)) => {
                let mut types = many.iter().filter_map(Value::as_str).filter(|t| *t != "null");
                let first = types.next().unwrap_or_default();
                expected = if types.next().is_none() { first } else { "" };
            }
            _ => {}
        }
        if !matches!(expected, "string" | "boolean" | "integer" | "number" | "array" | "object") {
            return self.value(index);
        }
        let Some(number) = self.number().checked_sub(1) else { return self.value(index) };
        match expected {
            "string" => match schema.get("enum") {
                Some(words) => words.at(number).cloned().unwrap_or_default(),
                None => self.string(number, index).into(),
            },
            "boolean" => (number == 1).into(),
            "array" => {
                let nothing = Map::new();
                let items = schema.get("items").and_then(Value::as_object).unwrap_or(&nothing);
                let mut list = Vec::new();
                for _ in 0..number {
                    list.push(self.guided(items, definitions, index));
                }
                Value::Array(list)
            }
            "object" => {
                let properties = schema.get("properties").and_then(Value::as_object);
                let mut object = Map::new();
                for _ in 0..number {
                    match self.number().checked_sub(1) {
                        Some(place) => {
                            let property = properties.and_then(|all| all.iter().nth(place));
                            let Some((name, Value::Object(schema))) = property else { continue };
                            let item = self.guided(schema, definitions, index);
                            put(&mut object, name, item);
                        }
                        None => {
                            let name = self.text(index);
                            let item = self.value(index);
                            put(&mut object, name, item);
                        }
                    }
                }
                Value::Object(object)
            }
            _ => number.into(),
        }
    }

    pub(super) fn value(&mut self, index: &Index) -> Value {
        match self.byte() {
            value::TRUE => true.into(),
            value::FALSE => false.into(),
            value::WHOLE => self.number().into(),
            value::NUMBER => parse(self.text(index)).unwrap_or_default(),
            value::STRING => self.text(index).into(),
            value::LIST => self.list(index),
            value::OBJECT => {
                let mut object = Map::new();
                for _ in 0..self.number() {
                    let name = self.text(index);
                    let item = self.value(index);
                    put(&mut object, name, item);
                }
                Value::Object(object)
            }
            _ => Value::Null,
        }
    }
}
