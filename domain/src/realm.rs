//! The two realms of one log: real calls, and the sandbox in which sandbox keys work (decision 0232).
//!
//! A realm is a type, so that a permit, a line and the ports of drivers of one realm do not fit the other.
//! Which realm an event belongs to is written in the name of its stream, permanently.

use serde::{Deserialize, Serialize};
use std::fmt;
use values::ids::StreamId;

/// How the name of a stream begins if its events belong to the sandbox. No aggregate has a dot in its name.
pub const SANDBOX_PREFIX: &str = "sandbox.";

/// A realm as a type. Only `Real` and `Sandbox` are realms.
pub trait Realm: sealed::Sealed + fmt::Debug + Send + Sync + 'static {
    /// The realm as a value.
    const NAME: RealmName;
}

/// Real calls to real persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Real {}

/// Calls that a line in this process simulates. No message leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sandbox {}

impl Realm for Real {
    const NAME: RealmName = RealmName::Real;
}

impl Realm for Sandbox {
    const NAME: RealmName = RealmName::Sandbox;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Real {}
    impl Sealed for super::Sandbox {}
}

/// A realm as a value, as an API key stores it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum RealmName {
    #[default]
    Real,
    Sandbox,
}

impl RealmName {
    /// Returns true for the sandbox.
    pub const fn is_sandbox(self) -> bool {
        matches!(self, Self::Sandbox)
    }

    /// Returns true for the real realm.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub const fn is_real(&self) -> bool {
        matches!(self, Self::Real)
    }

    /// Returns the realm of a stream, by its name in the log.
    pub fn of_stream(stream: &str) -> Self {
        match stream.starts_with(SANDBOX_PREFIX) {
            true => Self::Sandbox,
            false => Self::Real,
        }
    }

    /// Returns the name in the log of a stream of this realm.
    pub fn name_in_log(self, stream: &StreamId) -> StreamId {
        match self {
            Self::Real => stream.clone(),
            Self::Sandbox => StreamId::from_stored(format!("{SANDBOX_PREFIX}{stream}")),
        }
    }

    /// Returns a text that is different in each realm, for ids that are derived from a name alone.
    pub fn own_name(self, name: &str) -> String {
        match self {
            Self::Real => name.to_owned(),
            Self::Sandbox => format!("{SANDBOX_PREFIX}{name}"),
        }
    }
}
