//! The words of calls in the proof of erasure: some of the erased customers talk with the robot, and the
//! recognizer returns words that occur nowhere else. It is a test double: the proof is about what happens
//! with a text, not about who recognized it.

use super::erasure_keys::CustomerKeys;
use super::forgetting::Canary;
use crate::history::History;
use crate::program::{fail, is_installed};
use crate::server::Server;
use serde_json::{Value, json};
use speech::recognition::spec::RecognizerKind;
use speech::rehearsal_voices::CALLEE;
use speech::testing::double::{DoubleBehavior, EngineDouble};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The campaign with the flow that listens.
const CAMPAIGN: &str = "FORGET-SPOKEN";

/// One of the flows that ship, which listens.
const FLOW: &str = include_str!("../../../fixtures/flows/card_instalment_spoken.yaml");

/// The longest time until the campaign is complete.
const ENDED: Duration = Duration::from_secs(150);

/// What is recognized whenever one of them speaks: no flow, model or list contains these words.
pub(super) const WORDS: [&str; 1] = ["我家的蓝鲸收音机还在阁楼上"];

/// Returns how many erased customers talk with the robot: none without espeak-ng, which makes their audio and
/// speaks the robot's texts.
pub(super) fn count_talkers() -> u32 {
    if is_installed("espeak-ng") { 2 } else { 0 }
}

/// The carrier's profile with customers that speak, and the recognizer that hears them, which ends with this
/// value.
pub(super) struct SpeechSetup {
    pub(super) profile: PathBuf,
    spec: String,
    _runtime: tokio::runtime::Runtime,
}

impl SpeechSetup {
    /// Prepares them; `None` without talkers. Their audio does not contain the words: the double returns
    /// those.
    pub(super) fn prepare(folder: &Path, talkers: &[Canary]) -> Option<Self> {
        if talkers.is_empty() {
            return None;
        }
        let voices = folder.join("voices");
        std::fs::create_dir_all(&voices).expect("a folder can be made");
        CALLEE
            .write("shi4 de", &voices.join("声.wav"))
            .unwrap_or_else(|error| fail(&error.to_string()));
        let speakers: BTreeMap<String, usize> = talkers
            .iter()
            .map(|one| (format!("86{}", one.phone), 0))
            .collect();
        let turns = [json!({"say": "声"}), json!({"say": "声"})];
        let profile = folder.join("talkers.json");
        let text = json!({"voices": voices, "conversations": [turns], "speakers": speakers});
        std::fs::write(&profile, text.to_string()).expect("a profile can be written");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
        let double = runtime.block_on(EngineDouble::start(
            RecognizerKind::Vosk,
            DoubleBehavior::Answers,
            &WORDS,
        ));
        let spec = double.expect("a double listens").spec();
        Some(Self {
            profile,
            spec,
            _runtime: runtime,
        })
    }

    /// Returns the server's arguments for the recognizer.
    pub(super) fn recognizer(&self) -> [&str; 2] {
        ["--recognizer", &self.spec]
    }
}

/// Calls the talkers from a server with the recognizer.
pub(super) fn hear(server: &Server, talkers: &[Canary], wrong: &mut Vec<String>) {
    let record = |one: &Canary| {
        json!({"customer_id": one.id, "phone": one.phone, "name": one.name, "bank_name": "示例银行",
            "card_tail": "1234", "amount": "5000", "fee_text": "年化百分之十二"})
    };
    let records: Vec<Value> = talkers.iter().map(record).collect();
    server.call_by_flow(CAMPAIGN, FLOW, &records, 50);
    if !server.is_completed(CAMPAIGN, ENDED) {
        wrong.push("the campaign of those who speak did not complete".to_owned());
    }
}

/// Checks that the present keys open nothing of what was said, and that the keys kept from before do, so that
/// those were destroyed: a transcript has a key of its own, besides the customer's.
pub(super) fn check_keys(
    now: &CustomerKeys,
    kept: &CustomerKeys,
    history: &History,
    said: usize,
    wrong: &mut Vec<String>,
) {
    let opened = now.opened_in(history);
    let still = opened
        .into_iter()
        .filter(|(value, _)| WORDS.contains(&value.as_str()));
    for (value, kind) in still {
        wrong.push(format!(
            "`{value}`, which an erased person said, can still be read: {kind}"
        ));
    }
    if read(&kept.opened(history)) != said {
        wrong.push("the kept keys do not open what was said".to_owned());
    }
}

/// Returns how many of these words are among the opened values.
pub(super) fn read(opened: &BTreeSet<String>) -> usize {
    WORDS.iter().filter(|words| opened.contains(**words)).count()
}
