//! A simulated disk that loses unsynced data: after a crash only synced bytes remain, and possibly a torn
//! tail.

use super::chunked_bytes::ChunkedBytes;
use super::clock::SeededChance;
use super::faults::{DiskFault, SyncSide};
use super::power::Power;
use domain::ports::disk::Disk;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sector size in bytes: an unsynced write may survive in part, in multiples of this.
const SECTOR_BYTES: usize = 512;

#[derive(Default)]
struct File {
    synced: ChunkedBytes,
    unsynced: Vec<u8>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, File>,
    /// Set by the fault schedule.
    fault: Option<DiskFault>,
    /// Syncs left until the power goes, and on which side of the last sync.
    armed: Option<(u64, SyncSide)>,
}

/// The simulated disk of a machine. It survives crashes; the world keeps it while everything else is
/// dropped.
pub(crate) struct SimulatedDisk {
    state: Mutex<State>,
    chance: Arc<SeededChance>,
    /// While the power is off every operation fails, so that no `Drop` of a dying task writes.
    power: Arc<Power>,
}

impl SimulatedDisk {
    pub(crate) fn new(chance: Arc<SeededChance>, power: Arc<Power>) -> Self {
        Self {
            state: Mutex::new(State::default()),
            chance,
            power,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts the power: nothing is written from now on, and a random number of whole sectors of each file's
    /// unsynced tail survives.
    pub(crate) fn crash(&self) {
        self.power.cut();
        let mut state = self.state();
        for file in state.files.values_mut() {
            let sectors = file.unsynced.len() / SECTOR_BYTES;
            let kept = self.chance.below(sectors as u64 + 1);
            let kept = usize::try_from(kept).unwrap_or(0) * SECTOR_BYTES;
            let tail: Vec<u8> = file.unsynced.drain(..kept.min(file.unsynced.len())).collect();
            file.synced.extend(&tail);
            file.unsynced.clear();
        }
    }

    /// Restores the power and repairs the disk.
    pub(crate) fn boot(&self) {
        let mut state = self.state();
        state.fault = None;
        state.armed = None;
        self.power.restore();
    }

    /// Drops all files of the disk, when they are no longer read.
    pub(crate) fn forget(&self) {
        self.state().files.clear();
    }

    /// Makes the disk fail from now on.
    pub(crate) fn fail(&self, fault: DiskFault) {
        self.state().fault = Some(fault);
    }

    /// Sets that the power goes at the `nth` sync from now, counted from 1: before or after its data is
    /// durable.
    pub(crate) fn arm(&self, nth: u64, side: SyncSide) {
        self.state().armed = Some((nth, side));
    }

    /// True if `needle` is in the last `bytes` of what would survive of a file if the machine crashed now;
    /// false for an unknown file. Searches from the end, where the newest data is.
    pub(crate) fn is_durable(&self, file: &str, needle: &[u8], bytes: usize) -> bool {
        let state = self.state();
        let Some(file) = state.files.get(file) else {
            return false;
        };
        let from = file.synced.len().saturating_sub(bytes as u64);
        let tail = file.synced.part(from, bytes);
        tail.windows(needle.len()).rev().any(|window| window == needle)
    }

    /// Returns the disk's state for a write. Fails without power or on a full disk.
    fn writing(&self) -> io::Result<MutexGuard<'_, State>> {
        self.powered()?;
        let state = self.state();
        if state.fault == Some(DiskFault::Full) {
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                "the simulated disk is full",
            ));
        }
        Ok(state)
    }

    fn powered(&self) -> io::Result<()> {
        if self.power.is_off() {
            return Err(io::Error::other("the simulated machine is down"));
        }
        Ok(())
    }
}

impl State {
    /// Counts a sync. Returns the side of this sync on which the power goes; `None` if it stays.
    fn count_sync(&mut self) -> Option<SyncSide> {
        let (left, side) = self.armed?;
        if left > 1 {
            self.armed = Some((left - 1, side));
            return None;
        }
        self.armed = None;
        Some(side)
    }
}

impl Disk for SimulatedDisk {
    fn append(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.writing()?;
        match state.files.get_mut(file) {
            Some(file) => file.unsynced.extend_from_slice(bytes),
            None => {
                let unsynced = bytes.to_vec();
                let synced = ChunkedBytes::default();
                state.files.insert(file.to_owned(), File { synced, unsynced });
            }
        }
        Ok(())
    }

