//! `ledgerline user scope`: whose data a user sees, and of many users by a file.

use crate::commands::user::{replace, some};
use crate::commands::user_file;
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use domain::time::Timestamp;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct ScopeArgs {
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    name: Option<String>,
    /// Only this campaign; may be given several times. Without it: all
    #[arg(long, value_name = "ID", conflicts_with = "from")]
    campaign: Vec<String>,
    /// The team whose customers the user sees to
    #[arg(long, value_name = "T", conflicts_with = "from")]
    team: Option<String>,
    /// Of a guest: until when
    #[arg(long, value_name = "T", conflicts_with = "from")]
    until: Option<Timestamp>,
    /// Scopes of many users: CSV with columns name, campaigns (`;` between, `*` for all), team, until
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// With --from: change nothing, and say what would be
    #[arg(long, requires = "from")]
    dry_run: bool,
    /// Why; stored for ever, so name no person
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    asking: Asking,
}

impl ScopeArgs {
    pub(super) async fn replace(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        if let Some(file) = self.from {
            let of = user_file::SCOPES;
            return user_file::assign(runtime, &self.asking, of, &file, &self.reason, self.dry_run).await;
        }
        let name = self.name.unwrap_or_default();
        let body = given(json!({ "campaigns": some(self.campaign), "team": self.team,
            "until": self.until, "reason": self.reason }));
        replace(runtime, &self.asking, &name, "scope", &body).await
    }
}
