//! The flow of a campaign's `script_template` (CMP-2): notices → the text → “重听请按1，转人工请按2，谢绝来电请按9” → end.
//!
//! The outcome is `success`, and so a conversion, if a person heard the text to its end. A keypress shows
//! that a person listens: key 1 (hear it again) or a wrong key, then the goodbye, is `success`. A call
//! without a keypress is `no_response` (it may have been a machine), key 2 is `callback`, key 9 is
//! `opted_out`, and a hang-up by the callee before the end is `hung_up`.

use super::graph::{FlowDefinition, Notices};
use super::nodes::{AskKeypressNode, EndNode, Node, Reprompt, SayNode, TransferNode, VisitLimit};
use super::text::{TextFault, pieces, variables_of};
use super::variable::{Variable, VariableKind};
use std::collections::BTreeMap;
use values::disposition::Outcome;
use values::ids::FlowId;

/// The notice at the start of a call that it is recorded (DLG-7).
pub const RECORDING_NOTICE: &str = "本次通话将录音。";
/// The notice that a robot speaks; on by default in the Chinese presets (DLG-7).
pub const AI_NOTICE: &str = "我是智能语音机器人。";
/// The menu of every reminder: replay, transfer, opt-out.
pub const MENU: &str = "重听请按1，转人工请按2，谢绝来电请按9。";
/// Text after key 2. It promises a callback, because agents are not built yet.
pub const CALLBACK_PROMISE: &str = "稍后会有同事给您回电，再见。";
/// Text after key 9, the opt-out.
pub const OPTED_OUT: &str = "好的，我们不会再致电，再见。";
/// Last text of a call that ends otherwise.
pub const GOODBYE: &str = "感谢接听，再见。";

/// Milliseconds that the menu waits for a key. Five seconds is usual for keypad prompts.
const MENU_TIMEOUT_MS: u64 = 5_000;

/// How many times the callee can hear the text, the first time included.
const REPLAYS_OF_TEXT_MAX: u32 = 3;

/// Returns the reminder flow that says one text; the variables of the text become required. Fails if the
/// text cannot be parsed.
pub fn from_script(flow: FlowId, script: &str) -> Result<FlowDefinition, TextFault> {
    pieces(script)?;
    let variable = |name: &str| {
        let text = Variable {
            kind: VariableKind::Text,
            required: true,
            default: None,
        };
        (name.to_owned(), text)
    };
    Ok(FlowDefinition {
        flow,
        lang: "zh-CN".to_owned(),
        variables: variables_of(script).into_iter().map(variable).collect(),
        notices: Notices {
            recording: RECORDING_NOTICE.to_owned(),
            ai: Some(AI_NOTICE.to_owned()),
        },
        start: "message".to_owned(),
        on_exception: "exception".to_owned(),
        dialogue: None,
        offers: None,
        messages: BTreeMap::new(),
        shows: BTreeMap::new(),
        nodes: nodes(script),
    })
}

fn nodes(script: &str) -> BTreeMap<String, Node> {
    let again = VisitLimit {
        max: REPLAYS_OF_TEXT_MAX,
        then: "heard".to_owned(),
    };
    [
        ("message", say(script, "menu", None)),
        ("menu", menu(reprompt(1, "silent"), reprompt(0, "menu_again"))),
        ("message_again", say(script, "menu_again", Some(again))),
        ("menu_again", menu(reprompt(0, "heard"), reprompt(1, "heard"))),
        (
            "colleague",
            Node::Transfer(TransferNode {
                text: CALLBACK_PROMISE.to_owned(),
                outcome: Outcome::Callback,
            }),
        ),
        ("refused", end(OPTED_OUT, Outcome::OptedOut)),
        ("heard", end(GOODBYE, Outcome::Success)),
        ("silent", end(GOODBYE, Outcome::NoResponse)),
        ("exception", end(GOODBYE, Outcome::Failed)),
    ]
    .map(|(name, node)| (name.to_owned(), node))
    .into()
}

/// Like `from_script`, as earlier builds made it: without `type_ahead` in its menus. A repeated request
/// that created a campaign in an earlier build is compared with this form.
pub fn from_script_without_type_ahead(flow: FlowId, script: &str) -> Result<FlowDefinition, TextFault> {
    let mut definition = from_script(flow, script)?;
    for node in definition.nodes.values_mut() {
        if let Node::AskKeypress(menu) = node {
            menu.type_ahead = false;
        }
    }
    Ok(definition)
}

fn say(text: &str, next: &str, visits: Option<VisitLimit>) -> Node {
    Node::Say(SayNode {
        text: text.to_owned(),
        next: next.to_owned(),
        variants: None,
        by_offer: BTreeMap::new(),
        visits,
        on_exception: None,
    })
}

fn menu(on_timeout: Reprompt, on_other: Reprompt) -> Node {
    let keys = [("1", "message_again"), ("2", "colleague"), ("9", "refused")];
    Node::AskKeypress(AskKeypressNode {
        text: MENU.to_owned(),
        keys: keys.map(|(key, node)| (key.to_owned(), node.to_owned())).into(),
        set: BTreeMap::new(),
        timeout_ms: MENU_TIMEOUT_MS,
        // A callee who knows the menu presses its key while the text before it is said.
        type_ahead: true,
        on_timeout,
        on_other,
        visits: None,
        on_exception: None,
    })
}

fn reprompt(replay: u32, then: &str) -> Reprompt {
    Reprompt {
        replay,
        then: then.to_owned(),
    }
}

fn end(text: &str, outcome: Outcome) -> Node {
    Node::End(EndNode {
        text: Some(text.to_owned()),
        outcome,
        opt_out: outcome == Outcome::OptedOut,
    })
}
