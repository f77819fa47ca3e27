//! The facts that dialing depends on, and the one function that decides which reasons pause it.
//!
//! A process gathers the facts; a command that reads only the log gathers those that the log holds. A reason
//! is listed even if another one pauses the same calls. The deciders judge each dial by themselves: nothing
//! here permits or forbids one.

use crate::campaign::event::PauseReason;
use crate::campaign::{CampaignStatus, StageWaitReason};
use crate::dialing_pause::{DialingPause, PauseCode, PauseSubject};
use crate::installation::{CLOCK_SKEW_MS_MAX, ClockDoubt, ClockDoubtCause, ClockOffset, InstallationState};
use crate::stop::{StopId, StopScope};
use crate::time::Timestamp;
use values::ids::CampaignId;

/// What this process does about dialing, apart from the reasons in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DialingRole {
    /// It holds the driver lock, or no process was asked.
    #[default]
    Dialing,
    NoTrunk,
    StandBy,
    Draining,
}

/// What cannot be written or read now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageKind {
    /// A database server.
    Database,
    /// The disk of this machine: an embedded log, the keys, or a recording.
    Disk,
}

/// A failure to store or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageFailure {
    pub kind: StorageKind,
    pub detail: String,
}

/// An engaged emergency stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopFact {
    pub stop: StopId,
    /// When it was engaged; `None` if the log was not read for it.
    pub since: Option<Timestamp>,
    pub reason: Option<String>,
}

/// One trunk of the dialing process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrunkFacts {
    pub name: String,
    /// True if its health allows no calls.
    pub is_failing: bool,
    pub failures_in_a_row: u32,
    /// When one call may try a failing trunk.
    pub rests_until: Option<Timestamp>,
    /// Its caller numbers, and how many of them have no licence any more.
    pub callers_count: usize,
    pub expired_count: usize,
    /// The licensed caller numbers that are in as many calls as they may be.
    pub exhausted_count: usize,
}

impl TrunkFacts {
    const fn are_callers_expired(&self) -> bool {
        self.callers_count > 0 && self.expired_count == self.callers_count
    }

    const fn are_callers_exhausted(&self) -> bool {
        let licensed_count = self.callers_count.saturating_sub(self.expired_count);
        licensed_count > 0 && self.exhausted_count == licensed_count
    }
}

/// An approval that is not decided yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalFact {
    /// What needs the approval, in Chinese and in English.
    pub labels: (&'static str, &'static str),
    pub since: Timestamp,
}

/// A quota that is full; `until`: when it opens again, if it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaFact {
    pub name: String,
    pub until: Option<Timestamp>,
}

/// A speech engine that a campaign needs and that does not respond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineFact {
    pub engine: String,
    pub since: Timestamp,
    pub reason: String,
}

/// What is known of one campaign that is neither completed nor stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignDialingFacts {
    pub campaign: CampaignId,
    pub status: CampaignStatus,
    /// Why and since when it is paused.
    pub pause: Option<(PauseReason, Timestamp)>,
    pub approvals: Vec<ApprovalFact>,
    /// When its calling hours begin, if they are closed for all customers.
    pub closed_until: Option<Timestamp>,
    pub stage: Option<StageWaitReason>,
    pub full_quotas: Vec<QuotaFact>,
    pub engine: Option<EngineFact>,
    /// Its calls need agents, and the dialing process has none.
    pub lacks_agents: bool,
    /// Enrolments with an open grant or call.
    pub open_count: u64,
    /// The earliest due time among waiting enrolments; `None` if none waits.
    pub next_due_at: Option<Timestamp>,
}

/// All facts at one moment.
#[derive(Debug, Clone, Default)]
pub struct DialingFacts {
    pub now: Timestamp,
    pub role: DialingRole,
    /// The restores, losses and clock doubts in the log; `None` if the log could not be read.
    pub installation: Option<InstallationState>,
    /// The place of the log that cannot be read.
    pub damage: Option<String>,
    pub storage: Option<StorageFailure>,
    /// A call found no free file descriptor.
    pub lacks_descriptors: bool,
    /// The last offset of the clock from each source, and when it was measured.
    pub clock_offsets: Vec<(ClockOffset, Timestamp)>,
    /// The doubt of this process about its clock.
    pub clock_doubt: Option<ClockDoubt>,
    /// Why the views are too far behind for dialing.
    pub views: Option<String>,
    pub stops: Vec<StopFact>,
    pub trunks: Vec<TrunkFacts>,
    pub campaigns: Vec<CampaignDialingFacts>,
}

