//! Tests the embedded recognizer on synthetic voices other than those of its examples, over a telephone's
//! band.

use super::*;
use crate::clips::write_clip;
use crate::recognition::contract::{self, RecognizerFixture, ports};
use crate::recognition::session::EngineRecognizer;
use crate::rehearsal_voices::{COMMANDS, EXAMPLES, Speaker};
use crate::testing::sounds::voice;
use domain::ports::recognizer::Recognizer;
use domain::ports::speech::Clip;
use media::audio::frame::sample_from;
use media::codec::Codec;

fn spoken(pinyin: &str, variant: &'static str, pace: u32, pitch: u32) -> Option<Vec<i16>> {
    let spoken = Speaker { variant, pace, pitch }.says(pinyin);
    if spoken.is_none() {
        println!("SKIPPED: espeak-ng is not installed");
    }
    spoken
}

fn vocabulary() -> Option<Vocabulary> {
    let mut vocabulary = Vocabulary::default();
    for (phrase, pinyin) in COMMANDS {
        for one in EXAMPLES {
            let samples = spoken(pinyin, one.variant, one.pace, one.pitch)?;
            assert!(vocabulary.add(phrase, &samples).unwrap());
        }
    }
    Some(vocabulary.sealed())
}

/// Returns the audio as a telephone transmits it: A-law, with noise this many dB below the voice.
fn over_the_line(samples: &[i16], below_db: f64) -> Vec<i16> {
    let energy: f64 = samples.iter().map(|one| f64::from(*one).powi(2)).sum();
    let count = f64::from(u32::try_from(samples.len()).unwrap());
    let level = (energy / count).sqrt() * 10.0_f64.powf(-below_db / 20.0) * 3.0_f64.sqrt();
    let mut seed = 7_u64;
    let noisy: Vec<i16> = samples
        .iter()
        .map(|sample| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let random = f64::from(u32::try_from(seed >> 33).unwrap()) / f64::from(1_u32 << 30) - 1.0;
            sample_from(f64::from(*sample) + random * level)
        })
        .collect();
    let mut bytes = vec![0; noisy.len()];
    Codec::Pcma.encode(&noisy, &mut bytes);
    let mut heard = vec![0; noisy.len()];
    Codec::Pcma.decode(&bytes, &mut heard);
    heard
}

struct Commands(Arc<Vocabulary>, [(Vec<i16>, String); 2]);

impl RecognizerFixture for Commands {
    fn recognizer(&self) -> Arc<dyn Recognizer> {
        let (clock, tasks) = ports();
        let engine = Arc::new(TemplateEngine::new(Arc::clone(&self.0)));
        Arc::new(EngineRecognizer::new(engine, clock, tasks))
    }
    fn said(&self) -> [(Vec<i16>, String); 2] {
        self.1.clone()
    }
}

#[tokio::test]
async fn the_embedded_recognizer_keeps_the_contract() {
    let Some(vocabulary) = vocabulary() else { return };
    let said = [0, 2].map(|index| {
        let (text, pinyin) = COMMANDS[index];
        let samples = spoken(pinyin, "f4", 160, 55).unwrap();
        (over_the_line(&samples, 30.0), text.to_owned())
    });
    contract::run_contract(&Commands(Arc::new(vocabulary), said)).await;
}

#[test]
fn voices_that_it_has_not_heard_are_understood_at_20_and_10_db() {
    let Some(vocabulary) = vocabulary() else { return };
    for (below_db, right_min) in [(20.0, 34), (10.0, 32)] {
        let mut right = 0;
        let mut wrong = Vec::new();
        for (variant, pitch) in [("m1", 45), ("f4", 55), ("f1", 60)] {
            for (phrase, pinyin) in COMMANDS {
                let samples = spoken(pinyin, variant, 160, pitch).unwrap();
                let made = recognize_phrase(&vocabulary, &[], &over_the_line(&samples, below_db));
                if made.text == phrase {
                    right += 1;
                } else {
                    wrong.push((variant, phrase, made));
                }
            }
        }
        println!("{below_db} dB: {right} of 36");
        assert!(right >= right_min, "{below_db} dB: {right} of 36, {wrong:?}");
    }
}

#[test]
fn a_buzz_is_no_phrase() {
    let Some(vocabulary) = vocabulary() else { return };
    for ms in [300, 500, 900] {
        assert_eq!(recognize_phrase(&vocabulary, &[], &voice(ms)).text, "", "{ms} ms");
    }
    assert_eq!(recognize_phrase(&vocabulary, &[], &[0; 80]).text, "");
}

#[test]
fn an_order_may_expect_some_phrases_only() {
    let Some(vocabulary) = vocabulary() else { return };
    let samples = spoken("san1 qi1", "m3", 180, 50).unwrap();
    assert_eq!(recognize_phrase(&vocabulary, &[], &samples).text, "三期");
    let made = recognize_phrase(&vocabulary, &["六期".to_owned(), "是的".to_owned()], &samples);
    assert_ne!(made.text, "三期");
}

#[test]
fn a_directory_of_files_is_a_vocabulary_and_says_what_is_wrong_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let error = |name: &str| {
        let text = Vocabulary::from_directory(dir.path()).unwrap_err().to_string();
        std::fs::remove_file(dir.path().join(name)).unwrap();
        text
    };
    let wav = |samples: Vec<i16>| write_clip(&Clip { samples }).unwrap();
    assert!(
        Vocabulary::from_directory(dir.path())
            .unwrap_err()
            .to_string()
            .contains("named after its words")
    );
    for (name, bytes, says) in [
        ("是的.wav", b"RIFF".to_vec(), "8 kHz, mono, 16 bit"),
        ("是的.wav", wav(vec![900; 300]), "a tenth of a second"),
        ("  .wav", wav(voice(500)), "not a phrase"),
        ("是的.wav", vec![0; 200_000], "ten seconds"),
    ] {
        std::fs::write(dir.path().join(name), bytes).unwrap();
        let text = error(name);
        assert!(text.contains(says), "{text}");
    }
    for name in ["是的.wav", "是的.f2.wav", "不需要.WAV", "notes.txt"] {
        std::fs::write(dir.path().join(name), wav(voice(700))).unwrap();
    }
    let vocabulary = Vocabulary::from_directory(dir.path()).unwrap();
    assert_eq!(vocabulary.phrases().collect::<Vec<_>>(), ["不需要", "是的"]);
    assert_eq!(vocabulary.digest().len(), 16);
    assert!(Vocabulary::from_directory(&dir.path().join("none")).is_err());
}
