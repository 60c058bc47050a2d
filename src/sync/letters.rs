//! Dead letters: events that can't be carried out without a person. Each is kept with its cause, tells once, and holds up
//! nobody else.

use super::Sync;
use crate::json::json;
use crate::{
    digistore24::Event,
    effects::{Happening, Write},
    error::{Details, Result},
};

impl Sync<'_> {
    /// Gives a letter up. The same message isn't taken a second time.
    ///
    /// # Errors
    /// `storage`.
    pub async fn drop_letter(&self, name: &str) -> Result<()> {
        let write = Write { key: self.scope.dead(name), expect: None, value: None };
        self.effects.commit(vec![write]).await.map(|_| ())
    }

    /// Says once that a letter is there.
    pub(super) fn alert(&self, event: Option<&Event>, error: Option<&Details>) {
        self.effects.event(Happening::Alert, || {
            let code = error.map_or("storage", |e| e.code.word());
            json!({
                "alert": "dead_letter", "id": event.map(|e| e.id.as_str()), "event": event.map(|e| e.event.name()),
                "code": code,
            })
        });
    }
}
