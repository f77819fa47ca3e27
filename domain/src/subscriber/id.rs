//! The id of a subscriber: its name, and the user it belongs to.

use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use values::ids::{InvalidId, UserId, login_name, plain_word, text_id};

text_id!(
    /// The id of a subscriber: `crm` for the owner of the data directory, `crm@wang` for a user.
    SubscriberId, "subscriber", subscriber_name, SUBSCRIBER_NAME, "crm@wang"
);

/// The pattern of the id.
const SUBSCRIBER_NAME: &str = "^[A-Za-z0-9_.-]{1,64}(@[a-z0-9_.-]{1,64})?$";

fn subscriber_name(text: &str) -> Result<(), &'static str> {
    let (name, user) = text.split_once('@').unwrap_or((text, "-"));
    plain_word(name)?;
    login_name(user)
}

impl SubscriberId {
    /// Returns the id of a user's subscriber `name`; without a user, of the owner of the data directory.
    /// Fails if the name is not valid.
    pub fn of(name: &str, user: Option<&UserId>) -> Result<Self, InvalidId> {
        plain_word(name).map_err(|why| InvalidId {
            kind: "subscriber",
            text: name.to_owned(),
            why,
        })?;
        match user {
            None => name.parse(),
            Some(user) => format!("{name}@{user}").parse(),
        }
    }

    /// Returns the user that the subscriber belongs to; `None`: the owner of the data directory.
    pub fn owner(&self) -> Option<UserId> {
        self.0.split_once('@').and_then(|(_, user)| user.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_user_s_or_the_owner_s() {
        let user: UserId = "wang".parse().unwrap();
        let of = |name, user| SubscriberId::of(name, user).map(|id| id.to_string());
        assert_eq!(of("crm", Some(&user)), Ok("crm@wang".to_owned()));
        assert_eq!(of("crm", None), Ok("crm".to_owned()));
        assert!(of("crm@li", Some(&user)).is_err());
        let id: SubscriberId = "crm@wang".parse().unwrap();
        assert_eq!(id.owner(), Some(user));
        for wrong in ["", "@wang", "crm@", "crm@Wang", "a@b@c", "a/b"] {
            assert!(wrong.parse::<SubscriberId>().is_err(), "{wrong}");
        }
    }
}
