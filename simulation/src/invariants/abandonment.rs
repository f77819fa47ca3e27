//! Recounts the record of abandoned calls from the calls alone, and checks what it allows.

use super::fact::{Fact, Member};
use super::{Findings, Tally};
use domain::call::event::CallEvent;
use domain::calling_plan::Preset;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::number::event::NumberEvent;
use domain::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// A person who answers must be attended within this time, in milliseconds.
const WITHIN_MS: u64 = 2_000;

/// Time before a batch in milliseconds: a call that ended earlier than this must be counted in the record
/// on which the batch is based.
const KNOWN_AFTER_MS: u64 = 10_000;

/// Microseconds in an hour.
const HOUR_MICROS: i64 = 3_600_000_000;

/// What a report counts besides its invariants.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Counts {
    pub(crate) permits: u64,
    pub(crate) refusals: u64,
    /// The largest abandon rate of a campaign for agents at its end, in thousandths of its answers.
    pub(crate) abandoned_per_mille_max: u64,
    /// Number of calls in which no agent was free and the seller's message was played.
    pub(crate) sellers_named: u64,
    /// Answers and abandoned calls of each day, summed over the records of all campaigns.
    pub(crate) accounted_days: Vec<(u64, u64)>,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.permits += other.permits;
        self.refusals += other.refusals;
        self.sellers_named += other.sellers_named;
        self.abandoned_per_mille_max = self.abandoned_per_mille_max.max(other.abandoned_per_mille_max);
        self.accounted_days.extend(other.accounted_days);
    }
}

#[derive(Default)]
struct Call {
    answered_at: Option<Timestamp>,
    attended_at: Option<Timestamp>,
}

#[derive(Default)]
struct Campaign {
    for_agents: bool,
    /// Under the telemarketing rule of the United States.
    sells: bool,
    answers: u64,
    drops: u64,
    recorded: (u64, u64),
    /// Ends of answered calls, each with 1 if it was abandoned. Those that a batch must know are removed.
    ends: VecDeque<(Timestamp, u64)>,
    /// Answers and abandoned calls that the next batch must know.
    known: (u64, u64),
}

impl Campaign {
    /// True if the recount allows no further abandoned call over all days of the world: 3 % of the answers,
    /// rounded down, are used up.
    fn is_used_up(&self) -> bool {
        let (answers, drops) = self.recorded;
        answers * 3 / 100 <= drops
    }
}

pub(super) fn judge(findings: &mut Findings, facts: &[Fact], append_ms_max: u64) {
    let mut calls: BTreeMap<&str, Call> = BTreeMap::new();
    let mut campaigns: BTreeMap<&str, Campaign> = BTreeMap::new();
    let mut counts = Counts::default();
    let mut days: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for fact in facts {
        match fact.kind.as_str() {
            CallEvent::PERMITTED => counts.permits += 1,
            CustomerEvent::DIAL_REFUSED | NumberEvent::DIAL_REFUSED => counts.refusals += 1,
            CallEvent::SELLER_MESSAGE_PLAYED => counts.sellers_named += 1,
            CallEvent::ANSWERED => {
                calls.entry(&fact.stream).or_default().answered_at = Some(fact.at);
            }
            CallEvent::NOTICE_PLAYED | CallEvent::NODE_ENTERED | CallEvent::AGENT_CONNECTED => {
                // Under 16 CFR 310.4(b)(4) a robot does not attend to a callee.
                let campaign = campaigns.entry(&fact.campaign).or_default();
                if campaign.sells && fact.kind != CallEvent::AGENT_CONNECTED {
                    continue;
                }
                let call = calls.entry(&fact.stream).or_default();
                call.attended_at.get_or_insert(fact.at);
            }
            CallEvent::ENDED => {
                let call = calls.remove(fact.stream.as_str()).unwrap_or_default();
                count(campaigns.entry(&fact.campaign).or_default(), fact, &call);
            }
            CampaignEvent::CREATED => {
                let campaign = campaigns.entry(&fact.campaign).or_default();
                campaign.sells = fact.text(Member::Preset) == Preset::UsTsr.code();
                campaign.for_agents = !matches!(
                    fact.text_at(&[Member::Dialing, Member::Mode]),
                    "" | "batch" | "callback"
                );
            }
            CampaignEvent::ABANDONMENT_RECORDED => {
                let campaign = campaigns.entry(&fact.campaign).or_default();
                let (answers, drops) = (fact.number(Member::Answers), fact.number(Member::Drops));
                campaign.recorded.0 += answers;
                campaign.recorded.1 += drops;
                let day = days
                    .entry(beijing_day(fact.instant_at(&[Member::EndedAt])))
                    .or_default();
                day.0 += answers;
                day.1 += drops;
            }
            CampaignEvent::DIALS_GRANTED => {
                let known_after_ms = KNOWN_AFTER_MS + 4 * append_ms_max;
                let campaign = campaigns.entry(&fact.campaign).or_default();
                granted(findings, campaign, fact, known_after_ms);
            }
            _ => {}
        }
    }
    for campaign in campaigns.values().filter(|campaign| campaign.for_agents) {
        let per_mille = (campaign.drops * 1_000)
            .checked_div(campaign.answers)
            .unwrap_or(0);
        counts.abandoned_per_mille_max = counts.abandoned_per_mille_max.max(per_mille);
    }
    counts.accounted_days = days.into_values().collect();
    findings.counts = counts;
}

