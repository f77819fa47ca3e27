//! Rate limits of comparisons between a value that a caller chose and a sealed value of a customer: look-ups
//! by phone number or external id, and lists.
//!
//! A caller who sees numbers only masked could otherwise try the hidden digits. The gate checks the
//! permission, limits the rate per user (with all keys) and per address, and records each comparison
//! (`inquiry.compared`) before its result is sent. A comparison without a result costs more, because guessing
//! produces misses. Commands that prevent calls (opt-out, suppression, withdrawal of a consent) are never
//! refused here; beyond the limit their reply says less.

use crate::connection_limits::network;
use application::access::Caller;
use application::inquiries::Reader;
use domain::ids::{CustomerId, NumberId};
use domain::number_ids::NumberIdForm;
use domain::permission::{DataScope, Permission};
use domain::problem::{Problem, ProblemKind};
use domain::time::Timestamp;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

/// The unit in which comparisons are counted: thousandths, so that a refill can be a fraction.
const MILLI: u64 = 1_000;

/// Most addresses and users in memory. Beyond it the one with the oldest comparison is dropped.
const REMEMBERED_MAX: usize = 1_024;

/// A rate limit of comparisons.
#[derive(Clone, Copy)]
struct Limit {
    /// Milliseconds until one used comparison is available again.
    one_each_ms: u64,
    at_once_max: u64,
    /// Cost of a comparison without a result.
    miss_costs: u64,
}

/// Limit for single values. Ten per second suffice for a program that compares before each call; a hundred at
/// once after a pause of ten seconds. A miss costs ten: one per second is enough for a person at a desk, and
/// trying the four hidden digits of a masked number takes hours.
const VALUES: Limit = Limit {
    one_each_ms: 100,
    at_once_max: 100,
    miss_costs: 10,
};

/// Limit for lists that are compared with all campaigns: ten at once, and ten per hour (one in six minutes).
/// Each import discloses whether its customers are in other campaigns; fourteen results would disclose the
/// four hidden digits of a masked number.
const LISTS: Limit = Limit {
    one_each_ms: 6 * 60_000,
    at_once_max: 10,
    miss_costs: 1,
};

/// The used comparisons under one limit, by address and by user.
#[derive(Default)]
struct Budget(Mutex<BTreeMap<String, UsedComparisons>>);

struct UsedComparisons {
    /// Used thousandths. Can exceed the limit after a single miss; the excess delays the next comparison.
    millis: u64,
    at: Timestamp,
}

impl UsedComparisons {
    /// True if one more comparison is available.
    const fn has_one(&self, limit: Limit) -> bool {
        self.millis + MILLI <= limit.full()
    }
}

impl Limit {
    const fn full(self) -> u64 {
        self.at_once_max * MILLI
    }

    fn refill(self, used: &mut UsedComparisons, now: Timestamp) {
        let came_back = now.ms_since(used.at).saturating_mul(MILLI) / self.one_each_ms;
        // Otherwise a caller with a request every few milliseconds would lose each fraction.
        if came_back == 0 {
            return;
        }
        used.millis = used.millis.saturating_sub(came_back);
        used.at = now;
    }
}

impl Budget {
    /// Takes one comparison from each of these names, or none if one of them has none left. Returns whether
    /// it did.
    fn take(&self, limit: Limit, names: &[String], now: Timestamp) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = names
            .iter()
            .all(|name| of(&mut kept, limit, name, now).has_one(limit));
        if enough {
            for name in names {
                of(&mut kept, limit, name, now).millis += MILLI;
            }
        }
        enough
    }

    /// True if each of these names has a comparison left.
    fn has(&self, limit: Limit, names: &[String], now: Timestamp) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = names.iter();
        all.all(|name| of(&mut kept, limit, name, now).has_one(limit))
    }

    /// Gives each of these names one comparison back.
    fn give_back(&self, limit: Limit, names: &[String], now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            let used = of(&mut kept, limit, name, now);
            used.millis = used.millis.saturating_sub(MILLI);
        }
    }

    /// Charges each of these names for misses: the cost of a miss less the one comparison that was already
    /// taken. The used amount grows to `most` at most.
    fn miss(&self, limit: Limit, names: &[String], misses: u64, most: u64, now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let costs = misses.saturating_mul((limit.miss_costs - 1) * MILLI);
        for name in names {
            let used = of(&mut kept, limit, name, now);
            let after = used.millis.saturating_add(costs).min(most);
            used.millis = used.millis.max(after);
        }
    }
}

