//! The permit: the stored agreement of customer and number to one dial. Only this file creates one.

use super::verdict::{Decision, PRESET, Verdict};
use crate::realm::{Real, Realm, RealmName};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use uuid::Uuid;
use values::ids::{CallId, CampaignId, CustomerId, NAMESPACE, NumberId};

/// Milliseconds for which a grant may wait for its `call.dialing`; later it has expired (compliance: now +
/// 2 s).
pub const GRANT_VALID_MS: u64 = 2_000;

/// Milliseconds from a call's first `call.dialing` within which a second or third leg must be dialed (call
/// progress: 6 s).
pub const NEXT_LEG_WITHIN_MS: u64 = 6_000;

/// The most legs of one call.
pub const LEGS_MAX: u8 = 3;

/// The customer's side of a permit, as stored in `customer.dial_granted` and `call.permitted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
pub struct CustomerGrant {
    pub call: CallId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub number: NumberId,
    pub valid_until: Timestamp,
    /// The last instant at which the rules allow a leg, if it is before the time limit for further legs: a
    /// window closes, or a consent or the campaign ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legs_until: Option<Timestamp>,
    pub verdicts: Vec<Verdict>,
}

/// The number's side of a permit, as stored in `number.dial_granted` and `call.permitted`. It contains no
/// customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
pub struct NumberGrant {
    pub call: CallId,
    pub campaign: CampaignId,
    pub number: NumberId,
    pub valid_until: Timestamp,
    pub verdicts: Vec<Verdict>,
}

impl CustomerGrant {
    /// Returns true if the grant is for a test call to one of our own phones, and not for a customer.
    pub fn is_of_test(&self) -> bool {
        self.verdicts
            .iter()
            .any(|verdict| verdict.rule == OWN_TEST_NUMBER)
    }

    /// Returns true if a verdict used the preset of the sandbox, which permits no real call.
    fn is_of_sandbox(&self) -> bool {
        let mut presets = self
            .verdicts
            .iter()
            .filter_map(|verdict| verdict.facts.get(PRESET));
        presets.any(|preset| preset.starts_with(SANDBOX_PRESET))
    }
}

/// How the fact that names a preset's version begins if the preset is open for the sandbox only.
const SANDBOX_PRESET: &str = "sandbox-open";

/// The id of the only rule of a test call: the number is on the list of our own phones.
pub const OWN_TEST_NUMBER: &str = "own_test_number";

/// Returns the id that test calls have in place of a customer's. Its key seals our own numbers and the data
/// of tests.
pub fn test_stand_in() -> CustomerId {
    let digits = Uuid::new_v5(&NAMESPACE, b"test_phones").simple().to_string();
    digits
        .try_into()
        .expect("a UUID without hyphens has 32 lower-case hexadecimal digits")
}

/// Makes both grants of a test call; they permit no call to a customer. Fails with the verdict if the
/// number is not `listed` as one of ours.
pub fn test_grants(
    call: CallId,
    campaign: &CampaignId,
    number: &NumberId,
    listed: bool,
    now: Timestamp,
) -> Result<(CustomerGrant, NumberGrant), Verdict> {
    let verdict = Verdict {
        rule: OWN_TEST_NUMBER.to_owned(),
        version: 1,
        effective_from: "2026-11-01".to_owned(),
        decision: if listed { Decision::Allow } else { Decision::Forbid },
        facts: BTreeMap::new(),
    };
    if !listed {
        return Err(verdict);
    }
    let valid_until = now.plus_ms(GRANT_VALID_MS);
    let of_number = NumberGrant {
        call,
        campaign: campaign.clone(),
        number: number.clone(),
        valid_until,
        verdicts: vec![verdict.clone()],
    };
    let of_customer = CustomerGrant {
        call,
        campaign: campaign.clone(),
        customer: test_stand_in(),
        number: number.clone(),
        valid_until,
        legs_until: None,
        verdicts: vec![verdict],
    };
    Ok((of_customer, of_number))
}

/// Name of the fact that marks a number's grant as one for an agent's call.
pub(super) const HELD_MS: &str = "held_ms";

