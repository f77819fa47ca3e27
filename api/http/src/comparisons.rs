//! The gate before every comparison of a value that a caller chose with a sealed value of a customer:
//! look-ups by phone number or by the institution's own id, and lists.
//!
//! A caller who may see a number only masked could otherwise try its hidden digits. The gate asks for the
//! permission, limits the rate per principal (a user with all keys) and per address, and puts each comparison
//! on record (`inquiry.compared`) before its result is given out. A comparison without a result costs more,
//! because guessing produces misses. Commands that keep people from being called (opt-out, suppression,
//! withdrawal of a consent) are never refused here: beyond the limit their reply says less.

use crate::places::network;
use application::access::Caller;
use application::inquiring::Reader;
use domain::ids::{CustomerId, NumberId};
use domain::number_ids::NumberIds;
use domain::permission::{DataScope, Permission};
use domain::problem::{Kind, Problem};
use domain::time::Timestamp;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

/// Thousandths of a comparison, so that a refill may be a fraction.
const MILLI: u64 = 1_000;

/// Most addresses and principals that are remembered; beyond it the one that asked longest ago is forgotten.
const REMEMBERED_MAX: usize = 1_024;

/// How fast comparisons may be made.
#[derive(Clone, Copy)]
struct Limit {
    /// Milliseconds until one used comparison is available again.
    one_each_ms: u64,
    at_once_max: u64,
    /// Price of a comparison without a result.
    miss_costs: u64,
}

/// Single values. Ten a second are for a program that asks before each of its calls; a hundred at once after
/// a pause of ten seconds. A miss costs ten: one a second stays possible for a person at a desk, and the four
/// hidden digits of a masked number take hours.
const VALUES: Limit = Limit {
    one_each_ms: 100,
    at_once_max: 100,
    miss_costs: 10,
};

/// Lists that are compared with all campaigns: ten at once, and ten an hour (one in six minutes). Each of
/// these imports returns whether its people are known elsewhere; fourteen of these answers give the four
/// hidden digits of a masked number.
const LISTS: Limit = Limit {
    one_each_ms: 6 * 60_000,
    at_once_max: 10,
    miss_costs: 1,
};

/// Comparisons used under one limit, by address and by principal.
#[derive(Default)]
struct Budget(Mutex<BTreeMap<String, Used>>);

struct Used {
    /// More than the limit's full amount after a single miss beyond it: that is waited for.
    millis: u64,
    at: Timestamp,
}

impl Used {
    /// Whether one more comparison is available.
    const fn has_one(&self, limit: Limit) -> bool {
        self.millis + MILLI <= limit.full()
    }
}

impl Limit {
    const fn full(self) -> u64 {
        self.at_once_max * MILLI
    }

    fn refill(self, used: &mut Used, now: Timestamp) {
        let came_back = now.ms_since(used.at).saturating_mul(MILLI) / self.one_each_ms;
        // Otherwise a caller who asks every few milliseconds would lose each fraction.
        if came_back == 0 {
            return;
        }
        used.millis = used.millis.saturating_sub(came_back);
        used.at = now;
    }
}

impl Budget {
    /// Takes one comparison of each of these names, or of none.
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

    /// Whether each of these names has a comparison left.
    fn has(&self, limit: Limit, names: &[String], now: Timestamp) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = names.iter();
        all.all(|name| of(&mut kept, limit, name, now).has_one(limit))
    }

    /// Gives back one comparison of each of these names.
    fn give_back(&self, limit: Limit, names: &[String], now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            let used = of(&mut kept, limit, name, now);
            used.millis = used.millis.saturating_sub(MILLI);
        }
    }

    /// Takes the price of misses beyond the one comparison of each, until `most` is used.
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

fn of<'k>(kept: &'k mut BTreeMap<String, Used>, limit: Limit, name: &str, now: Timestamp) -> &'k mut Used {
    if kept.len() >= REMEMBERED_MAX && !kept.contains_key(name) {
        let oldest = kept.iter().min_by_key(|(_, used)| used.at);
        if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
            kept.remove(&oldest);
        }
    }
    let used = kept.entry(name.to_owned()).or_insert(Used { millis: 0, at: now });
    limit.refill(used, now);
    used
}

/// What each address and principal may still compare.
#[derive(Default)]
pub struct Comparisons {
    values: Budget,
    lists: Budget,
}

impl Comparisons {
    pub(crate) fn take(&self, names: &[String], now: Timestamp) -> Result<(), Problem> {
        match self.values.take(VALUES, names, now) {
            true => Ok(()),
            false => Err(Self::too_fast(names)),
        }
    }

    /// Before a comparison that costs only if it is a miss.
    pub(crate) fn ask(&self, names: &[String], now: Timestamp) -> Result<(), Problem> {
        match self.values.has(VALUES, names, now) {
            true => Ok(()),
            false => Err(Self::too_fast(names)),
        }
    }

    /// After misses: comparisons without a result. A single miss may take more than is left: the next
    /// comparison waits for it, so that guesses in a row go on at the rate of misses. A request of many
    /// values uses up what is left, and no more: a program that reports its customers is not locked out.
    pub(crate) fn missed(&self, names: &[String], misses: u64, now: Timestamp) {
        let most = match misses {
            0 | 1 => VALUES.full() * VALUES.miss_costs,
            _ => VALUES.full(),
        };
        self.values.miss(VALUES, names, misses, most, now);
    }

