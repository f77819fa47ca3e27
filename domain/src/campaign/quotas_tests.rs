//! Given quotas, when a batch is requested and calls end, then places, counts or a refusal.

use super::Campaign;
use super::command::CampaignCommand;
use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use super::test_support::{now, plan};
use crate::calling_plan::{CallingPlan, FlowRef};
use crate::decider::{Context, Decider};
use crate::quota::{Quota, QuotaEnd, QuotaPerson, QuotaReservation};
use values::ids::CustomerId;

fn quotas(dials: u32) -> Vec<Quota> {
    let text = format!(r#"[{{"name":"vip","where":"VIP","dials":{dials},"per":"campaign"}}]"#);
    serde_json::from_str(&text).unwrap()
}

fn create(quotas: Vec<Quota>) -> CampaignCommand {
    CampaignCommand::Create {
        campaign: "c1".parse().unwrap(),
        customer_segment: None,
        flow: FlowRef {
            flow: "reminder".parse().unwrap(),
            version: 1,
            content_hash: "5e".repeat(32),
        },
        plan: CallingPlan { quotas, ..plan() },
    }
}

fn tell(state: &mut CampaignState, command: CampaignCommand) -> Result<Vec<CampaignEvent>, CampaignRefusal> {
    let events = Campaign::decide(state, command, Context { now: now() })?;
    events
        .iter()
        .for_each(|event| Campaign::evolve(state, event, now()));
    Ok(events)
}

fn running(dials: u32) -> CampaignState {
    let mut state = CampaignState::default();
    tell(&mut state, create(quotas(dials))).unwrap();
    Campaign::evolve(&mut state, &CampaignEvent::Started {}, now());
    state
}

fn customer(nth: u32) -> CustomerId {
    format!("{nth:032x}").parse().unwrap()
}

fn grant(wanted: u32, people: &[(u32, &[u8])]) -> CampaignCommand {
    let person = |(nth, quotas): &(u32, &[u8])| QuotaPerson {
        customer: customer(*nth),
        attempt: 1,
        quotas: quotas.to_vec(),
    };
    CampaignCommand::GrantDials {
        wanted,
        in_flight: 0,
        floor: None,
        people: Vec::new(),
        calendars: Default::default(),
        unused: Vec::new(),
        quota_people: people.iter().map(person).collect(),
    }
}

fn ended(nth: u32) -> CampaignCommand {
    let end = QuotaEnd {
        customer: customer(nth),
        attempt: 1,
        call: None,
        connected: false,
        completed: false,
    };
    CampaignCommand::CountQuotas { ended: vec![end] }
}

#[test]
fn a_batch_names_who_has_a_place_and_none_is_granted_beyond() {
    let mut state = running(1);
    let people: [(u32, &[u8]); 3] = [(1, &[0]), (2, &[0]), (3, &[])];
    let granted = tell(&mut state, grant(5, &people)).unwrap();
    let CampaignEvent::DialsGranted { count, places, .. } = &granted[0] else {
        panic!("{granted:?}");
    };
    let first = QuotaReservation {
        customer: customer(1),
        attempt: 1,
        quotas: vec![0],
    };
    assert_eq!((*count, places), (2, &vec![first]));
    assert_eq!(
        tell(&mut state, grant(5, &people[..2])),
        Err(CampaignRefusal::QuotasFull)
    );
    assert_eq!(tell(&mut state, grant(5, &[])), Err(CampaignRefusal::QuotasFull));
    // Each result counts once: a repeat, and a call without a place, make no event.
    assert_eq!(tell(&mut state, ended(1)).unwrap().len(), 1);
    assert_eq!(tell(&mut state, ended(1)), Ok(Vec::new()));
    assert_eq!(tell(&mut state, ended(2)), Ok(Vec::new()));
    assert!(
        tell(&mut state, grant(5, &people[1..2])).is_ok(),
        "the place is free again"
    );
}

#[test]
fn a_plan_without_quotas_names_no_group_and_a_faulty_one_is_refused() {
    let mut plain = CampaignState::default();
    tell(&mut plain, create(Vec::new())).unwrap();
    Campaign::evolve(&mut plain, &CampaignEvent::Started {}, now());
    let granted = tell(&mut plain, grant(5, &[])).unwrap();
    assert!(matches!(&granted[0], CampaignEvent::DialsGranted { count: 5, places, .. } if places.is_empty()));
    let twice = [quotas(1), quotas(2)].concat();
    let refused = tell(&mut CampaignState::default(), create(twice));
    assert!(matches!(refused, Err(CampaignRefusal::Quotas(_))), "{refused:?}");
}
