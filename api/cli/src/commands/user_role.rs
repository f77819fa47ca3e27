//! `ledgerline user role`: adds or removes a role of a user, or sets the roles of many users from a file.

use crate::commands::user::replace;
use crate::commands::user_file;
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("change").required(true)))]
pub(super) struct RoleArgs {
    /// Name of the user
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    name: Option<String>,
    /// Role to add
    #[arg(long, value_name = "R", group = "change")]
    add: Option<String>,
    /// Role to remove
    #[arg(long, value_name = "R", group = "change")]
    remove: Option<String>,
    /// Set the roles of many users: CSV with columns name and roles (separated by `;`); replaces all roles
    #[arg(long, value_name = "FILE", group = "change")]
    from: Option<PathBuf>,
    /// With --from: change nothing, only report what would change
    #[arg(long, requires = "from")]
    dry_run: bool,
    /// Reason; stored permanently, so name no person
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    asking: RequestArgs,
}

impl RoleArgs {
    pub(super) async fn change(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        if let Some(file) = self.from {
            let of = user_file::ROLES;
            return user_file::assign(runtime, &self.asking, of, &file, &self.reason, self.dry_run).await;
        }
        let name = self.name.unwrap_or_default();
        let body = remove_nulls(json!({ "add": self.add, "remove": self.remove, "reason": self.reason }));
        replace(runtime, &self.asking, &name, "roles", &body).await
    }
}
