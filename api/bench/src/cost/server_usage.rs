//! What a process has used so far, as the kernel counts it (Linux, `/proc/PID`), and what it stores in files.

use domain::problem::Problem;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The bytes of 1 kB in the memory figures of `/proc`.
const KILO_BYTES: u64 = 1_024;

/// One reading of a server's counters: processor time and bytes since it began, memory and files now.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerUsage {
    pub(crate) processor_ms: u64,
    /// Bytes sent towards the disk by dirtied pages (`write_bytes` without what was cut off again): whole
    /// pages, however little of them was changed.
    pub(crate) written_bytes: u64,
    /// Bytes that the process passed to `write` and similar calls, files and pipes (`wchar`).
    pub(crate) passed_bytes: u64,
    pub(crate) resident_bytes: u64,
    /// The last position of its log.
    pub(crate) events: u64,
    pub(crate) files: DirectoryUsage,
    /// The processor time of the running threads, by name.
    pub(crate) threads_ms: BTreeMap<String, u64>,
}

/// The files in a data directory, by their purpose.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DirectoryUsage {
    pub(crate) log_bytes: u64,
    pub(crate) index_bytes: u64,
    pub(crate) views_bytes: u64,
    pub(crate) recordings_bytes: u64,
    pub(crate) other_bytes: u64,
}

/// Reads the counters of a process and of its data directory; `events` is counted elsewhere.
pub(super) fn look(pid: u32, data: &Path, events: u64) -> Result<ServerUsage, Problem> {
    let read = |name: &str| {
        let path = format!("/proc/{pid}/{name}");
        std::fs::read_to_string(&path)
            .map_err(|error| Problem::unavailable(format!("{path}: {error}; the figures need Linux")))
    };
    let (io, status) = (read("io")?, read("status")?);
    let written_bytes = member(&io, "write_bytes");
    Ok(ServerUsage {
        processor_ms: crate::load::ticks_ms(&read("stat")?).unwrap_or(0),
        written_bytes: written_bytes.saturating_sub(member(&io, "cancelled_write_bytes")),
        passed_bytes: member(&io, "wchar"),
        resident_bytes: member(&status, "VmRSS") * KILO_BYTES,
        events,
        files: files_of(data)?,
        threads_ms: threads_of(pid),
    })
}

/// Returns the number after `name:` in a file of `/proc`; 0 if it is missing.
fn member(text: &str, name: &str) -> u64 {
    let of = |line: &str| line.strip_prefix(name)?.strip_prefix(':').map(str::to_owned);
    let value = text.lines().find_map(of).unwrap_or_default();
    let number = value.split_whitespace().next().map(str::parse);
    number.and_then(Result::ok).unwrap_or(0)
}

fn threads_of(pid: u32) -> BTreeMap<String, u64> {
    let mut threads = BTreeMap::new();
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
    for task in tasks.into_iter().flatten().flatten() {
        // A thread that ended meanwhile is not counted.
        let Ok(text) = std::fs::read_to_string(task.path().join("stat")) else {
            continue;
        };
        let name = text.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')'));
        let name = name.map_or_else(String::new, |(name, _)| name.to_owned());
        *threads.entry(name).or_default() += crate::load::ticks_ms(&text).unwrap_or(0);
    }
    threads
}

fn files_of(data: &Path) -> Result<DirectoryUsage, Problem> {
    let mut files = DirectoryUsage::default();
    let mut folders: Vec<PathBuf> = vec![data.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            // A file that is removed while it is read is not counted.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                folders.push(entry.path());
                continue;
            }
            let below = entry.path();
            let below = below
                .strip_prefix(data)
                .unwrap_or(&below)
                .to_string_lossy()
                .into_owned();
            let place = match below.as_str() {
                name if name.starts_with(host::data_dir::RECORDINGS_DIR) => &mut files.recordings_bytes,
                name if name.starts_with("events.db") => &mut files.log_bytes,
                name if name.starts_with("index.db") => &mut files.index_bytes,
                name if name.starts_with("views.db") => &mut files.views_bytes,
                _ => &mut files.other_bytes,
            };
            *place += metadata.len();
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_counted_and_its_files_by_kind() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("recordings")).unwrap();
        let files = [
            ("events.db", 3),
            ("index.db-wal", 5),
            ("views.db", 7),
            ("recordings/a.wav", 11),
            ("token", 13),
        ];
        for (name, count) in files {
            std::fs::write(dir.path().join(name), "x".repeat(count)).unwrap();
        }
        let counted = look(std::process::id(), dir.path(), 17).unwrap();
        let files = counted.files;
        assert_eq!((files.log_bytes, files.index_bytes, files.views_bytes), (3, 5, 7));
        assert_eq!(
            (files.recordings_bytes, files.other_bytes, counted.events),
            (11, 13, 17)
        );
        assert!(
            counted.resident_bytes > 1_000_000 && counted.passed_bytes >= 39,
            "{counted:?}"
        );
        assert!(!counted.threads_ms.is_empty());
        assert!(look(u32::MAX, dir.path(), 0).is_err(), "no such process");
    }

    #[test]
    fn a_member_is_found_by_its_whole_name() {
        let text = "rchar: 1\nwrite_bytes: 20\ncancelled_write_bytes: 3\nVmRSS:\t   44 kB\n";
        assert_eq!((member(text, "write_bytes"), member(text, "VmRSS")), (20, 44));
        assert_eq!((member(text, "bytes"), member(text, "nothing")), (0, 0));
    }
}
