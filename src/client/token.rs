//! Who a request is from: a token of HighLevel, a key of Digistore24.
//!
//! Tokens of an app end after a day and are renewed with a refresh token that is good for one use. So only one task renews
//! at a time, in all processes: the one with the lease in the store. The others sleep and read the store again. The new pair
//! and the end of the lease are one commit. Whoever takes over after a crash finds the old pair and makes the very same
//! request again, which HighLevel answers with the same new pair for 30 seconds; a request ends after 10, a lease after 15.

use std::rc::Rc;

use super::Client;
use super::credentials::{FRESH_MS, Held, Slot};
use crate::json::{Value, json};
use crate::{
    catalog::{Operation, Service},
    digistore24::{self, key},
    effects::{Happening, Level},
    error::{Code, Result},
    grant::Grant,
    highlevel::{
        self, Account, Auth,
        oauth::{self, App, Refusal},
    },
    http::{Request, Response},
    lease::Lease,
};

/// Longer than a request for a token, shorter than the 30 seconds in which it may be repeated.
const LEASE_MS: u64 = 15_000;
/// A token is renewed so long before its end, and up to as much more, so that not all processes begin at once.
const AHEAD_MS: u64 = 60_000;
/// After so long nobody waits any more for somebody else to renew it.
const PATIENCE_MS: u64 = 45_000;
/// Requests for one token before the call gives up.
const TRIES: u32 = 3;
/// So long nobody asks for a location that is paused.
const INACTIVE_MS: u64 = 60_000;

/// How a token is renewed.
#[derive(Clone, Copy)]
enum Source<'a> {
    /// With its refresh token.
    Refresh(&'a App),
    /// Made with the agency's token.
    Company(&'a App, &'a str),
}

impl Client {
    /// Adds the credential to a request, and gives it back for [`Client::renew`].
    ///
    /// # Errors
    /// `unauthenticated` where there is no valid one any more, `forbidden` where it is known to lack the right,
    /// `misconfigured` where none is set. Nothing was sent then.
    pub(super) async fn authorize(&self, operation: &Operation, request: &mut Request) -> Result<String> {
        let credential = self.credential(operation, "").await?;
        match operation.service() {
            Service::Ghl if credential.is_empty() => {}
            Service::Ghl => request.headers.push(("authorization".to_owned(), "Bearer ".to_owned() + &credential)),
            _ => request.headers.push(("x-ds-api-key".to_owned(), credential.clone())),
        }
        Ok(credential)
    }

    /// Whether an answer says that the credential isn't valid and there is another one now: the call may go once more.
    ///
    /// # Errors
    /// `unauthenticated` where the service refuses to renew it.
    pub(super) async fn renew(&self, operation: &Operation, response: &Response, refused: &str) -> Result<bool> {
        let is_refused = match operation.service() {
            Service::Ghl => !refused.is_empty() && highlevel::refuses_token(response),
            _ => key::refuses_key(response),
        };
        Ok(is_refused && self.credential(operation, refused).await? != refused)
    }

    /// The credential for an operation; another one than `refused`, where there is one. Empty where the host adds it.
    async fn credential(&self, operation: &Operation, refused: &str) -> Result<String> {
        let age = if refused.is_empty() { FRESH_MS } else { 0 };
        if operation.service() == Service::Ghl {
            let account = self.connection.highlevel()?;
            let held = match &account.auth {
                Auth::Host => return Ok(String::new()),
                Auth::PrivateIntegration { .. } => self.held(&self.location_slot(account), age).await?,
                Auth::OAuth(app) => self.token(account, app, refused).await?,
            };
            let granted = scopes_of(account, &held);
            if !granted.is_empty() && operation.scopes.iter().any(|scope| !granted.iter().any(|g| g == scope)) {
                return Err(highlevel::missing_scopes(operation));
            }
            return Ok(held.grant.access.clone());
        }
        let account = self.connection.digistore24()?;
        if let Some(key) = account.developer_key.as_ref().filter(|_| key::needs_developer(operation)) {
            return Ok(key.reveal().to_owned());
        }
        let held = self.held(&self.key_slot(account), age).await?;
        if held.grant.access.is_empty() {
            return Err(key::missing(operation));
        }
        match key::read_only_refusal(operation).filter(|_| self.key_can_only_read(&held)) {
            Some(error) => Err(error),
            None => Ok(held.grant.access.clone()),
        }
    }

