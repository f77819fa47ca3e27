//! Users, API keys, sessions and refused attempts: who the caller of a request is, and what the caller may
//! do.
//!
//! Every request is assigned a `Caller` before anything is read or done. Permissions are decided on the
//! streams of the user and the key, never on rows: a role that was revoked counts from the next request on.

mod by_provider;
mod caller;
pub mod desk;
mod identify;
mod idle;
mod keys;
mod link_delivery;
mod managing;
mod many;
mod many_scopes;
mod own;
mod passwords;
mod provider_desk;
mod providers;
mod recording;
mod refused;
mod second_factor;
mod secret;
mod set_up;
mod shown;
mod signing_in;
mod while_allowed;

pub use by_provider::{RoundBegun, RoundReturned, begin_round, end_round};
pub use caller::{Caller, KnownUser};
pub use identify::{Credentials, KEY_PREFIX, identify, session_text};
pub use idle::Asked;
pub use keys::{KeyMade, KeyOrder, create_key, revoke_key};
pub use managing::{
    RoleChange, ScopeOrder, UserChanged, UserOrder, add_user, change_role, change_scope, disable_user,
    invite_user, others_who_are_admin,
};
pub use many::{ManyRoles, ManyRolesShown, ROLE_ROWS_MAX, change_many};
pub use many_scopes::{ManyScopes, ManyScopesShown, SCOPE_ROWS_MAX, change_many_scopes};
pub use own::{
    PasswordChange, SessionList, SessionShown, SessionsEnded, change_password, end_sessions, own_sessions,
};
pub use passwords::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, Passwords};
pub use provider_desk::{IdentityProvider, ProviderFault, ProviderSays, ROUND_MS, Round};
pub use providers::{ProviderOrder, link_provider, unlink_provider};
pub use refused::{Refused, Tally};
pub use second_factor::{
    ByPassword, CODE_BYTES_MAX, SecondFactorAdded, SecondFactorOffered, confirm_second_factor,
    offer_second_factor, reset_second_factor,
};
pub use set_up::{FirstSetUp, choose_password};
pub use shown::board_at_head;
pub use shown::{
    KeyList, KeyShown, RoleTable, UserList, UserShown, UserStanding, keys, role_table, user, users,
};
pub use signing_in::{SignInTyped, SignedIn, csrf_token, sign_in, sign_out};
pub use while_allowed::WhileAllowed;
