//! Compliance: rules as data and one decision function; the strictest verdict wins, unknown means no.
//!
//! A rule is one file: id, version, date, source, the facts it needs, its decision, its tests. The customer
//! (the person) and the number each check their ordered list at the moment of dialing and store every
//! verdict. Sources are given as far as known; the operator's own counsel decides.

mod additional_presets;
mod call_counts;
mod caller_number;
mod calling_days;
mod calling_window;
mod campaign_state;
mod closed_window;
#[cfg(test)]
mod closed_window_tests;
mod consent;
mod contact_history;
mod display_zones;
mod erased_person;
mod facts;
mod frequency_cap;
mod home_location;
mod merged_person;
mod missing_fact;
mod number_country;
mod number_state;
mod open_call;
mod own_caps;
mod own_phones;
mod permit;
mod preferred_times;
mod preset;
mod record_zone;
mod retry_policy;
mod same_number;
mod suppression;
#[cfg(test)]
pub(crate) mod testing;
mod verdict;
mod verdict_text;
mod white_list;
mod zones;

pub use additional_presets::{Contradiction, contradiction, needs_facts, ring_ms};
pub use caller_number::{days_licensed, judge_caller_number};
pub use calling_days::{calendars_asked, holiday_country_of, unknown_year, waits_for_holidays};
pub use calling_window::{WindowOpening, opening, opening_in_beijing};
pub use closed_window::{ClosedWindow, closed_for_all};
pub use consent::{CONSENT_GIVEN, consent_state};
pub use contact_history::{ContactHistory, PastDial};
pub use display_zones::{zone_of, zone_of_campaign};
pub use facts::{
    ConsentFacts, CustomerFacts, JoinedFacts, MERGED_PERSON, NumberFacts, PhoneCountry, SuppressionEnd,
};
pub use missing_fact::demands_seller;
pub use permit::{
    CallGrants, CustomerGrant, DialPermit, GRANT_VALID_MS, LEGS_MAX, NEXT_LEG_WITHIN_MS, NumberGrant,
    OWN_TEST_NUMBER, PermitRefusal, check_grants, permit, permit_in, permit_next_leg, permit_next_leg_in,
    test_grants, test_stand_in,
};
pub use preset::{
    CountedCalls, CountedOver, FrequencyCap, Period, PresetFault, PresetRules, PresetStatus, RegistryNeed,
    rules_at, rules_of, shipped_presets,
};
pub use record_zone::{ZoneFault, zone_of_row};
pub use same_number::SAME_NUMBER;
use verdict::PRESET;
pub use verdict::{Decision, Rule, Verdict};
pub use verdict_text::{BilingualSentence, RuleSide, describe_allowed, describe_refusal};
pub use zones::{local_time, next_local_day, same_local_day, zone_of_person};

use crate::calling_plan::DuplicatePolicy;
use crate::time::Timestamp;

/// Returns the customer's rules, in the order of their verdicts.
pub fn customer_rules<'a>() -> [&'a dyn Rule<CustomerFacts<'a>>; 8] {
    [
        &campaign_state::CampaignState,
        &missing_fact::MissingFact,
        &erased_person::ErasedPerson,
        &consent::ConsentGiven,
        &home_location::HomeLocation,
        &calling_window::CallingHours,
        &retry_policy::RetriesLeft,
        &frequency_cap::FrequencyCaps,
    ]
}

/// Returns the number's rules, in the order of their verdicts.
pub fn number_rules<'a>() -> [&'a dyn Rule<NumberFacts<'a>>; 3] {
    [
        &suppression::NotSuppressed,
        &open_call::NoOpenCall,
        &frequency_cap::FrequencyCaps,
    ]
}

/// A rule with its metadata, as it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleMetadata {
    pub side: RuleSide,
    pub id: &'static str,
    pub version: u32,
    pub effective_from: &'static str,
    pub source: &'static str,
}

