//! Writes the clips that are compiled into the program (notices, standard prompts and the demo's text,
//! `speech::clips`) as WAV files, spoken by espeak-ng. Run it after one of these texts has changed:
//! `cargo run -p ledgerline-speech --example bundle_clips -- fixtures/audio`.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::speech::{Prompt, Synthesizer};
use domain::time::Timestamp;
use speech::clips::{bundled_files, write_clip};
use speech::espeak::{EspeakSettings, EspeakSynthesizer};
use std::path::PathBuf;
use std::sync::Arc;

/// A clock that never reaches a deadline: a person watches this program, so nothing is timed.
struct StoppedClock;

#[async_trait]
impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH
    }
    async fn wait_until(&self, _at: Timestamp) {
        std::future::pending::<()>().await;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = PathBuf::from(std::env::args().nth(1).ok_or("usage: bundle_clips DIRECTORY")?);
    let espeak = EspeakSynthesizer::find(EspeakSettings::default(), Arc::new(StoppedClock)).await?;
    for (text, file) in bundled_files() {
        let prompt = Prompt {
            text: text.to_owned(),
            language: "zh-CN".to_owned(),
            personal: true,
            ..Prompt::default()
        };
        let clip = espeak.speak(&prompt).await?;
        std::fs::write(dir.join(file), write_clip(&clip)?)?;
    }
    Ok(())
}
