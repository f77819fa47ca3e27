//! Stores single events without running entities: the aggregate decides, and the event is stored without
//! keys, since it contains nothing personal.

use crate::clock::{SystemClock, SystemIds};
use crate::data_dir::Mode;
use application::format_localized;
use application::notice::notice;
use domain::decider::{Context, Decider, EventData};
use domain::ids::{CommandId, LogId, StreamId};
use domain::installation::{Installation, InstallationCommand};
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::ports::id_source::IdSource;
use domain::problem::Problem;
use domain::stored_event::{
    Cause, Position, Record, RecordFacts, RequestFacts, Sealer, StoredEvent, StreamVersion, WritePriority,
    read_event, record,
};
use domain::time::Timestamp;
use std::sync::Arc;
use store::MemoryVault;

/// How often storing an event is tried while other processes write to the same stream; then it fails.
const TRIES_MAX: usize = 8;

/// Returns the mode of a log, rehearsal or real, from its first event. `None` if the log is empty.
pub async fn mode_of(store: &dyn EventStore) -> Result<Option<Mode>, Problem> {
    let first = store.read_all(Position(0), 1).await?;
    let Some(event) = first.first() else {
        return Ok(None);
    };
    let envelope = event
        .envelope()
        .map_err(|error| StoreError::Damaged(error.to_string()))?;
    Ok(Some(Mode::of_rehearsal(envelope.rehearsal)))
}

/// Decides a command for a new stream, or for one that is not read, and appends the first event of the
/// decision to it. Returns the event's position. A rehearsal has its own time: there the event is stored
/// after the last one, at the same instant.
pub async fn note<D: Decider>(
    store: &dyn EventStore,
    mode: Mode,
    id: impl FnOnce(CommandId) -> D::Id,
    command: D::Command,
) -> Result<Position, Problem> {
    let ids = ids()?;
    let now = now(store, mode).await?;
    let cause = Cause::outside(ids.command(now));
    let id = id(cause.command);
    let state = D::State::default();
    let decided = D::decide(&state, command, Context { now });
    let event = decided.map_err(|refusal| Problem::refused("refused", refusal.to_string()))?;
    let event = event
        .first()
        .ok_or_else(|| Problem::fault("nothing is to be noted"))?;
    let facts = RecordFacts {
        stream: D::stream(&id),
        stream_version: StreamVersion(0),
        at: now,
        cause,
        index: 0,
        scope: D::scope(&id, &state, event),
        rehearsal: mode == Mode::Rehearsal,
    };
    store_behind(store, mode, ids, facts, event).await
}

/// Decides a command for a stream that `note` began, and stores the resulting event with the stream's first
/// event as its cause. Stores nothing if the command changes nothing.
pub async fn note_after<D: Decider>(
    store: &dyn EventStore,
    mode: Mode,
    id: &D::Id,
    command: D::Command,
) -> Result<(), Problem> {
    let unreadable = |error: String| Problem::from(StoreError::Damaged(error));
    let stream = D::stream(id);
    let page = store
        .read_stream(&stream, StreamVersion(0), PAGE_EVENTS_MAX)
        .await?;
    let (mut state, mut first) = (D::State::default(), None);
    for stored in &page {
        let envelope = stored.envelope().map_err(|error| unreadable(error.to_string()))?;
        let event = read_event::<D>(&envelope).map_err(|error| unreadable(error.to_string()))?;
        D::evolve(&mut state, &event, envelope.at);
        first.get_or_insert(envelope);
    }
    let ids = ids()?;
    let now = now(store, mode).await?;
    let cause = Cause {
        command: ids.command(now),
        causation: first.as_ref().map(|first| first.id),
        correlation: first.as_ref().and_then(|first| first.correlation),
        by: first.as_ref().and_then(|first| first.by),
        request: RequestFacts::NONE,
        urgency: WritePriority::First,
    };
    let decided = D::decide(&state, command, Context { now });
    let events = decided.map_err(|refusal| Problem::refused("refused", refusal.to_string()))?;
    let Some(event) = events.first() else {
        return Ok(());
    };
    let facts = RecordFacts {
        stream,
        stream_version: StreamVersion(0),
        at: now,
        cause,
        index: 0,
        scope: D::scope(id, &state, event),
        rehearsal: mode == Mode::Rehearsal,
    };
    store_behind(store, mode, ids, facts, event).await?;
    Ok(())
}

