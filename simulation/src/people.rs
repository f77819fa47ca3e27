//! The customers of a world: who they are, and what each does when the phone rings, all drawn from the seed.

use super::campaign_profile::CampaignProfile;
use super::clock::SeededChance;
use super::faults::Outage;
use super::home::CustomerHome;
use super::power::Power;
use super::scenario::Scenario;
use super::witness::DurabilityWitness;
use domain::customer::CountrySource;
use domain::customer::command::{Enrolment, GivenConsent};
use domain::ids::{CampaignId, ListId};
use domain::ports::vault::Vault;
use domain::time::Timestamp;
use media::lines::{CalleeScript, SimulatedCallees, SimulatedInvite};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Returns the second number of a customer who has two; some lists use it.
fn second_phone(index: u64) -> String {
    format!("+86138{:08}", 30_000_000 + index)
}

/// One row of a list, before it is imported.
pub(crate) struct Row<'a> {
    pub(crate) index: u64,
    pub(crate) campaign: &'a CampaignId,
    pub(crate) list: ListId,
    pub(crate) manner: &'a CampaignProfile,
    /// True if the list uses the second number of customers who have two.
    pub(crate) by_second: bool,
    /// The earliest time of a consent.
    pub(crate) since: Timestamp,
    pub(crate) seed: u64,
}

impl Row<'_> {
    fn phone(&self, scenario: &Scenario) -> String {
        let home = self.manner.home();
        let has_two = self.index % 10 < u64::from(scenario.second_numbers_of_ten);
        if has_two && self.by_second && home == CustomerHome::China {
            return second_phone(self.index);
        }
        home.phone(self.index)
    }

    /// Returns the customer's consent; `None` in a campaign without consents, and for one customer in five.
    /// Some consents end while the campaign runs, and some have no evidence.
    fn consent(&self) -> Option<GivenConsent> {
        if !self.manner.by_consent() {
            return None;
        }
        let text = format!("consent:{}:{}:{}", self.seed, self.campaign, self.index);
        let [draw, at, ..]: [u8; 32] = Sha256::digest(text).into();
        let given = GivenConsent {
            scope: purpose(self.campaign),
            source: "form".to_owned(),
            given_at: self.since,
            until: None,
            evidence: Some("signed".to_owned()),
        };
        match draw % 20 {
            0..12 => Some(given),
            12..16 => Some(GivenConsent {
                until: Some(self.since.plus_ms(9 * 3_600_000 + u64::from(at) * 120_000)),
                ..given
            }),
            16 => Some(GivenConsent {
                evidence: None,
                ..given
            }),
            _ => None,
        }
    }

    /// The row that enrols the customer.
    pub(crate) fn enrolment(&self, scenario: &Scenario, vault: &dyn Vault) -> Enrolment {
        let home = self.manner.home();
        let external_id = format!("{}{:06}", home.side(), self.index);
        let phone = self.phone(scenario);
        Enrolment {
            customer: vault.derive_customer(&external_id),
            number: vault.derive_number(&phone),
            external_id,
            phone,
            country: CountrySource::Written,
            further_phones: Vec::new(),
            name: None,
            time_zone: home.time_zone(),
            campaign: self.campaign.clone(),
            list: self.list,
            basis: self.manner.basis,
            variables: BTreeMap::from([("name".to_owned(), format!("客户{}", self.index))]),
            consent: self.consent(),
            same_number_as: None,
            best_times: None,
            preferred: Vec::new(),
            priority: None,
            dedupe: domain::calling_plan::DeduplicationScope::Campaign,
        }
    }
}

/// Returns the purpose of a campaign's consents. Each campaign has its own, so that no consent counts for
/// another.
pub(crate) fn purpose(campaign: &CampaignId) -> String {
    format!("purpose of {campaign}")
}

/// Returns the number of customers in a world. A third of them is called on any one day, so that they
/// return.
pub(crate) fn population(calls_per_day: u32) -> u64 {
    u64::from(calls_per_day) * 3 + 1
}

/// Draws `count` customers for a list without repeating one; customers return on other lists.
pub(crate) fn draw(chance: &SeededChance, count: u32, population: u64) -> Vec<u64> {
    let mut drawn: Vec<u64> = Vec::new();
    let mut next = chance.below(population);
    let step = 1 + chance.below(population.saturating_sub(1).max(1));
    let mut seen = BTreeSet::new();
    while (drawn.len() as u64) < u64::from(count).min(population) {
        while !seen.insert(next % population) {
            next += 1;
        }
        drawn.push(next % population);
        next += step;
    }
    drawn
}

/// Callees with behavior derived only from seed, line, number and turn, and from an outage, if there is one.
pub(crate) struct SeededCallees {
    pub(crate) seed: u64,
    pub(crate) outages: Vec<Outage>,
    pub(crate) witness: Arc<DurabilityWitness>,
    pub(crate) power: Arc<Power>,
}

