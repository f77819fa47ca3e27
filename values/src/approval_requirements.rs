//! The parts of a campaign that need approval by a second person (CMP-8), as a set in one byte, because every
//! plan contains it.

use serde::{Deserialize, Serialize};

/// A part of a campaign that a campaign's plan can subject to approval by a second person.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalRequirement {
    /// A list enrols its customers only after approval.
    Lists,
    /// Calls use only a published flow version with an approval.
    Flows,
    /// Promotions to the next stage.
    Promotions,
    /// Answers come only from a knowledge base version with an approval.
    Answers,
    /// Messages are only those of the flow, in a version with an approval.
    Messages,
}

impl ApprovalRequirement {
    const ALL: [Self; 5] = [
        Self::Lists,
        Self::Flows,
        Self::Promotions,
        Self::Answers,
        Self::Messages,
    ];

    const fn bit(self) -> u8 {
        match self {
            Self::Lists => 1,
            Self::Flows => 2,
            Self::Promotions => 4,
            Self::Answers => 8,
            Self::Messages => 16,
        }
    }
}

/// The parts of a campaign that need approval by a second person. In JSON a list without duplicates, in
/// fixed order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<ApprovalRequirement>", into = "Vec<ApprovalRequirement>")]
pub struct ApprovalRequirements(u8);

impl ApprovalRequirements {
    pub const NONE: Self = Self(0);

    pub const fn are_none(&self) -> bool {
        self.0 == 0
    }

    pub const fn ask_for(self, what: ApprovalRequirement) -> bool {
        self.0 & what.bit() != 0
    }

    /// Returns true if the campaign's flow version needs an approval, for its spoken texts or for its
    /// messages.
    pub const fn ask_for_a_flow(self) -> bool {
        self.ask_for(ApprovalRequirement::Flows) || self.ask_for(ApprovalRequirement::Messages)
    }
}

impl From<Vec<ApprovalRequirement>> for ApprovalRequirements {
    fn from(said: Vec<ApprovalRequirement>) -> Self {
        Self(said.into_iter().fold(0, |all, one| all | one.bit()))
    }
}

impl From<ApprovalRequirements> for Vec<ApprovalRequirement> {
    fn from(asked: ApprovalRequirements) -> Self {
        let all = ApprovalRequirement::ALL.into_iter();
        all.filter(|one| asked.ask_for(*one)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_stored_as_a_list_and_read_again() {
        let lists = ApprovalRequirements::from(vec![ApprovalRequirement::Lists, ApprovalRequirement::Lists]);
        let text = serde_json::to_string(&lists).unwrap();
        assert_eq!(text, r#"["lists"]"#);
        assert_eq!(
            serde_json::from_str::<ApprovalRequirements>(&text).unwrap(),
            lists
        );
        assert!(lists.ask_for(ApprovalRequirement::Lists) && !lists.are_none());
        assert!(!ApprovalRequirements::NONE.ask_for(ApprovalRequirement::Lists));
        let all = ApprovalRequirements::from(ApprovalRequirement::ALL.to_vec());
        assert!(ApprovalRequirement::ALL.into_iter().all(|one| all.ask_for(one)));
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(text, r#"["lists","flows","promotions","answers","messages"]"#);
        assert!(serde_json::from_str::<ApprovalRequirements>(r#"["everything"]"#).is_err());
    }
}
