//! Entries as bytes.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::{
    Result,
    entries::{Schema, everything, list_of, schemas_of, text_of, whole_trigger},
    form::{EFFECTS, KINDS, METHODS, RETRIES, flag, word},
    out::{Out, Used, list, use_once_more, varint},
    title::title_of,
};

#[derive(Default)]
pub(crate) struct Pack {
    pub(crate) strings: Used,
    /// Properties, each with its name and schema.
    pub(crate) properties: Used,
    /// What stands for them.
    pub(crate) property_bodies: HashMap<usize, Out>,
    /// `resource/Name` -> number of the definition.
    pub(crate) defs: HashMap<String, usize>,
    pub(crate) def_bodies: Vec<Out>,
    /// Equal definitions of several files are one.
    pub(crate) def_numbers: HashMap<Out, usize>,
}

impl Pack {
    /// The number of a string, or 0 and the string itself. `shift` leaves room for a bit or for "none".
    pub(crate) fn put_string(&mut self, out: &mut Out, text: &str) {
        self.put_text(out, text, |number| number);
    }

    /// 0 for nothing.
    pub(crate) fn put_some(&mut self, out: &mut Out, text: Option<&str>) {
        match text {
            None => out.push(0),
            Some(text) => self.put_text(out, text, |number| number + 1),
        }
    }

    pub(crate) fn put_text(&mut self, out: &mut Out, text: &str, code: impl FnOnce(usize) -> usize) {
        let number = use_once_more(&mut self.strings, text);
        varint(out, code(number));
        if number == 0 {
            varint(out, text.len());
            out.texts.extend_from_slice(text.as_bytes());
        }
    }

    pub(crate) fn files(&mut self, files: &[Map<String, Value>]) -> Result<Out> {
        let mut out = Out::default();
        let mut entries: Vec<(String, Out)> = Vec::new();
        varint(&mut out, files.len());
        for (number, file) in files.iter().enumerate() {
            for key in ["service", "resource", "title", "version"] {
                self.put_string(&mut out, text_of(file, key));
            }
            self.definitions(number, file)?;
        }
        let all = everything(files)?;
        for (id, (file, entry)) in &all {
            let schemas = schemas_of(id, &all, files).map_err(|e| format!("{id}: {e}"))?;
            let whole = match text_of(entry, "kind") {
                "trigger" => &whole_trigger(id, &all)?,
                _ => *entry,
            };
            let file = (*file, files.get(*file).ok_or("no file")?);
            let body = self.operation(file, whole, schemas).map_err(|e| format!("{id}: {e}"))?;
            entries.push(((*id).to_owned(), body));
        }
        let mut properties: Vec<_> = self.property_bodies.iter().collect();
        properties.sort_unstable();
        let properties: Vec<Out> = properties.into_iter().map(|(_, body)| body.clone()).collect();
        list(&mut out, &properties);
        list(&mut out, &self.def_bodies);
        list(&mut out, &entries.into_iter().map(|(_, body)| body).collect::<Vec<_>>());
        Ok(out)
    }

    /// References may go round in circles, so all numbers are given first, and equal ones joined where that is safe.
    pub(crate) fn definitions(&mut self, resource: usize, file: &Map<String, Value>) -> Result<()> {
        let Some(defs) = file.get("$defs").and_then(Value::as_object) else { return Ok(()) };
        let mut open: Vec<(&String, &Value)> = defs.iter().collect();
        // First those that refer to none or only to known ones: they can be compared as bytes.
        while !open.is_empty() {
            let before = open.len();
            let mut later = Vec::new();
            for (name, schema) in open {
                if self.knows_all(resource, schema) {
                    self.define(resource, name, schema)?;
                } else {
                    later.push((name, schema));
                }
            }
            open = later;
            if open.len() == before {
                break;
            }
        }
        // The rest refers to itself in some way.
        let first = self.def_bodies.len();
        for (i, (name, _)) in open.iter().enumerate() {
            self.defs.insert(format!("{resource}/{name}"), first + i);
            self.def_bodies.push(Out::default());
        }
        for (i, (name, schema)) in open.into_iter().enumerate() {
            let mut body = Out::default();
            self.put_string(&mut body, name);
            self.schema(&mut body, resource, schema, None)?;
            if let Some(place) = self.def_bodies.get_mut(first + i) {
                *place = body;
            }
        }
        Ok(())
    }

