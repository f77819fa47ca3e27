//! `ledgerline speech`: evaluates recognizers, emotion and voiceprints, and runs listening tests of voices.

mod attested_set;
mod listening_test;
mod opinions;
mod recognizer_evaluation;
mod synthetic_evaluation;

use crate::kit::failure::Failure;
use clap::builder::NonEmptyStringValueParser;
use speech::recognition::spec::RecognizerSpec;
use std::path::PathBuf;

/// Speech (语音): evaluate recognizers with recordings, emotion and voiceprints with synthetic callers, and run
/// listening tests
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Measure the error rate of a recognizer on recordings with known words, by dialect and level of noise
    ///
    /// The folder holds WAV files of 8 kHz, mono, 16 bit, and utterances.jsonl with one line for each:
    /// {"file": "a.wav", "text": "我要办分期", "dialect": "sichuan"}. Without that file, each recording is named
    /// by its words, for example 是的.f4.wav. Exit code 1: below 92 % of characters or words in at least one
    /// dialect.
    Eval {
        /// Folder of recordings
        folder: PathBuf,
        /// Recognizer, as for `serve --recognizer`
        #[arg(long, value_name = "SPEC")]
        provider: RecognizerSpec,
        /// Also test with white noise this many decibels below the speech
        #[arg(long, value_name = "DB", value_delimiter = ',', value_parser = clap::value_parser!(u8).range(0..=60))]
        noise_below_db: Vec<u8>,
        /// Also test with noise suppression
        #[arg(long)]
        noise_suppression: bool,
        /// Language, BCP 47
        #[arg(long, default_value = "zh-CN", value_parser = NonEmptyStringValueParser::new())]
        language: String,
        /// Print JSON on one line
        #[arg(long)]
        json: bool,
    },
    /// Evaluate the emotion measure on a grid of synthetic callers (needs espeak-ng)
    ///
    /// Exit code 1: a score falls while pitch, loudness or pace rises, or more than 5 % of calm utterances
    /// are called raised.
    EvalEmotion {
        /// Print JSON on one line
        #[arg(long)]
        json: bool,
    },
    /// Evaluate how well voiceprints separate synthetic speakers by one phrase: the equal-error rate (needs
    /// espeak-ng)
    ///
    /// Exit code 1: the rate, or an error at the threshold in use, is above 3 %. If espeak-ng is not
    /// installed, nothing is evaluated; the command prints SKIPPED and fails.
    EvalVoiceprint {
        /// Print JSON on one line
        #[arg(long)]
        json: bool,
    },
    /// Write samples of voices and a page on which people score them (MOS)
    ListeningTest {
        /// New or empty folder
        folder: PathBuf,
        /// Network synthesizer to compare with the demonstration voice, for example openai:https://HOST/v1
        #[arg(long, value_name = "SPEC")]
        synthesizer: Option<RecognizerSpec>,
        /// Voices of the synthesizer, or of espeak-ng if no synthesizer is given
        #[arg(long, value_name = "VOICE", value_delimiter = ',')]
        voices: Vec<String>,
        /// File of texts, one per line; default: ten sentences of calls
        #[arg(long, value_name = "FILE")]
        texts: Option<PathBuf>,
        /// Language, BCP 47
        #[arg(long, default_value = "zh-CN", value_parser = NonEmptyStringValueParser::new())]
        language: String,
        /// Seed that decides the order of the samples
        #[arg(long, value_name = "S", default_value_t = 1)]
        seed: u64,
    },
    /// Compute mean opinion scores from the files that listeners saved, with 95 % confidence intervals
    Mos {
        /// Files saved by listeners
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Print JSON on one line
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    match args.action {
        Action::Eval {
            folder,
            provider,
            noise_below_db,
            noise_suppression,
            language,
            json,
        } => {
            let order = recognizer_evaluation::SpeechEvaluationOptions {
                noise_below_db,
                noise_suppression,
                language,
            };
            recognizer_evaluation::run(&folder, &provider, &order, json).await
        }
        Action::EvalEmotion { json } => synthetic_evaluation::emotion(json),
        Action::EvalVoiceprint { json } => synthetic_evaluation::voices(json),
        Action::ListeningTest {
            folder,
            synthesizer,
            voices,
            texts,
            language,
            seed,
        } => {
            let order = listening_test::ListeningTestOptions {
                synthesizer,
                voices,
                texts,
                language,
                seed,
            };
            listening_test::run(&folder, order).await
        }
        Action::Mos { files, json } => opinions::run(&files, json),
    }
}
