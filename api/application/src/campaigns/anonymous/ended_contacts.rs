//! The ended calls and conversations of a campaign in which a customer said something, read from the log.

use crate::installation::Installation;
use domain::anonymous_transcript::AnonymousTranscriptSource;
use domain::call::event::CallEvent;
use domain::conversation::ConversationEvent;
use domain::disposition::{Disposition, Outcome};
use domain::event_filter::EventFilter;
use domain::ids::{CampaignId, CustomerId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::{Envelope, Position};
use domain::time::Timestamp;
use domain::transcript::TranscriptParent;

/// An ended call or conversation.
#[derive(Debug, Clone)]
pub(super) struct EndedContact {
    pub(super) of: TranscriptParent,
    pub(super) customer: CustomerId,
    pub(super) at: Timestamp,
}

/// How a call or conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ending {
    pub(super) said_in: AnonymousTranscriptSource,
    pub(super) disposition: Option<Disposition>,
    pub(super) outcome: Option<Outcome>,
}

/// How a call or conversation ended, and if its transcript was disposed of.
#[derive(Debug, Clone, Copy)]
pub(super) struct EndingRecord {
    pub(super) ending: Ending,
    pub(super) is_disposed: bool,
}

/// Reads the ended calls and conversations of a campaign, or of one customer in it, one page of the log at
/// a time.
pub(super) struct EndedContactReader {
    filter: EventFilter,
    after: Position,
}

impl EndedContactReader {
    pub(super) fn of(campaign: &CampaignId, customer: Option<&CustomerId>) -> Self {
        let kinds = [CallEvent::ENDED, ConversationEvent::CLOSED];
        Self {
            filter: EventFilter {
                kinds: kinds.map(str::to_owned).into(),
                campaign: Some(campaign.clone()),
                customer: customer.cloned(),
                ..EventFilter::default()
            },
            after: Position(0),
        }
    }

    /// Returns the ended calls and conversations of the next page, which may be empty. `None` at the end of
    /// the log.
    pub(super) async fn next(
        &mut self,
        installation: &Installation,
    ) -> Result<Option<Vec<EndedContact>>, Problem> {
        let store = installation.store();
        let page = store
            .read_matching(&self.filter, self.after, PAGE_EVENTS_MAX)
            .await?;
        if page.reached == self.after {
            return Ok(None);
        }
        self.after = page.reached;
        let mut over = Vec::with_capacity(page.events.len());
        for stored in &page.events {
            let envelope = stored.envelope();
            let envelope = envelope.map_err(|error| Problem::fault(error.to_string()))?;
            over.extend(over_by(&envelope));
        }
        Ok(Some(over))
    }
}

fn over_by(envelope: &Envelope) -> Option<EndedContact> {
    let id = envelope.stream.id();
    let of = if envelope.kind == CallEvent::ENDED {
        TranscriptParent::Call(id.parse().ok()?)
    } else {
        TranscriptParent::Conversation(id.parse().ok()?)
    };
    Some(EndedContact {
        of,
        customer: envelope.customer.clone()?,
        at: envelope.at,
    })
}

/// Returns how a call or conversation ended, and whether its transcript was disposed of. `None` if the
/// customer said nothing in it.
pub(super) async fn find_ending(
    installation: &Installation,
    of: TranscriptParent,
) -> Result<Option<EndingRecord>, Problem> {
    let entities = &installation.entities;
    Ok(match of {
        TranscriptParent::Call(call) => {
            let state = entities.calls.state(&call).await?.state;
            let found = state.finding();
            state.has_heard().then(|| EndingRecord {
                ending: Ending {
                    said_in: AnonymousTranscriptSource::Call,
                    disposition: found.map(|found| found.disposition),
                    outcome: found.and_then(|found| found.outcome),
                },
                is_disposed: state.is_transcript_disposed(),
            })
        }
        TranscriptParent::Conversation(conversation) => {
            let state = entities.conversations.state(&conversation).await?.state;
            (state.messages_count() > 0).then(|| EndingRecord {
                ending: Ending {
                    said_in: AnonymousTranscriptSource::Conversation,
                    disposition: None,
                    outcome: state.closed().and_then(|(_, closed)| closed.outcome),
                },
                is_disposed: state.is_transcript_disposed(),
            })
        }
    })
}
