//! Which chart a note stands on, by the name of what it shows.

use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use values::ids::{InvalidId, plain_word, text_id};

text_id!(
    /// A chart, by the name of its metric.
    ChartId, "chart", plain_word, NAME, "answer_ratio_per_call"
);

/// As metrics and campaigns are named.
const NAME: &str = "^[A-Za-z0-9_.-]{1,64}$";
