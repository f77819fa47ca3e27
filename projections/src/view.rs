//! The trait `View`, and the form in which a view receives an event: the envelope is parsed, the typed data
//! is parsed once and only when needed.

use crate::borrowed_event::{BorrowedEvent, InMemoryView};
use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use domain::call::event::CallEvent;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::decider::EventData;
use domain::flow::event::FlowEvent;
use domain::ids::CallId;
use domain::number::event::NumberEvent;
use domain::personal::Personal;
use domain::stored_event::{Envelope, Position, StoredEvent, UnreadableRecord};
use domain::time::Timestamp;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

/// The event kinds that a view handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandledKinds {
    /// Every kind, also kinds unknown to this build.
    All,
    Kinds(&'static [&'static str]),
}

impl HandledKinds {
    /// Returns true if the view handles events of this kind.
    pub fn takes(self, kind: &str) -> bool {
        match self {
            Self::All => true,
            Self::Kinds(kinds) => kinds.contains(&kind),
        }
    }
}

/// The static description of a view: everything except how it applies an event.
#[derive(Debug, Clone, Copy)]
pub struct ViewDefinition {
    /// The view's name; the names of its tables begin with it.
    pub name: &'static str,
    /// The version, from 1. Raise it when the tables or `apply` change: the rows are then rebuilt from the
    /// first event.
    pub version: u32,
    pub tables: &'static [Table],
    pub handles: HandledKinds,
}

/// A view: turns events into rows. It has no state except its rows, and reads no clock and no rows of other
/// views, so the same events always make the same rows, byte for byte.
pub trait View: Send + Sync {
    /// Returns the view's description, always the same.
    fn definition(&self) -> ViewDefinition;

    /// Returns true if the view uses `ViewEvent::event` for the kinds that it handles. Their data is then
    /// parsed in advance.
    fn is_typed(&self) -> bool {
        true
    }

    /// Applies one event, in the transaction that also moves the checkpoint. After `Unavailable` it is tried
    /// again; any other error parks the view before this event.
    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError>;

    /// Adds the keys of rows that `apply` will read for this event to `keys`, so that a batch reads them
    /// together. Too few or too many keys cost time but never correctness.
    fn reads(&self, _event: &ViewEvent, _keys: &mut Vec<(&'static Table, Vec<Val>)>) {}

    /// Returns an in-memory implementation of the view, if it has one. Folds use it for whole logs, where
    /// rows are needed only at the end. Rows that no query reads may be missing.
    fn in_memory(&self) -> Option<Box<dyn InMemoryView>> {
        None
    }
}

/// Shortcuts to the parts of a view's definition.
impl dyn View + '_ {
    /// Returns the view's name, under which its checkpoint is stored.
    pub fn name(&self) -> &'static str {
        self.definition().name
    }

    /// Returns the version of the view's code. Rows of another version are rebuilt.
    pub fn version(&self) -> u32 {
        self.definition().version
    }

    /// Returns the view's own tables.
    pub fn tables(&self) -> &'static [Table] {
        self.definition().tables
    }

    /// Returns the kinds of events that the view handles.
    pub fn handles(&self) -> HandledKinds {
        self.definition().handles
    }
}

/// The typed data of an event, for the aggregates that most views use.
#[derive(Debug, Clone, PartialEq)]
pub enum AnyEvent {
    Call(CallEvent),
    Campaign(Box<CampaignEvent>),
    Customer(CustomerEvent),
    Flow(FlowEvent),
    Number(NumberEvent),
}

/// One stored event, parsed once for all views.
#[derive(Debug)]
pub struct ViewEvent {
    pub position: Position,
    pub recorded_at: Timestamp,
    pub envelope: Arc<Envelope>,
    typed: OnceLock<Result<AnyEvent, String>>,
}

impl ViewEvent {
    /// Parses the envelope of a stored event. The data is parsed when a view asks for it.
    pub fn read(stored: &StoredEvent) -> Result<Self, UnreadableRecord> {
        Ok(Self {
            position: stored.position,
            recorded_at: stored.recorded_at,
            envelope: stored.shared_envelope()?,
            typed: OnceLock::new(),
        })
    }

    /// Parses the whole envelope of an event that was read in place, as `View::apply` needs it.
    pub(crate) fn whole(event: &BorrowedEvent<'_>) -> Result<Self, ProjectionError> {
        Self::read(event.stored()).map_err(|error| ProjectionError::Corrupt(error.to_string()))
    }

