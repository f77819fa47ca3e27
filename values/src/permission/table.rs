//! The permission table: each permission by role, with its reach. Routes, reference and tests read it.

use super::Permission as P;
use super::Role;

/// Which customers a permission covers for a role, before the user's campaigns and API key narrow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PermissionReach {
    /// Not allowed.
    No,
    /// Customers assigned to this user; only named campaigns.
    Own,
    /// Customers assigned to the user's team; only named campaigns.
    Team,
    /// All customers.
    All,
}

impl PermissionReach {
    /// Returns the word in the reference table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::No => "–",
            Self::Own => "own",
            Self::Team => "team",
            Self::All => "all",
        }
    }
}

const N: PermissionReach = PermissionReach::No;
const O: PermissionReach = PermissionReach::Own;
const T: PermissionReach = PermissionReach::Team;
const A: PermissionReach = PermissionReach::All;

/// The columns are in the order of `Role::ALL`: admin, operator, viewer, agent, supervisor, compliance,
/// auditor, analyst, integrator.
#[rustfmt::skip]
const TABLE: &[(P, [PermissionReach; 9])] = &[
    (P::CampaignsRead,     [A, A, A, N, T, A, A, A, A]),
    (P::CampaignsWrite,    [A, A, N, N, N, N, N, N, N]),
    (P::CampaignsStart,    [A, A, N, N, N, N, N, N, N]),
    (P::CampaignsPause,    [A, A, N, N, T, A, N, N, N]),
    (P::CallsRead,         [A, A, A, O, T, A, A, A, A]),
    (P::CallsWrite,        [N, N, N, O, N, N, N, N, A]),
    (P::CallsCorrect,      [N, A, N, N, T, A, N, N, N]),
    (P::ConversationsHost, [N, N, N, O, N, N, N, N, A]),
    (P::RecordingsRead,    [N, N, N, O, T, A, A, N, A]),
    (P::CustomersRead,     [A, A, A, O, T, A, A, N, N]),
    (P::CustomersReveal,   [N, N, N, O, T, A, A, N, N]),
    (P::CustomersAssign,   [A, A, N, N, T, N, N, N, N]),
    (P::CustomersErase,    [N, N, N, N, N, A, N, N, N]),
    (P::CustomersHold,     [N, N, N, N, N, A, N, N, N]),
    (P::ConsentsWrite,     [N, A, N, N, N, A, N, N, A]),
    (P::ConsentsWithdraw,  [N, A, N, O, T, A, N, N, A]),
    (P::NumbersRead,       [A, A, N, N, N, A, A, N, N]),
    (P::NumbersOptOut,     [A, A, N, A, A, A, N, N, A]),
    (P::NumbersSuppress,   [N, N, N, N, N, A, N, N, N]),
    (P::EventsRead,        [A, N, N, N, N, A, A, N, A]),
    (P::EventsAppend,      [N, N, N, N, N, N, N, N, A]),
    (P::AuditRead,         [A, N, N, N, N, A, A, N, N]),
    (P::FiguresRead,       [A, A, A, N, T, A, A, A, N]),
    (P::MetricsRead,       [A, A, N, N, N, N, A, A, A]),
    (P::QueryRun,          [A, N, N, N, N, A, A, A, N]),
    (P::ExportsRead,       [A, A, N, N, N, A, A, A, N]),
    (P::AlertsRead,        [A, A, A, N, A, A, A, N, N]),
    (P::AlertsWrite,       [A, A, N, N, A, A, N, N, N]),
    (P::AlertsChannels,    [A, N, N, N, N, N, N, N, N]),
    (P::WebhooksRead,      [A, N, N, N, N, A, A, N, A]),
    (P::WebhooksWrite,     [A, N, N, N, N, N, N, N, A]),
    (P::WebhooksPrivate,   [A, N, N, N, N, N, N, N, N]),
    (P::SamplesRead,       [A, N, N, N, N, A, A, N, N]),
    (P::SamplesWrite,      [N, N, N, N, N, A, A, N, N]),
    (P::ReportsRead,       [A, N, N, N, N, A, A, N, N]),
    (P::ReportsSign,       [A, N, N, N, N, A, N, N, N]),
    (P::RulesRead,         [A, A, A, A, A, A, A, A, A]),
    (P::InstallationRead,  [A, A, A, N, A, A, A, N, N]),
    (P::InstallationWrite, [A, N, N, N, N, N, N, N, N]),
    (P::StopEngage,        [A, A, N, N, T, A, N, N, N]),
    (P::StopLift,          [A, A, N, N, N, N, N, N, N]),
    (P::ProjectionsRead,   [A, A, N, N, N, A, A, A, N]),
    (P::ProjectionsWrite,  [A, N, N, N, N, N, N, N, N]),
    (P::RetentionRead,     [A, N, N, N, N, A, A, N, N]),
    (P::RetentionWrite,    [N, N, N, N, N, A, N, N, N]),
    (P::UsersRead,         [A, N, N, N, N, A, A, N, N]),
    (P::UsersWrite,        [A, N, N, N, N, N, N, N, N]),
    (P::InspectionsMake,   [N, N, N, N, N, A, A, N, N]),
    (P::CasesRead,         [A, A, N, N, N, A, A, N, N]),
    (P::CasesOpen,         [N, A, N, N, A, A, N, N, N]),
    (P::CasesWrite,        [N, N, N, N, N, A, N, N, N]),
    (P::EnginesUse,        [A, A, N, N, N, N, N, A, A]),
    (P::LabelsWrite,       [N, A, N, N, N, N, N, A, N]),
    (P::VoiceprintsWrite,  [N, N, N, N, T, A, N, N, N]),
    (P::DirectoryWrite,    [N, N, N, N, N, N, N, N, N]),
];

/// Returns the reach of `permission` for `role`; `No` if the table does not name it.
pub fn reach(role: Role, permission: P) -> PermissionReach {
    let columns = TABLE.iter().find(|(named, _)| *named == permission);
    let cell = columns.and_then(|(_, reaches)| {
        let pairs = Role::ALL.into_iter().zip(reaches);
        pairs.into_iter().find(|(of, _)| *of == role)
    });
    cell.map_or(PermissionReach::No, |(_, reach)| *reach)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_its_row_once_and_in_order() {
        let rows: Vec<P> = TABLE.iter().map(|(permission, _)| *permission).collect();
        assert_eq!(rows, P::ALL);
    }

    #[test]
    fn what_the_roles_are_for_holds() {
        for role in Role::ALL {
            // Only admins manage users, and an admin cannot dial, erase or unmask.
            assert_eq!(reach(role, P::UsersWrite) == A, role == Role::Admin, "{role}");
            // Only the owner of the data directory has it.
            assert_eq!(reach(role, P::DirectoryWrite), N, "{role}");
        }
        for changes in [
            P::CampaignsWrite,
            P::CampaignsStart,
            P::NumbersOptOut,
            P::CustomersErase,
            P::UsersWrite,
            P::AlertsWrite,
        ] {
            for reads_only in [Role::Viewer, Role::Auditor, Role::Analyst] {
                assert_eq!(reach(reads_only, changes), N, "{reads_only} {changes}");
            }
        }
        for permission in [
            P::CustomersErase,
            P::CallsWrite,
            P::NumbersSuppress,
            P::CustomersHold,
        ] {
            assert_eq!(reach(Role::Admin, permission), N, "{permission}");
        }
        assert_eq!(reach(Role::Agent, P::CustomersRead), O);
        assert_eq!(reach(Role::Agent, P::CampaignsRead), N);
        assert_eq!(reach(Role::Supervisor, P::CustomersRead), T);
    }
}
