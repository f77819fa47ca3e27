//! One server, one carrier and one recognizer: customers that speak are called until all calls have ended.

use super::longest_silence::LongestSilence;
use super::pocketsphinx;
use crate::carrier::{CarrierProcess, CdrLine};
use crate::history::{History, member};
use crate::server::Server;
use serde_json::{Value, json};
use speech::recognition::spec::RecognizerKind;
use speech::rehearsal_voices::{CALLEE, COMMANDS, write_voices};
use speech::testing::double::{DoubleBehavior, EngineDouble};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The campaign of a round.
const CAMPAIGN: &str = "SPOKEN";
/// The carrier's seed.
const SEED: u64 = 7;
/// The longest time of a round: no call takes longer than three minutes, and most take half a minute.
const ROUND: Duration = Duration::from_secs(600);
/// The concurrent calls of a line: far ends and engines run on the same machine, and the robot's behavior is
/// tested here, not the capacity of two processors.
const AT_ONCE: u32 = 12;
/// The flow of the calls, and the voices of the callees.
struct RoundSetup {
    flow: &'static str,
    /// Writes the audio of the callees, and the templates of the embedded recognizer.
    voices: fn(&Path, &Path),
}

const CHINESE: RoundSetup = RoundSetup {
    flow: include_str!("../../../../fixtures/flows/card_instalment_spoken.yaml"),
    voices: chinese_voices,
};

const ENGLISH: RoundSetup = RoundSetup {
    flow: include_str!("../../../../fixtures/flows/survey_en.yaml"),
    voices: english_voices,
};

/// The recognizer.
pub(super) enum Engine {
    /// The embedded one, with twelve commands.
    Template,
    /// An external one, behind the HTTP form.
    Pocketsphinx,
    /// A test double that returns given texts.
    Double(RecognizerKind, DoubleBehavior, &'static [&'static str]),
}

/// Callees that all say the same.
pub(super) struct CalleeGroup {
    pub(super) turns: Vec<Value>,
    /// The outcome of each of their calls.
    pub(super) outcome: &'static str,
    /// How often they interrupt the robot.
    pub(super) cuts: usize,
    pub(super) people: u32,
}

pub(super) struct Round {
    pub(super) engine: Engine,
    pub(super) lines: Vec<CalleeGroup>,
}

/// The results of a round.
#[derive(Debug, Default)]
pub(super) struct SpokenRoundResults {
    pub(super) calls: u64,
    pub(super) reply_ms: Vec<u64>,
    pub(super) cut_ms: Vec<u64>,
    /// The longest silence of all calls.
    pub(super) quiet: LongestSilence,
    /// The prompts that stopped without an interruption.
    pub(super) false_barge_ins: u64,
    /// The calls that ended as expected.
    pub(super) as_expected: u64,
    pub(super) engine_failures: BTreeMap<String, u64>,
    pub(super) broken: Vec<String>,
}

/// Runs a round. Each line has a carrier and a server of its own, all in parallel: they mostly wait.
pub(super) fn run_round(round: &Round) -> SpokenRoundResults {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let voices = folder.path().join("voices");
    let vocabulary = folder.path().join("vocabulary");
    let scene = match round.engine {
        Engine::Pocketsphinx => &ENGLISH,
        Engine::Template | Engine::Double(..) => &CHINESE,
    };
    for folder in [&voices, &vocabulary] {
        std::fs::create_dir_all(folder).expect("a folder can be made");
    }
    (scene.voices)(&voices, &vocabulary);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    let double = match &round.engine {
        Engine::Template | Engine::Pocketsphinx => None,
        Engine::Double(kind, manner, texts) => {
            let started = runtime.block_on(EngineDouble::start(*kind, *manner, texts));
            Some(started.expect("a double listens"))
        }
    };
    let spec = match (&round.engine, &double) {
        (_, Some(double)) => double.spec(),
        (Engine::Pocketsphinx, None) => {
            let address = pocketsphinx::serve(folder.path().to_owned());
            format!("openai:http://{address}/v1")
        }
        (_, None) => format!("template:{}", vocabulary.display()),
    };
    let held: Vec<SpokenRoundResults> = std::thread::scope(|scope| {
        let lines = round.lines.iter().enumerate();
        let running: Vec<_> = lines
            .map(|(index, line)| {
                let place = folder.path().join(format!("line-{index}"));
                std::fs::create_dir_all(&place).expect("a folder can be made");
                let (voices, spec) = (&voices, &spec);
                scope.spawn(move || SpokenRoundResults::of(line, scene, &place, voices, spec))
            })
            .collect();
        let ended = running.into_iter();
        ended
            .map(|line| line.join().expect("a line ends by itself"))
            .collect()
    });
    held.into_iter()
        .fold(SpokenRoundResults::default(), SpokenRoundResults::and)
}

fn english_voices(voices: &Path, _: &Path) {
    for text in pocketsphinx::COMMANDS {
        pocketsphinx::synthesize_command(text, &voices.join(format!("{text}.wav")));
    }
}

fn chinese_voices(voices: &Path, vocabulary: &Path) {
    let listening = CALLEE.write("en4", &voices.join("嗯.wav"));
    listening.expect("espeak-ng speaks");
    write_voices(&COMMANDS, voices, vocabulary).expect("espeak-ng speaks");
}

