//! Every stored kind of a campaign event, compared with its golden file.

use super::event::{AnonymizedCounts, CampaignEvent, FrozenSegment, PauseReason, Target};
use super::query_mark::QueryMark;
use crate::abandonment::AbandonmentCounts;
use crate::calling_plan::{CallingPlan, CallingWindow, FlowRef, RetryPolicy, RetryRule};
use crate::compliance::{Decision, Verdict};
use crate::dialing_plan::{AgentFloorSnapshot, BatchPacing, DialingMode, DialingPlan};
use crate::four_eyes::{ApprovalExemption, FourEyes};
use crate::model_tier::{ModelTier, ModelTiers};
use crate::promotion::{Evidence, EvidenceStatements};
use crate::record::golden_support::{at, call, campaign, check, check_with, customer, list};
use crate::record::stored_event::Position;
use crate::running_plan::{CampaignMilestone, PredecessorCampaign, Recycle, RunningPlan};
use crate::screening::Screening;
use crate::speech_plan::SpeechPlan;
use crate::time::TimeOfDay;
use std::collections::BTreeMap;
use values::approval_requirements::{ApprovalRequirement, ApprovalRequirements};
use values::disposition::Disposition;
use values::emotion::EmotionPlan;
use values::go_live::{Stage, StagePlan};

fn time(minutes: u16) -> TimeOfDay {
    TimeOfDay::from_minutes(minutes).unwrap()
}

pub(super) fn created() -> CampaignEvent {
    let busy = RetryRule {
        waits_ms: vec![300_000, 900_000, 3_600_000],
        retries_max: 3,
    };
    CampaignEvent::Created {
        campaign: campaign(),
        customer_segment: Some("overdue_3_days".to_owned()),
        flow: FlowRef {
            flow: "reminder".parse().unwrap(),
            version: 3,
            content_hash: "5e".repeat(32),
        },
        plan: CallingPlan {
            max_concurrent: 50,
            retry_policy: RetryPolicy {
                retries_max: 3,
                uncharged_max: 3,
                calls_max: None,
                interrupted_after_answer: None,
                rules: BTreeMap::from([(Disposition::Busy, busy)]),
            },
            ring_timeout_ms: Some(30_000),
            ends_at: Some(at().plus_ms(86_400_000)),
            trial: true,
            ..CallingPlan::within(CallingWindow {
                start: time(540),
                end: time(1_080),
                rests: vec![(time(720), time(840))],
            })
        },
    }
}

#[test]
fn how_calls_listen_and_speak_is_written_as_its_golden_file() {
    let CampaignEvent::Created {
        campaign,
        customer_segment,
        flow,
        plan,
    } = created()
    else {
        unreachable!("a created campaign");
    };
    let plan = CallingPlan {
        speech: Some(Box::new(SpeechPlan {
            hot_words: vec!["分期".to_owned()],
            dialect: Some("sichuan".to_owned()),
            dialect_variable: Some("dialect".to_owned()),
            voice_threshold_db: Some(12),
            noise_suppression: true,
            voice: Some("f2".to_owned()),
            voice_variable: None,
            speed_percent: Some(90),
            pitch_percent: Some(110),
        })),
        emotion: Some(EmotionPlan { may_branch: true }),
        ..plan
    };
    let event = CampaignEvent::Created {
        campaign,
        customer_segment,
        flow,
        plan,
    };
    check_with("campaign", "speech", event);
}

#[test]
fn a_column_of_voices_is_written_as_its_golden_file() {
    let CampaignEvent::Created {
        campaign,
        customer_segment,
        flow,
        plan,
    } = created()
    else {
        unreachable!("a created campaign");
    };
    let plan = CallingPlan {
        speech: Some(Box::new(SpeechPlan {
            voice_variable: Some("voice".to_owned()),
            ..SpeechPlan::default()
        })),
        ..plan
    };
    let event = CampaignEvent::Created {
        campaign,
        customer_segment,
        flow,
        plan,
    };
    check_with("campaign", "voice_variable", event);
}

