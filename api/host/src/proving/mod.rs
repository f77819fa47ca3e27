//! The tree beside the log: followed while the server runs, signed once a second, shown to witnesses.
//!
//! One thread of its own, off the path of every commit. Only the holder of the signing lease publishes:
//! for a directory's log that is who holds its lock, for a database who holds its lock named `proof
//! signer`; the others follow and stand by.

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
use application::notice::notice;
use cosigning::Cosigning;
use domain::ports::event_store::StoreError;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use lease::Lease;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::proof::{
    CheckpointShelf, FileShelf, LOG_KEY_FILE, PROOF_DIR, PostgresShelf, ProofError, ProofFollower, Published,
    Publisher, SignedCheckpoint, SigningKey, StampShelf,
};
use tokio::runtime::Handle;

/// Between two looks at the log: what is newer is published then, so a checkpoint is this old at most.
const PUBLISH_MS: u64 = 1_000;

/// Between two time stamps: an authority's work may cost money, and an hour is close enough for a dispute.
const STAMP_MS: u64 = 60 * 60 * 1_000;

/// Wait before an authority that did not answer is asked again.
const STAMP_AGAIN_MS: u64 = 60_000;

/// Wait after a failure of disk or database.
const RETRY_MS: u64 = 5_000;

/// What signs one log, and where its tree is.
pub struct Proving {
    environment: Environment,
    dir: PathBuf,
    publisher: Publisher,
    lease: Lease,
    cosigning: Cosigning,
    /// Of the last checkpoint published here and shown to every witness: one that a stop interrupted in
    /// between is published again.
    published_size: u64,
    /// Who stamps checkpoints with a time, if anybody.
    tsa: Option<TsaUrl>,
    /// When the next checkpoint is stamped.
    stamp_at: Timestamp,
}

impl Proving {
    /// Reads the signing key, or makes it at first start.
    pub fn new(
        environment: &Environment,
        settings: &OpenSettings,
        witnesses: &[WitnessSpec],
    ) -> Result<Self, Problem> {
        let file = signing_key_file(&settings.data, settings.keys.as_ref());
        let key = SigningKey::of_log(&file, environment.ids.as_ref())?;
        let dir = settings.data.join(PROOF_DIR);
        let own = FileShelf::new(&dir);
        own.show_key(&key.verifier())?;
        let (shelf, lease): (Arc<dyn CheckpointShelf>, Lease) = match &settings.store {
            StoreSpec::Sqlite(_) => (Arc::new(own), Lease::of_directory()),
            StoreSpec::Postgres(url) => {
                let tasks = Arc::clone(&environment.tasks);
                let shelf = PostgresShelf::new(url, key.name(), own, tasks);
                (Arc::new(shelf), Lease::of_database(url, environment))
            }
            // Its checkpoints are this directory's alone: two servers on one cluster need one signer.
            StoreSpec::Kurrent(_) => (Arc::new(own), Lease::of_directory()),
        };
        Ok(Self {
            environment: environment.clone(),
            dir,
            publisher: Publisher::new(key, shelf),
            lease,
            cosigning: Cosigning::new(witnesses.to_vec()),
            published_size: 0,
            tsa: None,
            stamp_at: Timestamp::EPOCH,
        })
    }

    /// Has a checkpoint stamped at the start and then every hour in which there is a new one.
    pub fn stamped_by(self, tsa: Option<TsaUrl>) -> Self {
        Self { tsa, ..self }
    }

    /// Follows the log until the process stops, on a thread of its own.
    pub fn begin(self) {
        let handle = Handle::current();
        let tasks = Arc::clone(&self.environment.tasks);
        tasks.thread("proof", Box::new(move || handle.block_on(self.run())));
    }

    /// Reads to the head and publishes once: for a command while no server runs.
    pub async fn publish_once(mut self) -> Result<Published, Problem> {
        let mut follower = self.open().await?;
        let published = self.publish(&mut follower).await?;
        follower.mark()?;
        published.ok_or_else(|| Problem::unavailable("another process signs this log now; ask it"))
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
                    tracing::error!(%error, "no checkpoint is signed any more");
                    self.stop_dialing(&error).await;
                    notice(&format!("NO PROOF IS SIGNED / 停止签名: {error}"));
                    return;
                }
                other => tracing::warn!(error = %other, "checkpoints wait"),
            }
            tokio::select! {
                biased;
                () = stop.stopping() => return,
                () = clock.wait_until(clock.now().plus_ms(RETRY_MS)) => {}
            }
        }
    }

    /// A log that is not the one that was signed: nothing behind it is acted on by this process any more. A
    /// key that is another says nothing about the log.
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

    /// The store may have come back with less than it had.
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

    /// Reads to the head. At damage dialing stops and health says it; what stands before it is in the tree.
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

    /// Publishes every `PUBLISH_MS` what is new, and once more when the process stops.
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

    /// An empty log is no news, unless something of it was published before.
    async fn publish_if_any(&mut self, follower: &mut ProofFollower) -> Result<(), ProofError> {
        self.catch_up(follower).await?;
        if follower.size() == 0 && FileShelf::new(&self.dir).read()?.is_none() {
            return Ok(());
        }
        self.publish(follower).await.map(drop)
    }

    /// Reads to the head; signs and shows it when this process holds the lease.
    async fn publish(&mut self, follower: &mut ProofFollower) -> Result<Option<Published>, ProofError> {
        self.catch_up(follower).await?;
        let is_new = self.lease.is_new_holder() || follower.size() > self.published_size;
        if !is_new || !self.lease.is_held().await? {
            return Ok(None);
        }
        let now = self.environment.clock.now();
        let published = match self.publisher.publish(follower, now).await {
            // Before the log is accused the tree is made of it alone: files of a tree can be torn.
            Err(error @ (ProofError::Tree { .. } | ProofError::Forked { .. }))
                if !follower.is_wholly_from_log() || matches!(error, ProofError::Tree { .. }) =>
            {
                tracing::warn!(%error, "the tree's files are made again");
                follower.begin_anew()?;
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
            return Ok(Some(Published {
                checkpoint: cosigned,
                ..published
            }));
        }
        self.published_size = size;
        self.stamp_if_due(&published.checkpoint, now).await?;
        Ok(Some(published))
    }

    /// An authority that is away is asked again with the next checkpoint that is due.
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
                StampShelf::new(&self.dir).put(checkpoint, &stamp)?;
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

/// The log's public key, for readers: given, or the one beside the tree.
pub fn log_key_file(directory: &Path) -> PathBuf {
    directory.join(PROOF_DIR).join(LOG_KEY_FILE)
}
