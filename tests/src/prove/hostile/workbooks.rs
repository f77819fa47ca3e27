//! Attack: workbooks that expand to a thousand times their size, each past another check of the sizes they
//! state.

use super::{AttackContext, Verdict};
use crate::passing_time::HUNG_AFTER;
use crate::program::instant;
use serde_json::json;
use std::io::{Read, Write};

/// What each bomb expands to, in bytes: more than a small machine has.
const UNFOLDED_BYTES: u64 = 1_300_000_000;

/// The longest time until a bomb is refused: at most half a gigabyte is expanded. Judged in the long form.
const REFUSED_MS: u128 = 30_000;

/// The bytes that one code of the bomb repeats, the most that DEFLATE can (RFC 1951, 3.2.5).
const REPEATED_BYTES: u64 = 258;

/// Runs the attack with an honest bomb, one that states a small size in its directory, and one with a second
/// end record that names an empty directory. Each is uploaded while the campaign runs, followed by the
/// requests that must always succeed.
pub(super) fn bombs(stage: &AttackContext<'_>) -> Verdict {
    let honest = archive(UNFOLDED_BYTES);
    let small = archive(1_000);
    let mut ended_twice = honest.clone();
    let end = u32::try_from(ended_twice.len()).unwrap_or(u32::MAX);
    ended_twice.extend(end_record(0, end, 0));
    let (mut broken, mut slowest) = (Vec::new(), 0);
    let bombs = [("honest", honest), ("lying", small), ("ended_twice", ended_twice)];
    for (index, (name, bytes)) in (10_u32..).zip(bombs) {
        let began = instant();
        let status = upload(stage, &bytes);
        let ms = (instant() - began).as_millis();
        slowest = slowest.max(ms);
        let is_late = stage.form.judges_time() && ms > REFUSED_MS;
        if !matches!(status, Ok(400..=422)) || is_late {
            broken.push(format!("{name}: {status:?} after {ms} ms"));
        }
        broken.extend(stage.must_pass(index).0);
    }
    Verdict {
        broken,
        measured: json!({"bombs": 3, "slowest_ms": u64::try_from(slowest).unwrap_or(u64::MAX)}),
    }
}

/// Uploads the file unchanged. Returns the status.
#[expect(clippy::disallowed_methods, reason = "plays a client that uploads a bomb")]
fn upload(stage: &AttackContext<'_>, bytes: &[u8]) -> Result<u16, String> {
    let address = stage.server.url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).map_err(|error| error.to_string())?;
    stream
        .set_read_timeout(Some(HUNG_AFTER))
        .map_err(|error| error.to_string())?;
    let head = format!(
        "POST /api/v1/campaigns/{}/lists?dry_run=true HTTP/1.1\r\nhost: {address}\r\nauthorization: {}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        super::CAMPAIGN,
        stage.server.bearer(),
        bytes.len()
    );
    stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(bytes))
        .map_err(|error| error.to_string())?;
    let mut answer = [0; 12];
    stream
        .read_exact(&mut answer)
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&answer);
    let status = text.get(9..12).and_then(|status| status.parse().ok());
    status.ok_or_else(|| format!("{text:?} is no status"))
}

/// Builds an archive of one sheet that expands to `UNFOLDED_BYTES` and states `said_bytes`.
fn archive(said_bytes: u64) -> Vec<u8> {
    let name = b"xl/worksheets/sheet1.xml";
    let packed = deflated(UNFOLDED_BYTES);
    let packed_size = u32::try_from(packed.len()).unwrap_or(u32::MAX).to_le_bytes();
    let said = u32::try_from(said_bytes).unwrap_or(u32::MAX).to_le_bytes();
    let name_size = u16::try_from(name.len()).unwrap_or(0).to_le_bytes();
    // Version 20, no flags, DEFLATE, no time, no date, no checksum (APPNOTE 4.3.7).
    let common: Vec<u8> = [
        &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
        &packed_size,
        &said,
        &name_size,
    ]
    .concat();
    let local = [b"PK\x03\x04", common.as_slice(), &[0, 0], name, &packed].concat();
    // The same again without comment and attributes, at offset 0 (APPNOTE 4.3.12).
    let entry = [b"PK\x01\x02\x14\x00", common.as_slice(), &[0; 16], name].concat();
    let at = u32::try_from(local.len()).unwrap_or(u32::MAX);
    let size = u32::try_from(entry.len()).unwrap_or(u32::MAX);
    [local, entry, end_record(1, at, size)].concat()
}

/// Builds an end record of so many entries, with the directory at this offset (APPNOTE 4.3.16).
fn end_record(entries: u16, directory_at: u32, directory_size: u32) -> Vec<u8> {
    let entries = entries.to_le_bytes();
    [
        b"PK\x05\x06\x00\x00\x00\x00".as_slice(),
        &entries,
        &entries,
        &directory_size.to_le_bytes(),
        &directory_at.to_le_bytes(),
        &[0, 0],
    ]
    .concat()
}

/// Returns so many times `a`, as one DEFLATE block of fixed codes: a literal, then repetitions of it.
fn deflated(bytes: u64) -> Vec<u8> {
    let mut out = BitWriter::default();
    // Last block, fixed codes.
    out.push(0b1, 1);
    out.push(0b01, 2);
    // The literal `a`: 0x30 + 0x61, 8 bits, from its highest (RFC 1951, 3.2.6).
    out.push_code(0x30 + 0x61, 8);
    for _ in 0..bytes / REPEATED_BYTES {
        // Length 258 is code 285, distance 1 is code 0.
        out.push_code(0b1100_0101, 8);
        out.push_code(0, 5);
    }
    // The end of the block, and of its last byte.
    out.push_code(0, 7);
    out.push(0, 7);
    out.bytes
}

#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    held: u32,
    count: u32,
}

impl BitWriter {
    /// Appends a number, beginning with its lowest bit.
    fn push(&mut self, value: u32, bits: u32) {
        self.held |= value << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.bytes.push((self.held & 0xff) as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// Appends a code, beginning with its highest bit.
    fn push_code(&mut self, code: u32, bits: u32) {
        self.push(code.reverse_bits() >> (32 - bits), bits);
    }
}
