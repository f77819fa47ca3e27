//! Calls that listen, with a scripted line and a scripted recognizer: what is stored, in which order, and
//! which actions follow.

use crate::error::StartError;
use crate::testing::line::{FakeLine, closed, dialog, hung_up, ringing};
use crate::testing::speech::FakeRecognizer;
use crate::testing::test_system::{TestSystem, campaign, count, plan, publish_flow};
use crate::testing::{on_one_thread, settle};
use domain::calling_plan::CallingPlan;
use domain::flow::FlowDefinition;
use domain::ports::line::{DialOrder, HangupSource, LegEvent};
use domain::ports::recognizer::{FailureClass, RecognitionEvent};
use domain::sensitive_words::SensitiveWordList;
use std::sync::Arc;

const SPOKEN: &str = include_str!("../../../../fixtures/flows/card_instalment_spoken.yaml");

fn answers() -> Arc<FakeLine> {
    let script = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    FakeLine::new("answers", Box::new(script))
}

/// A world in which a callee is asked, under a plan, if they are the card's holder.
async fn asked_under(plan: CallingPlan) -> TestSystem {
    let world = TestSystem::new(vec![answers()]).that_listens();
    let _drivers = world.start_drivers().await;
    let definition = FlowDefinition::from_yaml(SPOKEN).expect("a shipped flow");
    let flow = publish_flow(&world, &definition).await;
    world.run_plan(1, &|_, _| {}, flow, plan).await;
    world
        .until("the question", |log| count(log, "call.node_entered") == 2)
        .await;
    settle().await;
    world
}

async fn asked() -> TestSystem {
    asked_under(plan(1)).await
}

/// The event kinds of turns and their consequences, from the first of one kind on.
fn turns_from(world: &TestSystem, first: &str) -> Vec<String> {
    let kinds = world.fakes.store.kinds();
    let from = kinds.iter().position(|kind| kind == first).expect("it is stored");
    kinds[from..]
        .iter()
        .filter(|kind| kind.starts_with("call.") || kind.starts_with("number.opted"))
        .cloned()
        .collect()
}

/// A transcript is kept for years: a card number that a callee reads out must not be in it, sealed or not.
#[test]
fn what_is_heard_is_masked_before_it_is_sealed() {
    on_one_thread(async {
        let world = asked().await;
        world.ear().say("是的，卡号6222021234567890", 200, 600);
        world
            .until("what was heard", |log| count(log, "call.heard") == 1)
            .await;
        let heard = &world.data("call.heard")[0];
        // The fake vault reverses the text.
        let sealed = heard["text"]["sealed"].as_str().expect("it is sealed");
        assert!(sealed.contains("****************号卡"), "{sealed}");
    });
}

#[test]
fn an_answer_is_stored_as_heard_understood_and_decided_before_the_node_that_follows() {
    on_one_thread(async {
        let world = asked().await;
        world.ear().say("是的", 200, 600);
        world
            .until("the next node", |log| count(log, "call.node_entered") >= 3)
            .await;
        let turns = turns_from(&world, "call.heard");
        let wanted = [
            "call.heard",
            "call.understood",
            "call.decided",
            "call.node_entered",
        ];
        assert_eq!(turns[..4], wanted, "{turns:?}");
        let heard = &world.data("call.heard")[0];
        assert!(heard["text"]["sealed"].is_string(), "{heard}");
        assert_eq!(
            (&heard["engine"], &heard["confidence_permille"]),
            (&"fake".into(), &930.into())
        );
        assert_eq!(
            (&heard["begins_ms"], &heard["ends_ms"]),
            (&200.into(), &600.into())
        );
        assert_eq!(world.data("call.understood")[0]["intent"], "affirm");
        assert_eq!(
            world.data("call.decided")[0]["rule"],
            "nodes.验证卡号.intents.affirm"
        );
        let said = &world.data("call.said")[0];
        assert_eq!(said["prompt"], "nodes.开场白.text");
        assert_eq!(said["spoken_chars"], said["prompt_chars"]);
        assert_eq!(said["engine"], "fake");
    });
}

#[test]
fn the_delay_of_a_reply_counts_once_and_a_prompt_without_an_answer_does_not() {
    on_one_thread(async {
        let world = asked().await;
        let turn = &world.fakes.environment.latencies.turn;
        assert_eq!(turn.read().count, 0, "a greeting is no reply");
        world.ear().say("是的", 200, 600);
        world
            .until("the next node", |log| count(log, "call.node_entered") >= 3)
            .await;
        settle().await;
        assert_eq!(turn.read().count, 1);
    });
}

