//! HTTP that we call: for now only our own server, on behalf of the command line.

pub(crate) mod own_server;
