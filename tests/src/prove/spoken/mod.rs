//! Proof of spoken calls with the real binary and a simulated carrier: the callees speak, the robot
//! recognizes, understands, answers, is interrupted and stops. The times are measured at the callee's end
//! of the RTP; only the long form ([`Form::Long`]) judges them.

mod faults;
mod longest_silence;
mod pocketsphinx;
mod round;

/// Proof `speech-faults`: calls during which the recognizer fails.
pub(crate) use faults::prove as prove_faults;

use super::{Form, Proof};
use crate::program::is_installed;
use longest_silence::LongestSilence;
use round::{CalleeGroup, Engine, Round, SpokenRoundResults, run_round};
use serde_json::{Value, json};
use speech::recognition::spec::RecognizerKind;
use speech::testing::double::DoubleBehavior;

/// The median time of a reply (the requirement): from the end of speech to the first audio.
const P50_MS: u64 = 800;
/// The 95th percentile of a reply.
const P95_MS: u64 = 1_200;
/// The longest time at the 95th percentile until a prompt stops after the callee begins to speak (the
/// requirement).
const CUT_P95_MS: u64 = 200 + NOTICED_MS;
/// How long a callee must speak, from the first voiced packet, to count as an interruption.
const NOTICED_MS: u64 = 300;
/// The number of calls in which one prompt may stop without an interruption.
const CALLS_A_FALSE_BARGE_IN: u64 = 10;
/// The longest silence, in milliseconds.
const SILENCE_MS_MAX: u64 = 3_000;

/// What a callee says and does in a call, and how it ends.
struct CallScenario {
    turns: &'static [Turn],
    outcome: &'static str,
}

