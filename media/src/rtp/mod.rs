//! RTP without I/O: packets, playout, keypresses and receive statistics (RFC 3550, 3551, 4733).
//!
//! All parts take bytes and the time, and return bytes and facts. RTCP itself is left out: the numbers of a
//! receiver report are counted in `report`, and peers work without it (RFC 3550 only recommends it).

pub mod jitter_buffer;
pub mod keypress;
pub mod latch;
pub mod packet;
pub mod report;
