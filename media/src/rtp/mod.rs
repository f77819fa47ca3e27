//! RTP without I/O: packets, playout, keypresses and receive statistics (RFC 3550, 3551, 4733).
//!
//! Everything here takes bytes and time in and gives bytes and facts out. RTCP itself is left out: what a
//! receiver report would say is counted in `report`, and peers work without it (RFC 3550 only recommends it).

pub mod jitter_buffer;
pub mod keypress;
pub mod latch;
pub mod packet;
pub mod report;
