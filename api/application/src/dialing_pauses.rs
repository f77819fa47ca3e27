//! One reason for which dialing is paused, as the API and `doctor` show it.

use domain::calling_plan::Preset;
use domain::dialing_pause::{DialingPause, PauseCode, PauseScope, PauseSubject};
use domain::ids::CampaignId;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// One reason for which dialing is paused.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DialingPause")]
pub struct DialingPauseResponse {
    pub code: PauseCode,
    /// What the reason pauses: every call, or those of the trunk, preset or campaign that is named.
    scope: PauseScope,
    /// The trunk; absent for other scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"main")]
    trunk: Option<String>,
    /// The preset; absent for other scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    preset: Option<Preset>,
    /// The campaign; absent for other scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<CampaignId>,
    /// When the reason began; null if that is not recorded.
    since: Option<Timestamp>,
    /// When dialing continues by itself; null if that depends on a person or is unknown.
    next_at: Option<Timestamp>,
    #[schemars(example = &"未配置线路，本进程不拨号")]
    zh: String,
    #[schemars(example = &"no trunk is given; nothing is dialed here")]
    en: String,
    /// What to do about the reason.
    #[schemars(example = &"配置线路（--trunk）后重启服务")]
    action_zh: &'static str,
    #[schemars(example = &"configure a trunk (--trunk) and restart the server")]
    action_en: &'static str,
}

impl From<DialingPause> for DialingPauseResponse {
    fn from(pause: DialingPause) -> Self {
        let (action_zh, action_en) = pause.code.actions();
        let (trunk, preset, campaign) = match pause.subject {
            PauseSubject::Installation => (None, None, None),
            PauseSubject::Trunk(name) => (Some(name), None, None),
            PauseSubject::Preset(preset) => (None, Some(preset), None),
            PauseSubject::Campaign(campaign) => (None, None, Some(campaign)),
        };
        Self {
            code: pause.code,
            scope: pause.code.scope(),
            trunk,
            preset,
            campaign,
            since: pause.since,
            next_at: pause.next_at,
            zh: pause.zh,
            en: pause.en,
            action_zh,
            action_en,
        }
    }
}