    /// Whether the API key is known to have no right to write.
    pub(crate) fn key_can_only_read(&self, key: &Held) -> bool {
        !key.grant.access.is_empty() && *self.memory.credentials.read_only.borrow() == key.grant.access
    }

    /// Learns from `getUserInfo` whether the API key can only read.
    pub(super) fn note_permissions(
        &self,
        operation: &Operation,
        account: &digistore24::Account,
        result: &Result<Value>,
    ) {
        if operation.name() != "getUserInfo" {
            return;
        }
        let known = &self.memory.credentials;
        if let (Ok(info), Some(held)) = (result, known.find(&self.key_slot(account).key)) {
            let can_only_read = key::is_read_only(info["api_key_permissions"].as_str().unwrap_or_default());
            *known.read_only.borrow_mut() = if can_only_read { held.grant.access.clone() } else { String::new() };
        }
    }

    /// The location's token of an app.
    async fn token(&self, account: &Account, app: &App, refused: &str) -> Result<Rc<Held>> {
        let slot = self.location_slot(account);
        if app.company_id.is_none() {
            return self.renewed(&slot, refused, Source::Refresh(app)).await;
        }
        let held = self.held(&slot, if refused.is_empty() { FRESH_MS } else { 0 }).await?;
        if held.is_usable(refused, self.effects.now(), AHEAD_MS) {
            return Ok(held);
        }
        let company = self.company_slot(app);
        let known = &self.memory.credentials.refused;
        let mut stale = known.borrow().clone();
        let mut is_last = false;
        loop {
            let pair = self.renewed(&company, &stale, Source::Refresh(app)).await?;
            match self.renewed(&slot, refused, Source::Company(app, &pair.grant.access)).await {
                // The agency's token was refused.
                Err(error) if error.code() == Code::Unauthenticated && !is_last => {
                    stale.clone_from(&pair.grant.access);
                    known.borrow_mut().clone_from(&stale);
                    is_last = true;
                }
                result => return result,
            }
        }
    }

