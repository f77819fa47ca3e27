//! The id of a chart: the name of its metric.

use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use values::ids::{InvalidId, plain_word, text_id};

text_id!(
    /// The id of a chart in the console: the name of its metric.
    ChartId, "chart", plain_word, NAME, "answer_ratio_per_call"
);

/// The pattern of the id, as for metrics and campaigns.
const NAME: &str = "^[A-Za-z0-9_.-]{1,64}$";
