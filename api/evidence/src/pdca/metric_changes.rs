//! Computes the metrics of a report for two periods, each with the route that lists its events.

use crate::pdca::PdcaScope;
use domain::calendar::CalendarPeriod;
use domain::problem::Problem;
use projections::ReadDb;
use projections::metrics::{Metric, Scope, Unit, catalog};
use projections::views::metric_board::{Figure, total_figures};

/// Metrics of a report, in display order. Every version of each is shown, so that no reader confuses two
/// versions.
const SHOWN: [&str; 14] = [
    "dialed_calls",
    "answered_calls",
    "answer_ratio_per_call",
    "answer_ratio_per_customer",
    "reach_ratio",
    "attempts_per_customer",
    "talk_ms_mean",
    "ring_ms_mean",
    "conversions",
    "conversion_ratio",
    "opt_out_ratio",
    "machine_ratio",
    "invalid_number_ratio",
    "abandon_ratio_house",
];

/// One metric in both periods.
#[derive(Debug, Clone)]
pub(super) struct MetricChange {
    pub metric: &'static Metric,
    pub was: Option<Figure>,
    pub now: Option<Figure>,
    /// The route that lists the events behind `now`.
    pub events: String,
}

impl MetricChange {
    /// Formats a figure of this metric with its unit.
    pub(super) fn words(&self, figure: Option<&Figure>) -> String {
        let Some(value) = figure.and_then(|figure| figure.value) else {
            return "–".to_owned();
        };
        match (self.metric.unit, &self.metric.denominator) {
            (Unit::Ratio, _) => format!("{:.2} %", value * 100.0),
            (Unit::Ms, _) => format!("{:.1} s", value / 1_000.0),
            (Unit::Count, None) => format!("{value:.0}"),
            (Unit::Count, Some(_)) => format!("{value:.2}"),
        }
    }
}

/// Computes the metrics of a report for its period and for the period before.
pub(super) async fn compute_metric_changes(
    db: &dyn ReadDb,
    ask: &PdcaScope,
    before: &CalendarPeriod,
    period: &CalendarPeriod,
) -> Result<Vec<MetricChange>, Problem> {
    let catalog = catalog()?;
    let metrics: Vec<&'static Metric> = SHOWN
        .iter()
        .flat_map(|name| catalog.metrics().iter().filter(move |one| one.name == *name))
        .collect();
    let scope = |span: &CalendarPeriod| scope(ask, span);
    let (was, _) = total_figures(db, catalog, metrics.as_slice(), &scope(before)).await?;
    let (now, _) = total_figures(db, catalog, metrics.as_slice(), &scope(period)).await?;
    let both = metrics.into_iter().zip(was.into_iter().zip(now));
    Ok(both
        .map(|(metric, (was, now))| MetricChange {
            metric,
            was,
            now,
            events: events(metric, &scope(period)),
        })
        .collect())
}

/// Returns the scope of calls that a report covers in a period: its campaign, or all.
pub(super) fn scope(ask: &PdcaScope, span: &CalendarPeriod) -> Scope {
    Scope {
        campaign: ask.campaign.clone(),
        from: Some(span.from),
        to: Some(span.to),
    }
}

/// Returns the API route that lists the events behind exactly this figure.
pub(super) fn events(metric: &Metric, scope: &Scope) -> String {
    let given = [
        ("version", Some(metric.version.to_string())),
        ("campaign", scope.campaign.as_ref().map(ToString::to_string)),
        ("from", scope.from.map(|at| at.to_string())),
        ("to", scope.to.map(|at| at.to_string())),
    ];
    let given = given.into_iter().filter_map(|(name, value)| {
        let value = application::percent::encode(&value?);
        Some(format!("{name}={value}"))
    });
    let query = given.collect::<Vec<_>>().join("&");
    format!("/api/v1/metrics/{}/events?{query}", metric.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use application::figures::DRILLED;
    use domain::calendar::PeriodLength;

    #[test]
    fn every_metric_of_the_report_is_in_the_catalog() {
        for name in SHOWN {
            let metric = catalog().unwrap().metric(name, None);
            assert!(metric.is_ok_and(|metric| metric.numerator.is_some()), "{name}");
        }
    }

    #[test]
    fn the_route_behind_a_figure_asks_for_its_version_campaign_and_window() {
        let metric = catalog()
            .unwrap()
            .metric("answer_ratio_per_call", Some(1))
            .unwrap();
        let day = "2026-03-02".parse().unwrap();
        let ask = PdcaScope {
            length: PeriodLength::Day,
            day,
            campaign: Some("LOAN_1".parse().unwrap()),
            upto: None,
        };
        let scope = scope(&ask, &PeriodLength::Day.of(day));
        assert_eq!(scope.check(), Ok(()), "a period begins and ends at whole hours");
        let route = events(metric, &scope);
        let (path, query) = route.split_once('?').unwrap();
        assert_eq!(path, "/api/v1/metrics/answer_ratio_per_call/events");
        let names: Vec<&str> = query
            .split('&')
            .filter_map(|pair| Some(pair.split_once('=')?.0))
            .collect();
        assert_eq!(names, ["version", "campaign", "from", "to"]);
        for name in names {
            assert!(DRILLED.iter().any(|known| known.name == name), "{name}");
        }
        assert!(!route.contains([' ', '+']), "{route}");
    }
}
