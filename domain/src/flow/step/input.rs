//! The inputs of a flow run and the actions it returns to the driver.

use crate::spoken_turn::{TurnDecision, UnderstandingResult};
use values::disposition::Outcome;
use values::transfer_reason::TransferReason;

/// An input of a flow run: what happened in the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowInput<'a> {
    /// All queued prompts have been played.
    Played,
    Keypress(char),
    /// A complete utterance of the callee.
    Spoken(&'a UnderstandingResult),
    /// An utterance that could not be recognized: the engines failed or were too late.
    Unheard,
    /// No recognizer is available for the rest of the call. Keys still answer; a question without keys
    /// transfers to an agent.
    Deaf,
    /// The callee speaks while a text is playing.
    BargedIn(Interruption),
    /// A sensitive word of the campaign was heard, also within a partial text.
    SensitiveWord,
    /// The timeout of `Listen` expired.
    Silence,
    /// A fault on our side: speech engine, store or line.
    Fault,
}

/// Measures of the callee's speech while a text is playing. The barge-in limits of the node are compared
/// with them: `protect_ms`, `voiced_ms` and `chars_min`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interruption {
    /// Milliseconds since the text started.
    pub said_ms: u64,
    /// Milliseconds of voice heard.
    pub voiced_ms: u64,
    /// Characters recognized so far, without back-channels. `None` if there are no partial texts.
    pub chars: Option<u32>,
}

/// Which of the two notices is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    Recording,
    Ai,
}

/// An action for the driver. The driver executes actions in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowAction {
    Notice {
        notice: NoticeKind,
        text: String,
    },
    /// A decision. It is stored before the actions that follow from it.
    Decide {
        decision: Box<TurnDecision>,
    },
    EnterNode {
        node: String,
    },
    /// Says a text. `personal`: a variable was inserted. `parts`: in that case, plain text and values
    /// alternate.
    Say {
        text: String,
        personal: bool,
        parts: Vec<String>,
        prompt: FlowPrompt,
    },
    /// Stops the playing prompt and drops queued ones, after a keypress (barge-in) or a fault.
    StopSaying,
    /// All further texts are spoken more slowly.
    SpeakSlower,
    /// Waits for an answer for `silence_ms` after the queued prompts have been played.
    Listen {
        silence_ms: u64,
    },
    /// An intention of an act node. The run only names it; another component carries it out.
    Intend {
        intention: ActNodeAction,
    },
    RequestTransfer {
        node: String,
        reason: TransferReason,
    },
    /// Records an opt-out of the callee's number for all campaigns.
    OptOut,
    /// Plays the queued prompts, then hangs up.
    End {
        outcome: Outcome,
    },
}

/// The reference to a text of the flow that is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowPrompt {
    /// Member path of the text, such as `nodes.greeting.text`.
    pub member: String,
    /// Name of the wording, if the text has several.
    pub variant: Option<String>,
}

/// An action that an `act` node requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActNodeAction {
    Tag(String),
    Interest(String),
    Disposition(String),
    Send(String),
}
