//! A change of a campaign's hours, concurrency, retries or share of the lines. The rest of a plan is fixed:
//! other customers, rules or texts need another campaign.

use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::scheduling;
use super::state::CampaignState;
use super::status::CampaignStatus;
use super::terms::{CallingTerms, PlanChange};
use crate::calling_plan::CallingPlan;
use crate::running_plan::SHARE_WEIGHT_MAX;
use crate::time::Timestamp;

/// The most bytes of a plan change's reason; a longer one is refused. It is stored permanently and must not
/// contain personal data.
pub const PLAN_CHANGE_REASON_BYTES_MAX: usize = 256;

type DecideResult = Result<Vec<CampaignEvent>, CampaignRefusal>;

/// Changes hours, concurrency, retries or share of a campaign's plan. No event if nothing differs. Refused
/// for a stopped campaign, without a reason, and if the new plan could never dial.
pub(super) fn change(
    state: &CampaignState,
    status: CampaignStatus,
    change: PlanChange,
    now: Timestamp,
) -> DecideResult {
    if status == CampaignStatus::Stopped {
        return Err(CampaignRefusal::WrongStatus { status });
    }
    let plan = state.plan().ok_or(CampaignRefusal::NotCreated)?;
    let before = CallingTerms::of(plan);
    let (after, reason) = change.merge_terms(&before);
    if reason.trim().is_empty() || reason.len() > PLAN_CHANGE_REASON_BYTES_MAX {
        return Err(CampaignRefusal::NoReason {
            bytes_max: PLAN_CHANGE_REASON_BYTES_MAX,
        });
    }
    if after == before {
        return Ok(Vec::new());
    }
    let mut changed = plan.clone();
    after.apply_to(&mut changed);
    check(&before, &after, &changed, now)?;
    Ok(vec![CampaignEvent::PlanChanged {
        before: Box::new(before),
        after: Box::new(after),
        reason,
    }])
}

/// Refuses a changed plan that breaks a rule: empty hours or breaks, no concurrency, an invalid share, or
/// hours that never open.
fn check(
    before: &CallingTerms,
    after: &CallingTerms,
    changed: &CallingPlan,
    now: Timestamp,
) -> Result<(), CampaignRefusal> {
    let window = &after.window;
    if window.end <= window.start {
        return Err(CampaignRefusal::NeverRuns {
            why: "the calling hours end before they start",
        });
    }
    if window.rests.iter().any(|(from, to)| to <= from) {
        return Err(CampaignRefusal::NeverRuns {
            why: "a break ends before it starts",
        });
    }
    if after.max_concurrent == 0 {
        return Err(CampaignRefusal::NoConcurrency);
    }
    if after
        .share
        .is_some_and(|share| share == 0 || share > SHARE_WEIGHT_MAX)
    {
        return Err(CampaignRefusal::NeverRuns {
            why: "share must be a weight from 1 to 100",
        });
    }
    scheduling::presets_agree(changed, now)?;
    let fits = changed
        .dispositions
        .check_against(changed.retry_policy.retries_max);
    fits.map_err(CampaignRefusal::Dispositions)?;
    if before.window == after.window {
        return Ok(());
    }
    scheduling::check_plan_hours(changed, now)
}

#[cfg(test)]
mod tests {
    use super::super::test_support::now;
    use super::super::tests::created;
    use super::super::{Campaign, CampaignCommand};
    use super::*;
    use crate::calling_plan::RetryPolicy;
    use crate::decider::{Context, Decider};
    use crate::disposition_map::DispositionMap;
    use crate::time::TimeOfDay;
    use values::ids::CampaignId;

    fn at(hour: u16) -> TimeOfDay {
        TimeOfDay::from_minutes(hour * 60).unwrap()
    }

    fn because(change: PlanChange) -> PlanChange {
        PlanChange {
            reason: "fewer agents this week".to_owned(),
            ..change
        }
    }

    fn given(events: &[CampaignEvent]) -> CampaignState {
        let mut state = CampaignState::default();
        for event in events {
            Campaign::evolve(&mut state, event, now());
        }
        state
    }

    fn when(state: &CampaignState, change: PlanChange) -> DecideResult {
        let command = CampaignCommand::ChangePlan(Box::new(change));
        Campaign::decide(state, command, Context { now: now() })
    }

    fn every_member() -> PlanChange {
        because(PlanChange {
            start: Some(at(10)),
            end: Some(at(17)),
            rests: Some(vec![(at(12), at(14))]),
            max_concurrent: Some(20),
            retry_policy: Some(RetryPolicy::rehearsal()),
            share: Some(3),
            reason: String::new(),
        })
    }

