//! BatchAppend: many appends over one connection. Each response carries its append's correlation id; errors
//! are part of the response.

use crate::appends::{self, AppendBatch, AppendOutcome, ExpectedStreamState, ProposedEvent};
use crate::generated::event_store::client::streams::batch_append_req::options::ExpectedStreamPosition;
use crate::generated::event_store::client::streams::batch_append_req::{Options, ProposedMessage};
use crate::generated::event_store::client::streams::batch_append_resp::{
    ExpectedStreamPosition as Echo, Result as Answer, Success, success,
};
use crate::generated::event_store::client::streams::{BatchAppendReq, BatchAppendResp};
use crate::generated::event_store::client::{
    AllStreamPosition, BadRequest, StreamIdentifier, Uuid as WireUuid, WrongExpectedVersion,
    wrong_expected_version as wrong,
};
use crate::generated::google::protobuf::Any;
use crate::generated::google::rpc::{Code as RpcCode, Status as RpcStatus};
use crate::positions::Positions;
use crate::wire;
use domain::ports::event_store::EventStore;
use domain::ports::tasks::StopSignal;
use futures_util::stream::{Stream, StreamExt, unfold};
use prost::Message;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use tonic::Status;
use uuid::Uuid;

/// The most batches of a connection that are begun and not ended. Clients usually send a batch in
/// one message.
const OPEN_BATCHES_MAX: usize = 16;

/// The responses of one BatchAppend call.
pub(crate) type BatchAppendResponses = Pin<Box<dyn Stream<Item = Result<BatchAppendResp, Status>> + Send>>;

struct Connection<S> {
    messages: Pin<Box<S>>,
    /// The open batches by correlation id, at most `OPEN_BATCHES_MAX`.
    open: BTreeMap<Uuid, OpenBatch>,
    store: Arc<dyn EventStore>,
    positions: Positions,
    stop: Arc<dyn StopSignal>,
    ended: bool,
}

struct OpenBatch {
    batch: Result<AppendBatch, Status>,
    stream: Option<StreamIdentifier>,
    expected: ExpectedStreamState,
}

/// Reads messages, appends each batch when its last message arrives, and responds in this order.
pub(crate) fn answers<S>(
    messages: S,
    store: Arc<dyn EventStore>,
    positions: Positions,
    stop: Arc<dyn StopSignal>,
) -> BatchAppendResponses
where
    S: Stream<Item = Result<BatchAppendReq, Status>> + Send + 'static,
{
    let connection = Connection {
        messages: Box::pin(messages),
        open: BTreeMap::new(),
        store,
        positions,
        stop,
        ended: false,
    };
    Box::pin(unfold(connection, |mut connection| async move {
        let answer = connection.next().await?;
        connection.ended |= answer.is_err();
        Some((answer, connection))
    }))
}

impl<S: Stream<Item = Result<BatchAppendReq, Status>> + Send> Connection<S> {
    async fn next(&mut self) -> Option<Result<BatchAppendResp, Status>> {
        while !self.ended {
            let message = tokio::select! {
                biased;
                () = self.stop.stopping() => return None,
                message = self.messages.next() => message?,
            };
            let received = message.and_then(|message| self.receive(message));
            match received {
                Ok(None) => {}
                Ok(Some((id, open))) => {
                    let store = Arc::clone(&self.store);
                    return Some(Ok(append(&*store, self.positions, id, open).await));
                }
                Err(status) => return Some(Err(status)),
            }
        }
        None
    }

    /// Adds a message to its batch. Returns the batch if the message is its last. An error in a batch is kept
    /// for its response.
    fn receive(&mut self, message: BatchAppendReq) -> Result<Option<(Uuid, OpenBatch)>, Status> {
        let id = wire::uuid_of(message.correlation_id)?;
        let mut open = match (self.open.remove(&id), message.options) {
            (None, Some(options)) => begin(options),
            (Some(open), None) => open,
            (None, None) => return Err(Status::invalid_argument("a batch begins with its options")),
            (Some(_), Some(_)) => {
                return Err(Status::invalid_argument(
                    "options are allowed only at a batch's beginning",
                ));
            }
        };
        for event in message.proposed_messages {
            open.push(event);
        }
        if message.is_final {
            return Ok(Some((id, open)));
        }
        if self.open.len() >= OPEN_BATCHES_MAX {
            let why = format!("at most {OPEN_BATCHES_MAX} batches may be open");
            return Err(Status::resource_exhausted(why));
        }
        self.open.insert(id, open);
        Ok(None)
    }
}

