//! Audio as samples: frames, recordings, resampling. 8 kHz, 16 bit, mono unless said otherwise.

pub mod audio_ring;
pub mod denoising;
pub mod dtmf;
pub mod frame;
pub mod likeness;
pub mod prosody;
pub mod rate_doubler;
pub mod recording;
pub mod resampling;
pub mod voice_activity;
