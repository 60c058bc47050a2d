//! Compiles `catalog/*/*.json` into one Rust table, so that the wasm carries the catalog and parses only what is asked for.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=catalog");
    let mut resources = String::new();
    let mut entries: Vec<(String, usize, String)> = Vec::new();
    let mut count = 0usize;

    for service in ["digistore24", "ghl"] {
        let folder = Path::new("catalog").join(service);
        println!("cargo::rerun-if-changed={}", folder.display());
        let Ok(listing) = fs::read_dir(&folder) else { continue };
        let mut files: Vec<_> = listing.collect::<Result<Vec<_>, _>>()?.into_iter().map(|f| f.path()).collect();
        files.retain(|path| path.extension().is_some_and(|e| e == "json"));
        files.sort();
        for path in files {
            println!("cargo::rerun-if-changed={}", path.display());
            let text = fs::read_to_string(&path)?;
            let file: Value = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
            let text_of = |key: &str| file.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let defs = file.get("$defs").cloned().unwrap_or_else(|| Value::Object(Default::default()));
            writeln!(
                resources,
                "    Resource {{ service: {:?}, name: {:?}, title: {:?}, version: {:?}, defs: {:?} }},",
                text_of("service"),
                text_of("resource"),
                text_of("title"),
                text_of("version"),
                defs.to_string(),
            )?;
            let operations = file.get("operations").and_then(Value::as_array);
            for operation in operations.ok_or_else(|| format!("{}: no operations", path.display()))? {
                let id = operation.get("id").and_then(Value::as_str);
                let id = id.ok_or_else(|| format!("{}: an operation has no id", path.display()))?;
                entries.push((id.to_owned(), count, operation.to_string()));
            }
            count += 1;
        }
    }

    entries.sort();
    if let Some((twice, _)) = entries.iter().zip(entries.iter().skip(1)).find(|(a, b)| a.0 == b.0) {
        return Err(format!("the operation id {} stands in two places", twice.0).into());
    }
    let mut out = String::new();
    writeln!(out, "static RESOURCES: &[Resource] = &[\n{resources}];")?;
    writeln!(out, "static ENTRIES: &[Entry] = &[")?;
    for (id, resource, json) in &entries {
        writeln!(out, "    Entry {{ id: {id:?}, resource: {resource}, json: {json:?} }},")?;
    }
    writeln!(out, "];")?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("catalog.rs"), out)?;
    Ok(())
}
