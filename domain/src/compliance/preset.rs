//! The presets: hours, caps and needs of each named set of rules, with source and status.
//!
//! They are defaults as far as their sources are known; the operator's own counsel decides. A preset that
//! needs a fact nobody keeps yet names it, and every dial under it is refused: unknown means no.

use self::CountedCalls::{Answered, Dialed, Unanswered};
use self::CountedOver::{Matter, Number, Person};
use self::Period::{LocalDays, RollingMs};
use super::zones::BEIJING;
use crate::calling_plan::Preset;
use chrono_tz::Tz;

/// What one preset asks of a dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresetRules {
    /// First minute of the local day in which a dial may start.
    pub opens_minute: u16,
    /// First minute in which none may.
    pub closes_minute: u16,
    /// The zone the text of the preset names; the callee's own zones bind beside it.
    pub zone: Option<Tz>,
    /// Recorded consent with kept evidence is needed whatever the basis.
    pub needs_consent: bool,
    /// Numbers issued in Xinjiang and Tibet are barred.
    pub bars_xinjiang_and_tibet: bool,
    pub caps: &'static [FrequencyCap],
    /// Facts it needs that are not kept yet: while there is one, every dial is refused.
    pub missing_facts: &'static [&'static str],
    pub source: &'static str,
}

/// The most calls in a period, counted in one way over one counter: one dial more is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrequencyCap {
    pub counted: CountedCalls,
    pub over: CountedOver,
    pub period: Period,
    pub calls_max: u32,
}

/// Which calls count. An open call counts as each of them until it is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedCalls {
    Dialed,
    Answered,
    Unanswered,
}

/// Whose calls count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedOver {
    /// One phone number, over all persons and campaigns.
    Number,
    /// One person, over all campaigns.
    Person,
    /// One person and matter (by default the campaign).
    Matter,
}

/// Over which time calls count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// So many of the callee's local days, today included.
    LocalDays(u32),
    /// So many milliseconds back from now.
    RollingMs(u64),
}

const fn cap(counted: CountedCalls, over: CountedOver, period: Period, calls_max: u32) -> FrequencyCap {
    FrequencyCap {
        counted,
        over,
        period,
        calls_max,
    }
}

/// 24 hours, the longer window of the cloud trunk's terms.
const DAY_MS: u64 = 24 * 3_600_000;
/// 5 minutes, the shorter one.
const FIVE_MINUTES_MS: u64 = 5 * 60_000;

static CN_SERVICE: PresetRules = PresetRules {
    opens_minute: 9 * 60,
    closes_minute: 20 * 60,
    zone: Some(BEIJING),
    needs_consent: false,
    bars_xinjiang_and_tibet: false,
    caps: &[cap(Dialed, Number, LocalDays(1), 2)],
    missing_facts: &[],
    source: "operator default for the institution's own customers",
};

static CN_MARKETING: PresetRules = PresetRules {
    opens_minute: 9 * 60,
    closes_minute: 20 * 60,
    zone: Some(BEIJING),
    needs_consent: true,
    bars_xinjiang_and_tibet: false,
    caps: &[cap(Dialed, Number, LocalDays(1), 2)],
    missing_facts: &[],
    source: "operator default; consent and evidence: 2018 plan of 13 departments, MIIT 2020 draft on messages \
             and voice calls (draft; verify before quoting)",
};

static CN_COLLECTION: PresetRules = PresetRules {
    opens_minute: 8 * 60,
    closes_minute: 22 * 60,
    zone: Some(BEIJING),
    needs_consent: false,
    bars_xinjiang_and_tibet: false,
    caps: &[
        cap(Answered, Person, LocalDays(1), 3),
        cap(Unanswered, Number, LocalDays(1), 6),
    ],
    missing_facts: &[],
    source: "GB/T 45251-2025; bankers' guideline 2026 (trial); verify before quoting",
};

static CN_CLOUD_TRUNK: PresetRules = PresetRules {
    opens_minute: 8 * 60,
    closes_minute: 21 * 60,
    zone: Some(BEIJING),
    needs_consent: false,
    bars_xinjiang_and_tibet: true,
    caps: &[
        cap(Dialed, Number, RollingMs(DAY_MS), 5),
        cap(Dialed, Number, RollingMs(FIVE_MINUTES_MS), 3),
    ],
    missing_facts: &[],
    source: "a large cloud's published terms",
};

static US_TSR: PresetRules = PresetRules {
    opens_minute: 8 * 60,
    closes_minute: 21 * 60,
    zone: None,
    needs_consent: true,
    bars_xinjiang_and_tibet: false,
    caps: &[],
    missing_facts: &["do_not_call_registry", "abandon_ratio"],
    source: "16 CFR 310; FCC 2024 on AI voices (prior express consent)",
};

static US_REGF: PresetRules = PresetRules {
    opens_minute: 8 * 60,
    closes_minute: 21 * 60,
    zone: None,
    // Not of 12 CFR 1006: a robot's or recorded voice to a US phone needs prior express consent (FCC 2024).
    needs_consent: true,
    bars_xinjiang_and_tibet: false,
    // 12 CFR 1006.14(b)(2): more than seven calls within seven consecutive days, or any within seven
    // consecutive days after a conversation, the day of the conversation being the first. Every answered
    // call is taken for a conversation.
    caps: &[
        cap(Dialed, Matter, LocalDays(7), 7),
        cap(Answered, Matter, LocalDays(7), 1),
    ],
    missing_facts: &[],
    source: "12 CFR 1006.6, 1006.14; FCC 2024 on AI voices",
};

static EU_GDPR: PresetRules = PresetRules {
    opens_minute: 9 * 60,
    closes_minute: 20 * 60,
    zone: None,
    needs_consent: true,
    bars_xinjiang_and_tibet: false,
    caps: &[],
    missing_facts: &[],
    source: "GDPR; ePrivacy directive 2002/58/EC, article 13 (automated calls need prior consent); hours \
             are a default of ours, the law is national",
};

/// What a preset asks.
pub fn rules_of(preset: Preset) -> &'static PresetRules {
    match preset {
        Preset::CnService => &CN_SERVICE,
        Preset::CnMarketing => &CN_MARKETING,
        Preset::CnCollection => &CN_COLLECTION,
        Preset::CnCloudTrunk => &CN_CLOUD_TRUNK,
        Preset::UsTsr => &US_TSR,
        Preset::UsRegf => &US_REGF,
        Preset::EuGdpr => &EU_GDPR,
    }
}
