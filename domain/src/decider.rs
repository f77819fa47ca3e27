//! The Decider trait: the pure functions decide and evolve of one aggregate, and the traits of its events.
//!
//! `decide` may refuse; `evolve` never fails and never judges. Time and ids come in `Context`: a replay of
//! the same events and commands always gives the same results.

use crate::personal::Personal;
use crate::record::tagged_event::read_tagged;
use crate::time::Timestamp;
use crate::transcript::TranscriptParent;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::fmt;
use values::ids::{CampaignId, CustomerId, StreamId};

/// What a decision may use besides state and command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    pub now: Timestamp,
}

/// The campaign and customer that an event concerns: members of its record, by which it is found and
/// sealed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
}

/// The events of one aggregate: an enum with tag `kind` and content `data`, and how they are stored.
pub trait EventData:
    Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Returns the stored kind, `<aggregate>.<past participle>`. It never changes.
    fn kind(&self) -> &'static str;
    /// Returns the version of the event's shape that this build writes, from 1.
    fn version(&self) -> u16;
    /// Returns the newest version of a kind that this build knows; 1 until the kind's first change.
    fn current_version(_kind: &str) -> u16 {
        1
    }
    /// Returns every personal field of the event with its JSON pointer inside `data` (RFC 6901).
    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)>;
    /// Returns true if with this event the entity's personal data leaves memory: values read before become
    /// erased.
    fn forgets(&self) -> bool {
        false
    }
    /// Reads stored data of an event of any version; old versions are upcast first. Fails for an unknown
    /// kind, a newer version or invalid data.
    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent>;
}

/// The error for a stored event that this build cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {kind} version {version}: {why}")]
pub struct UnreadableEvent {
    pub kind: String,
    pub version: u16,
    pub why: String,
}

/// Reads an event's data in the current version of its kind; `EventData::read` uses it after upcasting.
/// Another version is refused, even if its data would parse: it may mean something else.
pub fn read_current<E: EventData>(kind: &str, version: u16, data: &RawValue) -> Result<E, UnreadableEvent> {
    let unreadable = |why| UnreadableEvent {
        kind: kind.to_owned(),
        version,
        why,
    };
    let known = E::current_version(kind);
    if version > known {
        return Err(unreadable(format!(
            "this build knows it up to version {known}; use a newer ledgerline"
        )));
    }
    if version < known {
        return Err(unreadable(format!("no upcast leads from it to version {known}")));
    }
    read_tagged(kind, data).map_err(|error| unreadable(error.to_string()))
}

/// One aggregate: its commands, events, state and refusals, and the two functions between them.
pub trait Decider: Send + Sync + Sized + 'static {
    type Id: Clone + fmt::Display + fmt::Debug + Ord + Send + Sync + 'static;
    type Command: Clone + fmt::Debug + Send + Sync + 'static;
    type Event: EventData;
    type State: Default + Clone + fmt::Debug + Send + Sync + 'static;
    type Refusal: std::error::Error + Clone + PartialEq + Send + Sync + 'static;

    /// First part of the stream's name, for example `call`.
    const AGGREGATE: &'static str;

    /// True if an event without another cause has the event before it in its stream as causation: for
    /// aggregates that run step by step, for example a call.
    const SEQUENTIAL: bool = false;

    /// Returns the command's name for logs.
    fn command_kind(command: &Self::Command) -> &'static str;

    /// Decides a command: returns events, or a refusal. An empty list means that nothing changes.
    fn decide(
        state: &Self::State,
        command: Self::Command,
        context: Context,
    ) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Applies one more event to the state; `at` is the event's own time.
    fn evolve(state: &mut Self::State, event: &Self::Event, at: Timestamp);

    /// Returns true while further commands are expected soon. An entity without work under way leaves memory
    /// first; its stream keeps its state.
    fn is_underway(_state: &Self::State) -> bool {
        true
    }

    /// Returns the campaign and customer that `event` concerns. `state` already includes the event.
    fn scope(id: &Self::Id, state: &Self::State, event: &Self::Event) -> Scope;

    /// Returns the person with the key that seals the event's personal fields; by default the customer of
    /// `scope`. `None`: there are no personal fields.
    fn sealed_under(_id: &Self::Id, scope: &Scope) -> Option<CustomerId> {
        scope.customer.clone()
    }

    /// Returns the transcript that the event's personal fields belong to, if any: its key seals them in
    /// addition.
    fn transcript(_id: &Self::Id, _event: &Self::Event) -> Option<TranscriptParent> {
        None
    }

    /// Returns the name of a further key that seals the event's personal fields in addition to the
    /// person's; by default the transcript's.
    fn own_key(id: &Self::Id, event: &Self::Event) -> Option<CustomerId> {
        Self::transcript(id, event).map(TranscriptParent::key)
    }

    fn stream(id: &Self::Id) -> StreamId {
        StreamId::new(Self::AGGREGATE, id)
    }
}
