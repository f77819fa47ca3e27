//! The setting of a trunk's SPEC for the ports of its responses.

/// From which ports of a trunk's address its responses are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResponsePortRule {
    /// The port that the request was sent to (RFC 3581, 4: symmetric).
    #[default]
    SamePort,
    /// Any port: some carriers answer from another one.
    AnyPort,
}
