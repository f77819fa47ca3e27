//! Explains why a customer may or may not be dialed at a time: the verdicts of both sides, with their facts.
//!
//! Checks the same as a grant, in the same words, and grants nothing. The state of the enrolment (settled, in
//! a call, not due) is listed with the rules. To find the next permitted time, conditions without a known end
//! (a pause, a hold, a call, a stop) are assumed to be over, as for a refusal's due time, and are named.

use super::enrolment::EnrolmentState;
use super::grant_dial::{facts_of, quota_full, too_late, without_key};
use super::id_merge::CombinedRecord;
use super::state::CustomerState;
use super::withdrawal::ENROLMENT_WITHDRAWN;
use crate::best_times::BEST_TIME;
use crate::calling_plan::CampaignFacts;
use crate::compliance::{
    CustomerFacts, Decision, JoinedFacts, NumberFacts, PhoneCountry, PresetRules, RuleSide, Verdict,
    add_preset_fact, is_of_check, judge_customer, judge_number, strictest, waits_for_check, waits_for_facts,
    waits_for_holidays, when_permitted,
};
use crate::number_check::check_asked_again;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::ids::{CampaignId, NumberId};

/// The name under which the enrolment's own state is listed among the rules' verdicts.
const ENROLMENT: &str = "enrolment";

/// Milliseconds after which a customer in a call, or under a condition without a known end, is checked
/// again.
const ASK_AGAIN_MS: u64 = 1_000;

/// The input of `why_not` besides the customer: the number's facts, and conditions that stop the whole
/// campaign.
#[derive(Debug)]
pub struct WhyNotInput<'a> {
    pub number: NumberFacts<'a>,
    pub above: Vec<CampaignBlock>,
    /// A preset version to judge both sides by instead of the current one: a dry run.
    pub coming: Option<&'a PresetRules>,
    /// The restrictions of merged ids of the person.
    pub joined: &'a [JoinedFacts],
}

/// A condition that stops a campaign's dialing before any rule is checked: an emergency stop, its end, or its
/// stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignBlock {
    /// `emergency_stop`, `campaign_over` or `stage`.
    pub rule: String,
    pub facts: BTreeMap<String, String>,
    pub until: CampaignBlockEnd,
}

/// When a condition that stops a campaign's dialing is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CampaignBlockEnd {
    Never,
    /// The end is not known. The search for the next permitted time assumes it is over and lists this name.
    Sometime(&'static str),
    At(Timestamp),
}

/// A verdict, and whether it concerns the customer, the number or the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SidedVerdict {
    pub side: RuleSide,
    pub verdict: Verdict,
}

/// Why a dial at one time is permitted or not, and when it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialExplanation {
    /// The verdict that decides; `None` if everything allows.
    pub binding: Option<Verdict>,
    /// When everything allows, as far as known: the requested time or later. `None`: never.
    pub not_before: Option<Timestamp>,
    /// The conditions assumed to be over by then although their end is not known.
    pub assumed: Vec<&'static str>,
    pub verdicts: Vec<SidedVerdict>,
}

impl DialExplanation {
    pub const fn permitted(&self) -> bool {
        self.binding.is_none()
    }
}

/// Returns the number that a dial in this campaign uses; `None` if the person is not enrolled in it.
pub fn dialed_number(state: &CustomerState, campaign: &CampaignId) -> Option<NumberId> {
    let enrolment = state.enrolment(campaign)?;
    Some(state.number_to_dial(enrolment))
}

