//! Reads the packed catalog that `build/` makes (its form: `form.rs`): the core, which is part of the program, and the face,
//! which a host gives. Loading them costs nothing; the first look-up notes where things start, some microseconds; an entry is
//! decoded when it is asked for.
//!
//! The bytes are those of the build, so there is nothing to refuse: behind the end there are only zeros. They stand for an
//! entry without a face, too.

use std::cell::Cell;

use super::{
    form::{EFFECTS, FORMATS, KEYWORDS, KINDS, METHODS, RETRIES, TYPES, flag, mark, node, value},
    title::title_of,
};
use crate::json::{Map, Value, parse, put};

static CORE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/core.bin"));
/// That of the only face that goes with the core.
const FACE_MARK: u64 = include!(concat!(env!("OUT_DIR"), "/face.mark"));
/// Size is what the face stands apart for; a native program has it inside.
#[cfg(not(target_arch = "wasm32"))]
const BUILT_IN: Option<&[u8]> = Some(include_bytes!(concat!(env!("OUT_DIR"), "/face.bin")));
#[cfg(target_arch = "wasm32")]
const BUILT_IN: Option<&[u8]> = None;

/// One file of the catalog.
#[derive(Clone, Copy)]
pub(super) struct Resource {
    pub(super) service: &'static str,
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) version: &'static str,
}

/// Where things are. Numbers go through both blocks.
#[derive(Default)]
struct Index {
    strings: Vec<&'static str>,
    properties: Vec<Cursor>,
    definitions: Vec<Cursor>,
    entries: Vec<Cursor>,
    /// The face of each entry; none without a face.
    faces: Vec<Cursor>,
    resources: Vec<Resource>,
}

thread_local! {
    /// Made at the first look-up and kept as long as the program.
    static INDEX: Cell<Option<&'static Index>> = const { Cell::new(None) };
}

fn index() -> &'static Index {
    INDEX.get().unwrap_or_else(|| set_index(BUILT_IN))
}

