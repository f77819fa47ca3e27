//! Replays a call's own events up to its end: the source of its summary.

use super::{SummaryFailure, SummaryTask};
use domain::call::Call;
use domain::call::course::apply_event;
use domain::call::event::CallEvent;
use domain::call_course::{CallCourse, CallNotes};
use domain::decider::{Decider, EventData};
use domain::flow::FlowDefinition;
use domain::ids::CallId;
use domain::personal::Personal;
use domain::ports::vault::{PersonKey, key_to_read};
use domain::stored_event::{
    Envelope, StoredEvent, StreamVersion, UnreadableRecord, open_personal, read_event,
};
use domain::summary::SummaryPosition;
use domain::transcript::TranscriptParent;
use std::sync::Arc;

/// Events of one call that are read per page; a call has a few dozen.
const CALL_PAGE_EVENTS: usize = 1_024;
/// The language of a summary if the flow cannot be read: that of the compliance rule sets.
const LANGUAGE_UNKNOWN: &str = "zh-CN";

/// A call replayed from its events up to its end.
pub(super) struct ReplayedCall {
    pub(super) course: CallCourse,
    /// Position and stream version of the call's end.
    pub(super) made_at: SummaryPosition,
    /// The customer's key, if it exists.
    pub(super) key: Option<PersonKey>,
    /// The callee's utterances, in order.
    pub(super) heard: Vec<String>,
}

impl SummaryTask {
    /// Replays the call's events up to its end; `None` if the call has not ended.
    pub(super) async fn replay_call(&self, call: CallId) -> Result<Option<ReplayedCall>, SummaryFailure> {
        let stream = Call::stream(&call);
        let (mut course, mut after, mut key) = (CallCourse::default(), StreamVersion(0), None);
        let mut heard = Vec::new();
        loop {
            let page = self
                .environment
                .store
                .read_stream(&stream, after, CALL_PAGE_EVENTS)
                .await?;
            for stored in &page {
                let (envelope, event) = self.opened(stored, key.as_ref())?;
                if let CallEvent::Permitted { customer_grant, .. } = &event {
                    let vault = self.environment.vault.as_ref();
                    let of = TranscriptParent::Call(call);
                    key = key_to_read(vault, &customer_grant.customer, of).await?;
                }
                // If only the words are erased (with an older copy of the keys), the summary contains no
                // words either, and no other key is made for it.
                if key.is_some() && event.is_of_transcript() && is_gone(&event) {
                    key = None;
                }
                apply_event(&mut course, &event, envelope.at);
                if let CallEvent::Heard(fact) = &event {
                    heard.extend(fact.text.value().cloned());
                }
                if course.ended.is_some() {
                    let made_at = SummaryPosition {
                        position: stored.position,
                        version: envelope.stream_version,
                    };
                    return Ok(Some(ReplayedCall {
                        course,
                        made_at,
                        key,
                        heard,
                    }));
                }
                after = envelope.stream_version;
            }
            if page.len() < CALL_PAGE_EVENTS {
                return Ok(None);
            }
        }
    }

    /// Returns the event with its personal values opened. `call.permitted` stays sealed: it comes before
    /// the key is read, and the dialed number is not needed.
    fn opened(
        &self,
        stored: &StoredEvent,
        key: Option<&PersonKey>,
    ) -> Result<(Arc<Envelope>, CallEvent), SummaryFailure> {
        let envelope = stored.shared_envelope()?;
        let unreadable = |why: String| UnreadableRecord {
            position: stored.position,
            why,
        };
        let mut event = read_event::<Call>(&envelope).map_err(|error| unreadable(error.to_string()))?;
        if !matches!(event, CallEvent::Permitted { .. }) {
            open_personal(&envelope, &mut event, self.environment.vault.as_ref(), key)?;
        }
        Ok((envelope, event))
    }

    /// Returns the definition of the flow that the call ran; `None` if this build cannot read it or the
    /// call names none.
    pub(super) async fn flow_of(
        &self,
        course: &CallCourse,
    ) -> Result<Option<Arc<FlowDefinition>>, SummaryFailure> {
        let Some(flow) = &course.flow else {
            return Ok(None);
        };
        let loaded = self.system.flows.state(&flow.flow).await;
        let loaded = loaded.map_err(|error| SummaryFailure::Flow(error.to_string()))?;
        let published = loaded.state.version(flow.version);
        Ok(published.and_then(|one| one.definition.clone()))
    }

    /// Returns the notes that the call's flow defines, by the nodes that the call reached. If the flow
    /// cannot be read: empty notes in Chinese.
    pub(super) async fn notes(&self, course: &CallCourse) -> Result<CallNotes, SummaryFailure> {
        let unknown = || CallNotes {
            lang: LANGUAGE_UNKNOWN.to_owned(),
            ..CallNotes::default()
        };
        let definition = self.flow_of(course).await?;
        Ok(definition.map_or_else(unknown, |one| one.notes_of(&course.entered)))
    }
}

/// Returns true if any personal value of the event is erased.
pub(super) fn is_gone<E: EventData + Clone>(event: &E) -> bool {
    let mut event = event.clone();
    let is_erased = |field: &Personal<String>| matches!(field, Personal::Erased { .. });
    event.personal().iter().any(|(_, field)| is_erased(field))
}
