//! Where things are in the two blocks, and reading on from there.

use std::cell::Cell;

use super::super::form::mark;

static CORE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/core.bin"));
/// That of the only face that goes with the core.
const FACE_MARK: u64 = include!(concat!(env!("OUT_DIR"), "/face.mark"));
/// Size is what the face stands apart for; a native program and a component have it inside.
#[cfg(any(not(target_arch = "wasm32"), feature = "component"))]
const BUILT_IN: Option<&[u8]> = Some(include_bytes!(concat!(env!("OUT_DIR"), "/face.bin")));
#[cfg(all(target_arch = "wasm32", not(feature = "component")))]
const BUILT_IN: Option<&[u8]> = None;

/// One file of the catalog.
#[derive(Clone, Copy)]
pub(crate) struct Resource {
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) version: &'static str,
}

/// Where things are. Numbers go through both blocks.
#[derive(Default)]
pub(super) struct Index {
    strings: Vec<&'static [u8]>,
    pub(super) properties: Vec<Cursor>,
    definitions: Vec<Cursor>,
    /// Those of the core, then the others; none of these without a face.
    pub(super) entries: Vec<Cursor>,
    /// How many are of the core.
    pub(super) core: usize,
    /// The face of each entry; none without a face.
    pub(super) faces: Vec<Cursor>,
    pub(super) resources: Vec<Resource>,
}

thread_local! {
    /// Made at the first look-up and kept as long as the program.
    static INDEX: Cell<Option<&'static Index>> = const { Cell::new(None) };
}

pub(super) fn index() -> &'static Index {
    INDEX.get().unwrap_or_else(|| set_index(BUILT_IN))
}

fn set_index(face: Option<&'static [u8]>) -> &'static Index {
    let index: &Index = Box::leak(Box::new(Index::new(face)));
    INDEX.set(Some(index));
    index
}

/// Takes the face; whether it is the one that belongs to the core.
pub(crate) fn give_face(face: Vec<u8>) -> bool {
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
        index.core = index.entries.len();
        for _ in 0..rest.number() {
            let [service, name, title, version] = [(); 4].map(|()| rest.text(&index));
            index.resources.push(Resource { service, name, title, version });
        }
        if let Some(face) = face {
            let mut rest = index.block(face);
            index.faces = rest.places();
            index.entries.extend(rest.places());
        }
        index
    }

    pub(super) fn definition(&self, number: usize) -> Cursor {
        self.definitions.get(number).copied().unwrap_or_default()
    }

    /// Adds what has numbers in a block; gives the place behind.
    fn block(&mut self, bytes: &'static [u8]) -> Cursor {
        let mut cursor = Cursor { bytes, texts: &[] };
        let length = cursor.number();
        cursor.texts = cursor.skip(length);
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
pub(super) struct Cursor {
    bytes: &'static [u8],
    texts: &'static [u8],
}

impl Cursor {
    pub(super) fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *byte
    }

    pub(super) fn number(&mut self) -> usize {
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
    pub(super) fn places(&mut self) -> Vec<Cursor> {
        let table = self.number();
        let mut lengths = Cursor { bytes: self.skip(table), texts: &[] };
        let mut places = Vec::new();
        while !lengths.bytes.is_empty() {
            let (structure, texts) = (lengths.number(), lengths.number());
            places.push(Cursor { bytes: self.skip(structure), texts: self.cut(texts) });
        }
        places
    }

    /// So much of the structure.
    fn skip(&mut self, length: usize) -> &'static [u8] {
        let (bytes, rest) = self.bytes.split_at_checked(length).unwrap_or_default();
        self.bytes = rest;
        bytes
    }

    /// So much of the texts.
    fn cut(&mut self, length: usize) -> &'static [u8] {
        let (text, rest) = self.texts.split_at_checked(length).unwrap_or_default();
        self.texts = rest;
        text
    }

    pub(super) fn text(&mut self, index: &Index) -> &'static str {
        let number = self.number();
        self.string(number, index)
    }

    pub(super) fn maybe_text(&mut self, index: &Index) -> Option<&'static str> {
        let number = self.number().checked_sub(1)?;
        Some(self.string(number, index))
    }

    /// A string by its number, or the next of the texts.
    pub(super) fn string(&mut self, number: usize, index: &Index) -> &'static str {
        let bytes = match number.checked_sub(1) {
            Some(place) => index.strings.get(place).copied().unwrap_or_default(),
            None => {
                let length = self.number();
                self.cut(length)
            }
        };
        // Here and not for all texts at once, which would take longer than all the rest of a first look-up.
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    pub(super) fn word<const N: usize>(&mut self, words: &[&'static str; N]) -> &'static str {
        words.get(usize::from(self.byte())).copied().unwrap_or_default()
    }
}

/// Does something as a wasm does before it is given the face.
#[cfg(test)]
pub(crate) fn without_face<T>(work: impl FnOnce() -> T) -> T {
    let before = INDEX.get();
    set_index(None);
    let result = work();
    INDEX.set(before);
    result
}

#[cfg(test)]
pub(crate) const FACE: &[u8] = match BUILT_IN {
    Some(face) => face,
    None => &[],
};
