//! The types that handlers return: JSON, a page, a file, a stream. The type determines both the response that
//! is sent and the responses in the description.

use crate::api_description::schemas::schema_of;
use crate::reply::{
    CHANGED, MADE, PART, READ, SWITCHED, WriteResult, asset, change_response, creation_response, page, read,
    read_at, text_response, whole_file_response,
};
use domain::stored_event::StreamVersion;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Value, json};
use warp::reply::Response;

/// A response to a successful request in the published description: status, sentence, media types, headers.
pub(crate) struct DocumentedResponse {
    pub status: u16,
    pub what: &'static str,
    /// Media types with their schemas.
    pub content: Vec<(&'static str, Value)>,
    /// True if the response's headers contain the log position of a write.
    pub is_write: bool,
}

/// A type that a handler can return.
pub(crate) trait IntoReply {
    /// True if a reply of this type answers a request that only reads; false for the replies of commands.
    const IS_READ: bool = true;

    fn document_responses(generator: &mut SchemaGenerator) -> Vec<DocumentedResponse>;
    fn response(self) -> Response;
}

pub(super) const JSON: &str = "application/json";
/// Media type of a bundle, a tar archive; every generated client can read this type.
const BUNDLE: &str = "application/octet-stream";

/// Media type of a recording: two channels, 8 kHz, 16 bit.
const SOUND: &str = "audio/wav";

/// The response to a read.
pub(crate) struct ReadReply<T>(pub T);

/// The response to a read of something replaceable, with the version for `If-Match`.
pub(crate) struct VersionedReply<T> {
    pub body: T,
    pub version: StreamVersion,
}

/// The response to a command that changes an existing thing: 200, also if nothing had to be changed.
pub(crate) struct ChangeReply<T>(pub WriteResult<T>);

/// The response to a creation: 201 if the thing was created, 200 if it existed already.
pub(crate) enum CreationReply<T> {
    Made(WriteResult<T>),
    Changed(WriteResult<T>),
}

/// An HTML page: the status page.
pub(crate) struct HtmlPage(pub &'static str);

/// A file of an HTML page (status, documentation), embedded in this program.
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
pub(crate) struct TextReply {
    pub media_type: &'static str,
    pub text: String,
}

/// A stream of server-sent events.
pub(crate) struct EventStreamReply(pub Response);

/// The response that upgrades a connection to a WebSocket.
pub(crate) struct WebSocketReply(pub Response);

/// An exported file.
pub(crate) struct FileReply(pub Response);

/// Synthesized speech, labeled as machine-made.
pub(crate) struct SpeechReply(pub Vec<u8>);

/// The response with the audio of a call, whole or a byte range of it.
pub(crate) struct AudioReply(pub Response);

/// A complete bundle that proves events; `ledgerline audit check` verifies it.
pub(crate) struct Bundle {
    pub name: String,
    pub bytes: Vec<u8>,
}

pub(super) fn describe_responses(
    status: u16,
    what: &'static str,
    content: Vec<(&'static str, Value)>,
) -> DocumentedResponse {
    DocumentedResponse {
        status,
        what,
        content,
        is_write: false,
    }
}

fn written<T: JsonSchema>(
    generator: &mut SchemaGenerator,
    status: u16,
    what: &'static str,
) -> DocumentedResponse {
    DocumentedResponse {
        is_write: true,
        ..describe_responses(status, what, vec![(JSON, schema_of::<T>(generator))])
    }
}

impl<T: Serialize + JsonSchema> IntoReply for ReadReply<T> {
    fn document_responses(generator: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        vec![describe_responses(
            READ,
            "The requested data",
            vec![(JSON, schema_of::<T>(generator))],
        )]
    }
    fn response(self) -> Response {
        read(&self.0)
    }
}

impl<T: Serialize + JsonSchema> IntoReply for VersionedReply<T> {
    fn document_responses(generator: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        ReadReply::<T>::document_responses(generator)
    }
    fn response(self) -> Response {
        read_at(&self.body, self.version)
    }
}

impl<T: Serialize + JsonSchema> IntoReply for ChangeReply<T> {
    const IS_READ: bool = false;

    fn document_responses(generator: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        vec![written::<T>(
            generator,
            CHANGED,
            "Changed, or nothing had to be changed",
        )]
    }
    fn response(self) -> Response {
        change_response(self.0)
    }
}

impl<T: Serialize + JsonSchema> IntoReply for CreationReply<T> {
    const IS_READ: bool = false;

    fn document_responses(generator: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        vec![
            written::<T>(generator, CHANGED, "It existed already"),
            written::<T>(generator, MADE, "Created"),
        ]
    }
    fn response(self) -> Response {
        match self {
            Self::Made(written) => creation_response(written),
            Self::Changed(written) => change_response(written),
        }
    }
}

impl IntoReply for HtmlPage {
    fn document_responses(_: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        vec![describe_responses(
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
    fn document_responses(_: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        let kinds = ["text/html", "text/css", "text/javascript", "text/plain"];
        let content = kinds.map(|kind| (kind, json!({ "type": "string" })));
        vec![describe_responses(READ, "A file of a page", content.to_vec())]
    }
    fn response(self) -> Response {
        asset(self.media_type, self.bytes, self.is_compressed)
    }
}

impl IntoReply for TextReply {
    fn document_responses(_: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        let text = json!({ "type": "string" });
        vec![describe_responses(READ, "Text", vec![("text/plain", text)])]
    }
    fn response(self) -> Response {
        text_response(self.media_type, self.text)
    }
}

impl IntoReply for EventStreamReply {
    fn document_responses(_: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        let text = json!({ "type": "string" });
        vec![describe_responses(
            READ,
            "An endless stream of server-sent events",
            vec![("text/event-stream", text)],
        )]
    }
    fn response(self) -> Response {
        self.0
    }
}

impl IntoReply for WebSocketReply {
    fn document_responses(_: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        vec![describe_responses(
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

    fn document_responses(_: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        let binary = json!({ "type": "string", "format": "binary" });
        vec![describe_responses(
            READ,
            "A bundle, recorded before its first byte; `ledgerline audit check` verifies it offline",
            vec![(BUNDLE, binary)],
        )]
    }
    fn response(self) -> Response {
        whole_file_response(BUNDLE, &self.name, self.bytes)
    }
}

impl IntoReply for AudioReply {
    fn document_responses(_: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        let binary = || vec![(SOUND, json!({ "type": "string", "format": "binary" }))];
        vec![
            describe_responses(
                READ,
                "The recording; the read is recorded before the first byte",
                binary(),
            ),
            describe_responses(PART, "The requested byte range of the recording", binary()),
        ]
    }
    fn response(self) -> Response {
        self.0
    }
}

impl IntoReply for SpeechReply {
    fn document_responses(_: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        let binary = json!({ "type": "string", "format": "binary" });
        vec![describe_responses(
            READ,
            "The text as audio; its metadata label it as machine-made",
            vec![(SOUND, binary)],
        )]
    }
    fn response(self) -> Response {
        whole_file_response(SOUND, "speech.wav", self.0)
    }
}

impl IntoReply for FileReply {
    fn document_responses(_: &mut SchemaGenerator) -> Vec<DocumentedResponse> {
        let binary = || json!({ "type": "string", "format": "binary" });
        let kinds = application::exports::Format::MEDIA_TYPES;
        let content = kinds
            .iter()
            .map(|kind| (kind.split(';').next().unwrap_or(kind), binary()));
        vec![describe_responses(
            READ,
            "The file, as a stream",
            content.collect(),
        )]
    }
    fn response(self) -> Response {
        self.0
    }
}
