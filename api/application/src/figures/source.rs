//! The rows a figure is read from: the live ones, or some folded for it as of a time.

use crate::as_of::{Known, Moment};
use crate::installation::Installation;
use domain::event_filter::EventFilter;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::views::metric_board::MetricBoard;
use projections::{ReadDb, View, complete_of};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// See the file's description.
pub struct Source {
    pub db: Arc<dyn ReadDb>,
    pub position: Option<Position>,
    /// Of rows that were folded: the moment and what it cost.
    pub known: Option<Known>,
    /// The instant looked at; absent of live rows, and where no event has exactly the position asked for.
    pub at: Option<Timestamp>,
    /// As of when an answer from these rows is. Of live rows it is found out before they are read: they may
    /// be fresher than it says, and never older.
    pub stands: Stands,
}

impl Source {
    /// The live rows at no moment; else those of `views`, folded from the campaign's events.
    pub async fn of(
        installation: &Installation,
        moment: Moment,
        campaign: &CampaignId,
        views: Vec<Arc<dyn View>>,
    ) -> Result<Self, Problem> {
        let filter = EventFilter::of_campaign(campaign.clone());
        Self::of_events(installation, moment, filter, views).await
    }

    /// As `of`, from the events of all campaigns: at most as many as one fold takes.
    pub async fn of_all(
        installation: &Installation,
        moment: Moment,
        views: Vec<Arc<dyn View>>,
    ) -> Result<Self, Problem> {
        Self::of_events(installation, moment, EventFilter::default(), views).await
    }

    /// As `of`, from the events that a filter wants.
    pub async fn of_events(
        installation: &Installation,
        moment: Moment,
        filter: EventFilter,
        views: Vec<Arc<dyn View>>,
    ) -> Result<Self, Problem> {
        if moment.is_now() {
            let db = installation.rows.db();
            let views = views.iter().map(|view| view.name()).collect();
            let (stands, position) = Stands::of_live(installation, db.as_ref(), views).await?;
            return Ok(Self {
                position: Some(position),
                stands,
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
            stands: Stands::then(shown.known(&then)),
            known: Some(shown.known(&then)),
            at: then.at(),
        })
    }

    /// For a metric: of one campaign, or of all.
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

    pub fn missing(&self) -> Problem {
        Problem::missing(match self.known {
            None => "this campaign",
            Some(_) => "this campaign, at the time asked for,",
        })
    }
}

/// As of when an answer is: how complete live rows are, or where an answer of the past lies.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Stands {
    #[serde(skip_serializing_if = "Option::is_none")]
    complete_up_to: Option<CompleteUpTo>,
    /// Of the past: where the answer lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<Known>,
}

impl Stands {
    /// Of the past.
    pub const fn then(known: Known) -> Self {
        Self {
            complete_up_to: None,
            known: Some(known),
        }
    }

    /// Of live rows of these views. No clock has a part in it, so that of a log that stands still it is the
    /// same.
    pub async fn live(
        installation: &Installation,
        db: &dyn ReadDb,
        views: Vec<&'static str>,
    ) -> Result<Self, Problem> {
        Ok(Self::of_live(installation, db, views).await?.0)
    }

    /// The same, with the position up to which all of these views are complete.
    async fn of_live(
        installation: &Installation,
        db: &dyn ReadDb,
        views: Vec<&'static str>,
    ) -> Result<(Self, Position), Problem> {
        // Before the rows are asked how far they are: a log that grows meanwhile makes nothing look older.
        let head = installation.store().head().await?;
        let complete = complete_of(db, views).await?;
        let stands = Self {
            complete_up_to: Some(CompleteUpTo {
                position: complete.position.to_string(),
                recorded_at: complete.recorded_at,
                behind_events: head.0.saturating_sub(complete.position.0),
            }),
            known: None,
        };
        Ok((stands, complete.position))
    }
}

/// How far the rows of an answer are.
#[derive(Debug, Serialize, JsonSchema)]
struct CompleteUpTo {
    /// The rows hold every event up to here.
    position: String,
    recorded_at: Option<Timestamp>,
    /// With none behind it the answer is of the moment at which it is given.
    behind_events: u64,
}

/// An answer, and as of when it is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}Standing")]
pub struct Standing<T> {
    #[serde(flatten)]
    pub answer: T,
    #[serde(flatten)]
    pub stands: Stands,
}
