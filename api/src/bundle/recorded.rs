//! What a call's events say of its way through the flow.

use domain::call::event::CallEvent;

/// One step, as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Node(String),
    /// The key, where it can be read.
    Key(Option<char>),
    Transfer(String),
}

/// The steps of a call, in order.
pub(super) fn story<'a>(events: impl Iterator<Item = &'a CallEvent>) -> Vec<Told> {
    let mut told = Vec::new();
    for event in events {
        match event {
            CallEvent::NodeEntered { node } => told.push(Told::Node(node.clone())),
            CallEvent::Keypressed { digit, .. } => {
                told.push(Told::Key(digit.value().and_then(|digit| digit.chars().next())));
            }
            CallEvent::TransferRequested { node } => told.push(Told::Transfer(node.clone())),
            CallEvent::Permitted { .. }
            | CallEvent::Dialing { .. }
            | CallEvent::Ringing { .. }
            | CallEvent::LegFailed { .. }
            | CallEvent::Answered { .. }
            | CallEvent::NoticePlayed { .. }
            | CallEvent::CancelRequested { .. }
            | CallEvent::HangupRequested { .. }
            | CallEvent::Ended { .. }
            | CallEvent::LateAnswered { .. }
            | CallEvent::Corrected { .. } => {}
        }
    }
    told
}
