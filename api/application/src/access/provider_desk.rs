//! The identity provider that is asked: as a port, with what one way to it and back consists of, and the ways
//! that are over.

use async_trait::async_trait;
use domain::digest::SecretDigest;
use domain::problem::{Kind, Problem};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// How long somebody may take at the provider: a password, a telephone, a second try.
pub const ROUND_MS: u64 = 10 * 60_000;

/// Rounds remembered that came back: each is over for as long as it would last. Beyond it the first to end is
/// forgotten; its code is the provider's to refuse then.
const OVER_MAX: usize = 10_000;

/// One way to the provider and back.
pub struct Round {
    /// Tells this round from every other one, ours from others', and when it ends.
    pub state: String,
    /// What the provider repeats in its token.
    pub nonce: String,
    /// What only who began the round can say (PKCE, RFC 7636).
    pub verifier: String,
    /// Where the provider sends the browser back to.
    pub redirect: String,
}

/// What a provider said of somebody, in a token that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSays {
    pub subject: String,
    /// Whether it asked for more than one factor (RFC 8176).
    pub asked_twice: bool,
}

/// Why a provider is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFault {
    #[error("the identity provider is away: {0}")]
    Away(String),
    #[error("what the identity provider said is not believed: {0}")]
    Unbelieved(String),
}

/// An identity provider. Promises: what `says` answers stood in a token of this issuer, for us, of this
/// round, signed by a key of its own, and not expired.
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// Its address, as its tokens name it.
    fn issuer(&self) -> &str;
    /// Where a browser goes to begin a round.
    async fn address(&self, round: &Round) -> Result<String, ProviderFault>;
    /// Whom it names for the code that the browser came back with.
    async fn says(&self, code: String, round: &Round) -> Result<ProviderSays, ProviderFault>;
    /// Where a browser goes to sign out there too, where the provider publishes that.
    async fn sign_out_address(&self) -> Result<Option<String>, ProviderFault>;
}

/// The provider that is asked, and the rounds that are over.
#[derive(Default)]
pub struct ProviderDesk {
    asked: OnceLock<Asked>,
    over: Mutex<BTreeMap<SecretDigest, Timestamp>>,
}

pub(super) struct Asked {
    pub(super) provider: Arc<dyn IdentityProvider>,
    pub(super) redirect: String,
}

impl ProviderDesk {
    /// From now on users may sign in by it. Said once, at the start.
    pub fn ask(&self, provider: Arc<dyn IdentityProvider>, redirect: String) {
        self.asked.get_or_init(|| Asked { provider, redirect });
    }

    /// The address of the provider that is asked, where there is one.
    pub fn issuer(&self) -> Option<&str> {
        self.asked.get().map(|asked| asked.provider.issuer())
    }

    pub(super) fn asked(&self) -> Result<&Asked, Problem> {
        self.asked.get().ok_or_else(|| {
            Problem::new(
                Kind::Missing,
                "provider-none",
                "sign-in by an identity provider is disabled: the server was started without --oidc-issuer",
            )
        })
    }

    /// Ends a round; false where it was over.
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
        let desk = ProviderDesk::default();
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
