//! The assignee of a customer: a user or a team.

use serde::{Deserialize, Serialize};
use values::ids::{TeamId, UserId};

/// The user or team to which a customer is assigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    User(UserId),
    Team(TeamId),
}
