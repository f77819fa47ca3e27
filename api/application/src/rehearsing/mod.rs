//! Rehearsals of conversations in text (流程演练), in virtual time: simulated callers use the real
//! understanding and the pure step function of a flow; transcripts state what a flow must still do. No
//! audio, no network, no clock.

mod caller;
mod conversation;
mod draw;
mod listener;
mod phrases;
mod recorder;
mod report;
mod said_values;
mod shipped;
mod sound;
mod transcript;
mod typed;

pub use caller::Persona;
pub use listener::{AskedApart, Listener, ListenerFault};
pub(crate) use listener::{interest_model, permille, sentiment_model};
pub use report::{
    CALLERS_MAX, RecordedCall, Rehearsal, RehearsalShown, made_up, record, rehearse, rehearse_in_sound,
    rehearse_while, sayable,
};
pub use shipped::{SHIPPED, shipped};
pub use sound::{Accounts, CallersSound, SoundFault, Sounded};
pub use transcript::{Transcript, TranscriptFault, Unlike, follow};
pub use typed::{
    TYPED_CHARS_MAX, TYPED_TURNS_MAX, TYPED_VALUES_MAX, TypedSaid, TypedStep, TypedTalk, TypedTurn, typed,
};