    /// Parses the data in advance. An error is stored and returned when a view asks for the data.
    pub(crate) fn read_ahead(&self) {
        self.typed.get_or_init(|| read_any(&self.envelope));
    }

    /// Returns the typed data. An unknown kind or shape is an error, which parks a view that handles it.
    pub fn event(&self) -> Result<&AnyEvent, ProjectionError> {
        self.typed
            .get_or_init(|| read_any(&self.envelope))
            .as_ref()
            .map_err(|why| ProjectionError::Fault(why.clone()))
    }

    /// Returns the typed data of an aggregate that `AnyEvent` does not list. An unknown kind or shape is an
    /// error.
    pub fn read_as<E: EventData>(&self) -> Result<E, ProjectionError> {
        let Envelope {
            kind, version, data, ..
        } = self.envelope.as_ref();
        E::read(kind, *version, data).map_err(|error| ProjectionError::Fault(error.to_string()))
    }

    /// Returns the event's own time (`at`), not the time at which it was recorded.
    pub fn at(&self) -> Timestamp {
        self.envelope.at
    }

    /// Returns the id of the entity that the event's stream belongs to, parsed as `T`.
    pub fn stream_id<T: FromStr>(&self) -> Result<T, ProjectionError>
    where
        T::Err: Display,
    {
        let id = self.envelope.stream.id();
        id.parse()
            .map_err(|error| ProjectionError::Corrupt(format!("a stream's id: {error}")))
    }

    /// Returns the id of the call that the event's stream belongs to.
    pub fn call(&self) -> Result<CallId, ProjectionError> {
        self.stream_id()
    }
}

fn read_any(envelope: &Envelope) -> Result<AnyEvent, String> {
    let Envelope {
        kind, version, data, ..
    } = envelope;
    let aggregate = kind.split('.').next().unwrap_or("");
    match aggregate {
        "call" => CallEvent::read(kind, *version, data).map(AnyEvent::Call),
        "campaign" => {
            CampaignEvent::read(kind, *version, data).map(|event| AnyEvent::Campaign(Box::new(event)))
        }
        "customer" => CustomerEvent::read(kind, *version, data).map(AnyEvent::Customer),
        "flow" => FlowEvent::read(kind, *version, data).map(AnyEvent::Flow),
        "number" => NumberEvent::read(kind, *version, data).map(AnyEvent::Number),
        _ => return Err(format!("this build knows no events of {aggregate:?}")),
    }
    .map_err(|error| error.to_string())
}

/// Converts the error of a view at an event to `Parked` at its position. `Unavailable` stays, because it is
/// temporary.
pub(crate) fn into_parked_error(
    view: &dyn View,
    position: Position,
    error: ProjectionError,
) -> ProjectionError {
    match error {
        ProjectionError::Unavailable(_) => error,
        other => ProjectionError::Parked {
            view: view.name().to_owned(),
            position,
            why: other.to_string(),
        },
    }
}

/// Returns the columns of a personal value: its JSON in sealed or erased form, and its lookup hash.
pub(crate) fn sealed_columns(value: &Personal<String>) -> Result<(String, Option<String>), ProjectionError> {
    let hash = match value {
        Personal::Open { .. } => None,
        Personal::Sealed(sealed) => sealed.hash.clone(),
        Personal::Erased { hash } => hash.clone(),
    };
    let json = serde_json::to_string(value)
        .map_err(|error| ProjectionError::Corrupt(format!("a personal field: {error}")))?;
    Ok((json, hash.map(|hash| hash.0)))
}

/// Returns the column of a personal value after its person was erased: the erased form with the lookup hash,
/// if it had one.
pub(crate) fn erased_column(value: &Personal<String>) -> Result<String, ProjectionError> {
    let hash = match value {
        Personal::Open { .. } => None,
        Personal::Sealed(sealed) => sealed.hash.clone(),
        Personal::Erased { hash } => hash.clone(),
    };
    sealed_columns(&Personal::Erased { hash }).map(|(json, _)| json)
}

/// Returns the stored name of a plain enum value, for example of a preset or a pause reason; empty for a
/// value with members.
pub(crate) fn code_of(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => code,
        Ok(_) | Err(_) => String::new(),
    }
}
