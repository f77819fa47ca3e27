//! What a trunk's SPEC says of the ports that its responses come from.

/// Which ports of a trunk's address its responses may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Replies {
    /// The port that the request went to (RFC 3581, 4: symmetric).
    #[default]
    SamePort,
    /// Any: some carriers answer from another port.
    AnyPort,
}
