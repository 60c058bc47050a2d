//! Reads the packed catalog that `build/` makes (its form: `form.rs`). Loading it costs nothing; the first look-up
//! notes where things start, some microseconds; an entry is decoded when it is asked for.
//!
//! The bytes are part of the program, so there is nothing to refuse: behind the end there are only zeros.

use std::cell::OnceCell;

use super::{
    Promise,
    form::{EFFECTS, FORMATS, KEYWORDS, KINDS, METHODS, RETRIES, TYPES, flag, node, value},
    title::title_of,
};
use crate::json::{Map, Value, parse, put};

static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/catalog.bin"));

/// One file of the catalog.
#[derive(Clone, Copy)]
pub(super) struct Resource {
    pub(super) service: &'static str,
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) version: &'static str,
}

/// Where things are.
#[derive(Default)]
struct Index {
    /// The end of each string in `text`.
    ends: Vec<u32>,
    text: &'static str,
    resources: Vec<Resource>,
    properties: Places,
    definitions: Places,
    entries: Places,
}

/// The starts of things that stand one behind the other: of their structure and of their texts.
#[derive(Default)]
struct Places(Vec<(u32, u32)>);

impl Places {
    fn cursor(&self, number: usize) -> Cursor {
        // Behind the end there are only zeros.
        let (at, text) = self.0.get(number).copied().unwrap_or((u32::MAX >> 1, 0));
        Cursor { at: at as usize, text: text as usize }
    }
}

/// Made at the first look-up and kept as long as the program.
fn index() -> &'static Index {
    thread_local! {
        static INDEX: OnceCell<&'static Index> = const { OnceCell::new() };
    }
    INDEX.with(|cell| *cell.get_or_init(|| Box::leak(Box::new(Index::new()))))
}

impl Index {
    fn new() -> Self {
        let mut cursor = Cursor::default();
        let length = cursor.number();
        let start = cursor.at;
        cursor.at += length;
        let text = BYTES.get(start..cursor.at).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        let mut ends = Vec::new();
        for _ in 0..cursor.number() {
            cursor.text += cursor.number();
            ends.push(cursor.text as u32);
        }
        let mut index = Self { ends, text, ..Self::default() };
        for _ in 0..cursor.number() {
            let [service, name, title, version] = [(); 4].map(|()| cursor.text(&index));
            index.resources.push(Resource { service, name, title, version });
        }
        index.properties = cursor.places();
        index.definitions = cursor.places();
        index.entries = cursor.places();
        index
    }

    /// The string with that number, from 1.
    fn text(&self, number: usize) -> &'static str {
        let end = |number: usize| number.checked_sub(1).and_then(|i| self.ends.get(i)).map_or(0, |end| *end as usize);
        self.text.get(end(number - 1)..end(number)).unwrap_or_default()
    }
}

/// A place in the structure, and the next of the texts.
#[derive(Clone, Copy, Default)]
struct Cursor {
    at: usize,
    text: usize,
}

impl Cursor {
    fn byte(&mut self) -> u8 {
        let byte = BYTES.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        byte
    }

