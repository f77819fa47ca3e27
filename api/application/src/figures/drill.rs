//! Drill-down (下钻): the events behind a figure, page by page. All pages use the same events: the cursor
//! contains the position up to which the figure of the first page was complete.

use crate::as_of::Moment;
use crate::figures::MetricQuery;
use crate::figures::metric_query::window_problem;
use crate::installation::Installation;
use crate::parameter::Parameter;
use crate::query::Query;
use domain::ids::CampaignId;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::metrics::{
    DrillDown, DrillError, DrillItem, DrillRequest, DrillTotals, ITEMS_MAX, MetricPart, MetricText, catalog,
    drill_down,
};
use projections::views::metric_board::board_completeness;
use schemars::JsonSchema;
use serde::Serialize;

/// Default number of items per page.
const ITEMS_DEFAULT: usize = 100;

/// The parameters of a drill-down.
pub const DRILLED: &[Parameter] = &[
    Parameter::number(
        "version",
        "Version of the definition. Default: the headline version",
        1,
    ),
    Parameter::campaign("Only this campaign. Default: the whole log is read"),
    Parameter::text("from", "First hour or day of the window", "2026-11-20"),
    Parameter::text("to", "The hour or day before which the window ends", "2026-11-21"),
    Parameter::one_of(
        "which",
        "numerator (default) or denominator",
        &["numerator", "denominator"],
    ),
    Parameter::text(
        "as_of",
        "Events known at a position or instant; all pages use the same position",
        "42",
    ),
    Parameter::number("limit", "Items on a page, at most 1000. Default: 100", 100),
    Parameter::text(
        "cursor",
        "The `next_cursor` of the previous page, with the same other parameters",
        "AeF2qb5i1rAjTq0mYyR9wYc0Mg",
    ),
];

/// A query for the events behind a figure.
pub struct DrillDownQuery {
    asked: MetricQuery,
    which: &'static str,
    part: MetricPart,
    /// The position up to which events count, and the position at which the previous page ended.
    cursor: Option<(Position, Position)>,
    moment: Moment,
    limit: usize,
}

impl DrillDownQuery {
    /// Reads the drill-down into metric `name` from the query. `cursor`: that of the previous page; `None`
    /// for the first.
    pub fn read(name: &str, query: &Query, cursor: Option<(Position, Position)>) -> Result<Self, Problem> {
        let (which, part) = match query.text("which") {
            None | Some("numerator") => ("numerator", MetricPart::Numerator),
            Some("denominator") => ("denominator", MetricPart::Denominator),
            Some(_) => {
                return Err(Problem::invalid(
                    "which-invalid",
                    "which must be numerator or denominator",
                ));
            }
        };
        if query.text("valid_at").is_some() {
            let detail = "the events of a figure can be queried only with as_of; valid_at applies to the figure \
                          itself";
            return Err(Problem::invalid("valid-at-not-here", detail));
        }
        Ok(Self {
            asked: MetricQuery::read(name, query)?,
            moment: Moment::of(query)?,
            which,
            part,
            cursor,
            limit: query.number("limit")?.unwrap_or(ITEMS_DEFAULT),
        })
    }

    /// Returns one page of the events behind the figure, and the totals over all events behind it. All
    /// pages count the events up to the same position.
    pub async fn answer(&self, installation: &Installation) -> Result<DrillDownPage, Problem> {
        let (until, after) = match self.cursor {
            None if !self.moment.is_now() => {
                let then = self
                    .moment
                    .resolve(installation.store(), installation.now())
                    .await?;
                (then.position, Position(0))
            }
            None => (
                board_completeness(installation.rows.db().as_ref())
                    .await?
                    .position,
                Position(0),
            ),
            Some(cursor) => cursor,
        };
        let drill = DrillRequest {
            metric: self.asked.metric,
            part: self.part,
            scope: self.asked.scope.clone(),
            until,
            after,
            limit: self.limit.clamp(1, ITEMS_MAX),
        };
        let (catalog, asked) = (catalog()?, drill.clone());
        let found = installation.past.apart(&installation.environment, move |on| {
            let drilled = drill_down(catalog, on.store, &asked, on.goes_on);
            on.runtime.block_on(drilled)
        });
        let found = found.await?.unwrap_or(Err(DrillError::Stopped { events: 0 }));
        let found = found.map_err(problem)?;
        Ok(describe(&self.asked, self.which, &drill, found))
    }
}

/// A page of the events behind a figure, and the totals over all of them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DrillDownPage {
    metric: String,
    version: u32,
    label: MetricText,
    #[schemars(example = &"numerator")]
    which: &'static str,
    /// Name of the term that is counted.
    #[schemars(example = &"answered_calls")]
    term: Option<String>,
    campaign: Option<CampaignId>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// The numerator or denominator that the events add up to.
    figure: i64,
    totals: DrillTotals,
    events_read: u64,
    as_of_position: String,
    items: Vec<DrillItem>,
    /// Cursor of the next page: the position up to which events count, and the end of this page.
    #[serde(skip)]
    #[schemars(skip)]
    pub next: Option<(Position, Position)>,
}

fn describe(
    asked: &MetricQuery,
    which: &'static str,
    drill: &DrillRequest<'_>,
    found: DrillDown,
) -> DrillDownPage {
    DrillDownPage {
        metric: asked.metric.name.clone(),
        version: asked.metric.version,
        label: asked.metric.label.clone(),
        which,
        term: asked.metric.term_of(drill.part).map(str::to_owned),
        campaign: drill.scope.campaign.clone(),
        from: drill.scope.from,
        to: drill.scope.to,
        figure: found.figure,
        totals: found.totals,
        events_read: found.events_read,
        as_of_position: drill.until.to_string(),
        items: found.items,
        next: found.next.map(|next| (drill.until, next)),
    }
}

fn problem(error: DrillError) -> Problem {
    match error {
        DrillError::TooManyEvents => Problem::refused("too-many-events", error.to_string()),
        DrillError::NoSuchPart => Problem::refused("no-such-part", error.to_string()),
        DrillError::Stopped { .. } => {
            Problem::new(ProblemKind::Unavailable, "drill-down-too-slow", error.to_string())
        }
        DrillError::Window(window) => window_problem(&window),
        DrillError::Rows(rows) => rows.into(),
    }
}
