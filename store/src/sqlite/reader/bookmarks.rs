//! Bookmarks: the positions at which pages of long streams ended, so that the next page begins there.
//!
//! The index is ordered by position, and a page of a stream begins after a version: without a bookmark, all
//! earlier entries are stepped over one by one.

use domain::ids::StreamId;
use domain::stored_event::{Position, StreamVersion};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most bookmarks, one per long stream that is read. At the limit the oldest is dropped; the next page
/// of its stream then takes longer.
const BOOKMARKS_MAX: usize = 32;

/// The bookmarks of a log. All its readers share them, because any of them may read the next page of a
/// stream.
#[derive(Debug, Default)]
pub(in crate::sqlite) struct Bookmarks(Mutex<VecDeque<Bookmark>>);

#[derive(Debug)]
struct Bookmark {
    stream: StreamId,
    version: StreamVersion,
    position: Position,
}

impl Bookmarks {
    /// Stores the position of the event with this version as the bookmark of its stream, in place of an
    /// earlier one.
    pub(super) fn note(&self, stream: &StreamId, version: StreamVersion, position: Position) {
        let mut bookmarks = self.lock();
        bookmarks.retain(|bookmark| bookmark.stream != *stream);
        if bookmarks.len() >= BOOKMARKS_MAX {
            bookmarks.pop_front();
        }
        bookmarks.push_back(Bookmark {
            stream: stream.clone(),
            version,
            position,
        });
    }

    /// Returns a position at or before that of version `after` of the stream: the bookmark's if there is
    /// one up to that version, otherwise the version's number, because a position is never below it.
    pub(super) fn before(&self, stream: &StreamId, after: StreamVersion) -> Position {
        if after.0 == 0 {
            return Position(0);
        }
        let bookmarks = self.lock();
        let known = bookmarks
            .iter()
            .find(|bookmark| bookmark.stream == *stream && bookmark.version <= after);
        // A version is never at a position below its own number.
        known.map_or(Position(after.0), |bookmark| bookmark.position)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Bookmark>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_records::stream;

    #[test]
    fn a_page_begins_at_the_last_end_before_it() {
        let bookmarks = Bookmarks::default();
        let before = |name: &str, after| bookmarks.before(&stream(name), StreamVersion(after)).0;
        assert_eq!(before("a", 7), 7, "nothing is known");
        bookmarks.note(&stream("a"), StreamVersion(10), Position(500));
        assert_eq!((before("a", 10), before("a", 12), before("a", 9)), (500, 500, 9));
        assert_eq!(before("b", 10), 10);
        bookmarks.note(&stream("a"), StreamVersion(20), Position(900));
        assert_eq!((before("a", 12), before("a", 20)), (12, 900));
        for other in 0..BOOKMARKS_MAX {
            bookmarks.note(&stream(&other.to_string()), StreamVersion(1), Position(9));
        }
        assert_eq!(before("a", 20), 20, "forgotten");
        assert_eq!(bookmarks.lock().len(), BOOKMARKS_MAX);
    }
}
