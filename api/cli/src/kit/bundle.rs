//! A bundle that a command takes from a server: checked, as whoever gets it will, before it has its name.

use crate::kit::api::ApiArgs;
use crate::kit::failure::Failure;
use crate::kit::part::Part;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use store::proof::bundle::{BUNDLE_BYTES_MAX, BundleReport, Trust, check_bundle};
use tokio::runtime::Runtime;

impl ApiArgs {
    /// Asks for a bundle, checks it and writes it to `out`: whole, or not at all.
    pub(crate) async fn bundle(
        &self,
        runtime: Arc<Runtime>,
        path: &str,
        body: &Value,
        out: &Path,
    ) -> Result<BundleReport, Failure> {
        let part = Part::begin(out)?;
        let client = self.client(runtime).await?;
        let mut bytes = Vec::new();
        let taken = client
            .download_asked(path, body, |piece| {
                bytes.extend_from_slice(piece);
                if bytes.len() <= BUNDLE_BYTES_MAX {
                    return Ok(());
                }
                Err(Failure::unavailable("the bundle is larger than one may be"))
            })
            .await;
        client.close().await;
        taken?;
        let report = check_bundle(&bytes, &Trust::default())?;
        part.file()?.write_all(&bytes)?;
        part.finish()?;
        Ok(report)
    }
}
