//! The plan of a saved report: its figures, schedule and channels, with their limits, and the due times that
//! follow.

use crate::time::Timestamp;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use values::ids::{CampaignId, UserId, WebhookId};

/// Longest title of a report, in bytes; a longer one is a fault. It is a mail's subject line.
pub const TITLE_BYTES_MAX: usize = 120;

/// Most metrics of one report; more are a fault. They fit on one page.
pub const METRICS_MAX: usize = 12;

/// Most campaigns that a report names; more are a fault.
pub const CAMPAIGNS_MAX: usize = 20;

/// Most figures of one report, which is metrics times campaigns; more are a fault.
pub const FIGURES_MAX: usize = 60;

/// Most channels to which a report is sent; more are a fault.
pub const CHANNELS_MAX: usize = 8;

/// Most days that a report covers; more are a fault. A year.
pub const DAYS_MAX: u16 = 366;

/// Longest name of a metric or time zone in a report's plan, in bytes.
const WORD_BYTES_MAX: usize = 64;

/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;

/// Weeks for which the offset of a report's zone is checked: the days that a report can cover, and one year
/// ahead.
const ZONE_WEEKS: u64 = 106;

/// Days before and after today in which a due time is searched: a month, and a day because of time zones.
const LOOKED_DAYS: u64 = 33;

/// The definition of a saved report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(title, metrics, days, zone)]
pub struct ReportPlan {
    #[schemars(example = &"接通率周报", length(min = 1, max = TITLE_BYTES_MAX))]
    pub title: String,
    /// Names of metrics. Each is shown in its current version.
    #[schemars(example = ["answer_ratio_per_call"], length(min = 1, max = METRICS_MAX))]
    pub metrics: Vec<String>,
    /// Campaigns with one figure each per metric. Absent: one figure over all campaigns that the owner may
    /// see.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = CAMPAIGNS_MAX))]
    pub campaigns: BTreeSet<CampaignId>,
    /// Number of whole days before the day of the report, in the zone.
    #[schemars(range(min = 1, max = DAYS_MAX))]
    pub days: u16,
    /// Time zone (IANA) of the days and of the sending time.
    #[schemars(example = &"Asia/Shanghai")]
    pub zone: String,
    /// The schedule. Absent: the report is sent only on request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ReportSchedule>,
    /// Alert channels and webhooks that the report is sent to.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = CHANNELS_MAX))]
    pub channels: BTreeSet<WebhookId>,
    /// Other users may read the report, each with the figures that they may see.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_shared: bool,
}

/// When a report is sent: interval, day and time.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[open(day, minute)]
pub struct ReportSchedule {
    pub every: ReportInterval,
    /// Day of the week, 1 (Monday) to 7, or of the month, 1 to 28. Absent for daily reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 28))]
    pub day: Option<u8>,
    /// Minute of the day in the zone: 540 is nine in the morning.
    #[schemars(range(min = 0, max = 1439))]
    pub minute: u16,
}

/// How often the report is sent.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ReportInterval")]
pub enum ReportInterval {
    Day,
    Week,
    Month,
}

/// Why the plan of a saved report is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanFault {
    #[error("a title of 1 to {TITLE_BYTES_MAX} bytes is required")]
    Title,
    #[error("name 1 to {METRICS_MAX} metrics, each once")]
    Metrics,
    #[error("at most {CAMPAIGNS_MAX} campaigns can be named")]
    Campaigns,
    #[error("metrics × campaigns exceed {FIGURES_MAX} figures")]
    Figures,
    #[error("it must cover 1 to {DAYS_MAX} days")]
    Days,
    #[error("{zone:?} is not a time zone with days that start at a full hour")]
    Zone { zone: String },
    #[error("at most {CHANNELS_MAX} channels can be named")]
    Channels,
    #[error("weekly: day 1 to 7; monthly: day 1 to 28; time: minute 0 to 1439 of the day")]
    Schedule,
    #[error("a schedule needs a channel to send to")]
    NoChannel,
}

impl ReportPlan {
    /// Checks the plan of a report and returns its first fault. `now` decides which weeks of the time zone
    /// are checked.
    pub fn check(&self, now: Timestamp) -> Result<(), PlanFault> {
        if self.title.trim().is_empty() || self.title.len() > TITLE_BYTES_MAX {
            return Err(PlanFault::Title);
        }
        let named: BTreeSet<&String> = self.metrics.iter().collect();
        let is_word = |name: &String| (1..=WORD_BYTES_MAX).contains(&name.len());
        let is_some = (1..=METRICS_MAX).contains(&self.metrics.len());
        if !is_some || named.len() != self.metrics.len() || !self.metrics.iter().all(is_word) {
            return Err(PlanFault::Metrics);
        }
        if self.campaigns.len() > CAMPAIGNS_MAX {
            return Err(PlanFault::Campaigns);
        }
        if self.metrics.len() * self.campaigns.len() > FIGURES_MAX {
            return Err(PlanFault::Figures);
        }
        if !(1..=DAYS_MAX).contains(&self.days) {
            return Err(PlanFault::Days);
        }
        if self.channels.len() > CHANNELS_MAX {
            return Err(PlanFault::Channels);
        }
        self.check_zone(now)?;
        self.check_schedule()
    }

