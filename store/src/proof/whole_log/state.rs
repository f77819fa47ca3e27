//! The state of an interrupted check: a file that is used only if its own hash is right.
//!
//! It saves time and proves nothing: only a check from the start finds what was changed in the part
//! before it.

use crate::proof::error::ProofError;
use crate::proof::fold::RootFold;
use crate::proof::leaf::{HASH_BYTES, TreeHash};
use crate::proof::tile_writer::replace_private_durably;
use domain::stored_event::Position;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::Path;

const STATE_FILE: &str = "verify-state";

/// The first bytes of the file; the number changes with the format.
const MAGIC: &[u8; 8] = b"llverif1";

/// Everything that a check carries from event to event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) fold: RootFold,
    pub(super) reached: Position,
    pub(super) recorded: i64,
    pub(super) last_leaf: TreeHash,
    pub(super) causes_missing: u64,
    pub(super) first_cause_missing: Option<Position>,
    /// The version reached by each stream.
    pub(super) streams: HashMap<u128, u64>,
    pub(super) ids: HashSet<u64>,
}

pub(super) fn write(dir: &Path, state: &State) -> Result<(), ProofError> {
    let path = dir.join(STATE_FILE);
    replace_private_durably(&path, &encode(state)).map_err(|error| ProofError::disk(&path, &error))
}

/// Reads the saved state. `None` if there is no file or its hash is wrong.
pub(super) fn read(dir: &Path) -> Option<State> {
    decode(&fs::read(dir.join(STATE_FILE)).ok()?)
}

pub(super) fn forget(dir: &Path) -> Result<(), ProofError> {
    let path = dir.join(STATE_FILE);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ProofError::disk(&path, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn encode(state: &State) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    let mut number = |value: u64| bytes.extend_from_slice(&value.to_be_bytes());
    number(state.fold.size());
    number(state.reached.0);
    number(state.recorded.cast_unsigned());
    number(state.causes_missing);
    number(state.first_cause_missing.map_or(0, |position| position.0));
    number(u64::try_from(state.streams.len()).unwrap_or(u64::MAX));
    number(u64::try_from(state.ids.len()).unwrap_or(u64::MAX));
    bytes.extend_from_slice(&state.last_leaf);
    for peak in state.fold.peaks() {
        bytes.extend_from_slice(peak);
    }
    for (stream, version) in &state.streams {
        bytes.extend_from_slice(&stream.to_be_bytes());
        bytes.extend_from_slice(&version.to_be_bytes());
    }
    for id in &state.ids {
        bytes.extend_from_slice(&id.to_be_bytes());
    }
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    bytes.extend_from_slice(&digest);
    bytes
}

/// Reads binary values one after another from a slice.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }
}

fn decode(bytes: &[u8]) -> Option<State> {
    let (content, digest) = bytes.split_last_chunk::<HASH_BYTES>()?;
    let actual: [u8; 32] = Sha256::digest(content).into();
    let mut reader = Reader(content);
    if actual != *digest || reader.take::<8>()? != *MAGIC {
        return None;
    }
    let size = reader.number()?;
    let mut state = State {
        reached: Position(reader.number()?),
        recorded: reader.number()?.cast_signed(),
        causes_missing: reader.number()?,
        first_cause_missing: Some(Position(reader.number()?)).filter(|position| position.0 > 0),
        ..State::default()
    };
    let (streams, ids) = (reader.number()?, reader.number()?);
    state.last_leaf = reader.take()?;
    let peaks: Option<Vec<TreeHash>> = (0..size.count_ones()).map(|_| reader.take()).collect();
    state.fold = RootFold::resume(size, peaks?)?;
    for _ in 0..streams {
        let stream = u128::from_be_bytes(reader.take()?);
        state.streams.insert(stream, reader.number()?);
    }
    for _ in 0..ids {
        state.ids.insert(reader.number()?);
    }
    reader.0.is_empty().then_some(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_written_and_not_at_all_when_altered() {
        let dir = tempfile::tempdir().unwrap();
        let mut state = State {
            reached: Position(3),
            recorded: -4,
            last_leaf: [7; 32],
            causes_missing: 1,
            first_cause_missing: Some(Position(2)),
            streams: [(5, 2), (6, 1)].into(),
            ids: [8, 9, 10].into(),
            ..State::default()
        };
        for leaf in [[1; 32], [2; 32], [7; 32]] {
            state.fold.push(&leaf);
        }
        write(dir.path(), &state).unwrap();
        assert_eq!(read(dir.path()), Some(state.clone()));
        let path = dir.path().join(STATE_FILE);
        let bytes = fs::read(&path).unwrap();
        for index in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[index] ^= 1;
            assert_eq!(decode(&altered), None, "byte {index}");
        }
        forget(dir.path()).unwrap();
        assert_eq!(read(dir.path()), None);
        forget(dir.path()).unwrap();
    }
}
