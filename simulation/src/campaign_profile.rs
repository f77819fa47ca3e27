//! The properties of one campaign of a world, drawn from the seed: rule set, days, lists, stages. The
//! operator makes its plan from them, and the oracle checks its calls against them, independently of each
//! other.

use super::clock::SeededChance;
use super::home::CustomerHome;
use super::scenario::Scenario;
use domain::calling_plan::{Basis, CallingPlan, CallingWindow, Preset};
use domain::go_live::{Stage, StagePlan};
use domain::screening::Screening;
use domain::time::{TimeOfDay, Timestamp};
use domain::working_calendar::{CallingDays, Holidays, RestDay};

/// Milliseconds in a day.
const DAY_MS: u64 = 86_400_000;

/// Name of the white list of numbers that a campaign may require.
pub(crate) const WHITE_LIST: &str = "kept";

/// Rule sets with their cumulative frequency, of twenty.
const PRESETS: [(u64, Preset); 7] = [
    (8, Preset::CnService),
    (9, Preset::UsTsr),
    (12, Preset::CnMarketing),
    (14, Preset::CnCollection),
    (16, Preset::CnCloudTrunk),
    (18, Preset::EuGdpr),
    (20, Preset::UsRegf),
];

/// The properties of one campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is drawn by itself")]
pub(crate) struct CampaignProfile {
    pub(crate) preset: Preset,
    pub(crate) basis: Basis,
    /// True if the campaign calls only numbers on the white list.
    pub(crate) listed: bool,
    /// Calls are placed on working days only.
    pub(crate) working_days: bool,
    /// No calls between twelve and one.
    pub(crate) rests: bool,
    pub(crate) stage: Option<Stage>,
    /// True if the campaign has a second list, which is undone while the campaign runs.
    pub(crate) undone: bool,
    pub(crate) lasts_days: u32,
    /// Only customers with a callback are called.
    pub(crate) callbacks: bool,
}

impl CampaignProfile {
    /// Draws the properties of a campaign. `days_left` includes the campaign's first day.
    pub(crate) fn draw(chance: &SeededChance, scenario: &Scenario, days_left: u32) -> Self {
        let of_ten = |rate: u32| chance.below(10) < u64::from(rate);
        let drawn = chance.below(20);
        let drawn = PRESETS.iter().find(|(below, _)| drawn < *below);
        let preset = scenario
            .preset
            .unwrap_or(drawn.map_or(Preset::CnService, |(_, preset)| *preset));
        let by_consent = needs_consent(preset) || chance.below(6) == 0;
        let stage = of_ten(scenario.stages_of_ten).then(|| match chance.below(3) {
            0 => Stage::Pilot,
            _ => Stage::Test,
        });
        let lasts = 1 + chance.below(2 * u64::from(scenario.lasts_days_max));
        let lasts = u32::try_from(lasts).unwrap_or(1);
        Self {
            preset,
            basis: if by_consent {
                Basis::Consent
            } else {
                Basis::Contract
            },
            listed: of_ten(scenario.white_lists_of_ten),
            working_days: of_ten(scenario.working_days_of_ten),
            rests: of_ten(scenario.rests_of_ten),
            stage,
            undone: of_ten(scenario.undone_lists_of_ten),
            // Half of them last one day.
            lasts_days: if lasts > scenario.lasts_days_max { 1 } else { lasts }.min(days_left),
            // Drawn last, so that the earlier draws are the same as in older runs.
            callbacks: of_ten(scenario.callbacks_of_ten),
        }
    }

    /// Returns where the campaign's customers live, which follows from its rule set.
    pub(crate) fn home(&self) -> CustomerHome {
        match self.preset {
            Preset::EuGdpr | Preset::SandboxOpen => CustomerHome::Berlin,
            Preset::UsTsr => CustomerHome::NewYork,
            Preset::CnService
            | Preset::CnMarketing
            | Preset::CnCollection
            | Preset::CnCloudTrunk
            | Preset::UsRegf => CustomerHome::China,
        }
    }

    /// True if the campaign calls only with consent, because of its rule set or its list.
    pub(crate) fn by_consent(&self) -> bool {
        self.basis == Basis::Consent
    }

    /// Returns when the campaign ends. `midnight` is the beginning of its first day.
    pub(crate) fn ends_at(&self, midnight: Timestamp) -> Timestamp {
        midnight.plus_ms(u64::from(self.lasts_days.saturating_sub(1)) * DAY_MS + self.home().end_ms())
    }

    /// Returns the calling plan with these properties. `purpose`: the purpose of its consents, which no
    /// other campaign has.
    pub(crate) fn plan(&self, midnight: Timestamp, purpose: String, max_concurrent: u32) -> CallingPlan {
        let time = |minutes| TimeOfDay::from_minutes(minutes).expect("a constant time of day");
        let rests = self.rests.then(|| (time(12 * 60), time(13 * 60)));
        let days = self.working_days.then(|| {
            Box::new(CallingDays {
                holidays: Holidays::Observe,
                rest_days: vec![RestDay::Sat, RestDay::Sun],
                country: Some("cn".to_owned()),
            })
        });
        let screening = self.listed.then(|| {
            Box::new(Screening {
                relief: None,
                only_listed_on: WHITE_LIST.parse().ok(),
                number_check: None,
            })
        });
        CallingPlan {
            preset: self.preset,
            basis: self.basis,
            purpose,
            max_concurrent,
            ring_timeout_ms: Some(15_000),
            ends_at: Some(self.ends_at(midnight)),
            days,
            screening,
            stages: self.stage.map(StagePlan::beginning_at),
            ..CallingPlan::within(CallingWindow {
                start: time(9 * 60),
                end: time(18 * 60),
                rests: rests.into_iter().collect(),
            })
        }
    }
}

/// True for rule sets that require consent by their texts: the oracle's own list.
const fn needs_consent(preset: Preset) -> bool {
    matches!(
        preset,
        Preset::CnMarketing | Preset::EuGdpr | Preset::UsRegf | Preset::UsTsr
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_many_campaigns_every_manner_is_drawn_and_none_outlasts_its_world() {
        let scenario = Scenario::default();
        let drawn: Vec<CampaignProfile> = (0..200)
            .map(|seed| CampaignProfile::draw(&SeededChance::new(seed, 9), &scenario, 2))
            .collect();
        for (_, preset) in PRESETS {
            assert!(drawn.iter().any(|one| one.preset == preset), "{preset:?}");
        }
        let ways: [fn(&CampaignProfile) -> bool; 6] = [
            |one| one.listed,
            |one| one.working_days,
            |one| one.rests,
            |one| one.undone,
            |one| one.stage == Some(Stage::Test),
            |one| one.by_consent() && one.preset == Preset::CnService,
        ];
        for way in ways {
            let count = drawn.iter().filter(|one| way(one)).count();
            assert!((3..197).contains(&count), "{count}");
        }
        assert!(drawn.iter().all(|one| (1..=2).contains(&one.lasts_days)));
        assert!(drawn.iter().any(|one| one.lasts_days == 2));
    }
}
