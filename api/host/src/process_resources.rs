//! The resources that this process uses, as the kernel counts them: processor time, memory, descriptors, and
//! the disk of the data directory. For monitoring; no decision uses them.

use crate::descriptors;
use rustix::fs::statvfs;
use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::path::Path;

/// The kernel's figures of this process.
const STATUS: &str = "/proc/self/status";
/// The folder with one entry per open descriptor of this process.
const DESCRIPTORS: &str = "/proc/self/fd";

/// The line of `STATUS` with the resident memory, in KiB.
const RESIDENT: &str = "VmRSS:";

/// The resources of this process at a moment. A figure that the system does not give is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessResources {
    /// Processor time since the start, of all threads, in microseconds.
    pub cpu_us: Option<u64>,
    pub resident_bytes: Option<u64>,
    pub descriptors_open: Option<u64>,
    pub descriptors_max: Option<u64>,
    pub disk: Option<DiskSpace>,
}

/// The space of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    /// What this user may still write.
    pub free_bytes: u64,
    pub size_bytes: u64,
}

impl ProcessResources {
    /// Reads the resources now. `directory` is on the disk to look at.
    pub fn read(directory: &Path) -> Self {
        let status = fs::read_to_string(STATUS).ok();
        Self {
            cpu_us: cpu_us(),
            resident_bytes: status.as_deref().and_then(resident_bytes),
            descriptors_open: descriptors_open(),
            descriptors_max: descriptors::limits().0,
            disk: DiskSpace::of(directory),
        }
    }
}

impl DiskSpace {
    fn of(directory: &Path) -> Option<Self> {
        let stat = statvfs(directory).ok()?;
        Some(Self {
            free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
            size_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
        })
    }
}

fn cpu_us() -> Option<u64> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let nanos = u64::try_from(time.tv_nsec).ok()?;
    Some(seconds.saturating_mul(1_000_000).saturating_add(nanos / 1_000))
}

fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(RESIDENT))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib.saturating_mul(1_024))
}

fn descriptors_open() -> Option<u64> {
    // One of them is this folder itself.
    let count = fs::read_dir(DESCRIPTORS).ok()?.count().saturating_sub(1);
    u64::try_from(count).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_gives_every_figure_of_this_process() {
        let folder = tempfile::tempdir().unwrap();
        let found = ProcessResources::read(folder.path());
        let disk = found.disk.unwrap();
        assert!(
            disk.free_bytes > 0 && disk.free_bytes <= disk.size_bytes,
            "{disk:?}"
        );
        assert!(found.cpu_us.unwrap() > 0, "{found:?}");
        assert!(found.resident_bytes.unwrap() > 1_000_000, "{found:?}");
        assert!(found.descriptors_open.unwrap() >= 3, "{found:?}");
        assert_eq!(found.descriptors_max, descriptors::limits().0);
    }

    #[test]
    fn an_open_file_is_one_more_descriptor() {
        let folder = tempfile::tempdir().unwrap();
        // Other tests of this process open files meanwhile, so many are opened.
        let before = descriptors_open().unwrap();
        let open: Vec<_> = (0..200)
            .map(|index| fs::File::create(folder.path().join(index.to_string())).unwrap())
            .collect();
        assert!(descriptors_open().unwrap() >= before + 100, "{}", open.len());
    }

    #[test]
    fn memory_is_given_in_kib() {
        assert_eq!(resident_bytes("Name:\tx\nVmRSS:\t    2048 kB\n"), Some(2_097_152));
        assert_eq!(resident_bytes("Name:\tx\n"), None);
    }
}
