//! Presets: named sets of hours, caps and requirements, with source and status; one small file per version in
//! `presets/`.
//!
//! They are defaults as far as their sources are known; the operator's own counsel decides. A version applies
//! from its date on. A preset that needs a missing fact refuses every dial: unknown means no.

use super::zones::{day_in, local};
use crate::calling_plan::{CallingPlan, Preset};
use crate::screening::NumberListName;
use crate::time::{TimeOfDay, Timestamp};
use crate::working_calendar::Day;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;
pub use values::call_caps::CountedCalls;
use values::yaml;

/// The preset files that are part of the program, with the versions of one preset in order.
const SHIPPED: [&str; 9] = [
    include_str!("presets/cn-service.yaml"),
    include_str!("presets/cn-marketing.yaml"),
    include_str!("presets/cn-collection.yaml"),
    include_str!("presets/cn-cloud-trunk.yaml"),
    include_str!("presets/us-tsr.yaml"),
    include_str!("presets/us-tsr.2.yaml"),
    include_str!("presets/us-regf.yaml"),
    include_str!("presets/eu-gdpr.yaml"),
    include_str!("presets/sandbox-open.yaml"),
];

/// The most bytes of a preset file: the shipped ones have 1 KB.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// The most caps of a preset; each is counted at every dial.
const CAPS_MAX: usize = 16;

/// The largest `ring_ms_min`: how long networks let a phone ring at most.
const RING_MS_MIN_MAX: u64 = 60_000;

/// Milliseconds of a minute.
const MINUTE_MS: u64 = 60_000;

/// The requirements of one version of a preset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresetRules {
    pub preset: Preset,
    pub version: u32,
    /// The first day on which it applies, in its zone, else in UTC.
    pub effective_from: Day,
    pub status: PresetStatus,
    /// The first minute of the local day in which a dial may start.
    pub opens_minute: u16,
    /// The first minute in which none may.
    pub closes_minute: u16,
    /// The zone that the preset's text names; it applies in addition to the callee's own zones.
    pub zone: Option<Tz>,
    /// True if recorded consent with kept evidence is needed under every basis.
    pub needs_consent: bool,
    /// True if numbers issued in Xinjiang and Tibet are barred.
    pub bars_xinjiang_and_tibet: bool,
    pub caps: Vec<FrequencyCap>,
    /// The facts that it needs: while one is missing, every dial is refused.
    pub needs_facts: Vec<String>,
    /// The shortest ringing before a call is given up, in milliseconds.
    pub ring_ms_min: Option<u64>,
    /// The longest ringing, in milliseconds.
    pub ring_ms_max: Option<u64>,
    /// The external list that must cover the number, and its largest age in days.
    pub registry: Option<RegistryNeed>,
    /// The country with the public holidays that must be observed, whatever a campaign says: two letters.
    pub holidays: Option<String>,
    pub source: String,
}

/// An external list of numbers that a preset requires, and how old it may be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryNeed {
    pub name: NumberListName,
    /// The most days from the list's own date to the day of the call.
    pub days_max: u16,
}

/// How binding the source of a preset version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresetStatus {
    /// A default of ours or of the operator.
    Default,
    /// A draft, not binding yet.
    Draft,
    /// A standard or guideline on trial.
    Trial,
    /// The terms of a contract.
    Terms,
    InForce,
    /// Announced, and not in force before its date.
    Coming,
}

/// The reasons why a file is not a valid preset version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresetFault {
    #[error("the file has {bytes} bytes, more than {FILE_BYTES_MAX}")]
    TooLarge { bytes: usize },
    #[error("the file is not a version of a compliance preset: {why}")]
    Unreadable { why: String },
    #[error("{what}")]
    Wrong { what: &'static str },
}
/// The most calls in a period, with which calls count and over what. A dial beyond it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrequencyCap {
    pub counted: CountedCalls,
    pub over: CountedOver,
    pub period: Period,
    pub calls_max: u32,
}

/// What a cap counts over: a number, a person, or a person and matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountedOver {
    /// One phone number, over all persons and campaigns.
    Number,
    /// One person, over all campaigns.
    Person,
    /// One person and matter (by default the campaign).
    Matter,
}

/// The period in which a cap counts calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// This many of the callee's local days, today included.
    LocalDays(u32),
    /// This many milliseconds back from now.
    RollingMs(u64),
}