/// Returns why a dial at `at` would be permitted or not, with the verdicts of both sides, and the next
/// permitted time. `None` if the person is not in the campaign.
pub fn why_not(state: &CustomerState, judge: &WhyNotInput<'_>, at: Timestamp) -> Option<DialExplanation> {
    let campaign = judge.number.campaign;
    let enrolment = state.enrolment(&campaign.campaign)?;
    let number = state.number_to_dial(enrolment);
    let together = CombinedRecord::of(state, judge.joined);
    let own = CustomerFacts {
        coming: judge.coming,
        ..facts_of(state, enrolment, campaign, &number)
    };
    let facts = together.as_ref().map_or(own, |all| all.facts(own, judge.joined));
    let of_number = NumberFacts {
        coming: judge.coming,
        ..judge.number
    };
    let mut verdicts = vec![match is_withdrawn(enrolment, campaign) {
        true => named(ENROLMENT_WITHDRAWN, Decision::Forbid, BTreeMap::new()),
        false => of_enrolment(state, enrolment, at),
    }];
    verdicts.extend(judge.above.iter().map(|above| from_above(above, at)));
    verdicts.extend(campaign.full.as_deref().map(quota_full));
    verdicts.extend(add_preset_fact(judge_customer(&facts, at), facts.rules(at)));
    let of_customer = verdicts.len();
    verdicts.extend(add_preset_fact(judge_number(&of_number, at), of_number.rules(at)));
    let binding = strictest(&verdicts).cloned();
    let asked = TimeSearch {
        state,
        enrolment,
        facts,
        of_number,
        judge,
    };
    let not_before = match &binding {
        None => Some(at),
        Some(_) => asked.not_before(at),
    };
    let side = |index: usize| match index < of_customer {
        true => RuleSide::Customer,
        false => RuleSide::Number,
    };
    let sided = verdicts
        .into_iter()
        .enumerate()
        .map(|(index, verdict)| SidedVerdict {
            side: side(index),
            verdict,
        });
    Some(DialExplanation {
        assumed: match (&binding, not_before) {
            (Some(_), Some(found)) => asked.assumed(found),
            (None, _) | (_, None) => Vec::new(),
        },
        binding,
        not_before,
        verdicts: sided.collect(),
    })
}

/// What the search for the next permitted time of a dial works with.
struct TimeSearch<'a> {
    state: &'a CustomerState,
    enrolment: &'a EnrolmentState,
    facts: CustomerFacts<'a>,
    of_number: NumberFacts<'a>,
    judge: &'a WhyNotInput<'a>,
}

impl TimeSearch<'_> {
    /// Returns true if a verdict at `found` is one for which `waits` holds: it depends on missing data (a
    /// holiday calendar, a fact of the preset).
    fn waits_for(&self, waits: fn(&Verdict) -> bool, found: Timestamp) -> bool {
        judge_customer(&self.facts, found).iter().any(waits)
    }

    /// Returns true if this id or a merged id of the person is under a legal hold.
    fn is_held(&self) -> bool {
        self.facts.held || self.facts.joined.iter().any(|other| other.held)
    }

    fn assumed(&self, found: Timestamp) -> Vec<&'static str> {
        let all = [
            ("campaign_running", !self.facts.campaign.running),
            ("hold_released", self.is_held()),
            ("call_over", self.enrolment.open.is_some()),
            ("holidays_imported", self.waits_for(waits_for_holidays, found)),
            ("facts_kept", self.waits_for(waits_for_facts, found)),
            (
                "number_checked",
                self.of_check(found)
                    .is_some_and(|verdict| waits_for_check(&verdict)),
            ),
        ];
        let lifted = self.judge.above.iter().filter_map(|above| match above.until {
            CampaignBlockEnd::Sometime(name) => Some(name),
            CampaignBlockEnd::Never | CampaignBlockEnd::At(_) => None,
        });
        all.into_iter()
            .filter(|(_, is)| *is)
            .map(|(name, _)| name)
            .chain(lifted)
            .collect()
    }

    /// Returns the verdict at `at` about the number check that the campaign requires; `None` if it requires
    /// none.
    fn of_check(&self, at: Timestamp) -> Option<Verdict> {
        let verdicts = judge_number(&self.of_number, at);
        verdicts.into_iter().find(is_of_check)
    }

    /// Returns when dials refused at `at` for unknown facts are checked again: for a holiday calendar, a
    /// fact of the preset, a number check.
    fn asked_again_at(&self, at: Timestamp) -> impl Iterator<Item = Timestamp> {
        let unknown = judge_customer(&self.facts, at)
            .into_iter()
            .filter(|verdict| waits_for_holidays(verdict) || waits_for_facts(verdict));
        let of_check = self.of_check(at).filter(waits_for_check);
        let ends_at = self.facts.campaign.plan.ends_at;
        let of_check = of_check
            .and_then(|verdict| deferred_until(&verdict))
            .map(|again| check_asked_again(again, ends_at, at));
        unknown
            .filter_map(|verdict| deferred_until(&verdict))
            .chain(of_check)
    }

    fn not_before(&self, at: Timestamp) -> Option<Timestamp> {
        let never = self
            .judge
            .above
            .iter()
            .any(|above| above.until == CampaignBlockEnd::Never);
        let full = self.facts.campaign.full.as_deref();
        let is_full = full.is_some_and(|full| full.until.is_none());
        if never || is_full || is_withdrawn(self.enrolment, self.facts.campaign) {
            return None;
        }
        let lifted_at = self.judge.above.iter().filter_map(|above| match above.until {
            CampaignBlockEnd::At(at) => Some(at),
            CampaignBlockEnd::Never | CampaignBlockEnd::Sometime(_) => None,
        });
        // Unknown facts are checked again later, and are then assumed to be known. A number check that failed
        // is known.
        let is_unfit = self
            .of_check(at)
            .is_some_and(|verdict| verdict.decision == Decision::Forbid);
        let at = lifted_at
            .chain(full.and_then(|full| full.until))
            .chain(self.asked_again_at(at))
            .fold(at, Timestamp::max);
        let mut campaign = match is_unfit {
            true => self.facts.campaign.clone(),
            false => self.facts.campaign.assuming_checked(),
        };
        campaign.running = true;
        campaign.calendars = campaign.calendars.assuming_ordinary();
        campaign.kept = campaign.kept.assuming_kept();
        let joined: Vec<JoinedFacts> = self.facts.joined.iter().map(JoinedFacts::released).collect();
        let facts = CustomerFacts {
            campaign: &campaign,
            phone_country: PhoneCountry::Known,
            held: false,
            joined: &joined,
            ..self.facts
        };
        let of_number = NumberFacts {
            campaign: &campaign,
            ..self.of_number
        };
        let found = when_permitted(at, |at| {
            let mut verdicts = judge_customer(&facts, at);
            verdicts.extend(judge_number(&of_number, at));
            let enrolment = of_enrolment(self.state, self.enrolment, at);
            if self.enrolment.open.is_none() {
                verdicts.push(enrolment);
            }
            verdicts
        })?;
        let in_time = self.enrolment.is_in_time(found, campaign.plan.ends_at);
        in_time.then_some(found)
    }
}

