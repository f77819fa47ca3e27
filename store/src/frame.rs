//! Frames: the batches of the memory store as bytes of its log. A check value in each frame reveals a
//! torn tail.
//!
//! `length (4) · first 8 bytes of SHA-256 of the body · body`; numbers are big-endian. The body holds the
//! commit's time, the first position and stream version, the stream, and each record with its id. Frames of
//! one commit have the length's highest bit set in all but the last; the check value covers this bit.

use domain::ids::{EventId, StreamId};
use domain::stored_event::{Position, StreamVersion};
use domain::time::Timestamp;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The number of bytes in front of a frame's body: its length (4) and its check value (8).
const HEADER_BYTES: usize = 12;

/// A bit in the length: the next frame belongs to the same commit.
const MORE_FOLLOWS: u32 = 1 << 31;

/// One batch of events, as it is encoded in the memory store's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) recorded_at: Timestamp,
    pub(crate) first: Position,
    pub(crate) first_version: StreamVersion,
    pub(crate) stream: StreamId,
    pub(crate) records: Vec<(EventId, Arc<[u8]>)>,
}

/// Error: a frame has other bytes than were written, and further bytes follow it. Holds the position of the
/// last good event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DamagedFrame(pub(crate) Position);

/// Encodes the frames of one commit.
pub(crate) fn encode_all(frames: &[Frame]) -> Vec<u8> {
    let Some((last, before)) = frames.split_last() else {
        return Vec::new();
    };
    let mut bytes: Vec<u8> = before
        .iter()
        .flat_map(|frame| encode(frame, MORE_FOLLOWS))
        .collect();
    bytes.extend(encode(last, 0));
    bytes
}

fn encode(frame: &Frame, more: u32) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(frame.recorded_at.micros().to_be_bytes());
    body.extend(frame.first.0.to_be_bytes());
    body.extend(frame.first_version.0.to_be_bytes());
    push_sized(&mut body, frame.stream.as_str().as_bytes());
    for (id, record) in &frame.records {
        body.extend(id.uuid().into_bytes());
        push_sized(&mut body, record);
    }
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    // A batch has at most 256 records of at most 64 KiB.
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX) | more;
    bytes.extend(length.to_be_bytes());
    bytes.extend(check(&body, more));
    bytes.extend(body);
    bytes
}

fn push_sized(body: &mut Vec<u8>, bytes: &[u8]) {
    body.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    body.extend(bytes);
}

fn check(body: &[u8], more: u32) -> [u8; 8] {
    let mut digest = Sha256::new_with_prefix(body);
    if more != 0 {
        digest.update(more.to_be_bytes());
    }
    let digest = digest.finalize();
    let mut check = [0; 8];
    for (to, from) in check.iter_mut().zip(digest) {
        *to = from;
    }
    check
}

/// Decodes the memory store's log part by part, so that the log's bytes are never all in memory.
#[derive(Default)]
pub(crate) struct Decoder {
    /// The bytes that are not yet a complete frame.
    unread: Vec<u8>,
    /// The frames of a commit that is not complete yet.
    open: Vec<Frame>,
    last: Position,
    read_bytes: u64,
    /// The number of bytes of complete commits, from the log's beginning.
    pub(crate) good_bytes: u64,
}

impl Decoder {
    /// Adds the log's next bytes. Returns the frames of all commits that are complete with them. A commit
    /// that never becomes complete is not returned: it was never acknowledged.
    pub(crate) fn take(&mut self, part: &[u8]) -> Result<Vec<Frame>, DamagedFrame> {
        let mut unread = std::mem::take(&mut self.unread);
        unread.extend_from_slice(part);
        let mut whole = Vec::new();
        let mut rest = unread.as_slice();
        while let Some(found) = split_frame(rest) {
            let frame =
                decode_body(found.body).filter(|frame| found.is_sound && frame.first.0 == self.last.0 + 1);
            let Some(frame) = frame else {
                // A bad frame with nothing behind it is a tail that was being written; with bytes behind it,
                // it is damage.
                if found.behind.is_empty() {
                    break;
                }
                return Err(DamagedFrame(self.last));
            };
            self.last = Position(self.last.0 + frame.records.len() as u64);
            self.read_bytes += (rest.len() - found.behind.len()) as u64;
            rest = found.behind;
            self.open.push(frame);
            if !found.more_follows {
                self.good_bytes = self.read_bytes;
                whole.append(&mut self.open);
            }
        }
        let read = unread.len() - rest.len();
        unread.drain(..read);
        self.unread = unread;
        Ok(whole)
    }
}

