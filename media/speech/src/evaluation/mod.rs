//! Evaluates the parts that hear and speak: error rates of recognizers, the excitement read from callees'
//! voices, the distinction of speakers, and the kit with which people judge voices. Figures that were
//! measured on synthetic voices are marked.

pub mod emotion;
mod figures;
pub mod line;
pub mod opinions;
pub mod playback;
mod recognition_errors;
pub mod voices;

pub use recognition_errors::{
    ACCURACY_RATIO_FLOOR, ACCURACY_RATIO_TARGET, ConditionFigures, ErrorFigures, RecognitionReport,
    RecognitionSample, RecordingCondition, summarize_errors,
};
