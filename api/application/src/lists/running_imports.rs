//! The imports that are running now, with their progress, for users who wait for a large file.
//!
//! This is the state of this process at this moment. Results are in the import's report and in the log.

use domain::ids::ListId;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Progress of one import: rows, enrolments and waits. It is for display only; no decision uses it.
#[derive(Debug, Default)]
pub struct ImportProgress {
    rows: AtomicU64,
    enrolled: AtomicU64,
    waits: Mutex<Waits>,
}

/// Total time in which an import has waited for views. Time in which several enrolments wait counts once.
#[derive(Debug, Default)]
struct Waits {
    waiting_count: u32,
    /// Start of the current wait, if there is one.
    since: Option<Timestamp>,
    over_ms: u64,
}

impl Waits {
    fn elapsed_ms(&self, now: Timestamp) -> u64 {
        self.over_ms + self.since.map_or(0, |since| now.ms_since(since))
    }
}

impl ImportProgress {
    pub(crate) fn note_rows(&self, rows: u64) {
        self.rows.store(rows, Ordering::Relaxed);
    }

    pub(crate) fn note_enrolled(&self, enrolled: u64) {
        self.enrolled.store(enrolled, Ordering::Relaxed);
    }

    /// Notes that an enrolment starts to wait for views.
    pub(crate) fn begin_wait(&self, now: Timestamp) {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.waiting_count += 1;
        waits.since.get_or_insert(now);
    }

    /// Notes that an enrolment stopped waiting.
    pub(crate) fn end_wait(&self, now: Timestamp) {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.waiting_count = waits.waiting_count.saturating_sub(1);
        if waits.waiting_count == 0 {
            waits.over_ms = waits.elapsed_ms(now);
            waits.since = None;
        }
    }

    fn waited_ms(&self, now: Timestamp) -> u64 {
        let waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.elapsed_ms(now)
    }
}

/// One running import.
#[derive(Debug)]
struct Entry {
    list: ListId,
    campaign: String,
    source: String,
    began: Timestamp,
    course: Arc<ImportProgress>,
}

/// The running imports of this process.
#[derive(Debug, Default)]
pub struct RunningImports(Mutex<Vec<Arc<Entry>>>);

/// A running import, as the API shows it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunningImportResponse {
    campaign: String,
    source: String,
    began_at: Timestamp,
    rows: u64,
    enrolled: u64,
    rows_per_second: u64,
    /// Elapsed time in which the import waited for views, in milliseconds. At most the time since its
    /// start.
    waited_for_views_ms: u64,
}

/// Guard that removes a running import from the list when it is dropped.
pub struct RunningImportGuard {
    list: Arc<RunningImports>,
    entry: Arc<Entry>,
}

impl Drop for RunningImportGuard {
    fn drop(&mut self) {
        let mut entries = self.list.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| !Arc::ptr_eq(entry, &self.entry));
    }
}

impl RunningImports {
    /// Adds a running import to the list. It is removed when the returned guard is dropped.
    pub fn list(
        self: &Arc<Self>,
        list: ListId,
        campaign: &str,
        source: &str,
        began: Timestamp,
        course: Arc<ImportProgress>,
    ) -> RunningImportGuard {
        let entry = Arc::new(Entry {
            list,
            campaign: campaign.to_owned(),
            source: source.to_owned(),
            began,
            course,
        });
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push(Arc::clone(&entry));
        RunningImportGuard {
            list: Arc::clone(self),
            entry,
        }
    }

    /// Returns true if this list is being imported now.
    pub fn has(&self, list: ListId) -> bool {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().any(|entry| entry.list == list)
    }

    /// Returns all running imports, oldest first.
    pub fn shown(&self, now: Timestamp) -> Vec<RunningImportResponse> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = entries.iter().map(|entry| {
            let ms = now.ms_since(entry.began);
            let rows = entry.course.rows.load(Ordering::Relaxed);
            RunningImportResponse {
                campaign: entry.campaign.clone(),
                source: entry.source.clone(),
                began_at: entry.began,
                rows,
                enrolled: entry.course.enrolled.load(Ordering::Relaxed),
                rows_per_second: rows.saturating_mul(1_000) / ms.max(1),
                waited_for_views_ms: entry.course.waited_ms(now),
            }
        });
        shown.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply_value::value;
    use serde_json::json;

    #[test]
    fn enrolments_that_wait_at_once_wait_no_longer_than_time_passes() {
        let (course, began) = (ImportProgress::default(), Timestamp::from_micros(0));
        let at = |ms| began.plus_ms(ms);
        course.begin_wait(at(100));
        course.begin_wait(at(200));
        assert_eq!(course.waited_ms(at(300)), 200);
        course.end_wait(at(400));
        course.end_wait(at(500));
        assert_eq!(course.waited_ms(at(900)), 400);
        course.begin_wait(at(1_000));
        course.end_wait(at(1_050));
        assert_eq!(course.waited_ms(at(2_000)), 450);
    }

    #[test]
    fn an_import_is_shown_while_it_runs_and_forgotten_however_it_ends() {
        let list = Arc::new(RunningImports::default());
        let (first, second) = (
            Arc::new(ImportProgress::default()),
            Arc::new(ImportProgress::default()),
        );
        let began = Timestamp::from_micros(0);
        let id = |name| ListId::derive(&"T".parse().unwrap(), name);
        let held = list.list(id("a"), "A", "a.csv", began, Arc::clone(&first));
        let other = list.list(id("b"), "B", "b.csv", began, Arc::clone(&second));
        first.note_rows(500);
        first.note_enrolled(400);
        let shown = value(&list.shown(began.plus_ms(2_000)));
        assert_eq!(shown[0]["campaign"], "A");
        assert_eq!(
            (&shown[0]["rows"], &shown[0]["enrolled"]),
            (&json!(500), &json!(400))
        );
        assert_eq!(shown[0]["rows_per_second"], 250);
        assert!(list.has(id("a")) && !list.has(id("c")));
        drop(held);
        assert!(!list.has(id("a")));
        assert_eq!(value(&list.shown(began))[0]["campaign"], "B");
        drop(other);
        assert_eq!(value(&list.shown(began)), json!([]));
    }
}