/// A frame that was split off by its length and is not decoded yet.
struct RawFrame<'a> {
    body: &'a [u8],
    behind: &'a [u8],
    /// True if the check value fits the body.
    is_sound: bool,
    more_follows: bool,
}

/// Splits the next frame off the log's bytes. `None` if the frame is incomplete.
fn split_frame(log: &[u8]) -> Option<RawFrame<'_>> {
    let (length, rest) = log.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<8>()?;
    let length = u32::from_be_bytes(*length);
    let more = length & MORE_FOLLOWS;
    let (body, behind) = rest.split_at_checked(usize::try_from(length & !MORE_FOLLOWS).ok()?)?;
    Some(RawFrame {
        body,
        behind,
        is_sound: check(body, more) == *sum,
        more_follows: more != 0,
    })
}

fn decode_body(body: &[u8]) -> Option<Frame> {
    let (recorded_at, rest) = body.split_first_chunk::<8>()?;
    let (first, rest) = rest.split_first_chunk::<8>()?;
    let (first_version, rest) = rest.split_first_chunk::<8>()?;
    let (stream, mut rest) = split_sized(rest)?;
    let mut records = Vec::new();
    while !rest.is_empty() {
        let (id, behind) = rest.split_first_chunk::<16>()?;
        let (record, behind) = split_sized(behind)?;
        records.push((EventId::new(uuid::Uuid::from_bytes(*id)), Arc::from(record)));
        rest = behind;
    }
    Some(Frame {
        recorded_at: Timestamp::from_micros(i64::from_be_bytes(*recorded_at)),
        first: Position(u64::from_be_bytes(*first)),
        first_version: StreamVersion(u64::from_be_bytes(*first_version)),
        stream: StreamId::from_stored(String::from_utf8(stream.to_vec()).ok()?),
        records,
    })
}

fn split_sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: u64, records: usize) -> Frame {
        let record = |nth: usize| {
            let id = EventId::new(uuid::Uuid::from_u128(u128::from(first) + nth as u128));
            (id, Arc::from(vec![b'x'; 40 * nth]))
        };
        Frame {
            recorded_at: Timestamp::EPOCH,
            first: Position(first),
            first_version: StreamVersion(first),
            stream: StreamId::from_stored("a".to_owned()),
            records: (0..records).map(record).collect(),
        }
    }

    fn read_in_parts(log: &[u8], bytes: usize) -> Result<(Vec<Frame>, u64), DamagedFrame> {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for part in log.chunks(bytes).chain([&[][..]]) {
            frames.extend(decoder.take(part)?);
        }
        Ok((frames, decoder.good_bytes))
    }

    #[test]
    fn a_log_is_the_same_whatever_its_parts_are_and_damage_is_damage_in_each() {
        let commits = [
            vec![frame(1, 2)],
            vec![frame(3, 1), frame(4, 3)],
            vec![frame(7, 2)],
        ];
        let bytes: Vec<Vec<u8>> = commits.iter().map(|commit| encode_all(commit)).collect();
        let log = bytes.concat();
        let whole = commits.concat();
        let before_last = log.len() - bytes[2].len();
        let mut flipped = log.clone();
        flipped[bytes[0].len() + HEADER_BYTES] ^= 1;
        for part in 1..=log.len() {
            assert_eq!(
                read_in_parts(&log, part),
                Ok((whole.clone(), log.len() as u64)),
                "{part}"
            );
            // A torn last frame, and one of two frames of a commit, were never acknowledged.
            let torn = read_in_parts(&log[..log.len() - 1], part);
            assert_eq!(torn, Ok((whole[..3].to_vec(), before_last as u64)), "{part}");
            let first_alone = bytes[0].len() + encode(&commits[1][0], MORE_FOLLOWS).len();
            let half = read_in_parts(&log[..first_alone], part);
            assert_eq!(half, Ok((whole[..1].to_vec(), bytes[0].len() as u64)), "{part}");
            assert_eq!(
                read_in_parts(&flipped, part),
                Err(DamagedFrame(Position(2))),
                "{part}"
            );
        }
    }
}
