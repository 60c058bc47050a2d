//! Takes one message of Digistore24 and does what it asks for: `receive COMPONENT OPTIONS.json MESSAGE.form`.

use std::{env, fs};

use ghl_digistore24_wasmtime::wit::exports::ghl_digistore24::plugin::triggers::Webhook;
use ghl_digistore24_wasmtime::{Host, Memory};
use wasmtime::{Engine, Result, component::Component};

fn main() -> Result<()> {
    let [_, component, options, message] = env::args().collect::<Vec<_>>().try_into().unwrap_or_default();
    let component = Component::from_file(&Engine::default(), component)?;
    let mut host = Host::new(&component, Box::new(Memory::default()))?;
    let connections = host.plugin.ghl_digistore24_plugin_connections().connection();
    let connection = connections.call_open(&mut host.store, &fs::read_to_string(options)?)??;

    let post = Webhook {
        method: "POST".to_owned(),
        service: "digistore24".to_owned(),
        connection: None,
        token: None,
        signature: None,
        event: None,
        split_items: false,
    };
    let triggers = host.plugin.ghl_digistore24_plugin_triggers();
    let task = triggers.call_receive(&mut host.store, connection, &post, &fs::read(message)?)?;
    // { response: { status, headers, body }, … }: a receiver sends `response` back, whatever it is.
    println!("{}", host.finish(connection, task)??);

    // Then, and again at `nextAt`:
    let task = host.plugin.ghl_digistore24_plugin_sync().call_tick(&mut host.store, connection, None)?;
    println!("{}", host.finish(connection, task)??);
    Ok(())
}