async fn append(store: &dyn EventStore, positions: Positions, id: Uuid, open: OpenBatch) -> BatchAppendResp {
    let expected = open.expected;
    let outcome = match open.batch {
        Ok(batch) => batch.store(store, positions).await,
        Err(status) => Err(status),
    };
    let result = match outcome {
        Ok(AppendOutcome::Stored { revision, shown }) => Answer::Success(Success {
            current_revision_option: Some(success::CurrentRevisionOption::CurrentRevision(revision)),
            position_option: Some(success::PositionOption::Position(AllStreamPosition {
                commit_position: shown,
                prepare_position: shown,
            })),
        }),
        Ok(AppendOutcome::Wrong { current }) => Answer::Error(wrong_version(expected, current)),
        Err(status) => Answer::Error(error(&status)),
    };
    BatchAppendResp {
        correlation_id: Some(WireUuid {
            value: Some(crate::generated::event_store::client::uuid::Value::String(
                id.to_string(),
            )),
        }),
        stream_identifier: open.stream,
        result: Some(result),
        expected_stream_position: Some(match expected {
            ExpectedStreamState::Any => Echo::Any(()),
            ExpectedStreamState::NoStream => Echo::NoStream(()),
            ExpectedStreamState::Exists => Echo::StreamExists(()),
            ExpectedStreamState::Revision(revision) => Echo::StreamPosition(revision),
        }),
    }
}

impl OpenBatch {
    fn push(&mut self, event: ProposedMessage) {
        let Ok(batch) = &mut self.batch else { return };
        let pushed = wire::uuid_of(event.id).and_then(|id| {
            batch.push(ProposedEvent {
                id,
                metadata: event.metadata,
                data: event.data,
            })
        });
        if let Err(status) = pushed {
            self.batch = Err(status);
        }
    }
}

fn begin(options: Options) -> OpenBatch {
    let expected = match options.expected_stream_position {
        Some(ExpectedStreamPosition::StreamPosition(revision)) => ExpectedStreamState::Revision(revision),
        Some(ExpectedStreamPosition::NoStream(())) => ExpectedStreamState::NoStream,
        Some(ExpectedStreamPosition::StreamExists(())) => ExpectedStreamState::Exists,
        Some(ExpectedStreamPosition::Any(())) | None => ExpectedStreamState::Any,
    };
    let stream = options.stream_identifier.clone();
    OpenBatch {
        batch: wire::stream_of(options.stream_identifier).map(|stream| appends::batch_of(stream, expected)),
        stream,
        expected,
    }
}

/// Converts a gRPC status to the error of a BatchAppend response, with a detail message that clients
/// unpack.
fn error(status: &Status) -> RpcStatus {
    let detail = BadRequest {
        message: status.message().to_owned(),
    };
    let code = RpcCode::try_from(i32::from(status.code())).unwrap_or(RpcCode::Unknown);
    of_detail(code, status.message(), "BadRequest", &detail)
}

fn wrong_version(expected: ExpectedStreamState, current: Option<u64>) -> RpcStatus {
    let detail = WrongExpectedVersion {
        current_stream_revision_option: Some(match current {
            Some(revision) => wrong::CurrentStreamRevisionOption::CurrentStreamRevision(revision),
            None => wrong::CurrentStreamRevisionOption::CurrentNoStream(()),
        }),
        expected_stream_position_option: Some(match expected {
            ExpectedStreamState::Any => wrong::ExpectedStreamPositionOption::ExpectedAny(()),
            ExpectedStreamState::NoStream => wrong::ExpectedStreamPositionOption::ExpectedNoStream(()),
            ExpectedStreamState::Exists => wrong::ExpectedStreamPositionOption::ExpectedStreamExists(()),
            ExpectedStreamState::Revision(at) => {
                wrong::ExpectedStreamPositionOption::ExpectedStreamPosition(at)
            }
        }),
    };
    let why = "the stream is not at the expected version";
    of_detail(RpcCode::FailedPrecondition, why, "WrongExpectedVersion", &detail)
}

fn of_detail(code: RpcCode, message: &str, name: &str, detail: &impl Message) -> RpcStatus {
    RpcStatus {
        code: code.into(),
        message: message.to_owned(),
        details: Some(Any {
            type_url: format!("type.googleapis.com/event_store.client.{name}"),
            value: detail.encode_to_vec().into(),
        }),
    }
}
