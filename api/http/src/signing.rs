//! A signed checkpoint over what was just read, for an answer that carries its proof: whoever asks need
//! not know when checkpoints are signed.
//!
//! A server signs what is new each second, and its next checkpoint is waited for; a command on a
//! directory that no server holds signs for itself.

use crate::context::Context;
use domain::problem::Problem;
use domain::stored_event::Position;
use evidence::proved::Prover;
use host::open_settings::OpenSettings;
use host::proving::Proving;
use store::proof::SignedCheckpoint;

/// Longest wait for the next checkpoint: it is signed once a second, and a witness may be asked in between.
const WAIT_MS: u64 = 10_000;

/// Between two looks at what was published.
const LOOK_MS: u64 = 100;

/// Who signs checkpoints of this log.
pub enum Signing {
    /// This server, or another one on the log, each second.
    EachSecond,
    /// Nobody else: what was opened with these settings is signed when somebody asks.
    WhenAsked(Box<OpenSettings>),
}

impl Context {
    /// What makes proofs from the tree of this log.
    pub(crate) fn prover(&self) -> Result<Prover, Problem> {
        let installation = &self.installation;
        let dense = installation.store().capabilities().dense;
        Prover::of(&installation.directory, &installation.signing_key, dense)
    }

    /// A checkpoint that covers everything up to a position.
    pub(crate) async fn checkpoint_over(&self, position: Position) -> Result<SignedCheckpoint, Problem> {
        if let Signing::WhenAsked(settings) = &self.signing {
            let environment = &self.installation.environment;
            let published = Proving::new(environment, settings, &[])?.publish_once().await?;
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
