//! Assignment by a list's columns `agent` and `team`: an enrolled customer is assigned to that user or
//! team, as if by hand.

use crate::installation::Installation;
use crate::lists::enroller::CampaignEnroller;
use crate::lists::enrolment::{BUSY_PAUSE_MS, BUSY_TRIES_MAX};
use actors::AskError;
use domain::customer::command::CustomerCommand;
use domain::customer::{Assignee, CustomerRefusal};
use domain::ids::{CommandId, CustomerId};
use domain::problem::Problem;

/// Returns why an import may not assign a customer to this user or team; `None` if it may.
pub(super) async fn refuse(
    installation: &Installation,
    may_assign: bool,
    to: &Assignee,
) -> Result<Option<String>, Problem> {
    if !may_assign {
        let why = "the importing user has no permission to assign customers / 导入者无权分配客户";
        return Ok(Some(why.to_owned()));
    }
    let Assignee::User(user) = to else {
        return Ok(None);
    };
    let state = installation.entities.users.state(user).await?.state;
    Ok(match state.active() {
        Some(_) => None,
        None => Some(format!("there is no user {user} / 没有此用户")),
    })
}

/// Assigns an enrolled customer to a user or team. The command id is derived from list and customer, so a
/// resumed import does not assign the customer again.
pub(super) async fn assign(
    enroller: &CampaignEnroller,
    customer: &CustomerId,
    to: Assignee,
) -> Result<(), Problem> {
    let (installation, list) = (&enroller.installation, enroller.list);
    let command = CommandId::derive_from_text(&format!("assign:{list}/{customer}"));
    let reason = format!("list {list}");
    for _ in 0..BUSY_TRIES_MAX {
        let ask = CustomerCommand::Assign {
            to: to.clone(),
            reason: reason.clone(),
        };
        let cause = enroller.cause(command);
        match installation.entities.customers.ask(customer, ask, cause).await {
            Err(AskError::Busy) => installation.pause(BUSY_PAUSE_MS).await,
            Ok(answer) => {
                enroller.note_stored(answer.position);
                return Ok(());
            }
            Err(other) => return Err(other.into()),
        }
    }
    Err(AskError::<CustomerRefusal>::Busy.into())
}
