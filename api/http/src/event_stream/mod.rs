//! The event log as streams over HTTP: server-sent events and WebSocket, with the same content.

pub mod sse;
pub mod web_socket;
