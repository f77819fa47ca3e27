//! What can happen in a call of a flow, and what the driver does next.

use crate::spoken_turn::{TurnDecision, Understood};
use values::disposition::Outcome;
use values::transfer_reason::TransferReason;

/// What happened on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowInput<'a> {
    /// Everything queued so far has been played.
    Played,
    Keypress(char),
    /// The callee said something, to its end.
    Spoken(&'a Understood),
    /// The callee said something that could not be recognized: engines failed, or were too late.
    Unheard,
    /// No recognizer is left: from here on keys answer, and a person where there are none.
    Deaf,
    /// The callee speaks into a text.
    BargedIn(Interruption),
    /// A word of the campaign's lists was heard, be it in a part of an utterance.
    SensitiveWord,
    /// The `Listen`'s time ran out.
    Silence,
    /// Something of ours failed: speech, store or line.
    Fault,
}

/// How far somebody has spoken into a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interruption {
    /// How long the text has been said.
    pub said_ms: u64,
    /// How much voice was heard.
    pub voiced_ms: u64,
    /// Recognized so far, back-channels apart; absent without partial results.
    pub chars: Option<u32>,
}

/// Which notice is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    Recording,
    Ai,
}

/// What the driver does, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowAction {
    Notice {
        notice: NoticeKind,
        text: String,
    },
    /// Stored before what follows from it.
    Decide {
        decision: Box<TurnDecision>,
    },
    EnterNode {
        node: String,
    },
    /// `personal`: a variable was filled in. `parts`: then plain text and values in turns.
    Say {
        text: String,
        personal: bool,
        parts: Vec<String>,
        prompt: FlowPrompt,
    },
    /// Drops what plays and what is queued: a key was pressed (barge-in), or something failed.
    StopSaying,
    /// Everything is said more slowly from here.
    SpeakSlower,
    /// Waits for an answer, after what is queued has been played.
    Listen {
        silence_ms: u64,
    },
    /// Named only: who carries it out comes with what it is about.
    Intend {
        intention: Intention,
    },
    RequestTransfer {
        node: String,
        reason: TransferReason,
    },
    /// The callee's number, everywhere.
    OptOut,
    /// Says what is queued first, then hangs up.
    End {
        outcome: Outcome,
    },
}

/// Which text of the flow is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowPrompt {
    /// Its place, such as `nodes.greeting.text`.
    pub member: String,
    /// Which of several wordings.
    pub variant: Option<String>,
}

/// What an `act` node wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intention {
    Tag(String),
    Interest(String),
    Disposition(String),
    Send(String),
}
