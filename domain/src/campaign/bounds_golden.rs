//! Events and plan members about hours, quotas, sellers, test phones and further presets, compared with their
//! golden files.

use super::event::CampaignEvent;
use super::golden::created;
use crate::best_times::{BestTimesGrouping, BestTimesPlan, CallHour, CountedTimes, DaySort, LearntTimes};
use crate::calling_plan::Preset;
use crate::promotion::{Evidence, EvidenceStatements};
use crate::quota::{QuotaEnd, QuotaReservation};
use crate::record::golden_support::{at, call, check, check_with};
use values::go_live::{Stage, StagePlan};
use values::ids::CustomerId;
use values::seller::Seller;

#[test]
fn what_was_learnt_of_hours_is_written_as_its_golden_file() {
    let mut counted = CountedTimes::default();
    for (hour, day, group, answered) in [
        (10, DaySort::Workday, 0, false),
        (19, DaySort::Workday, 1, true),
        (19, DaySort::RestDay, 1, false),
    ] {
        counted.note_own(CallHour { hour, day, group }, answered);
    }
    let learnt = LearntTimes {
        through: 4_711,
        dials: counted.dials(),
        counted,
    };
    check("campaign", CampaignEvent::TimesLearnt { learnt });
    let mut event = created();
    if let CampaignEvent::Created { plan, .. } = &mut event {
        plan.best_times = Some(Box::new(BestTimesPlan {
            by: BestTimesGrouping::Industry,
            groups: vec!["retail".to_owned()],
            ..BestTimesPlan::default()
        }));
    }
    check_with("campaign", "best_times", event);
}

fn customer() -> CustomerId {
    "00112233445566778899aabbccddeeff".parse().unwrap()
}

#[test]
fn quotas_their_places_and_what_came_of_them_are_written_as_their_golden_files() {
    let mut event = created();
    if let CampaignEvent::Created { plan, .. } = &mut event {
        let quotas = r#"[{"name":"east","where":"SELECT * FROM customers WHERE region = '上海'","connected":500,
            "per":"day"},{"name":"vip","where":"VIP","dials":2000,"per":"campaign"}]"#;
        plan.quotas = serde_json::from_str(quotas).unwrap();
    }
    check_with("campaign", "quotas", event);
    let granted = CampaignEvent::DialsGranted {
        count: 2,
        until: at().plus_ms(1_000),
        paced: None,
        admitted: Vec::new(),
        unused: 0,
        places: vec![QuotaReservation {
            customer: customer(),
            attempt: 3,
            quotas: vec![0, 1],
        }],
    };
    check_with("campaign", "places", granted);
    let end = |call| QuotaEnd {
        customer: customer(),
        attempt: 3,
        call,
        connected: call.is_some(),
        completed: false,
    };
    let ended = vec![end(Some(call())), end(None)];
    check("campaign", CampaignEvent::QuotaCounted { ended });
}

#[test]
fn on_whose_behalf_is_called_is_written_as_its_golden_file() {
    let mut event = created();
    if let CampaignEvent::Created { plan, .. } = &mut event {
        plan.seller = Some(Box::new(Seller {
            name: "Example Bank".to_owned(),
            number: "+12025550100".to_owned(),
        }));
    }
    check_with("campaign", "seller", event);
}

#[test]
fn a_test_for_our_own_phones_and_a_roll_out_are_written_as_their_golden_files() {
    let mut event = created();
    if let CampaignEvent::Created { plan, .. } = &mut event {
        plan.stages = Some(StagePlan {
            agent_gates: true,
            own_phones: true,
            roll_out: true,
            ..StagePlan::beginning_at(Stage::Test)
        });
    }
    check_with("campaign", "roll_out", event);
    let evidence = Evidence {
        calls: 4_000,
        answered: 1_800,
        said: EvidenceStatements {
            person_on_duty: Some("li".to_owned()),
            agents: Some(24),
            reviewed_days: Some(31),
            ..EvidenceStatements::default()
        },
        ..Evidence::default()
    };
    let promoted = CampaignEvent::Promoted {
        from: Stage::RollOut,
        to: Stage::Full,
        reason: "31 days, each reviewed".to_owned(),
        evidence: Box::new(evidence),
        four_eyes: None,
    };
    check_with("campaign", "roll_out", promoted);
}

#[test]
fn further_presets_are_written_as_their_golden_file() {
    let mut event = created();
    if let CampaignEvent::Created { plan, .. } = &mut event {
        plan.also_presets = vec![Preset::CnMarketing, Preset::UsRegf];
    }
    check_with("campaign", "also_presets", event);
}