/// Returns every reason for which dialing is paused: those of the installation, then of trunks, presets and
/// campaigns.
pub fn find_dialing_pauses(facts: &DialingFacts) -> Vec<DialingPause> {
    let mut found = Vec::new();
    found.extend(find_role_pause(facts.role));
    found.extend(find_history_pauses(facts));
    found.extend(find_clock_pause(facts));
    found.extend(find_stops(facts, StopScope::All));
    found.extend(find_machine_pauses(facts));
    if !facts.trunks.is_empty() && facts.trunks.iter().all(|trunk| is_shut(facts, trunk)) {
        found.push(DialingPause::new(PauseCode::TrunksUnavailable, WIDE));
    }
    found.extend(facts.trunks.iter().flat_map(find_trunk_pauses));
    found.extend(find_stops(facts, StopScope::Trunk));
    found.extend(find_stops(facts, StopScope::Preset));
    found.extend(find_stops(facts, StopScope::Campaign));
    let campaigns = facts.campaigns.iter();
    found.extend(campaigns.flat_map(|one| find_campaign_pauses(facts.now, one)));
    found
}

/// The subject of reasons that pause every call.
const WIDE: PauseSubject = PauseSubject::Installation;

fn find_role_pause(role: DialingRole) -> Option<DialingPause> {
    let code = match role {
        DialingRole::Dialing => return None,
        DialingRole::NoTrunk => PauseCode::NoTrunk,
        DialingRole::StandBy => PauseCode::StandBy,
        DialingRole::Draining => PauseCode::Draining,
    };
    Some(DialingPause::new(code, WIDE))
}

fn find_history_pauses(facts: &DialingFacts) -> Vec<DialingPause> {
    let mut found = Vec::new();
    if let Some(installation) = &facts.installation {
        if installation.unconfirmed_restore().is_some() {
            let pause = DialingPause::new(PauseCode::RestoreUnconfirmed, WIDE);
            found.push(pause.since(installation.history_shortened_at()));
        }
        if let Some((_, since)) = installation.unconfirmed_loss() {
            found.push(DialingPause::new(PauseCode::HistoryLost, WIDE).since(Some(*since)));
        }
    }
    if let Some(damage) = &facts.damage {
        found.push(DialingPause::new(PauseCode::LogDamaged, WIDE).with_detail(damage, damage));
    }
    found
}

fn find_machine_pauses(facts: &DialingFacts) -> Vec<DialingPause> {
    let mut found = Vec::new();
    if let Some(StorageFailure { kind, detail }) = &facts.storage {
        let code = match kind {
            StorageKind::Database => PauseCode::DatabaseAway,
            StorageKind::Disk => PauseCode::DiskFull,
        };
        found.push(DialingPause::new(code, WIDE).with_detail(detail, detail));
    }
    if facts.lacks_descriptors {
        found.push(DialingPause::new(PauseCode::NoDescriptors, WIDE));
    }
    if let Some(views) = &facts.views {
        found.push(DialingPause::new(PauseCode::ViewsBehind, WIDE).with_detail(views, views));
    }
    found
}

