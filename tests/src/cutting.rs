//! A way to a server that breaks off or holds when so many bytes have come from it, connection by connection:
//! what networks do in the middle of an answer.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Read at a time: small, so that a cut comes near its byte.
const PIECE_BYTES: usize = 4_096;

/// What becomes of one connection, by the bytes that came from the server.
#[derive(Debug)]
pub enum Way {
    /// To its end.
    Whole,
    /// It breaks off after so many.
    CutAfter(usize),
    /// After so many it says so, and waits until it is told to go on.
    HeldAfter(usize, SyncSender<()>, Receiver<()>),
}

/// A held connection: it says when it holds, and goes on when told.
pub struct Held {
    holds: Receiver<()>,
    goes_on: SyncSender<()>,
}

impl Held {
    /// One, and the way that belongs to it.
    pub fn after(bytes: usize) -> (Way, Self) {
        let (says, holds) = sync_channel(1);
        let (goes_on, told) = sync_channel(1);
        (Way::HeldAfter(bytes, says, told), Self { holds, goes_on })
    }

    /// Waits until it holds, does something, and lets it go on; false where it never held.
    pub fn meanwhile(self, done: impl FnOnce()) -> bool {
        if self.holds.recv().is_err() {
            return false;
        }
        done();
        self.goes_on.send(()).is_ok()
    }
}

/// Listens on a port of loopback, which is answered, and takes each connection to `port` in its way, in
/// order; where no way is left, connections are broken off at once.
#[expect(clippy::disallowed_methods, reason = "plays a network that breaks off")]
pub fn way_to(port: u16, ways: Vec<Way>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let own = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        let mut ways = ways.into_iter();
        for client in listener.incoming().flatten() {
            let way = ways.next().unwrap_or(Way::CutAfter(0));
            thread::spawn(move || pass(&client, port, way));
        }
    });
    own
}

#[expect(clippy::disallowed_methods, reason = "plays a network that breaks off")]
fn pass(client: &TcpStream, port: u16, way: Way) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
        return;
    };
    let (Ok(mut asks), Ok(mut asked)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    thread::spawn(move || {
        // Either end may be gone first.
        drop(std::io::copy(&mut asks, &mut asked));
        drop(asked.shutdown(Shutdown::Write));
    });
    answer(&server, client, way);
    for end in [client, &server] {
        drop(end.shutdown(Shutdown::Both));
    }
}

fn answer(mut server: &TcpStream, mut client: &TcpStream, mut way: Way) {
    let mut piece = vec![0; PIECE_BYTES];
    let mut passed = 0;
    while let Ok(read @ 1..) = server.read(&mut piece) {
        match &way {
            Way::CutAfter(bytes) if passed + read > *bytes => return,
            Way::HeldAfter(bytes, says, told) if passed + read > *bytes => {
                if says.send(()).is_err() || told.recv().is_err() {
                    return;
                }
                way = Way::Whole;
            }
            Way::Whole | Way::CutAfter(_) | Way::HeldAfter(..) => {}
        }
        let Some(bytes) = piece.get(..read) else { return };
        if client.write_all(bytes).is_err() {
            return;
        }
        passed += read;
    }
}
