//! Tags a customer with the tags that the flow of a call or conversation notes.

use super::{SummaryFailure, SummaryTask};
use crate::error::AskError;
use domain::attribute::TagLevel;
use domain::customer::{CustomerCommand, ProfileOrigin, TagChange};
use domain::ids::CustomerId;
use domain::stored_event::Envelope;

impl SummaryTask {
    /// Adds the tags of a call's or conversation's flow to the customer, once for each. A refusal is
    /// logged, and the tags are dropped.
    pub(super) async fn tag(
        &self,
        origin: ProfileOrigin,
        customer: &CustomerId,
        tags: Vec<String>,
        ended: &Envelope,
    ) -> Result<(), SummaryFailure> {
        if tags.is_empty() {
            return Ok(());
        }
        let order = TagChange {
            level: TagLevel::Behavior,
            added: tags,
            removed: Vec::new(),
            origin,
        };
        let command = CustomerCommand::Tag(Box::new(order));
        let customers = &self.system.customers;
        match customers
            .ask_because(customer, command, ended, "tag_customer")
            .await
        {
            Ok(_) => Ok(()),
            Err(error @ (AskError::Refused(_) | AskError::AnotherRequest)) => {
                tracing::warn!(ended = %ended.stream, %error, "a flow's tags are refused");
                Ok(())
            }
            Err(AskError::Fault) => Err(SummaryFailure::Fault),
            Err(error) => Err(SummaryFailure::Customer(error.to_string())),
        }
    }
}
