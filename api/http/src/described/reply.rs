//! The types that handlers return: JSON, a page, a file, a stream. The type determines both the response that
//! is sent and the responses in the description.

use crate::described::schemas::schema_of;
use crate::reply::{
    CHANGED, ELSEWHERE, MADE, PART, READ, SWITCHED, Written, asset, changed, made, page, read, read_at,
    sent_away, sent_home, text_response, whole_file_response, with_session,
};
use domain::stored_event::StreamVersion;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Value, json};
use warp::reply::Response;

/// One documented response of an operation that succeeded.
pub(crate) struct Told {
    pub status: u16,
    pub what: &'static str,
    /// Media types with their schemas.
    pub content: Vec<(&'static str, Value)>,
    /// True if its headers contain the log position of a write.
    pub is_write: bool,
}

/// A type that a handler can return.
pub(crate) trait IntoReply {
    /// True if the request only read and changed nothing.
    const IS_READ: bool = true;

    fn told(generator: &mut SchemaGenerator) -> Vec<Told>;
    fn response(self) -> Response;
}

const JSON: &str = "application/json";
/// Media type of a bundle, a tar archive; every generated client can read this type.
const BUNDLE: &str = "application/octet-stream";

/// Media type of a recording: two channels, 8 kHz, 16 bit.
const SOUND: &str = "audio/wav";

/// The response to a read.
pub(crate) struct Read<T>(pub T);

/// The response to a read of something replaceable, with the version for `If-Match`.
pub(crate) struct ReadAt<T> {
    pub body: T,
    pub version: StreamVersion,
}

/// The response to a change, also if nothing had to be changed.
pub(crate) struct Changed<T>(pub Written<T>);

/// The response to a creation: created, or existing already.
pub(crate) enum MadeOrChanged<T> {
    Made(Written<T>),
    Changed(Written<T>),
}

/// An HTML page: the status page.
pub(crate) struct Page(pub &'static str);

/// A file of a page, embedded in this program.
pub(crate) struct Asset {
    media_type: &'static str,
    bytes: &'static [u8],
    is_compressed: bool,
}

impl Asset {
    pub(crate) const fn plain(media_type: &'static str, text: &'static str) -> Self {
        Self {
            media_type,
            bytes: text.as_bytes(),
            is_compressed: false,
        }
    }
    /// A file that is compressed with gzip, which every browser reads.
    pub(crate) const fn compressed(media_type: &'static str, bytes: &'static [u8]) -> Self {
        Self {
            media_type,
            bytes,
            is_compressed: true,
        }
    }
}

/// Text of another media type.
pub(crate) struct Text {
    pub media_type: &'static str,
    pub text: String,
}

/// A stream of server-sent events.
pub(crate) struct Follow(pub Response);

/// A connection that was upgraded to a WebSocket.
pub(crate) struct Socket(pub Response);

/// The response to a sign-in: the body, and the session cookie.
pub(crate) struct SessionBegun<T> {
    pub cookie: String,
    pub body: T,
}

/// The response to a sign-out: the session cookie is deleted.
pub(crate) struct SessionEnded {
    /// URL to sign out at the identity provider too.
    pub provider_sign_out: Option<String>,
}

/// A redirect to the identity provider, with the state of the sign-in in a cookie.
pub(crate) struct SentAway {
    pub address: String,
    pub state: String,
}

/// A redirect after a sign-in with the identity provider: a session was started, and the browser goes to the
/// console.
pub(crate) struct SentHome {
    pub session: String,
}

/// An exported file.
pub(crate) struct File(pub Response);

/// Synthesized speech, labeled as machine-made.
pub(crate) struct Spoken(pub Vec<u8>);

/// The audio of a call, or a part of it.
pub(crate) struct Sound(pub Response);

/// A complete bundle that proves events; `ledgerline audit check` verifies it.
pub(crate) struct Bundle {
    pub name: String,
    pub bytes: Vec<u8>,
}

fn told(status: u16, what: &'static str, content: Vec<(&'static str, Value)>) -> Told {
    Told {
        status,
        what,
        content,
        is_write: false,
    }
}

fn written<T: JsonSchema>(generator: &mut SchemaGenerator, status: u16, what: &'static str) -> Told {
    Told {
        is_write: true,
        ..told(status, what, vec![(JSON, schema_of::<T>(generator))])
    }
}

impl<T: Serialize + JsonSchema> IntoReply for Read<T> {
    fn told(generator: &mut SchemaGenerator) -> Vec<Told> {
        vec![told(
            READ,
            "The requested data",
            vec![(JSON, schema_of::<T>(generator))],
        )]
    }
    fn response(self) -> Response {
        read(&self.0)
    }
}

impl<T: Serialize + JsonSchema> IntoReply for ReadAt<T> {
    fn told(generator: &mut SchemaGenerator) -> Vec<Told> {
        Read::<T>::told(generator)
    }
    fn response(self) -> Response {
        read_at(&self.body, self.version)
    }
}

impl<T: Serialize + JsonSchema> IntoReply for Changed<T> {
    const IS_READ: bool = false;

    fn told(generator: &mut SchemaGenerator) -> Vec<Told> {
        vec![written::<T>(
            generator,
            CHANGED,
            "Changed, or nothing had to be changed",
        )]
    }
    fn response(self) -> Response {
        changed(self.0)
    }
}

impl<T: Serialize + JsonSchema> IntoReply for MadeOrChanged<T> {
    const IS_READ: bool = false;

