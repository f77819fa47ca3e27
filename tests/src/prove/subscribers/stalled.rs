//! Readers that open a stream and read nothing of it, and what they cost.

use crate::program::fail;
use crate::server::Server;
use std::io::{Read, Write};
use std::net::TcpStream;

/// How the reply of a stream begins: so much is read, and no more.
const TAKEN: &[u8; 12] = b"HTTP/1.1 200";

/// They hold their connections until they are let go.
pub(super) struct Stalled {
    streams: Vec<TcpStream>,
    before_mb: Option<u64>,
}

/// So many connections ask for the whole log, and read nothing.
pub(super) fn hold(server: &Server, count: usize) -> Stalled {
    let before_mb = resident_mb(server.program.id());
    let mut streams = server.connect_silently(count);
    if streams.len() < count {
        fail("the server takes no more connections");
    }
    let (host, bearer) = (server.url.trim_start_matches("http://"), server.bearer());
    for stream in &mut streams {
        let head =
            format!("GET /api/v1/events/stream HTTP/1.1\r\nHost: {host}\r\nAuthorization: {bearer}\r\n\r\n");
        let mut begun = [0; TAKEN.len()];
        let asked = stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.read_exact(&mut begun));
        asked.unwrap_or_else(|error| fail(&error.to_string()));
        if begun != *TAKEN {
            fail("a reader that will stand still is not taken");
        }
    }
    Stalled { streams, before_mb }
}

impl Stalled {
    /// How much more the server holds than before they came, in MiB; they are let go.
    pub(super) fn grown_mb(self, server: &Server) -> Option<u64> {
        let now = resident_mb(server.program.id())?;
        drop(self.streams);
        Some(now.saturating_sub(self.before_mb?))
    }
}

/// What a process holds now, in MiB, as Linux counts it; `None` where nobody counts.
fn resident_mb(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1_024)
}
