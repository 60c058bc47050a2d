//! The two blocks, and their entries as bytes.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use crate::{
    Result,
    entries::{Entry, File, Schema, list_of, text_of},
    form::{EFFECTS, KINDS, METHODS, RETRIES, flag, word},
    notes::{Needed, bare, needed},
    out::{Out, Used, by_number, list, number, use_once_more, varint},
    title::title_of,
};

/// What has a number so far.
#[derive(Clone, Default)]
pub(crate) struct Pack {
    pub(crate) strings: Used,
    /// Properties, each with its name and schema.
    pub(crate) properties: Used,
    /// What stands for them.
    pub(crate) property_bodies: BTreeMap<usize, Out>,
    /// `resource/Name` -> number of the definition.
    pub(crate) defs: HashMap<String, usize>,
    pub(crate) def_bodies: Vec<Out>,
    /// Equal definitions of several files are one.
    pub(crate) def_numbers: HashMap<String, usize>,
}

impl Pack {
    /// A block of the entries and the tail that `write` gives. Twice: the first time counts how often each string and
    /// property is used. Common ones get short numbers, and what is used once stands where it is used.
    pub(crate) fn block(&mut self, write: impl Fn(&mut Self) -> Result<(Vec<Out>, Out)>) -> Result<Vec<u8>> {
        let before = self.clone();
        write(self)?;
        *self = Self {
            strings: number(std::mem::take(&mut self.strings)),
            properties: number(std::mem::take(&mut self.properties)),
            ..before.clone()
        };
        let (entries, tail) = write(self)?;
        let mut out = Out::default();
        let strings = by_number(&self.strings, before.strings.len());
        varint(&mut out, strings.len());
        for text in strings {
            varint(&mut out, text.len());
            out.texts.extend_from_slice(text.as_bytes());
        }
        let properties: Vec<_> = self.property_bodies.values().skip(before.property_bodies.len()).cloned().collect();
        list(&mut out, &properties);
        list(&mut out, self.def_bodies.get(before.def_bodies.len()..).unwrap_or_default());
        list(&mut out, &entries);
        out.extend(&tail);
        self.strings.retain(|_, one| one.number > 0);
        self.properties.retain(|_, one| one.number > 0);
        let mut length = Out::default();
        varint(&mut length, out.texts.len());
        Ok([length.bytes, out.texts, out.bytes].concat())
    }

