//! The campaign decider: given events, when a command comes, then these events or this refusal.

use super::command::CampaignCommand;
use super::event::{CampaignEvent, PauseReason, Target};
use super::test_support::{now, plan};
use super::{BATCH_DIALS_MAX, Campaign, CampaignRefusal, CampaignState, CampaignStatus, LISTS_MAX};
use crate::calling_plan::{CallingPlan, DuplicatePolicy, FlowRef, Preset};
use crate::compliance::closed_for_all;
use crate::decider::{Context, Decider};
use crate::record::stored_event::Position;
use crate::time::Timestamp;
use uuid::Uuid;
use values::ids::{CampaignId, ListId};

fn list(number: u128) -> ListId {
    ListId::new(Uuid::from_u128(number))
}

fn id() -> CampaignId {
    "LOAN_REMIND_20231101".parse().unwrap()
}

fn flow() -> FlowRef {
    FlowRef {
        flow: "reminder".parse().unwrap(),
        version: 1,
        content_hash: "00".repeat(32),
    }
}

fn create_with(plan: CallingPlan) -> CampaignCommand {
    CampaignCommand::Create {
        campaign: id(),
        customer_segment: Some("overdue_3_days".to_owned()),
        flow: flow(),
        plan,
    }
}

pub(super) fn created() -> CampaignEvent {
    CampaignEvent::Created {
        campaign: id(),
        customer_segment: Some("overdue_3_days".to_owned()),
        flow: flow(),
        plan: plan(),
    }
}

fn opened(number: u128) -> CampaignEvent {
    CampaignEvent::ListOpened {
        list: list(number),
        source: "people.csv".to_owned(),
        four_eyes: None,
        request_key: None,
    }
}

fn closed(number: u128, count: u64) -> CampaignEvent {
    CampaignEvent::ListClosed {
        list: list(number),
        count,
        before: None,
    }
}

fn open_list(number: u128) -> CampaignCommand {
    super::approval_tests::open_list(list(number), None)
}

fn close_list(number: u128, count: u64) -> CampaignCommand {
    CampaignCommand::CloseList {
        list: list(number),
        count,
    }
}

fn complete(settled: u64) -> CampaignCommand {
    CampaignCommand::Complete {
        settled,
        position: Position(9),
    }
}

fn pause() -> CampaignCommand {
    CampaignCommand::Pause {
        reason: PauseReason::Requested,
    }
}

fn stop() -> CampaignCommand {
    CampaignCommand::Stop {
        reason: "over".to_owned(),
    }
}

fn paused() -> CampaignEvent {
    CampaignEvent::Paused {
        reason: PauseReason::Requested,
    }
}

fn stopped() -> CampaignEvent {
    CampaignEvent::Stopped {
        reason: "over".to_owned(),
    }
}

fn grant(wanted: u32, in_flight: u32) -> CampaignCommand {
    super::gates_tests::grant(wanted, in_flight)
}

fn granted(count: u32, at: Timestamp) -> CampaignEvent {
    super::gates_tests::granted(count, at.plus_ms(1_000))
}

fn wrong(status: CampaignStatus) -> CampaignRefusal {
    CampaignRefusal::WrongStatus { status }
}

fn ready() -> Vec<CampaignEvent> {
    vec![created(), opened(1), closed(1, 3)]
}

fn running() -> Vec<CampaignEvent> {
    [ready(), vec![CampaignEvent::Started {}]].concat()
}

fn running_then(event: CampaignEvent) -> Vec<CampaignEvent> {
    [running(), vec![event]].concat()
}

fn completed() -> Vec<CampaignEvent> {
    running_then(CampaignEvent::Completed { settled: 3 })
}

fn state_after(given: &[CampaignEvent]) -> CampaignState {
    let mut state = CampaignState::default();
    for event in given {
        Campaign::evolve(&mut state, event, now());
    }
    state
}

#[track_caller]
fn check_at(
    at: Timestamp,
    given: &[CampaignEvent],
    when: CampaignCommand,
    then: Result<Vec<CampaignEvent>, CampaignRefusal>,
) {
    assert_eq!(
        Campaign::decide(&state_after(given), when, Context { now: at }),
        then
    );
}

