//! The preferences that a user can set. All values come from closed lists, so no free text and no personal
//! data is stored.

use serde::{Deserialize, Serialize};

/// The preferences of a user. For an absent one the console and the browser decide.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[schemars(rename = "UserPreferences")]
pub struct UserPreferences {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<PreferredLanguage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theme: Option<PreferredTheme>,
    /// The first page after sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<HomePage>,
}

/// The language of the console.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
pub enum PreferredLanguage {
    #[serde(rename = "zh-CN")]
    Chinese,
    #[serde(rename = "en")]
    English,
}

/// The color theme of the console.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum PreferredTheme {
    Light,
    Dark,
}

/// Pages of the console that concern no single record.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
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
