//! Enrolls one customer of a list, with retries while a queue is full, and returns the result for the
//! report.

use super::enroller::CampaignEnroller;
use super::load::EnrolmentOutcome;
use actors::AskError;
use domain::compliance::SAME_NUMBER;
use domain::customer::command::{CustomerCommand, Enrolment};
use domain::customer::{CustomerRefusal, CustomerState};
use domain::ids::CommandId;
use domain::problem::Problem;
use domain::stored_event::Position;

/// Most attempts of one enrolment while the store or a mailbox is full: with the pauses about 10 s. Then
/// the import fails.
pub(super) const BUSY_TRIES_MAX: u32 = 200;

/// Pause before the next attempt after a full queue, in milliseconds. A group commit takes a few
/// milliseconds.
pub(super) const BUSY_PAUSE_MS: u64 = 50;

impl CampaignEnroller {
    /// Returns the result for a customer who is enrolled in the campaign already, by this list or another;
    /// `None` if the customer is not enrolled.
    pub(super) fn known(&self, customer: &CustomerState) -> Option<EnrolmentOutcome> {
        let enrolment = customer.enrolment(&self.campaign)?;
        if enrolment.list != self.list {
            return Some(EnrolmentOutcome::ByAnotherList);
        }
        Some(match &enrolment.not_dialed {
            Some(why) if why.rule == SAME_NUMBER => match why.facts.get("same_as").map(|id| id.parse()) {
                Some(Ok(other)) => EnrolmentOutcome::SameNumber(other),
                Some(Err(_)) | None => EnrolmentOutcome::ByThisList(Position(0)),
            },
            Some(_) | None => EnrolmentOutcome::ByThisList(Position(0)),
        })
    }

    pub(super) async fn enrol_as_it_is(
        &self,
        command: CommandId,
        enrolment: Enrolment,
    ) -> Result<EnrolmentOutcome, Problem> {
        let customer = enrolment.customer.clone();
        for _ in 0..BUSY_TRIES_MAX {
            let ask = CustomerCommand::Enrol(Box::new(enrolment.clone()));
            let asked = self
                .installation
                .entities
                .customers
                .ask(&customer, ask, self.cause(command))
                .await;
            match asked {
                Ok(answer) => {
                    self.note_stored(answer.position);
                    return Ok(EnrolmentOutcome::ByThisList(answer.position));
                }
                Err(AskError::Refused(CustomerRefusal::AlreadyEnrolled { campaign, .. }))
                    if campaign != self.campaign =>
                {
                    return Ok(EnrolmentOutcome::ByAnotherCampaign);
                }
                Err(AskError::Refused(CustomerRefusal::AlreadyEnrolled { list, .. })) => {
                    return Ok(if list == self.list {
                        EnrolmentOutcome::ByThisList(Position(0))
                    } else {
                        EnrolmentOutcome::ByAnotherList
                    });
                }
                Err(AskError::Refused(refusal)) => return Ok(EnrolmentOutcome::Refused(refusal.to_string())),
                Err(AskError::Busy) => self.installation.pause(BUSY_PAUSE_MS).await,
                Err(other) => return Err(other.into()),
            }
        }
        Err(AskError::<CustomerRefusal>::Busy.into())
    }
}
