//! The credentials of a connection: in the settings, in the store, in memory.
//!
//! The store counts, unless the settings have something newer than it replaced. Memory is a copy of at most a minute: so
//! soon all instances follow a change, and at once where the service refuses the old credential.

use std::{cell::RefCell, fmt, rc::Rc};

use super::Client;
use crate::json::{Json, ToJson, parse, text};
use crate::{
    digistore24,
    effects::Write,
    error::Result,
    grant::Grant,
    highlevel::{Account, Auth, oauth::App},
    scope::Scope,
};

/// The age up to which a copy in memory is taken.
pub(crate) const FRESH_MS: u64 = 60_000;

const IPN: &str = "ipn";

/// Where a credential lies.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Of the store.
    pub(super) key: String,
    /// Of the lease under which it is renewed.
    pub(super) lease: String,
    /// The last credential stays good beside a new one: messages that are on their way bear it.
    overlaps: bool,
    /// What the settings say.
    pub(crate) configured: Option<Grant>,
}

/// A credential as it was read.
#[derive(Debug)]
pub(crate) struct Held {
    /// What counts.
    pub(crate) grant: Grant,
    /// The version of the stored one; 0 where only the settings have it.
    pub(crate) version: u64,
    read_at: u64,
    /// The store's clock less ours, in milliseconds.
    skew: i64,
}

impl Held {
    /// The store's time at ours.
    pub(crate) fn store_time(&self, now: u64) -> u64 {
        now.saturating_add_signed(self.skew)
    }

    /// Whether it can go with a request `ahead` milliseconds from now, by all that is known here. One that doesn't live long
    /// is used for three quarters of its life.
    pub(super) fn is_usable(&self, refused: &str, now: u64, ahead: u64) -> bool {
        let grant = &self.grant;
        let ahead = ahead.min(grant.expires.saturating_sub(grant.since) / 4);
        !grant.access.is_empty()
            && grant.access != refused
            && (grant.expires == 0 || grant.expires > self.store_time(now) + ahead)
    }
}

/// The credentials as they were last read, by key.
#[derive(Default)]
pub(super) struct Known {
    held: RefCell<Vec<(String, Rc<Held>)>>,
    /// The agency's token that was refused last: whoever still has it need not try.
    pub(super) refused: RefCell<String>,
    /// The API key of Digistore24 that can only read.
    pub(super) read_only: RefCell<String>,
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Known(…)")
    }
}

impl Known {
    pub(super) fn find(&self, key: &str) -> Option<Rc<Held>> {
        self.held.borrow().iter().find(|(k, _)| k == key).map(|(_, held)| held.clone())
    }

    fn drop(&self, key: &str) {
        self.held.borrow_mut().retain(|(k, _)| k != key);
    }

    fn put(&self, key: &str, held: &Rc<Held>) {
        self.drop(key);
        self.held.borrow_mut().push((key.to_owned(), held.clone()));
    }
}

impl Client {
    fn place(&self, owner: &str, name: &str, configured: Option<Grant>) -> Slot {
        let scope = Scope::new(&self.connection.id, owner);
        Slot { key: scope.key("token", name), lease: scope.key("lease", "token"), overlaps: name == IPN, configured }
    }

    /// The location's token.
    pub(crate) fn location_slot(&self, account: &Account) -> Slot {
        let configured = match &account.auth {
            Auth::PrivateIntegration { token } => Some(Grant::of(token.reveal())),
            Auth::OAuth(app) if app.company_id.is_none() => app.initial.clone(),
            _ => None,
        };
        self.place(&account.location_id, "highlevel", configured)
    }

    /// The pair of an agency, shared by its locations.
    pub(crate) fn company_slot(&self, app: &App) -> Slot {
        let owner = "company:".to_owned() + app.company_id.as_deref().unwrap_or_default();
        self.place(&owner, "highlevel", app.initial.clone())
    }

