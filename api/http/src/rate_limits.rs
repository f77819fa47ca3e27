//! Rate limits of requests per user and API key, refilled continuously. Replies show what is left
//! (`RateLimit-Policy` and `RateLimit`, draft-ietf-httpapi-ratelimit-headers).
//!
//! Heavy requests have a second limit: as many of them as of others would take all readers of views and log.
//!
//! The limits keep one program's loop from blocking the server for others. The directory's owner has no
//! limit. Commands that end or prevent calls are counted, but never refused.

use application::access::Caller;
use application::body_work::INLINE_BYTES_MAX;
use application::installation::Installation;
use domain::problem::{Problem, ProblemKind};
use domain::setting::SettingName;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use warp::http::HeaderMap;
use warp::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};

/// Time in milliseconds for which the limits read from the settings are used; a change applies within a
/// second.
const READ_AGAIN_MS: u64 = 1_000;

/// Maximum users and keys in memory. Beyond it the one with the oldest request is dropped and starts again
/// with full limits.
const CALLERS_MAX: usize = 4_096;

/// The unit in which requests are counted: thousandths, so that a refill can be a fraction.
const MILLI: u64 = 1_000;

/// Period in seconds for which the limit of heavy requests is set.
const MINUTE_S: u64 = 60;

/// How a request counts against the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestWeight {
    Usual,
    /// It reads much of the views or the log (exports, SQL, searches, inspections), or has a large body.
    Heavy,
}

impl RequestWeight {
    /// Makes a request with a large body heavy, on every route, because the body is read on a separate
    /// thread. A body without a length counts as large.
    pub(crate) fn with_body(self, headers: &HeaderMap) -> Self {
        let length = headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok());
        let length = length.and_then(|length| length.parse::<usize>().ok());
        let is_large = match length {
            Some(length) => length > INLINE_BYTES_MAX,
            None => headers.contains_key(TRANSFER_ENCODING),
        };
        if is_large { Self::Heavy } else { self }
    }
}

/// What each user and key has left, and the configured limits.
#[derive(Debug, Default)]
pub struct RateLimiter {
    callers: Mutex<BTreeMap<String, TokenBucket>>,
    /// What is left for heavy requests.
    heavy: Mutex<BTreeMap<String, TokenBucket>>,
    read: Mutex<Option<CachedLimits>>,
}

/// The limits of a user or key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateLimits {
    pub per_second: u64,
    pub at_once_max: u64,
    pub heavy_per_minute: u64,
}

#[derive(Debug, Clone, Copy)]
struct CachedLimits {
    allowed: RateLimits,
    at: Timestamp,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            per_second: SettingName::RequestsPerSecond.default_value(),
            at_once_max: SettingName::RequestsAtOnceMax.default_value(),
            heavy_per_minute: SettingName::HeavyRequestsPerMinute.default_value(),
        }
    }
}

#[derive(Debug)]
struct TokenBucket {
    millis: u64,
    at: Timestamp,
}

/// What is left after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateLimitStatus {
    requests: u64,
    /// Heavy requests left, after a heavy request.
    heavy: Option<u64>,
    allowed: RateLimits,
}

impl RateLimitStatus {
    /// Returns the limits that apply to this request, in the format of `RateLimit-Policy`.
    pub(crate) fn policy(self) -> String {
        let RateLimits {
            per_second,
            at_once_max,
            heavy_per_minute,
        } = self.allowed;
        let window = at_once_max.div_ceil(per_second);
        let caller = format!("\"caller\";q={at_once_max};w={window}");
        match self.heavy {
            Some(_) => format!("{caller}, \"heavy\";q={heavy_per_minute};w={MINUTE_S}"),
            None => caller,
        }
    }

    /// Returns what is left and when all is available again, in the format of `RateLimit`.
    pub(crate) fn as_header(self) -> String {
        let missing = self.allowed.at_once_max.saturating_sub(self.requests);
        let back_s = missing.div_ceil(self.allowed.per_second);
        let caller = format!("\"caller\";r={};t={back_s}", self.requests);
        let Some(heavy) = self.heavy else { return caller };
        let allowed = self.allowed.heavy_per_minute;
        let missing = allowed.saturating_sub(heavy);
        let back_s = missing.saturating_mul(MINUTE_S).div_ceil(allowed);
        format!("{caller}, \"heavy\";r={heavy};t={back_s}")
    }
}

impl RateLimiter {
    /// Returns the limits from the settings, read once a second. If they cannot be read, the last ones apply.
    pub(crate) async fn allowed(&self, installation: &Installation) -> RateLimits {
        let now = installation.now();
        let known = *self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = known.filter(|read| now.ms_since(read.at) < READ_AGAIN_MS) {
            return read.allowed;
        }
        let allowed = match of_settings(installation).await {
            Ok(allowed) => allowed,
            Err(problem) => {
                tracing::warn!(%problem, "the limits of requests cannot be read: the last ones count");
                known.map(|read| read.allowed).unwrap_or_default()
            }
        };
        let read = CachedLimits { allowed, at: now };
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
        allowed
    }

