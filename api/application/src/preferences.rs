//! Users' preferences for the console: read, and replaced as a whole. Each user reaches only their own.

use crate::installation::Installation;
use actors::Answer;
use domain::ids::UserId;
use domain::preference::{
    Chosen, HomePage, Preference, PreferenceCommand, PreferredLanguage, PreferredTheme,
};
use domain::problem::Problem;
use domain::stored_event::{Cause, StreamVersion};
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;

/// A request that replaces all preferences of a user. For a member that is absent, the console or the
/// browser decides.
#[derive(Debug, Default, JsonSchema)]
#[schemars(extend("examples" = [{ "language": "zh-CN", "theme": "dark", "home": "wall" }]))]
pub struct PreferenceOrder {
    language: Option<PreferredLanguage>,
    theme: Option<PreferredTheme>,
    /// The page that the console shows first.
    home: Option<HomePage>,
}

impl Order for PreferenceOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            language: body.value("language"),
            theme: body.value("theme"),
            home: body.value("home"),
        }
    }
}

impl From<PreferenceOrder> for Chosen {
    fn from(order: PreferenceOrder) -> Self {
        Self {
            language: order.language,
            theme: order.theme,
            home: order.home,
        }
    }
}

/// The preferences of a user.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Preferences")]
pub struct PreferencesShown {
    #[serde(flatten)]
    pub chosen: Chosen,
    /// Version that was read. Send it as `If-Match` when you change the preferences.
    #[schemars(example = &"\"v0\"")]
    pub etag: String,
    #[serde(skip)]
    #[schemars(skip)]
    pub version: StreamVersion,
}

impl PreferencesShown {
    fn of(chosen: Chosen, version: StreamVersion) -> Self {
        Self {
            chosen,
            etag: format!("\"v{}\"", version.0),
            version,
        }
    }
}

/// Returns the preferences of this user; empty if nothing was chosen yet.
pub async fn preferences(installation: &Installation, user: &UserId) -> Result<PreferencesShown, Problem> {
    let loaded = installation.entities.preferences.state(user).await?;
    Ok(PreferencesShown::of(loaded.state.chosen(), loaded.version))
}

/// Preferences after a change, with the answer of the entity.
pub struct PreferencesKept {
    pub shown: PreferencesShown,
    pub answer: Answer<Preference>,
}

/// Replaces the preferences of this user.
pub async fn choose(
    installation: &Installation,
    user: &UserId,
    order: PreferenceOrder,
    cause: Cause,
) -> Result<PreferencesKept, Problem> {
    let command = PreferenceCommand::Choose { chosen: order.into() };
    let answer = installation
        .entities
        .preferences
        .ask(user, command, cause)
        .await?;
    Ok(PreferencesKept {
        shown: PreferencesShown::of(answer.state.chosen(), answer.version),
        answer,
    })
}
