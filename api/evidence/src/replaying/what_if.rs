//! What-if for flows: the recorded calls of a campaign with another version of its flow, or read by another
//! model.

use super::course::Course;
use super::replay_inputs::{Conversation, conversation};
use super::version_comparison::{self, ComparisonVersion, ReplayDifference};
use application::inquiries::{ReadContent, Reader, put_on_record};
use application::installation::Installation;
use application::segments::visibility::rounded;
use domain::disposition::Outcome;
use domain::ids::{CallId, CampaignId};
use domain::inquiry::ReadForm;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Position;
use projections::views::call_history::{self, CALLS_MAX, CallFilter};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most calls of one question, the newest; each is read, decrypted and replayed twice.
pub const WHAT_IF_CALLS_MAX: u64 = 20_000;

/// Most places of differences listed, the most frequent first.
const PARTINGS_MAX: usize = 50;

/// Figures from fewer calls than this reveal single calls. So what a flow shows about values that the calls'
/// own version did not test is then left out of the figures too. Tables of figures commonly use a limit of
/// this size.
const SHOWN_CALLS_MIN: u64 = 10;

/// Whether single calls are listed if the other flow tests values that their own version did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Examples {
    /// Listed, as for a caller who reads them in clear with a reason.
    Listed,
    /// Those calls appear in figures only.
    Kept,
}

/// The fields opened in each call; none of them is shown.
const WALKED: ReadContent = ReadContent::of(&["heard", "slots", "keys", "variables"], ReadForm::Masked);

/// The results for the calls.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhatIfResponse {
    pub campaign: CampaignId,
    /// The version or model with which the calls were compared.
    #[schemars(example = &"card_instalment_spoken@2")]
    pub against: String,
    pub calls: u64,
    /// True if there are more calls than were read.
    pub truncated: bool,
    /// Calls in which the flow did nothing because the call was not answered.
    pub silent: u64,
    /// Calls that this build does not decide as recorded; they are not compared.
    pub unexplained: u64,
    /// Calls with the same way and the same words.
    pub same: u64,
    /// Calls with the same way in other words.
    pub worded: u64,
    pub parted: u64,
    /// Where calls differ, the most frequent first.
    pub partings: Vec<Parting>,
    pub outcomes: WhatIfOutcomesResponse,
}

/// A place where calls differ.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Parting {
    #[schemars(example = &"确认分期期数")]
    pub node: String,
    /// What decided in the calls; null if no member of the flow was named.
    #[schemars(example = &"nodes.确认分期期数.on_unclear")]
    pub recorded: Option<String>,
    #[schemars(example = &"nodes.确认分期期数.on_filled")]
    pub other: Option<String>,
    pub calls: u64,
    /// One of the calls, for `call replay --against`; absent if its way would reveal something about the
    /// callee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<CallId>,
}

/// How the compared calls ended, and how they would have ended.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct WhatIfOutcomesResponse {
    #[schemars(example = BTreeMap::from([("success", 40)]))]
    pub recorded: BTreeMap<&'static str, u64>,
    /// `unfinished`: the call would have continued where the recording ends.
    #[schemars(example = BTreeMap::from([("success", 41)]))]
    pub other: BTreeMap<&'static str, u64>,
    /// Changes from one outcome to another.
    #[schemars(example = BTreeMap::from([("declined → success", 1)]))]
    pub changed: BTreeMap<String, u64>,
}

impl WhatIfResponse {
    /// Rounds all counts down to tens, for a caller without the reveal right: another flow version may
    /// compare sealed values with values that the caller chose.
    #[must_use]
    pub fn rounded(mut self) -> Self {
        for count in [
            &mut self.silent,
            &mut self.unexplained,
            &mut self.same,
            &mut self.worded,
            &mut self.parted,
        ] {
            *count = rounded(*count);
        }
        for parting in &mut self.partings {
            parting.calls = rounded(parting.calls);
            parting.example = None;
        }
        self.partings.retain(|parting| parting.calls > 0);
        for counts in [&mut self.outcomes.recorded, &mut self.outcomes.other] {
            counts.values_mut().for_each(|count| *count = rounded(*count));
        }
        let changed = &mut self.outcomes.changed;
        changed.values_mut().for_each(|count| *count = rounded(*count));
        changed.retain(|_, count| *count > 0);
        self
    }
}

