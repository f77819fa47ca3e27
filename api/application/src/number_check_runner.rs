//! Runs the number checks that campaigns require, without a command.
//!
//! Numbers are checked when a list is closed, when a campaign is started, and every hour, a hundred per
//! library request. A row that arrives while its campaign runs is checked before it is enrolled, because
//! its customer may be due at once. Only the process that may dial checks numbers, and only if it was
//! started with a number library. A number without an answer from the library stays unknown: the check is
//! repeated, and the compliance rule `number_state` defers its dials.

use crate::installation::Installation;
use crate::number_check_service::number_check_of;
use crate::number_checks::{check, check_campaign};
use domain::campaign::CampaignStatus;
use domain::customer::Enrolment;
use domain::ids::{CampaignId, CustomerId};
use domain::problem::Problem;
use domain::stored_event::Cause;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Interval between two passes over all campaigns, in milliseconds. The rule `number_state` asks again as
/// often.
const LOOK_MS: u64 = 3_600_000;

/// Wait before the next attempt if the library or the log was unavailable, in milliseconds.
const AGAIN_MS: u64 = 60_000;

/// Starts the task that checks the phone numbers of customers with the number library: every hour, and at
/// once when a campaign is started or a list is closed. It runs until the process stops, and retries after
/// a minute if a check fails.
pub fn begin(installation: &Arc<Installation>) {
    let keeper = Arc::clone(installation);
    installation.until_stopped("number checks", async move { keep(&keeper).await });
}

async fn keep(installation: &Installation) {
    loop {
        let next_ms = match check_all(installation).await {
            Ok(()) => LOOK_MS,
            Err(problem) => {
                tracing::warn!(%problem, "numbers were not checked; it is tried again");
                AGAIN_MS
            }
        };
        tokio::select! {
            biased;
            () = installation.number_checks.woken() => {}
            () = installation.pause(next_ms) => {}
        }
    }
}

async fn check_all(installation: &Installation) -> Result<(), Problem> {
    let is_the_one = installation.dialing.state().borrow().is_the_one();
    if !is_the_one || installation.number_checks.checker().is_none() {
        return Ok(());
    }
    // The view of campaigns may not contain these yet.
    let mut campaigns = installation.number_checks.take_campaigns();
    campaigns.extend(installation.boards().await?.into_iter().map(|row| row.campaign));
    let mut failed = None;
    for campaign in &campaigns {
        // A campaign that cannot be checked does not delay the others.
        if let Err(problem) = check_waiting(installation, campaign).await {
            failed.get_or_insert(problem);
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Checks the numbers of all unsettled customers of a campaign. Does nothing unless it is ready or running
/// and requires checks.
async fn check_waiting(installation: &Installation, campaign: &CampaignId) -> Result<(), Problem> {
    let state = installation.entities.campaigns.state(campaign).await?.state;
    let may_call = matches!(
        state.status(),
        Some(CampaignStatus::Ready | CampaignStatus::Running)
    );
    let Some(max_age_days) = state.plan().and_then(number_check_of).filter(|_| may_call) else {
        return Ok(());
    };
    let mut behind: Option<CustomerId> = None;
    loop {
        let cause = Cause::outside(installation.new_command());
        let done = check_campaign(installation, campaign, behind.as_ref(), max_age_days, cause).await?;
        if let Some(asked) = done.asked.filter(|asked| *asked > 0) {
            tracing::info!(%campaign, asked, "numbers were checked");
        }
        match done.after {
            Some(after) => behind = Some(after),
            None => return Ok(()),
        }
    }
}

/// Checks the number of a row before its customer is enrolled in a running campaign, because the customer
/// may be due at once. A failed check does not stop the row. After a failure no row is checked for
/// `AGAIN_MS`, so that a library that does not answer costs an import one timeout per minute.
pub(crate) async fn check_before_enrolment(
    installation: &Installation,
    row: &Enrolment,
    max_age_days: u32,
) -> Result<(), Problem> {
    let campaign = installation.entities.campaigns.state(&row.campaign).await?.state;
    let runs = campaign.status() == Some(CampaignStatus::Running);
    let room = &installation.number_checks;
    if !runs || room.checker().is_none() || room.rests_at(installation.now()) {
        return Ok(());
    }
    let number = BTreeMap::from([(row.number.clone(), row.phone.clone())]);
    let cause = Cause::outside(installation.new_command());
    if let Err(problem) = check(installation, number, max_age_days, cause).await {
        room.rest_until(installation.now().plus_ms(AGAIN_MS));
        tracing::warn!(%problem, "a number was not checked before its person was enrolled");
    }
    Ok(())
}
