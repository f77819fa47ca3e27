//! `ledgerline speech listening-test`: writes samples of voices, and a page on which people score them.
//!
//! The page contains its audio and contacts no server: it can be sent by mail. Listeners do not see the names
//! of the voices; each listener gets an own order, drawn from the seed and the listener's name.

use super::synthetic_evaluation::NO_ESPEAK;
use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::hex;
use domain::html::escape_json;
use domain::ports::clock::Clock;
use domain::ports::speech::{Clip, Manner, Prompt, SpeechError, Synthesizer};
use host::clock::SystemClock;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use speech::clips::write_synthetic;
use speech::espeak::{EspeakSettings, EspeakSynthesizer};
use speech::recognition::spec::RecognizerSpec;
use speech::synthesizer_factory::synthesizer;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most samples of one test: half an hour of listening.
const SAMPLES_MAX: usize = 120;
/// Template of the page.
const PAGE: &str = include_str!("listening_test.html");
/// Placeholder in the template for the data of the test.
const PLACE: &str = "/*TEST*/null";
/// Label of the espeak-ng voice, which is clearly a demonstration and not the product's best.
const DEMO: &str = "espeak-ng (demo voice 演示音)";

/// Default texts: sentences of calls that contain difficult words.
const CHINESE: [&str; 10] = [
    "您好，这里是示例银行信用卡中心。",
    "请问您是尾号幺二三四的持卡人本人吗？",
    "您本期可分期金额为三千二百五十元五角。",
    "您看分三期、六期还是十二期？",
    "好的，我明天下午三点再给您打电话。",
    "不好意思，我没听清，麻烦您再说一遍。",
    "如果不方便，我们改天再联系，祝您生活愉快。",
    "您可以随时拨打银行卡背面的客服电话核实。",
    "本次通话将录音，感谢您的理解。",
    "重庆的客户请注意，还款日是本月二十八号。",
];
const ENGLISH: [&str; 10] = [
    "Good afternoon, this is the card service of Example Bank.",
    "Am I speaking with the holder of the card ending in one two three four?",
    "You can pay three thousand two hundred and fifty yuan by instalments.",
    "Would you like three, six or twelve months?",
    "All right, I will call you again tomorrow at three.",
    "I am sorry, I did not catch that. Could you say it again?",
    "If this is a bad time, we can talk on another day.",
    "You can check with us at the number on the back of your card.",
    "This call is recorded. Thank you for understanding.",
    "Please note that your payment is due on the twenty-eighth.",
];

/// Options of a listening test.
pub(super) struct ListeningTestOptions {
    pub(super) synthesizer: Option<RecognizerSpec>,
    pub(super) voices: Vec<String>,
    pub(super) texts: Option<PathBuf>,
    pub(super) language: String,
    pub(super) seed: u64,
}

/// A voice to be scored: its label, synthesizer and manner.
struct Voice {
    label: String,
    synthesizer: Arc<dyn Synthesizer>,
    manner: Manner,
}

/// One audio sample of the test.
struct Sample {
    name: String,
    voice: String,
    wav: Vec<u8>,
}

pub(super) async fn run(folder: &Path, order: ListeningTestOptions) -> Result<(), Failure> {
    let texts = texts(&order)?;
    let voices = voices(&order).await?;
    if texts.len() * voices.len() > SAMPLES_MAX {
        return Err(Failure::refused(format!("more than {SAMPLES_MAX} samples")));
    }
    let unwritten = |error: std::io::Error| Failure::unavailable(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(unwritten)?;
    if std::fs::read_dir(folder).map_err(unwritten)?.next().is_some() {
        return Err(Failure::refused(format!("{} is not empty", folder.display())));
    }
    let mut samples = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        for voice in &voices {
            let clip = spoken(voice, text, &order.language).await?;
            samples.push(sample(&order, place, voice, &clip)?);
        }
    }
    // Neither the names of the samples nor their order reveal the voice.
    samples.sort_by(|one, other| one.name.cmp(&other.name));
    for sample in &samples {
        let file = folder.join(format!("{}.wav", sample.name));
        std::fs::write(&file, &sample.wav).map_err(unwritten)?;
    }
    let test = test(&order, &samples);
    let page = PAGE.replace(PLACE, &escape_json(&test.to_string()));
    std::fs::write(folder.join("index.html"), page).map_err(unwritten)?;
    output::line(&format_localized!(
        "{}：{} 段样音，{} 个声音；请打开 index.html，每人保存一个文件，然后执行：ledgerline speech mos FILE…",
        "{}: {} samples, {} voices; open index.html, each listener saves a file, then: \
         ledgerline speech mos FILE…",
        folder.display(),
        samples.len(),
        voices.len()
    ))
}