/// Returns every rule of both sides, including those that apply only if a campaign asks for them.
pub fn all_rules() -> Vec<RuleMetadata> {
    fn listed<F>(side: RuleSide, rule: &dyn Rule<F>) -> RuleMetadata {
        RuleMetadata {
            side,
            id: rule.id(),
            version: rule.version(),
            effective_from: rule.effective_from(),
            source: rule.source(),
        }
    }
    let mut all: Vec<RuleMetadata> = customer_rules()
        .iter()
        .map(|rule| listed(RuleSide::Customer, *rule))
        .collect();
    all.push(listed(RuleSide::Customer, &calling_days::CallingDay));
    all.push(listed(RuleSide::Customer, &own_caps::OwnCaps));
    all.push(listed(RuleSide::Customer, &own_phones::OwnPhonesOnly));
    all.push(listed(RuleSide::Customer, &number_country::NumberCountry));
    all.push(listed(RuleSide::Customer, &preferred_times::PreferredTimes));
    all.push(listed(RuleSide::Customer, &merged_person::MergedPerson));
    all.extend(number_rules().iter().map(|rule| listed(RuleSide::Number, *rule)));
    all.push(listed(RuleSide::Number, &same_number::SameNumber));
    all.push(listed(RuleSide::Number, &white_list::OnWhiteList));
    all.push(listed(RuleSide::Number, &number_state::NumberFound));
    all.push(listed(RuleSide::Line, &caller_number::CallerNumberLicensed));
    all
}

/// Returns the verdicts of every customer rule for a dial at `now`. Calling days are judged if the campaign
/// or its preset has some; own caps if the campaign or the person has any; preferred times if the person has
/// some and the campaign observes them; and the restrictions of the person's merged ids, if there are any.
pub fn judge_customer(facts: &CustomerFacts<'_>, now: Timestamp) -> Vec<Verdict> {
    let rules = customer_rules();
    let mut verdicts: Vec<Verdict> = rules.iter().map(|rule| rule.judge(facts, now)).collect();
    if calling_days::are_asked(&facts.campaign.plan, facts.rules(now)) {
        verdicts.push(calling_days::CallingDay.judge(facts, now));
    }
    if own_caps::are_set(facts) {
        verdicts.push(own_caps::OwnCaps.judge(facts, now));
    }
    if own_phones::are_asked(facts) {
        verdicts.push(own_phones::OwnPhonesOnly.judge(facts, now));
    }
    if number_country::is_asked(facts) {
        verdicts.push(number_country::NumberCountry.judge(facts, now));
    }
    if !facts.preferred.is_empty() && !facts.campaign.plan.ignores_preferred_times {
        verdicts.push(preferred_times::PreferredTimes.judge(facts, now));
    }
    if !facts.joined.is_empty() {
        verdicts.extend(times_of_other_ids(facts, now));
        verdicts.push(merged_person::MergedPerson.judge(facts, now));
    }
    verdicts.extend(additional_presets::judge_customer_side(facts, now));
    verdicts
}

/// Returns the verdicts of preferred times stated under other ids of the person that do not allow a call now.
fn times_of_other_ids(facts: &CustomerFacts<'_>, now: Timestamp) -> Vec<Verdict> {
    if facts.campaign.plan.ignores_preferred_times {
        return Vec::new();
    }
    let others = facts.joined.iter().filter(|other| !other.preferred.is_empty());
    let judged = others.map(|other| {
        let of_other = CustomerFacts {
            preferred: &other.preferred,
            ..*facts
        };
        preferred_times::PreferredTimes.judge(&of_other, now)
    });
    judged.filter(|verdict| !verdict.allows()).collect()
}

/// Returns the verdicts of every number rule for a dial at `now`. The rule on the same number applies if the
/// campaign calls each number once.
pub fn judge_number(facts: &NumberFacts<'_>, now: Timestamp) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = number_rules().iter().map(|rule| rule.judge(facts, now)).collect();
    if facts.campaign.plan.duplicates() == DuplicatePolicy::ByNumber {
        verdicts.push(same_number::SameNumber.judge(facts, now));
    }
    let screening = facts.campaign.plan.screening.as_deref();
    if screening.is_some_and(|screening| screening.only_listed_on.is_some()) {
        verdicts.push(white_list::OnWhiteList.judge(facts, now));
    }
    if screening.is_some_and(|screening| screening.number_check.is_some()) {
        verdicts.push(number_state::NumberFound.judge(facts, now));
    }
    verdicts.extend(additional_presets::judge_number_side(facts, now));
    verdicts
}

