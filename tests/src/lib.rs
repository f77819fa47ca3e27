//! Placeholder while the workspace is laid out; replaced by the crate story.
