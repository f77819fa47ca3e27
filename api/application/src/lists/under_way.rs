//! The imports that run now, and how far each is: what a person sees who waits for a large file.
//!
//! It is of this process and of this moment: what an import did stands in its report and in the log.

use domain::ids::ListId;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How far one import is. Counted while it runs; nobody decides by it.
#[derive(Debug, Default)]
pub struct Course {
    rows: AtomicU64,
    enrolled: AtomicU64,
    /// Time that its enrolments have waited for the rows of the views, added up over all of them.
    waited_ms: AtomicU64,
}

impl Course {
    pub(crate) fn note_rows(&self, rows: u64) {
        self.rows.store(rows, Ordering::Relaxed);
    }

    pub(crate) fn note_enrolled(&self, enrolled: u64) {
        self.enrolled.store(enrolled, Ordering::Relaxed);
    }

    pub(crate) fn note_wait(&self, ms: u64) {
        self.waited_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

/// What is known of an import while it runs.
#[derive(Debug)]
struct Entry {
    list: ListId,
    campaign: String,
    source: String,
    began: Timestamp,
    course: Arc<Course>,
}

/// The imports of one process that run now.
#[derive(Debug, Default)]
pub struct UnderWay(Mutex<Vec<Arc<Entry>>>);

/// An import that runs now.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ImportShown {
    campaign: String,
    source: String,
    began_at: Timestamp,
    rows: u64,
    enrolled: u64,
    rows_per_second: u64,
    /// Time that its enrolments have waited for the rows of the views.
    waited_for_views_ms: u64,
}

/// One of them is forgotten when this is dropped, however it ended.
pub struct Listed {
    list: Arc<UnderWay>,
    entry: Arc<Entry>,
}

impl Drop for Listed {
    fn drop(&mut self) {
        let mut entries = self.list.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| !Arc::ptr_eq(entry, &self.entry));
    }
}

impl UnderWay {
    /// From now on the import is shown, until what is answered is dropped.
    pub fn list(
        self: &Arc<Self>,
        list: ListId,
        campaign: &str,
        source: &str,
        began: Timestamp,
        course: Arc<Course>,
    ) -> Listed {
        let entry = Arc::new(Entry {
            list,
            campaign: campaign.to_owned(),
            source: source.to_owned(),
            began,
            course,
        });
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push(Arc::clone(&entry));
        Listed {
            list: Arc::clone(self),
            entry,
        }
    }

    /// Whether this list is imported now.
    pub fn has(&self, list: ListId) -> bool {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().any(|entry| entry.list == list)
    }

    /// Every import that runs, the oldest first.
    pub fn shown(&self, now: Timestamp) -> Vec<ImportShown> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = entries.iter().map(|entry| {
            let ms = now.ms_since(entry.began);
            let rows = entry.course.rows.load(Ordering::Relaxed);
            ImportShown {
                campaign: entry.campaign.clone(),
                source: entry.source.clone(),
                began_at: entry.began,
                rows,
                enrolled: entry.course.enrolled.load(Ordering::Relaxed),
                rows_per_second: rows.saturating_mul(1_000) / ms.max(1),
                waited_for_views_ms: entry.course.waited_ms.load(Ordering::Relaxed),
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
    fn an_import_is_shown_while_it_runs_and_forgotten_however_it_ends() {
        let list = Arc::new(UnderWay::default());
        let (first, second) = (Arc::new(Course::default()), Arc::new(Course::default()));
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
