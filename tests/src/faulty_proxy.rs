//! A TCP proxy to a server that cuts off or holds a connection after a number of bytes from the server:
//! simulates networks that fail in the middle of a response.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// The bytes read at a time: few, so that a cut is near its byte.
const PIECE_BYTES: usize = 4_096;

/// What happens to one connection, depending on the bytes that came from the server.
#[derive(Debug)]
pub enum ProxyMode {
    /// It is passed through to its end.
    Whole,
    /// It is cut off after so many bytes.
    CutAfter(usize),
    /// It is held after so many bytes: the proxy signals that, and waits for the signal to continue.
    HeldAfter(usize, SyncSender<()>, Receiver<()>),
}

/// The test's side of a held connection: receives the signal that it is held, and lets it continue.
pub struct HoldControl {
    holds: Receiver<()>,
    goes_on: SyncSender<()>,
}

impl HoldControl {
    /// Returns the way of a connection that is held after `bytes`, and the control for it.
    pub fn after(bytes: usize) -> (ProxyMode, Self) {
        let (says, holds) = sync_channel(1);
        let (goes_on, released) = sync_channel(1);
        (
            ProxyMode::HeldAfter(bytes, says, released),
            Self { holds, goes_on },
        )
    }

    /// Waits until the connection is held, runs `done`, and lets the connection continue. Returns false if it
    /// was never held.
    pub fn run_while_held(self, done: impl FnOnce()) -> bool {
        if self.holds.recv().is_err() {
            return false;
        }
        done();
        self.goes_on.send(()).is_ok()
    }
}

/// Listens on a loopback port, which is returned, and forwards each connection to `port` in one of the
/// `ways`, in order. Connections after the last way are closed at once.
#[expect(clippy::disallowed_methods, reason = "plays a network that breaks off")]
pub fn start_proxy(port: u16, ways: Vec<ProxyMode>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let own = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        let mut ways = ways.into_iter();
        for client in listener.incoming().flatten() {
            let way = ways.next().unwrap_or(ProxyMode::CutAfter(0));
            thread::spawn(move || pass(&client, port, way));
        }
    });
    own
}

#[expect(clippy::disallowed_methods, reason = "plays a network that breaks off")]
fn pass(client: &TcpStream, port: u16, way: ProxyMode) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
        return;
    };
    let (Ok(mut asks), Ok(mut asked)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    thread::spawn(move || {
        // Either end may have closed first.
        drop(std::io::copy(&mut asks, &mut asked));
        drop(asked.shutdown(Shutdown::Write));
    });
    answer(&server, client, way);
    for end in [client, &server] {
        drop(end.shutdown(Shutdown::Both));
    }
}

fn answer(mut server: &TcpStream, mut client: &TcpStream, mut way: ProxyMode) {
    let mut piece = vec![0; PIECE_BYTES];
    let mut passed = 0;
    while let Ok(read @ 1..) = server.read(&mut piece) {
        match &way {
            ProxyMode::CutAfter(bytes) if passed + read > *bytes => return,
            ProxyMode::HeldAfter(bytes, says, released) if passed + read > *bytes => {
                if says.send(()).is_err() || released.recv().is_err() {
                    return;
                }
                way = ProxyMode::Whole;
            }
            ProxyMode::Whole | ProxyMode::CutAfter(_) | ProxyMode::HeldAfter(..) => {}
        }
        let Some(bytes) = piece.get(..read) else { return };
        if client.write_all(bytes).is_err() {
            return;
        }
        passed += read;
    }
}
