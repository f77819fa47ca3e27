//! The demo's progress: prints a line per second until every customer is settled and the carrier has no call
//! left.

use crate::demo::campaign::DemoCampaign;
use crate::demo::log::CallBook;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::progress::Progress;
use application::format_localized;
use domain::campaign::CampaignStatus;
use domain::ids::CampaignId;
use host::rehearsal::Carrier;
use http::running_server::RunningServer;

/// Interval at which the progress is read, in milliseconds.
const STEP_MS: u64 = 1_000;

/// Longest wait for the carrier's last calls, in milliseconds: BYE and its response, or the 4 s after which a
/// carrier drops a leg without a peer.
const QUIET_WITHIN_MS: u64 = 6_000;

/// Interval at which the carrier is checked.
const QUIET_STEP_MS: u64 = 100;

/// Longest time that an unwritable log may hold up a demo, in milliseconds. The user can then make space and
/// start it again on the same directory.
const STUCK_MS: u64 = 10_000;

/// Interval at which the log is checked.
const STUCK_STEP_MS: u64 = 500;

/// Returns when the demo cannot continue, with the reason and what to do: it was held up for too long, or a
/// part of it ended.
pub(super) async fn wait_until_stuck(running: &RunningServer) -> String {
    let installation = &running.installation;
    let mut since = None;
    loop {
        let now = installation.now();
        if let Some(why) = running.process.opened.fallen() {
            return why;
        }
        match running.process.find_storage_failure().await {
            None => since = None,
            Some(why) => {
                let since = *since.get_or_insert(now);
                if now.ms_since(since) >= STUCK_MS {
                    return format_localized!(
                        "{why}。请腾出空间后用同一 --data 重新运行，演示会继续",
                        "{why}. Make space, then run the same command again with --data: it continues where it stopped"
                    );
                }
            }
        }
        installation.pause(STUCK_STEP_MS).await;
    }
}

/// Waits until all campaigns have completed or were stopped, and returns the facts of every call.
pub(super) async fn wait_until_settled(
    running: &RunningServer,
    parts: &[DemoCampaign],
) -> Result<CallBook, Failure> {
    let installation = &running.installation;
    let mut book = CallBook::default();
    let mut paused_seen = false;
    let shown = Progress::spinner();
    loop {
        read(&mut book, running).await?;
        let progress = installation
            .dialing
            .drivers()
            .map(|drivers| drivers.progress())
            .unwrap_or_default();
        let ended = book.calls.values().filter(|call| call.ended.is_some()).count();
        let waiting = waiting(running, parts).await?;
        shown.say(format_localized!(
            "等待 {waiting:>4}  振铃 {:>3}  通话 {:>3}  结束 {ended:>4}",
            "waiting {waiting:>4}  ringing {:>3}  talking {:>3}  ended {ended:>4}",
            progress.ringing,
            progress.talking
        ));
        let standings = standings(running, parts).await?;
        if standings.iter().all(|standing| standing.is_over) {
            read(&mut book, running).await?;
            return Ok(book);
        }
        if let Some(why) = standings.into_iter().find_map(|standing| standing.paused)
            && !paused_seen
        {
            paused_seen = true;
            output::notice(&format_localized!(
                "任务已暂停：{why}",
                "a campaign is paused: {why}"
            ));
        }
        installation.pause(STEP_MS).await;
    }
}

/// The state of a campaign.
struct DemoCampaignState {
    is_over: bool,
    /// Reason of a pause.
    paused: Option<String>,
}

async fn standings(
    running: &RunningServer,
    parts: &[DemoCampaign],
) -> Result<Vec<DemoCampaignState>, Failure> {
    let mut standings = Vec::with_capacity(parts.len());
    for part in parts {
        let campaigns = &running.installation.entities.campaigns;
        let state = campaigns
            .state(&part.id())
            .await
            .map_err(domain::problem::Problem::from)?
            .state;
        let status = state.status();
        let is_paused = status == Some(CampaignStatus::Paused);
        standings.push(DemoCampaignState {
            is_over: matches!(status, Some(CampaignStatus::Completed | CampaignStatus::Stopped)),
            paused: is_paused.then(|| format!("{}: {:?}", part.id(), state.pause_reason())),
        });
    }
    Ok(standings)
}

async fn read(book: &mut CallBook, running: &RunningServer) -> Result<(), Failure> {
    book.catch_up(running.installation.store())
        .await
        .map_err(|error| Failure::fault(error.to_string()))
}

/// Returns the number of customers neither settled nor in a call.
async fn waiting(running: &RunningServer, parts: &[DemoCampaign]) -> Result<u64, Failure> {
    let work = host::app::worklist(&running.installation.rows)
        .unfinished_campaigns()
        .await
        .map_err(|error| Failure::unavailable(error.to_string()))?;
    let own = |campaign: &CampaignId| parts.iter().any(|part| part.id() == *campaign);
    let begun = work.into_iter().filter(|work| own(&work.campaign));
    let waiting = begun.map(|work| {
        let taken = work.settled_count.saturating_add(work.open_count);
        work.enrolled_count.saturating_sub(taken)
    });
    Ok(waiting.sum())
}

/// Waits until the carrier has no call left, so that its record is complete, at most `QUIET_WITHIN_MS`.
pub(super) async fn wait_until_quiet(carrier: &Carrier, running: &RunningServer) {
    let mut left_ms = QUIET_WITHIN_MS;
    while carrier.live_count() > 0 && left_ms > 0 {
        running.installation.pause(QUIET_STEP_MS).await;
        left_ms = left_ms.saturating_sub(QUIET_STEP_MS);
    }
}
