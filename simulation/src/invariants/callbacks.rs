//! Callbacks: in a world without faults, each one that is made is dialed within a second of its time.

use super::fact::{Fact, Member};
use super::{Evidence, Findings};
use domain::call::event::CallEvent;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Latest dial after the requested time, in milliseconds.
const LATE_MS_MAX: u64 = 1_000;

pub(super) fn judge(findings: &mut Findings, facts: &[Fact], evidence: &Evidence<'_>) {
    if !evidence.has_no_faults {
        return;
    }
    let mut dialed: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.kind == CallEvent::DIALING) {
        dialed.entry(fact.subject()).or_insert(fact.at);
    }
    for ended in facts
        .iter()
        .filter(|fact| fact.kind == CustomerEvent::CALLBACK_ENDED)
    {
        let named_at = ended.instant_at(&[Member::CallbackAt]);
        let Some(dialed_at) = dialed.get(ended.text(Member::Call)) else {
            continue;
        };
        if ended.text(Member::How) != "kept" || was_kept_from_it(facts, ended, named_at, *dialed_at) {
            continue;
        }
        let in_time = named_at <= *dialed_at && dialed_at.ms_since(named_at) < LATE_MS_MAX;
        findings.check("a_callback_is_dialed_at_its_time", in_time, || {
            format!("{}: named {named_at}, dialed {dialed_at}", ended.stream)
        });
    }
}

/// True if the campaign was paused, or a rule deferred the customer, between the requested time and the dial.
fn was_kept_from_it(facts: &[Fact], ended: &Fact, named_at: Timestamp, dialed_at: Timestamp) -> bool {
    let is_between = |at: Timestamp| named_at <= at && at <= dialed_at;
    facts.iter().any(|fact| {
        let of_person = fact.kind == CustomerEvent::DIAL_REFUSED && fact.stream == ended.stream;
        let is_of_campaign = fact.kind == CampaignEvent::RESUMED || fact.kind == CampaignEvent::WINDOW_CLOSED;
        let of_campaign = is_of_campaign && fact.subject() == ended.text(Member::Campaign);
        (of_person || of_campaign) && is_between(fact.at)
    })
}
