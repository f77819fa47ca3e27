//! One live entity of any decider: load, decide, append, evolve, reply.
//!
//! The state comes only from the entity's own events. A repeated command is recognized before deciding and
//! answered with its stored events. A record is durable before the state changes; after any failed append the
//! state is dropped, so that the next command reads the stream again. This module does not know how entities
//! are hosted.
//!
//! If other processes write to the same log, a state in memory may be behind its stream. A write is checked
//! against the expected version. Before an answer without a write, the rest of the stream is read, and a
//! decision from an older state is made again.

pub use crate::answer::{Answer, AskResult, EntityState};
use crate::command_decision::CommandDecision;
use crate::confirmation::{confirm_for_caller, confirm_stored};
use crate::decide_functions::DecideFunction;
use crate::environment::Environment;
use crate::error::{AskError, fault, record_error, store_error, vault_error};
use crate::loading::{LiveState, LoadedStream, catch_up, load};
use domain::decider::{Decider, EventData};
use domain::ids::{CustomerId, StreamId};
use domain::personal::Personal;
use domain::ports::event_store::{StoreError, WriterConcurrency};
use domain::ports::vault::{PersonKey, key_to_seal};
use domain::stored_event::{
    Cause, Position, Record, RecordFacts, Sealer, StreamVersion, WritePriority, record_in_place,
};
use domain::time::Timestamp;
use std::sync::Arc;

/// One entity. `loaded` is `None` before the first command and after a failed append.
pub(crate) struct Entity<D: Decider> {
    id: D::Id,
    stream: StreamId,
    /// One for all entities of an aggregate.
    environment: Arc<Environment>,
    decide: DecideFunction<D>,
    loaded: Option<LiveState<D>>,
}

/// Why one try did not succeed.
enum TryError<R: std::error::Error> {
    /// Another writer was first: reload and decide again, once.
    Raced,
    Final(AskError<R>),
}

impl<D: Decider> Entity<D> {
    pub(crate) fn new(id: D::Id, environment: &Arc<Environment>, decide: DecideFunction<D>) -> Self {
        Self {
            stream: D::stream(&id),
            id,
            environment: Arc::clone(environment),
            decide,
            loaded: None,
        }
    }

    /// Returns true if work of the entity is in progress, by the state in memory; false without one.
    pub(crate) fn is_underway(&self) -> bool {
        let live = self.loaded.as_ref();
        live.is_some_and(|live| D::is_underway(&live.state))
    }

    pub(crate) async fn read(&mut self) -> AskResult<EntityState<D>, D> {
        let live = self.take_current().await?;
        let loaded = EntityState {
            state: Arc::clone(&live.state),
            version: live.version,
            position: live.position,
        };
        self.loaded = Some(live);
        Ok(loaded)
    }

    pub(crate) async fn ask(&mut self, command: &D::Command, cause: Cause) -> AskResult<Answer<D>, D> {
        match self.attempt(command, cause).await {
            Ok(answer) => Ok(answer),
            Err(TryError::Final(error)) => Err(error),
            // The rare case is boxed, so that a usual request needs little memory.
            Err(TryError::Raced) => match Box::pin(self.attempt(command, cause)).await {
                Ok(answer) => Ok(answer),
                Err(TryError::Final(error)) => Err(error),
                Err(TryError::Raced) => Err(AskError::Conflict),
            },
        }
    }

    /// Decides and appends once. The state is kept only when it is known to be that of the stream.
    async fn attempt(
        &mut self,
        command: &D::Command,
        cause: Cause,
    ) -> Result<Answer<D>, TryError<D::Refusal>> {
        let (mut live, now, decided) = self.decide(command, cause).await?;
        // If no event would be written, the command may have been answered long ago; that answer is returned.
        if !matches!(&decided, CommandDecision::Events(events) if !events.is_empty())
            && let Some(position) = Box::pin(self.answered_long_ago(&live, cause)).await?
        {
            return Box::pin(self.repeat(cause, position)).await;
        }
        let mut events = match decided {
            CommandDecision::Events(events) => events,
            CommandDecision::Repeat(position) => {
                drop(live);
                return Box::pin(self.repeat(cause, position)).await;
            }
            CommandDecision::Stale => {
                let actual = live.version;
                self.loaded = Some(live);
                return Err(TryError::Final(AskError::Stale { actual }));
            }
            CommandDecision::Refusal(refusal) => {
                self.loaded = Some(live);
                return Err(TryError::Final(AskError::Refused(refusal)));
            }
        };
        if events.is_empty() {
            let confirmed = confirm_for_caller(&self.environment, &self.stream, live.version, cause);
            let confirmed = Box::pin(confirmed).await;
            confirmed.map_err(|error| TryError::Final(store_error(&self.stream, &error)))?;
            let answer = live.answer(Arc::default(), live.position, false);
            self.loaded = Some(live);
            return Ok(answer);
        }
        let records = self.write(&mut live, &mut events, cause, now).await;
        let records = records.map_err(TryError::Final)?;
        let last = live.version.0 + records.len() as u64;
        let first = records.first().filter(|_| self.is_shared()).cloned();
        let position = match self.append(live.version, records, cause).await {
            Err(TryError::Final(AskError::AnotherRequest)) => {
                // The same request may lead to other events today.
                let before = Box::pin(self.answered_long_ago(&live, cause)).await?;
                before.ok_or(TryError::Final(AskError::AnotherRequest))?
            }
            appended => appended?,
        };
        if position <= live.position || !self.is_stored_here(live.version, first).await? {
            // Stored by this same command longer ago than commands are remembered, or by another process.
            return Box::pin(self.repeat(cause, position)).await;
        }
        let events = Arc::new(events);
        live.version = StreamVersion(last);
        live.position = position;
        let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
        live.remember(cause.command, count, position);
        let answer = live.answer(events, position, false);
        self.loaded = Some(live);
        Ok(answer)
    }

