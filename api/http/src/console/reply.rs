//! Replies with the console's page and files: a content security policy that allows nothing else, and cache
//! headers.

use super::Asset;
use crate::reply::NOT_MODIFIED;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::ports::id_source::IdSource;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

/// Placeholder in the console's page for the nonce of the content security policy.
pub(super) const NONCE_PLACE: &str = "__NONCE__";

/// Random bytes of a nonce: the minimum of W3C CSP 3.
const NONCE_BYTES: usize = 16;

/// Value of `Cache-Control` for files: their names change with their content, so browsers never need to
/// revalidate.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// Builds the reply with the console's page. It has a new nonce each time, by which the policy allows the
/// styles that the page creates at run time, so it must not be cached.
pub(super) fn page(page: &[u8], ids: &dyn IdSource) -> Response {
    let mut random = [0_u8; NONCE_BYTES];
    ids.random(&mut random);
    let nonce = STANDARD.encode(random);
    let text = String::from_utf8_lossy(page).replace(NONCE_PLACE, &nonce);
    let mut response = Response::new(text.into());
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        set(&mut response, name, value);
    }
    response
}

/// Builds the reply with a file of the console; 304 without the file if `known` (`If-None-Match`) has the
/// file's tag.
pub(super) fn asset(name: &str, asset: Asset, known: Option<&str>) -> Response {
    let tag = format!("\"{name}\"");
    let mut response = if known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag)) {
        let mut same = Response::new(String::new().into());
        *same.status_mut() = StatusCode::from_u16(NOT_MODIFIED).unwrap_or(StatusCode::OK);
        same
    } else {
        let bytes = match asset.bytes {
            std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
        };
        let mut whole = Response::new(bytes.into());
        set(&mut whole, header::CONTENT_TYPE, media_type(name));
        if asset.is_compressed {
            set(&mut whole, header::CONTENT_ENCODING, "gzip");
        }
        whole
    };
    set(&mut response, header::ETAG, &tag);
    set(&mut response, header::CACHE_CONTROL, FOREVER);
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some(_) | None => "application/octet-stream",
    }
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
