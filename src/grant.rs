//! A credential that may change while the plugin runs, as the store keeps it.

use std::fmt;

use crate::{record, text::short_hash};

/// Marks of replaced settings that are kept: as many as old instances may still run with.
const MARKS: usize = 8;

record! {
/// What the store knows of a credential. Nothing that prints shows any of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Grant {
    /// What goes with a request: a token, an API key. Of the webhook: the newest passphrase.
    pub access: String,
    /// Renews `access`, once. Empty where nothing does.
    pub refresh: String,
    /// When `access` was made by the store's clock, milliseconds since 1970; 0: not known.
    pub since: u64,
    /// When `access` ends by the store's clock, milliseconds since 1970. 0: never, or nobody has said it.
    pub expires: u64,
    /// What it may do; empty where that is not known.
    pub scopes: Vec<String>,
    /// What is accepted besides `access`: the passphrase before it.
    pub also: Vec<String>,
    /// Which settings this one has replaced, as marks.
    pub replaces: Vec<String>,
    /// The service has refused to renew it: only a person can connect again.
    pub lost: bool,
    /// No use in asking before that time, by the store's clock.
    pub wait_until: u64 as "waitUntil",
}
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grant(…)")
    }
}

impl Grant {
    /// A credential that consists of one text.
    pub fn of(access: &str) -> Self {
        Self { access: access.to_owned(), ..Self::default() }
    }

    /// Whether there is anything.
    pub fn is_set(&self) -> bool {
        !self.access.is_empty() || !self.refresh.is_empty()
    }

    /// All that is accepted.
    pub fn texts(&self) -> Vec<&str> {
        let mut texts = Vec::new();
        if !self.access.is_empty() {
            texts.push(self.access.as_str());
        }
        for text in &self.also {
            texts.push(text);
        }
        texts
    }

    /// What counts: the stored credential, unless the settings have a newer one than it replaced.
    #[must_use]
    pub fn chosen(stored: Option<Self>, configured: Option<&Self>) -> Self {
        match (stored, configured) {
            (Some(stored), Some(configured)) if !stored.replaces.contains(&configured.mark()) => {
                Self { replaces: stored.replaces, ..configured.clone() }
            }
            (Some(stored), _) => stored,
            (None, configured) => configured.cloned().unwrap_or_default(),
        }
    }

    /// This credential in the place of `old`, and of what the settings say.
    #[must_use]
    pub fn succeeding(mut self, old: &Self, configured: Option<&Self>) -> Self {
        self.replaces.clone_from(&old.replaces);
        if let Some(configured) = configured {
            let mark = configured.mark();
            if !self.replaces.contains(&mark) {
                self.replaces.push(mark);
            }
        }
        if self.replaces.len() > MARKS {
            self.replaces.remove(0);
        }
        self
    }

    /// Stands for a setting without telling it.
    fn mark(&self) -> String {
        let mut texts = if self.refresh.is_empty() { self.texts() } else { vec![self.refresh.as_str()] };
        short_hash(&mut texts.drain(..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_setting_stays_replaced_and_a_new_one_counts() {
        let (old, new) = (Grant::of("a"), Grant::of("b"));
        let stored = new.succeeding(&old, Some(&old));
        let chosen = |configured: &Grant| Grant::chosen(Some(stored.clone()), Some(configured)).access;
        assert_eq!(chosen(&old), "b");
        assert_eq!(chosen(&Grant::of("c")), "c");
        assert_eq!(Grant::chosen(Some(stored.clone()), None).access, "b");
        assert_eq!(Grant::chosen(None, Some(&old)).access, "a");
        // The next change keeps both marks: neither an old instance nor an older one brings its setting back.
        let next = Grant::of("d").succeeding(&stored, Some(&Grant::of("c")));
        for configured in ["a", "c"] {
            assert_eq!(Grant::chosen(Some(next.clone()), Some(&Grant::of(configured))).access, "d");
        }
    }

    #[test]
    fn a_pair_is_known_by_what_renews_it() {
        let imported = Grant { refresh: "r1".into(), ..Grant::of("t1") };
        let renewed = Grant { refresh: "r2".into(), ..Grant::of("t2") }.succeeding(&imported, Some(&imported));
        let again = Grant { refresh: "r1".into(), ..Grant::of("another") };
        assert_eq!(Grant::chosen(Some(renewed), Some(&again)).access, "t2");
    }

    #[test]
    fn marks_are_few_and_printing_shows_nothing() {
        let mut grant = Grant::of("secret");
        for n in 0..20 {
            grant = Grant::of("secret").succeeding(&grant, Some(&Grant::of(&n.to_string())));
        }
        assert_eq!(grant.replaces.len(), MARKS);
        assert_eq!(format!("{grant:?}"), "Grant(…)");
    }
}
