//! A JSON value. Objects are sorted vectors: a tree map of `String` to `Value` made up 9 kB of the compressed wasm, and an
//! object here has a dozen fields. Numbers are their digits.

use std::{fmt, ops::Index, vec};

/// Any JSON value.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(String),
    /// A list.
    Array(Vec<Value>),
    /// An object.
    Object(Map),
}

/// A JSON number, as it was written: amounts and long ids pass through unchanged.
#[derive(Debug, Clone)]
pub struct Number(pub(super) Box<str>);

impl Number {
    /// `units / 10^places`, without needless zeros: 4900 with 2 places is `49`.
    pub fn decimal(units: i64, places: u32) -> Self {
        let one = 10_u64.pow(places);
        let (whole, mut part) = (units.unsigned_abs() / one, units.unsigned_abs() % one);
        let mut digits = format!("{}{whole}", if units < 0 { "-" } else { "" });
        if part > 0 {
            let mut width = places as usize;
            while part % 10 == 0 {
                part /= 10;
                width -= 1;
            }
            digits = format!("{digits}.{part:0width$}");
        }
        Self(digits.into())
    }

    /// As an `f64`: exact up to 15 digits.
    pub fn as_f64(&self) -> f64 {
        let (mut mantissa, mut exponent, mut places) = (0_u64, 0_i32, 0);
        let mut bytes = self.0.bytes();
        let mut is_fraction = false;
        for byte in bytes.by_ref() {
            match byte {
                b'0'..=b'9' if mantissa < u64::MAX / 10 - 10 => {
                    mantissa = mantissa * 10 + u64::from(byte - b'0');
                    places += i32::from(is_fraction);
                }
                // More digits than an f64 has: only their number counts.
                b'0'..=b'9' => places -= i32::from(!is_fraction),
                b'.' => is_fraction = true,
                b'e' | b'E' => break,
                _ => {}
            }
        }
        if let Some((_, written)) = self.0.split_once(['e', 'E']) {
            exponent =
                written.trim_start_matches('+').parse().unwrap_or(if written.starts_with('-') { -400 } else { 400 });
        }
        let exponent = exponent.saturating_sub(places);
        let mut power = 1.0_f64;
        for _ in 0..exponent.unsigned_abs().min(400) {
            power *= 10.0;
        }
        let size = mantissa as f64;
        let size = match exponent {
            _ if mantissa == 0 => 0.0,
            ..0 => size / power,
            _ => size * power,
        };
        if self.0.starts_with('-') { -size } else { size }
    }

    /// Where it is a whole number of at least zero that fits.
    pub fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// Where it is a whole number that fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// Whether it has no fraction: `5`, `5.0`, `5e3`.
    pub fn is_whole(&self) -> bool {
        let value = self.as_f64();
        value % 1.0 == 0.0
    }
}

/// Equal in value.
impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.as_f64() == other.as_f64()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::text(self))
    }
}