/// Returns the reason of the clock: a doubt of this process, one in the log, or an offset over the limit.
fn find_clock_pause(facts: &DialingFacts) -> Option<DialingPause> {
    let pause = DialingPause::new(PauseCode::ClockOffset, WIDE);
    let stored = facts
        .installation
        .as_ref()
        .and_then(InstallationState::clock_doubt);
    let since = stored.map(|(_, at)| at);
    if let Some(doubt) = facts.clock_doubt.or(stored.map(|(doubt, _)| doubt)) {
        let seconds = doubt.apart_ms.unsigned_abs() / 1_000;
        let (zh, en) = match doubt.cause {
            ClockDoubtCause::WallMoved => (
                format!("本机时钟被调整过，与服务时间相差 {seconds} 秒"),
                format!("it was set, and is {seconds} s from this server's time"),
            ),
            ClockDoubtCause::BeforeLog => (
                format!("本机时钟比日志最后一个事件早 {seconds} 秒"),
                format!("it is {seconds} s before the last event of the log"),
            ),
        };
        return Some(pause.with_detail(&zh, &en).since(since));
    }
    let mut offsets = facts.clock_offsets.iter();
    let (offset, at) = offsets.find(|(offset, _)| offset.offset_ms.unsigned_abs() > CLOCK_SKEW_MS_MAX)?;
    let ClockOffset {
        offset_ms, source, ..
    } = offset;
    let zh = format!("与 {source} 相差 {offset_ms} 毫秒，上限 {CLOCK_SKEW_MS_MAX} 毫秒");
    let en = format!("it is {offset_ms} ms from {source}, more than {CLOCK_SKEW_MS_MAX}");
    Some(pause.with_detail(&zh, &en).since(Some(*at)))
}

/// Returns the engaged stops of one scope as reasons.
fn find_stops(facts: &DialingFacts, scope: StopScope) -> impl Iterator<Item = DialingPause> {
    let of_scope = facts
        .stops
        .iter()
        .filter(move |engaged| engaged.stop.scope() == scope);
    of_scope.map(of_stop)
}

fn of_stop(engaged: &StopFact) -> DialingPause {
    let (code, subject) = match &engaged.stop {
        StopId::All => (PauseCode::EmergencyStop, WIDE),
        StopId::Trunk(name) => (PauseCode::TrunkStopped, PauseSubject::Trunk(name.clone())),
        StopId::Preset(preset) => (PauseCode::PresetStopped, PauseSubject::Preset(*preset)),
        StopId::Campaign(campaign) => (
            PauseCode::CampaignStopped,
            PauseSubject::Campaign(campaign.clone()),
        ),
    };
    let stop = engaged.stop.to_string();
    let pause = DialingPause::new(code, subject).since(engaged.since);
    let Some(reason) = &engaged.reason else {
        return pause.with_detail(&stop, &stop);
    };
    let zh = format!("{stop}，原因：{reason}");
    let en = format!("{stop}, because: {reason}");
    pause.with_detail(&zh, &en)
}

/// Returns true if the trunk takes no calls at all. One with every caller number in use is busy, not shut.
fn is_shut(facts: &DialingFacts, trunk: &TrunkFacts) -> bool {
    let own = StopId::Trunk(trunk.name.clone());
    trunk.is_failing || trunk.are_callers_expired() || facts.stops.iter().any(|engaged| engaged.stop == own)
}

fn find_trunk_pauses(trunk: &TrunkFacts) -> Vec<DialingPause> {
    let name = &trunk.name;
    let named = |code| DialingPause::new(code, PauseSubject::Trunk(name.clone()));
    let mut found = Vec::new();
    if trunk.is_failing {
        let failures = trunk.failures_in_a_row;
        let zh = format!("{name}，连续失败 {failures} 次");
        let en = format!("{name}, {failures} failures in a row");
        let pause = named(PauseCode::TrunkFailing).with_detail(&zh, &en);
        found.push(pause.until(trunk.rests_until));
    }
    if trunk.are_callers_expired() {
        found.push(named(PauseCode::CallerNumberExpired).with_detail(name, name));
    } else if trunk.are_callers_exhausted() {
        found.push(named(PauseCode::CallerNumberExhausted).with_detail(name, name));
    }
    found
}

