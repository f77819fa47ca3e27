//! Figures by name and version as routes and the command line ask for them: the question read from its
//! parameters, the answer in words, charts, and the events behind.

mod asking;
mod chart;
mod drill;
mod source;
#[cfg(test)]
mod tests;

pub(crate) use asking::{ASKED, Asked, describe_metric, find};
pub(crate) use chart::options;
pub(crate) use drill::{DRILLED, Drilling};
pub(crate) use source::Source;

use crate::reply::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::ReadDb;
use projections::metrics::catalog;
use projections::views::metric_board::{Complete, Figure, figures};
use serde_json::{Map, Value, json};

/// Figures and how old they are.
pub(crate) struct Answer {
    pub(crate) figures: Vec<Figure>,
    pub(crate) complete: Complete,
}

impl Asked {
    /// Asks rows that are live, or were folded for it.
    pub(crate) async fn answer(&self, db: &dyn ReadDb) -> Result<Answer, Problem> {
        let (figures, complete) = figures(db, (catalog()?, self.metric), &self.scope, self.by).await?;
        Ok(Answer { figures, complete })
    }

    /// The figure with everything one needs to quote it.
    pub(crate) fn describe(&self, answer: &Answer) -> Map<String, Value> {
        let mut shown = describe_metric(self.metric);
        let mut tell = |name: &str, value: Value| shown.insert(name.to_owned(), value);
        tell("campaign", json!(self.scope.campaign));
        tell("from", json!(self.scope.from));
        tell("to", json!(self.scope.to));
        match (self.by, answer.figures.first()) {
            (None, Some(whole)) => shown.extend(describe_figure(whole)),
            (None, None) => {
                tell("value", Value::Null);
            }
            (Some(by), _) => {
                tell("by", json!(by.code()));
                tell("groups", json!(answer.figures));
            }
        }
        shown
    }
}

/// A figure without its definition.
pub(crate) fn describe_figure(figure: &Figure) -> [(String, Value); 3] {
    [
        ("value".to_owned(), json!(figure.value)),
        ("numerator_count".to_owned(), json!(figure.numerator)),
        ("denominator_count".to_owned(), json!(figure.denominator)),
    ]
}

/// Up to where the rows are complete, and how far behind the log that is.
pub(crate) fn age(complete: &Complete, head: Position, now: Timestamp) -> Value {
    let behind = head.0.saturating_sub(complete.position.0);
    json!({
        "position": complete.position.to_string(),
        "recorded_at": complete.recorded_at,
        "behind_events": behind,
        // Nothing has happened since: the figure is as of now.
        "as_of": if behind == 0 { Some(now) } else { complete.recorded_at },
    })
}
