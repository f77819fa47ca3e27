//! Loads a stream into a state: reads pages of records, opens them with the person's key, replays them.
//!
//! The last commands are kept with the state, so that a repeat is recognized before deciding. Their events
//! are not kept: they are read from the stream when a repeat is asked, which is rare, because events take
//! more memory than the state.

use crate::entity::{Answer, AskResult};
use crate::entity_core::CoreError;
use crate::environment::Environment;
use crate::error::{AskError, fault, store_error, vault_error};
use domain::decider::{Decider, EventData};
use domain::ids::{CommandId, CustomerId, EventId, StreamId};
use domain::personal::Personal;
use domain::ports::vault::PersonKey;
use domain::stored_event::{
    Position, RequestMark, StoredEvent, StreamVersion, UnreadableRecord, open_personal_of,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Most commands that an entity remembers to recognize a repeated one: its last 64.
const REMEMBERED_COMMANDS_MAX: usize = 64;

/// Events per page while an entity is loaded. It bounds memory, not the length of the stream.
const LOAD_PAGE_EVENTS_MAX: usize = 512;

/// A command that was answered before. Its events are consecutive in the stream.
#[derive(Debug, Clone, Copy)]
struct AnsweredCommand {
    command: CommandId,
    /// Position of its last event.
    position: Position,
    events_count: u32,
}

/// The state of a live entity up to the last event that it knows, and the commands that it answered last.
pub(crate) struct LiveState<D: Decider> {
    pub(crate) state: Arc<D::State>,
    pub(crate) version: StreamVersion,
    pub(crate) position: Position,
    /// The last commands, in order.
    recent: VecDeque<AnsweredCommand>,
}

/// A loaded stream, with the events of the command that was searched for.
pub(crate) struct LoadedStream<D: Decider> {
    pub(crate) live: LiveState<D>,
    pub(crate) sought: Vec<D::Event>,
    /// State, version and request mark at the last of these events.
    pub(crate) sought_end: Option<SoughtEnd<D>>,
}

/// The state, version and request mark after the last event of the command that was searched for.
pub(crate) struct SoughtEnd<D: Decider> {
    pub(crate) state: Arc<D::State>,
    pub(crate) version: StreamVersion,
    pub(crate) position: Position,
    pub(crate) mark: Option<RequestMark>,
}

/// Loads the state of one entity from its whole stream. `sought`: a command of which the events and the
/// state after them are returned too.
pub(crate) async fn load<D: Decider>(
    id: &D::Id,
    environment: &Environment,
    sought: Option<CommandId>,
) -> AskResult<LoadedStream<D>, D> {
    let mut loaded = LoadedStream {
        live: LiveState::empty(),
        sought: Vec::new(),
        sought_end: None,
    };
    read_on(&mut loaded, id, environment, sought).await?;
    Ok(loaded)
}

/// Applies the events stored since a state in memory. Returns the stream's current state.
pub(crate) async fn catch_up<D: Decider>(
    live: LiveState<D>,
    id: &D::Id,
    environment: &Environment,
) -> AskResult<LiveState<D>, D> {
    let mut loaded = LoadedStream {
        live,
        sought: Vec::new(),
        sought_end: None,
    };
    read_on(&mut loaded, id, environment, None).await?;
    Ok(loaded.live)
}

async fn read_on<D: Decider>(
    loaded: &mut LoadedStream<D>,
    id: &D::Id,
    environment: &Environment,
    sought: Option<CommandId>,
) -> AskResult<(), D> {
    let stream = D::stream(id);
    let mut reader = Reader {
        stream: &stream,
        environment,
        keys: BTreeMap::new(),
    };
    let store = &environment.store;
    let read = |after| store.read_stream(&stream, after, LOAD_PAGE_EVENTS_MAX);
    let first = read(loaded.live.version).await;
    let first = first.map_err(|error| store_error(&stream, &error))?;
    if first.len() < LOAD_PAGE_EVENTS_MAX {
        return reader.fold_page(loaded, &first, sought).await;
    }
    // A long stream: the store reads the next pages while this one is replayed.
    let mut asked_to = StreamVersion(loaded.live.version.0 + first.len() as u64);
    let mut ahead = VecDeque::with_capacity(LOAD_PAGES_AHEAD);
    let mut events = first;
    loop {
        while ahead.len() < LOAD_PAGES_AHEAD {
            ahead.push_back(begin(read(asked_to)).await);
            asked_to.0 += LOAD_PAGE_EVENTS_MAX as u64;
        }
        reader.fold_page(loaded, &events, sought).await?;
        if events.len() < LOAD_PAGE_EVENTS_MAX {
            return Ok(());
        }
        let next = match ahead.pop_front() {
            Some(PageFetch::Done(page)) => page,
            Some(PageFetch::Waiting(page)) => page.await,
            None => return Ok(()),
        };
        events = next.map_err(|error| store_error(&stream, &error))?;
    }
}

/// Pages requested before the ones in front are replayed: one for each of the usual two readers.
const LOAD_PAGES_AHEAD: usize = 2;

/// A requested page, ready or pending.
enum PageFetch<F: Future> {
    Done(F::Output),
    Waiting(F),
}

/// Polls the request once, so that it starts, and does not wait for it.
async fn begin<F: Future + Unpin>(mut asked: F) -> PageFetch<F> {
    tokio::select! {
        biased;
        done = &mut asked => PageFetch::Done(done),
        () = std::future::ready(()) => PageFetch::Waiting(asked),
    }
}

/// Opens the personal fields of a stream's events. Each key is fetched once per load.
struct Reader<'a> {
    stream: &'a StreamId,
    environment: &'a Environment,
    keys: BTreeMap<CustomerId, Option<PersonKey>>,
}

