//! Replays of recorded calls: the same decisions, another decision told, another version, another model.
