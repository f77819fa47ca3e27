//! Measures the temporary space of queries in SQLite. Sorts and intermediate rows use files that have been
//! unlinked, so their size is visible only among the open files of this process.

use domain::time::Timestamp;
use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Time between two measurements of temporary files, in milliseconds, in which a disk writes some ten
/// megabytes.
const LOOK_MS: u64 = 20;

/// How the name of a temporary SQLite file begins: with its own prefix or, if Linux creates it without a name
/// (`O_TMPFILE`), with `#` and its number. Other connections of this process sort in memory.
const NAME_STARTS: [&str; 2] = ["etilqs_", "#"];

/// The identity of an open file: device and inode.
type FileId = (u64, u64);

/// Measures the size of the temporary files that were opened since a query began. Files of queries that run
/// in parallel are included, so all share one limit.
pub(super) struct SpillMeter {
    bytes_max: u64,
    before: BTreeSet<FileId>,
    next_look: Option<Timestamp>,
}

impl SpillMeter {
    pub(super) fn begin(bytes_max: u64) -> Self {
        let before = temporary_files().iter().map(id).collect();
        Self {
            bytes_max,
            before,
            next_look: None,
        }
    }

    /// Returns true if the temporary files exceed the limit. Measures at most every `LOOK_MS`; in between
    /// returns false.
    pub(super) fn is_over(&mut self, now: Timestamp) -> bool {
        if self.next_look.is_some_and(|next| now < next) {
            return false;
        }
        self.next_look = Some(now.plus_ms(LOOK_MS));
        self.bytes() > self.bytes_max
    }

    fn bytes(&self) -> u64 {
        let files = temporary_files();
        let ours = files.iter().filter(|file| !self.before.contains(&id(file)));
        ours.map(Metadata::len).sum()
    }
}

fn id(file: &Metadata) -> FileId {
    (file.dev(), file.ino())
}

/// Returns the open temporary files of this process; none if the system does not list open files. Then only
/// the time limit applies.
fn temporary_files() -> Vec<Metadata> {
    let Ok(open) = fs::read_dir("/proc/self/fd") else {
        return Vec::new();
    };
    let open = open.filter_map(Result::ok).map(|file| file.path());
    // A descriptor may be closed between two steps; it is then skipped.
    open.filter(|file| is_temporary(file))
        .filter_map(|file| fs::metadata(file).ok())
        .collect()
}

fn is_temporary(descriptor: &Path) -> bool {
    let target = fs::read_link(descriptor).ok();
    let name = target.as_deref().and_then(Path::file_name);
    name.is_some_and(|name| {
        let name = name.to_string_lossy();
        NAME_STARTS.iter().any(|start| name.starts_with(start))
    })
}
