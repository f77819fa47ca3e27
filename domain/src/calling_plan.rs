//! A campaign's plan for calling: windows, retry policy, preset, basis and more. Its values are shared by
//! campaign, customer, number and the compliance rules.

use crate::assist_plan::AssistPlan;
use crate::best_times::{BestTimesPlan, LearntTimes};
use crate::dialing_plan::{DialingMode, DialingPlan};
use crate::disposition_map::DispositionMap;
use crate::event_members::open_types::OpenMember;
use crate::knowledge::KnowledgeRef;
use crate::model::ModelRef;
use crate::model_tier::ModelTiers;
use crate::preset_facts::PresetFacts;
use crate::preview::AcceptedPreview;
use crate::quota::{FullQuota, Quota};
use crate::ranking::PriorityPlan;
use crate::running_plan::RunningPlan;
use crate::screening::Screening;
use crate::speech_plan::SpeechPlan;
use crate::time::{TimeOfDay, Timestamp};
use crate::working_calendar::{Calendars, CallingDays};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use values::approval_requirements::{ApprovalRequirement, ApprovalRequirements};
use values::call_caps::CallCap;
use values::disposition::Disposition;
use values::emotion::EmotionPlan;
use values::go_live::StagePlan;
use values::ids::{CampaignId, FlowId, ListId, UserId};
use values::seller::Seller;
use values::sensitive_words::SensitiveWordList;

pub use crate::duplicates::DuplicatePolicy;
pub use values::deduplication_scope::DeduplicationScope;
pub use values::preset_name::Preset;

/// The legal basis on which the institution calls a campaign's customers.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    Default,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    #[default]
    Contract,
    Consent,
}

/// The callee's local hours in which a dial may start: `start` inclusive, `end` exclusive, without rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CallingWindow {
    pub start: TimeOfDay,
    pub end: TimeOfDay,
    /// Rests (休息时间), for example 12:00–14:00; pairs of start (inclusive) and end (exclusive).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rests: Vec<(TimeOfDay, TimeOfDay)>,
}

/// The retries after one disposition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RetryRule {
    /// Wait before the first, second … retry; the last one repeats.
    pub waits_ms: Vec<u64>,
    /// The most retries after the first call for this disposition; the policy's total applies as well.
    pub retries_max: u32,
}

/// What follows a cut-off, which is a call that we interrupted (crash, drain) after the callee had
/// answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AfterCutOff {
    /// Not again on that day of the callee; the calling windows decide when on the next.
    #[default]
    NextDay,
    /// This many milliseconds after its end, and not before the hold-off has passed.
    AfterMs(u32),
    /// No further call, unless a user orders one while the enrolment is open.
    Final,
}

/// The number of attempts per enrolment, and the wait after each disposition. A disposition without a rule is
/// final. Omitted members have the values of the standard policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RetryPolicy {
    /// Charged retries after the first call, over all dispositions (3 retries = 4 calls).
    #[serde(default = "standard_retries_max")]
    pub retries_max: u32,
    /// Uncharged dials that an enrolment may have (`docs/call_progress.md`: 3).
    #[serde(default = "standard_retries_max")]
    pub uncharged_max: u32,
    /// The most calls of an enrolment, charged or not; absent if the other limits suffice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_max: Option<u32>,
    #[serde(default = "standard_rules")]
    pub rules: BTreeMap<Disposition, RetryRule>,
    /// What follows a cut-off; the rule for `interrupted` does not apply to answered calls. Default:
    /// `next_day`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted_after_answer: Option<AfterCutOff>,
}

const fn standard_retries_max() -> u32 {
    STANDARD_RETRIES_MAX
}

fn standard_rules() -> BTreeMap<Disposition, RetryRule> {
    RetryPolicy::standard().rules
}

/// One minute in milliseconds.
const MINUTE_MS: u64 = 60_000;

/// One hour in milliseconds.
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// Retries after the first call, and uncharged dials, of the standard policy (call progress: 3 of each).
const STANDARD_RETRIES_MAX: u32 = 3;

/// The most calls of one enrolment in a rehearsal, charged or not: two.
const REHEARSAL_CALLS_MAX: u32 = 2;

/// Milliseconds before the second attempt of a rehearsal, so that the demo ends within 2 minutes.
const REHEARSAL_WAIT_MS: u64 = 2_000;

/// Milliseconds before the next attempt after an interrupted call of a rehearsal: the hold-off of a
/// loopback trunk (call progress: 5 s).
const REHEARSAL_INTERRUPTED_WAIT_MS: u64 = 5_000;