impl NumberGrant {
    /// Returns true if an agent takes the call, by the facts of the open-call rule's verdict. Older grants
    /// lack this fact and were a robot's.
    pub(super) fn is_for_agents(&self) -> bool {
        let mut said = self.verdicts.iter().filter(|verdict| verdict.rule == OPEN_CALL);
        said.any(|verdict| verdict.facts.contains_key(HELD_MS))
    }
}

/// The id of the open-call rule, which stores the fact `held_ms`.
const OPEN_CALL: &str = "open_call";

/// The facts of a call from which the permit of a further leg is made: the grants' limit, and how the last
/// leg ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallGrants {
    pub call: CallId,
    pub number: NumberId,
    pub first_dialing_at: Timestamp,
    /// No leg is dialed after this time.
    pub legs_until: Option<Timestamp>,
    /// The last leg dialed, from 1.
    pub last_leg: u8,
    /// True if that leg failed definitely (`call.leg_failed{definite: true}`).
    pub last_leg_failed_definitely: bool,
    /// True if a grant was withdrawn: opt-out, pause, stop or drain.
    pub withdrawn: bool,
}

/// Permission to dial one leg once. Not `Clone` and not deserializable; `Line::dial` consumes it. A permit of
/// the sandbox is another type, which no trunk takes and which nothing converts.
#[derive(Debug, PartialEq, Eq)]
pub struct DialPermit<R: Realm = Real> {
    call: CallId,
    number: NumberId,
    leg: u8,
    leaves_by: Timestamp,
    realm: PhantomData<R>,
}

impl<R: Realm> DialPermit<R> {
    pub const fn call(&self) -> CallId {
        self.call
    }
    pub const fn number(&self) -> &NumberId {
        &self.number
    }
    pub const fn leg(&self) -> u8 {
        self.leg
    }
    /// Returns the last instant at which the INVITE may leave. The rules were judged up to this time;
    /// storing `call.dialing` takes time, and a window may close meanwhile.
    pub const fn leaves_by(&self) -> Timestamp {
        self.leaves_by
    }
}

/// The reasons why no permit was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PermitRefusal {
    #[error("the grants are for different calls or numbers")]
    Mismatch,
    #[error("a dial grant expired at {0}")]
    Expired(Timestamp),
    #[error("rule {0} does not allow the call")]
    NotAllowed(String),
    #[error(
        "leg {0} is not allowed: the previous leg has not definitely failed, failed too late or was withdrawn"
    )]
    NoNextLeg(u8),
}

/// Makes the permit of a call's first leg. Fails if the two grants differ in call, number or campaign, if
/// one has expired, or if a verdict does not allow the dial.
pub fn permit(
    customer: &CustomerGrant,
    number: &NumberGrant,
    now: Timestamp,
) -> Result<DialPermit, PermitRefusal> {
    permit_in(customer, number, now)
}

/// As [`permit`], in a realm. Grants under the preset of the sandbox make no real permit.
pub fn permit_in<R: Realm>(
    customer: &CustomerGrant,
    number: &NumberGrant,
    now: Timestamp,
) -> Result<DialPermit<R>, PermitRefusal> {
    check_grants(customer, number, now)?;
    if R::NAME == RealmName::Real && customer.is_of_sandbox() {
        return Err(PermitRefusal::NotAllowed(SANDBOX_PRESET.to_owned()));
    }
    let rules_hold_until = customer.valid_until.plus_ms(NEXT_LEG_WITHIN_MS);
    Ok(DialPermit {
        call: customer.call,
        number: customer.number.clone(),
        leg: 1,
        leaves_by: customer
            .legs_until
            .map_or(rules_hold_until, |until| until.min(rules_hold_until)),
        realm: PhantomData,
    })
}

/// Checks two grants as [`permit`] does, without making a permit.
pub fn check_grants(
    customer: &CustomerGrant,
    number: &NumberGrant,
    now: Timestamp,
) -> Result<(), PermitRefusal> {
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
    match verdicts.into_iter().find(|verdict| !verdict.allows()) {
        Some(verdict) => Err(PermitRefusal::NotAllowed(verdict.rule.clone())),
        None => Ok(()),
    }
}

