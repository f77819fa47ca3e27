//! The coverage of a flow by its recorded calls: nodes, edges between them, timeouts and global intents, and
//! how many of the questions asked were answered.

use application::calls::stream_of;
use application::flows::definition_of;
use application::installation::Installation;
use domain::call::event::CallEvent;
use domain::call::{Call, UnderstandingFact};
use domain::calling_plan::FlowRef;
use domain::flow::{FlowDefinition, FlowSelector};
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::spoken_turn::Certainty;
use domain::stored_event::{Position, StoredEvent, read_event};
use projections::views::call_history::{self, CALLS_MAX, CallFilter};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Most calls of one answer, the newest: their streams are read one by one, which takes some seconds.
pub const COVERED_CALLS_MAX: u64 = 20_000;

/// The coverage of a flow.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CoverageResponse {
    #[schemars(example = &"card_instalment_spoken@1")]
    pub flow: String,
    /// Calls that ran this version.
    pub calls: u64,
    /// Of these, calls that entered a node of it.
    pub talked: u64,
    /// True if there are more calls than were read. The newest were read.
    pub truncated: bool,
    pub nodes: CoverageCounts,
    pub edges: CoverageCounts,
    pub timeouts: CoverageCounts,
    pub global_intents: CoverageCounts,
    pub questions: Questions,
    /// Calls that entered each node; a call that entered it twice counts once.
    #[schemars(example = BTreeMap::from([("greeting", 3)]))]
    pub entered: BTreeMap<String, u64>,
}

/// How many members of one kind were seen.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "FlowCoverageCounts")]
pub struct CoverageCounts {
    pub all: u64,
    pub seen: u64,
    pub coverage_ratio: f64,
    #[schemars(example = ["签约"])]
    pub missed: Vec<String>,
}

impl CoverageCounts {
    fn of(all: BTreeSet<String>, seen: &BTreeSet<String>) -> Self {
        let missed: Vec<String> = all.iter().filter(|one| !seen.contains(*one)).cloned().collect();
        let (all, missed_count) = (count(all.len()), count(missed.len()));
        let seen = all.saturating_sub(missed_count);
        Self {
            all,
            seen,
            coverage_ratio: ratio(seen, all),
            missed,
        }
    }
}

/// Questions that were asked.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "FlowQuestions")]
pub struct Questions {
    /// Utterances that were understood as a question.
    pub asked: u64,
    /// Of these, questions that were followed by an approved answer.
    pub answered: u64,
    pub answered_ratio: f64,
    /// Unanswered questions by intent.
    #[schemars(example = BTreeMap::from([("ask_fee", 3)]))]
    pub unanswered: BTreeMap<String, u64>,
}

/// Returns which nodes, edges, timeouts and intents of a flow version its recorded calls have reached.
/// Reads at most `COVERED_CALLS_MAX` calls.
pub async fn coverage(
    installation: &Installation,
    named: &FlowSelector,
) -> Result<CoverageResponse, Problem> {
    let (found, flow) = definition_of(installation, named).await?;
    let mut covering = CoverageTally::of(&flow);
    let mut truncated = false;
    for row in installation.boards().await? {
        let state = installation.entities.campaigns.state(&row.campaign).await?.state;
        if state.flow() == Some(&found.flow_ref) {
            truncated |= !covering
                .take_campaign(installation, &row.campaign, &found.flow_ref)
                .await?;
        }
    }
    let named = FlowSelector {
        flow: found.flow_ref.flow,
        version: Some(found.flow_ref.version),
    };
    Ok(covering.shown(named.to_string(), truncated))
}

/// The coverage counted so far.
struct CoverageTally<'a> {
    flow: &'a FlowDefinition,
    asked_by: BTreeSet<String>,
    calls: u64,
    talked: u64,
    nodes: BTreeMap<String, u64>,
    edges: BTreeSet<String>,
    timeouts: BTreeSet<String>,
    intents: BTreeSet<String>,
    questions: Questions,
}

impl<'a> CoverageTally<'a> {
    fn of(flow: &'a FlowDefinition) -> Self {
        Self {
            flow,
            asked_by: flow.questions(),
            calls: 0,
            talked: 0,
            nodes: BTreeMap::new(),
            edges: BTreeSet::new(),
            timeouts: BTreeSet::new(),
            intents: BTreeSet::new(),
            questions: Questions::default(),
        }
    }

    /// Counts the calls of a campaign that ran the flow version. Returns false if not every call was read.
    async fn take_campaign(
        &mut self,
        installation: &Installation,
        campaign: &CampaignId,
        version: &FlowRef,
    ) -> Result<bool, Problem> {
        let filter = CallFilter {
            campaign: Some(campaign.clone()),
            ..CallFilter::default()
        };
        let mut below: Option<Position> = None;
        loop {
            let db = installation.rows.db();
            let rows = call_history::list(db.as_ref(), &filter, below, CALLS_MAX).await?;
            for row in &rows {
                if self.calls >= COVERED_CALLS_MAX {
                    return Ok(false);
                }
                let stored = stream_of(installation.store(), row.call).await?;
                self.take(&events_of(&stored)?, version);
            }
            match rows.last() {
                Some(last) if rows.len() >= CALLS_MAX => below = Some(last.first_position),
                _ => return Ok(true),
            }
        }
    }

