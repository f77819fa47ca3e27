//! One process writes a data directory. A second one is refused with a message, while readers are possible.

use tests::history::History;
use tests::passing_time::HUNG_AFTER;
use tests::program::Program;
use tests::server::Server;

#[test]
fn a_second_writer_is_refused_and_a_reader_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let first = Server::start(&data, "sip:127.0.0.1:9");
    let mut second = Program::start(Server::command(&data, "sip:127.0.0.1:9"));
    let status = second.wait(HUNG_AFTER).expect("the second writer ends by itself");
    assert!(!status.success());
    let number = "/api/v1/numbers/13800138000/opt-out";
    first.must_post(number, &serde_json::json!({"reason": "asked by phone"}));
    assert_eq!(History::read(&data).of("number.opted_out").count(), 1);
}
