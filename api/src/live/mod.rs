//! Figures of this moment for whoever watches: one fold of the log for all, pushed when it changes.
//!
//! A watcher who is slow gets the latest picture next and never makes anybody wait.

pub(crate) mod hub;
mod stream;
#[cfg(test)]
mod tests;

pub(crate) use stream::{Watching, shown, sse, web_socket};
