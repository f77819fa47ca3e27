//! An index that lost rows is rebuilt when the log is opened, and that is an event: answers before it may
//! have lacked events.

use serde_json::json;
use tests::history::History;
use tests::passing_time::HUNG_AFTER;
use tests::server::Server;

/// Ends the server regularly: the index is then at the log's end.
fn end(mut server: Server) {
    server.program.signal("TERM");
    assert!(server.program.wait(HUNG_AFTER).is_some());
}

#[test]
fn an_index_that_was_made_again_is_on_record_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, "sip:127.0.0.1:9");
    server.must_post("/api/v1/numbers/13800138000/suppress", &json!({"reason": "list"}));
    end(server);
    let index = rusqlite::Connection::open(data.join("index.db")).unwrap();
    let lost = index.execute("DELETE FROM by_stream WHERE pos = 2", []).unwrap();
    assert_eq!(lost, 1);
    drop(index);
    for _ in 0..2 {
        end(Server::start(&data, "sip:127.0.0.1:9"));
        let history = History::read(&data);
        let logged: Vec<_> = history.of("installation.index_remade").collect();
        assert_eq!(logged.len(), 1, "{logged:?}");
        assert_eq!(logged[0]["data"], json!({"why": "by_stream"}));
    }
}
