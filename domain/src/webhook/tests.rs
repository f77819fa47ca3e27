//! Tests of the webhook decider: given events, when a command, then events or a refusal.

use super::{
    ATTEMPTS_MAX, AttemptEnd, AttemptOutcome, DeliveryAttempt, DeliveryFault, NewAddress, OVERLAP_MS,
    OwnerFault, Webhook, WebhookChange, WebhookCommand, WebhookEvent, WebhookFacts, WebhookFormat,
    WebhookRefusal, WebhookState,
};
use crate::decider::{Context, Decider};
use crate::personal::Personal;
use crate::record::stored_event::Position;
use crate::time::Timestamp;
use values::ids::{CommandId, EventId, UserId};
use values::permission::CampaignScope;

const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

fn facts(format: WebhookFormat) -> Box<WebhookFacts> {
    Box::new(WebhookFacts {
        format,
        target: Personal::open("https://example.com/in".to_owned()),
        shown: "https://example.com/in".to_owned(),
        kinds: ["call.ended".to_owned()].into(),
        campaigns: CampaignScope::All,
        allow_private: false,
        secret: Some(Personal::open("whsec_one".to_owned())),
        bearer: None,
        to: None,
        smtp: None,
        recordings_from: None,
        after: Position(10),
        is_channel: false,
        owner: Some(user("li")),
    })
}

fn added() -> WebhookEvent {
    WebhookEvent::Added {
        facts: facts(WebhookFormat::Standard),
    }
}

fn removed() -> WebhookEvent {
    WebhookEvent::Removed {
        reason: "moved".to_owned(),
    }
}

fn state(given: &[WebhookEvent]) -> WebhookState {
    let mut state = WebhookState::default();
    for event in given {
        Webhook::evolve(&mut state, event, NOW);
    }
    state
}

fn decide(given: &[WebhookEvent], when: WebhookCommand) -> Result<Vec<WebhookEvent>, WebhookRefusal> {
    Webhook::decide(&state(given), when, Context { now: NOW })
}

/// Returns the state after the events that a command caused.
fn behind(given: &[WebhookEvent], when: WebhookCommand) -> WebhookState {
    let mut all = given.to_vec();
    all.extend(decide(given, when).unwrap());
    state(&all)
}

fn tried(position: u64, attempts: u32, status: u16) -> AttemptOutcome {
    AttemptOutcome {
        event: EventId::derive(CommandId::derive_from_text(&position.to_string()), 0),
        position: Position(position),
        campaign: None,
        customer: None,
        attempts,
        end: AttemptEnd::Tried {
            attempt: DeliveryAttempt {
                fault: (status >= 300).then_some(DeliveryFault::Status),
                status: Some(status),
                elapsed_ms: 1,
                answer: None,
                answer_bytes: 0,
            },
            retry_after_ms: None,
        },
    }
}

fn deferred(position: u64, behind: u64) -> AttemptOutcome {
    AttemptOutcome {
        end: AttemptEnd::Deferred {
            behind: Position(behind),
        },
        ..tried(position, 0, 200)
    }
}

fn record(run: u32, through: u64, outcomes: Vec<AttemptOutcome>) -> WebhookCommand {
    WebhookCommand::Record {
        run,
        through: Position(through),
        outcomes,
    }
}

#[test]
fn it_is_added_once_and_of_something() {
    let add = |facts| WebhookCommand::Add { facts };
    assert_eq!(
        decide(&[], add(facts(WebhookFormat::Standard))),
        Ok(vec![added()])
    );
    assert_eq!(
        decide(&[added()], add(facts(WebhookFormat::Standard))),
        Err(WebhookRefusal::Exists)
    );
    let nothing = Box::new(WebhookFacts {
        kinds: std::collections::BTreeSet::new(),
        ..*facts(WebhookFormat::Standard)
    });
    assert_eq!(decide(&[], add(nothing)), Err(WebhookRefusal::NoKind));
}