/// The day since the epoch, in Beijing.
fn beijing_day(at: Timestamp) -> i64 {
    (at.micros() + 8 * HOUR_MICROS).div_euclid(24 * HOUR_MICROS)
}

/// The law's window, in days.
const WINDOW_DAYS: usize = 30;
/// Abandoned calls that the rule allows per hundred answers.
const DROPS_A_HUNDRED: u64 = 3;

/// Checks every window of thirty consecutive days, with the worlds of a run one after the other: at most 3
/// % of the answers may be abandoned calls. Also returns the largest rate in thousandths. Shorter runs have
/// a rate but no limit, because a single abandoned call may exceed 3 % of few answers.
pub(crate) fn windows(days: &[(u64, u64)]) -> (Tally, u64) {
    let (mut tally, mut most) = (Tally::default(), 0);
    for window in days.windows(WINDOW_DAYS.min(days.len()).max(1)) {
        let sum = |(answers, drops): (u64, u64), day: &(u64, u64)| (answers + day.0, drops + day.1);
        let (answers, drops) = window.iter().fold((0, 0), sum);
        let is_whole = window.len() == WINDOW_DAYS;
        tally.checked += u64::from(is_whole);
        tally.violations += u64::from(is_whole && drops * 100 > answers * DROPS_A_HUNDRED);
        most = most.max((drops * 1_000).checked_div(answers).unwrap_or(0));
    }
    (tally, most)
}

fn count(campaign: &mut Campaign, ended: &Fact, call: &Call) {
    let of_machine = matches!(
        ended.text(Member::Disposition),
        "machine" | "screened" | "answered_short"
    );
    let Some(answered_at) = call.answered_at.filter(|_| !of_machine) else {
        return;
    };
    campaign.answers += 1;
    let in_time = call
        .attended_at
        .is_some_and(|at| at.ms_since(answered_at) <= WITHIN_MS);
    campaign.drops += u64::from(!in_time);
    campaign.ends.push_back((ended.at, u64::from(!in_time)));
}

/// Checks a granted batch against the recount. Calls that ended while the campaign was asked are counted by
/// the next batch, but never more than are in the log.
fn granted(findings: &mut Findings, campaign: &mut Campaign, fact: &Fact, known_after_ms: u64) {
    if !campaign.for_agents {
        return;
    }
    while let Some((ended_at, drops)) = campaign.ends.front().copied()
        && fact.at.ms_since(ended_at) >= known_after_ms
    {
        campaign.ends.pop_front();
        campaign.known.0 += 1;
        campaign.known.1 += drops;
    }
    let campaign = &*campaign;
    let (answers, drops) = campaign.recorded;
    let words = || {
        format!(
            "{}: {answers}/{drops} on the account, {}/{} in its calls",
            fact.campaign, campaign.answers, campaign.drops
        )
    };
    let known = answers <= campaign.answers && drops <= campaign.drops;
    findings.check("the_account_is_of_the_calls", known, words);
    let (known_answers, known_drops) = campaign.known;
    let counts = answers >= known_answers && drops >= known_drops;
    findings.check("a_batch_knows_what_ended_before_it", counts, words);
    let seen = (
        fact.number_at(&[Member::Paced, Member::Answers]),
        fact.number_at(&[Member::Paced, Member::Drops]),
    );
    findings.check("a_batch_stands_on_the_account", seen == campaign.recorded, words);
    let floor = fact.number_at(&[Member::Paced, Member::Free]).saturating_sub(
        fact.number_at(&[Member::Paced, Member::Ringing]) + fact.number_at(&[Member::Paced, Member::Waiting]),
    );
    let bound = !campaign.is_used_up() || fact.number(Member::Count) <= floor;
    findings.check(
        "an_account_used_up_leaves_one_call_for_one_free_agent",
        bound,
        words,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_window_of_thirty_days_is_held_to_three_of_a_hundred() {
        let mut days = vec![(100, 3); 60];
        assert_eq!(
            windows(&days),
            (
                Tally {
                    checked: 31,
                    violations: 0
                },
                30
            )
        );
        days[30].1 = 4;
        let (tally, most) = windows(&days);
        assert_eq!((tally.checked, tally.violations, most), (31, 30, 30));
        days[30] = (0, 90);
        assert_eq!(windows(&days).1, 61);
        assert_eq!(windows(&[(10, 0), (10, 1)]), (Tally::default(), 50));
        assert_eq!(windows(&[]), (Tally::default(), 0));
    }
}
