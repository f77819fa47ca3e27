//! Signed checkpoints for replies with a proof: returns one over what was just read, so that callers need not
//! know when checkpoints are signed.
//!
//! A server signs new events each second, and the next checkpoint is waited for. A command on a directory
//! that no server uses signs for itself.

use crate::context::Context;
use domain::ports::event_store::whole_log;
use domain::problem::Problem;
use domain::stored_event::Position;
use evidence::event_bundles::Prover;
use host::log_proofs::LogTreeMaintainer;
use host::open_settings::OpenSettings;
use store::proof::SignedCheckpoint;

/// Maximum wait for the next checkpoint in milliseconds: one is signed per second, and a witness may be asked
/// in between.
const WAIT_MS: u64 = 10_000;

/// Interval in milliseconds between two checks for a published checkpoint.
const LOOK_MS: u64 = 100;

/// How checkpoints of this log are signed.
pub enum CheckpointSigning {
    /// By this server, or another one on the log, each second.
    EachSecond,
    /// On request, by this process: it uses the settings with which the directory was opened.
    WhenAsked(Box<OpenSettings>),
}

impl Context {
    /// Returns the prover, which makes proofs from the tree of this log.
    pub(crate) fn prover(&self) -> Result<Prover, Problem> {
        let installation = &self.installation;
        let dense = whole_log(&installation.environment.store).capabilities().dense;
        Prover::of(&installation.directory, &installation.signing_key, dense)
    }

    /// Returns a checkpoint that covers everything up to a position. On a server it waits for the next one;
    /// fails as unavailable after `WAIT_MS`.
    pub(crate) async fn checkpoint_over(&self, position: Position) -> Result<SignedCheckpoint, Problem> {
        if let CheckpointSigning::WhenAsked(settings) = &self.signing {
            let environment = &self.installation.environment;
            let published = LogTreeMaintainer::new(environment, settings, &[])?
                .publish_once()
                .await?;
            return Ok(published.checkpoint);
        }
        let clock = &self.installation.environment.clock;
        let limit = clock.now().plus_ms(WAIT_MS);
        loop {
            if let Some(signed) = self.published_over(position)? {
                return Ok(signed);
            }
            if clock.now() >= limit {
                return Err(Problem::unavailable(
                    "no checkpoint over this was signed in time; the server's log says why",
                ));
            }
            clock.wait_until(clock.now().plus_ms(LOOK_MS)).await;
        }
    }

    fn published_over(&self, position: Position) -> Result<Option<SignedCheckpoint>, Problem> {
        let prover = self.prover()?;
        let Some(signed) = prover.checkpoint()? else {
            return Ok(None);
        };
        Ok(prover.covers(&signed, position)?.then_some(signed))
    }
}
