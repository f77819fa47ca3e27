//! Figures by name and version as routes and the command line ask for them: the question read from its
//! parameters, the answer in words, charts, and the events behind.

mod asking;
mod chart;
mod drill;
mod headline;
mod source;

pub use asking::{ASKED, Asked, describe_metric, find};
pub use chart::{options, with_versions};
pub use drill::{DRILLED, Drilling};
pub use headline::{FORMULA, PEOPLE, named, no_metrics, versions};
pub use source::Source;

use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::ReadDb;
use projections::metrics::{Metric, catalog};
use projections::views::metric_board::{Complete, Figure, figures};
use serde_json::{Map, Value, json};

/// Figures and how old they are.
pub struct Answer {
    pub figures: Vec<Figure>,
    pub complete: Complete,
    /// The other versions of a headline figure.
    pub beside: Vec<(&'static Metric, Vec<Figure>)>,
}

impl Asked {
    /// Asks rows that are live, or were folded for it.
    pub async fn answer(&self, db: &dyn ReadDb) -> Result<Answer, Problem> {
        let catalog = catalog()?;
        let (found, complete) = figures(db, (catalog, self.metric), &self.scope, self.by).await?;
        let mut beside = Vec::new();
        for metric in catalog.beside(self.metric) {
            let (other, _) = figures(db, (catalog, metric), &self.scope, self.by).await?;
            beside.push((metric, other));
        }
        Ok(Answer {
            figures: found,
            complete,
            beside,
        })
    }

    /// The figure with everything one needs to quote it.
    pub fn describe(&self, answer: &Answer) -> Map<String, Value> {
        let mut shown = describe_metric(self.metric);
        let mut tell = |name: &str, value: Value| shown.insert(name.to_owned(), value);
        tell("campaign", json!(self.scope.campaign));
        tell("from", json!(self.scope.from));
        tell("to", json!(self.scope.to));
        if let Some(by) = self.by {
            tell("by", json!(by.code()));
        }
        shown.extend(self.values(&answer.figures));
        if !answer.beside.is_empty() {
            let beside = answer.beside.iter().map(|(metric, figures)| {
                let mut one = Map::new();
                one.insert("name".to_owned(), json!(metric.name));
                one.insert("version".to_owned(), json!(metric.version));
                one.insert("label".to_owned(), json!(metric.label));
                one.extend(self.values(figures));
                Value::Object(one)
            });
            shown.insert("beside".to_owned(), beside.collect());
        }
        shown
    }

    /// A figure, or those of its groups.
    fn values(&self, figures: &[Figure]) -> Vec<(String, Value)> {
        match (self.by, figures.first()) {
            (None, Some(whole)) => describe_figure(whole).into(),
            (None, None) => vec![("value".to_owned(), Value::Null)],
            (Some(_), _) => vec![("groups".to_owned(), json!(figures))],
        }
    }
}

/// A figure without its definition.
pub fn describe_figure(figure: &Figure) -> [(String, Value); 3] {
    [
        ("value".to_owned(), json!(figure.value)),
        ("numerator_count".to_owned(), json!(figure.numerator)),
        ("denominator_count".to_owned(), json!(figure.denominator)),
    ]
}

/// Up to where the rows are complete, and how far behind the log that is.
pub fn age(complete: &Complete, head: Position, now: Timestamp) -> Value {
    let behind = head.0.saturating_sub(complete.position.0);
    json!({
        "position": complete.position.to_string(),
        "recorded_at": complete.recorded_at,
        "behind_events": behind,
        // Nothing has happened since: the figure is as of now.
        "as_of": if behind == 0 { Some(now) } else { complete.recorded_at },
    })
}
