//! The rows a figure is read from: the live ones, or some folded for it as of a time.

use crate::as_of::{Known, Moment};
use crate::installation::Installation;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::stored_event::Position;
use projections::views::metric_board::MetricBoard;
use projections::{ReadDb, View};
use std::sync::Arc;

/// See the file's description.
pub struct Source {
    pub db: Arc<dyn ReadDb>,
    pub position: Option<Position>,
    /// Of rows that were folded: the moment and what it cost.
    pub known: Option<Known>,
}

impl Source {
    /// The live rows at no moment; else those of `views`, folded from the campaign's events.
    pub async fn of(
        installation: &Installation,
        moment: Moment,
        campaign: &CampaignId,
        views: Vec<Arc<dyn View>>,
    ) -> Result<Self, Problem> {
        if moment.is_now() {
            return Ok(Self::live(installation));
        }
        let then = moment.resolve(installation.store(), installation.now()).await?;
        let live = installation.rows.db();
        let shown = installation
            .past
            .campaign(&installation.environment, campaign, views, &then, live.as_ref())
            .await?;
        Ok(Self {
            db: Arc::clone(&shown.rows.db),
            position: Some(then.position),
            known: Some(shown.known(&then)),
        })
    }

    /// For a metric: of one campaign, where a moment is asked for.
    pub async fn of_metric(
        installation: &Installation,
        moment: Moment,
        campaign: Option<&CampaignId>,
    ) -> Result<Self, Problem> {
        match campaign {
            _ if moment.is_now() => Ok(Self::live(installation)),
            Some(campaign) => Self::of(installation, moment, campaign, vec![Arc::new(MetricBoard)]).await,
            None => {
                let detail = "a figure as of a time is folded from the events of one campaign: name it";
                Err(Problem::invalid("campaign-missing", detail))
            }
        }
    }

    pub fn live(installation: &Installation) -> Self {
        Self {
            db: installation.rows.db(),
            position: installation.rows.position(),
            known: None,
        }
    }

    pub fn missing(&self) -> Problem {
        Problem::missing(match self.known {
            None => "this campaign",
            Some(_) => "this campaign, at the time asked for,",
        })
    }
}
