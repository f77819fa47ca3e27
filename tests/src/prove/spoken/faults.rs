//! Recognizers that stall, lie, cut, are late or talk nonsense in the middle of calls: nobody hears silence
//! for more than three seconds, and every call ends once.

use super::round::{Engine, Found, Line, Round, hold};
use super::{HEARD, SILENCE_MS_MAX};
use crate::program::is_installed;
use crate::prove::{Form, Proof};
use serde_json::{Value, json};
use speech::recognition::spec::Kind;
use speech::testing::double::Manner;

/// What may go wrong with an engine.
const MANNERS: [(&str, Manner); 9] = [
    ("stalls", Manner::Stalls),
    ("hangs", Manner::Hangs),
    ("lies", Manner::Lies),
    ("cuts", Manner::Cuts),
    ("late", Manner::Late { ms: 3_000 }),
    ("garbles", Manner::Garbles),
    ("floods", Manner::Floods),
    ("swells", Manner::Swells),
    ("denies", Manner::Denies),
];

const KINDS: [Kind; 5] = [Kind::Vosk, Kind::FunAsr, Kind::Sherpa, Kind::Nls, Kind::OpenAi];

/// Says what it is asked by word, and then by key: with a recognizer that fails, keys answer.
fn line(people: u32) -> Line {
    Line {
        turns: vec![
            json!({"say": "是的"}),
            json!({"press": "1"}),
            json!({"press": "1"}),
            json!({"press": "1"}),
        ],
        outcome: "",
        people,
    }
}

pub(crate) fn prove(form: Form) -> Proof {
    if !is_installed("espeak-ng") {
        let line = json!({"proof": "speech-faults", "skipped": "espeak-ng is not installed: apt-get install espeak-ng"});
        return Proof { line, holds: true };
    }
    let (kinds, manners, people): (&[Kind], &[(&str, Manner)], u32) = match form {
        Form::Short => (&KINDS[..1], &MANNERS[..5], 3),
        Form::Long => (&KINDS, &MANNERS, 50),
    };
    let mut broken = Vec::new();
    let mut by_manner = serde_json::Map::new();
    let (mut calls, mut silence_ms_max) = (0, 0);
    for (name, manner) in manners {
        // The engines of one manner at once: each has a server of its own, which mostly waits.
        let found: Vec<Found> = std::thread::scope(|scope| {
            let running: Vec<_> = kinds
                .iter()
                .map(|kind| {
                    scope.spawn(|| {
                        hold(&Round {
                            name: kind.name(),
                            engine: Engine::Double(*kind, *manner, &HEARD),
                            lines: vec![line(people)],
                        })
                    })
                })
                .collect();
            let ended = running.into_iter();
            ended
                .map(|round| round.join().expect("a round ends by itself"))
                .collect()
        });
        for (kind, found) in kinds.iter().zip(&found) {
            let about = |what: &String| format!("{} {name}: {what}", kind.name());
            // With a failing recognizer nobody can say how a call must end; that it ends is what counts.
            let real = found.broken.iter().filter(|what| !what.contains(" ended as "));
            broken.extend(real.map(about));
            if found.silence_ms_max > SILENCE_MS_MAX {
                broken.push(about(&format!("{} ms of silence", found.silence_ms_max)));
            }
            if found.calls < u64::from(people) {
                broken.push(about(&format!("{} calls of {people}", found.calls)));
            }
            calls += found.calls;
            silence_ms_max = silence_ms_max.max(found.silence_ms_max);
        }
        by_manner.insert((*name).to_owned(), failures(&found));
    }
    let line = json!({
        "proof": "speech-faults",
        "calls": calls,
        "silence_ms_max": silence_ms_max,
        "failures": by_manner,
        "broken": broken.iter().take(20).collect::<Vec<_>>(),
    });
    Proof {
        line,
        holds: broken.is_empty(),
    }
}

fn failures(found: &[Found]) -> Value {
    let mut sums = serde_json::Map::new();
    for (class, count) in found.iter().flat_map(|one| &one.engine_failures) {
        let sum = sums.get(class).and_then(Value::as_u64).unwrap_or(0) + count;
        sums.insert(class.clone(), sum.into());
    }
    sums.into()
}
