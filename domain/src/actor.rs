//! The user or program that requested a command, and how it signed in, as stored in an event's envelope.
//!
//! It travels with the cause of every command, so it is `Copy` and holds its text inline.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use values::ids::KeyId;

/// The most bytes of an actor's name; a longer name is cut. The same as for readers in events from the
/// start.
pub const ACTOR_BYTES_MAX: usize = 64;

/// How the user or program that requested a command signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInMethod {
    /// With the directory's own key, or on the directory itself: the name is a claim of the key's holder.
    Directory,
    /// Signed in with a browser session.
    Session,
    /// With an API key.
    Key(KeyId),
    /// With the set-up link by which a user chooses a password.
    SetUp,
    /// In a way that a newer build wrote.
    Other,
}

/// The user or program that requested a command, and how it signed in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    way: SignInMethod,
    /// Padded with zeros after `length`.
    name: [u8; ACTOR_BYTES_MAX],
    length: u8,
}

impl Actor {
    /// Creates an actor that signed in by `way`. A name of more than `ACTOR_BYTES_MAX` bytes is cut at a
    /// character.
    pub fn new(name: &str, way: SignInMethod) -> Self {
        let mut end = name.len().min(ACTOR_BYTES_MAX);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        let mut held = [0; ACTOR_BYTES_MAX];
        for (to, from) in held.iter_mut().zip(name.bytes().take(end)) {
            *to = from;
        }
        Self {
            way,
            name: held,
            length: u8::try_from(end).unwrap_or_default(),
        }
    }

    /// Returns the actor's name; empty if the directory's own key was used without a name.
    pub fn name(&self) -> &str {
        let held = self.name.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(held).unwrap_or_default()
    }

    pub const fn way(&self) -> SignInMethod {
        self.way
    }

    /// Returns the id of the API key that was used; `None` for other ways of signing in.
    pub const fn key(&self) -> Option<KeyId> {
        match self.way {
            SignInMethod::Key(key) => Some(key),
            SignInMethod::Directory | SignInMethod::Session | SignInMethod::SetUp | SignInMethod::Other => {
                None
            }
        }
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.name(), self.way.code())
    }
}

impl SignInMethod {
    /// Returns the stored name of the way of signing in.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Session => "session",
            Self::Key(_) => "key",
            Self::SetUp => "set_up",
            Self::Other => "other",
        }
    }
}

/// The stored form of an actor: `{"name":"wang","via":"key","key":"…"}`.
#[derive(Serialize, Deserialize)]
struct StoredActor<'a> {
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    name: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    via: std::borrow::Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<KeyId>,
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stored = StoredActor {
            name: self.name().into(),
            via: self.way.code().into(),
            key: self.key(),
        };
        stored.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = StoredActor::deserialize(deserializer)?;
        let way = match (stored.via.as_ref(), stored.key) {
            ("session", _) => SignInMethod::Session,
            ("set_up", _) => SignInMethod::SetUp,
            ("key", Some(key)) => SignInMethod::Key(key),
            ("directory", _) => SignInMethod::Directory,
            _ => SignInMethod::Other,
        };
        Ok(Self::new(&stored.name, way))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn who_acts_is_written_and_read_as_it_was() {
        let key = KeyId::new(Uuid::from_u128(7));
        for (name, way) in [
            ("wang", SignInMethod::Session),
            ("王五", SignInMethod::Directory),
            ("", SignInMethod::Directory),
            ("crm", SignInMethod::Key(key)),
        ] {
            let actor = Actor::new(name, way);
            let text = serde_json::to_string(&actor).unwrap();
            assert_eq!(serde_json::from_str::<Actor>(&text).unwrap(), actor, "{text}");
            assert_eq!((actor.name(), actor.way()), (name, way));
        }
        let anonymous = serde_json::to_string(&Actor::new("", SignInMethod::Directory)).unwrap();
        assert_eq!(anonymous, r#"{"via":"directory"}"#);
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let actor = Actor::new(&"王".repeat(40), SignInMethod::Session);
        assert_eq!(actor.name(), "王".repeat(21));
    }
}
