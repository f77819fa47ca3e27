//! Transcripts past their period. They are found in the log by the ends of calls and conversations, and
//! identified by their own key. A transcript without such a key was never written, is already destroyed, or
//! is older than these keys; an older one is sealed with the customer's key and is destroyed with it.

use super::complaint_subjects::ComplaintSubjects;
use super::disposal_execution::DisposalOutcome;
use super::due_data::{DueData, Item, Presets, latest};
use crate::decision_execution::derive_cause;
use crate::installation::Installation;
use domain::call::Disposal;
use domain::call::command::CallCommand;
use domain::call::event::CallEvent;
use domain::conversation::{ConversationCommand, ConversationEvent};
use domain::event_filter::EventFilter;
use domain::ids::{CustomerId, EventId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::retention::{DataClass, DisposedItems, OpenDisposal, RetentionState, compute_cutoff};
use domain::stored_event::{Envelope, Position};
use domain::time::Timestamp;
use domain::transcript::TranscriptParent;

/// Most transcripts that one run disposes of: a minute or two of destroying keys and storing. The next run
/// continues.
const TRANSCRIPTS_MAX: usize = 5_000;

/// Returns the call or conversation that this event ends, which completes its transcript; `None` for other
/// events.
fn ends(envelope: &Envelope) -> Option<TranscriptParent> {
    let id = envelope.stream.id();
    match envelope.kind.as_str() {
        CallEvent::ENDED => id.parse().ok().map(TranscriptParent::Call),
        ConversationEvent::CLOSED => id.parse().ok().map(TranscriptParent::Conversation),
        _ => None,
    }
}

/// Finds transcripts past their period that have a key of their own and belong to customers who are not
/// held. The search starts where the last review stopped: before the first transcript that still exists.
pub(super) async fn due(
    installation: &Installation,
    state: &RetentionState,
) -> Result<DueData<TranscriptParent>, Problem> {
    let now = installation.now();
    let mut due = DueData::nothing();
    let last = state.last_review();
    let mut after = last
        .and_then(|last| last.reviewed.through_position)
        .unwrap_or(Position(0));
    due.through_position = Some(after);
    let Some(latest) = latest(state, DataClass::Transcripts, now) else {
        return Ok(due);
    };
    let mut looking = DueTranscriptSearch {
        installation,
        state,
        now,
        presets: Presets::new(installation),
        complained: ComplaintSubjects::now(installation).await?,
        due,
        is_settled: true,
    };
    let filter = EventFilter {
        kinds: [CallEvent::ENDED, ConversationEvent::CLOSED]
            .map(str::to_owned)
            .into(),
        ..EventFilter::default()
    };
    loop {
        let store = installation.store();
        let page = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await?;
        for stored in &page.events {
            let envelope = stored.envelope();
            let envelope = envelope.map_err(|error| Problem::fault(error.to_string()))?;
            // Times never decrease along the log, so nothing later is due.
            if envelope.at > latest {
                return Ok(looking.due);
            }
            if let Some(of) = ends(&envelope) {
                looking.look_at(of, &envelope).await?;
            }
            looking.reached(stored.position);
        }
        if page.reached == after {
            return Ok(looking.due);
        }
        after = page.reached;
    }
}

/// A search for transcripts past their period, with what was found so far.
struct DueTranscriptSearch<'a> {
    installation: &'a Installation,
    state: &'a RetentionState,
    now: Timestamp,
    presets: Presets<'a>,
    complained: ComplaintSubjects,
    due: DueData<TranscriptParent>,
    /// True until the first existing transcript is found. Until then, the next review can skip this part of
    /// the log.
    is_settled: bool,
}

