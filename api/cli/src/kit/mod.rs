//! Code that commands share: requests, output, exit codes and common options.

pub(crate) mod api;
pub(crate) mod atomic_file;
mod bundle;
pub(crate) mod event_exports;
pub(crate) mod failure;
pub(crate) mod lines_file;
pub(crate) mod log_output;
pub(crate) mod moment;
pub(crate) mod output;
pub(crate) mod own_ids;
pub(crate) mod progress;
pub(crate) mod reader;
pub(crate) mod request_args;
pub(crate) mod secret;
pub(crate) mod session;
pub(crate) mod table;
pub(crate) mod table_args;
pub(crate) mod words;
