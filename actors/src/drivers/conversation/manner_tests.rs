//! A campaign's options for listening and speaking reach the ports. The callee's emotion is stored and used
//! only if the campaign asks for it.

use crate::testing::line::{FakeLine, dialog, ringing};
use crate::testing::test_system::{TestSystem, count, plan, publish_flow};
use crate::testing::{on_one_thread, settle};
use domain::calling_plan::CallingPlan;
use domain::emotion::EmotionPlan;
use domain::flow::FlowDefinition;
use domain::ports::line::{DialOrder, LegEvent};
use domain::speech_plan::SpeechPlan;

const EMOTION: &str = include_str!("../../../../fixtures/flows/emotion.yaml");

/// A world in which a call asks its first question, under a plan.
async fn asked_under(plan: CallingPlan) -> TestSystem {
    let script = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    let world = TestSystem::new(vec![FakeLine::new("answers", Box::new(script))]).that_listens();
    let _drivers = world.start_drivers().await;
    let definition = FlowDefinition::from_yaml(EMOTION).expect("a shipped flow");
    let flow = publish_flow(&world, &definition).await;
    world.run_plan(1, &|_, _| {}, flow, plan).await;
    world
        .until("the question", |log| count(log, "call.node_entered") == 1)
        .await;
    settle().await;
    world
}

async fn decided(emotion: Option<EmotionPlan>) -> TestSystem {
    let world = asked_under(CallingPlan { emotion, ..plan(1) }).await;
    world.ear().say("你们这些骗子", 200, 900);
    world
        .until("the decision", |log| count(log, "call.node_entered") >= 3)
        .await;
    world
}

fn rules(world: &TestSystem) -> Vec<String> {
    let decided = world.data("call.decided");
    let rule = |data: &serde_json::Value| data["rule"].as_str().map(str::to_owned);
    decided.iter().filter_map(rule).collect()
}

#[test]
fn how_a_callee_sounds_is_stored_where_it_is_asked_for_and_gone_by_where_it_may_be() {
    on_one_thread(async {
        let world = decided(Some(EmotionPlan { may_branch: true })).await;
        assert!(world.ear().order().measures_prosody);
        let understood = &world.data("call.understood")[0];
        assert_eq!(understood["emotion"]["level"], "angry", "{understood}");
        assert!(rules(&world).contains(&"nodes.gauge.rules[0]".to_owned()));

        let world = decided(Some(EmotionPlan::default())).await;
        assert_eq!(world.data("call.understood")[0]["emotion"]["level"], "angry");
        assert!(rules(&world).contains(&"nodes.gauge.otherwise".to_owned()));

        let world = decided(None).await;
        assert!(!world.ear().order().measures_prosody);
        assert!(world.data("call.understood")[0].get("emotion").is_none());
        assert!(rules(&world).contains(&"nodes.gauge.otherwise".to_owned()));
    });
}

#[test]
fn a_campaigns_words_voice_and_speed_reach_the_engines_and_slower_is_slower() {
    on_one_thread(async {
        let speech = SpeechPlan {
            hot_words: vec!["分期".to_owned()],
            dialect: Some("sichuan".to_owned()),
            voice_threshold_db: Some(12),
            noise_suppression: true,
            voice: Some("f2".to_owned()),
            speed_percent: Some(110),
            ..SpeechPlan::default()
        };
        let world = asked_under(CallingPlan {
            speech: Some(Box::new(speech)),
            ..plan(1)
        })
        .await;
        let order = world.ear().order();
        assert_eq!(order.hot_words[0].word, "分期");
        assert_eq!(order.dialect.as_deref(), Some("sichuan"));
        assert_eq!(
            (order.voice_threshold_db, order.noise_suppression),
            (Some(12), true)
        );
        let asked = world.synthesizer.asked();
        let usual = |text: &str| {
            asked
                .iter()
                .any(|one| one.0.contains(text) && one.1.speed_percent == 110)
        };
        assert!(usual("将录音") && usual("方便吗"), "{asked:?}");
        assert!(asked.iter().all(|one| one.1.voice.as_deref() == Some("f2")));
        world.ear().say("你说慢一点", 200, 900);
        world
            .until("the question again", |log| count(log, "call.said") >= 2)
            .await;
        let asked = world.synthesizer.asked();
        let slower = asked.iter().filter(|one| one.1.speed_percent == 88);
        let slower: Vec<&str> = slower.map(|one| one.0.as_str()).collect();
        assert!(slower.iter().any(|text| text.contains("方便吗")), "{asked:?}");
    });
}
