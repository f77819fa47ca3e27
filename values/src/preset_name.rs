//! The names of the compliance presets, and the country of each.

use crate::calling_code::{CallingCode, DefaultCountry};
use serde::{Deserialize, Serialize};

/// A named set of compliance rules (`docs/compliance.md`).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    #[default]
    CnService,
    CnMarketing,
    CnCollection,
    CnCloudTrunk,
    UsTsr,
    UsRegf,
    EuGdpr,
    // Open at all hours, without consent: for campaigns of the sandbox only, which reach no person.
    SandboxOpen,
}

impl Preset {
    /// Every preset of real campaigns, in display order. That of the sandbox is not among them.
    pub const ALL: [Self; 7] = [
        Self::CnService,
        Self::CnMarketing,
        Self::CnCollection,
        Self::CnCloudTrunk,
        Self::UsTsr,
        Self::UsRegf,
        Self::EuGdpr,
    ];

    /// Returns the code that is stored and used in requests.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CnService => "cn-service",
            Self::CnMarketing => "cn-marketing",
            Self::CnCollection => "cn-collection",
            Self::CnCloudTrunk => "cn-cloud-trunk",
            Self::UsTsr => "us-tsr",
            Self::UsRegf => "us-regf",
            Self::EuGdpr => "eu-gdpr",
            Self::SandboxOpen => "sandbox-open",
        }
    }

    /// Returns the country of numbers without a country code in lists of campaigns with this preset.
    /// `Unknown` for `eu-gdpr`, which covers many countries.
    pub const fn default_country(self) -> DefaultCountry {
        match self {
            Self::CnService
            | Self::CnMarketing
            | Self::CnCollection
            | Self::CnCloudTrunk
            | Self::SandboxOpen => DefaultCountry::Of(CallingCode::MAINLAND_CHINA),
            Self::UsTsr | Self::UsRegf => DefaultCountry::Of(CallingCode::NORTH_AMERICA),
            Self::EuGdpr => DefaultCountry::Unknown,
        }
    }

    /// Returns the calling codes of the countries that campaigns of this preset call.
    pub const fn countries(self) -> &'static [CallingCode] {
        match self {
            Self::CnService | Self::CnMarketing | Self::CnCollection | Self::CnCloudTrunk => {
                &[CallingCode::MAINLAND_CHINA]
            }
            Self::UsTsr | Self::UsRegf => &[CallingCode::NORTH_AMERICA],
            Self::EuGdpr => &CallingCode::EUROPE,
            Self::SandboxOpen => &CallingCode::OF_PRESETS,
        }
    }

    /// Returns the preset with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter().chain([Self::SandboxOpen]);
        all.find(|preset| preset.code() == code)
    }
}
