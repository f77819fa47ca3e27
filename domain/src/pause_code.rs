//! The codes of the reasons for which dialing is paused: scope, text and remedy of each (Chinese, English).

use schemars::JsonSchema;
use serde::Serialize;

/// What a reason pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PauseScope {
    /// Every call of this process.
    Installation,
    /// Calls on one trunk.
    Trunk,
    /// Calls of every campaign under one preset.
    Preset,
    /// Calls of one campaign, all or some of them.
    Campaign,
}

/// Declares the codes: each with its name in replies, its scope, its text and the remedy (Chinese, English).
macro_rules! pause_codes {
    ($($variant:ident => $name:literal, $scope:ident,
        $zh:literal, $en:literal, $action_zh:literal, $action_en:literal;)+) => {
        /// Why dialing is paused, as a code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
        pub enum PauseCode {
            $(#[serde(rename = $name)] $variant,)+
        }

        impl PauseCode {
            /// Every code: those of the installation first, then of trunks, presets and campaigns.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the code as replies and the metric write it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Returns the code of this name; `None` if there is none.
            pub fn of_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.name() == name)
            }

            /// Returns what the reason pauses.
            pub const fn scope(self) -> PauseScope {
                match self { $(Self::$variant => PauseScope::$scope),+ }
            }

            /// Returns the reason as a sentence, in Chinese and in English.
            pub const fn texts(self) -> (&'static str, &'static str) {
                match self { $(Self::$variant => ($zh, $en)),+ }
            }

            /// Returns what to do about the reason, in Chinese and in English.
            pub const fn actions(self) -> (&'static str, &'static str) {
                match self { $(Self::$variant => ($action_zh, $action_en)),+ }
            }
        }
    };
}

