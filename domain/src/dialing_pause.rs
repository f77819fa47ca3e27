//! The reasons for which dialing is paused now: what each pauses, since when, and its text.
//!
//! `pause_code` has the only list of them. `dialing_facts` decides which apply; readiness,
//! `GET /api/v1/dialing`, `doctor`, the console and the metric `ledgerline_dialing_paused` show them.

use crate::calling_plan::Preset;
use crate::time::Timestamp;
use values::ids::CampaignId;

pub use crate::pause_code::{PauseCode, PauseCodeSet, PauseScope};

/// The thing that a reason pauses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PauseSubject {
    Installation,
    /// The trunk of this name.
    Trunk(String),
    Preset(Preset),
    Campaign(CampaignId),
}

/// One reason for which dialing is paused, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialingPause {
    pub code: PauseCode,
    pub subject: PauseSubject,
    /// When the reason began; `None` if that is not recorded.
    pub since: Option<Timestamp>,
    /// When dialing continues by itself; `None` if that depends on a person or is unknown.
    pub next_at: Option<Timestamp>,
    /// The reason in Chinese, with its details.
    pub zh: String,
    /// The reason in English, with its details.
    pub en: String,
}

impl DialingPause {
    /// Creates a reason with the text of its code alone.
    pub fn new(code: PauseCode, subject: PauseSubject) -> Self {
        let (zh, en) = code.texts();
        Self {
            code,
            subject,
            since: None,
            next_at: None,
            zh: zh.to_owned(),
            en: en.to_owned(),
        }
    }

    /// Adds a detail to the text, in both languages.
    #[must_use]
    pub fn with_detail(mut self, zh: &str, en: &str) -> Self {
        self.zh = format!("{}：{zh}", self.zh);
        self.en = format!("{}: {en}", self.en);
        self
    }

    /// Sets when the reason began.
    #[must_use]
    pub const fn since(mut self, since: Option<Timestamp>) -> Self {
        self.since = since;
        self
    }

    /// Sets when dialing continues by itself.
    #[must_use]
    pub const fn until(mut self, next_at: Option<Timestamp>) -> Self {
        self.next_at = next_at;
        self
    }

    /// Returns true if the reason pauses every call of the process.
    pub fn is_installation_wide(&self) -> bool {
        self.code.scope() == PauseScope::Installation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_has_a_name_of_its_own_and_the_codes_are_ordered_by_scope() {
        let names: BTreeSet<&str> = PauseCode::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), PauseCode::ALL.len());
        assert!(PauseCode::ALL.is_sorted_by_key(|code| code.scope()));
        for code in PauseCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
            assert_eq!(PauseCode::of_name(code.name()), Some(*code));
        }
    }

    #[test]
    fn a_set_holds_every_code_once_and_in_order() {
        let all: PauseCodeSet = PauseCode::ALL.iter().rev().copied().collect();
        assert_eq!(all.codes(), PauseCode::ALL);
        let twice: PauseCodeSet = [PauseCode::DiskFull, PauseCode::DiskFull].into_iter().collect();
        assert_eq!(twice.codes(), [PauseCode::DiskFull]);
        assert_eq!(PauseCodeSet::default().codes(), []);
    }

    #[test]
    fn a_detail_follows_the_text_in_both_languages() {
        let pause = DialingPause::new(PauseCode::DiskFull, PauseSubject::Installation).with_detail("甲", "a");
        assert!(
            pause.zh.ends_with("：甲") && pause.en.ends_with(": a"),
            "{pause:?}"
        );
    }
}
