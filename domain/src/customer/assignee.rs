//! To whom a customer is given: a user or a team.

use serde::{Deserialize, Serialize};
use values::ids::{TeamId, UserId};

/// To whom a customer is assigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    User(UserId),
    Team(TeamId),
}
