//! Countries of the phone numbers in use, and the default country: the one assumed for a number without a
//! country code where no campaign names it (opt-outs, suppressions, searches, bills and messages).
//!
//! The setting `numbers.default_calling_code` names the default country. While it is 0, the presets of all
//! campaigns decide: China on a log that has only Chinese presets or no campaign yet. If presets of several
//! countries are in use, the default is unknown and a number without a country code is refused. An opt-out
//! or a suppression is never refused for that reason: it holds for the number in every country in use.

use crate::installation::Installation;
use domain::calling_code::{CallingCode, DefaultCountry};
use domain::calling_plan::Preset;
use domain::campaign::Campaign;
use domain::campaign::event::CampaignEvent;
use domain::decider::Decider;
use domain::event_filter::EventFilter;
use domain::ids::CampaignId;
use domain::phone_number::{InvalidPhoneNumber, PhoneNumber};
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::Problem;
use domain::setting::{Setting, SettingName, SettingState};
use domain::stored_event::{Position, read_event};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Longest time that an opt-out or suppression waits for the campaigns' presets from the read model, in
/// milliseconds. It must be stored within a second, also while reports load the database.
const PRESETS_WAIT_MS: u64 = 100;

/// The default country and the countries of the numbers in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Countries {
    /// The country assumed for a number without a country code.
    pub default: DefaultCountry,
    /// All countries with numbers that are called here, or may be.
    pub in_use: BTreeSet<CallingCode>,
    /// True if the setting or a campaign decides the default country. If false, a number without a country
    /// code may belong to any country in use.
    is_said: bool,
}

impl Countries {
    fn of(setting: Option<CallingCode>, presets: &BTreeSet<Preset>) -> Self {
        let mut in_use: BTreeSet<CallingCode> = presets
            .iter()
            .flat_map(|preset| preset.countries())
            .copied()
            .collect();
        in_use.extend(setting);
        if presets.is_empty() && setting.is_none() {
            // Neither a campaign nor the setting names a country yet.
            in_use.extend([CallingCode::MAINLAND_CHINA, CallingCode::NORTH_AMERICA]);
        }
        let default = match setting {
            Some(code) => DefaultCountry::Of(code),
            None if presets.is_empty() => DefaultCountry::Of(CallingCode::MAINLAND_CHINA),
            None => DefaultCountry::common_to(presets.iter().map(|preset| preset.default_country())),
        };
        Self {
            default,
            in_use,
            is_said: setting.is_some() || !presets.is_empty(),
        }
    }

    /// Returns the numbers that an opt-out or suppression with this text forbids: one number if the text or
    /// the default decides its country, otherwise one in each country in use. Fails if it is no number in
    /// any of them.
    pub fn forbidden(&self, text: &str) -> Result<Vec<PhoneNumber>, InvalidPhoneNumber> {
        match self.default {
            DefaultCountry::Of(code) if self.is_said => PhoneNumber::parse_in_each(text, [code]),
            DefaultCountry::Of(_) | DefaultCountry::Unknown => {
                PhoneNumber::parse_in_each(text, self.in_use.iter().copied())
            }
        }
    }
}

/// One of the numbers that a text without a country code may mean, and that is no longer called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NumberInCountry {
    /// The calling code of the number's country.
    #[schemars(example = &"+1")]
    pub country: String,
    /// The number, masked.
    #[schemars(example = &"+120****0126")]
    pub number: String,
}

impl NumberInCountry {
    /// Returns one entry for each number that a text without a country code may mean. Empty if it is only
    /// one.
    pub fn each_of(phones: &[PhoneNumber]) -> Vec<Self> {
        let several = if phones.len() > 1 { phones } else { &[] };
        let shown = several.iter().map(|phone| Self {
            country: phone
                .calling_code()
                .map(|code| code.to_string())
                .unwrap_or_default(),
            number: phone.mask(),
        });
        shown.collect()
    }
}

