//! Stores the events that a KurrentDB client appends, under its expected revision: the request and
//! response of Append, and the batch that BatchAppend also uses. An append that is repeated with the same
//! event ids returns the position of the first one.
//!
//! Only records of this product are accepted: a client copies a log, or is our store adapter for
//! KurrentDB. Other events would bypass the entities' rules, and entities could not read them.

use crate::errors::of_store;
use crate::generated::event_store::client::streams::append_req::options::ExpectedStreamRevision;
use crate::generated::event_store::client::streams::append_req::{Content, Options, ProposedMessage};
use crate::generated::event_store::client::streams::append_resp::{
    Position as WirePosition, Result as Answer, Success, WrongExpectedVersion, success,
    wrong_expected_version as wrong,
};
use crate::generated::event_store::client::streams::{AppendReq, AppendResp};
use crate::positions::Positions;
use crate::wire::{self, RecordMetadata};
use domain::ids::StreamId;
use domain::ports::event_store::{APPEND_EVENTS_MAX, EventStore, StoreError};
use domain::stored_event::{Position, Record, StreamVersion};
use futures_util::stream::{Stream, StreamExt};
use std::collections::HashMap;
use std::pin::pin;
use tonic::Status;

/// The state of the stream that a client expects, in the protocol's terms. Revisions count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExpectedStreamState {
    Any,
    NoStream,
    Exists,
    Revision(u64),
}

/// One event as a client proposes it, with Append or BatchAppend.
pub(crate) struct ProposedEvent {
    pub(crate) id: uuid::Uuid,
    /// The protocol's metadata; its `type` must be the kind of the record.
    pub(crate) metadata: HashMap<String, String>,
    /// The stored form of a [`Record`].
    pub(crate) data: bytes::Bytes,
}

/// The records of one append to a stream.
pub(crate) struct AppendBatch {
    pub(crate) stream: StreamId,
    pub(crate) expected: ExpectedStreamState,
    pub(crate) records: Vec<Record>,
}

/// The outcome of an append.
#[derive(Debug)]
pub(crate) enum AppendOutcome {
    /// The events are stored, by this append or by an earlier one with the same ids. `revision` is that
    /// of the last event, `shown` its position as clients see it ([`Positions`]).
    Stored { revision: u64, shown: u64 },
    /// The stream is not in the expected state, and nothing was stored. `current` is the revision of its
    /// last event, `None` if it has no events.
    Wrong { current: Option<u64> },
}

impl AppendBatch {
    fn begin(stream: StreamId, expected: ExpectedStreamState) -> Self {
        Self {
            stream,
            expected,
            records: Vec::new(),
        }
    }

    /// Adds an event. Fails if its data is not a record, if its id or type is not the record's, or if the
    /// append already has `APPEND_EVENTS_MAX` events.
    pub(crate) fn push(&mut self, proposed: ProposedEvent) -> Result<(), Status> {
        if self.records.len() >= APPEND_EVENTS_MAX {
            let why = format!("an append has at most {APPEND_EVENTS_MAX} events");
            return Err(crate::errors::exception(
                tonic::Code::InvalidArgument,
                "maximum-append-size-exceeded",
                why,
            ));
        }
        let bytes: &[u8] = &proposed.data;
        let record = Record::from_stored(bytes.into()).map_err(|error| {
            Status::invalid_argument(format!(
                "only records of this product can be appended, since entities must read them: {}",
                error.why
            ))
        })?;
        if record.id.uuid() != proposed.id {
            let why = format!("event {} holds the record {}", proposed.id, record.id);
            return Err(Status::invalid_argument(why));
        }
        if proposed.metadata.get("type") != Some(&record.kind) {
            let why = format!("record {} is of type {}", record.id, record.kind);
            return Err(Status::invalid_argument(why));
        }
        self.records.push(record);
        Ok(())
    }

    /// Appends the records to the store. A record contains its stream version; for `Any` and `Exists` the
    /// version before the first record is expected. A wrong version is `AppendOutcome::Wrong`, not an
    /// error.
    pub(crate) async fn store(
        self,
        store: &dyn EventStore,
        positions: Positions,
    ) -> Result<AppendOutcome, Status> {
        let Some(first) = self.records.first() else {
            return Err(Status::invalid_argument("an append without events"));
        };
        let says = StreamVersion(first.stream_version.0.saturating_sub(1));
        let expected = match self.expected {
            ExpectedStreamState::NoStream => StreamVersion(0),
            ExpectedStreamState::Revision(revision) => StreamVersion(revision.saturating_add(1)),
            ExpectedStreamState::Any => says,
            ExpectedStreamState::Exists if says.0 > 0 => says,
            ExpectedStreamState::Exists => return Ok(AppendOutcome::Wrong { current: None }),
        };
        match store.append(&self.stream, expected, self.records).await {
            Ok(position) => Ok(AppendOutcome::Stored {
                revision: revision_at(store, position).await?,
                shown: positions.shown(position),
            }),
            Err(StoreError::WrongVersion { actual, .. }) => Ok(AppendOutcome::Wrong {
                current: actual.0.checked_sub(1),
            }),
            Err(error) => Err(of_store(&error)),
        }
    }
}

