//! Closes idle conversations: after the idle time of the channel since the last text. The time is computed
//! from the log, so a restart neither forgets nor repeats it.

use crate::installation::Installation;
use domain::conversation::{ConversationCommand, ConversationEvent};
use domain::ids::{CommandId, ConversationId};
use domain::problem::Problem;
use domain::stored_event::Cause;
use std::sync::Arc;

/// Interval of the check for idle conversations, in milliseconds. Idle times are minutes or longer.
const LOOK_MS: u64 = 10_000;

/// Starts the task that closes idle conversations; it runs until the process stops.
pub fn begin(installation: &Arc<Installation>) {
    let keeper = Arc::clone(installation);
    installation.until_stopped("conversations", async move { keep(&keeper).await });
}

async fn keep(installation: &Installation) {
    loop {
        if let Err(problem) = look(installation).await {
            tracing::warn!(%problem, "idle conversations were not checked; trying again");
        }
        installation.pause(LOOK_MS).await;
    }
}

async fn look(installation: &Installation) -> Result<(), Problem> {
    let under_way = &installation.conversations;
    under_way.follow(installation.store()).await?;
    if !installation.dialing.state().borrow().is_the_one() {
        return Ok(());
    }
    for id in under_way.due(installation.now()) {
        close_if_idle(installation, id).await?;
    }
    Ok(())
}

async fn close_if_idle(installation: &Installation, id: ConversationId) -> Result<(), Problem> {
    let conversations = &installation.entities.conversations;
    let state = conversations.state(&id).await?.state;
    let now = installation.now();
    match state.idle_at().filter(|_| state.is_open()) {
        None => installation.conversations.forget(id),
        Some(at) if now < at => installation.conversations.look_again(id, at),
        Some(_) => {
            let what = format!("{}/{id}", ConversationEvent::CLOSED);
            let cause = Cause::outside(CommandId::derive_from_text(&what));
            conversations
                .ask(&id, ConversationCommand::CloseIdle, cause)
                .await?;
            installation.conversations.forget(id);
        }
    }
    Ok(())
}
