//! Downloads an evidence bundle from a server. It is checked like any recipient would check it before the
//! file gets its name.

use crate::kit::api::ApiArgs;
use crate::kit::atomic_file::AtomicFile;
use crate::kit::failure::Failure;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use store::proof::bundle::{BUNDLE_BYTES_MAX, BundleReport, TrustedKeys, check_bundle};
use tokio::runtime::Runtime;

impl ApiArgs {
    /// Requests a bundle, checks it and writes it to `out`, completely or not at all. Returns the result of
    /// the check.
    pub(crate) async fn bundle(
        &self,
        runtime: Arc<Runtime>,
        path: &str,
        body: &Value,
        out: &Path,
    ) -> Result<BundleReport, Failure> {
        let part = AtomicFile::begin(out)?;
        let client = self.client(runtime).await?;
        let mut bytes = Vec::new();
        let taken = client
            .download_asked(path, body, |piece| {
                bytes.extend_from_slice(piece);
                if bytes.len() <= BUNDLE_BYTES_MAX {
                    return Ok(());
                }
                Err(Failure::unavailable(
                    "the bundle is larger than the limit of a bundle",
                ))
            })
            .await;
        client.close().await;
        taken?;
        let report = check_bundle(&bytes, &TrustedKeys::default())?;
        part.file()?.write_all(&bytes)?;
        part.finish()?;
        Ok(report)
    }
}
