//! API tokens: what a holder shows is looked up by its digest.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use subtle::ConstantTimeEq as _;
use tracing::warn;

use super::throttle::Throttle;
use super::{Caller, Code, Problem, State, member};
use crate::clock::Clock;
use crate::event::{Digest, Org, Timestamp, TokenId};
use crate::oidc::{self, Issuer};
use crate::random::{self, NoRandomness};
use crate::store;
use crate::store::catalog::{
    By, Catalog, Change, Committed, Expect, HOST, Item as _, Items as _, Kept, Kind, Scope, TokenItem,
};

/// What every token begins with, so that those who look for leaked secrets find it.
pub(crate) const PREFIX: &str = "th_";

/// That a token was used is noted when that was so long ago.
const NOTED: Duration = Duration::from_secs(5 * 60);

/// Who shows tokens.
pub struct Tokens {
    /// Whose tokens are good too.
    issuer: Option<Issuer>,
    throttle: Mutex<Throttle>,
    /// When it was noted last that a token was used.
    noted: Mutex<HashMap<TokenId, Timestamp>>,
}

impl Tokens {
    /// Those of the host, and those of an issuer if there is one. An address may show `wrong` bad ones in a minute.
    pub fn new(wrong: u32, issuer: Option<Issuer>) -> Self {
        Self { issuer, throttle: Mutex::new(Throttle::new(wrong)), noted: Mutex::default() }
    }

    /// Whose token this is.
    pub(super) async fn caller(&self, api: &State, shown: &str, from: Option<IpAddr>) -> Result<Caller, Problem> {
        let now = api.clock.now();
        if let Some(peer) = from {
            self.admit(peer, now)?;
        }
        if let Some(issuer) = self.issuer.as_ref().filter(|_| !shown.starts_with(PREFIX)) {
            return match issuer.names(shown).await {
                Ok(names) => member::caller(api, names, from).await,
                Err(error) => {
                    // That the issuer is down is nobody's fault who asks, nor that it signs by a key before it is known here.
                    let is_theirs = !matches!(error, oidc::Error::Unavailable { .. } | oidc::Error::Unpublished);
                    if let (Some(peer), true) = (from, is_theirs) {
                        self.throttle().failed(peer, now);
                    }
                    Err(error.into())
                }
            };
        }
        // That its digest is looked up tells nothing of a token that is not there: nobody can choose a digest.
        let digest = Digest::of(shown.as_bytes());
        let found = match shown.starts_with(PREFIX) {
            true => api.catalog.find_marked::<TokenItem>(&digest.to_string()).await?,
            false => None,
        };
        let snapshot = api.registry.deployed().load();
        let good = found.filter(|(org, kept)| {
            if snapshot.is_org_leaving(org) {
                return false;
            }
            let is_it: bool = kept.item.digest.bytes().ct_eq(digest.bytes()).into();
            is_it && is_good(&kept.item, now)
        });
        let Some((org, Kept { item, .. })) = good else {
            if let Some(peer) = from {
                self.throttle().failed(peer, now);
            }
            // Which of it, is nobody's business who has no good one.
            let detail = "this token is not known, or it is revoked, or its time is over".to_owned();
            return Err(Problem::new(Code::Unauthenticated, detail));
        };
        self.note(&*api.catalog, &org, item.id, now).await;
        Ok(Caller::of_token(org, item, from))
    }

    /// Whether an address may show a token.
    fn admit(&self, peer: IpAddr, now: Timestamp) -> Result<(), Problem> {
        let throttle = self.throttle();
        let Some(wait) = throttle.wait(peer, now) else { return Ok(()) };
        let detail = "too many wrong tokens came from this address".to_owned();
        let problem = Problem::new(Code::TooManyAttempts, detail).retry_after(wait);
        Err(problem.allowance(throttle.allowance(wait)))
    }

    fn throttle(&self) -> std::sync::MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a token was used, seldom enough to cost nothing.
    async fn note(&self, catalog: &dyn Catalog, org: &Org, id: TokenId, now: Timestamp) {
        {
            let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            let lately = |at: &Timestamp| now.duration_since(*at).unsigned_abs() < NOTED;
            if noted.get(&id).is_some_and(lately) {
                return;
            }
            noted.retain(|_, at| lately(at));
            noted.insert(id, now);
        }
        if let Err(error) = catalog.touch(org, Kind::Token, &id.to_string(), now).await {
            warn!(token.id = %id, %error, "failed to note that a token was used");
        }
    }
}

fn is_good(token: &TokenItem, now: Timestamp) -> bool {
    token.revoked_at.is_none() && token.expires_at.is_none_or(|at| at > now)
}

/// A new token and what its holder shows.
pub(crate) fn make(
    name: String,
    scope: Scope,
    expires_at: Option<Timestamp>,
    by: &By,
    now: Timestamp,
) -> Result<(TokenItem, String), NoRandomness> {
    let secret = random::secret(PREFIX)?;
    let item = TokenItem {
        id: TokenId::new(now),
        name,
        scope,
        digest: Digest::of(secret.as_bytes()),
        created_at: now,
        created_by: by.actor.clone(),
        expires_at,
        revoked_at: None,
    };
    Ok((item, secret))
}

impl Tokens {
    /// Makes the first operator's token, unless there is or was one, and gives what its holder shows.
    ///
    /// # Errors
    /// The store failed, or the system gives no random numbers.
    pub async fn first(catalog: &dyn Catalog, clock: &Clock) -> store::Result<Option<String>> {
        let host: Org = HOST.into();
        if !catalog.page::<TokenItem>(&host, "", None, 1).await?.records.is_empty() {
            return Ok(None);
        }
        let (by, now) = (By::host(), clock.now());
        let made = make("first operator".to_owned(), Scope::Operator, None, &by, now);
        let (item, secret) = made.map_err(|error| store::Error::Unavailable(error.to_string()))?;
        let told = by.did(now, "token.create", item.key());
        match catalog.commit(&host, vec![Change::put(&item, Expect::Absent)?], Some(told)).await? {
            Committed::Done(_) => Ok(Some(secret)),
            Committed::Refused(refusal) => Err(store::Error::Conflict(format!("the token `{}` is there", refusal.key))),
        }
    }
}
