//! The descriptions of endpoints: their responses, parameters and request bodies as JSON schemas with
//! examples.
//!
//! Nothing is written twice: the schema of a response is that of the type that its handler returns, so the
//! published description and the responses cannot differ (decision 0063).

mod example;
mod path_parameter;
mod reply;
mod schemas;
mod session_reply;
#[cfg(any(test, feature = "testing"))]
#[expect(clippy::indexing_slicing, reason = "what tests stand on")]
pub(crate) mod validate;

pub(crate) use example::example;
pub(crate) use path_parameter::of_path;
pub(crate) use reply::{
    Asset, AudioReply, Bundle, ChangeReply, CreationReply, DocumentedResponse, EventStreamReply, FileReply,
    HtmlPage, IntoReply, ReadReply, SpeechReply, TextReply, VersionedReply, WebSocketReply,
};
pub(crate) use schemas::{Schemas, names_of_who_acts, schema_of, with_names};
pub(crate) use session_reply::{ConsoleRedirect, ProviderRedirect, SignInReply, SignOutReply};
