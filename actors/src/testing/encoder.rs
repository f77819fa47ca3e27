//! An encoder with a ranking set by a test.

use async_trait::async_trait;
use domain::ports::encoder::{Encoder, EncoderFailure, EncoderRanking};
use domain::spoken_turn::IntentCandidate;
use std::sync::Mutex;

/// An encoder with a set answer; without one it never answers.
#[derive(Default)]
pub(crate) struct FakeEncoder {
    answers: Mutex<Option<Result<EncoderRanking, EncoderFailure>>>,
    /// The texts that it was given.
    pub(crate) said: Mutex<Vec<String>>,
}

impl FakeEncoder {
    /// Makes it rank this intent first from now on.
    pub(crate) fn ranks(&self, intent: &str, score_permille: u16) {
        let ranking = EncoderRanking {
            model: "encoder-1".to_owned(),
            candidates: vec![IntentCandidate {
                intent: intent.to_owned(),
                score_permille,
            }],
            accept_permille: 900,
            confirm_permille: 500,
        };
        *self.answers.lock().expect("no panic inside") = Some(Ok(ranking));
    }

    /// Makes it fail from now on.
    pub(crate) fn fails(&self, failure: EncoderFailure) {
        *self.answers.lock().expect("no panic inside") = Some(Err(failure));
    }
}

#[async_trait]
impl Encoder for FakeEncoder {
    fn model(&self) -> &'static str {
        "fake"
    }
    async fn rank(&self, said: &str, _: &str, _: u64) -> Result<EncoderRanking, EncoderFailure> {
        self.said.lock().expect("no panic inside").push(said.to_owned());
        let set_answer = self.answers.lock().expect("no panic inside").clone();
        match set_answer {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}
