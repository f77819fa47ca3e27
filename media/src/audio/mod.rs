//! Audio as samples: frames, recordings, resampling. 8 kHz, 16 bit, mono unless said otherwise.

pub mod denoising;
pub mod doubled_rate;
pub mod dtmf;
pub mod frame;
pub mod heard;
pub mod likeness;
pub mod prosody;
pub mod recording;
pub mod resample;
pub mod voice_activity;
