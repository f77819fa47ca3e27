//! The compliance presets that campaigns use, as far as this process has read them.

use domain::calling_plan::Preset;
use domain::ids::CampaignId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// A cache of the presets of each campaign. It needs no invalidation, because a campaign keeps its presets.
#[derive(Debug, Default)]
pub struct PresetsInUse {
    by_campaign: Mutex<BTreeMap<CampaignId, Vec<Preset>>>,
}

impl PresetsInUse {
    /// Stores the presets of a campaign. Called for a new campaign too, because the view of campaigns may
    /// be late.
    pub fn note(&self, campaign: &CampaignId, presets: impl IntoIterator<Item = Preset>) {
        let mut known = self.by_campaign.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(campaign.clone(), presets.into_iter().collect());
    }

    pub(crate) fn has(&self, campaign: &CampaignId) -> bool {
        let known = self.by_campaign.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains_key(campaign)
    }

    pub(crate) fn all(&self) -> BTreeSet<Preset> {
        let known = self.by_campaign.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().flatten().copied().collect()
    }
}