/// Replays every call of a campaign with another version or model and returns how many go differently, and
/// where. The read of the calls is logged first.
pub async fn what_if(
    installation: &Installation,
    campaign: &CampaignId,
    against: &ComparisonVersion<'_>,
    reader: &Reader,
    examples: Examples,
) -> Result<WhatIfResponse, Problem> {
    let mut found = WhatIfCounts::default();
    let form = match examples {
        Examples::Listed => ReadForm::Clear,
        Examples::Kept => ReadForm::Masked,
    };
    let filter = CallFilter {
        campaign: Some(campaign.clone()),
        ..CallFilter::default()
    };
    let mut below: Option<Position> = None;
    let mut truncated = false;
    loop {
        let db = installation.rows.db();
        let rows = call_history::list(db.as_ref(), &filter, below, CALLS_MAX).await?;
        if rows.is_empty() {
            break;
        }
        let calls: Vec<CallId> = rows.iter().map(|row| row.call).collect();
        let shown = ReadContent {
            campaign: Some(campaign.clone()),
            calls: calls.clone(),
            form,
            ..WALKED
        };
        put_on_record(installation, reader.clone(), shown).await?;
        for call in calls {
            if found.calls >= WHAT_IF_CALLS_MAX {
                truncated = true;
                break;
            }
            let replayed = conversation(installation, call).await?;
            found.take(call, &replayed, against, examples);
        }
        below = rows.last().map(|row| row.first_position);
        if truncated || rows.len() < CALLS_MAX {
            break;
        }
    }
    if examples == Examples::Kept && (1..SHOWN_CALLS_MIN).contains(&found.tested) {
        return Err(Problem::new(
            ProblemKind::Forbidden,
            "scope-too-small",
            format!(
                "the flow checks a value differently from the version used by fewer than {SHOWN_CALLS_MIN} \
                 of these calls: results for so few calls reveal data of the callees and need \
                 customers:reveal and a reason"
            ),
        ));
    }
    Ok(found.shown(campaign.clone(), against.name.clone(), truncated))
}

/// A node, what decided there in the call, and what decides there now.
type DivergenceKey = (String, Option<String>, Option<String>);

#[derive(Default)]
struct WhatIfCounts {
    calls: u64,
    silent: u64,
    unexplained: u64,
    same: u64,
    worded: u64,
    parted: u64,
    partings: BTreeMap<DivergenceKey, (u64, Option<CallId>)>,
    /// Calls about which the other flow learns more than their own version did.
    tested: u64,
    outcomes: WhatIfOutcomesResponse,
}

impl WhatIfCounts {
    fn take(
        &mut self,
        call: CallId,
        conversation: &Conversation,
        against: &ComparisonVersion<'_>,
        examples: Examples,
    ) {
        self.calls += 1;
        if !conversation.talked() {
            self.silent += 1;
            return;
        }
        let course = Course::of(conversation);
        if !course.is_unchanged(conversation) {
            self.unexplained += 1;
            return;
        }
        let is_tested = !conversation.tests_as_much_as(&against.flow);
        self.tested += u64::from(is_tested);
        let example = (!is_tested || examples == Examples::Listed).then_some(call);
        let other = version_comparison::run(conversation, &course, against);
        let recorded = conversation.outcome();
        // A callee who hung up would have hung up there too, unless the call had ended before.
        let ends = match (other.own_outcome, other.outcome) {
            (own, there) if own == there => code(recorded),
            (_, Some(there)) => there.code(),
            (_, None) => "unfinished",
        };
        let recorded = code(recorded);
        *self.outcomes.recorded.entry(recorded).or_default() += 1;
        *self.outcomes.other.entry(ends).or_default() += 1;
        if recorded != ends {
            let change = format!("{recorded} → {ends}");
            *self.outcomes.changed.entry(change).or_default() += 1;
        }
        match (&other.parted, &other.worded) {
            (Some(parted), _) => self.part(example, parted),
            (None, Some(_)) => self.worded += 1,
            (None, None) => self.same += 1,
        }
    }

    fn part(&mut self, example: Option<CallId>, parted: &ReplayDifference) {
        self.parted += 1;
        let rule = |side: &version_comparison::ReplaySide| {
            side.decided.first().map(|decision| decision.rule.clone())
        };
        let place: DivergenceKey = (parted.node.clone(), rule(&parted.recorded), rule(&parted.other));
        let (calls, first) = self.partings.entry(place).or_insert((0, None));
        *calls += 1;
        *first = first.or(example);
    }

    fn shown(self, campaign: CampaignId, against: String, truncated: bool) -> WhatIfResponse {
        let partings = self.partings.into_iter();
        let mut partings: Vec<Parting> = partings
            .map(|((node, recorded, other), (calls, example))| Parting {
                node,
                recorded,
                other,
                calls,
                example,
            })
            .collect();
        partings.sort_by_key(|one| std::cmp::Reverse(one.calls));
        partings.truncate(PARTINGS_MAX);
        WhatIfResponse {
            campaign,
            against,
            calls: self.calls,
            truncated,
            silent: self.silent,
            unexplained: self.unexplained,
            same: self.same,
            worded: self.worded,
            parted: self.parted,
            partings,
            outcomes: self.outcomes,
        }
    }
}

fn code(outcome: Option<Outcome>) -> &'static str {
    outcome.map_or("none", Outcome::code)
}
