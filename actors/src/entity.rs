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
use crate::entity_core::{AppendError, CoreError, EntityCore};
use crate::environment::Environment;
use crate::error::{AskError, record_error, store_error};
use crate::loading::{LiveState, LoadedStream, catch_up, load};
use domain::decider::{Decider, EventData};
use domain::ids::CustomerId;
use domain::personal::Personal;
use domain::ports::vault::PersonKey;
use domain::stored_event::{Cause, Position, Record, RecordFacts, Sealer, StreamVersion, record_in_place};
use domain::time::Timestamp;
use std::sync::Arc;

/// One entity. `loaded` is `None` before the first command and after a failed append.
pub(crate) struct Entity<D: Decider> {
    id: D::Id,
    core: EntityCore,
    decide: DecideFunction<D>,
    loaded: Option<LiveState<D>>,
}

/// Why one try did not succeed.
enum TryError<R: std::error::Error> {
    /// Another writer was first: reload and decide again, once.
    Raced,
    Final(AskError<R>),
}

impl<R: std::error::Error> TryError<R> {
    fn of_core(error: CoreError) -> Self {
        Self::Final(AskError::from_core(error))
    }

    fn of_append(error: AppendError) -> Self {
        match error {
            AppendError::Raced => Self::Raced,
            AppendError::Final(error) => Self::of_core(error),
        }
    }
}

impl<D: Decider> Entity<D> {
    pub(crate) fn new(id: D::Id, environment: &Arc<Environment>, decide: DecideFunction<D>) -> Self {
        Self {
            core: EntityCore {
                stream: D::stream(&id),
                environment: Arc::clone(environment),
            },
            id,
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
            let confirmed =
                confirm_for_caller(&self.core.environment, &self.core.stream, live.version, cause);
            let confirmed = Box::pin(confirmed).await;
            confirmed.map_err(|error| TryError::Final(store_error(&self.core.stream, &error)))?;
            let answer = live.answer(Arc::default(), live.position, false);
            self.loaded = Some(live);
            return Ok(answer);
        }
        let span = self.core.environment.span_in(cause.trace());
        let trace = span.map(|span| span.context());
        let records = self
            .write(&mut live, &mut events, cause.in_trace(trace), now)
            .await;
        let records = records.map_err(TryError::Final)?;
        let last = live.version.0 + records.len() as u64;
        let first = records.first().filter(|_| self.core.is_shared()).cloned();
        let position = match self.core.append(live.version, records, cause).await {
            Err(AppendError::Final(AskError::AnotherRequest)) => {
                // The same request may lead to other events today.
                let before = Box::pin(self.answered_long_ago(&live, cause)).await?;
                before.ok_or(TryError::Final(AskError::AnotherRequest))?
            }
            appended => appended.map_err(TryError::of_append)?,
        };
        self.core.end_append(span, D::AGGREGATE, events.len());
        let is_older = position <= live.position;
        let is_stored_here = !is_older && {
            let found = self.core.is_stored_here(live.version, first).await;
            found.map_err(TryError::of_core)?
        };
        if !is_stored_here {
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
        Ok(Answer { trace, ..answer })
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
            load(&self.id, &self.core.environment, Some(cause.command)).await;
        let end = read.map_err(TryError::Final)?.sought_end;
        Ok(end.map(|end| end.position))
    }

    /// Answers a command with stored events as the first time: with the current state or, for a repeated
    /// request from outside, the state of then.
    async fn repeat(&mut self, cause: Cause, position: Position) -> Result<Answer<D>, TryError<D::Refusal>> {
        let again = load(&self.id, &self.core.environment, Some(cause.command)).await;
        let LoadedStream {
            live,
            sought,
            sought_end,
        } = again.map_err(TryError::Final)?;
        if let Some(end) = &sought_end {
            let confirmed = confirm_stored(&self.core.environment, &self.core.stream, end.version).await;
            confirmed.map_err(|error| TryError::Final(store_error(&self.core.stream, &error)))?;
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
        let may_be_behind = self.loaded.is_some() && self.core.is_shared();
        let live = self.take_loaded().await.map_err(TryError::Final)?;
        let now = self.core.environment.clock.now();
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
        let caught_up = Box::pin(catch_up(live, &self.id, &self.core.environment)).await;
        let live = caught_up.map_err(TryError::Final)?;
        let decided = CommandDecision::of(self.decide, &live, command, cause, now);
        Ok((live, now, decided))
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
                stream: self.core.stream.clone(),
                stream_version: StreamVersion(live.version.0 + index as u64 + 1),
                at: now,
                cause,
                index,
                scope,
                rehearsal: self.core.environment.rehearsal,
            };
            let mut random = |buffer: &mut [u8]| self.core.environment.ids.random(buffer);
            let mut sealer = Sealer {
                vault: self.core.environment.vault.as_ref(),
                key: key.as_ref(),
                random: &mut random,
            };
            let made = record_in_place(facts, event, &mut sealer)
                .map_err(|error| record_error(&self.core.stream, &error))?;
            records.push(made);
        }
        Ok(records)
    }

    /// Returns the key that seals the event; `None` if it has nothing to seal, or no person.
    async fn sealing_key(
        &self,
        event: &mut D::Event,
        person: Option<&CustomerId>,
        own_key: Option<CustomerId>,
    ) -> AskResult<Option<PersonKey>, D> {
        let is_open = |field: &Personal<String>| matches!(field, Personal::Open { .. });
        let seals = event.personal().iter().any(|(_, field)| is_open(field));
        match person {
            Some(person) if seals => {
                let key = self.core.sealing_key(person, own_key).await;
                key.map(Some).map_err(AskError::from_core)
            }
            _ => Ok(None),
        }
    }

    /// Returns the current state of the stream, also if another process wrote to it.
    async fn take_current(&mut self) -> AskResult<LiveState<D>, D> {
        let may_be_behind = self.loaded.is_some() && self.core.is_shared();
        let live = self.take_loaded().await?;
        if !may_be_behind {
            return Ok(live);
        }
        Box::pin(catch_up(live, &self.id, &self.core.environment)).await
    }

    async fn take_loaded(&mut self) -> AskResult<LiveState<D>, D> {
        match self.loaded.take() {
            Some(live) => Ok(live),
            None => {
                let loaded = Box::pin(load(&self.id, &self.core.environment, None)).await?;
                Ok(loaded.live)
            }
        }
    }
}
