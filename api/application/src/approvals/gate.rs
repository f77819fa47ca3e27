//! The approval check before an act that needs a second person: it passes, uses an approval, or requests
//! one.

use super::holders::{another_holds, load_approver};
use crate::access::Caller;
use crate::installation::{Installation, follow};
use actors::AskError;
use domain::approval::{
    ApprovalCommand, ApprovalRefusal, ApprovalRequest, ApprovalStatus, ApprovalSubject, ApproverStatus,
    check_repeated_use,
};
use domain::customer::{Customer, CustomerCommand};
use domain::decider::{Context, Decider};
use domain::four_eyes::{ApprovalExemption, FourEyes};
use domain::ids::{ApprovalId, UserId};
use domain::problem::Problem;
use domain::setting::SettingName;
use domain::stored_event::Cause;
use domain::time::Timestamp;

/// Most approval requests per day of one user for the same act on the same subject. It limits repeats after
/// a rejection.
const ROUNDS_MAX: u32 = 20;

/// Microseconds per day.
const DAY_MICROS: i64 = 86_400_000_000;

/// Milliseconds per hour.
const HOUR_MS: u64 = 3_600_000;

/// An act that is about to be done.
#[derive(Debug)]
pub struct ProposedAct {
    pub asked: ApprovalSubject,
    /// Reason, for the person who approves.
    pub reason: String,
    /// The approval to use, if the request names one.
    pub approval: Option<ApprovalId>,
}

/// Checks whether an act needs a second person. Returns who requested and approved it, or why no approval
/// was needed: then the act may be done. Otherwise fails: with the id of the approval that is needed
/// (requested now if it was not before), or with the reason why the named approval is not valid.
pub async fn four_eyes(
    installation: &Installation,
    caller: &Caller,
    doing: ProposedAct,
    cause: Cause,
) -> Result<Box<FourEyes>, Problem> {
    let Some(known) = caller.user() else {
        return Ok(exempt(ApprovalExemption::Directory));
    };
    if let Some(approval) = doing.approval {
        return used(installation, approval, &known.user, doing.asked, cause).await;
    }
    if !another_holds(installation, &known.user, &doing.asked).await? {
        return Ok(exempt(ApprovalExemption::NobodyElse));
    }
    Err(asked_for(installation, &known.user, doing, cause).await?)
}

/// Returns a placeholder for a command that is only judged, or changes nothing. It is never stored.
pub(crate) fn placeholder_four_eyes() -> Box<FourEyes> {
    exempt(ApprovalExemption::NobodyElse)
}

/// Checks an act on a customer as `four_eyes` does. A command that would be refused fails before an
/// approval is requested. Returns `None` if the command would change nothing: then no approval is needed.
pub async fn four_eyes_on(
    installation: &Installation,
    caller: &Caller,
    doing: ProposedAct,
    command: &CustomerCommand,
    cause: Cause,
) -> Result<Option<Box<FourEyes>>, Problem> {
    let Some(customer) = &doing.asked.customer else {
        return Err(Problem::fault("an approval for a person names none"));
    };
    let state = installation.entities.customers.state(customer).await?.state;
    let context = Context {
        now: installation.now(),
    };
    let events = Customer::decide(&state, command.clone(), context).map_err(AskError::Refused)?;
    if events.is_empty() {
        return Ok(None);
    }
    four_eyes(installation, caller, doing, cause).await.map(Some)
}

/// Fails unless the approval was given for exactly this act: used when an interrupted act is continued.
pub async fn check_continued_act(
    installation: &Installation,
    approval: ApprovalId,
    asked: &ApprovalSubject,
) -> Result<(), Problem> {
    match was_given_for(installation, approval, asked).await? {
        true => Ok(()),
        false => Err(refused(&ApprovalRefusal::BegunOtherwise)),
    }
}

/// Returns true if the approval was requested for exactly this act.
pub async fn was_given_for(
    installation: &Installation,
    approval: ApprovalId,
    asked: &ApprovalSubject,
) -> Result<bool, Problem> {
    let state = installation.entities.approvals.state(&approval).await?.state;
    let requested = state.requested();
    Ok(requested.is_some_and(|requested| requested.asked == *asked))
}

fn refused(refusal: &ApprovalRefusal) -> Problem {
    Problem::refused("refused", refusal.to_string())
}

