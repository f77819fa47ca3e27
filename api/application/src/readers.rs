//! The followers of the event stream in this process, by subscriber name. One follower per name: the last
//! one that connected. Also the test for events that no follower receives.

use domain::stored_event::StoredEvent;
use domain::subscriber::SubscriberId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Why a follower lost its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameLossReason {
    /// Another follower uses the name now.
    TakenOver,
    /// The subscriber's position was reset. The follower reconnects and continues there.
    Reset,
    /// The subscriber was removed.
    Removed,
}

/// The current followers by name. Clones share the same map.
#[derive(Debug, Clone, Default)]
pub struct Readers {
    by_name: Arc<Mutex<BTreeMap<SubscriberId, Reader>>>,
}

#[derive(Debug)]
struct Reader {
    /// Sequence number of the follower of this name, from 1.
    turn: u64,
    lost: watch::Sender<Option<NameLossReason>>,
}

/// A subscriber name that a follower uses. Dropping it releases the name.
#[derive(Debug)]
pub struct FollowerLease {
    readers: Readers,
    name: SubscriberId,
    turn: u64,
    lost: watch::Receiver<Option<NameLossReason>>,
}

impl Readers {
    /// Takes the name for a new follower. The follower that has it loses it with `TakenOver`.
    pub fn take(&self, name: &SubscriberId) -> Arc<FollowerLease> {
        let (sender, lost) = watch::channel(None);
        let mut by_name = self.locked();
        let before = by_name.remove(name);
        let turn = before.as_ref().map_or(1, |reader| reader.turn.wrapping_add(1));
        by_name.insert(name.clone(), Reader { turn, lost: sender });
        drop(by_name);
        if let Some(reader) = before {
            reader.lost.send_replace(Some(NameLossReason::TakenOver));
        }
        Arc::new(FollowerLease {
            readers: self.clone(),
            name: name.clone(),
            turn,
            lost,
        })
    }

    /// Takes the name from its follower, if there is one, with this reason.
    pub fn end(&self, name: &SubscriberId, why: NameLossReason) {
        let reader = self.locked().remove(name);
        if let Some(reader) = reader {
            reader.lost.send_replace(Some(why));
        }
    }

    /// Returns true if this process has a follower of the name now.
    pub fn has(&self, name: &SubscriberId) -> bool {
        self.locked().contains_key(name)
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<SubscriberId, Reader>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FollowerLease {
    /// Waits until the name is lost and returns the reason. Cancel-safe.
    pub async fn lost(&self) -> NameLossReason {
        let mut lost = self.lost.clone();
        let why = lost.wait_for(Option::is_some).await.ok().and_then(|why| *why);
        // Without a sender, the name was removed from the map; the remover has sent the reason before.
        why.unwrap_or(NameLossReason::TakenOver)
    }
}

impl Drop for FollowerLease {
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

/// Beginning of the event kinds of subscribers, as it appears in a record after the event's id.
const OWN: &[u8] = b"\"kind\":\"subscriber.";

/// The kind is within this many bytes of a record, before any text that a user wrote.
const HEAD_BYTES: usize = 96;

/// Returns true if an event is about a subscriber. Followers do not receive these: storing a position is an
/// event, so each would acknowledge it and cause the next one.
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
    async fn the_later_reader_has_the_name_and_the_earlier_one_is_notified() {
        let readers = Readers::default();
        let first = readers.take(&name());
        let second = readers.take(&name());
        assert_eq!(first.lost().await, NameLossReason::TakenOver);
        drop(first);
        assert!(
            readers.has(&name()),
            "what the first gives back is not the second's"
        );
        drop(second);
        assert!(!readers.has(&name()));
    }

    #[tokio::test]
    async fn a_reader_that_is_sent_back_is_notified() {
        let readers = Readers::default();
        let hold = readers.take(&name());
        readers.end(&name(), NameLossReason::Reset);
        assert_eq!(hold.lost().await, NameLossReason::Reset);
        assert!(!readers.has(&name()));
    }
}
