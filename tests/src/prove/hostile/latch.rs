//! Attack: RTP from neighbors (issue 51, B9). Keypresses and audio from a source that the trunk's `latch`
//! does not admit must change no call.
//!
//! For each rule there is also a source that it admits: a 9 from there must count, or the attack proves
//! nothing.

use super::far_end::{AnsweredCall, FarEnd, socket};
use super::tally::{Tally, long_form_only};
use super::{AttackContext, Verdict};
use crate::history::member;
use crate::passing_time::HUNG_AFTER;
use crate::prove::Form;
use crate::prove::crash::records;
use crate::server::Server;
use serde_json::{Value, json};

/// Packets of the robot until its notices are over and the callee is recorded: 3.5 s, and a margin.
const NOTICES: usize = 250;

/// The packets of loud audio sent at once.
const SOUNDS: u8 = 25;

/// The source of keypresses and audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The address and port in the SDP.
    Described,
    /// The address in the SDP with another port.
    OtherPort,
    /// An address in the same /24.
    Neighbour,
    /// An address in the same /24, after audio from the SDP's address.
    NeighbourLater,
    /// An address in another network.
    Elsewhere,
}

/// For each rule, the sources and whether it admits them.
const RULES: [(&str, &[(Source, bool)]); 3] = [
    (
        "exact",
        &[
            (Source::OtherPort, false),
            (Source::Neighbour, false),
            (Source::Elsewhere, false),
            (Source::Described, true),
        ],
    ),
    (
        "port",
        &[
            (Source::Neighbour, false),
            (Source::NeighbourLater, false),
            (Source::Elsewhere, false),
            (Source::OtherPort, true),
        ],
    ),
    (
        "subnet",
        &[
            (Source::NeighbourLater, false),
            (Source::Elsewhere, false),
            (Source::Neighbour, true),
        ],
    ),
];

/// The events of a call.
struct Outcome {
    keys: usize,
    outcome: Value,
    heard_from_ms: Value,
}

impl Outcome {
    fn of(server: &Server, campaign: &str) -> Option<Self> {
        let query = format!("kind=call.ended&campaign={campaign}");
        let ended = server.follow_events(&query, HUNG_AFTER, |event| Some(event.clone()))?;
        let path = format!("/api/v1/events?kind=call.keypressed&campaign={campaign}&limit=100");
        let pressed = server.get(&path).ok()?;
        Some(Self {
            keys: member(&pressed.body, "/items").as_array()?.len(),
            outcome: member(&ended, "/data/outcome").clone(),
            heard_from_ms: member(&ended, "/data/callee_audio_from_ms").clone(),
        })
    }

    /// Returns true if keypresses or audio from the source reached the call.
    fn is_reached(&self) -> bool {
        self.keys > 0 || self.outcome == "opted_out" || !self.heard_from_ms.is_null()
    }
}

/// Plays one call with keypresses and audio from this source.
fn play(talk: &AnsweredCall<'_>, far_end: &FarEnd, source: Source, is_admitted: bool) {
    talk.hear(5);
    if source == Source::NeighbourLater {
        talk.sound_from(&far_end.sound, 0);
        talk.hear(5);
    }
    let other = match source {
        Source::Described => None,
        Source::OtherPort => Some(socket("127.0.0.1")),
        Source::Neighbour | Source::NeighbourLater => Some(socket("127.0.0.77")),
        Source::Elsewhere => Some(socket("127.9.9.9")),
    };
    let from = other.as_ref().unwrap_or(&far_end.sound);
    if is_admitted {
        talk.press(from, 1);
        if !talk.is_ended(HUNG_AFTER) {
            talk.hang_up();
        }
        return;
    }
    // During the notices, and again when the callee is recorded.
    for (begin, after) in [(1_u8, NOTICES), (100, 0)] {
        talk.press(from, begin);
        for index in 0..SOUNDS {
            talk.sound_from(from, begin + 10 + index);
            talk.hear(1);
        }
        talk.hear(after);
    }
    talk.hang_up();
}

/// Tries every source of one rule, one call each. Returns for each whether it held, and a text.
fn attempts(rule: &str, sources: &[(Source, bool)], salt: u32) -> Vec<(bool, String)> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().join("data");
    let far_end = FarEnd::start();
    let server = Server::start(&data, &format!("{};probe=off;latch={rule}", far_end.trunk()));
    let mut found = Vec::new();
    for (number, &(source, is_admitted)) in (salt..).zip(sources) {
        let campaign = format!("LATCH{number}");
        server.call(&campaign, &records(1, number));
        let talk = far_end.answer(HUNG_AFTER);
        if let Some(talk) = &talk {
            play(talk, &far_end, source, is_admitted);
        }
        let outcome = talk.and_then(|_| Outcome::of(&server, &campaign));
        let what = match (&outcome, is_admitted) {
            (None, _) => format!("latch={rule}, {source:?}: no call: no attack"),
            (Some(_), true) => format!("latch={rule}, {source:?}: a 9 is not counted: no attack"),
            (Some(outcome), false) => format!(
                "latch={rule}, {source:?}: {} keys, outcome {}, sound from {} ms",
                outcome.keys, outcome.outcome, outcome.heard_from_ms
            ),
        };
        let is_held = outcome.is_some_and(|outcome| match is_admitted {
            true => outcome.outcome == "opted_out",
            false => !outcome.is_reached(),
        });
        found.push((is_held, what));
    }
    found
}

/// Runs the attack: each rule has a server and a far end of its own.
pub(super) fn neighbours(stage: &AttackContext<'_>) -> Verdict {
    if stage.form != Form::Long {
        return long_form_only();
    }
    let mut tally = Tally::default();
    let found: Vec<Vec<(bool, String)>> = std::thread::scope(|scope| {
        let running: Vec<_> = (300..)
            .step_by(10)
            .zip(&RULES)
            .map(|(salt, (rule, sources))| scope.spawn(move || attempts(rule, sources, salt)))
            .collect();
        let ended = running.into_iter();
        ended
            .map(|one| one.join().expect("the calls of a rule end"))
            .collect()
    });
    for (is_held, what) in found.into_iter().flatten() {
        tally.holds(is_held, &what);
    }
    let rules: Vec<&str> = RULES.iter().map(|(rule, _)| *rule).collect();
    tally.verdict(&json!({ "rules": rules }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_an_opt_out_and_sound_reach_a_call() {
        let outcome = |keys: usize, outcome: &str, heard_from_ms: Value| Outcome {
            keys,
            outcome: json!(outcome),
            heard_from_ms,
        };
        assert!(!outcome(0, "hung_up", Value::Null).is_reached());
        assert!(outcome(1, "hung_up", Value::Null).is_reached());
        assert!(outcome(0, "opted_out", Value::Null).is_reached());
        assert!(outcome(0, "hung_up", json!(4_000)).is_reached());
    }
}
