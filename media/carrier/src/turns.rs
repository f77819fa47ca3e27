//! Measures the robot from the side of a speaking callee, by packets alone: how soon it answers, how soon it
//! stops when the callee interrupts, and how long neither side was audible.

use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Most figures kept of one kind per call; further ones are dropped.
const FIGURES_MAX: usize = 200;
/// Silence after which a side has stopped speaking, in milliseconds. Pauses within speech are shorter.
const STOPPED_MS: u64 = 300;
/// Time after the callee began to interrupt, in milliseconds. A robot that still speaks then was not
/// interrupted.
const SPOKEN_THROUGH_MS: u64 = 3_000;

/// The measurements of the robot as written in the call's details.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TurnDetails {
    /// The phrases said, in order.
    pub said: Vec<String>,
    /// Times from the last packet of each phrase to the robot's first audio after it, in milliseconds.
    pub reply_ms: Vec<u64>,
    /// Times from the first packet of a phrase said into the robot's words to the robot's last audio, in
    /// milliseconds.
    pub cut_ms: Vec<u64>,
    /// Number of phrases that the robot spoke through.
    pub uncut: u64,
    /// The longest time between the robot's first audio and the end in which neither side was audible, in
    /// milliseconds.
    pub silence_ms_max: u64,
}

/// Measures the robot's turns in one call.
#[derive(Debug, Default)]
pub(super) struct TurnMeter {
    details: TurnDetails,
    /// The time of the last audio of either side, once the robot was audible.
    last: Option<Timestamp>,
    robot: Option<Timestamp>,
    /// The time at which the callee's last phrase ended, if the robot has not been audible since.
    waits_since: Option<Timestamp>,
    /// The time at which the callee began to interrupt the robot; `None` if no interruption is being
    /// measured.
    cuts_since: Option<Timestamp>,
}

impl TurnMeter {
    pub(super) fn robot_sounds(&mut self, now: Timestamp) {
        if let Some((since, robot)) = self.cuts_since.zip(self.robot) {
            if now.ms_since(robot) >= STOPPED_MS {
                push(&mut self.details.cut_ms, robot.ms_since(since));
                self.cuts_since = None;
            } else if now.ms_since(since) >= SPOKEN_THROUGH_MS {
                self.details.uncut += 1;
                self.cuts_since = None;
                // It still speaks: that is no answer.
                self.waits_since = None;
            }
        }
        if self.cuts_since.is_none()
            && let Some(since) = self.waits_since.take()
        {
            push(&mut self.details.reply_ms, now.ms_since(since));
        }
        self.heard(now);
        self.robot = Some(now);
    }

    /// Records that the callee was audible at this time.
    pub(super) fn we_sound(&mut self, now: Timestamp) {
        if self.last.is_some() {
            self.heard(now);
        }
    }

    fn heard(&mut self, now: Timestamp) {
        if let Some(last) = self.last {
            let silence_ms = now.ms_since(last);
            self.details.silence_ms_max = self.details.silence_ms_max.max(silence_ms);
        }
        self.last = Some(now);
    }

    pub(super) fn phrase_begins(&mut self, text: &str, now: Timestamp) {
        if self.details.said.len() < FIGURES_MAX {
            self.details.said.push(text.to_owned());
        }
        let speaks = self.robot.is_some_and(|last| now.ms_since(last) < STOPPED_MS);
        self.cuts_since = speaks.then_some(now);
        self.waits_since = None;
    }

    pub(super) fn phrase_ends(&mut self, now: Timestamp) {
        self.waits_since = Some(now);
    }

    /// Returns the measurements at the end of the call.
    pub(super) fn over(mut self, now: Timestamp) -> TurnDetails {
        self.we_sound(now);
        if let Some((since, robot)) = self.cuts_since.zip(self.robot)
            && now.ms_since(robot) >= STOPPED_MS
        {
            push(&mut self.details.cut_ms, robot.ms_since(since));
        }
        self.details
    }
}

fn push(figures: &mut Vec<u64>, ms: u64) {
    if figures.len() < FIGURES_MAX {
        figures.push(ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn replies_cuts_and_silences_are_found_by_sounds_alone() {
        let mut turns = TurnMeter::default();
        for ms in (0..2_000).step_by(20) {
            turns.robot_sounds(at(ms));
        }
        turns.phrase_begins("是的", at(2_900));
        turns.we_sound(at(2_900));
        turns.we_sound(at(3_400));
        turns.phrase_ends(at(3_400));
        for ms in (4_100..6_000).step_by(20) {
            turns.robot_sounds(at(ms));
        }
        // Into its words: it goes on for 180 ms and is quiet.
        turns.phrase_begins("三期", at(5_990));
        for ms in (6_000..6_180).step_by(20) {
            turns.robot_sounds(at(ms));
        }
        turns.we_sound(at(6_900));
        turns.phrase_ends(at(6_900));
        turns.robot_sounds(at(7_500));
        let details = turns.over(at(9_500));
        assert_eq!(details.said, ["是的", "三期"]);
        assert_eq!(details.reply_ms, [700, 600]);
        assert_eq!((details.cut_ms, details.uncut), (vec![170], 0));
        assert_eq!(details.silence_ms_max, 2_000);
    }
}
