//! Requests about a knowledge base: import of a file, publication of a version, a question.

use crate::approvals::RollbackRequest;
use domain::approval::REASON_BYTES_MAX;
use domain::ids::{ApprovalId, CampaignId};
use domain::knowledge::VersionChoice;
use domain::time::Timestamp;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde_json::Value;
use std::collections::BTreeMap;

/// Longest question, in bytes: what a callee says in one turn.
const QUESTION_BYTES_MAX: usize = 1_024;

/// A request to import a file as a new version.
#[derive(Debug, ApiRequest, JsonSchema)]
#[schemars(rename = "KnowledgeImportRequest", extend("examples" = [{ "file": {
    "knowledge": "card_instalment",
    "answers": [{ "id": "征信", "question": "分期会影响征信吗", "answer": "按时还款不会影响您的征信。" }],
} }]))]
pub struct KnowledgeImportRequest {
    /// The file, YAML sent as JSON: `docs/reference/knowledge.schema.json`. Bad rows are listed in the
    /// reply.
    #[schemars(with = "BTreeMap<String, Value>")]
    pub file: Value,
}

/// A request to make a version current.
#[derive(Debug, ApiRequest, JsonSchema)]
#[schemars(rename = "KnowledgePublishRequest", extend("examples" = [{ "version": 2, "reason": "new fees" }]))]
pub struct KnowledgePublishRequest {
    /// Version to publish. Default: the one imported last.
    #[schemars(range(min = 1))]
    pub version: Option<u32>,
    /// From this version on, each version needs the approval of another user.
    #[schemars(with = "Option<bool>")]
    pub approvals: bool,
    /// Reason for the approver. It must contain no personal data.
    #[schemars(length(max = REASON_BYTES_MAX))]
    pub reason: Option<String>,
    /// The approval of another user.
    #[member(parse)]
    pub approval: Option<ApprovalId>,
}

/// The version to make current, for a publication or a rollback.
pub(super) struct VersionPublication {
    pub(super) wanted: VersionChoice,
    pub(super) approvals: bool,
    pub(super) reason: Option<String>,
    pub(super) approval: Option<ApprovalId>,
}

impl From<KnowledgePublishRequest> for VersionPublication {
    fn from(order: KnowledgePublishRequest) -> Self {
        Self {
            wanted: order
                .version
                .map_or(VersionChoice::Newest, VersionChoice::Version),
            approvals: order.approvals,
            reason: order.reason,
            approval: order.approval,
        }
    }
}

impl From<RollbackRequest> for VersionPublication {
    fn from(order: RollbackRequest) -> Self {
        Self {
            wanted: order.to.map_or(VersionChoice::Before, VersionChoice::Version),
            approvals: false,
            reason: order.reason,
            approval: order.approval,
        }
    }
}

/// A question to a knowledge base. It is not stored.
#[derive(Debug, ApiRequest, JsonSchema)]
#[schemars(rename = "KnowledgeQuestion", extend("examples" = [{ "text": "提前还款要违约金吗", "version": 2 }]))]
pub struct KnowledgeQuestionRequest {
    #[schemars(length(min = 1, max = QUESTION_BYTES_MAX))]
    pub text: String,
    /// Version to search. Default: the current one, or that of the campaign.
    #[schemars(range(min = 1))]
    pub version: Option<u32>,
    /// Use the version that this campaign's calls use.
    #[member(parse)]
    pub campaign: Option<CampaignId>,
    /// Time of the question. Default: now.
    #[member(parse)]
    pub at: Option<Timestamp>,
    /// Known values, for example of slots.
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    pub values: BTreeMap<String, String>,
}
