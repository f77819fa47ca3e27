//! The permit: the stored agreement of customer and number to one dial. Only this file mints one.

use super::Verdict;
use crate::ids::{CallId, CampaignId, CustomerId, NumberId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How long a grant may wait for its `call.dialing` (compliance: now + 2 s).
pub const GRANT_VALID_MS: u64 = 2_000;

/// A second or third leg must be dialed within this of the first `call.dialing` (call progress: 6 s).
pub const NEXT_LEG_WITHIN_MS: u64 = 6_000;

/// Most legs of one call.
pub const LEGS_MAX: u8 = 3;

/// The customer's side of a permit, as stored in `customer.dial_granted` and `call.permitted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerGrant {
    pub call: CallId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub number: NumberId,
    pub valid_until: Timestamp,
    pub verdicts: Vec<Verdict>,
}

/// The number's side of a permit, as stored in `number.dial_granted` and `call.permitted`. It names no person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberGrant {
    pub call: CallId,
    pub campaign: CampaignId,
    pub number: NumberId,
    pub valid_until: Timestamp,
    pub verdicts: Vec<Verdict>,
}

/// What the Call decider keeps of the permit: both grants, and how its legs went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallGrants {
    pub call: CallId,
    pub number: NumberId,
    pub first_dialing_at: Timestamp,
    /// The last leg dialed, from 1.
    pub last_leg: u8,
    /// That leg failed definitely (`call.leg_failed{definite: true}`).
    pub last_leg_failed_definitely: bool,
    /// A grantor has withdrawn: opt-out, pause, stop or drain.
    pub withdrawn: bool,
}

/// Leave to dial one leg once. Not `Clone`, not deserialisable; `Line::dial` consumes it.
#[derive(Debug, PartialEq, Eq)]
pub struct DialPermit {
    call: CallId,
    number: NumberId,
    leg: u8,
}

impl DialPermit {
    pub const fn call(&self) -> CallId {
        self.call
    }
    pub const fn number(&self) -> &NumberId {
        &self.number
    }
    pub const fn leg(&self) -> u8 {
        self.leg
    }
}

/// Why no permit was minted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PermitRefusal {
    #[error("the grants are for different calls or numbers")]
    Mismatch,
    #[error("a grant ran out at {0}")]
    Expired(Timestamp),
    #[error("a verdict of rule {0} is not allow")]
    NotAllowed(String),
    #[error("leg {0} may not follow: the one before has not failed definitely, or too late, or withdrawn")]
    NoNextLeg(u8),
}

/// Mints the permit of a call's first leg from both grants.
pub fn permit(
    customer: &CustomerGrant,
    number: &NumberGrant,
    now: Timestamp,
) -> Result<DialPermit, PermitRefusal> {
    let same = customer.call == number.call
        && customer.number == number.number
        && customer.campaign == number.campaign;
    if !same {
        return Err(PermitRefusal::Mismatch);
    }
    let valid_until = customer.valid_until.min(number.valid_until);
    if now > valid_until {
        return Err(PermitRefusal::Expired(valid_until));
    }
    let verdicts = customer.verdicts.iter().chain(&number.verdicts);
    if let Some(verdict) = verdicts.into_iter().find(|verdict| !verdict.allows()) {
        return Err(PermitRefusal::NotAllowed(verdict.rule.clone()));
    }
    Ok(DialPermit {
        call: customer.call,
        number: customer.number.clone(),
        leg: 1,
    })
}

/// Mints the permit of a further leg of the same call: no new grant is needed, only a definite failure
/// of the leg before, in time, while neither grantor has withdrawn.
pub fn permit_next_leg(grants: &CallGrants, leg: u8, now: Timestamp) -> Result<DialPermit, PermitRefusal> {
    let in_time = now <= grants.first_dialing_at.plus_ms(NEXT_LEG_WITHIN_MS);
    let follows = leg == grants.last_leg.saturating_add(1) && leg <= LEGS_MAX;
    if !in_time || !follows || !grants.last_leg_failed_definitely || grants.withdrawn {
        return Err(PermitRefusal::NoNextLeg(leg));
    }
    Ok(DialPermit {
        call: grants.call,
        number: grants.number.clone(),
        leg,
    })
}