fn of<'k>(
    kept: &'k mut BTreeMap<String, UsedComparisons>,
    limit: Limit,
    name: &str,
    now: Timestamp,
) -> &'k mut UsedComparisons {
    if kept.len() >= REMEMBERED_MAX && !kept.contains_key(name) {
        let oldest = kept.iter().min_by_key(|(_, used)| used.at);
        if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
            kept.remove(&oldest);
        }
    }
    let used = kept
        .entry(name.to_owned())
        .or_insert(UsedComparisons { millis: 0, at: now });
    limit.refill(used, now);
    used
}

/// The rate limits of comparisons, by address and by user.
#[derive(Default)]
pub struct ComparisonLimits {
    values: Budget,
    lists: Budget,
}

impl ComparisonLimits {
    pub(crate) fn take(&self, names: &[String], now: Timestamp) -> Result<(), Problem> {
        match self.values.take(VALUES, names, now) {
            true => Ok(()),
            false => Err(Self::too_fast(names)),
        }
    }

    /// Refuses if one of these names has no comparison left; takes nothing. Only a miss costs, by `missed`.
    pub(crate) fn ask(&self, names: &[String], now: Timestamp) -> Result<(), Problem> {
        match self.values.has(VALUES, names, now) {
            true => Ok(()),
            false => Err(Self::too_fast(names)),
        }
    }

    /// Charges misses: comparisons without a result. A single miss can cost more than is left; the next
    /// comparison then waits, so guesses continue at the rate of misses. A request with many values uses up
    /// what is left and no more: a program that reports its customers is not locked out.
    pub(crate) fn missed(&self, names: &[String], misses: u64, now: Timestamp) {
        let most = match misses {
            0 | 1 => VALUES.full() * VALUES.miss_costs,
            _ => VALUES.full(),
        };
        self.values.miss(VALUES, names, misses, most, now);
    }

    /// Charges a command about an unknown number. It uses up what is left and no more: opt-outs do not keep
    /// their caller from looking up customers.
    pub(crate) fn charge_unknown_number(&self, names: &[String], now: Timestamp) {
        self.values.miss(VALUES, names, 1, VALUES.full(), now);
    }

    fn too_fast(names: &[String]) -> Problem {
        tracing::warn!(callers = ?names, "comparisons with customers' values come too fast: refused");
        let (per_second, miss_costs) = (1_000 / VALUES.one_each_ms, VALUES.miss_costs);
        let detail = format!(
            "at most {per_second} lookups by number or customer id per second are allowed; a lookup without \
             a result counts {miss_costs} times: try again in a second"
        );
        Problem::new(ProblemKind::Busy, "lookups-too-fast", detail)
    }

    pub(crate) fn take_list(&self, names: &[String], now: Timestamp) -> Result<(), Problem> {
        if self.lists.take(LISTS, names, now) {
            return Ok(());
        }
        let at_once_max = LISTS.at_once_max;
        let detail = format!(
            "at most {at_once_max} lists per hour can be compared with all campaigns: import with \
             dedupe=campaign or try again in six minutes"
        );
        Err(Problem::new(ProblemKind::Busy, "lists-too-fast", detail))
    }

    /// Gives back the charge of a list that was not compared.
    pub(crate) fn return_list(&self, names: &[String], now: Timestamp) {
        self.lists.give_back(LISTS, names, now);
    }
}

/// The caller of a comparison, and the route.
#[derive(Clone)]
pub(crate) struct Comparer {
    pub(crate) caller: Caller,
    pub(crate) reader: Reader,
    /// The names under which comparisons are counted: the client's address or IPv6 network, and the user.
    pub(crate) names: Vec<String>,
}

impl Comparer {
    pub(crate) fn new(caller: &Caller, peer: Option<SocketAddr>, route: &str) -> Self {
        let address = network_of(peer);
        let principal = caller.user().map(|known| format!("user {}", known.user));
        Self {
            caller: caller.clone(),
            reader: Reader::of_caller(route.to_owned(), caller),
            names: std::iter::once(format!("address {address}"))
                .chain(principal)
                .collect(),
        }
    }

    /// Fails unless the caller has this permission for all campaigns and customers.
    pub(crate) fn needs_all(&self, permission: Permission) -> Result<(), Problem> {
        if self.caller.scope_for(permission)?.is_all() {
            return Ok(());
        }
        Err(crate::guard::build_scope_problem(
            "this compares with customers of all campaigns",
        ))
    }

    /// True if this caller may see every customer's values in clear, and so learns nothing by comparing.
    pub(crate) fn reveals_all(&self) -> bool {
        reveals_all(&self.caller)
    }
}

/// True if a caller may see every customer's values in clear.
pub(crate) fn reveals_all(caller: &Caller) -> bool {
    let scope = caller.scope_for(Permission::CustomersReveal);
    scope.is_ok_and(|scope: DataScope| scope.is_all())
}

