//! Campaigns with lists that another user approves: given events, when a command comes, then events or a
//! refusal.

use super::command::CampaignCommand;
use super::event::CampaignEvent;
use super::tests::created;
use super::{Campaign, CampaignRefusal, CampaignState};
use crate::decider::{Context, Decider};
use crate::four_eyes::{ApprovalExemption, FourEyes};
use crate::time::Timestamp;
use uuid::Uuid;
use values::approval_requirements::{ApprovalRequirement, ApprovalRequirements};
use values::ids::{ApprovalId, ListId};

fn list() -> ListId {
    ListId::new(Uuid::from_u128(1))
}

pub(super) fn open_list(list: ListId, four_eyes: Option<Box<FourEyes>>) -> CampaignCommand {
    CampaignCommand::OpenList {
        list,
        source: "people.csv".to_owned(),
        four_eyes,
        request_key: None,
    }
}

#[test]
fn a_campaign_that_asks_for_it_takes_a_list_only_with_who_stood_behind_it() {
    let mut asking = created();
    if let CampaignEvent::Created { plan, .. } = &mut asking {
        plan.approvals = ApprovalRequirements::from(vec![ApprovalRequirement::Lists]);
    }
    let state = [&asking]
        .into_iter()
        .fold(CampaignState::default(), |mut state, event| {
            Campaign::evolve(&mut state, event, Timestamp::EPOCH);
            state
        });
    let decide = |command| {
        Campaign::decide(
            &state,
            command,
            Context {
                now: Timestamp::EPOCH,
            },
        )
    };
    assert_eq!(
        decide(open_list(list(), None)),
        Err(CampaignRefusal::ListNotApproved { list: list() })
    );
    let exempt = Some(Box::new(FourEyes::Nobody {
        nobody: ApprovalExemption::NobodyElse,
    }));
    let opened = CampaignEvent::ListOpened {
        list: list(),
        source: "people.csv".to_owned(),
        four_eyes: exempt.clone(),
        request_key: None,
    };
    assert_eq!(decide(open_list(list(), exempt)), Ok(vec![opened]));
}

#[test]
fn the_approval_of_a_list_is_known_as_long_as_the_list_is_open() {
    let approval = ApprovalId::new(Uuid::from_u128(7));
    let behind = FourEyes::Approved {
        approval,
        requested_by: "li".parse().unwrap(),
        approved_by: "wang".parse().unwrap(),
    };
    let exempt = FourEyes::Nobody {
        nobody: ApprovalExemption::Directory,
    };
    let other = ListId::new(Uuid::from_u128(2));
    let mut state = CampaignState::default();
    for (list, four_eyes) in [(list(), behind), (other, exempt)] {
        let opened = CampaignEvent::ListOpened {
            list,
            source: "people.csv".to_owned(),
            four_eyes: Some(Box::new(four_eyes)),
            request_key: None,
        };
        Campaign::evolve(&mut state, &opened, Timestamp::EPOCH);
    }
    assert_eq!(state.approval_of_open_list(&list()), Some(approval));
    assert_eq!(state.approval_of_open_list(&other), None);
    let closed = CampaignEvent::ListClosed {
        list: list(),
        count: 2,
        before: None,
    };
    Campaign::evolve(&mut state, &closed, Timestamp::EPOCH);
    assert_eq!(state.approval_of_open_list(&list()), None);
}
