//! Reads the callback time that a callee named in a call from the call's own events, when the call is closed.
//!
//! A flow asks for it with a time slot named `CALLBACK_SLOT`. The customer's decider accepts or refuses the
//! time in the append that closes the call. The events are read only if the flow has that slot.

use super::driver_context::{DriverContext, Halt};
use domain::call::course::apply_event;
use domain::call::event::CallEvent;
use domain::call::{Call, CallState};
use domain::call_course::CallCourse;
use domain::callback::CALLBACK_SLOT;
use domain::calling_plan::FlowRef;
use domain::decider::Decider;
use domain::flow::SlotKind;
use domain::ids::{CallId, CustomerId};
use domain::ports::vault::key_to_read;
use domain::stored_event::{StoredEvent, StreamVersion, open_personal, read_event};
use domain::time::Timestamp;
use domain::transcript::TranscriptParent;

/// Events of one call that are read per page; a call has a few dozen.
const CALL_PAGE_EVENTS: usize = 1_024;

/// Returns the callback time that the callee named in the call; `None` if the flow does not ask for one,
/// none was named, or the person is erased. Fails if the keys cannot be read now.
pub(super) async fn read_named_callback(
    kit: &DriverContext,
    call: CallId,
    state: &CallState,
    customer: &CustomerId,
    flow: &FlowRef,
) -> Result<Option<Timestamp>, Halt> {
    if state.answered_at().is_none() || !asks_for_one(kit, flow).await? {
        return Ok(None);
    }
    let vault = kit.environment.vault.as_ref();
    let key = match key_to_read(vault, customer, TranscriptParent::Call(call)).await {
        Ok(Some(key)) => key,
        Ok(None) => return Ok(None),
        Err(error) => {
            tracing::warn!(%call, %error, "the callback named in a call cannot be read yet");
            return Err(Halt::Unavailable);
        }
    };
    let (stream, mut course, mut after) = (Call::stream(&call), CallCourse::default(), StreamVersion(0));
    loop {
        let read = kit
            .environment
            .store
            .read_stream(&stream, after, CALL_PAGE_EVENTS)
            .await;
        let page = read.map_err(|error| {
            tracing::warn!(%call, %error, "a call cannot be read yet");
            Halt::Unavailable
        })?;
        for stored in &page {
            after = apply_stored_event(kit, &mut course, stored, &key)?;
        }
        if page.len() < CALL_PAGE_EVENTS {
            break;
        }
    }
    let said = course.slots.get(CALLBACK_SLOT).cloned().flatten();
    Ok(said.and_then(|said| said.parse().ok()))
}

fn apply_stored_event(
    kit: &DriverContext,
    course: &mut CallCourse,
    stored: &StoredEvent,
    key: &domain::ports::vault::PersonKey,
) -> Result<StreamVersion, Halt> {
    let unreadable = |error: String| {
        tracing::error!(%error, "an event of an ended call cannot be read");
        Halt::Fault
    };
    let envelope = stored
        .shared_envelope()
        .map_err(|error| unreadable(error.to_string()))?;
    let mut event = read_event::<Call>(&envelope).map_err(|error| unreadable(error.to_string()))?;
    if !matches!(event, CallEvent::Permitted { .. }) {
        let opened = open_personal(&envelope, &mut event, kit.environment.vault.as_ref(), Some(key));
        opened.map_err(|error| unreadable(error.to_string()))?;
    }
    apply_event(course, &event, envelope.at);
    Ok(envelope.stream_version)
}

async fn asks_for_one(kit: &DriverContext, flow: &FlowRef) -> Result<bool, Halt> {
    let loaded = kit.state(&kit.system.flows, &flow.flow).await?;
    let published = loaded.state.version(flow.version);
    let definition = published.and_then(|one| one.definition.as_ref());
    let slot = definition.and_then(|one| one.dialogue().slots.get(CALLBACK_SLOT));
    Ok(slot.is_some_and(|slot| slot.kind == SlotKind::Time))
}
