//! Tests of what waits without being due: campaigns with an automatic start, and callbacks of stopped
//! campaigns.

use super::port::{DUE, NEXT_DUE, UNFINISHED_CAMPAIGNS, due_of_sql};
use super::tests::{late, worklist};
use crate::database::ReadDb;
use crate::sqlite::SqliteReadDb;
use crate::testing::{TestHistory, campaign, customer, number, ten};
use crate::value::Val;
use domain::callback::CallbackEnd;
use domain::calling_plan::Basis;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::ids::ListId;
use domain::ports::worklist::Worklist;
use domain::ranking::{CallValue, EnrolmentRanking, RankingBucket};
use std::collections::BTreeMap;

fn requested() -> CustomerEvent {
    CustomerEvent::CallbackRequested {
        campaign: campaign("T"),
        callback_at: late(),
        until: late().plus_ms(1),
        agent: None,
        call: None,
        reason: None,
        by: None,
    }
}

fn ended(how: CallbackEnd) -> CustomerEvent {
    CustomerEvent::CallbackEnded {
        campaign: campaign("T"),
        callback_at: late(),
        how,
        call: None,
        rule: None,
        facts: BTreeMap::new(),
        not_before: None,
        due_at: None,
        reason: None,
        by: None,
    }
}

#[tokio::test]
async fn a_campaign_waits_to_begin_by_itself_until_it_begins() {
    let mut story = TestHistory::new();
    story.at = ten();
    story.created("T");
    for (event, waits) in [
        (None, false),
        (
            Some(CampaignEvent::StartScheduled {
                starts_at: Some(late()),
                after: None,
            }),
            true,
        ),
        (Some(CampaignEvent::Started {}), false),
    ] {
        if let Some(event) = event {
            story.campaign("T", event);
        }
        let work = worklist(&story).await.unfinished_campaigns().await.unwrap();
        assert_eq!(work[0].start_scheduled, waits);
    }
}

#[tokio::test]
async fn callbacks_of_a_stopped_campaign_are_listed_until_each_has_an_end() {
    let mut story = TestHistory::new();
    story.at = ten();
    story
        .created("T")
        .enrolled("T", 1)
        .enrolled("T", 2)
        .enrolled("T", 3);
    for person in [1, 2] {
        story.customer(person, requested());
    }
    let listed = |story: &TestHistory| {
        let mut copy = TestHistory::new();
        copy.events = story.events.clone();
        async move {
            let due = worklist(&copy).await.callbacks_of_stopped(9).await.unwrap();
            due.into_iter().map(|one| one.customer).collect::<Vec<_>>()
        }
    };
    assert!(listed(&story).await.is_empty(), "it is not stopped");
    let reason = "a mistake".to_owned();
    story.campaign("T", CampaignEvent::Stopped { reason });
    let mut both = vec![customer(1), customer(2)];
    both.sort();
    assert_eq!(listed(&story).await, both);
    // A time refused in a call leaves the agreed callback unchanged.
    story.customer(1, ended(CallbackEnd::Refused));
    assert_eq!(listed(&story).await, both);
    story.customer(1, ended(CallbackEnd::Canceled));
    assert_eq!(listed(&story).await, [customer(2)]);
}

/// Returns an enrolment in a campaign with an order.
fn placed(of: u32, value: u8) -> CustomerEvent {
    CustomerEvent::Enrolled {
        campaign: campaign("T"),
        list: ListId::derive(&campaign("T"), "00"),
        number: number(of),
        basis: Basis::Contract,
        due_at: ten().plus_ms(u64::from(of)),
        variables: BTreeMap::new(),
        placing: Some(Box::new(EnrolmentRanking {
            value: CallValue::try_from(value).ok(),
            times_group: None,
        })),
    }
}

