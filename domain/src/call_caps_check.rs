//! Checks the caps that a campaign or a person sets: within bounds, each once, and none that a preset makes
//! ineffective.

use crate::calling_plan::Preset;
use crate::compliance::{CountedOver, Period, rules_at};
use crate::time::Timestamp;
use values::call_caps::{CALLS_OF_CAP_MAX, CAP_DAYS_MAX, CallCap, CapScope, OWN_CAPS_MAX};

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// The reasons why the caps of a campaign or a person are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CapFault {
    #[error("at most {OWN_CAPS_MAX} caps can be set")]
    TooMany,
    #[error("a cap must be 1 to {CALLS_OF_CAP_MAX} calls in 1 to {CAP_DAYS_MAX} local days")]
    OutOfBounds,
    #[error("the same calls have two caps: {one} and {other}")]
    Twice { one: CallCap, other: CallCap },
    #[error("{own} is looser than {preset} of {} and would have no effect", of.code())]
    Looser {
        own: CallCap,
        preset: String,
        of: Preset,
    },
}

/// Checks caps: number and bounds, no two of the same kind, and none looser than a cap of these presets.
/// Returns the first fault.
pub fn check(caps: &[CallCap], presets: &[Preset], now: Timestamp) -> Result<(), CapFault> {
    if caps.len() > OWN_CAPS_MAX {
        return Err(CapFault::TooMany);
    }
    for (index, cap) in caps.iter().enumerate() {
        let days = (1..=CAP_DAYS_MAX).contains(&cap.local_days);
        if !days || !(1..=CALLS_OF_CAP_MAX).contains(&cap.calls_max) {
            return Err(CapFault::OutOfBounds);
        }
        let same = |other: &&CallCap| {
            (other.counted, other.over, other.local_days) == (cap.counted, cap.over, cap.local_days)
        };
        if let Some(other) = caps.iter().take(index).find(same) {
            return Err(CapFault::Twice {
                one: *other,
                other: *cap,
            });
        }
        for preset in presets {
            let looser = tighter_of(*cap, *preset, now);
            looser.map_or(Ok(()), |preset_cap| {
                Err(CapFault::Looser {
                    own: *cap,
                    preset: preset_cap,
                    of: *preset,
                })
            })?;
        }
    }
    Ok(())
}

/// Returns true if a preset's cap counts all calls that the own cap counts. A preset's cap over a number
/// does not: a person may have several.
const fn counts_as_much(preset: CountedOver, own: CapScope) -> bool {
    matches!(
        (preset, own),
        (CountedOver::Person, CapScope::Person | CapScope::Matter) | (CountedOver::Matter, CapScope::Matter)
    )
}

/// Returns the preset's cap that makes this cap ineffective, as text; `None` if there is none.
fn tighter_of(cap: CallCap, preset: Preset, now: Timestamp) -> Option<String> {
    let caps = rules_at(preset, now).caps.iter();
    let same = caps.filter(|one| one.counted == cap.counted && counts_as_much(one.over, cap.over));
    same.filter_map(|one| {
        let (periods, said) = match one.period {
            Period::LocalDays(days) => (cap.local_days.div_ceil(days), format!("{days} days")),
            Period::RollingMs(millis) => {
                let own_ms = u64::from(cap.local_days).saturating_mul(DAY_MS);
                let periods = u32::try_from(own_ms.div_ceil(millis)).unwrap_or(u32::MAX);
                (periods, format!("{} minutes", millis / 60_000))
            }
        };
        let most = one.calls_max.saturating_mul(periods);
        (cap.calls_max > most).then(|| format!("{} {} in {said}", one.calls_max, one.counted.code()))
    })
    .next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::call_caps::{CapScope, CountedCalls};

    fn now() -> Timestamp {
        "2026-03-02T10:00:00+08:00".parse().unwrap()
    }

    fn cap(counted: CountedCalls, local_days: u32, calls_max: u32) -> CallCap {
        CallCap {
            counted,
            over: CapScope::Person,
            local_days,
            calls_max,
        }
    }

    #[test]
    fn a_cap_that_the_preset_makes_idle_is_refused_with_both_figures() {
        use CountedCalls::{Answered, Dialed};
        // cn-collection: 3 answered calls a day and person.
        for (days, calls, fits) in [
            (1, 3, true),
            (1, 4, false),
            (7, 21, true),
            (7, 22, false),
            (7, 3, true),
        ] {
            let said = check(&[cap(Answered, days, calls)], &[Preset::CnCollection], now());
            assert_eq!(said.is_ok(), fits, "{days} {calls}: {said:?}");
        }
        let looser = check(&[cap(Answered, 1, 4)], &[Preset::CnCollection], now());
        let why = looser.unwrap_err().to_string();
        assert_eq!(
            why,
            "4 answered in 1 days is looser than 3 answered in 1 days of cn-collection and would have no \
             effect"
        );
        // Dialed calls are counted separately; cn-collection has no cap for them.
        assert_eq!(
            check(&[cap(Dialed, 1, 9)], &[Preset::CnCollection], now()),
            Ok(())
        );
    }

    #[test]
    fn a_cap_of_each_number_or_of_each_campaign_makes_none_of_a_person_idle() {
        use CountedCalls::{Answered, Dialed};
        let matter = |counted, days, calls| CallCap {
            over: CapScope::Matter,
            ..cap(counted, days, calls)
        };
        for (own, preset, fits) in [
            // Two dials a day and number; a person may have two numbers.
            (cap(Dialed, 1, 3), Preset::CnService, true),
            (matter(Dialed, 1, 3), Preset::CnService, true),
            (cap(Dialed, 1, 6), Preset::CnCloudTrunk, true),
            // One conversation and seven dials a week and campaign; a person may be in two campaigns.
            (cap(Answered, 7, 2), Preset::UsRegf, true),
            (cap(Dialed, 7, 10), Preset::UsRegf, true),
            (matter(Answered, 7, 2), Preset::UsRegf, false),
            (matter(Dialed, 7, 7), Preset::UsRegf, true),
            (matter(Dialed, 7, 8), Preset::UsRegf, false),
            // Over all campaigns together, therefore over each of them too.
            (matter(Answered, 1, 4), Preset::CnCollection, false),
        ] {
            let said = check(&[own], &[preset], now());
            assert_eq!(said.is_ok(), fits, "{own:?} {preset:?}: {said:?}");
        }
    }

    #[test]
    fn nothing_is_capped_twice_at_zero_or_for_ever() {
        use CountedCalls::Dialed;
        for wrong in [
            vec![cap(Dialed, 1, 0)],
            vec![cap(Dialed, 0, 1)],
            vec![cap(Dialed, CAP_DAYS_MAX + 1, 1)],
            vec![cap(Dialed, 1, 1), cap(Dialed, 1, 2)],
            (1..=9).map(|days| cap(Dialed, days, 1)).collect(),
        ] {
            assert!(check(&wrong, &[], now()).is_err(), "{wrong:?}");
        }
    }
}