    #[test]
    fn a_change_holds_before_and_after_and_the_plan_goes_by_it() {
        let mut state = given(&[created()]);
        let before = CallingTerms::of(state.plan().unwrap());
        let events = when(&state, every_member()).unwrap();
        let [
            CampaignEvent::PlanChanged {
                before: was, after, ..
            },
        ] = events.as_slice()
        else {
            panic!("{events:?}");
        };
        assert_eq!(**was, before);
        Campaign::evolve(&mut state, &events[0], now());
        let plan = state.plan().unwrap();
        assert_eq!(CallingTerms::of(plan), **after);
        assert_eq!((plan.window.start, plan.window.end), (at(10), at(17)));
        assert_eq!((plan.max_concurrent, after.share), (20, Some(3)));
        let facts = state.facts(campaign()).unwrap();
        assert_eq!(&facts.plan, plan, "the next dial is judged by it");
        assert_eq!(when(&state, every_member()), Ok(vec![]), "the same again");
    }

    fn campaign() -> CampaignId {
        "LOAN_REMIND_20231101".parse().unwrap()
    }

    #[test]
    fn an_absent_member_stays_as_it_is() {
        let state = given(&[created()]);
        let before = CallingTerms::of(state.plan().unwrap());
        let fewer = because(PlanChange {
            max_concurrent: Some(1),
            ..PlanChange::default()
        });
        let events = when(&state, fewer).unwrap();
        let after = events[0].changed_terms().unwrap();
        assert_eq!(
            *after,
            CallingTerms {
                max_concurrent: 1,
                ..before
            }
        );
    }

    #[test]
    fn the_request_that_created_the_campaign_is_still_answered_after_a_change() {
        let mut state = given(&[created()]);
        let first = state.created().unwrap().clone();
        let events = when(&state, every_member()).unwrap();
        Campaign::evolve(&mut state, &events[0], now());
        let again = CampaignCommand::Create {
            campaign: campaign(),
            customer_segment: first.customer_segment,
            flow: first.flow,
            plan: first.plan,
        };
        assert_eq!(
            Campaign::decide(&state, again, Context { now: now() }),
            Ok(vec![])
        );
    }

    #[test]
    fn a_change_takes_a_granted_batch_back() {
        let granted = super::super::gates_tests::granted(50, now().plus_ms(1_000));
        let mut state = given(&[created(), granted]);
        assert!(state.granted_until().is_some());
        let events = when(&state, every_member()).unwrap();
        Campaign::evolve(&mut state, &events[0], now());
        assert_eq!(state.granted_until(), None);
    }

    #[test]
    fn a_change_keeps_to_the_rules_of_a_new_plan() {
        let state = given(&[created()]);
        let change = |change: PlanChange| when(&state, because(change)).unwrap_err();
        let backwards = PlanChange {
            start: Some(at(18)),
            ..PlanChange::default()
        };
        assert_eq!(
            change(backwards),
            CampaignRefusal::NeverRuns {
                why: "the calling hours end before they start"
            }
        );
        let night = PlanChange {
            start: Some(at(22)),
            end: Some(at(23)),
            ..PlanChange::default()
        };
        assert_eq!(
            change(night),
            CampaignRefusal::NeverOpens,
            "the preset's hours and these have nothing in common"
        );
        let none = PlanChange {
            max_concurrent: Some(0),
            ..PlanChange::default()
        };
        assert_eq!(change(none), CampaignRefusal::NoConcurrency);
        for share in [0, SHARE_WEIGHT_MAX + 1] {
            let share = PlanChange {
                share: Some(share),
                ..PlanChange::default()
            };
            assert!(matches!(change(share), CampaignRefusal::NeverRuns { .. }));
        }
        let silent = PlanChange {
            max_concurrent: Some(1),
            ..PlanChange::default()
        };
        assert!(matches!(
            when(&state, silent),
            Err(CampaignRefusal::NoReason { .. })
        ));
        let stopped = CampaignEvent::Stopped {
            reason: "over".to_owned(),
        };
        let stopped = given(&[created(), stopped]);
        assert!(matches!(
            when(&stopped, every_member()),
            Err(CampaignRefusal::WrongStatus { .. })
        ));
    }

    #[test]
    fn retries_stay_within_what_the_disposition_table_asks_for() {
        let map = r#"{"busy":{"do":"retry","after_ms":60000,"attempts":3}}"#;
        let dispositions: DispositionMap = serde_json::from_str(map).unwrap();
        let CampaignEvent::Created {
            campaign,
            customer_segment,
            flow,
            plan,
        } = created()
        else {
            panic!("the first event of a campaign");
        };
        let state = given(&[CampaignEvent::Created {
            campaign,
            customer_segment,
            flow,
            plan: CallingPlan { dispositions, ..plan },
        }]);
        let fewer = because(PlanChange {
            retry_policy: Some(RetryPolicy {
                retries_max: 2,
                ..RetryPolicy::standard()
            }),
            ..PlanChange::default()
        });
        assert!(matches!(
            when(&state, fewer),
            Err(CampaignRefusal::Dispositions(_))
        ));
    }
}
