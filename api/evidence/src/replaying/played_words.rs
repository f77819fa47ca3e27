//! The words of a text as they were played, with values filled in. The values are masked unless clear text is
//! asked for. Values of the person are sealed: masked, they become stars. What the callee said is masked as
//! in a transcript.

use super::replay_inputs::Conversation;
use super::response::{CalleeWordsForm, PlayedTextResponse};
use application::transcript_masking::masked_words;
use domain::call::event::CallEvent;
use domain::flow::{FlowAction, variables_of};
use domain::personal::{Personal, mask_name};
use std::collections::BTreeMap;

/// Variables and slots with one of these in their name contain a person's name.
const OF_NAMES: [&str; 4] = ["name", "姓名", "名字", "称呼"];

/// Longest full name in characters: a family name of two and a given name of two.
const FULL_NAME_CHARS_MAX: usize = 4;

/// Text placed before a value so that the transcript's masking takes the value for a name if it can be one.
const INTRODUCTION: &str = "我是";

impl Conversation {
    /// Returns true if every value in the call's texts is known: none was erased, and the variables are the
    /// customer's own.
    pub(super) fn knows_values(&self) -> bool {
        let is_known = |value: &Personal<String>| value.value().is_some();
        self.are_variables_known
            && self.events.iter().all(|happened| match &happened.event {
                CallEvent::Understood(fact) => fact.slots.values().all(is_known),
                CallEvent::Keypressed { digit, .. } => is_known(digit),
                _ => true,
            })
    }
}

/// Returns a text of the robot with its words as an action played them; without words if a value is no
/// longer known. `variables`: the customer's own.
pub(super) fn with_words(
    said: PlayedTextResponse,
    action: &FlowAction,
    knows_values: bool,
    variables: &BTreeMap<String, String>,
    form: CalleeWordsForm,
) -> PlayedTextResponse {
    let words = match action {
        FlowAction::Notice { text, .. } => Some(text.clone()),
        FlowAction::Say {
            text,
            personal,
            parts,
            ..
        } => match (personal, parts.as_slice()) {
            (false, _) => Some(text.clone()),
            // The words of an answer are not on record.
            (true, []) => None,
            (true, parts) if knows_values => Some(filled(said.text.as_deref(), parts, variables, form)),
            (true, _) => None,
        },
        FlowAction::StopSaying
        | FlowAction::SpeakSlower
        | FlowAction::Listen { .. }
        | FlowAction::EnterNode { .. }
        | FlowAction::Decide { .. }
        | FlowAction::Intend { .. }
        | FlowAction::RequestTransfer { .. }
        | FlowAction::OptOut
        | FlowAction::End { .. } => None,
    };
    PlayedTextResponse {
        words: words.filter(|words| !words.is_empty()),
        ..said
    }
}

/// Joins plain parts of a text with its values in turns, plain text first.
fn filled(
    written: Option<&str>,
    parts: &[String],
    variables: &BTreeMap<String, String>,
    form: CalleeWordsForm,
) -> String {
    if form == CalleeWordsForm::Clear {
        return parts.concat();
    }
    let mut names = variables_of(written.unwrap_or_default()).into_iter();
    let mut text = String::new();
    for (place, part) in parts.iter().enumerate() {
        match place % 2 {
            0 => text.push_str(part),
            _ => text.push_str(&match names.next() {
                Some(slot) if !variables.contains_key(slot) => masked_slot(slot, part),
                variable => starred(variable, part),
            }),
        }
    }
    text
}

/// Replaces each character of a customer's value by a star; of a name, the first character stays.
fn starred(variable: Option<&str>, value: &str) -> String {
    match variable.is_some_and(is_of_name) {
        true => mask_name(value),
        false => "*".repeat(value.chars().count()),
    }
}

fn is_of_name(name: &str) -> bool {
    OF_NAMES.iter().any(|part| name.contains(part))
}

/// Masks a value that the callee said. The number of its characters stays.
fn masked_slot(slot: &str, value: &str) -> String {
    if is_of_name(slot) {
        return mask_name(value);
    }
    if value.chars().count() > FULL_NAME_CHARS_MAX {
        return masked_words(value);
    }
    let introduced = masked_words(&format!("{INTRODUCTION}{value}"));
    introduced.chars().skip(INTRODUCTION.chars().count()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::flow::{FlowPrompt, NoticeKind};

    #[test]
    fn of_slots_names_and_long_numbers_are_masked_amounts_and_days_are_not() {
        for (slot, value, shown) in [
            ("customer_name", "张三", "张*"),
            ("name", "John Smith", "J*********"),
            ("contact", "李小明", "***"),
            ("amount", "5000元", "5000元"),
            ("days", "3", "3"),
            ("card_tail", "1234", "1234"),
        ] {
            assert_eq!(masked_slot(slot, value), shown, "{slot}");
        }
        let account = masked_slot("account", "6222021234567890");
        assert!(
            !account.contains("0212345") && account.chars().count() == 16,
            "{account}"
        );
    }

    #[test]
    fn values_are_masked_and_the_text_around_them_is_not() {
        let parts = ["您好，", "张三", "，应还", "5000", "元，分", "12", "期。"].map(str::to_owned);
        let written = Some("您好，{{customer_name}}，应还{{amount}}元，分{{terms}}期。");
        let of_person = [("customer_name", "张三"), ("amount", "5000")];
        let of_person = of_person.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let shown = |form| filled(written, &parts, &BTreeMap::from(of_person.clone()), form);
        assert_eq!(shown(CalleeWordsForm::Masked), "您好，张*，应还****元，分12期。");
        assert_eq!(shown(CalleeWordsForm::Clear), "您好，张三，应还5000元，分12期。");
        let unknown = filled(None, &parts, &BTreeMap::new(), CalleeWordsForm::Masked);
        assert_eq!(
            unknown, "您好，**，应还****元，分**期。",
            "a value without a name"
        );
    }

    #[test]
    fn words_are_missing_where_a_value_is_not_known_any_more() {
        let said = || PlayedTextResponse {
            prompt: "nodes.greeting.text".to_owned(),
            variant: None,
            text: Some("您好，{{name}}。".to_owned()),
            words: None,
            spoken_chars: None,
            prompt_chars: None,
        };
        let action = |personal: bool, parts: &[&str]| FlowAction::Say {
            text: parts.concat(),
            personal,
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
            prompt: FlowPrompt {
                member: "nodes.greeting.text".to_owned(),
                variant: None,
            },
        };
        let own = BTreeMap::new();
        let words = |action: &FlowAction, known| {
            with_words(said(), action, known, &own, CalleeWordsForm::Masked).words
        };
        let filled_in = action(true, &["您好，", "张三", "。"]);
        assert_eq!(words(&filled_in, true).as_deref(), Some("您好，张*。"));
        assert_eq!(words(&filled_in, false), None, "a stand-in is not shown");
        assert_eq!(words(&action(true, &[]), true), None, "the words of an answer");
        let plain = FlowAction::Notice {
            notice: NoticeKind::Recording,
            text: "本次通话将被录音。".to_owned(),
        };
        assert_eq!(words(&plain, false).as_deref(), Some("本次通话将被录音。"));
    }
}
