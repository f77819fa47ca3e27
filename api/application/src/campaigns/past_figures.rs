//! The figures of all campaigns at a past moment, from the snapshot of that day and the events after it.

use crate::as_of::{PastMomentInfo, ReplayInput, ResolvedMoment};
use crate::campaigns::figures;
use crate::campaigns::responses::{CampaignListed, Campaigns};
use crate::figures::{Completeness, FORMULA, PEOPLE, versions};
use crate::installation::Installation;
use domain::event_filter::EventFilter;
use domain::problem::Problem;
use projections::View;
use projections::views::campaign_board::CallFigures;
use projections::views::snapshots::{self, CampaignTotal, DailySnapshots};
use std::sync::Arc;

/// Longest wait until the read model contains the moment, in milliseconds.
const ROWS_WAIT_MS: u64 = 5_000;

/// Returns all campaigns with their figures at a past moment: from the last daily snapshot and the events
/// after it. With `valid_at` no snapshot can be used, and all events are replayed from the first.
pub(crate) async fn all_campaigns(
    installation: &Installation,
    then: &ResolvedMoment,
) -> Result<Campaigns, Problem> {
    let copy = match then.valid_at() {
        None => {
            installation.rows_at(then.position, ROWS_WAIT_MS).await?;
            snapshots::read_last_snapshot(installation.rows.db().as_ref(), then.position).await?
        }
        Some(_) => None,
    };
    let mut wanted = ReplayInput::all_of(EventFilter::default());
    if let Some(copy) = copy {
        (wanted.after, wanted.begun) = (copy.upto, copy.rows);
    }
    let from = wanted.after;
    let views: Vec<Arc<dyn View>> = vec![Arc::new(DailySnapshots)];
    let shown = installation
        .past
        .fold(&installation.environment, wanted, views, then)
        .await?;
    let totals = snapshots::totals(shown.rows.db.as_ref()).await?;
    Ok(Campaigns {
        items: totals.iter().map(describe_total).collect(),
        versions: versions(FORMULA.iter().chain(&PEOPLE))?,
        completeness: Completeness::then(PastMomentInfo {
            copied_position: Some(from.to_string()),
            ..shown.known(then)
        }),
    })
}

fn describe_total(total: &CampaignTotal) -> CampaignListed {
    // A difference of two streams' counts may be below 0 for a moment.
    let count = |value: i64| u64::try_from(value).unwrap_or(0);
    let mut calls = CallFigures {
        dialed: count(total.calls.dialed),
        answered: count(total.calls.answered),
        ended: count(total.calls.ended),
        talked: count(total.calls.talked),
        talk_ms: count(total.calls.talk_ms),
        conversions: count(total.calls.conversions),
        person_answered: count(total.calls.person_answered),
        ..CallFigures::default()
    };
    calls.work_out();
    let (enrolled, open, settled) = (count(total.enrolled), count(total.open), count(total.settled));
    let waiting = enrolled.saturating_sub(open.saturating_add(settled));
    CampaignListed {
        progress: figures(
            waiting,
            open,
            settled,
            &calls,
            count(total.alerts),
            total.last_alert.as_deref(),
            total.last_alert_detail.as_deref(),
        ),
        id: total.campaign.clone(),
        task_id: total.campaign.clone(),
        status: total.status.clone(),
        preset: total.preset.clone(),
        enrolled,
        now: None,
    }
}
