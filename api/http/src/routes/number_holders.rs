//! Look-up of the customers who have a phone number.

use application::installation::Installation;
use domain::customer::Erasure;
use domain::ids::CustomerId;
use domain::phone_number::PhoneNumber;
use domain::problem::Problem;
use projections::views::customer_timeline::{self, HAVING_MAX};

/// Longest wait of a look-up until the view of customers has caught up with the log, in milliseconds.
const VIEW_WAIT_MS: u64 = 5_000;

/// The customers who have a number.
pub(super) struct NumberHolders {
    /// The phone numbers that the text can mean; several if its country is not known.
    pub(super) phones: Vec<PhoneNumber>,
    pub(super) customers: Vec<CustomerId>,
    /// True if these are all customers with the number. False while the view is behind the log, and if
    /// there are more customers than are looked for.
    pub(super) complete: bool,
}

impl NumberHolders {
    /// The number, or the first of several.
    pub(super) fn phone(&self) -> Result<&PhoneNumber, Problem> {
        let first = self.phones.first();
        first.ok_or_else(|| Problem::fault("a look-up of no number"))
    }
}

/// Returns the phone number that a text means, for a consent, which is given for one number only. Fails if
/// the text is no number or its country is not known.
pub(super) async fn one_phone(installation: &Installation, text: &str) -> Result<Vec<PhoneNumber>, Problem> {
    Ok(vec![installation.phone_written(text).await?])
}

/// Returns the customers with the number, at least one; a problem if there is none.
///
/// The view only gives candidates: each customer's own events decide. While the view is behind the log
/// (during an import), the customers that it has are returned at once, and `complete` is false.
pub(super) async fn require_holders(
    installation: &Installation,
    phones: Vec<PhoneNumber>,
) -> Result<NumberHolders, Problem> {
    let (holders, reached) = find_holders(installation, phones).await?;
    if holders.customers.is_empty() {
        reached?;
        return Err(Problem::missing("a customer with this number"));
    }
    Ok(holders)
}

/// Returns the customers with the number, possibly none and without erased ones, and whether the view has
/// caught up with the log.
pub(super) async fn find_holders(
    installation: &Installation,
    phones: Vec<PhoneNumber>,
) -> Result<(NumberHolders, Result<(), Problem>), Problem> {
    let reached = installation
        .rows_at(installation.store().head().await?, VIEW_WAIT_MS)
        .await;
    let mut known = Vec::new();
    let mut complete = reached.is_ok();
    for phone in &phones {
        let number = installation.vault().derive_number(phone.as_e164());
        let of_number = customer_timeline::find_by_number(installation.rows.db().as_ref(), &number).await?;
        complete &= of_number.len() < HAVING_MAX;
        known.extend(of_number);
    }
    known.sort_unstable();
    known.dedup();
    let mut customers = Vec::with_capacity(known.len());
    for customer in known {
        let loaded = installation.entities.customers.state(&customer).await?;
        // Erased customers are not called, and nothing new is stored about them.
        if loaded.state.erasure() == Erasure::None {
            customers.push(customer);
        }
    }
    let holders = NumberHolders {
        phones,
        customers,
        complete,
    };
    Ok((holders, reached))
}
