//! The user roles (SEC-1): a closed list with labels.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A user role. A user may have several.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Role {
    /// Manages users, roles, keys and settings; also plans campaigns. Sees customers masked.
    Admin,
    /// Plans and runs campaigns.
    Operator,
    /// Sees the progress of campaigns.
    Viewer,
    /// Talks with the customers assigned to this user.
    Agent,
    /// Manages a team of agents and its customers.
    Supervisor,
    /// Handles legal duties: suppressions, consents, legal holds, erasures.
    Compliance,
    /// Reads events and their proofs. Changes nothing.
    Auditor,
    /// Queries figures and rows, masked.
    Analyst,
    /// An external system that follows events and starts calls of its campaigns.
    Integrator,
}

impl Role {
    /// Every role, in the order of the table's columns.
    pub const ALL: [Self; 9] = [
        Self::Admin,
        Self::Operator,
        Self::Viewer,
        Self::Agent,
        Self::Supervisor,
        Self::Compliance,
        Self::Auditor,
        Self::Analyst,
        Self::Integrator,
    ];

    /// Returns the code that is stored and used in requests.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Viewer => "viewer",
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Compliance => "compliance",
            Self::Auditor => "auditor",
            Self::Analyst => "analyst",
            Self::Integrator => "integrator",
        }
    }

    pub const fn label_zh(self) -> &'static str {
        match self {
            Self::Admin => "管理员",
            Self::Operator => "运营人员",
            Self::Viewer => "只读用户",
            Self::Agent => "坐席",
            Self::Supervisor => "班长",
            Self::Compliance => "合规专员",
            Self::Auditor => "审计员",
            Self::Analyst => "分析员",
            Self::Integrator => "集成方",
        }
    }

    pub const fn label_en(self) -> &'static str {
        match self {
            Self::Compliance => "compliance officer",
            Self::Admin
            | Self::Operator
            | Self::Viewer
            | Self::Agent
            | Self::Supervisor
            | Self::Auditor
            | Self::Analyst
            | Self::Integrator => self.code(),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|role| role.code() == code).ok_or_else(|| {
            let known = Self::ALL.map(Self::code).join(", ");
            format!("{code:?} is no role; the roles are {known}")
        })
    }
}
