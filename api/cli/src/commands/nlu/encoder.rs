//! Evaluates a model together with an encoder, in the same way as calls use both, so that the figures are
//! those of real calls.

use crate::kit::failure::Failure;
use actors::CallEncoder;
use application::format_localized;
use application::transcript_masking::masked_words;
use domain::ports::clock::Clock;
use domain::ports::encoder::{EncoderFailure, EncoderRanking};
use domain::spoken_turn::{Certainty, REFUSE_CALL, ReadingSource, SpokenReading};
use host::clock::SystemClock;
use host::config::named_variable;
use host::speech_args::encoder_spec;
use serde::Serialize;
use speech::recognition::spec::RecognizerSpec;
use std::collections::BTreeMap;
use std::sync::Arc;
use understanding::evaluation::Prediction;
use understanding::{Candidate, Model, Ranking, Verdict};

/// Consecutive rows that the encoder may leave unranked; then the evaluation fails. After as many failures,
/// calls stop using it for a while too.
const SILENT_ROWS_MAX: u32 = 5;

/// Options that name an encoder.
#[derive(Debug, clap::Args)]
pub(super) struct EncoderArgs {
    /// Ask your own encoder first, like `serve --encoder`, for example encoder:http://127.0.0.1:8091/v1: its
    /// reading counts if it is more certain, and the figures are those of both together
    #[arg(long, value_name = "SPEC", value_parser = encoder_spec)]
    encoder: Option<RecognizerSpec>,
    /// Language sent to the encoder: zh-CN, en
    #[arg(long, value_name = "LANG", default_value = "zh-CN", requires = "encoder")]
    language: String,
}

/// The encoder's part in an evaluation.
#[derive(Debug, Default, Serialize)]
pub(super) struct EncoderFigures {
    /// Name of the model, as the encoder reports it.
    model: String,
    /// Rows decided by the encoder ÷ all rows.
    decided_ratio: f64,
    /// Rows that the encoder did not rank, by kind of failure; the model's reading counts.
    failures: BTreeMap<&'static str, u32>,
    p50_ms: u64,
    p99_ms: u64,
}

impl EncoderFigures {
    /// Formats the encoder's figures as one line for people.
    pub(super) fn format_line(&self) -> String {
        let failures = self.failures.iter();
        let failed: String = failures.map(|(how, times)| format!(" {how} {times},")).collect();
        let failed = if failed.is_empty() { " 0," } else { &failed };
        format_localized!(
            "编码器 {}：采用 {:.3}，失败{failed} p50 {} ms，p99 {} ms",
            "encoder {}: decided {:.3}, failed{failed} p50 {} ms, p99 {} ms",
            self.model,
            self.decided_ratio,
            self.p50_ms,
            self.p99_ms
        )
    }
}

/// Replaces the model's readings by those of the encoder if it is more certain; returns `None` if no encoder
/// was named.
///
/// As in calls, an utterance that the model reads as a refusal of further calls is not sent to the encoder,
/// and an intent that the model does not know is ignored.
pub(super) async fn apply_encoder(
    args: &EncoderArgs,
    model: &Model,
    predictions: &mut [Prediction<'_>],
) -> Result<Option<EncoderFigures>, Failure> {
    let Some(spec) = &args.encoder else {
        return Ok(None);
    };
    let clock = Arc::new(SystemClock::default());
    let timed: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
    let encoder = speech::encoder::encoder(spec, timed, &named_variable)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let mut share = EncoderFigures {
        model: encoder.model().to_owned(),
        ..EncoderFigures::default()
    };
    let (mut decided, mut silent, mut millis) = (0_u32, 0_u32, Vec::new());
    for prediction in predictions.iter_mut().filter(|one| !refuses(&one.ranking)) {
        let words = masked_words(&prediction.example.text);
        let began = clock.now();
        match encoder
            .rank(&words, &args.language, CallEncoder::ANSWER_MS_MAX)
            .await
        {
            Ok(ranking) => {
                millis.push(clock.now().ms_since(began));
                silent = 0;
                if let Some(over) = over(&ranking, model, &prediction.ranking) {
                    prediction.ranking = over;
                    decided += 1;
                }
                share.model = ranking.model;
            }
            Err(failure) => {
                silent += 1;
                *share.failures.entry(failure.name()).or_default() += 1;
                refuse_silence(silent, failure)?;
            }
        }
    }
    if let (true, Some(how)) = (millis.is_empty(), share.failures.keys().next()) {
        return Err(silence(silent, how));
    }
    millis.sort_unstable();
    let of_100 = |part: usize| millis.get(millis.len() * part / 100).copied().unwrap_or(0);
    (share.p50_ms, share.p99_ms) = (of_100(50), of_100(99));
    share.decided_ratio =
        f64::from(decided) / f64::from(u32::try_from(predictions.len()).unwrap_or(1).max(1));
    Ok(Some(share))
}

/// Returns true if the model reads the utterance as a refusal of further calls, certainly or with a
/// confirmation.
fn refuses(ranking: &Ranking) -> bool {
    let first = ranking.candidates.first();
    ranking.verdict != Verdict::Abstained && first.is_some_and(|first| first.intent == REFUSE_CALL)
}

/// Fails after too many rows without a ranking: the figures would be those of the model alone.
fn refuse_silence(silent: u32, failure: EncoderFailure) -> Result<(), Failure> {
    if silent < SILENT_ROWS_MAX {
        return Ok(());
    }
    Err(silence(silent, failure.name()))
}

fn silence(silent: u32, how: &str) -> Failure {
    Failure::unavailable(format!(
        "the encoder ranked none of {silent} consecutive rows ({how}); fix the encoder, or leave out --encoder"
    ))
}

/// Returns the encoder's ranking if it takes precedence over the model's, limited to the model's intents.
fn over(ranking: &EncoderRanking, model: &Model, standing: &Ranking) -> Option<Ranking> {
    let is_known = |intent: &str| {
        model
            .intents()
            .binary_search_by(|own| own.as_str().cmp(intent))
            .is_ok()
    };
    let standing = SpokenReading {
        certainty: match standing.verdict {
            Verdict::Accepted => Certainty::Accepted,
            Verdict::ToConfirm => Certainty::ToConfirm,
            Verdict::Abstained => Certainty::Abstained,
        },
        read_by: ReadingSource::Model,
        candidates: vec![],
        accept_permille: None,
        confirm_permille: None,
        knowledge: None,
        picked: None,
    };
    let mut over = ranking
        .over(&standing)
        .filter(|over| over.intent().is_some_and(is_known))?;
    over.candidates.retain(|one| is_known(&one.intent));
    let candidates = over.candidates.iter().map(|one| Candidate {
        intent: one.intent.clone(),
        probability: f32::from(one.score_permille) / 1_000.0,
    });
    let candidates: Vec<Candidate> = candidates.collect();
    Some(Ranking {
        confidence: candidates.first()?.probability,
        candidates,
        verdict: match over.certainty {
            Certainty::Accepted => Verdict::Accepted,
            Certainty::ToConfirm => Verdict::ToConfirm,
            Certainty::Abstained | Certainty::BackChannel => Verdict::Abstained,
        },
    })
}
