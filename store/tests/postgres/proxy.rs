//! A proxy between store and server that cuts a connection at a chosen moment, before the response to an
//! append returns. Unix sockets on both sides, so that no port is used.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::contract::start;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

/// What the server sends at the end of a successful append: of a group, which calls a function, and of
/// one event.
const DONE: [&[u8]; 2] = [b"SELECT 1", b"INSERT 0 1"];

/// Cuts the connection at the next `losses` responses to appends: the server has committed, but the store
/// gets no response.
pub(crate) struct Proxy {
    pub(crate) url: String,
    losses: Arc<AtomicU64>,
    _folder: TempDir,
}

impl Proxy {
    /// Starts a proxy for the server of `url`.
    pub(crate) fn before(url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (user, place) = url.split_once('@').expect("the URL names a user");
        let (host, database) = place.rsplit_once('/').expect("the URL names a database");
        let (host, port) = host.split_once(':').unwrap_or((host, "5432"));
        let server = PathBuf::from(host.replace("%2F", "/")).join(format!(".s.PGSQL.{port}"));
        let own = folder.path().join(".s.PGSQL.5432");
        let listener = UnixListener::bind(&own).expect("a socket can be made");
        let losses = Arc::new(AtomicU64::new(0));
        let shared = Arc::clone(&losses);
        drop(start(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = UnixStream::connect(&server).await else {
                    continue;
                };
                drop(start(carry(near, far, Arc::clone(&shared))));
            }
        }));
        let host = folder.path().display().to_string().replace('/', "%2F");
        Self {
            url: format!("{user}@{host}/{database}"),
            losses,
            _folder: folder,
        }
    }

    /// Loses the responses to the next `answers` appends.
    pub(crate) fn lose(&self, answers: u64) {
        self.losses.store(answers, Ordering::SeqCst);
    }

    /// Returns how many responses are still to be lost.
    pub(crate) fn left(&self) -> u64 {
        self.losses.load(Ordering::SeqCst)
    }
}

async fn carry(near: UnixStream, far: UnixStream, losses: Arc<AtomicU64>) {
    let (mut from_store, mut to_store) = near.into_split();
    let (mut from_server, mut to_server) = far.into_split();
    let asked = Arc::new(AtomicU64::new(0));
    let asks = Arc::clone(&asked);
    let onward = start(async move {
        let mut buffer = vec![0; 65_536];
        while let Ok(count) = from_store.read(&mut buffer).await {
            let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            // A bound call with a record in it is an append.
            if contains(bytes, b"\"stream_version\"") {
                asks.store(1, Ordering::SeqCst);
            }
            if to_server.write_all(bytes).await.is_err() {
                break;
            }
        }
        drop(to_server.shutdown().await);
    });
    let mut buffer = vec![0; 65_536];
    while let Ok(count) = from_server.read(&mut buffer).await {
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        let is_done = DONE.iter().any(|done| contains(bytes, done));
        let is_answer = is_done && asked.swap(0, Ordering::SeqCst) == 1;
        let lost = is_answer
            && losses
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                .is_ok();
        if lost || to_store.write_all(bytes).await.is_err() {
            break;
        }
    }
    onward.abort();
    drop(to_store.shutdown().await);
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
