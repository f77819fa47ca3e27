//! Comparison of one metric in two periods: the difference and its confidence interval. If there is too
//! little data, the answer says so instead of giving a verdict.

use super::interval::{CASES_MIN, CLUSTERS_MIN, IntervalEstimate};
use super::metric_query::{MetricResponse, bound, describe_metric, find, window_problem};
use super::verdict::{ComparedBy, PeriodFigure, Verdict, judge};
use super::{Age, MetricQuery, Source, age};
use crate::as_of::{Moment, PastMomentInfo};
use crate::installation::Installation;
use crate::parameter::Parameter;
use crate::query::Query;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::time::Timestamp;
use projections::ReadDb;
use projections::metrics::Scope;
use projections::views::metric_board::GROUPS_MAX;
use schemars::JsonSchema;
use serde::Serialize;

/// The parameters of a comparison.
pub const COMPARED: &[Parameter] = &[
    Parameter::number(
        "version",
        "Version of the definition. Default: the headline version",
        1,
    ),
    Parameter::campaign("Only this campaign"),
    Parameter::text(
        "from",
        "First hour (RFC 3339, a whole hour) or first day (2026-03-02, Beijing) of the period",
        "2026-11-20",
    )
    .needed(),
    Parameter::text("to", "The hour or day before which the period ends", "2026-11-21").needed(),
    Parameter::text(
        "base_from",
        "First hour or day of the base period. Default: the period of the same length directly before",
        "2026-11-13",
    ),
    Parameter::text(
        "base_to",
        "The hour or day before which the base period ends",
        "2026-11-14",
    ),
    Parameter::text(
        "as_of",
        "As known at a position or instant: computed from the events of the campaign, or of all campaigns",
        "42",
    ),
    Parameter::instant("valid_at", "What was true at an instant, by what is known"),
];

/// Longest period, in milliseconds: a year, so that its days fit into one answer.
const PERIOD_MS_MAX: u64 = 366 * 24 * HOUR_MS;

/// Milliseconds per hour, the unit of the stored figures.
const HOUR_MS: u64 = 3_600_000;

/// Confidence level of the intervals, in per cent.
const CONFIDENCE_PERCENT: u8 = 95;

/// One period with its figure and confidence interval.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ComparedPeriod")]
pub(super) struct ComparedPeriodResponse {
    from: Timestamp,
    to: Timestamp,
    /// The figure. Null if there are no cases.
    value: Option<f64>,
    numerator_count: i64,
    denominator_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    low: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    high: Option<f64>,
}

/// The comparison of one metric in two periods.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "MetricComparison")]
pub struct ComparisonShown {
    #[serde(flatten)]
    metric: MetricResponse,
    campaign: Option<CampaignId>,
    period: ComparedPeriodResponse,
    base: ComparedPeriodResponse,
    /// Figure of the period minus figure of the base period. Null if one of them has no figure.
    difference: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference_low: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference_high: Option<f64>,
    verdict: Verdict,
    compared_by: ComparedBy,
    /// Confidence level of the intervals, in per cent.
    confidence_percent: u8,
    /// Fewest cases for an interval.
    cases_min: u64,
    /// Fewest hours or days with cases for the interval of a mean.
    clusters_min: usize,
    /// For live rows: position and age of the figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    complete_up_to: Option<Age>,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<PastMomentInfo>,
}

/// A comparison that was checked: the same metric over the same calls in two periods that do not overlap.
pub struct Comparing {
    period: MetricQuery,
    base: MetricQuery,
}

impl Comparing {
    /// Reads the comparison of metric `name` from the query. Fails if a period is missing, invalid, too
    /// long or overlaps the other; without a base period, the one before is used.
    pub fn read(name: &str, query: &Query) -> Result<Self, Problem> {
        let metric = find(name, query.number("version")?)?;
        let campaign = query.text("campaign").map(str::parse).transpose();
        let campaign: Option<CampaignId> =
            campaign.map_err(|_unreadable| Problem::missing("this campaign"))?;
        let needed = |name: &str| {
            bound(query, name)?.ok_or_else(|| invalid(format!("{name} is missing: name the period")))
        };
        let period = window(needed("from")?, needed("to")?)?;
        let base = match (bound(query, "base_from")?, bound(query, "base_to")?) {
            (Some(from), Some(to)) => window(from, to)?,
            (None, None) => before(&period)?,
            (Some(_), None) | (None, Some(_)) => {
                return Err(invalid("base_from and base_to are given together".to_owned()));
            }
        };
        if period.0 < base.1 && base.0 < period.1 {
            return Err(invalid(
                "the two periods overlap: the same calls would be compared".to_owned(),
            ));
        }
        let asked = |window: Window| {
            let scope = Scope {
                campaign: campaign.clone(),
                from: Some(window.0),
                to: Some(window.1),
            };
            MetricQuery::of(metric, scope, None)
        };
        Ok(Self {
            period: asked(period)?,
            base: asked(base)?,
        })
    }

