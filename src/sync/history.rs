//! The methods that the façade drives: it reads lists and keeps what it has read, these decide and write. The bare module has
//! nobody who would drive them, and leaves them out for its size.

use super::Sync;
use crate::catalog::check_known;
use crate::error::{Error, Result};
use crate::json::{Json, Value};

impl Sync<'_> {
    /// `merchant()`, `import({orders, merchant, manner, contact, dryRun})`, `lacks(merchant, rows)`, `overdue(after)`,
    /// `work(merchant, kind, rows)`, `compare(merchant, order)`, `view(contactId, merchant, orders)`, `tests(after)`, `dropTests(contactId, version, gone)`, `forget(email, contactId)`.
    ///
    /// # Errors
    /// `invalid_input` for another name; else what the method says.
    pub async fn history(&self, method: &str, mut args: Vec<Value>) -> Result<Value> {
        let mut at = |index: usize| args.get_mut(index).map(Value::take).unwrap_or_default();
        let (first, second, third) = (at(0), at(1), at(2));
        let text = first.as_str().unwrap_or_default();
        match method {
            "sync.merchant" => Ok(self.merchant().await?.into()),
            "sync.import" => {
                check_known("import", &first, &["orders", "merchant", "manner", "contact", "dryRun", "maxRequests"])?;
                let import = Json::from_json(first);
                self.import(import.ok_or_else(|| Error::invalid_field("import", "has a field of the wrong type"))?)
                    .await
            }
            "sync.lacks" => self.lacks(text, second).await,
            "sync.overdue" => self.overdue(first.as_str().map(str::to_owned)).await,
            "sync.work" => self.work(text, second.as_str().unwrap_or_default(), &third).await,
            "sync.view" => self.view_with(text, second.as_str().unwrap_or_default(), &third).await,
            "sync.tests" => self.tests(first.as_str().map(str::to_owned)).await,
            "sync.dropTests" => {
                let version = second.as_u64().unwrap_or_default();
                Ok(self.drop_tests(text, version, third.as_bool() == Some(true)).await?.into())
            }
            "sync.compare" => self.compare(text, &second, &third).await,
            "forget" => self.forget(text, second.as_str()).await,
            _ => Err(Error::invalid_field("method", "is not known")),
        }
    }
}
