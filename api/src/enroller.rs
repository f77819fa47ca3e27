//! Enrolments as asked of the live customers, for one list of one campaign.

use crate::import::load::{Enrolled, Enroller};
use crate::import::row::RowRules;
use crate::reply::Problem;
use crate::serving::App;
use actors::AskError;
use async_trait::async_trait;
use domain::campaign::command::CampaignCommand;
use domain::customer::CustomerRefusal;
use domain::customer::command::{CustomerCommand, Enrolment};
use domain::ids::{CampaignId, CommandId, CustomerId, EventId, ListId};
use domain::stored_event::{Cause, Position};
use std::sync::Arc;

/// Times one enrolment is asked again while the store or a mailbox is full; with the pauses, about 10 s.
const BUSY_TRIES_MAX: u32 = 200;

/// Pause before a full queue is asked again: a group commit takes a few milliseconds.
const BUSY_PAUSE_MS: u64 = 50;

/// Enrols into one list.
pub(crate) struct CampaignEnroller {
    app: Arc<App>,
    campaign: CampaignId,
    list: ListId,
}

impl CampaignEnroller {
    pub(crate) fn new(app: Arc<App>, rules: &RowRules) -> Self {
        Self {
            app,
            campaign: rules.campaign.clone(),
            list: rules.list,
        }
    }

    /// All that one list leads to shares its id as the correlation, and follows from its opening.
    fn cause(&self, command: CommandId) -> Cause {
        let opened = self.command("open-list");
        Cause {
            command,
            causation: (command != opened).then(|| EventId::derive(opened, 0)),
            correlation: Some(self.list.uuid()),
        }
    }

    /// A command id fixed by the list and what is asked of its campaign.
    fn command(&self, what: &str) -> CommandId {
        CommandId::derive_from_text(&format!("{what}:{}/{}", self.campaign, self.list))
    }

    async fn campaign(
        &self,
        what: &str,
        command: CampaignCommand,
    ) -> Result<actors::Answer<domain::campaign::Campaign>, Problem> {
        let id = self.command(what);
        let answer = self
            .app
            .system()
            .campaigns
            .ask(&self.campaign, command, self.cause(id));
        Ok(answer.await?)
    }
}

#[async_trait]
impl Enroller for CampaignEnroller {
    async fn open(&self, source: &str) -> Result<Option<u64>, Problem> {
        let command = CampaignCommand::OpenList {
            list: self.list,
            source: source.to_owned(),
        };
        let answer = self.campaign("open-list", command).await?;
        Ok(answer.state.lists().get(&self.list).copied().flatten())
    }

    async fn enrol(&self, command: CommandId, enrolment: Enrolment) -> Result<Enrolled, Problem> {
        let customer = enrolment.customer.clone();
        for _ in 0..BUSY_TRIES_MAX {
            let ask = CustomerCommand::Enrol(Box::new(enrolment.clone()));
            let asked = self
                .app
                .system()
                .customers
                .ask(&customer, ask, self.cause(command))
                .await;
            match asked {
                Ok(answer) => return Ok(Enrolled::ByThisList(answer.position)),
                Err(AskError::Refused(CustomerRefusal::AlreadyEnrolled { list, .. })) => {
                    return Ok(if list == self.list {
                        Enrolled::ByThisList(Position(0))
                    } else {
                        Enrolled::ByAnotherList
                    });
                }
                Err(AskError::Refused(refusal)) => return Ok(Enrolled::Refused(refusal.to_string())),
                Err(AskError::Busy) => self.app.pause(BUSY_PAUSE_MS).await,
                Err(other) => return Err(other.into()),
            }
        }
        Err(AskError::<CustomerRefusal>::Busy.into())
    }

    async fn list_of(&self, customer: &CustomerId) -> Result<Option<ListId>, Problem> {
        let loaded = self.app.system().customers.state(customer).await?;
        Ok(loaded
            .state
            .enrolment(&self.campaign)
            .map(|enrolment| enrolment.list))
    }

    async fn close(&self, count: u64) -> Result<Position, Problem> {
        let command = CampaignCommand::CloseList {
            list: self.list,
            count,
        };
        Ok(self.campaign("close-list", command).await?.position)
    }
}