fn promoted() -> CampaignEvent {
    CampaignEvent::Promoted {
        from: Stage::Pilot,
        to: Stage::Full,
        reason: "a week without a complaint".to_owned(),
        evidence: Box::new(Evidence {
            position: Position(4_711),
            calls: 5_120,
            answered: 2_301,
            abandoned: 12,
            complaints: 0,
            said: EvidenceStatements {
                person_on_duty: Some("li".to_owned()),
                agents: Some(5),
                days: Some(8),
                routing_per_mille: Some(871),
                coverage_per_mille: Some(934),
                reviewed_days: None,
            },
        }),
        four_eyes: Some(Box::new(FourEyes::Nobody {
            nobody: ApprovalExemption::Directory,
        })),
    }
}

#[test]
fn going_live_in_stages_is_written_as_its_golden_files() {
    let mut staged = created();
    if let CampaignEvent::Created { plan, .. } = &mut staged {
        plan.stages = Some(StagePlan {
            agent_gates: true,
            ..StagePlan::beginning_at(Stage::Test)
        });
        plan.approvals = ApprovalRequirements::from(vec![ApprovalRequirement::Promotions]);
    }
    check_with("campaign", "stages", staged);
    let granted = CampaignEvent::DialsGranted {
        count: 2,
        until: at().plus_ms(1_000),
        admitted: vec!["0a1b2c3d4e5f60718293a4b5c6d7e8f9".parse().unwrap()],
        unused: 1,
        paced: None,
        places: Vec::new(),
    };
    check_with("campaign", "stages", granted);
    check("campaign", promoted());
}

#[test]
fn a_demanded_check_of_numbers_is_written_as_its_golden_file() {
    let mut checked = created();
    if let CampaignEvent::Created { plan, .. } = &mut checked {
        plan.screening = Some(Box::new(Screening {
            number_check: serde_json::from_str("{}").unwrap(),
            ..Screening::default()
        }));
    }
    check_with("campaign", "number_check", checked);
}

#[test]
fn tiers_of_models_are_written_as_their_golden_file() {
    let mut tiered = created();
    if let CampaignEvent::Created { plan, .. } = &mut tiered {
        plan.model_tiers = ModelTiers::new(vec![ModelTier {
            by: "rfm_grade".to_owned(),
            is: "champion".to_owned(),
            model: serde_json::from_value(serde_json::json!({
                "model": "best", "version": 3, "digest": "a".repeat(64),
            }))
            .unwrap(),
        }]);
    }
    check_with("campaign", "model_tiers", tiered);
}

#[test]
fn what_a_campaign_waits_for_is_written_as_its_golden_files() {
    let after = |reached| PredecessorCampaign {
        campaign: "LOAN_REMIND_20231001".parse().unwrap(),
        reached,
    };
    let mut waiting = created();
    if let CampaignEvent::Created { plan, .. } = &mut waiting {
        plan.running = Some(Box::new(RunningPlan {
            starts_at: Some(at().plus_ms(1_000)),
            after: Some(after(CampaignMilestone::Full)),
            recycle: Some(Recycle {
                dispositions: [Disposition::NoAnswer].into(),
                after_days: 14,
                rounds_max: 2,
            }),
            share: Some(3),
        }));
    }
    check_with("campaign", "running", waiting);
    let scheduled = CampaignEvent::StartScheduled {
        starts_at: Some(at().plus_ms(86_400_000)),
        after: Some(after(CampaignMilestone::Completed)),
    };
    check("campaign", scheduled);
}

#[test]
fn what_becomes_of_offers_is_written_as_its_golden_files() {
    let agent = || "wang".parse().unwrap();
    let events = [
        CampaignEvent::PreviewOffered {
            agent: agent(),
            customer: customer(),
            until: at().plus_ms(120_000),
        },
        CampaignEvent::PreviewAccepted {
            agent: agent(),
            customer: customer(),
            call: call(),
            until: at().plus_ms(30_000),
        },
        CampaignEvent::PreviewSkipped {
            agent: agent(),
            customer: customer(),
            reason: "in a meeting until noon".to_owned(),
        },
        CampaignEvent::PreviewsWithdrawn {
            reason: "emergency stop all".to_owned(),
        },
    ];
    for event in events {
        check("campaign", event);
    }
}