    /// A token that is valid for a while and isn't `refused`; renewed by this task or by another one.
    async fn renewed(&self, slot: &Slot, refused: &str, source: Source<'_>) -> Result<Rc<Held>> {
        let effects = &self.effects;
        let started = effects.now();
        let ahead = AHEAD_MS + u64::from(effects.random()) % AHEAD_MS;
        let mut age = if refused.is_empty() { FRESH_MS } else { 0 };
        let mut lease = Lease::new(effects, LEASE_MS);
        let mut is_ours = false;
        let mut tries = 0;
        // Why it isn't done yet: what the call fails with in the end.
        let mut problem = None;
        let result = loop {
            // Also under the lease: another task may have been faster.
            let held = self.held(slot, age).await?;
            let is_memory = age > 0;
            age = 0;
            let now = effects.now();
            if held.is_usable(refused, now, ahead) {
                break Ok(held);
            }
            // It still works: a renewal ahead of time must not hold up the call.
            let works = held.is_usable(refused, now, 0);
            let is_hopeless = match source {
                Source::Refresh(_) => held.grant.refresh.is_empty(),
                Source::Company(_, token) => *self.memory.credentials.refused.borrow() == token,
            };
            let error = if held.grant.lost || is_hopeless {
                Some(oauth::lost())
            } else if held.grant.wait_until > held.store_time(now) {
                Some(oauth::inactive())
            } else {
                problem.take_if(|_| works || tries >= TRIES || now.saturating_sub(started) > PATIENCE_MS)
            };
            if let Some(error) = error {
                // Meanwhile a person may have connected again.
                if is_memory {
                    continue;
                }
                break if works { Ok(held) } else { Err(error) };
            }
            if !is_ours {
                is_ours = lease.acquire(slot.lease.clone()).await?;
                if !is_ours {
                    problem.get_or_insert_with(oauth::unavailable);
                    effects.sleep(if works { 0 } else { 100 + u64::from(effects.random() % 200) }).await;
                }
                continue;
            }
            tries += 1;
            let response = effects.http(self.request(&held, source)?).await;
            let is_company = matches!(source, Source::Company(..));
            let read = match &response {
                Ok(response) => oauth::read_grant(response, held.store_time(effects.now()), is_company),
                Err(_) => Err(Refusal::Other(oauth::unavailable())),
            };
            effects.event(Happening::Refresh, || {
                let code = match &read {
                    Ok(_) => "ok",
                    Err(Refusal::Grant) => Code::Unauthenticated.word(),
                    Err(Refusal::Inactive) => Code::Forbidden.word(),
                    Err(Refusal::Other(error)) => error.code().word(),
                };
                json!({ "service": "ghl", "code": code })
            });
            let old = &held.grant;
            let next = match read {
                Ok((grant, _)) => {
                    // Where it ends at once it helps nobody.
                    problem = Some(oauth::unavailable());
                    grant.succeeding(old, slot.configured.as_ref())
                }
                // A token that is good for a while yet is used up.
                Err(Refusal::Grant) => {
                    let access = if works { old.access.clone() } else { String::new() };
                    Grant { lost: true, access, ..old.clone() }
                }
                Err(Refusal::Inactive) => {
                    Grant { wait_until: held.store_time(effects.now()) + INACTIVE_MS, ..old.clone() }
                }
                Err(Refusal::Other(error)) => {
                    // Nothing heals a refusal. Of a failure another process may make more, so not under the lease.
                    tries = if error.details().retryable { tries } else { TRIES };
                    problem = Some(error);
                    is_ours = false;
                    let _ = lease.release(Vec::new()).await;
                    effects.sleep(if tries < TRIES { 200 + u64::from(effects.random() % 800) } else { 0 }).await;
                    continue;
                }
            };
            self.tell(&next);
            is_ours = false;
            // Where another one has written in between, that is what counts: read it.
            match lease.release(vec![Self::replacing(slot, &held, &next)]).await {
                Err(error) if error.code() != Code::Conflict => return Err(error),
                _ => {}
            }
        };
        if is_ours {
            let _ = lease.release(Vec::new()).await;
        }
        result
    }

    fn request(&self, held: &Held, source: Source<'_>) -> Result<Request> {
        let account = self.connection.highlevel()?;
        match source {
            Source::Refresh(app) => {
                let grant = json!({ "grant_type": "refresh_token", "refresh_token": held.grant.refresh });
                oauth::token_request(account, app, grant)
            }
            Source::Company(app, token) => {
                oauth::location_request(account, app.company_id.as_deref().unwrap_or_default(), token)
            }
        }
    }

    fn tell(&self, grant: &Grant) {
        let (level, message) = match (grant.lost, grant.wait_until) {
            (true, _) => (Level::Error, "HighLevel has ended the authorisation"),
            (_, 0) => (Level::Info, "the token was renewed"),
            _ => (Level::Warn, "the location is not active in HighLevel"),
        };
        self.effects.log(level, message, []);
    }
}

/// What a token may do: what the service said of an app's, what the settings say of a private integration's.
pub(crate) fn scopes_of<'a>(account: &'a Account, held: &'a Held) -> &'a [String] {
    match account.auth {
        Auth::OAuth(_) => &held.grant.scopes,
        _ => &account.scopes,
    }
}