/// Returns the presets of every campaign by campaign, read from the event log instead of the read model.
pub async fn campaigns_of_log(store: &dyn EventStore) -> Result<BTreeMap<CampaignId, Vec<Preset>>, Problem> {
    let filter = EventFilter {
        kinds: vec![CampaignEvent::CREATED.to_owned()],
        ..EventFilter::default()
    };
    let (mut campaigns, mut after) = (BTreeMap::new(), Position(0));
    loop {
        let page = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await?;
        for stored in &page.events {
            let envelope = stored.envelope().map_err(unreadable)?;
            let event = read_event::<Campaign>(&envelope).map_err(unreadable)?;
            if let Some((campaign, plan)) = envelope.campaign.zip(event.created()) {
                campaigns.insert(campaign, plan.presets().collect());
            }
        }
        if page.reached <= after {
            return Ok(campaigns);
        }
        after = page.reached;
    }
}

/// Returns the default country, computed from the event log alone: from the setting, or the presets of all
/// campaigns.
pub async fn default_country_of_log(store: &dyn EventStore) -> Result<DefaultCountry, Problem> {
    let name = SettingName::DefaultCallingCode;
    let mut setting = SettingState::default();
    for stored in store.read_whole_stream(&Setting::stream(&name)).await? {
        let envelope = stored.envelope().map_err(unreadable)?;
        let event = read_event::<Setting>(&envelope).map_err(unreadable)?;
        Setting::evolve(&mut setting, &event, envelope.at);
    }
    let presets = match calling_code(setting.value(name)) {
        Some(code) => return Ok(DefaultCountry::Of(code)),
        None => campaigns_of_log(store).await?,
    };
    Ok(Countries::of(None, &presets.into_values().flatten().collect()).default)
}

fn unreadable(error: impl std::fmt::Display) -> Problem {
    Problem::fault(error.to_string())
}

/// Returns the calling code of the setting's value; `None` for 0 (the presets decide) and unknown codes.
fn calling_code(value: u64) -> Option<CallingCode> {
    // Every opt-out runs this. For 0, the tables of countries, which load slowly, are not touched.
    let code = u16::try_from(value).ok().filter(|code| *code != 0);
    code.and_then(CallingCode::new)
}

impl Installation {
    /// Returns the default country and the countries in use, from the setting and the presets of all
    /// campaigns.
    pub async fn countries(&self) -> Result<Countries, Problem> {
        let setting = self.calling_code_set().await?;
        let presets = self.presets_in_use().await?;
        Ok(Countries::of(setting, &presets))
    }

    /// Returns the country assumed for a number without a country code: the setting's, or that of all
    /// campaigns' presets; unknown if they differ.
    pub async fn default_country(&self) -> Result<DefaultCountry, Problem> {
        match self.calling_code_set().await? {
            Some(code) => Ok(DefaultCountry::Of(code)),
            None => Ok(Countries::of(None, &self.presets_in_use().await?).default),
        }
    }

    /// Parses a phone number; without a country code, in the default country. Fails with `number-invalid`
    /// if it is no number, or has no country code and the default is unknown.
    pub async fn phone_written(&self, text: &str) -> Result<PhoneNumber, Problem> {
        let country = match PhoneNumber::has_country_code(text) {
            true => DefaultCountry::Unknown,
            false => self.default_country().await?,
        };
        PhoneNumber::parse(text, country).map_err(number_invalid)
    }

    /// Returns the numbers that an opt-out or suppression with this text forbids, at least one: more than
    /// one if it has no country code and its country is not known. Fails with `number-invalid`.
    pub async fn phones_forbidden(&self, text: &str) -> Result<Vec<PhoneNumber>, Problem> {
        if PhoneNumber::has_country_code(text) {
            let phone = PhoneNumber::parse(text, DefaultCountry::Unknown).map_err(number_invalid)?;
            return Ok(vec![phone]);
        }
        let countries = self.countries_to_forbid_in().await?;
        countries.forbidden(text).map_err(number_invalid)
    }

