//! The summary of a conversation in text, written when it is closed. It follows the rules of a call's summary
//! and is not worded by a model.

use super::call_replay::is_gone;
use super::{SummaryFailure, SummaryTask};
use crate::error::AskError;
use domain::call_course::{CallNotes, TextCourse};
use domain::conversation::course::apply_event;
use domain::conversation::{Conversation, ConversationEvent, ConversationState};
use domain::customer::ProfileOrigin;
use domain::decider::Decider;
use domain::ids::{ConversationId, SummaryId};
use domain::ports::vault::{PersonKey, key_to_read};
use domain::stored_event::{Envelope, StreamVersion, UnreadableRecord, open_personal, read_event};
use domain::summary::{SummaryCommand, SummaryPosition, write_text_summary};
use domain::texting;
use domain::transcript::TranscriptParent;

/// Events of one conversation that are read per page; one has a few dozen.
const TEXT_PAGE_EVENTS: usize = 1_024;

/// A conversation replayed from its events up to its end.
struct ReplayedText {
    text_course: TextCourse,
    /// The state just before the close, because the close removes the received messages.
    state: ConversationState,
    made_at: SummaryPosition,
    /// The customer's key; `None` if any word of the conversation can no longer be read.
    key: Option<PersonKey>,
}

impl SummaryTask {
    pub(super) async fn write_text_summary(&self, closed: &Envelope) -> Result<(), SummaryFailure> {
        let Ok(id) = closed.stream.id().parse::<ConversationId>() else {
            tracing::error!(stream = %closed.stream, "the stream of a closed conversation has no conversation id");
            return Ok(());
        };
        let Some(mut text) = self.replay_text(id).await? else {
            return Ok(());
        };
        let notes = self.notes_of_text(id, &mut text).await?;
        let written = write_text_summary(&text.text_course, &notes, text.made_at, self.masking.as_ref());
        let Some(mut fact) = written else {
            return Ok(());
        };
        if text.key.is_none() {
            fact.erase();
        } else {
            // Before the summary: a start finds unfinished work by the missing summary.
            let origin = ProfileOrigin::Conversation { conversation: id };
            self.tag(origin, &fact.customer, notes.tags, closed).await?;
        }
        let command = SummaryCommand::RecordText(Box::new(fact));
        let (summaries, of) = (&self.system.summaries, SummaryId::from(id));
        let recorded = summaries.ask_because(&of, command, closed, "record_text_summary");
        match recorded.await {
            Ok(_) => Ok(()),
            Err(error @ (AskError::Refused(_) | AskError::AnotherRequest)) => {
                tracing::error!(%id, %error, "the summary of a text is refused");
                Ok(())
            }
            Err(AskError::Fault) => Err(SummaryFailure::Fault),
            Err(error) => Err(SummaryFailure::Summary(error.to_string())),
        }
    }

    /// Returns the notes that the conversation's flow defines, by the nodes that it reached. These are
    /// derived again from the received messages.
    async fn notes_of_text(
        &self,
        id: ConversationId,
        text: &mut ReplayedText,
    ) -> Result<CallNotes, SummaryFailure> {
        let course = &mut text.text_course.course;
        if let Some(graph) = self.flow_of(course).await? {
            course.entered = texting::entered_of(id, &text.state, &graph);
        }
        self.notes(course).await
    }

    async fn replay_text(&self, id: ConversationId) -> Result<Option<ReplayedText>, SummaryFailure> {
        let stream = Conversation::stream(&id);
        let vault = self.environment.vault.as_ref();
        let (mut text_course, mut state) = (TextCourse::default(), ConversationState::default());
        let (mut after, mut key) = (StreamVersion(0), None);
        loop {
            let store = &self.environment.store;
            let page = store.read_stream(&stream, after, TEXT_PAGE_EVENTS).await?;
            for stored in &page {
                let envelope = stored.shared_envelope()?;
                let mut event = read_event::<Conversation>(&envelope).map_err(|error| UnreadableRecord {
                    position: stored.position,
                    why: error.to_string(),
                })?;
                if let ConversationEvent::Opened(fact) = &event {
                    key = key_to_read(vault, &fact.customer, TranscriptParent::Conversation(id)).await?;
                }
                open_personal(&envelope, &mut event, vault, key.as_ref())?;
                // If only words of the conversation are erased, the summary contains no words at all, and no
                // other key is made for it.
                if event.is_of_transcript() && is_gone(&event) {
                    key = None;
                }
                apply_event(&mut text_course, &event, envelope.at);
                if text_course.close.is_some() {
                    let made_at = SummaryPosition {
                        position: stored.position,
                        version: envelope.stream_version,
                    };
                    return Ok(Some(ReplayedText {
                        text_course,
                        state,
                        made_at,
                        key,
                    }));
                }
                Conversation::evolve(&mut state, &event, envelope.at);
                after = envelope.stream_version;
            }
            if page.len() < TEXT_PAGE_EVENTS {
                return Ok(None);
            }
        }
    }
}
