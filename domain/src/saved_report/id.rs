//! The id of a saved report: its name, which is part of its URL.

use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use values::ids::{InvalidId, login_name, text_id};

text_id!(
    /// The name of a saved report, chosen by its author: lower-case letters, digits, `_`, `.` and `-`.
    SavedReportId, "saved report", login_name, NAME, "weekly-answers"
);

/// The pattern of the name, as for user names.
const NAME: &str = "^[a-z0-9_.-]{1,64}$";
