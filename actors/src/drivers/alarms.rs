//! Alerts of a campaign about failures that an operator must fix: a trunk that rejects our media offer,
//! refuses our credentials, or loops.

use super::driver_context::DriverContext;
use domain::campaign::command::CampaignCommand;
use domain::disposition::Disposition;
use domain::ids::CampaignId;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Shortest time between two alerts of the same kind, in milliseconds (one hour).
const AGAIN_MS: u64 = 3_600_000;
/// Most alerts remembered. Above that the first in order of campaign are forgotten, and may be raised again
/// earlier.
const REMEMBERED_MAX: usize = 1_000;

/// Recently raised alerts, by campaign, trunk and disposition.
#[derive(Default)]
pub(crate) struct Alarms {
    raised: Mutex<BTreeMap<(CampaignId, String, Disposition), Timestamp>>,
}

impl Alarms {
    fn is_news(&self, alarm: (CampaignId, String, Disposition), now: Timestamp) -> bool {
        let mut raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        raised.retain(|_, at| now.ms_since(*at) < AGAIN_MS);
        if raised.contains_key(&alarm) {
            return false;
        }
        if raised.len() >= REMEMBERED_MAX {
            raised.pop_first();
        }
        raised.insert(alarm, now);
        true
    }
}

/// Raises an alert in the campaign, with the disposition's code as its name and the trunk as its detail,
/// unless the same was raised within the last hour.
pub(crate) async fn raise(
    kit: &DriverContext,
    campaign: &CampaignId,
    trunk: String,
    disposition: Disposition,
) {
    if !kit
        .alarms
        .is_news((campaign.clone(), trunk.clone(), disposition), kit.now())
    {
        return;
    }
    let command = CampaignCommand::RaiseAlert {
        alert: disposition.code().to_owned(),
        detail: trunk,
    };
    let asked = kit.ask(&kit.system.campaigns, campaign, command, kit.fresh_cause());
    if let Err(halt) = asked.await {
        tracing::warn!(%campaign, %halt, "an alert could not be raised");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_news_once_an_hour_for_each_campaign_trunk_and_disposition() {
        let alarms = Alarms::default();
        let now = Timestamp::from_millis(1_000);
        let about = |trunk: &str, disposition| ("A".parse().unwrap(), trunk.to_owned(), disposition);
        let incompatible = || about("one", Disposition::MediaIncompatible);
        assert!(alarms.is_news(incompatible(), now));
        assert!(!alarms.is_news(incompatible(), now.plus_ms(AGAIN_MS - 1)));
        assert!(alarms.is_news(about("two", Disposition::MediaIncompatible), now));
        assert!(alarms.is_news(about("one", Disposition::Loop), now));
        assert!(alarms.is_news(incompatible(), now.plus_ms(AGAIN_MS)));
    }
}
