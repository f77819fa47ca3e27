//! A server on its own directory, and calls on it: for tests of this crate and of crates that use it.

mod calls;
mod test_server;

pub use calls::{answered, dial, enrolment, failed, permit, permit_of, record, recorded_call, three_calls};
pub use test_server::TestServer;

use crate::api_description::validate::check;
use crate::routes::build_router;
use crate::running_server::RunningServer;
use bytes::Bytes;
use host::advertised_args::AdvertisedChoice;
use host::messaging_args::MessagingChoice;
use host::open_settings::OpenSettings;
use host::serve_settings::ServeSettings;
use host::sign_in_args::SignInSettings;
use host::speech_args::SpeechChoice;
use host::tls_args::TlsChoice;
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use std::path::Path;
use tower::ServiceExt;
use warp::http::Request;

/// Returns the status and the JSON body of a request; null for a stream and for other media types. Checks the
/// reply against the published description.
pub async fn answer(running: &RunningServer, method: &str, path: &str, body: &str) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    let routes = build_router(&running.ctx).at(request.uri().path());
    let response = warp::service(routes).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    if path.ends_with("/stream") {
        return (status, Value::Null);
    }
    let media_type = response.headers().get("content-type");
    let media_type = media_type.map_or("", |kind| kind.to_str().unwrap()).to_owned();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    check(method, path, status, &media_type, &body);
    (status, body)
}

/// Returns the settings of a server without lines on its own directory.
pub fn settings(directory: &Path) -> ServeSettings {
    ServeSettings {
        read_db: None,
        open: OpenSettings {
            rehearse_at: Some("2026-03-02T10:00:00+08:00".parse().unwrap()),
            ..OpenSettings::of_directory(directory.join("data"))
        },
        tls: TlsChoice::default(),
        public_url: None,
        sign_in: SignInSettings::default(),
        speech: SpeechChoice::default(),
        messaging: MessagingChoice::default(),
        trunks: Vec::new(),
        sip: None,
        rtp_ports: None,
        advertised: AdvertisedChoice::default(),
        drain_ms: 1_000,
        witnesses: Vec::new(),
        ntp: None,
        tsa: None,
        traces: None,
        given: None,
    }
}
