//! Planted bugs, which the invariants must find: each is a fault of a port or of a decide function of the
//! simulated world. Product code contains none of them (decision 0220).

mod calls;
mod campaigns;
mod customers;
mod disks;
mod lines;
mod numbers;
mod stores;
mod verdicts;
mod views;
mod worklists;

use super::port_wrappers::{LineWrapper, PortWrapper, PortWrappers};
use super::world::SimulationError;
use super::{Plan, WorldResult, simulate_wrapped};
use actors::{DecideFunction, DecideFunctions};
use domain::campaign::Campaign;
use domain::customer::Customer;
use domain::number::Number;
use domain::ports::disk::Disk;
use domain::ports::worklist::Worklist;
use std::sync::Arc;

/// A planted bug, named by its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    AppendWithoutSync,
    InviteBeforeRecord,
    NoWatchdogAtStart,
    WatchdogDialsAgain,
    CapOffByOne,
    WindowsLastSecondOpen,
    OptOutsIgnored,
    NumberGrantKept,
    WorklistForgetsReleased,
    RetryWaitsIgnored,
    BatchSizeIgnored,
    SettlesTwice,
    LegAfterSilence,
    HoldOffIgnored,
    CheckpointNotStored,
    LeftOverLegForgotten,
    NumberClosesTwice,
    PausedCampaignGrants,
    ExpiredGrantDialed,
    ZoneAnHourOff,
    RestIgnored,
    LedgerOverdrawn,
    LedgerAfterBatch,
    AbandonedNotCounted,
    EffectAfterCheckpoint,
    HolidayIgnored,
    WithdrawnStaysDue,
    UndoneListDue,
    WhiteListIgnored,
    StageLimitIgnored,
    PermitUsedTwice,
    ExpiredConsentCounts,
    WrongClockIgnored,
    DrainDialsOn,
    SummerTimeIgnored,
    LateInviteSent,
    RobotSellsAlone,
    OldRegistryCounts,
}

impl Bug {
    /// Every bug, in the order in which they are searched.
    pub const ALL: [Self; 38] = [
        Self::AppendWithoutSync,
        Self::InviteBeforeRecord,
        Self::NoWatchdogAtStart,
        Self::WatchdogDialsAgain,
        Self::CapOffByOne,
        Self::WindowsLastSecondOpen,
        Self::OptOutsIgnored,
        Self::NumberGrantKept,
        Self::WorklistForgetsReleased,
        Self::RetryWaitsIgnored,
        Self::BatchSizeIgnored,
        Self::SettlesTwice,
        Self::LegAfterSilence,
        Self::HoldOffIgnored,
        Self::CheckpointNotStored,
        Self::LeftOverLegForgotten,
        Self::NumberClosesTwice,
        Self::PausedCampaignGrants,
        Self::ExpiredGrantDialed,
        Self::ZoneAnHourOff,
        Self::RestIgnored,
        Self::LedgerOverdrawn,
        Self::LedgerAfterBatch,
        Self::AbandonedNotCounted,
        Self::EffectAfterCheckpoint,
        Self::HolidayIgnored,
        Self::WithdrawnStaysDue,
        Self::UndoneListDue,
        Self::WhiteListIgnored,
        Self::StageLimitIgnored,
        Self::PermitUsedTwice,
        Self::ExpiredConsentCounts,
        Self::WrongClockIgnored,
        Self::DrainDialsOn,
        Self::SummerTimeIgnored,
        Self::LateInviteSent,
        Self::RobotSellsAlone,
        Self::OldRegistryCounts,
    ];
}

/// Runs one world of the plan with this bug planted, on the calling thread.
pub fn simulate_planted(plan: Plan, index: u64, bug: Bug) -> Result<WorldResult, SimulationError> {
    simulate_wrapped(plan, index, wrappers(bug))
}