fn texts(order: &ListeningTestOptions) -> Result<Vec<String>, Failure> {
    let Some(file) = &order.texts else {
        let shipped = if order.language.starts_with("zh") {
            CHINESE
        } else {
            ENGLISH
        };
        return Ok(shipped.map(str::to_owned).to_vec());
    };
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| Failure::unavailable(format!("{}: {error}", file.display())))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    if lines.is_empty() {
        return Err(Failure::refused(format!(
            "{}: there are no texts",
            file.display()
        )));
    }
    Ok(lines)
}

/// Returns the voices of the test. The demonstration voice is always first, as a baseline.
async fn voices(order: &ListeningTestOptions) -> Result<Vec<Voice>, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let espeak = EspeakSynthesizer::find(EspeakSettings::default(), Arc::clone(&clock)).await;
    let espeak: Arc<dyn Synthesizer> = match espeak {
        Ok(espeak) => Arc::new(espeak),
        Err(_) => return Err(Failure::unavailable(NO_ESPEAK.to_owned())),
    };
    let mut voices = vec![Voice {
        label: DEMO.to_owned(),
        synthesizer: Arc::clone(&espeak),
        manner: Manner::default(),
    }];
    let (others, of) = match &order.synthesizer {
        Some(spec) => {
            let made = synthesizer(spec, None, clock, &host::config::named_variable);
            (
                made.map_err(|error| Failure::refused(error.to_string()))?,
                spec.to_string(),
            )
        }
        None => (espeak, DEMO.to_owned()),
    };
    if order.voices.is_empty() && order.synthesizer.is_some() {
        voices.push(Voice {
            label: of.clone(),
            synthesizer: Arc::clone(&others),
            manner: Manner::default(),
        });
    }
    voices.extend(order.voices.iter().map(|name| Voice {
        label: format!("{of}: {name}"),
        synthesizer: Arc::clone(&others),
        manner: Manner {
            voice: Some(name.clone()),
            ..Manner::default()
        },
    }));
    Ok(voices)
}

async fn spoken(voice: &Voice, text: &str, language: &str) -> Result<Arc<Clip>, Failure> {
    let prompt = Prompt {
        text: text.to_owned(),
        language: language.to_owned(),
        personal: true,
        manner: voice.manner.clone(),
        ..Prompt::default()
    };
    let clip = voice.synthesizer.speak(&prompt).await;
    clip.map_err(|error: SpeechError| Failure::unavailable(format!("{}: {error}", voice.label)))
}

fn sample(order: &ListeningTestOptions, place: usize, voice: &Voice, clip: &Clip) -> Result<Sample, Failure> {
    let named = Sha256::digest(format!("{} {place} {}", order.seed, voice.label));
    let name = hex::encode_first(6, &named);
    let wav = write_synthetic(clip, &voice.label).map_err(|error| Failure::fault(error.to_string()))?;
    Ok(Sample {
        name,
        voice: voice.label.clone(),
        wav,
    })
}

fn test(order: &ListeningTestOptions, samples: &[Sample]) -> Value {
    let mut digest = Sha256::new();
    for sample in samples {
        digest.update(&sample.wav);
    }
    let name = hex::encode_first(8, &digest.finalize());
    let shown = |sample: &Sample| {
        let wav = STANDARD.encode(&sample.wav);
        json!({ "sample": sample.name, "voice": sample.voice, "wav": wav })
    };
    let samples: Vec<Value> = samples.iter().map(shown).collect();
    json!({ "test": name, "seed": order.seed, "language": order.language, "samples": samples })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(texts: Option<PathBuf>) -> ListeningTestOptions {
        ListeningTestOptions {
            synthesizer: None,
            voices: vec!["f2".to_owned()],
            texts,
            language: "zh-CN".to_owned(),
            seed: 7,
        }
    }

    #[tokio::test]
    async fn a_kit_has_labelled_samples_and_a_page_that_holds_them_and_equal_seeds_make_equal_kits() {
        let dir = tempfile::tempdir().unwrap();
        let texts = dir.path().join("texts");
        std::fs::write(&texts, "您好。\n\n再见。\n").unwrap();
        let folder = dir.path().join("kit");
        if let Err(failure) = run(&folder, order(Some(texts.clone()))).await {
            println!("SKIPPED: {failure:?}");
            return;
        }
        let page = std::fs::read_to_string(folder.join("index.html")).unwrap();
        assert!(!page.contains(PLACE) && page.contains("\"seed\":7"));
        assert!(
            !page.contains("http://") && !page.contains("https://"),
            "it contacts no server"
        );
        let mut wavs = 0;
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|one| one == "wav") {
                wavs += 1;
                let wav = std::fs::read(&path).unwrap();
                let text = String::from_utf8_lossy(&wav);
                assert!(
                    text.contains("AIGC") && text.contains("demo voice"),
                    "{}",
                    path.display()
                );
            }
        }
        assert_eq!(wavs, 4);
        let again = dir.path().join("again");
        run(&again, order(Some(texts.clone()))).await.unwrap();
        assert_eq!(std::fs::read_to_string(again.join("index.html")).unwrap(), page);
        assert!(run(&again, order(Some(texts))).await.is_err(), "it is not empty");
    }
}
