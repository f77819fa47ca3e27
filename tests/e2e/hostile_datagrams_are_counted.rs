//! Datagrams that are not SIP messages are counted and dropped; an unsolicited INVITE gets no response and
//! makes no call.

use tests::history::History;
use tests::passing_time::{HUNG_AFTER, ask_on};
use tests::program::{read, send_datagram};
use tests::server::Server;

const UNSOLICITED: &str = "INVITE sip:robot@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx\r\n\
    From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:b@127.0.0.1>\r\nCall-ID: stranger\r\nCSeq: 1 INVITE\r\n\
    Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";

#[test]
fn garbage_and_strangers_are_counted_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, "sip:127.0.0.1:9");
    let sip = read(&data.join("sip-address")).trim().to_owned();
    for _ in 0..3 {
        send_datagram(&sip, b"\x00\xff not SIP at all");
    }
    send_datagram(&sip, UNSOLICITED.as_bytes());
    // A datagram from a stranger is not reported: only a request for readiness shows how many there were.
    let counted = ask_on(HUNG_AFTER, || {
        let refused = server.get("/readyz").ok()?.body["sip_datagrams_refused"].clone();
        (refused["malformed"] == 3 && refused["foreign"] == 1).then_some(())
    });
    assert!(counted.is_some(), "{:?}", server.get("/readyz"));
    let events = History::read(&data).events;
    let kinds: Vec<_> = events.iter().map(|event| &event["type"]).collect();
    assert_eq!(kinds, ["installation.named"]);
}
