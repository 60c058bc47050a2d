//! Schemas, with their annotations or without.

use super::{
    super::{
        form::{FORMATS, KEYWORDS, TYPES, node},
        title::title_of,
    },
    index::{Cursor, Index},
};
use crate::json::{Map, Value, put};

/// A walk through the schemas of an input or output.
#[derive(Default)]
pub(super) struct Walk {
    /// Whether properties get the titles that follow from their names.
    titles: bool,
    /// The definitions that were met.
    numbers: Vec<usize>,
    /// The annotations to come.
    notes: Cursor,
    /// How many schemas there were, and at how many the next note belongs.
    schemas: usize,
    noted: usize,
}

impl Walk {
    /// As people see it, with the notes that stand at the cursor.
    pub(super) fn with_notes(notes: Cursor) -> Self {
        let mut walk = Self { titles: true, notes, ..Self::default() };
        walk.next_note();
        walk
    }

    fn next_note(&mut self) {
        // No schema has the number 0.
        self.noted = self.notes.number().checked_sub(1).map_or(0, |distance| self.noted + distance);
    }

    /// Starts the next schema with its annotations.
    fn annotate(&mut self, schema: &mut Map, index: &Index) {
        self.schemas += 1;
        while self.noted == self.schemas {
            let mut notes = self.notes;
            let keyword = notes.word(&KEYWORDS);
            notes.keyword(keyword, schema, index, self);
            self.notes = notes;
            self.next_note();
        }
    }

    /// Notes that a definition is needed; gives its name.
    fn refer(&mut self, number: usize, index: &Index) -> &'static str {
        if !self.numbers.contains(&number) {
            self.numbers.push(number);
        }
        index.definition(number).text(index)
    }

    /// All of them, also those that they need themselves.
    pub(super) fn definitions(&mut self, index: &Index) -> Map {
        let mut map = Map::new();
        let mut done = 0;
        while let Some(number) = self.numbers.get(done).copied() {
            done += 1;
            let mut cursor = index.definition(number);
            let name = cursor.text(index);
            let schema = cursor.schema(index, self);
            put(&mut map, name, Value::Object(schema));
        }
        map
    }
}

impl Cursor {
    pub(super) fn schema(&mut self, index: &Index, walk: &mut Walk) -> Map {
        let mut schema = Map::new();
        walk.annotate(&mut schema, index);
        let head = self.byte();
        let kind = head & node::TYPE;
        let type_of = |number: u8| Value::from(TYPES.get(usize::from(number)).copied().unwrap_or_default());
        match kind {
            node::ANY => {}
            node::REFERENCE => {
                let name = walk.refer(self.number(), index);
                put(&mut schema, "$ref", Value::String(format!("#/$defs/{name}")));
            }
            node::SEVERAL => {
                let bits = self.byte();
                let types = (1..=7).filter(|n| bits & 1 << (n - 1) != 0).map(type_of).collect();
                put(&mut schema, "type", Value::Array(types));
            }
            one if head & node::NULLABLE != 0 => {
                put(&mut schema, "type", Value::Array(vec![type_of(one), "null".into()]));
            }
            one => put(&mut schema, "type", type_of(one)),
        }
        if head & node::PLAIN != 0 {
            let keyword = if kind == node::ARRAY { "items" } else { "properties" };
            self.keyword(keyword, &mut schema, index, walk);
        }
        if head & node::MORE != 0 {
            loop {
                let keyword = self.word(&KEYWORDS);
                if keyword.is_empty() {
                    break;
                }
                self.keyword(keyword, &mut schema, index, walk);
            }
        }
        schema
    }

    fn keyword(&mut self, keyword: &'static str, schema: &mut Map, index: &Index, walk: &mut Walk) {
        let value = match keyword {
            "title" | "description" => self.text(index).into(),
            "format" => self.word(&FORMATS).into(),
            "minLength" | "maxLength" | "minItems" | "maxItems" => self.number().into(),
            "items" => Value::Object(self.schema(index, walk)),
            "anyOf" => {
                let mut choices = Vec::new();
                for _ in 0..self.number() {
                    choices.push(Value::Object(self.schema(index, walk)));
                }
                Value::Array(choices)
            }
            "properties" => self.properties(schema, index, walk),
            "additionalProperties" => match self.byte() {
                2 => Value::Object(self.schema(index, walk)),
                allowed => Value::Bool(allowed == 1),
            },
            "enum" if self.byte() == 1 => Value::Array(self.text(index).split('\n').map(Value::from).collect()),
            "enum" | "examples" => self.list(index),
            "x-secret" => Value::Bool(true),
            _ => self.value(index),
        };
        put(schema, keyword, value);
    }

    /// Also says in `schema` which are required.
    fn properties(&mut self, schema: &mut Map, index: &Index, walk: &mut Walk) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut order = Vec::new();
        for _ in 0..self.number() {
            let number = self.number();
            let (name, mut property) = match (number >> 1).checked_sub(1) {
                None => (self.text(index), self.schema(index, walk)),
                Some(shared) => {
                    let mut shared = index.properties.get(shared).copied().unwrap_or_default();
                    (shared.text(index), shared.schema(index, walk))
                }
            };
            if number & 1 == 1 {
                required.push(name.into());
            }
            if walk.titles {
                if !property.contains_key("title") {
                    put(&mut property, "title", Value::String(title_of(name)));
                }
                order.push(name.into());
            }
            put(&mut properties, name, Value::Object(property));
        }
        if !required.is_empty() {
            put(schema, "required", Value::Array(required));
        }
        if order.len() > 1 {
            put(schema, "x-order", Value::Array(order));
        }
        Value::Object(properties)
    }
}