    /// Returns the campaign, for the check of the caller's data scope.
    pub const fn campaign(&self) -> Option<&CampaignId> {
        self.period.scope.campaign.as_ref()
    }

    /// Computes the comparison from live rows, or at a past moment from replayed ones.
    pub async fn answer(
        &self,
        installation: &Installation,
        moment: Moment,
    ) -> Result<ComparisonShown, Problem> {
        let source = Source::of_metric(installation, moment, self.campaign()).await?;
        let db = source.db.as_ref();
        let (period, complete) = self.side(&self.period, db).await?;
        let (base, _) = self.side(&self.base, db).await?;
        let mut shown = self.shown(&period, &base);
        match source.known {
            Some(known) => shown.known = Some(known),
            None => {
                let head = installation.store().head().await?;
                shown.complete_up_to = Some(age(&complete, head, installation.now()));
            }
        }
        Ok(shown)
    }

    /// Returns a period's figure and, for a mean, its parts per hour or day, from which the interval is
    /// computed.
    async fn side(
        &self,
        asked: &MetricQuery,
        db: &dyn ReadDb,
    ) -> Result<(PeriodFigure, projections::ViewCompleteness), Problem> {
        let answer = asked.answer(db).await?;
        let mut side = PeriodFigure::of(answer.figures.into_iter().next());
        if let Some(by) = self.compared_by().by() {
            let split = MetricQuery::of(asked.metric, asked.scope.clone(), Some(by))?;
            let groups = split.answer(db).await?.figures;
            side.split(&groups);
        }
        Ok((side, answer.complete))
    }

    fn compared_by(&self) -> ComparedBy {
        let longest = self.period.hours().max(self.base.hours());
        let fits_hours = longest <= u64::try_from(GROUPS_MAX).unwrap_or(0);
        ComparedBy::of(self.period.metric, fits_hours)
    }

    fn shown(&self, period: &PeriodFigure, base: &PeriodFigure) -> ComparisonShown {
        let compared_by = self.compared_by();
        let found = judge(compared_by, period, base);
        let difference = period.value().zip(base.value());
        ComparisonShown {
            metric: describe_metric(self.period.metric),
            campaign: self.period.scope.campaign.clone(),
            period: self.period.shown(period, found.period),
            base: self.base.shown(base, found.base),
            difference: difference.map(|(period, base)| period - base),
            difference_low: found.difference.map(|bounds| bounds.low),
            difference_high: found.difference.map(|bounds| bounds.high),
            verdict: found.verdict,
            compared_by: found.compared_by,
            confidence_percent: CONFIDENCE_PERCENT,
            cases_min: CASES_MIN,
            clusters_min: CLUSTERS_MIN,
            complete_up_to: None,
            known: None,
        }
    }
}

type Window = (Timestamp, Timestamp);

impl MetricQuery {
    /// Returns the length of the period in hours.
    fn hours(&self) -> u64 {
        let (from, to) = (self.scope.from.unwrap_or(Timestamp::EPOCH), self.scope.to);
        to.map_or(0, |to| to.ms_since(from) / HOUR_MS)
    }

    fn shown(&self, side: &PeriodFigure, bounds: Option<IntervalEstimate>) -> ComparedPeriodResponse {
        ComparedPeriodResponse {
            from: self.scope.from.unwrap_or(Timestamp::EPOCH),
            to: self.scope.to.unwrap_or(Timestamp::EPOCH),
            value: side.value(),
            numerator_count: side.figure.as_ref().map_or(0, |figure| figure.numerator),
            denominator_count: side.figure.as_ref().and_then(|figure| figure.denominator),
            low: bounds.map(|bounds| bounds.low),
            high: bounds.map(|bounds| bounds.high),
        }
    }
}

fn invalid(detail: String) -> Problem {
    Problem::invalid("window-invalid", detail)
}

fn window(from: Timestamp, to: Timestamp) -> Result<Window, Problem> {
    let scope = Scope {
        from: Some(from),
        to: Some(to),
        campaign: None,
    };
    scope.check().map_err(|error| window_problem(&error))?;
    if to.ms_since(from) > PERIOD_MS_MAX {
        return Err(invalid("a period is at most 366 days long".to_owned()));
    }
    Ok((from, to))
}

/// Returns the period of the same length directly before this one. Fails if it is before the first possible
/// time.
fn before(period: &Window) -> Result<Window, Problem> {
    let (from, to) = *period;
    let length = to.ms_since(from);
    let first = from.minus_ms(length);
    window(first, from)
}
