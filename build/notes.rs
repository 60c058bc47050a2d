//! Schemas without annotations, and the annotations as notes to them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{
    Result,
    entries::{File, Schema},
    form::{ANNOTATIONS, KEYWORDS, word},
    out::{Out, varint},
    pack::Pack,
    title::title_of,
};

/// The schemas in a schema, in the order in which they are decoded; those of properties with their names.
fn parts(schema: &Value) -> Vec<(Option<&str>, &Value)> {
    let list = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let mut parts: Vec<_> = schema.get("items").into_iter().chain(list).map(|part| (None, part)).collect();
    parts.extend(properties.map(|(name, part)| (Some(name.as_str()), part)));
    parts.extend(schema.get("additionalProperties").filter(|rest| rest.is_object()).map(|part| (None, part)));
    parts
}

/// A schema without its annotations.
pub(crate) fn bare(schema: &Value) -> Value {
    let Value::Object(schema) = schema else { return schema.clone() };
    let mut out = Map::new();
    for (keyword, value) in schema {
        let value = match (keyword.as_str(), value) {
            (annotation, _) if ANNOTATIONS.contains(&annotation) => continue,
            ("items" | "additionalProperties", part) => bare(part),
            ("anyOf", Value::Array(list)) => list.iter().map(bare).collect(),
            ("properties", Value::Object(all)) => all.iter().map(|(name, part)| (name.clone(), bare(part))).collect(),
            (_, other) => other.clone(),
        };
        out.insert(keyword.clone(), value);
    }
    Value::Object(out)
}

/// Definitions, each with the number of its file.
pub(crate) type Needed<'a> = BTreeSet<(usize, &'a str)>;

/// The definitions that schemas refer to, also by way of others.
pub(crate) fn needed<'a>(
    files: &'a [File],
    schemas: impl Iterator<Item = &'a (usize, std::borrow::Cow<'a, Value>)>,
) -> Needed<'a> {
    let mut needed = Needed::new();
    let mut open: Vec<(usize, &Value)> = schemas.map(|(file, schema)| (*file, schema.as_ref())).collect();
    while let Some((file, schema)) = open.pop() {
        if let Some(name) = reference(schema)
            && needed.insert((file, name))
        {
            open.extend(definition(files, file, name).map(|schema| (file, schema)));
        }
        open.extend(parts(schema).into_iter().map(|(_, part)| (file, part)));
    }
    needed
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

fn definition<'a>(files: &'a [File], file: usize, name: &str) -> Option<&'a Value> {
    files.get(file)?.get("$defs")?.get(name)
}

/// A walk through the schemas of an input or output.
struct Walk<'a> {
    /// The definitions met so far.
    names: Vec<&'a str>,
    /// How many schemas there were, and how many up to the last note.
    schemas: usize,
    noted: usize,
}

impl Pack {
    /// The annotations of a schema and of the definitions that it needs.
    pub(crate) fn notes(&mut self, files: &[File], schema: &Schema<'_>) -> Result<Out> {
        let mut notes = Out::default();
        if let Some((file, schema)) = schema {
            let mut walk = Walk { names: Vec::new(), schemas: 0, noted: 0 };
            self.note(&mut notes, &mut walk, None, schema)?;
            let mut done = 0;
            while let Some(name) = walk.names.get(done).copied() {
                done += 1;
                let schema = definition(files, *file, name).ok_or_else(|| format!("{name} is not defined"))?;
                self.note(&mut notes, &mut walk, None, schema)?;
            }
        }
        Ok(notes)
    }

    fn note<'a>(&mut self, out: &mut Out, walk: &mut Walk<'a>, name: Option<&str>, schema: &'a Value) -> Result<()> {
        walk.schemas += 1;
        if let Some(name) = reference(schema).filter(|name| !walk.names.contains(name)) {
            walk.names.push(name);
        }
        for keyword in ANNOTATIONS {
            let Some(value) = schema.get(keyword) else { continue };
            if keyword == "title" && value.as_str() == name.map(title_of).as_deref() {
                continue;
            }
            varint(out, walk.schemas - walk.noted + 1);
            walk.noted = walk.schemas;
            out.push(word(&KEYWORDS, keyword).ok_or("an annotation is no keyword")?);
            match value.as_str() {
                Some(text) => self.put_string(out, text),
                None => self.values(out, value)?,
            }
        }
        for (name, part) in parts(schema) {
            self.note(out, walk, name, part)?;
        }
        Ok(())
    }
}
