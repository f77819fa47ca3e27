//! Whom we call: our own server, on behalf of the command line, witnesses of the log, a time
//! stamp authority, and a clock (NTP).

pub(crate) mod ntp;
pub(crate) mod own_server;
pub(crate) mod tsa;
pub(crate) mod witness;
