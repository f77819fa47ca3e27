//! The rows from which a figure is read: the live ones, or rows replayed for a past moment.

use crate::as_of::{Moment, PastMomentInfo};
use crate::installation::Installation;
use domain::event_filter::EventFilter;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::views::metric_board::MetricBoard;
use projections::{ReadDb, View, read_completeness};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// The rows from which an answer is read, with the moment to which they belong.
pub struct Source {
    pub db: Arc<dyn ReadDb>,
    pub position: Option<Position>,
    /// For replayed rows: the moment, and what the replay cost.
    pub known: Option<PastMomentInfo>,
    /// The instant of the rows. `None` for live rows, and if no event has exactly the requested position.
    pub at: Option<Timestamp>,
    /// Completeness of an answer from these rows. For live rows it is determined before they are read, so
    /// the rows may be newer than stated and never older.
    pub completeness: Completeness,
}

impl Source {
    /// Returns the live rows for now, or for a past moment the rows of `views` replayed from the campaign's
    /// events.
    pub async fn of(
        installation: &Installation,
        moment: Moment,
        campaign: &CampaignId,
        views: Vec<Arc<dyn View>>,
    ) -> Result<Self, Problem> {
        let filter = EventFilter::of_campaign(campaign.clone());
        Self::of_events(installation, moment, filter, views).await
    }

    /// As `of`, with the events of all campaigns. For a past moment it fails above the event limit of one
    /// replay.
    pub async fn of_all(
        installation: &Installation,
        moment: Moment,
        views: Vec<Arc<dyn View>>,
    ) -> Result<Self, Problem> {
        Self::of_events(installation, moment, EventFilter::default(), views).await
    }

    /// As `of`, with the events that a filter selects.
    pub async fn of_events(
        installation: &Installation,
        moment: Moment,
        filter: EventFilter,
        views: Vec<Arc<dyn View>>,
    ) -> Result<Self, Problem> {
        if moment.is_now() {
            let db = installation.rows.db();
            let views = views.iter().map(|view| view.name()).collect();
            let (completeness, position) = Completeness::of_live(installation, db.as_ref(), views).await?;
            return Ok(Self {
                position: Some(position),
                completeness,
                db,
                known: None,
                at: None,
            });
        }
        let then = moment.resolve(installation.store(), installation.now()).await?;
        let live = installation.rows.db();
        let shown = installation
            .past
            .rows(&installation.environment, filter, views, &then, live.as_ref())
            .await?;
        Ok(Self {
            db: Arc::clone(&shown.rows.db),
            position: Some(then.position),
            completeness: Completeness::then(shown.known(&then)),
            known: Some(shown.known(&then)),
            at: then.at(),
        })
    }

    /// Returns the rows of the metric view, for one campaign or for all, now or at a past moment.
    pub async fn of_metric(
        installation: &Installation,
        moment: Moment,
        campaign: Option<&CampaignId>,
    ) -> Result<Self, Problem> {
        let views: Vec<Arc<dyn View>> = vec![Arc::new(MetricBoard)];
        match campaign {
            Some(campaign) => Self::of(installation, moment, campaign, views).await,
            None => Self::of_all(installation, moment, views).await,
        }
    }

    /// Returns the problem that the campaign does not exist, or did not exist at the past moment.
    pub fn missing(&self) -> Problem {
        Problem::missing(match self.known {
            None => "this campaign",
            Some(_) => "this campaign, at the time asked for,",
        })
    }
}

/// Completeness of an answer: how complete live rows are, or the past moment of the answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Completeness {
    #[serde(skip_serializing_if = "Option::is_none")]
    complete_up_to: Option<CompleteUpTo>,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<PastMomentInfo>,
}

impl Completeness {
    /// Returns the completeness of an answer about a past moment.
    pub const fn then(known: PastMomentInfo) -> Self {
        Self {
            complete_up_to: None,
            known: Some(known),
        }
    }

    /// Returns the completeness of the live rows of these views. It does not depend on the clock, so it is
    /// constant while the log does not grow.
    pub async fn live(
        installation: &Installation,
        db: &dyn ReadDb,
        views: Vec<&'static str>,
    ) -> Result<Self, Problem> {
        Ok(Self::of_live(installation, db, views).await?.0)
    }

    /// Returns the completeness of the live rows, and the position up to which all these views are
    /// complete.
    async fn of_live(
        installation: &Installation,
        db: &dyn ReadDb,
        views: Vec<&'static str>,
    ) -> Result<(Self, Position), Problem> {
        // Read before the position of the rows: otherwise a growing log would make the rows look older than
        // they are.
        let head = installation.store().head().await?;
        let complete = read_completeness(db, views).await?;
        let completeness = Self {
            complete_up_to: Some(CompleteUpTo {
                position: complete.position.to_string(),
                recorded_at: complete.recorded_at,
                behind_events: head.0.saturating_sub(complete.position.0),
            }),
            known: None,
        };
        Ok((completeness, complete.position))
    }
}

/// Position of the rows of an answer.
#[derive(Debug, Serialize, JsonSchema)]
struct CompleteUpTo {
    /// The rows contain every event up to this position.
    position: String,
    recorded_at: Option<Timestamp>,
    /// Events of the log that are not in the rows yet. If 0, the answer is current.
    behind_events: u64,
}

/// An answer with its completeness.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Qualified{T}")]
pub struct QualifiedAnswer<T> {
    #[serde(flatten)]
    pub answer: T,
    #[serde(flatten)]
    pub completeness: Completeness,
}
