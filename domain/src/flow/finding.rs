//! Codes of flow faults and advice, for clients that show them, and the node that a fault belongs to.

use super::advice::Advice;
use super::fault::DefinitionFault;
use super::graph::FlowDefinition;

impl DefinitionFault {
    /// Returns the stable code of this fault. Clients look up the translated text by it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoNotice => "no_notice",
            Self::NoEnd => "no_end",
            Self::TooMany { .. } => "too_many",
            Self::BadNodeName { .. } => "bad_node_name",
            Self::BadVariableName { .. } => "bad_variable_name",
            Self::UnknownTarget { .. } => "unknown_target",
            Self::Unreachable { .. } => "unreachable",
            Self::LoopWithoutExit { .. } => "loop_without_exit",
            Self::UndefinedVariable { .. } => "undefined_variable",
            Self::WrongValue { .. } => "wrong_value",
            Self::BadText { .. } => "bad_text",
            Self::TextLength { .. } => "text_length",
            Self::VariableInNotice { .. } => "variable_in_notice",
            Self::BadKey { .. } => "bad_key",
            Self::OutOfRange { .. } => "out_of_range",
            Self::BadCondition { .. } => "bad_condition",
            Self::BadRule { .. } => "bad_rule",
            Self::BadVariants { .. } => "bad_variants",
            Self::SlotsWithoutNext { .. } => "slots_without_next",
            Self::NotAsExpected { .. } => "not_as_expected",
            Self::UnknownAnswer { .. } => "unknown_answer",
            Self::NoPlainOffer { .. } => "no_plain_offer",
            Self::BadOffer { .. } => "bad_offer",
            Self::UnknownOffer { .. } => "unknown_offer",
            Self::UnknownMessage { .. } => "unknown_message",
            Self::BadMessage { .. } => "bad_message",
            Self::BadShow { .. } => "bad_show",
            Self::BadTags { .. } => "bad_tags",
            Self::FreeDisposition { .. } => "free_disposition",
            Self::UnknownGroup { .. } => "unknown_group",
            Self::UnboundedReturn { .. } => "unbounded_return",
            Self::BadIntent { .. } => "bad_intent",
            Self::ReturnOutside { .. } => "return_outside",
            Self::NoRefusal => "no_refusal",
            Self::OptOutMismatch { .. } => "opt_out_mismatch",
        }
    }
}

impl Advice {
    /// Returns the stable code of this advice. Clients look up the translated text by it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LateIdentity { .. } => "late_identity",
            Self::LateValue { .. } => "late_value",
            Self::LateDecision { .. } => "late_decision",
            Self::LongText { .. } => "long_text",
            Self::PlainOpening { .. } => "plain_opening",
            Self::MissingPart { .. } => "missing_part",
            Self::MissingBranch { .. } => "missing_branch",
            Self::NoPerson => "no_person",
            Self::NoFabe { .. } => "no_fabe",
            Self::EmptyFabe { .. } => "empty_fabe",
            Self::UndisclosedRobot => "undisclosed_robot",
            Self::UnsentMessage { .. } => "unsent_message",
            Self::UnsaidOffer { .. } => "unsaid_offer",
        }
    }
}

impl FlowDefinition {
    /// Returns the node that a finding's member path (`nodes.NAME.…`) names; `None` for another path. Node
    /// names may contain dots; the longest matching name is used.
    pub fn node_of_place(&self, place: &str) -> Option<&str> {
        let behind = place.strip_prefix("nodes.")?;
        let fits = |name: &&String| {
            let rest = behind.strip_prefix(name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':', ' ']))
        };
        let fitting = self.nodes.keys().filter(fits);
        fitting.max_by_key(|name| name.len()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_the_longest_node_that_fits() {
        let text = "{flow: a, notices: {recording: 录音。}, start: x, on_exception: x.y, nodes: {\
            x: {say: {text: 您好。, next: x.y}}, x.y: {end: {outcome: success}}}}";
        let flow = FlowDefinition::from_yaml(text).unwrap();
        for (place, node) in [
            ("nodes.x.say", Some("x")),
            ("nodes.x.y is unreachable", Some("x.y")),
            ("nodes.x: no", Some("x")),
            ("nodes.xy: no", None),
            ("nodes: no", None),
            ("dialogue.intents", None),
        ] {
            assert_eq!(flow.node_of_place(place), node, "{place}");
        }
    }
}
