//! Users' preferences for the console: read, and replaced as a whole. Each user reaches only their own.

use crate::installation::Installation;
use actors::Answer;
use domain::ids::UserId;
use domain::preference::{
    HomePage, Preference, PreferenceCommand, PreferredLanguage, PreferredTheme, UserPreferences,
};
use domain::problem::Problem;
use domain::stored_event::{Cause, StreamVersion};
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;

/// A request that replaces all preferences of a user. For a member that is absent, the console or the
/// browser decides.
#[derive(Debug, Default, ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "language": "zh-CN", "theme": "dark", "home": "wall" }]))]
pub struct PreferencesRequest {
    language: Option<PreferredLanguage>,
    theme: Option<PreferredTheme>,
    /// The page that the console shows first.
    home: Option<HomePage>,
}

impl From<PreferencesRequest> for UserPreferences {
    fn from(order: PreferencesRequest) -> Self {
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
pub struct PreferencesResponse {
    #[serde(flatten)]
    pub chosen: UserPreferences,
    /// Version that was read. Send it as `If-Match` when you change the preferences.
    #[schemars(example = &"\"v0\"")]
    pub etag: String,
    #[serde(skip)]
    #[schemars(skip)]
    pub version: StreamVersion,
}

impl PreferencesResponse {
    fn of(chosen: UserPreferences, version: StreamVersion) -> Self {
        Self {
            chosen,
            etag: format!("\"v{}\"", version.0),
            version,
        }
    }
}

/// Returns the console preferences of this user; empty if none were chosen.
pub async fn preferences(installation: &Installation, user: &UserId) -> Result<PreferencesResponse, Problem> {
    let loaded = installation.entities.preferences.state(user).await?;
    Ok(PreferencesResponse::of(loaded.state.chosen(), loaded.version))
}

/// Preferences after a change, with the answer of the entity.
pub struct SavedPreferences {
    pub shown: PreferencesResponse,
    pub answer: Answer<Preference>,
}

/// Replaces all console preferences of this user. Members that are absent are removed.
pub async fn choose(
    installation: &Installation,
    user: &UserId,
    order: PreferencesRequest,
    cause: Cause,
) -> Result<SavedPreferences, Problem> {
    let command = PreferenceCommand::Choose { chosen: order.into() };
    let answer = installation
        .entities
        .preferences
        .ask(user, command, cause)
        .await?;
    Ok(SavedPreferences {
        shown: PreferencesResponse::of(answer.state.chosen(), answer.version),
        answer,
    })
}