impl SeededCallees {
    /// Returns a function that draws numbers below its argument, for one line, callee and turn.
    fn draws(&self, invite: &SimulatedInvite<'_>) -> impl FnMut(u64) -> u64 + use<> {
        let about = format!("{}:{}:{}:{}", self.seed, invite.line, invite.callee, invite.nth);
        let mut state: [u8; 32] = Sha256::digest(about).into();
        move |below| {
            state = Sha256::digest(state).into();
            let [a, b, c, d, e, f, g, h, ..] = state;
            u64::from_be_bytes([a, b, c, d, e, f, g, h])
                .checked_rem(below)
                .unwrap_or(0)
        }
    }
}

/// Draws a callee who answers, presses keys or not, and stays or hangs up.
fn answers(draw: &mut impl FnMut(u64) -> u64) -> CalleeScript {
    let ring_ms = 200 + draw(2_000);
    let keys = match draw(10) {
        0..4 => vec![(4_000 + draw(20_000), '1'), (20_000 + draw(20_000), '2')],
        4..6 => vec![(4_000 + draw(25_000), '2')],
        6 => vec![(4_000 + draw(25_000), '9')],
        7 => vec![(1_000 + draw(9_000), '5'), (9_000 + draw(9_000), '#')],
        _ => Vec::new(),
    };
    let hang_up_ms = (draw(3) == 0).then(|| 500 + draw(40_000));
    CalleeScript::Answers {
        ring_ms,
        answer_ms: 500 + draw(20_000),
        keys,
        hang_up_ms,
    }
}

impl SimulatedCallees for SeededCallees {
    fn machine_is_dead(&self) -> bool {
        self.power.is_off()
    }

    fn acknowledged(&self, sip_call_id: &str) {
        self.witness.see_acknowledged(sip_call_id);
    }

    fn script(&self, invite: &SimulatedInvite<'_>) -> CalleeScript {
        self.witness.see(invite.sip_call_id);
        let mut draw = self.draws(invite);
        let ring_ms = 200 + draw(2_000);
        if self
            .outages
            .iter()
            .any(|outage| outage.holds(invite.line, invite.at))
        {
            return match draw(3) {
                0 => CalleeScript::Silent { late_answer_ms: None },
                _ => CalleeScript::Unreachable { refuse_ms: draw(50) },
            };
        }
        let refuses = |ring_ms, refuse_ms, sip_code, q850| CalleeScript::Refuses {
            ring_ms,
            refuse_ms,
            sip_code,
            q850,
        };
        match draw(100) {
            0..48 => answers(&mut draw),
            48..66 => CalleeScript::Rings { ring_ms },
            66..76 => refuses(Some(ring_ms), 400, 486, Some(17)),
            76..82 => refuses(Some(ring_ms), 2_000, 603, Some(21)),
            82..86 => refuses(None, 300, 404, Some(1)),
            86..90 => refuses(None, 300, 480, Some(20)),
            // Early enough for a second leg, just in time, and too late.
            90..94 => refuses(None, 300 + draw(12_000), 503, Some(34)),
            94..96 => refuses(None, 5_900 + draw(200), 502, None),
            96..98 => CalleeScript::CrossesCancel { ring_ms },
            _ => CalleeScript::Silent {
                late_answer_ms: (draw(2) == 0).then(|| 1 + draw(30_000)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::SimulatedDisk;
    use crate::faults::FaultPeriod;

    fn callees(outages: Vec<Outage>) -> SeededCallees {
        let chance = Arc::new(SeededChance::new(7, 0));
        let disk = Arc::new(SimulatedDisk::new(chance, Arc::new(Power::default())));
        SeededCallees {
            seed: 7,
            outages,
            witness: Arc::new(DurabilityWitness::new(disk)),
            power: Arc::default(),
        }
    }

    #[test]
    fn a_list_has_no_duplicates_and_a_callee_repeats_itself() {
        let drawn = draw(&SeededChance::new(3, 1), 200, population(200));
        let distinct: BTreeSet<u64> = drawn.iter().copied().collect();
        assert_eq!((drawn.len(), distinct.len()), (200, 200));
        let callees = callees(Vec::new());
        let invite = SimulatedInvite {
            sip_call_id: "a",
            line: "first",
            callee: "+8613800138000",
            nth: 1,
            at: Timestamp::EPOCH,
        };
        assert_eq!(callees.script(&invite), callees.script(&invite));
    }

    #[test]
    fn no_callee_is_reached_during_an_outage_and_its_end_is_past_it() {
        let spell = FaultPeriod {
            from: Timestamp::EPOCH.plus_ms(1_000),
            until: Timestamp::EPOCH.plus_ms(2_000),
        };
        let reached = |of: Option<u32>, at_ms: u64| {
            let callees = callees(vec![Outage { spell, of }]);
            (0..40).any(|nth| {
                let invite = SimulatedInvite {
                    sip_call_id: "a",
                    line: "trunk-0",
                    callee: "+8613800138000",
                    nth,
                    at: Timestamp::EPOCH.plus_ms(at_ms),
                };
                matches!(callees.script(&invite), CalleeScript::Answers { .. })
            })
        };
        let seen: Vec<bool> = [999, 1_000, 1_999, 2_000].map(|at| reached(None, at)).into();
        assert_eq!(seen, [true, false, false, true]);
        assert!(!reached(Some(0), 1_500));
        assert!(reached(Some(1), 1_500), "the other trunk is away");
    }
}
