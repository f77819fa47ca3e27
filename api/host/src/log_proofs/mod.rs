//! Maintains the Merkle tree of the log while the server runs, signs a checkpoint at most once a second, and
//! sends it to witnesses.
//!
//! Runs on a thread of its own, so that it delays no commit. Only the holder of the signing lease publishes:
//! for a directory's log the process that locked the directory, for a database the process with the lock
//! named `proof signer`. The others maintain their trees and wait.

mod cosigning;
pub mod history;
mod lease;
pub mod tail;
#[cfg(test)]
mod tests;

use crate::data_dir::signing_key_file;
use crate::open_settings::OpenSettings;
use crate::outbound::tsa::{self, TsaUrl};
use crate::outbound::witness::WitnessSpec;
use crate::store_spec::StoreSpec;
use actors::{Damage, Environment};
use application::format_localized;
use application::notice::notice;
use cosigning::WitnessCosigner;
use domain::ports::event_store::{StoreError, whole_log};
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use lease::Lease;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::proof::{
    CheckpointStore, FileCheckpointStore, LOG_KEY_FILE, PROOF_DIR, PostgresCheckpointStore, ProofError,
    ProofFollower, PublishResult, Publisher, SignedCheckpoint, SigningKey, TimeStampStore,
};
use tokio::runtime::Handle;

/// Milliseconds between two readings of the log. New events are published then, so that a checkpoint is at
/// most this old.
const PUBLISH_MS: u64 = 1_000;

/// Milliseconds between two timestamps: an authority may charge for them, and an hour is precise enough for a
/// dispute.
const STAMP_MS: u64 = 60 * 60 * 1_000;

/// The wait before an authority that did not respond is asked again, in milliseconds.
const STAMP_AGAIN_MS: u64 = 60_000;

/// The wait after a failure of disk or database, in milliseconds.
const RETRY_MS: u64 = 5_000;

/// Maintains the tree of one log, and signs and publishes its checkpoints.
pub struct LogTreeMaintainer {
    environment: Environment,
    dir: PathBuf,
    publisher: Publisher,
    lease: Lease,
    cosigning: WitnessCosigner,
    /// The size of the last checkpoint that was published here and sent to every witness. One that a stop
    /// interrupted in between is published again.
    published_size: u64,
    /// The timestamping authority, if one is configured.
    tsa: Option<TsaUrl>,
    /// When the next checkpoint is timestamped.
    stamp_at: Timestamp,
}

impl LogTreeMaintainer {
    /// Reads the signing key, or creates it at the first start.
    pub fn new(
        environment: &Environment,
        settings: &OpenSettings,
        witnesses: &[WitnessSpec],
    ) -> Result<Self, Problem> {
        let file = signing_key_file(&settings.data, settings.keys.as_ref());
        let key = SigningKey::of_log(&file, environment.ids.as_ref())?;
        let dir = settings.data.join(PROOF_DIR);
        let own = FileCheckpointStore::new(&dir);
        own.show_key(&key.verifier())?;
        let (shelf, lease): (Arc<dyn CheckpointStore>, Lease) = match &settings.store {
            StoreSpec::Sqlite(_) => (Arc::new(own), Lease::of_directory()),
            StoreSpec::Postgres(url) => {
                let tasks = Arc::clone(&environment.tasks);
                let shelf = PostgresCheckpointStore::new(url, key.name(), own, tasks);
                (Arc::new(shelf), Lease::of_database(url, environment))
            }
            // Checkpoints are stored in this directory only: two servers on one cluster need one signer.
            StoreSpec::Kurrent(_) => (Arc::new(own), Lease::of_directory()),
        };
        Ok(Self {
            environment: Environment {
                // The tree covers both realms.
                store: Arc::clone(whole_log(&environment.store)),
                ..environment.clone()
            },
            dir,
            publisher: Publisher::new(key, shelf),
            lease,
            cosigning: WitnessCosigner::new(witnesses.to_vec()),
            published_size: 0,
            tsa: None,
            stamp_at: Timestamp::EPOCH,
        })
    }

