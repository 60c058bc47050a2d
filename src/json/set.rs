//! A set of words in order. A tree of its own would cost the wasm more than the few words that are in one.

use std::{slice, vec};

use super::{Json, ToJson, Value};

/// A set of texts, in byte order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Set(Vec<String>);

impl Set {
    /// An empty set.
    pub const fn new() -> Self {
        Self(Vec::new())
    }
    fn find(&self, text: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|one| one.as_str().cmp(text))
    }
    /// Whether it is in.
    pub fn contains(&self, text: &str) -> bool {
        self.find(text).is_ok()
    }
    /// Puts a text in; whether it is new.
    pub fn insert(&mut self, text: String) -> bool {
        match self.find(&text) {
            Ok(_) => false,
            Err(index) => {
                self.0.insert(index, text);
                true
            }
        }
    }
    /// Takes a text out; whether it was in.
    pub fn remove(&mut self, text: &str) -> bool {
        match self.find(text) {
            Ok(index) => {
                self.0.remove(index);
                true
            }
            Err(_) => false,
        }
    }
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Keeps only those that `keep` wants.
    pub fn retain(&mut self, keep: impl FnMut(&String) -> bool) {
        self.0.retain(keep);
    }
    /// All, in order.
    pub fn iter(&self) -> slice::Iter<'_, String> {
        self.0.iter()
    }
    /// The first in order.
    pub fn first(&self) -> Option<&String> {
        self.0.first()
    }
    /// Those that `other` lacks.
    pub fn difference<'a>(&'a self, other: &'a Set) -> impl Iterator<Item = &'a String> {
        self.0.iter().filter(|text| !other.contains(text))
    }
}

impl Extend<String> for Set {
    fn extend<I: IntoIterator<Item = String>>(&mut self, texts: I) {
        for text in texts {
            self.insert(text);
        }
    }
}

impl FromIterator<String> for Set {
    fn from_iter<I: IntoIterator<Item = String>>(texts: I) -> Self {
        let mut set = Self::new();
        set.extend(texts);
        set
    }
}

impl<const N: usize> From<[String; N]> for Set {
    fn from(texts: [String; N]) -> Self {
        texts.into_iter().collect()
    }
}

impl IntoIterator for Set {
    type Item = String;
    type IntoIter = vec::IntoIter<String>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Set {
    type Item = &'a String;
    type IntoIter = slice::Iter<'a, String>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl ToJson for Set {
    fn to_json(&self) -> Value {
        self.0.to_json()
    }
}

impl Json for Set {
    fn read(value: Value, ok: &mut bool) -> Self {
        let mut set = Self::new();
        set.extend(Vec::read(value, ok));
        set
    }
}
