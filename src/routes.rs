//! Which location an order belongs to, where a vendor sells into several. The first route that holds for one of the order's
//! items decides, never a default; then the order stays where it is, for later messages may name no product.

use crate::json::{Value, parse, text};
use crate::{
    digistore24::{Event, order_key},
    effects::{Effects, Write},
    error::Result,
    mapping::holds,
    scope::Scope,
};

/// The routes of a connection, in order. None: it has one location, and everything is of that one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Routes(Vec<(Value, String)>);

impl Routes {
    /// From checked options: `[{ when, location }]`. Without `when` a route is for all that comes to it.
    pub(crate) fn from_options(options: Option<&Value>) -> Self {
        let mut routes = Vec::new();
        for route in options.map_or(&[][..], Value::items) {
            let when = route["when"].clone();
            routes.push((when, route.text_of("location").unwrap_or_default().to_owned()));
        }
        Self(routes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, event: &Event) -> Option<&String> {
        let items = event.shape(true);
        let mut all = self.0.iter();
        let found = all.find(|(when, _)| items.iter().any(|facts| holds(when, facts)));
        found.map(|(_, location)| location)
    }

    /// The location of an event: that of its order or of the order that it replaces, else the first route's that holds; with
    /// `remember` the order stays there.
    ///
    /// # Errors
    /// `storage`.
    pub(crate) async fn settle(
        &self,
        effects: &Effects,
        connection: &str,
        event: &Event,
        remember: bool,
    ) -> Result<Option<String>> {
        match self.0.as_slice() {
            [(Value::Null, location)] => return Ok(Some(location.clone())),
            _ if event.order.base_id.is_empty() => return Ok(self.find(event).cloned()),
            _ => {}
        }
        let scope = Scope::new(connection, "digistore24");
        let key = scope.key("route", &event.order_key());
        let replaced = event.order.upgraded_order_id.as_deref();
        let replaced = replaced.map(|id| scope.key("route", &order_key(event.merchant.id.as_deref(), id)));
        loop {
            let keys = [Some(key.clone()), replaced.clone()].into_iter().flatten().collect();
            let (entries, _) = effects.get(keys).await?;
            let at = |key: &String| entries.iter().find(|entry| entry.key == *key);
            // A location that is gone holds no order any more.
            let known = |key: &String| {
                let location = parse(&at(key)?.value)?;
                self.0.iter().map(|(_, name)| name).find(|name| location.as_str() == Some(name))
            };
            if let Some(location) = known(&key) {
                return Ok(Some(location.clone()));
            }
            let Some(location) = replaced.as_ref().and_then(known).or_else(|| self.find(event)) else {
                return Ok(None);
            };
            let expect = Some(at(&key).map_or(0, |entry| entry.version));
            let write = Write { key: key.clone(), expect, value: Some(text(&location.as_str().into())) };
            // Else somebody has routed another message of this order in between: that one counts.
            if !remember || effects.commit(vec![write]).await?.is_some() {
                return Ok(Some(location.clone()));
            }
        }
    }
}
