//! The lines that a process prints whenever its state changes: whether it is ready, and whether it dials.
//! `/readyz` returns the same.

use crate::process::Process;
use application::installation::{dialing_line, dialing_word};
use domain::dialing_pause::PauseCode;

/// Milliseconds between two checks of what no signal reports: whether the log, the keys and the views can be
/// written. A change is printed at most this much later. Costs two cheap queries of the store per second.
const LOOK_MS: u64 = 500;

/// The state of a process that it prints: whether it is ready, and what it does about dialing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessStatus {
    /// Why the process is not ready, as in the response of `/readyz`; `None` if it is ready.
    not_ready: Option<String>,
    /// Why the process does not dial; `None` if it dials.
    not_dialing: Option<PauseCode>,
}

impl ProcessStatus {
    /// Returns the text of the printed line about readiness, without its label: `yes`, or `no` with the
    /// reason.
    pub fn ready_line(&self) -> String {
        match &self.not_ready {
            None => "yes".to_owned(),
            Some(why) => format!("no: {}", why.replace('\n', " ")),
        }
    }

    /// Returns true if `/readyz` answers 200.
    pub const fn is_ready(&self) -> bool {
        self.not_ready.is_none()
    }

    /// Returns the text of the printed line about dialing, without its label. It begins with the word that
    /// `/readyz` returns.
    pub fn dialing_line(&self) -> String {
        let code = self.not_dialing;
        format!("{}: {}", dialing_word(code), dialing_line(code))
    }

    /// Returns true if both states are ready, or both are not. Their reasons may differ.
    pub const fn is_as_ready_as(&self, other: &Self) -> bool {
        self.not_ready.is_some() == other.not_ready.is_some()
    }

    /// Returns true if both states have the same reason not to dial, or none.
    pub fn dials_as(&self, other: &Self) -> bool {
        self.not_dialing == other.not_dialing
    }
}

impl Process {
    /// Returns the state of the process now.
    pub async fn standing(&self) -> ProcessStatus {
        let not_ready = self.why_not_ready().await;
        self.standing_with(not_ready)
    }

    /// Waits until the state differs from `before`, and returns the new one. Cancel-safe.
    pub async fn changed_from(&self, before: &ProcessStatus) -> ProcessStatus {
        let mut dialing = self.installation.dialing.state();
        loop {
            let now = self.standing_with(before.not_ready.clone());
            if !now.dials_as(before) {
                return now;
            }
            // A store that does not respond delays the check of readiness, but not changes of dialing.
            tokio::select! {
                biased;
                // The sender lives as long as the application.
                _changed = dialing.changed() => continue,
                not_ready = self.why_not_ready() => {
                    if not_ready.is_some() != before.not_ready.is_some() {
                        return self.standing_with(not_ready);
                    }
                }
            }
            tokio::select! {
                biased;
                _changed = dialing.changed() => {}
                () = self.installation.pause(LOOK_MS) => {}
            }
        }
    }

    async fn why_not_ready(&self) -> Option<String> {
        let problem = self.check_ready().await.err()?;
        Some(problem.to_string())
    }

    fn standing_with(&self, not_ready: Option<String>) -> ProcessStatus {
        ProcessStatus {
            not_ready,
            not_dialing: self.find_dialing_code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(not_ready: Option<&str>, not_dialing: Option<PauseCode>) -> ProcessStatus {
        ProcessStatus {
            not_ready: not_ready.map(str::to_owned),
            not_dialing,
        }
    }

    #[test]
    fn a_line_says_whether_it_is_ready_and_why_not_on_that_one_line() {
        assert_eq!(standing(None, None).ready_line(), "yes");
        let away = standing(Some("unavailable: the store\nis away"), None);
        assert_eq!(away.ready_line(), "no: unavailable: the store is away");
    }

    #[test]
    fn the_line_about_dialing_begins_with_the_word_of_readiness() {
        assert_eq!(standing(None, None).dialing_line(), "dialing: this process dials");
        let with_word = PauseCode::ALL.iter().filter(|code| code.dialing_word().is_some());
        for code in with_word {
            let line = standing(None, Some(*code)).dialing_line();
            let word = code.dialing_word().unwrap();
            assert!(
                line.starts_with(&format!("{word}: {}; ", code.texts().1)),
                "{line}"
            );
        }
    }

    #[test]
    fn another_reason_is_no_change_and_another_word_is_one() {
        let (ready, away) = (standing(None, None), standing(Some("away"), None));
        assert!(away.is_as_ready_as(&standing(Some("still away"), None)));
        assert!(!away.is_as_ready_as(&ready));
        assert!(away.dials_as(&ready));
        assert!(!ready.dials_as(&standing(None, Some(PauseCode::EmergencyStop))));
    }
}
