//! The customer's side of a permit when other ids are merged into theirs: the facts of each other id are read
//! from its own stream when a dial is requested, and sent with the request.

use super::Worker;
use crate::drivers::driver_context::Halt;
use crate::drivers::facts::find_digest_lists;
use crate::entity::Answer;
use crate::error::AskError;
use domain::compliance::JoinedFacts;
use domain::customer::command::CustomerCommand;
use domain::customer::{Customer, CustomerRefusal};
use domain::ids::CustomerId;
use domain::stored_event::Cause;

impl Worker {
    /// Asks the customer for a grant. A customer with merged ids refuses and names them; then their facts
    /// are read and the customer is asked again with these.
    pub(super) async fn ask_customer(
        &self,
        cause: Cause,
    ) -> Result<Result<Answer<Customer>, AskError<CustomerRefusal>>, Halt> {
        let customers = &self.kit.system.customers;
        let alone = self.wants_grant(Vec::new());
        match customers.ask(&self.due.customer, alone, cause).await {
            Err(AskError::Refused(CustomerRefusal::JoinedNeeded { customers: joined })) => {
                self.working.note_other_ids(&joined, &self.facts.plan.purpose);
                let command = self.wants_grant(self.facts_of(&joined).await?);
                Ok(customers.ask(&self.due.customer, command, cause).await)
            }
            asked => Ok(asked),
        }
    }

    fn wants_grant(&self, joined: Vec<JoinedFacts>) -> CustomerCommand {
        CustomerCommand::GrantDial {
            customer: self.due.customer.clone(),
            facts: Box::new(self.facts.clone()),
            joined,
        }
    }

    /// Reads the restrictions of each merged id and of its numbers. Digest lists are checked for every
    /// number that can be read. Events after the read reach this worker as orders.
    async fn facts_of(&self, joined: &[CustomerId]) -> Result<Vec<JoinedFacts>, Halt> {
        let (kit, registries) = (&self.kit, &self.facts.kept.registries);
        let mut joined_facts = Vec::with_capacity(joined.len());
        for id in joined {
            let other = kit.state(&kit.system.customers, id).await?.state;
            let mut facts = other.as_joined(id.clone());
            for known in other.numbers() {
                self.working.note_number_of_other_id(&known.number);
                let number = kit.state(&kit.system.numbers, &known.number).await?.state;
                facts.note_number(number.opted_out(), number.suppressed());
                let phone = other.phone(&known.number).and_then(|phone| phone.value());
                if let Some(e164) = phone
                    && !find_digest_lists(kit, registries, e164).await?.is_empty()
                {
                    facts.note_listed();
                }
            }
            joined_facts.push(facts);
        }
        Ok(joined_facts)
    }
}