    /// Sets the timestamping authority: it stamps a checkpoint at the start and then every hour in which
    /// there is a new one.
    pub fn stamped_by(self, tsa: Option<TsaUrl>) -> Self {
        Self { tsa, ..self }
    }

    /// Starts the thread that maintains the tree until the process stops.
    pub fn begin(self) {
        let handle = Handle::current();
        let tasks = Arc::clone(&self.environment.tasks);
        tasks.thread("proof", Box::new(move || handle.block_on(self.run())));
    }

    /// Reads to the head of the log and publishes once: for a command while no server runs.
    pub async fn publish_once(mut self) -> Result<PublishResult, Problem> {
        let mut follower = self.open().await?;
        let published = self.publish(&mut follower).await?;
        follower.mark()?;
        published
            .ok_or_else(|| Problem::unavailable("another process signs this log now: send the request to it"))
    }

    async fn open(&self) -> Result<ProofFollower, ProofError> {
        let store = self.environment.store.as_ref();
        let mut follower = ProofFollower::open(&self.dir, store.capabilities().dense)?;
        follower.hold_to_log(store).await?;
        Ok(follower)
    }

    async fn run(mut self) {
        let stop = self.environment.tasks.stop_signal();
        let clock = Arc::clone(&self.environment.clock);
        while let Err(error) = self.follow().await {
            self.lease.look_again();
            match error {
                ProofError::RolledBack { .. } | ProofError::Forked { .. } | ProofError::NotSigned { .. } => {
                    tracing::error!(%error, "signing of checkpoints has stopped");
                    self.stop_dialing(&error).await;
                    notice(&format_localized!(
                        "已停止签署日志检查点：{error}",
                        "SIGNING OF CHECKPOINTS HAS STOPPED: {error}"
                    ));
                    return;
                }
                other => tracing::warn!(error = %other, "no checkpoint could be published; trying again"),
            }
            tokio::select! {
                biased;
                () = stop.stopping() => return,
                () = clock.wait_until(clock.now().plus_ms(RETRY_MS)) => {}
            }
        }
    }

    /// Stops this process from acting on events if the log is not the one that was signed. A wrong signing
    /// key says nothing about the log and has no such effect.
    async fn stop_dialing(&self, error: &ProofError) {
        if matches!(error, ProofError::NotSigned { .. }) {
            return;
        }
        let head = self.environment.store.head().await.unwrap_or_default();
        self.environment.damage.report(Damage {
            position: None,
            after: head,
            why: error.to_string(),
        });
    }

    /// Fails if the log lacks events that are in the tree: the store may have lost some while it was
    /// unavailable.
    async fn hold_to_tree(&self, follower: &ProofFollower) -> Result<(), ProofError> {
        let reached = follower.reached()?;
        match tail::lost_tail(self.environment.store.as_ref(), reached).await? {
            None => Ok(()),
            Some(head) => Err(ProofError::RolledBack {
                size: head.0,
                published: reached.0,
            }),
        }
    }

    /// Applies all events up to the head to the tree. At damage, dialing stops and `/readyz` reports it; the
    /// events before it are in the tree.
    async fn catch_up(&self, follower: &mut ProofFollower) -> Result<(), ProofError> {
        self.hold_to_tree(follower).await?;
        let caught_up = follower.catch_up(self.environment.store.as_ref()).await;
        if let Err(ProofError::Store(StoreError::Damaged(why))) = &caught_up {
            self.report(follower.reached()?, why.clone());
        }
        caught_up
    }

    fn report(&self, after: Position, why: String) {
        if self.environment.damage.first().is_some() {
            return;
        }
        let is_dense = self.environment.store.capabilities().dense;
        let position = is_dense.then_some(Position(after.0.saturating_add(1)));
        self.environment.damage.report(Damage { position, after, why });
    }