/// Returns the verdicts on writing to a customer at `now`. A customer who wrote first is answered, unless
/// erased. Retries and caps count calls only; messages have caps of their own.
pub fn judge_text(
    customer: &CustomerFacts<'_>,
    number: &NumberFacts<'_>,
    answers: bool,
    now: Timestamp,
) -> Vec<Verdict> {
    let erased = erased_person::ErasedPerson.judge(customer, now);
    if answers {
        return vec![erased];
    }
    let rules: [&dyn Rule<CustomerFacts<'_>>; 4] = [
        &missing_fact::MissingFact,
        &consent::ConsentGiven,
        &home_location::HomeLocation,
        &calling_window::CallingHours,
    ];
    let mut verdicts = vec![erased];
    verdicts.extend(rules.iter().map(|rule| rule.judge(customer, now)));
    if number_country::is_asked(customer) {
        verdicts.push(number_country::NumberCountry.judge(customer, now));
    }
    verdicts.push(suppression::NotSuppressed.judge(number, now));
    verdicts.extend(additional_presets::judge_text_side(customer, now));
    verdicts
}

/// Returns the verdict that decides: a forbid before the latest defer, the first of equals. `None` if all
/// allow.
pub fn strictest(verdicts: &[Verdict]) -> Option<&Verdict> {
    let refusing = verdicts.iter().filter(|verdict| !verdict.allows());
    refusing.reduce(
        |strictest, verdict| match (strictest.decision, verdict.decision) {
            (Decision::Forbid, _) | (_, Decision::Allow) => strictest,
            (_, Decision::Forbid) => verdict,
            (Decision::DeferUntil(one), Decision::DeferUntil(other)) if other <= one => strictest,
            (Decision::DeferUntil(_) | Decision::Allow, Decision::DeferUntil(_)) => verdict,
        },
    )
}

/// The most steps from one rule's defer to the next when searching for an instant that all rules permit: a
/// cap opens at midnight, the window at nine, a holiday after that; more steps than rules gain nothing.
const SEARCH_STEPS_MAX: usize = 8;

/// Returns the first instant from `from` on that `judge` permits as far as known now, so that a dial refused
/// at noon is not requested at midnight only to be refused until nine. A later forbid ends the search: the
/// next request settles it.
pub fn first_permitted(from: Timestamp, judge: impl Fn(Timestamp) -> Vec<Verdict>) -> Timestamp {
    let mut at = from;
    for _ in 0..SEARCH_STEPS_MAX {
        match strictest(&judge(at)).map(|verdict| verdict.decision) {
            Some(Decision::DeferUntil(later)) if later > at => at = later,
            Some(Decision::DeferUntil(_) | Decision::Forbid | Decision::Allow) | None => return at,
        }
    }
    at
}

/// The most steps when a user asks for the next permitted time: rests, caps, days without calls, one after
/// another.
const WHEN_STEPS_MAX: usize = 64;

/// Returns the first instant from `from` on at which `judge` permits everything; `None` if a rule forbids on
/// the way or nothing opens within the steps.
pub fn when_permitted(from: Timestamp, judge: impl Fn(Timestamp) -> Vec<Verdict>) -> Option<Timestamp> {
    let mut at = from;
    for _ in 0..WHEN_STEPS_MAX {
        match strictest(&judge(at)).map(|verdict| verdict.decision) {
            None | Some(Decision::Allow) => return Some(at),
            Some(Decision::DeferUntil(later)) if later > at => at = later,
            Some(Decision::DeferUntil(_) | Decision::Forbid) => return None,
        }
    }
    None
}

/// Returns the last instant up to `until` that `judge` permits like `from`. A grant given a second before the
/// window closes must not be dialed a second after.
pub fn permitted_until(
    from: Timestamp,
    until: Timestamp,
    judge: impl Fn(Timestamp) -> Vec<Verdict>,
) -> Timestamp {
    let allows = |micros| strictest(&judge(Timestamp::from_micros(micros))).is_none();
    let (mut open, mut closed) = (from.micros(), until.micros());
    if allows(closed) {
        return until;
    }
    // Halves the interval: 21 steps for 2 s.
    while closed.saturating_sub(open) > 1 {
        let middle = open.midpoint(closed);
        if allows(middle) {
            open = middle;
        } else {
            closed = middle;
        }
    }
    Timestamp::from_micros(open)
}

