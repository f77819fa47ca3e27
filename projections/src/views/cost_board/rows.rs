//! Queries of the view: calls and the work done in them, by campaign and ending.

use super::BillingStep;
use crate::database::{ReadDb, Select};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use domain::ids::CampaignId;
use domain::time::Timestamp;

/// Most rows in one response.
pub const ROWS_MAX: usize = 20_000;

/// Which calls are summed: of a campaign, in some days. Absent conditions are not checked.
#[derive(Debug, Clone, Default)]
pub struct CostFilter {
    pub campaign: Option<CampaignId>,
    /// Only days that begin at this time or later.
    pub from: Option<Timestamp>,
    /// Only days that begin before this time.
    pub to: Option<Timestamp>,
}

/// The figures of a campaign's calls with one disposition and outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostRow {
    pub campaign: CampaignId,
    /// The code of the disposition; `outcome` is that of the outcome, after a conversation.
    pub disposition: String,
    pub outcome: Option<String>,
    /// Calls that ended, including those that were never dialed.
    pub calls: u64,
    /// Ended calls that the retry policy counts.
    pub charged: u64,
    /// Ended calls that a carrier bills.
    pub billed: u64,
    pub talk_ms: u64,
    pub billed_seconds: u64,
    pub used: ResourceUsage,
}

/// The work of agents and engines in calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResourceUsage {
    /// Calls that an agent took; `agent_ms` is the agents' time in them.
    pub agent_calls: u64,
    pub agent_ms: u64,
    /// Utterances that a recognizer completed; `utterance_ms` is their duration.
    pub utterances: u64,
    pub utterance_ms: u64,
    /// Texts that were synthesized; `text_chars` is the number of their characters.
    pub texts: u64,
    pub text_chars: u64,
    /// Questions to an assistant; `tokens` is the number of tokens that it reported.
    pub questions: u64,
    pub tokens: u64,
}

impl ResourceUsage {
    /// Returns the sum of both.
    pub const fn with(&self, other: &Self) -> Self {
        Self {
            agent_calls: self.agent_calls.saturating_add(other.agent_calls),
            agent_ms: self.agent_ms.saturating_add(other.agent_ms),
            utterances: self.utterances.saturating_add(other.utterances),
            utterance_ms: self.utterance_ms.saturating_add(other.utterance_ms),
            texts: self.texts.saturating_add(other.texts),
            text_chars: self.text_chars.saturating_add(other.text_chars),
            questions: self.questions.saturating_add(other.questions),
            tokens: self.tokens.saturating_add(other.tokens),
        }
    }

    /// Reads all figures with `next`, in the order that columns, cells and sums share.
    fn of(mut next: impl FnMut() -> Result<u64, ProjectionError>) -> Result<Self, ProjectionError> {
        Ok(Self {
            agent_calls: next()?,
            agent_ms: next()?,
            utterances: next()?,
            utterance_ms: next()?,
            texts: next()?,
            text_chars: next()?,
            questions: next()?,
            tokens: next()?,
        })
    }
}

/// Returns the figures by campaign, disposition and outcome, in that order, with the billed time in steps
/// of this length; at most `ROWS_MAX` rows.
pub async fn costs(
    db: &dyn ReadDb,
    filter: &CostFilter,
    step: BillingStep,
) -> Result<Vec<CostRow>, ProjectionError> {
    let steps = match step {
        BillingStep::Minute => "minutes",
        BillingStep::SixSeconds => "six_seconds",
        BillingStep::Second => "seconds",
    };
    let summed = ["calls", "charged", "billed", "talk_ms", steps];
    let used = [
        "agent_calls",
        "agent_ms",
        "utterances",
        "utterance_ms",
        "texts",
        "text_chars",
        "questions",
        "tokens",
    ];
    let sums = summed.iter().chain(&used);
    let sums: Vec<String> = sums
        .map(|column| format!("cast(sum({column}) as bigint)"))
        .collect();
    let head = format!(
        "select campaign, disposition, outcome, {} from cost_board",
        sums.join(", ")
    );
    let (sql, values) = Select::new(&head)
        .when("calls >", Some(Val::Int(0)))
        .when("campaign =", filter.campaign.as_ref().map(Val::text))
        .when("day_at >=", filter.from.map(Val::at))
        .when("day_at <", filter.to.map(Val::at))
        .grouped("campaign, disposition, outcome", ROWS_MAX);
    let rows = db.query(&sql, values).await?;
    rows.into_iter().map(|row| read_row(row, step)).collect()
}

fn read_row(mut row: Row, step: BillingStep) -> Result<CostRow, ProjectionError> {
    Ok(CostRow {
        campaign: row.parse()?,
        disposition: row.text()?,
        outcome: Some(row.text()?).filter(|outcome| !outcome.is_empty()),
        calls: row.count()?,
        charged: row.count()?,
        billed: row.count()?,
        talk_ms: row.count()?,
        billed_seconds: row.count()?.saturating_mul(step.seconds()),
        used: ResourceUsage::of(|| row.count())?,
    })
}