#[track_caller]
fn check(given: &[CampaignEvent], when: CampaignCommand, then: Result<Vec<CampaignEvent>, CampaignRefusal>) {
    check_at(now(), given, when, then);
}

#[test]
fn a_campaign_is_created_once_and_the_same_plan_again_writes_nothing() {
    check(&[], create_with(plan()), Ok(vec![created()]));
    check(&[created()], create_with(plan()), Ok(vec![]));
    let other = CallingPlan {
        max_concurrent: 51,
        ..plan()
    };
    check(
        &[created()],
        create_with(other),
        Err(CampaignRefusal::AnotherPlan),
    );
}

#[test]
fn a_plan_without_any_concurrent_call_is_refused() {
    let none = CallingPlan {
        max_concurrent: 0,
        ..plan()
    };
    check(&[], create_with(none), Err(CampaignRefusal::NoConcurrency));
}

#[test]
fn a_plan_that_rings_shorter_than_its_preset_lets_a_phone_ring_is_refused_with_both_figures() {
    let rings = |preset, ring_timeout_ms| {
        let plan = CallingPlan {
            preset,
            ring_timeout_ms: Some(ring_timeout_ms),
            ..plan()
        };
        let decided = Campaign::decide(&state_after(&[]), create_with(plan), Context { now: now() });
        decided.map(|events| events.len())
    };
    let refused = CampaignRefusal::RingTooShort {
        preset: Preset::UsTsr,
        ring_timeout_ms: 14_999,
        ring_ms_min: 15_000,
    };
    assert_eq!(rings(Preset::UsTsr, 14_999), Err(refused));
    assert_eq!(rings(Preset::UsTsr, 15_000), Ok(1));
    assert_eq!(rings(Preset::CnService, 3_000), Ok(1));
}

#[test]
fn nothing_can_be_asked_of_a_campaign_that_was_never_created() {
    for when in [
        CampaignCommand::Start,
        pause(),
        stop(),
        open_list(1),
        complete(0),
        grant(1, 0),
    ] {
        check(&[], when, Err(CampaignRefusal::NotCreated));
    }
}

#[test]
fn a_campaign_starts_once_its_first_list_is_closed() {
    let start = || CampaignCommand::Start;
    check(&[created()], start(), Err(CampaignRefusal::NoClosedList));
    check(
        &[created(), opened(1)],
        start(),
        Err(CampaignRefusal::NoClosedList),
    );
    check(&ready(), start(), Ok(vec![CampaignEvent::Started {}]));
    check(&running(), start(), Ok(vec![]));
    check(
        &running_then(paused()),
        start(),
        Err(wrong(CampaignStatus::Paused)),
    );
    check(&completed(), start(), Err(wrong(CampaignStatus::Completed)));
}

#[test]
fn pause_and_resume_are_silent_when_already_so_and_refused_elsewhere() {
    check(&running(), pause(), Ok(vec![paused()]));
    check(&running_then(paused()), pause(), Ok(vec![]));
    check(&ready(), pause(), Err(wrong(CampaignStatus::Ready)));
    check(
        &running_then(paused()),
        CampaignCommand::Resume,
        Ok(vec![CampaignEvent::Resumed {}]),
    );
    check(&running(), CampaignCommand::Resume, Ok(vec![]));
    check(
        &running_then(stopped()),
        CampaignCommand::Resume,
        Err(wrong(CampaignStatus::Stopped)),
    );
}

#[test]
fn a_campaign_can_be_stopped_until_it_has_completed() {
    for given in [vec![created()], ready(), running(), running_then(paused())] {
        check(&given, stop(), Ok(vec![stopped()]));
    }
    check(&running_then(stopped()), stop(), Ok(vec![]));
    check(&completed(), stop(), Err(wrong(CampaignStatus::Completed)));
}

