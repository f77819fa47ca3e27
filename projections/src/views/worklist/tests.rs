//! Tests of open work: given events, for every step of a dial, in and out of order.

use super::{SqlWorklist, Worklist as View, find_requested_enrolment};
use crate::testing::{TestHistory, call, campaign, customer, number, ten, verdict};
use domain::call::event::CallEvent;
use domain::campaign::event::{CampaignEvent, PauseReason};
use domain::compliance::Decision;
use domain::customer::event::CustomerEvent;
use domain::disposition::{Disposition, Outcome};
use domain::ids::ListId;
use domain::number::event::NumberEvent;
use domain::ports::worklist::{CampaignWork, Worklist};
use domain::stored_event::Position;
use domain::time::Timestamp;

const SUCCESS: Option<Outcome> = Some(Outcome::Success);

pub(super) async fn worklist(story: &TestHistory) -> SqlWorklist {
    let (db, runner) = story.shown_by(View).await;
    SqlWorklist::over(db, runner.progress())
}

async fn due_count(story: &TestHistory, now: Timestamp) -> usize {
    let list = worklist(story).await;
    list.due(&campaign("T"), now, 100).await.unwrap().len()
}

pub(super) fn late() -> Timestamp {
    ten().plus_ms(3_600_000)
}

/// A story with one enrolment in a running campaign.
fn enrolled() -> TestHistory {
    let mut story = TestHistory::new();
    story
        .created("T")
        .campaign("T", CampaignEvent::Started {})
        .enrolled("T", 1);
    story
}

fn refused(decision: Decision, not_before: Option<Timestamp>) -> CustomerEvent {
    CustomerEvent::DialRefused {
        campaign: campaign("T"),
        call: call("T", 1, 1),
        verdict: verdict(decision),
        not_before,
    }
}

fn released(not_before: Option<Timestamp>) -> CustomerEvent {
    CustomerEvent::DialReleased {
        campaign: campaign("T"),
        call: call("T", 1, 1),
        reason: "the number refused".to_owned(),
        not_before,
    }
}

fn number_released() -> NumberEvent {
    NumberEvent::DialReleased {
        call: call("T", 1, 1),
        reason: "withdrawn".to_owned(),
    }
}

