//! References to a published flow: `NAME` is its current version, `NAME@V` is version V.

use std::fmt;
use std::str::FromStr;
use values::ids::FlowId;
use values::named_version;

/// A reference to a flow. Without a version it means the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowSelector {
    pub flow: FlowId,
    pub version: Option<u32>,
}

/// The error for a text that is not a valid flow reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a flow: use NAME, or NAME@V with a version from 1")]
pub struct InvalidFlowName(String);

impl FromStr for FlowSelector {
    type Err = InvalidFlowName;

    fn from_str(text: &str) -> Result<Self, InvalidFlowName> {
        let named = named_version::read(text);
        let (flow, version) = named.ok_or_else(|| InvalidFlowName(text.to_owned()))?;
        Ok(Self { flow, version })
    }
}

impl fmt::Display for FlowSelector {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        named_version::write(to, &self.flow, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_version_and_one_without_are_read_and_written() {
        for text in ["card_instalment", "card_instalment@1", "A.b-c@4294967295"] {
            assert_eq!(text.parse::<FlowSelector>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "@1",
            "a@",
            "a@0",
            "a@01",
            "a@+1",
            "a@-1",
            "a@1@2",
            "a@4294967296",
            "a b@1",
        ] {
            assert!(text.parse::<FlowSelector>().is_err(), "{text}");
        }
    }
}