fn set_index(face: Option<&'static [u8]>) -> &'static Index {
    let index: &Index = Box::leak(Box::new(Index::new(face)));
    INDEX.set(Some(index));
    index
}

/// Takes the face; whether it is the one that belongs to the core.
pub(super) fn give_face(face: Vec<u8>) -> bool {
    let fits = mark(&face) == FACE_MARK;
    if fits && INDEX.get().is_none_or(|index| index.faces.is_empty()) {
        set_index(Some(face.leak()));
    }
    fits
}

impl Index {
    fn new(face: Option<&'static [u8]>) -> Self {
        let mut index = Self::default();
        let mut rest = index.block(CORE);
        index.entries = rest.places();
        for _ in 0..rest.number() {
            let [service, name, title, version] = [(); 4].map(|()| rest.text(&index));
            index.resources.push(Resource { service, name, title, version });
        }
        if let Some(face) = face {
            index.faces = index.block(face).places();
        }
        index
    }

    fn definition(&self, number: usize) -> Cursor {
        self.definitions.get(number).copied().unwrap_or_default()
    }

    /// Adds what has numbers in a block; gives the place behind.
    fn block(&mut self, bytes: &'static [u8]) -> Cursor {
        let mut cursor = Cursor { bytes, texts: "" };
        let length = cursor.number();
        let (texts, structure) = cursor.bytes.split_at_checked(length).unwrap_or_default();
        cursor = Cursor { bytes: structure, texts: std::str::from_utf8(texts).unwrap_or_default() };
        for _ in 0..cursor.number() {
            let length = cursor.number();
            self.strings.push(cursor.cut(length));
        }
        self.properties.extend(cursor.places());
        self.definitions.extend(cursor.places());
        cursor
    }
}

/// A place in the structure, and the next of the texts; both up to the end of the thing that is read.
#[derive(Clone, Copy, Default)]
struct Cursor {
    bytes: &'static [u8],
    texts: &'static str,
}

impl Cursor {
    fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *byte
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

    /// Things that stand one behind the other.
    fn places(&mut self) -> Vec<Cursor> {
        let mut lengths = Vec::new();
        for _ in 0..self.number() {
            lengths.push((self.number(), self.number()));
        }
        let mut places = Vec::new();
        for (structure, texts) in lengths {
            let (bytes, rest) = self.bytes.split_at_checked(structure).unwrap_or_default();
            self.bytes = rest;
            places.push(Cursor { bytes, texts: self.cut(texts) });
        }
        places
    }

    /// So much of the texts.
    fn cut(&mut self, length: usize) -> &'static str {
        let (text, rest) = self.texts.split_at_checked(length).unwrap_or_default();
        self.texts = rest;
        text
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
        match number.checked_sub(1) {
            Some(place) => index.strings.get(place).copied().unwrap_or_default(),
            None => {
                let length = self.number();
                self.cut(length)
            }
        }
    }

    fn word<const N: usize>(&mut self, words: &[&'static str; N]) -> &'static str {
        words.get(usize::from(self.byte())).copied().unwrap_or_default()
    }

    fn schema(&mut self, index: &Index, walk: &mut Walk) -> Map {
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

/// A walk through the schemas of an input or output.
#[derive(Default)]
struct Walk {
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
    fn with_notes(notes: Cursor) -> Self {
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
    fn definitions(&mut self, index: &Index) -> Map {
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
    has_input: bool,
    /// At the input's schema.
    at: Cursor,
    /// At the notes of the input, and what the face has.
    face: Cursor,
    shown: u8,
}

impl Entry {
    fn read(index: &Index, place: usize) -> Option<Self> {
        let mut at = index.entries.get(place).copied()?;
        let mut face = index.faces.get(place).copied().unwrap_or_default();
        let resource = *index.resources.get(at.number())?;
        let name = at.text(index);
        let flags = at.byte();
        let kind = at.word(&KINDS);
        let (method, effect, retry) = (at.word(&METHODS), at.word(&EFFECTS), at.word(&RETRIES));
        let shown = face.byte();
        let (title, description) = (face.maybe_text(index), face.maybe_text(index));
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
            has_input: flags & flag::INPUT != 0,
            at,
            face,
            shown,
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

    /// The input's schema and the definitions that it needs, for checking.
    pub(super) fn input(&mut self) -> (Map, Map) {
        if !self.has_input {
            return (Map::new(), Map::new());
        }
        let mut walk = Walk::default();
        let schema = self.at.schema(index(), &mut walk);
        (schema, walk.definitions(index()))
    }

    /// Input and output as a host should see them, and the stored sample.
    pub(super) fn whole(&mut self) -> (Option<Map>, Option<Map>, Option<Value>) {
        let index = index();
        let face = &mut self.face;
        let mut notes = face.places().into_iter();
        let mut described = |at: &mut Cursor| {
            let mut walk = Walk::with_notes(notes.next().unwrap_or_default());
            let mut schema = at.schema(index, &mut walk);
            let definitions = walk.definitions(index);
            if !definitions.is_empty() {
                put(&mut schema, "$defs", Value::Object(definitions));
            }
            schema
        };
        let input = self.has_input.then(|| described(&mut self.at));
        let output = (self.shown & flag::OUTPUT != 0).then(|| described(face));
        let sample = (self.shown & flag::SAMPLE != 0).then(|| {
            if self.kind == "trigger" {
                return face.value(index);
            }
            let mut sample = Map::new();
            for (name, schema) in [("input", &input), ("output", &output)] {
                let nothing = Map::new();
                let schema = schema.as_ref().unwrap_or(&nothing);
                put(&mut sample, name, face.guided(schema, schema.get("$defs"), index));
            }
            Value::Object(sample)
        });
        (input, output, sample)
    }
}

/// How many entries there are.
pub(super) fn count() -> usize {
    index().entries.len()
}

/// The entry at a place, in the order of the ids.
pub(super) fn entry(place: usize) -> Option<Entry> {
    Entry::read(index(), place)
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