impl RetryRule {
    fn new(waits_ms: &[u64], retries_max: u32) -> Self {
        Self {
            waits_ms: waits_ms.to_vec(),
            retries_max,
        }
    }

    /// Returns the wait in milliseconds before retry number `retry` (from 1) after this disposition; `None`
    /// if no further retry is allowed.
    pub fn wait_ms(&self, retry: u32) -> Option<u64> {
        if retry == 0 || retry > self.retries_max {
            return None;
        }
        let index = usize::try_from(retry - 1).unwrap_or(usize::MAX);
        self.waits_ms.get(index).or(self.waits_ms.last()).copied()
    }
}

impl RetryPolicy {
    /// Returns the standard policy of `docs/call_progress.md`. `interrupted` (before an answer) and
    /// `trunk_timeout` have no wait of their own, only the trunk's hold-off.
    pub fn standard() -> Self {
        let max = STANDARD_RETRIES_MAX;
        let soon = || RetryRule::new(&[5 * MINUTE_MS], max);
        let rules = [
            (
                Disposition::Busy,
                RetryRule::new(&[5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS], max),
            ),
            (Disposition::NoAnswer, RetryRule::new(&[2 * HOUR_MS], max)),
            (Disposition::Unreachable, RetryRule::new(&[4 * HOUR_MS], max)),
            (Disposition::Rejected, RetryRule::new(&[24 * HOUR_MS], 1)),
            (
                Disposition::UnreachableRoute,
                RetryRule::new(&[30 * MINUTE_MS], max),
            ),
            (Disposition::Congestion, soon()),
            (Disposition::TrunkAuth, soon()),
            (Disposition::TrunkDenied, soon()),
            (Disposition::TrunkUnreachable, soon()),
            (Disposition::TrunkTimeout, RetryRule::new(&[0], max)),
            (Disposition::MediaIncompatible, soon()),
            (Disposition::Loop, soon()),
            (Disposition::RedirectRefused, RetryRule::new(&[24 * HOUR_MS], max)),
            (Disposition::AnsweredShort, RetryRule::new(&[HOUR_MS], max)),
            (Disposition::Machine, RetryRule::new(&[4 * HOUR_MS], max)),
            (Disposition::Interrupted, RetryRule::new(&[0], max)),
        ];
        Self {
            retries_max: max,
            uncharged_max: max,
            calls_max: None,
            rules: rules.into(),
            interrupted_after_answer: None,
        }
    }

    /// Returns the policy of the demo: two attempts, 2 s apart (5 s after an interruption before the
    /// answer). Other dispositions and cut-offs are final.
    pub fn rehearsal() -> Self {
        let retried = [
            Disposition::NoAnswer,
            Disposition::Busy,
            Disposition::Unreachable,
            Disposition::Congestion,
            Disposition::AnsweredShort,
            Disposition::Machine,
        ];
        let mut rules: BTreeMap<_, _> = retried
            .into_iter()
            .map(|disposition| (disposition, RetryRule::new(&[REHEARSAL_WAIT_MS], 1)))
            .collect();
        rules.insert(
            Disposition::Interrupted,
            RetryRule::new(&[REHEARSAL_INTERRUPTED_WAIT_MS], 1),
        );
        Self {
            retries_max: REHEARSAL_CALLS_MAX - 1,
            uncharged_max: REHEARSAL_CALLS_MAX,
            calls_max: Some(REHEARSAL_CALLS_MAX),
            rules,
            interrupted_after_answer: Some(AfterCutOff::Final),
        }
    }

    /// Returns what follows a cut-off under this policy; by default the next day.
    pub fn after_cut_off(&self) -> AfterCutOff {
        self.interrupted_after_answer.unwrap_or_default()
    }

    /// Returns true if an enrolment that was dialed so often may be dialed again. A first uncharged dial is
    /// always possible, even if `uncharged_max` is 0: it cannot be foreseen.
    pub fn permits_another(&self, charged_dials: u32, uncharged_dials: u32) -> bool {
        let in_all = charged_dials.saturating_add(uncharged_dials);
        let uncharged_left = uncharged_dials == 0 || uncharged_dials < self.uncharged_max;
        let calls_left = self.calls_max.is_none_or(|calls_max| in_all < calls_max);
        charged_dials <= self.retries_max && uncharged_left && calls_left
    }
}

