//! The shortest permitted retention periods (floors), by the preset of the campaign. Each names its source;
//! verify before quoting, counsel decides.

use super::class::DataClass;
use crate::calling_plan::Preset;

/// The shortest permitted retention period in days, with its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    pub days: u32,
    pub source: &'static str,
}

/// The floor of every preset without a longer one: six months, counted as 184 days, the most that six
/// months have.
pub const GENERAL_FLOOR: Floor = Floor {
    days: 184,
    source: "six months: Cybersecurity Law (网络安全法) of 2017, article 21, for network logs; applied to every \
             class of data",
};

/// The floor of China's marketing presets: six months, with a further source.
const MARKETING: Floor = Floor {
    source: "six months: Cybersecurity Law (网络安全法) of 2017, article 21, for network logs; longer than the five \
             months for evidence of consent (通信短信息服务管理规定, 2015)",
    ..GENERAL_FLOOR
};

/// The floor of EU presets: six months, set by this product. EU law sets no shortest period.
const EUROPE: Floor = Floor {
    source: "six months: set by this product; GDPR, articles 5(2) and 7(1), ask for evidence of consent and name \
             no shortest time, article 5(1)(e) limits the longest",
    ..GENERAL_FLOOR
};

/// The floor of Chinese collection presets: two years, one of them possibly a leap year.
const COLLECTION: Floor = Floor {
    days: 731,
    source: "two years: GB/T 45251-2025 and the bankers' guideline of 2026 (trial), records of collection",
};

/// The floor of US telemarketing presets: five years with at most two leap days.
const TELEMARKETING: Floor = Floor {
    days: 1_827,
    source: "five years: 16 CFR 310.5, records of telemarketing",
};

/// The floor of US debt collection presets: three years, one of them possibly a leap year.
const DEBT: Floor = Floor {
    days: 1_096,
    source: "three years: 12 CFR 1006.100, records and recordings of debt collection",
};

/// Returns the shortest permitted retention period of a data class under a preset. All classes have the
/// same one, because they are records of the same calls.
pub const fn floor(class: DataClass, preset: Preset) -> Floor {
    match class {
        DataClass::Recordings | DataClass::Persons | DataClass::Transcripts => match preset {
            Preset::CnService | Preset::CnCloudTrunk | Preset::SandboxOpen => GENERAL_FLOOR,
            Preset::CnMarketing => MARKETING,
            Preset::EuGdpr => EUROPE,
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
    fn each_preset_cites_law_of_its_own_country() {
        let is_chinese = |preset: Preset| preset.code().starts_with("cn-");
        for preset in Preset::ALL {
            let source = floor(DataClass::Recordings, preset).source;
            let cites = ["Cybersecurity Law", "GB/T"]
                .iter()
                .any(|law| source.contains(law));
            assert_eq!(cites, is_chinese(preset), "{}: {source}", preset.code());
            assert_eq!(
                source.contains("CFR"),
                preset.code().starts_with("us-"),
                "{source}"
            );
            assert_eq!(
                source.contains("GDPR"),
                preset.code().starts_with("eu-"),
                "{source}"
            );
        }
    }

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
