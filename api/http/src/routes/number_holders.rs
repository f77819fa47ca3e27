//! The customers who have a number, as an order or a question about a number finds them.

use application::installation::Installation;
use domain::customer::Erasure;
use domain::ids::CustomerId;
use domain::phone_number::PhoneNumber;
use domain::problem::Problem;
use projections::views::customer_timeline::{self, HAVING_MAX};

/// How long a question by number waits until the view of customers has what the log has.
const VIEW_WAIT_MS: u64 = 5_000;

/// Who has a number.
pub(super) struct Having {
    /// Several where its country is not known.
    pub(super) phones: Vec<PhoneNumber>,
    pub(super) customers: Vec<CustomerId>,
    /// False while the view has not what the log has, or there are more than are looked for.
    pub(super) complete: bool,
}

impl Having {
    /// The number, or the first of several.
    pub(super) fn phone(&self) -> Result<&PhoneNumber, Problem> {
        let first = self.phones.first();
        first.ok_or_else(|| Problem::fault("a look-up of no number"))
    }
}

/// The number that a consent is of.
pub(super) async fn one_phone(installation: &Installation, text: &str) -> Result<Vec<PhoneNumber>, Problem> {
    Ok(vec![installation.phone_written(text).await?])
}

/// The view only says whom to ask; each answers from their own events. While it is behind (an import runs),
/// those it knows are asked at once, and the reply says that there may be more.
pub(super) async fn having(installation: &Installation, phones: Vec<PhoneNumber>) -> Result<Having, Problem> {
    let (having, reached) = having_or_nobody(installation, phones).await?;
    if having.customers.is_empty() {
        reached?;
        return Err(Problem::missing("a customer with this number"));
    }
    Ok(having)
}

/// The same where nobody has it; and whether the view has what the log has.
pub(super) async fn having_or_nobody(
    installation: &Installation,
    phones: Vec<PhoneNumber>,
) -> Result<(Having, Result<(), Problem>), Problem> {
    let reached = installation
        .rows_at(installation.store().head().await?, VIEW_WAIT_MS)
        .await;
    let mut known = Vec::new();
    let mut complete = reached.is_ok();
    for phone in &phones {
        let number = installation.vault().derive_number(phone.as_e164());
        let of_number = customer_timeline::having(installation.rows.db().as_ref(), &number).await?;
        complete &= of_number.len() < HAVING_MAX;
        known.extend(of_number);
    }
    known.sort_unstable();
    known.dedup();
    let mut customers = Vec::with_capacity(known.len());
    for customer in known {
        let loaded = installation.entities.customers.state(&customer).await?;
        // Nobody calls who was erased or is being erased, and nothing new is kept of them.
        if loaded.state.erasure() == Erasure::None {
            customers.push(customer);
        }
    }
    let having = Having {
        phones,
        customers,
        complete,
    };
    Ok((having, reached))
}