#[test]
fn an_old_secret_signs_beside_the_new_one_for_a_day() {
    let rotate = || WebhookCommand::Rotate {
        secret: Personal::open("whsec_two".to_owned()),
    };
    let rotated = behind(&[added()], rotate());
    let newest = rotated.active().and_then(|facts| facts.secret.as_ref());
    assert_eq!(
        newest.and_then(Personal::value).map(String::as_str),
        Some("whsec_two")
    );
    let old = rotated.old_secret().unwrap();
    assert_eq!(old.secret.value().map(String::as_str), Some("whsec_one"));
    assert_eq!(old.until, NOW.plus_ms(OVERLAP_MS));
    let robot = WebhookEvent::Added {
        facts: facts(WebhookFormat::Wecom),
    };
    assert_eq!(decide(&[robot], rotate()), Err(WebhookRefusal::NotSigned));
}

/// Returns a change to this format, these kinds and this URL.
fn change(format: WebhookFormat, kinds: &[&str], url: Option<&str>) -> WebhookChange {
    WebhookChange {
        format,
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        allow_private: false,
        address: url.map(|url| NewAddress {
            target: Personal::open(url.to_owned()),
            shown: url.to_owned(),
        }),
        bearer: None,
        owner: Some(user("wang")),
    }
}

fn ordered(change: WebhookChange, read: u64) -> WebhookCommand {
    WebhookCommand::Change {
        change: Box::new(change),
        read: Some(read),
        reason: "the CRM moved".to_owned(),
    }
}

#[test]
fn a_webhook_is_changed_as_it_was_read_and_hands_nothing_to_another_address() {
    let mut facts = facts(WebhookFormat::Standard);
    facts.bearer = Some(Personal::open("opens a door".to_owned()));
    let given = [WebhookEvent::Added { facts }];
    let kinds = ["call.ended", "number.opted_out"];
    let changed = behind(&given, ordered(change(WebhookFormat::Crm, &kinds, None), 1));
    let terms = changed.active().unwrap();
    assert_eq!((terms.format, terms.kinds.len()), (WebhookFormat::Crm, 2));
    assert!(terms.bearer.is_some(), "it is the same address");
    assert_eq!(changed.revision(), 2);
    let moved = change(WebhookFormat::Standard, &kinds, Some("https://example.org/in"));
    let moved = behind(&given, ordered(moved, 1));
    let terms = moved.active().unwrap();
    assert_eq!(terms.shown, "https://example.org/in");
    assert_eq!((&terms.bearer, terms.secret.is_some()), (&None, true));
    let mut with_bearer = change(WebhookFormat::Standard, &kinds, Some("https://example.org/in"));
    with_bearer.bearer = Some(Personal::open("another".to_owned()));
    let moved = behind(&given, ordered(with_bearer, 1));
    assert!(moved.active().unwrap().bearer.is_some());
    // A change without effect stores no event, also for a caller that read the current revision.
    let same = change(WebhookFormat::Standard, &["call.ended"], None);
    assert_eq!(decide(&given, ordered(same.clone(), 1)), Ok(vec![]));
    for (change, read, refusal) in [
        (same, 2, WebhookRefusal::Stale { actual: 1 }),
        (
            change(WebhookFormat::Standard, &[], None),
            1,
            WebhookRefusal::NoKind,
        ),
        (
            change(WebhookFormat::Wecom, &["call.ended"], None),
            1,
            WebhookRefusal::OtherReceiver,
        ),
    ] {
        assert_eq!(decide(&given, ordered(change, read)), Err(refusal));
    }
    let unreasoned = WebhookCommand::Change {
        change: Box::new(change(WebhookFormat::Crm, &kinds, None)),
        read: None,
        reason: " ".to_owned(),
    };
    assert_eq!(decide(&given, unreasoned), Err(WebhookRefusal::NoReason));
    assert_eq!(
        decide(&[], ordered(change(WebhookFormat::Crm, &kinds, None), 0)),
        Err(WebhookRefusal::Unknown)
    );
}

