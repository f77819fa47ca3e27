//! What `ledgerline doctor` found: printed as lines or as one JSON object.

use crate::commands::doctor_check::{Check, CheckStatus};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::table::pad;
use application::format_localized;
use serde_json::{Value, json};

/// The checks, and the reasons for which dialing is paused.
pub(crate) struct DoctorFindings {
    pub(super) checks: Vec<Check>,
    pub(super) pauses: Vec<Value>,
}

impl DoctorFindings {
    fn bad_count(&self) -> usize {
        let checks = self.checks.iter();
        checks.filter(|check| check.finding == CheckStatus::Bad).count()
    }

    /// Returns the findings as one JSON object, in English.
    pub(crate) fn to_json(&self) -> Value {
        let checks = self.checks.iter().map(|check| {
            let finding = check.finding.word();
            json!({ "check": check.name, "finding": finding, "says": check.says.en })
        });
        let checks: Vec<Value> = checks.collect();
        json!({ "healthy": self.bad_count() == 0, "checks": checks, "dialing_pauses": self.pauses })
    }

    /// Prints the findings. Fails if a check is bad.
    pub(super) fn report(&self, json: bool) -> Result<(), Failure> {
        if json {
            output::json(&self.to_json())?;
        } else {
            for check in &self.checks {
                output::line(&format!(
                    "{} {} {}",
                    pad(check.finding.label(), 5),
                    pad(check.label(), 14),
                    check.says
                ))?;
            }
        }
        match self.bad_count() {
            0 => Ok(()),
            bad => Err(Failure::found(bad_in_words(bad))),
        }
    }
}

fn bad_in_words(bad: usize) -> String {
    match bad {
        1 => format_localized!("1 项检查不合格", "1 check is bad"),
        bad => format_localized!("{bad} 项检查不合格", "{bad} checks are bad"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_check_is_said_to_be_one() {
        for (bad, said) in [(1, "1 check is bad"), (2, "2 checks are bad")] {
            assert_eq!(bad_in_words(bad), said);
        }
    }
}
