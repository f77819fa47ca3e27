//! Uploads of files: few at a time, each written to an unnamed file as it arrives, at its sender's pace.

use crate::body::Body;
use crate::form::{Fields, Form};
use application::installation::Installation;
use application::slow_client_slots::{SlowClientSlot, SlowClientSlots};
use async_trait::async_trait;
use bytes::Bytes;
use domain::ports::clock::Clock;
use domain::problem::{Problem, ProblemKind};
use intake::spool::Spool;
use std::sync::{Arc, LazyLock};

/// Maximum simultaneous uploads, a further one is refused: each may take a core, and 300 MB for a large
/// workbook.
const UPLOADS_MAX: usize = 2;

/// Upload slots of the process, for all campaigns. A slow sender keeps one only while no other sender needs
/// it.
static UPLOADS: LazyLock<Arc<SlowClientSlots>> = LazyLock::new(|| SlowClientSlots::new(UPLOADS_MAX));

/// A source of data in pieces.
#[async_trait]
pub(crate) trait ChunkSource: Send {
    /// Returns the next piece of the file; `None` at its end.
    async fn piece(&mut self) -> Result<Option<Bytes>, Problem>;
}

#[async_trait]
impl ChunkSource for Body {
    async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        Self::piece(self).await
    }
}

/// A file that was received completely. Its slot is held as long as this exists.
pub(crate) struct ReceivedFile {
    pub spool: Spool,
    pub turn: SlowClientSlot,
}

/// Receives a file to its end. A sender that sends too little loses its slot when another one needs it. The
/// slot's time limit ends when nothing more is to come; fields may follow the file of a form.
pub(crate) async fn receive(
    installation: &Installation,
    sender: &mut dyn ChunkSource,
) -> Result<ReceivedFile, Problem> {
    let Some(turn) = UPLOADS.enter(installation.now()) else {
        return Err(Problem::new(
            ProblemKind::Busy,
            "two-uploads-at-once",
            format!("{UPLOADS_MAX} files are already being read; send this one when one of them is done"),
        ));
    };
    let clock = installation.environment.clock.as_ref();
    let bytes = |piece: &Result<Option<Bytes>, Problem>| match piece {
        Ok(Some(piece)) => piece.len(),
        Ok(None) | Err(_) => 0,
    };
    let mut spool = Spool::new(&installation.directory)?;
    loop {
        let piece = turn.wait_for(clock, sender.piece(), bytes).await;
        match piece.ok_or_else(too_slow)?? {
            Some(piece) => spool.write(&piece)?,
            None => break,
        }
    }
    Ok(ReceivedFile { spool, turn })
}

/// Returns the fields of a form after its file was received, within the same time limit.
pub(crate) async fn read_form_fields(
    clock: &dyn Clock,
    turn: &SlowClientSlot,
    form: Form,
) -> Result<Fields, Problem> {
    let fields = turn.wait_for(clock, form.fields(), |_| 0).await;
    fields.ok_or_else(too_slow)?
}

fn too_slow() -> Problem {
    Problem::new(
        ProblemKind::Busy,
        "upload-too-slow",
        "the upload was too slow and lost its slot: send the file again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::pieces;
    use futures_util::stream::{self, StreamExt};
    use store::test_ports::StepClock;

    /// A form with a received file and a last field that never ends.
    async fn without_an_end() -> Form {
        let text = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\na\r\n\
                    --b\r\nContent-Disposition: form-data; name=\"map\"\r\n\r\na=";
        let sent = stream::iter([Ok::<Bytes, warp::Error>(Bytes::from_static(text.as_bytes()))]);
        let mut form = Form::new(pieces(sent.chain(stream::pending())), "b".to_owned(), &["map"]);
        let (mut part, _) = form.file().await.unwrap();
        while part.piece().await.unwrap().is_some() {}
        drop(part);
        form
    }

    #[tokio::test]
    async fn the_turn_of_a_form_without_its_tail_goes_to_the_next_upload() {
        let clock = StepClock::default();
        let places = SlowClientSlots::new(1);
        let turn = places.enter(clock.now()).unwrap();
        let form = without_an_end().await;
        let asks = async {
            assert!(places.enter(clock.now()).is_none());
            clock.wait_until(clock.now().plus_ms(31_000)).await;
            places.enter(clock.now())
        };
        let (form_result, entered) = tokio::join!(read_form_fields(&clock, &turn, form), asks);
        assert!(entered.is_some(), "an active sender gets the slot");
        assert_eq!(form_result.unwrap_err().code, "upload-too-slow");
    }
}