#[tokio::test]
async fn the_first_of_each_value_and_requested_calls_are_listed() {
    let mut story = TestHistory::new();
    story.at = ten();
    story.created("T");
    for (of, value) in [(1, 0), (2, 9), (3, 0), (4, 9), (5, 0), (6, 5), (7, 9)] {
        story.customer(of, placed(of, value));
    }
    story.customer(
        5,
        CustomerEvent::CallAsked {
            campaign: campaign("T"),
            due_at: ten(),
            deadline: None,
        },
    );
    let worklist = worklist(&story).await;
    // The codes as stored in rows: the value, plus ten for each group of hours.
    let rungs = [0, 9].map(RankingBucket::of_code);
    assert_eq!(RankingBucket::of_code(29), RankingBucket { group: 2, ..rungs[1] });
    let listed = async |now| {
        let ranked = worklist.due_ranked(&campaign("T"), &rungs, now, 2).await.unwrap();
        let mut listed: Vec<_> = ranked
            .into_iter()
            .map(|one| (one.standing.asked, one.standing.value.get(), one.due.customer))
            .collect();
        listed.sort_unstable();
        listed
    };
    let mut all = vec![
        (false, 0, customer(1)),
        (false, 0, customer(3)),
        (false, 9, customer(2)),
        (false, 9, customer(4)),
        (true, 0, customer(5)),
    ];
    all.sort_unstable();
    assert_eq!(
        listed(late()).await,
        all,
        "5 was asked for, 6 is of no value that was named"
    );
    assert_eq!(
        listed(ten()).await,
        [(true, 0, customer(5))],
        "no other is due yet"
    );
}

#[tokio::test]
async fn the_next_due_time_is_that_of_a_callback_though_others_are_due_already() {
    let mut story = TestHistory::new();
    story.at = ten();
    story.created("T");
    for of in 1..4 {
        story.customer(of, placed(of, 0));
    }
    story.customer(2, requested());
    let worklist = worklist(&story).await;
    let next = async |now| worklist.next_due_after(&campaign("T"), now).await.unwrap();
    assert_eq!(next(ten()).await, Some(ten().plus_ms(1)));
    assert_eq!(next(ten().plus_ms(9)).await, Some(late()));
    assert_eq!(next(late()).await, None);
}

/// Returns SQLite's query plan for tables of enrolments.
async fn plan(sql: &str, values_count: usize) -> Vec<String> {
    let db = SqliteReadDb::open_inline().unwrap();
    for ddl in super::TABLES.iter().flat_map(|table| table.ddl) {
        db.exec(ddl, Vec::new()).await.unwrap();
    }
    let values = (0..values_count).map(|_| Val::Int(1)).collect();
    let lines = db.query(&format!("explain query plan {sql}"), values).await;
    let lines = lines.unwrap().into_iter();
    let lines = lines.map(|row| format!("{:?}", row.rest().last()));
    lines.filter(|line| line.contains("worklist_enrolment")).collect()
}

/// A scan of waiting enrolments would grow with the lists: a million rows in each round of the dialer.
#[tokio::test]
async fn no_round_of_the_dialer_walks_what_waits() {
    let asked = [
        (UNFINISHED_CAMPAIGNS.to_owned(), 1),
        (DUE.to_owned(), 3),
        (NEXT_DUE.to_owned(), 2),
        (due_of_sql(200), 202),
    ];
    for (sql, values_count) in asked {
        let plan = plan(&sql, values_count).await;
        assert!(!plan.is_empty(), "{sql}");
        for line in plan {
            assert!(
                line.contains("SEARCH") && line.contains("campaign=? AND"),
                "{line}"
            );
        }
    }
}

#[tokio::test]
async fn due_named_customers_are_listed_once_each() {
    let mut story = TestHistory::new();
    story.at = ten();
    story.created("T");
    for of in [1, 2, 3] {
        story.customer(of, placed(of, 0));
    }
    let worklist = worklist(&story).await;
    let of = async |named: &[u32], after_ms: u64| {
        let people: Vec<_> = named.iter().copied().map(customer).collect();
        let now = ten().plus_ms(after_ms);
        let due = worklist.due_of(&campaign("T"), &people, now).await.unwrap();
        due.into_iter().map(|one| one.customer).collect::<Vec<_>>()
    };
    assert_eq!(of(&[3, 1, 3], 3).await, [customer(1), customer(3)]);
    assert_eq!(of(&[3, 1], 2).await, [customer(1)], "3 is due a moment later");
    assert_eq!(of(&[], 3).await, [], "no customer was given");
}