    /// Checks that days in the report's zone begin at a full hour, in summer and winter, in the past and in
    /// the next year: figures are stored per hour.
    fn check_zone(&self, now: Timestamp) -> Result<(), PlanFault> {
        let fault = || PlanFault::Zone {
            zone: self.zone.chars().take(WORD_BYTES_MAX).collect(),
        };
        let zone = self.tz().ok_or_else(fault)?;
        let begins = now.plus_ms(0).to_utc().naive_utc();
        let from = begins - Days::new(u64::from(DAYS_MAX));
        let weeks = (0..ZONE_WEEKS).map(|week| from + Days::new(7 * week));
        let is_whole = |at: chrono::NaiveDateTime| {
            zone.offset_from_utc_datetime(&at).fix().local_minus_utc() % 3_600 == 0
        };
        match weeks.into_iter().all(is_whole) {
            true => Ok(()),
            false => Err(fault()),
        }
    }

    fn check_schedule(&self) -> Result<(), PlanFault> {
        let Some(schedule) = self.schedule else {
            return Ok(());
        };
        let is_day = match (schedule.every, schedule.day) {
            (ReportInterval::Day, None) => true,
            (ReportInterval::Week, Some(day)) => (1..=7).contains(&day),
            (ReportInterval::Month, Some(day)) => (1..=28).contains(&day),
            (ReportInterval::Day, Some(_)) | (ReportInterval::Week | ReportInterval::Month, None) => false,
        };
        if !is_day || schedule.minute >= DAY_MINUTES {
            return Err(PlanFault::Schedule);
        }
        if self.channels.is_empty() {
            return Err(PlanFault::NoChannel);
        }
        Ok(())
    }

    fn tz(&self) -> Option<Tz> {
        self.zone.parse().ok()
    }

    /// Returns the last due time of the schedule at or before `now`; `None` without a schedule.
    pub fn last_due(&self, now: Timestamp) -> Option<Timestamp> {
        let (zone, today) = self.today(now)?;
        let days = (0..LOOKED_DAYS).filter_map(|back| today.checked_sub_days(Days::new(back)));
        let dues = days.filter_map(|day| self.due_on(zone, day));
        dues.into_iter().find(|due| *due <= now)
    }

    /// Returns the first due time of the schedule after `now`; `None` without a schedule.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let (zone, today) = self.today(now)?;
        let days = (0..LOOKED_DAYS).filter_map(|ahead| today.checked_add_days(Days::new(ahead)));
        let dues = days.filter_map(|day| self.due_on(zone, day));
        dues.into_iter().find(|due| *due > now)
    }

    fn today(&self, now: Timestamp) -> Option<(Tz, NaiveDate)> {
        let zone = self.tz()?;
        Some((zone, now.to_utc().with_timezone(&zone).date_naive()))
    }

    fn due_on(&self, zone: Tz, day: NaiveDate) -> Option<Timestamp> {
        let schedule = self.schedule?;
        let is_meant = match schedule.every {
            ReportInterval::Day => true,
            ReportInterval::Week => Some(day.weekday().number_from_monday()) == schedule.day.map(u32::from),
            ReportInterval::Month => Some(day.day()) == schedule.day.map(u32::from),
        };
        is_meant.then_some(())?;
        let minute = u32::from(schedule.minute);
        instant(zone, day, NaiveTime::from_hms_opt(minute / 60, minute % 60, 0)?)
    }

    /// Returns the period that a report generated at `at` covers: its start and its exclusive end. `None`
    /// if the zone is unknown.
    pub fn window(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let (zone, today) = self.today(at)?;
        let first = today.checked_sub_days(Days::new(u64::from(self.days)))?;
        Some((
            instant(zone, first, NaiveTime::MIN)?,
            instant(zone, today, NaiveTime::MIN)?,
        ))
    }

    /// Returns true if `reader` may read the report: it is shared, or the reader is the owner.
    pub fn is_for(&self, owner: Option<&UserId>, reader: Option<&UserId>) -> bool {
        self.is_shared || owner == reader
    }
}

/// Returns the instant of a local time on a day in a zone; if a clock change skips it, one hour later.
fn instant(zone: Tz, day: NaiveDate, time: NaiveTime) -> Option<Timestamp> {
    let local = day.and_time(time);
    let found = zone.from_local_datetime(&local).earliest();
    let found = found.or_else(|| {
        let later = local.checked_add_signed(chrono::TimeDelta::hours(1))?;
        zone.from_local_datetime(&later).earliest()
    });
    let utc: DateTime<Utc> = found?.with_timezone(&Utc);
    Some(Timestamp::from_micros(utc.timestamp_micros()))
}
