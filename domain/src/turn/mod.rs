//! Taking turns: when the callee has finished, when they cut in, and what is asked of them by what means.
//!
//! Pure: events of a recognizer and instants go in, acts come out. Times are milliseconds on the leg's own
//! time. Whoever holds a call tells `Turn` when a prompt begins and ends, hands it every event of its
//! recognizer, and wakes it at `deadline`. It knows no words but those of listening; what an utterance means
//! is the affair of whoever gets it.

mod answer_by;
mod awaited;
mod back_channel;
mod rules;
mod spoken;
mod taking;
#[cfg(test)]
mod tests;

pub use answer_by::AnswerBy;
pub use awaited::Awaited;
pub use back_channel::is_back_channel;
pub use rules::{BargeIn, Expected, TurnRules};
pub use spoken::characters_spoken;
pub use taking::{Turn, TurnAct};
