//! The only place that moves bytes: sockets, files of the wire, and waiting for the next deadline.

pub mod carrier;
