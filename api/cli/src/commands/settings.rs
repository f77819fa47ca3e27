//! `ledgerline settings`: lists and changes the settings of an installation, and manages test phones.

use crate::commands::test_call::{TestPhonesAction, phones};
use crate::kit::api::get;
use crate::kit::failure::Failure;
use crate::kit::moment::MomentArgs;
use crate::kit::request_args::RequestArgs;
use application::language::localized;
use domain::setting::SettingName;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Settings (系统参数): limits of alerts, sessions and approvals; a change applies at once and is logged
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Manage our own phones, the only ones that test calls may reach (自有测试号码)
    TestPhones {
        #[command(subcommand)]
        action: TestPhonesAction,
    },
    /// List all settings, now or as of a past moment
    List {
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Show one setting, now or as of a past moment
    Show {
        /// Name of the setting
        name: SettingName,
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Change a setting; refused if another user changes it at the same time
    Set {
        /// Name of the setting
        name: SettingName,
        /// New value
        value: u64,
        /// Reason, for the log; stored permanently, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::TestPhones { action } => phones(action, runtime).await,
        Action::List { moment, asking } => {
            let columns = [
                (localized("参数", "name"), "/name"),
                (localized("含义", "meaning"), localized("/zh", "/en")),
                (localized("值", "value"), "/value"),
                (localized("默认", "default"), "/default"),
                (localized("范围", "bounds"), "/bounds"),
            ];
            let path = format!("/api/v1/settings{}", moment.query());
            asking
                .show_items(
                    runtime,
                    &path,
                    described,
                    &columns,
                    localized("没有参数", "no settings"),
                )
                .await
        }
        Action::Show { name, moment, asking } => {
            let path = format!("/api/v1/settings/{name}{}", moment.query());
            asking.show(runtime, get(&path)).await
        }
        Action::Set {
            name,
            value,
            reason,
            asking,
        } => {
            let path = format!("/api/v1/settings/{name}");
            let body = json!({ "value": value, "reason": reason });
            asking
                .replace(runtime, &path, &path, hyper::Method::PUT, &body)
                .await
        }
    }
}

/// Returns the setting with its lowest and highest value as one text `bounds`, for the table.
fn described(setting: &Value) -> Value {
    let mut shown = setting.clone();
    let bound = |name: &str| setting.get(name).and_then(Value::as_u64).unwrap_or_default();
    let bounds = format!("{} – {}", bound("least"), bound("most"));
    if let Some(members) = shown.as_object_mut() {
        members.insert("bounds".to_owned(), json!(bounds));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_stand_in_one_cell() {
        let shown = described(&json!({ "least": 1, "most": 24 }));
        assert_eq!(shown["bounds"], "1 – 24");
    }
}
