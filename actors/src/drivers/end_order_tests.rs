//! An order to end one call: before its dial, while it rings, and during the conversation. Other calls are
//! not affected.

use crate::testing::line::{FakeLine, dialog, ringing};
use crate::testing::test_system::{TestSystem, count, no_flow, publish};
use crate::testing::{on_one_thread, settle};
use domain::call::CallRefusal;
use domain::call::command::CallCommand;
use domain::ids::CallId;
use domain::ports::line::{DialOrder, LegEvent};
use std::sync::Arc;
use tokio::sync::Notify;

/// Moves of the clock within which a retry would long have been dialed.
const WATCHED_MOVES: usize = 60;

fn rings() -> Arc<FakeLine> {
    FakeLine::new("rings", Box::new(|_: &DialOrder| vec![ringing()]))
}

fn answers() -> Arc<FakeLine> {
    let script = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    FakeLine::new("answers", Box::new(script))
}

fn order(hang_up: bool) -> CallCommand {
    CallCommand::OrderEnd {
        hang_up,
        reason: "a test".to_owned(),
    }
}

/// The calls permitted so far, in log order.
fn calls(world: &TestSystem) -> Vec<CallId> {
    let envelopes = world.fakes.store.envelopes();
    let permitted = envelopes.iter().filter(|one| one.kind == "call.permitted");
    permitted.map(|one| one.stream.id().parse().unwrap()).collect()
}

async fn let_time_pass(world: &TestSystem) {
    for _ in 0..WATCHED_MOVES {
        settle().await;
        world.fakes.clock.advance_to_next();
    }
    settle().await;
}

#[test]
fn who_is_rung_is_canceled_settled_and_the_other_goes_on_ringing() {
    on_one_thread(async {
        let world = TestSystem::new(vec![rings()]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(2, 2, no_flow()).await;
        world.until("two", |log| count(log, "call.ringing") == 2).await;
        let [call, other] = calls(&world)[..] else {
            panic!("two calls");
        };
        let asked = world.system.calls.ask(&call, order(false), world.outside()).await;
        assert_eq!(asked.unwrap().events.len(), 1);
        settle().await;
        assert_eq!(world.count("call.cancel_requested"), 1);
        world.until("its end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(world.data("call.ended")[0]["reason"], "requested");
        world
            .until("the settlement", |log| {
                count(log, "customer.enrolment_settled") == 1
            })
            .await;
        let other = world.system.calls.state(&other).await.unwrap().state;
        assert!(!other.is_ended());
    });
}

#[test]
fn who_talks_is_hung_up_only_by_the_stronger_order() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]);
        let _drivers = world.start_drivers().await;
        world.lines[0].stall();
        let flow = publish(&world).await;
        world.run_campaign(1, 1, flow).await;
        world
            .until("an answer", |log| count(log, "call.answered") == 1)
            .await;
        let call = calls(&world)[0];
        let calls = &world.system.calls;
        let refused = calls.ask(&call, order(false), world.outside()).await.unwrap_err();
        assert_eq!(
            refused,
            crate::AskError::Refused(CallRefusal::AlreadyAnswered { leg: 1 })
        );
        calls.ask(&call, order(true), world.outside()).await.unwrap();
        let again = calls.ask(&call, order(true), world.outside()).await.unwrap();
        assert!(again.events.is_empty(), "ordered already");
        settle().await;
        assert_eq!(world.count("call.hangup_requested"), 1);
        world.until("its end", |log| count(log, "call.ended") == 1).await;
        let ended = world.data("call.ended");
        assert_eq!(
            (&ended[0]["reason"], &ended[0]["disposition"]),
            (&"requested".into(), &"answered".into())
        );
        let over = calls.ask(&call, order(true), world.outside()).await.unwrap_err();
        assert_eq!(over, crate::AskError::Refused(CallRefusal::Ended));
    });
}

#[test]
fn wherever_it_comes_before_the_dial_or_with_it_no_customer_is_dialed_again() {
    for kind in ["call.permitted", "call.dialing"] {
        on_one_thread(async {
            let world = TestSystem::new(vec![rings()]);
            let _drivers = world.start_drivers().await;
            let stored = Arc::new(Notify::new());
            let wake = Arc::clone(&stored);
            world.fakes.store.run_when_stored(kind, move || wake.notify_one());
            let (calls_of, cause) = (world.system.calls.clone(), world.outside());
            let store = Arc::clone(&world.fakes.store);
            let ordering = async move {
                stored.notified().await;
                let envelopes = store.envelopes();
                let permitted = envelopes.iter().find(|one| one.kind == "call.permitted").unwrap();
                let call: CallId = permitted.stream.id().parse().unwrap();
                calls_of.ask(&call, order(true), cause).await.unwrap();
            };
            world.fakes.environment.tasks.spawn("order", Box::pin(ordering));
            world.run_campaign(1, 1, no_flow()).await;
            world
                .until("the settlement", |log| {
                    count(log, "customer.enrolment_settled") == 1
                })
                .await;
            let dialed = world.count("call.dialing");
            let_time_pass(&world).await;
            assert_eq!(world.count("call.dialing"), dialed, "{kind}");
            assert_eq!(world.count("call.permitted"), 1, "{kind}");
            assert_eq!(world.count("call.ended"), 1, "{kind}");
            assert_eq!(world.data("call.ended")[0]["reason"], "requested", "{kind}");
        });
    }
}
