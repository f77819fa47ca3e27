//! Enrolment in a campaign that calls each number for one customer only: the number is claimed before the
//! customer is enrolled.

use crate::lists::enroller::CampaignEnroller;
use crate::lists::enrolment::{BUSY_PAUSE_MS, BUSY_TRIES_MAX};
use crate::lists::load::EnrolmentOutcome;
use actors::{Answer, AskError};
use domain::calling_plan::DeduplicationScope;
use domain::customer::command::Enrolment;
use domain::ids::{CommandId, CustomerId, NumberId};
use domain::number::{Number, NumberCommand, NumberRefusal};
use domain::problem::Problem;
use futures_util::future::join;

impl CampaignEnroller {
    /// Claims the number for the customer in this campaign, then enrolls the customer; if another customer
    /// has the claim, the result is `SameNumber`. If the process stops in between, the same file resumes
    /// with the same customer. The claim is released if the customer cannot be enrolled.
    pub(super) async fn enrol_by_number(
        &self,
        command: CommandId,
        row: Enrolment,
    ) -> Result<EnrolmentOutcome, Problem> {
        let loaded = self.installation.entities.customers.state(&row.customer).await?;
        if let Some(known) = self.known(&loaded.state) {
            return Ok(known);
        }
        let (number, customer) = (row.number.clone(), row.customer.clone());
        let claim = NumberCommand::Claim {
            campaign: self.campaign.clone(),
            customer: customer.clone(),
        };
        let is_new = loaded.version.0 == 0;
        drop(loaded);
        let claiming = self.ask_number(&number, claim);
        let claimed = if is_new {
            // Both must be durable before the enrolment, so both waits run together. A failure here occurs
            // again in the enrolment.
            let (claimed, _key) = join(claiming, self.installation.vault().key(&customer)).await;
            claimed
        } else {
            claiming.await
        };
        let same_number_as = match claimed {
            Ok(_) => None,
            Err(AskError::Refused(NumberRefusal::ClaimedBy { customer, .. })) => Some(customer),
            Err(AskError::Refused(refusal)) => return Ok(EnrolmentOutcome::Refused(refusal.to_string())),
            Err(other) => return Err(other.into()),
        };
        let row = Enrolment {
            same_number_as: same_number_as.clone(),
            ..row
        };
        let enrolled = self.enrol_as_it_is(command, row).await?;
        if let (EnrolmentOutcome::ByThisList(_), Some(other)) = (&enrolled, &same_number_as) {
            return Ok(EnrolmentOutcome::SameNumber(other.clone()));
        }
        if same_number_as.is_none() && !matches!(enrolled, EnrolmentOutcome::ByThisList(_)) {
            self.give_back(&number, customer).await?;
        }
        Ok(enrolled)
    }

    /// Returns true if the list excludes customers of other campaigns and another campaign calls this
    /// number for another customer.
    pub(super) async fn is_claimed_elsewhere(&self, row: &Enrolment) -> Result<bool, Problem> {
        if row.dedupe != DeduplicationScope::Everywhere {
            return Ok(false);
        }
        let loaded = self.installation.entities.numbers.state(&row.number).await?;
        let mut claims = loaded.state.claims().iter();
        Ok(claims.any(|(campaign, customer)| *campaign != self.campaign && *customer != row.customer))
    }

    /// Releases the claim of a customer on a number, unless another list has enrolled the customer with
    /// this number in the meantime.
    async fn give_back(&self, number: &NumberId, customer: CustomerId) -> Result<(), Problem> {
        let loaded = self.installation.entities.customers.state(&customer).await?;
        let enrolment = loaded.state.enrolment(&self.campaign);
        if enrolment.is_some_and(|enrolment| enrolment.number == *number) {
            return Ok(());
        }
        let release = NumberCommand::ReleaseClaim {
            campaign: self.campaign.clone(),
            customer,
        };
        self.ask_number(number, release).await?;
        Ok(())
    }

    /// Sends a command to a number. Each call uses a new command id, because the result depends only on the
    /// number's state.
    async fn ask_number(
        &self,
        number: &NumberId,
        command: NumberCommand,
    ) -> Result<Answer<Number>, AskError<NumberRefusal>> {
        for _ in 0..BUSY_TRIES_MAX {
            let cause = self.cause(self.installation.new_command());
            let asked = self
                .installation
                .entities
                .numbers
                .ask(number, command.clone(), cause)
                .await;
            match asked {
                Err(AskError::Busy) => self.installation.pause(BUSY_PAUSE_MS).await,
                Ok(answer) => {
                    self.note_stored(answer.position);
                    return Ok(answer);
                }
                Err(other) => return Err(other),
            }
        }
        Err(AskError::Busy)
    }
}