/// Makes the permit of a further leg of the same call, without a new grant. Fails unless the leg before
/// failed definitely, the time limit and the rules allow it, no grant was withdrawn, and the call has less
/// than `LEGS_MAX` legs.
pub fn permit_next_leg(grants: &CallGrants, leg: u8, now: Timestamp) -> Result<DialPermit, PermitRefusal> {
    permit_next_leg_in(grants, leg, now)
}

/// As [`permit_next_leg`], in a realm.
pub fn permit_next_leg_in<R: Realm>(
    grants: &CallGrants,
    leg: u8,
    now: Timestamp,
) -> Result<DialPermit<R>, PermitRefusal> {
    let within = grants.first_dialing_at.plus_ms(NEXT_LEG_WITHIN_MS);
    // Rules that end sooner shorten the six seconds; rules that end later do not extend them.
    let leaves_by = grants.legs_until.map_or(within, |until| until.min(within));
    let in_time = now <= leaves_by;
    let follows = leg == grants.last_leg.saturating_add(1) && leg <= LEGS_MAX;
    if !in_time || !follows || !grants.last_leg_failed_definitely || grants.withdrawn {
        return Err(PermitRefusal::NoNextLeg(leg));
    }
    Ok(DialPermit {
        call: grants.call,
        number: grants.number.clone(),
        leg,
        leaves_by,
        realm: PhantomData,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compliance::testing::{campaign, customer, instant, nth_call};
    use crate::realm::Sandbox;

    fn granted_at() -> Timestamp {
        instant("2026-03-02T10:00:00+08:00")
    }

    fn number() -> NumberId {
        "ffeeddccbbaa99887766554433221100".parse().unwrap()
    }

    fn verdict(rule: &str, decision: Decision) -> Verdict {
        Verdict {
            rule: rule.to_owned(),
            version: 1,
            effective_from: "2026-01-01".to_owned(),
            decision,
            facts: BTreeMap::new(),
        }
    }

    fn grants() -> (CustomerGrant, NumberGrant) {
        let valid_until = granted_at().plus_ms(GRANT_VALID_MS);
        let by_customer = CustomerGrant {
            call: nth_call(1),
            campaign: campaign(),
            customer: customer(),
            number: number(),
            valid_until,
            legs_until: None,
            verdicts: vec![verdict("calling_window", Decision::Allow)],
        };
        let by_number = NumberGrant {
            call: nth_call(1),
            campaign: campaign(),
            number: number(),
            valid_until: valid_until.plus_ms(1),
            verdicts: vec![verdict("suppression", Decision::Allow)],
        };
        (by_customer, by_number)
    }

    #[test]
    fn a_permit_is_for_the_first_leg_of_the_granted_call_and_number() {
        let (by_customer, by_number) = grants();
        let permit = permit(&by_customer, &by_number, granted_at()).unwrap();
        assert_eq!(
            (permit.call(), permit.number(), permit.leg()),
            (nth_call(1), &number(), 1)
        );
    }

    #[test]
    fn grants_under_the_preset_of_the_sandbox_make_no_real_permit() {
        let (mut by_customer, by_number) = grants();
        let facts = &mut by_customer.verdicts[0].facts;
        facts.insert(PRESET.to_owned(), "sandbox-open@1".to_owned());
        let real = permit(&by_customer, &by_number, granted_at());
        assert_eq!(real, Err(PermitRefusal::NotAllowed("sandbox-open".to_owned())));
        let sandbox = permit_in::<Sandbox>(&by_customer, &by_number, granted_at());
        assert_eq!(sandbox.unwrap().call(), nth_call(1));
    }

    #[test]
    fn the_earlier_of_both_grants_ends_the_permit() {
        let (by_customer, by_number) = grants();
        let last = granted_at().plus_ms(GRANT_VALID_MS);
        assert!(permit(&by_customer, &by_number, last).is_ok());
        let first_forbidden = Timestamp::from_micros(last.micros() + 1);
        assert_eq!(
            permit(&by_customer, &by_number, first_forbidden),
            Err(PermitRefusal::Expired(last))
        );
    }

    #[test]
    fn an_invite_leaves_no_later_than_the_rules_were_asked_ahead() {
        let (mut by_customer, by_number) = grants();
        let first = permit(&by_customer, &by_number, granted_at()).unwrap();
        assert_eq!(
            first.leaves_by(),
            granted_at().plus_ms(GRANT_VALID_MS + NEXT_LEG_WITHIN_MS)
        );
        let closes = granted_at().plus_ms(500);
        (by_customer.legs_until, by_customer.valid_until) = (Some(closes), closes);
        let first = permit(&by_customer, &by_number, granted_at()).unwrap();
        assert_eq!(first.leaves_by(), closes);
        let next = permit_next_leg(&failed_leg(1), 2, granted_at()).unwrap();
        assert_eq!(next.leaves_by(), granted_at().plus_ms(NEXT_LEG_WITHIN_MS));
    }

    #[test]
    fn rules_that_end_behind_the_six_seconds_do_not_loosen_them() {
        for (rules_hold_ms, leaves_ms) in [(7_500, 6_000), (6_000, 6_000), (5_999, 5_999)] {
            let grants = CallGrants {
                legs_until: Some(granted_at().plus_ms(rules_hold_ms)),
                ..failed_leg(1)
            };
            let next = permit_next_leg(&grants, 2, granted_at()).unwrap();
            assert_eq!(next.leaves_by(), granted_at().plus_ms(leaves_ms));
        }
    }

    #[test]
    fn grants_of_different_calls_campaigns_or_numbers_make_no_permit() {
        let changes: [fn(&mut NumberGrant); 3] = [
            |grant| grant.call = nth_call(2),
            |grant| grant.campaign = "OTHER".parse().unwrap(),
            |grant| grant.number = "0f1e2d3c4b5a69788796a5b4c3d2e1f0".parse().unwrap(),
        ];
        for change in changes {
            let (by_customer, mut by_number) = grants();
            change(&mut by_number);
            assert_eq!(
                permit(&by_customer, &by_number, granted_at()),
                Err(PermitRefusal::Mismatch)
            );
        }
    }

    #[test]
    fn a_verdict_that_does_not_allow_makes_no_permit_on_either_side() {
        for decision in [Decision::Forbid, Decision::DeferUntil(granted_at())] {
            let (mut by_customer, by_number) = grants();
            by_customer.verdicts.push(verdict("consent", decision));
            let refusal = Err(PermitRefusal::NotAllowed("consent".to_owned()));
            assert_eq!(permit(&by_customer, &by_number, granted_at()), refusal);
            let (by_customer, mut by_number) = grants();
            by_number.verdicts.push(verdict("suppression", decision));
            let refusal = Err(PermitRefusal::NotAllowed("suppression".to_owned()));
            assert_eq!(permit(&by_customer, &by_number, granted_at()), refusal);
        }
    }

    fn failed_leg(last_leg: u8) -> CallGrants {
        CallGrants {
            call: nth_call(1),
            number: number(),
            first_dialing_at: granted_at(),
            legs_until: None,
            last_leg,
            last_leg_failed_definitely: true,
            withdrawn: false,
        }
    }

    #[test]
    fn a_further_leg_follows_a_definite_failure_for_six_seconds_up_to_the_third() {
        let last = granted_at().plus_ms(6_000);
        let first_forbidden = Timestamp::from_micros(last.micros() + 1);
        let minted = permit_next_leg(&failed_leg(1), 2, last).unwrap();
        assert_eq!((minted.call(), minted.leg()), (nth_call(1), 2));
        assert!(permit_next_leg(&failed_leg(2), 3, last).is_ok());
        for (grants, leg, at) in [
            (failed_leg(1), 2, first_forbidden),
            (failed_leg(3), 4, last),
            (
                CallGrants {
                    legs_until: Some(granted_at().plus_ms(3_000)),
                    ..failed_leg(1)
                },
                2,
                granted_at().plus_ms(3_001),
            ),
            (failed_leg(1), 1, last),
            (failed_leg(1), 3, last),
            (
                CallGrants {
                    last_leg_failed_definitely: false,
                    ..failed_leg(1)
                },
                2,
                last,
            ),
            (
                CallGrants {
                    withdrawn: true,
                    ..failed_leg(1)
                },
                2,
                last,
            ),
        ] {
            assert_eq!(
                permit_next_leg(&grants, leg, at),
                Err(PermitRefusal::NoNextLeg(leg))
            );
        }
    }
}
