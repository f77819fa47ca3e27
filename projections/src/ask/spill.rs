//! Temporary space that questions take in SQLite: sorts and intermediate rows wait in files that have no name
//! any more, so their space is seen only where this process holds them open.

use domain::time::Timestamp;
use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Between two looks: a disk writes some ten megabytes meanwhile.
const LOOK_MS: u64 = 20;

/// How a temporary file of SQLite shows among open ones: by its own name, or, where Linux makes it without
/// one (`O_TMPFILE`), by its number. Other connections of this process sort in memory.
const NAME_STARTS: [&str; 2] = ["etilqs_", "#"];

/// What identifies an open file.
type FileId = (u64, u64);

/// Looks at the temporary files that were opened since a question began: of the questions that run beside it
/// too, so the bound is one for all.
pub(super) struct Spill {
    bytes_max: u64,
    before: BTreeSet<FileId>,
    next_look: Option<Timestamp>,
}

impl Spill {
    pub(super) fn begin(bytes_max: u64) -> Self {
        let before = temporary_files().iter().map(id).collect();
        Self {
            bytes_max,
            before,
            next_look: None,
        }
    }

    /// Whether the bound is passed; looked at now and then.
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

/// Where the system shows no open files, none are seen, and time alone is the bound.
fn temporary_files() -> Vec<Metadata> {
    let Ok(open) = fs::read_dir("/proc/self/fd") else {
        return Vec::new();
    };
    let open = open.filter_map(Result::ok).map(|file| file.path());
    // A descriptor may be closed between two steps: then it is none of ours.
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