/// Returns the form in which this caller gets ids of phone numbers: as stored if the caller may see every
/// value in clear, else keyed.
pub(crate) fn number_ids(caller: &Caller) -> NumberIdForm {
    match reveals_all(caller) {
        true => NumberIdForm::AsStored,
        false => NumberIdForm::Keyed,
    }
}

/// True if a text is an internal number id. It is random to a caller, so guessing it is useless.
pub(crate) fn is_number_id(text: &str) -> bool {
    text.parse::<NumberId>().is_ok()
}

/// True if a text is an internal customer id.
pub(crate) fn is_customer_id(text: &str) -> bool {
    text.parse::<CustomerId>().is_ok()
}

/// Returns the address under which comparisons are counted: an IPv6 address by its network; all requests
/// without a connection have the same one.
fn network_of(peer: Option<SocketAddr>) -> IpAddr {
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| network(peer.ip()))
}

/// The request body of a look-up by phone number: in a URL the number would be logged.
#[derive(ApiRequest, JsonSchema)]
pub(crate) struct NumberBody {
    /// The phone number in any common notation.
    #[schemars(example = &"13800138000")]
    pub number: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_micros(0).plus_ms(ms)
    }

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|name| (*name).to_owned()).collect()
    }

    fn answered(comparisons: &ComparisonLimits, callers: &[&str], now: Timestamp) -> u64 {
        let callers = names(callers);
        (0..1_000)
            .map(|_| u64::from(comparisons.take(&callers, now).is_ok()))
            .sum()
    }

    #[test]
    fn an_address_and_a_principal_each_have_their_own_and_a_miss_costs_ten() {
        let comparisons = ComparisonLimits::default();
        assert_eq!(answered(&comparisons, &["a", "wang"], at(0)), VALUES.at_once_max);
        assert_eq!(
            answered(&comparisons, &["b", "wang"], at(0)),
            0,
            "the same principal from another address"
        );
        assert_eq!(
            answered(&comparisons, &["a", "li"], at(0)),
            0,
            "another principal from the same address"
        );
        assert_eq!(
            answered(&comparisons, &["c", "zhao"], at(0)),
            VALUES.at_once_max,
            "neither of them: refused attempts took nothing from these"
        );
        assert_eq!(
            comparisons.take(&names(&["a"]), at(0)).unwrap_err().code,
            "lookups-too-fast"
        );
        assert_eq!(answered(&comparisons, &["a", "wang"], at(2_000)), 20);
        let (other, mut hits) = (names(&["d", "sun"]), 0);
        while comparisons.take(&other, at(0)).is_ok() {
            hits += 1;
            comparisons.missed(&other, 1, at(0));
        }
        assert_eq!(hits, VALUES.at_once_max / VALUES.miss_costs);
    }

    #[test]
    fn guesses_in_a_row_go_on_at_one_a_second() {
        let comparisons = ComparisonLimits::default();
        let caller = names(&["a", "wang"]);
        let mut guesses = 0;
        // Sent every 100 ms, when one comparison is available again.
        for ms in (0..20_000).step_by(100) {
            if comparisons.take(&caller, at(ms)).is_ok() {
                guesses += 1;
                comparisons.missed(&caller, 1, at(ms));
            }
        }
        // Twelve in the first 1.1 s, then one per second.
        assert_eq!(guesses, 30);
        // Many misses of one request use up what is left and no more; so do commands.
        let other = names(&["b", "li"]);
        comparisons.missed(&other, 1_000, at(0));
        comparisons.charge_unknown_number(&other, at(0));
        assert!(comparisons.ask(&other, at(0)).is_err());
        assert!(comparisons.ask(&other, at(100)).is_ok());
    }

    #[test]
    fn fewer_lists_pass_than_recover_four_digits_and_one_comes_back_in_six_minutes() {
        let comparisons = ComparisonLimits::default();
        let caller = names(&["a", "wang"]);
        let passed = |now| {
            let all = 0..20;
            all.filter(|_| comparisons.take_list(&caller, now).is_ok())
                .count()
        };
        assert_eq!(passed(at(0)), 10);
        comparisons.return_list(&caller, at(0));
        assert_eq!(passed(at(0)), 1, "a list that was not compared costs nothing");
        assert_eq!(passed(at(5 * 60_000)), 0);
        assert_eq!(passed(at(7 * 60_000)), 1);
        assert_eq!(
            comparisons.take_list(&caller, at(0)).unwrap_err().code,
            "lists-too-fast"
        );
    }

    #[test]
    fn more_names_than_are_remembered_take_no_more_memory() {
        let comparisons = ComparisonLimits::default();
        for index in 0..REMEMBERED_MAX + 10 {
            let caller = vec![format!("address {index}")];
            comparisons.take(&caller, at(index as u64)).unwrap();
        }
        let kept = comparisons.values.0.lock().unwrap();
        assert_eq!(kept.len(), REMEMBERED_MAX);
    }
}
