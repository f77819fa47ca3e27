//! The question: which metric at which version, of which calls, split by what.

use crate::parameter::Parameter;
use crate::query::Query;
use domain::problem::{Kind, Problem};
use domain::time::Timestamp;
use projections::metrics::{Metric, Scope, Texts, Unit, Unknown, WindowError, catalog};
use projections::views::metric_board::By;
use schemars::JsonSchema;
use serde::Serialize;

/// The parameters of a question.
pub const ASKED: &[Parameter] = &[
    Parameter::number(
        "version",
        "Version of the definition; the headline one without",
        1,
    ),
    Parameter::campaign("Only this campaign"),
    Parameter::text(
        "from",
        "First hour (RFC 3339, a whole hour) or first day (2026-03-02, Beijing)",
        "2026-11-20",
    ),
    Parameter::text("to", "The hour or day before which the window ends", "2026-11-21"),
    Parameter::one_of("by", "What it is split by", BY),
    Parameter::text(
        "as_of",
        "As known at a position or instant, folded from the events of the campaign, or of all",
        "42",
    ),
    Parameter::instant("valid_at", "What was true at an instant, by what is known"),
];

/// What a figure can be split by.
pub const BY: &[&str] = &["campaign", "hour", "day", "trunk", "flow_version"];

/// A question that makes sense.
pub struct Asked {
    pub metric: &'static Metric,
    pub scope: Scope,
    pub by: Option<By>,
}

/// The metric of a name, or a problem that says which there are.
pub fn find(name: &str, version: Option<u32>) -> Result<&'static Metric, Problem> {
    catalog()?.metric(name, version).map_err(|unknown| {
        let code = match &unknown {
            Unknown::Name { .. } => "unknown-metric",
            Unknown::Version { .. } => "unknown-metric-version",
        };
        Problem::new(Kind::Missing, code, unknown.to_string())
    })
}

impl Asked {
    /// Reads the query's parameters.
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

    /// A question from its parts; refuses one that makes no sense.
    pub fn of(metric: &'static Metric, scope: Scope, by: Option<By>) -> Result<Self, Problem> {
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
        if by == By::FlowVersion && self.scope.campaign.is_none() {
            let detail = "versions of different flows cannot be compared: select a campaign";
            return Err(Problem::invalid("campaign-missing", detail));
        }
        Ok(())
    }
}

pub(crate) fn window_problem(error: &WindowError) -> Problem {
    Problem::invalid("window-invalid", error.to_string())
}

fn column(code: &str) -> Result<By, Problem> {
    By::from_code(code).ok_or_else(|| {
        let known: Vec<&str> = By::ALL.iter().map(|by| by.code()).collect();
        let shown: String = code.chars().take(64).collect();
        let detail = format!("there is no column {shown:?}; there are: {}", known.join(", "));
        Problem::invalid("unknown-column", detail)
    })
}

/// An instant, or a day in Beijing.
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

/// A definition as shown: with its terms in words.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MetricShown {
    name: String,
    version: u32,
    /// The day from which this version is the one to quote.
    effective_from: String,
    /// True of the version that is meant where none is named.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    headline: bool,
    unit: Unit,
    #[serde(skip_serializing_if = "Option::is_none")]
    numerator: Option<TermShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    denominator: Option<TermShown>,
    /// What it can be split by, where not by all; or what it is split by here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Split>,
    label: Texts,
    definition: Texts,
    /// The rule it follows, where it follows one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"16 CFR 310.4(b)(4)(i)")]
    source: Option<String>,
    /// Events that do not exist yet, without which there is no figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"call.transferred")]
    awaits: Option<String>,
}

/// What counts, in words.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct TermShown {
    #[schemars(example = &"answered_calls")]
    term: String,
    zh: String,
    en: String,
}

/// What a figure can be split by, or is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(example = &"hour")]
pub enum Split {
    Can(Vec<String>),
    Is(String),
}

/// A definition as shown.
pub fn describe_metric(metric: &Metric) -> MetricShown {
    let term = |name: &Option<String>| {
        let (_, term) = catalog().ok()?.term(name.as_deref()?)?;
        Some(TermShown {
            term: term.name.clone(),
            zh: term.zh.clone(),
            en: term.en.clone(),
        })
    };
    MetricShown {
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
