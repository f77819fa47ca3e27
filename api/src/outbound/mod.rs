//! HTTP that we call: our own server, on behalf of the command line, and witnesses of the log.

pub(crate) mod own_server;
pub(crate) mod witness;
