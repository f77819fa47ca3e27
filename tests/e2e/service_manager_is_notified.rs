//! A server tells its service manager when it is ready, that it is alive, and that it stops; and `ready`
//! exits with the same state.

use std::os::unix::net::UnixDatagram;
use tests::passing_time::HUNG_AFTER;
use tests::program::run;
use tests::server::Server;

/// A datagram of the protocol is a few lines; STATUS holds a reason of `/readyz`.
const DATAGRAM_BYTES_MAX: usize = 8 * 1024;

/// Receives datagrams until one has the line; returns that datagram.
fn notified(socket: &UnixDatagram, wanted: &str) -> String {
    let mut bytes = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        let length = socket.recv(&mut bytes).expect("a notification arrives");
        let text = String::from_utf8_lossy(bytes.get(..length).unwrap_or_default()).into_owned();
        if text.lines().any(|line| line == wanted) {
            return text;
        }
    }
}

#[test]
fn the_service_manager_hears_ready_alive_and_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let (data, path) = (folder.path().join("data"), folder.path().join("notify"));
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(HUNG_AFTER)).unwrap();
    let mut command = Server::command(&data, "sip:127.0.0.1:9");
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "300000");
    let mut server = Server::of(command, &data);
    let ready = notified(&socket, "READY=1");
    assert!(ready.contains("STATUS=ready yes; "), "{ready}");
    assert!(server.wait_ready());
    let directory = data.display().to_string();
    let said = run(&["ready", "--data", &directory]);
    assert_eq!(said.status.code(), Some(0), "{said:?}");
    notified(&socket, "WATCHDOG=1");
    server.program.signal("TERM");
    let stopping = notified(&socket, "STOPPING=1");
    // 5 s of drain and 30 s to close.
    assert!(stopping.contains("EXTEND_TIMEOUT_USEC=35000000"), "{stopping}");
    assert_eq!(
        server.program.wait(HUNG_AFTER).and_then(|status| status.code()),
        Some(0)
    );
    let said = run(&["ready", "--data", &directory]);
    assert_eq!(said.status.code(), Some(4), "no server answers: {said:?}");
}

#[test]
fn a_downgrade_is_refused_with_the_version_that_wrote_the_directory() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(Server::start(&data, "sip:127.0.0.1:9").drains());
    let file = data.join("version");
    assert_eq!(
        std::fs::read_to_string(&file).unwrap().trim(),
        env!("CARGO_PKG_VERSION")
    );
    std::fs::write(&file, "99.0.0\n").unwrap();
    let refused = Server::command(&data, "sip:127.0.0.1:9").output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(said.contains("written by ledgerline 99.0.0"), "{said}");
}
