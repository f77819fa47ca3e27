//! Commits a group: all batches in one call, a transaction. A conflict affects only its own batch.
//!
//! If the connection is lost during the call, its result is looked up by event id on a new connection before
//! any batch is answered. Batches that are not found are sent again, which is safe because of their ids.

use super::confirmation::{Warnings, confirm};
use super::connect::{ANSWER_GRACE_MS, Address, ConnectionDriver, Link, drive, from_postgres, is_lost, text};
use super::group::{Answer, Batch, arrays, judge, refuse, select_batches, unanswered};
use super::outage::Outage;
use super::outcome::{Outcome, outcome};
use super::row::{found, unsigned};
use super::safety;
use super::single_event::{APPEND_ONE, SingleEvent};
use domain::ids::StreamId;
use domain::ports::clock::Clock;
use domain::ports::event_store::StoreError;
use domain::stored_event::Position;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

/// The most streams with a remembered version. At the limit all are forgotten; each then costs one lookup.
const HEADS_MAX: usize = 65_536;

struct WriteConnection {
    client: Client,
    connection: ConnectionDriver,
    warnings: Arc<Warnings>,
    append: Statement,
    append_one: Statement,
    versions: Statement,
    found: Statement,
}

/// Owns the write connection, and opens a new one when it is lost.
pub(super) struct Appender {
    config: Address,
    clock: Arc<dyn Clock>,
    limits: Limits,
    connected: Option<WriteConnection>,
    outage: Outage,
    /// True while committed events may be missing from the synchronous standby; see `confirmation`.
    is_in_doubt: bool,
    /// A version that each stream has at least reached; other processes may have written more.
    known: HashMap<StreamId, u64>,
    /// The last position that this process wrote.
    last: Position,
    /// The last position of which other processes have not been notified.
    unannounced: Position,
}

/// The limits that the store's owner chose.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) allow_unsafe: bool,
    pub(super) statement_ms: u64,
    pub(super) away_ms: u64,
}

impl Appender {
    pub(super) fn new(config: Address, clock: Arc<dyn Clock>, limits: Limits) -> Self {
        Self {
            config,
            clock,
            limits,
            connected: None,
            outage: Outage::default(),
            // An earlier process may have ended between a commit and its standby's confirmation.
            is_in_doubt: true,
            known: HashMap::new(),
            last: Position(0),
            unannounced: Position(0),
        }
    }

    pub(super) const fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub(super) fn last(&self) -> Position {
        self.last
    }

    pub(super) const fn unannounced(&self) -> Position {
        self.unannounced
    }

    /// Returns a version that the stream has at least reached; 0 if none is known.
    pub(super) fn known(&self, stream: &StreamId) -> u64 {
        self.known.get(stream).copied().unwrap_or(0)
    }

