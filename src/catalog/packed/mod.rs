//! Reads the packed catalog that `build/` makes (its form: `form.rs`): the core, which is part of the program, and the face,
//! which a host gives. Loading them costs nothing; the first look-up notes where things start, some microseconds; an entry is
//! decoded when it is asked for.
//!
//! The bytes are those of the build, so there is nothing to refuse: behind the end there are only zeros. They stand for the
//! face of an entry, too, where there is none.

mod index;
mod schema;
mod value;

use index::{Cursor, Index, Resource, index};
use schema::Walk;

use super::{
    Promise,
    form::{EFFECTS, KINDS, METHODS, RETRIES, flag},
    title::title_of,
};
use crate::json::{Map, Value, parse, put};

pub(super) use index::give_face;
#[cfg(test)]
pub(super) use index::{FACE, without_face};

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
    /// What a success brings.
    pub(super) promise: Promise,
    /// At the input's schema.
    at: Cursor,
    /// At the notes, and what the face has.
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
            promise: match flags & (flag::OBJECT | flag::LIST) {
                flag::OBJECT => Promise::Object,
                flag::LIST => Promise::List,
                _ => Promise::Anything,
            },
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
        let mut walk = Walk::default();
        let schema = self.at.schema(index(), &mut walk);
        (schema, walk.definitions(index()))
    }

    /// Input and output as a host should see them, and the stored sample.
    pub(super) fn whole(&mut self) -> (Map, Option<Map>, Option<Value>) {
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
        let input = described(&mut self.at);
        let output = (self.shown & flag::OUTPUT != 0).then(|| described(face));
        let sample = (self.shown & flag::SAMPLE != 0).then(|| {
            if self.kind == "trigger" {
                return face.value(index);
            }
            let mut sample = Map::new();
            let nothing = Map::new();
            for (name, schema) in [("input", &input), ("output", output.as_ref().unwrap_or(&nothing))] {
                put(&mut sample, name, face.guided(schema, schema.get("$defs"), index));
            }
            Value::Object(sample)
        });
        (input, output, sample)
    }
}

/// All entries, as far as they are known without a face or with it: those of the core, then the others.
pub(super) fn entries() -> impl Iterator<Item = Entry> {
    let index = index();
    (0..index.entries.len()).filter_map(|place| Entry::read(index, place))
}

/// Whether all entries are known.
pub(super) fn is_whole() -> bool {
    !index().faces.is_empty()
}

/// The entry with that id.
pub(super) fn find(id: &str) -> Option<Entry> {
    let index = index();
    let between = |mut low: usize, mut high: usize| {
        while low < high {
            let middle = usize::midpoint(low, high);
            let found = Entry::read(index, middle)?;
            match found.id.as_str().cmp(id) {
                std::cmp::Ordering::Equal => return Some(found),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    };
    between(0, index.core).or_else(|| between(index.core, index.entries.len()))
}
