//! Calls of a campaign with a knowledge base and an assistant: what is stored in which order, what is said,
//! and that a call does not wait for a silent assistant.

use crate::testing::line::{FakeLine, dialog, ringing};
use crate::testing::test_system::{TestSystem, count, plan, publish_flow};
use crate::testing::{on_one_thread, settle};
use domain::assist_plan::AssistPlan;
use domain::calling_plan::CallingPlan;
use domain::flow::FlowDefinition;
use domain::knowledge::KnowledgeRef;
use domain::ports::assistant::AssistantFailure;
use domain::ports::line::{DialOrder, LegEvent};
use domain::spoken_turn::PickKind;

const SPOKEN: &str = include_str!("../../../../fixtures/flows/card_instalment_spoken.yaml");

fn knowing(picks: &[PickKind]) -> CallingPlan {
    let assist = AssistPlan {
        picks: picks.to_vec(),
        asks_max: 3,
        summaries_max: 0,
    };
    CallingPlan {
        knowledge: Some(Box::new(KnowledgeRef {
            knowledge: "card_instalment".parse().expect("a plain word"),
            version: 2,
            content_hash: "a".repeat(64),
        })),
        assist: (!picks.is_empty()).then(|| Box::new(assist)),
        ..plan(1)
    }
}

/// A world in which a callee is asked if they are the card's holder.
async fn asked_under(plan: CallingPlan) -> TestSystem {
    let script = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    let line = FakeLine::new("answers", Box::new(script));
    let world = TestSystem::new(vec![line]).that_listens().that_is_assisted();
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

/// The event kinds of one turn, from `call.heard` on.
async fn turn(world: &TestSystem, said: &str) -> Vec<String> {
    let before = world.count("call.decided");
    world.ear().say(said, 200, 900);
    world
        .until("the decision", |log| count(log, "call.decided") > before)
        .await;
    let kinds = world.fakes.store.kinds();
    let from = kinds
        .iter()
        .rposition(|kind| kind == "call.heard")
        .expect("it is stored");
    let of_turn = kinds[from..].iter().filter(|kind| kind.starts_with("call."));
    of_turn.take_while(|kind| *kind != "call.said").cloned().collect()
}

fn last(world: &TestSystem, kind: &str) -> serde_json::Value {
    world.data(kind).last().cloned().expect("it is stored")
}

#[test]
fn a_question_is_answered_from_the_campaigns_knowledge_without_an_assistant() {
    on_one_thread(async {
        let world = asked_under(knowing(&[PickKind::Answer, PickKind::Intent])).await;
        let kinds = turn(&world, "多少钱").await;
        assert_eq!(
            kinds[..3],
            ["call.heard", "call.understood", "call.decided"],
            "{kinds:?}"
        );
        let understood = last(&world, "call.understood");
        assert_eq!(understood["knowledge"]["knowledge"], "card_instalment");
        assert_eq!(understood["knowledge"]["knowledge_version"], 2);
        assert_eq!(understood["knowledge"]["candidates"][0]["score_permille"], 900);
        assert_eq!(last(&world, "call.decided")["rule"], "knowledge.answers.费用");
        assert_eq!(world.count("call.assistant_asked"), 0);
    });
}

#[test]
fn an_uncertain_reading_is_picked_by_an_assistant_and_is_on_record() {
    on_one_thread(async {
        let world = asked_under(knowing(&[PickKind::Answer])).await;
        world.assistant().pick(Some("违约金"));
        let kinds = turn(&world, "这个嘛").await;
        let wanted = [
            "call.heard",
            "call.assistant_asked",
            "call.assistant_answered",
            "call.understood",
            "call.decided",
        ];
        assert_eq!(kinds[..5], wanted, "{kinds:?}");
        let asked = last(&world, "call.assistant_asked");
        assert_eq!(asked["candidates"], serde_json::json!(["费用", "违约金"]));
        assert_eq!(last(&world, "call.understood")["picked"]["choice"], "违约金");
        assert_eq!(last(&world, "call.decided")["rule"], "knowledge.answers.违约金");
        assert!(
            !asked.to_string().contains("这个嘛"),
            "no word of theirs: {asked}"
        );
    });
}

#[test]
fn an_id_of_its_own_is_no_pick_and_neither_is_silence() {
    on_one_thread(async {
        let world = asked_under(knowing(&[PickKind::Answer])).await;
        world.assistant().pick(Some("免费"));
        turn(&world, "这个嘛").await;
        assert_eq!(last(&world, "call.assistant_answered")["failure"], "outside");
        let decided = last(&world, "call.decided");
        assert_eq!(decided["rule"], "nodes.验证卡号.on_unclear");
        let picked = &decided["explanation"]["reading"]["picked"];
        assert!(picked.is_null(), "{picked}");
        *world.assistant().answers.lock().unwrap() = Some(Err(AssistantFailure::Late));
        turn(&world, "这个嘛").await;
        assert_eq!(last(&world, "call.assistant_answered")["failure"], "late");
    });
}

#[test]
fn who_never_answers_is_left_after_their_time_and_the_call_goes_on() {
    on_one_thread(async {
        let world = asked_under(knowing(&[PickKind::Answer])).await;
        turn(&world, "这个嘛").await;
        let answered = last(&world, "call.assistant_answered");
        assert_eq!(
            (&answered["failure"], &answered["choice"]),
            (&"late".into(), &serde_json::Value::Null)
        );
        let took_ms = answered["took_ms"].as_u64().expect("a time");
        assert!((150..=800).contains(&took_ms), "{took_ms}");
        assert_eq!(last(&world, "call.decided")["rule"], "nodes.验证卡号.on_unclear");
    });
}

#[test]
fn no_assistant_is_asked_where_the_campaign_does_not_say_so() {
    on_one_thread(async {
        let world = asked_under(knowing(&[])).await;
        world.assistant().pick(Some("违约金"));
        turn(&world, "这个嘛").await;
        assert_eq!(world.count("call.assistant_asked"), 0);
        assert!(world.assistant().asked.lock().unwrap().is_empty());
    });
}

#[test]
fn an_intent_that_it_picks_is_asked_back() {
    on_one_thread(async {
        let world = asked_under(knowing(&[PickKind::Intent])).await;
        world.assistant().pick(Some("deny"));
        turn(&world, "这个嘛").await;
        assert_eq!(last(&world, "call.assistant_asked")["pick_of"], "intent");
        assert_eq!(last(&world, "call.decided")["rule"], "nodes.验证卡号.confirm");
        let asked = world.assistant().asked.lock().unwrap().clone();
        assert!(asked[0].options.len() <= 5 && asked[0].options.iter().any(|one| one.id == "deny"));
    });
}
