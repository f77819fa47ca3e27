//! The question: which metric at which version, of which calls, split by what.

use crate::query::Query;
use domain::problem::{Kind, Problem};
use domain::time::Timestamp;
use projections::metrics::{Metric, Scope, Unknown, WindowError, catalog};
use projections::views::metric_board::By;
use serde_json::{Map, Value, json};

/// The parameters of a question.
pub const ASKED: &[(&str, &str)] = &[
    ("version", "Version of the definition; the headline one without"),
    ("campaign", "Only this campaign"),
    (
        "from",
        "First hour (RFC 3339, a whole hour) or first day (2026-03-02, Beijing)",
    ),
    ("to", "The hour or day before which the window ends"),
    ("by", "campaign, hour, day, trunk or flow_version"),
    (
        "as_of",
        "Of a campaign: as known at a position or instant, folded from its events",
    ),
    (
        "valid_at",
        "With a campaign: what was true at an instant, by what is known",
    ),
];

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
            let detail = format!("{} is known by {} only", metric.name, metric.by.join(", "));
            return Err(Problem::invalid("column-not-known", detail));
        }
        if by == By::FlowVersion && self.scope.campaign.is_none() {
            let detail = "versions of different flows have nothing in common: name a campaign";
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
fn bound(query: &Query, name: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = query.text(name) else {
        return Ok(None);
    };
    let day = format!("{text}T00:00:00+08:00");
    match text.parse().or_else(|_| day.parse()) {
        Ok(at) => Ok(Some(at)),
        Err(_) => Err(Problem::invalid(
            "window-invalid",
            format!("{name} is a time such as 2026-03-02T10:00:00+08:00, or a day such as 2026-03-02"),
        )),
    }
}

/// A definition as shown: with its terms in words.
pub fn describe_metric(metric: &Metric) -> Map<String, Value> {
    let mut shown = match serde_json::to_value(metric) {
        Ok(Value::Object(members)) => members,
        Ok(_) | Err(_) => Map::new(),
    };
    for part in ["numerator", "denominator"] {
        let named = shown.get(part).and_then(Value::as_str);
        let Some(term) = named.and_then(|name| catalog().ok()?.term(name)) else {
            continue;
        };
        let (_, term) = term;
        let words = json!({ "term": term.name, "zh": term.zh, "en": term.en });
        shown.insert(part.to_owned(), words);
    }
    shown
}
