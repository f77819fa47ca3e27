//! What a handler is given besides its input: the installation, the process, and how requests come in here.
//!
//! Where a server and a command on a directory differ, a value here says so; no handler asks which it is.

use crate::auth::Door;
use crate::coming_again::InFlight;
use crate::comparisons::Comparisons;
use crate::kept_replies::KeptReplies;
use crate::rates::Rates;
use crate::sign_in_rates::SignInRates;
use crate::signing::Signing;
use application::engines::Engines;
use application::installation::Installation;
use domain::problem::Problem;
use domain::stored_event::Position;
use evidence::log_walk::Log;
use host::process::Process;
use std::sync::Arc;

/// Longest wait of a read for a position (`?after_position=`); a view is behind by milliseconds.
const POSITION_WAIT_MS: u64 = 5_000;

/// Told how far a reading of the whole log is, and where it ends.
pub type Hears = dyn Fn(Position, Position) + Send + Sync;

/// Which rows an endpoint stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowsNeeded {
    /// What rows say is read: they are to have what the log has.
    OfTheLog,
    /// None, or it is shown how far they are.
    AsTheyAre,
}

/// What a handler is given besides its input.
pub struct Context {
    pub installation: Arc<Installation>,
    /// For what is asked of the process itself: its health, its clock.
    pub process: Arc<Process>,
    /// Who may come in.
    pub door: Door,
    /// What each address and principal may still compare with sealed values.
    pub comparisons: Comparisons,
    /// How many requests each user and key may still send.
    pub rates: Rates,
    /// Replies that stay as they are while the log stands still.
    pub kept_replies: KeptReplies,
    /// How many wrong sign-ins each address has left.
    pub sign_ins: SignInRates,
    /// What calls understand, hear and speak with, for other systems.
    pub engines: Engines,
    /// Requests that may come again, while they are answered.
    pub in_flight: InFlight,
    /// Who signs checkpoints of the log.
    pub signing: Signing,
    /// How long those who read wait until the rows have what the log has. A server's rows follow it: there
    /// who wants to read what was written gives its position.
    pub rows_within_ms: Option<u64>,
    /// Who hears how far a reading of the whole log is, for as long as it takes; without it there is a limit.
    pub hears: Option<Box<Hears>>,
}

impl Context {
    /// The log, as a handler reads all of it.
    pub(crate) fn whole_log(&self) -> Log<'_> {
        let store = self.installation.store();
        match &self.hears {
            Some(hears) => Log::heard(store, hears.as_ref()),
            None => Log::limited(store, self.installation.environment.clock.as_ref()),
        }
    }

    /// Returns when the rows are as a request needs them. Read-your-writes: one with `?after_position=` waits
    /// until the views have it.
    pub(crate) async fn rows_for(&self, rows: RowsNeeded, behind: Option<Position>) -> Result<(), Problem> {
        if let Some(position) = behind {
            self.installation.rows_at(position, POSITION_WAIT_MS).await?;
        }
        match self.rows_within_ms {
            Some(within_ms) if rows == RowsNeeded::OfTheLog => {
                let head = self.installation.store().head().await?;
                self.installation.rows_at(head, within_ms).await
            }
            Some(_) | None => Ok(()),
        }
    }
}

pub(crate) type Ctx = Arc<Context>;