#[test]
fn a_removed_webhook_receives_nothing_and_stays_removed() {
    let remove = |reason: &str| WebhookCommand::Remove {
        reason: reason.to_owned(),
    };
    assert_eq!(decide(&[added()], remove("moved")), Ok(vec![removed()]));
    assert_eq!(decide(&[added(), removed()], remove("moved")), Ok(vec![]));
    assert_eq!(decide(&[added()], remove(" ")), Err(WebhookRefusal::NoReason));
    assert_eq!(decide(&[], remove("moved")), Err(WebhookRefusal::Unknown));
    let replay = || WebhookCommand::Replay { after: Position(0) };
    assert_eq!(
        decide(&[added(), removed()], replay()),
        Err(WebhookRefusal::Removed)
    );
    assert!(state(&[added(), removed()]).active().is_none());
}

#[test]
fn what_is_taken_is_known_and_what_is_settled_in_a_row_is_forgotten_by_name() {
    let far = behind(&[added()], record(0, 10, vec![tried(13, 1, 200)]));
    assert!(far.knows(Position(13)) && !far.knows(Position(12)));
    assert_eq!(far.through(), Position(10));
    let mut given = vec![added()];
    given.extend(decide(&given, record(0, 10, vec![tried(13, 1, 200)])).unwrap());
    let near = behind(&given, record(0, 14, vec![tried(12, 1, 204)]));
    assert_eq!((near.through(), near.counts().delivered), (Position(14), 2));
    assert!(!near.knows(Position(15)));
}

#[test]
fn what_is_not_taken_waits_longer_each_time_and_is_given_up_in_the_end() {
    let failed = behind(
        &[added()],
        record(0, 14, vec![tried(12, 1, 500), deferred(14, 12)]),
    );
    let due = failed.waiting()[&Position(12)];
    assert_eq!((due.attempts, due.due_at), (1, NOW.plus_ms(1_000)));
    assert_eq!(failed.waiting()[&Position(14)].attempts, 0);
    assert!(failed.knows(Position(12)) && failed.knows(Position(14)));
    let last = behind(&[added()], record(0, 12, vec![tried(12, ATTEMPTS_MAX, 500)]));
    assert!(last.waiting().is_empty());
    assert_eq!(last.dead_letters()[&Position(12)].status, Some(500));
    assert_eq!(last.counts().dead_lettered, 1);
}

#[test]
fn a_receiver_that_is_gone_is_left_alone_until_a_replay() {
    let mut given = vec![added()];
    given.extend(decide(&given, record(0, 12, vec![tried(12, 1, 410)])).unwrap());
    let gone = WebhookEvent::Disabled {
        status: Some(410),
        reason: None,
        owner: None,
    };
    assert_eq!(given.last(), Some(&gone));
    assert!(state(&given).is_disabled());
    let again = behind(&given, WebhookCommand::Replay { after: Position(5) });
    assert!(!again.is_disabled() && again.waiting().is_empty());
    assert_eq!((again.run(), again.through()), (1, Position(5)));
}

#[test]
fn of_the_run_before_a_replay_only_what_was_taken_is_kept() {
    let mut given = vec![added()];
    given.extend(decide(&given, WebhookCommand::Replay { after: Position(0) }).unwrap());
    let late = record(
        0,
        20,
        vec![tried(15, 1, 200), tried(16, 1, 500), deferred(17, 16)],
    );
    let events = decide(&given, late).unwrap();
    assert!(matches!(&events[..], [WebhookEvent::Delivered { .. }]));
    given.extend(events);
    assert!(!state(&given).knows(Position(15)), "it is sent again");
    assert_eq!(state(&given).through(), Position(0));
}

fn disable(read: u64) -> WebhookCommand {
    WebhookCommand::Disable {
        reason: OwnerFault::OwnerDisabled,
        owner: user("li"),
        read,
    }
}

fn disabled() -> WebhookEvent {
    WebhookEvent::Disabled {
        status: None,
        reason: Some(OwnerFault::OwnerDisabled),
        owner: Some(user("li")),
    }
}

