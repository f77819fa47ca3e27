//! Files on their way in: few at once, each written aside without a name while it comes, at its sender's
//! pace.

use crate::body::Body;
use crate::form::{Fields, Form};
use application::installation::Installation;
use application::paced_places::{PacedPlace, PacedPlaces};
use async_trait::async_trait;
use bytes::Bytes;
use domain::ports::clock::Clock;
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

/// Takes a file to its end; whoever sends little gives the turn to whoever asks for one. The turn is over
/// when nothing more is to come: behind the file of a form may stand fields.
pub(crate) async fn receive(
    installation: &Installation,
    sender: &mut dyn Pieces,
) -> Result<Received, Problem> {
    let Some(turn) = UPLOADS.enter(installation.now()) else {
        return Err(Problem::new(
            Kind::Busy,
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
    Ok(Received { spool, turn })
}

/// The fields of a form whose file has come, waited for as the file was.
pub(crate) async fn all_of(clock: &dyn Clock, turn: &PacedPlace, form: Form) -> Result<Fields, Problem> {
    let fields = turn.wait_for(clock, form.fields(), |_| 0).await;
    fields.ok_or_else(too_slow)?
}

fn too_slow() -> Problem {
    Problem::new(
        Kind::Busy,
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

    /// A form whose file has come and whose last field never ends.
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
    async fn the_turn_of_a_form_whose_tail_does_not_come_goes_to_whoever_asks() {
        let clock = StepClock::default();
        let places = PacedPlaces::new(1);
        let turn = places.enter(clock.now()).unwrap();
        let form = without_an_end().await;
        let asks = async {
            assert!(places.enter(clock.now()).is_none());
            clock.wait_until(clock.now().plus_ms(31_000)).await;
            places.enter(clock.now())
        };
        let (told, entered) = tokio::join!(all_of(&clock, &turn, form), asks);
        assert!(entered.is_some(), "somebody who sends gets the turn");
        assert_eq!(told.unwrap_err().code, "upload-too-slow");
    }
}
