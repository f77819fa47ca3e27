//! Figures from the log next to the projections: refusals by rule, opt-outs, alerts and corrections of the
//! period.

use crate::log_walk::{FilteredEventReader, unreadable};
use domain::alert::event::AlertEvent;
use domain::calendar::CalendarPeriod;
use domain::call::event::CallEvent;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::event_filter::EventFilter;
use domain::ids::CampaignId;
use domain::number::event::NumberEvent;
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::{Envelope, Position};
use projections::position_at;
use serde_json::Value;
use std::collections::BTreeMap;

/// How long before the period the log is read, in milliseconds, in case a clock was wrong: an event is
/// stored when it happens or later.
const CLOCK_WRONG_MS_MAX: u64 = 86_400_000;

/// Counts by a code.
pub(super) type Counts = BTreeMap<String, u64>;

/// Refusals, opt-outs, alerts and corrections.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ComplianceCounts {
    /// Refused dials, by rule and version.
    pub(crate) refusals: Counts,
    pub(crate) opt_outs: u64,
    pub alerts: Counts,
    pub corrections: u64,
}

impl ComplianceCounts {
    /// Counts the needed kinds of events of the period in the log, up to the position of the rows.
    pub(super) async fn read(
        store: &dyn EventStore,
        campaign: Option<&CampaignId>,
        period: &CalendarPeriod,
        upto: Position,
    ) -> Result<Self, Problem> {
        let kinds = [
            CustomerEvent::DIAL_REFUSED,
            NumberEvent::DIAL_REFUSED,
            NumberEvent::OPTED_OUT,
            CampaignEvent::ALERT_RAISED,
            AlertEvent::RAISED,
            CallEvent::CORRECTED,
        ];
        let filter = EventFilter {
            kinds: kinds.map(str::to_owned).to_vec(),
            campaign: campaign.cloned(),
            ..EventFilter::default()
        };
        let mut watch = Self::default();
        let from = position_at(store, period.from.minus_ms(CLOCK_WRONG_MS_MAX)).await?;
        let mut log = FilteredEventReader::new(store, filter).between(from, upto);
        while let Some(page) = log.next().await? {
            for stored in &page {
                let envelope = stored.envelope().map_err(unreadable)?;
                if envelope.at >= period.from && envelope.at < period.to {
                    watch.take(&envelope);
                }
            }
        }
        Ok(watch)
    }

    fn take(&mut self, envelope: &Envelope) {
        let data: Value = serde_json::from_str(envelope.data.get()).unwrap_or_default();
        let text = |name: &str| {
            data.get(name)
                .and_then(Value::as_str)
                .unwrap_or("unknown")
                .to_owned()
        };
        match envelope.kind.as_str() {
            CustomerEvent::DIAL_REFUSED | NumberEvent::DIAL_REFUSED => {
                let version = data.get("version").and_then(Value::as_u64).unwrap_or(0);
                *self
                    .refusals
                    .entry(format!("{} v{version}", text("rule")))
                    .or_default() += 1;
            }
            NumberEvent::OPTED_OUT => self.opt_outs += 1,
            CampaignEvent::ALERT_RAISED => *self.alerts.entry(text("alert")).or_default() += 1,
            AlertEvent::RAISED => *self.alerts.entry(text("rule")).or_default() += 1,
            _ => self.corrections += 1,
        }
    }
}
