//! Tests of turn-taking as tables: what is heard at which time, and which acts follow.

use super::*;
use crate::ports::recognizer::{FailureClass, RecognitionEvent as Event, Utterance, UtteranceSegmenter};

fn rules(expected: ExpectedAnswer, hears_partials: bool) -> TurnRules {
    TurnRules {
        expected,
        barge_in: BargeIn::Allowed,
        hears_partials,
        cuts: UtteranceSegmenter::Engines,
    }
}

fn said(text: &str) -> Event {
    Event::Final(Utterance {
        text: text.to_owned(),
        confidence_ratio: Some(0.9),
        alternatives: Vec::new(),
        begin_ms: 0,
        end_ms: 0,
        prosody: None,
    })
}

fn partial(text: &str) -> Event {
    Event::Partial {
        text: text.to_owned(),
    }
}

fn still(voiced_ms: u64) -> Event {
    Event::StillSpeaking {
        t_ms: 1_000 + voiced_ms,
        voiced_ms,
    }
}

const STARTED: Event = Event::SpeechStarted { t_ms: 1_000 };
const ENDED: Event = Event::SpeechEnded { t_ms: 2_000 };

fn text_of(act: Option<TurnAct>) -> String {
    match act {
        Some(TurnAct::Answered(utterance)) => utterance.text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_turn_ends_after_the_silence_that_its_answer_needs() {
    for (expected, at_ms) in [
        (ExpectedAnswer::Short, 2_500),
        (ExpectedAnswer::Open, 2_800),
        (ExpectedAnswer::Groups, 3_200),
    ] {
        let mut turn = Turn::new(rules(expected, true));
        for event in [STARTED, partial("是"), ENDED] {
            assert_eq!(turn.heard(&event, 2_300), None);
        }
        assert_eq!(turn.heard(&said("是的"), 2_400), None);
        assert_eq!(turn.deadline(), Some(at_ms));
        assert_eq!(turn.elapsed(at_ms - 1), None);
        assert_eq!(text_of(turn.elapsed(at_ms)), "是的");
        assert_eq!(turn.deadline(), None);
    }
}

#[test]
fn a_text_that_comes_after_the_silence_ends_the_turn_at_once() {
    let mut turn = Turn::new(rules(ExpectedAnswer::Short, true));
    turn.heard(&STARTED, 1_060);
    turn.heard(&ENDED, 2_300);
    assert_eq!(turn.elapsed(4_000), None, "nothing is made out yet");
    assert_eq!(text_of(turn.heard(&said("转人工"), 4_100)), "转人工");
}

#[test]
fn who_goes_on_after_a_breath_says_one_utterance() {
    let mut turn = Turn::new(rules(ExpectedAnswer::Groups, true));
    turn.heard(&STARTED, 1_060);
    turn.heard(&said("138"), 1_900);
    turn.heard(&ENDED, 2_300);
    assert_eq!(turn.heard(&Event::SpeechStarted { t_ms: 3_100 }, 3_160), None);
    assert_eq!(turn.elapsed(3_300), None, "they speak");
    turn.heard(&said("0013"), 3_900);
    turn.heard(&Event::SpeechEnded { t_ms: 3_800 }, 4_100);
    let Some(TurnAct::Answered(utterance)) = turn.elapsed(5_000) else {
        panic!("the turn is over");
    };
    assert_eq!(utterance.text, "138 0013");
    assert_eq!((utterance.begin_ms, utterance.end_ms), (1_000, 3_800));
}

#[test]
fn a_text_that_comes_while_they_speak_again_is_that_of_what_came_before() {
    let mut turn = Turn::new(rules(ExpectedAnswer::Short, true));
    turn.heard(&STARTED, 1_060);
    turn.heard(&ENDED, 2_300);
    turn.heard(&Event::SpeechStarted { t_ms: 2_400 }, 2_460);
    turn.heard(&said("不是"), 2_600);
    turn.heard(&Event::SpeechEnded { t_ms: 3_000 }, 3_300);
    assert_eq!(turn.elapsed(3_600), None, "the second part is still to come");
    assert_eq!(text_of(turn.heard(&said("是三期"), 3_700)), "不是是三期");
}

#[test]
fn a_caller_who_never_stops_is_answered_after_15_s() {
    let mut turn = Turn::new(rules(ExpectedAnswer::Open, true));
    turn.heard(&STARTED, 1_060);
    turn.heard(&said("我想说"), 5_000);
    assert_eq!(turn.deadline(), Some(16_000));
    assert_eq!(text_of(turn.elapsed(16_000)), "我想说");
}

#[test]
fn a_prompt_is_cut_at_300_ms_of_voice_and_at_500_ms_where_words_are_awaited() {
    for (hears_partials, heard, cut_ms) in [
        (false, None, 300),
        (true, Some("不需要"), 300),
        (true, None, 500),
        (true, Some("嗯"), 1_200),
        (true, Some("对对"), 1_200),
        (true, Some("uh huh"), 1_200),
    ] {
        let mut turn = Turn::new(rules(ExpectedAnswer::Open, hears_partials));
        turn.prompt_began();
        turn.heard(&STARTED, 1_060);
        if let Some(text) = heard {
            turn.heard(&partial(text), 1_200);
        }
        assert_eq!(turn.heard(&still(cut_ms - 20), 1_500), None, "{heard:?}");
        let cut = TurnAct::CutPrompt {
            speech_from_ms: 1_000,
            voiced_ms: cut_ms,
        };
        assert_eq!(turn.heard(&still(cut_ms), 1_600), Some(cut), "{heard:?}");
        assert_eq!(turn.heard(&still(cut_ms + 100), 1_700), None, "once");
    }
}

#[test]
fn where_our_detector_cuts_each_stretch_is_waited_for() {
    let mut turn = Turn::new(TurnRules {
        cuts: UtteranceSegmenter::Ours,
        ..rules(ExpectedAnswer::Short, false)
    });
    turn.heard(&STARTED, 1_060);
    turn.heard(&ENDED, 2_300);
    turn.heard(&Event::SpeechStarted { t_ms: 2_350 }, 2_410);
    turn.heard(&Event::SpeechEnded { t_ms: 3_050 }, 3_350);
    assert_eq!(turn.heard(&said("是的"), 3_800), None, "half of it");
    assert_eq!(turn.elapsed(4_150), None);
    assert_eq!(text_of(turn.heard(&said("我要分三期"), 4_200)), "是的我要分三期");
}

#[test]
fn a_text_that_comes_after_its_turn_was_answered_is_no_part_of_the_next() {
    let mut turn = Turn::new(rules(ExpectedAnswer::Short, true));
    turn.heard(&STARTED, 1_060);
    turn.heard(&ENDED, 2_300);
    assert_eq!(text_of(turn.heard(&said(""), 5_000)), "");
    assert_eq!(turn.heard(&said("是的"), 5_400), None);
    assert!(!turn.is_open());
    turn.heard(&Event::SpeechStarted { t_ms: 8_000 }, 8_060);
    turn.heard(&Event::SpeechEnded { t_ms: 8_500 }, 8_800);
    assert_eq!(text_of(turn.heard(&said("不要"), 9_100)), "不要");
}

#[test]
fn a_caller_cut_off_at_15_s_is_still_waited_for_when_they_stop() {
    let mut turn = Turn::new(rules(ExpectedAnswer::Open, true));
    turn.heard(&STARTED, 1_060);
    assert_eq!(text_of(turn.elapsed(16_000)), "");
    turn.heard(&Event::SpeechEnded { t_ms: 18_000 }, 18_300);
    assert_eq!(turn.elapsed(19_000), None, "its text is still to come");
    assert_eq!(text_of(turn.heard(&said("我想说的是"), 19_500)), "我想说的是");
}

#[test]
fn a_cut_that_the_node_refuses_is_asked_again_while_they_go_on() {
    let mut turn = Turn::new(rules(ExpectedAnswer::Open, false));
    turn.prompt_began();
    turn.heard(&STARTED, 1_060);
    let asked = |turn: &mut Turn, voiced_ms| {
        matches!(
            turn.heard(&still(voiced_ms), 1_600),
            Some(TurnAct::CutPrompt { .. })
        )
    };
    assert!(asked(&mut turn, 300));
    turn.cut_refused();
    assert!(asked(&mut turn, 400));
    assert!(!asked(&mut turn, 500), "it was cut");
}

#[test]
fn what_is_said_over_a_text_that_no_voice_cuts_counts_once_it_is_complete() {
    let mut turn = Turn::new(TurnRules {
        barge_in: BargeIn::Words,
        ..rules(ExpectedAnswer::Short, true)
    });
    turn.prompt_began();
    for event in [STARTED, partial("你是谁"), still(1_500), said("你是谁"), ENDED] {
        assert_eq!(turn.heard(&event, 2_100), None);
    }
    assert!(turn.is_open());
    assert_eq!(text_of(turn.elapsed(2_500)), "你是谁");
    assert!(!turn.is_open());
    for event in [
        Event::SpeechStarted { t_ms: 4_000 },
        still(200),
        said("嗯"),
        Event::SpeechEnded { t_ms: 4_300 },
    ] {
        assert_eq!(turn.heard(&event, 4_500), None);
    }
    assert_eq!(
        (turn.deadline(), turn.is_open()),
        (None, false),
        "a sound of listening"
    );
}

#[test]
fn a_notice_is_not_cut_and_what_is_said_over_it_is_not_kept() {
    let mut turn = Turn::new(TurnRules {
        barge_in: BargeIn::Never,
        ..rules(ExpectedAnswer::Open, true)
    });
    turn.prompt_began();
    for event in [STARTED, partial("不需要"), still(2_000), said("不需要"), ENDED] {
        assert_eq!(turn.heard(&event, 3_000), None);
    }
    assert_eq!(turn.deadline(), None);
    turn.prompt_ended();
    assert_eq!(turn.deadline(), None);
}

#[test]
fn a_sound_of_listening_is_an_answer_only_when_we_are_silent() {
    let mut turn = Turn::new(rules(ExpectedAnswer::Short, true));
    turn.prompt_began();
    for event in [STARTED, still(200), said("嗯"), ENDED] {
        assert_eq!(turn.heard(&event, 2_300), None);
    }
    turn.prompt_ended();
    assert_eq!(turn.deadline(), None, "it was said while we spoke");
    turn.heard(&Event::SpeechStarted { t_ms: 5_000 }, 5_060);
    turn.heard(&said("嗯"), 5_600);
    turn.heard(&Event::SpeechEnded { t_ms: 5_300 }, 5_600);
    assert_eq!(text_of(turn.elapsed(5_800)), "嗯");
}

#[test]
fn an_answer_into_our_last_words_counts_and_a_sound_of_listening_does_not() {
    for (text, counts) in [("不需要", true), ("嗯", false), ("", false)] {
        let mut turn = Turn::new(rules(ExpectedAnswer::Short, true));
        turn.prompt_began();
        turn.heard(&STARTED, 1_060);
        turn.heard(&ENDED, 2_300);
        turn.prompt_ended();
        let act = turn.heard(&said(text), 2_600);
        assert_eq!(act.is_some(), counts, "{text}");
        assert_eq!(turn.deadline(), None, "{text}");
    }
}

#[test]
fn who_speaks_when_the_prompt_ends_is_heard() {
    let mut turn = Turn::new(rules(ExpectedAnswer::Short, true));
    turn.prompt_began();
    turn.heard(&STARTED, 1_060);
    turn.prompt_ended();
    turn.heard(&said("是的"), 1_900);
    turn.heard(&ENDED, 2_300);
    assert_eq!(text_of(turn.elapsed(2_500)), "是的");
}

#[test]
fn a_recognizer_that_fails_leaves_keys_and_then_a_person() {
    let mut turn = Turn::new(rules(ExpectedAnswer::Short, true));
    turn.heard(&STARTED, 1_060);
    let deaf = turn.heard(&Event::failed(FailureClass::Late), 5_000);
    let class = FailureClass::Late;
    assert_eq!(
        deaf,
        Some(TurnAct::Deaf {
            class,
            retryable: true
        })
    );
    assert_eq!(turn.deadline(), None);
    let by = AnswerChannel::Speech.after_failure();
    assert_eq!(
        (by, by.after_failure()),
        (AnswerChannel::Keypress, AnswerChannel::Person)
    );
    assert_eq!(AnswerChannel::Person.after_failure(), AnswerChannel::Person);
}

#[test]
fn sounds_of_listening_are_known_in_both_languages() {
    for text in ["", "嗯", "嗯嗯。", "啊 对", "好", "uh huh", "OK.", "Mm, yeah"] {
        assert!(is_back_channel(text), "{text}");
    }
    for text in ["不", "好的我要", "no", "yes please", "不需要", "三期"] {
        assert!(!is_back_channel(text), "{text}");
    }
}

#[test]
fn a_cut_clip_says_how_much_of_its_text_was_spoken() {
    let text = "您好，这里是银行。";
    for (played_ms, spoken) in [
        (0, 0),
        (299, 0),
        (300, 1),
        (600, 2),
        (900, 4),
        (1_999, 7),
        (2_100, 9),
    ] {
        assert_eq!(
            characters_spoken(text, played_ms, 2_100),
            spoken,
            "{played_ms} ms"
        );
    }
    assert_eq!(characters_spoken("", 0, 0), 0);
}
