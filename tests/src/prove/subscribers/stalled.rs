//! Readers that open a stream and read nothing of it, and what they cost.

use crate::program::fail;
use crate::server::Server;
use std::io::Write;
use std::net::TcpStream;

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
    let bearer = server.bearer();
    for stream in &mut streams {
        let head = format!(
            "GET /api/v1/events/stream HTTP/1.1\r\nHost: ledgerline\r\nAuthorization: {bearer}\r\n\r\n"
        );
        let asked = stream.write_all(head.as_bytes());
        asked.unwrap_or_else(|error| fail(&error.to_string()));
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