    /// Counts a request and returns what the caller has left; `None` for a caller without a limit. Fails as
    /// busy (429) if nothing was left, except for a request that `kept` admits beyond the limit of all
    /// requests; the limit of heavy ones always holds.
    pub(crate) fn take(
        &self,
        caller: &Caller,
        kept: bool,
        weight: RequestWeight,
        allowed: RateLimits,
        now: Timestamp,
    ) -> Result<Option<RateLimitStatus>, Problem> {
        let Some(name) = caller.counted_as() else {
            return Ok(None);
        };
        let RateLimits {
            per_second,
            at_once_max,
            heavy_per_minute,
        } = allowed;
        let exceeded = |why: String| {
            let detail =
                format!("a user or key can send at most {why}: wait a second, then send the request again");
            Problem::new(ProblemKind::Busy, "rate-exceeded", detail)
        };
        let per_ms = Refill {
            millis: per_second,
            each_ms: 1,
            most: at_once_max,
        };
        let left = take_one(&self.callers, name.clone(), per_ms, now);
        let requests = match left {
            Some(left) => left,
            None if kept => 0,
            None => {
                let why = format!("{at_once_max} concurrent requests and {per_second} per second");
                return Err(exceeded(why));
            }
        };
        let heavy = match weight {
            RequestWeight::Usual => None,
            RequestWeight::Heavy => {
                let per_minute = Refill {
                    millis: heavy_per_minute,
                    each_ms: MINUTE_S,
                    most: heavy_per_minute,
                };
                let left = take_one(&self.heavy, name, per_minute, now);
                Some(left.ok_or_else(|| exceeded(format!("{heavy_per_minute} heavy questions a minute")))?)
            }
        };
        Ok(Some(RateLimitStatus {
            requests,
            heavy,
            allowed,
        }))
    }
}

/// How a limit refills.
#[derive(Clone, Copy)]
struct Refill {
    /// This many thousandths of a request per `each_ms` milliseconds.
    millis: u64,
    each_ms: u64,
    /// Requests that are available after a pause.
    most: u64,
}

/// Takes one request from this caller's bucket and returns how many are left; `None` if there was none to
/// take.
fn take_one(
    of: &Mutex<BTreeMap<String, TokenBucket>>,
    name: String,
    refill: Refill,
    now: Timestamp,
) -> Option<u64> {
    let most = refill.most * MILLI;
    let mut callers = of.lock().unwrap_or_else(PoisonError::into_inner);
    if callers.len() >= CALLERS_MAX && !callers.contains_key(&name) {
        let oldest = callers.iter().min_by_key(|(_, left)| left.at);
        if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
            callers.remove(&oldest);
        }
    }
    let left = callers.entry(name).or_insert(TokenBucket {
        millis: most,
        at: now,
    });
    let came_back = now.ms_since(left.at).saturating_mul(refill.millis) / refill.each_ms;
    left.millis = left.millis.saturating_add(came_back).min(most);
    // Frequent requests must not lose fractions.
    left.at = match left.millis == most {
        true => now,
        false => left.at.plus_ms(came_back * refill.each_ms / refill.millis.max(1)),
    };
    match left.millis.checked_sub(MILLI) {
        Some(millis) => {
            left.millis = millis;
            Some(millis / MILLI)
        }
        None => None,
    }
}

