//! How many requests a user or key may send: each has its own, refilled by the second, and is told what is
//! left (`RateLimit-Policy` and `RateLimit`, draft-ietf-httpapi-ratelimit-headers).
//!
//! It keeps one program's loop from taking the server from everybody else. Whoever owns the directory has no
//! limit; what ends calls or keeps people from being called is counted, and never refused.

use application::access::Caller;
use domain::actor::Way;
use domain::problem::{Kind, Problem};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Requests of one user or key that come back each second.
const PER_SECOND: u64 = 200;

/// Requests at once, after a pause: what comes back within ten seconds.
const AT_ONCE_MAX: u64 = 2_000;

/// Users and keys remembered; of more, who asked longest ago is forgotten, and begins anew.
const CALLERS_MAX: usize = 4_096;

/// Thousandths of a request, so that part of one comes back.
const MILLI: u64 = 1_000;

/// What each user and key has left.
#[derive(Debug, Default)]
pub struct Rates(Mutex<BTreeMap<String, Left>>);

#[derive(Debug)]
struct Left {
    millis: u64,
    at: Timestamp,
}

/// What is left after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateLeft {
    requests: u64,
}

impl RateLeft {
    /// The limit, as `RateLimit-Policy` says it.
    pub(crate) fn policy() -> String {
        format!("\"caller\";q={AT_ONCE_MAX};w={}", AT_ONCE_MAX / PER_SECOND)
    }

    /// What is left and when all of it is back, as `RateLimit` says it.
    pub(crate) fn as_header(self) -> String {
        let missing = AT_ONCE_MAX - self.requests.min(AT_ONCE_MAX);
        format!(
            "\"caller\";r={};t={}",
            self.requests,
            missing.div_ceil(PER_SECOND)
        )
    }
}

impl Rates {
    /// Counts a request; `None` where there is no limit. `kept`: it passes though nothing is left.
    pub(crate) fn take(
        &self,
        caller: &Caller,
        kept: bool,
        now: Timestamp,
    ) -> Result<Option<RateLeft>, Problem> {
        let Some(name) = name_of(caller) else {
            return Ok(None);
        };
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= CALLERS_MAX && !callers.contains_key(&name) {
            let oldest = callers.iter().min_by_key(|(_, left)| left.at);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                callers.remove(&oldest);
            }
        }
        let left = callers.entry(name).or_insert(Left {
            millis: AT_ONCE_MAX * MILLI,
            at: now,
        });
        let came_back = now.ms_since(left.at).saturating_mul(PER_SECOND);
        left.millis = left.millis.saturating_add(came_back).min(AT_ONCE_MAX * MILLI);
        left.at = now;
        match left.millis.checked_sub(MILLI) {
            Some(millis) => left.millis = millis,
            None if kept => left.millis = 0,
            None => {
                return Err(Problem::new(
                    Kind::Busy,
                    "rate-exceeded",
                    format!(
                        "a user or key may send {AT_ONCE_MAX} requests at once and {PER_SECOND} a second: \
                         wait a second, and send it again"
                    ),
                ));
            }
        }
        Ok(Some(RateLeft {
            requests: left.millis / MILLI,
        }))
    }
}

/// By what the caller is counted: each key for itself, and all sessions of a user together.
fn name_of(caller: &Caller) -> Option<String> {
    let known = caller.user()?;
    Some(match known.way {
        Way::Key(key) => key.to_string(),
        Way::Directory | Way::Session | Way::SetUp | Way::Other => format!("user {}", known.user),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use application::access::KnownUser;
    use domain::permission::{CampaignScope, Role};
    use domain::user::Account;
    use std::collections::BTreeSet;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_micros(0).plus_ms(ms)
    }

    fn user(name: &str) -> Caller {
        Caller::User(Box::new(KnownUser {
            user: name.parse().unwrap(),
            account: Account {
                roles: BTreeSet::from([Role::Viewer]),
                campaigns: CampaignScope::All,
                team: None,
                disabled: false,
                until: None,
            },
            way: Way::Session,
            session: None,
            scopes: None,
            campaigns: CampaignScope::All,
        }))
    }

    fn passed(rates: &Rates, caller: &Caller, now: Timestamp) -> u64 {
        (0..2 * AT_ONCE_MAX)
            .map(|_| u64::from(rates.take(caller, false, now).is_ok()))
            .sum()
    }

    #[test]
    fn each_caller_has_its_own_which_come_back_by_the_second() {
        let rates = Rates::default();
        assert_eq!(passed(&rates, &user("wang"), at(0)), AT_ONCE_MAX);
        let refused = rates.take(&user("wang"), false, at(0)).unwrap_err();
        assert_eq!(refused.code, "rate-exceeded");
        assert!(
            rates.take(&user("wang"), true, at(0)).is_ok(),
            "an opt-out passes"
        );
        assert_eq!(passed(&rates, &user("wang"), at(1_000)), PER_SECOND);
        let left = rates.take(&user("zhao"), false, at(1_000)).unwrap().unwrap();
        assert_eq!(left.as_header(), "\"caller\";r=1999;t=1");
        assert_eq!(RateLeft::policy(), "\"caller\";q=2000;w=10");
        let owner = Caller::Directory { door: "token" };
        assert_eq!(rates.take(&owner, false, at(0)).unwrap(), None);
    }

    #[test]
    fn more_callers_than_are_remembered_take_no_more_memory() {
        let rates = Rates::default();
        for index in 0..CALLERS_MAX + 10 {
            let caller = user(&format!("user{index}"));
            rates.take(&caller, false, at(index as u64)).unwrap();
        }
        assert_eq!(rates.0.lock().unwrap().len(), CALLERS_MAX);
    }
}
