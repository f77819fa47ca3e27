//! Permissions: which role may do what, and for which data.
//!
//! One table (`table.rs`) defines them. The guard of every route reads it, the reference is generated from
//! it, and tests try each cell. What the table does not name is denied.

mod role;
mod scope;
mod table;

pub use role::Role;
pub use scope::{AssigneeScope, CampaignScope, DataScope};
pub use table::{PermissionReach, reach};

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A permission: an action on a kind of data. API keys have permissions as scopes.
///
/// New permissions are added; none is renamed, because keys store them by name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[schemars(inline)]
pub enum Permission {
    #[serde(rename = "campaigns:read")]
    CampaignsRead,
    #[serde(rename = "campaigns:write")]
    CampaignsWrite,
    #[serde(rename = "campaigns:start")]
    CampaignsStart,
    #[serde(rename = "campaigns:pause")]
    CampaignsPause,
    #[serde(rename = "calls:read")]
    CallsRead,
    #[serde(rename = "calls:write")]
    CallsWrite,
    #[serde(rename = "calls:correct")]
    CallsCorrect,
    /// Exchange texts with customers over a text channel. Replies contain customer values in clear text.
    #[serde(rename = "conversations:host")]
    ConversationsHost,
    #[serde(rename = "recordings:read")]
    RecordingsRead,
    #[serde(rename = "customers:read")]
    CustomersRead,
    #[serde(rename = "customers:reveal")]
    CustomersReveal,
    #[serde(rename = "customers:assign")]
    CustomersAssign,
    #[serde(rename = "customers:erase")]
    CustomersErase,
    #[serde(rename = "customers:hold")]
    CustomersHold,
    #[serde(rename = "consents:write")]
    ConsentsWrite,
    #[serde(rename = "consents:withdraw")]
    ConsentsWithdraw,
    #[serde(rename = "numbers:read")]
    NumbersRead,
    #[serde(rename = "numbers:opt-out")]
    NumbersOptOut,
    #[serde(rename = "numbers:suppress")]
    NumbersSuppress,
    #[serde(rename = "events:read")]
    EventsRead,
    #[serde(rename = "events:append")]
    EventsAppend,
    #[serde(rename = "audit:read")]
    AuditRead,
    #[serde(rename = "figures:read")]
    FiguresRead,
    #[serde(rename = "metrics:read")]
    MetricsRead,
    #[serde(rename = "query:run")]
    QueryRun,
    #[serde(rename = "exports:read")]
    ExportsRead,
    #[serde(rename = "alerts:read")]
    AlertsRead,
    #[serde(rename = "alerts:write")]
    AlertsWrite,
    /// Manage the channels that deliver alerts.
    #[serde(rename = "alerts:channels")]
    AlertsChannels,
    #[serde(rename = "webhooks:read")]
    WebhooksRead,
    #[serde(rename = "webhooks:write")]
    WebhooksWrite,
    /// Permit a webhook to use plain HTTP or a private address.
    #[serde(rename = "webhooks:private")]
    WebhooksPrivate,
    #[serde(rename = "samples:read")]
    SamplesRead,
    #[serde(rename = "samples:write")]
    SamplesWrite,
    #[serde(rename = "reports:read")]
    ReportsRead,
    #[serde(rename = "reports:sign")]
    ReportsSign,
    #[serde(rename = "rules:read")]
    RulesRead,
    #[serde(rename = "installation:read")]
    InstallationRead,
    #[serde(rename = "installation:write")]
    InstallationWrite,
    #[serde(rename = "stop:engage")]
    StopEngage,
    #[serde(rename = "stop:lift")]
    StopLift,
    #[serde(rename = "projections:read")]
    ProjectionsRead,
    #[serde(rename = "projections:write")]
    ProjectionsWrite,
    #[serde(rename = "retention:read")]
    RetentionRead,
    #[serde(rename = "retention:write")]
    RetentionWrite,
    #[serde(rename = "users:read")]
    UsersRead,
    #[serde(rename = "users:write")]
    UsersWrite,
    #[serde(rename = "inspections:make")]
    InspectionsMake,
    #[serde(rename = "cases:read")]
    CasesRead,
    #[serde(rename = "cases:open")]
    CasesOpen,
    #[serde(rename = "cases:write")]
    CasesWrite,
    /// Use the engines of calls (classification, recognition, speech) from other systems.
    #[serde(rename = "engines:use")]
    EnginesUse,
    /// Label turns of conversations, which are shown masked.
    #[serde(rename = "labels:write")]
    LabelsWrite,
    /// Enrol and compare voiceprints of consenting customers.
    #[serde(rename = "voiceprints:write")]
    VoiceprintsWrite,
    /// Actions that only the directory's own key may perform.
    #[serde(rename = "directory:write")]
    DirectoryWrite,
}