/// A preset file as written, before its checks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PresetFile {
    id: Preset,
    version: u32,
    effective_from: Day,
    status: PresetStatus,
    source: String,
    opens: TimeOfDay,
    closes: TimeOfDay,
    #[serde(default)]
    zone: Option<String>,
    #[serde(default)]
    needs_consent: bool,
    #[serde(default)]
    bars_xinjiang_and_tibet: bool,
    #[serde(default)]
    caps: Vec<CapLine>,
    #[serde(default)]
    needs_facts: Vec<String>,
    #[serde(default)]
    ring_ms_min: Option<u64>,
    #[serde(default)]
    ring_ms_max: Option<u64>,
    #[serde(default)]
    registry: Option<RegistryNeed>,
    #[serde(default)]
    holidays: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CapLine {
    counted: CountedCalls,
    over: CountedOver,
    #[serde(default)]
    local_days: Option<u32>,
    #[serde(default)]
    minutes: Option<u64>,
    calls_max: u32,
}

impl CapLine {
    fn read(self) -> Result<FrequencyCap, PresetFault> {
        let period = match (self.local_days, self.minutes) {
            (Some(days @ 1..=30), None) => Period::LocalDays(days),
            (None, Some(minutes @ 1..=43_200)) => Period::RollingMs(minutes * MINUTE_MS),
            (Some(_) | None, Some(_) | None) => {
                let what = "a cap is over 1 to 30 local_days, or over 1 to 43200 minutes";
                return Err(PresetFault::Wrong { what });
            }
        };
        if self.calls_max == 0 {
            let what = "a cap must permit at least one call (calls_max)";
            return Err(PresetFault::Wrong { what });
        }
        Ok(FrequencyCap {
            counted: self.counted,
            over: self.over,
            period,
            calls_max: self.calls_max,
        })
    }
}

impl PresetRules {
    /// Reads a preset version from its file: YAML, or JSON as a part of it. Fails for an oversized or
    /// unreadable file and for values that contradict one another.
    pub fn from_yaml(text: &str) -> Result<Self, PresetFault> {
        if text.len() > FILE_BYTES_MAX {
            return Err(PresetFault::TooLarge { bytes: text.len() });
        }
        let file: PresetFile = yaml::from_str(text).map_err(|error| PresetFault::Unreadable {
            why: error.to_string(),
        })?;
        let wrong = |what| PresetFault::Wrong { what };
        if file.opens >= file.closes {
            return Err(wrong("opens must be before closes"));
        }
        if file.version == 0 || file.caps.len() > CAPS_MAX || file.source.trim().is_empty() {
            return Err(wrong(
                "a preset has a version from 1, a source and at most 16 caps",
            ));
        }
        if file.ring_ms_min.is_some_and(|ring_ms| ring_ms > RING_MS_MIN_MAX) {
            return Err(wrong(
                "ring_ms_min is at most 60000: networks let no phone ring longer",
            ));
        }
        if file
            .ring_ms_max
            .is_some_and(|most| most < file.ring_ms_min.unwrap_or(1))
        {
            return Err(wrong("ring_ms_max must be above 0 and not below ring_ms_min"));
        }
        let is_country =
            |text: &String| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_lowercase());
        if !file.holidays.iter().all(is_country) {
            return Err(wrong(
                "holidays must be a country code of two lower-case letters, for example cn",
            ));
        }
        let zone = file.zone.map(|name| name.parse::<Tz>()).transpose();
        let zone = zone.map_err(|_unknown| wrong("zone must be an IANA name, for example Asia/Shanghai"))?;
        let caps = file.caps.into_iter().map(CapLine::read);
        Ok(Self {
            preset: file.id,
            version: file.version,
            effective_from: file.effective_from,
            status: file.status,
            opens_minute: file.opens.minutes(),
            closes_minute: file.closes.minutes(),
            zone,
            needs_consent: file.needs_consent,
            bars_xinjiang_and_tibet: file.bars_xinjiang_and_tibet,
            caps: caps.collect::<Result<_, _>>()?,
            needs_facts: file.needs_facts,
            ring_ms_min: file.ring_ms_min,
            ring_ms_max: file.ring_ms_max,
            registry: file.registry,
            holidays: file.holidays,
            source: file.source,
        })
    }

    /// Returns the ring time in milliseconds for a planned one, raised to the preset's minimum or lowered
    /// to its maximum.
    pub fn ring_ms(&self, planned_ms: u64) -> u64 {
        let most = self.ring_ms_max.unwrap_or(u64::MAX);
        planned_ms.min(most).max(self.ring_ms_min.unwrap_or(0))
    }

    /// Returns the preset's version and first day as verdicts store them: `us-tsr@1 since 2026-01-01`.
    pub fn named(&self) -> String {
        let (preset, version) = (self.preset.code(), self.version);
        format!("{preset}@{version} since {}", self.effective_from)
    }

    /// Returns true if the version is in effect at an instant: from its first day on, in the preset's zone
    /// or UTC.
    pub fn is_effective(&self, at: Timestamp) -> bool {
        day_in(local(at, self.zone.unwrap_or(Tz::UTC))) >= self.effective_from
    }
}

