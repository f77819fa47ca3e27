//! The user aggregate: a person who may sign in, with roles, data scope and credentials.
//!
//! Guarantees: a name belongs to one user forever. Only the user chooses the password; it is stored as a
//! sealed argon2id hash. Wrong passwords from one address lock it for increasing times. Sessions end when a
//! role changes, at their time limit, and when the user is disabled. A code of a second factor counts once.
//! The last admin cannot be removed. One stream per user.

mod attempts;
#[cfg(test)]
mod attempts_tests;
pub mod command;
mod decide;
pub mod event;
mod refusal;
pub mod second_factor;
mod state;

#[cfg(test)]
mod tests;

pub use command::UserCommand;
pub use decide::{
    INVITED_MS, LOCKED_MS_MAX, LOCKED_MS_MIN, REASON_BYTES_MAX, SESSION_MS, SESSIONS_MAX, WRONG_MAX,
};
pub use event::{Invitation, LinkDelivery, SignInFault, UserEvent, UserScope};
pub use refusal::UserRefusal;
pub use second_factor::{SecondFactor, SecondFactorUsed, SignInProof};
pub use state::{Account, Session, UserState};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use sha2::{Digest, Sha256};
use values::ids::{CustomerId, UserId};

/// The decider of the user aggregate.
#[derive(Debug)]
pub struct User;

impl Decider for User {
    type Id = UserId;
    type Command = UserCommand;
    type Event = UserEvent;
    type State = UserState;
    type Refusal = UserRefusal;

    const AGGREGATE: &'static str = "user";

    fn command_kind(command: &UserCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &UserState,
        command: UserCommand,
        context: Context,
    ) -> Result<Vec<UserEvent>, UserRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut UserState, event: &UserEvent, at: Timestamp) {
        state.apply(event, at);
    }

    fn scope(_: &UserId, _: &UserState, _: &UserEvent) -> Scope {
        Scope::default()
    }

    /// Returns the id of the user's own key, a hash of the name, which is not secret.
    fn sealed_under(id: &UserId, _: &Scope) -> Option<CustomerId> {
        let digest = Sha256::digest(format!("user:{id}"));
        values::hex::encode_first(16, &digest).parse().ok()
    }
}
