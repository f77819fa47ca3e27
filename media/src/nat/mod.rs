//! Addresses behind a NAT: what a STUN server reports, and which address far ends are shown.
//!
//! Protocol and decisions only, without sockets. `driver/stun_query.rs` sends and receives.

pub mod advertised;
pub mod stun;