fn ids() -> Result<Arc<dyn IdSource>, Problem> {
    let ids = SystemIds::checked().map_err(|error| Problem::unavailable(error.to_string()))?;
    Ok(Arc::new(ids))
}

/// Stores the event as the next of its stream. Tries again while other processes write to it, at most
/// `TRIES_MAX` times.
async fn store_behind<E: EventData>(
    store: &dyn EventStore,
    mode: Mode,
    ids: Arc<dyn IdSource>,
    facts: RecordFacts,
    event: &E,
) -> Result<Position, Problem> {
    for _ in 0..TRIES_MAX {
        let version = version(store, &facts.stream).await?;
        let facts = RecordFacts {
            stream_version: StreamVersion(version.0 + 1),
            ..facts.clone()
        };
        let stream = facts.stream.clone();
        let made = unsealed(Arc::clone(&ids), facts, event)?;
        let before = store.head().await?;
        match put(store, mode, &stream, version, before, made).await {
            Err(StoreError::WrongVersion { .. }) => {}
            // Another process has taken the position meanwhile.
            Err(StoreError::Invalid(_)) if store.head().await? != before => {}
            put => return Ok(put?),
        }
    }
    Err(Problem::unavailable(
        "other writes to the log are too frequent; the write failed",
    ))
}

async fn now(store: &dyn EventStore, mode: Mode) -> Result<Timestamp, Problem> {
    let last = store.last_recorded_at().await?.unwrap_or(Timestamp::EPOCH);
    Ok(match mode {
        Mode::Real => SystemClock::default().now().max(last),
        Mode::Rehearsal => last,
    })
}

async fn version(store: &dyn EventStore, stream: &StreamId) -> Result<StreamVersion, StoreError> {
    let mut version = StreamVersion(0);
    loop {
        let page = store.read_stream(stream, version, PAGE_EVENTS_MAX).await?;
        version.0 += page.len() as u64;
        if page.len() < PAGE_EVENTS_MAX {
            return Ok(version);
        }
    }
}

async fn put(
    store: &dyn EventStore,
    mode: Mode,
    stream: &StreamId,
    version: StreamVersion,
    before: Position,
    made: Record,
) -> Result<Position, StoreError> {
    if mode == Mode::Real {
        return store.append(stream, version, vec![made]).await;
    }
    let event = StoredEvent::new(
        Position(before.0 + 1),
        store.last_recorded_at().await?.unwrap_or(Timestamp::EPOCH),
        Arc::clone(made.bytes()),
    );
    store.load(vec![event]).await
}

/// Encodes an event that contains nothing personal, so that no key is needed.
fn unsealed<E: EventData>(ids: Arc<dyn IdSource>, facts: RecordFacts, event: &E) -> Result<Record, Problem> {
    let vault = MemoryVault::new(ids);
    let mut sealer = Sealer {
        vault: &vault,
        key: None,
        random: &mut |buffer| buffer.fill(0),
    };
    record(facts, event, &mut sealer).map_err(|error| Problem::fault(error.to_string()))
}

/// Records, if `why` is given, that the index of the log was rebuilt: earlier queries may have missed events.
pub async fn note_index_remade(
    store: &dyn EventStore,
    mode: Mode,
    why: Option<String>,
) -> Result<(), Problem> {
    let Some(why) = why else {
        return Ok(());
    };
    notice(&format_localized!(
        "日志索引已损坏（{why}）并已重建；此前按客户、任务或事件流的查询可能缺少事件",
        "the index of the log was damaged ({why}) and was rebuilt: queries by customer, campaign or stream \
         may have missed events"
    ));
    let command = InstallationCommand::NoteIndexRemade { why };
    note::<Installation>(store, mode, |_| LogId, command).await?;
    Ok(())
}
