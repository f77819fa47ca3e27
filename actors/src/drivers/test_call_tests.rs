//! Test calls go only to our own phones, use the lines of every call, and write to no stream of a call or
//! customer.

use crate::drivers::{TestCallOrder, TestCallRefusal};
use crate::testing::line::{FakeLine, closed, dialog, hung_up, ringing};
use crate::testing::test_system::{TestSystem, campaign, plan, publish};
use crate::testing::{on_one_thread, settle};
use domain::campaign::command::CampaignCommand;
use domain::ids::{CommandId, NumberId};
use domain::personal::Personal;
use domain::ports::line::{DialOrder, HangupSource, LegEvent};
use domain::stop::{StopCommand, StopId};
use domain::stored_event::Cause;
use domain::test_phones::{TestPhone, TestPhonesCommand, TestPhonesId};
use serde_json::json;
use std::collections::BTreeMap;

const PHONE: &str = "+8613800138000";

fn cause(name: &str) -> Cause {
    Cause::outside(CommandId::derive_from_text(name))
}

fn world() -> TestSystem {
    let script = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    TestSystem::new(vec![FakeLine::new("answers", Box::new(script))])
}

async fn listed(world: &TestSystem) -> NumberId {
    let number = world.fakes.environment.vault.derive_number(PHONE);
    let phone = TestPhone {
        number: number.clone(),
        phone: Personal::open(PHONE.to_owned()),
        label: "reception".to_owned(),
    };
    let command = TestPhonesCommand::Add {
        phone,
        reason: "the reviewer".to_owned(),
    };
    let asked = world
        .system
        .test_phones
        .ask(&TestPhonesId, command, cause("list"))
        .await;
    asked.expect("it is listed");
    number
}

/// Creates a campaign that is not started.
async fn planned(world: &TestSystem) {
    let create = CampaignCommand::Create {
        campaign: campaign(),
        customer_segment: None,
        flow: publish(world).await,
        plan: plan(1),
    };
    world.tell_campaign(create).await;
}

fn order(number: NumberId, name: &str) -> TestCallOrder {
    TestCallOrder {
        campaign: campaign(),
        phone: PHONE.to_owned(),
        number,
        variables: BTreeMap::new(),
        cause: cause(name),
    }
}

/// The step kinds of all test calls, in log order.
fn steps(world: &TestSystem) -> Vec<String> {
    let recorded_steps = world.data("test_call.step_recorded");
    recorded_steps
        .iter()
        .map(|data| data["step"]["kind"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn our_own_phone_rings_and_no_stream_of_a_customer_or_a_call_hears_of_it() {
    on_one_thread(async {
        let world = world();
        let handle = world.start_drivers().await;
        planned(&world).await;
        let number = listed(&world).await;
        let before = world.fakes.store.kinds().len();
        let call = handle
            .test_call(order(number.clone(), "one"))
            .await
            .expect("it is dialed");
        world
            .until("the answer", |_| {
                steps(&world).iter().any(|one| one == "call.answered")
            })
            .await;
        assert_eq!(
            handle.test_call(order(number, "one")).await,
            Ok(call),
            "the same request again"
        );
        world.lines[0].tell(0, hung_up(HangupSource::Callee));
        world.lines[0].tell(0, closed());
        world
            .until("the end", |_| steps(&world).iter().any(|one| one == "call.ended"))
            .await;
        settle().await;
        let kinds = world.fakes.store.kinds();
        assert!(
            kinds[before..]
                .iter()
                .all(|kind| kind == "test_call.step_recorded"),
            "{:?}",
            &kinds[before..]
        );
        assert_eq!(world.lines[0].dialed_count(), 1);
        let first = &world.data("test_call.step_recorded")[0]["step"]["data"];
        assert!(first["callee"]["sealed"].is_string(), "{first}");
        assert_eq!(
            first["number_grant"]["verdicts"][0]["rule"],
            json!("own_test_number")
        );
    });
}

#[test]
fn a_number_that_is_not_listed_and_a_campaign_that_is_none_are_refused_before_anything_is_stored() {
    on_one_thread(async {
        let world = world();
        let handle = world.start_drivers().await;
        let foreign = world.fakes.environment.vault.derive_number("+8613800138001");
        let none = handle.test_call(order(foreign.clone(), "none")).await;
        assert_eq!(none, Err(TestCallRefusal::NoCampaign));
        planned(&world).await;
        listed(&world).await;
        let refused = handle.test_call(order(foreign, "foreign")).await;
        assert_eq!(refused, Err(TestCallRefusal::NotOurs));
        assert!(steps(&world).is_empty() && world.lines[0].dialed_count() == 0);
    });
}

#[test]
fn a_stop_of_a_campaign_not_served_here_holds_its_test_calls() {
    on_one_thread(async {
        let world = world();
        planned(&world).await;
        let number = listed(&world).await;
        let stop = StopId::Campaign(campaign());
        let engage = StopCommand::Engage {
            stop: stop.clone(),
            reason: "a complaint".to_owned(),
            hang_up: false,
        };
        world
            .system
            .stops
            .ask(&stop, engage, cause("stop"))
            .await
            .expect("it is engaged");
        let handle = world.start_drivers().await;
        let refused = handle.test_call(order(number, "one")).await;
        assert_eq!(refused, Err(TestCallRefusal::Stopped));
        assert!(steps(&world).is_empty() && world.lines[0].dialed_count() == 0);
    });
}