fn find_campaign_pauses(now: Timestamp, campaign: &CampaignDialingFacts) -> Vec<DialingPause> {
    let subject = || PauseSubject::Campaign(campaign.campaign.clone());
    let mut found = Vec::new();
    if let Some((reason, since)) = &campaign.pause {
        found.push(of_pause(reason, subject()).since(Some(*since)));
    }
    if let Some(first) = campaign.approvals.iter().min_by_key(|one| one.since) {
        let (zh, en) = first.labels;
        let pause = DialingPause::new(PauseCode::ApprovalPending, subject());
        found.push(pause.with_detail(zh, en).since(Some(first.since)));
    }
    if campaign.status == CampaignStatus::Running {
        found.extend(find_running_pauses(now, campaign));
    }
    found
}

/// Returns the reason of a paused campaign: a user, or the server with its cause.
fn of_pause(reason: &PauseReason, subject: PauseSubject) -> DialingPause {
    let (zh, en) = match reason {
        PauseReason::Requested => return DialingPause::new(PauseCode::PausedByUser, subject),
        PauseReason::TrunkUnreachable => ("所有线路连续失败 3 次", "every trunk failed three times in a row"),
        PauseReason::StoreUnavailable => ("日志无法写入", "the log could not be written"),
        PauseReason::QuotaNotEvaluated => ("有配额无法判断", "one of its quotas cannot be evaluated"),
    };
    DialingPause::new(PauseCode::PausedBySystem, subject).with_detail(zh, en)
}

