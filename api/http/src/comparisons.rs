//! The gate before every comparison of a value that a caller chose with a sealed value of a customer:
//! look-ups by phone number or by the institution's own id, and lists.
//!
//! A caller who may see a number only masked could otherwise try its hidden digits. The gate asks for the
//! permission, limits the rate per principal (a user with all keys) and per address, and puts each comparison
//! on record (`inquiry.compared`) before its result is given out. A comparison that finds nobody costs more,
//! because that is what trying costs. Commands that keep people from being called (opt-out, suppression,
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

/// Thousandths of a comparison, so that part of one comes back.
const MILLI: u64 = 1_000;

/// Addresses and principals remembered; of more, the one that asked longest ago is forgotten.
const REMEMBERED_MAX: usize = 1_024;

/// How fast comparisons may be made.
#[derive(Clone, Copy)]
struct Limit {
    /// One comes back in so many milliseconds.
    one_each_ms: u64,
    at_once_max: u64,
    /// What one costs that found nobody.
    miss_costs: u64,
}

/// Single values. Ten a second come back: a program that asks before each of its calls. A hundred at once,
/// after a pause of ten seconds. A miss costs ten: one a second goes on, as a person at a desk may ask, and
/// the four hidden digits of a masked number take hours.
const VALUES: Limit = Limit {
    one_each_ms: 100,
    at_once_max: 100,
    miss_costs: 10,
};

/// Lists whose people are looked for in all campaigns: ten at once, and ten an hour (one in six minutes).
/// Each such import tells whether its people are known elsewhere, and the hidden four digits of a masked
/// number are fourteen such answers.
const LISTS: Limit = Limit {
    one_each_ms: 6 * 60_000,
    at_once_max: 10,
    miss_costs: 1,
};

/// What is left of one limit, by address and by principal.
#[derive(Default)]
struct Budget(Mutex<BTreeMap<String, Left>>);

struct Left {
    millis: u64,
    at: Timestamp,
}

impl Limit {
    const fn full(self) -> u64 {
        self.at_once_max * MILLI
    }

    fn refill(self, left: &mut Left, now: Timestamp) {
        let came_back = now.ms_since(left.at).saturating_mul(MILLI) / self.one_each_ms;
        // Without this a caller who asks every few milliseconds would lose what has not come back whole.
        if came_back == 0 {
            return;
        }
        left.millis = left.millis.saturating_add(came_back).min(self.full());
        left.at = now;
    }
}

impl Budget {
    /// Takes one comparison of each of these, or of none of them.
    fn take(&self, limit: Limit, names: &[String], now: Timestamp) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = names
            .iter()
            .all(|name| of(&mut kept, limit, name, now).millis >= MILLI);
        if enough {
            for name in names {
                of(&mut kept, limit, name, now).millis -= MILLI;
            }
        }
        enough
    }

    /// Whether each of these has a comparison left.
    fn has(&self, limit: Limit, names: &[String], now: Timestamp) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = names.iter();
        all.all(|name| of(&mut kept, limit, name, now).millis >= MILLI)
    }

    /// Takes what misses cost beside what was taken before.
    fn miss(&self, limit: Limit, names: &[String], misses: u64, now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let costs = misses.saturating_mul((limit.miss_costs - 1) * MILLI);
        for name in names {
            let left = of(&mut kept, limit, name, now);
            left.millis = left.millis.saturating_sub(costs);
        }
    }
}