    /// The entries that most hosts call: what is needed to find, check and call them.
    pub(crate) fn core(&mut self, files: &[File], entries: &[Entry<'_>]) -> Result<(Vec<Out>, Out)> {
        let (common, _) = split(entries);
        self.definitions(files, &needed(files, common.iter().map(|entry| &entry.input)))?;
        let mut tail = Out::default();
        varint(&mut tail, files.len());
        for file in files {
            for key in ["service", "resource", "title", "version"] {
                self.put_string(&mut tail, text_of(file, key));
            }
        }
        Ok((self.called(files, &common)?, tail))
    }

    /// What people and forms see besides, of the entries of the core and of the others; behind them the others.
    pub(crate) fn face(&mut self, files: &[File], entries: &[Entry<'_>]) -> Result<(Vec<Out>, Out)> {
        let (common, others) = split(entries);
        let schemas = entries.iter().flat_map(|entry| std::iter::once(&entry.input).chain(&entry.output));
        self.definitions(files, &needed(files, schemas))?;
        let face = |entry: &&Entry<'_>| self.face_of(files, entry).map_err(|e| format!("{}: {e}", entry.id));
        let faces = common.iter().chain(&others).map(face).collect::<std::result::Result<_, _>>()?;
        let mut tail = Out::default();
        list(&mut tail, &self.called(files, &others)?);
        Ok((faces, tail))
    }

    fn called(&mut self, files: &[File], entries: &[&Entry<'_>]) -> Result<Vec<Out>> {
        entries
            .iter()
            .map(|entry| self.core_of(files, entry).map_err(|e| format!("{}: {e}", entry.id).into()))
            .collect()
    }

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

    /// References may go round in circles, so all numbers are given first, and equal ones joined where that is safe.
    fn definitions(&mut self, files: &[File], needed: &Needed) -> Result<()> {
        for (resource, file) in files.iter().enumerate() {
            let defs = file.get("$defs").and_then(Value::as_object).into_iter().flatten();
            let is_new = |name: &str| !self.defs.contains_key(&format!("{resource}/{name}"));
            let wanted = defs.filter(|(name, _)| needed.contains(&(resource, name.as_str())) && is_new(name));
            let mut open: Vec<(&String, Value)> = wanted.map(|(name, schema)| (name, bare(schema))).collect();
            // First those that refer to none or only to known ones: they can be compared.
            while let Some(place) = open.iter().position(|(_, schema)| self.knows_all(resource, schema)) {
                let (name, schema) = open.remove(place);
                self.define(resource, name, &schema)?;
            }
            // The rest refers to itself in some way.
            let first = self.def_bodies.len();
            for (i, (name, _)) in open.iter().enumerate() {
                self.defs.insert(format!("{resource}/{name}"), first + i);
                self.def_bodies.push(Out::default());
            }
            for (i, (name, schema)) in open.into_iter().enumerate() {
                let body = self.definition(resource, name, &schema)?;
                if let Some(place) = self.def_bodies.get_mut(first + i) {
                    *place = body;
                }
            }
        }
        Ok(())
    }

    fn define(&mut self, resource: usize, name: &str, schema: &Value) -> Result<()> {
        let next = self.def_bodies.len();
        let key = format!("{name} {}", self.canonical(resource, schema)?);
        let number = *self.def_numbers.entry(key).or_insert(next);
        if number == next {
            let body = self.definition(resource, name, schema)?;
            self.def_bodies.push(body);
        }
        self.defs.insert(format!("{resource}/{name}"), number);
        Ok(())
    }

    fn definition(&mut self, resource: usize, name: &str, schema: &Value) -> Result<Out> {
        let mut body = Out::default();
        self.put_string(&mut body, name);
        self.schema(&mut body, resource, schema)?;
        Ok(body)
    }

    fn knows_all(&self, resource: usize, schema: &Value) -> bool {
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

    fn core_of(&mut self, files: &[File], entry: &Entry<'_>) -> Result<Out> {
        let Entry { id, file, facts, input, output } = entry;
        let mut out = Out::default();
        varint(&mut out, *file);
        self.put_string(&mut out, name_of(id));
        let has = |key: &str| facts.contains_key(key);
        let brings = type_of(files, output);
        out.push(flags([
            (text_of(facts, "tier") == "core", flag::CORE),
            (has("version"), flag::VERSION),
            (has("deprecated"), flag::DEPRECATED),
            (brings == Some("object"), flag::OBJECT),
            (brings == Some("array"), flag::LIST),
        ]));
        for (words, key) in [(&KINDS[..], "kind"), (&METHODS, "method"), (&EFFECTS, "effect"), (&RETRIES, "retry")] {
            out.push(word(words, text_of(facts, key)).ok_or_else(|| format!("{key} is not known"))?);
        }
        // Segments, not whole paths: they repeat.
        let segments: Vec<&str> = text_of(facts, "path").split('/').skip(1).collect();
        varint(&mut out, segments.len());
        segments.into_iter().for_each(|segment| self.put_string(&mut out, segment));
        let scopes: Vec<&str> = list_of(facts, "scopes").filter_map(Value::as_str).collect();
        varint(&mut out, scopes.len());
        scopes.into_iter().for_each(|scope| self.put_string(&mut out, scope));
        if has("version") {
            self.put_string(&mut out, text_of(facts, "version"));
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
        let rest: Map<String, Value> = facts
            .iter()
            .filter(|(key, value)| !own.contains(&key.as_str()) && !value.is_null())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let rest = (!rest.is_empty()).then(|| Value::Object(rest).to_string());
        self.put_some(&mut out, rest.as_deref());
        self.schema(&mut out, input.0, &bare(&input.1))?;
        Ok(out)
    }

    fn face_of(&mut self, files: &[File], entry: &Entry<'_>) -> Result<Out> {
        let Entry { id, file, facts, input, output } = entry;
        let mut out = Out::default();
        let sample = facts.get("sample");
        out.push(flags([(output.is_some(), flag::OUTPUT), (sample.is_some(), flag::SAMPLE)]));
        let text = |key| facts.get(key).and_then(Value::as_str);
        self.put_some(&mut out, text("title").filter(|title| *title != title_of(name_of(id))));
        self.put_some(&mut out, text("description"));
        let notes = std::iter::once(input).chain(output).map(|schema| self.notes(files, schema));
        let notes = notes.collect::<Result<Vec<_>>>()?;
        list(&mut out, &notes);
        if let Some((file, schema)) = output {
            self.schema(&mut out, *file, &bare(schema))?;
        }
        let Some(sample) = sample else { return Ok(out) };
        if text_of(facts, "kind") == "trigger" {
            self.value(&mut out, sample);
            return Ok(out);
        }
        let file = files.get(*file).ok_or("no file")?;
        for key in ["input", "output"] {
            let schema = facts.get(key).unwrap_or(&Value::Null);
            self.guided(&mut out, sample.get(key).unwrap_or(&Value::Null), schema, file);
        }
        Ok(out)
    }
}

/// What the plugin calls itself without being told to, of the tier *all*.
const OWN: [&str; 2] = ["ghl.oauth.getAccessToken", "ghl.oauth.getLocationAccessToken"];

/// The entries that belong into the core, and the others.
fn split<'a, 'b>(entries: &'a [Entry<'b>]) -> (Vec<&'a Entry<'b>>, Vec<&'a Entry<'b>>) {
    entries.iter().partition(|entry| text_of(&entry.facts, "tier") == "core" || OWN.contains(&entry.id))
}

/// The last part of an id.
fn name_of(id: &str) -> &str {
    id.rsplit_once('.').map_or(id, |(_, name)| name)
}

/// The one type that an output has, by itself or by the definition that it refers to.
fn type_of<'a>(files: &'a [File], output: &'a Option<Schema<'_>>) -> Option<&'a str> {
    let (file, schema) = output.as_ref()?;
    let reference = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/"));
    let schema = match reference {
        Some(name) => files.get(*file)?.get("$defs")?.get(name)?,
        None => schema,
    };
    schema.get("type")?.as_str()
}

fn flags<const N: usize>(set: [(bool, u8); N]) -> u8 {
    set.into_iter().filter(|(is_set, _)| *is_set).fold(0, |flags, (_, bit)| flags | bit)
}
