//! Settings of the installation: their values now or in the past, and their change.
//!
//! Code that depends on a setting reads it when it needs it. A change applies from then on in every process
//! on the log, without a restart.

use crate::as_of::{Moment, PastMomentInfo, entity_then};
use crate::installation::Installation;
use actors::Answer;
use domain::alert::AlertLimits;
use domain::problem::Problem;
use domain::setting::{Setting, SettingCommand, SettingName};
use domain::stored_event::{Cause, StreamVersion};
use schemars::JsonSchema;
use serde::Serialize;

/// One setting with its value, default and limits.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Setting")]
pub struct SettingResponse {
    pub name: SettingName,
    #[schemars(example = &"接通率下限（千分比）")]
    pub zh: &'static str,
    #[schemars(example = &"answer rate that raises an alert, per mille")]
    pub en: &'static str,
    pub value: u64,
    pub default: u64,
    pub least: u64,
    pub most: u64,
    /// Version that was read. Send it as `If-Match` when you change the setting.
    #[schemars(example = &"\"v0\"")]
    pub etag: String,
    #[serde(skip)]
    #[schemars(skip)]
    pub version: StreamVersion,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
}

impl SettingResponse {
    fn of(name: SettingName, value: u64, version: StreamVersion, known: Option<PastMomentInfo>) -> Self {
        let (zh, en) = name.labels();
        let (least, most) = name.bounds();
        Self {
            name,
            zh,
            en,
            value,
            default: name.default_value(),
            least,
            most,
            etag: format!("\"v{}\"", version.0),
            version,
            known,
        }
    }
}

/// A list of all settings.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SettingList {
    pub items: Vec<SettingResponse>,
}

impl Installation {
    /// Returns the current value of a setting, or its default if it was never changed.
    pub async fn setting(&self, name: SettingName) -> Result<u64, Problem> {
        let loaded = self.entities.settings.state(&name).await?;
        Ok(loaded.state.value(name))
    }

    /// Returns the current limits of alerts, read from the settings.
    pub async fn alert_limits(&self) -> Result<AlertLimits, Problem> {
        let whole = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        Ok(AlertLimits {
            answer_per_mille_min: whole(self.setting(SettingName::AnswerPerMilleMin).await?),
            settled_min: self.setting(SettingName::SettledCallsMin).await?,
            line_failures_max: whole(self.setting(SettingName::LineFailuresMax).await?),
            lag_events_max: whole(self.setting(SettingName::ViewsBehindEventsMax).await?),
            abandoned_per_mille_max: whole(self.setting(SettingName::AbandonedPerMilleMax).await?),
            person_answered_min: whole(self.setting(SettingName::PersonAnsweredCallsMin).await?),
            ..AlertLimits::default()
        })
    }
}

/// Returns one setting, now or at a past moment. Its version is the one at that moment.
pub async fn setting(
    installation: &Installation,
    name: SettingName,
    moment: &Moment,
) -> Result<SettingResponse, Problem> {
    if moment.is_now() {
        let loaded = installation.entities.settings.state(&name).await?;
        return Ok(SettingResponse::of(
            name,
            loaded.state.value(name),
            loaded.version,
            None,
        ));
    }
    let then = moment.resolve(installation.store(), installation.now()).await?;
    let entity =
        entity_then::<Setting>(installation.store(), &name, &then, installation.vault(), None).await?;
    let known = entity.known(&then);
    let version = StreamVersion(entity.events);
    Ok(SettingResponse::of(
        name,
        entity.state.value(name),
        version,
        Some(known),
    ))
}

/// Returns all settings, now or at a moment in the past.
pub async fn settings(installation: &Installation, moment: &Moment) -> Result<SettingList, Problem> {
    let mut items = Vec::with_capacity(SettingName::ALL.len());
    for name in SettingName::ALL {
        items.push(setting(installation, name, moment).await?);
    }
    Ok(SettingList { items })
}

/// A setting after a change, with the answer of the entity.
pub struct SettingChanged {
    pub shown: SettingResponse,
    pub answer: Answer<Setting>,
}

/// Changes the value of a setting, in every process on the log. Fails if it is outside the setting's
/// limits.
pub async fn change_setting(
    installation: &Installation,
    name: SettingName,
    to: u64,
    reason: String,
    cause: Cause,
) -> Result<SettingChanged, Problem> {
    let command = SettingCommand::Change { name, to, reason };
    let answer = installation.entities.settings.ask(&name, command, cause).await?;
    let shown = SettingResponse::of(name, answer.state.value(name), answer.version, None);
    Ok(SettingChanged { shown, answer })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::user::SESSION_MS;

    #[test]
    fn defaults_are_what_held_before_there_were_settings() {
        let limits = AlertLimits::default();
        let default = |name: SettingName| i64::try_from(name.default_value()).unwrap();
        for (name, value) in [
            (SettingName::AnswerPerMilleMin, limits.answer_per_mille_min),
            (
                SettingName::SettledCallsMin,
                i64::try_from(limits.settled_min).unwrap(),
            ),
            (SettingName::LineFailuresMax, limits.line_failures_max),
            (SettingName::ViewsBehindEventsMax, limits.lag_events_max),
            (SettingName::AbandonedPerMilleMax, limits.abandoned_per_mille_max),
            (SettingName::PersonAnsweredCallsMin, limits.person_answered_min),
        ] {
            assert_eq!(default(name), value, "{name}");
        }
        assert_eq!(
            SettingName::SessionHoursMax.default_value() * 3_600_000,
            SESSION_MS
        );
        let (_, most) = SettingName::AbandonedPerMilleMax.bounds();
        assert_eq!(
            i64::try_from(most).unwrap(),
            domain::alert::ABANDONED_PER_MILLE_MAX
        );
    }
}
