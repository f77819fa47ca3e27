//! Tests the last checkpoint of a process that is stopped while its witness is being asked.

use super::LogTreeMaintainer;
use crate::app::OpenDataDir;
use crate::open_settings::OpenSettings;
use domain::time::Timestamp;
use std::path::Path;
use std::sync::Arc;
use store::proof::{FileCheckpointStore, KeyKind, PROOF_DIR, SigningKey, VerifierKey, Witness};
use store::test_ports::HashIds;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

const SEEN_AT: Timestamp = Timestamp::from_micros(1_767_578_400_000_000);

/// Reads one request and returns its body.
async fn asked(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4_096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if length.is_some_and(|length| length.parse() == Ok(body.len())) {
            return body.to_owned();
        }
    }
}

/// Runs a witness that never responds to the first request and responds to all others.
async fn answer(listener: TcpListener, witness: Witness, asked_once: Arc<Notify>) {
    let (mut first, _) = listener.accept().await.unwrap();
    asked(&mut first).await;
    asked_once.notify_one();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let lines = witness
            .add_checkpoint(&asked(&mut stream).await, SEEN_AT)
            .unwrap();
        let reply = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{lines}",
            lines.len()
        );
        stream.write_all(reply.as_bytes()).await.unwrap();
    }
}

/// Starts a witness on loopback. Returns its address and key.
#[expect(
    clippy::disallowed_methods,
    reason = "a witness of the test's own, on loopback"
)]
async fn witness(folder: &Path, log: VerifierKey, asked_once: &Arc<Notify>) -> (String, VerifierKey) {
    let file = folder.join("witness.key");
    let key = SigningKey::create(
        &file,
        "witness.example.com/w1",
        KeyKind::Witness,
        &HashIds::new(1),
    )
    .unwrap();
    let verifier = key.verifier();
    let witness = Witness::open(key, vec![log], &folder.join("witness")).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(answer(listener, witness, Arc::clone(asked_once)));
    (format!("http://{address}"), verifier)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_is_cosigned_if_its_witness_is_asked_as_the_process_stops() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let settings = OpenSettings::of_directory(data.clone());
    let opened = OpenDataDir::open(&settings).await.unwrap();
    opened.name_log().await.unwrap();
    let log = SigningKey::of_log(&opened.signing_key(), opened.environment.ids.as_ref()).unwrap();
    let asked_once = Arc::new(Notify::new());
    let (url, key) = witness(folder.path(), log.verifier(), &asked_once).await;
    let spec = format!("{url},{key}").parse().unwrap();
    LogTreeMaintainer::new(&opened.environment, &settings, &[spec])
        .unwrap()
        .begin();
    asked_once.notified().await;
    opened.close().await;
    let published = FileCheckpointStore::new(&data.join(PROOF_DIR))
        .read()
        .unwrap()
        .unwrap();
    assert!(published.cosigned_by(&key).is_some(), "{published:?}");
}