const fn deferred_until(verdict: &Verdict) -> Option<Timestamp> {
    match verdict.decision {
        Decision::DeferUntil(at) => Some(at),
        Decision::Allow | Decision::Forbid => None,
    }
}

/// Returns true if the enrolment was withdrawn (also with an open call), or if its list was undone and it
/// is not settled.
fn is_withdrawn(enrolment: &EnrolmentState, campaign: &CampaignFacts) -> bool {
    let by_list = enrolment.settled.is_none() && campaign.undone_lists.contains(&enrolment.list);
    enrolment.withdrawn || by_list
}

/// Returns the verdict of the enrolment's own state, which comes before the rules: key missing, deadline
/// over, settled, in a call, waiting for a better hour or not due.
fn of_enrolment(state: &CustomerState, enrolment: &EnrolmentState, at: Timestamp) -> Verdict {
    if state.is_unreadable() {
        return without_key();
    }
    if let Some(late) = enrolment.deadline.filter(|deadline| at >= *deadline) {
        return too_late(late);
    }
    if let Some(settled) = enrolment.settled {
        return verdict(Decision::Forbid, "settled", settled.disposition.code().to_owned());
    }
    if let Some(call) = enrolment.open {
        let again_at = at.plus_ms(ASK_AGAIN_MS);
        return verdict(Decision::DeferUntil(again_at), "call", call.to_string());
    }
    if let Some(better) = enrolment.waits_for_hour().filter(|_| at < enrolment.due_at) {
        return named(
            BEST_TIME,
            Decision::DeferUntil(enrolment.due_at),
            better.facts.clone(),
        );
    }
    let decision = match at < enrolment.due_at {
        true => Decision::DeferUntil(enrolment.due_at),
        false => Decision::Allow,
    };
    verdict(decision, "due_at", enrolment.due_at.to_string())
}

fn verdict(decision: Decision, fact: &str, value: String) -> Verdict {
    named(ENROLMENT, decision, BTreeMap::from([(fact.to_owned(), value)]))
}

fn from_above(above: &CampaignBlock, at: Timestamp) -> Verdict {
    let decision = match above.until {
        CampaignBlockEnd::Never => Decision::Forbid,
        CampaignBlockEnd::Sometime(_) => Decision::DeferUntil(at.plus_ms(ASK_AGAIN_MS)),
        CampaignBlockEnd::At(until) => Decision::DeferUntil(until),
    };
    named(&above.rule, decision, above.facts.clone())
}

fn named(rule: &str, decision: Decision, facts: BTreeMap<String, String>) -> Verdict {
    Verdict {
        rule: rule.to_owned(),
        version: 1,
        effective_from: "2026-11-23".to_owned(),
        decision,
        facts,
    }
}