    /// Publishes new events every `PUBLISH_MS`, and once more when the process stops.
    async fn follow(&mut self) -> Result<(), ProofError> {
        let stop = self.environment.tasks.stop_signal();
        let clock = Arc::clone(&self.environment.clock);
        let mut follower = self.open().await?;
        loop {
            let due = clock.now().plus_ms(PUBLISH_MS);
            tokio::select! {
                biased;
                () = stop.stopping() => break,
                done = self.publish_if_any(&mut follower) => done?,
            }
            tokio::select! {
                biased;
                () = stop.stopping() => break,
                () = clock.wait_until(due) => {}
            }
        }
        self.publish_if_any(&mut follower).await?;
        follower.mark()
    }

    /// Publishes what is new. Skips an empty log, unless a checkpoint of it was published before.
    async fn publish_if_any(&mut self, follower: &mut ProofFollower) -> Result<(), ProofError> {
        self.catch_up(follower).await?;
        if follower.size() == 0 && FileCheckpointStore::new(&self.dir).read()?.is_none() {
            return Ok(());
        }
        self.publish(follower).await.map(drop)
    }

    /// Reads to the head of the log. If this process holds the lease and there are new events, signs a
    /// checkpoint, publishes it and sends it to the witnesses.
    async fn publish(&mut self, follower: &mut ProofFollower) -> Result<Option<PublishResult>, ProofError> {
        self.catch_up(follower).await?;
        let is_new = self.lease.is_new_holder() || follower.size() > self.published_size;
        if !is_new || !self.lease.is_held().await? {
            return Ok(None);
        }
        let now = self.environment.clock.now();
        let published = match self.publisher.publish(follower, now).await {
            // Before the log is blamed, the tree is rebuilt from it alone: the tree's files can be torn.
            Err(error @ (ProofError::Tree { .. } | ProofError::Forked { .. }))
                if !follower.is_wholly_from_log() || matches!(error, ProofError::Tree { .. }) =>
            {
                tracing::warn!(%error, "the tree is rebuilt from the log");
                follower.restart()?;
                follower.catch_up(self.environment.store.as_ref()).await?;
                self.publisher.publish(follower, now).await?
            }
            other => other?,
        };
        let size = published.checkpoint.claimed().size;
        let clock = self.environment.clock.as_ref();
        let cosigned = self.cosigning.collect(&published, follower.tiles(), clock).await;
        if let Some(cosigned) = cosigned {
            self.publisher.publish_cosigned(&cosigned, now).await?;
            self.published_size = size;
            self.stamp_if_due(&cosigned, now).await?;
            return Ok(Some(PublishResult {
                checkpoint: cosigned,
                ..published
            }));
        }
        self.published_size = size;
        self.stamp_if_due(&published.checkpoint, now).await?;
        Ok(Some(published))
    }

    /// Has the checkpoint timestamped if the time has come. If the authority does not respond, a later
    /// checkpoint is tried.
    async fn stamp_if_due(
        &mut self,
        checkpoint: &SignedCheckpoint,
        now: Timestamp,
    ) -> Result<(), ProofError> {
        let Some(tsa) = self.tsa.as_ref().filter(|_| now >= self.stamp_at) else {
            return Ok(());
        };
        let environment = &self.environment;
        match tsa::stamp(
            tsa,
            checkpoint,
            environment.clock.as_ref(),
            environment.ids.as_ref(),
        )
        .await
        {
            Ok(stamp) => {
                TimeStampStore::new(&self.dir).put(checkpoint, &stamp)?;
                self.stamp_at = now.plus_ms(STAMP_MS);
            }
            Err(why) => {
                tracing::warn!(why, %tsa, "a checkpoint could not be stamped with a time");
                self.stamp_at = now.plus_ms(STAMP_AGAIN_MS);
            }
        }
        Ok(())
    }
}

/// Returns the path of the log's public key beside the tree, for readers.
pub fn log_key_file(directory: &Path) -> PathBuf {
    directory.join(PROOF_DIR).join(LOG_KEY_FILE)
}
