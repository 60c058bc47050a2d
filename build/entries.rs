//! The entries of all files, and what triggers take from one another.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Map, Value};

use crate::Result;

pub(crate) fn text_of<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn list_of<'a>(object: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Value> {
    object.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// A file of the catalog.
pub(crate) type File = Map<String, Value>;

/// An entry with all that it takes from others.
pub(crate) struct Entry<'a> {
    pub(crate) id: &'a str,
    /// The number of its file.
    pub(crate) file: usize,
    pub(crate) facts: Cow<'a, Map<String, Value>>,
    pub(crate) input: Schema<'a>,
    pub(crate) output: Schema<'a>,
}

/// The entries of all files, by id.
pub(crate) fn everything(files: &[File]) -> Result<Vec<Entry<'_>>> {
    let mut all = ById::new();
    for (number, file) in files.iter().enumerate() {
        for entry in list_of(file, "operations").chain(list_of(file, "triggers")) {
            let entry = entry.as_object().ok_or("an entry is no object")?;
            let id = text_of(entry, "id");
            if all.insert(id, (number, entry)).is_some() {
                return Err(format!("the id {id} stands in two places").into());
            }
        }
    }
    let mut entries = Vec::new();
    for (id, (file, entry)) in &all {
        let (input, output) = schemas_of(id, &all, files).map_err(|e| format!("{id}: {e}"))?;
        let facts = match text_of(entry, "kind") {
            "trigger" => Cow::Owned(whole_trigger(id, &all)?),
            _ => Cow::Borrowed(*entry),
        };
        entries.push(Entry { id, file: *file, facts, input, output });
    }
    Ok(entries)
}

/// An entry as it stands in its file, and the number of that.
type ById<'a> = BTreeMap<&'a str, (usize, &'a Map<String, Value>)>;

/// A schema and the number of the file whose definitions it refers to.
pub(crate) type Schema<'a> = Option<(usize, Cow<'a, Value>)>;

/// Input and output of an entry. What a trigger lacks it takes from the one that it is `like`, or from the first that feeds
/// it; no input means that there is nothing to choose. Its `data` stands for an output: the `Event` of its file with this
/// content.
fn schemas_of<'a>(id: &str, all: &ById<'a>, files: &[File]) -> Result<(Schema<'a>, Schema<'a>)> {
    let (file, entry) = *all.get(id).ok_or_else(|| format!("there is no entry {id}"))?;
    let of = |name: &str| entry.get(name).map(|schema| (file, Cow::Borrowed(schema)));
    let (mut input, mut output) = (of("input"), of("output"));
    if let Some(data) = entry.get("data") {
        let event = files.get(file).and_then(|file| file.get("$defs")).and_then(|defs| defs.get("Event"));
        let mut event = event.ok_or("the file defines no Event")?.clone();
        *event.pointer_mut("/properties/data").ok_or("Event has no data")? = data.clone();
        output = Some((file, Cow::Owned(event)));
    }
    if text_of(entry, "kind") == "trigger" {
        let model = entry.get("like").or_else(|| list_of(entry, "sources").next()).and_then(Value::as_str);
        if let Some(model) = model {
            let (of_model, and_output) = schemas_of(model, all, files)?;
            (input, output) = (input.or(of_model), output.or(and_output));
        }
        let nothing = || serde_json::json!({ "type": "object", "properties": {}, "additionalProperties": false });
        input = input.or_else(|| Some((file, Cow::Owned(nothing()))));
    }
    Ok((input, output))
}

/// A trigger with all that it takes from the one that it is `like`, or from those that feed it: the ways by which it
/// arrives, and the body of its sample, which `with` changes.
fn whole_trigger(id: &str, all: &ById<'_>) -> Result<Map<String, Value>> {
    let (_, entry) = *all.get(id).ok_or_else(|| format!("there is no entry {id}"))?;
    let mut whole = entry.clone();
    whole.remove("like");
    let sources = list_of(entry, "sources").filter_map(Value::as_str);
    let models: Vec<_> = entry.get("like").and_then(Value::as_str).into_iter().chain(sources).collect();
    let models = models.into_iter().map(|id| whole_trigger(id, all)).collect::<Result<Vec<_>>>()?;
    if !whole.contains_key("arrives") {
        let mut ways: Vec<Value> = Vec::new();
        for way in models.iter().flat_map(|model| list_of(model, "arrives")) {
            if !ways.contains(way) {
                ways.push(way.clone());
            }
        }
        whole.insert("arrives".into(), ways.into());
    }
    let mut sample = entry.get("sample").and_then(Value::as_object).cloned().unwrap_or_default();
    // What is polled has no body that arrives.
    let of_model = models.first().and_then(|model| Some((model, model.get("sample")?.get("payload")?.as_object()?)));
    if let Some((model, payload)) = of_model.filter(|_| !sample.contains_key("payload") && !entry.contains_key("poll"))
    {
        let mut payload = payload.clone();
        let (named, own) = (model.get("wireEvent"), entry.get("wireEvent"));
        if let (Some(own), true) = (own, named.is_some() && payload.get("type") == named) {
            payload.insert("type".into(), own.clone());
        }
        if let Some(Value::Object(changes)) = sample.remove("with") {
            payload.extend(changes);
        }
        sample.insert("payload".into(), payload.into());
    }
    whole.insert("sample".into(), sample.into());
    Ok(whole)
}
