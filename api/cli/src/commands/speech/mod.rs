//! `ledgerline speech`: how well recognizers hear, how callees' emotions are told, and what people think of
//! voices.

mod attested_set;
mod heard;
mod listening_test;
mod opinions;
mod shown;

use crate::kit::failure::Failure;
use clap::builder::NonEmptyStringValueParser;
use speech::recognition::spec::RecognizerSpec;
use std::path::PathBuf;

/// Speech (语音): recognizers held against recordings, emotion measured on synthetic callers, listening tests.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Error rates of a recognizer on recordings whose words are known, by dialect and level of noise
    ///
    /// The folder holds WAV files of 8 kHz, mono, 16 bit, and utterances.jsonl with a line for each:
    /// {"file": "a.wav", "text": "我要办分期", "dialect": "sichuan"}. Without that file each is named for what
    /// it says, such as 是的.f4.wav. Exit code 1: below 92 % of characters or words in some dialect.
    Eval {
        /// Where the recordings are
        folder: PathBuf,
        /// The recognizer, as `serve --recognizer` takes it
        #[arg(long, value_name = "SPEC")]
        provider: RecognizerSpec,
        /// White noise so many decibels below the speech, beside the recordings as they are
        #[arg(long, value_name = "DB", value_delimiter = ',', value_parser = clap::value_parser!(u8).range(0..=60))]
        noise_below_db: Vec<u8>,
        /// With noise suppression too, side by side
        #[arg(long)]
        noise_suppression: bool,
        /// BCP 47
        #[arg(long, default_value = "zh-CN", value_parser = NonEmptyStringValueParser::new())]
        language: String,
        /// Print JSON on one line
        #[arg(long)]
        json: bool,
    },
    /// How callees' emotions are told, on a grid of synthetic callers (needs espeak-ng)
    ///
    /// Exit code 1: a score falls as pitch, loudness or pace rises, or more than 5 % of calm utterances are
    /// called raised.
    EvalEmotion {
        /// Print JSON on one line
        #[arg(long)]
        json: bool,
    },
    /// How synthetic speakers are told apart by one phrase: the equal-error rate (needs espeak-ng)
    ///
    /// Exit code 1: it, or an error at the threshold that is used, is above 3 %. Where espeak-ng is not
    /// installed nothing is evaluated, which is said as SKIPPED and is no success.
    EvalVoiceprint {
        /// Print JSON on one line
        #[arg(long)]
        json: bool,
    },
    /// Write samples of voices and a page on which people score them (MOS)
    ListeningTest {
        /// An empty or new folder
        folder: PathBuf,
        /// A synthesizer over the network beside the demonstration voice, such as openai:https://HOST/v1
        #[arg(long, value_name = "SPEC")]
        synthesizer: Option<RecognizerSpec>,
        /// Voices of it, or of espeak-ng where no synthesizer is named
        #[arg(long, value_name = "VOICE", value_delimiter = ',')]
        voices: Vec<String>,
        /// Texts, one a line; default: ten sentences of calls
        #[arg(long, value_name = "FILE")]
        texts: Option<PathBuf>,
        /// BCP 47
        #[arg(long, default_value = "zh-CN", value_parser = NonEmptyStringValueParser::new())]
        language: String,
        /// Decides the order of the samples
        #[arg(long, value_name = "S", default_value_t = 1)]
        seed: u64,
    },
    /// Mean opinion scores of the files that listeners saved, with their 95 % intervals
    Mos {
        /// What listeners saved
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
            let order = heard::Order {
                noise_below_db,
                noise_suppression,
                language,
            };
            heard::run(&folder, &provider, &order, json).await
        }
        Action::EvalEmotion { json } => shown::emotion(json),
        Action::EvalVoiceprint { json } => shown::voices(json),
        Action::ListeningTest {
            folder,
            synthesizer,
            voices,
            texts,
            language,
            seed,
        } => {
            let order = listening_test::Order {
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
