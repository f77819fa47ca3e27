//! Files on their way in: few at once, each written aside without a name while it comes, at its sender's
//! pace.

use crate::body::Body;
use application::installation::Installation;
use application::paced_places::{PacedPlace, PacedPlaces};
use async_trait::async_trait;
use bytes::Bytes;
use domain::problem::{Kind, Problem};
use intake::spool::Spool;
use std::sync::{Arc, LazyLock};

/// Files read at once: each may take a core, and 300 MB where it is a large workbook.
const UPLOADS_MAX: usize = 2;

/// Their turns, over all campaigns of the process: a sender who is slow keeps one while nobody else sends.
static UPLOADS: LazyLock<Arc<PacedPlaces>> = LazyLock::new(|| PacedPlaces::new(UPLOADS_MAX));

/// What comes in pieces.
#[async_trait]
pub(crate) trait Pieces: Send {
    /// The next piece; `None` at the end.
    async fn piece(&mut self) -> Result<Option<Bytes>, Problem>;
}

#[async_trait]
impl Pieces for Body {
    async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        Self::piece(self).await
    }
}

/// A file that came whole; its turn is kept as long as this is.
pub(crate) struct Received {
    pub spool: Spool,
    pub turn: PacedPlace,
}

/// Takes a file to its end; whoever sends little gives the turn to whoever asks for one.
pub(crate) async fn receive(
    installation: &Installation,
    sender: &mut dyn Pieces,
) -> Result<Received, Problem> {
    let Some(turn) = UPLOADS.enter(installation.now()) else {
        return Err(Problem::new(
            Kind::Busy,
            "two-uploads-at-once",
            format!("{UPLOADS_MAX} files are being read already; send this one when one of them is done"),
        ));
    };
    let clock = installation.environment.clock.as_ref();
    let bytes = |piece: &Result<Option<Bytes>, Problem>| match piece {
        Ok(Some(piece)) => piece.len(),
        Ok(None) | Err(_) => 0,
    };
    let mut spool = Spool::new(&installation.directory)?;
    loop {
        let Some(piece) = turn.wait_for(clock, sender.piece(), bytes).await else {
            return Err(Problem::new(
                Kind::Busy,
                "upload-too-slow",
                "the file came so slowly that its turn went to another: send it again",
            ));
        };
        match piece? {
            Some(piece) => spool.write(&piece)?,
            None => break,
        }
    }
    turn.is_over();
    Ok(Received { spool, turn })
}
