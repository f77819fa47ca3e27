//! The gate before comparisons with sealed values, as handlers and the guard use it: admission, the record,
//! and the look-up of a customer by external id.

use crate::comparisons::{Comparer, is_customer_id};
use crate::context::Context;
use application::inquiries::{Comparison, put_comparison_on_record};
use domain::customer::CustomerState;
use domain::ids::CustomerId;
use domain::inquiry::ComparedValue;
use domain::permission::Permission;
use domain::problem::{Problem, ProblemKind};
use std::sync::Arc;

impl Context {
    /// Takes one comparison with a sealed value from the caller's user and address. Refuses if one of them
    /// has none left.
    pub(crate) fn admit_comparison(&self, comparer: &Comparer) -> Result<(), Problem> {
        self.comparisons.take(&comparer.names, self.installation.now())
    }

    /// Admits a comparison with external ids, or with values of one customer, without taking anything;
    /// refuses if the user or address has none left. Only misses cost: a program that reads known customers
    /// is not slowed down, a program that guesses is.
    pub(crate) fn admit_guess(&self, comparer: &Comparer) -> Result<(), Problem> {
        self.comparisons.ask(&comparer.names, self.installation.now())
    }

    /// Charges a list that is compared with the customers of all campaigns, at once, so that simultaneous
    /// lists do not pass together. Refuses a caller without write access to all campaigns, or with no list
    /// left.
    pub(crate) fn admit_list(&self, comparer: &Comparer) -> Result<(), Problem> {
        comparer.needs_all(Permission::CampaignsWrite)?;
        self.comparisons
            .take_list(&comparer.names, self.installation.now())
    }

    /// Returns to the caller what `admit_list` took, for a list that was not compared: refused, waiting for
    /// an approval, or repeated.
    pub(crate) fn return_list(&self, comparer: &Comparer) {
        self.comparisons
            .return_list(&comparer.names, self.installation.now());
    }

    /// Records a comparison and charges its misses. Must be called before the result is sent.
    pub(crate) async fn note_comparison(
        &self,
        comparer: &Comparer,
        comparison: Comparison,
    ) -> Result<(), Problem> {
        let misses = match comparison.what {
            ComparedValue::Number | ComparedValue::CustomerId => {
                comparison.values.saturating_sub(comparison.found)
            }
            ComparedValue::List => 0,
        };
        let now = self.installation.now();
        self.comparisons.missed(&comparer.names, misses, now);
        put_comparison_on_record(&self.installation, &comparer.reader, comparison).await
    }

    /// Records that the full reply to a command about a phone number shows whether the number is known, and
    /// charges an unknown one as a miss.
    pub(crate) async fn note_order(&self, comparer: &Comparer, was_known: bool) -> Result<(), Problem> {
        if !was_known {
            let now = self.installation.now();
            self.comparisons.charge_unknown_number(&comparer.names, now);
        }
        let comparison = Comparison::of_one(ComparedValue::Number, was_known);
        put_comparison_on_record(&self.installation, &comparer.reader, comparison).await
    }

    /// Records the look-up of one value as a hit, or as a miss if it failed with `Missing`, and returns its
    /// result. Other failures are not recorded.
    pub(crate) async fn compared<T>(
        &self,
        comparer: &Comparer,
        what: ComparedValue,
        found: Result<T, Problem>,
    ) -> Result<T, Problem> {
        let is_found = match &found {
            Ok(_) => true,
            Err(problem) if problem.kind == ProblemKind::Missing => false,
            Err(_) => return found,
        };
        self.note_comparison(comparer, Comparison::of_one(what, is_found))
            .await?;
        found
    }

    /// Returns the customer of an internal or external id. Looking up an external id is rate limited, and
    /// recorded if it fails; an internal id cannot be guessed.
    pub(crate) async fn compare_customer(
        &self,
        comparer: &Comparer,
        text: &str,
    ) -> Result<(CustomerId, Arc<CustomerState>), Problem> {
        if is_customer_id(text) {
            return self.installation.customer_named(text).await;
        }
        self.admit_guess(comparer)?;
        let found = self.installation.customer_named(text).await;
        match &found {
            // The read or the command that follows is recorded separately.
            Ok(_) => found,
            Err(_) => self.compared(comparer, ComparedValue::CustomerId, found).await,
        }
    }

    /// Admits a filter by a customer, also if no customer has this id. An external id takes a comparison,
    /// because an empty page would disclose whether a customer with this id exists.
    pub(crate) async fn admit_customer_filter(&self, comparer: &Comparer, text: &str) -> Result<(), Problem> {
        if is_customer_id(text) {
            return Ok(());
        }
        self.admit_comparison(comparer)?;
        let found = self.installation.customer_named(text).await;
        match self.compared(comparer, ComparedValue::CustomerId, found).await {
            Err(problem) if problem.kind != ProblemKind::Missing => Err(problem),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

/// Returns how many of these ids are external ids.
pub(crate) fn count_own_ids(names: &[String]) -> usize {
    names.iter().filter(|name| !is_customer_id(name)).count()
}

/// Records and charges the external ids of a request that match no customer; records nothing if all match.
pub(crate) async fn note_own_ids(
    ctx: &Context,
    comparer: &Comparer,
    own_ids: usize,
    missing: impl Iterator<Item = &String>,
) -> Result<(), Problem> {
    let missing = missing.filter(|name| !is_customer_id(name)).count();
    if missing == 0 {
        return Ok(());
    }
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let comparison = Comparison {
        what: ComparedValue::CustomerId,
        values: count(own_ids),
        found: count(own_ids.saturating_sub(missing)),
        campaign: None,
    };
    ctx.note_comparison(comparer, comparison).await
}
