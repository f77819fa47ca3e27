//! `ledgerline user scope`: sets the data scope of a user, or of many users from a file.

use crate::commands::user::{null_if_empty, replace};
use crate::commands::user_file;
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use domain::time::Timestamp;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct ScopeArgs {
    /// Name of the user
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    name: Option<String>,
    /// Limit the user to this campaign; may be repeated; default: all
    #[arg(long, value_name = "ID", conflicts_with = "from")]
    campaign: Vec<String>,
    /// Team of the user, who is responsible for its customers
    #[arg(long, value_name = "T", conflicts_with = "from")]
    team: Option<String>,
    /// End date of a guest
    #[arg(long, value_name = "T", conflicts_with = "from")]
    until: Option<Timestamp>,
    /// Set the scopes of many users: CSV with columns name, campaigns (separated by `;`, `*` for all), team,
    /// until
    #[arg(long, value_name = "FILE")]
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

impl ScopeArgs {
    pub(super) async fn replace(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        if let Some(file) = self.from {
            let of = user_file::SCOPES;
            return user_file::assign(runtime, &self.asking, of, &file, &self.reason, self.dry_run).await;
        }
        let name = self.name.unwrap_or_default();
        let body = remove_nulls(
            json!({ "campaigns": null_if_empty(self.campaign), "team": self.team,
            "until": self.until, "reason": self.reason }),
        );
        replace(runtime, &self.asking, &name, "scope", &body).await
    }
}
