//! The API key aggregate: a key with which a program acts as a user, with limited permissions and until a
//! time.
//!
//! Guarantees: only the digest of the key is stored. A key is created once and ends once, and it never
//! permits more than its user has at that moment. One stream per key.

mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use command::ApiKeyCommand;
pub use decide::{KEY_MS_MAX, LABEL_BYTES_MAX};
pub use event::{ApiKeyEvent, KeyFacts};
pub use refusal::ApiKeyRefusal;
pub use state::ApiKeyState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::KeyId;

/// The decider of the API key aggregate.
#[derive(Debug)]
pub struct ApiKey;

impl Decider for ApiKey {
    type Id = KeyId;
    type Command = ApiKeyCommand;
    type Event = ApiKeyEvent;
    type State = ApiKeyState;
    type Refusal = ApiKeyRefusal;

    const AGGREGATE: &'static str = "api_key";

    fn command_kind(command: &ApiKeyCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &ApiKeyState,
        command: ApiKeyCommand,
        context: Context,
    ) -> Result<Vec<ApiKeyEvent>, ApiKeyRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut ApiKeyState, event: &ApiKeyEvent, _: Timestamp) {
        state.apply(event);
    }

    fn scope(_: &KeyId, _: &ApiKeyState, _: &ApiKeyEvent) -> Scope {
        Scope::default()
    }
}
