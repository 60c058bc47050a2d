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

    let options = "src/options.schema.json";
    println!("cargo::rerun-if-changed={options}");
    let mut schema: Value = serde_json::from_str(&fs::read_to_string(options)?)?;
    drop_descriptions(&mut schema);
    fs::write(folder.join("options.json"), schema.to_string())?;
    Ok(())
}

/// Descriptions are for people who read the file.
fn drop_descriptions(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.retain(|name, value| name != "description" || !value.is_string());
            object.values_mut().for_each(drop_descriptions);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_descriptions),
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
