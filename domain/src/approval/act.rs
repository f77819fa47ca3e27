//! The acts that need the approval of a second person, the permission of the approver for each, and the exact
//! scope of a request.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;
use values::ids::{ApprovalId, CampaignId, CustomerId, NAMESPACE, UserId};
use values::permission::Permission;

/// An act that needs the approval of a second person.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Erases a person.
    ErasePerson,
    /// Ends a legal hold; an erasure that waited for it is carried out.
    ReleaseHold,
    /// Carries out a person's own request for erasure.
    AnswerDeletion,
    /// Exports an inspection with values in clear text.
    InspectClear,
    /// Exports the notice list of a data breach with values in clear text.
    NoticeClear,
    /// Shows values of many persons in clear text.
    RevealMany,
    /// Anonymizes the persons of a campaign.
    AnonymiseCampaign,
    /// Sets the period after which persons are erased.
    SetRetention,
    /// Imports a list into a campaign that requires approval of its lists.
    ImportList,
    /// Publishes a version of a flow.
    PublishFlow,
    /// Publishes a version of a flow that sends mail to an address written into the flow.
    PublishFixedAddress,
    /// Makes an earlier version of a flow current again.
    RollBackFlow,
    /// Publishes a version of a model.
    PublishModel,
    /// Publishes a version of a knowledge base.
    PublishKnowledge,
    /// Promotes a campaign to its next stage.
    PromoteCampaign,
}

impl Act {
    /// Every act, in display order.
    pub const ALL: [Self; 15] = [
        Self::ErasePerson,
        Self::ReleaseHold,
        Self::AnswerDeletion,
        Self::InspectClear,
        Self::NoticeClear,
        Self::RevealMany,
        Self::AnonymiseCampaign,
        Self::SetRetention,
        Self::ImportList,
        Self::PublishFlow,
        Self::PublishFixedAddress,
        Self::RollBackFlow,
        Self::PublishModel,
        Self::PublishKnowledge,
        Self::PromoteCampaign,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::ErasePerson => "erase_person",
            Self::ReleaseHold => "release_hold",
            Self::AnswerDeletion => "answer_deletion",
            Self::InspectClear => "inspect_clear",
            Self::NoticeClear => "notice_clear",
            Self::RevealMany => "reveal_many",
            Self::AnonymiseCampaign => "anonymise_campaign",
            Self::SetRetention => "set_retention",
            Self::ImportList => "import_list",
            Self::PublishFlow => "publish_flow",
            Self::PublishFixedAddress => "publish_fixed_address",
            Self::RollBackFlow => "roll_back_flow",
            Self::PublishModel => "publish_model",
            Self::PublishKnowledge => "publish_knowledge",
            Self::PromoteCampaign => "promote_campaign",
        }
    }

    /// Returns the labels of the act: Chinese, then English.
    pub const fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::ErasePerson => ("删除个人信息", "erase a person"),
            Self::ReleaseHold => ("解除法律保留", "release a legal hold"),
            Self::AnswerDeletion => ("办理删除请求", "carry out a request to be erased"),
            Self::InspectClear => ("明文检查取证", "inspect with values in clear"),
            Self::NoticeClear => ("明文告知名单", "a notice list in clear"),
            Self::RevealMany => ("批量查看明文", "show many persons in clear"),
            Self::AnonymiseCampaign => ("任务匿名化", "anonymise a campaign"),
            Self::SetRetention => ("设定个人信息保存期限", "set for how long persons are kept"),
            Self::ImportList => ("名单生效", "let a list go live"),
            Self::PublishFlow => ("话术流程发布", "publish a version of a flow"),
            Self::PublishFixedAddress => (
                "发布向固定邮箱发信的话术流程",
                "publish a flow that sends mail to a fixed address",
            ),
            Self::RollBackFlow => ("话术流程回退", "go back to an earlier version of a flow"),
            Self::PublishModel => ("意图模型发布", "publish a version of a model"),
            Self::PublishKnowledge => ("知识库发布", "publish a version of a knowledge base"),
            Self::PromoteCampaign => ("任务进入下一阶段", "let a campaign go on to its next stage"),
        }
    }

    /// Returns true if the act only shows values in clear text and changes nothing. A repeated request
    /// shows the values again for a limited time.
    pub const fn shows_values(self) -> bool {
        match self {
            Self::InspectClear | Self::NoticeClear | Self::RevealMany => true,
            Self::ErasePerson
            | Self::ReleaseHold
            | Self::AnswerDeletion
            | Self::AnonymiseCampaign
            | Self::SetRetention
            | Self::ImportList
            | Self::PublishFlow
            | Self::PublishFixedAddress
            | Self::RollBackFlow
            | Self::PublishModel
            | Self::PublishKnowledge
            | Self::PromoteCampaign => false,
        }
    }

    /// Returns the permission that the approver needs for this act. The requester needs the permission of
    /// the route.
    pub const fn permission(self) -> Permission {
        match self {
            Self::ErasePerson | Self::AnswerDeletion | Self::AnonymiseCampaign => Permission::CustomersErase,
            Self::SetRetention => Permission::RetentionWrite,
            Self::ReleaseHold => Permission::CustomersHold,
            Self::InspectClear | Self::NoticeClear => Permission::InspectionsMake,
            // Mail to a fixed address shows customers' values to the readers of that mailbox.
            Self::RevealMany | Self::PublishFixedAddress => Permission::CustomersReveal,
            Self::ImportList
            | Self::PublishFlow
            | Self::RollBackFlow
            | Self::PublishModel
            | Self::PublishKnowledge => Permission::CampaignsWrite,
            Self::PromoteCampaign => Permission::CampaignsStart,
        }
    }
}

/// The exact act that an approval is for: ids of this system, times and counts, no personal data. Personal
/// data (a list of persons, a file) is represented by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(details)]
pub struct ApprovalSubject {
    pub act: Act,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// Further values that the approval is bound to, such as `number`, `from`, `to`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(example = BTreeMap::from([("request", "00000000-0000-5000-8000-000000000001")]))]
    pub details: BTreeMap<String, String>,
}

impl ApprovalSubject {
    /// Creates the subject of an approval for an act on one customer, without further details.
    pub const fn of_person(act: Act, customer: CustomerId) -> Self {
        Self {
            act,
            customer: Some(customer),
            campaign: None,
            details: BTreeMap::new(),
        }
    }

    /// Creates the subject of an approval for an act without a customer; `with` adds its details.
    pub const fn of(act: Act) -> Self {
        Self {
            act,
            customer: None,
            campaign: None,
            details: BTreeMap::new(),
        }
    }

    /// Returns the id of the approval of this act that `by` requests. `round`: number of the request on
    /// that day. The same arguments give the same id, so a repeated request does not create a second
    /// approval.
    pub fn approval(&self, by: &UserId, day: i64, round: u32) -> ApprovalId {
        let fixed = serde_json::json!({ "asked": self, "by": by, "day": day, "round": round });
        ApprovalId::new(Uuid::new_v5(&NAMESPACE, format!("approval:{fixed}").as_bytes()))
    }

    /// Adds a detail to which the approval is bound; nothing if there is no value.
    pub fn with(mut self, name: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.details.insert(name.to_owned(), value.to_string());
        }
        self
    }
}