impl Value {
    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
    /// The truth value, where it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(yes) => Some(*yes),
            _ => None,
        }
    }
    /// The number, where it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number.as_f64()),
            _ => None,
        }
    }
    /// The whole number of at least zero, where it is one.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            _ => None,
        }
    }
    /// The whole number, where it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_i64(),
            _ => None,
        }
    }
    /// The list, where it is one.
    pub fn as_array(&self) -> Option<&Vec<Value>> {
        match self {
            Self::Array(list) => Some(list),
            _ => None,
        }
    }
    /// What is in the list; nothing, where it is none.
    pub fn items(&self) -> &[Value] {
        self.as_array().map_or(&[], Vec::as_slice)
    }
    /// What is in the list in the field of that name.
    pub fn items_of(&self, name: &str) -> &[Value] {
        self.get(name).map_or(&[], Self::items)
    }
    /// The list, where it is one.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Value>> {
        match self {
            Self::Array(list) => Some(list),
            _ => None,
        }
    }
    /// The object, where it is one.
    pub fn as_object(&self) -> Option<&Map> {
        match self {
            Self::Object(map) => Some(map),
            _ => None,
        }
    }
    /// The fields of the object; none, where it is none.
    pub fn fields(&self) -> Iter<'_> {
        Iter(self.as_object().map_or(&[][..], |map| &map.0).iter())
    }
    /// The object, where it is one.
    pub fn as_object_mut(&mut self) -> Option<&mut Map> {
        match self {
            Self::Object(map) => Some(map),
            _ => None,
        }
    }
    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }
    /// Whether it is a list.
    pub fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }
    /// Whether it is a text.
    pub fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }
    /// Whether it is a number.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }
    /// The field of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_object()?.get(name)
    }
    /// The text of the field of that name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }
    /// The field of that name.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.as_object_mut()?.get_mut(name)
    }
    /// The item at that place.
    pub fn at(&self, index: usize) -> Option<&Value> {
        self.as_array()?.get(index)
    }
    /// The value at a path such as `/buyer/email`: names of fields and numbers of items, without escapes.
    pub fn pointer(&self, path: &str) -> Option<&Value> {
        let mut value = self;
        for part in path.split('/').skip(1) {
            value = match value {
                Self::Object(map) => map.get(part)?,
                Self::Array(list) => list.get(part.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(value)
    }
    /// Takes the value and leaves `null`.
    pub fn take(&mut self) -> Value {
        std::mem::take(self)
    }
}

/// An object: its fields in byte order of their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Map(Vec<(String, Value)>);

impl Map {
    /// An empty object.
    pub const fn new() -> Self {
        Self(Vec::new())
    }
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(key, _)| key.as_str().cmp(name))
    }
    /// How many fields.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// The field of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let index = self.find(name).ok()?;
        self.0.get(index).map(|(_, value)| value)
    }
    /// The text in the field of that name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }
    /// The field of that name.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        let index = self.find(name).ok()?;
        self.0.get_mut(index).map(|(_, value)| value)
    }
    /// Whether there is a field of that name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }
    /// Sets a field; gives its old value.
    pub fn insert(&mut self, name: String, value: Value) -> Option<Value> {
        match self.find(&name) {
            Ok(index) => self.0.get_mut(index).map(|(_, old)| std::mem::replace(old, value)),
            Err(index) => {
                self.0.insert(index, (name, value));
                None
            }
        }
    }
    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let index = self.find(name).ok()?;
        Some(self.0.remove(index).1)
    }
    /// Keeps only the fields that `keep` wants.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        self.0.retain_mut(|(name, value)| keep(name, value));
    }
    /// All fields.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.0.iter())
    }
    /// All names.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.iter().map(|(name, _)| name)
    }
    /// All values.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.iter().map(|(_, value)| value)
    }
    /// All values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

/// The fields of an object.
#[derive(Debug, Clone)]
pub struct Iter<'a>(std::slice::Iter<'a, (String, Value)>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a String, &'a Value);
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name, value))
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a String, &'a Value);
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl IntoIterator for Map {
    type Item = (String, Value);
    type IntoIter = vec::IntoIter<(String, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Extend<(String, Value)> for Map {
    fn extend<I: IntoIterator<Item = (String, Value)>>(&mut self, fields: I) {
        for (name, value) in fields {
            self.insert(name, value);
        }
    }
}

impl FromIterator<(String, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Self {
        let mut map = Self::new();
        map.extend(fields);
        map
    }
}

macro_rules! from {
    ($($type:ty, $value:ident => $into:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $into
            }
        }
    )*};
}
from! {
    bool, yes => Self::Bool(yes);
    u8, n => Self::from(u64::from(n));
    u16, n => Self::from(u64::from(n));
    u32, n => Self::from(u64::from(n));
    u64, n => Self::Number(Number(n.to_string().into()));
    usize, n => Self::from(n as u64);
    i32, n => Self::from(i64::from(n));
    i64, n => Self::Number(Number::decimal(n, 0));
    f64, n => if n.is_finite() { Self::Number(Number(format!("{n}").into())) } else { Self::Null };
    &str, text => Self::String(text.to_owned());
    String, text => Self::String(text);
    Vec<Value>, list => Self::Array(list);
    Map, map => Self::Object(map);
}

