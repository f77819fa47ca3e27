//! A disk that loses what was not synced: after a crash only synced bytes are there, a torn tail at most.

use super::clock::SeededChance;
use domain::ports::disk::Disk;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sector size: an unsynced write may survive in part, in multiples of this.
const SECTOR_BYTES: usize = 512;

#[derive(Default)]
struct File {
    synced: Vec<u8>,
    unsynced: Vec<u8>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, File>,
    /// Set while the machine is down: everything fails, so that no `Drop` of a dying task writes.
    down: bool,
    /// Set by the fault schedule: writes fail, as on a full disk.
    full: bool,
}

/// Survives crashes; the world keeps it while everything else is dropped.
pub(crate) struct SimulatedDisk {
    state: Mutex<State>,
    chance: Arc<SeededChance>,
}

impl SimulatedDisk {
    pub(crate) fn new(chance: Arc<SeededChance>) -> Self {
        Self {
            state: Mutex::new(State::default()),
            chance,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Power goes: nothing is written from now on, and of each file's unsynced tail a random number of
    /// whole sectors survives.
    pub(crate) fn crash(&self) {
        let mut state = self.state();
        state.down = true;
        for file in state.files.values_mut() {
            let sectors = file.unsynced.len() / SECTOR_BYTES;
            let kept = self.chance.below(sectors as u64 + 1);
            let kept = usize::try_from(kept).unwrap_or(0) * SECTOR_BYTES;
            let tail: Vec<u8> = file.unsynced.drain(..kept.min(file.unsynced.len())).collect();
            file.synced.extend(tail);
            file.unsynced.clear();
        }
    }

    /// Power is back, and somebody has made room.
    pub(crate) fn boot(&self) {
        let mut state = self.state();
        state.down = false;
        state.full = false;
    }

    /// From now on writes fail.
    pub(crate) fn set_full(&self) {
        self.state().full = true;
    }
}

fn gone() -> io::Error {
    io::Error::other("the simulated machine is down")
}

impl Disk for SimulatedDisk {
    fn append(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        if state.down {
            return Err(gone());
        }
        if state.full {
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                "the simulated disk is full",
            ));
        }
        state
            .files
            .entry(file.to_owned())
            .or_default()
            .unsynced
            .extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&self, file: &str) -> io::Result<()> {
        let mut state = self.state();
        if state.down {
            return Err(gone());
        }
        if let Some(file) = state.files.get_mut(file) {
            let tail = std::mem::take(&mut file.unsynced);
            file.synced.extend(tail);
        }
        Ok(())
    }

    fn replace(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        if state.down {
            return Err(gone());
        }
        if state.full {
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                "the simulated disk is full",
            ));
        }
        state.files.insert(
            file.to_owned(),
            File {
                synced: bytes.to_vec(),
                unsynced: Vec::new(),
            },
        );
        Ok(())
    }

    fn read(&self, file: &str) -> io::Result<Vec<u8>> {
        let state = self.state();
        if state.down {
            return Err(gone());
        }
        let found = state.files.get(file);
        Ok(found
            .map(|file| [file.synced.as_slice(), file.unsynced.as_slice()].concat())
            .unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_keeps_what_was_synced_and_at_most_whole_sectors_of_the_rest() {
        for seed in 0..50 {
            let disk = SimulatedDisk::new(Arc::new(SeededChance::new(seed, 0)));
            disk.append("log", b"synced").unwrap();
            disk.sync("log").unwrap();
            disk.append("log", &[7; 2_000]).unwrap();
            disk.crash();
            assert!(disk.read("log").is_err());
            disk.boot();
            let kept = disk.read("log").unwrap();
            assert_eq!(&kept[..6], b"synced");
            assert_eq!((kept.len() - 6) % SECTOR_BYTES, 0);
            assert!(kept.len() < 2_006);
        }
    }
}