#[test]
fn a_list_is_opened_once_and_closed_by_its_count() {
    check(&[created()], open_list(1), Ok(vec![opened(1)]));
    check(&[created(), opened(1)], open_list(1), Ok(vec![]));
    check(&ready(), open_list(1), Ok(vec![]));
    check(
        &[created()],
        close_list(1, 3),
        Err(CampaignRefusal::UnknownList { list: list(1) }),
    );
    check(&[created(), opened(1)], close_list(1, 3), Ok(vec![closed(1, 3)]));
    check(&ready(), close_list(1, 3), Ok(vec![]));
    check(
        &ready(),
        close_list(1, 4),
        Err(CampaignRefusal::ListClosedOtherwise {
            list: list(1),
            closed: 3,
            count: 4,
        }),
    );
}

#[test]
fn a_stopped_campaign_takes_no_list_and_closes_none() {
    let given = [running(), vec![opened(2), stopped()]].concat();
    check(&given, open_list(3), Err(wrong(CampaignStatus::Stopped)));
    check(&given, close_list(2, 1), Err(wrong(CampaignStatus::Stopped)));
}

#[test]
fn a_list_after_completion_reopens_the_campaign_and_an_empty_one_lets_it_complete_again() {
    let reopened = CampaignEvent::Reopened { list: list(2) };
    check(&completed(), open_list(2), Ok(vec![reopened.clone(), opened(2)]));
    let given = [completed(), vec![reopened, opened(2)]].concat();
    assert_eq!(state_after(&given).status(), Some(CampaignStatus::Running));
    let given = [given, vec![closed(2, 0)]].concat();
    check(
        &given,
        complete(3),
        Ok(vec![CampaignEvent::Completed { settled: 3 }]),
    );
}

#[test]
fn a_list_reopens_a_campaign_that_completed_in_a_pause_as_paused_until_it_is_resumed() {
    let reopened = CampaignEvent::Reopened { list: list(2) };
    let over = CampaignEvent::Completed { settled: 3 };
    let given = running_then(paused());
    let given = [given, vec![over.clone()]].concat();
    let again = vec![reopened, paused(), opened(2)];
    check(&given, open_list(2), Ok(again.clone()));
    let given = [given, again].concat();
    assert_eq!(state_after(&given).status(), Some(CampaignStatus::Paused));
    let given = [given, vec![CampaignEvent::Resumed {}, closed(2, 0), over]].concat();
    let reopened = CampaignEvent::Reopened { list: list(3) };
    check(&given, open_list(3), Ok(vec![reopened, opened(3)]));
}

#[test]
fn a_batch_is_what_is_wanted_within_what_is_free() {
    check(&running(), grant(7, 0), Ok(vec![granted(7, now())]));
    check(&running(), grant(70, 0), Ok(vec![granted(50, now())]));
    check(&running(), grant(70, 49), Ok(vec![granted(1, now())]));
    check(
        &running(),
        grant(70, 50),
        Err(CampaignRefusal::NothingFree {
            in_flight: 50,
            max_concurrent: 50,
        }),
    );
    check(&running(), grant(0, 0), Err(CampaignRefusal::NothingWanted));
}

#[test]
fn a_batch_is_never_larger_than_its_limit() {
    let wide = CallingPlan {
        max_concurrent: 10_000,
        ..plan()
    };
    let given = [
        CampaignEvent::Created {
            campaign: id(),
            customer_segment: None,
            flow: flow(),
            plan: wide,
        },
        opened(1),
        closed(1, 3),
        CampaignEvent::Started {},
    ];
    check(&given, grant(9_000, 0), Ok(vec![granted(BATCH_DIALS_MAX, now())]));
}

#[test]
fn no_batch_is_granted_unless_the_campaign_runs() {
    check(&ready(), grant(1, 0), Err(wrong(CampaignStatus::Ready)));
    check(
        &running_then(paused()),
        grant(1, 0),
        Err(wrong(CampaignStatus::Paused)),
    );
    check(
        &running_then(stopped()),
        grant(1, 0),
        Err(wrong(CampaignStatus::Stopped)),
    );
    check(&completed(), grant(1, 0), Err(wrong(CampaignStatus::Completed)));
}

