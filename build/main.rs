//! Compiles `catalog/*/*.json` into two compact blocks of bytes: the core, so that the wasm carries what every call needs and
//! decodes only what is asked for; and the face, which lies beside it. `src/catalog/packed.rs` reads them, `form.rs` describes
//! the form; `docs/architecture.md` has the measurements.

#![allow(clippy::print_stdout, reason = "so a build script talks to cargo")]

mod entries;
#[allow(dead_code, reason = "shared with the plugin, which uses more of it")]
#[path = "../src/catalog/form.rs"]
mod form;
mod notes;
mod out;
mod pack;
mod samples;
mod schemas;
#[allow(dead_code, unreachable_pub, reason = "shared with the plugin, which uses more of it")]
#[path = "../src/catalog/title.rs"]
mod title;

use std::{env, error::Error, fs, path::Path};

use entries::everything;
use pack::Pack;
use serde_json::{Map, Value};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=catalog");
    let files = read_files()?;
    let entries = everything(&files)?;
    let mut pack = Pack::default();
    let core = pack.block(|pack| pack.core(&files, &entries))?;
    let face = pack.block(|pack| pack.face(&files, &entries))?;
    let folder = env::var("OUT_DIR")?;
    let folder = Path::new(&folder);
    fs::write(folder.join("core.bin"), core)?;
    fs::write(folder.join("face.mark"), format!("{}_u64", form::mark(&face)))?;
    fs::write(folder.join("face.bin"), face)?;

    for (file, name, texts) in DATA {
        println!("cargo::rerun-if-changed={file}");
        let mut data: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
        drop_texts(&mut data, texts);
        fs::write(folder.join(name), data.to_string())?;
    }
    fs::write(folder.join("event.json"), event_schema(&files)?.to_string())?;
    Ok(())
}

/// Other JSON that the plugin carries along, its name there, and what in it is only for people and editors.
const DATA: [(&str, &str, &[&str]); 3] = [
    ("src/options.schema.json", "options.json", &["description"]),
    ("src/mapping/mapping.schema.json", "mapping.json", &["$id", "default", "description", "oneOf", "title"]),
    ("src/mapping/ready.json", "ready.json", &["description"]),
];

/// The shape of an event: what a mapping may name.
fn event_schema(files: &[Map<String, Value>]) -> Result<Value> {
    for file in files {
        for trigger in file.get("triggers").and_then(Value::as_array).into_iter().flatten() {
            if trigger.get("id").and_then(Value::as_str) == Some("digistore24.onPayment") {
                let mut schema = trigger.get("output").cloned().unwrap_or_default();
                if let Some(schema) = schema.as_object_mut() {
                    schema.insert("$defs".to_owned(), file.get("$defs").cloned().unwrap_or_default());
                }
                drop_texts(&mut schema, &["description", "title"]);
                return Ok(schema);
            }
        }
    }
    Err("the catalog has no digistore24.onPayment".into())
}

/// Drops words for people. A property of such a name is an object.
fn drop_texts(value: &mut Value, names: &[&str]) {
    match value {
        Value::Object(object) => {
            object.retain(|name, value| !names.contains(&name.as_str()) || value.is_object());
            object.values_mut().for_each(|value| drop_texts(value, names));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| drop_texts(value, names)),
        _ => {}
    }
}

/// All catalog files, by name.
fn read_files() -> Result<Vec<Map<String, Value>>> {
    let mut files = Vec::new();
    let mut paths = Vec::new();
    for service in fs::read_dir("catalog")? {
        let service = service?.path();
        if !service.is_dir() {
            continue;
        }
        println!("cargo::rerun-if-changed={}", service.display());
        for file in fs::read_dir(service)? {
            paths.push(file?.path());
        }
    }
    paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
    paths.sort();
    for path in paths {
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(&path)?;
        let file = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        match file {
            Value::Object(file) => files.push(file),
            _ => return Err(format!("{}: no object", path.display()).into()),
        }
    }
    Ok(files)
}