    /// What a person agrees to: the agency's pair, or the location's.
    pub(crate) fn pair_slot(&self, account: &Account, app: &App) -> Slot {
        if app.company_id.is_some() { self.company_slot(app) } else { self.location_slot(account) }
    }

    /// The vendor's API key.
    pub(crate) fn key_slot(&self, account: &digistore24::Account) -> Slot {
        let configured = account.api_key.as_ref().map(|key| Grant::of(key.reveal()));
        self.place("digistore24", "api-key", configured)
    }

    /// The passphrases of the vendor's webhook.
    pub(crate) fn passphrase_slot(&self, account: &digistore24::Account) -> Slot {
        let mut configured: Option<Grant> = None;
        for passphrase in &account.ipn_passphrase {
            match &mut configured {
                Some(grant) => grant.also.push(passphrase.reveal().to_owned()),
                None => configured = Some(Grant::of(passphrase.reveal())),
            }
        }
        self.place("digistore24", IPN, configured)
    }

    /// The credential, as it was at most `age` milliseconds ago.
    ///
    /// # Errors
    /// `storage`.
    pub(crate) async fn held(&self, slot: &Slot, age: u64) -> Result<Rc<Held>> {
        let known = &self.memory.credentials;
        if let Some(held) = known.find(&slot.key)
            && age > 0
            && self.effects.now().saturating_sub(held.read_at) <= age
        {
            return Ok(held);
        }
        let (entries, store_now) = self.effects.get(vec![slot.key.clone()]).await?;
        let entry = entries.first();
        let stored = entry.and_then(|e| parse(&e.value)).and_then(Grant::from_json);
        let now = self.effects.now();
        let held = Rc::new(Held {
            grant: Grant::chosen(stored, slot.configured.as_ref()),
            version: entry.map_or(0, |e| e.version),
            read_at: now,
            skew: i64::try_from(i128::from(store_now) - i128::from(now)).unwrap_or_default(),
        });
        known.put(&slot.key, &held);
        Ok(held)
    }

    /// The write that puts a credential in the place of one that was read, if that is still there.
    pub(super) fn replacing(slot: &Slot, old: &Held, grant: &Grant) -> Write {
        Write { key: slot.key.clone(), expect: Some(old.version), value: Some(text(&grant.to_json())) }
    }

    /// Stores a credential that a person has brought, in the place of whatever is there. It expires by our clock.
    ///
    /// # Errors
    /// `storage`.
    pub(crate) async fn keep(&self, slot: &Slot, grant: Grant) -> Result<()> {
        let old = self.held(slot, 0).await?;
        let mut grant = grant.succeeding(&old.grant, slot.configured.as_ref());
        if slot.overlaps && old.grant.access != grant.access {
            grant.also = vec![old.grant.access.clone()];
        }
        if grant.expires > 0 {
            grant.since = old.store_time(grant.since);
            grant.expires = old.store_time(grant.expires);
        }
        let write = Write { expect: None, ..Self::replacing(slot, &old, &grant) };
        self.effects.commit(vec![write]).await.map(|_| self.memory.credentials.drop(&slot.key))
    }

    /// How all credentials stand in the store.
    ///
    /// # Errors
    /// `storage`.
    pub(crate) async fn overview(&self) -> Result<Vec<(Slot, Rc<Held>)>> {
        let mut all = Vec::new();
        for slot in self.slots() {
            let held = self.held(&slot, 0).await?;
            all.push((slot, held));
        }
        Ok(all)
    }

    fn slots(&self) -> Vec<Slot> {
        let mut slots = Vec::new();
        if let Some(account) = &self.connection.highlevel {
            slots.push(match &account.auth {
                Auth::OAuth(app) => self.pair_slot(account, app),
                _ => self.location_slot(account),
            });
        }
        if let Some(account) = &self.connection.digistore24 {
            slots.push(self.key_slot(account));
            slots.push(self.passphrase_slot(account));
        }
        slots
    }
}
