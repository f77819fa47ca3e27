//! Compliance rule: a dial needs a running campaign with a granted batch, before the campaign's end.
//!
//! Source: our own order of decisions (pause and stop act on the batch; a permit in flight must not outlast
//! them).

use super::facts::CustomerFacts;
use super::verdict::{Decision, Rule, to_fact_map};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Milliseconds after which a dial may be requested again if its batch has expired (batches last at most 1
/// s).
const ASK_AGAIN_MS: u64 = 1_000;

pub(super) struct CampaignState;

impl Rule<CustomerFacts<'_>> for CampaignState {
    fn id(&self) -> &'static str {
        "campaign_state"
    }

    fn source(&self) -> &'static str {
        "the campaign's own plan and state"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let campaign = facts.campaign;
        let mut seen = to_fact_map([
            ("running", campaign.running.to_string()),
            ("campaign_version", campaign.version.to_string()),
        ]);
        if let Some(ends_at) = campaign.plan.ends_at {
            seen.insert("ends_at".to_owned(), ends_at.to_string());
            if now >= ends_at {
                return (Decision::Forbid, seen);
            }
        }
        if !campaign.running {
            return (Decision::DeferUntil(now.plus_ms(ASK_AGAIN_MS)), seen);
        }
        (Decision::Allow, seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::ContactHistory;
    use crate::compliance::testing::{campaign_facts, customer_facts, instant};

    #[test]
    fn a_campaign_dials_while_it_runs_and_until_its_end() {
        let end = "2026-03-02T18:00:00+08:00";
        let before = "2026-03-02T17:59:59.999999+08:00";
        for (running, ends_at, now, decision) in [
            (true, None, end, Decision::Allow),
            (true, Some(end), before, Decision::Allow),
            (true, Some(end), end, Decision::Forbid),
            (false, Some(end), end, Decision::Forbid),
            (
                false,
                None,
                end,
                Decision::DeferUntil(instant("2026-03-02T18:00:01+08:00")),
            ),
        ] {
            let mut campaign = campaign_facts(Preset::CnService);
            campaign.running = running;
            campaign.plan.ends_at = ends_at.map(instant);
            let history = ContactHistory::default();
            let facts = customer_facts(&campaign, &history);
            let (said, _) = CampaignState.decide(&facts, instant(now));
            assert_eq!(said, decision, "{running} {ends_at:?} {now}");
        }
    }
}
