//! Readers that open a stream and read nothing of it, and the memory that they cost.

use crate::program::fail;
use crate::server::Server;
use std::io::{Read, Write};
use std::net::TcpStream;

/// The beginning of a stream's response: only so much is read.
const TAKEN: &[u8; 12] = b"HTTP/1.1 200";

/// Readers that hold their connections until they are dropped.
pub(super) struct StalledReaders {
    streams: Vec<TcpStream>,
    before_mb: Option<u64>,
}

/// Opens so many connections that request the whole log and read nothing.
pub(super) fn hold(server: &Server, count: usize) -> StalledReaders {
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
            fail("a reader that will not read is not accepted");
        }
    }
    StalledReaders { streams, before_mb }
}

impl StalledReaders {
    /// Closes the connections. Returns how much more memory the server holds than before, in MiB.
    pub(super) fn grown_mb(self, server: &Server) -> Option<u64> {
        let now = resident_mb(server.program.id())?;
        drop(self.streams);
        Some(now.saturating_sub(self.before_mb?))
    }
}

/// Returns the resident memory of a process in MiB, as Linux counts it; `None` on other systems.
fn resident_mb(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1_024)
}
