//! The output of a measurement: rows of times, and ratios within the run, each compared with its target.

use crate::output;
use crate::stopwatch::Times;
use application::notice::notice;
use domain::problem::Problem;
use serde_json::{Value, json};

/// The target of a ratio.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// One ratio (or, where the name says so, a duration) and its target.
#[derive(Debug, Clone)]
struct Figure {
    name: String,
    value: f64,
    /// The least and the greatest of several rounds, if the value is their median.
    spread: Option<(f64, f64)>,
    target: Option<Target>,
}

/// One engine's times at one size.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub section: String,
    pub engine: String,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub per_second: f64,
    /// The processor time of one event in microseconds, of all threads of this process; 0 if not measured.
    pub(crate) processor_us: f64,
}

/// Everything that one run has measured, in the order in which it was added.
#[derive(Debug, Default)]
pub(crate) struct Report {
    facts: Vec<(String, Value)>,
    rows: Vec<Row>,
    figures: Vec<Figure>,
    skipped: Vec<String>,
}

impl Report {
    /// Adds a fact that a reader must know to judge the figures.
    pub(crate) fn fact(&mut self, name: &str, value: impl Into<Value>) {
        self.facts.push((name.to_owned(), value.into()));
    }

    /// Adds a row with the times of one engine; each time was for `count` events.
    pub(crate) fn row(&mut self, section: &str, engine: &str, times: &Times, count: usize) {
        self.rows.push(Row {
            section: section.to_owned(),
            engine: engine.to_owned(),
            p50_us: times.p50_us(),
            p99_us: times.p99_us(),
            per_second: times.per_second(count),
            processor_us: times.processor_us(count),
        });
    }

    /// Adds a row that another program has measured.
    pub(crate) fn outside_row(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Adds the ratio `over / under` with its target; not a number if `under` was not measured.
    pub(crate) fn ratio(&mut self, name: impl Into<String>, over: f64, under: f64, target: Option<Target>) {
        let value = if under > 0.0 { over / under } else { f64::NAN };
        self.value(name, value, target);
    }

    pub(crate) fn value(&mut self, name: impl Into<String>, value: f64, target: Option<Target>) {
        self.figures.push(Figure {
            name: name.into(),
            value,
            spread: None,
            target,
        });
    }

    /// Adds the median of a ratio's rounds with their spread and the target; not a number without rounds.
    pub(crate) fn rounds(
        &mut self,
        name: impl Into<String>,
        ratios: impl Iterator<Item = f64> + Clone,
        target: Option<Target>,
    ) {
        self.figures.push(Figure {
            name: name.into(),
            value: median(ratios.clone()),
            spread: ratios.clone().reduce(f64::min).zip(ratios.reduce(f64::max)),
            target,
        });
    }

    /// Returns the figure of this name; not a number if there is none.
    #[cfg(test)]
    pub(crate) fn value_of(&self, name: &str) -> f64 {
        let named = self.figures.iter().find(|figure| figure.name == name);
        named.map_or(f64::NAN, |figure| figure.value)
    }

    pub(crate) fn skipped(&mut self, what: impl Into<String>) {
        let what = what.into();
        notice(&format!("SKIPPED {what}"));
        self.skipped.push(what);
    }

    pub(crate) fn show(&self, json_wanted: bool) -> Result<(), Problem> {
        if json_wanted {
            return output::json(&self.object());
        }
        for (name, value) in &self.facts {
            output::line(&format!("{name}: {}", plain(value)))?;
        }
        self.show_rows()?;
        output::line("")?;
        output::line(&format!(
            "{:<72} {:>9}  {:<9} verdict",
            "ratio in this run", "value", "target"
        ))?;
        for figure in &self.figures {
            output::line(&format!(
                "{:<72} {:>9.3}  {:<9} {:<7}{}",
                figure.name,
                figure.value,
                figure.target.map_or(String::new(), Target::text),
                figure.verdict().unwrap_or(""),
                figure.spread.map_or(String::new(), |(least, most)| {
                    format!(" ({least:.2} to {most:.2})")
                })
            ))?;
        }
        for what in &self.skipped {
            output::line(&format!("SKIPPED {what}"))?;
        }
        Ok(())
    }

    fn show_rows(&self) -> Result<(), Problem> {
        let mut section = "";
        for row in &self.rows {
            if row.section != section {
                section = &row.section;
                output::line("")?;
                output::line(&format!(
                    "{section:<48} {:>12} {:>12} {:>14} {:>14}",
                    "p50 us", "p99 us", "events/s", "cpu us/event"
                ))?;
            }
            output::line(&format!(
                "  {:<46} {:>12.0} {:>12.0} {:>14.0} {:>14.1}",
                row.engine, row.p50_us, row.p99_us, row.per_second, row.processor_us
            ))?;
        }
        Ok(())
    }

    fn object(&self) -> Value {
        let figures = self.figures.iter().map(|figure| {
            json!({
                "name": figure.name,
                "value": rounded(figure.value),
                "least_of_rounds": figure.spread.map(|(least, _)| rounded(least)),
                "greatest_of_rounds": figure.spread.map(|(_, most)| rounded(most)),
                "target": figure.target.map(Target::text),
                "verdict": figure.verdict(),
            })
        });
        let rows = self.rows.iter().map(|row| {
            json!({
                "section": row.section,
                "engine": row.engine,
                "p50_us": rounded(row.p50_us),
                "p99_us": rounded(row.p99_us),
                "per_second": row.per_second.round(),
                "processor_us_per_event": rounded(row.processor_us),
            })
        });
        json!({
            "facts": self.facts.iter().cloned().collect::<serde_json::Map<_, _>>(),
            "ratios": figures.collect::<Vec<_>>(),
            "rows": rows.collect::<Vec<_>>(),
            "skipped": self.skipped,
        })
    }
}

impl Target {
    fn text(self) -> String {
        match self {
            Self::AtLeast(value) => format!(">= {value}"),
            Self::AtMost(value) => format!("<= {value}"),
        }
    }

    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }
}

impl Figure {
    fn verdict(&self) -> Option<&'static str> {
        let target = self.target?;
        Some(if self.value.is_nan() {
            "not measured"
        } else if target.is_met(self.value) {
            "ok"
        } else {
            "MISSED"
        })
    }
}

/// Returns the value in the middle; of an even number the upper of the two in the middle; not a number
/// without any.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_at_its_own_value_and_missed_beyond() {
        for (target, value, met) in [
            (Target::AtLeast(0.4), 0.4, true),
            (Target::AtLeast(0.4), 0.399, false),
            (Target::AtMost(1.3), 1.3, true),
            (Target::AtMost(1.3), 1.301, false),
        ] {
            assert_eq!(target.is_met(value), met, "{target:?} {value}");
        }
    }

    #[test]
    fn what_was_not_measured_is_never_ok() {
        let mut report = Report::default();
        report.ratio("nothing under it", 1.0, 0.0, Some(Target::AtLeast(0.1)));
        assert_eq!(report.figures[0].verdict(), Some("not measured"));
    }
}