impl Permission {
    /// Every permission, in the order of the table's rows.
    pub const ALL: [Self; 55] = [
        Self::CampaignsRead,
        Self::CampaignsWrite,
        Self::CampaignsStart,
        Self::CampaignsPause,
        Self::CallsRead,
        Self::CallsWrite,
        Self::CallsCorrect,
        Self::ConversationsHost,
        Self::RecordingsRead,
        Self::CustomersRead,
        Self::CustomersReveal,
        Self::CustomersAssign,
        Self::CustomersErase,
        Self::CustomersHold,
        Self::ConsentsWrite,
        Self::ConsentsWithdraw,
        Self::NumbersRead,
        Self::NumbersOptOut,
        Self::NumbersSuppress,
        Self::EventsRead,
        Self::EventsAppend,
        Self::AuditRead,
        Self::FiguresRead,
        Self::MetricsRead,
        Self::QueryRun,
        Self::ExportsRead,
        Self::AlertsRead,
        Self::AlertsWrite,
        Self::AlertsChannels,
        Self::WebhooksRead,
        Self::WebhooksWrite,
        Self::WebhooksPrivate,
        Self::SamplesRead,
        Self::SamplesWrite,
        Self::ReportsRead,
        Self::ReportsSign,
        Self::RulesRead,
        Self::InstallationRead,
        Self::InstallationWrite,
        Self::StopEngage,
        Self::StopLift,
        Self::ProjectionsRead,
        Self::ProjectionsWrite,
        Self::RetentionRead,
        Self::RetentionWrite,
        Self::UsersRead,
        Self::UsersWrite,
        Self::InspectionsMake,
        Self::CasesRead,
        Self::CasesOpen,
        Self::CasesWrite,
        Self::EnginesUse,
        Self::LabelsWrite,
        Self::VoiceprintsWrite,
        Self::DirectoryWrite,
    ];

