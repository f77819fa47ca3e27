//! The stored facts of a spoken turn, compared with their golden files.

use super::event::CallEvent;
use super::{
    BargedInFact, EngineFailedFact, EngineKind, HeardFact, SaidFact, SensitiveWordFact, SilenceFact,
    UnderstandingFact,
};
use crate::personal::Personal;
use crate::record::golden_support::{check, check_with};
use crate::spoken_turn::{
    Certainty, EncoderShare, Explanation, IntentCandidate, ReadingSource, SpokenReading, TurnDecision,
    TurnInput,
};
use crate::turn::AnswerChannel;
use std::collections::BTreeMap;
use values::emotion::{EmotionLevel, EmotionReading, Prosody};

#[test]
fn how_somebody_sounded_is_written_as_its_golden_file() {
    let understood = UnderstandingFact {
        node: "gauge".to_owned(),
        intent: None,
        reading: reading(),
        slots: BTreeMap::new(),
        interest: None,
        opt_out: false,
        model: None,
        emotion: Some(EmotionReading {
            level: EmotionLevel::Angry,
            score_permille: 850,
            words_permille: 750,
            prosody: Some(Prosody {
                pitch_permille: 1_180,
                louder_db: 6,
                rate_permille: 1_250,
            }),
            may_branch: true,
        }),
        encoder: None,
    };
    check_with("call", "emotion", CallEvent::Understood(understood));
}

#[test]
fn what_an_encoder_had_to_it_is_written_as_its_golden_file() {
    let share = EncoderShare {
        model: "9f".repeat(32),
        decided: false,
        took_ms: 400,
        failure: Some("late".to_owned()),
    };
    let understood = UnderstandingFact {
        node: "gauge".to_owned(),
        intent: Some("ask_term".to_owned()),
        reading: reading(),
        slots: BTreeMap::new(),
        interest: None,
        opt_out: false,
        model: Some("5e".repeat(32)),
        emotion: None,
        encoder: Some(Box::new(share)),
    };
    check_with("call", "encoder", CallEvent::Understood(understood));
}

fn engine_failed() -> CallEvent {
    CallEvent::EngineFailed(EngineFailedFact {
        leg: 1,
        node: "确认分期期数".to_owned(),
        engine_kind: EngineKind::Recognizer,
        engine: "funasr".to_owned(),
        class: "late".to_owned(),
        answer_by: AnswerChannel::Keypress,
    })
}

fn reading() -> SpokenReading {
    SpokenReading {
        certainty: Certainty::Accepted,
        read_by: ReadingSource::Model,
        candidates: vec![IntentCandidate {
            intent: "ask_term".to_owned(),
            score_permille: 812,
        }],
        accept_permille: Some(640),
        confirm_permille: Some(310),
        knowledge: None,
        picked: None,
    }
}

/// A said text with the name of its synthesizer.
#[test]
fn a_said_text_names_its_engine() {
    let said = SaidFact {
        leg: 1,
        node: "确认分期期数".to_owned(),
        prompt: "nodes.确认分期期数.text".to_owned(),
        variant: None,
        spoken_chars: 14,
        prompt_chars: 14,
        engine: Some("espeak".to_owned()),
    };
    check_with("call", "engine", CallEvent::Said(said));
}

/// Every event of one spoken turn.
#[test]
fn every_fact_of_a_turn_is_written_as_its_golden_file() {
    let node = || "确认分期期数".to_owned();
    let reading = reading();
    let explanation = Explanation {
        reading: Some(reading.clone()),
        slots: vec!["terms".to_owned()],
        corrected: vec!["terms".to_owned()],
        rung: Some(1),
        ..Explanation::of(TurnInput::Spoken)
    };
    let events = [
        CallEvent::Heard(HeardFact {
            leg: 1,
            node: node(),
            text: Personal::open("不是，是三期".to_owned()),
            confidence_permille: Some(930),
            engine: "template".to_owned(),
            begins_ms: 14_200,
            ends_ms: 15_640,
        }),
        CallEvent::Understood(UnderstandingFact {
            node: node(),
            intent: Some("ask_term".to_owned()),
            reading,
            slots: BTreeMap::from([("terms".to_owned(), Personal::open("3".to_owned()))]),
            interest: Some("高".to_owned()),
            opt_out: true,
            model: Some("5e".repeat(32)),
            emotion: None,
            encoder: None,
        }),
        CallEvent::Decided(TurnDecision {
            node: node(),
            rule: "nodes.确认分期期数.on_filled".to_owned(),
            explanation,
        }),
        CallEvent::Said(SaidFact {
            leg: 1,
            node: node(),
            prompt: "nodes.确认分期期数.text".to_owned(),
            variant: Some("short".to_owned()),
            spoken_chars: 7,
            prompt_chars: 14,
            engine: None,
        }),
        CallEvent::BargedIn(BargedInFact {
            leg: 1,
            node: node(),
            said_ms: 1_400,
            voiced_ms: 320,
            chars: Some(3),
        }),
        CallEvent::SilenceTimedOut(SilenceFact {
            node: node(),
            silence_ms: 3_000,
        }),
        CallEvent::SensitiveWordMatched(SensitiveWordFact {
            leg: 1,
            node: node(),
            list: "campaign".to_owned(),
            word: Personal::open("诈骗".to_owned()),
        }),
        engine_failed(),
    ];
    events.into_iter().for_each(|event| check("call", event));
}
