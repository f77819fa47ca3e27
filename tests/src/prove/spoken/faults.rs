//! Proof with failing recognizers: they stall, lie, cut, are late or send garbage during calls. No silence is
//! longer than three seconds (judged in the long form), and every call ends once.

use super::longest_silence::LongestSilence;
use super::round::{CalleeGroup, Engine, Round, SpokenRoundResults, run_round};
use super::{HEARD, SILENCE_MS_MAX};
use crate::program::is_installed;
use crate::prove::{Form, Proof};
use serde_json::json;
use speech::recognition::spec::RecognizerKind;
use speech::testing::double::DoubleBehavior;
use std::collections::BTreeMap;

/// The ways in which an engine fails.
const MANNERS: [(&str, DoubleBehavior); 9] = [
    ("stalls", DoubleBehavior::Stalls),
    ("hangs", DoubleBehavior::Hangs),
    ("lies", DoubleBehavior::Lies),
    ("cuts", DoubleBehavior::Cuts),
    ("late", DoubleBehavior::Late { ms: 3_000 }),
    ("garbles", DoubleBehavior::Garbles),
    ("floods", DoubleBehavior::Floods),
    ("swells", DoubleBehavior::Swells),
    ("denies", DoubleBehavior::Denies),
];

/// Those that an engine's client must notice itself; one that lies or falls silent shows only in its text.
const NOTICED: [&str; 3] = ["hangs", "cuts", "late"];

const KINDS: [RecognizerKind; 5] = [
    RecognizerKind::Vosk,
    RecognizerKind::FunAsr,
    RecognizerKind::Sherpa,
    RecognizerKind::Nls,
    RecognizerKind::OpenAi,
];

/// Returns callees that answer with words and then with keys: when the recognizer fails, keys work.
fn line(people: u32) -> CalleeGroup {
    CalleeGroup {
        turns: vec![
            json!({"say": "是的"}),
            json!({"press": "1"}),
            json!({"press": "1"}),
            json!({"press": "1"}),
        ],
        outcome: "",
        cuts: 0,
        people,
    }
}

pub(crate) fn prove(form: Form) -> Proof {
    if !is_installed("espeak-ng") {
        let line = json!({"proof": "speech-faults", "skipped": "espeak-ng is not installed: apt-get install espeak-ng"});
        return Proof { line, holds: true };
    }
    let (kinds, manners, people): (&[RecognizerKind], &[(&str, DoubleBehavior)], u32) = match form {
        Form::Short => (&KINDS[..1], &MANNERS[..5], 3),
        Form::Long => (&KINDS, &MANNERS, 50),
    };
    let mut judged = FaultResults::default();
    // The engines of one failure run in parallel, in the short form all: each has a server of its own, which
    // mostly waits.
    let at_once = if form == Form::Short { manners.len() } else { 1 };
    for group in manners.chunks(at_once) {
        let pairs = group
            .iter()
            .flat_map(|manner| kinds.iter().map(move |kind| (manner, *kind)));
        let found: Vec<(&str, RecognizerKind, SpokenRoundResults)> = std::thread::scope(|scope| {
            let running: Vec<_> = pairs
                .map(|((name, manner), kind)| {
                    let round = Round {
                        engine: Engine::Double(kind, *manner, &HEARD),
                        lines: vec![line(people)],
                    };
                    (*name, kind, scope.spawn(move || run_round(&round)))
                })
                .collect();
            let ended = running.into_iter();
            ended
                .map(|(name, kind, round)| (name, kind, round.join().expect("a round ends by itself")))
                .collect()
        });
        for (name, kind, found) in found {
            judged.take(name, kind, &found, people);
        }
    }
    if form.judges_time() && judged.quiet.ms > SILENCE_MS_MAX {
        let silence = judged.quiet.ms;
        judged
            .broken
            .push(format!("{silence} ms of silence, and may be {SILENCE_MS_MAX}"));
    }
    let FaultResults {
        calls,
        quiet,
        broken,
        by_manner,
    } = judged;
    let line = json!({
        "proof": "speech-faults",
        "calls": calls,
        "silence_ms_max": quiet.ms,
        "longest_silence": quiet.shown(SILENCE_MS_MAX),
        "failures": by_manner,
        "broken": broken.iter().take(20).collect::<Vec<_>>(),
    });
    Proof {
        line,
        holds: broken.is_empty(),
    }
}

/// The results of all rounds.
#[derive(Default)]
struct FaultResults {
    calls: u64,
    quiet: LongestSilence,
    broken: Vec<String>,
    /// Failures by class, for each way of failing.
    by_manner: BTreeMap<String, BTreeMap<String, u64>>,
}

impl FaultResults {
    fn take(&mut self, name: &str, kind: RecognizerKind, found: &SpokenRoundResults, people: u32) {
        let about = |what: &str| format!("{} {name}: {what}", kind.name());
        // With a failing recognizer it is not defined how a call ends; it must end.
        let real = found.broken.iter().filter(|what| !what.contains(" ended as "));
        self.broken.extend(real.map(|what| about(what)));
        if found.calls < u64::from(people) {
            self.broken
                .push(about(&format!("{} calls of {people}", found.calls)));
        }
        self.calls += found.calls;
        self.quiet = std::mem::take(&mut self.quiet).or(found.quiet.clone());
        // A double that does not fail proves nothing.
        if NOTICED.contains(&name) && found.engine_failures.is_empty() {
            self.broken.push(about("no call says that its engine failed"));
        }
        let sums = self.by_manner.entry(name.to_owned()).or_default();
        for (class, count) in &found.engine_failures {
            *sums.entry(class.clone()).or_default() += count;
        }
    }
}
