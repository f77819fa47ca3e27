//! Who follows the events under which name in this process: one reader at a time, the last that came; and
//! what none of them is told.

use domain::stored_event::StoredEvent;
use domain::subscriber::SubscriberId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Why a reader has its name no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Another reader follows under the name now.
    TakenOver,
    /// It was sent back, or forward: it comes again, and is there.
    Reset,
    /// There is no such subscriber any more.
    Removed,
}

/// The readers of now. A clone is the same.
#[derive(Debug, Clone, Default)]
pub struct Readers {
    by_name: Arc<Mutex<BTreeMap<SubscriberId, Reader>>>,
}

#[derive(Debug)]
struct Reader {
    /// Which reader of the name, from 1.
    turn: u64,
    lost: watch::Sender<Option<Lost>>,
}

/// A name while it is followed; given back when it is dropped.
#[derive(Debug)]
pub struct Hold {
    readers: Readers,
    name: SubscriberId,
    turn: u64,
    lost: watch::Receiver<Option<Lost>>,
}

impl Readers {
    /// The name, from whoever has it.
    pub fn take(&self, name: &SubscriberId) -> Arc<Hold> {
        let (sender, lost) = watch::channel(None);
        let mut by_name = self.locked();
        let before = by_name.remove(name);
        let turn = before.as_ref().map_or(1, |reader| reader.turn.wrapping_add(1));
        by_name.insert(name.clone(), Reader { turn, lost: sender });
        drop(by_name);
        if let Some(reader) = before {
            reader.lost.send_replace(Some(Lost::TakenOver));
        }
        Arc::new(Hold {
            readers: self.clone(),
            name: name.clone(),
            turn,
            lost,
        })
    }

    /// Ends whoever follows under the name.
    pub fn end(&self, name: &SubscriberId, why: Lost) {
        let reader = self.locked().remove(name);
        if let Some(reader) = reader {
            reader.lost.send_replace(Some(why));
        }
    }

    /// Whether somebody follows under the name here, now.
    pub fn has(&self, name: &SubscriberId) -> bool {
        self.locked().contains_key(name)
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<SubscriberId, Reader>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hold {
    /// Returns when the name is lost. Cancel-safe.
    pub async fn lost(&self) -> Lost {
        let mut lost = self.lost.clone();
        let why = lost.wait_for(Option::is_some).await.ok().and_then(|why| *why);
        // Without a sender the name was taken from the list, and whoever took it says why before.
        why.unwrap_or(Lost::TakenOver)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut by_name = self.readers.locked();
        if by_name
            .get(&self.name)
            .is_some_and(|reader| reader.turn == self.turn)
        {
            by_name.remove(&self.name);
        }
    }
}

/// Begins the kinds of events about subscribers, behind the id with which a record begins.
const OWN: &[u8] = b"\"kind\":\"subscriber.";

/// A record's kind stands within its first bytes, before anything that somebody wrote.
const HEAD_BYTES: usize = 96;

/// Whether an event is about a subscriber. Keeping a position is an event: told of it, a reader would
/// acknowledge, and be told of that.
pub(crate) fn is_own(event: &StoredEvent) -> bool {
    let record: &[u8] = &event.record;
    let head = record.get(..HEAD_BYTES).unwrap_or(record);
    head.windows(OWN.len()).any(|bytes| bytes == OWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> SubscriberId {
        "crm@wang".parse().unwrap()
    }

    #[tokio::test]
    async fn who_comes_later_has_the_name_and_who_was_there_is_told() {
        let readers = Readers::default();
        let first = readers.take(&name());
        let second = readers.take(&name());
        assert_eq!(first.lost().await, Lost::TakenOver);
        drop(first);
        assert!(
            readers.has(&name()),
            "what the first gives back is not the second's"
        );
        drop(second);
        assert!(!readers.has(&name()));
    }

    #[tokio::test]
    async fn whoever_is_sent_back_is_told_so() {
        let readers = Readers::default();
        let hold = readers.take(&name());
        readers.end(&name(), Lost::Reset);
        assert_eq!(hold.lost().await, Lost::Reset);
        assert!(!readers.has(&name()));
    }
}
