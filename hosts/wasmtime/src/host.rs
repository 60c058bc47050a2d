//! The plugin in wasmtime: one instance, and the loop that drives its calls.

use std::hash::{BuildHasher, RandomState};
use std::result;

use wasmtime::component::{Component, Linker, ResourceAny};
use wasmtime::{Result, Store};

use crate::wit::Plugin;
use crate::wit::exports::ghl_digistore24::plugin::{effects::*, types::Error};
use crate::{Storage, http, now_ms, slept};

/// An instance of the plugin. Nothing durable is in it: after a trap make a new one.
pub struct Host {
    /// Its exports.
    pub plugin: Plugin,
    /// The memory of the instance.
    pub store: Store<()>,
    storage: Box<dyn Storage>,
}

impl Host {
    /// Starts an instance of a component, which is compiled once for all: `Component::from_file(&Engine::default(), path)`.
    pub fn new(component: &Component, storage: Box<dyn Storage>) -> Result<Self> {
        let mut store = Store::new(component.engine(), ());
        let plugin = Plugin::instantiate(&mut store, component, &Linker::new(component.engine()))?;
        Ok(Self { plugin, store, storage })
    }

    /// Drives a call to its end. The outer error is a trap, the inner one the plugin's own: it says what to do.
    pub fn finish(&mut self, connection: ResourceAny, task: ResourceAny) -> Result<result::Result<String, Error>> {
        let connections = self.plugin.ghl_digistore24_plugin_connections();
        let allows = |store: &mut Store<()>, url: &str| connections.connection().call_allows(store, connection, url);
        let mut answers = Vec::new();
        let outcome = loop {
            let (now, seed) = (now_ms(), RandomState::new().hash_one(0) as u32);
            let effects = match connections.task().call_resume(&mut self.store, task, now, seed, &answers)? {
                Ok(Step::Effects(effects)) => effects,
                Ok(Step::Done(json)) => break Ok(json),
                Err(error) => break Err(error),
            };
            answers.clear();
            for Outgoing { id, effect } in effects {
                let reply = match effect {
                    Effect::Http(request) if !allows(&mut self.store, &request.url)? => http::REFUSED,
                    Effect::Http(request) => http::send(request),
                    Effect::Sleep(ms) => slept(ms),
                    Effect::StoreGet(keys) => self.storage.get(&keys).into(),
                    Effect::StoreList(range) => self.storage.list(&range).into(),
                    Effect::StoreCommit(writes) => self.storage.commit(writes).into(),
                    // This host has no tables of zones: tasks are due by Berlin's clocks.
                    Effect::Zone(_) => Reply::Offset(None),
                    Effect::Log(line) => {
                        eprintln!("{:?}: {}", line.level, line.message);
                        continue;
                    }
                    Effect::Event(_) => continue,
                };
                answers.push(Answer { id, reply });
            }
        };
        task.resource_drop(&mut self.store)?;
        Ok(outcome)
    }
}
