//! Build helper: `bindgen IN.wasm OUT_DIR NAME` writes the `bundler` glue that every loader shares, and the wasm.

mod alike;
mod order;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let [Some(input), Some(output), Some(name), None] = std::array::from_fn(|_| arguments.next()) else {
        anyhow::bail!("usage: bindgen IN.wasm OUT_DIR NAME");
    };
    // The name also stands in the wasm, as the module that it imports from.
    let name = name.to_str().context("NAME must be UTF-8")?;
    let output = PathBuf::from(output);

    Bindgen::new()
        .input_path(PathBuf::from(&input))
        .out_name(name)
        // The only target whose glue has no loader of its own, so that js/src/loaders can wrap it for every host.
        .bundler(true)?
        .typescript(true)
        // Release builds need no debugging names; a trap's stack still shows function numbers.
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&output)
        .with_context(|| format!("wasm-bindgen could not read {}", input.display()))?;

    let wasm = output.join(format!("{name}_bg.wasm"));
    fs::write(&wasm, order::like_beside_like(&alike::alike(&fs::read(&wasm)?)?)?)?;
    Ok(())
}