impl Reader<'_> {
    async fn fold_page<D: Decider>(
        &mut self,
        loaded: &mut LoadedStream<D>,
        events: &[StoredEvent],
        sought: Option<CommandId>,
    ) -> AskResult<(), D> {
        for stored in events {
            let (command, event) = self.fold(&mut loaded.live, stored).await?;
            if event.forgets() {
                erase(&mut loaded.sought);
            }
            if sought == Some(command) {
                loaded.sought.push(event);
                let envelope = stored.envelope().map_err(|error| fault(self.stream, &error))?;
                loaded.sought_end = Some(SoughtEnd {
                    state: Arc::clone(&loaded.live.state),
                    version: loaded.live.version,
                    position: stored.position,
                    mark: envelope.request,
                });
            }
            loaded.live.remember(command, 1, stored.position);
        }
        Ok(())
    }

    async fn fold<D: Decider>(
        &mut self,
        live: &mut LiveState<D>,
        stored: &StoredEvent,
    ) -> AskResult<(CommandId, D::Event), D> {
        let heading = stored.heading().map_err(|error| fault(self.stream, &error))?;
        let read = D::Event::read(&heading.kind, heading.version, heading.data);
        let mut event = read.map_err(|error| {
            let unreadable = UnreadableRecord {
                position: stored.position,
                why: error.to_string(),
            };
            fault(self.stream, &unreadable)
        })?;
        if let Some(names) = sealed_for(&mut event) {
            let key = self.key_of(&names).await.map_err(AskError::from_core)?;
            let vault = self.environment.vault.as_ref();
            open_personal_of(self.stream, heading.id, &mut event, vault, key.as_ref())
                .map_err(|error| vault_error(self.stream, &error))?;
        }
        D::evolve(Arc::make_mut(&mut live.state), &event, heading.at);
        live.version = heading.stream_version;
        live.position = stored.position;
        Ok((heading.command, event))
    }

    /// Returns the person's key, combined with the transcript's if the event is sealed under both; `None`
    /// if it was never made or is destroyed.
    async fn key_of(&mut self, names: &KeyNames) -> Result<Option<PersonKey>, CoreError> {
        let Some(own) = self.fetch_key(&names.person).await? else {
            return Ok(None);
        };
        let Some(transcript) = &names.transcript else {
            return Ok(Some(own));
        };
        let transcript = self.fetch_key(transcript).await?;
        Ok(Some(match transcript {
            Some(transcript) => own.with_transcript(&transcript),
            None => own,
        }))
    }

    async fn fetch_key(&mut self, name: &CustomerId) -> Result<Option<PersonKey>, CoreError> {
        if let Some(known) = self.keys.get(name) {
            return Ok(known.clone());
        }
        let key = self.environment.vault.existing_key(name).await;
        let key = key.map_err(|error| vault_error(self.stream, &error))?;
        self.keys.insert(name.clone(), key.clone());
        Ok(key)
    }
}

/// Erases the personal values of these events, which come before an event that makes the entity forget
/// them.
fn erase<E: EventData>(events: &mut [E]) {
    for (_, value) in events.iter_mut().flat_map(EventData::personal) {
        *value = Personal::Erased { hash: None };
    }
}

/// The names of the keys that sealed an event.
struct KeyNames {
    person: CustomerId,
    transcript: Option<CustomerId>,
}

/// Returns the names of the keys under which the event is sealed; `None` if nothing in it is sealed.
fn sealed_for<E: EventData>(event: &mut E) -> Option<KeyNames> {
    event.personal().into_iter().find_map(|(_, field)| match field {
        Personal::Sealed(sealed) => Some(KeyNames {
            person: sealed.key.clone(),
            transcript: sealed.transcript.clone(),
        }),
        Personal::Open { .. } | Personal::Erased { .. } => None,
    })
}

impl<D: Decider> LiveState<D> {
    fn empty() -> Self {
        Self {
            state: Arc::new(D::State::default()),
            version: StreamVersion(0),
            position: Position(0),
            recent: VecDeque::new(),
        }
    }

    /// Returns the id of the stream's last event; `None` before the first.
    pub(crate) fn last_event(&self) -> Option<EventId> {
        let last = self.recent.back()?;
        let index = usize::try_from(last.events_count.checked_sub(1)?).ok()?;
        Some(EventId::derive(last.command, index))
    }

    /// Returns true while no command has been forgotten: the stream has fewer than 64.
    pub(crate) fn remembers_all(&self) -> bool {
        self.recent.len() < REMEMBERED_COMMANDS_MAX
    }

    /// Returns the position of the last event of a remembered command; `None` if the command is not
    /// remembered.
    pub(crate) fn answered_at(&self, command: CommandId) -> Option<Position> {
        let known = self.recent.iter().find(|one| one.command == command);
        known.map(|one| one.position)
    }

    pub(crate) fn answer(&self, events: Arc<Vec<D::Event>>, position: Position, repeated: bool) -> Answer<D> {
        Answer {
            events,
            state: Arc::clone(&self.state),
            version: self.version,
            position,
            repeated,
            trace: None,
        }
    }

    /// Adds a command's consecutive events to the remembered ones. At the limit the oldest command is
    /// forgotten.
    pub(crate) fn remember(&mut self, command: CommandId, events_count: u32, position: Position) {
        if let Some(last) = self.recent.back_mut().filter(|last| last.command == command) {
            last.events_count = last.events_count.saturating_add(events_count);
            last.position = position;
            return;
        }
        if self.recent.len() == REMEMBERED_COMMANDS_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(AnsweredCommand {
            command,
            position,
            events_count,
        });
    }
}
