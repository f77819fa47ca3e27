//! Slots for exports over HTTP, and their own database connections, so that neither many exports nor slow
//! readers block pages and queries.

use crate::slow_client_slots::{SlowClientSlot, SlowClientSlots};
use bytes::Bytes;
use domain::ports::clock::Clock;
use domain::problem::{Problem, ProblemKind};
use domain::time::Timestamp;
use projections::ReadDb;
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Exports over HTTP that run at once. Each has a thread, a connection and some pages of rows.
pub(crate) const EXPORTS_AT_ONCE: usize = 2;

/// Longest time in which a client must take one piece, in milliseconds; then its export is stopped. Two
/// kilobytes per second are far below the slowest connection. A slow client keeps its slot only until
/// another export waits.
const PIECE_MS: u64 = 30_000;

/// The slots and connections of exports.
pub struct ExportService {
    places: Arc<SlowClientSlots>,
    rows: Option<Arc<dyn ReadDb>>,
}

impl ExportService {
    /// Creates the slots. `rows` are the exports' own connections; a command that exports once has none.
    pub fn new(rows: Option<Arc<dyn ReadDb>>) -> Self {
        Self {
            places: SlowClientSlots::new(EXPORTS_AT_ONCE),
            rows,
        }
    }

    /// Returns the exports' own database connections; `None` in a command that exports once.
    pub const fn rows(&self) -> Option<&Arc<dyn ReadDb>> {
        self.rows.as_ref()
    }

    /// Takes a slot for one more export; if none is free, takes it from a slow client. Fails with
    /// `exports-busy`. The slot is released when dropped.
    pub fn place(&self, now: Timestamp) -> Result<SlowClientSlot, Problem> {
        self.places.enter(now).ok_or_else(|| {
            let detail =
                format!("the limit of {EXPORTS_AT_ONCE} concurrent exports is reached: try again later");
            Problem::new(ProblemKind::Busy, "exports-busy", detail)
        })
    }
}

/// Passes the pieces of an export on to its client until the end. Stops if the client takes no piece for
/// `PIECE_MS`, or is slow while another export waits for the slot; the writer notices at its next piece.
pub async fn hand_on(
    clock: &dyn Clock,
    place: &SlowClientSlot,
    mut written: mpsc::Receiver<io::Result<Bytes>>,
    taken: &mpsc::Sender<io::Result<Bytes>>,
) {
    while let Some(piece) = written.recv().await {
        let bytes = piece.as_ref().map_or(0, Bytes::len);
        let sent = async {
            let late = clock.wait_until(clock.now().plus_ms(PIECE_MS));
            tokio::select! {
                biased;
                sent = taken.send(piece) => sent.is_ok(),
                () = late => false,
            }
        };
        if place.wait_for(clock, sent, |_| bytes).await != Some(true) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::test_ports::StepClock;

    #[tokio::test]
    async fn a_reader_that_takes_nothing_is_given_up_and_one_that_takes_gets_all() {
        let piece = || Ok(Bytes::from_static(b"row"));
        let clock = StepClock::default();
        let place = ExportService::new(None).place(clock.now()).unwrap();
        let (write, written) = mpsc::channel(1);
        let (send, mut pieces) = mpsc::channel(1);
        let writing = async {
            for _ in 0..9 {
                write.send(piece()).await.unwrap();
            }
            drop(write);
        };
        let taking = async {
            let mut count = 0;
            while pieces.recv().await.is_some() {
                count += 1;
            }
            count
        };
        let handing = async {
            hand_on(&clock, &place, written, &send).await;
            drop(send);
        };
        let ((), count, ()) = tokio::join!(writing, taking, handing);
        assert_eq!(count, 9);

        let (write, written) = mpsc::channel(1);
        let (send, _never_taken) = mpsc::channel(1);
        let began = clock.now();
        let writing = async { while write.send(piece()).await.is_ok() {} };
        tokio::join!(writing, hand_on(&clock, &place, written, &send));
        assert!(clock.now().ms_since(began) >= PIECE_MS);
    }

    #[tokio::test]
    async fn two_readers_who_take_a_piece_now_and_then_leave_a_place_to_who_asks() {
        let clock = StepClock::default();
        let desk = ExportService::new(None);
        let held = [desk.place(clock.now()).unwrap(), desk.place(clock.now()).unwrap()];
        assert_eq!(desk.place(clock.now()).err().unwrap().code, "exports-busy");
        for place in held.iter().cycle().take(18) {
            let late = clock.wait_until(clock.now().plus_ms(PIECE_MS - 1));
            assert_eq!(place.wait_for(&clock, late, |()| 64 * 1024).await, Some(()));
        }
        assert!(desk.place(clock.now()).is_ok(), "they hold both places for ever");
    }
}
