//! Whom a text names: our id of a customer, or the institution's own.

use crate::installation::Installation;
use domain::customer::CustomerState;
use domain::ids::CustomerId;
use domain::problem::Problem;
use std::sync::Arc;

impl Installation {
    /// An internal id that has events wins; any other text is an external id.
    pub async fn customer_named(&self, text: &str) -> Result<(CustomerId, Arc<CustomerState>), Problem> {
        let internal = text.parse::<CustomerId>().ok();
        let external = self.vault().derive_customer(text);
        for customer in internal.into_iter().chain([external]) {
            let loaded = self.entities.customers.state(&customer).await?;
            if loaded.state.is_registered() {
                return Ok((customer, loaded.state));
            }
        }
        Err(Problem::missing("this customer"))
    }
}