    fn take(&mut self, events: &[CallEvent], version: &FlowRef) {
        let ran = |event: &CallEvent| matches!(event, CallEvent::Permitted { flow, .. } if flow == version);
        if !events.first().is_some_and(ran) {
            return;
        }
        self.calls += 1;
        let mut at: Option<&str> = None;
        let mut pressed = false;
        let mut here: BTreeMap<String, u32> = BTreeMap::new();
        for (place, event) in events.iter().enumerate() {
            match event {
                CallEvent::NodeEntered { node } => {
                    // A node without visits left is passed through and not entered.
                    if let Some((from, passed)) =
                        at.and_then(|from| Some((from, self.flow.find_exhausted_node(from, node, &here)?)))
                    {
                        self.edges.insert(format!("{from} → {passed}"));
                        self.edges.insert(format!("{passed} → {node}"));
                    }
                    self.enter(at, node, pressed);
                    *here.entry(node.clone()).or_default() += 1;
                    (at, pressed) = (Some(node.as_str()), false);
                }
                CallEvent::Keypressed { .. } => pressed = true,
                CallEvent::SilenceTimedOut(fact) => {
                    self.timeouts.insert(fact.node.clone());
                }
                CallEvent::Decided(decision) => {
                    if let Some(intent) = decision.rule.strip_prefix("dialogue.intents.") {
                        self.intents.insert(intent.to_owned());
                    }
                }
                CallEvent::Understood(fact) => {
                    let behind = events.get(place + 1..).unwrap_or_default();
                    self.hear(fact, behind);
                }
                _ => {}
            }
        }
        self.talked += u64::from(at.is_some());
        for node in here.into_keys() {
            *self.nodes.entry(node).or_default() += 1;
        }
    }

    fn enter(&mut self, from: Option<&str>, node: &str, pressed: bool) {
        let Some(from) = from else { return };
        self.edges.insert(format!("{from} → {node}"));
        let silent_to = self.flow.waits().get(from).copied().flatten();
        if !pressed && silent_to == Some(node) {
            self.timeouts.insert(from.to_owned());
        }
    }

    /// Counts an utterance if it is a question, and whether the events up to the next utterance answer it.
    /// An utterance without a meaning is not a question; one that gives a requested value (三期) is an
    /// answer.
    fn hear(&mut self, fact: &UnderstandingFact, behind: &[CallEvent]) {
        let Some(question) = self.question(fact) else {
            return;
        };
        self.questions.asked += 1;
        let mut rule = "";
        for event in behind {
            let answered = match event {
                CallEvent::Understood(_) | CallEvent::Heard(_) => break,
                CallEvent::Decided(decision) => {
                    rule = &decision.rule;
                    self.flow.is_answer(rule, None)
                }
                CallEvent::NodeEntered { node } => self.flow.is_answer(rule, Some(node)),
                _ => false,
            };
            if answered {
                self.questions.answered += 1;
                return;
            }
        }
        *self.questions.unanswered.entry(question).or_default() += 1;
    }

    /// Returns the intent of a question, or the id of the knowledge base's answer that is close to it;
    /// `None` if the utterance is no question.
    fn question(&self, fact: &UnderstandingFact) -> Option<String> {
        if !fact.slots.is_empty() {
            return None;
        }
        let is_near = |certainty| matches!(certainty, Certainty::Accepted | Certainty::ToConfirm);
        let read = fact.intent.as_deref().filter(|_| is_near(fact.reading.certainty));
        if let Some(intent) = read.filter(|intent| self.asked_by.contains(*intent)) {
            return Some(intent.to_owned());
        }
        let known = fact.reading.knowledge.as_ref();
        let known = known.filter(|known| is_near(known.certainty))?;
        known
            .answer()
            .map(|answer| format!("{}.{answer}", known.knowledge))
    }

    fn shown(mut self, flow: String, truncated: bool) -> CoverageResponse {
        let edges = self.flow.edges().into_iter();
        let edges = edges.map(|(from, to)| format!("{from} → {to}")).collect();
        let waits = self.flow.waits().into_keys().map(str::to_owned).collect();
        self.questions.answered_ratio = ratio(self.questions.answered, self.questions.asked);
        let entered: BTreeSet<String> = self.nodes.keys().cloned().collect();
        CoverageResponse {
            flow,
            calls: self.calls,
            talked: self.talked,
            truncated,
            nodes: CoverageCounts::of(self.flow.nodes.keys().cloned().collect(), &entered),
            edges: CoverageCounts::of(edges, &self.edges),
            timeouts: CoverageCounts::of(waits, &self.timeouts),
            global_intents: CoverageCounts::of(
                self.flow.dialogue().intents.keys().cloned().collect(),
                &self.intents,
            ),
            questions: self.questions,
            entered: self.nodes,
        }
    }
}

pub(super) fn events_of(stored: &[StoredEvent]) -> Result<Vec<CallEvent>, Problem> {
    let read = |one: &StoredEvent| {
        let envelope = one
            .envelope()
            .map_err(|error| Problem::fault(error.to_string()))?;
        read_event::<Call>(&envelope).map_err(|error| Problem::fault(error.to_string()))
    };
    stored.iter().map(read).collect()
}

fn count(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// Returns `part` / `all`, rounded down to three decimals; 1 if `all` is 0.
fn ratio(part: u64, all: u64) -> f64 {
    let thousandths = part.saturating_mul(1_000).checked_div(all).unwrap_or(1_000);
    f64::from(u32::try_from(thousandths).unwrap_or(1_000)) / 1_000.0
}
