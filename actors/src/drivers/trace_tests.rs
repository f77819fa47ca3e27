//! Traces from a request to the turns of a call, by the spans that an exporter receives.

use crate::testing::line::{FakeLine, dialog, ringing};
use crate::testing::test_system::{TestSystem, campaign, publish};
use crate::testing::{on_one_thread, settle};
use crate::traces::{FinishedSpan, SpanAttribute, SpanKind};
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::PauseReason;
use domain::ports::line::{DialOrder, LegEvent};
use domain::stored_event::TraceParent;
use tokio::sync::mpsc::Receiver;

/// The context of a client's request.
const CLIENT: TraceParent = TraceParent::begin([7; 16], [8; 8]);

/// Makes a paused campaign with one customer whose phone answers, and starts its drivers.
async fn paused(world: &TestSystem) {
    let flow = publish(world).await;
    world.run_campaign(1, 1, flow).await;
    world
        .tell_campaign(CampaignCommand::Pause {
            reason: PauseReason::Requested,
        })
        .await;
    let _drivers = world.start_drivers().await;
    settle().await;
}

fn world() -> TestSystem {
    let script = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    TestSystem::new(vec![FakeLine::new("answers", Box::new(script))])
}

/// Resumes the campaign with the client's context, and presses a key when the menu is said.
async fn resume(world: &TestSystem) {
    let mut cause = world.outside();
    cause.request.traceparent = Some(CLIENT);
    let campaigns = &world.system.campaigns;
    let resumed = campaigns.ask(&campaign(), CampaignCommand::Resume, cause).await;
    resumed.expect("it is paused");
    let is_asked = |log: &[String]| log.iter().filter(|kind| *kind == "call.node_entered").count() == 2;
    world.until("the menu", is_asked).await;
    settle().await;
    world.lines[0].tell(0, LegEvent::Keypress { digit: '2' });
    let is_over = |log: &[String]| log.iter().any(|kind| kind == "customer.call_closed");
    world.until("the end", is_over).await;
    settle().await;
}

fn received(queue: &mut Receiver<FinishedSpan>) -> Vec<FinishedSpan> {
    std::iter::from_fn(|| queue.try_recv().ok()).collect()
}

/// Returns the names of the spans from one up to the first of those that were recorded.
fn chain(spans: &[FinishedSpan], from: &FinishedSpan) -> Vec<(SpanKind, &'static str)> {
    let above = spans
        .iter()
        .find(|one| Some(one.context.span_id()) == from.parent);
    let mut names = above.map(|above| chain(spans, above)).unwrap_or_default();
    names.push((from.facts.kind, from.facts.name));
    names
}

#[test]
fn a_turn_is_in_the_trace_of_the_request_that_led_to_its_call() {
    on_one_thread(async {
        let world = world();
        paused(&world).await;
        let environment = &world.fakes.environment;
        let ratio = "0".parse().expect("a ratio");
        let queue = environment.traces.begin(ratio, environment.ids.as_ref());
        resume(&world).await;
        let spans = received(&mut queue.expect("the first exporter"));
        assert!(
            spans
                .iter()
                .all(|one| one.context.trace_id() == CLIENT.trace_id())
        );
        let of = |kind: SpanKind, name: &str| {
            let mut found = spans
                .iter()
                .filter(|one| one.facts.kind == kind && one.facts.name == name);
            found.next().unwrap_or_else(|| panic!("no {kind:?} {name}"))
        };
        let turn = of(SpanKind::Turn, "turn");
        let wanted = [
            (SpanKind::Command, "campaign.resume"),
            (SpanKind::Append, "append"),
            (SpanKind::Driver, "dialer"),
            (SpanKind::Command, "campaign.grant_dials"),
            (SpanKind::Append, "append"),
            (SpanKind::Driver, "one_call"),
            (SpanKind::Leg, "leg"),
            (SpanKind::Turn, "turn"),
        ];
        assert_eq!(chain(&spans, turn), wanted);
        assert_eq!(
            of(SpanKind::Command, "campaign.resume").parent,
            Some(CLIENT.span_id())
        );
        assert_eq!(turn.facts.attributes.last(), Some(&SpanAttribute::Leg(1)));
        let closing = chain(&spans, of(SpanKind::Driver, "close_call_on_customer"));
        assert!(closing.contains(&(SpanKind::Driver, "one_call")), "{closing:?}");
        // Each event since then is part of the trace.
        let stored = world.fakes.store.envelopes();
        let answered = stored.iter().find(|event| event.kind == "call.answered");
        let trace = answered
            .and_then(|event| event.traceparent)
            .expect("it has a trace");
        assert!(
            spans
                .iter()
                .any(|one| one.context == trace && one.facts.kind == SpanKind::Append)
        );
    });
}

#[test]
fn without_an_exporter_only_the_requests_own_events_have_its_context_as_it_came() {
    on_one_thread(async {
        let world = world();
        paused(&world).await;
        resume(&world).await;
        let stored = world.fakes.store.envelopes();
        let traced = stored.iter().filter(|event| event.traceparent.is_some());
        let traced: Vec<_> = traced
            .map(|event| (event.kind.as_str(), event.traceparent))
            .collect();
        assert_eq!(traced, [("campaign.resumed", Some(CLIENT))]);
    });
}