fn take_over(owner: Option<&str>, reason: &str) -> WebhookCommand {
    WebhookCommand::TakeOver {
        owner: owner.map(user),
        reason: reason.to_owned(),
    }
}

fn taken_over(owner: Option<&str>) -> WebhookEvent {
    WebhookEvent::TakenOver {
        owner: owner.map(user),
        reason: "li left".to_owned(),
    }
}

#[test]
fn a_webhook_of_an_owner_without_the_right_is_disabled_once_and_keeps_what_waits() {
    let mut given = vec![added()];
    given.extend(decide(&given, record(0, 14, vec![tried(12, 1, 500), deferred(14, 12)])).unwrap());
    assert_eq!(decide(&given, disable(1)), Ok(vec![disabled()]));
    assert_eq!(
        decide(&given, disable(2)),
        Ok(vec![]),
        "judged by another revision"
    );
    given.push(disabled());
    assert_eq!(decide(&given, disable(1)), Ok(vec![]));
    let of_li = state(&given);
    assert_eq!(
        (of_li.is_disabled(), of_li.owner_fault()),
        (true, Some(OwnerFault::OwnerDisabled))
    );
    assert_eq!((of_li.waiting().len(), of_li.through()), (2, Position(14)));
    let replay = WebhookCommand::Replay { after: Position(0) };
    assert_eq!(decide(&given, replay), Err(WebhookRefusal::OwnerLost));
    assert_eq!(decide(&[], disable(0)), Err(WebhookRefusal::Unknown));
    assert_eq!(
        decide(&[added(), removed()], disable(1)),
        Err(WebhookRefusal::Removed)
    );
}

#[test]
fn a_webhook_that_was_taken_over_goes_on_from_where_it_was() {
    let mut given = vec![added()];
    given.extend(decide(&given, record(0, 12, vec![tried(12, 1, 500)])).unwrap());
    given.push(disabled());
    let taken = taken_over(Some("wang"));
    assert_eq!(
        decide(&given, take_over(Some("wang"), "li left")),
        Ok(vec![taken.clone()])
    );
    given.push(taken);
    let of_wang = state(&given);
    assert_eq!((of_wang.is_disabled(), of_wang.owner_fault()), (false, None));
    assert_eq!((of_wang.waiting().len(), of_wang.revision()), (1, 2));
    let owner = of_wang.active().and_then(|facts| facts.owner.clone());
    assert_eq!(owner, Some(user("wang")));
    // The owner of the data directory may be the owner already, or the owner of an old webhook without an
    // owner in its event.
    for (owner, events) in [
        (Some("wang"), vec![]),
        (Some("li"), vec![taken_over(Some("li"))]),
        (None, vec![taken_over(None)]),
    ] {
        assert_eq!(
            decide(&given, take_over(owner, "li left")),
            Ok(events),
            "{owner:?}"
        );
    }
    let unreasoned = decide(&given, take_over(Some("li"), " "));
    assert_eq!(unreasoned, Err(WebhookRefusal::NoReason));
    assert_eq!(
        decide(&[], take_over(Some("li"), "x")),
        Err(WebhookRefusal::Unknown)
    );
}

#[test]
fn a_webhook_of_a_receiver_that_is_gone_needs_a_replay_after_it_was_taken_over() {
    let mut given = vec![added()];
    given.extend(decide(&given, record(0, 12, vec![tried(12, 1, 410)])).unwrap());
    given.push(taken_over(Some("wang")));
    assert!(state(&given).is_disabled());
    let again = behind(&given, WebhookCommand::Replay { after: Position(0) });
    assert!(!again.is_disabled());
}

#[test]
fn a_change_names_the_owner_and_lifts_no_disabling() {
    let change = ordered(change(WebhookFormat::Crm, &["call.ended"], None), 1);
    let changed = behind(&[added(), disabled()], change);
    let owner = changed.active().and_then(|facts| facts.owner.clone());
    assert_eq!(owner, Some(user("wang")));
    assert!(changed.is_disabled());
}
