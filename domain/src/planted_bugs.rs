//! Planted bugs, each at the place where it could be made, which the simulation must find.
//!
//! They exist only with the feature `planted`, which no shipped build has: without it `planted` is always
//! false, and the compiler removes its branches. With the feature one bug at a time is enabled for the thread
//! that runs a simulated world.

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

/// Returns true if this bug is planted; always false without the feature `planted`.
#[cfg(not(feature = "planted"))]
#[inline(always)]
pub const fn is_planted(_bug: Bug) -> bool {
    false
}

#[cfg(feature = "planted")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Returns true if this bug is planted on this thread.
#[cfg(feature = "planted")]
pub fn is_planted(bug: Bug) -> bool {
    PLANTED.with(|planted| planted.get() == Some(bug))
}

/// Plants this bug, or none, on this thread from here on.
#[cfg(feature = "planted")]
pub fn plant(bug: Option<Bug>) {
    PLANTED.with(|planted| planted.set(bug));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(not(feature = "planted"))]
    fn nothing_is_planted_in_a_build_that_ships() {
        const PLANTED: [bool; 2] = [
            is_planted(Bug::AppendWithoutSync),
            is_planted(Bug::OptOutsIgnored),
        ];
        assert_eq!(PLANTED, [false, false]);
        assert!(Bug::ALL.iter().all(|bug| !is_planted(*bug)));
    }

    #[test]
    fn every_bug_is_listed_once() {
        let mut names: Vec<String> = Bug::ALL.iter().map(|bug| format!("{bug:?}")).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Bug::ALL.len());
    }
}
