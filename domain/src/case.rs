//! What complaints and person requests have in common: their subject, their deadline with its source, and the
//! limits of their texts.

use crate::calendar::{beijing_date, midnight};
use crate::time::Timestamp;
use chrono::Days;
use serde::{Deserialize, Serialize};
use values::ids::{CallId, CampaignId, CustomerId, NumberId};

/// The most bytes of a text of a complaint or person request; a longer one is refused. It is stored
/// permanently and must not name a person.
pub const CASE_TEXT_BYTES_MAX: usize = 512;

/// What a complaint or person request is about; at least one member is set.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
pub struct CaseAbout {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<NumberId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
}

impl CaseAbout {
    pub const fn is_empty(&self) -> bool {
        self.customer.is_none() && self.number.is_none() && self.call.is_none() && self.campaign.is_none()
    }
}

/// Within how many days a case must be answered, and the source of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadlineRule {
    pub days: u32,
    /// The text that sets the period, as far as known.
    pub source: &'static str,
}

/// The deadline of a case. It is stored with the case, so that a later change of the rule does not move it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(days, source)]
pub struct Deadline {
    pub due_at: Timestamp,
    pub days: u32,
    #[schemars(example = &"operator default")]
    pub source: String,
}

impl Deadline {
    /// Returns the deadline at the end of the rule's last day, by Beijing's calendar; the day of receipt
    /// does not count.
    pub fn after(received_at: Timestamp, rule: DeadlineRule) -> Self {
        let first_after = beijing_date(received_at).checked_add_days(Days::new(u64::from(rule.days) + 1));
        Self {
            due_at: first_after.map_or(received_at, midnight),
            days: rule.days,
            source: rule.source.to_owned(),
        }
    }

    /// Returns true if `at` is at or after the deadline.
    pub fn has_passed(&self, at: Timestamp) -> bool {
        at >= self.due_at
    }
}

/// The reasons why a text of a complaint or person request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaseTextError {
    #[error("{member} is required")]
    Missing { member: &'static str },
    #[error("{member} has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLong {
        member: &'static str,
        bytes: usize,
        bytes_max: usize,
    },
}

/// Refuses a required text that is blank or longer than `CASE_TEXT_BYTES_MAX`; `member` names it in the
/// error.
pub(crate) fn check_required_text(member: &'static str, text: &str) -> Result<(), CaseTextError> {
    if text.trim().is_empty() {
        return Err(CaseTextError::Missing { member });
    }
    check_text_length(member, Some(text))
}

/// Refuses a text that is longer than `CASE_TEXT_BYTES_MAX`; an absent one passes.
pub(crate) fn check_text_length(member: &'static str, text: Option<&str>) -> Result<(), CaseTextError> {
    let bytes = text.map_or(0, str::len);
    if bytes <= CASE_TEXT_BYTES_MAX {
        return Ok(());
    }
    Err(CaseTextError::TooLong {
        member,
        bytes,
        bytes_max: CASE_TEXT_BYTES_MAX,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_ends_with_its_last_day_in_beijing() {
        let rule = DeadlineRule {
            days: 15,
            source: "s",
        };
        for received in ["2026-03-02T00:00:00+08:00", "2026-03-02T23:59:59.999999+08:00"] {
            let deadline = Deadline::after(received.parse().unwrap(), rule);
            assert_eq!(
                deadline.due_at,
                "2026-03-18T00:00:00+08:00".parse().unwrap(),
                "{received}"
            );
            assert!(
                !deadline.has_passed(deadline.due_at.minus_ms(1)) && deadline.has_passed(deadline.due_at)
            );
        }
    }

    #[test]
    fn a_text_has_an_end_and_one_that_is_needed_is_not_blank() {
        let longest = "x".repeat(CASE_TEXT_BYTES_MAX);
        assert_eq!(check_required_text("note", &longest), Ok(()));
        assert_eq!(
            check_required_text("note", " "),
            Err(CaseTextError::Missing { member: "note" })
        );
        assert!(check_text_length("note", Some(&format!("{longest}x"))).is_err());
        assert_eq!(check_text_length("note", None), Ok(()));
    }
}
