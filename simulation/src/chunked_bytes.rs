//! The bytes of a file that grows for days, in pieces, so that they are never moved and never twice in
//! memory.

/// Bytes of each piece except the last.
const PIECE_BYTES: usize = 1 << 20;

/// The bytes of a file in pieces. All pieces except the last are full.
#[derive(Default)]
pub(crate) struct ChunkedBytes(Vec<Vec<u8>>);

impl ChunkedBytes {
    pub(crate) fn len(&self) -> u64 {
        let full = self.0.len().saturating_sub(1) as u64;
        full * PIECE_BYTES as u64 + self.0.last().map_or(0, |last| last.len() as u64)
    }

    pub(crate) fn extend(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = self.0.last().map_or(0, |last| PIECE_BYTES - last.len());
            if room == 0 {
                self.0.push(Vec::new());
                continue;
            }
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            if let Some(last) = self.0.last_mut() {
                last.extend_from_slice(now);
            }
            bytes = later;
        }
    }

    /// At most `most` bytes from `from` on.
    pub(crate) fn part(&self, from: u64, most: usize) -> Vec<u8> {
        let piece_bytes = PIECE_BYTES as u64;
        let first = usize::try_from(from / piece_bytes).unwrap_or(usize::MAX);
        let mut within = usize::try_from(from % piece_bytes).unwrap_or(usize::MAX);
        let mut part = Vec::new();
        for piece in self.0.iter().skip(first) {
            let wanted = most - part.len();
            if wanted == 0 {
                break;
            }
            let rest = piece.get(within..).unwrap_or_default();
            part.extend_from_slice(rest.get(..wanted).unwrap_or(rest));
            within = 0;
        }
        part
    }

    /// Keeps the first `bytes`.
    pub(crate) fn truncate(&mut self, bytes: u64) {
        let full = usize::try_from(bytes / PIECE_BYTES as u64).unwrap_or(usize::MAX);
        let rest = usize::try_from(bytes % PIECE_BYTES as u64).unwrap_or(0);
        self.0.truncate(full.saturating_add(1));
        if let Some(last) = self.0.get_mut(full) {
            last.truncate(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_bytes_that_were_put_in_wherever_they_are_read_or_cut() {
        let bytes: Vec<u8> = (0..3 * PIECE_BYTES + 100)
            .map(|at| u8::try_from(at % 251).unwrap())
            .collect();
        let mut pieces = ChunkedBytes::default();
        assert_eq!((pieces.len(), pieces.part(0, 9)), (0, Vec::new()));
        for part in bytes.chunks(700_001) {
            pieces.extend(part);
        }
        assert_eq!(pieces.len(), bytes.len() as u64);
        assert_eq!(pieces.part(0, usize::MAX), bytes);
        for from in [
            0,
            1,
            PIECE_BYTES - 1,
            PIECE_BYTES,
            2 * PIECE_BYTES + 7,
            bytes.len(),
        ] {
            for most in [0, 1, PIECE_BYTES, 2 * PIECE_BYTES] {
                let end = bytes.len().min(from + most);
                assert_eq!(pieces.part(from as u64, most), bytes[from..end], "{from} {most}");
            }
        }
        for kept in [3 * PIECE_BYTES, 2 * PIECE_BYTES + 5, PIECE_BYTES, 17, 0] {
            pieces.truncate(kept as u64);
            assert_eq!(pieces.len(), kept as u64);
            assert_eq!(pieces.part(0, usize::MAX), bytes[..kept]);
        }
        pieces.extend(b"again");
        assert_eq!(pieces.part(0, 9), b"again");
    }
}
