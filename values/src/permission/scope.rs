//! Data scopes: the data that a permission covers. Role, user and key can only narrow it.

use super::table::PermissionReach;
use crate::ids::{CampaignId, TeamId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The campaigns that a data scope covers: all or a fixed set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum CampaignScope {
    /// All campaigns, including future ones.
    #[default]
    All,
    Only(BTreeSet<CampaignId>),
}

impl CampaignScope {
    /// Returns the scope of the named campaigns; the scope of all campaigns if none is named.
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

    /// Returns the scope of the campaigns that both scopes cover.
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, rest) | (rest, Self::All) => rest.clone(),
            (Self::Only(one), Self::Only(two)) => Self::Only(one.intersection(two).cloned().collect()),
        }
    }
}

/// The customers that a data scope covers, by the assignee of each customer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AssigneeScope {
    #[default]
    All,
    /// Customers assigned to a team or to one of its users.
    Team(TeamId),
    /// Customers assigned to this user.
    Own(UserId),
    NoCustomers,
}

/// The data that a request may access: campaigns and customers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataScope {
    pub campaigns: CampaignScope,
    pub people: AssigneeScope,
}

impl DataScope {
    /// The scope of all data.
    pub const ALL: Self = Self {
        campaigns: CampaignScope::All,
        people: AssigneeScope::All,
    };

    /// Returns the data that a permission with this reach covers, for a user with this team and these
    /// campaigns. With a reach of own or team customers, `CampaignScope::All` becomes no campaign: a
    /// campaign's figures cover all its customers, so campaigns must be named.
    pub fn of(
        reach: PermissionReach,
        user: &UserId,
        team: Option<&TeamId>,
        campaigns: &CampaignScope,
    ) -> Self {
        let named = match campaigns {
            CampaignScope::All => CampaignScope::Only(BTreeSet::new()),
            CampaignScope::Only(_) => campaigns.clone(),
        };
        match reach {
            PermissionReach::All => Self {
                campaigns: campaigns.clone(),
                people: AssigneeScope::All,
            },
            PermissionReach::Team => Self {
                campaigns: named,
                people: team.map_or(AssigneeScope::NoCustomers, |team| {
                    AssigneeScope::Team(team.clone())
                }),
            },
            PermissionReach::Own => Self {
                campaigns: named,
                people: AssigneeScope::Own(user.clone()),
            },
            PermissionReach::No => Self {
                campaigns: CampaignScope::Only(BTreeSet::new()),
                people: AssigneeScope::NoCustomers,
            },
        }
    }

    /// Returns true if the scope covers all campaigns and all customers.
    pub const fn is_all(&self) -> bool {
        self.campaigns.is_all() && matches!(self.people, AssigneeScope::All)
    }

    /// Returns true if the campaign is in scope, so that figures of the whole campaign may be shown.
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
        let own = DataScope::of(PermissionReach::Own, &user, Some(&team), &CampaignScope::All);
        assert_eq!(own.people, AssigneeScope::Own(user.clone()));
        assert!(!own.admits_campaign(&"A".parse().unwrap()));
        let named = DataScope::of(PermissionReach::Team, &user, Some(&team), &only(&["A"]));
        assert!(named.admits_campaign(&"A".parse().unwrap()));
        assert_eq!(named.people, AssigneeScope::Team(team));
        let teamless = DataScope::of(PermissionReach::Team, &user, None, &only(&["A"]));
        assert_eq!(teamless.people, AssigneeScope::NoCustomers);
        assert!(DataScope::of(PermissionReach::All, &user, None, &CampaignScope::All).is_all());
    }
}
