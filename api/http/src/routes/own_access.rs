//! Routes for the caller's own access: change the password (and the page for it), list and end sessions.

use crate::api_description::{ChangeReply, HtmlPage, ReadReply};
use crate::endpoint::{Ctx, Endpoint, Input};
use crate::reply::WriteResult;
use application::access::{
    CODE_BYTES_MAX, PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, PasswordChange, SessionList, SessionsEnded,
    change_password, end_sessions, own_sessions,
};
use domain::ids::UserId;
use domain::problem::Problem;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;

/// The HTML page for changing a password. It loads nothing from elsewhere.
const PAGE: &str = concat!(
    include_str!("door_page_head.html"),
    include_str!("own_password.html"),
    include_str!("door_page_foot.html")
);

/// Name of the route under which refused changes of a password are recorded.
const CHANGE: &str = "POST /api/v1/password";

/// Maximum length of a session id, in bytes.
const SESSION_ID_BYTES_MAX: usize = 64;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/password", "Change a password", change)
            .describe(
                "Needs the current password, and a code if the user has a second factor. Ends every \
                 session of the user.",
            )
            .open()
            .takes_password::<PasswordChangeRequest>(),
        Endpoint::get("/password", "Open the page for changing a password", page)
            .describe("An HTML page.")
            .open(),
        Endpoint::get("/api/v1/sessions", "List own sessions", list)
            .describe("Returns the open sessions of the signed-in user.")
            .for_any_caller(),
        Endpoint::post("/api/v1/sessions/end", "End own sessions", end)
            .describe("Ends one session of the caller, or all but the one that sends the request.")
            .for_any_caller()
            .takes::<SessionEndRequest>(),
    ]
}

/// The body that changes a password: the current and the new one.
#[derive(ApiRequest, JsonSchema)]
struct PasswordChangeRequest {
    #[schemars(example = &"wang", with = "UserId")]
    #[schemars(length(min = 1, max = PASSWORD_BYTES_MAX))]
    name: String,
    #[schemars(length(max = PASSWORD_BYTES_MAX))]
    password: String,
    /// A code of the authenticator app, or a recovery code. If it is required and missing, the reply says so.
    #[schemars(length(max = CODE_BYTES_MAX))]
    code: Option<String>,
    #[schemars(
        length(min = PASSWORD_CHARS_MIN, max = PASSWORD_BYTES_MAX),
        example = &"staple under the old bridge"
    )]
    new_password: String,
}

/// The body that ends sessions.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "id": "9f86d081884c7d65" }, {}]))]
struct SessionEndRequest {
    /// Id of the session from the list; without it, all sessions but the one that sends the request end.
    #[schemars(length(max = SESSION_ID_BYTES_MAX))]
    id: Option<String>,
}

/// The user with a changed password.
#[derive(Debug, Serialize, JsonSchema)]
struct PasswordChangeResponse {
    user: UserId,
}

async fn change(ctx: Ctx, input: Input) -> Result<ReadReply<PasswordChangeResponse>, Problem> {
    let peer = input.peer();
    let order: PasswordChangeRequest = input.order().await?;
    let change = PasswordChange {
        name: order.name,
        password: order.password,
        code: order.code,
        new_password: order.new_password,
        from: peer.map(|peer| peer.ip().to_string()),
    };
    let attempt = change_password(&ctx.installation, change);
    let user = ctx.sign_in_counted(peer, CHANGE, attempt).await?;
    Ok(ReadReply(PasswordChangeResponse { user }))
}

async fn page(_: Ctx, _: Input) -> Result<HtmlPage, Problem> {
    Ok(HtmlPage(PAGE))
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<SessionList>, Problem> {
    own_sessions(&ctx.installation, &input.caller)
        .await
        .map(ReadReply)
}

async fn end(ctx: Ctx, input: Input) -> Result<ChangeReply<SessionsEnded>, Problem> {
    let cause = input.cause(&ctx.installation, "sessions/end")?;
    let caller = input.caller.clone();
    let SessionEndRequest { id } = input.order().await?;
    let ended = end_sessions(&ctx.installation, &caller, id.as_deref(), cause).await?;
    Ok(ChangeReply(WriteResult {
        version: None,
        position: None,
        body: ended,
    }))
}
