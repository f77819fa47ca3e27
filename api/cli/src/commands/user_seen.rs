//! `ledgerline user seen`: shows the customers that the calling user looked up.

use crate::kit::api::get;
use crate::kit::failure::Failure;
use crate::kit::request_args::RequestArgs;
use application::percent::encode;
use domain::time::Timestamp;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct SeenArgs {
    /// Only from this time on (RFC 3339)
    #[arg(long, value_name = "T1")]
    from: Option<Timestamp>,
    /// Only before this time
    #[arg(long, value_name = "T2")]
    to: Option<Timestamp>,
    #[command(flatten)]
    asking: RequestArgs,
}

impl SeenArgs {
    pub(super) async fn show(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let bounds = [("from", self.from), ("to", self.to)].into_iter();
        let bounds = bounds.filter_map(|(name, at)| Some(format!("{name}={}", encode(&at?.to_string()))));
        let query = bounds.collect::<Vec<_>>().join("&");
        let path = format!("/api/v1/whoami/seen?{query}");
        let path = path.trim_end_matches('?');
        self.asking.show(runtime, get(path)).await
    }
}