    /// Returns the code that is stored and used in a key's scopes.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CampaignsRead => "campaigns:read",
            Self::CampaignsWrite => "campaigns:write",
            Self::CampaignsStart => "campaigns:start",
            Self::CampaignsPause => "campaigns:pause",
            Self::CallsRead => "calls:read",
            Self::CallsWrite => "calls:write",
            Self::CallsCorrect => "calls:correct",
            Self::ConversationsHost => "conversations:host",
            Self::RecordingsRead => "recordings:read",
            Self::CustomersRead => "customers:read",
            Self::CustomersReveal => "customers:reveal",
            Self::CustomersAssign => "customers:assign",
            Self::CustomersErase => "customers:erase",
            Self::CustomersHold => "customers:hold",
            Self::ConsentsWrite => "consents:write",
            Self::ConsentsWithdraw => "consents:withdraw",
            Self::NumbersRead => "numbers:read",
            Self::NumbersOptOut => "numbers:opt-out",
            Self::NumbersSuppress => "numbers:suppress",
            Self::EventsRead => "events:read",
            Self::EventsAppend => "events:append",
            Self::AuditRead => "audit:read",
            Self::FiguresRead => "figures:read",
            Self::MetricsRead => "metrics:read",
            Self::QueryRun => "query:run",
            Self::ExportsRead => "exports:read",
            Self::AlertsRead => "alerts:read",
            Self::AlertsWrite => "alerts:write",
            Self::AlertsChannels => "alerts:channels",
            Self::WebhooksRead => "webhooks:read",
            Self::WebhooksWrite => "webhooks:write",
            Self::WebhooksPrivate => "webhooks:private",
            Self::SamplesRead => "samples:read",
            Self::SamplesWrite => "samples:write",
            Self::ReportsRead => "reports:read",
            Self::ReportsSign => "reports:sign",
            Self::RulesRead => "rules:read",
            Self::InstallationRead => "installation:read",
            Self::InstallationWrite => "installation:write",
            Self::StopEngage => "stop:engage",
            Self::StopLift => "stop:lift",
            Self::ProjectionsRead => "projections:read",
            Self::ProjectionsWrite => "projections:write",
            Self::RetentionRead => "retention:read",
            Self::RetentionWrite => "retention:write",
            Self::UsersRead => "users:read",
            Self::UsersWrite => "users:write",
            Self::InspectionsMake => "inspections:make",
            Self::CasesRead => "cases:read",
            Self::CasesOpen => "cases:open",
            Self::CasesWrite => "cases:write",
            Self::EnginesUse => "engines:use",
            Self::LabelsWrite => "labels:write",
            Self::VoiceprintsWrite => "voiceprints:write",
            Self::DirectoryWrite => "directory:write",
        }
    }

    /// Returns true for permissions that change nothing: those named `…:read`, queries, inspections, and
    /// showing values in clear. A guest account keeps only these of its roles.
    pub fn only_reads(self) -> bool {
        let looks = matches!(
            self,
            Self::QueryRun | Self::InspectionsMake | Self::CustomersReveal
        );
        looks || self.code().ends_with(":read")
    }

    /// Returns the permission's labels: Chinese, then English.
    pub const fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::CampaignsRead => ("查看任务", "see campaigns"),
            Self::CampaignsWrite => ("创建、修改任务与名单", "make campaigns, their lists and targets"),
            Self::CampaignsStart => ("启动、恢复、停止任务", "start, resume and stop campaigns"),
            Self::CampaignsPause => ("暂停任务", "pause campaigns"),
            Self::CallsRead => ("查看通话（号码掩码）", "see calls, numbers masked"),
            Self::CallsWrite => ("单次外呼", "have one person called now"),
            Self::CallsCorrect => ("更正通话结果", "correct how a call ended"),
            Self::ConversationsHost => ("接入文字渠道", "host a text channel, values filled in"),
            Self::RecordingsRead => ("收听、下载录音（须说明理由）", "take recordings, with a reason"),
            Self::CustomersRead => ("查看客户（掩码）", "see customers, masked"),
            Self::CustomersReveal => ("查看明文（须说明理由）", "see values in clear, with a reason"),
            Self::CustomersAssign => ("将客户分配给用户与团队", "assign customers to users and teams"),
            Self::CustomersErase => ("申请删除个人信息", "ask for an erasure"),
            Self::CustomersHold => ("法律保留与解除", "hold a person, and release"),
            Self::ConsentsWrite => ("登记同意", "record consents"),
            Self::ConsentsWithdraw => ("登记撤回同意", "record that a consent is withdrawn"),
            Self::NumbersRead => ("按号码查询", "look up a number"),
            Self::NumbersOptOut => ("登记谢绝来电", "record an opt-out"),
            Self::NumbersSuppress => ("禁呼号码", "suppress a number"),
            Self::EventsRead => ("读取事件流", "read and follow events"),
            Self::EventsAppend => ("经 KurrentDB 协议写入", "append by KurrentDB's protocol"),
            Self::AuditRead => ("查询审计日志", "search the audit trail"),
            Self::FiguresRead => ("查看指标、报表", "see figures and reports"),
            Self::MetricsRead => ("读取监控指标", "scrape figures for monitoring"),
            Self::QueryRun => ("SQL 查询（掩码读模型）", "ask in SQL over masked views"),
            Self::ExportsRead => ("导出（掩码）", "take rows away, masked"),
            Self::AlertsRead => ("查看告警", "see alerts"),
            Self::AlertsWrite => ("确认、静音告警", "acknowledge and mute alerts"),
            Self::AlertsChannels => ("管理告警通道", "manage channels of alerts"),
            Self::WebhooksRead => ("查看事件推送与投递", "see webhooks and their deliveries"),
            Self::WebhooksWrite => ("管理事件推送", "add, rotate, test, replay and remove webhooks"),
            Self::WebhooksPrivate => (
                "允许内网或明文的 Webhook",
                "let a webhook reach a private or plain address",
            ),
            Self::SamplesRead => ("查看抽检", "see samples"),
            Self::SamplesWrite => ("抽检与签署", "draw and sign off samples"),
            Self::ReportsRead => ("查看合规报告", "see signed reports"),
            Self::ReportsSign => ("出具合规报告", "issue signed reports"),
            Self::RulesRead => ("查看规则与话术", "see rules and flows"),
            Self::InstallationRead => ("查看安装实例状态", "see the installation's state"),
            Self::InstallationWrite => ("恢复拨号、校时", "confirm dialing, trust a clock"),
            Self::StopEngage => ("紧急停止", "engage an emergency stop"),
            Self::StopLift => ("解除紧急停止", "lift an emergency stop"),
            Self::ProjectionsRead => ("查看读模型及其滞后", "see views and their lag"),
            Self::ProjectionsWrite => ("重建与切换读模型", "rebuild and switch views"),
            Self::RetentionRead => ("查看保存期限与处置", "see retention periods and disposals"),
            Self::RetentionWrite => (
                "设定保存期限、执行处置",
                "set retention periods and dispose by them",
            ),
            Self::UsersRead => ("查看用户与权限", "see users, roles and keys"),
            Self::UsersWrite => ("管理用户、角色、密钥", "manage users, roles and keys"),
            Self::InspectionsMake => (
                "检查取证（须说明理由）",
                "inspect: calls, basis, recordings and proof, with a reason",
            ),
            Self::CasesRead => ("查看投诉与个人请求", "see complaints and requests of persons"),
            Self::CasesOpen => ("登记投诉与个人请求", "note complaints and requests of persons"),
            Self::CasesWrite => (
                "分派、办结投诉与个人请求",
                "assign and answer complaints and requests of persons",
            ),
            Self::EnginesUse => ("调用通话引擎", "ask the engines of calls"),
            Self::LabelsWrite => ("标注轮次（掩码）", "label turns, read masked"),
            Self::VoiceprintsWrite => ("登记、比对声纹（须说明理由）", "describe and compare voices"),
            Self::DirectoryWrite => ("数据目录所有者", "what only the directory's owner does"),
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Permission {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|permission| permission.code() == code).ok_or_else(|| {
            let known = Self::ALL.map(Self::code).join(", ");
            format!("{code:?} is no scope; the scopes are {known}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_stored_names_and_are_read_back() {
        for permission in Permission::ALL {
            let stored = serde_json::to_value(permission).unwrap();
            assert_eq!(stored, permission.code());
            assert_eq!(permission.code().parse(), Ok(permission));
        }
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.code());
            assert_eq!(role.code().parse(), Ok(role));
        }
        assert!("boss".parse::<Role>().unwrap_err().contains("integrator"));
        assert!("calls:listen".parse::<Permission>().is_err());
    }
}
