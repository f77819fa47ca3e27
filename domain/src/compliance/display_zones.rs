//! The zones in which times are shown to users: for a person, and for a campaign.

use super::preset::shipped_presets;
use super::zones::BEIJING;
use crate::calling_plan::Preset;
use chrono_tz::Tz;

/// Returns the zone in which a person's times are shown: the customer record's, else Beijing for a mainland
/// number, else UTC.
pub fn zone_of(record: Option<&str>, phone: Option<&str>) -> Tz {
    let recorded = record.and_then(|name| name.parse().ok());
    let is_mainland = phone.is_some_and(|phone| phone.starts_with("+86"));
    recorded.unwrap_or(if is_mainland { BEIJING } else { Tz::UTC })
}

/// Returns the zone in which a campaign's own times are shown: the one that its preset names, else UTC. It
/// does not affect calling hours, which apply in each person's own zone.
pub fn zone_of_campaign(preset: Preset) -> Tz {
    let mut shipped = shipped_presets().iter();
    let named = shipped.find(|rules| rules.preset == preset);
    named.and_then(|rules| rules.zone).unwrap_or(Tz::UTC)
}
