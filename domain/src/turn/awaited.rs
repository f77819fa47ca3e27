//! Which texts are still to come for what was said: engines answer late, and may join what a pause parts.

/// Texts that are awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Awaited {
    #[default]
    Nothing,
    /// That of the present or last stretch of speech.
    Present,
    /// That of the one before it, too.
    PresentAndEarlier,
}

impl Awaited {
    /// Another stretch begins.
    #[must_use]
    pub const fn began(self) -> Self {
        match self {
            Self::Nothing => Self::Present,
            Self::Present | Self::PresentAndEarlier => Self::PresentAndEarlier,
        }
    }

    /// A text came while they spoke: it may be that of the stretch before.
    #[must_use]
    pub const fn text_during_speech(self) -> Self {
        match self {
            Self::PresentAndEarlier => Self::Present,
            Self::Nothing | Self::Present => Self::Nothing,
        }
    }
}
