//! The event log as streams over HTTP: server-sent events and WebSocket, which say the same.

pub mod sse;
pub mod web_socket;
