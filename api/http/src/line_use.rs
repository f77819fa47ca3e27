//! A line as replies show it: its current load with its limits, as the dialer counts it.

use actors::{LineAdmission, LineLoad};
use application::installation::DialingControl;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// The load of one line of the dialing process.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LineUse {
    trunk: String,
    /// Current calls, and channels that are reserved for calls.
    channels_used: u32,
    channels_max: u32,
    dialed_last_second: u32,
    calls_per_second_max: u32,
    /// Consecutive failures caused by the trunk, since it last carried a call.
    failures_in_row: u32,
    /// The line carries no calls before this time: after failures, or because its far end asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    rests_until: Option<Timestamp>,
    state: LineState,
}

/// Whether a line takes calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LineState {
    /// It has a free channel.
    Serving,
    /// All channels are in use.
    Full,
    /// Its far end does not answer OPTIONS, or its calls failed too often in a row: it carries no calls, or a
    /// few while it recovers.
    Failing,
    /// Its far end asked for a pause.
    Resting,
    /// Stopped by an emergency stop.
    Stopped,
    /// The licences of all its caller numbers have ended.
    Unlicensed,
}

/// Returns the load of each line, in order of preference; `None` if this process does not dial.
pub(crate) fn lines_of(dialing: &DialingControl) -> Option<Vec<LineUse>> {
    let drivers = dialing.drivers()?;
    Some(drivers.lines().iter().map(LineUse::of).collect())
}

impl LineUse {
    pub(crate) fn of(load: &LineLoad) -> Self {
        Self {
            trunk: load.trunk.clone(),
            channels_used: load.legs,
            channels_max: load.legs_max,
            dialed_last_second: load.dialed_last_second,
            calls_per_second_max: load.dials_per_second_max,
            failures_in_row: load.failures_in_a_row,
            rests_until: load.rests_until,
            state: state_of(load),
        }
    }
}

/// Returns the most serious reason why a line takes no calls, or `Serving`.
fn state_of(load: &LineLoad) -> LineState {
    if load.is_stopped {
        LineState::Stopped
    } else if load.is_unlicensed() {
        LineState::Unlicensed
    } else if load.carries != LineAdmission::All {
        LineState::Failing
    } else if load.rests_until.is_some() {
        LineState::Resting
    } else if load.legs >= load.legs_max {
        LineState::Full
    } else {
        LineState::Serving
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(legs: u32, rests_until: Option<Timestamp>, is_stopped: bool) -> LineLoad {
        LineLoad {
            trunk: "first".to_owned(),
            legs,
            legs_max: 4,
            dialed_last_second: 0,
            dials_per_second_max: 2,
            failures_in_a_row: 0,
            rests_until,
            carries: LineAdmission::All,
            is_stopped,
            is_loopback: true,
            callers: Vec::new(),
            calls_per_number_max: None,
        }
    }

    #[test]
    fn a_line_says_what_keeps_it_from_taking_calls() {
        let later = Some(Timestamp::from_millis(1));
        let states = [
            load(3, None, false),
            load(4, None, false),
            load(4, later, false),
            load(4, later, true),
        ];
        let states = states.map(|one| state_of(&one));
        let expected = [
            LineState::Serving,
            LineState::Full,
            LineState::Resting,
            LineState::Stopped,
        ];
        assert_eq!(states, expected);
        for carries in [LineAdmission::Nothing, LineAdmission::Few { good_calls_left: 2 }] {
            let failing = LineLoad {
                carries,
                ..load(4, later, false)
            };
            assert_eq!(state_of(&failing), LineState::Failing);
        }
    }
}
