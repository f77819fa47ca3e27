//! The options of a run: the rate of each fault, and the properties of campaigns and customers. Read from
//! YAML; members left out have the defaults of a run without a file, and unknown members are refused.

use domain::calling_plan::Preset;
use domain::working_calendar::Day;
use serde::{Deserialize, Serialize};

/// Largest file of rates or of a scenario, in bytes: they have a dozen lines.
const FILE_BYTES_MAX: usize = 64 * 1_024;

/// Upper bound of rates in ten.
const OF_TEN_MAX: u32 = 10;

/// The rates of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultRates {
    /// Most crashes per day, in a world with power losses at random times.
    pub crashes_per_day_max: u32,
    /// Most crashes per day, in a world with power losses at syncs.
    pub sync_crashes_per_day_max: u32,
    /// Number of crashes in ten that follow a period with a failing disk.
    pub failing_disks_of_ten: u32,
    /// Number of worlds in ten that lose all their trunks for a while.
    pub outages_of_ten: u32,
    /// Number of worlds with two trunks in ten that lose one of them for a while.
    pub partitions_of_ten: u32,
    /// Number of worlds in ten in which appends take long for a while.
    pub slow_appends_of_ten: u32,
    /// Longest append in that period, in milliseconds.
    pub slow_append_ms_max: u32,
    /// Longest such period, in minutes.
    pub slow_minutes_max: u32,
    /// Number of worlds in ten in which the clock is measured as wrong for a while.
    pub wrong_clocks_of_ten: u32,
    /// Number of worlds in ten in which the wall clock is set forward or back for a while.
    pub clock_jumps_of_ten: u32,
    /// Number of worlds in ten in which agents step away from time to time while phones ring for them.
    pub agent_breaks_of_ten: u32,
    /// Most planned stops per day: no new call is dialed, and calls finish.
    pub drains_per_day_max: u32,
    /// Which of the drawn faults happen, by number, one bit each. Shrinking removes single faults.
    pub kept: u64,
}

impl Default for FaultRates {
    fn default() -> Self {
        Self {
            crashes_per_day_max: 4,
            sync_crashes_per_day_max: 10,
            failing_disks_of_ten: 2,
            outages_of_ten: 4,
            partitions_of_ten: 4,
            slow_appends_of_ten: 4,
            slow_append_ms_max: 2_500,
            slow_minutes_max: 10,
            wrong_clocks_of_ten: 3,
            clock_jumps_of_ten: 3,
            agent_breaks_of_ten: 4,
            drains_per_day_max: 1,
            kept: u64::MAX,
        }
    }
}

impl FaultRates {
    /// No faults.
    pub const NONE: Self = Self {
        crashes_per_day_max: 0,
        sync_crashes_per_day_max: 0,
        failing_disks_of_ten: 0,
        outages_of_ten: 0,
        partitions_of_ten: 0,
        slow_appends_of_ten: 0,
        slow_append_ms_max: 0,
        slow_minutes_max: 0,
        wrong_clocks_of_ten: 0,
        clock_jumps_of_ten: 0,
        agent_breaks_of_ten: 0,
        drains_per_day_max: 0,
        kept: u64::MAX,
    };

    /// Returns these rates with all faults removed, then with one kind of fault removed each; for
    /// shrinking.
    pub fn without_each(self) -> Vec<Self> {
        let none = Self::NONE;
        let one_less = [
            Self {
                crashes_per_day_max: 0,
                sync_crashes_per_day_max: 0,
                ..self
            },
            Self {
                failing_disks_of_ten: 0,
                ..self
            },
            Self {
                outages_of_ten: 0,
                ..self
            },
            Self {
                partitions_of_ten: 0,
                ..self
            },
            Self {
                slow_appends_of_ten: 0,
                ..self
            },
            Self {
                wrong_clocks_of_ten: 0,
                ..self
            },
            Self {
                clock_jumps_of_ten: 0,
                ..self
            },
            Self {
                agent_breaks_of_ten: 0,
                ..self
            },
            Self {
                drains_per_day_max: 0,
                ..self
            },
        ];
        let changed = one_less.into_iter().filter(|less| *less != self);
        [Self {
            kept: self.kept,
            ..none
        }]
        .into_iter()
        .filter(|less| *less != self)
        .chain(changed)
        .collect()
    }

    /// Reads rates from YAML.
    pub fn from_yaml(text: &str) -> Result<Self, ScenarioFault> {
        let read: Self = read(text)?;
        let of_ten = [
            read.failing_disks_of_ten,
            read.outages_of_ten,
            read.partitions_of_ten,
            read.slow_appends_of_ten,
            read.wrong_clocks_of_ten,
            read.clock_jumps_of_ten,
            read.agent_breaks_of_ten,
        ];
        let is_bounded = of_ten.iter().all(|rate| *rate <= OF_TEN_MAX)
            && read.crashes_per_day_max.max(read.sync_crashes_per_day_max) <= CRASHES_MAX
            && read.drains_per_day_max <= CRASHES_MAX
            && read.slow_append_ms_max <= SLOW_MS_MAX
            && read.slow_minutes_max <= SLOW_MINUTES_MAX;
        is_bounded.then_some(read).ok_or(ScenarioFault::OutOfBounds)
    }
}