#[test]
fn the_end_of_the_campaign_is_the_first_moment_without_dials() {
    let ends_at = now().plus_ms(60_000);
    let last = ends_at.minus_ms(1);
    let past = || Err(CampaignRefusal::PastEnd { ends_at });
    let cut_short = super::gates_tests::granted(1, ends_at);
    check_at(last, &running(), grant(1, 0), Ok(vec![cut_short]));
    check_at(ends_at, &running(), grant(1, 0), past());
    check_at(
        last,
        &ready(),
        CampaignCommand::Start,
        Ok(vec![CampaignEvent::Started {}]),
    );
    check_at(ends_at, &ready(), CampaignCommand::Start, past());
    check_at(ends_at, &running_then(paused()), CampaignCommand::Resume, past());
}

#[test]
fn a_closed_window_is_said_once_per_closing_and_grants_nothing() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let mut endless = running();
    if let Some(CampaignEvent::Created { plan, .. }) = endless.first_mut() {
        plan.ends_at = None;
    }
    let given = |events: &[CampaignEvent]| [&endless[..], events].concat();
    let said = |now: &str| CampaignEvent::WindowClosed {
        verdict: closed_for_all(
            &CallingPlan {
                ends_at: None,
                ..plan()
            },
            &Default::default(),
            at(now),
        )
        .unwrap()
        .verdict,
        until: at("2026-03-03T09:00:00+08:00"),
    };
    let (closes, opens) = ("2026-03-02T18:00:00+08:00", at("2026-03-03T09:00:00+08:00"));
    check_at(at(closes), &given(&[]), grant(3, 0), Ok(vec![said(closes)]));
    check_at(
        at(closes),
        &given(&[]),
        grant(0, 0),
        Err(CampaignRefusal::NothingWanted),
    );
    let once = given(&[said(closes)]);
    let resumed = given(&[said(closes), paused(), CampaignEvent::Resumed {}]);
    for later in ["2026-03-02T18:00:01+08:00", "2026-03-03T08:59:59.999999+08:00"] {
        let refused = || Err(CampaignRefusal::WindowClosed { until: opens });
        check_at(at(later), &once, grant(3, 50), refused());
        check_at(at(later), &resumed, grant(3, 0), refused());
    }
    check_at(opens, &once, grant(3, 0), Ok(vec![granted(3, opens)]));
    // A clock that was wrong in the evening is set back into the day.
    let day = at("2026-03-02T17:59:59.999999+08:00");
    check_at(day, &once, grant(3, 0), Ok(vec![granted(3, day)]));
    let next = at("2026-03-03T18:00:00+08:00");
    let events = Campaign::decide(&state_after(&once), grant(3, 0), Context { now: next }).unwrap();
    assert!(matches!(&events[..], [CampaignEvent::WindowClosed { until, .. }] if *until > next));
}

#[test]
fn completion_needs_every_list_closed_and_every_enrolment_settled() {
    let done = || Ok(vec![CampaignEvent::Completed { settled: 3 }]);
    check(&running(), complete(3), done());
    check(&running_then(paused()), complete(3), done());
    check(&completed(), complete(3), Ok(vec![]));
    for settled in [2, 4] {
        check(
            &running(),
            complete(settled),
            Err(CampaignRefusal::NotSettled { settled, enrolled: 3 }),
        );
    }
    check(
        &running_then(opened(2)),
        complete(3),
        Err(CampaignRefusal::ListsOpen { open_count: 1 }),
    );
    check(&ready(), complete(3), Err(wrong(CampaignStatus::Ready)));
    check(
        &running_then(stopped()),
        complete(3),
        Err(wrong(CampaignStatus::Stopped)),
    );
}

#[test]
fn an_alert_is_raised_in_any_status() {
    let alert = CampaignCommand::RaiseAlert {
        alert: "trunk_unreachable".to_owned(),
        detail: "3 in a row".to_owned(),
    };
    let raised = CampaignEvent::AlertRaised {
        alert: "trunk_unreachable".to_owned(),
        detail: "3 in a row".to_owned(),
    };
    check(&running_then(paused()), alert, Ok(vec![raised]));
}

