//! Transcripts that a flow must reproduce (对话脚本): what the callee says, presses and leaves unsaid, and the
//! expected result. Stored beside a flow, they are its regression tests.

use super::listener::Listener;
use domain::disposition::Outcome;
use domain::flow::{FlowAction, FlowDefinition, FlowInput, FlowRun, UnderstandingResult};
use domain::time::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most consecutive texts without a question.
const TEXTS_MAX: usize = 50;

/// A conversation with its expected course.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    pub name: String,
    /// Name of the flow, as shipped or published.
    pub flow: String,
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// The offer that the callee gets. Default: none.
    #[serde(default)]
    pub offer: Option<String>,
    pub turns: Vec<Turn>,
    pub expect: ExpectedEnd,
}

/// One turn: exactly one of `say`, `key`, `silence` and `unheard`, and the expected result.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Turn {
    pub say: Option<String>,
    pub key: Option<char>,
    pub silence: bool,
    pub unheard: bool,
    /// The node after the turn.
    pub node: Option<String>,
    /// A text that the robot's next words must contain.
    pub says: Option<String>,
    /// The rule that decided the turn.
    pub rule: Option<String>,
    pub slots: BTreeMap<String, String>,
}

/// The expected end of a conversation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedEnd {
    pub outcome: Outcome,
    /// All nodes in order, if they are checked.
    #[serde(default)]
    pub nodes: Vec<String>,
}

/// A transcript that cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a transcript: {0}")]
pub struct TranscriptFault(String);

/// The first difference between a flow and its transcript.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{transcript}, turn {turn}: {what} is {found:?}, not {wanted:?}")]
pub struct TranscriptMismatch {
    pub transcript: String,
    /// Number of the turn, from 1; one more than the last for the end.
    pub turn: usize,
    pub what: &'static str,
    pub wanted: String,
    pub found: String,
}

impl Transcript {
    /// Parses a YAML file with one transcript or a list of them. Fails if one is malformed.
    pub fn read(text: &str) -> Result<Vec<Self>, TranscriptFault> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum File {
            Many(Vec<Transcript>),
            One(Box<Transcript>),
        }
        let value = FlowDefinition::yaml_value(text).map_err(|fault| TranscriptFault(fault.to_string()))?;
        let read = match serde_json::from_value::<File>(value) {
            Ok(File::Many(many)) => many,
            Ok(File::One(one)) => vec![*one],
            Err(error) => return Err(TranscriptFault(error.to_string())),
        };
        for transcript in &read {
            for (number, turn) in (1..).zip(&transcript.turns) {
                turn.check(&transcript.name, number)?;
            }
        }
        Ok(read)
    }
}

impl Turn {
    fn check(&self, transcript: &str, number: usize) -> Result<(), TranscriptFault> {
        let done = [self.say.is_some(), self.key.is_some(), self.silence, self.unheard];
        if done.into_iter().filter(|done| *done).count() == 1 {
            return Ok(());
        }
        Err(TranscriptFault(format!(
            "{transcript}, turn {number}: exactly one of say, key, silence and unheard is required"
        )))
    }
}

/// A flow that is run along a transcript.
struct TranscriptRun {
    run: FlowRun,
    nodes: Vec<String>,
    rule: String,
    said: String,
}

impl TranscriptRun {
    fn step(&mut self, input: FlowInput<'_>) {
        for action in self.run.step(input) {
            match action {
                FlowAction::EnterNode { node } => self.nodes.push(node),
                FlowAction::Say { text, .. } => self.said.push_str(&text),
                FlowAction::Decide { decision } => self.rule = decision.rule,
                FlowAction::Notice { .. }
                | FlowAction::StopSaying
                | FlowAction::SpeakSlower
                | FlowAction::Listen { .. }
                | FlowAction::Intend { .. }
                | FlowAction::RequestTransfer { .. }
                | FlowAction::OptOut
                | FlowAction::End { .. } => {}
            }
        }
    }

    fn take(&mut self, turn: &Turn, listener: &Listener, at: Timestamp) {
        self.said.clear();
        self.rule.clear();
        if let Some(text) = &turn.say {
            let understood: UnderstandingResult = listener.understand(text, &self.run, at);
            self.step(FlowInput::Spoken(&understood));
        } else if let Some(digit) = turn.key {
            self.step(FlowInput::Keypress(digit));
        } else if turn.unheard {
            self.step(FlowInput::Unheard);
        } else if turn.silence {
            self.step(FlowInput::Silence);
        }
        self.play();
    }

    /// Plays texts until the flow asks a question, accepts a key or ends; the question is played to its end
    /// too.
    fn play(&mut self) {
        for _ in 0..TEXTS_MAX {
            self.step(FlowInput::Played);
            if !self.run.keys().is_empty() || self.run.asking().is_some() || self.run.outcome().is_some() {
                return self.step(FlowInput::Played);
            }
        }
    }
}

