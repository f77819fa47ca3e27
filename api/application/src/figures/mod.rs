//! Figures of metrics by name and version, for routes and the command line: parsing of queries, answers,
//! charts, and drill-down.

mod chart;
mod comparison;
mod drill;
mod headline;
mod interval;
mod metric_query;
mod source;
mod verdict;

pub use chart::{Chart, Series, options, with_versions};
pub use comparison::{COMPARED, Comparing, ComparisonShown};
pub use drill::{DRILLED, DrillDownPage, DrillDownQuery};
pub use headline::{
    FORMULA, MetricReference, MetricVersions, PEOPLE, PeopleFigures, named, no_metric, versions,
};
pub use interval::{IntervalEstimate, Proportion, wilson};
pub use metric_query::{ASKED, BY, MetricQuery, MetricResponse, describe_metric, find};
pub use source::{Completeness, QualifiedAnswer, Source};

use crate::as_of::PastMomentInfo;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use metric_query::Split;
use projections::metrics::{Metric, MetricText, catalog};
use projections::views::metric_board::{Figure, figures};
use projections::{ReadDb, ViewCompleteness};
use schemars::JsonSchema;
use serde::Serialize;

/// The figures that answer a metric query, and the position up to which they are complete.
pub struct Answer {
    pub figures: Vec<Figure>,
    pub complete: ViewCompleteness,
    /// The other versions of a headline figure.
    pub beside: Vec<(&'static Metric, Vec<Figure>)>,
}

impl MetricQuery {
    /// Computes the figures from `db`, which has live rows or rows replayed for a past moment. For a
    /// headline metric also those of its other versions.
    pub async fn answer(&self, db: &dyn ReadDb) -> Result<Answer, Problem> {
        let catalog = catalog()?;
        let (found, complete) = figures(db, catalog, self.metric, &self.scope, self.by).await?;
        let mut beside = Vec::new();
        for metric in catalog.beside(self.metric) {
            let (other, _) = figures(db, catalog, metric, &self.scope, self.by).await?;
            beside.push((metric, other));
        }
        Ok(Answer {
            figures: found,
            complete,
            beside,
        })
    }

    /// Returns the answer with the metric's definition, version and period, which are needed to quote it.
    pub fn describe(&self, answer: &Answer) -> MetricFiguresResponse {
        let mut metric = describe_metric(self.metric);
        if let Some(by) = self.by {
            metric.by = Some(Split::Is(by.code().to_owned()));
        }
        let beside = answer.beside.iter().map(|(metric, figures)| AlternateFigure {
            name: metric.name.clone(),
            version: metric.version,
            label: metric.label.clone(),
            values: self.values(figures),
        });
        MetricFiguresResponse {
            metric,
            campaign: self.scope.campaign.clone(),
            from: self.scope.from,
            to: self.scope.to,
            values: self.values(&answer.figures),
            beside: beside.collect(),
            complete_up_to: None,
            known: None,
        }
    }

    /// Returns the values of an answer: one figure, or those of the groups.
    fn values(&self, figures: &[Figure]) -> Values {
        match (self.by, figures.first()) {
            (None, Some(whole)) => Values {
                value: Some(whole.value),
                numerator_count: Some(whole.numerator),
                denominator_count: Some(whole.denominator),
                groups: None,
            },
            (None, None) => Values {
                value: Some(None),
                ..Values::default()
            },
            (Some(_), _) => Values {
                groups: Some(figures.to_vec()),
                ..Values::default()
            },
        }
    }
}

/// A metric's figures with its definition, version and window.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MetricFiguresResponse {
    #[serde(flatten)]
    metric: MetricResponse,
    campaign: Option<CampaignId>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    #[serde(flatten)]
    values: Values,
    /// The other versions of a headline figure.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    beside: Vec<AlternateFigure>,
    /// For live rows: position and age of the figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete_up_to: Option<Age>,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
}

/// Another version of a figure.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct AlternateFigure {
    name: String,
    version: u32,
    label: MetricText,
    #[serde(flatten)]
    values: Values,
}

/// One figure, or those of its groups.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
struct Values {
    /// The figure. Null if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Option<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    numerator_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    denominator_count: Option<Option<i64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Figure>>,
}

/// A figure without its definition.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FigureResponse {
    /// The figure. Null if there are no cases.
    value: Option<f64>,
    numerator_count: i64,
    denominator_count: Option<i64>,
}

/// Returns a figure's value, numerator and denominator for the API.
pub fn describe_figure(figure: &Figure) -> FigureResponse {
    FigureResponse {
        value: figure.value,
        numerator_count: figure.numerator,
        denominator_count: figure.denominator,
    }
}

/// Position and age of a figure.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Age {
    /// The rows contain every event up to this position.
    position: String,
    recorded_at: Option<Timestamp>,
    behind_events: u64,
    as_of: Option<Timestamp>,
}

/// Returns up to where the rows are complete, and by how many events they lag behind the log's `head`.
pub fn age(complete: &ViewCompleteness, head: Position, now: Timestamp) -> Age {
    let behind = head.0.saturating_sub(complete.position.0);
    Age {
        position: complete.position.to_string(),
        recorded_at: complete.recorded_at,
        behind_events: behind,
        // Nothing happened since, so the figure is valid now.
        as_of: if behind == 0 {
            Some(now)
        } else {
            complete.recorded_at
        },
    }
}
