//! Legs that a crash left open: the line ends each and watches those without a stored answer for 32 s. A
//! watch that a second crash cut short begins again at the next start, also after the end of its call.

use super::call_purpose::CallPurpose;
use super::driver_context::{DriverContext, Halt};
use super::facts::dialed_leg;
use super::late_answers::note_late_answer;
use super::recent_events::stored_since;
use crate::error::StartError;
use domain::call::Call;
use domain::call::event::{CallEvent, EndReason};
use domain::ids::CallId;
use domain::ports::event_store::StoreError;
use domain::ports::line::{LEFT_OVER_WATCH_MS, LeftOverEvent, LegFacts};
use domain::stored_event::read_event;
use std::sync::Arc;
use tokio::sync::mpsc;

/// How long the end of a call waits for the far end of an answered left-over leg, in milliseconds: a round
/// trip and a few repeats.
const FAR_END_MS_MAX: u64 = 2_000;
/// How long a call stays open when its leg has no stored answer and the far end did not refuse it, in
/// milliseconds. A far end that has answered repeats its 2xx every 4 s (T2; RFC 3261, 13.3.1.4).
const UNANSWERED_OPEN_MS: u64 = 5_000;
/// How far back a start looks for calls that a crash ended, in milliseconds: the length of the watch, which
/// began before the end, and 8 s for a stop and a start in between.
const WATCH_AGAIN_MS: u64 = LEFT_OVER_WATCH_MS + 8_000;

/// Makes the line end a left-over leg at the far end, and waits a limited time for its report. The line
/// watches the leg on while the process runs; an answer is stored, also after the call's end.
pub(super) async fn end_at_far_end(
    kit: &Arc<DriverContext>,
    placed: CallPurpose,
    trunk: &str,
    facts: LegFacts,
) {
    let call = facts.call;
    let open_ms = match facts.answered {
        Some(_) => FAR_END_MS_MAX,
        None => UNANSWERED_OPEN_MS,
    };
    let Some(mut reports) = watch(kit, placed, trunk, facts).await else {
        return;
    };
    let until = kit.now().plus_ms(open_ms);
    tokio::select! {
        biased;
        news = reports.recv() => if news.is_none() {
            tracing::debug!(%call, "the watch of a left-over leg ended without a report");
        },
        () = kit.environment.clock.wait_until(until) => {
            tracing::info!(%call, "the far end of a left-over leg is silent; the watch goes on");
        }
    }
}

/// Makes the line end a left-over leg and watch it, and stores an answer that comes. Returns a receiver of
/// its reports; `None` if the line cannot end it.
async fn watch(
    kit: &Arc<DriverContext>,
    placed: CallPurpose,
    trunk: &str,
    facts: LegFacts,
) -> Option<mpsc::Receiver<()>> {
    let (call, leg) = (facts.call, facts.leg);
    let Some(line) = kit.ports.lines.iter().find(|line| line.facts().name == trunk) else {
        tracing::warn!(%call, trunk, "the trunk of a left-over leg is not configured any more");
        return None;
    };
    let mut ending = match line.end_left_over(facts).await {
        Ok(ending) => ending,
        Err(error) => {
            tracing::warn!(%call, %error, "a left-over leg could not be ended");
            return None;
        }
    };
    let (news, reports) = mpsc::channel(1);
    let one = Arc::clone(kit);
    let watching = async move {
        loop {
            let event = ending.next().await;
            if let LeftOverEvent::LateAnswered(dialog) = &event {
                note_late_answer(&one, placed, call, leg, dialog.clone()).await;
            }
            if news.try_send(()).is_err() {
                tracing::debug!(%call, ?event, "a left-over leg reported another event");
            }
            if event == LeftOverEvent::Closed {
                return;
            }
        }
    };
    let stop = kit.environment.tasks.stop_signal();
    let bounded = async move {
        tokio::select! {
            biased;
            () = stop.stopping() => {}
            () = watching => {}
        }
    };
    kit.environment.tasks.spawn("left_over_leg", Box::pin(bounded));
    Some(reports)
}

/// Watches left-over legs again that an earlier start ended, if that process stopped before their watch was
/// over. Runs before this start ends calls itself. Fails if the store is unavailable; the start is then
/// tried again.
pub(super) async fn watch_again(kit: &Arc<DriverContext>) -> Result<(), StartError> {
    let since = kit.now().minus_ms(WATCH_AGAIN_MS);
    let store = kit.environment.store.as_ref();
    let ended = match stored_since(store, CallEvent::ENDED, since).await {
        Ok(ended) => ended,
        Err(StoreError::Damaged(what)) => {
            tracing::warn!(%what, "legs with a watch that was cut short could not be looked for");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    for envelope in ended {
        let is_crash = matches!(
            read_event::<Call>(&envelope),
            Ok(CallEvent::Ended {
                reason: EndReason::Crash,
                ..
            })
        );
        let Some(call) = envelope.stream.id().parse::<CallId>().ok().filter(|_| is_crash) else {
            continue;
        };
        match watch_ended(kit, CallPurpose::ForCustomer, call).await {
            Ok(()) => {}
            Err(Halt::Unavailable) => {
                let why = "a leg with a watch that was cut short could not be read";
                return Err(StoreError::Unavailable(why.to_owned()).into());
            }
            Err(halt @ (Halt::Refused | Halt::Fault)) => {
                tracing::warn!(%call, %halt, "a leg with a watch that was cut short could not be read");
            }
        }
    }
    Ok(())
}

/// Watches the leg of an ended call again, if a crash ended the call at most `WATCH_AGAIN_MS` ago and no
/// answer is stored. Otherwise does nothing.
pub(super) async fn watch_ended(
    kit: &Arc<DriverContext>,
    placed: CallPurpose,
    call: CallId,
) -> Result<(), Halt> {
    let loaded = kit.call_state(placed, &call).await?;
    let is_lately_cut_off = loaded.state.ended().is_some_and(|ended| {
        ended.reason == EndReason::Crash && kit.now().ms_since(ended.at) <= WATCH_AGAIN_MS
    });
    if !is_lately_cut_off || kit.is_of_restored_past(loaded.position) {
        return Ok(());
    }
    let leg = dialed_leg(kit.environment.vault.as_ref(), call, &loaded.state);
    if let Some((trunk, facts)) = leg.filter(|(_, facts)| facts.answered.is_none()) {
        tracing::info!(%call, "the leg of an ended call is watched again for a late answer");
        // The call has ended: nothing waits for the report.
        drop(watch(kit, placed, &trunk, facts).await);
    }
    Ok(())
}
