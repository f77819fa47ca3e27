//! Waits for changes of files that another process writes, reported by the system (inotify).

use crate::passing_time::time_left;
use crate::program::{deadline, fail};
use crate::watched_value::WatchedValue;
use rustix::fd::OwnedFd;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use std::mem::MaybeUninit;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The buffer for changes: several at a time, each with the longest possible name.
const CHANGES_BYTES: usize = 4 * 1_024;

/// Counts the changes of one file, or of the files in one folder. Its thread ends when it is dropped.
pub struct FileChanges {
    inotify: Arc<OwnedFd>,
    /// The inotify watch of the file or folder.
    watch: i32,
    /// The number of changes so far.
    count: Arc<WatchedValue<u64>>,
}

impl FileChanges {
    /// Starts watching. Fails the test if there is no such file or folder.
    #[expect(clippy::disallowed_methods, reason = "reads what the system tells of changes")]
    pub fn of(path: &Path) -> Self {
        let fail_with = |error: rustix::io::Errno| -> ! { fail(&format!("{}: {error}", path.display())) };
        let inotify = inotify::init(CreateFlags::CLOEXEC).unwrap_or_else(|error| fail_with(error));
        let flags = WatchFlags::MODIFY
            | WatchFlags::CREATE
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE;
        let watch = inotify::add_watch(&inotify, path, flags).unwrap_or_else(|error| fail_with(error));
        let (inotify, count) = (Arc::new(inotify), Arc::new(WatchedValue::new(0)));
        let (own, counted) = (Arc::clone(&inotify), Arc::clone(&count));
        std::thread::spawn(move || count_changes(&own, &counted));
        Self {
            inotify,
            watch,
            count,
        }
    }

    /// Calls `look` now and after each change until it returns something; `None` if that takes longer than
    /// `within`.
    pub fn until<T>(&self, within: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        let until = deadline(within);
        loop {
            let seen = *self.count.look();
            if let Some(found) = look() {
                return Some(found);
            }
            self.count
                .until(time_left(until), |count| (*count != seen).then_some(()))?;
        }
    }
}

impl FileChanges {
    /// Returns the change counter, so that another event source can trigger the same look.
    pub(crate) fn bell(&self) -> Arc<WatchedValue<u64>> {
        Arc::clone(&self.count)
    }
}

impl Drop for FileChanges {
    /// Removes the watch, which ends the reading thread.
    fn drop(&mut self) {
        // A file that was deleted took its watch with it, and the reader has ended.
        inotify::remove_watch(&self.inotify, self.watch).unwrap_or_default();
    }
}

fn count_changes(inotify: &OwnedFd, count: &WatchedValue<u64>) {
    let mut room = [MaybeUninit::uninit(); CHANGES_BYTES];
    let mut changes = Reader::new(inotify, &mut room);
    while let Ok(change) = changes.next() {
        count.change(|count| *count += 1);
        if change.events().contains(ReadFlags::IGNORED) {
            return;
        }
    }
}

/// Waits until the folder exists, then calls `look` now and after each change in it until it returns
/// something; `None` if that takes longer than `within`. Parts of the path that do not exist yet are waited
/// for.
pub fn in_folder_to_come<T>(
    folder: &Path,
    within: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Option<T> {
    let until = deadline(within);
    loop {
        let there = folder.ancestors().find(|path| path.is_dir());
        let there = there.unwrap_or_else(|| fail(&format!("{} has no existing ancestor", folder.display())));
        let changes = FileChanges::of(there);
        if there == folder {
            return changes.until(time_left(until), look);
        }
        // It may have been created before the watch began.
        changes.until(time_left(until), || {
            let next = folder.ancestors().take_while(|path| *path != there).last();
            next.is_some_and(Path::is_dir).then_some(())
        })?;
        if let Some(found) = look() {
            return Some(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passing_time::HUNG_AFTER;

    #[test]
    fn a_write_into_a_file_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lines");
        std::fs::write(&file, "").unwrap();
        let changes = FileChanges::of(&file);
        std::thread::scope(|scope| {
            scope.spawn(|| std::fs::write(&file, "one").unwrap());
            let is_there = || (std::fs::read_to_string(&file).unwrap() == "one").then_some(());
            assert_eq!(changes.until(HUNG_AFTER, is_there), Some(()));
        });
        assert_eq!(changes.until(Duration::from_millis(1), || None::<()>), None);
    }

    #[test]
    fn a_folder_is_waited_for_from_above() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("one/two");
        let file = deep.join("file");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::fs::create_dir_all(&deep).unwrap();
                std::fs::write(&file, "").unwrap();
            });
            let found = in_folder_to_come(&deep, HUNG_AFTER, || file.exists().then_some(()));
            assert_eq!(found, Some(()));
        });
    }
}
