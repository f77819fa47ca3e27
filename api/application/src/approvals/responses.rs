//! Reading and deciding of approvals. An approval is visible to its requester, to those who could decide
//! it, and to readers of the audit log.

use super::credentials::{credential_sources, requester_sources};
use super::holders::reaches;
use crate::access::Caller;
use crate::as_of::{Moment, PastMomentInfo, ResolvedMoment, entity_then};
use crate::cases::placed_ids_of;
use crate::dialing_facts::WaitingApprovals;
use crate::installation::Installation;
use actors::Answer;
use domain::actor::SignInMethod;
use domain::approval::{
    Act, Approval, ApprovalCommand, ApprovalEvent, ApprovalState, ApprovalStatus, CredentialSources,
    DecidedApproval,
};
use domain::dialing_facts::ApprovalFact;
use domain::ids::{ApprovalId, CampaignId, CustomerId, UserId};
use domain::permission::Permission;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One approval with its request and decision.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Approval")]
pub struct ApprovalResponse {
    pub id: ApprovalId,
    #[schemars(
        with = "String",
        extend("enum" = ["waiting", "approved", "rejected", "used", "expired"])
    )]
    pub standing: ApprovalStatus,
    pub act: Act,
    #[schemars(example = &"删除个人信息")]
    pub act_zh: &'static str,
    pub customer: Option<CustomerId>,
    pub campaign: Option<CampaignId>,
    /// Further details that define what was requested.
    #[schemars(example = BTreeMap::from([("request", "00000000-0000-5000-8000-000000000001")]))]
    pub details: BTreeMap<String, String>,
    pub reason: String,
    pub requested_by: UserId,
    pub requested_at: Timestamp,
    /// Deadline; after it the approval can be neither given nor used.
    pub expires_at: Timestamp,
    pub decision: Option<ApprovalDecisionResponse>,
    pub used_at: Option<Timestamp>,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
}

/// The decision on an approval.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ApprovalDecisionResponse {
    pub approved: bool,
    /// The user who decided. Null if the directory's own key rejected it.
    pub by: Option<UserId>,
    pub reason: Option<String>,
    pub at: Timestamp,
}

/// The approvals that the caller may see.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ApprovalList {
    pub items: Vec<ApprovalResponse>,
}

/// An approval after a decision, with the answer of its entity.
#[derive(Debug)]
pub struct ApprovalChanged {
    pub shown: ApprovalResponse,
    pub answer: Answer<Approval>,
}

fn describe(id: ApprovalId, state: &ApprovalState, now: Timestamp) -> Option<ApprovalResponse> {
    let requested = state.requested()?;
    let decision = state.decided().map(|decided| match decided.clone() {
        DecidedApproval::Approved { by, reason, at } => ApprovalDecisionResponse {
            approved: true,
            by: Some(by),
            reason,
            at,
        },
        DecidedApproval::Rejected { by, reason, at } => ApprovalDecisionResponse {
            approved: false,
            by,
            reason: Some(reason),
            at,
        },
    });
    let asked = &requested.asked;
    Some(ApprovalResponse {
        id,
        standing: state.standing(now)?,
        act: asked.act,
        act_zh: asked.act.labels().0,
        customer: asked.customer.clone(),
        campaign: asked.campaign.clone(),
        details: asked.details.clone(),
        reason: requested.reason.clone(),
        requested_by: requested.by.clone(),
        requested_at: requested.at,
        expires_at: requested.expires_at,
        decision,
        used_at: state.used_at(),
        known: None,
    })
}

/// Returns an approval with its state, now or at a past moment. `None` if it was not requested by then.
async fn read(
    installation: &Installation,
    id: ApprovalId,
    then: Option<&ResolvedMoment>,
) -> Result<Option<(ApprovalResponse, Arc<ApprovalState>)>, Problem> {
    let now = installation.now();
    let Some(then) = then else {
        let state = installation.entities.approvals.state(&id).await?.state;
        return Ok(describe(id, &state, now).map(|shown| (shown, state)));
    };
    let (store, vault) = (installation.store(), installation.vault());
    let entity = entity_then::<Approval>(store, &id, then, vault, None).await?;
    let Some(mut shown) = describe(id, &entity.state, then.at().unwrap_or(now)) else {
        return Ok(None);
    };
    shown.known = Some(entity.known(then));
    Ok(Some((shown, Arc::new(entity.state))))
}

/// Returns one approval, now or at a past moment. Fails with `Missing` if it does not exist or the caller
/// may not see it.
pub async fn approval(
    installation: &Installation,
    caller: &Caller,
    id: ApprovalId,
    moment: Moment,
) -> Result<ApprovalResponse, Problem> {
    let then = moment.asked(installation.store(), installation.now()).await?;
    let found = read(installation, id, then.as_ref()).await?;
    let (shown, state) = found.ok_or_else(missing)?;
    match sees(installation, caller, &state).await? {
        true => Ok(shown),
        false => Err(missing()),
    }
}

