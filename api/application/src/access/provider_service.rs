//! The port to an identity provider, one sign-in round trip, and the round trips that are over.

use async_trait::async_trait;
use domain::digest::SecretDigest;
use domain::problem::{Problem, ProblemKind};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Longest time of a round trip to the identity provider, in milliseconds: enough for a password, a phone
/// and a second try.
pub const ROUND_MS: u64 = 10 * 60_000;

/// Most completed round trips that are remembered, each until its end time, so that none is used twice.
/// Above it, the one that ends first is dropped; the provider itself then refuses its code.
const OVER_MAX: usize = 10_000;

/// One redirect of a browser to the identity provider and back.
pub struct Round {
    /// Identifies this round trip, proves that we started it, and contains its end time.
    pub state: String,
    /// A value that the provider repeats in its token.
    pub nonce: String,
    /// A secret that only the starter of the round trip knows (PKCE, RFC 7636).
    pub verifier: String,
    /// The URL to which the provider redirects the browser.
    pub redirect: String,
}

/// What the provider states about the user, in a token that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSays {
    pub subject: String,
    /// True if the provider required more than one factor (RFC 8176).
    pub asked_twice: bool,
}

/// Why a sign-in at the provider failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFault {
    #[error("the identity provider does not answer: {0}")]
    Away(String),
    #[error("the identity provider's token is not valid: {0}")]
    Unbelieved(String),
}

/// A port to an identity provider. Guarantee: what `says` returns was in a token of this issuer, for this
/// client and this round trip, signed with the issuer's own key and not expired.
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// Returns the issuer URL of the provider, as its tokens contain it.
    fn issuer(&self) -> &str;
    /// Returns the provider's URL to which a browser is redirected to begin the round trip.
    async fn address(&self, round: &Round) -> Result<String, ProviderFault>;
    /// Exchanges the authorization code that the browser brought back for a token, verifies it and returns
    /// what it states about the user.
    async fn says(&self, code: String, round: &Round) -> Result<ProviderSays, ProviderFault>;
    /// Returns the URL at which the browser signs out of the provider too, if the provider publishes one.
    async fn sign_out_address(&self) -> Result<Option<String>, ProviderFault>;
}

/// The identity provider configured for this process, if any, and the round trips that are completed.
#[derive(Default)]
pub struct ProviderService {
    asked: OnceLock<ConfiguredProvider>,
    over: Mutex<BTreeMap<SecretDigest, Timestamp>>,
}

pub(super) struct ConfiguredProvider {
    pub(super) provider: Arc<dyn IdentityProvider>,
    pub(super) redirect: String,
}

impl ProviderService {
    /// Sets the identity provider and the redirect URL for sign-ins. Called once, at the start; a second
    /// call changes nothing.
    pub fn ask(&self, provider: Arc<dyn IdentityProvider>, redirect: String) {
        self.asked
            .get_or_init(|| ConfiguredProvider { provider, redirect });
    }

    /// Returns the issuer URL of the configured provider; `None` if there is no provider.
    pub fn issuer(&self) -> Option<&str> {
        self.asked.get().map(|asked| asked.provider.issuer())
    }

    /// Returns the configured provider. Fails with `provider-none` if there is none.
    pub(super) fn asked(&self) -> Result<&ConfiguredProvider, Problem> {
        self.asked.get().ok_or_else(|| {
            Problem::new(
                ProblemKind::Missing,
                "provider-none",
                "sign-in by an identity provider is disabled: the server was started without --oidc-issuer",
            )
        })
    }

    /// Marks a round trip as completed, so that its `state` cannot be used again. Returns false if it was
    /// completed already.
    pub(super) fn end(&self, state: &str, until: Timestamp, now: Timestamp) -> bool {
        let mut over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        over.retain(|_, until| now < *until);
        if over.len() >= OVER_MAX {
            let first = over.iter().min_by_key(|(_, until)| **until);
            let first = first.map(|(state, _)| *state);
            first.and_then(|state| over.remove(&state));
        }
        over.insert(SecretDigest::of(state), until).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_ends_once_and_no_more_are_remembered_than_the_limit() {
        let desk = ProviderService::default();
        let now = Timestamp::from_micros(0);
        let until = now.plus_ms(ROUND_MS);
        assert!(desk.end("a", until, now));
        assert!(!desk.end("a", until, now), "a second time");
        assert!(desk.end("b", until, now));
        for index in 0..OVER_MAX + 10 {
            desk.end(&index.to_string(), until.plus_ms(1), now);
        }
        assert_eq!(desk.over.lock().unwrap().len(), OVER_MAX);
        assert!(desk.end("late", until.plus_ms(9), until.plus_ms(2)));
        assert_eq!(
            desk.over.lock().unwrap().len(),
            1,
            "those that ended are forgotten"
        );
    }
}