    /// Returns the countries in use; if the campaigns' presets cannot be read within `PRESETS_WAIT_MS`, the
    /// countries of all presets.
    async fn countries_to_forbid_in(&self) -> Result<Countries, Problem> {
        let setting = self.calling_code_set().await?;
        let presets = tokio::select! {
            biased;
            () = self.pause(PRESETS_WAIT_MS) => None,
            read = self.presets_in_use() => read.ok(),
        };
        let presets = presets.unwrap_or_else(|| Preset::ALL.into_iter().collect());
        Ok(Countries::of(setting, &presets))
    }

    async fn calling_code_set(&self) -> Result<Option<CallingCode>, Problem> {
        Ok(calling_code(self.setting(SettingName::DefaultCallingCode).await?))
    }

    async fn presets_in_use(&self) -> Result<BTreeSet<Preset>, Problem> {
        for row in self.boards().await? {
            if self.countries.has(&row.campaign) {
                continue;
            }
            let state = self.entities.campaigns.state(&row.campaign).await?.state;
            if let Some(plan) = state.plan() {
                self.countries.note(&row.campaign, plan.presets());
            }
        }
        Ok(self.countries.all())
    }
}

fn number_invalid(error: InvalidPhoneNumber) -> Problem {
    Problem::refused("number-invalid", error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHINA: CallingCode = CallingCode::MAINLAND_CHINA;
    const AMERICA: CallingCode = CallingCode::NORTH_AMERICA;

    fn default_of(presets: &[Preset]) -> DefaultCountry {
        Countries::of(None, &presets.iter().copied().collect()).default
    }

    #[test]
    fn the_presets_in_use_say_the_country_where_they_agree() {
        assert_eq!(default_of(&[]), DefaultCountry::Of(CHINA));
        let chinese = [Preset::CnService, Preset::CnCollection];
        assert_eq!(default_of(&chinese), DefaultCountry::Of(CHINA));
        assert_eq!(
            default_of(&[Preset::UsTsr, Preset::UsRegf]),
            DefaultCountry::Of(AMERICA)
        );
        let mixed = [Preset::CnService, Preset::UsTsr];
        assert_eq!(default_of(&mixed), DefaultCountry::Unknown);
        assert_eq!(default_of(&[Preset::EuGdpr]), DefaultCountry::Unknown);
        let said = Countries::of(Some(AMERICA), &mixed.into_iter().collect());
        assert_eq!(said.default, DefaultCountry::Of(AMERICA));
    }

    #[test]
    fn an_opt_out_without_a_country_code_holds_in_every_country_in_use() {
        let forbidden = |setting, presets: &[Preset], text| -> Vec<String> {
            let presets: BTreeSet<Preset> = presets.iter().copied().collect();
            let numbers = Countries::of(setting, &presets).forbidden(text).unwrap();
            numbers.iter().map(|number| number.as_e164().to_owned()).collect()
        };
        let text = "(202) 555-0126";
        let mixed = [Preset::CnService, Preset::UsTsr];
        assert_eq!(forbidden(None, &mixed, text), ["+12025550126", "+862025550126"]);
        assert_eq!(forbidden(None, &[], text), ["+12025550126", "+862025550126"]);
        assert_eq!(forbidden(Some(AMERICA), &mixed, text), ["+12025550126"]);
        assert_eq!(forbidden(None, &[Preset::UsTsr], text), ["+12025550126"]);
        assert_eq!(forbidden(None, &[Preset::CnService], text), ["+862025550126"]);
        let london = forbidden(None, &[Preset::EuGdpr], "020 7946 0018");
        assert!(london.contains(&"+442079460018".to_owned()), "{london:?}");
        assert_eq!(forbidden(None, &mixed, "+1 202 555 0126"), ["+12025550126"]);
    }
}
