//! Users, API keys, sessions and refused attempts: who the caller of a request is, and what the caller may
//! do.
//!
//! Every request is assigned a `Caller` before anything is read or done. Permissions are decided on the
//! streams of the user and the key, never on rows: a role that was revoked counts from the next request on.

mod access_stop_signal;
mod bulk_roles;
mod bulk_scopes;
mod caller;
mod identification;
mod idle_sessions;
mod keys;
mod link_delivery;
mod password_sign_in;
mod passwords;
mod provider_service;
mod provider_sign_in;
mod providers;
mod refused_attempts;
mod responses;
mod second_factor;
mod secret;
mod self_service;
pub mod service;
mod set_up_links;
mod user_management;
mod wrong_password_log;

pub use access_stop_signal::AccessStopSignal;
pub use bulk_roles::{BulkRolesRequest, BulkRolesResponse, ROLE_ROWS_MAX, change_many};
pub use bulk_scopes::{BulkScopesRequest, BulkScopesResponse, SCOPE_ROWS_MAX, change_many_scopes};
pub use caller::{Caller, KnownUser};
pub use identification::{Credentials, KEY_PREFIX, identify, session_text};
pub use idle_sessions::RequestTrigger;
pub use keys::{ApiKeyRequest, NewApiKeyResponse, create_key, revoke_key};
pub use password_sign_in::{SignInCredentials, SignedIn, csrf_token, sign_in, sign_out};
pub use passwords::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, PasswordHashSlots};
pub use provider_service::{IdentityProvider, ProviderFault, ProviderSays, ROUND_MS, Round};
pub use provider_sign_in::{ProviderCallback, RoundStart, begin_round, end_round};
pub use providers::{ProviderLinkRequest, link_provider, unlink_provider};
pub use refused_attempts::{AttemptSource, RefusedAttempts};
pub use responses::board_at_head;
pub use responses::{
    ApiKeyResponse, KeyList, RoleTable, UserDetails, UserList, UserResponse, keys, role_table, user, users,
};
pub use second_factor::{
    CODE_BYTES_MAX, PasswordCredentials, SecondFactorAdded, SecondFactorOffered, confirm_second_factor,
    offer_second_factor, reset_second_factor,
};
pub use self_service::{
    PasswordChange, SessionList, SessionResponse, SessionsEnded, change_password, end_sessions, own_sessions,
};
pub use set_up_links::{FirstSetUp, choose_password};
pub use user_management::{
    NewUserRequest, RoleChange, UserChanged, UserScopeRequest, add_user, change_role, change_scope,
    disable_user, invite_user, others_who_are_admin,
};
