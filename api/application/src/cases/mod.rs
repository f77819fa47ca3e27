//! Complaints and person requests: the replies about one and about all, and the answers given.

mod case_index;
pub mod complaints;
pub mod corrections;
pub mod requests;

pub use case_index::{ids_of, placed_ids_of};

use crate::installation::Installation;
use domain::case::CaseAbout;
use domain::ids::{CallId, CustomerId, NumberId};
use domain::problem::Problem;

impl Installation {
    /// Returns the subject of a case. If a call is given, its customer, number and campaign are filled in
    /// where they are not given.
    pub async fn case_about(
        &self,
        customer: Option<CustomerId>,
        number: Option<NumberId>,
        call: Option<CallId>,
    ) -> Result<CaseAbout, Problem> {
        let mut about = CaseAbout {
            customer,
            number,
            call,
            campaign: None,
        };
        if let Some(call) = &about.call {
            let state = self.entities.calls.state(call).await?.state;
            let campaign = state.campaign().ok_or_else(|| Problem::missing("this call"))?;
            about.campaign = Some(campaign.clone());
            about.customer = about.customer.or_else(|| state.customer().cloned());
            about.number = about.number.or_else(|| state.number().cloned());
        }
        Ok(about)
    }
}