/// Returns the revision of the event at a position. A repeated append is answered with its first position,
/// not the requested one.
async fn revision_at(store: &dyn EventStore, position: Position) -> Result<u64, Status> {
    let before = Position(position.0.saturating_sub(1));
    let events = store
        .read_all(before, 1)
        .await
        .map_err(|error| of_store(&error))?;
    match events.first() {
        Some(event) => Ok(wire::revision(RecordMetadata::of(event)?.version)),
        None => Err(Status::internal("an appended event cannot be read back")),
    }
}

/// Reads the messages of an Append request: first its options, then its events.
pub(crate) async fn receive(
    messages: impl Stream<Item = Result<AppendReq, Status>>,
) -> Result<AppendBatch, Status> {
    let mut messages = pin!(messages);
    let mut batch: Option<AppendBatch> = None;
    while let Some(message) = messages.next().await {
        match (message?.content, &mut batch) {
            (Some(Content::Options(options)), None) => batch = Some(begin(options)?),
            (Some(Content::ProposedMessage(event)), Some(batch)) => batch.push(proposed(event)?)?,
            (Some(Content::Options(_)), Some(_)) => {
                return Err(Status::invalid_argument(
                    "options are allowed only at the beginning",
                ));
            }
            (Some(Content::ProposedMessage(_)), None) => {
                return Err(Status::invalid_argument("an append begins with its options"));
            }
            (None, _) => return Err(Status::invalid_argument("an empty message")),
        }
    }
    batch.ok_or_else(|| Status::invalid_argument("an append without options"))
}

fn begin(options: Options) -> Result<AppendBatch, Status> {
    let expected = match options.expected_stream_revision {
        Some(ExpectedStreamRevision::Revision(revision)) => ExpectedStreamState::Revision(revision),
        Some(ExpectedStreamRevision::NoStream(())) => ExpectedStreamState::NoStream,
        Some(ExpectedStreamRevision::Any(())) => ExpectedStreamState::Any,
        Some(ExpectedStreamRevision::StreamExists(())) => ExpectedStreamState::Exists,
        None => return Err(Status::invalid_argument("no expected revision is given")),
    };
    Ok(AppendBatch::begin(
        wire::stream_of(options.stream_identifier)?,
        expected,
    ))
}

/// Returns an empty batch, to which BatchAppend adds events with [`AppendBatch::push`].
pub(crate) fn batch_of(stream: StreamId, expected: ExpectedStreamState) -> AppendBatch {
    AppendBatch::begin(stream, expected)
}

fn proposed(event: ProposedMessage) -> Result<ProposedEvent, Status> {
    Ok(ProposedEvent {
        id: wire::uuid_of(event.id)?,
        metadata: event.metadata,
        data: event.data,
    })
}

/// Converts an outcome to the response of Append. A wrong version is a response, not an error.
pub(crate) fn answer(expected: ExpectedStreamState, outcome: &AppendOutcome) -> AppendResp {
    let result = match *outcome {
        AppendOutcome::Stored { revision, shown } => Answer::Success(Success {
            current_revision_option: Some(success::CurrentRevisionOption::CurrentRevision(revision)),
            position_option: Some(success::PositionOption::Position(WirePosition {
                commit_position: shown,
                prepare_position: shown,
            })),
        }),
        AppendOutcome::Wrong { current } => Answer::WrongExpectedVersion(wrong_version(expected, current)),
    };
    AppendResp { result: Some(result) }
}

fn wrong_version(expected: ExpectedStreamState, current: Option<u64>) -> WrongExpectedVersion {
    use wrong::{
        CurrentRevisionOption as Now, CurrentRevisionOption2060 as OldNow, ExpectedRevisionOption as Wished,
        ExpectedRevisionOption2060 as OldWished,
    };
    WrongExpectedVersion {
        current_revision_option_20_6_0: Some(match current {
            Some(revision) => OldNow::CurrentRevision2060(revision),
            None => OldNow::NoStream2060(()),
        }),
        expected_revision_option_20_6_0: match expected {
            ExpectedStreamState::Revision(revision) => Some(OldWished::ExpectedRevision2060(revision)),
            ExpectedStreamState::Any => Some(OldWished::Any2060(())),
            ExpectedStreamState::Exists => Some(OldWished::StreamExists2060(())),
            ExpectedStreamState::NoStream => None,
        },
        current_revision_option: Some(match current {
            Some(revision) => Now::CurrentRevision(revision),
            None => Now::CurrentNoStream(()),
        }),
        expected_revision_option: Some(match expected {
            ExpectedStreamState::Revision(revision) => Wished::ExpectedRevision(revision),
            ExpectedStreamState::Any => Wished::ExpectedAny(()),
            ExpectedStreamState::Exists => Wished::ExpectedStreamExists(()),
            ExpectedStreamState::NoStream => Wished::ExpectedNoStream(()),
        }),
    }
}
