//! What `web/dist` holds: in a release build as it was built, in a debug build as it lies in the tree.

use super::Asset;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

/// A file by its path in `web/dist`; scripts and styles lie there compressed.
pub(super) fn file(path: &str) -> Option<Asset> {
    let plain = Dist::get(path).map(|file| (file.data, false));
    let found = plain.or_else(|| Dist::get(&format!("{path}.gz")).map(|file| (file.data, true)));
    found.map(|(bytes, is_compressed)| Asset { bytes, is_compressed })
}
