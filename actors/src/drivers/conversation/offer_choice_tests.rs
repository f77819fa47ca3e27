//! Calls of a flow with offers and of a campaign with model tiers: what is stored before the first word, what
//! is said because of it, and that a restricted person gets the defaults.

use crate::testing::line::{FakeLine, dialog, ringing};
use crate::testing::on_one_thread;
use crate::testing::test_system::{TestSystem, count, plan, publish_flow};
use domain::attribute::TagLevel;
use domain::calling_plan::CallingPlan;
use domain::customer::{AttributesChange, CustomerCommand, ProfileOrigin, TagChange};
use domain::flow::FlowDefinition;
use domain::model_tier::{ModelTier, ModelTiers};
use domain::ports::line::{DialOrder, LegEvent};
use serde_json::{Value, json};

const OFFERED: &str = r#"
flow: offered
notices: {recording: 本次通话将录音。}
start: pitch
on_exception: bye
offers:
  plain: standard
  candidates:
    - {offer: premium, when: "balance >= 500000 AND tag = '高净值'"}
    - {offer: standard}
nodes:
  pitch:
    say: {text: 我们有一款新产品。, by_offer: {premium: 我们为您准备了专属产品。}, next: bye}
  bye: {end: {text: 再见。, outcome: success}}
"#;

/// Runs one call to a customer with these attributes and tags. Returns the world after the call has ended.
async fn called(attributes: &[(&str, &str)], tags: &[&str], tiers: ModelTiers) -> TestSystem {
    let script = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    let world = TestSystem::new(vec![FakeLine::new("answers", Box::new(script))]);
    let definition = FlowDefinition::from_yaml(OFFERED).expect("a flow");
    assert_eq!(definition.check(), []);
    let flow = publish_flow(&world, &definition).await;
    let plan = CallingPlan {
        model_tiers: tiers,
        ..plan(1)
    };
    world.run_plan(1, &|_, _| {}, flow, plan).await;
    let values = attributes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let set = CustomerCommand::SetAttributes(Box::new(AttributesChange {
        values: values.collect(),
        cleared: Vec::new(),
        origin: ProfileOrigin::Person,
    }));
    let tag = CustomerCommand::Tag(Box::new(TagChange {
        level: TagLevel::Business,
        added: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        removed: Vec::new(),
        origin: ProfileOrigin::Person,
    }));
    let commands = [(!attributes.is_empty(), set), (!tags.is_empty(), tag)];
    for command in commands
        .into_iter()
        .filter_map(|(wanted, command)| wanted.then_some(command))
    {
        let asked = world
            .system
            .customers
            .ask(&world.customer(0), command, world.outside())
            .await;
        asked.expect("a person can be described");
    }
    let _drivers = world.start_drivers().await;
    world.until("the end", |log| count(log, "call.ended") == 1).await;
    world
}

fn only(world: &TestSystem, kind: &str) -> Value {
    let [one] = world.data(kind).try_into().expect("exactly one");
    one
}

fn said(world: &TestSystem) -> Vec<String> {
    world
        .synthesizer
        .asked()
        .into_iter()
        .map(|(text, _)| text)
        .collect()
}

#[test]
fn an_offer_is_chosen_by_what_is_known_and_is_on_record_sealed_before_the_first_word() {
    on_one_thread(async {
        let known = [("balance", "500000"), ("age", "31")];
        let world = called(&known, &["高净值", "信用卡"], ModelTiers::default()).await;
        let chosen = only(&world, "call.offer_chosen");
        assert_eq!(
            (&chosen["offer"], &chosen["reason"]),
            (&json!("premium"), &json!("first_that_holds"))
        );
        assert_eq!(chosen["candidates"][0]["by"], json!(["balance", "tag"]));
        assert!(chosen["known"]["balance"]["sealed"].is_string(), "{chosen}");
        assert!(
            chosen["known"].get("age").is_none(),
            "nothing asks of it: {chosen}"
        );
        assert_eq!(chosen["tags"].as_array().map(Vec::len), Some(1), "{chosen}");
        assert!(!chosen.to_string().contains("500000") && !chosen.to_string().contains("高净值"));
        let kinds = world.call_kinds();
        let place = |kind: &str| kinds.iter().position(|one| one == kind).expect("it is stored");
        assert!(place("call.answered") < place("call.offer_chosen"));
        assert!(place("call.offer_chosen") < place("call.notice_played"));
        assert!(
            said(&world).contains(&"我们为您准备了专属产品。".to_owned()),
            "{:?}",
            said(&world)
        );
        assert_eq!(world.count("call.model_chosen"), 0);
    });
}

#[test]
fn refusing_and_unknown_callees_hear_the_plain_text_and_the_record_says_why() {
    on_one_thread(async {
        let refuses = [("balance", "900000"), ("is_profiling_refused", "true")];
        for (known, reason) in [(&refuses[..], "restricted"), (&[], "nothing_known")] {
            let tags: &[&str] = if known.is_empty() { &[] } else { &["高净值"] };
            let world = called(known, tags, ModelTiers::default()).await;
            let chosen = only(&world, "call.offer_chosen");
            assert_eq!(
                (&chosen["offer"], &chosen["reason"]),
                (&json!("standard"), &json!(reason))
            );
            assert!(
                chosen.get("known").is_none() && chosen.get("tags").is_none(),
                "{chosen}"
            );
            assert!(
                said(&world).contains(&"我们有一款新产品。".to_owned()),
                "{:?}",
                said(&world)
            );
        }
    });
}

#[test]
fn a_tier_names_the_model_of_a_call_and_the_record_does_not_name_the_value() {
    on_one_thread(async {
        let tiers = || {
            let model = json!({ "model": "best", "version": 3, "digest": "a".repeat(64) });
            let model = serde_json::from_value(model).expect("a published model");
            ModelTiers::new(vec![ModelTier {
                by: "customer_level".to_owned(),
                is: "Platinum".to_owned(),
                model,
            }])
        };
        let world = called(&[("customer_level", "platinum")], &[], tiers()).await;
        let chosen = only(&world, "call.model_chosen");
        assert_eq!(
            (&chosen["model"]["version"], &chosen["reason"], &chosen["tier"]),
            (&json!(3), &json!("tier"), &json!(0))
        );
        assert!(
            !chosen.to_string().to_lowercase().contains("platinum"),
            "{chosen}"
        );
        let world = called(&[("customer_level", "gold")], &[], tiers()).await;
        let chosen = only(&world, "call.model_chosen");
        assert_eq!(chosen, json!({ "reason": "no_tier" }));
    });
}
