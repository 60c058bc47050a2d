//! JavaScript: synchronous exports and steps. No async export: each one would bring globals that strict hosts refuse.

use wasm_bindgen::prelude::*;

#[cfg(not(feature = "fetch"))]
use crate::json::ToJson;
use crate::json::{Value, parse, text};
use crate::{
    catalog,
    effects::{StepInput, Task},
    error::Error,
    events,
    plugin::{self, Plugin},
};

/// The plugin with its settings.
#[wasm_bindgen(js_name = Plugin)]
#[derive(Debug)]
pub struct JsPlugin(Plugin);

/// One call under way.
#[wasm_bindgen(js_name = Task)]
#[derive(Debug)]
pub struct JsTask(Task);

#[wasm_bindgen(js_class = Plugin)]
impl JsPlugin {
    /// Reads the options. Throws an `ErrorDetails` object that names every wrong option.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<JsPlugin, JsValue> {
        Plugin::new(from_js(&options)?).map(Self).map_err(|e| error_to_js(&e))
    }

    /// Whether a request may go to this address: only to the base addresses of the options.
    pub fn allows(&self, address: &str) -> bool {
        self.0.allows(address)
    }

    /// Starts a call. `args` is a JSON array; `body` are the raw bytes of a webhook; `trace` stands in all events, which
    /// come only where `isHeard`.
    pub fn start(
        &self,
        method: &str,
        args: &str,
        body: Option<Vec<u8>>,
        trace: Option<String>,
        #[wasm_bindgen(js_name = isHeard)] is_heard: Option<bool>,
    ) -> JsTask {
        let mut task = self.0.start(method, args, body.unwrap_or_default());
        task.observe(trace, is_heard.unwrap_or_default());
        JsTask(task)
    }
}

#[wasm_bindgen(js_class = Task)]
impl JsTask {
    /// Takes answers, gives the next effects or the end: `StepInput` and `Step` of the TypeScript module `protocol`, both
    /// as JSON text, which is measured three times cheaper than objects across the boundary.
    pub fn step(&mut self, input: &str) -> String {
        let input = parse(input).map(StepInput::from_value).unwrap_or_default();
        text(&self.0.step(input).to_value())
    }
}

/// Takes the catalog's face: what lies beside the wasm because only [`catalog_list`] needs it. Throws an `ErrorDetails` object
/// for the face of another build.
#[wasm_bindgen(js_name = catalogFace)]
pub fn catalog_face(face: Vec<u8>) -> Result<(), JsValue> {
    catalog::give_face(face).map_err(|e| error_to_js(&e))
}

/// The catalog's entries that match a filter (JSON), as JSON. Throws an `ErrorDetails` object.
#[wasm_bindgen(js_name = catalogList)]
pub fn catalog_list(filter: &str) -> Result<String, JsValue> {
    let filter = parse(filter).ok_or_else(|| error_to_js(&not_json()))?;
    let filter = catalog::Filter::read(filter).map_err(|e| error_to_js(&e))?;
    let entries = plugin::list(&filter).map_err(|e| error_to_js(&e))?;
    Ok(text(&Value::Array(entries)))
}

/// The events in the body of a webhook, as JSON. `options` is JSON; `connection` stands in the events' keys; `now` is in
/// milliseconds since 1970. Throws an `ErrorDetails` object.
#[wasm_bindgen(js_name = readEvents)]
pub fn read_events(connection: &str, service: &str, body: &[u8], options: &str, now: f64) -> Result<String, JsValue> {
    let options = parse(options).ok_or_else(|| error_to_js(&not_json()))?;
    let read = |options| {
        let reading = events::Reading::from_options(options)?;
        events::read(connection, service, body, &reading, now as u64)
    };
    read(options).map(|events| text(&Value::Array(events))).map_err(|e| error_to_js(&e))
}

/// Every way in which a value doesn't fit a schema, both JSON: `[{ path, problem }]`. Hosts have data of their own to check.
#[cfg(not(feature = "fetch"))]
#[wasm_bindgen]
pub fn validate(schema: &str, value: &str) -> Result<String, JsValue> {
    let (Some(schema), Some(value)) = (parse(schema), parse(value)) else { return Err(error_to_js(&not_json())) };
    let defs = schema.get("$defs").cloned().unwrap_or_default();
    Ok(text(&catalog::validate(&schema, &defs, &value).to_json()))
}

/// The plugin's version.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// By way of JSON text: measured faster than walking the object from here, and 9 kB (gzip) smaller.
pub(super) fn from_js(value: &JsValue) -> Result<Value, JsValue> {
    let text = js_sys::JSON::stringify(value).ok().and_then(|text| text.as_string());
    match text {
        Some(text) => parse(&text).ok_or_else(|| error_to_js(&not_json())),
        // `undefined` has no JSON form.
        None if value.is_undefined() => Ok(Value::Null),
        None => Err(error_to_js(&not_json())),
    }
}

fn not_json() -> Error {
    Error::invalid_field("input", "must be made of plain JSON values")
}

/// By way of JSON text too: in this build only errors cross as objects.
#[cfg(not(feature = "fetch"))]
fn to_js(value: &Value) -> JsValue {
    js_sys::JSON::parse(&text(value)).unwrap_or(JsValue::NULL)
}

/// The short exports give their results as objects.
#[cfg(feature = "fetch")]
pub(super) fn to_js(value: &Value) -> JsValue {
    use serde::Serialize;
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or(JsValue::NULL)
}

pub(super) fn error_to_js(error: &Error) -> JsValue {
    to_js(&error.to_json())
}