    /// Returns the position of the last event of a repeated request that is no longer remembered, found by
    /// reading the whole stream. Only for requests that carry a mark; otherwise `None`.
    async fn answered_long_ago(
        &self,
        live: &LiveState<D>,
        cause: Cause,
    ) -> Result<Option<Position>, TryError<D::Refusal>> {
        let is_known = live.remembers_all() || live.answered_at(cause.command).is_some();
        if cause.request.mark.is_none() || is_known {
            return Ok(None);
        }
        let read: AskResult<LoadedStream<D>, D> =
            load(&self.id, &self.environment, Some(cause.command)).await;
        let end = read.map_err(TryError::Final)?.sought_end;
        Ok(end.map(|end| end.position))
    }

    /// Answers a command with stored events as the first time: with the current state or, for a repeated
    /// request from outside, the state of then.
    async fn repeat(&mut self, cause: Cause, position: Position) -> Result<Answer<D>, TryError<D::Refusal>> {
        let again = load(&self.id, &self.environment, Some(cause.command)).await;
        let LoadedStream {
            live,
            sought,
            sought_end,
        } = again.map_err(TryError::Final)?;
        if let Some(end) = &sought_end {
            let confirmed = confirm_stored(&self.environment, &self.stream, end.version).await;
            confirmed.map_err(|error| TryError::Final(store_error(&self.stream, &error)))?;
        }
        let mut answer = live.answer(Arc::new(sought), position, true);
        self.loaded = Some(live);
        if let (Some(mark), Some(end)) = (cause.request.mark, sought_end) {
            if end.mark.is_some_and(|first| first != mark) {
                return Err(TryError::Final(AskError::AnotherRequest));
            }
            answer.state = end.state;
            answer.version = end.version;
        }
        Ok(answer)
    }

    /// Decides; on a log with other writers, once more if no event would be written and the stream moved.
    async fn decide(
        &mut self,
        command: &D::Command,
        cause: Cause,
    ) -> Result<(LiveState<D>, Timestamp, CommandDecision<D>), TryError<D::Refusal>> {
        let may_be_behind = self.loaded.is_some() && self.is_shared();
        let live = self.take_loaded().await.map_err(TryError::Final)?;
        let now = self.environment.clock.now();
        if !may_be_behind {
            let decided = CommandDecision::of(self.decide, &live, command, cause, now);
            return Ok((live, now, decided));
        }
        match CommandDecision::of(self.decide, &live, command, cause, now) {
            decided @ CommandDecision::Repeat(_) => return Ok((live, now, decided)),
            CommandDecision::Events(events) if !events.is_empty() => {
                return Ok((live, now, CommandDecision::Events(events)));
            }
            CommandDecision::Events(_) | CommandDecision::Refusal(_) | CommandDecision::Stale => {}
        }
        let caught_up = Box::pin(catch_up(live, &self.id, &self.environment)).await;
        let live = caught_up.map_err(TryError::Final)?;
        let decided = CommandDecision::of(self.decide, &live, command, cause, now);
        Ok((live, now, decided))
    }

    fn is_shared(&self) -> bool {
        self.environment.store.capabilities().writers == WriterConcurrency::ManyProcesses
    }

    /// True if the appended events follow `before` in the stream. False if another process had stored the
    /// same command elsewhere: a store answers a repeated append with the first result.
    async fn is_stored_here(
        &self,
        before: StreamVersion,
        first: Option<Record>,
    ) -> Result<bool, TryError<D::Refusal>> {
        if !self.is_shared() {
            return Ok(true);
        }
        let stream = &self.stream;
        let page = self.environment.store.read_stream(stream, before, 1).await;
        let page = page.map_err(|error| TryError::Final(store_error(stream, &error)))?;
        // Sealed values differ each time they are sealed, so equal bytes are these same records.
        let stored = page.first().map(|stored| &stored.record);
        Ok(stored == first.as_ref().map(Record::bytes))
    }