pause_codes! {
    NoTrunk => "no_trunk", Installation,
        "未配置线路，本进程不拨号",
        "no trunk is given; nothing is dialed here",
        "配置线路（--trunk）后重启服务",
        "configure a trunk (--trunk) and restart the server";
    StandBy => "stand_by", Installation,
        "待命：另一进程正在此日志上拨号，必要时由本进程接管",
        "standing by: another process dials on this log, and this one takes over",
        "无需操作；请查看正在拨号的进程",
        "nothing here; look at the process that dials";
    Draining => "draining", Installation,
        "正在退出或拨号锁已丢失：不再拨号，进行中的通话继续到结束",
        "the process is shutting down or has lost the driver lock: nothing is dialed, live calls finish",
        "等待通话结束；如非有意退出，请检查数据库后重启服务",
        "wait for the calls to end; if it was not intended, check the database and restart the server";
    RestoreUnconfirmed => "restore_unconfirmed", Installation,
        "已暂停：日志由备份恢复，备份之后可能已呼叫过客户",
        "PAUSED: this log was restored from a backup, and people may have been called since",
        "核对恢复丢失的内容，然后执行：ledgerline backup confirm --reason TEXT",
        "check what the restore lost, then run: ledgerline backup confirm --reason TEXT";
    HistoryLost => "history_lost", Installation,
        "已暂停：日志缺少已知的事件，其间可能已呼叫过客户",
        "PAUSED: this log lacks events that were known, and people may have been called in them",
        "恢复完整日志，或核对后执行：ledgerline backup confirm --reason TEXT",
        "put the whole log back, or check what is lost and run: ledgerline backup confirm --reason TEXT";
    LogDamaged => "log_damaged", Installation,
        "已停止：日志有记录无法读取，不再拨号",
        "STOPPED: a record of the log cannot be read; nothing is dialed",
        "执行 ledgerline audit verify 查明位置，从备份恢复日志后重启",
        "run ledgerline audit verify to list the positions, restore the log from a backup, then start again";
    DatabaseAway => "database_away", Installation,
        "已暂停：日志、密钥或视图所在的数据库不可用",
        "PAUSED: the database of the log, the keys or the views is not available",
        "检查数据库及其网络连接；恢复后自动继续拨号",
        "check the database and its network; dialing continues by itself";
    DiskFull => "disk_full", Installation,
        "已暂停：磁盘空间不足，无法写入日志或录音",
        "PAUSED: the disk has no room for the log or for a recording",
        "清理磁盘空间；之后自动继续拨号",
        "make room on the disk; dialing continues by itself";
    NoDescriptors => "no_descriptors", Installation,
        "已暂停：本机文件描述符用尽，无法建立通话",
        "PAUSED: this process has no free file descriptor for a call",
        "提高 ulimit -n（LimitNOFILE），或减少线路并发上限（legs-max）",
        "raise ulimit -n (LimitNOFILE), or lower the calls of the trunks (legs-max)";
    ClockOffset => "clock_offset", Installation,
        "已暂停：时钟不准",
        "PAUSED: the clock is wrong",
        "校准本机时钟；核对无误后执行：ledgerline clock confirm --reason TEXT",
        "set the clock of this machine; if it is right, run: ledgerline clock confirm --reason TEXT";
    ViewsBehind => "views_behind", Installation,
        "视图落后于日志，到期客户推迟拨打",
        "the views are behind the log, so due customers are dialed late or not at all",
        "执行 ledgerline projections status 查看原因",
        "run ledgerline projections status to see why";
    EmergencyStop => "emergency_stop", Installation,
        "已停止：全局紧急停止生效中",
        "STOPPED: an emergency stop of everything is engaged",
        "原因消除后执行：ledgerline stop lift all --reason TEXT",
        "when its cause is gone, run: ledgerline stop lift all --reason TEXT";
    TrunksUnavailable => "trunks_unavailable", Installation,
        "所有线路均不可用，无法拨号",
        "no trunk takes calls",
        "查看各线路的原因",
        "see the reason of each trunk";
    TrunkFailing => "trunk_failing", Trunk,
        "线路连续失败或对探测无应答，暂不承接呼叫",
        "the trunk failed several times in a row or does not answer probes; it takes no calls",
        "检查线路地址、账号和网络，或联系运营商",
        "check the trunk's address, account and network, or ask the carrier";
    CallerNumberExpired => "caller_number_expired", Trunk,
        "线路的主叫号码资质已到期，不再使用",
        "the licence of every caller number of the trunk has ended",
        "续期号码资质并更新线路的有效期，或更换主叫号码",
        "renew the licence and set its new last day at the trunk, or use another caller number";
    CallerNumberExhausted => "caller_number_exhausted", Trunk,
        "线路的主叫号码均已达到并发上限",
        "every caller number of the trunk is in as many calls as it may be",
        "等待通话结束，或增加主叫号码",
        "wait for calls to end, or add caller numbers";
    TrunkStopped => "trunk_stopped", Trunk,
        "线路的紧急停止生效中",
        "an emergency stop of the trunk is engaged",
        "原因消除后执行：ledgerline stop lift trunk.NAME --reason TEXT",
        "when its cause is gone, run: ledgerline stop lift trunk.NAME --reason TEXT";
    PresetStopped => "preset_stopped", Preset,
        "预设的紧急停止生效中",
        "an emergency stop of the preset is engaged",
        "原因消除后执行：ledgerline stop lift preset.CODE --reason TEXT",
        "when its cause is gone, run: ledgerline stop lift preset.CODE --reason TEXT";
    CampaignStopped => "campaign_stopped", Campaign,
        "任务的紧急停止生效中",
        "an emergency stop of the campaign is engaged",
        "原因消除后执行：ledgerline stop lift campaign.ID --reason TEXT",
        "when its cause is gone, run: ledgerline stop lift campaign.ID --reason TEXT";
    PausedByUser => "paused_by_user", Campaign,
        "任务已由用户暂停",
        "a user paused the campaign",
        "需要时恢复任务",
        "resume the campaign when it may go on";
    PausedBySystem => "paused_by_system", Campaign,
        "任务已由系统自动暂停",
        "the server paused the campaign",
        "消除原因后恢复任务",
        "remove the cause, then resume the campaign";
    ApprovalPending => "approval_pending", Campaign,
        "等待他人审批",
        "another person's approval is pending",
        "请有权限的其他用户审批",
        "ask another user who may approve it";
    OutsideHours => "outside_hours", Campaign,
        "不在可呼叫时段内",
        "it is outside the calling hours",
        "无需操作；到时自动继续",
        "nothing; dialing continues at the time given";
    StageLimit => "stage_limit", Campaign,
        "已达到当前上线阶段的上限",
        "the limit of the campaign's stage is reached",
        "等待次日，或在条件满足后进入下一阶段",
        "wait for the next day, or promote the campaign when its evidence suffices";
    QuotaFull => "quota_full", Campaign,
        "有配额已满，该组客户不再拨打",
        "a quota is full, so customers of its group are not dialed",
        "等待次日，或调整配额",
        "wait for the next day, or change the quota";
    EngineFailing => "engine_failing", Campaign,
        "任务话术所需的语音引擎无应答",
        "a speech engine that the campaign's flow needs does not answer",
        "检查语音引擎；探测恢复后自动继续",
        "check the engine; dialing continues when a probe is answered";
    NoAgents => "no_agents", Campaign,
        "任务需要坐席接听，而拨号进程没有坐席",
        "agents take the calls of the campaign, and the dialing process has none",
        "接入坐席，或改用机器人接听的外呼方式",
        "connect agents, or use a dialing mode in which a robot answers";
    NoCustomerDue => "no_customer_due", Campaign,
        "当前没有到期的客户",
        "no customer is due now",
        "无需操作；需要时导入名单",
        "nothing; import a list if there should be customers";
}