    /// Commits a group of batches. Returns one answer per batch, in order. Batches of the same stream must
    /// follow one another, except those that expect an older version than the known one.
    pub(super) async fn commit(&mut self, group: &[Batch]) -> Vec<Answer> {
        let mut answers: Vec<Option<Answer>> = group.iter().map(|_| None).collect();
        let failed = self.settle(group, &mut answers).await.err();
        let unanswered = failed.unwrap_or_else(|| self.outage.error());
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(|| Err(unanswered.clone())))
            .collect()
    }

    /// Commits until every batch has its entry in `answers`. An `Err` is the answer of all that have none.
    async fn settle(&mut self, group: &[Batch], answers: &mut [Option<Answer>]) -> Result<(), StoreError> {
        let mut look_up = group
            .iter()
            .any(|batch| self.known(&batch.stream) > batch.expected.0);
        let mut alone = false;
        let mut conflict = None;
        loop {
            let open = unanswered(answers);
            if open.is_empty() {
                return Ok(());
            }
            self.connect().await?;
            if look_up {
                // Events that are found may be committed but missing from the standby.
                if !self.is_confirmed().await? {
                    continue;
                }
                let Some(answered) = self.look_up(group, &open, answers).await? else {
                    continue;
                };
                look_up = false;
                match conflict.take() {
                    // The batch is alone and has no conflict, but was refused.
                    Some(why) if answered == 0 && alone => {
                        refuse(open.get(..1).unwrap_or(&[]), answers, &StoreError::Damaged(why));
                    }
                    // Two batches of the group conflict with each other, for example by a shared id.
                    Some(_) if answered == 0 => alone = true,
                    Some(_) | None => {}
                }
                continue;
            }
            let called = if alone {
                open.get(..1).unwrap_or(&[])
            } else {
                &open
            };
            match self.call(group, called).await {
                Outcome::Stored(before) => self.stored(group, called, before, answers),
                Outcome::Refused(error) => refuse(called, answers, &error),
                Outcome::Conflict(why) => {
                    conflict = Some(why);
                    look_up = true;
                }
                Outcome::Unclear(why) => {
                    self.lose(why)?;
                    look_up = true;
                }
            }
        }
    }

    /// Connects if needed. Retries with growing waits; fails once the database was away for `away_ms`.
    async fn connect(&mut self) -> Result<(), StoreError> {
        while self.connected.is_none() {
            let now = self.clock.now();
            if now < self.outage.next_attempt {
                if self.outage.lasts(now, self.limits.away_ms) {
                    return Err(self.outage.error());
                }
                self.clock.wait_until(self.outage.next_attempt).await;
            }
            match self.open().await {
                Ok(connected) => self.connected = Some(connected),
                Err(why) => self.outage.begin(self.clock.now(), why),
            }
        }
        Ok(())
    }

    async fn open(&mut self) -> Result<WriteConnection, String> {
        let link = Link::open(&self.config).await.map_err(|error| text(&error))?;
        let (client, mut connection, warnings) = link.split_with_warnings();
        let prepared = {
            let prepare = async {
                let settings = safety::Settings::read(&client).await?;
                Ok((
                    settings,
                    client.prepare(APPEND).await?,
                    client.prepare(APPEND_ONE).await?,
                    client.prepare(VERSIONS).await?,
                    client.prepare(FOUND).await?,
                ))
            };
            drive(&mut connection, &*self.clock, self.answer_ms(), prepare).await
        };
        let (settings, append, append_one, versions, found) = prepared
            .ok_or_else(|| SILENT.to_owned())?
            .map_err(|error| text(&error))?;
        settings.permit(self.limits.allow_unsafe)?;
        Ok(WriteConnection {
            client,
            connection,
            warnings,
            append,
            append_one,
            versions,
            found,
        })
    }

    /// Returns how long to wait for a response, in milliseconds: the server's statement timeout and 5 s.
    const fn answer_ms(&self) -> u64 {
        self.limits.statement_ms + ANSWER_GRACE_MS
    }

    /// Drops the connection and begins an outage. Fails if the database has been unreachable for `away_ms`.
    fn lose(&mut self, why: String) -> Result<(), StoreError> {
        self.connected = None;
        self.is_in_doubt = true;
        // The known versions may be wrong if an older copy of the database answers next.
        self.known.clear();
        let now = self.clock.now();
        self.outage.begin(now, why);
        if self.outage.lasts(now, self.limits.away_ms) {
            return Err(self.outage.error());
        }
        Ok(())
    }

    async fn call(&mut self, group: &[Batch], called: &[usize]) -> Outcome {
        let clock_at = self.clock.now().micros();
        if let Some(one) = SingleEvent::of(group, called, &self.known, clock_at) {
            let outcome = self.ask(|connected| &connected.append_one, &one.values()).await;
            if let Outcome::Stored(before) = outcome {
                self.unannounced = self.unannounced.max(Position(before.0 + 1));
            }
            return outcome;
        }
        let arrays = arrays(group, called, &self.known);
        let values: Vec<&(dyn ToSql + Sync)> = std::iter::once(&clock_at as &(dyn ToSql + Sync))
            .chain(arrays.values())
            .collect();
        self.ask(|connected| &connected.append, &values).await
    }

    async fn ask(
        &mut self,
        statement: fn(&WriteConnection) -> &Statement,
        values: &[&(dyn ToSql + Sync)],
    ) -> Outcome {
        let within_ms = self.answer_ms();
        let Some(connected) = &mut self.connected else {
            return Outcome::Unclear(SILENT.to_owned());
        };
        let statement = statement(connected).clone();
        // Warnings from the session's start do not concern this append.
        drop(connected.warnings.take());
        let asked = connected.client.query_opt(&statement, values);
        match drive(&mut connected.connection, &*self.clock, within_ms, asked).await {
            Some(Ok(Some(row))) => match (row.try_get(0), connected.warnings.take()) {
                (Ok(before), None) => Outcome::Stored(Position(unsigned(before))),
                (Ok(_), Some(warning)) => Outcome::Unclear(warning),
                (Err(error), _) => Outcome::Unclear(text(&error)),
            },
            Some(Ok(None)) => Outcome::Refused(StoreError::Damaged("the log has no head".to_owned())),
            Some(Err(error)) => outcome(&error),
            None => Outcome::Unclear(SILENT.to_owned()),
        }
    }

    fn stored(
        &mut self,
        group: &[Batch],
        called: &[usize],
        before: Position,
        answers: &mut [Option<Answer>],
    ) {
        self.outage.end(self.clock.now());
        self.is_in_doubt = false;
        let mut last = before;
        for (batch, answer) in select_batches(group, answers, called) {
            last.0 += batch.records.len() as u64;
            *answer = Some(Ok(last));
            self.remember(&batch.stream, batch.version_after());
        }
        self.last = self.last.max(last);
    }

    /// Returns true if everything committed so far has reached the synchronous standby. Asks the server
    /// only after a lost connection or a warning put that in doubt.
    async fn is_confirmed(&mut self) -> Result<bool, StoreError> {
        Ok(!self.is_in_doubt || self.confirms().await?)
    }

    /// Asks the server whether all commits of all processes are in the standby. Drops the connection if not.
    async fn confirms(&mut self) -> Result<bool, StoreError> {
        let within_ms = self.answer_ms();
        let Some(connected) = &mut self.connected else {
            return Ok(false);
        };
        let asked = confirm(&connected.client, &connected.warnings);
        match drive(&mut connected.connection, &*self.clock, within_ms, asked).await {
            Some(Ok(None)) => {
                self.is_in_doubt = false;
                return Ok(true);
            }
            Some(Ok(Some(why))) => self.lose(why)?,
            Some(Err(error)) => self.lose(text(&error))?,
            None => self.lose(SILENT.to_owned())?,
        }
        Ok(false)
    }

    fn remember(&mut self, stream: &StreamId, version: u64) {
        if let Some(known) = self.known.get_mut(stream) {
            *known = version.max(*known);
            return;
        }
        if self.known.len() >= HEADS_MAX {
            self.known.clear();
        }
        self.known.insert(stream.clone(), version);
    }

    /// Looks up the batches at the indexes `open` in the database and answers those that are repeats or
    /// conflicts. Returns how many; `None` if the connection was lost. Versions are read before ids: an event
    /// committed between the reads is then found by its id, and never taken for another process's.
    async fn look_up(
        &mut self,
        group: &[Batch],
        open: &[usize],
        answers: &mut [Option<Answer>],
    ) -> Result<Option<usize>, StoreError> {
        let within_ms = self.answer_ms();
        let Some(connected) = &mut self.connected else {
            return Ok(None);
        };
        let batches = || open.iter().filter_map(|index| group.get(*index));
        let streams: Vec<&str> = batches().map(|batch| batch.stream.as_str()).collect();
        let ids: Vec<Uuid> = batches()
            .flat_map(|batch| batch.records.iter().map(|record| record.id.uuid()))
            .collect();
        let asked = async {
            let versions = connected.client.query(&connected.versions, &[&streams]).await?;
            let found_rows = connected.client.query(&connected.found, &[&ids]).await?;
            let versions = versions
                .iter()
                .map(|row| row.try_get::<_, i64>(0))
                .collect::<Result<Vec<_>, _>>()?;
            let found = found_rows
                .iter()
                .map(found)
                .collect::<Result<BTreeMap<_, _>, _>>()?;
            Ok((versions, found))
        };
        let (versions, found) = match drive(&mut connected.connection, &*self.clock, within_ms, asked).await {
            Some(Ok(read)) => read,
            Some(Err(error)) if !is_lost(&error) => return Err(from_postgres(&error)),
            Some(Err(error)) => return self.lose(text(&error)).map(|()| None),
            None => return self.lose(SILENT.to_owned()).map(|()| None),
        };
        // Another process may have committed it and may still be waiting for its standby.
        if found.values().any(|found| found.position > self.last) && !self.confirms().await? {
            return Ok(None);
        }
        let mut after: BTreeMap<&StreamId, u64> = BTreeMap::new();
        let mut answered = 0;
        for ((batch, answer), version) in select_batches(group, answers, open).zip(versions) {
            let stored = unsigned(version);
            self.remember(&batch.stream, stored);
            // A batch after one of this group is judged by that one's version, unless that one conflicts.
            let version = match after.get(&batch.stream) {
                Some(version) if batch.expected.0 >= stored => *version,
                Some(_) | None => stored,
            };
            *answer = judge(batch, version, &found);
            if let Some(Ok(position)) = answer {
                // Other processes may not have been notified of it: its append may be one without a response.
                self.last = self.last.max(*position);
                self.unannounced = self.unannounced.max(*position);
            }
            match answer {
                Some(_) => answered += 1,
                None => drop(after.insert(&batch.stream, batch.version_after())),
            }
        }
        Ok(Some(answered))
    }
}

const APPEND: &str = "SELECT ledgerline.append_many($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

const VERSIONS: &str =
    "SELECT coalesce((SELECT max(version) FROM ledgerline.event e WHERE e.stream = s.stream), 0)
     FROM unnest($1::text[]) WITH ORDINALITY AS s (stream, step) ORDER BY s.step";

const FOUND: &str = "SELECT id, pos, stream, version, batch_index, batch_count
     FROM ledgerline.event WHERE id = ANY($1)";

const SILENT: &str = "it does not answer";
