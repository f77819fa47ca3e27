//! Four eyes: who requested and approved an act that needs a second user, as stored in the act's own event.
//!
//! Either another user approved it, or no approval was needed, and then the event states why.

use serde::{Deserialize, Serialize};
use values::ids::{ApprovalId, UserId};

/// Who requested and approved an act, or why no approval was needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(untagged)]
pub enum FourEyes {
    /// Another user approved it.
    Approved {
        approval: ApprovalId,
        requested_by: UserId,
        approved_by: UserId,
    },
    /// No approval was needed.
    Nobody { nobody: ApprovalExemption },
}

/// The reason why no approval was needed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalExemption {
    /// The directory's own key was used.
    Directory,
    /// No other enabled user has the permission.
    NobodyElse,
}

impl FourEyes {
    /// Returns the id of the approval; `None` if none was needed.
    pub const fn approval(&self) -> Option<ApprovalId> {
        match self {
            Self::Approved { approval, .. } => Some(*approval),
            Self::Nobody { .. } => None,
        }
    }

    /// Returns the user who approved the act; `None` if no approval was needed.
    pub const fn approved_by(&self) -> Option<&UserId> {
        match self {
            Self::Approved { approved_by, .. } => Some(approved_by),
            Self::Nobody { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_says_who_approved_or_why_no_approval_was_needed() {
        let exempt = FourEyes::Nobody {
            nobody: ApprovalExemption::NobodyElse,
        };
        let approved = FourEyes::Approved {
            approval: ApprovalId::new(uuid::Uuid::from_u128(7)),
            requested_by: "li".parse().unwrap(),
            approved_by: "wang".parse().unwrap(),
        };
        assert_eq!(approved.approved_by().unwrap().as_str(), "wang");
        assert_eq!(
            serde_json::to_value(&exempt).unwrap(),
            json!({ "nobody": "nobody_else" })
        );
        for one in [exempt, approved] {
            let text = serde_json::to_string(&one).unwrap();
            assert_eq!(serde_json::from_str::<FourEyes>(&text).unwrap(), one);
        }
    }
}