#[test]
fn a_refusal_by_word_protects_the_number_before_anything_else_of_it_is_stored() {
    on_one_thread(async {
        let world = asked().await;
        world.lines[0].stall();
        world.ear().say("别再打了", 200, 900);
        world
            .until("the refusal", |log| count(log, "call.understood") == 1)
            .await;
        let turns = turns_from(&world, "number.opted_out");
        assert_eq!(
            turns[..4],
            [
                "number.opted_out",
                "call.heard",
                "call.understood",
                "call.decided"
            ]
        );
        assert_eq!(world.data("number.opted_out")[0]["source"], "speech");
    });
}

#[test]
fn a_refusal_counts_over_a_notice_and_its_words_are_not_kept_before_the_notice_was_heard() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]).that_listens();
        world.lines[0].stall();
        let _drivers = world.start_drivers().await;
        let definition = FlowDefinition::from_yaml(SPOKEN).expect("a shipped flow");
        let flow = publish_flow(&world, &definition).await;
        world.run_campaign(1, 1, flow).await;
        world
            .until("the answer", |log| count(log, "call.answered") == 1)
            .await;
        settle().await;
        world.ear().say("是的", 100, 300);
        world.ear().say("别再打了", 400, 900);
        world
            .until("the refusal", |log| count(log, "number.opted_out") == 1)
            .await;
        settle().await;
        assert_eq!(
            (world.count("call.heard"), world.count("call.understood")),
            (0, 1)
        );
        assert_eq!(world.data("call.decided")[0]["rule"], "opt_out");
    });
}

#[test]
fn a_word_of_the_campaign_ends_the_call_in_the_middle_of_an_utterance() {
    on_one_thread(async {
        let words = SensitiveWordList::try_from(vec!["诈骗".to_owned()]).expect("a word");
        let plan = CallingPlan {
            sensitive_words: words,
            ..plan(1)
        };
        let world = asked_under(plan).await;
        world.ear().tell(RecognitionEvent::SpeechStarted { t_ms: 200 });
        let text = "你们是诈骗".to_owned();
        world.ear().tell(RecognitionEvent::Partial { text });
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        let turns = turns_from(&world, "call.sensitive_word_matched");
        assert_eq!(
            turns[..3],
            [
                "call.sensitive_word_matched",
                "call.decided",
                "call.hangup_requested"
            ]
        );
        assert_eq!(world.data("call.ended")[0]["outcome"], "declined");
        assert!(world.data("call.sensitive_word_matched")[0]["word"]["sealed"].is_string());
    });
}

#[test]
fn who_speaks_is_not_taken_for_silent_and_a_cough_does_not_count_as_an_answer() {
    on_one_thread(async {
        let world = asked().await;
        world.ear().tell(RecognitionEvent::SpeechStarted { t_ms: 200 });
        let until = world.fakes.environment.clock.now().plus_ms(5_000);
        while world.fakes.environment.clock.now() < until {
            settle().await;
            assert!(world.fakes.clock.advance_to_next());
        }
        settle().await;
        assert_eq!(world.count("call.silence_timed_out"), 0);
        world.ear().tell(RecognitionEvent::SpeechEnded { t_ms: 500 });
        world.ear().say("", 200, 500);
        world
            .until("the silence", |log| count(log, "call.silence_timed_out") == 1)
            .await;
        assert_eq!(world.count("call.heard"), 0);
    });
}

#[test]
fn a_recognizer_that_fails_is_opened_once_more_and_then_keys_answer() {
    on_one_thread(async {
        let world = asked().await;
        world.ear().tell(RecognitionEvent::SpeechStarted { t_ms: 200 });
        world.ear().tell(RecognitionEvent::failed(FailureClass::Late));
        world
            .until("the failure", |log| count(log, "call.engine_failed") == 1)
            .await;
        settle().await;
        assert_eq!(world.ear().opened_count(), 2);
        assert_eq!(world.data("call.engine_failed")[0]["answer_by"], "speech");
        assert_eq!(world.data("call.decided")[0]["rule"], "nodes.验证卡号.on_unclear");
        world.ear().tell(RecognitionEvent::failed(FailureClass::Cut));
        world
            .until("the second", |log| count(log, "call.engine_failed") == 2)
            .await;
        settle().await;
        let failed = &world.data("call.engine_failed")[1];
        assert_eq!(
            (&failed["answer_by"], &failed["class"]),
            (&"keypress".into(), &"cut".into())
        );
        assert_eq!(world.data("call.decided")[1]["explanation"]["input"], "deaf");
        world.lines[0].tell(0, LegEvent::Keypress { digit: '2' });
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(world.data("call.ended")[0]["outcome"], "wrong_party");
    });
}