async fn of_settings(installation: &Installation) -> Result<RateLimits, Problem> {
    Ok(RateLimits {
        per_second: installation.setting(SettingName::RequestsPerSecond).await?.max(1),
        at_once_max: installation.setting(SettingName::RequestsAtOnceMax).await?,
        heavy_per_minute: installation
            .setting(SettingName::HeavyRequestsPerMinute)
            .await?
            .max(1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use application::access::KnownUser;
    use domain::actor::SignInMethod;
    use domain::permission::{CampaignScope, Role};
    use domain::realm::RealmName;
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
            way: SignInMethod::Session,
            session: None,
            scopes: None,
            campaigns: CampaignScope::All,
            realm: RealmName::Real,
        }))
    }

    fn passed(rates: &RateLimiter, caller: &Caller, allowed: RateLimits, now: Timestamp) -> u64 {
        (0..2 * allowed.at_once_max)
            .map(|_| {
                u64::from(
                    rates
                        .take(caller, false, RequestWeight::Usual, allowed, now)
                        .is_ok(),
                )
            })
            .sum()
    }

    #[test]
    fn each_caller_has_its_own_which_come_back_by_the_second() {
        let (rates, usual) = (RateLimiter::default(), RateLimits::default());
        assert_eq!(passed(&rates, &user("wang"), usual, at(0)), usual.at_once_max);
        let refused = rates
            .take(&user("wang"), false, RequestWeight::Usual, usual, at(0))
            .unwrap_err();
        assert_eq!(refused.code, "rate-exceeded");
        assert!(
            rates
                .take(&user("wang"), true, RequestWeight::Usual, usual, at(0))
                .is_ok(),
            "an opt-out passes"
        );
        assert_eq!(passed(&rates, &user("wang"), usual, at(1_000)), usual.per_second);
        let left = rates.take(&user("zhao"), false, RequestWeight::Usual, usual, at(1_000));
        let left = left.unwrap().unwrap();
        assert_eq!(left.as_header(), "\"caller\";r=1999;t=1");
        assert_eq!(left.policy(), "\"caller\";q=2000;w=10");
        let owner = Caller::Directory { door: "token" };
        assert_eq!(
            rates
                .take(&owner, false, RequestWeight::Heavy, usual, at(0))
                .unwrap(),
            None
        );
    }

    #[test]
    fn a_request_with_a_large_body_is_heavy() {
        let weight = |name: &'static str, value: String| {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
            RequestWeight::Usual.with_body(&headers)
        };
        assert_eq!(
            weight("content-length", INLINE_BYTES_MAX.to_string()),
            RequestWeight::Usual
        );
        assert_eq!(
            weight("content-length", (INLINE_BYTES_MAX + 1).to_string()),
            RequestWeight::Heavy
        );
        assert_eq!(
            weight("transfer-encoding", "chunked".to_owned()),
            RequestWeight::Heavy
        );
        assert_eq!(
            RequestWeight::Usual.with_body(&HeaderMap::new()),
            RequestWeight::Usual
        );
        assert_eq!(
            RequestWeight::Heavy.with_body(&HeaderMap::new()),
            RequestWeight::Heavy
        );
    }

    #[test]
    fn heavy_questions_have_a_limit_of_their_own_beside_it() {
        let rates = RateLimiter::default();
        let few = RateLimits {
            heavy_per_minute: 30,
            ..RateLimits::default()
        };
        let heavy = |name: &str, now| rates.take(&user(name), false, RequestWeight::Heavy, few, at(now));
        for _ in 0..29 {
            heavy("wang", 0).unwrap();
        }
        let last = heavy("wang", 0).unwrap().unwrap();
        assert_eq!(last.policy(), "\"caller\";q=2000;w=10, \"heavy\";q=30;w=60");
        assert_eq!(last.as_header(), "\"caller\";r=1970;t=1, \"heavy\";r=0;t=60");
        assert_eq!(heavy("wang", 0).unwrap_err().code, "rate-exceeded");
        assert!(heavy("zhao", 0).is_ok(), "each has their own");
        let usual = rates
            .take(&user("wang"), false, RequestWeight::Usual, few, at(0))
            .unwrap();
        assert_eq!(usual.unwrap().policy(), "\"caller\";q=2000;w=10", "others go on");
        // One comes back every two seconds, however often it is requested meanwhile.
        for now in (2_000..2_020).step_by(5) {
            let asked = heavy("wang", now);
            assert_eq!(asked.is_ok(), now == 2_000);
        }
        assert!(heavy("wang", 4_000).is_ok());
    }

    #[test]
    fn another_limit_counts_for_earlier_callers_too() {
        let rates = RateLimiter::default();
        let less = RateLimits {
            per_second: 20,
            at_once_max: 150,
            ..RateLimits::default()
        };
        rates
            .take(
                &user("wang"),
                false,
                RequestWeight::Usual,
                RateLimits::default(),
                at(0),
            )
            .unwrap();
        assert_eq!(passed(&rates, &user("wang"), less, at(0)), 150);
        assert_eq!(passed(&rates, &user("wang"), less, at(1_000)), 20);
        let left = rates.take(&user("zhao"), false, RequestWeight::Usual, less, at(1_000));
        let left = left.unwrap().unwrap();
        assert_eq!(left.policy(), "\"caller\";q=150;w=8");
    }

    #[test]
    fn more_callers_than_are_remembered_take_no_more_memory() {
        let rates = RateLimiter::default();
        for index in 0..CALLERS_MAX + 10 {
            let caller = user(&format!("user{index}"));
            rates
                .take(
                    &caller,
                    false,
                    RequestWeight::Heavy,
                    RateLimits::default(),
                    at(index as u64),
                )
                .unwrap();
        }
        assert_eq!(rates.callers.lock().unwrap().len(), CALLERS_MAX);
        assert_eq!(rates.heavy.lock().unwrap().len(), CALLERS_MAX);
    }
}