/// The published version of a flow that a campaign's calls follow, with the hash of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(version, content_hash)]
pub struct FlowRef {
    pub flow: FlowId,
    pub version: u32,
    pub content_hash: String,
}

/// A campaign's plan. Its hours, concurrency, retries and share can be changed (`campaign.plan_changed`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CallingPlan {
    pub preset: Preset,
    /// Further presets that apply too, the strictest verdict for each rule; none by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_presets: Vec<Preset>,
    pub basis: Basis,
    /// The purpose of the calls; consent is checked for this scope.
    pub purpose: String,
    pub window: CallingWindow,
    pub max_concurrent: u32,
    pub retry_policy: RetryPolicy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring_timeout_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// True for the built-in campaign of `trunk call` on a loopback trunk: a rehearsal without preset hours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trial: bool,
    /// Who is called if customers share a number. Absent in older campaigns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<DuplicatePolicy>,
    /// Acts that take effect only after another user approved them (CMP-8); none by default.
    #[serde(default, skip_serializing_if = "ApprovalRequirements::are_none")]
    #[schemars(with = "Vec<ApprovalRequirement>")]
    pub approvals: ApprovalRequirements,
    /// Words of the callee that end a call at once; none by default.
    #[serde(default, skip_serializing_if = "SensitiveWordList::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub sensitive_words: SensitiveWordList,
    /// The published model that interprets its calls; by default the bundled one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Box<ModelRef>>,
    /// Other published models for customers of a grade or a value; none by default.
    #[serde(default, skip_serializing_if = "ModelTiers::is_empty")]
    pub model_tiers: ModelTiers,
    /// The published knowledge base that its calls answer from; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knowledge: Option<Box<KnowledgeRef>>,
    /// The kinds of ids (intents, answers) that an external model may pick in this campaign's calls, and
    /// the most questions and worded summaries. By default the model is not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assist: Option<Box<AssistPlan>>,
    /// How its calls listen and speak; by default the installation's settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speech: Option<Box<SpeechPlan>>,
    /// How callees' emotions are measured; not measured by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emotion: Option<EmotionPlan>,
    /// How its batches are sized; by lines by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialing: Option<DialingPlan>,
    /// The days on which it calls; every day by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Box<CallingDays>>,
    /// Limits on which customers of its lists it may call; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screening: Option<Box<Screening>>,
    /// Its stages of going live; by default fully live from its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<StagePlan>,
    /// Scheduled start, list recycling and share of lines; by default at once, none, and an equal share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<Box<RunningPlan>>,
    /// What follows each disposition; takes precedence over the retry policy.
    #[serde(default, skip_serializing_if = "DispositionMap::is_empty")]
    pub dispositions: DispositionMap,
    /// Caps in addition to those of the preset, never looser.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<CallCap>,
    /// True if people are also called outside their preferred times.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignores_preferred_times: bool,
    /// The order in which due customers are called; by due time by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Box<PriorityPlan>>,
    /// Best call times: answers are learned and retries wait for better hours; off by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_times: Option<Box<BestTimesPlan>>,
    /// The most calls for groups of customers; no limit by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotas: Vec<Quota>,
    /// The company that it calls for, named to callees when no agent is free. Some presets require it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller: Option<Box<Seller>>,
}

impl OpenMember for CallingPlan {}

impl CallingPlan {
    /// Returns all presets that apply to the campaign, the plan's own first.
    pub fn presets(&self) -> impl Iterator<Item = Preset> {
        std::iter::once(self.preset).chain(self.also_presets.iter().copied())
    }

    /// Returns how the campaign's batches are sized; by default batch: a robot takes each call.
    pub fn dialing_mode(&self) -> DialingMode {
        self.dialing.map_or(DialingMode::Batch, |dialing| dialing.mode)
    }
}

/// The campaign's facts that a command to grant a dial carries, because customer and number do not read the
/// campaign's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignFacts {
    pub campaign: CampaignId,
    /// Stream version of the campaign when the facts were taken.
    pub version: u64,
    /// True if it was running when the facts were taken.
    pub running: bool,
    pub flow: FlowRef,
    pub plan: CallingPlan,
    /// The imported holiday calendars, if the plan has calling days.
    #[serde(skip)]
    pub calendars: Calendars,
    /// Facts of the installation that its presets may need.
    #[serde(skip)]
    pub kept: PresetFacts,
    /// Undone lists: their customers are not dialed, withdrawn yet or not.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub undone_lists: BTreeSet<ListId>,
    /// The full quota of the customer in question, if there is one.
    #[serde(skip)]
    pub full: Option<Box<FullQuota>>,
    /// The best call times it has learned.
    #[serde(skip)]
    pub learnt: Option<Arc<LearntTimes>>,
    /// Free agents of the campaign, if a call may wait for one of them.
    #[serde(skip)]
    pub free_agents: Vec<UserId>,
    /// The offered calls that agents accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<AcceptedPreview>,
}

