//! Data scope: whose data somebody's permission reaches. Narrowed by role, by user and by key, never widened.

use super::table::Reach;
use crate::ids::{CampaignId, TeamId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which campaigns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum CampaignScope {
    /// Also those to come.
    #[default]
    All,
    Only(BTreeSet<CampaignId>),
}

impl CampaignScope {
    /// Of names as they are given: none is all.
    pub fn of(named: impl IntoIterator<Item = CampaignId>) -> Self {
        let named: BTreeSet<CampaignId> = named.into_iter().collect();
        if named.is_empty() {
            Self::All
        } else {
            Self::Only(named)
        }
    }

    pub const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    pub fn admits(&self, campaign: &CampaignId) -> bool {
        match self {
            Self::All => true,
            Self::Only(named) => named.contains(campaign),
        }
    }

    /// What both admit.
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, rest) | (rest, Self::All) => rest.clone(),
            (Self::Only(one), Self::Only(two)) => Self::Only(one.intersection(two).cloned().collect()),
        }
    }
}

/// Which people, by whom they are assigned to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum People {
    #[default]
    All,
    /// Those assigned to a team, or to somebody of it.
    Team(TeamId),
    /// Those assigned to this user.
    Own(UserId),
    Nobody,
}

/// Whose data a request may touch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataScope {
    pub campaigns: CampaignScope,
    pub people: People,
}

impl DataScope {
    /// Everything.
    pub const ALL: Self = Self {
        campaigns: CampaignScope::All,
        people: People::All,
    };

    /// Of a permission that reaches so far, for a user of these campaigns and team. Whoever is held to people
    /// sees only the campaigns that are named for them, for a campaign's figures are of everybody in it.
    pub fn of(reach: Reach, user: &UserId, team: Option<&TeamId>, campaigns: &CampaignScope) -> Self {
        let named = match campaigns {
            CampaignScope::All => CampaignScope::Only(BTreeSet::new()),
            CampaignScope::Only(_) => campaigns.clone(),
        };
        match reach {
            Reach::All => Self {
                campaigns: campaigns.clone(),
                people: People::All,
            },
            Reach::Team => Self {
                campaigns: named,
                people: team.map_or(People::Nobody, |team| People::Team(team.clone())),
            },
            Reach::Own => Self {
                campaigns: named,
                people: People::Own(user.clone()),
            },
            Reach::No => Self {
                campaigns: CampaignScope::Only(BTreeSet::new()),
                people: People::Nobody,
            },
        }
    }

    /// Nothing is outside it.
    pub const fn is_all(&self) -> bool {
        self.campaigns.is_all() && matches!(self.people, People::All)
    }

    /// Whether what is told of a whole campaign may be told.
    pub fn admits_campaign(&self, campaign: &CampaignId) -> bool {
        self.campaigns.admits(campaign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(names: &[&str]) -> CampaignScope {
        CampaignScope::of(names.iter().map(|name| name.parse().unwrap()))
    }

    #[test]
    fn scopes_narrow_and_never_widen() {
        assert_eq!(CampaignScope::All.and(&only(&["A"])), only(&["A"]));
        assert_eq!(only(&["A", "B"]).and(&only(&["B", "C"])), only(&["B"]));
        let apart = only(&["A"]).and(&only(&["B"]));
        assert!(
            !apart.is_all() && !apart.admits(&"A".parse().unwrap()),
            "nothing is not all"
        );
    }

    #[test]
    fn who_is_held_to_people_sees_the_campaigns_that_are_named_for_them() {
        let (user, team) = ("wang".parse().unwrap(), "north".parse().unwrap());
        let own = DataScope::of(Reach::Own, &user, Some(&team), &CampaignScope::All);
        assert_eq!(own.people, People::Own(user.clone()));
        assert!(!own.admits_campaign(&"A".parse().unwrap()));
        let named = DataScope::of(Reach::Team, &user, Some(&team), &only(&["A"]));
        assert!(named.admits_campaign(&"A".parse().unwrap()));
        assert_eq!(named.people, People::Team(team));
        let teamless = DataScope::of(Reach::Team, &user, None, &only(&["A"]));
        assert_eq!(teamless.people, People::Nobody);
        assert!(DataScope::of(Reach::All, &user, None, &CampaignScope::All).is_all());
    }
}