/// Largest number of crashes or planned stops per day: after each the log is read again.
const CRASHES_MAX: u32 = 100;
/// Longest append that can be set, in milliseconds: a minute is an outage.
const SLOW_MS_MAX: u32 = 60_000;
/// Longest period of slow appends that can be set, in minutes: a day.
const SLOW_MINUTES_MAX: u32 = 1_440;

/// The properties of campaigns and customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// The rule set of all campaigns. Drawn for each campaign if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<Preset>,
    /// The first day of each world. If left out, it is drawn from days near holidays and clock changes, and
    /// ordinary ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_on: Option<Day>,
    /// Most days that a campaign lasts.
    pub lasts_days_max: u32,
    /// Number of days in ten on which campaigns begin a minute before the calling window closes.
    pub late_starts_of_ten: u32,
    /// Number of campaigns in ten that call only numbers on a white list.
    pub white_lists_of_ten: u32,
    /// Number of campaigns in ten that call on working days only.
    pub working_days_of_ten: u32,
    /// Number of campaigns in ten that pause at noon.
    pub rests_of_ten: u32,
    /// Number of campaigns in ten that go live in stages.
    pub stages_of_ten: u32,
    /// Number of campaigns in ten that have a second list, which is undone while they run.
    pub undone_lists_of_ten: u32,
    /// Number of customers in ten that have a second number.
    pub second_numbers_of_ten: u32,
    /// Number of campaigns in ten that call only customers with a callback; none if agents take the calls.
    pub callbacks_of_ten: u32,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            preset: None,
            starts_on: None,
            lasts_days_max: 3,
            late_starts_of_ten: 2,
            white_lists_of_ten: 2,
            working_days_of_ten: 3,
            rests_of_ten: 3,
            stages_of_ten: 2,
            undone_lists_of_ten: 2,
            second_numbers_of_ten: 2,
            callbacks_of_ten: 0,
        }
    }
}

impl Scenario {
    /// Reads a scenario from YAML.
    pub fn from_yaml(text: &str) -> Result<Self, ScenarioFault> {
        let read: Self = read(text)?;
        let of_ten = [
            read.late_starts_of_ten,
            read.white_lists_of_ten,
            read.working_days_of_ten,
            read.rests_of_ten,
            read.stages_of_ten,
            read.undone_lists_of_ten,
            read.second_numbers_of_ten,
            read.callbacks_of_ten,
        ];
        let is_bounded = of_ten.iter().all(|rate| *rate <= OF_TEN_MAX);
        let lasts = (1..=crate::WORLD_DAYS).contains(&read.lasts_days_max);
        (is_bounded && lasts)
            .then_some(read)
            .ok_or(ScenarioFault::OutOfBounds)
    }
}

/// Why a text is not a scenario, or not rates of faults.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioFault {
    #[error("it has {bytes} bytes, more than {FILE_BYTES_MAX}")]
    TooLarge { bytes: usize },
    #[error("it cannot be read: {why}")]
    Unreadable { why: String },
    #[error(
        "a value is out of bounds: of ten is 0 to 10, crashes and drains at most 100 a day, an append at \
         most 60 s, and campaigns last 1 to 7 days"
    )]
    OutOfBounds,
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ScenarioFault> {
    let bytes = text.len();
    if bytes > FILE_BYTES_MAX {
        return Err(ScenarioFault::TooLarge { bytes });
    }
    domain::yaml::from_str(text).map_err(|error| ScenarioFault::Unreadable {
        why: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_without_a_file_and_the_unknown_is_refused() {
        let rates = FaultRates::from_yaml("crashes_per_day_max: 0\n").unwrap();
        assert_eq!(rates.crashes_per_day_max, 0);
        assert_eq!(rates.drains_per_day_max, FaultRates::default().drains_per_day_max);
        let scenario = Scenario::from_yaml("preset: cn-marketing\nstarts_on: 2026-04-02\n").unwrap();
        assert_eq!(scenario.preset, Some(Preset::CnMarketing));
        assert!(matches!(
            FaultRates::from_yaml("crashs: 1"),
            Err(ScenarioFault::Unreadable { .. })
        ));
        assert!(matches!(
            Scenario::from_yaml("preset: mine"),
            Err(ScenarioFault::Unreadable { .. })
        ));
        for text in [
            "outages_of_ten: 11",
            "crashes_per_day_max: 101",
            "slow_append_ms_max: 60001",
        ] {
            assert_eq!(
                FaultRates::from_yaml(text),
                Err(ScenarioFault::OutOfBounds),
                "{text}"
            );
        }
        for text in ["rests_of_ten: 11", "lasts_days_max: 0", "lasts_days_max: 8"] {
            assert_eq!(
                Scenario::from_yaml(text),
                Err(ScenarioFault::OutOfBounds),
                "{text}"
            );
        }
        let large = " ".repeat(FILE_BYTES_MAX + 1);
        assert!(matches!(
            Scenario::from_yaml(&large),
            Err(ScenarioFault::TooLarge { .. })
        ));
    }
}