#[tokio::test]
async fn an_enrolment_is_due_from_its_due_time_on() {
    let story = enrolled();
    let due_at = ten().plus_ms(2_000);
    assert_eq!(due_count(&story, due_at.minus_ms(1)).await, 0);
    assert_eq!(due_count(&story, due_at).await, 1);
    let due = worklist(&story)
        .await
        .due(&campaign("T"), due_at, 1)
        .await
        .unwrap();
    assert_eq!(
        (due[0].customer.clone(), due[0].number.clone(), due[0].due_at),
        (customer(1), number(1), due_at)
    );
    assert!(
        worklist(&story)
            .await
            .due(&campaign("U"), late(), 9)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_call_that_was_asked_for_is_found_by_its_id_until_it_is_granted() {
    let mut story = enrolled();
    story.enrolled("T", 2);
    let asked = |due_at| CustomerEvent::CallAsked {
        campaign: campaign("T"),
        due_at,
        deadline: None,
    };
    story.customer(2, asked(ten()));
    let found = async |story: &TestHistory, call| {
        let (db, _) = story.shown_by(View).await;
        let found = find_requested_enrolment(db.as_ref(), call).await.unwrap();
        found.map(|enrolment| (enrolment.campaign, enrolment.customer))
    };
    let second = Some((campaign("T"), customer(2)));
    assert_eq!(found(&story, call("T", 2, 1)).await, second);
    for other in [call("T", 1, 1), call("T", 2, 2), call("U", 2, 1)] {
        assert_eq!(found(&story, other).await, None, "it was not requested");
    }
    story.customer_granted("T", 2, 1);
    assert_eq!(found(&story, call("T", 2, 1)).await, None, "it is on its way");
    let released = CustomerEvent::DialReleased {
        campaign: campaign("T"),
        call: call("T", 2, 1),
        reason: "withdrawn".to_owned(),
        not_before: None,
    };
    story.customer(2, released).customer(2, asked(late()));
    assert_eq!(found(&story, call("T", 2, 1)).await, None);
    assert_eq!(found(&story, call("T", 2, 2)).await, second);
}

#[tokio::test]
async fn due_enrolments_come_by_due_time_then_customer_and_no_more_than_asked_for() {
    let mut story = enrolled();
    story.at = ten();
    story.enrolled("T", 3);
    story.at = ten();
    story.enrolled("T", 2);
    let due = worklist(&story)
        .await
        .due(&campaign("T"), late(), 2)
        .await
        .unwrap();
    let customers: Vec<_> = due.into_iter().map(|one| one.customer).collect();
    assert_eq!(customers, [customer(2), customer(3)]);
}

#[tokio::test]
async fn a_grant_is_open_until_it_is_dialed() {
    let mut story = enrolled();
    story.customer_granted("T", 1, 1);
    let list = worklist(&story).await;
    let grants = list.open_grants(9).await.unwrap();
    assert_eq!((grants[0].permitted, grants[0].number_granted), (false, false));
    assert!(list.due(&campaign("T"), late(), 9).await.unwrap().is_empty());

    story.number_granted("T", 1, 1).permitted("T", 1, 1);
    let grants = worklist(&story).await.open_grants(9).await.unwrap();
    assert_eq!(grants[0].call, call("T", 1, 1));
    assert_eq!((grants[0].permitted, grants[0].number_granted), (true, true));

    let dialed_at = story.at;
    story
        .dialing(call("T", 1, 1), 1, "first")
        .dialing(call("T", 1, 1), 2, "second");
    let list = worklist(&story).await;
    assert!(list.open_grants(9).await.unwrap().is_empty());
    let calls = list.open_calls(9).await.unwrap();
    assert_eq!((calls.len(), calls[0].dialed_at), (1, dialed_at));
}

#[tokio::test]
async fn work_is_left_while_a_campaign_is_neither_completed_nor_stopped() {
    let mut story = enrolled();
    let reason = PauseReason::TrunkUnreachable;
    let list = ListId::derive(&campaign("T"), "01");
    let facts = [
        (CampaignEvent::Started {}, Some(true)),
        (CampaignEvent::Paused { reason }, Some(false)),
        (CampaignEvent::Resumed {}, Some(true)),
        (CampaignEvent::Completed { settled: 0 }, None),
        (CampaignEvent::Reopened { list }, Some(true)),
        (
            CampaignEvent::Stopped {
                reason: "enough".to_owned(),
            },
            None,
        ),
    ];
    for (fact, running) in facts {
        story.campaign("T", fact.clone());
        let work = worklist(&story).await.unfinished_campaigns().await.unwrap();
        let shown = work.first().map(|work| work.running);
        assert_eq!(shown, running, "after {fact:?}");
    }
}

#[tokio::test]
async fn a_refusal_moves_the_due_time_and_a_forbidden_one_leaves_nothing_due() {
    let mut story = enrolled();
    story.customer(1, refused(Decision::DeferUntil(late()), Some(late())));
    assert_eq!(due_count(&story, late().minus_ms(1)).await, 0);
    assert_eq!(due_count(&story, late()).await, 1);

    story.customer(1, refused(Decision::Forbid, None));
    assert_eq!(due_count(&story, late()).await, 0);
    story.settled("T", 1, Disposition::NotPermitted);
    let work = worklist(&story).await.unfinished_campaigns().await.unwrap();
    assert_eq!((work[0].enrolled_count, work[0].settled_count), (1, 1));
}

#[tokio::test]
async fn a_released_grant_is_due_again_not_before_its_time() {
    let mut story = enrolled();
    story.customer_granted("T", 1, 1).number(
        1,
        NumberEvent::DialRefused {
            campaign: campaign("T"),
            call: call("T", 1, 1),
            verdict: verdict(Decision::DeferUntil(late())),
            not_before: Some(late()),
        },
    );
    assert_eq!(worklist(&story).await.open_grants(9).await.unwrap().len(), 1);
    story.customer(1, released(Some(late())));
    let list = worklist(&story).await;
    assert!(list.open_grants(9).await.unwrap().is_empty());
    assert_eq!(due_count(&story, late().minus_ms(1)).await, 0);
    assert_eq!(due_count(&story, late()).await, 1);
}

#[tokio::test]
async fn a_grant_of_the_number_alone_stays_open_whichever_side_was_released_first() {
    let mut story = enrolled();
    story
        .customer_granted("T", 1, 1)
        .customer(1, released(None))
        .number_granted("T", 1, 1);
    let grants = worklist(&story).await.open_grants(9).await.unwrap();
    assert_eq!((grants.len(), grants[0].number_granted), (1, true));
    assert_eq!(due_count(&story, late()).await, 1);
    story.number(1, number_released());
    assert!(worklist(&story).await.open_grants(9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_withdrawn_call_is_an_open_grant_until_both_sides_are_released_and_never_an_unclosed_call() {
    let mut story = enrolled();
    story
        .granted("T", 1, 1)
        .ended(call("T", 1, 1), Disposition::Withdrawn, None, 0);
    story.customer(1, released(None));
    let list = worklist(&story).await;
    assert_eq!(list.open_grants(9).await.unwrap().len(), 1);
    assert!(list.unclosed_calls(9).await.unwrap().is_empty());
    story.number(1, number_released());
    assert!(worklist(&story).await.open_grants(9).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_ended_call_is_unclosed_until_customer_and_number_record_it() {
    let mut story = enrolled();
    let id = call("T", 1, 1);
    story.granted("T", 1, 1).dialing(id, 1, "first").answered(id, 1);
    story.ended(id, Disposition::Answered, SUCCESS, 4_000);
    let ended = story.head();
    let list = worklist(&story).await;
    assert!(list.open_calls(9).await.unwrap().is_empty());
    let unclosed = list.unclosed_calls(9).await.unwrap();
    assert_eq!(unclosed[0].ended, ended);
    assert_eq!(
        (unclosed[0].customer_closed, unclosed[0].number_closed),
        (false, false)
    );
    assert!(list.due(&campaign("T"), late(), 9).await.unwrap().is_empty());

    story.number_closed("T", 1, 1);
    let unclosed = worklist(&story).await.unclosed_calls(9).await.unwrap();
    assert_eq!(
        (unclosed[0].customer_closed, unclosed[0].number_closed),
        (false, true)
    );
    story.customer_closed("T", 1, 1, Disposition::Answered, None);
    let list = worklist(&story).await;
    assert!(list.unclosed_calls(9).await.unwrap().is_empty());
    assert!(
        list.due(&campaign("T"), late(), 9).await.unwrap().is_empty(),
        "final, waits for its settlement"
    );
}

#[tokio::test]
async fn a_closed_call_is_due_again_at_the_next_time_on_the_next_number() {
    let mut story = enrolled();
    let id = call("T", 1, 1);
    story
        .granted("T", 1, 1)
        .dialing(id, 1, "first")
        .ended(id, Disposition::Busy, None, 0);
    let closed = CustomerEvent::CallClosed {
        campaign: campaign("T"),
        call: id,
        number: number(1),
        disposition: Disposition::Busy,
        outcome: None,
        charged: true,
        answered: false,
        dialed_at: ten(),
        next_due_at: Some(late()),
        next_number: Some(number(8)),
        round: None,
        policy_due_at: None,
        timing: None,
    };
    story.customer(1, closed);
    let list = worklist(&story).await;
    let due = list.due(&campaign("T"), late(), 9).await.unwrap();
    assert_eq!((due[0].number.clone(), due[0].due_at), (number(8), late()));
    let work = list.unfinished_campaigns().await.unwrap();
    assert_eq!((work[0].open_count, work[0].next_due_at), (0, Some(late())));
}

#[tokio::test]
async fn a_late_answer_after_the_end_opens_nothing() {
    let mut story = enrolled();
    story.whole_call("T", 2);
    let event = CallEvent::LateAnswered {
        leg: 1,
        dialog: crate::testing::dialog(),
    };
    story.call(call("T", 2, 1), event);
    let list = worklist(&story).await;
    assert!(list.open_calls(9).await.unwrap().is_empty() && list.unclosed_calls(9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_campaigns_work_follows_its_own_events() {
    let mut story = enrolled();
    story
        .enrolled("T", 2)
        .customer_granted("T", 2, 1)
        .whole_call("T", 3);
    let work = |story: &TestHistory| {
        let events = story.events.clone();
        async move {
            let mut copy = TestHistory::new();
            copy.events = events;
            worklist(&copy).await.unfinished_campaigns().await.unwrap()
        }
    };
    let expected = CampaignWork {
        campaign: campaign("T"),
        running: true,
        enrolled_count: 3,
        settled_count: 1,
        open_count: 1,
        next_due_at: Some(ten().plus_ms(2_000)),
        start_scheduled: false,
    };
    assert_eq!(work(&story).await, [expected]);
    let reason = PauseReason::Requested;
    story.campaign("T", CampaignEvent::Paused { reason });
    assert!(!work(&story).await[0].running);
    story.campaign("T", CampaignEvent::Resumed {});
    assert!(work(&story).await[0].running);
    story.campaign("T", CampaignEvent::Completed { settled: 3 });
    assert!(work(&story).await.is_empty());
}

#[tokio::test]
async fn one_customer_in_two_campaigns_has_two_enrolments() {
    let mut story = enrolled();
    story.created("U").enrolled("U", 1).customer_granted("T", 1, 1);
    let list = worklist(&story).await;
    assert!(list.due(&campaign("T"), late(), 9).await.unwrap().is_empty());
    assert_eq!(list.due(&campaign("U"), late(), 9).await.unwrap().len(), 1);
    assert_eq!(list.position().await.unwrap(), story.head());
    list.wait_for(story.head()).await.unwrap();
    list.wait_for(Position(0)).await.unwrap();
}

#[tokio::test]
async fn customers_to_be_called_now_go_before_the_list() {
    let mut story = enrolled();
    story.at = ten();
    story.enrolled("T", 2);
    story.at = late();
    let asked = CustomerEvent::CallAsked {
        campaign: campaign("T"),
        due_at: late(),
        deadline: None,
    };
    story.enrolled("T", 3).customer(3, asked);
    let list = worklist(&story).await;
    let due = list.due(&campaign("T"), late().plus_ms(1), 2).await.unwrap();
    let customers: Vec<_> = due.into_iter().map(|one| one.customer).collect();
    assert_eq!(customers, [customer(3), customer(2)]);
}
