//! Routes that set up a second factor, authenticated by name and password, and the page for it.

use crate::api_description::{HtmlPage, ReadReply};
use crate::endpoint::{Ctx, Endpoint, Input};
use application::access::{
    CODE_BYTES_MAX, PASSWORD_BYTES_MAX, PasswordCredentials, SecondFactorAdded, SecondFactorOffered,
    confirm_second_factor, offer_second_factor,
};
use domain::ids::UserId;
use domain::problem::Problem;
use intake::members::ApiRequest;
use schemars::JsonSchema;

/// The HTML page for setting up a second factor. It loads nothing from elsewhere.
const PAGE: &str = concat!(
    include_str!("door_page_head.html"),
    include_str!("second_factor.html"),
    include_str!("door_page_foot.html")
);

/// Name of the route under which refused set-ups of a second factor are recorded.
const OFFER: &str = "POST /api/v1/second-factor/offer";
const CONFIRM: &str = "POST /api/v1/second-factor/confirm";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/second-factor/offer",
            "Start setting up a second factor",
            offer,
        )
        .describe(
            "Returns a secret for an authenticator app, once. It takes effect when its first code is sent \
             to `confirm`.",
        )
        .open()
        .takes_password::<SecondFactorSetUpRequest>(),
        Endpoint::post(
            "/api/v1/second-factor/confirm",
            "Confirm a second factor",
            confirm,
        )
        .describe(
            "Sends the first code of the app. From now on each sign-in asks for a code. The reply contains \
             recovery codes.",
        )
        .open()
        .takes_password::<SecondFactorConfirmRequest>(),
        Endpoint::get(
            "/second-factor",
            "Open the page for setting up a second factor",
            page,
        )
        .describe("An HTML page.")
        .open(),
    ]
}

/// The body that starts the set-up of a second factor.
#[derive(ApiRequest, JsonSchema)]
struct SecondFactorSetUpRequest {
    #[schemars(example = &"wang", with = "UserId")]
    #[schemars(length(min = 1, max = PASSWORD_BYTES_MAX))]
    name: String,
    #[schemars(length(max = PASSWORD_BYTES_MAX))]
    password: String,
}

/// The body that confirms a second factor: with the code that the app shows.
#[derive(ApiRequest, JsonSchema)]
struct SecondFactorConfirmRequest {
    #[schemars(example = &"wang", with = "UserId")]
    #[schemars(length(min = 1, max = PASSWORD_BYTES_MAX))]
    name: String,
    #[schemars(length(max = PASSWORD_BYTES_MAX))]
    password: String,
    #[schemars(example = &"287082", length(max = CODE_BYTES_MAX))]
    code: String,
}

async fn offer(ctx: Ctx, input: Input) -> Result<ReadReply<SecondFactorOffered>, Problem> {
    let peer = input.peer();
    let SecondFactorSetUpRequest { name, password } = input.order().await?;
    let who = PasswordCredentials {
        name,
        password,
        from: peer.map(|peer| peer.ip().to_string()),
    };
    let attempt = offer_second_factor(&ctx.installation, who);
    ctx.sign_in_counted(peer, OFFER, attempt).await.map(ReadReply)
}

async fn confirm(ctx: Ctx, input: Input) -> Result<ReadReply<SecondFactorAdded>, Problem> {
    let peer = input.peer();
    let SecondFactorConfirmRequest { name, password, code } = input.order().await?;
    let who = PasswordCredentials {
        name,
        password,
        from: peer.map(|peer| peer.ip().to_string()),
    };
    let attempt = confirm_second_factor(&ctx.installation, who, &code);
    ctx.sign_in_counted(peer, CONFIRM, attempt).await.map(ReadReply)
}

async fn page(_: Ctx, _: Input) -> Result<HtmlPage, Problem> {
    Ok(HtmlPage(PAGE))
}
