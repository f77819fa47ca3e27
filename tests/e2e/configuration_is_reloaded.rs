//! A server that is started with a file reads it again at SIGHUP: log level and trusted proxies apply, other
//! changes are listed, and a wrong file changes nothing.

use std::path::Path;
use tests::passing_time::HUNG_AFTER;
use tests::program::{command, ledgerline, read};
use tests::server::{REHEARSAL, Server};

/// Sends SIGHUP and returns the line that the server prints, which must begin like this.
fn reload(server: &Server, begins: &str) -> String {
    server.program.signal("HUP");
    let said = server
        .program
        .says("config ", HUNG_AFTER, |said| said.starts_with(begins));
    said.ok_or_else(|| format!("no line {begins:?} in {:?}", server.program.seen()))
        .expect("the server says so")
}

fn write(file: &Path, data: &Path, rest: &str) {
    let (data, at) = (data.display(), REHEARSAL);
    let text = format!("data = \"{data}\"\nrehearsal.at = \"{at}\"\nhttp.listen = \"127.0.0.1:0\"\n{rest}");
    std::fs::write(file, text).expect("the file can be written");
}

#[test]
fn sighup_applies_what_it_can_and_lists_what_needs_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("ledgerline.toml"), folder.path().join("data"));
    let log = folder.path().join("log");
    write(
        &file,
        &data,
        "drain = \"5s\"\n[[trunk]]\naddress = \"sip:127.0.0.1:5070\"\n",
    );
    let mut serve = command("sh");
    serve
        .args(["-c", "exec \"$@\" 2>\"$0\""])
        .arg(&log)
        .arg(ledgerline());
    serve.arg("serve").arg("--config").arg(&file);
    let mut server = Server::of(serve, &data);
    assert!(server.wait_ready(), "{}", read(&log));

    let changed = "drain = \"6s\"\nlog.level = \"info\"\nhttp.trusted_proxies = [\"192.0.2.7\"]\n[[trunk]]\naddress = \"sip:127.0.0.1:5071\"\n";
    write(&file, &data, changed);
    assert_eq!(
        reload(&server, "reloaded"),
        "reloaded; applied: [log.level, http.trusted_proxies]; restart needed: [drain, trunk 127.0.0.1:5070, trunk \
         127.0.0.1:5071]"
    );
    assert!(
        read(&log).contains("configuration reloaded"),
        "the level info applies"
    );
    assert!(read(&log).contains("changed settings need a restart"));

    write(&file, &data, "log.levle = \"debug\"\n");
    let refused = reload(&server, "not reloaded");
    assert!(
        refused.ends_with("ledgerline.toml:4: unknown key log.levle; did you mean log.level?"),
        "{refused}"
    );
    assert!(read(&log).contains("the configuration has errors; nothing is reloaded"));
    assert_eq!(server.get("/readyz").unwrap().status, 200);

    // Without a change since the last one, what needs a restart is still named.
    write(&file, &data, changed);
    let again = reload(&server, "reloaded; applied: []");
    assert!(again.contains("restart needed: [drain, "), "{again}");
    assert!(server.drains());
}
