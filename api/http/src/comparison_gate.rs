//! The gate before comparisons with sealed values, as handlers and the guard use it: admission, the record,
//! and the look-up of a customer by the institution's own id.

use crate::comparisons::{Comparer, is_customer_id};
use crate::context::Context;
use application::inquiring::{Comparison, put_comparison_on_record};
use domain::customer::CustomerState;
use domain::ids::CustomerId;
use domain::inquiry::ComparedValue;
use domain::permission::Permission;
use domain::problem::{Kind, Problem};
use std::sync::Arc;

impl Context {
    /// Before a comparison of a value: refused where the caller or the address has none left.
    pub(crate) fn admit_comparison(&self, comparer: &Comparer) -> Result<(), Problem> {
        self.comparisons.take(&comparer.names, self.installation.now())
    }

    /// Before a comparison with own ids, or with values of one customer: a program that asks for customers
    /// that it knows is not slowed down, a program that tries values is.
    pub(crate) fn admit_guess(&self, comparer: &Comparer) -> Result<(), Problem> {
        self.comparisons.ask(&comparer.names, self.installation.now())
    }

    /// Before a list is compared with the people of all campaigns.
    pub(crate) fn admit_list(&self, comparer: &Comparer) -> Result<(), Problem> {
        comparer.needs_all(Permission::CampaignsWrite)?;
        self.comparisons
            .take_list(&comparer.names, self.installation.now())
    }

    /// After a comparison: what it found is given out when it is on record.
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

    /// The same of one value that names somebody or nobody.
    pub(crate) async fn compared<T>(
        &self,
        comparer: &Comparer,
        what: ComparedValue,
        found: Result<T, Problem>,
    ) -> Result<T, Problem> {
        let is_found = match &found {
            Ok(_) => true,
            Err(problem) if problem.kind == Kind::Missing => false,
            Err(_) => return found,
        };
        self.note_comparison(comparer, Comparison::of_one(what, is_found))
            .await?;
        found
    }

    /// The customer of an id. Our own id tells nothing to a caller who tries; the institution's own id passes
    /// the gate.
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
            // What is shown or done then is on record by itself.
            Ok(_) => found,
            Err(_) => self.compared(comparer, ComparedValue::CustomerId, found).await,
        }
    }
}

/// After many of the institution's own ids were looked for, of which these named nobody.
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
