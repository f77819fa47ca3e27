//! Faults of a flow that can be read but not published. Every fault names the node and the member.

use super::text::TextFault;

/// One fault of a flow definition that prevents its publication.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionFault {
    #[error("notices.recording: the recording notice must come first and cannot be empty")]
    NoNotice,
    #[error("nodes: the flow has no node that ends the call")]
    NoEnd,
    #[error("{what}: {count}, at most {count_max}")]
    TooMany {
        what: &'static str,
        count: usize,
        count_max: usize,
    },
    #[error("nodes.{node}: a node name must have 1 to 64 characters and no control characters")]
    BadNodeName { node: String },
    #[error("variables.{variable}: a variable name must have letters, digits and _, at most 64")]
    BadVariableName { variable: String },
    #[error("{member} leads to {target:?}, which is not a node")]
    UnknownTarget { member: String, target: String },
    #[error("nodes.{node} is unreachable")]
    Unreachable { node: String },
    #[error("nodes.{node} is in a loop without an exit")]
    LoopWithoutExit { node: String },
    #[error("{member}: variable {variable:?} is not declared or never set")]
    UndefinedVariable { member: String, variable: String },
    #[error("{member}: {value:?} does not match the variable's type")]
    WrongValue { member: String, value: String },
    #[error("{member}: {why}")]
    BadText { member: String, why: TextFault },
    #[error("{member}: a text must have 1 to 500 characters")]
    TextLength { member: String },
    #[error("{member}: a notice cannot contain variables")]
    VariableInNotice { member: String },
    #[error("{member}: {key:?} is not a key: 0 to 9, * or #")]
    BadKey { member: String, key: String },
    #[error("{member}: {value}, must be {min} to {max}")]
    OutOfRange {
        member: String,
        value: u64,
        min: u64,
        max: u64,
    },
    #[error("{member}: exactly one of equals, one_of, at_least and present is required")]
    BadCondition { member: String },
    #[error("{member}: a rule needs conditions, each on one subject with one comparison")]
    BadRule { member: String },
    #[error("{member}: give 1 to 5 variants, one with a weight, and a number of calls")]
    BadVariants { member: String },
    #[error("nodes.{node}: slots and on_filled must be used together")]
    SlotsWithoutNext { node: String },
    #[error("nodes.{node}: its exits do not match expect (speech, keypress or both)")]
    NotAsExpected { node: String },
    #[error("{member}: answer {answer:?} does not exist")]
    UnknownAnswer { member: String, answer: String },
    #[error("offers.plain: {plain:?} is not an offer without conditions")]
    NoPlainOffer { plain: String },
    #[error("{member}: {why}")]
    BadOffer { member: String, why: String },
    #[error("{member}: the flow has no offer {offer:?}, or it is the default offer")]
    UnknownOffer { member: String, offer: String },
    #[error("{member}: the flow has no message {message:?}")]
    UnknownMessage { member: String, message: String },
    #[error(
        "{member}: only a mail has a recipient, which is a column or an address such as wang@example.com; \
         links must be https, at most 5"
    )]
    BadMessage { member: String },
    #[error(
        "{member}: a node with a text can have 1 to 3 pictures or links, each with an https address and a \
         title, both without variables"
    )]
    BadShow { member: String },
    #[error("{member}: at most 20 tags, each 1 to 96 bytes without control characters")]
    BadTags { member: String },
    #[error("{member}: the result of a call is the outcome of its end node; use a tag for a custom result")]
    FreeDisposition { member: String },
    #[error("{member}: node group {group:?} does not exist")]
    UnknownGroup { member: String, group: String },
    #[error("nodes.{node}: a returning answer must limit its visits")]
    UnboundedReturn { node: String },
    #[error("{member}: exactly one of then, answer, replay and slower is required")]
    BadIntent { member: String },
    #[error("nodes.{node}: a call can reach return without sub_flow")]
    ReturnOutside { node: String },
    #[error("nodes: the callee cannot opt out: no end with opt_out can be reached")]
    NoRefusal,
    #[error("nodes.{node}.end: opt_out and the outcome opted_out must be used together")]
    OptOutMismatch { node: String },
}

impl DefinitionFault {
    /// Returns a fault if there are more than `count_max` items; `None` otherwise.
    pub(super) fn too_many(what: &'static str, count: usize, count_max: usize) -> Option<Self> {
        (count > count_max).then_some(Self::TooMany {
            what,
            count,
            count_max,
        })
    }
}
