//! The numbers of the packed catalog. `build/` writes by them, `packed.rs` reads by them.
//!
//! It is two blocks of one form. The core lies in the wasm: the entries that most hosts call (the tier *core*), as they are
//! called. The face lies beside it: the other entries, and what only people and forms see of all. Its numbers go on where those
//! of the core end, so it can use what the core has.
//!
//! ```text
//! block    = length { texts }, then the structure:
//!            count { length }                        strings that are used more than once: the first of the texts
//!            table { property }                      properties that are used more than once
//!            table { name schema }                   definitions
//!            core: table { entry }                   by id
//!                  count { service resource title version }   all resources
//!            face: table { face }                    of the core's entries, then of the others
//!                  table { entry }                   the others, by id
//! table    = length { length length }: how long each of the things behind it is, in structure and in texts, which stand apart
//!            because they compress better so
//! text     = number of its string | 0 and a length: the next of the texts
//! text?    = 0 | text plus one
//! entry    = resource name flags kind method effect retry count { segment } count { scope } [version] rest? input
//! face     = flags title? description? table { { note } } [output] [sample of the input, sample of the output]; the lists of notes are those of the input and of the output
//! note     = distance keyword body: an annotation of a schema. Schemas are counted as they are decoded, those of definitions
//!            last; the distance is that from the schema of the note before, plus one
//! schema   = head [number of the definition | types] { keyword body } 0
//! property = name schema; in a schema: its number times two, or 0 and the property itself; plus one where required
//! ```
//! Annotations stand apart from schemas because the core does without them.

/// Tells blocks apart, in words of eight bytes: the core knows its face by this, and takes no other.
pub(crate) fn mark(bytes: &[u8]) -> u64 {
    let mix = |mark: u64, word: u64| (mark.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let (words, rest) = bytes.as_chunks();
    let mark = words.iter().fold(bytes.len() as u64, |mark, word| mix(mark, u64::from_le_bytes(*word)));
    rest.iter().fold(mark, |mark, byte| mix(mark, u64::from(*byte)))
}

/// The number of a word in a list; 0 is kept for none.
pub(crate) fn word(words: &[&str], one: &str) -> Option<u8> {
    words.iter().position(|w| *w == one).and_then(|i| u8::try_from(i).ok())
}

pub(crate) const KINDS: [&str; 3] = ["action", "search", "trigger"];
pub(crate) const METHODS: [&str; 6] = ["", "GET", "POST", "PUT", "PATCH", "DELETE"];
pub(crate) const EFFECTS: [&str; 5] = ["", "read", "create", "update", "delete"];
pub(crate) const RETRIES: [&str; 4] = ["", "safe", "verify", "never"];
pub(crate) const FORMATS: [&str; 4] = ["date-time", "date", "email", "uri"];
pub(crate) const TYPES: [&str; 8] = ["", "string", "number", "integer", "boolean", "array", "object", "null"];
/// The first is the end of the list.
pub(crate) const KEYWORDS: [&str; 22] = [
    "",
    "title",
    "description",
    "format",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "items",
    "anyOf",
    "properties",
    "required",
    "additionalProperties",
    "enum",
    "examples",
    "default",
    "x-connection",
    "x-secret",
    "x-choices",
    "pattern",
];

/// What people read of a schema; calls and checks do without.
pub(crate) const ANNOTATIONS: [&str; 3] = ["title", "description", "examples"];

/// Bits of an entry and of its face.
pub(crate) mod flag {
    pub(crate) const CORE: u8 = 1;
    pub(crate) const VERSION: u8 = 2;
    pub(crate) const OUTPUT: u8 = 8;
    pub(crate) const SAMPLE: u8 = 16;
    pub(crate) const DEPRECATED: u8 = 32;
    /// A success brings an object; a list.
    pub(crate) const OBJECT: u8 = 64;
    pub(crate) const LIST: u8 = 128;
}

/// The first byte of a schema: its type in the low bits, and what follows.
pub(crate) mod node {
    pub(crate) const ANY: u8 = 0;
    pub(crate) const ARRAY: u8 = 5;
    pub(crate) const OBJECT: u8 = 6;
    pub(crate) const REFERENCE: u8 = 8;
    /// Several types: a byte of bits follows.
    pub(crate) const SEVERAL: u8 = 9;
    pub(crate) const TYPE: u8 = 0x0F;
    /// The type or null.
    pub(crate) const NULLABLE: u8 = 0x10;
    /// Keywords follow, up to 0.
    pub(crate) const MORE: u8 = 0x20;
    /// Only properties (of an object) or items (of a list) follow.
    pub(crate) const PLAIN: u8 = 0x40;
}

/// The first byte of a value.
pub(crate) mod value {
    pub(crate) const NULL: u8 = 0;
    pub(crate) const FALSE: u8 = 1;
    pub(crate) const TRUE: u8 = 2;
    /// A whole number follows.
    pub(crate) const WHOLE: u8 = 3;
    /// Another number follows, as text.
    pub(crate) const NUMBER: u8 = 4;
    pub(crate) const STRING: u8 = 5;
    pub(crate) const LIST: u8 = 6;
    pub(crate) const OBJECT: u8 = 7;
}