fn of<'k>(kept: &'k mut BTreeMap<String, Left>, limit: Limit, name: &str, now: Timestamp) -> &'k mut Left {
    if kept.len() >= REMEMBERED_MAX && !kept.contains_key(name) {
        let oldest = kept.iter().min_by_key(|(_, left)| left.at);
        if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
            kept.remove(&oldest);
        }
    }
    let left = kept.entry(name.to_owned()).or_insert(Left {
        millis: limit.full(),
        at: now,
    });
    limit.refill(left, now);
    left
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

    /// Before a comparison that costs only where it finds nobody.
    pub(crate) fn ask(&self, names: &[String], now: Timestamp) -> Result<(), Problem> {
        match self.values.has(VALUES, names, now) {
            true => Ok(()),
            false => Err(Self::too_fast(names)),
        }
    }

    /// After comparisons that found nobody.
    pub(crate) fn missed(&self, names: &[String], misses: u64, now: Timestamp) {
        self.values.miss(VALUES, names, misses, now);
    }

    fn too_fast(names: &[String]) -> Problem {
        tracing::warn!(whose = ?names, "comparisons with customers' values come too fast: refused for a moment");
        let (per_second, miss_costs) = (1_000 / VALUES.one_each_ms, VALUES.miss_costs);
        let detail = format!(
            "{per_second} look-ups by number or own id a second are answered, and {miss_costs} times fewer that \
             find nobody: come again in a second"
        );
        Problem::new(Kind::Busy, "lookups-too-fast", detail)
    }

    pub(crate) fn take_list(&self, names: &[String], now: Timestamp) -> Result<(), Problem> {
        if self.lists.take(LISTS, names, now) {
            return Ok(());
        }
        let at_once_max = LISTS.at_once_max;
        let detail = format!(
            "{at_once_max} lists an hour may be compared with all campaigns: import with dedupe=campaign, or come \
             again in six minutes"
        );
        Err(Problem::new(Kind::Busy, "lists-too-fast", detail))
    }
}

/// Who compares, and by which route.
#[derive(Clone)]
pub(crate) struct Comparer {
    caller: Caller,
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

    /// Refuses a caller without this permission: what it tells, the comparison would tell.
    pub(crate) fn needs(&self, permission: Permission) -> Result<(), Problem> {
        self.caller.scope_for(permission).map(drop)
    }

    /// Refuses a caller who may not look into every campaign.
    pub(crate) fn needs_all(&self, permission: Permission) -> Result<(), Problem> {
        if self.caller.scope_for(permission)?.is_all() {
            return Ok(());
        }
        Err(crate::guard::limited(
            "this compares with people of all campaigns",
        ))
    }

    /// Whether this caller may see values of everybody in clear: such a caller learns nothing by comparing.
    pub(crate) fn reveals_all(&self) -> bool {
        reveals_all(&self.caller)
    }
}

/// Whether a caller may see values of everybody in clear.
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

/// Whether a text is our id of a number, which tells nothing to a caller who tries.
pub(crate) fn is_number_id(text: &str) -> bool {
    text.parse::<NumberId>().is_ok()
}

/// Whether a text is our id of a customer.
pub(crate) fn is_customer_id(text: &str) -> bool {
    text.parse::<CustomerId>().is_ok()
}

/// A request without a connection has no address; all such are one. Of one IPv6 network all addresses are
/// one.
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

    fn answered(comparisons: &Comparisons, whose: &[&str], now: Timestamp) -> u64 {
        let whose = names(whose);
        (0..1_000)
            .map(|_| u64::from(comparisons.take(&whose, now).is_ok()))
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
            comparisons.values.miss(VALUES, &other, 1, at(0));
        }
        assert_eq!(hits, VALUES.at_once_max / VALUES.miss_costs);
    }

    #[test]
    fn fewer_lists_pass_than_recover_four_digits_and_one_comes_back_in_six_minutes() {
        let comparisons = Comparisons::default();
        let whose = names(&["a", "wang"]);
        let passed = |now| {
            let all = 0..20;
            all.filter(|_| comparisons.take_list(&whose, now).is_ok()).count()
        };
        assert_eq!(passed(at(0)), 10);
        assert_eq!(passed(at(5 * 60_000)), 0);
        assert_eq!(passed(at(7 * 60_000)), 1);
        assert_eq!(
            comparisons.take_list(&whose, at(0)).unwrap_err().code,
            "lists-too-fast"
        );
    }

    #[test]
    fn more_names_than_are_remembered_take_no_more_memory() {
        let comparisons = Comparisons::default();
        for index in 0..REMEMBERED_MAX + 10 {
            let whose = vec![format!("address {index}")];
            comparisons.take(&whose, at(index as u64)).unwrap();
        }
        let kept = comparisons.values.0.lock().unwrap();
        assert_eq!(kept.len(), REMEMBERED_MAX);
    }
}
