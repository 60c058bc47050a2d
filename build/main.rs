//! Compiles `catalog/*/*.json` into one compact block of bytes, so that the wasm carries the whole catalog and decodes only
//! what is asked for. `src/catalog/packed.rs` reads it and describes the form; `docs/architecture.md` has the measurements.

#![allow(clippy::print_stdout, reason = "so a build script talks to cargo")]

mod entries;
#[allow(dead_code, reason = "shared with the plugin, which uses more of it")]
#[path = "../src/catalog/form.rs"]
mod form;
mod out;
mod pack;
mod samples;
mod schemas;
#[allow(dead_code, unreachable_pub, reason = "shared with the plugin, which uses more of it")]
#[path = "../src/catalog/title.rs"]
mod title;

use std::{env, error::Error, fs, path::Path};

use out::{Out, by_number, number, varint};
use pack::Pack;
use serde_json::{Map, Value};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=catalog");
    let files = read_files()?;
    // Twice: the first time counts how often each string and property is used. Common ones get short numbers, and what is
    // used once stands where it is used.
    let mut count = Pack::default();
    count.files(&files)?;
    let mut pack = Pack { strings: number(count.strings), properties: number(count.properties), ..Pack::default() };
    let body = pack.files(&files)?;

    let mut head = Out::default();
    let strings = by_number(&pack.strings);
    varint(&mut head, strings.len());
    for text in strings {
        varint(&mut head, text.len());
        head.texts.extend_from_slice(text.as_bytes());
    }
    let texts = [head.texts, body.texts].concat();
    let mut out = Out::default();
    varint(&mut out, texts.len());
    let out = [out.bytes, texts, head.bytes, body.bytes].concat();
    let folder = env::var("OUT_DIR")?;
    fs::write(Path::new(&folder).join("catalog.bin"), out)?;

    for (file, name, texts) in DATA {
        println!("cargo::rerun-if-changed={file}");
        let mut data: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
        drop_texts(&mut data, texts);
        fs::write(Path::new(&folder).join(name), data.to_string())?;
    }
    Ok(())
}

/// Other JSON that the plugin carries along, its name there, and what in it is only for people and editors.
const DATA: [(&str, &str, &[&str]); 3] = [
    ("src/options.schema.json", "options.json", &["description"]),
    ("src/mapping/mapping.schema.json", "mapping.json", &["$id", "default", "description", "title"]),
    ("src/mapping/ready.json", "ready.json", &["description"]),
];

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