fn target(metric: &str, per_mille: u32) -> Target {
    Target {
        metric: metric.to_owned(),
        version: 1,
        per_mille,
    }
}

#[test]
fn targets_are_set_in_any_status_replaced_whole_and_the_same_again_is_no_event() {
    let set = |targets: &[Target]| CampaignCommand::SetTargets {
        targets: targets.to_vec(),
        by: None,
    };
    let event = |targets: &[Target]| CampaignEvent::TargetsSet {
        targets: targets.to_vec(),
        by: None,
    };
    let (first, second) = ([target("a", 1)], [target("a", 1_000), target("b", 650)]);
    check(&running_then(stopped()), set(&first), Ok(vec![event(&first)]));
    check(&running_then(event(&first)), set(&first), Ok(Vec::new()));
    check(
        &running_then(event(&first)),
        set(&second),
        Ok(vec![event(&second)]),
    );
    for (metric, per_mille) in [("a", 0), ("a", 1_001), ("", 5)] {
        let metric = metric.to_owned();
        let targets = [target(&metric, per_mille)];
        check(
            &running(),
            set(&targets),
            Err(CampaignRefusal::TargetInvalid { metric, per_mille }),
        );
    }
    let twice = [target("a", 5), target("a", 6)];
    let refused = CampaignRefusal::TargetInvalid {
        metric: "a".to_owned(),
        per_mille: 5,
    };
    check(&running(), set(&twice), Err(refused));
    check(
        &running(),
        set(&[]),
        Err(CampaignRefusal::TargetCount {
            count: 0,
            targets_max: 20,
        }),
    );
}

#[test]
fn facts_carry_the_plan_the_version_and_whether_it_runs() {
    assert_eq!(CampaignState::default().facts(id()), None);
    let facts = state_after(&running()).facts(id()).unwrap();
    assert_eq!(
        (facts.version, facts.running, facts.plan.max_concurrent),
        (4, true, 50)
    );
    let facts = state_after(&running_then(paused())).facts(id()).unwrap();
    assert_eq!((facts.version, facts.running), (5, false));
}

#[test]
fn a_pause_takes_back_what_was_granted() {
    let given = running_then(granted(3, now()));
    assert_eq!(state_after(&given).granted_until(), Some(now().plus_ms(1_000)));
    let given = [given, vec![paused()]].concat();
    assert_eq!(state_after(&given).granted_until(), None);
}

#[test]
fn a_campaign_takes_so_many_lists_and_no_more() {
    let mut state = state_after(&running());
    let most = u128::try_from(LISTS_MAX).unwrap();
    for number in 2..=most {
        Campaign::evolve(&mut state, &closed(number, 0), now());
    }
    let context = Context { now: now() };
    let again = Campaign::decide(&state, open_list(most), context);
    assert_eq!(again, Ok(vec![]));
    let refused = Campaign::decide(&state, open_list(most + 1), context);
    let expected = CampaignRefusal::TooManyLists { lists_max: LISTS_MAX };
    assert_eq!(refused, Err(expected));
}

#[test]
fn what_is_not_said_about_duplicates_is_as_the_campaign_was_made() {
    let create = |duplicates| create_with(CallingPlan { duplicates, ..plan() });
    let decide = |given: &[CampaignEvent], command| {
        Campaign::decide(&state_after(given), command, Context { now: now() })
    };
    let made = |duplicates| decide(&[], create(duplicates)).unwrap();
    let (by_number, by_customer) = (Some(DuplicatePolicy::ByNumber), Some(DuplicatePolicy::ByCustomer));
    for (before, said, same) in [
        (None, None, true),
        (None, by_customer, true),
        (None, by_number, false),
        (by_number, None, true),
        (by_number, by_customer, false),
    ] {
        let refused = || Err(CampaignRefusal::AnotherPlan);
        let expected = if same { Ok(vec![]) } else { refused() };
        assert_eq!(
            decide(&made(before), create(said)),
            expected,
            "{before:?} {said:?}"
        );
    }
}