impl CampaignFacts {
    /// Returns these facts for a forecast: numbers are assumed to be checked, because checks may come until
    /// then. It permits no dial: the rules judge again at that time.
    pub fn assuming_checked(&self) -> Self {
        let mut checked = self.clone();
        if let Some(screening) = checked.plan.screening.as_deref_mut() {
            screening.number_check = None;
        }
        checked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_waits_longer_each_time_and_stops_after_three_retries() {
        let policy = RetryPolicy::standard();
        let busy = &policy.rules[&Disposition::Busy];
        let waits: Vec<_> = (0..=4).map(|retry| busy.wait_ms(retry)).collect();
        assert_eq!(waits, [None, Some(300_000), Some(900_000), Some(3_600_000), None]);
    }

    #[test]
    fn a_policy_in_part_takes_the_rest_from_the_standard_one() {
        let read = |text: &str| serde_json::from_str::<RetryPolicy>(text).unwrap();
        let standard = RetryPolicy::standard();
        assert_eq!(read("{}"), standard);
        let once = read(r#"{"retries_max":1}"#);
        assert_eq!((once.retries_max, &once.rules), (1, &standard.rules));
        assert!(
            read(r#"{"rules":{}}"#).rules.is_empty(),
            "rules that are given stand alone"
        );
    }

    #[test]
    fn the_last_wait_repeats() {
        let policy = RetryPolicy::standard();
        assert_eq!(policy.rules[&Disposition::NoAnswer].wait_ms(3), Some(7_200_000));
    }

    #[test]
    fn a_rejection_is_retried_once_and_a_bad_or_blocked_number_never() {
        let policy = RetryPolicy::standard();
        let rejected = &policy.rules[&Disposition::Rejected];
        assert_eq!(
            (rejected.wait_ms(1), rejected.wait_ms(2)),
            (Some(86_400_000), None)
        );
        for last in [
            Disposition::Answered,
            Disposition::InvalidNumber,
            Disposition::Blocked,
        ] {
            assert!(!policy.rules.contains_key(&last), "{last:?}");
        }
    }

    #[test]
    fn a_policy_from_before_waits_for_the_next_day_and_each_choice_has_its_own_word() {
        let before = r#"{"retries_max":1,"uncharged_max":3,"rules":{}}"#;
        let policy: RetryPolicy = serde_json::from_str(before).unwrap();
        assert_eq!(policy.after_cut_off(), AfterCutOff::NextDay);
        assert_eq!(
            serde_json::to_string(&policy).unwrap(),
            before,
            "nothing is added to what was stored"
        );
        for (word, choice) in [
            ("\"next_day\"", AfterCutOff::NextDay),
            ("\"final\"", AfterCutOff::Final),
            ("{\"after_ms\":3600000}", AfterCutOff::AfterMs(3_600_000)),
        ] {
            assert_eq!(serde_json::from_str::<AfterCutOff>(word).unwrap(), choice);
            assert_eq!(serde_json::to_string(&choice).unwrap(), word);
        }
        assert_eq!(RetryPolicy::rehearsal().after_cut_off(), AfterCutOff::Final);
    }

    #[test]
    fn a_rehearsal_makes_two_attempts_and_settles_the_rest_at_once() {
        let policy = RetryPolicy::rehearsal();
        assert_eq!(policy.rules.len(), 7);
        for (charged, uncharged, another) in [
            (0, 0, true),
            (1, 0, true),
            (0, 1, true),
            (2, 0, false),
            (1, 1, false),
            (0, 2, false),
        ] {
            let said = policy.permits_another(charged, uncharged);
            assert_eq!(said, another, "{charged} charged, {uncharged} not");
        }
        assert_eq!(policy.rules[&Disposition::Machine].wait_ms(1), Some(2_000));
        assert_eq!(policy.rules[&Disposition::Interrupted].wait_ms(1), Some(5_000));
        assert_eq!(policy.rules[&Disposition::Interrupted].wait_ms(2), None);
        assert!(!policy.rules.contains_key(&Disposition::TrunkTimeout));
    }
}
