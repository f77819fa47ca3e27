//! The Decider trait: the pure pair decide and evolve of one aggregate, and what an event type must know.
//!
//! `decide` may refuse; `evolve` never fails and never judges. Time and ids arrive in `Context`: a
//! replay of the same events and commands gives the same answers for ever.

use crate::personal::Personal;
use crate::record::tagged::read_tagged;
use crate::time::Timestamp;
use crate::transcript::TranscriptOf;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::fmt;
use values::ids::{CampaignId, CustomerId, StreamId};

/// What a decision may know besides state and command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    pub now: Timestamp,
}

/// Whom an event is about: indexes of the record, and whose key seals its personal fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
}

/// The events of one aggregate: an enum of struct variants, tagged `kind`, with content `data`.
pub trait EventData:
    Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Stored kind, `<aggregate>.<past participle>`; never changes.
    fn kind(&self) -> &'static str;
    /// Version of this kind's shape, from 1: the current one.
    fn version(&self) -> u16;
    /// Newest version of a kind that this build reads and writes; 1 until the kind's first change.
    fn current_version(_kind: &str) -> u16 {
        1
    }
    /// Every personal field, with its JSON pointer inside `data` (RFC 6901).
    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)>;
    /// From this event on nothing personal of its entity stays in memory: what was read before it is erased.
    fn forgets(&self) -> bool {
        false
    }
    /// Reads stored data of any version; old versions are upcast first.
    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent>;
}

/// A stored event that this build cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {kind} version {version}: {why}")]
pub struct UnreadableEvent {
    pub kind: String,
    pub version: u16,
    pub why: String,
}

/// Reads current-version data of an enum tagged `kind`/`data`; what `EventData::read` uses after upcasting.
/// Any other version is refused, also where its data would parse: it may mean something else.
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
        return Err(unreadable(format!("nothing leads from it to version {known}")));
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

    /// First part of the stream's name, such as `call`.
    const AGGREGATE: &'static str;

    /// True where an event follows from the one before it in its stream, unless its command names another
    /// cause: one story told step by step, such as a call.
    const SEQUENTIAL: bool = false;

    /// The command's name, for logs.
    fn command_kind(command: &Self::Command) -> &'static str;

    /// Events, or a refusal. An empty list means: already so, nothing to write.
    fn decide(
        state: &Self::State,
        command: Self::Command,
        context: Context,
    ) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// The state after one more event; `at` is the event's own time.
    fn evolve(state: &mut Self::State, event: &Self::Event, at: Timestamp);

    /// Whether something is under way of which more will be asked soon. An entity with nothing under way
    /// leaves memory first; its stream says what it was.
    fn is_underway(_state: &Self::State) -> bool {
        true
    }

    /// Whom `event` is about; `state` already includes it.
    fn scope(id: &Self::Id, state: &Self::State, event: &Self::Event) -> Scope;

    /// Whose key seals what an event of `scope` holds of a person: whom it is about.
    fn sealed_under(_id: &Self::Id, scope: &Scope) -> Option<CustomerId> {
        scope.customer.clone()
    }

    /// Whose transcript the personal fields of an event are part of: they are sealed under its key as well.
    fn transcript(_id: &Self::Id, _event: &Self::Event) -> Option<TranscriptOf> {
        None
    }

    /// The name of a key that the personal fields of an event have to themselves, beside their person's.
    fn own_key(id: &Self::Id, event: &Self::Event) -> Option<CustomerId> {
        Self::transcript(id, event).map(TranscriptOf::key)
    }

    fn stream(id: &Self::Id) -> StreamId {
        StreamId::new(Self::AGGREGATE, id)
    }
}