/// The faulty ports of a bug.
fn wrappers(bug: Bug) -> PortWrappers {
    match bug {
        Bug::AppendWithoutSync => disk(disks::without_sync),
        Bug::InviteBeforeRecord => disk(disks::with_late_dialing_sync),
        Bug::NoWatchdogAtStart => worklist(worklists::without_open_work),
        Bug::WatchdogDialsAgain => line(lines::that_dials_left_over),
        Bug::CapOffByOne => decide(DecideFunctions {
            customers: customers::with_a_call_above_the_cap,
            numbers: numbers::with_a_call_above_the_cap,
            ..DecideFunctions::default()
        }),
        Bug::WindowsLastSecondOpen => hours(customers::in_the_second_after, campaigns::in_the_second_after),
        Bug::OptOutsIgnored => numbers(numbers::without_opt_outs),
        Bug::NumberGrantKept => numbers(numbers::without_releases),
        Bug::WorklistForgetsReleased => PortWrappers {
            view: views::without_released_dials,
            ..PortWrappers::default()
        },
        Bug::RetryWaitsIgnored => customers(customers::without_retry_waits),
        Bug::BatchSizeIgnored => PortWrappers {
            store: stores::with_small_batches,
            ..PortWrappers::default()
        },
        Bug::SettlesTwice => customers(customers::with_two_settlements),
        Bug::LegAfterSilence => line(lines::with_definite_silence),
        Bug::HoldOffIgnored => customers(customers::without_hold_off),
        Bug::CheckpointNotStored => PortWrappers {
            rows: views::without_checkpoints,
            ..PortWrappers::default()
        },
        Bug::LeftOverLegForgotten => line(lines::that_forgets_left_over),
        Bug::NumberClosesTwice => numbers(numbers::with_two_closings),
        Bug::PausedCampaignGrants => campaigns(campaigns::while_paused),
        Bug::ExpiredGrantDialed => PortWrappers {
            line: lines::that_reserves_slowly,
            ..decide(DecideFunctions {
                calls: calls::with_expired_grants,
                ..DecideFunctions::default()
            })
        },
        Bug::ZoneAnHourOff => hours(customers::in_the_hour_after, campaigns::in_the_hour_after),
        Bug::RestIgnored => hours(customers::in_the_rest, campaigns::in_the_rest),
        Bug::LedgerOverdrawn => campaigns(campaigns::without_a_budget),
        Bug::LedgerAfterBatch => PortWrappers {
            begin_life: campaigns::forget_held,
            ..campaigns(campaigns::with_late_records)
        },
        Bug::AbandonedNotCounted => campaigns(campaigns::without_abandoned_calls),
        Bug::EffectAfterCheckpoint => worklist(worklists::without_unclosed_calls),
        Bug::HolidayIgnored => hours(customers::on_holidays, campaigns::on_holidays),
        Bug::WithdrawnStaysDue => customers(customers::without_settling_the_withdrawn),
        Bug::UndoneListDue => customers(customers::with_undone_lists),
        Bug::WhiteListIgnored => numbers(numbers::off_the_white_list),
        Bug::StageLimitIgnored => campaigns(campaigns::without_stages),
        Bug::PermitUsedTwice => line(lines::that_dials_twice),
        Bug::ExpiredConsentCounts => customers(customers::with_expired_consent),
        Bug::WrongClockIgnored => PortWrappers {
            skew: |_skew| Arc::default(),
            ..PortWrappers::default()
        },
        Bug::DrainDialsOn => PortWrappers {
            stops_drivers: false,
            ..PortWrappers::default()
        },
        Bug::SummerTimeIgnored => customers(customers::by_winter_time),
        Bug::LateInviteSent => line(lines::that_dials_late),
        Bug::RobotSellsAlone => customers(customers::with_a_robot_alone),
        Bug::OldRegistryCounts => customers(customers::with_an_old_registry),
    }
}

fn decide(decide: DecideFunctions) -> PortWrappers {
    PortWrappers {
        decide,
        ..PortWrappers::default()
    }
}

fn customers(customers: DecideFunction<Customer>) -> PortWrappers {
    decide(DecideFunctions {
        customers,
        ..DecideFunctions::default()
    })
}

fn numbers(numbers: DecideFunction<Number>) -> PortWrappers {
    decide(DecideFunctions {
        numbers,
        ..DecideFunctions::default()
    })
}

fn campaigns(campaigns: DecideFunction<Campaign>) -> PortWrappers {
    decide(DecideFunctions {
        campaigns,
        ..DecideFunctions::default()
    })
}

/// Hours and days are judged by the customer, and before by the campaign for all its customers.
fn hours(customers: DecideFunction<Customer>, campaigns: DecideFunction<Campaign>) -> PortWrappers {
    decide(DecideFunctions {
        customers,
        campaigns,
        ..DecideFunctions::default()
    })
}

fn disk(disk: PortWrapper<dyn Disk>) -> PortWrappers {
    PortWrappers {
        disk,
        ..PortWrappers::default()
    }
}

fn worklist(worklist: PortWrapper<dyn Worklist>) -> PortWrappers {
    PortWrappers {
        worklist,
        ..PortWrappers::default()
    }
}

fn line(line: LineWrapper) -> PortWrappers {
    PortWrappers {
        line,
        ..PortWrappers::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FaultRates, Scenario, Views};

    fn plan() -> Plan {
        Plan {
            days: 1,
            calls_per_day: 40,
            seed: 1,
            views: Views::Worklist,
            agents: 0,
            faults: FaultRates::NONE,
            scenario: Scenario::default(),
        }
    }

    #[test]
    fn every_bug_is_listed_once() {
        let mut names: Vec<String> = Bug::ALL.iter().map(|bug| format!("{bug:?}")).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Bug::ALL.len());
    }

    #[test]
    fn a_fault_of_each_kind_of_port_is_found_by_its_invariant() {
        for (bug, invariant) in [
            (Bug::SettlesTwice, "each_enrolment_settles_exactly_once"),
            (Bug::InviteBeforeRecord, "dialing_is_durable_before_its_invite"),
            (Bug::BatchSizeIgnored, "a_grant_uses_a_dial_of_a_batch"),
            (Bug::PermitUsedTwice, "one_invite_per_leg"),
        ] {
            let WorldResult(report) = simulate_planted(plan(), 0, bug).unwrap();
            let tally = report.findings.tallies.get(invariant);
            let is_found = tally.is_some_and(|tally| tally.violations > 0);
            assert!(is_found, "{bug:?}");
        }
    }
}
