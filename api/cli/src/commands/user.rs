//! `ledgerline user`: manages users, their roles and data scopes, sign-in, and API keys.

use super::user_seen::SeenArgs;
use super::user_sign_in::{self, PasswordArgs, ProviderArgs, TotpArgs};
use crate::commands::user_role::RoleArgs;
use crate::commands::user_scope::ScopeArgs;
use crate::commands::{user_file, user_key, user_roles};
use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::moment::MomentArgs;
use crate::kit::output;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use crate::kit::session::SignIn;
use application::format_localized;
use application::language::localized;
use application::percent::encode;
use domain::time::Timestamp;
use host::config::named_variable;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Users (用户): who may sign in, their roles, and API keys
///
/// Roles: admin 管理员, operator 运营人员, viewer 只读用户, agent 坐席, supervisor 班长, compliance 合规专员, auditor 审计员,
/// analyst 分析员, integrator 集成方; `user roles` prints the permissions of each. An API key is for programs: it
/// acts as its user, within its scopes. With --data these commands work without a server too.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Add a user; without --password-env, prints a link with which the user chooses a password
    Add {
        /// Name to sign in with; letters, digits, `_`, `.` and `-`, stored in lower case
        #[arg(required_unless_present = "from")]
        name: Option<String>,
        /// Roles, separated by commas
        #[arg(
            long,
            value_name = "R,…",
            required_unless_present = "from",
            value_delimiter = ','
        )]
        role: Vec<String>,
        /// Limit the user to this campaign; may be repeated; default: all
        #[arg(long, value_name = "ID")]
        campaign: Vec<String>,
        /// Team of the user, who is responsible for its customers
        #[arg(long, value_name = "T")]
        team: Option<String>,
        /// End date (RFC 3339) of a guest (来宾), with role auditor or viewer
        #[arg(long, value_name = "T")]
        until: Option<Timestamp>,
        /// Add users from a CSV file: name, roles (separated by `;`), and optionally campaigns, team, until
        #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "role", "campaign", "team", "until",
            "password_env"])]
        from: Option<PathBuf>,
        /// Environment variable that holds the password
        #[arg(long, value_name = "V")]
        password_env: Option<String>,
        /// Mail address for set-up links; without it, or without a mail channel, the link is printed
        #[arg(long, value_name = "ADDRESS")]
        mail: Option<String>,
        /// Reason; stored permanently, so name no person
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Add or remove a role; the user's sessions end
    Role(RoleArgs),
    /// Replace the data scope of a user: what is not given is not limited; the user's sessions end
    Scope(ScopeArgs),
    /// List users with roles and scope
    List {
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Print a new link with which a user chooses a password; the previous link becomes invalid
    Invite {
        /// Name of the user
        name: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Disable a user: no more sign-in, and the user's keys become invalid
    Disable {
        /// Name of the user
        name: String,
        /// Reason; stored permanently, so name no person
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Set up your second factor (TOTP) with your password, or reset that of another user
    Totp(TotpArgs),
    /// Change your password, with the present one; admins use `user invite` instead
    Password(PasswordArgs),
    /// Let a user sign in through the identity provider of `serve --oidc-issuer` too
    Provider(ProviderArgs),
    /// Create an API key of a user and print it once; the user signs in, or the directory's owner creates it
    Key {
        /// Name of the user
        name: String,
        /// Environment variable that holds this user's password; without it the directory's owner creates the
        /// key
        #[arg(long, value_name = "V")]
        password_env: Option<String>,
        /// Code of the authenticator app, or a recovery code; needed if the user has a second factor
        #[arg(long, value_name = "CODE", requires = "password_env")]
        code: Option<String>,
        /// Scopes of the key, separated by commas, for example events:read,calls:read; default: everything
        /// the user may do
        #[arg(long, value_name = "S,…", value_delimiter = ',')]
        scope: Vec<String>,
        /// Limit the key to this campaign of the user; may be repeated
        #[arg(long, value_name = "ID")]
        campaign: Vec<String>,
        /// Validity in days; at most 730d
        #[arg(long, value_name = "DAYS", default_value = "90d", value_parser = days)]
        expires: u32,
        /// Purpose of the key, in words
        #[arg(long, value_name = "TEXT")]
        label: Option<String>,
        /// Make a key of the sandbox: it sees and changes only what sandbox keys made, and reaches no real
        /// person. Its events stay in the log
        #[arg(long)]
        sandbox: bool,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// List API keys, without their secrets
    Keys {
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Revoke an API key
    Revoke {
        /// Id of the key, as shown by `user keys`
        id: String,
        /// Reason; stored permanently, so name no person
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Show the customers that you looked up yourself, from the logged reads (本人查阅记录); with a key, the
    /// accesses of that key
    Seen(SeenArgs),
    /// Print the permissions of each role
    Roles {
        #[command(flatten)]
        asking: RequestArgs,
    },
}

/// Parses a number of days: `90d`, or without unit.
fn days(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix('d').unwrap_or(text);
    let days = number.parse().ok().filter(|days| (1..=730).contains(days));
    days.ok_or_else(|| format!("{text:?} is not a number of days from 1d to 730d"))
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Add {
            name,
            role,
            campaign,
            team,
            until,
            from,
            password_env,
            mail,
            reason,
            asking,
        } => {
            if let Some(file) = from {
                return user_file::add(runtime, &asking, &file, reason.as_deref()).await;
            }
            let password = password_env.as_deref().map(password_in).transpose()?;
            let body = remove_nulls(
                json!({ "name": name, "roles": role, "campaigns": null_if_empty(campaign), "team": team,
                "password": password, "mail": mail, "reason": reason, "until": until }),
            );
            added(runtime, &asking, "/api/v1/users", &body).await
        }
        Action::Role(args) => args.change(runtime).await,
        Action::Scope(args) => args.replace(runtime).await,
        Action::Seen(args) => args.show(runtime).await,
        Action::List { moment, asking } => list(runtime, &asking, &moment).await,
        Action::Invite { name, asking } => {
            added(runtime, &asking, &path_of(&name, "invite"), &json!({})).await
        }
        Action::Disable { name, reason, asking } => {
            let (path, body) = (path_of(&name, "disable"), json!({ "reason": reason }));
            asking.show(runtime, post(&path, &body)).await
        }
        Action::Totp(args) => user_sign_in::totp(args, runtime).await,
        Action::Password(args) => user_sign_in::password(args, runtime).await,
        Action::Provider(args) => user_sign_in::provider(args, runtime).await,
        Action::Key {
            name,
            password_env,
            code,
            scope,
            campaign,
            expires,
            label,
            sandbox,
            asking,
        } => {
            let body = remove_nulls(
                json!({ "user": name, "scopes": null_if_empty(scope), "campaigns": null_if_empty(campaign),
                "expires_days": expires, "label": label, "sandbox": sandbox.then_some(true) }),
            );
            let sign_in = password_env.as_deref().map(|password_env| SignIn {
                user: &name,
                password_env,
                code: code.as_deref(),
            });
            user_key::create(runtime, &asking, sign_in, &body).await
        }
        Action::Keys { moment, asking } => keys(runtime, &asking, &moment).await,
        Action::Revoke { id, reason, asking } => {
            let path = format!("/api/v1/api-keys/{}/revoke", encode(&id));
            let body = json!({ "reason": reason });
            asking.show(runtime, post(&path, &body)).await
        }
        Action::Roles { asking } => user_roles::show(runtime, &asking).await,
    }
}

/// Changes a user with the ETag read just before; refused if another change came in between.
pub(super) async fn replace(
    runtime: Arc<Runtime>,
    asking: &RequestArgs,
    name: &str,
    verb: &str,
    body: &Value,
) -> Result<(), Failure> {
    let read = format!("/api/v1/users/{}", encode(&name.to_lowercase()));
    let write = path_of(name, verb);
    asking
        .replace(runtime, &read, &write, hyper::Method::POST, body)
        .await
}

pub(super) fn path_of(name: &str, verb: &str) -> String {
    format!("/api/v1/users/{}/{verb}", encode(&name.to_lowercase()))
}

/// Returns a list of texts as a JSON array; null if it is empty.
pub(super) fn null_if_empty(list: Vec<String>) -> Value {
    if list.is_empty() { Value::Null } else { json!(list) }
}

fn password_in(variable: &str) -> Result<String, Failure> {
    named_variable(variable)
        .ok_or_else(|| Failure::refused(format!("the environment variable {variable} is not set")))
}

/// Adds or invites a user and prints the name, the roles, and the set-up link if there is one.
async fn added(runtime: Arc<Runtime>, asking: &RequestArgs, path: &str, body: &Value) -> Result<(), Failure> {
    let Some(reply) = asking.ask(runtime, post(path, body)).await? else {
        return Ok(());
    };
    let text = |name: &str| reply.get(name).and_then(Value::as_str);
    output::line(&format!(
        "{}  {}",
        text("name").unwrap_or_default(),
        words(reply.get("roles"))
    ))?;
    if text("set_up_delivery") == Some("mailed") {
        output::line(localized(
            "设置链接已发送至该用户邮箱",
            "the set-up link was mailed to the user",
        ))?;
    }
    if let Some(link) = text("set_up") {
        let until = text("set_up_until").unwrap_or_default();
        output::line(&format_localized!(
            "设置密码：{}/set-up#{link}",
            "choose a password: {}/set-up#{link}",
            asking.server_address()
        ))?;
        output::notice(&format_localized!(
            "链接仅显示一次，仅可使用一次，有效期至 {until}",
            "the link is shown once and works once, until {until}"
        ));
    }
    Ok(())
}

async fn list(runtime: Arc<Runtime>, asking: &RequestArgs, moment: &MomentArgs) -> Result<(), Failure> {
    let path = format!("/api/v1/users{}", moment.query());
    let columns = [
        (localized("用户", "user"), "/name"),
        (localized("角色", "roles"), "/roles"),
        (localized("任务", "campaigns"), "/campaigns"),
        (localized("团队", "team"), "/team"),
        (localized("状态", "state"), "/state"),
        (localized("双因素", "second factor"), "/has_second_factor"),
        (localized("身份提供方", "provider"), "/issuer"),
        (localized("添加", "added"), "/added_at"),
        (localized("登录", "signed in"), "/signed_in_at"),
    ];
    let none = localized(
        "没有用户：用 `ledgerline user add NAME --role admin` 添加",
        "no users: add one with `ledgerline user add NAME --role admin`",
    );
    asking.show_items(runtime, &path, in_words, &columns, none).await
}

async fn keys(runtime: Arc<Runtime>, asking: &RequestArgs, moment: &MomentArgs) -> Result<(), Failure> {
    let path = format!("/api/v1/api-keys{}", moment.query());
    let columns = [
        (localized("密钥", "key"), "/id"),
        (localized("用户", "user"), "/user"),
        (localized("范围", "scopes"), "/scopes"),
        (localized("任务", "campaigns"), "/campaigns"),
        (localized("到期", "expires"), "/expires_at"),
        (localized("吊销", "revoked"), "/revoked_at"),
        (localized("沙箱", "sandbox"), "/sandbox"),
        (localized("说明", "label"), "/label"),
    ];
    let none = localized(
        "没有密钥：用 `ledgerline user key NAME` 创建",
        "no keys: create one with `ledgerline user key NAME`",
    );
    asking.show_items(runtime, &path, in_words, &columns, none).await
}

/// Returns the user with lists joined into text and the state in words as `state`, for the table.
fn in_words(item: &Value) -> Value {
    let mut shown = item.clone();
    let flag = |name: &str| item.get(name).and_then(Value::as_bool);
    let state = match (flag("disabled"), flag("has_password")) {
        (Some(true), _) => localized("已停用", "disabled"),
        (_, Some(false)) => localized("未设密码", "no password yet"),
        _ => localized("正常", "active"),
    };
    if let Some(members) = shown.as_object_mut() {
        for name in ["roles", "campaigns", "scopes"] {
            if let Some(list) = members.get(name).filter(|list| list.is_array()) {
                let words = words(Some(list));
                members.insert(name.to_owned(), Value::String(words));
            }
        }
        members.insert("state".to_owned(), json!(state));
    }
    shown
}

fn words(list: Option<&Value>) -> String {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.map(|item| word(Some(item))).collect::<Vec<_>>().join(", ")
}

fn word(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_days() {
        assert_eq!(days("90d"), Ok(90));
        assert_eq!(days("7"), Ok(7));
        for wrong in ["0d", "731d", "90h", ""] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_user_s_state_is_one_word() {
        let state = |disabled: bool, has_password: bool| {
            in_words(&json!({ "disabled": disabled, "has_password": has_password, "roles": ["admin"] }))
        };
        assert_eq!(state(true, true)["state"], "disabled");
        assert_eq!(state(false, false)["state"], "no password yet");
        assert_eq!(state(false, true)["roles"], "admin");
    }
}
