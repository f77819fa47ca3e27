//! Tests of lists that are undone while they are imported, and of query lists with a table that changes
//! between two runs: every enrolled customer is counted, so that the campaign completes.

use super::test_client::{campaign, get, owner, trail};
use crate::testing::TestServer;
use application::lists::enroller::CampaignEnroller;
use application::lists::load::{Enroller, EnrolmentOutcome};
use application::lists::running_imports::ImportProgress;
use domain::campaign::CampaignState;
use domain::campaign::command::CampaignCommand;
use domain::customer::command::Enrolment;
use domain::ids::{CampaignId, CommandId};
use domain::stored_event::Cause;
use intake::mapping::Member;
use intake::row::{RowRules, check};
use intake::source::NamedRow;
use serde_json::json;
use std::sync::Arc;

fn t() -> CampaignId {
    "T".parse().unwrap()
}

fn person(story: &TestServer, rules: &RowRules, id: &str) -> Enrolment {
    let phone = id.replace('C', "1380013800");
    let members = [(Member::CustomerId, id), (Member::Phone, phone.as_str())];
    let row = NamedRow {
        members: members.map(|(member, text)| (member, text.to_owned())).into(),
        ..NamedRow::default()
    };
    check(row, rules, story.running.installation.vault()).unwrap()
}

async fn rules(story: &TestServer, name: &str) -> RowRules {
    story.running.installation.list_rules(&t(), name).await.unwrap()
}

async fn enrol(story: &TestServer, enroller: &CampaignEnroller, rules: &RowRules, id: &str) {
    let enrolment = person(story, rules, id);
    let command = CommandId::derive_from_text(&format!("enrol:{}/{}", rules.list, enrolment.customer));
    let enrolled = enroller.enrol(command, enrolment).await.unwrap();
    assert!(
        matches!(enrolled, EnrolmentOutcome::ByThisList(_)),
        "{enrolled:?}"
    );
}

/// Sends a command as another process does, which does not see that this process imports the list.
async fn elsewhere(story: &TestServer, what: &str, command: CampaignCommand) {
    let campaigns = &story.running.installation.entities.campaigns;
    let cause = Cause::outside(CommandId::derive_from_text(what));
    campaigns.ask(&t(), command, cause).await.unwrap();
}

async fn state(story: &TestServer) -> Arc<CampaignState> {
    story.running.installation.campaign(&t()).await.unwrap()
}

#[test]
fn a_customer_of_a_list_that_another_process_undid_is_withdrawn_and_counted() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, json!([])).await;
        let rules = rules(&story, "aa").await;
        let installation = Arc::clone(&story.running.installation);
        let enroller = CampaignEnroller::new(installation, &rules, None);
        let course = ImportProgress::default();
        enroller.open("people.csv").await.unwrap();
        enroller.make_way(&course).await.unwrap();
        enrol(&story, &enroller, &rules, "C1").await;
        let list = rules.list;
        let undo = CampaignCommand::UndoList {
            list,
            reason: "the wrong file".to_owned(),
            by: Some("wang".to_owned()),
        };
        elsewhere(&story, "undo", undo).await;
        elsewhere(&story, "close", CampaignCommand::CloseList { list, count: 1 }).await;
        enrol(&story, &enroller, &rules, "C2").await;
        let refused = loop {
            match enroller.make_way(&course).await {
                Ok(()) => story.running.installation.pause(50).await,
                Err(problem) => break problem,
            }
        };
        assert!(refused.detail.contains("undone"), "{}", refused.detail);
        assert!(enroller.is_undone());
        enroller.finish_undone().await.unwrap();
        assert_eq!(state(&story).await.lists()[&list], Some(2));
        let withdrawn = trail(&story, "customer.enrolment_withdrawn").await;
        let why: Vec<_> = withdrawn.iter().map(|one| &one["data"]["reason"]).collect();
        assert_eq!(why, ["the wrong file", "the wrong file"]);
        assert_eq!(trail(&story, "customer.enrolment_settled").await.len(), 2);
        let shown = get(&story, &format!("/api/v1/lists/{list}"), &story.bearer()).await;
        assert_eq!(
            (&shown.body["enrolled"], &shown.body["waiting"]),
            (&json!(2), &json!(0)),
            "{}",
            shown.body
        );
    });
    story.end();
}

/// The importing process died before it counted: a second undo counts the list again.
#[test]
fn an_undone_list_that_grew_is_counted_by_undoing_it_again() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, json!([])).await;
        let rules = rules(&story, "aa").await;
        let installation = Arc::clone(&story.running.installation);
        let enroller = CampaignEnroller::new(installation, &rules, None);
        enroller.open("people.csv").await.unwrap();
        let list = rules.list;
        let path = format!("/api/v1/lists/{list}/undo");
        let order = json!({ "reason": "the wrong file" });
        let undone = owner(&story, &path, order.clone()).await;
        assert_eq!(undone.status, 200, "{}", undone.body);
        assert_eq!(state(&story).await.lists()[&list], Some(0));
        enrol(&story, &enroller, &rules, "C1").await;
        let again = owner(&story, &path, order.clone()).await;
        assert_eq!(
            (again.status, &again.body["withdrawn"]),
            (200, &json!(1)),
            "{}",
            again.body
        );
        assert_eq!(state(&story).await.lists()[&list], Some(1));
        let last = owner(&story, &path, order).await;
        assert_eq!(
            (&last.body["withdrawn"], &last.body["already"]),
            (&json!(0), &json!(1)),
            "{}",
            last.body
        );
    });
    story.end();
}

#[test]
fn a_query_s_list_is_closed_with_every_customer_it_ever_brought() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, json!([])).await;
        let rules = rules(&story, "query:aa/0").await;
        let installation = Arc::clone(&story.running.installation);
        let enroller = CampaignEnroller::new(installation, &rules, None).of_query(true);
        enroller.open("query").await.unwrap();
        // The first run stopped after C1. At the second run the table no longer contains C1.
        for id in ["C1", "C2"] {
            enrol(&story, &enroller, &rules, id).await;
        }
        enroller.close(1).await.unwrap();
        assert_eq!(state(&story).await.lists()[&rules.list], Some(2));
    });
    story.end();
}
