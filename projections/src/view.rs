//! The View trait, and an event as a view sees it: envelope at hand, typed data read once and only when
//! wanted.

use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::in_place::{InMemory, InPlace};
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

/// Which events a view takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handles {
    /// Every kind, also those this build does not know.
    All,
    Kinds(&'static [&'static str]),
}

impl Handles {
    pub fn takes(self, kind: &str) -> bool {
        match self {
            Self::All => true,
            Self::Kinds(kinds) => kinds.contains(&kind),
        }
    }
}

/// What a view is, apart from what it does with an event.
#[derive(Debug, Clone, Copy)]
pub struct ViewDefinition {
    /// Its tables begin with this name.
    pub name: &'static str,
    /// From 1. A change of tables or of `apply` raises it, and the rows are made anew from the first event.
    pub version: u32,
    pub tables: &'static [Table],
    pub handles: Handles,
}

/// Events in, rows out. A view keeps no state but its rows, reads no clock and no other view's rows: the same
/// events always make the same rows, byte for byte.
pub trait View: Send + Sync {
    /// Always the same.
    fn definition(&self) -> ViewDefinition;

    /// Whether it asks for `ViewEvent::event` of the kinds it names: then that is made ready ahead.
    fn is_typed(&self) -> bool {
        true
    }

    /// Takes one event, in the transaction that also moves the checkpoint. `Unavailable` is tried again; any
    /// other error parks the view before this event.
    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError>;

    /// Names the rows that `apply` will ask for by key, so that a batch's are read together. Naming too few
    /// or too many costs time, never correctness.
    fn reads(&self, _event: &ViewEvent, _keys: &mut Vec<(&'static Table, Vec<Val>)>) {}

    /// Sums that make the same rows of whole logs in memory, where a view has them: for folds, which ask of
    /// rows only once they are all there. Those that no query asks for may be missing.
    fn in_memory(&self) -> Option<Box<dyn InMemory>> {
        None
    }
}

/// What a view says of itself.
impl dyn View + '_ {
    pub fn name(&self) -> &'static str {
        self.definition().name
    }

    pub fn version(&self) -> u32 {
        self.definition().version
    }

    pub fn tables(&self) -> &'static [Table] {
        self.definition().tables
    }

    pub fn handles(&self) -> Handles {
        self.definition().handles
    }
}

/// The typed data of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum AnyEvent {
    Call(CallEvent),
    Campaign(Box<CampaignEvent>),
    Customer(CustomerEvent),
    Flow(FlowEvent),
    Number(NumberEvent),
}

/// One stored event, read once for all views.
#[derive(Debug)]
pub struct ViewEvent {
    pub position: Position,
    pub recorded_at: Timestamp,
    pub envelope: Arc<Envelope>,
    typed: OnceLock<Result<AnyEvent, String>>,
}

impl ViewEvent {
    /// Reads the envelope; the data waits until a view asks.
    pub fn read(stored: &StoredEvent) -> Result<Self, UnreadableRecord> {
        Ok(Self {
            position: stored.position,
            recorded_at: stored.recorded_at,
            envelope: stored.shared_envelope()?,
            typed: OnceLock::new(),
        })
    }

    /// As `read`, of an event that was looked at in place: with everything, as `View::apply` takes it.
    pub(crate) fn whole(event: &InPlace<'_>) -> Result<Self, ProjectionError> {
        Self::read(event.stored()).map_err(|error| ProjectionError::Corrupt(error.to_string()))
    }

    /// Reads the data before a view asks; what cannot be read is for the view to hear.
    pub(crate) fn read_ahead(&self) {
        self.typed.get_or_init(|| read_any(&self.envelope));
    }

    /// The event itself. An unknown kind or shape is an error: whoever handles it cannot go on.
    pub fn event(&self) -> Result<&AnyEvent, ProjectionError> {
        self.typed
            .get_or_init(|| read_any(&self.envelope))
            .as_ref()
            .map_err(|why| ProjectionError::Fault(why.clone()))
    }

    /// The event as one of an aggregate that `AnyEvent` does not list. An unknown kind or shape is an error.
    pub fn read_as<E: EventData>(&self) -> Result<E, ProjectionError> {
        let Envelope {
            kind, version, data, ..
        } = self.envelope.as_ref();
        E::read(kind, *version, data).map_err(|error| ProjectionError::Fault(error.to_string()))
    }

    /// The event's own time.
    pub fn at(&self) -> Timestamp {
        self.envelope.at
    }

    /// The entity whose stream this event stands in.
    pub fn stream_id<T: FromStr>(&self) -> Result<T, ProjectionError>
    where
        T::Err: Display,
    {
        let id = self.envelope.stream.id();
        id.parse()
            .map_err(|error| ProjectionError::Corrupt(format!("a stream's id: {error}")))
    }

    /// The call whose stream this event stands in.
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

/// What is away comes back; anything else keeps the view before the event.
pub(crate) fn parked_before(view: &dyn View, position: Position, error: ProjectionError) -> ProjectionError {
    match error {
        ProjectionError::Unavailable(_) => error,
        other => ProjectionError::Parked {
            view: view.name().to_owned(),
            position,
            why: other.to_string(),
        },
    }
}

/// A personal value as a column keeps it: its sealed (or erased) JSON, and its lookup hash.
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

/// What a column keeps of a personal value once its person is erased: the lookup hash, where there was one.
pub(crate) fn erased_column(value: &Personal<String>) -> Result<String, ProjectionError> {
    let hash = match value {
        Personal::Open { .. } => None,
        Personal::Sealed(sealed) => sealed.hash.clone(),
        Personal::Erased { hash } => hash.clone(),
    };
    sealed_columns(&Personal::Erased { hash }).map(|(json, _)| json)
}

/// The stored name of a plain enum value, such as a preset or a pause reason.
pub(crate) fn code_of(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => code,
        Ok(_) | Err(_) => String::new(),
    }
}
