//! Planted bugs of the disk: syncs that return before the bytes are durable.

use domain::call::event::CallEvent;
use domain::ports::disk::Disk;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Which syncs are left out.
#[derive(Clone, Copy)]
enum SkippedSync {
    Every,
    /// The sync of `call.dialing`, so that its INVITE leaves before it is stored. The next sync stores it.
    OfDialing,
}

struct UnsyncedDisk {
    inner: Arc<dyn Disk>,
    skipped: SkippedSync,
    /// True if the last append contained `call.dialing`.
    dials: AtomicBool,
}

pub(super) fn without_sync(inner: Arc<dyn Disk>) -> Arc<dyn Disk> {
    UnsyncedDisk::wrap(inner, SkippedSync::Every)
}

pub(super) fn with_late_dialing_sync(inner: Arc<dyn Disk>) -> Arc<dyn Disk> {
    UnsyncedDisk::wrap(inner, SkippedSync::OfDialing)
}

impl UnsyncedDisk {
    fn wrap(inner: Arc<dyn Disk>, skipped: SkippedSync) -> Arc<dyn Disk> {
        Arc::new(Self {
            inner,
            skipped,
            dials: AtomicBool::new(false),
        })
    }
}

impl Disk for UnsyncedDisk {
    fn append(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let kind = format!("\"{}\"", CallEvent::DIALING);
        let dials = bytes.windows(kind.len()).any(|window| window == kind.as_bytes());
        self.dials.store(dials, Ordering::Relaxed);
        self.inner.append(file, bytes)
    }

    fn sync(&self, file: &str) -> io::Result<()> {
        let dials = self.dials.swap(false, Ordering::Relaxed);
        let is_skipped = match self.skipped {
            SkippedSync::Every => true,
            SkippedSync::OfDialing => dials,
        };
        match is_skipped {
            true => Ok(()),
            false => self.inner.sync(file),
        }
    }

    fn truncate(&self, file: &str, bytes: u64) -> io::Result<()> {
        self.inner.truncate(file, bytes)
    }

    fn read_part(&self, file: &str, from: u64, most: usize) -> io::Result<Vec<u8>> {
        self.inner.read_part(file, from, most)
    }
}