impl SpokenRoundResults {
    pub(super) fn and(mut self, other: Self) -> Self {
        self.calls += other.calls;
        self.reply_ms.extend(other.reply_ms);
        self.cut_ms.extend(other.cut_ms);
        self.quiet = self.quiet.or(other.quiet);
        self.false_barge_ins += other.false_barge_ins;
        self.as_expected += other.as_expected;
        for (class, count) in other.engine_failures {
            *self.engine_failures.entry(class).or_default() += count;
        }
        self.broken.extend(other.broken);
        self
    }

    fn of(line: &CalleeGroup, scene: &RoundSetup, place: &Path, voices: &Path, spec: &str) -> Self {
        let mut found = Self::default();
        let profile = place.join("people.json");
        let text = json!({
            "weights": {"speaks": 1},
            "ring_ms": {"min": 300, "max": 600},
            "early_media_percent": 0,
            "voices": voices,
            "conversations": [line.turns],
        });
        std::fs::write(&profile, text.to_string()).expect("a profile can be written");
        let carrier = CarrierProcess::start(place, SEED, &["--profile", &profile.to_string_lossy()]);
        let data = place.join("data");
        let mut serve = Server::command(&data, &carrier.trunk());
        serve.args(["--recognizer", spec]);
        for name in ["APP_KEY", "TOKEN"] {
            serve.env(name, format!("{name}-value"));
        }
        let mut server = Server::of(serve, &data);
        if !server.wait_ready() {
            found.broken.push("the server does not become ready".to_owned());
            return found;
        }
        call(&server, scene, line.people);
        if !server.is_completed(CAMPAIGN, ROUND) {
            found.broken.push("the campaign did not complete".to_owned());
        }
        if !server.drains() {
            found.broken.push("the server did not end by itself".to_owned());
        }
        found.judge(line, &carrier.lines(), &History::read(&data));
        found
    }

    fn judge(&mut self, line: &CalleeGroup, details: &BTreeMap<String, CdrLine>, history: &History) {
        for unfinished in history.unfinished() {
            self.broken.push(format!("{unfinished} did not end once"));
        }
        let with_turns = |one: &CdrLine| Some((one.call_id.clone(), one.turns.clone()?));
        for (sip_call_id, turns) in details.values().filter_map(with_turns) {
            self.reply_ms.extend(&turns.reply_ms);
            if line.cuts > 0 {
                self.cut_ms.extend(&turns.cut_ms);
            }
            if turns.silence_ms_max > self.quiet.ms {
                self.quiet = LongestSilence::of(turns.silence_ms_max, &sip_call_id, history);
            }
        }
        for (call, events) in history.calls() {
            self.calls += 1;
            let of = |kind: &str| {
                events
                    .iter()
                    .filter(|event| member(event, "/type") == kind)
                    .count()
            };
            let barged_in = of("call.barged_in");
            self.false_barge_ins += barged_in.saturating_sub(line.cuts) as u64;
            if barged_in < line.cuts {
                self.broken.push(format!(
                    "{call} was interrupted {} times and stopped {barged_in} times",
                    line.cuts
                ));
            }
            let outcome = events
                .iter()
                .find_map(|event| member(event, "/data/outcome").as_str());
            if outcome == Some(line.outcome) {
                self.as_expected += 1;
            } else {
                let explanation = explain_end(&events);
                self.broken.push(format!(
                    "{call} ended as {outcome:?}, not {}: {explanation}",
                    line.outcome
                ));
            }
        }
        for event in history.of("call.engine_failed") {
            let class = member(event, "/data/class").as_str().unwrap_or_default();
            *self.engine_failures.entry(class.to_owned()).or_default() += 1;
        }
        for event in history.of("call.heard") {
            if member(event, "/data/text/sealed").as_str().is_none() {
                self.broken
                    .push("recognized words are stored in clear".to_owned());
            }
        }
    }
}

/// Returns what a call understood and decided, to explain an unexpected end.
fn explain_end(events: &[&Value]) -> String {
    let steps = events
        .iter()
        .filter_map(|event| match member(event, "/type").as_str()? {
            "call.understood" => Some(format!("understood {}", member(event, "/data/intent"))),
            "call.decided" => member(event, "/data/rule").as_str().map(str::to_owned),
            "call.keypressed" => Some("a key".to_owned()),
            "call.engine_failed" => Some(format!("failed {}", member(event, "/data/class"))),
            _ => None,
        });
    steps.collect::<Vec<_>>().join(", ")
}

/// Calls so many customers with a scene's flow.
fn call(server: &Server, scene: &RoundSetup, people: u32) {
    let records: Vec<Value> = (0..people)
        .map(|index| {
            json!({"customer_id": format!("S{index}"), "phone": format!("138001{index:05}"), "bank_name": "示例银行",
                "name": "王芳", "card_tail": "1234", "amount": "5000", "fee_text": "年化百分之十二",
                "company": "the sample bank"})
        })
        .collect();
    server.call_by_flow(CAMPAIGN, scene.flow, &records, AT_ONCE);
}
