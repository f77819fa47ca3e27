//! What handlers answer: a type that is written as JSON, a page, a file, a stream. The type says both what
//! is sent and what the description promises.

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

/// One way in which an operation is answered when it was done.
pub(crate) struct Told {
    pub status: u16,
    pub what: &'static str,
    /// Media types and their schemas.
    pub content: Vec<(&'static str, Value)>,
    /// It names the position that a write reached.
    pub is_write: bool,
}

/// A handler's answer.
pub(crate) trait IntoReply {
    /// Something was read, and nothing changed.
    const IS_READ: bool = true;

    fn told(generator: &mut SchemaGenerator) -> Vec<Told>;
    fn response(self) -> Response;
}

const JSON: &str = "application/json";
/// Of a bundle, a tar archive: the type that every generated client reads.
const BUNDLE: &str = "application/octet-stream";

/// Of a recording: two channels, 8 kHz, 16 bit.
const SOUND: &str = "audio/wav";

/// Something was read.
pub(crate) struct Read<T>(pub T);

/// Something was read that can be replaced: with the version that `If-Match` then names.
pub(crate) struct ReadAt<T> {
    pub body: T,
    pub version: StreamVersion,
}

/// Something was changed, or was so already.
pub(crate) struct Changed<T>(pub Written<T>);

/// Something was made, or was there already.
pub(crate) enum MadeOrChanged<T> {
    Made(Written<T>),
    Changed(Written<T>),
}

/// Text that is not JSON: the status page.
pub(crate) struct Page(pub &'static str);

/// A file that belongs to a page, as it stands in this program.
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
    /// By gzip, which every browser reads.
    pub(crate) const fn compressed(media_type: &'static str, bytes: &'static [u8]) -> Self {
        Self {
            media_type,
            bytes,
            is_compressed: true,
        }
    }
}

/// Text of another kind.
pub(crate) struct Text {
    pub media_type: &'static str,
    pub text: String,
}

/// Server-sent events.
pub(crate) struct Follow(pub Response);

/// A connection that has become a WebSocket.
pub(crate) struct Socket(pub Response);

/// A session that began: what is told of it, and what the browser keeps.
pub(crate) struct SessionBegun<T> {
    pub cookie: String,
    pub body: T,
}

/// The browser keeps nothing any more.
pub(crate) struct SessionEnded {
    /// Where it goes to sign out at the identity provider too.
    pub provider_sign_out: Option<String>,
}

/// The browser goes to an identity provider, and keeps the state of the round in a cookie until it is back.
pub(crate) struct SentAway {
    pub address: String,
    pub state: String,
}

/// The browser is back from there: a session began, and it goes to the status page.
pub(crate) struct SentHome {
    pub session: String,
}

/// A file of one of the kinds that are exported.
pub(crate) struct File(pub Response);

/// A text as sound, labelled as made by a machine.
pub(crate) struct Spoken(pub Vec<u8>);

/// The sound of a call, whole or in part.
pub(crate) struct Sound(pub Response);

/// A bundle that proves events, whole: `ledgerline audit check` takes it.
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
        vec![told(READ, "As asked", vec![(JSON, schema_of::<T>(generator))])]
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
        vec![written::<T>(generator, CHANGED, "Done, or so already")]
    }
    fn response(self) -> Response {
        changed(self.0)
    }
}

impl<T: Serialize + JsonSchema> IntoReply for MadeOrChanged<T> {
    const IS_READ: bool = false;

    fn told(generator: &mut SchemaGenerator) -> Vec<Told> {
        vec![
            written::<T>(generator, CHANGED, "It was there already"),
            written::<T>(generator, MADE, "It was made"),
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
        vec![told(READ, "Signed in; the session's cookie is set", content)]
    }
    fn response(self) -> Response {
        with_session(read(&self.body), Some(&self.cookie))
    }
}

impl IntoReply for SessionEnded {
    const IS_READ: bool = false;

    fn told(generator: &mut SchemaGenerator) -> Vec<Told> {
        let content = vec![(JSON, schema_of::<SignedOut>(generator))];
        vec![told(READ, "Signed out, or was so already", content)]
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
            "To the identity provider: its address is in Location",
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
        vec![told(ELSEWHERE, "Signed in; to the status page", Vec::new())]
    }
    fn response(self) -> Response {
        sent_home(&self.session)
    }
}

/// That a session ended.
#[derive(Serialize, JsonSchema)]
struct SignedOut {
    signed_out: bool,
    /// Where a browser goes next to sign out at the identity provider too; null where nobody there stood
    /// behind the session, or the provider publishes no such place.
    #[schemars(example = &"https://login.example.com/session/end?client_id=ledgerline")]
    provider_sign_out: Option<String>,
}

impl IntoReply for Page {
    fn told(_: &mut SchemaGenerator) -> Vec<Told> {
        vec![told(
            READ,
            "A page",
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
            "Server-sent events, without an end",
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
            "The connection is a WebSocket from here",
            Vec::new(),
        )]
    }
    fn response(self) -> Response {
        self.0
    }
}

impl IntoReply for Bundle {
    // It is on record that it was taken.
    const IS_READ: bool = true;

    fn told(_: &mut SchemaGenerator) -> Vec<Told> {
        let binary = json!({ "type": "string", "format": "binary" });
        vec![told(
            READ,
            "A bundle, on record before its first byte: `ledgerline audit check` checks it offline",
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
            told(READ, "The recording, on record before its first byte", binary()),
            told(PART, "The part of it that was asked for", binary()),
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
            "The text as sound; its metadata say that a machine made it",
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
        vec![told(READ, "The file, as it is made", content.collect())]
    }
    fn response(self) -> Response {
        self.0
    }
}