fn exempt(exemption: ApprovalExemption) -> Box<FourEyes> {
    Box::new(FourEyes::Nobody { nobody: exemption })
}

/// Uses the approval for the act; this is durable before the act begins. Fails if it is not approved,
/// expired, used, for another act, or the approver has lost the permission.
async fn used(
    installation: &Installation,
    id: ApprovalId,
    by: &UserId,
    asked: ApprovalSubject,
    cause: Cause,
) -> Result<Box<FourEyes>, Problem> {
    let approvals = &installation.entities.approvals;
    let state = approvals.state(&id).await?.state;
    let approver = match state.approved_by() {
        Some(approved_by) => load_approver(installation, approved_by, &asked).await?,
        None => ApproverStatus::HoldsTheRight,
    };
    check_repeated_use(&state, approver, installation.now()).map_err(|refusal| refused(&refusal))?;
    let command = ApprovalCommand::Use {
        by: by.clone(),
        asked: asked.clone(),
        approver,
    };
    let answer = approvals.ask(&id, command, follow(cause, "approval")).await?;
    // A repeated command is answered without a new decision. It is valid for the act approved then, and for
    // nothing else that is sent later with its key. Acts that reveal values were checked above.
    let given_for = answer.state.requested();
    if given_for.is_none_or(|requested| requested.asked != asked || requested.by != *by) {
        return Err(refused(&ApprovalRefusal::AnotherAct));
    }
    let approved_by = answer.state.approved_by().cloned();
    let approved_by = approved_by.ok_or_else(|| Problem::fault("an approval was used that was not given"))?;
    Ok(Box::new(FourEyes::Approved {
        approval: id,
        requested_by: by.clone(),
        approved_by,
    }))
}

/// Requests an approval, or finds the one that was requested today, and returns the refusal that names it.
async fn asked_for(
    installation: &Installation,
    by: &UserId,
    doing: ProposedAct,
    cause: Cause,
) -> Result<Problem, Problem> {
    let approvals = &installation.entities.approvals;
    let now = installation.now();
    let day = now.micros().div_euclid(DAY_MICROS);
    for round in 0..ROUNDS_MAX {
        let id = doing.asked.approval(by, day, round);
        let state = approvals.state(&id).await?.state;
        let standing = match state.standing(now) {
            Some(ApprovalStatus::Rejected | ApprovalStatus::Used | ApprovalStatus::Expired) => continue,
            Some(standing) => standing,
            None => ApprovalStatus::Waiting,
        };
        let expires_at = match state.requested() {
            Some(requested) => requested.expires_at,
            None => request(installation, id, by, &doing, cause).await?,
        };
        return Ok(needed(id, standing, expires_at, &doing.asked));
    }
    Err(Problem::refused(
        "approval-asked-too-often",
        format!("this approval was requested {ROUNDS_MAX} times today: contact an approver"),
    ))
}

async fn request(
    installation: &Installation,
    id: ApprovalId,
    by: &UserId,
    doing: &ProposedAct,
    cause: Cause,
) -> Result<Timestamp, Problem> {
    let hours = installation.setting(SettingName::ApprovalsValidHours).await?;
    let expires_at = installation.now().plus_ms(hours.saturating_mul(HOUR_MS));
    let command = ApprovalCommand::Request(ApprovalRequest {
        asked: doing.asked.clone(),
        reason: doing.reason.clone(),
        by: by.clone(),
        expires_at,
    });
    let cause = follow(cause, "ask approval");
    installation.entities.approvals.ask(&id, command, cause).await?;
    Ok(expires_at)
}

fn needed(
    id: ApprovalId,
    standing: ApprovalStatus,
    expires_at: Timestamp,
    asked: &ApprovalSubject,
) -> Problem {
    let detail = match standing {
        ApprovalStatus::Approved => format!(
            "it is approved: repeat it with approval {id} before {expires_at} (`--approval {id}`) / 已批准，请带上该审批编号重发"
        ),
        ApprovalStatus::Waiting
        | ApprovalStatus::Rejected
        | ApprovalStatus::Used
        | ApprovalStatus::Expired => format!(
            "another user with {} must approve this first: `ledgerline approval approve {id}` before \
             {expires_at}, then repeat the request with approval {id} (`--approval {id}`) / 须另一人批准后带上该审批编号重发",
            asked.act.permission()
        ),
    };
    Problem::approval_needed(id, detail)
}
