//! The scene with spoken calls: callees that speak to a recognizer, which then becomes slow.

use super::MetricsResults;
use super::server_scene::ServerScene;
use crate::carrier::CarrierProcess;
use crate::program::is_installed;
use crate::prove::crash::card_records;
use crate::server::Server;
use serde_json::json;
use speech::recognition::spec::RecognizerKind;
use speech::rehearsal_voices::{CALLEE, COMMANDS, write_voices};
use speech::testing::double::{DoubleBehavior, EngineDouble};
use std::path::Path;

/// The flow of the calls.
const FLOW: &str = include_str!("../../../../fixtures/flows/card_instalment_spoken.yaml");
/// The texts that the recognizer returns.
const HEARD: [&str; 3] = ["是的", "三期", "嗯"];
/// How late the recognizer returns them, in milliseconds: with the end of the turn more than two seconds, and
/// well before it would count as failed.
const LATE_MS: u64 = 1_450;
/// The carrier's seed.
const SEED: u64 = 7;
/// The customers, and how many of them are called at once.
const PEOPLE: u32 = 8;
const AT_ONCE: u32 = 4;

/// A server with a recognizer that is so late that the robot answers after two seconds.
pub(super) fn observe_slow_engine(folder: &Path) -> MetricsResults {
    let rule = "LedgerlineTurnSlow";
    if !is_installed("espeak-ng") {
        let mut found = MetricsResults::default();
        found
            .skipped
            .insert(rule, "espeak-ng is not installed".to_owned());
        return found;
    }
    let (voices, vocabulary) = (folder.join("voices"), folder.join("vocabulary"));
    for folder in [&voices, &vocabulary] {
        std::fs::create_dir_all(folder).expect("a folder can be made");
    }
    let listening = CALLEE.write("en4", &voices.join("嗯.wav"));
    listening.expect("espeak-ng speaks");
    write_voices(&COMMANDS, &voices, &vocabulary).expect("espeak-ng speaks");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    let manner = DoubleBehavior::Late { ms: LATE_MS };
    let double = runtime.block_on(EngineDouble::start(RecognizerKind::Vosk, manner, &HEARD));
    let double = double.expect("a double listens");
    let profile = json!({
        "weights": {"speaks": 1},
        "ring_ms": {"min": 300, "max": 600},
        "early_media_percent": 0,
        "voices": voices,
        "conversations": [[{"say": "是的"}, {"say": "是的"}, {"say": "是的"}, {"say": "是的"}]],
    });
    let file = folder.join("people.json");
    std::fs::write(&file, profile.to_string()).expect("a profile can be written");
    let carrier = CarrierProcess::start(folder, SEED, &["--profile", &file.to_string_lossy()]);
    let data = folder.join("data");
    let mut serve = Server::command(&data, &carrier.trunk());
    serve.args(["--recognizer", &double.spec()]);
    for name in ["APP_KEY", "TOKEN"] {
        serve.env(name, format!("{name}-value"));
    }
    let mut scene = ServerScene::start(folder, serve);
    scene.plant(
        &[rule],
        |server| {
            server.call_by_flow("SPOKEN", FLOW, &card_records(PEOPLE, 35), AT_ONCE);
        },
        |_, ()| {},
    );
    scene.look_at_panels();
    scene.end()
}
