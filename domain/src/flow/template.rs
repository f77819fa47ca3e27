//! A campaign's `script_template` (CMP-2) as a flow: notices → the text →
//! “重听请按1，转人工请按2，谢绝来电请按9” → end.
//!
//! What counts as success, and so as conversion: a person heard the text to its end. A person shows
//! by a key that somebody listens; so 1 (hear it again) or a wrong key, then goodbye, is `success`. A call in
//! which nobody presses anything is `no_response` (it may have been a machine), 2 is `callback`, 9 is
//! `opted_out`, and a callee who hangs up first is `hung_up`.

use super::graph::{FlowDefinition, Notices};
use super::nodes::{AskKeypress, End, Node, Reprompt, Say, Transfer, Visits};
use super::text::{TextFault, pieces, variables_of};
use super::variable::{Variable, VariableKind};
use std::collections::BTreeMap;
use values::disposition::Outcome;
use values::ids::FlowId;

/// The recording notice (DLG-7).
pub const RECORDING_NOTICE: &str = "本次通话将录音。";
/// That a robot speaks; on by default in the Chinese presets (DLG-7).
pub const AI_NOTICE: &str = "我是智能语音机器人。";
/// The keys of every reminder.
pub const MENU: &str = "重听请按1，转人工请按2，谢绝来电请按9。";
/// Said after 2, until agents exist.
pub const CALLBACK_PROMISE: &str = "稍后会有同事给您回电，再见。";
/// Said after 9.
pub const OPTED_OUT: &str = "好的，我们不会再致电，再见。";
/// Said at the end.
pub const GOODBYE: &str = "感谢接听，再见。";

/// How long the menu waits for a key: five seconds is what a keypad prompt commonly allows.
const MENU_TIMEOUT_MS: u64 = 5_000;

/// How often the text can be heard again.
const REPLAYS_OF_TEXT_MAX: u32 = 3;

/// The flow of one text. Its variables become required.
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
    let again = Visits {
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
            Node::Transfer(Transfer {
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

/// The flow as builds without `type_ahead` in its menus made it. A request that created a campaign then and
/// comes again is compared with this one.
pub fn from_script_without_type_ahead(flow: FlowId, script: &str) -> Result<FlowDefinition, TextFault> {
    let mut definition = from_script(flow, script)?;
    for node in definition.nodes.values_mut() {
        if let Node::AskKeypress(menu) = node {
            menu.type_ahead = false;
        }
    }
    Ok(definition)
}

fn say(text: &str, next: &str, visits: Option<Visits>) -> Node {
    Node::Say(Say {
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
    Node::AskKeypress(AskKeypress {
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
    Node::End(End {
        text: Some(text.to_owned()),
        outcome,
        opt_out: outcome == Outcome::OptedOut,
    })
}
