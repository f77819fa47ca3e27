//! The files of `web/dist`: embedded in a release build, read from the source tree in a debug build.

use super::Asset;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

/// Returns a file by its path in `web/dist`; `None` if there is none. Scripts and styles are stored there
/// compressed.
pub(super) fn file(path: &str) -> Option<Asset> {
    let plain = Dist::get(path).map(|file| (file.data, false));
    let found = plain.or_else(|| Dist::get(&format!("{path}.gz")).map(|file| (file.data, true)));
    found.map(|(bytes, is_compressed)| Asset { bytes, is_compressed })
}
