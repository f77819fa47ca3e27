//! What of a campaign takes effect only when another person approved it (CMP-8): a small set in one byte, for
//! it stands in every plan.

use serde::{Deserialize, Serialize};

/// What of a campaign can need another person's approval.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum NeedsApproval {
    /// A list enrols nobody before that.
    Lists,
    /// Its calls run a published version of a flow behind which somebody stands.
    Flows,
    /// It goes on to its next stage.
    Promotions,
    /// It answers from a version of a knowledge base behind which somebody stands.
    Answers,
    /// It sends the messages of its flow alone, of a version behind which somebody stands.
    Messages,
}

impl NeedsApproval {
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

/// What a campaign asks approvals for; stored as a list, each once and in one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<NeedsApproval>", into = "Vec<NeedsApproval>")]
pub struct Approvals(u8);

impl Approvals {
    pub const NONE: Self = Self(0);

    pub const fn are_none(&self) -> bool {
        self.0 == 0
    }

    pub const fn ask_for(self, what: NeedsApproval) -> bool {
        self.0 & what.bit() != 0
    }

    /// Its flow is a version behind which somebody stands: for what is said, or for what is sent.
    pub const fn ask_for_a_flow(self) -> bool {
        self.ask_for(NeedsApproval::Flows) || self.ask_for(NeedsApproval::Messages)
    }
}

impl From<Vec<NeedsApproval>> for Approvals {
    fn from(said: Vec<NeedsApproval>) -> Self {
        Self(said.into_iter().fold(0, |all, one| all | one.bit()))
    }
}

impl From<Approvals> for Vec<NeedsApproval> {
    fn from(asked: Approvals) -> Self {
        let all = NeedsApproval::ALL.into_iter();
        all.filter(|one| asked.ask_for(*one)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_stored_as_a_list_and_read_again() {
        let lists = Approvals::from(vec![NeedsApproval::Lists, NeedsApproval::Lists]);
        let text = serde_json::to_string(&lists).unwrap();
        assert_eq!(text, r#"["lists"]"#);
        assert_eq!(serde_json::from_str::<Approvals>(&text).unwrap(), lists);
        assert!(lists.ask_for(NeedsApproval::Lists) && !lists.are_none());
        assert!(!Approvals::NONE.ask_for(NeedsApproval::Lists));
        let all = Approvals::from(NeedsApproval::ALL.to_vec());
        assert!(NeedsApproval::ALL.into_iter().all(|one| all.ask_for(one)));
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(text, r#"["lists","flows","promotions","answers","messages"]"#);
        assert!(serde_json::from_str::<Approvals>(r#"["everything"]"#).is_err());
    }
}