/// Runs a transcript against a flow, at the time `at`. Fails with the first difference.
pub fn follow(
    transcript: &Transcript,
    flow: &Arc<FlowDefinition>,
    listener: &Listener,
    at: Timestamp,
) -> Result<(), TranscriptMismatch> {
    let (run, _) = FlowRun::begin(flow, &transcript.values);
    let run = run.of_offer(transcript.offer.as_deref());
    let mut following = TranscriptRun {
        run,
        nodes: Vec::new(),
        rule: String::new(),
        said: String::new(),
    };
    following.play();
    let unlike = |turn: usize, what, wanted: &str, found: &str| TranscriptMismatch {
        transcript: transcript.name.clone(),
        turn,
        what,
        wanted: wanted.to_owned(),
        found: found.to_owned(),
    };
    for (number, turn) in (1..).zip(&transcript.turns) {
        following.take(turn, listener, at);
        let checks = [
            ("node", turn.node.as_deref(), following.run.node()),
            ("rule", turn.rule.as_deref(), following.rule.as_str()),
        ];
        for (what, wanted, found) in checks {
            if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
                return Err(unlike(number, what, wanted, found));
            }
        }
        if let Some(says) = turn.says.as_deref().filter(|says| !following.said.contains(says)) {
            return Err(unlike(number, "what is said", says, &following.said));
        }
        for (slot, wanted) in &turn.slots {
            let found = following
                .run
                .values()
                .get(slot)
                .map(String::as_str)
                .unwrap_or_default();
            if found != wanted {
                return Err(unlike(number, "a slot", wanted, found));
            }
        }
    }
    let last = transcript.turns.len() + 1;
    let outcome = following.run.outcome();
    if outcome != Some(transcript.expect.outcome) {
        let found = outcome.map_or("none", Outcome::code);
        return Err(unlike(
            last,
            "the outcome",
            transcript.expect.outcome.code(),
            found,
        ));
    }
    let nodes = &transcript.expect.nodes;
    if !nodes.is_empty() && *nodes != following.nodes {
        return Err(unlike(
            last,
            "the way",
            &nodes.join(" → "),
            &following.nodes.join(" → "),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsing::{SHIPPED, find_shipped_flow};
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_shipped_flow_follows_its_transcripts() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/conversations");
        let at: Timestamp = "2026-03-02T10:00:00+08:00".parse().unwrap();
        let chinese = Listener::bundled("zh-CN").unwrap();
        let english = Listener::bundled("en").unwrap();
        let mut followed = BTreeSet::new();
        let mut unlike = Vec::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for transcript in Transcript::read(&text).unwrap() {
                let definition =
                    FlowDefinition::from_yaml(find_shipped_flow(&transcript.flow).unwrap()).unwrap();
                let listener = if definition.lang == "en" {
                    &english
                } else {
                    &chinese
                };
                unlike.extend(follow(&transcript, &Arc::new(definition), listener, at).err());
                followed.insert(transcript.flow.clone());
            }
        }
        assert_eq!(unlike, []);
        let all: BTreeSet<String> = SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(followed, all, "each shipped flow has a transcript");
    }

    #[test]
    fn a_transcript_that_a_flow_does_not_follow_says_where() {
        let text =
            "{name: a, flow: notification, turns: [{say: 可以, node: 通知}], expect: {outcome: success}}";
        let transcript = Transcript::read(text).unwrap().pop().unwrap();
        let flow = Arc::new(FlowDefinition::from_yaml(find_shipped_flow("notification").unwrap()).unwrap());
        let listener = Listener::bundled("en").unwrap();
        let unlike = follow(&transcript, &flow, &listener, Timestamp::EPOCH).unwrap_err();
        assert_eq!(
            (unlike.turn, unlike.what, unlike.found.as_str()),
            (1, "node", "已通知")
        );
        assert!(Transcript::read("{name: a}").is_err());
    }

    #[test]
    fn a_turn_is_exactly_one_thing_that_the_callee_does() {
        for (turn, reads) in [
            ("{say: 可以}", true),
            ("{key: '1', node: a}", true),
            ("{silence: true}", true),
            ("{unheard: true, rule: a}", true),
            ("{node: a}", false),
            ("{silence: false}", false),
            ("{say: 可以, key: '1'}", false),
            ("{silence: true, unheard: true}", false),
        ] {
            let text = format!("{{name: a, flow: b, turns: [{turn}], expect: {{outcome: success}}}}");
            let read = Transcript::read(&text);
            assert_eq!(read.is_ok(), reads, "{turn}");
            let refusal = read.err().map(|fault| fault.to_string()).unwrap_or_default();
            assert!(reads || refusal.contains("a, turn 1"), "{refusal}");
        }
    }

    #[test]
    fn an_answer_comes_after_a_text_that_must_be_heard_whole() {
        let mut flow =
            FlowDefinition::from_yaml(find_shipped_flow("card_instalment_spoken").unwrap()).unwrap();
        if let Some(domain::flow::Node::Ask(ask)) = flow.nodes.get_mut("验证卡号") {
            ask.barge_in = Some(domain::flow::BargeIn {
                allowed: false,
                ..domain::flow::BargeIn::default()
            });
        }
        let text = "{name: a, flow: b, turns: [{say: 是的, node: 确认分期期数}, {say: 不用了}], expect: {outcome: declined}}";
        let transcript = Transcript::read(text).unwrap().pop().unwrap();
        let listener = Listener::bundled("zh-CN").unwrap();
        assert_eq!(
            follow(&transcript, &Arc::new(flow), &listener, Timestamp::EPOCH),
            Ok(())
        );
    }
}