    /// Makes the file's written bytes durable. Fails on a disk that cannot sync. If the power goes at this
    /// sync, the caller gets an error on either side: nothing it does afterwards has an effect.
    fn sync(&self, file: &str) -> io::Result<()> {
        self.powered()?;
        let mut state = self.state();
        if state.fault == Some(DiskFault::SyncFails) {
            return Err(io::Error::other("the simulated disk cannot sync"));
        }
        let side = state.count_sync();
        if side != Some(SyncSide::Before)
            && let Some(file) = state.files.get_mut(file)
        {
            file.synced.extend(&file.unsynced);
            file.unsynced.clear();
        }
        if side.is_some() {
            self.power.cut();
        }
        self.powered()
    }

    fn truncate(&self, file: &str, bytes: u64) -> io::Result<()> {
        let mut state = self.writing()?;
        if let Some(file) = state.files.get_mut(file) {
            file.synced.extend(&file.unsynced);
            file.unsynced.clear();
            file.synced.truncate(bytes);
        }
        Ok(())
    }

    fn read_part(&self, file: &str, from: u64, most: usize) -> io::Result<Vec<u8>> {
        self.powered()?;
        let state = self.state();
        let Some(file) = state.files.get(file) else {
            return Ok(Vec::new());
        };
        let mut part = file.synced.part(from, most);
        let behind = (from + part.len() as u64).checked_sub(file.synced.len());
        let behind = behind.and_then(|behind| usize::try_from(behind).ok());
        let tail = behind.and_then(|behind| file.unsynced.get(behind..));
        part.extend(tail.into_iter().flatten().take(most - part.len()));
        Ok(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(seed: u64) -> SimulatedDisk {
        SimulatedDisk::new(Arc::new(SeededChance::new(seed, 0)), Arc::new(Power::default()))
    }

    #[test]
    fn a_crash_keeps_what_was_synced_and_at_most_whole_sectors_of_the_rest() {
        for seed in 0..50 {
            let disk = disk(seed);
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

    #[test]
    fn a_file_is_read_on_from_what_was_synced_into_what_was_not_and_is_cut_where_it_is_said() {
        let disk = disk(7);
        disk.append("log", b"abcdef").unwrap();
        disk.sync("log").unwrap();
        disk.append("log", b"ghi").unwrap();
        for (from, most, expected) in [
            (0, 99, &b"abcdefghi"[..]),
            (4, 4, b"efgh"),
            (6, 2, b"gh"),
            (8, 9, b"i"),
            (9, 9, b""),
            (99, 9, b""),
        ] {
            assert_eq!(disk.read_part("log", from, most).unwrap(), expected, "{from}");
        }
        disk.truncate("log", 7).unwrap();
        disk.crash();
        disk.boot();
        assert_eq!(disk.read("log").unwrap(), b"abcdefg");
    }

    #[test]
    fn power_goes_at_the_armed_sync_and_not_at_the_one_before() {
        for (side, survives) in [(SyncSide::Before, 1), (SyncSide::After, 2)] {
            let disk = disk(7);
            disk.arm(2, side);
            for _ in 0..2 {
                disk.append("log", b"x").unwrap();
                let last = disk.sync("log");
                assert_eq!(last.is_err(), disk.power.is_off());
            }
            assert!(disk.power.is_off());
            assert!(disk.append("log", b"x").is_err());
            disk.crash();
            disk.boot();
            assert_eq!(disk.read("log").unwrap().len(), survives, "{side:?}");
        }
    }

    #[test]
    fn a_full_disk_takes_no_write_and_a_failing_one_no_sync() {
        let disk = disk(7);
        disk.fail(DiskFault::Full);
        assert!(disk.append("log", b"x").is_err());
        disk.fail(DiskFault::SyncFails);
        disk.append("log", b"x").unwrap();
        assert!(disk.sync("log").is_err());
        disk.crash();
        disk.boot();
        assert_eq!(disk.read("log").unwrap(), b"");
        disk.append("log", b"x").unwrap();
        disk.sync("log").unwrap();
    }
}