/// Returns true if a verdict waits for a fact that a preset needs and that may come, or for the end of a test
/// for our own phones: it is judged again at the time it names.
pub fn waits_for_facts(verdict: &Verdict) -> bool {
    let waits = [
        missing_fact::MissingFact.id(),
        own_phones::OwnPhonesOnly.id(),
        number_country::NumberCountry.id(),
        home_location::HomeLocation.id(),
    ];
    waits.contains(&verdict.rule.as_str()) && matches!(verdict.decision, Decision::DeferUntil(_))
}

/// Returns true if a verdict is that of the number check.
pub fn is_of_check(verdict: &Verdict) -> bool {
    verdict.rule == number_state::NumberFound.id()
}

/// Returns true if a verdict waits for a number check that may come.
pub fn waits_for_check(verdict: &Verdict) -> bool {
    is_of_check(verdict) && matches!(verdict.decision, Decision::DeferUntil(_))
}

/// Returns one side's verdicts with the preset's version and first day added to the facts: in every refusing
/// verdict, and in the first verdict, so that each grant names them once.
pub fn add_preset_fact(mut verdicts: Vec<Verdict>, rules: &PresetRules) -> Vec<Verdict> {
    for (index, verdict) in verdicts.iter_mut().enumerate() {
        if index == 0 || !verdict.allows() {
            let named = || rules.named();
            verdict.facts.entry(PRESET.to_owned()).or_insert_with(named);
        }
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::testing::{campaign_facts, customer_facts, history_of, instant};
    use super::*;
    use crate::calling_plan::Preset;
    use std::collections::BTreeMap;

    fn verdict(rule: &str, decision: Decision) -> Verdict {
        Verdict {
            rule: rule.to_owned(),
            version: 1,
            effective_from: "2026-01-01".to_owned(),
            decision,
            facts: BTreeMap::new(),
        }
    }

    #[test]
    fn the_strictest_verdict_binds_and_the_first_of_equals() {
        let (soon, later) = (Timestamp::from_millis(1), Timestamp::from_millis(2));
        let verdicts = [
            verdict("a", Decision::Allow),
            verdict("b", Decision::DeferUntil(soon)),
            verdict("c", Decision::DeferUntil(later)),
            verdict("d", Decision::DeferUntil(later)),
            verdict("e", Decision::Forbid),
            verdict("f", Decision::Forbid),
            verdict("g", Decision::DeferUntil(later)),
        ];
        for (upto, binding) in [
            (1, None),
            (2, Some("b")),
            (3, Some("c")),
            (4, Some("c")),
            (7, Some("e")),
        ] {
            let strictest = strictest(&verdicts[..upto]);
            assert_eq!(strictest.map(|verdict| verdict.rule.as_str()), binding, "{upto}");
        }
    }

    #[test]
    fn a_cap_that_opens_at_midnight_is_asked_again_when_the_window_opens() {
        let campaign = campaign_facts(Preset::CnCollection);
        let answered = [
            ("2026-03-02T10:00:00+08:00", true),
            ("2026-03-02T11:00:00+08:00", true),
            ("2026-03-02T12:00:00+08:00", true),
        ];
        let history = history_of(&answered);
        let facts = customer_facts(&campaign, &history);
        let now = instant("2026-03-02T13:00:00+08:00");
        let midnight = instant("2026-03-03T00:00:00+08:00");
        let verdicts = judge_customer(&facts, now);
        assert_eq!(
            strictest(&verdicts).map(|verdict| verdict.decision),
            Some(Decision::DeferUntil(midnight))
        );
        let permitted = first_permitted(midnight, |at| judge_customer(&facts, at));
        assert_eq!(permitted, instant("2026-03-03T08:00:00+08:00"));
    }

    #[test]
    fn every_rule_names_itself_its_date_and_its_source() {
        let mut ids: Vec<&str> = Vec::new();
        for rule in customer_rules() {
            assert!(!rule.source().is_empty() && rule.version() >= 1, "{}", rule.id());
            assert_eq!(rule.effective_from().len(), "2026-01-01".len());
            ids.push(rule.id());
        }
        for rule in number_rules() {
            assert!(!rule.source().is_empty(), "{}", rule.id());
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), customer_rules().len());
    }
}
