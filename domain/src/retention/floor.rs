//! The shortest time for which data is kept, by the preset of the campaign it comes from. Each names its
//! source: verify before quoting, counsel decides.

use super::class::DataClass;
use crate::calling_plan::Preset;

/// A shortest time, and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    pub days: u32,
    pub source: &'static str,
}

/// Under every preset: six months, of which the longest have 184 days.
pub const GENERAL_FLOOR: Floor = Floor {
    days: 184,
    source: "six months: Cybersecurity Law (网络安全法) 2017, article 21, says it of network logs; taken for \
             every class",
};

/// Two years, one of which may be a leap year.
const COLLECTION: Floor = Floor {
    days: 731,
    source: "two years: GB/T 45251-2025 and the bankers' guideline of 2026 (trial), records of collection",
};

/// Five years with at most two leap days.
const TELEMARKETING: Floor = Floor {
    days: 1_827,
    source: "five years: 16 CFR 310.5, records of telemarketing",
};

/// Three years, one of which may be a leap year.
const DEBT: Floor = Floor {
    days: 1_096,
    source: "three years: 12 CFR 1006.100, records and recordings of debt collection",
};

/// The shortest time for a class of data under a preset. All classes are records of the same calls.
pub const fn floor(class: DataClass, preset: Preset) -> Floor {
    match class {
        DataClass::Recordings | DataClass::Persons | DataClass::Transcripts => match preset {
            // Evidence of consent is kept for five months or more: the six months of all are longer.
            Preset::CnService | Preset::CnMarketing | Preset::CnCloudTrunk | Preset::EuGdpr => GENERAL_FLOOR,
            Preset::CnCollection => COLLECTION,
            Preset::UsTsr => TELEMARKETING,
            Preset::UsRegf => DEBT,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_months_are_the_least_under_every_preset() {
        for class in DataClass::ALL {
            for preset in Preset::ALL {
                let floor = floor(class, preset);
                assert!(floor.days >= GENERAL_FLOOR.days, "{class} {}", preset.code());
                assert!(!floor.source.is_empty());
            }
        }
    }
}