#[test]
fn how_offers_are_made_is_written_as_its_golden_file() {
    let mut event = created();
    if let CampaignEvent::Created { plan, .. } = &mut event {
        plan.dialing = Some(DialingPlan {
            mode: DialingMode::Preview,
            holds_each_day: false,
            offer_ms: Some(90_000),
            skip_wait_ms: Some(1_800_000),
        });
    }
    check_with("campaign", "preview", event);
}

#[test]
fn by_what_a_batch_was_sized_is_written_as_its_golden_file() {
    let paced = BatchPacing {
        mode: DialingMode::Predictive,
        floor: AgentFloorSnapshot {
            agents: 9,
            free: 2,
            ringing: 1,
            waiting: 0,
        },
        wished: 7,
        answers: 120,
        drops: 4,
        budget: -1,
    };
    let event = CampaignEvent::DialsGranted {
        count: 1,
        until: at().plus_ms(1_000),
        paced: Some(Box::new(paced)),
        admitted: Vec::new(),
        unused: 0,
        places: Vec::new(),
    };
    check_with("campaign", "paced", event);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one list")]
fn every_kind_is_written_as_its_golden_file() {
    let events = [
        created(),
        CampaignEvent::Started {},
        CampaignEvent::Paused {
            reason: PauseReason::TrunkUnreachable,
        },
        CampaignEvent::Resumed {},
        CampaignEvent::Stopped {
            reason: "the product was withdrawn".to_owned(),
        },
        CampaignEvent::ListOpened {
            list: list(),
            source: "people.csv".to_owned(),
            four_eyes: None,
            request_key: None,
        },
        CampaignEvent::ListClosed {
            list: list(),
            count: 997,
            before: None,
        },
        CampaignEvent::ListUndone {
            list: list(),
            reason: "the wrong month's file".to_owned(),
            by: Some("wang".to_owned()),
        },
        CampaignEvent::QueryRead {
            mark: QueryMark {
                query: "5e".repeat(32),
                column: "updated_at".to_owned(),
                value: "2026-03-02 10:00:00".to_owned(),
            },
        },
        super::gates_tests::granted(50, at().plus_ms(1_000)),
        CampaignEvent::AbandonmentRecorded {
            counted: AbandonmentCounts { answers: 7, drops: 1 },
            ended_at: at(),
            through: Position(4_711),
        },
        CampaignEvent::WindowClosed {
            verdict: Verdict {
                rule: "calling_window".to_owned(),
                version: 1,
                effective_from: "2026-01-01".to_owned(),
                decision: Decision::DeferUntil(at().plus_ms(3_600_000)),
                facts: BTreeMap::from([("hours".to_owned(), "09:00-18:00".to_owned())]),
            },
            until: at().plus_ms(3_600_000),
        },
        CampaignEvent::AlertRaised {
            alert: "trunk_unreachable".to_owned(),
            detail: "3 trunk-attributable failures in a row".to_owned(),
        },
        CampaignEvent::Completed { settled: 997 },
        CampaignEvent::Reopened { list: list() },
        CampaignEvent::TargetsSet {
            targets: vec![Target {
                metric: "answer_ratio_per_call".to_owned(),
                version: 1,
                per_mille: 650,
            }],
            by: Some("wang".to_owned()),
        },
        CampaignEvent::SegmentFrozen {
            segment: FrozenSegment {
                sql: "SELECT * FROM customers WHERE age > 30".to_owned(),
                sha256: "0f".repeat(32),
                position: Position(1_200),
                asked_at: at(),
                count: 42,
                members_sha256: "ab".repeat(32),
            },
        },
        CampaignEvent::AnonymizationBegun {
            reason: "the study is over".to_owned(),
            four_eyes: Some(Box::new(FourEyes::Nobody {
                nobody: ApprovalExemption::NobodyElse,
            })),
        },
        CampaignEvent::Anonymized {
            counts: AnonymizedCounts {
                persons: 5,
                erased: 2,
                in_other_campaigns: 1,
                held: 1,
                not_yet: 1,
                ..AnonymizedCounts::default()
            },
        },
    ];
    for event in events {
        check("campaign", event);
    }
}
