//! The zones in which times are said to people: of a person, and of a campaign.

use super::preset::shipped_presets;
use super::zones::BEIJING;
use crate::calling_plan::Preset;
use chrono_tz::Tz;

/// In which zone a time is said to be: of the record, else of the number where the whole country has one.
pub fn zone_of(record: Option<&str>, phone: Option<&str>) -> Tz {
    let recorded = record.and_then(|name| name.parse().ok());
    let is_mainland = phone.is_some_and(|phone| phone.starts_with("+86"));
    recorded.unwrap_or(if is_mainland { BEIJING } else { Tz::UTC })
}

/// In which zone a campaign's own times are said to be: the one its preset's text names, else UTC. The hours
/// in which a person may be called are those of the person's own zone, whatever this is.
pub fn zone_of_campaign(preset: Preset) -> Tz {
    let mut shipped = shipped_presets().iter();
    let named = shipped.find(|rules| rules.preset == preset);
    named.and_then(|rules| rules.zone).unwrap_or(Tz::UTC)
}
