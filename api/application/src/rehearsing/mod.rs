//! Rehearsals of conversations in text (流程演练), in virtual time: simulated callers use the real
//! understanding and the pure step function of a flow; transcripts state what a flow must still do. No
//! audio, no network, no clock.

mod caller;
mod conversation;
mod listener;
mod phrases;
mod random;
mod recorder;
mod report;
mod shipped_flows;
mod slot_values;
mod sound;
mod transcript;
mod typed_conversation;

pub use caller::Persona;
pub use listener::{Listener, ListenerFault, UtteranceContext};
pub(crate) use listener::{interest_model, permille, sentiment_model};
pub use report::{
    CALLERS_MAX, RecordedCall, Rehearsal, RehearsalResponse, made_up, record, rehearse, rehearse_in_sound,
    rehearse_while, sayable,
};
pub use shipped_flows::{SHIPPED, find_shipped_flow};
pub use sound::{CallerAudio, RecognitionCounts, SoundFault, TransmittedSpeech};
pub use transcript::{Transcript, TranscriptFault, TranscriptMismatch, follow};
pub use typed_conversation::{
    TYPED_CHARS_MAX, TYPED_TURNS_MAX, TYPED_VALUES_MAX, TypedConversation, TypedPrompt, TypedStep, TypedTurn,
    run_typed_conversation,
};
