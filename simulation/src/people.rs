//! The people of a world: who they are, and what each does when the phone rings, all from the seed.

use super::clock::SeededChance;
use domain::customer::command::Enrolment;
use domain::ids::{CampaignId, ListId};
use domain::ports::vault::Vault;
use media::lines::{CalleeScript, SimulatedCallees};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// One person's phone: generated, in a form that no directory holds.
pub(crate) fn phone(index: u64) -> String {
    format!("+86138{:08}", 1_000_000 + index)
}

/// The row of a list that enrols person `index`.
pub(crate) fn row(index: u64, campaign: &CampaignId, list: ListId, vault: &dyn Vault) -> Enrolment {
    let external_id = format!("S{index:06}");
    let phone = phone(index);
    Enrolment {
        customer: vault.derive_customer(&external_id),
        number: vault.derive_number(&phone),
        external_id,
        phone,
        name: None,
        time_zone: None,
        campaign: campaign.clone(),
        list,
        basis: domain::calling_plan::Basis::Contract,
        variables: BTreeMap::from([("name".to_owned(), format!("客户{index}"))]),
        consent: None,
    }
}

/// Draws persons for a day's list without repeating one within the list; persons return on other days.
pub(crate) fn draw(chance: &SeededChance, count: u32) -> Vec<u64> {
    let population = u64::from(count) * 3 + 1;
    let mut drawn: Vec<u64> = Vec::new();
    let mut next = chance.below(population);
    let step = 1 + chance.below(population.saturating_sub(1).max(1));
    let mut seen = std::collections::BTreeSet::new();
    while drawn.len() < count as usize {
        while !seen.insert(next % population) {
            next += 1;
        }
        drawn.push(next % population);
        next += step;
    }
    drawn
}

/// Callees whose behaviour is a pure function of seed, number and turn.
pub(crate) struct SeededCallees {
    pub(crate) seed: u64,
}

impl SeededCallees {
    /// A stream of draws for one callee and turn.
    fn draws(&self, callee: &str, nth: u32) -> impl FnMut(u64) -> u64 + use<> {
        let mut state: [u8; 32] = Sha256::digest(format!("{}:{callee}:{nth}", self.seed)).into();
        move |below| {
            state = Sha256::digest(state).into();
            let [a, b, c, d, e, f, g, h, ..] = state;
            u64::from_be_bytes([a, b, c, d, e, f, g, h])
                .checked_rem(below)
                .unwrap_or(0)
        }
    }
}

impl SimulatedCallees for SeededCallees {
    fn script(&self, callee: &str, nth: u32) -> CalleeScript {
        let mut draw = self.draws(callee, nth);
        let ring_ms = 200 + draw(2_000);
        let refuses = |sip_code, q850| CalleeScript::Refuses {
            ring_ms: None,
            refuse_ms: 300,
            sip_code,
            q850,
        };
        match draw(100) {
            0..50 => {
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
            50..68 => CalleeScript::Rings { ring_ms },
            68..78 => CalleeScript::Refuses {
                ring_ms: Some(ring_ms),
                refuse_ms: 400,
                sip_code: 486,
                q850: Some(17),
            },
            78..84 => CalleeScript::Refuses {
                ring_ms: Some(ring_ms),
                refuse_ms: 2_000,
                sip_code: 603,
                q850: Some(21),
            },
            84..89 => refuses(404, Some(1)),
            89..94 => refuses(480, Some(20)),
            94..96 => refuses(503, Some(34)),
            96..98 => CalleeScript::CrossesCancel { ring_ms },
            _ => CalleeScript::Silent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_repeats_nobody_and_a_callee_repeats_itself() {
        let drawn = draw(&SeededChance::new(3, 1), 200);
        let distinct: std::collections::BTreeSet<u64> = drawn.iter().copied().collect();
        assert_eq!((drawn.len(), distinct.len()), (200, 200));
        let callees = SeededCallees { seed: 7 };
        assert_eq!(
            callees.script("+8613800138000", 1),
            callees.script("+8613800138000", 1)
        );
    }
}
