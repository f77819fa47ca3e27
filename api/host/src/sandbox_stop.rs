//! A stop of everything in the real realm also stops the calls of the sandbox, until it is lifted.

use application::installation::Installation;
use domain::decider::Decider;
use domain::ids::CommandId;
use domain::ports::event_store::StoreError;
use domain::problem::Problem;
use domain::stop::{Stop, StopCommand, StopId};
use domain::stored_event::Cause;
use std::sync::Arc;

/// The wait before the log is followed again after an error, in milliseconds.
const AGAIN_MS: u64 = 1_000;

/// The reason of a stop in the sandbox: that of the real one may name persons, and is not shown there.
const STOP_REASON: &str = "an emergency stop of the installation";

/// Starts to follow the stops of the real realm, until the process ends.
pub(crate) fn begin(real: &Arc<Installation>, sandbox: &Arc<Installation>) {
    let (real, own) = (Arc::clone(real), Arc::clone(sandbox));
    let following = async move {
        loop {
            if let Err(problem) = follow(&real, &own).await {
                tracing::warn!(%problem, "stops are not passed on to the sandbox; it is tried again");
            }
            real.pause(AGAIN_MS).await;
        }
    };
    sandbox.until_stopped("sandbox stop", following);
}

/// Brings the sandbox to the state of the real stop, now and at each of its events.
async fn follow(real: &Installation, sandbox: &Installation) -> Result<(), Problem> {
    let stream = Stop::stream(&StopId::All);
    let mut events = real.store().subscribe(real.store().head().await?).await?;
    loop {
        pass_on(real, sandbox).await?;
        while !next_page(events.as_mut(), stream.as_str()).await? {}
    }
}

/// Waits for the next events. Returns true if the stop is among them.
async fn next_page(
    events: &mut dyn domain::ports::event_store::Subscription,
    stream: &str,
) -> Result<bool, StoreError> {
    let page = events.next().await?;
    let is_of_stop = |envelope: &domain::stored_event::Envelope| envelope.stream.as_str() == stream;
    let mut envelopes = page.iter().filter_map(|event| event.shared_envelope().ok());
    Ok(envelopes.any(|envelope| is_of_stop(&envelope)))
}

async fn pass_on(real: &Installation, sandbox: &Installation) -> Result<(), Problem> {
    let loaded = real.entities.stops.state(&StopId::All).await?;
    let own = sandbox.entities.stops.state(&StopId::All).await?.state;
    let command = match (loaded.state.engaged(), own.engaged()) {
        (Some(stop), engaged) if engaged.is_none_or(|own| stop.hang_up && !own.hang_up) => {
            StopCommand::Engage {
                stop: StopId::All,
                reason: STOP_REASON.to_owned(),
                hang_up: stop.hang_up,
            }
        }
        (None, Some(_)) => StopCommand::Lift {
            reason: STOP_REASON.to_owned(),
        },
        (Some(_) | None, _) => return Ok(()),
    };
    let text = format!("sandbox stop/{}", loaded.version.0);
    let cause = Cause::outside(CommandId::derive_from_text(&text));
    sandbox.entities.stops.ask(&StopId::All, command, cause).await?;
    Ok(())
}
