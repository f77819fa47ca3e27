//! The name of a saved report, which is its id and stands in its address.

use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use values::ids::{InvalidId, login_name, text_id};

text_id!(
    /// A saved report, by the name that somebody gave it: small letters and digits, as in an address.
    SavedReportId, "saved report", login_name, NAME, "weekly-answers"
);

/// The alphabet of a user's name.
const NAME: &str = "^[a-z0-9_.-]{1,64}$";
