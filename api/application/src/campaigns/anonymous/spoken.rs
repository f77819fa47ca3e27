//! The ended calls and conversations of a campaign in which a customer said something, read from the log.

use crate::installation::Installation;
use domain::anonymous_transcript::SaidIn;
use domain::call::event::CallEvent;
use domain::conversation::ConversationEvent;
use domain::disposition::{Disposition, Outcome};
use domain::event_filter::EventFilter;
use domain::ids::{CampaignId, CustomerId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::{Envelope, Position};
use domain::time::Timestamp;
use domain::transcript::TranscriptOf;

/// An ended call or conversation.
#[derive(Debug, Clone)]
pub(super) struct Over {
    pub(super) of: TranscriptOf,
    pub(super) customer: CustomerId,
    pub(super) at: Timestamp,
}

/// How a call or conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ending {
    pub(super) said_in: SaidIn,
    pub(super) disposition: Option<Disposition>,
    pub(super) outcome: Option<Outcome>,
}

/// How a call or conversation ended, and if its transcript was disposed of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    pub(super) ending: Ending,
    pub(super) is_disposed: bool,
}

/// Reads the ended calls and conversations of a campaign, or of one customer in it, one page of the log at
/// a time.
pub(super) struct AllOver {
    filter: EventFilter,
    after: Position,
}

impl AllOver {
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

    /// Returns those of the next page, which may be empty. `None` at the end of the log.
    pub(super) async fn next(&mut self, installation: &Installation) -> Result<Option<Vec<Over>>, Problem> {
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

fn over_by(envelope: &Envelope) -> Option<Over> {
    let id = envelope.stream.id();
    let of = if envelope.kind == CallEvent::ENDED {
        TranscriptOf::Call(id.parse().ok()?)
    } else {
        TranscriptOf::Conversation(id.parse().ok()?)
    };
    Some(Over {
        of,
        customer: envelope.customer.clone()?,
        at: envelope.at,
    })
}

/// Returns the ending of a call or conversation, or `None` if the customer said nothing in it.
pub(super) async fn said(installation: &Installation, of: TranscriptOf) -> Result<Option<Said>, Problem> {
    let entities = &installation.entities;
    Ok(match of {
        TranscriptOf::Call(call) => {
            let state = entities.calls.state(&call).await?.state;
            let found = state.finding();
            state.has_heard().then(|| Said {
                ending: Ending {
                    said_in: SaidIn::Call,
                    disposition: found.map(|found| found.disposition),
                    outcome: found.and_then(|found| found.outcome),
                },
                is_disposed: state.is_transcript_disposed(),
            })
        }
        TranscriptOf::Conversation(conversation) => {
            let state = entities.conversations.state(&conversation).await?.state;
            (state.messages_count() > 0).then(|| Said {
                ending: Ending {
                    said_in: SaidIn::Conversation,
                    disposition: None,
                    outcome: state.closed().and_then(|(_, closed)| closed.outcome),
                },
                is_disposed: state.is_transcript_disposed(),
            })
        }
    })
}
