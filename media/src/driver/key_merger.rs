//! Merges copies of one keypress: a gateway may send a key as an RTP event, by SIP INFO and as a tone.
//!
//! Within one transport its own start and end decide, so that two quick presses are two. A key that comes
//! over another transport within 300 ms of a press, or of its last sign, is the same press.

use domain::call::KeyPath;
use std::collections::VecDeque;

/// Largest time between two copies of one press on different transports, in microseconds. People press the
/// same key at most twice a second.
const SAME_PRESS_US: i64 = 300_000;

/// Most presses remembered; at the limit the oldest is dropped. None is older than 300 ms except a held
/// one.
const PRESSES_MAX: usize = 16;

#[derive(Debug, Clone)]
struct Press {
    digit: char,
    began_us: i64,
    /// The time of the press's last sign, in microseconds.
    until_us: i64,
    /// The transports over which it came.
    paths: Vec<KeyPath>,
}

/// The latest presses of one leg.
#[derive(Debug, Clone, Default)]
pub(super) struct KeyMerger {
    presses: VecDeque<Press>,
}

impl KeyMerger {
    /// Records the start of a press over one transport. Returns false if another transport has brought the
    /// same press.
    pub(super) fn press(&mut self, path: KeyPath, digit: char, now_us: i64) -> bool {
        let copy = self.presses.iter_mut().find(|press| {
            let is_near = now_us.saturating_sub(press.until_us) <= SAME_PRESS_US
                || now_us.saturating_sub(press.began_us) <= SAME_PRESS_US;
            press.digit == digit && is_near && !press.paths.contains(&path)
        });
        if let Some(press) = copy {
            press.paths.push(path);
            press.until_us = press.until_us.max(now_us);
            return false;
        }
        if self.presses.len() >= PRESSES_MAX {
            self.presses.pop_front();
        }
        self.presses.push_back(Press {
            digit,
            began_us: now_us,
            until_us: now_us,
            paths: vec![path],
        });
        true
    }

    /// Records that the last press of a transport is still held down.
    pub(super) fn hold(&mut self, path: KeyPath, now_us: i64) {
        let mut latest = self.presses.iter_mut().rev();
        if let Some(press) = latest.find(|press| press.paths.contains(&path)) {
            press.until_us = press.until_us.max(now_us);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::KeyMerger;
    use KeyPath::{InBand, RtpEvent, SipInfo};
    use domain::call::KeyPath;

    /// Feeds presses `(transport, digit, ms)`. Returns the digits that count.
    fn counted(presses: &[(KeyPath, char, i64)]) -> String {
        let mut merger = KeyMerger::default();
        let presses = presses
            .iter()
            .filter(|(path, digit, ms)| merger.press(*path, *digit, ms * 1_000));
        presses.map(|(_, digit, _)| *digit).collect()
    }

    #[test]
    fn the_same_digit_over_two_transports_within_300_ms_is_one_press() {
        for other in [SipInfo, InBand] {
            assert_eq!(counted(&[(RtpEvent, '9', 0), (other, '9', 300)]), "9");
            assert_eq!(counted(&[(other, '9', 0), (RtpEvent, '9', 300)]), "9");
            assert_eq!(counted(&[(RtpEvent, '9', 0), (other, '9', 301)]), "99");
            assert_eq!(counted(&[(RtpEvent, '9', 0), (other, '1', 10)]), "91");
        }
        assert_eq!(
            counted(&[(InBand, '9', 0), (SipInfo, '9', 90), (RtpEvent, '9', 120)]),
            "9"
        );
    }

    #[test]
    fn two_quick_presses_are_two_over_one_transport_and_over_two() {
        assert_eq!(counted(&[(SipInfo, '1', 0), (SipInfo, '1', 90)]), "11");
        let both = [
            (RtpEvent, '1', 0),
            (SipInfo, '1', 60),
            (RtpEvent, '1', 180),
            (SipInfo, '1', 240),
        ];
        assert_eq!(counted(&both), "11");
        let info_is_late = [
            (RtpEvent, '1', 0),
            (RtpEvent, '1', 150),
            (SipInfo, '1', 200),
            (SipInfo, '1', 290),
        ];
        assert_eq!(counted(&info_is_late), "11");
    }

    #[test]
    fn what_comes_when_a_held_key_is_released_is_the_same_press() {
        let mut merger = KeyMerger::default();
        assert!(merger.press(RtpEvent, '9', 0));
        for ms in (0..=2_000).step_by(20) {
            merger.hold(RtpEvent, ms * 1_000);
        }
        assert!(!merger.press(SipInfo, '9', 2_050_000));
        assert!(
            merger.press(SipInfo, '9', 2_400_000),
            "INFO alone is another press"
        );
    }
}
