//! The file `written`: how many leaves the tiles on disk hold, and at which boot of the machine that
//! was true.
//!
//! One line: the number of leaves, a blank, the kernel's boot id. It is not synced. What a process wrote
//! before it stays readable until the machine stops, even if the process is killed. After another boot, or if
//! the boot id is unknown, the number is only a claim.

use super::tile_writer::replace_private;
use std::fs;
use std::io;
use std::path::Path;

const WRITTEN_FILE: &str = "written";

/// The file with the boot id, a new random id at each start of the kernel (Linux, `proc_sys_kernel(5)`).
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The content of the file `written`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrittenLeaves {
    pub(super) leaves: u64,
    /// True if the machine has not been restarted since.
    pub(super) same_boot: bool,
}

impl WrittenLeaves {
    /// Reads the file. If it is missing or not readable, the number of leaves is 0.
    pub(super) fn read(dir: &Path) -> Self {
        let text = fs::read_to_string(dir.join(WRITTEN_FILE)).unwrap_or_default();
        Self::parse(&text, &boot_id()).unwrap_or(Self {
            leaves: 0,
            same_boot: false,
        })
    }

    fn parse(text: &str, boot_now: &str) -> Option<Self> {
        let (leaves, boot) = text.strip_suffix('\n')?.split_once(' ')?;
        Some(Self {
            leaves: leaves.parse().ok()?,
            same_boot: !boot.is_empty() && boot == boot_now,
        })
    }
}

pub(super) fn write(dir: &Path, leaves: u64) -> io::Result<()> {
    replace_private(
        &dir.join(WRITTEN_FILE),
        format!("{leaves} {}\n", boot_id()).as_bytes(),
    )
}

/// Returns the id of the machine's current boot; empty if it cannot be read.
fn boot_id() -> String {
    let text = fs::read_to_string(BOOT_ID).unwrap_or_default();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_boot_it_was_written_in_makes_the_number_more_than_a_claim() {
        let said = |leaves, same_boot| Some(WrittenLeaves { leaves, same_boot });
        assert_eq!(WrittenLeaves::parse("512 b1\n", "b1"), said(512, true));
        assert_eq!(WrittenLeaves::parse("512 b1\n", "b2"), said(512, false));
        assert_eq!(WrittenLeaves::parse("512 \n", ""), said(512, false));
        for torn in ["", "512", "512\n", "512 b1", "\0\0\0\0", "x b1\n"] {
            assert_eq!(WrittenLeaves::parse(torn, "b1"), None, "{torn:?}");
        }
    }

    #[test]
    fn what_was_written_is_read_in_the_same_boot() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(WrittenLeaves::read(dir.path()).leaves, 0);
        write(dir.path(), 768).unwrap();
        let read = WrittenLeaves::read(dir.path());
        assert_eq!((read.leaves, read.same_boot), (768, !boot_id().is_empty()));
    }
}
