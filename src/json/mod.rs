//! Records as JSON, without a visitor for each type.
//!
//! Derived `Deserialize` code is generic over the deserializer and made up two thirds of the wasm (measured: see
//! docs/architecture.md). What the plugin stores goes through [`Value`] anyway, so a record only has to pick its
//! fields from an object. Input from people is checked against a JSON Schema before it gets here.

mod set;
mod text;
mod value;

pub use crate::json;
pub use set::Set;
pub use text::{parse, text};
pub use value::{Iter, Map, Number, Value};

/// A type with a JSON form.
pub trait ToJson {
    /// The JSON form.
    fn to_json(&self) -> Value;
}

/// A type that is read from its JSON form, too.
pub trait Json: ToJson + Sized {
    /// Reads the JSON form. What doesn't fit makes `ok` false and becomes anything: a value that is always there needs
    /// half the code of one that may be missing at each field. A missing field of a record comes as `Null`.
    fn read(value: Value, ok: &mut bool) -> Self;

    /// Reads the JSON form; nothing where it doesn't fit.
    fn from_json(value: Value) -> Option<Self> {
        let mut ok = true;
        let it = Self::read(value, &mut ok);
        ok.then_some(it)
    }
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn to_json(&self) -> Value {
        (*self).to_json()
    }
}

impl ToJson for str {
    fn to_json(&self) -> Value {
        Value::from(self)
    }
}

impl<T: ToJson> ToJson for [T] {
    fn to_json(&self) -> Value {
        let mut list = Vec::new();
        for item in self {
            list.push(item.to_json());
        }
        Value::Array(list)
    }
}

impl<T: ToJson, const N: usize> ToJson for [T; N] {
    fn to_json(&self) -> Value {
        self.as_slice().to_json()
    }
}

macro_rules! to_number {
    ($($type:ty)*) => {$(
        impl ToJson for $type {
            fn to_json(&self) -> Value {
                Value::from(*self)
            }
        }
    )*};
}
to_number!(bool u8 u16 u32 u64 usize i32 i64 f64);

impl ToJson for String {
    fn to_json(&self) -> Value {
        Value::String(self.clone())
    }
}

impl Json for String {
    fn read(value: Value, ok: &mut bool) -> Self {
        match value {
            Value::String(text) => text,
            _ => {
                *ok = false;
                Self::new()
            }
        }
    }
}

impl Json for bool {
    fn read(value: Value, _: &mut bool) -> Self {
        value.as_bool().unwrap_or_default()
    }
}

macro_rules! numbers {
    ($($type:ty)*) => {$(
        impl Json for $type {
            fn read(value: Value, _: &mut bool) -> Self {
                // A host may hand a whole number over as 5.0.
                value.as_f64().unwrap_or_default() as $type
            }
        }
    )*};
}
numbers!(u8 u16 u32 u64);

impl ToJson for Value {
    fn to_json(&self) -> Value {
        self.clone()
    }
}

impl Json for Value {
    fn read(value: Value, _: &mut bool) -> Self {
        value
    }
}

impl ToJson for Map {
    fn to_json(&self) -> Value {
        Value::Object(self.clone())
    }
}

impl Json for Map {
    fn read(value: Value, ok: &mut bool) -> Self {
        match value {
            Value::Object(map) => map,
            other => {
                *ok &= other.is_null();
                Self::new()
            }
        }
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_json)
    }
}

impl<T: Json> Json for Option<T> {
    fn read(value: Value, ok: &mut bool) -> Self {
        if value.is_null() { None } else { Some(T::read(value, ok)) }
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to_json(&self) -> Value {
        self.as_slice().to_json()
    }
}

impl<T: Json> Json for Vec<T> {
    fn read(value: Value, ok: &mut bool) -> Self {
        let mut items = Self::new();
        match value {
            Value::Array(list) => {
                for item in list {
                    items.push(T::read(item, ok));
                }
            }
            other => *ok &= other.is_null(),
        }
        items
    }
}

/// Takes a field out of an object; a missing one is `Null`.
pub fn take(object: &mut Map, name: &str) -> Value {
    object.get_mut(name).map(Value::take).unwrap_or_default()
}

/// The fields of a record.
pub fn fields_of(value: Value, ok: &mut bool) -> Map {
    match value {
        Value::Object(object) => object,
        _ => {
            *ok = false;
            Map::new()
        }
    }
}

/// Puts a field into an object.
pub fn put(object: &mut Map, name: &str, value: Value) {
    object.insert(name.to_owned(), value);
}

/// Puts a field into an object unless it says nothing.
pub fn put_some(object: &mut Map, name: &str, value: Value) {
    if !value.is_null() {
        put(object, name, value);
    }
}

/// The fields of an object that are not among `known`.
pub fn unknown_fields<'a>(value: &'a Value, known: &[&str]) -> Vec<&'a String> {
    let fields = value.fields();
    fields.map(|(name, _)| name).filter(|name| !known.contains(&name.as_str())).collect()
}