#[test]
fn who_cuts_in_is_on_record_before_the_text_stops_and_the_text_says_how_far_it_came() {
    on_one_thread(async {
        let world = asked().await;
        // The question is asked again, and its clip does not end.
        world.lines[0].stall();
        world
            .until("the silence", |log| count(log, "call.decided") == 1)
            .await;
        settle().await;
        let ear = world.ear();
        ear.tell(RecognitionEvent::SpeechStarted { t_ms: 4_000 });
        let text = "是的是我".to_owned();
        ear.tell(RecognitionEvent::Partial { text });
        ear.tell(RecognitionEvent::StillSpeaking {
            t_ms: 4_300,
            voiced_ms: 300,
        });
        world
            .until("the cut", |log| count(log, "call.barged_in") == 1)
            .await;
        settle().await;
        assert_eq!(
            world.lines[0].entries().last().map(String::as_str),
            Some("stop_playing")
        );
        let play = u32::try_from(
            world.lines[0]
                .entries()
                .iter()
                .filter(|one| *one == "play")
                .count(),
        );
        world.lines[0].tell(
            0,
            LegEvent::PlayCut {
                play: play.expect("a few"),
                played_ms: 1,
                recorded_ms: 9_000,
            },
        );
        settle().await;
        let said = world.data("call.said");
        let last = said.last().expect("it was said in part");
        assert!(
            last["spoken_chars"].as_u64() < last["prompt_chars"].as_u64(),
            "{last}"
        );
        assert_eq!(world.data("call.barged_in")[0]["chars"], 4);
    });
}

#[test]
fn a_refusal_that_is_made_out_after_the_callee_has_hung_up_still_counts() {
    on_one_thread(async {
        let world = asked().await;
        world.ear().tell(RecognitionEvent::SpeechStarted { t_ms: 200 });
        world.ear().tell(RecognitionEvent::SpeechEnded { t_ms: 900 });
        settle().await;
        world.lines[0].tell(0, hung_up(HangupSource::Callee));
        world.lines[0].tell(0, closed());
        settle().await;
        assert_eq!(world.count("call.ended"), 0, "what they said is still made out");
        world.ear().made_out("别再打了", 200, 900);
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        let turns = turns_from(&world, "number.opted_out");
        assert_eq!(
            turns[..4],
            ["number.opted_out", "call.heard", "call.understood", "call.ended"]
        );
        assert_eq!(world.data("call.ended")[0]["outcome"], "opted_out");
    });
}

#[test]
fn a_silent_hangup_is_not_waited_for_and_a_silent_engine_not_for_long() {
    on_one_thread(async {
        let world = asked().await;
        world.lines[0].tell(0, hung_up(HangupSource::Callee));
        world.lines[0].tell(0, closed());
        settle().await;
        assert_eq!(world.count("call.ended"), 1);

        let world = asked().await;
        world.ear().tell(RecognitionEvent::SpeechStarted { t_ms: 200 });
        settle().await;
        let before = world.fakes.environment.clock.now();
        world.lines[0].tell(0, hung_up(HangupSource::Callee));
        world.lines[0].tell(0, closed());
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        let waited_ms = world.fakes.environment.clock.now().ms_since(before);
        assert!((1..=3_500).contains(&waited_ms), "{waited_ms}");
    });
}

/// After the flow has slowed down, the clips made ahead are of no use: neither the question nor the prompt
/// for its failure.
#[test]
fn a_voice_that_says_nothing_is_waited_for_once_and_not_for_each_text() {
    on_one_thread(async {
        let world = asked().await;
        world.synthesizer.hang();
        world.ear().say("你说慢一点", 200, 900);
        let spoken = world.fakes.environment.clock.now().plus_ms(900);
        world
            .until("the end of it", |log| count(log, "call.hangup_requested") == 1)
            .await;
        let silent_ms = world.fakes.environment.clock.now().ms_since(spoken);
        assert!((2_000..=3_000).contains(&silent_ms), "{silent_ms}");
        assert!(world.count("call.engine_failed") >= 1);
    });
}

#[test]
fn a_call_on_a_line_without_sound_is_answered_by_keys_as_before() {
    on_one_thread(async {
        let mut world = TestSystem::new(vec![answers()]);
        world.recognizer = Some(Arc::default());
        let _drivers = world.start_drivers().await;
        let definition = FlowDefinition::from_yaml(SPOKEN).expect("a shipped flow");
        let flow = publish_flow(&world, &definition).await;
        world.run_campaign(1, 1, flow).await;
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(
            (world.count("call.said"), world.count("call.engine_failed")),
            (0, 0)
        );
        assert_eq!(world.data("call.ended")[0]["outcome"], "no_response");
        assert_eq!(
            world.data("campaign.created")[0]["campaign"],
            campaign().to_string()
        );
    });
}

#[test]
fn a_recognizer_of_rehearsals_does_not_listen_on_a_public_line() {
    on_one_thread(async {
        let public = FakeLine::public("carrier", Box::new(|_: &DialOrder| Vec::new()));
        let mut world = TestSystem::new(vec![answers(), Arc::new(public)]);
        world.recognizer = Some(FakeRecognizer::for_rehearsals());
        let refused = world.try_start_drivers().await.err();
        let Some(StartError::ForRehearsals { recognizer, line }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!((recognizer, line.as_str()), ("fake", "carrier"));
    });
}
