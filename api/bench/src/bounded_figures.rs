//! Figures with targets (issue 15): each shows its target and whether it is met; with `--check`, a
//! measurement that misses one ends with an error.

use crate::output;
use domain::problem::Problem;
use serde_json::{Value, json};

/// A figure with a maximum.
#[derive(Debug, Clone)]
pub(crate) struct BoundedFigure {
    name: String,
    value: f64,
    at_most: f64,
    unit: &'static str,
}

impl BoundedFigure {
    pub(crate) fn new(name: &str, value: f64, at_most: f64, unit: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            value,
            at_most,
            unit,
        }
    }

    fn is_met(&self) -> bool {
        self.value <= self.at_most
    }

    fn to_json(&self) -> Value {
        json!({ "name": self.name, "value": self.value, "target_max": self.at_most, "unit": self.unit,
            "of_target": self.value / self.at_most, "met": self.is_met() })
    }

    fn line(&self) -> String {
        let said = if self.is_met() { "met" } else { "NOT met" };
        let (name, value, most, unit) = (&self.name, self.value, self.at_most, self.unit);
        format!("{name:<36} {value:>10.3} {unit:<6} target at most {most} {unit}: {said}")
    }
}

/// Returns the figures with their targets as JSON, for a program.
pub(crate) fn to_json_values(held: &[BoundedFigure]) -> Vec<Value> {
    held.iter().map(BoundedFigure::to_json).collect()
}

/// Prints the figures with their targets, one line each, for a reader.
pub(crate) fn lines(held: &[BoundedFigure]) -> Result<(), Problem> {
    held.iter().try_for_each(|one| output::line(&one.line()))
}

/// Fails with the names of the figures that missed their targets, if a check was requested; otherwise
/// succeeds.
pub(crate) fn check(held: &[BoundedFigure], is_asked: bool) -> Result<(), Problem> {
    let missed: Vec<&str> = held
        .iter()
        .filter(|one| is_asked && !one.is_met())
        .map(|one| one.name.as_str())
        .collect();
    if missed.is_empty() {
        return Ok(());
    }
    let detail = format!("above their targets: {}", missed.join(", "));
    Err(Problem::refused("below-target", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(value: f64) -> Vec<BoundedFigure> {
        vec![BoundedFigure::new("decision p99", value, 1.0, "ms")]
    }

    #[test]
    fn a_target_is_met_up_to_its_bound_and_a_miss_fails_only_if_checked() {
        assert_eq!(to_json_values(&held(1.0))[0]["met"], true);
        assert_eq!(to_json_values(&held(1.001))[0]["met"], false);
        assert!(check(&held(1.0), true).is_ok());
        assert!(check(&held(1.001), false).is_ok());
        let missed = check(&held(1.001), true).unwrap_err();
        assert!(missed.detail.contains("decision p99"), "{missed:?}");
    }
}
