//! Collects the facts of every call from the log, for the summary and the reconciliation.

use domain::call::Call;
use domain::call::event::CallEvent;
use domain::call::progress::derive_failure_disposition;
use domain::call::test_call::TestCall;
use domain::decider::{Decider, EventData};
use domain::disposition::{Disposition, Outcome};
use domain::ids::{CallId, CampaignId};
use domain::ports::event_store::{EventStore, StoreError};
use domain::ports::line::LegFailure;
use domain::stored_event::{Envelope, Position, StoredEvent, read_event};
use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Events read from the store per page.
const PAGE_EVENTS: usize = 1_024;

/// One leg: its Call-ID and its result.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LoggedLeg {
    pub(crate) sip_call_id: String,
    pub(crate) rang: bool,
    pub(crate) answer: LoggedAnswer,
    pub(crate) failed_as: Option<Disposition>,
}

/// Whether a 2xx arrived, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum LoggedAnswer {
    #[default]
    /// No 2xx.
    None,
    /// Before the leg was given up.
    InTime,
    /// After the leg was given up: ACK and BYE were sent.
    Late,
}

/// The end of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoggedEnd {
    pub(crate) disposition: Disposition,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) talk_ms: u64,
    pub(crate) late_answer: bool,
    pub(crate) recording_sha256: Option<String>,
}

/// The facts of one call, from its own events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LoggedCall {
    pub(crate) legs: Vec<LoggedLeg>,
    pub(crate) campaign: Option<CampaignId>,
    /// Number of utterances that were understood.
    pub(crate) understood_count: u32,
    /// True if something was said or heard.
    pub(crate) has_words: bool,
    /// Time at which the first leg was dialed.
    pub(crate) dialed_at: Option<Timestamp>,
    pub(crate) answered_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) ended: Option<LoggedEnd>,
    /// The call's first events with their times, at most `STORY_EVENTS_MAX`, for the report.
    pub(crate) story: Vec<(Timestamp, &'static str)>,
}

/// Most events stored per call for the report; the longest conversation of a demo has fewer.
const STORY_EVENTS_MAX: usize = 64;

impl LoggedCall {
    pub(crate) fn dialed(&self) -> bool {
        !self.legs.is_empty()
    }

    fn leg(&mut self, leg: u8) -> Option<&mut LoggedLeg> {
        self.legs.get_mut(usize::from(leg).checked_sub(1)?)
    }

    /// Applies one event of the call.
    pub(crate) fn apply(&mut self, event: &CallEvent, at: Timestamp) {
        if self.story.len() < STORY_EVENTS_MAX {
            self.story.push((at, event.kind()));
        }
        match event {
            CallEvent::Dialing { sip_call_id, .. } => {
                self.dialed_at.get_or_insert(at);
                self.legs.push(LoggedLeg {
                    sip_call_id: sip_call_id.clone(),
                    ..LoggedLeg::default()
                });
            }
            CallEvent::Permitted { customer_grant, .. } => {
                self.campaign = Some(customer_grant.campaign.clone());
            }
            CallEvent::Understood { .. } => self.understood_count += 1,
            CallEvent::NoticePlayed { .. } | CallEvent::Said { .. } | CallEvent::Heard { .. } => {
                self.has_words = true;
            }
            CallEvent::Ringing { leg, .. } => self.note(*leg, |leg| leg.rang = true),
            CallEvent::LegFailed { leg, failure } => self.fail(*leg, failure),
            CallEvent::Answered { leg, .. } => {
                self.answered_at = Some(at);
                self.note(*leg, |leg| leg.answer = LoggedAnswer::InTime);
            }
            CallEvent::LateAnswered { leg, .. } => self.note(*leg, |leg| leg.answer = LoggedAnswer::Late),
            CallEvent::Ended {
                disposition,
                outcome,
                talk_ms,
                late_answer,
                recording_sha256,
                ..
            } => {
                self.ended_at = Some(at);
                self.ended = Some(LoggedEnd {
                    disposition: *disposition,
                    outcome: *outcome,
                    talk_ms: *talk_ms,
                    late_answer: *late_answer,
                    recording_sha256: recording_sha256.clone(),
                });
            }
            // Like in a view, other events change no fact that is used.
            _ => {}
        }
    }

    fn note(&mut self, leg: u8, note: impl FnOnce(&mut LoggedLeg)) {
        if let Some(leg) = self.leg(leg) {
            note(leg);
        }
    }

    fn fail(&mut self, leg: u8, failure: &LegFailure) {
        let disposition = derive_failure_disposition(failure).disposition;
        self.note(leg, |leg| leg.failed_as = Some(disposition));
    }
}

/// The facts of every call in a log.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallBook {
    pub(crate) calls: BTreeMap<CallId, LoggedCall>,
    /// Call-IDs of test calls: the carrier has them, and they are no calls to customers.
    pub(crate) test_legs: BTreeSet<String>,
    at: Position,
}

/// Why the calls of a log could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BookError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("position {position}: {why}")]
    Unreadable { position: Position, why: String },
}

impl CallBook {
    /// Reads the events that were added to the log since the last reading, and keeps the facts of calls.
    pub(crate) async fn catch_up(&mut self, store: &dyn EventStore) -> Result<(), BookError> {
        loop {
            let page = store.read_all(self.at, PAGE_EVENTS).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            let reached = last.position;
            for stored in &page {
                self.take(stored)?;
            }
            self.at = reached;
        }
    }

    fn take(&mut self, stored: &StoredEvent) -> Result<(), BookError> {
        let unreadable = |why: String| BookError::Unreadable {
            position: stored.position,
            why,
        };
        let envelope: Envelope = stored.envelope().map_err(|error| unreadable(error.to_string()))?;
        if envelope.stream.aggregate() == TestCall::AGGREGATE {
            let event = read_event::<TestCall>(&envelope).map_err(|error| unreadable(error.to_string()))?;
            if let CallEvent::Dialing { sip_call_id, .. } = event.step() {
                self.test_legs.insert(sip_call_id.clone());
            }
            return Ok(());
        }
        if envelope.stream.aggregate() != Call::AGGREGATE {
            return Ok(());
        }
        let call: CallId = envelope
            .stream
            .id()
            .parse()
            .map_err(|error: domain::ids::InvalidId| unreadable(error.to_string()))?;
        let event = read_event::<Call>(&envelope).map_err(|error| unreadable(error.to_string()))?;
        self.calls.entry(call).or_default().apply(&event, envelope.at);
        Ok(())
    }
}