/// Declares a struct with its JSON form. `as "name"` gives a field another name on the wire.
#[macro_export]
#[doc(hidden)]
macro_rules! record {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$fmeta:meta])* $fvis:vis $field:ident: $type:ty $(as $wire:literal)?,)* }) => {
        $(#[$meta])*
        $vis struct $name { $($(#[$fmeta])* $fvis $field: $type,)* }

        impl $crate::json::ToJson for $name {
            fn to_json(&self) -> $crate::json::Value {
                let mut object = $crate::json::Map::new();
                $($crate::json::put(&mut object, $crate::wire_name!($field $($wire)?), $crate::json::ToJson::to_json(&self.$field));)*
                $crate::json::Value::Object(object)
            }
        }

        impl $crate::json::Json for $name {
            fn read(value: $crate::json::Value, ok: &mut bool) -> Self {
                let mut object = $crate::json::fields_of(value, ok);
                Self { $($field: $crate::json::Json::read($crate::json::take(&mut object, $crate::wire_name!($field $($wire)?)), ok),)* }
            }
        }
    };
}

/// Declares an enum of words with its JSON form.
#[macro_export]
#[doc(hidden)]
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $(#[$fmeta:meta])* $first:ident = $fword:literal, $($(#[$vmeta:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        $vis enum $name { $(#[$fmeta])* $first, $($(#[$vmeta])* $variant,)* }

        impl $name {
            /// The word in JSON.
            pub fn word(self) -> &'static str {
                match self { Self::$first => $fword, $(Self::$variant => $word,)* }
            }
        }

        impl $crate::json::ToJson for $name {
            fn to_json(&self) -> $crate::json::Value {
                $crate::json::Value::from(self.word())
            }
        }

        impl $crate::json::Json for $name {
            fn read(value: $crate::json::Value, ok: &mut bool) -> Self {
                match value.as_str() {
                    Some($fword) => Self::$first,
                    $(Some($word) => Self::$variant,)*
                    _ => {
                        *ok = false;
                        Self::$first
                    }
                }
            }
        }
    };
}

/// Declares an enum whose variants have fields, with its JSON form `{ "variant": { … } }`. It needs a function
/// `unreadable` that gives anything.
#[macro_export]
#[doc(hidden)]
macro_rules! variants {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident as $word:literal { $($(#[$fmeta:meta])* $field:ident: $type:ty $(as $wire:literal)?,)* },)* }) => {
        $(#[$meta])*
        $vis enum $name { $($(#[$vmeta])* $variant {
            $(#[doc = concat!("The field `", stringify!($field), "`: see the variant.")] $(#[$fmeta])* $field: $type,)*
        },)* }

        impl $crate::json::ToJson for $name {
            fn to_json(&self) -> $crate::json::Value {
                let mut inner = $crate::json::Map::new();
                let word = match self {
                    $(Self::$variant { $($field,)* } => {
                        $($crate::json::put(&mut inner, $crate::wire_name!($field $($wire)?), $crate::json::ToJson::to_json($field));)*
                        $word
                    })*
                };
                let mut object = $crate::json::Map::new();
                $crate::json::put(&mut object, word, $crate::json::Value::Object(inner));
                $crate::json::Value::Object(object)
            }
        }

        impl $crate::json::Json for $name {
            fn read(value: $crate::json::Value, ok: &mut bool) -> Self {
                let mut object = $crate::json::fields_of(value, ok);
                $(if object.contains_key($word) {
                    let mut inner = $crate::json::fields_of($crate::json::take(&mut object, $word), ok);
                    return Self::$variant { $($field: $crate::json::Json::read($crate::json::take(&mut inner, $crate::wire_name!($field $($wire)?)), ok),)* };
                })*
                *ok = false;
                Self::unreadable()
            }
        }
    };
}

/// The name of a field on the wire.
#[macro_export]
#[doc(hidden)]
macro_rules! wire_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}
