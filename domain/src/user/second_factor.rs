//! The second factor of a sign-in: a code of an authenticator app (RFC 6238) or a recovery code. Each counts
//! once.
//!
//! The caller, which holds the secret, computes the time step of a code. This module decides whether the step
//! may still be used.

use super::decide::{active, check_reason, may_sign_in};
use super::event::UserEvent;
use super::refusal::UserRefusal;
use super::state::UserState;
use crate::personal::{LookupHash, Personal};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use values::digest::SecretDigest;

/// Milliseconds within which an offered secret can be confirmed by its first code.
pub const OFFERED_MS: u64 = 15 * 60_000;
/// Number of recovery codes that a user receives with the second factor; each counts once.
pub const RECOVERY_CODES_MAX: usize = 10;
/// Longest name of an identity provider, in bytes; a longer one is refused.
pub const ISSUER_BYTES_MAX: usize = 512;

/// What proved a sign-in: password, code, recovery code or identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInProof {
    /// The password alone.
    Password,
    /// The password and a code of the authenticator app, for this time step.
    Totp { step: u64 },
    /// The password and a recovery code.
    RecoveryCode { sha256: SecretDigest },
    /// An identity provider confirmed the user. `asked_twice`: the provider reports more than one factor.
    Provider {
        issuer: String,
        subject: LookupHash,
        asked_twice: bool,
    },
}

/// The second factor that a sign-in used.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(tag = "form", rename_all = "snake_case")]
pub enum SecondFactorUsed {
    /// A code of the app. This code and older ones cannot be used again.
    #[open(step)]
    Totp { step: u64 },
    /// A recovery code. It cannot be used again.
    RecoveryCode { sha256: SecretDigest },
    /// The identity provider reports that it asked for more than a password.
    Provider,
}

/// A user's second factor in effect: an authenticator app, with recovery codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactor {
    pub secret: Personal<String>,
    /// The time step of the last used code.
    pub step: u64,
    pub recovery: BTreeSet<SecretDigest>,
}

/// A secret offered for an authenticator app; it takes effect with its first code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedSecret {
    pub secret: Personal<String>,
    pub until: Timestamp,
}

type DecideResult = Result<Vec<UserEvent>, UserRefusal>;

pub(super) fn offer(state: &UserState, secret: Personal<String>, now: Timestamp) -> DecideResult {
    may_sign_in(state, active(state)?, None, now)?;
    if state.second_factor().is_some() {
        return Err(UserRefusal::SecondFactorExists);
    }
    Ok(vec![UserEvent::SecondFactorOffered {
        secret,
        until: now.plus_ms(OFFERED_MS),
    }])
}

pub(super) fn add(
    state: &UserState,
    step: u64,
    recovery: BTreeSet<SecretDigest>,
    now: Timestamp,
) -> DecideResult {
    may_sign_in(state, active(state)?, None, now)?;
    if state.second_factor().is_some() {
        return Err(UserRefusal::SecondFactorExists);
    }
    if state.offered_at(now).is_none() {
        return Err(UserRefusal::NoSecondFactorOffered);
    }
    Ok(vec![UserEvent::SecondFactorAdded { step, recovery }])
}

pub(super) fn reset(state: &UserState, reason: String) -> DecideResult {
    active(state)?;
    check_reason(&reason)?;
    if state.second_factor().is_none() {
        return Err(UserRefusal::NoSecondFactor);
    }
    Ok(vec![UserEvent::SecondFactorReset { reason }])
}

pub(super) fn link(
    state: &UserState,
    issuer: String,
    subject: LookupHash,
    reason: Option<String>,
) -> DecideResult {
    active(state)?;
    if let Some(reason) = &reason {
        check_reason(reason)?;
    }
    if issuer.is_empty() || issuer.len() > ISSUER_BYTES_MAX {
        return Err(UserRefusal::IssuerLength {
            bytes_max: ISSUER_BYTES_MAX,
        });
    }
    if state.provider_subject() == Some(&subject) {
        return Ok(Vec::new());
    }
    Ok(vec![UserEvent::ProviderLinked {
        issuer,
        subject,
        reason,
    }])
}

pub(super) fn unlink(state: &UserState, reason: String) -> DecideResult {
    active(state)?;
    check_reason(&reason)?;
    if state.provider_subject().is_none() {
        return Err(UserRefusal::NoProvider);
    }
    Ok(vec![UserEvent::ProviderUnlinked { reason }])
}

/// Checks the second factor after the password or the identity provider was accepted. Returns the factor
/// that was used; `None` if the user has none. Refused if a code is missing, wrong or used before.
pub(super) fn check_second_factor(
    state: &UserState,
    proof: SignInProof,
) -> Result<Option<SecondFactorUsed>, UserRefusal> {
    if let SignInProof::Provider {
        subject, asked_twice, ..
    } = proof
    {
        if state.provider_subject() != Some(&subject) {
            return Err(UserRefusal::NoProvider);
        }
        return Ok(asked_twice.then_some(SecondFactorUsed::Provider));
    }
    let Some(factor) = state.second_factor() else {
        return Ok(None);
    };
    match proof {
        SignInProof::Totp { step } if step > factor.step => Ok(Some(SecondFactorUsed::Totp { step })),
        SignInProof::RecoveryCode { sha256 } if factor.recovery.contains(&sha256) => {
            Ok(Some(SecondFactorUsed::RecoveryCode { sha256 }))
        }
        SignInProof::Totp { .. } | SignInProof::RecoveryCode { .. } => Err(UserRefusal::CodeUsed),
        SignInProof::Password | SignInProof::Provider { .. } => Err(UserRefusal::SecondFactorNeeded),
    }
}