/// Returns every version of every preset in the program, versions of one preset in order.
pub fn shipped_presets() -> &'static [PresetRules] {
    static READ: OnceLock<Vec<PresetRules>> = OnceLock::new();
    READ.get_or_init(|| {
        let read = SHIPPED.iter().map(|text| PresetRules::from_yaml(text));
        read.collect::<Result<_, _>>()
            .expect("the shipped presets are read by a test")
    })
}

/// Returns the rules of a preset at an instant: its latest version in effect; if none is yet, its first
/// version.
pub fn rules_at(preset: Preset, at: Timestamp) -> &'static PresetRules {
    at_of(shipped_presets(), preset, at)
}

/// Returns the rules of all presets of a plan at an instant, the plan's own preset first.
pub fn rules_of(plan: &CallingPlan, now: Timestamp) -> impl Iterator<Item = &'static PresetRules> {
    plan.presets().map(move |preset| rules_at(preset, now))
}

fn at_of(versions: &[PresetRules], preset: Preset, at: Timestamp) -> &PresetRules {
    let of_preset = || versions.iter().filter(|rules| rules.preset == preset);
    let mut effective = of_preset().filter(|rules| rules.is_effective(at));
    effective
        .next_back()
        .or_else(|| of_preset().next())
        .expect("every preset has a file, which a test holds")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compliance::testing::instant;

    const NEXT: &str = "id: cn-service\nversion: 2\neffective_from: 2027-01-01\nstatus: coming\nsource: a \
                        law\nopens: \"10:00\"\ncloses: \"18:00\"\nzone: Asia/Shanghai\ncaps:\n  - {counted: \
                        dialed, over: number, local_days: 1, calls_max: 1}\n";

    #[test]
    fn every_preset_ships_and_its_files_say_when_and_whence() {
        for preset in Preset::ALL {
            let versions: Vec<_> = shipped_presets()
                .iter()
                .filter(|rules| rules.preset == preset)
                .collect();
            assert!(!versions.is_empty(), "{preset:?}");
            let numbers: Vec<u32> = versions.iter().map(|rules| rules.version).collect();
            assert!(numbers.is_sorted(), "{numbers:?}");
            assert!(versions.iter().all(|rules| !rules.source.is_empty()));
        }
    }

    #[test]
    fn the_shipped_hours_and_caps_are_what_they_were() {
        let now = instant("2026-03-02T10:00:00+08:00");
        for (preset, opens, closes, caps) in [
            (Preset::CnService, 9, 20, 1),
            (Preset::CnMarketing, 9, 20, 1),
            (Preset::CnCollection, 8, 22, 2),
            (Preset::CnCloudTrunk, 8, 21, 2),
            (Preset::UsTsr, 8, 21, 0),
            (Preset::UsRegf, 8, 21, 2),
            (Preset::EuGdpr, 9, 20, 0),
            (Preset::SandboxOpen, 0, 24, 0),
        ] {
            let rules = rules_at(preset, now);
            assert_eq!(
                (rules.opens_minute, rules.closes_minute, rules.caps.len()),
                (opens * 60, closes * 60, caps),
                "{preset:?}"
            );
        }
    }

    #[test]
    fn a_version_counts_from_the_first_instant_of_its_day_and_not_before() {
        let next = PresetRules::from_yaml(NEXT).unwrap();
        let versions = [shipped_presets()[0].clone(), next];
        let at = |text: &str| at_of(&versions, Preset::CnService, instant(text)).version;
        assert_eq!(at("2026-12-31T23:59:59.999999+08:00"), 1);
        assert_eq!(at("2027-01-01T00:00:00+08:00"), 2);
        assert_eq!(at("2020-01-01T00:00:00+08:00"), 1, "before any, the first");
    }

    #[test]
    fn a_file_that_is_no_version_is_refused_by_what_is_wrong() {
        for (from, to, said) in [
            ("id: cn-service", "id: cn-other", "unknown variant"),
            ("opens: \"10:00\"", "opens: \"18:00\"", "before closes"),
            ("Asia/Shanghai", "Mars/Base", "zone must be"),
            ("local_days: 1,", "", "a cap is over"),
            ("local_days: 1,", "local_days: 1, minutes: 5,", "a cap is over"),
            ("version: 2", "version: 0", "version from 1"),
            ("version: 2", "version: 2\nhours: 3", "unknown field"),
            (
                "version: 2",
                "version: 2\nholidays: China",
                "holidays must be a country",
            ),
            (
                "version: 2",
                "version: 2\nregistry: {name: us-dnc}",
                "missing field `days_max`",
            ),
            ("2027-01-01", "2027-13-01", "is no day"),
        ] {
            let fault = PresetRules::from_yaml(&NEXT.replace(from, to)).unwrap_err();
            assert!(fault.to_string().contains(said), "{from} -> {to}: {fault}");
        }
    }
}