    /// Builds the sealed records and moves the state past them. If they are not stored, drop the state.
    async fn write(
        &self,
        live: &mut LiveState<D>,
        events: &mut [D::Event],
        cause: Cause,
        now: Timestamp,
    ) -> AskResult<Vec<Record>, D> {
        let cause = Cause {
            causation: cause
                .causation
                .or_else(|| if D::SEQUENTIAL { live.last_event() } else { None }),
            ..cause
        };
        // Copied only if an earlier answer still holds it.
        let state = Arc::make_mut(&mut live.state);
        let mut records = Vec::with_capacity(events.len());
        for (index, event) in events.iter_mut().enumerate() {
            D::evolve(state, event, now);
            let scope = D::scope(&self.id, state, event);
            let person = D::sealed_under(&self.id, &scope);
            let own_key = D::own_key(&self.id, event);
            let key = self.sealing_key(event, person.as_ref(), own_key).await?;
            let facts = RecordFacts {
                stream: self.stream.clone(),
                stream_version: StreamVersion(live.version.0 + index as u64 + 1),
                at: now,
                cause,
                index,
                scope,
                rehearsal: self.environment.rehearsal,
            };
            let mut random = |buffer: &mut [u8]| self.environment.ids.random(buffer);
            let mut sealer = Sealer {
                vault: self.environment.vault.as_ref(),
                key: key.as_ref(),
                random: &mut random,
            };
            let made = record_in_place(facts, event, &mut sealer)
                .map_err(|error| record_error(&self.stream, &error))?;
            records.push(made);
        }
        Ok(records)
    }

    /// The person's durable key if the event has something to seal, combined with the event's own key (for
    /// example a transcript's) if it has one.
    async fn sealing_key(
        &self,
        event: &mut D::Event,
        person: Option<&CustomerId>,
        own_key: Option<CustomerId>,
    ) -> AskResult<Option<PersonKey>, D> {
        let seals = event
            .personal()
            .iter()
            .any(|(_, field)| matches!(field, Personal::Open { .. }));
        match person {
            Some(person) if seals => {
                let vault = self.environment.vault.as_ref();
                let key = match own_key {
                    Some(own_key) => key_to_seal(vault, person, &own_key).await,
                    None => vault.key(person).await,
                };
                key.map(Some).map_err(|error| vault_error(&self.stream, &error))
            }
            _ => Ok(None),
        }
    }

    /// Appends the records. If the outcome is unclear, sends the same records once more; the store returns
    /// the first result if they are stored already.
    async fn append(
        &self,
        expected: StreamVersion,
        records: Vec<Record>,
        cause: Cause,
    ) -> Result<Position, TryError<D::Refusal>> {
        let stream = &self.stream;
        let store = &self.environment.store;
        let bytes: Vec<_> = records.iter().map(|record| Arc::clone(record.bytes())).collect();
        let mut tried = match cause.urgency {
            WritePriority::First => store.append(stream, expected, records).await,
            WritePriority::Behind => store.append_behind(stream, expected, records).await,
        };
        if let Err(StoreError::Unavailable(why)) = &tried {
            tracing::warn!(%stream, why, "append is unclear, sending the same records again");
            let again = bytes
                .into_iter()
                .map(Record::from_stored)
                .collect::<Result<_, _>>();
            let again = again.map_err(|error| TryError::Final(fault(stream, &error)))?;
            tried = Box::pin(store.append(stream, expected, again)).await;
        }
        tried.map_err(|error| match error {
            StoreError::WrongVersion { .. } => TryError::Raced,
            // The same key led to other events, or to events of another entity.
            StoreError::PartlyStored { .. } if cause.request.mark.is_some() => {
                TryError::Final(AskError::AnotherRequest)
            }
            StoreError::Busy
            | StoreError::Unavailable(_)
            | StoreError::PartlyStored { .. }
            | StoreError::Invalid(_)
            | StoreError::Damaged(_)
            | StoreError::TooLong { .. } => TryError::Final(store_error(stream, &error)),
        })
    }

    /// Returns the current state of the stream, also if another process wrote to it.
    async fn take_current(&mut self) -> AskResult<LiveState<D>, D> {
        let may_be_behind = self.loaded.is_some() && self.is_shared();
        let live = self.take_loaded().await?;
        if !may_be_behind {
            return Ok(live);
        }
        Box::pin(catch_up(live, &self.id, &self.environment)).await
    }

    async fn take_loaded(&mut self) -> AskResult<LiveState<D>, D> {
        match self.loaded.take() {
            Some(live) => Ok(live),
            None => {
                let loaded = Box::pin(load(&self.id, &self.environment, None)).await?;
                Ok(loaded.live)
            }
        }
    }
}