    pub(crate) fn define(&mut self, resource: usize, name: &str, schema: &Value) -> Result<()> {
        let mut body = Out::default();
        self.put_string(&mut body, name);
        self.schema(&mut body, resource, schema, None)?;
        let next = self.def_bodies.len();
        let number = *self.def_numbers.entry(body.clone()).or_insert(next);
        if number == next {
            self.def_bodies.push(body);
        }
        self.defs.insert(format!("{resource}/{name}"), number);
        Ok(())
    }

    pub(crate) fn knows_all(&self, resource: usize, schema: &Value) -> bool {
        match schema {
            Value::Object(object) => {
                let known = object.get("$ref").and_then(Value::as_str).is_none_or(|r| self.def(resource, r).is_ok());
                known && object.values().all(|v| self.knows_all(resource, v))
            }
            Value::Array(list) => list.iter().all(|v| self.knows_all(resource, v)),
            _ => true,
        }
    }

    pub(crate) fn def(&self, resource: usize, reference: &str) -> Result<usize> {
        let name = reference.strip_prefix("#/$defs/").unwrap_or_default();
        let found = self.defs.get(&format!("{resource}/{name}"));
        Ok(*found.ok_or_else(|| format!("{reference} is not defined"))?)
    }

    pub(crate) fn operation(
        &mut self,
        (resource, file): (usize, &Map<String, Value>),
        operation: &Map<String, Value>,
        (input, output): (Schema<'_>, Schema<'_>),
    ) -> Result<Out> {
        let id = text_of(operation, "id");
        let name = id.rsplit_once('.').map_or(id, |(_, name)| name);
        let mut out = Out::default();
        varint(&mut out, resource);
        self.put_string(&mut out, name);
        let has = |key: &str| operation.contains_key(key);
        let mut flags = 0;
        for (is_there, bit) in [
            (has("version"), flag::VERSION),
            (input.is_some(), flag::INPUT),
            (output.is_some(), flag::OUTPUT),
            (has("sample"), flag::SAMPLE),
            (has("deprecated"), flag::DEPRECATED),
        ] {
            flags |= if is_there { bit } else { 0 };
        }
        flags |= if text_of(operation, "tier") == "core" { flag::CORE } else { 0 };
        out.push(flags);
        for (words, key) in [(&KINDS[..], "kind"), (&METHODS, "method"), (&EFFECTS, "effect"), (&RETRIES, "retry")] {
            out.push(word(words, text_of(operation, key)).ok_or_else(|| format!("{key} is not known"))?);
        }
        let title = operation.get("title").and_then(Value::as_str).filter(|title| *title != title_of(name));
        self.put_some(&mut out, title);
        self.put_some(&mut out, operation.get("description").and_then(Value::as_str));
        // Segments, not whole paths: they repeat.
        let segments: Vec<&str> = text_of(operation, "path").split('/').skip(1).collect();
        varint(&mut out, segments.len());
        segments.into_iter().for_each(|segment| self.put_string(&mut out, segment));
        let scopes: Vec<&str> = list_of(operation, "scopes").filter_map(Value::as_str).collect();
        varint(&mut out, scopes.len());
        scopes.into_iter().for_each(|scope| self.put_string(&mut out, scope));
        if has("version") {
            self.put_string(&mut out, text_of(operation, "version"));
        }
        // All that few operations have stays JSON.
        let own = [
            "id",
            "tier",
            "kind",
            "method",
            "effect",
            "retry",
            "title",
            "description",
            "path",
            "scopes",
            "version",
            "input",
            "output",
            "data",
            "sample",
            "deprecated",
        ];
        let rest: Map<String, Value> = operation
            .iter()
            .filter(|(key, value)| !own.contains(&key.as_str()) && !value.is_null())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let rest = (!rest.is_empty()).then(|| Value::Object(rest).to_string());
        self.put_some(&mut out, rest.as_deref());
        for (file, schema) in [input, output].into_iter().flatten() {
            self.schema(&mut out, file, &schema, None)?;
        }
        let sample = operation.get("sample");
        if let Some(sample) = sample.filter(|_| text_of(operation, "kind") == "trigger") {
            self.value(&mut out, sample);
        } else if let Some(sample) = sample {
            for key in ["input", "output"] {
                let schema = operation.get(key).unwrap_or(&Value::Null);
                self.guided(&mut out, sample.get(key).unwrap_or(&Value::Null), schema, file);
            }
        }
        Ok(out)
    }
}