#[derive(Clone, Copy)]
enum Turn {
    Say(&'static str),
    /// Speaks so long after the robot has begun a prompt, which stops.
    Into(&'static str, u64),
    /// Speaks over a prompt that does not stop: over a notice, or only to show attention.
    Over(&'static str, u64),
    Press(char),
}

/// Every way through the card instalment flow that words open.
const STORIES: [CallScenario; 6] = [
    CallScenario {
        turns: &[Turn::Say("是的"), Turn::Say("三期"), Turn::Press('1')],
        outcome: "success",
    },
    CallScenario {
        turns: &[Turn::Say("是的"), Turn::Say("不需要")],
        outcome: "declined",
    },
    CallScenario {
        turns: &[Turn::Say("是的"), Turn::Say("六期"), Turn::Into("不需要", 2_500)],
        outcome: "declined",
    },
    CallScenario {
        turns: &[Turn::Say("是的"), Turn::Say("不要再打了")],
        outcome: "opted_out",
    },
    CallScenario {
        turns: &[Turn::Say("是的"), Turn::Say("转人工")],
        outcome: "callback",
    },
    CallScenario {
        turns: &[Turn::Over("不要再打了", 600)],
        outcome: "opted_out",
    },
];

/// The English survey, with every command of the grammar at least once.
const ENGLISH: [CallScenario; 8] = [
    CallScenario {
        turns: &[Turn::Say("yes"), Turn::Say("four"), Turn::Say("yes")],
        outcome: "success",
    },
    CallScenario {
        turns: &[
            Turn::Say("please repeat"),
            Turn::Say("yes"),
            Turn::Say("one"),
            Turn::Say("no"),
        ],
        outcome: "success",
    },
    CallScenario {
        turns: &[Turn::Say("yes"), Turn::Say("two"), Turn::Say("yes")],
        outcome: "success",
    },
    CallScenario {
        turns: &[Turn::Say("yes"), Turn::Say("three"), Turn::Say("stop calling me")],
        outcome: "opted_out",
    },
    CallScenario {
        turns: &[Turn::Say("yes"), Turn::Say("five"), Turn::Say("talk to a human")],
        outcome: "callback",
    },
    CallScenario {
        turns: &[Turn::Say("no")],
        outcome: "declined",
    },
    CallScenario {
        turns: &[Turn::Say("wrong number")],
        outcome: "wrong_party",
    },
    CallScenario {
        turns: &[Turn::Say("not interested")],
        outcome: "declined",
    },
];

/// The callee shows attention aloud while the terms are read, and nothing stops.
const LISTENS: CallScenario = CallScenario {
    turns: &[
        Turn::Say("是的"),
        Turn::Say("三期"),
        Turn::Over("嗯", 2_500),
        Turn::Press('1'),
    ],
    outcome: "success",
};

/// The texts that doubles return as recognized.
const HEARD: [&str; 3] = ["是的", "三期", "嗯"];

/// Runs the calls with every recognizer and judges all of them together. Skipped without espeak-ng, and
/// its part with PocketSphinx without that. `form` sets the number of calls.
pub(crate) fn prove(form: Form) -> Proof {
    if !is_installed("espeak-ng") {
        let line =
            json!({"proof": "spoken", "skipped": "espeak-ng is not installed: apt-get install espeak-ng"});
        return Proof { line, holds: true };
    }
    let people = match form {
        Form::Short => 1,
        Form::Long => 6,
    };
    let embedded = Round {
        engine: Engine::Template,
        lines: STORIES.iter().map(|story| line_of(story, people)).collect(),
    };
    let mut rounds = Vec::new();
    let missing = pocketsphinx::missing();
    if missing.is_none() {
        let stories = if form == Form::Short {
            ENGLISH.get(..3)
        } else {
            ENGLISH.get(..)
        };
        let lines = stories
            .into_iter()
            .flatten()
            .map(|story| line_of(story, 1))
            .collect();
        let engine = Engine::Pocketsphinx;
        rounds.push(("pocketsphinx", vec![Round { engine, lines }]));
    }
    rounds.push(("template", vec![embedded]));
    let kinds = [
        RecognizerKind::Vosk,
        RecognizerKind::FunAsr,
        RecognizerKind::Sherpa,
        RecognizerKind::Nls,
        RecognizerKind::OpenAi,
    ];
    rounds.extend(kinds.map(|kind| {
        // Over HTTP a double cannot distinguish callers: each has one of its own, one after the other.
        let (doubles, callers) = match kind {
            RecognizerKind::OpenAi => (people, 1),
            _ => (1, people),
        };
        let one = |_| Round {
            engine: Engine::Double(kind, DoubleBehavior::Answers, &HEARD),
            lines: vec![line_of(&LISTENS, callers)],
        };
        (kind.name(), (0..doubles).map(one).collect())
    }));
    // PocketSphinx uses a processor for a second per turn and runs alone, like a robot in production; in the
    // long form so does the embedded recognizer, which has one server per story.
    let alone = match form {
        Form::Short => usize::from(missing.is_none()),
        Form::Long => rounds.len() - kinds.len(),
    };
    let (by_themselves, together) = rounds.split_at(alone);
    let mut held: Vec<(&str, SpokenRoundResults)> = Vec::new();
    for engine in by_themselves.chunks(1).chain([together]) {
        held.extend(held_at_once(engine));
    }
    let mut proof = judged(&held, form);
    if let Some(install) = missing
        && let Some(members) = proof.line.as_object_mut()
    {
        let why = format!("not installed: {install}");
        members.insert("pocketsphinx".to_owned(), json!({ "skipped": why }));
    }
    proof
}

/// Runs the rounds of each engine one after the other, the engines in parallel.
fn held_at_once(engines: &[(&'static str, Vec<Round>)]) -> Vec<(&'static str, SpokenRoundResults)> {
    std::thread::scope(|scope| {
        let of_engine = |rounds: &Vec<Round>| {
            rounds
                .iter()
                .map(run_round)
                .fold(SpokenRoundResults::default(), SpokenRoundResults::and)
        };
        let running: Vec<_> = engines
            .iter()
            .map(|(name, rounds)| (*name, scope.spawn(move || of_engine(rounds))))
            .collect();
        let ended = running.into_iter();
        ended
            .map(|(name, rounds)| (name, rounds.join().expect("a round ends by itself")))
            .collect()
    })
}

fn line_of(story: &CallScenario, people: u32) -> CalleeGroup {
    let turns = story.turns.iter().map(|turn| match turn {
        Turn::Say(text) => json!({"say": text}),
        Turn::Into(text, ms) | Turn::Over(text, ms) => json!({"say": text, "interrupt_after_ms": ms}),
        Turn::Press(digit) => json!({"press": digit}),
    });
    let into = |turn: &&Turn| matches!(turn, Turn::Into(..));
    CalleeGroup {
        turns: turns.collect(),
        outcome: story.outcome,
        cuts: story.turns.iter().filter(into).count(),
        people,
    }
}

fn judged(held: &[(&str, SpokenRoundResults)], form: Form) -> Proof {
    let mut replies: Vec<u64> = held
        .iter()
        .flat_map(|(_, found)| found.reply_ms.clone())
        .collect();
    let mut cuts: Vec<u64> = held.iter().flat_map(|(_, found)| found.cut_ms.clone()).collect();
    replies.sort_unstable();
    cuts.sort_unstable();
    let quiets = held.iter().map(|(_, found)| found.quiet.clone());
    let quiet = quiets.fold(LongestSilence::default(), LongestSilence::or);
    let mut broken: Vec<String> = Vec::new();
    for (name, found) in held {
        broken.extend(found.broken.iter().map(|what| format!("{name}: {what}")));
        if found.reply_ms.is_empty() {
            broken.push(format!("{name}: no callee got a reply"));
        }
    }
    if cuts.is_empty() {
        broken.push("no prompt stopped when its callee spoke".to_owned());
    }
    let mut beyond = |what: &str, figure: Option<u64>, most: u64| {
        if form.judges_time() && figure.is_none_or(|figure| figure > most) {
            broken.push(format!("{what} is {figure:?} ms, and may be {most}"));
        }
    };
    beyond("a reply in the middle", of_hundred(&replies, 50), P50_MS);
    beyond("the slowest reply of twenty", of_hundred(&replies, 95), P95_MS);
    beyond("the slowest stop of twenty", of_hundred(&cuts, 95), CUT_P95_MS);
    beyond("the longest silence", Some(quiet.ms), SILENCE_MS_MAX);
    let sum = |count: fn(&SpokenRoundResults) -> u64| held.iter().map(|(_, found)| count(found)).sum::<u64>();
    let (calls, false_barge_ins) = (sum(|found| found.calls), sum(|found| found.false_barge_ins));
    if is_interrupted_too_often(false_barge_ins, calls) {
        broken.push(format!(
            "{false_barge_ins} texts of {calls} calls stopped without an interruption, and 1 of {CALLS_A_FALSE_BARGE_IN} may"
        ));
    }
    let engine_result = |(name, found): &(&str, SpokenRoundResults)| {
        let result = json!({"calls": found.calls, "turns": found.reply_ms.len()});
        ((*name).to_owned(), result)
    };
    let engines: Value = held
        .iter()
        .map(engine_result)
        .collect::<serde_json::Map<_, _>>()
        .into();
    let line = json!({
        "proof": "spoken",
        "calls": calls,
        "turns": replies.len(),
        "p50_ms": of_hundred(&replies, 50),
        "p95_ms": of_hundred(&replies, 95),
        "cut_p95_ms": of_hundred(&cuts, 95),
        "silence_ms_max": quiet.ms,
        "longest_silence": quiet.shown(SILENCE_MS_MAX),
        "false_barge_ins": false_barge_ins,
        "as_told": sum(|found| found.as_expected),
        "engines": engines,
        "broken": broken.iter().take(20).collect::<Vec<_>>(),
    });
    Proof {
        line,
        holds: broken.is_empty(),
    }
}

/// Returns true if more prompts stopped without an interruption than one in so many calls.
const fn is_interrupted_too_often(false_barge_ins: u64, calls: u64) -> bool {
    false_barge_ins.saturating_mul(CALLS_A_FALSE_BARGE_IN) > calls
}

/// Returns this percentile of sorted values.
fn of_hundred(sorted: &[u64], percent: usize) -> Option<u64> {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::is_interrupted_too_often;

    #[test]
    fn one_false_barge_in_of_ten_calls_is_borne_and_no_more() {
        assert!(!is_interrupted_too_often(0, 0) && !is_interrupted_too_often(3, 30));
        assert!(is_interrupted_too_often(3, 29) && is_interrupted_too_often(1, 0));
    }
}
