//! A query for a metric: which metric and version, over which calls, split by what.

use crate::parameter::Parameter;
use crate::query::Query;
use domain::problem::{Problem, ProblemKind};
use domain::time::Timestamp;
use projections::metrics::{Metric, MetricText, Scope, Unit, UnknownMetric, WindowError, catalog};
use projections::views::metric_board::Dimension;
use schemars::JsonSchema;
use serde::Serialize;

/// The parameters of a metric query.
pub const ASKED: &[Parameter] = &[
    Parameter::number(
        "version",
        "Version of the definition. Default: the headline version",
        1,
    ),
    Parameter::campaign("Only this campaign"),
    Parameter::text(
        "from",
        "First hour (RFC 3339, a whole hour) or first day (2026-03-02, Beijing)",
        "2026-11-20",
    ),
    Parameter::text("to", "The hour or day before which the window ends", "2026-11-21"),
    Parameter::one_of("by", "Dimension by which the figure is split", BY),
    Parameter::text(
        "as_of",
        "As known at a position or instant: computed from the events of the campaign, or of all campaigns",
        "42",
    ),
    Parameter::instant("valid_at", "What was true at an instant, by what is known"),
];

/// The dimensions by which a figure can be split.
pub const BY: &[&str] = &["campaign", "hour", "day", "trunk", "flow_version"];

/// A metric query that was checked: metric, scope and grouping.
pub struct MetricQuery {
    pub metric: &'static Metric,
    pub scope: Scope,
    pub by: Option<Dimension>,
}

/// Returns the metric with this name and version; without a version, the headline version. Fails with
/// `unknown-metric` or `unknown-metric-version`, listing the known ones.
pub fn find(name: &str, version: Option<u32>) -> Result<&'static Metric, Problem> {
    catalog()?.metric(name, version).map_err(|unknown| {
        let code = match &unknown {
            UnknownMetric::Name { .. } => "unknown-metric",
            UnknownMetric::Version { .. } => "unknown-metric-version",
        };
        Problem::new(ProblemKind::Missing, code, unknown.to_string())
    })
}

impl MetricQuery {
    /// Reads a query for metric `name` from the request's parameters. Fails on an unknown metric or an
    /// invalid period or grouping.
    pub fn read(name: &str, query: &Query) -> Result<Self, Problem> {
        let metric = find(name, query.number("version")?)?;
        let campaign = match query.text("campaign").map(str::parse) {
            None => None,
            Some(Ok(campaign)) => Some(campaign),
            Some(Err(_)) => return Err(Problem::missing("this campaign")),
        };
        let scope = Scope {
            campaign,
            from: bound(query, "from")?,
            to: bound(query, "to")?,
        };
        let by = query.text("by").map(column).transpose()?;
        Self::of(metric, scope, by)
    }

    /// Builds a query from its parts. Fails if the period is invalid or the metric cannot be split by `by`.
    pub fn of(metric: &'static Metric, scope: Scope, by: Option<Dimension>) -> Result<Self, Problem> {
        scope.check().map_err(|error| window_problem(&error))?;
        let asked = Self { metric, scope, by };
        asked.check_by()?;
        Ok(asked)
    }

    fn check_by(&self) -> Result<(), Problem> {
        let Some(by) = self.by else { return Ok(()) };
        let metric = self.metric;
        if !metric.by.is_empty() && !metric.by.iter().any(|allowed| allowed == by.code()) {
            let detail = format!("{} is available by {} only", metric.name, metric.by.join(", "));
            return Err(Problem::invalid("column-not-known", detail));
        }
        if by == Dimension::FlowVersion && self.scope.campaign.is_none() {
            let detail = "versions of different flows cannot be compared: select a campaign";
            return Err(Problem::invalid("campaign-missing", detail));
        }
        Ok(())
    }
}

pub(crate) fn window_problem(error: &WindowError) -> Problem {
    Problem::invalid("window-invalid", error.to_string())
}

fn column(code: &str) -> Result<Dimension, Problem> {
    Dimension::from_code(code).ok_or_else(|| {
        let known: Vec<&str> = Dimension::ALL.iter().map(|by| by.code()).collect();
        let shown: String = code.chars().take(64).collect();
        let detail = format!("there is no column {shown:?}; there are: {}", known.join(", "));
        Problem::invalid("unknown-column", detail)
    })
}

/// Parses a parameter as an instant, or as a day, which means its start in Beijing time; `None` if it is
/// absent.
pub(super) fn bound(query: &Query, name: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = query.text(name) else {
        return Ok(None);
    };
    let day = format!("{text}T00:00:00+08:00");
    match text.parse().or_else(|_| day.parse()) {
        Ok(at) => Ok(Some(at)),
        Err(_) => Err(Problem::invalid(
            "window-invalid",
            format!("{name} must be a time such as 2026-03-02T10:00:00+08:00 or a date such as 2026-03-02"),
        )),
    }
}

/// The definition of a metric, with its terms in words.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MetricResponse {
    name: String,
    version: u32,
    /// The day from which this version is the one to quote.
    effective_from: String,
    /// True for the version that is used when none is named.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    headline: bool,
    unit: Unit,
    #[serde(skip_serializing_if = "Option::is_none")]
    numerator: Option<MetricTermResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    denominator: Option<MetricTermResponse>,
    /// The dimensions by which the metric can be split, if not by all; in an answer, the one it is split
    /// by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Split>,
    label: MetricText,
    definition: MetricText,
    /// The regulation or rule that the definition follows, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"16 CFR 310.4(b)(4)(i)")]
    source: Option<String>,
    /// Event kind that does not exist yet and without which there is no figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"call.transferred")]
    awaits: Option<String>,
}

/// What a term counts, in words.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct MetricTermResponse {
    #[schemars(example = &"answered_calls")]
    term: String,
    zh: String,
    en: String,
}

/// The dimensions by which a figure can be split, or the one by which it is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(example = &"hour")]
pub enum Split {
    Can(Vec<String>),
    Is(String),
}

/// Returns the definition of a metric for the API, with its terms in words.
pub fn describe_metric(metric: &Metric) -> MetricResponse {
    let term = |name: &Option<String>| {
        let (_, term) = catalog().ok()?.term(name.as_deref()?)?;
        Some(MetricTermResponse {
            term: term.name.clone(),
            zh: term.zh.clone(),
            en: term.en.clone(),
        })
    };
    MetricResponse {
        name: metric.name.clone(),
        version: metric.version,
        effective_from: metric.effective_from.clone(),
        headline: metric.headline,
        unit: metric.unit,
        numerator: term(&metric.numerator),
        denominator: term(&metric.denominator),
        by: (!metric.by.is_empty()).then(|| Split::Can(metric.by.clone())),
        label: metric.label.clone(),
        definition: metric.definition.clone(),
        source: metric.source.clone(),
        awaits: metric.awaits.clone(),
    }
}
