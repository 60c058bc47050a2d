//! The location's custom fields: found by key, created by `setup`, never changed or deleted.

use super::{Call, Sync, from_json, names::reads, process::Report};
use crate::json::{Map, ToJson, Value, json, text};
use crate::text::lower;
use crate::{
    effects::{Level, Write},
    error::{Code, Error, Result},
    record,
};

/// Every custom field of the default mapping: key, name, GHL data type.
pub const CUSTOM_FIELDS: [(&str, &str, &str); 17] = [
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
    ("ds24_eticket_date", "DS24 Eticket Date", "DATE"),
];

/// A field that is missing is looked for again after this time; all are after a day.
pub(super) const RELOAD_MISSING_MS: u64 = 5 * 60_000;
pub(crate) const RELOAD_MS: u64 = 24 * 3_600_000;

record! {
    /// The location's custom fields as they were read: `{ id, key, name, kind, options, open }`, the key without
    /// `contact.`; `open`: other words than the options may be written, too.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Fields {
        since: u64,
        pub(crate) list: Vec<Value>,
    }
}

impl Fields {
    /// By key, else by id or name: a mapping may say any of them, in small letters or large.
    pub(super) fn by_key(&self, key: &str) -> Option<&Value> {
        let sought = &lower(key.trim());
        let is = |what: &'static str| self.list.iter().find(move |field| reads(field, what, sought));
        is("key").or_else(|| is("id")).or_else(|| is("name"))
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
    /// Turns fields by key into GHL's `customFields`. Missing fields are left out, with a warning, and out of what counts as
    /// `written`: once they are there, the next event brings them.
    pub(super) async fn custom_fields(
        &self,
        report: &mut Report,
        wanted: &Map,
        written: &mut Map,
    ) -> Result<Vec<Value>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut absent = Vec::from_iter(wanted.keys().cloned());
        let fields = self.fields_with(&absent, &mut report.calls).await?;
        absent.retain(|key| fields.by_key(key).is_none());
        if !absent.is_empty() {
            for key in &absent {
                written.remove(key);
            }
            let fields =
                [("missing", absent.join(", ")), ("help", "run the command `setup` once; it creates them".to_owned())];
            self.effects.log(Level::Warn, "the location lacks custom fields, so their values are not written", fields);
        }
        let known = wanted
            .iter()
            .filter_map(|(key, value)| Some(json!({ "id": fields.by_key(key)?["id"], "field_value": value })));
        Ok(known.collect())
    }

    /// The custom fields; read again where one of these keys is not among them.
    pub(super) async fn fields_with(&self, keys: &[String], calls: &mut Vec<Call>) -> Result<Fields> {
        let mut age = RELOAD_MS;
        loop {
            let fields = self.fields(age, calls).await?;
            if age == RELOAD_MISSING_MS || keys.iter().all(|key| fields.by_key(key).is_some()) {
                return Ok(fields);
            }
            age = RELOAD_MISSING_MS;
        }
    }

    /// The custom fields, as they were at most `age` ago.
    pub(crate) async fn fields(&self, age: u64, calls: &mut Vec<Call>) -> Result<Fields> {
        let (entries, _) = self.effects.get(vec![self.scope.fields()]).await?;
        // A list that can't be read is none.
        let known: Fields = entries.first().and_then(|e| from_json(&e.value).ok()).unwrap_or_default();
        if self.effects.now().saturating_sub(known.since) <= age {
            return Ok(known);
        }
        let answer = self.call(calls, LIST, json!({ "model": "contact" })).await?;
        let list = answer.get("customFields").and_then(Value::as_array).ok_or_else(|| {
            Error::new(
                Code::MalformedResponse,
                "HighLevel's list of custom fields can't be understood",
                "Check the base address.",
            )
        })?;
        let mut fields = Fields { since: self.effects.now(), list: Vec::new() };
        for field in list {
            fields.list.push(read_field(field));
        }
        self.keep_fields(&fields).await?;
        Ok(fields)
    }

    async fn keep_fields(&self, fields: &Fields) -> Result<()> {
        let value = Some(text(&fields.to_json()));
        self.effects.commit(vec![Write { key: self.scope.fields(), expect: None, value }]).await?;
        Ok(())
    }

    /// Creates the custom fields that are missing.
    ///
    /// # Errors
    /// What GHL said; running it again goes on where it stopped.
    pub async fn setup(&self) -> Result<Setup> {
        let mut fields = self.fields(0, &mut Vec::new()).await?;
        let mut setup = Setup::default();
        for (key, name, kind) in CUSTOM_FIELDS {
            match fields.by_key(key) {
                Some(field) if field["kind"] == kind => setup.present.push(key.to_owned()),
                Some(_) => setup.wrong_type.push(key.to_owned()),
                None => {
                    let input = json!({ "name": name, "dataType": kind, "model": "contact" });
                    let made = self.client.run("ghl.locations.createCustomField", input).await?;
                    fields.list.extend(made.get("customField").map(read_field));
                    setup.created.push(key.to_owned());
                }
            }
        }
        self.keep_fields(&fields).await?;
        Ok(setup)
    }
}

const LIST: &str = "ghl.locations.getCustomFields";

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