    fn number(&mut self) -> usize {
        let mut number = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte();
            number |= usize::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return number;
            }
            shift += 7;
        }
    }

    fn places(&mut self) -> Places {
        let mut lengths = Vec::new();
        for _ in 0..self.number() {
            lengths.push((self.number(), self.number()));
        }
        let mut places = Vec::new();
        for (structure, texts) in lengths {
            places.push((self.at as u32, self.text as u32));
            self.at += structure;
            self.text += texts;
        }
        Places(places)
    }

    fn text(&mut self, index: &Index) -> &'static str {
        let number = self.number();
        self.string(number, index)
    }

    fn maybe_text(&mut self, index: &Index) -> Option<&'static str> {
        let number = self.number().checked_sub(1)?;
        Some(self.string(number, index))
    }

    /// A string by its number, or the next of the texts.
    fn string(&mut self, number: usize, index: &Index) -> &'static str {
        if number > 0 {
            return index.text(number);
        }
        let start = self.text;
        self.text += self.number();
        index.text.get(start..self.text).unwrap_or_default()
    }

    fn word<const N: usize>(&mut self, words: &[&'static str; N]) -> &'static str {
        words.get(usize::from(self.byte())).copied().unwrap_or_default()
    }

    fn schema(&mut self, index: &Index, found: &mut Definitions) -> Map {
        let mut schema = Map::new();
        let head = self.byte();
        let kind = head & node::TYPE;
        let type_of = |number: u8| Value::from(TYPES.get(usize::from(number)).copied().unwrap_or_default());
        match kind {
            node::ANY => {}
            node::REFERENCE => {
                let name = found.refer(self.number(), index);
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
            self.keyword(keyword, &mut schema, index, found);
        }
        if head & node::MORE != 0 {
            loop {
                let keyword = self.word(&KEYWORDS);
                if keyword.is_empty() {
                    break;
                }
                self.keyword(keyword, &mut schema, index, found);
            }
        }
        schema
    }

    fn keyword(&mut self, keyword: &'static str, schema: &mut Map, index: &Index, found: &mut Definitions) {
        let value = match keyword {
            "title" | "description" => self.text(index).into(),
            "format" => self.word(&FORMATS).into(),
            "minLength" | "maxLength" | "minItems" | "maxItems" => self.number().into(),
            "items" => Value::Object(self.schema(index, found)),
            "anyOf" => {
                let mut choices = Vec::new();
                for _ in 0..self.number() {
                    choices.push(Value::Object(self.schema(index, found)));
                }
                Value::Array(choices)
            }
            "properties" => self.properties(schema, index, found),
            "additionalProperties" => match self.byte() {
                2 => Value::Object(self.schema(index, found)),
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
    fn properties(&mut self, schema: &mut Map, index: &Index, found: &mut Definitions) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut order = Vec::new();
        for _ in 0..self.number() {
            let number = self.number();
            let (name, mut property) = match (number >> 1).checked_sub(1) {
                None => (self.text(index), self.schema(index, found)),
                Some(shared) => {
                    let mut shared = index.properties.cursor(shared);
                    (shared.text(index), shared.schema(index, found))
                }
            };
            if number & 1 == 1 {
                required.push(name.into());
            }
            if found.titles {
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

    fn list(&mut self, index: &Index) -> Value {
        let mut list = Vec::new();
        for _ in 0..self.number() {
            list.push(self.value(index));
        }
        Value::Array(list)
    }

    /// A value of which the schema says what to expect; 0 says that it is something else.
    fn guided(&mut self, schema: &Map, definitions: Option<&Value>, index: &Index) -> Value {
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

    fn value(&mut self, index: &Index) -> Value {
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

/// The definitions that a schema needs, and whether properties get the titles that follow from their names.
struct Definitions {
    titles: bool,
    numbers: Vec<usize>,
}

impl Definitions {
    /// Notes that a definition is needed; gives its name.
    fn refer(&mut self, number: usize, index: &Index) -> &'static str {
        if !self.numbers.contains(&number) {
            self.numbers.push(number);
        }
        index.definitions.cursor(number).text(index)
    }

    /// All of them, also those that they need themselves.
    fn decode(mut self, index: &Index) -> Map {
        let mut map = Map::new();
        let mut done = 0;
        while let Some(number) = self.numbers.get(done).copied() {
            done += 1;
            let mut cursor = index.definitions.cursor(number);
            let name = cursor.text(index);
            let schema = cursor.schema(index, &mut self);
            put(&mut map, name, Value::Object(schema));
        }
        map
    }
}

/// What is known of an entry without decoding its schemas.
pub(super) struct Entry {
    pub(super) resource: Resource,
    pub(super) id: String,
    pub(super) name: &'static str,
    pub(super) core: bool,
    pub(super) deprecated: bool,
    pub(super) kind: &'static str,
    pub(super) method: &'static str,
    pub(super) effect: &'static str,
    pub(super) retry: &'static str,
    pub(super) title: Option<&'static str>,
    pub(super) description: Option<&'static str>,
    pub(super) path: String,
    pub(super) scopes: Vec<&'static str>,
    /// The resource's or its own.
    pub(super) version: &'static str,
    rest: Option<&'static str>,
    flags: u8,
    at: Cursor,
}

impl Entry {
    fn read(index: &Index, mut at: Cursor) -> Option<Self> {
        let resource = *index.resources.get(at.number())?;
        let name = at.text(index);
        let flags = at.byte();
        let kind = at.word(&KINDS);
        let (method, effect, retry) = (at.word(&METHODS), at.word(&EFFECTS), at.word(&RETRIES));
        let (title, description) = (at.maybe_text(index), at.maybe_text(index));
        let mut path = String::new();
        for _ in 0..at.number() {
            path.push('/');
            path.push_str(at.text(index));
        }
        let mut scopes = Vec::new();
        for _ in 0..at.number() {
            scopes.push(at.text(index));
        }
        let version = if flags & flag::VERSION == 0 { resource.version } else { at.text(index) };
        let rest = at.maybe_text(index);
        // HighLevel's operations are named by their resource, too.
        let id = match (resource.service, kind) {
            ("ghl", "action" | "search") => format!("ghl.{}.{name}", resource.name),
            (service, _) => format!("{service}.{name}"),
        };
        Some(Self {
            resource,
            id,
            name,
            core: flags & flag::CORE != 0,
            deprecated: flags & flag::DEPRECATED != 0,
            kind,
            method,
            effect,
            retry,
            title,
            description,
            path,
            scopes,
            version,
            rest,
            flags,
            at,
        })
    }

    pub(super) fn title(&self) -> String {
        self.title.map_or_else(|| title_of(self.name), str::to_owned)
    }

    /// What only some entries have, such as `place` and `paging`.
    pub(super) fn rest(&self) -> Map {
        match self.rest.and_then(parse) {
            Some(Value::Object(rest)) => rest,
            _ => Map::new(),
        }
    }

    fn schema(&mut self, index: &Index, bit: u8, titles: bool) -> Option<(Map, Map)> {
        if self.flags & bit == 0 {
            return None;
        }
        let mut found = Definitions { titles, numbers: Vec::new() };
        let schema = self.at.schema(index, &mut found);
        Some((schema, found.decode(index)))
    }

    /// The input's schema and the definitions that it needs, for checking.
    pub(super) fn input(&mut self) -> (Map, Map) {
        self.schema(index(), flag::INPUT, false).unwrap_or_default()
    }

    /// What a success brings; after the input has been read.
    pub(super) fn promise(&self) -> Promise {
        let index = index();
        let mut at = self.at;
        let mut head = if self.flags & flag::OUTPUT == 0 { node::ANY } else { at.byte() };
        if head & node::TYPE == node::REFERENCE {
            at = index.definitions.cursor(at.number());
            at.text(index);
            head = at.byte();
        }
        match head & (node::TYPE | node::NULLABLE) {
            node::OBJECT => Promise::Object,
            node::ARRAY => Promise::List,
            _ => Promise::Anything,
        }
    }

    /// Input and output as a host should see them, and the stored sample.
    pub(super) fn whole(&mut self) -> (Option<Map>, Option<Map>, Option<Value>) {
        let index = index();
        let mut described = |bit: u8| {
            let (mut schema, definitions) = self.schema(index, bit, true)?;
            if !definitions.is_empty() {
                put(&mut schema, "$defs", Value::Object(definitions));
            }
            Some(schema)
        };
        let (input, output) = (described(flag::INPUT), described(flag::OUTPUT));
        let sample = (self.flags & flag::SAMPLE != 0).then(|| {
            if self.kind == "trigger" {
                return self.at.value(index);
            }
            let mut sample = Map::new();
            for (name, schema) in [("input", &input), ("output", &output)] {
                let nothing = Map::new();
                let schema = schema.as_ref().unwrap_or(&nothing);
                put(&mut sample, name, self.at.guided(schema, schema.get("$defs"), index));
            }
            Value::Object(sample)
        });
        (input, output, sample)
    }
}

/// How many entries there are.
pub(super) fn count() -> usize {
    index().entries.0.len()
}

/// The entry at a place, in the order of the ids.
pub(super) fn entry(place: usize) -> Option<Entry> {
    Entry::read(index(), index().entries.cursor(place))
}

/// The entry with that id.
pub(super) fn find(id: &str) -> Option<Entry> {
    let (mut low, mut high) = (0, count());
    while low < high {
        let middle = usize::midpoint(low, high);
        let found = entry(middle)?;
        match found.id.as_str().cmp(id) {
            std::cmp::Ordering::Equal => return Some(found),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}
