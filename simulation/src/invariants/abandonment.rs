//! The account of abandoned calls, made again from the calls alone, and what it allows.

use super::fact::{Fact, Member};
use super::{Findings, Tally};
use domain::call::event::CallEvent;
use domain::calling_plan::Preset;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::number::event::NumberEvent;
use domain::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// A person who answered is to have somebody within so long.
const WITHIN_MS: u64 = 2_000;

/// A call that ended so long before a batch is on the account that the batch stands on.
const KNOWN_AFTER_MS: u64 = 10_000;

/// Microseconds in an hour.
const HOUR_MICROS: i64 = 3_600_000_000;

/// What a report counts besides its invariants.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Counts {
    pub(crate) permits: u64,
    pub(crate) refusals: u64,
    /// The largest part of the answers of one campaign that found nobody, in a thousand; of campaigns for
    /// agents, at their end.
    pub(crate) abandoned_per_mille_max: u64,
    /// Calls in which nobody was there, and the seller was named.
    pub(crate) sellers_named: u64,
    /// Answers and drops of each day, as the accounts of all campaigns have them.
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
    /// Under the rule of the United States for telemarketing.
    sells: bool,
    answers: u64,
    drops: u64,
    recorded: (u64, u64),
    /// Answered calls by their ends, and whether each was dropped; what a batch must know is taken off.
    ends: VecDeque<(Timestamp, u64)>,
    /// What it must know.
    known: (u64, u64),
}

impl Campaign {
    /// Three of a hundred, less what was used, leave no drop: of a whole world of days.
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
                // By 16 CFR 310.4(b)(4) a robot is nobody.
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
/// Drops that it leaves of each hundred answers.
const DROPS_A_HUNDRED: u64 = 3;

/// Every window of thirty days in a row, the worlds of a run one behind the other: whether each keeps to
/// three of a hundred, and the largest part in a thousand. Fewer days have a part, and nothing binds it: a
/// single drop may be more than that of them.
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

/// What ended while the campaign was asked is counted by the next batch: never more than is in the log.
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
