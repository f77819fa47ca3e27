//! Chooses the synthesizer of this machine.

use domain::ports::clock::Clock;
use domain::ports::speech::Synthesizer;
use speech::espeak::EspeakSettings;
use speech::synthesizer_of_this_machine;
use std::path::PathBuf;
use std::sync::Arc;

/// Returns espeak-ng if it is installed, else the bundled clips.
pub async fn synthesizer(cache_dir: Option<PathBuf>, clock: Arc<dyn Clock>) -> Arc<dyn Synthesizer> {
    let settings = EspeakSettings {
        cache_dir,
        ..EspeakSettings::default()
    };
    synthesizer_of_this_machine(settings, clock).await
}