    /// After an order about an unknown number. It uses up what is left, and no more: opt-outs do not keep
    /// their caller from looking up customers.
    pub(crate) fn missed_by_order(&self, names: &[String], now: Timestamp) {
        self.values.miss(VALUES, names, 1, VALUES.full(), now);
    }

    fn too_fast(names: &[String]) -> Problem {
        tracing::warn!(callers = ?names, "comparisons with customers' values come too fast: refused");
        let (per_second, miss_costs) = (1_000 / VALUES.one_each_ms, VALUES.miss_costs);
        let detail = format!(
            "at most {per_second} lookups by number or customer id per second are allowed; a lookup without \
             a result counts {miss_costs} times: try again in a second"
        );
        Problem::new(Kind::Busy, "lookups-too-fast", detail)
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
        Err(Problem::new(Kind::Busy, "lists-too-fast", detail))
    }

    /// Of a list that was not compared after all.
    pub(crate) fn return_list(&self, names: &[String], now: Timestamp) {
        self.lists.give_back(LISTS, names, now);
    }
}

/// Who compares, and by which route.
#[derive(Clone)]
pub(crate) struct Comparer {
    pub(crate) caller: Caller,
    pub(crate) reader: Reader,
    /// The address and the principal, as they are counted.
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

    /// Refuses a caller who may not look into every campaign.
    pub(crate) fn needs_all(&self, permission: Permission) -> Result<(), Problem> {
        if self.caller.scope_for(permission)?.is_all() {
            return Ok(());
        }
        Err(crate::guard::limited(
            "this compares with customers of all campaigns",
        ))
    }

    /// Whether this caller may see every customer's values in clear, and so learns nothing by comparing.
    pub(crate) fn reveals_all(&self) -> bool {
        reveals_all(&self.caller)
    }
}

/// Whether a caller may see every customer's values in clear.
pub(crate) fn reveals_all(caller: &Caller) -> bool {
    let scope = caller.scope_for(Permission::CustomersReveal);
    scope.is_ok_and(|scope: DataScope| scope.is_all())
}

/// In which form this caller gets ids of phone numbers.
pub(crate) fn number_ids(caller: &Caller) -> NumberIds {
    match reveals_all(caller) {
        true => NumberIds::AsStored,
        false => NumberIds::Keyed,
    }
}

/// Whether a text is our id of a number. It is random to a caller, so guessing it is useless.
pub(crate) fn is_number_id(text: &str) -> bool {
    text.parse::<NumberId>().is_ok()
}

/// Whether a text is our id of a customer.
pub(crate) fn is_customer_id(text: &str) -> bool {
    text.parse::<CustomerId>().is_ok()
}

/// The address as it is counted: one for each IPv6 network, and one for all requests without a connection.
fn network_of(peer: Option<SocketAddr>) -> IpAddr {
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| network(peer.ip()))
}

/// A phone number in a body, so that no address holds it.
#[derive(JsonSchema)]
pub(crate) struct NumberOnly {
    /// In any usual form.
    #[schemars(example = &"13800138000")]
    pub number: String,
}

impl Order for NumberOnly {
    fn read(body: &mut Members) -> Self {
        Self {
            number: body.needed_text("number").unwrap_or_default(),
        }
    }
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

    fn answered(comparisons: &Comparisons, callers: &[&str], now: Timestamp) -> u64 {
        let callers = names(callers);
        (0..1_000)
            .map(|_| u64::from(comparisons.take(&callers, now).is_ok()))
            .sum()
    }

    #[test]
    fn an_address_and_a_principal_each_have_their_own_and_a_miss_costs_ten() {
        let comparisons = Comparisons::default();
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
        let comparisons = Comparisons::default();
        let caller = names(&["a", "wang"]);
        let mut guesses = 0;
        // Sent every 100 ms, when one comparison is available again.
        for ms in (0..20_000).step_by(100) {
            if comparisons.take(&caller, at(ms)).is_ok() {
                guesses += 1;
                comparisons.missed(&caller, 1, at(ms));
            }
        }
        // Twelve in the first 1.1 s, and then one a second.
        assert_eq!(guesses, 30);
        // Many misses of one request use up what is left, and no more; so do orders.
        let other = names(&["b", "li"]);
        comparisons.missed(&other, 1_000, at(0));
        comparisons.missed_by_order(&other, at(0));
        assert!(comparisons.ask(&other, at(0)).is_err());
        assert!(comparisons.ask(&other, at(100)).is_ok());
    }

    #[test]
    fn fewer_lists_pass_than_recover_four_digits_and_one_comes_back_in_six_minutes() {
        let comparisons = Comparisons::default();
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
        let comparisons = Comparisons::default();
        for index in 0..REMEMBERED_MAX + 10 {
            let caller = vec![format!("address {index}")];
            comparisons.take(&caller, at(index as u64)).unwrap();
        }
        let kept = comparisons.values.0.lock().unwrap();
        assert_eq!(kept.len(), REMEMBERED_MAX);
    }
}
