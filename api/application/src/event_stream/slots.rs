//! Slots for streams: how many may be open at once, in total and per user.
//!
//! A user holds at most `USER_SLOTS_MAX` with all keys together, so that one user cannot take every slot.
//! Some slots are reserved for event streams, which other systems follow, and some for users who watch the
//! live figures and may stop all dialing.

use crate::access::Caller;
use domain::ids::UserId;
use domain::permission::Permission;
use domain::problem::{Problem, ProblemKind};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most streams at once, of all kinds. Each holds a page of events and a subscription of the store.
pub(super) const STREAMS_MAX: usize = 256;

/// Most streams of one user, with all keys and sessions: a wall of screens, or a handful of systems.
pub(super) const USER_SLOTS_MAX: usize = 16;

/// Slots reserved for event streams: every system that follows the log.
const EVENTS_RESERVED: usize = 64;

/// Slots reserved for users who watch live figures and may stop dialing: a shift of supervisors.
const STOP_WATCHERS_RESERVED: usize = 16;

/// The purpose of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StreamUse {
    /// The stream of the event log.
    Events,
    /// Live figures, for a user who may stop dialing.
    StopWatch,
    /// Live figures for other users, and conversations.
    Other,
}

impl StreamUse {
    const ALL: [Self; 3] = [Self::Events, Self::StopWatch, Self::Other];

    /// Returns the purpose of a stream of live figures: `StopWatch` if the caller may engage an emergency
    /// stop.
    pub fn of_live(caller: &Caller) -> Self {
        match caller.may(Permission::StopEngage) {
            true => Self::StopWatch,
            false => Self::Other,
        }
    }

    const fn reserved(self) -> usize {
        match self {
            Self::Events => EVENTS_RESERVED,
            Self::StopWatch => STOP_WATCHERS_RESERVED,
            Self::Other => 0,
        }
    }
}

/// The slots in use.
#[derive(Debug, Default)]
pub(super) struct StreamSlots(Mutex<SlotCounts>);

#[derive(Debug, Default)]
struct SlotCounts {
    by_use: BTreeMap<StreamUse, usize>,
    by_user: BTreeMap<UserId, usize>,
}

impl SlotCounts {
    fn of(&self, purpose: StreamUse) -> usize {
        self.by_use.get(&purpose).copied().unwrap_or_default()
    }

    /// Returns how many slots a stream of this purpose cannot take: those in use, and the free ones that
    /// are reserved for other purposes.
    fn unavailable(&self, purpose: StreamUse) -> usize {
        let slots = StreamUse::ALL.into_iter().map(|one| match one == purpose {
            true => self.of(one),
            false => self.of(one).max(one.reserved()),
        });
        slots.sum()
    }
}

/// A stream's slot. It is released when dropped.
#[derive(Debug)]
pub struct StreamSlot {
    slots: &'static StreamSlots,
    purpose: StreamUse,
    user: Option<UserId>,
}

impl StreamSlots {
    /// Takes a slot for one more stream. Fails with `streams-of-user` if the user has `USER_SLOTS_MAX`, and
    /// with `streams-busy` if none is free for this purpose. The owner of the data directory has no limit
    /// per user.
    pub(super) fn take(&'static self, caller: &Caller, purpose: StreamUse) -> Result<StreamSlot, Problem> {
        let user = caller.user().map(|known| known.user.clone());
        let mut taken = self.taken();
        let own = user.as_ref().and_then(|user| taken.by_user.get(user));
        if own.is_some_and(|count| *count >= USER_SLOTS_MAX) {
            let why =
                format!("you have reached the limit of {USER_SLOTS_MAX} open streams per user: close one");
            return Err(Problem::new(ProblemKind::Busy, "streams-of-user", why));
        }
        if taken.unavailable(purpose) >= STREAMS_MAX {
            let why = format!(
                "the limit of {STREAMS_MAX} open or reserved streams is reached: close some or try again \
                 later"
            );
            return Err(Problem::new(ProblemKind::Busy, "streams-busy", why));
        }
        *taken.by_use.entry(purpose).or_default() += 1;
        if let Some(user) = &user {
            *taken.by_user.entry(user.clone()).or_default() += 1;
        }
        Ok(StreamSlot {
            slots: self,
            purpose,
            user,
        })
    }

    fn taken(&self) -> MutexGuard<'_, SlotCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        if let Some(count) = taken.by_use.get_mut(&self.purpose) {
            *count = count.saturating_sub(1);
        }
        let Some(user) = &self.user else { return };
        let left = taken.by_user.get_mut(user).map_or(0, |count| {
            *count = count.saturating_sub(1);
            *count
        });
        if left == 0 {
            taken.by_user.remove(user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::KnownUser;
    use domain::actor::SignInMethod;
    use domain::permission::{CampaignScope, Role};
    use domain::realm::RealmName;
    use domain::user::Account;

    fn user(name: &str, role: Role) -> Caller {
        Caller::User(Box::new(KnownUser {
            user: name.parse().unwrap(),
            account: Account {
                roles: [role].into(),
                campaigns: CampaignScope::All,
                team: None,
                disabled: false,
                until: None,
            },
            way: SignInMethod::Session,
            session: None,
            scopes: None,
            campaigns: CampaignScope::All,
            realm: RealmName::Real,
        }))
    }

    fn code(taken: Result<StreamSlot, Problem>) -> &'static str {
        taken.map_or_else(|problem| problem.code, |_| "taken")
    }

    #[test]
    fn one_user_has_sixteen_slots_and_gets_one_back() {
        static SLOTS: StreamSlots = StreamSlots(Mutex::new(SlotCounts {
            by_use: BTreeMap::new(),
            by_user: BTreeMap::new(),
        }));
        let wang = user("wang", Role::Viewer);
        let mut open: Vec<_> = (0..USER_SLOTS_MAX)
            .map(|_| SLOTS.take(&wang, StreamUse::Other).unwrap())
            .collect();
        assert_eq!(code(SLOTS.take(&wang, StreamUse::Events)), "streams-of-user");
        assert_eq!(
            code(SLOTS.take(&user("zhao", Role::Viewer), StreamUse::Other)),
            "taken"
        );
        open.pop();
        assert_eq!(code(SLOTS.take(&wang, StreamUse::Events)), "taken");
        drop(open);
        assert!(SLOTS.taken().by_user.is_empty());
    }

    #[test]
    fn slots_for_events_and_for_stop_watchers_are_kept_free() {
        static SLOTS: StreamSlots = StreamSlots(Mutex::new(SlotCounts {
            by_use: BTreeMap::new(),
            by_user: BTreeMap::new(),
        }));
        let viewer = |index: usize| user(&format!("viewer{index}"), Role::Viewer);
        let mut open = Vec::new();
        for index in 0..STREAMS_MAX {
            open.extend(SLOTS.take(&viewer(index), StreamUse::Other).ok());
        }
        assert_eq!(open.len(), STREAMS_MAX - EVENTS_RESERVED - STOP_WATCHERS_RESERVED);
        for (purpose, reserved) in [
            (StreamUse::Events, EVENTS_RESERVED),
            (StreamUse::StopWatch, STOP_WATCHERS_RESERVED),
        ] {
            let before = open.len();
            for index in 0..STREAMS_MAX {
                open.extend(SLOTS.take(&viewer(index), purpose).ok());
            }
            assert_eq!(open.len() - before, reserved);
        }
        assert_eq!(code(SLOTS.take(&viewer(999), StreamUse::Events)), "streams-busy");
    }
}
