//! Checks that withdrawn customers, and customers of undone lists, are not dialed.

use super::fact::{Fact, Member};
use super::{Evidence, Findings};
use domain::call::event::CallEvent;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Time after an undone list in which a dial is still allowed, in milliseconds: a batch may be a second old
/// and a grant two.
const HOLDS_AFTER_MS: u64 = 3_000;

pub(super) fn judge(findings: &mut Findings, facts: &[Fact], evidence: &Evidence<'_>) {
    let mut withdrawn: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut undone: BTreeMap<(&str, &str), Timestamp> = BTreeMap::new();
    let mut lists: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for fact in facts {
        let enrolment = (fact.campaign.as_str(), fact.customer.as_str());
        match fact.kind.as_str() {
            CustomerEvent::ENROLLED => {
                lists.insert(enrolment, fact.text(Member::List));
            }
            CustomerEvent::ENROLMENT_WITHDRAWN => {
                withdrawn.insert(enrolment);
            }
            CampaignEvent::LIST_UNDONE => {
                undone.insert((&fact.campaign, fact.text(Member::List)), fact.at);
            }
            CustomerEvent::DIAL_GRANTED => {
                let free = !withdrawn.contains(&enrolment);
                findings.check("nobody_withdrawn_is_granted_a_dial", free, || {
                    format!("{} in {}", fact.stream, fact.campaign)
                });
            }
            CallEvent::DIALING if fact.number(Member::Leg) == 1 => {
                let list = lists.get(&enrolment).copied().unwrap_or("");
                let at = undone.get(&(fact.campaign.as_str(), list));
                let holds_ms = HOLDS_AFTER_MS + evidence.append_ms_max;
                let free = at.is_none_or(|at| fact.at.ms_since(*at) <= holds_ms);
                findings.check("nobody_of_an_undone_list_is_dialed", free, || {
                    format!("{} at {}, undone at {at:?}", fact.stream, fact.at)
                });
            }
            _ => {}
        }
    }
}