    fn told(generator: &mut SchemaGenerator) -> Vec<Told> {
        vec![
            written::<T>(generator, CHANGED, "It existed already"),
            written::<T>(generator, MADE, "Created"),
        ]
    }
    fn response(self) -> Response {
        match self {
            Self::Made(written) => made(written),
            Self::Changed(written) => changed(written),
        }
    }
}

impl<T: Serialize + JsonSchema> IntoReply for SessionBegun<T> {
    const IS_READ: bool = false;

    fn told(generator: &mut SchemaGenerator) -> Vec<Told> {
        let content = vec![(JSON, schema_of::<T>(generator))];
        vec![told(READ, "Signed in; the session cookie is set", content)]
    }
    fn response(self) -> Response {
        with_session(read(&self.body), Some(&self.cookie))
    }
}

impl IntoReply for SessionEnded {
    const IS_READ: bool = false;

    fn told(generator: &mut SchemaGenerator) -> Vec<Told> {
        let content = vec![(JSON, schema_of::<SignedOut>(generator))];
        vec![told(READ, "Signed out; also without a session", content)]
    }
    fn response(self) -> Response {
        let told = SignedOut {
            signed_out: true,
            provider_sign_out: self.provider_sign_out,
        };
        with_session(read(&told), None)
    }
}

impl IntoReply for SentAway {
    const IS_READ: bool = false;

    fn told(_: &mut SchemaGenerator) -> Vec<Told> {
        vec![told(
            ELSEWHERE,
            "Redirect to the identity provider; Location has its URL",
            Vec::new(),
        )]
    }
    fn response(self) -> Response {
        sent_away(&self.address, &self.state)
    }
}

impl IntoReply for SentHome {
    const IS_READ: bool = false;

    fn told(_: &mut SchemaGenerator) -> Vec<Told> {
        vec![told(ELSEWHERE, "Signed in; redirect to the console", Vec::new())]
    }
    fn response(self) -> Response {
        sent_home(&self.session)
    }
}

/// A session that has ended.
#[derive(Serialize, JsonSchema)]
struct SignedOut {
    signed_out: bool,
    /// URL for the browser to sign out at the identity provider too. Null if the session was not started by
    /// the provider, or the provider publishes no URL for it.
    #[schemars(example = &"https://login.example.com/session/end?client_id=ledgerline")]
    provider_sign_out: Option<String>,
}

impl IntoReply for Page {
    fn told(_: &mut SchemaGenerator) -> Vec<Told> {
        vec![told(
            READ,
            "An HTML page",
            vec![("text/html", json!({ "type": "string" }))],
        )]
    }
    fn response(self) -> Response {
        page(self.0)
    }
}

impl IntoReply for Asset {
    fn told(_: &mut SchemaGenerator) -> Vec<Told> {
        let kinds = ["text/html", "text/css", "text/javascript", "text/plain"];
        let content = kinds.map(|kind| (kind, json!({ "type": "string" })));
        vec![told(READ, "A file of a page", content.to_vec())]
    }
    fn response(self) -> Response {
        asset(self.media_type, self.bytes, self.is_compressed)
    }
}

impl IntoReply for Text {
    fn told(_: &mut SchemaGenerator) -> Vec<Told> {
        let text = json!({ "type": "string" });
        vec![told(READ, "Text", vec![("text/plain", text)])]
    }
    fn response(self) -> Response {
        text_response(self.media_type, self.text)
    }
}

impl IntoReply for Follow {
    fn told(_: &mut SchemaGenerator) -> Vec<Told> {
        let text = json!({ "type": "string" });
        vec![told(
            READ,
            "An endless stream of server-sent events",
            vec![("text/event-stream", text)],
        )]
    }
    fn response(self) -> Response {
        self.0
    }
}

impl IntoReply for Socket {
    fn told(_: &mut SchemaGenerator) -> Vec<Told> {
        vec![told(
            SWITCHED,
            "The connection is upgraded to a WebSocket",
            Vec::new(),
        )]
    }
    fn response(self) -> Response {
        self.0
    }
}

impl IntoReply for Bundle {
    // The export itself is recorded by the handler.
    const IS_READ: bool = true;

    fn told(_: &mut SchemaGenerator) -> Vec<Told> {
        let binary = json!({ "type": "string", "format": "binary" });
        vec![told(
            READ,
            "A bundle, recorded before its first byte; `ledgerline audit check` verifies it offline",
            vec![(BUNDLE, binary)],
        )]
    }
    fn response(self) -> Response {
        whole_file_response(BUNDLE, &self.name, self.bytes)
    }
}

impl IntoReply for Sound {
    fn told(_: &mut SchemaGenerator) -> Vec<Told> {
        let binary = || vec![(SOUND, json!({ "type": "string", "format": "binary" }))];
        vec![
            told(
                READ,
                "The recording; the read is recorded before the first byte",
                binary(),
            ),
            told(PART, "The requested byte range of the recording", binary()),
        ]
    }
    fn response(self) -> Response {
        self.0
    }
}

impl IntoReply for Spoken {
    fn told(_: &mut SchemaGenerator) -> Vec<Told> {
        let binary = json!({ "type": "string", "format": "binary" });
        vec![told(
            READ,
            "The text as audio; its metadata label it as machine-made",
            vec![(SOUND, binary)],
        )]
    }
    fn response(self) -> Response {
        whole_file_response(SOUND, "speech.wav", self.0)
    }
}

impl IntoReply for File {
    fn told(_: &mut SchemaGenerator) -> Vec<Told> {
        let binary = || json!({ "type": "string", "format": "binary" });
        let kinds = application::exporting::Format::MEDIA_TYPES;
        let content = kinds
            .iter()
            .map(|kind| (kind.split(';').next().unwrap_or(kind), binary()));
        vec![told(READ, "The file, as a stream", content.collect())]
    }
    fn response(self) -> Response {
        self.0
    }
}
