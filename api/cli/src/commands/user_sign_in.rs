//! `ledgerline user totp`, `user password` and `user provider`: second factor, password and identity provider
//! of a user.

use super::user::path_of;
use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use crate::kit::secret;
use application::format_localized;
use application::language::localized;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct TotpArgs {
    /// Name of the user
    name: String,
    /// Environment variable that holds the user's password
    #[arg(long, value_name = "V", required_unless_present = "reset")]
    password_env: Option<String>,
    /// Code shown by the app: confirms the second factor, which applies from now on
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Remove the second factor of a user who lost it; for admins, and not for yourself
    #[arg(long, requires = "reason", conflicts_with_all = ["password_env", "code"])]
    reset: bool,
    /// Reason; stored permanently, so name no person
    #[arg(long, value_name = "TEXT", requires = "reset")]
    reason: Option<String>,
    #[command(flatten)]
    asking: RequestArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct ProviderArgs {
    /// Name of the user
    name: String,
    /// Id of the user at the identity provider: the claim `sub`
    #[arg(long, value_name = "SUB", required_unless_present = "remove")]
    subject: Option<String>,
    /// URL of the provider; default: that of `serve --oidc-issuer`
    #[arg(long, value_name = "URL", requires = "subject")]
    issuer: Option<String>,
    /// Remove the link; the user's sessions end
    #[arg(long, requires = "reason", conflicts_with = "subject")]
    remove: bool,
    /// Reason; stored permanently, so name no person
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    asking: RequestArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct PasswordArgs {
    /// Name of the user
    name: String,
    /// Environment variable that holds the present password
    #[arg(long, value_name = "V")]
    password_env: String,
    /// Environment variable that holds the new password
    #[arg(long, value_name = "V")]
    new_env: String,
    /// Code of the authenticator app, or a recovery code; needed if you have a second factor
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    #[command(flatten)]
    asking: RequestArgs,
}

/// Changes the password of a user, who proves the present one.
pub(super) async fn password(args: PasswordArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let before = secret::from_env(Some(&args.password_env))?;
    let after = secret::from_env(Some(&args.new_env))?;
    let body = remove_nulls(
        json!({ "name": args.name, "password": before, "code": args.code, "new_password": after }),
    );
    args.asking.show(runtime, post("/api/v1/password", &body)).await
}

/// Prints a new secret, confirms it with its first code and prints the recovery codes, or resets a second
/// factor.
pub(super) async fn totp(args: TotpArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let asking = &args.asking;
    if args.reset {
        let body = remove_nulls(json!({ "reason": args.reason }));
        let path = path_of(&args.name, "reset-second-factor");
        return asking.show(runtime, post(&path, &body)).await;
    }
    let password = secret::from_env(args.password_env.as_deref())?;
    let body = remove_nulls(json!({ "name": args.name, "password": password, "code": args.code }));
    if args.code.is_some() {
        let request = post("/api/v1/second-factor/confirm", &body);
        let Some(reply) = asking.ask(runtime, request).await? else {
            return Ok(());
        };
        let codes = reply.get("recovery_codes").and_then(Value::as_array);
        let codes = codes.into_iter().flatten().filter_map(Value::as_str);
        codes.into_iter().try_for_each(output::line)?;
        output::notice(localized(
            "恢复码仅显示一次，每个可用一次",
            "recovery codes: shown only once, each works once",
        ));
        return Ok(());
    }
    let request = post("/api/v1/second-factor/offer", &body);
    let Some(reply) = asking.ask(runtime, request).await? else {
        return Ok(());
    };
    let text = |name: &str| reply.get(name).and_then(Value::as_str).unwrap_or_default();
    output::line(text("otpauth"))?;
    output::notice(&format_localized!(
        "请添加到验证器，并在 {} 之前用 --code 提交动态码",
        "add it to an authenticator app, then send its code with --code until {}",
        text("until")
    ));
    Ok(())
}

/// Links a user to the identity provider, or removes the link.
pub(super) async fn provider(args: ProviderArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    if args.remove {
        let body = remove_nulls(json!({ "reason": args.reason }));
        let path = path_of(&args.name, "unlink-provider");
        return args.asking.show(runtime, post(&path, &body)).await;
    }
    let body = remove_nulls(json!({ "subject": args.subject, "issuer": args.issuer, "reason": args.reason }));
    let path = path_of(&args.name, "provider");
    args.asking.show(runtime, post(&path, &body)).await
}