/// Returns the reasons of a campaign that runs, in the order in which the dialer meets them.
fn find_running_pauses(now: Timestamp, campaign: &CampaignDialingFacts) -> Vec<DialingPause> {
    let new = |code| DialingPause::new(code, PauseSubject::Campaign(campaign.campaign.clone()));
    let mut found = Vec::new();
    if let Some(engine) = &campaign.engine {
        let detail = format!("{} ({})", engine.engine, engine.reason);
        let pause = new(PauseCode::EngineFailing).with_detail(&detail, &detail);
        found.push(pause.since(Some(engine.since)));
    }
    if let Some(until) = campaign.closed_until {
        found.push(new(PauseCode::OutsideHours).until(Some(until)));
    }
    if let Some(stage) = campaign.stage {
        let pause = new(PauseCode::StageLimit).with_detail(&stage.label_zh(), &stage.to_string());
        found.push(pause.until(stage.until()));
    }
    if !campaign.full_quotas.is_empty() {
        let names: Vec<&str> = campaign
            .full_quotas
            .iter()
            .map(|quota| quota.name.as_str())
            .collect();
        let names = names.join(", ");
        let opens = campaign.full_quotas.iter().filter_map(|quota| quota.until).min();
        let pause = new(PauseCode::QuotaFull).with_detail(&names, &names);
        found.push(pause.until(opens));
    }
    if campaign.lacks_agents {
        found.push(new(PauseCode::NoAgents));
    }
    let is_due = campaign.next_due_at.is_some_and(|at| at <= now);
    if !is_due && campaign.open_count == 0 {
        found.push(new(PauseCode::NoCustomerDue).until(campaign.next_due_at));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use PauseCode as C;

    const NOW: Timestamp = Timestamp::from_micros(60_000_000);
    const LATER: Timestamp = Timestamp::from_micros(90_000_000);

    fn facts() -> DialingFacts {
        DialingFacts {
            now: NOW,
            ..DialingFacts::default()
        }
    }

    fn campaign() -> CampaignDialingFacts {
        CampaignDialingFacts {
            campaign: "T1".parse().unwrap(),
            status: CampaignStatus::Running,
            pause: None,
            approvals: Vec::new(),
            closed_until: None,
            stage: None,
            full_quotas: Vec::new(),
            engine: None,
            lacks_agents: false,
            open_count: 0,
            next_due_at: Some(NOW),
        }
    }

    fn trunk(name: &str) -> TrunkFacts {
        TrunkFacts {
            name: name.to_owned(),
            ..TrunkFacts::default()
        }
    }

    fn stop(stop: StopId) -> StopFact {
        StopFact {
            stop,
            since: Some(NOW),
            reason: Some("a wrong date".to_owned()),
        }
    }

    fn of(campaign: CampaignDialingFacts) -> DialingFacts {
        DialingFacts {
            campaigns: vec![campaign],
            ..facts()
        }
    }

    fn offset(offset_ms: i64) -> Vec<(ClockOffset, Timestamp)> {
        let offset = ClockOffset {
            offset_ms,
            round_trip_ms: 1,
            source: "ntp.example:123".to_owned(),
            uncertainty_ms: 1,
        };
        vec![(offset, NOW)]
    }

    #[track_caller]
    fn check(facts: &DialingFacts, expected: &[PauseCode]) -> Vec<DialingPause> {
        let found = find_dialing_pauses(facts);
        let codes: Vec<PauseCode> = found.iter().map(|pause| pause.code).collect();
        assert_eq!(codes, expected, "{found:?}");
        found
    }

    #[test]
    fn a_process_that_dials_has_no_reason() {
        check(&facts(), &[]);
        check(&of(campaign()), &[]);
        let trunks = vec![trunk("one")];
        check(&DialingFacts { trunks, ..facts() }, &[]);
    }

    #[test]
    fn the_role_of_the_process_is_a_reason_unless_it_dials() {
        for (role, code) in [
            (DialingRole::NoTrunk, C::NoTrunk),
            (DialingRole::StandBy, C::StandBy),
            (DialingRole::Draining, C::Draining),
        ] {
            let found = check(&DialingFacts { role, ..facts() }, &[code]);
            assert!(found[0].is_installation_wide());
        }
    }

    #[test]
    fn what_fails_on_the_machine_is_named_with_its_detail() {
        for (kind, code) in [
            (StorageKind::Database, C::DatabaseAway),
            (StorageKind::Disk, C::DiskFull),
        ] {
            let detail = "no answer".to_owned();
            let storage = Some(StorageFailure { kind, detail });
            let found = check(&DialingFacts { storage, ..facts() }, &[code]);
            assert!(found[0].en.ends_with(": no answer") && found[0].zh.ends_with("：no answer"));
        }
        let all = DialingFacts {
            damage: Some("at position 7".to_owned()),
            lacks_descriptors: true,
            views: Some("the worklist is 10001 ms behind".to_owned()),
            ..facts()
        };
        check(&all, &[C::LogDamaged, C::NoDescriptors, C::ViewsBehind]);
    }

    #[test]
    fn a_clock_two_seconds_away_is_right_and_a_millisecond_more_is_not() {
        for (offset_ms, codes) in [
            (2_000, &[][..]),
            (-2_000, &[]),
            (2_001, &[C::ClockOffset]),
            (-2_001, &[C::ClockOffset]),
        ] {
            let clock_offsets = offset(offset_ms);
            check(
                &DialingFacts {
                    clock_offsets,
                    ..facts()
                },
                codes,
            );
        }
        let clock_doubt = Some(ClockDoubt {
            cause: ClockDoubtCause::WallMoved,
            apart_ms: -3_600_000,
        });
        let found = check(
            &DialingFacts {
                clock_doubt,
                ..facts()
            },
            &[C::ClockOffset],
        );
        assert!(found[0].en.contains("3600 s"), "{found:?}");
    }

    #[test]
    fn a_stop_pauses_what_it_is_about_and_nothing_else() {
        let engaged = |id| DialingFacts {
            stops: vec![stop(id)],
            trunks: vec![trunk("one"), trunk("two")],
            ..of(campaign())
        };
        let found = check(&engaged(StopId::All), &[C::EmergencyStop]);
        assert_eq!(found[0].since, Some(NOW));
        let found = check(&engaged(StopId::Trunk("two".to_owned())), &[C::TrunkStopped]);
        assert_eq!(found[0].subject, PauseSubject::Trunk("two".to_owned()));
        let id: CampaignId = "T1".parse().unwrap();
        let found = check(&engaged(StopId::Campaign(id.clone())), &[C::CampaignStopped]);
        assert_eq!(found[0].subject, PauseSubject::Campaign(id));
        let preset = Preset::ALL[0];
        let found = check(&engaged(StopId::Preset(preset)), &[C::PresetStopped]);
        assert_eq!(found[0].subject, PauseSubject::Preset(preset));
        let only = DialingFacts {
            trunks: vec![trunk("two")],
            ..engaged(StopId::Trunk("two".to_owned()))
        };
        check(&only, &[C::TrunksUnavailable, C::TrunkStopped]);
    }

    #[test]
    fn trunks_pause_the_installation_only_if_none_takes_calls() {
        let failing = |name: &str| TrunkFacts {
            is_failing: true,
            failures_in_a_row: 3,
            rests_until: Some(LATER),
            ..trunk(name)
        };
        let callers = |expired_count, exhausted_count| TrunkFacts {
            callers_count: 2,
            expired_count,
            exhausted_count,
            ..trunk("two")
        };
        let of = |trunks| DialingFacts { trunks, ..facts() };
        let found = check(&of(vec![failing("one"), trunk("two")]), &[C::TrunkFailing]);
        assert_eq!(found[0].next_at, Some(LATER));
        let both = [C::TrunksUnavailable, C::TrunkFailing, C::CallerNumberExpired];
        check(&of(vec![failing("one"), callers(2, 0)]), &both);
        check(&of(vec![callers(1, 0)]), &[]);
        check(&of(vec![callers(0, 1)]), &[]);
        // Busy is not broken.
        check(&of(vec![callers(1, 1)]), &[C::CallerNumberExhausted]);
        check(&of(vec![callers(0, 2)]), &[C::CallerNumberExhausted]);
    }

    #[test]
    fn a_paused_campaign_names_the_user_or_the_server() {
        for (reason, code) in [
            (PauseReason::Requested, C::PausedByUser),
            (PauseReason::TrunkUnreachable, C::PausedBySystem),
            (PauseReason::StoreUnavailable, C::PausedBySystem),
            (PauseReason::QuotaNotEvaluated, C::PausedBySystem),
        ] {
            let paused = CampaignDialingFacts {
                status: CampaignStatus::Paused,
                pause: Some((reason, NOW)),
                closed_until: Some(LATER),
                next_due_at: None,
                ..campaign()
            };
            let found = check(&of(paused), &[code]);
            assert_eq!(found[0].since, Some(NOW));
        }
    }

    #[test]
    fn a_running_campaign_lists_everything_that_keeps_it_from_dialing() {
        let quota = |name: &str, until| QuotaFact {
            name: name.to_owned(),
            until,
        };
        let held = CampaignDialingFacts {
            approvals: vec![ApprovalFact {
                labels: ("名单生效", "let a list go live"),
                since: NOW,
            }],
            closed_until: Some(LATER),
            stage: Some(StageWaitReason::TestIsFull),
            full_quotas: vec![quota("north", None), quota("south", Some(LATER))],
            engine: Some(EngineFact {
                engine: "funasr".to_owned(),
                since: NOW,
                reason: "unreachable".to_owned(),
            }),
            lacks_agents: true,
            next_due_at: Some(LATER),
            ..campaign()
        };
        let expected = [
            C::ApprovalPending,
            C::EngineFailing,
            C::OutsideHours,
            C::StageLimit,
            C::QuotaFull,
            C::NoAgents,
            C::NoCustomerDue,
        ];
        let found = check(&of(held), &expected);
        assert!(found.iter().all(|pause| !pause.is_installation_wide()));
        assert_eq!(found[2].next_at, Some(LATER));
        assert_eq!(
            (found[4].en.contains("north, south"), found[4].next_at),
            (true, Some(LATER))
        );
    }

    #[test]
    fn no_customer_is_due_only_if_none_is_due_or_on_a_call() {
        for (next_due_at, open_count, codes) in [
            (Some(NOW), 0, &[][..]),
            (Some(LATER), 1, &[]),
            (Some(LATER), 0, &[C::NoCustomerDue]),
            (None, 0, &[C::NoCustomerDue]),
        ] {
            let waiting = CampaignDialingFacts {
                next_due_at,
                open_count,
                ..campaign()
            };
            check(&of(waiting), codes);
        }
        // A draft is not paused.
        let draft = CampaignDialingFacts {
            status: CampaignStatus::Draft,
            next_due_at: None,
            ..campaign()
        };
        check(&of(draft), &[]);
    }
}