impl DueTranscriptSearch<'_> {
    fn reached(&mut self, position: Position) {
        if self.is_settled {
            self.due.through_position = Some(position);
        }
    }

    async fn look_at(&mut self, of: TranscriptParent, ended: &Envelope) -> Result<(), Problem> {
        self.due.looked_at = self.due.looked_at.saturating_add(1);
        if self.installation.vault().existing_key(&of.key()).await?.is_none() {
            return Ok(());
        }
        self.is_settled = false;
        let (Some(campaign), Some(customer)) = (&ended.campaign, &ended.customer) else {
            self.due.unknown = self.due.unknown.saturating_add(1);
            return Ok(());
        };
        let Some(preset) = self
            .presets
            .of(campaign, self.state, DataClass::Transcripts)
            .await?
        else {
            return Ok(());
        };
        let period = self.state.period(DataClass::Transcripts, preset);
        if period.is_none_or(|period| ended.at > compute_cutoff(self.now, period.days)) {
            return Ok(());
        }
        if is_held(self.installation, &self.complained, of, customer).await? {
            self.due.held = self.due.held.saturating_add(1);
            return Ok(());
        }
        let item = Item {
            id: of,
            rested_at: ended.at,
        };
        self.due.add(preset, item, TRANSCRIPTS_MAX);
        Ok(())
    }
}

pub(super) async fn is_held(
    installation: &Installation,
    complained: &ComplaintSubjects,
    of: TranscriptParent,
    customer: &CustomerId,
) -> Result<bool, Problem> {
    let person = installation.entities.customers.state(customer).await?.state;
    let is_named = match of {
        TranscriptParent::Call(call) => complained.names_call(call, customer, &person),
        TranscriptParent::Conversation(_) => complained.names(customer, &person),
    };
    Ok(is_named || person.held().is_some())
}

/// Returns the transcripts in the form in which the event of a disposal names them.
pub(super) fn things(transcripts: Vec<TranscriptParent>) -> DisposedItems {
    let mut things = DisposedItems::default();
    for of in transcripts {
        match of {
            TranscriptParent::Call(call) => things.calls.push(call),
            TranscriptParent::Conversation(conversation) => things.conversations.push(conversation),
        }
    }
    things
}

/// Returns the transcripts that the event of a disposal names.
pub(super) fn named(things: &DisposedItems) -> impl Iterator<Item = TranscriptParent> + '_ {
    let calls = things.calls.iter().copied().map(TranscriptParent::Call);
    let conversations = things.conversations.iter().copied();
    calls.chain(conversations.map(TranscriptParent::Conversation))
}

/// Destroys the key of one transcript and records it in the transcript's own stream, unless its customer is
/// held by now.
pub(super) async fn dispose(
    installation: &Installation,
    of: TranscriptParent,
    under_way: &OpenDisposal,
    begun: EventId,
    complained: &ComplaintSubjects,
) -> Result<DisposalOutcome, Problem> {
    let entities = &installation.entities;
    let customer = match of {
        TranscriptParent::Call(call) => entities.calls.state(&call).await?.state.customer().cloned(),
        TranscriptParent::Conversation(id) => {
            let state = entities.conversations.state(&id).await?.state;
            state.opened().map(|opened| opened.customer.clone())
        }
    };
    if let Some(customer) = customer
        && is_held(installation, complained, of, &customer).await?
    {
        return Ok(DisposalOutcome::Kept);
    }
    let (vault, key) = (installation.vault(), of.key());
    let was_there = vault.destroyed(&key).await?.is_none();
    vault.destroy(&key, installation.now()).await?;
    let (disposal, preset, days) = (under_way.disposal, under_way.under.preset, under_way.under.days);
    match of {
        TranscriptParent::Call(call) => {
            let command = CallCommand::DisposeTranscript(Disposal {
                disposal,
                preset,
                days,
            });
            let cause = derive_cause(begun, &format!("transcript:{call}"));
            entities.calls.ask(&call, command, cause).await?;
        }
        TranscriptParent::Conversation(conversation) => {
            let command = ConversationCommand::DisposeTranscript {
                disposal,
                preset,
                days,
            };
            let cause = derive_cause(begun, &format!("transcript:{conversation}"));
            entities.conversations.ask(&conversation, command, cause).await?;
        }
    }
    Ok(if was_there {
        DisposalOutcome::Destroyed
    } else {
        DisposalOutcome::Gone
    })
}
