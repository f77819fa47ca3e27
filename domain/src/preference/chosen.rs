//! What a user can prefer: closed lists, so that no text of anybody's is kept, and nothing personal.

use serde::{Deserialize, Serialize};

/// What a user has chosen; what is absent is left to the console and the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "PreferencesChosen")]
pub struct Chosen {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<PreferredLanguage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theme: Option<PreferredTheme>,
    /// The page that is shown first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<HomePage>,
}

/// In which language the console speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum PreferredLanguage {
    #[serde(rename = "zh-CN")]
    Chinese,
    #[serde(rename = "en")]
    English,
}

/// How the console looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PreferredTheme {
    Light,
    Dark,
}

/// Pages of the console that are about nobody and nothing in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HomePage {
    Home,
    Campaigns,
    Wall,
    Customers,
    Calls,
    Flows,
    Reports,
    Alerts,
    Lines,
    Approvals,
    Compliance,
    Samples,
    Labels,
    Events,
    Audit,
}
