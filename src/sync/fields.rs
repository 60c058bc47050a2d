//! The location's custom fields: found by key, created by `setup`, never changed or deleted.

use super::{Sync, from_json, process::Report};
use crate::json::{Map, ToJson, Value, json, text};
use crate::{
    client,
    effects::{Level, Write},
    error::{Code, Error, Result},
    record,
};

/// Every custom field of the default mapping: key, name, GHL data type.
pub const CUSTOM_FIELDS: [(&str, &str, &str); 16] = [
    ("ds24_buyer_id", "DS24 Buyer ID", "TEXT"),
    ("ds24_order_id", "DS24 Order ID", "TEXT"),
    ("ds24_product", "DS24 Product", "TEXT"),
    ("ds24_products", "DS24 Products", "TEXT"),
    ("ds24_status", "DS24 Status", "TEXT"),
    ("ds24_segment", "DS24 Segment", "TEXT"),
    ("ds24_currency", "DS24 Currency", "TEXT"),
    ("ds24_last_event", "DS24 Last Event", "TEXT"),
    ("ds24_newsletter", "DS24 Newsletter", "TEXT"),
    ("ds24_phone", "DS24 Phone", "TEXT"),
    ("ds24_amount", "DS24 Amount", "NUMERICAL"),
    ("ds24_earnings", "DS24 Earnings", "NUMERICAL"),
    ("ds24_lifetime", "DS24 Lifetime", "NUMERICAL"),
    ("ds24_last_activity", "DS24 Last Activity", "DATE"),
    ("ds24_next_payment", "DS24 Next Payment", "DATE"),
    ("ds24_paid_until", "DS24 Paid Until", "DATE"),
];

/// A field that is missing is looked for again after this time; all are after a day.
const RELOAD_MISSING_MS: u64 = 5 * 60_000;
const RELOAD_MS: u64 = 24 * 3_600_000;

record! {
    /// The location's custom fields as they were read: `{ id, key, name, kind, options, open }`, the key without
    /// `contact.`; `open`: other words than the options may be written, too.
    #[derive(Debug, Clone, Default)]
    struct Fields {
        since: u64,
        list: Vec<Value>,
    }
}

impl Fields {
    fn by_key(&self, key: &str) -> Option<&Value> {
        self.list.iter().find(|field| field["key"] == key)
    }
}

record! {
    /// What `setup` did.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Setup {
        /// Keys that were there already.
        pub present: Vec<String>,
        /// Keys that were created.
        pub created: Vec<String>,
        /// Keys whose field has another type: left alone, and a person must decide.
        pub wrong_type: Vec<String> as "wrongType",
    }
}

impl Sync<'_> {
    /// Turns fields by key into GHL's `customFields`. Missing fields are left out, with a warning.
    pub(super) async fn custom_fields(&self, report: &mut Report, wanted: &Map) -> Result<Vec<Value>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut fields = self.known_fields().await?;
        let age = self.effects.now().saturating_sub(fields.since);
        let missing =
            |fields: &Fields| wanted.keys().filter(|k| fields.by_key(k).is_none()).cloned().collect::<Vec<_>>();
        if age > RELOAD_MS || (age > RELOAD_MISSING_MS && !missing(&fields).is_empty()) {
            let answer = self.call(report, LIST, json!({ "model": "contact" })).await?;
            fields = self.keep_fields(read_fields(&answer)?).await?;
        }
        let absent = missing(&fields);
        if !absent.is_empty() {
            let fields =
                [("missing", absent.join(", ")), ("help", "run the command `setup` once; it creates them".to_owned())];
            self.effects.log(Level::Warn, "the location lacks custom fields, so their values are not written", fields);
        }
        let known = wanted
            .iter()
            .filter_map(|(key, value)| Some(json!({ "id": fields.by_key(key)?["id"], "field_value": value })));
        Ok(known.collect())
    }

    /// The custom fields as last read, if that is not long ago and they need not be `fresh`.
    pub(crate) async fn fields(&self, fresh: bool) -> Result<Value> {
        let known = self.known_fields().await?;
        if !fresh && self.effects.now().saturating_sub(known.since) <= RELOAD_MS {
            return Ok(Value::Array(known.list));
        }
        Ok(Value::Array(self.reload_fields().await?.list))
    }

    async fn reload_fields(&self) -> Result<Fields> {
        let answer = client::run(&self.effects, self.connection, LIST, json!({ "model": "contact" })).await?;
        self.keep_fields(read_fields(&answer)?).await
    }

    async fn known_fields(&self) -> Result<Fields> {
        let (entries, _) = self.effects.get(vec![self.scope.fields()]).await?;
        // A list that can't be read is none.
        Ok(entries.first().and_then(|e| from_json(&e.value).ok()).unwrap_or_default())
    }

    async fn keep_fields(&self, list: Vec<Value>) -> Result<Fields> {
        let fields = Fields { since: self.effects.now(), list };
        let value = Some(text(&fields.to_json()));
        self.effects.commit(vec![Write { key: self.scope.fields(), expect: None, value }]).await?;
        Ok(fields)
    }

    /// Creates the custom fields that are missing.
    ///
    /// # Errors
    /// What GHL said; running it again goes on where it stopped.
    pub async fn setup(&self) -> Result<Setup> {
        let mut fields = self.reload_fields().await?.list;
        let mut setup = Setup::default();
        for (key, name, kind) in CUSTOM_FIELDS {
            match fields.iter().find(|f| f["key"] == key) {
                Some(field) if field["kind"] == kind => setup.present.push(key.to_owned()),
                Some(_) => setup.wrong_type.push(key.to_owned()),
                None => {
                    let input = json!({ "name": name, "dataType": kind, "model": "contact" });
                    let made =
                        client::run(&self.effects, self.connection, "ghl.locations.createCustomField", input).await?;
                    fields.extend(made.get("customField").map(read_field));
                    setup.created.push(key.to_owned());
                }
            }
        }
        self.keep_fields(fields).await?;
        Ok(setup)
    }
}

const LIST: &str = "ghl.locations.getCustomFields";

fn read_fields(answer: &Value) -> Result<Vec<Value>> {
    let fields = answer.get("customFields").and_then(Value::as_array).ok_or_else(|| {
        Error::new(
            Code::MalformedResponse,
            "HighLevel's list of custom fields can't be understood",
            "Check the base address.",
        )
    })?;
    Ok(fields.iter().map(read_field).collect())
}

fn read_field(field: &Value) -> Value {
    let key = field["fieldKey"].as_str().unwrap_or_default();
    json!({
        "key": key.strip_prefix("contact.").unwrap_or(key),
        "id": field["id"],
        "name": field["name"],
        "kind": field["dataType"],
        "options": field["picklistOptions"],
        "open": field["isAllowedCustomOption"],
    })
}