impl PartialEq<str> for Value {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for Value {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<String> for Value {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == Some(other)
    }
}

static NOTHING: Value = Value::Null;

/// `value["name"]`: `null` where there is no such field.
impl Index<&str> for Value {
    type Output = Value;
    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&NOTHING)
    }
}

/// `value[0]`: `null` where there is no such item.
impl Index<usize> for Value {
    type Output = Value;
    fn index(&self, index: usize) -> &Value {
        self.at(index).unwrap_or(&NOTHING)
    }
}

/// `map["name"]`: `null` where there is no such field.
impl Index<&str> for Map {
    type Output = Value;
    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&NOTHING)
    }
}

/// For the bare module, whose hosts want objects, not text.
#[cfg(feature = "fetch")]
impl serde::Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{SerializeMap, SerializeSeq};
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(yes) => to.serialize_bool(*yes),
            Self::Number(number) => to.serialize_f64(number.as_f64()),
            Self::String(text) => to.serialize_str(text),
            Self::Array(list) => {
                let mut items = to.serialize_seq(Some(list.len()))?;
                for item in list {
                    items.serialize_element(item)?;
                }
                items.end()
            }
            Self::Object(map) => {
                let mut fields = to.serialize_map(Some(map.len()))?;
                for (name, value) in map {
                    fields.serialize_entry(name, value)?;
                }
                fields.end()
            }
        }
    }
}

/// A value written as JSON: `json!({ "a": [1, null, x] })`. An expression stands for anything with a JSON form.
#[macro_export]
#[doc(hidden)]
macro_rules! json {
    (@list $list:ident) => {};
    (@list $list:ident null $(, $($rest:tt)*)?) => {
        $list.push($crate::json::Value::Null); $crate::json!(@list $list $($($rest)*)?)
    };
    (@list $list:ident [$($in:tt)*] $(, $($rest:tt)*)?) => {
        $list.push($crate::json!([$($in)*])); $crate::json!(@list $list $($($rest)*)?)
    };
    (@list $list:ident {$($in:tt)*} $(, $($rest:tt)*)?) => {
        $list.push($crate::json!({$($in)*})); $crate::json!(@list $list $($($rest)*)?)
    };
    (@list $list:ident $item:expr $(, $($rest:tt)*)?) => {
        $list.push($crate::json!($item)); $crate::json!(@list $list $($($rest)*)?)
    };
    (@map $map:ident) => {};
    (@map $map:ident $name:literal : null $(, $($rest:tt)*)?) => {
        $crate::json::put(&mut $map, $name, $crate::json::Value::Null); $crate::json!(@map $map $($($rest)*)?)
    };
    (@map $map:ident $name:literal : [$($in:tt)*] $(, $($rest:tt)*)?) => {
        $crate::json::put(&mut $map, $name, $crate::json!([$($in)*])); $crate::json!(@map $map $($($rest)*)?)
    };
    (@map $map:ident $name:literal : {$($in:tt)*} $(, $($rest:tt)*)?) => {
        $crate::json::put(&mut $map, $name, $crate::json!({$($in)*})); $crate::json!(@map $map $($($rest)*)?)
    };
    (@map $map:ident $name:literal : $value:expr $(, $($rest:tt)*)?) => {
        $crate::json::put(&mut $map, $name, $crate::json!($value)); $crate::json!(@map $map $($($rest)*)?)
    };
    (null) => { $crate::json::Value::Null };
    ([]) => { $crate::json::Value::Array(Vec::new()) };
    ([$($in:tt)+]) => {{
        let mut list = Vec::from([]);
        $crate::json!(@list list $($in)+);
        $crate::json::Value::Array(list)
    }};
    ({}) => { $crate::json::Value::Object($crate::json::Map::new()) };
    ({$($in:tt)+}) => {{
        let mut map = $crate::json::Map::new();
        $crate::json!(@map map $($in)+);
        $crate::json::Value::Object(map)
    }};
    ($value:expr) => { $crate::json::ToJson::to_json(&$value) };
}
