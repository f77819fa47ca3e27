//! A synthesizer for tests: it speaks any text at once, remembers the requests, and can be made to hang.

use async_trait::async_trait;
use domain::ports::speech::{Clip, Manner, Prompt, SpeechError, Synthesizer};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Speaks every text as a short clip, until it is made to hang.
#[derive(Default)]
pub(crate) struct FakeSynthesizer {
    hangs: AtomicBool,
    elsewhere: AtomicBool,
    /// Requested texts, with the manner of each.
    asked: Mutex<Vec<(String, Manner)>>,
}

impl FakeSynthesizer {
    pub(crate) fn asked(&self) -> Vec<(String, Manner)> {
        self.asked.lock().expect("no panic inside").clone()
    }
    /// From now on texts leave this machine.
    pub(crate) fn move_away(&self) {
        self.elsewhere.store(true, Ordering::Relaxed);
    }
    pub(crate) fn hang(&self) {
        self.hangs.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Synthesizer for FakeSynthesizer {
    fn name(&self) -> &'static str {
        "fake"
    }
    fn speaks_any_text(&self) -> bool {
        true
    }
    fn is_elsewhere(&self) -> bool {
        self.elsewhere.load(Ordering::Relaxed)
    }

    fn speaks(&self, _: &str) -> bool {
        true
    }
    async fn speak(&self, prompt: &Prompt) -> Result<Arc<Clip>, SpeechError> {
        if self.hangs.load(Ordering::Relaxed) {
            return std::future::pending().await;
        }
        let asked = (prompt.text.clone(), prompt.manner.clone());
        self.asked.lock().expect("no panic inside").push(asked);
        Ok(Arc::new(Clip {
            samples: vec![0; prompt.text.len()],
        }))
    }
}
