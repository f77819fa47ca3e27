//! Look-up of a customer by text: our customer id, or the institution's own id.
//!
//! An institution's own id is normalized before it is hashed (docs/reference/lists.md). Earlier versions
//! may have stored customers under an id with invisible characters, so a look-up tries the normalized id
//! first, then the written one.

use crate::installation::Installation;
use crate::lists::spelling::{Spelling, two_spellings};
use domain::customer::CustomerState;
use domain::ids::CustomerId;
use domain::problem::Problem;
use domain::visible_text::normalize;
use std::sync::Arc;

impl Installation {
    /// Returns the customer that a text names. An existing customer id of ours takes precedence; any other
    /// text is an external id. Fails with `Missing` if there is no customer, and if two customers have
    /// external ids that look alike and neither was merged into the other.
    pub async fn customer_named(&self, text: &str) -> Result<(CustomerId, Arc<CustomerState>), Problem> {
        if let Ok(internal) = normalize(text).parse::<CustomerId>()
            && let Some(state) = self.registered(&internal).await?
        {
            return Ok((internal, state));
        }
        let customer = self.customer_of_external(text).await?;
        match self.registered(&customer).await? {
            Some(state) => Ok((customer, state)),
            None => Err(Problem::missing("this customer")),
        }
    }

    /// Returns the customer id for an institution's own id, whether or not that customer exists.
    pub async fn customer_of_external(&self, text: &str) -> Result<CustomerId, Problem> {
        let normal = normalize(text);
        let normalized = self.vault().derive_customer(&normal);
        if normal == text {
            return Ok(normalized);
        }
        let written = self.vault().derive_customer(text);
        match self.spelling(&normalized, &written).await? {
            Spelling::Normalized => Ok(normalized),
            Spelling::Written => Ok(written),
            Spelling::Both => {
                let why = two_spellings(&normalized, &written);
                Err(Problem::refused("customer-ambiguous", why))
            }
        }
    }

    /// Returns which of two spellings of an external id belongs to an existing customer; the normalized one
    /// if neither does. If the two were merged, it is the kept one.
    pub async fn spelling(&self, normalized: &CustomerId, written: &CustomerId) -> Result<Spelling, Problem> {
        let Some(by_written) = self.registered(written).await? else {
            return Ok(Spelling::Normalized);
        };
        let Some(by_normalized) = self.registered(normalized).await? else {
            return Ok(Spelling::Written);
        };
        if by_written.merged_into() == Some(normalized) {
            return Ok(Spelling::Normalized);
        }
        if by_normalized.merged_into() == Some(written) {
            return Ok(Spelling::Written);
        }
        Ok(Spelling::Both)
    }

    async fn registered(&self, customer: &CustomerId) -> Result<Option<Arc<CustomerState>>, Problem> {
        let loaded = self.entities.customers.state(customer).await?;
        Ok(loaded.state.is_registered().then_some(loaded.state))
    }
}