impl PauseCode {
    /// Returns the word for the state of dialing that `/readyz` has always used in its member `dialing`;
    /// `None` for codes that do not change it.
    pub const fn dialing_word(self) -> Option<&'static str> {
        match self {
            Self::NoTrunk => Some("no-trunk"),
            Self::StandBy => Some("standing-by"),
            Self::Draining => Some("draining"),
            Self::RestoreUnconfirmed => Some("paused-after-restore"),
            Self::HistoryLost => Some("paused-history-lost"),
            Self::LogDamaged => Some("stopped-damaged-log"),
            Self::DatabaseAway | Self::DiskFull => Some("paused-no-room"),
            Self::ClockOffset => Some("paused-clock-wrong"),
            Self::EmergencyStop => Some("stopped"),
            Self::NoDescriptors
            | Self::ViewsBehind
            | Self::TrunksUnavailable
            | Self::TrunkFailing
            | Self::CallerNumberExpired
            | Self::CallerNumberExhausted
            | Self::TrunkStopped
            | Self::PresetStopped
            | Self::CampaignStopped
            | Self::PausedByUser
            | Self::PausedBySystem
            | Self::ApprovalPending
            | Self::OutsideHours
            | Self::StageLimit
            | Self::QuotaFull
            | Self::EngineFailing
            | Self::NoAgents
            | Self::NoCustomerDue => None,
        }
    }
}

/// A set of codes. It is as small as a number, because every `Problem` has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PauseCodeSet(u32);

impl PauseCodeSet {
    /// Returns the codes of the set, in the order of `PauseCode::ALL`.
    pub fn codes(self) -> Vec<PauseCode> {
        let codes = PauseCode::ALL.iter().copied();
        codes.filter(|code| self.0 & Self::bit(*code) != 0).collect()
    }

    fn bit(code: PauseCode) -> u32 {
        let place = (0_u32..).zip(PauseCode::ALL).find(|(_, one)| **one == code);
        place.map_or(0, |(place, _)| 1_u32.checked_shl(place).unwrap_or(0))
    }
}

impl FromIterator<PauseCode> for PauseCodeSet {
    fn from_iter<I: IntoIterator<Item = PauseCode>>(codes: I) -> Self {
        Self(codes.into_iter().fold(0, |set, code| set | Self::bit(code)))
    }
}
