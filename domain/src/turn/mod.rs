//! Turn-taking: when the callee has finished an utterance, when the callee interrupts, and how an answer is
//! requested.
//!
//! Pure: recognition events and times are inputs, acts are outputs. Times are in milliseconds of the leg's
//! own time. The caller reports to `Turn` when a prompt starts and ends, passes every recognition event, and
//! calls `elapsed` at `deadline`. It knows only back-channels; the meaning of an utterance is not evaluated
//! here.

mod answer_channel;
mod back_channel;
mod pending_texts;
mod rules;
mod spoken_length;
mod taking;
#[cfg(test)]
mod tests;

pub use answer_channel::AnswerChannel;
pub use back_channel::is_back_channel;
pub use pending_texts::PendingTextCount;
pub use rules::{BargeIn, ExpectedAnswer, TurnRules};
pub use spoken_length::characters_spoken;
pub use taking::{Turn, TurnAct};