/// Returns the approvals that wait for a decision and are about a campaign, by campaign.
pub(crate) async fn waiting_on_campaigns(installation: &Installation) -> Result<WaitingApprovals, Problem> {
    let mut found = WaitingApprovals::new();
    for (_, id) in placed_ids_of::<ApprovalId>(installation, ApprovalEvent::REQUESTED).await? {
        let Some((shown, _)) = read(installation, id, None).await? else {
            continue;
        };
        if let Some(campaign) = shown
            .campaign
            .filter(|_| shown.standing == ApprovalStatus::Waiting)
        {
            let fact = ApprovalFact {
                labels: shown.act.labels(),
                since: shown.requested_at,
            };
            found.entry(campaign).or_default().push(fact);
        }
    }
    Ok(found)
}

/// Returns the approvals that the caller may see, each with the position of its request. With `open`, only
/// those waiting for a decision or for their use. The caller's current permissions apply.
pub async fn approvals(
    installation: &Installation,
    caller: &Caller,
    open: bool,
    moment: Moment,
) -> Result<Vec<(Position, ApprovalResponse)>, Problem> {
    let then = moment.asked(installation.store(), installation.now()).await?;
    let mut found = Vec::new();
    for (position, id) in placed_ids_of::<ApprovalId>(installation, ApprovalEvent::REQUESTED).await? {
        let Some((shown, state)) = read(installation, id, then.as_ref()).await? else {
            continue;
        };
        let is_open = matches!(shown.standing, ApprovalStatus::Waiting | ApprovalStatus::Approved);
        if (is_open || !open) && sees(installation, caller, &state).await? {
            found.push((position, shown));
        }
    }
    Ok(found)
}

/// Approves as the calling user. Fails for keys and for the owner of the data directory, who cannot
/// approve, and if the caller requested it or could know the requester's credential.
pub async fn approve(
    installation: &Installation,
    caller: &Caller,
    id: ApprovalId,
    reason: Option<String>,
    cause: Cause,
) -> Result<ApprovalChanged, Problem> {
    let Some(known) = caller.user() else {
        return Err(Problem::refused(
            "approver-not-a-user",
            "only a user can approve: sign in as that user (`approval approve ID --user NAME --password-env \
             V`); the key of the data directory can perform the action itself, and the event records that \
             there was no approval",
        ));
    };
    if known.way != SignInMethod::Session {
        return Err(Problem::new(
            ProblemKind::Forbidden,
            "approval-needs-session",
            "an API key cannot approve: sign in and approve in the session (`approval approve ID --user \
             NAME --password-env V`)",
        ));
    }
    let by = known.user.clone();
    let credentials = match requested_by(installation, id).await? {
        Some(requester) => CredentialSources {
            of_approver: credential_sources(installation, &by).await?,
            of_requester: requester_sources(installation, id, &requester).await?,
        },
        None => CredentialSources::default(),
    };
    decided(
        installation,
        caller,
        id,
        ApprovalCommand::Approve {
            by,
            reason,
            credentials,
        },
        cause,
    )
    .await
}

async fn requested_by(installation: &Installation, id: ApprovalId) -> Result<Option<UserId>, Problem> {
    let state = installation.entities.approvals.state(&id).await?.state;
    Ok(state.requested().map(|requested| requested.by.clone()))
}

/// Rejects an approval that waits, or withdraws the caller's own request. The owner of the data directory
/// may reject too.
pub async fn reject(
    installation: &Installation,
    caller: &Caller,
    id: ApprovalId,
    reason: String,
    cause: Cause,
) -> Result<ApprovalChanged, Problem> {
    let by = caller.user().map(|known| known.user.clone());
    decided(
        installation,
        caller,
        id,
        ApprovalCommand::Reject { by, reason },
        cause,
    )
    .await
}

/// Applies a decision. Only the requester and users with the permission may decide; for callers who cannot
/// see the approval it is missing.
async fn decided(
    installation: &Installation,
    caller: &Caller,
    id: ApprovalId,
    command: ApprovalCommand,
    cause: Cause,
) -> Result<ApprovalChanged, Problem> {
    approval(installation, caller, id, Moment::default()).await?;
    let state = installation.entities.approvals.state(&id).await?.state;
    let requested = state.requested().ok_or_else(missing)?;
    let is_own = caller.user().is_some_and(|known| known.user == requested.by);
    if !is_own {
        caller.scope_for(requested.asked.act.permission())?;
        if !reaches(installation, caller, &requested.asked).await? {
            return Err(missing());
        }
    }
    let answer = installation.entities.approvals.ask(&id, command, cause).await?;
    let shown = describe(id, &answer.state, installation.now()).ok_or_else(missing)?;
    Ok(ApprovalChanged { shown, answer })
}

async fn sees(installation: &Installation, caller: &Caller, state: &ApprovalState) -> Result<bool, Problem> {
    let Some(requested) = state.requested() else {
        return Ok(false);
    };
    let is_own = caller.user().is_some_and(|known| known.user == requested.by);
    let audits = caller
        .scope_for(Permission::AuditRead)
        .is_ok_and(|scope| scope.is_all());
    Ok(is_own || audits || reaches(installation, caller, &requested.asked).await?)
}

fn missing() -> Problem {
    Problem::missing("this approval")
}
