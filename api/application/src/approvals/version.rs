//! The approval check for a version of a flow, a model or a knowledge base that becomes current.

use super::gate::{ProposedAct, four_eyes};
use crate::access::Caller;
use crate::installation::Installation;
use domain::approval::{Act, ApprovalSubject};
use domain::four_eyes::FourEyes;
use domain::ids::ApprovalId;
use domain::problem::Problem;
use domain::stored_event::Cause;

/// A version that is about to become current and needs approval.
pub(crate) struct PendingVersion {
    pub(crate) act: Act,
    /// Kind of the version: `flow`, `model` or `knowledge`.
    pub(crate) of: &'static str,
    pub(crate) name: String,
    pub(crate) content_hash: String,
    pub(crate) reason: Option<String>,
    pub(crate) approval: Option<ApprovalId>,
}

impl PendingVersion {
    /// Returns who requested and approved the version, so that it may become current. Otherwise fails with
    /// the approval that is needed.
    pub(crate) async fn pass(
        self,
        installation: &Installation,
        caller: &Caller,
        cause: Cause,
    ) -> Result<Box<FourEyes>, Problem> {
        let asked = ApprovalSubject::of(self.act)
            .with(self.of, Some(&self.name))
            .with("content_sha256", Some(self.content_hash));
        let doing = ProposedAct {
            asked,
            reason: self
                .reason
                .unwrap_or_else(|| format!("{} {}", self.of, self.name)),
            approval: self.approval,
        };
        four_eyes(installation, caller, doing, cause).await
    }
}
