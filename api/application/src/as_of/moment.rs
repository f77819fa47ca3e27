//! The parameters `as_of` and `valid_at`: parsed, checked against the log, and resolved to a position.

use crate::parameter::Parameter;
use crate::query::Query;
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::{Envelope, Position, StoredEvent};
use domain::time::{InvalidTimestamp, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

/// The query parameters of every route that answers questions about the past.
pub const PARAMETERS: &[Parameter] = &[AS_OF, VALID_AT];
pub const AS_OF: Parameter = Parameter::text(
    "as_of",
    "As known then: only events up to this position, or recorded up to this RFC 3339 instant",
    "42",
);
pub const VALID_AT: Parameter = Parameter::instant(
    "valid_at",
    "As true then: of what is known, what had happened by this RFC 3339 instant, corrections read back",
);

/// The end of the part of the log that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AsOf {
    /// Events up to this position.
    Position(Position),
    /// Events recorded up to this instant.
    Instant(Timestamp),
}

impl std::str::FromStr for AsOf {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(position) = text.parse() {
            return Ok(Self::Position(Position(position)));
        }
        match text.parse() {
            Ok(at) => Ok(Self::Instant(at)),
            Err(InvalidTimestamp(_)) => {
                Err("must be a position, or an RFC 3339 instant such as 2026-03-02T10:00:00+08:00")
            }
        }
    }
}

/// The moment of a question. Without both values it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    as_of: Option<AsOf>,
    valid_at: Option<Timestamp>,
}

impl Moment {
    /// Reads the moment from `as_of` and `valid_at` of a request's query. Fails if one is invalid.
    pub fn of(query: &Query) -> Result<Self, Problem> {
        Self::parse(query.text("as_of"), query.text("valid_at"))
    }

    /// Parses both parameters. Without `as_of` everything known counts; without `valid_at` no instant
    /// limits it.
    pub fn parse(as_of: Option<&str>, valid_at: Option<&str>) -> Result<Self, Problem> {
        let as_of: Option<AsOf> = as_of
            .map(str::parse)
            .transpose()
            .map_err(|why| Problem::invalid("as-of-invalid", format!("as_of {why}")))?;
        let valid_at: Option<Timestamp> = match valid_at.map(str::parse) {
            None => None,
            Some(Ok(at)) => Some(at),
            Some(Err(InvalidTimestamp(_))) => {
                return Err(Problem::invalid(
                    "valid-at-invalid",
                    "valid_at must be an RFC 3339 instant such as 2026-03-02T10:00:00+08:00",
                ));
            }
        };
        Ok(Self { as_of, valid_at })
    }

    /// Returns true if neither value is given, so the question is about now.
    pub const fn is_now(&self) -> bool {
        self.as_of.is_none() && self.valid_at.is_none()
    }

    /// Resolves the moment to a log position; `None` if it is now. Fails as `resolve` does.
    pub async fn asked(
        self,
        store: &dyn EventStore,
        clock: Timestamp,
    ) -> Result<Option<ResolvedMoment>, Problem> {
        if self.is_now() {
            return Ok(None);
        }
        self.resolve(store, clock).await.map(Some)
    }

    /// Resolves the moment to a position of this log. `clock`: the current time. Fails for a position or
    /// time after the end of the log or before its first event.
    pub async fn resolve(self, store: &dyn EventStore, clock: Timestamp) -> Result<ResolvedMoment, Problem> {
        let bounds = Bounds::of(store, clock).await?;
        self.check(&bounds)?;
        let position = match self.as_of {
            None => bounds.head,
            Some(AsOf::Position(position)) => position,
            Some(AsOf::Instant(at)) => projections::position_at(store, at).await?,
        };
        let before = Position(position.0.saturating_sub(1));
        let there = store.read_all(before, 1).await?.into_iter().next();
        Ok(ResolvedMoment {
            moment: self,
            position,
            recorded_at: there
                .filter(|event| event.position == position)
                .map(|event| event.recorded_at),
        })
    }

    /// Fails if the moment is after the end of the log or before its first event.
    fn check(&self, bounds: &Bounds) -> Result<(), Problem> {
        match self.as_of {
            Some(AsOf::Position(position)) if position > bounds.head => Err(Problem::refused(
                "as-of-in-the-future",
                format!("the log ends at position {}", bounds.head),
            )),
            Some(AsOf::Position(position)) if position < bounds.first => Err(Problem::refused(
                "as-of-before-the-log",
                format!("the log begins at position {}", bounds.first),
            )),
            Some(AsOf::Instant(at)) if at > bounds.now => Err(Problem::refused(
                "as-of-in-the-future",
                format!("it is now {}", bounds.now),
            )),
            Some(AsOf::Instant(at)) if at < bounds.began_at => Err(Problem::refused(
                "as-of-before-the-log",
                format!("the log begins at {}", bounds.began_at),
            )),
            Some(AsOf::Position(_) | AsOf::Instant(_)) | None => self.check_valid_at(bounds),
        }
    }

    fn check_valid_at(&self, bounds: &Bounds) -> Result<(), Problem> {
        let Some(valid_at) = self.valid_at else {
            return Ok(());
        };
        let known_until = match self.as_of {
            Some(AsOf::Instant(at)) => at,
            Some(AsOf::Position(_)) | None => bounds.now,
        };
        if valid_at > known_until {
            return Err(Problem::refused(
                "valid-at-in-the-future",
                format!("{valid_at} was not known at {known_until}"),
            ));
        }
        Ok(())
    }
}

/// First and last position of the log, with their times.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    first: Position,
    began_at: Timestamp,
    head: Position,
    /// Current time: the clock's, or that of the last record if it is later.
    now: Timestamp,
}

impl Bounds {
    async fn of(store: &dyn EventStore, clock: Timestamp) -> Result<Self, Problem> {
        let first = store.read_all(Position(0), 1).await?;
        let first = first
            .first()
            .ok_or_else(|| Problem::refused("as-of-before-the-log", "the log has no event yet"))?;
        let last = store.last_recorded_at().await?.unwrap_or(clock);
        Ok(Self {
            first: first.position,
            began_at: first.recorded_at,
            head: store.head().await?,
            now: clock.max(last),
        })
    }
}

/// A moment that was resolved to a position of the log.
#[derive(Debug, Clone, Copy)]
pub struct ResolvedMoment {
    moment: Moment,
    /// Position of the last event that is known at this moment.
    pub position: Position,
    /// Time at which that event was recorded. Absent if no event has exactly the requested position.
    recorded_at: Option<Timestamp>,
}

impl ResolvedMoment {
    /// Returns the moment directly after the event at this position.
    pub(crate) const fn up_to(position: Position) -> Self {
        Self {
            moment: Moment {
                as_of: Some(AsOf::Position(position)),
                valid_at: None,
            },
            position,
            recorded_at: None,
        }
    }

    /// Returns the requested `valid_at`, if any.
    pub const fn valid_at(&self) -> Option<Timestamp> {
        self.moment.valid_at
    }

    /// Returns the instant of the moment: `valid_at` or the requested instant; for a position, the time at
    /// which its event was recorded.
    pub fn at(&self) -> Option<Timestamp> {
        let asked = match self.moment.as_of {
            Some(AsOf::Instant(at)) => Some(at),
            Some(AsOf::Position(_)) | None => None,
        };
        self.moment.valid_at.or(asked).or(self.recorded_at)
    }

    /// Returns true if the event was recorded up to the moment's position.
    pub fn knows(&self, event: &StoredEvent) -> bool {
        event.position <= self.position
    }

    /// Returns true if the event counts at this moment: it was recorded up to its position and, with
    /// `valid_at`, had happened by then.
    pub(crate) fn counts(&self, event: &StoredEvent, envelope: &Envelope) -> bool {
        self.knows(event)
            && self
                .moment
                .valid_at
                .is_none_or(|valid_at| envelope.at <= valid_at)
    }

    /// Returns the member `known` of a reply: the requested moment, its position in the log, and its label
    /// (known then, or true then).
    pub fn describe(&self) -> PastMomentInfo {
        let (label_zh, label_en) = match self.moment.valid_at {
            None => KNOWN_THEN,
            Some(_) => ("当时事实", "true then"),
        };
        PastMomentInfo {
            as_of: self.moment.as_of.map(|as_of| match as_of {
                AsOf::Position(position) => position.to_string(),
                AsOf::Instant(at) => at.to_string(),
            }),
            position: self.position.to_string(),
            recorded_at: self.recorded_at,
            valid_at: self.moment.valid_at,
            label_zh,
            label_en,
            ..PastMomentInfo::default()
        }
    }
}

/// Chinese and English label of transaction time.
pub(crate) const KNOWN_THEN: (&str, &str) = ("当时所知", "known then");

/// The moment of a reply about the past, and the cost of computing it.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct PastMomentInfo {
    /// The requested position or instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"42")]
    pub as_of: Option<String>,
    /// Position of the last event that was known.
    pub position: String,
    /// Time at which that event was recorded. Absent if no event has exactly this position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_at: Option<Timestamp>,
    pub label_zh: &'static str,
    pub label_en: &'static str,
    /// Number of events that were replayed for the reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// True if the rows were cached from an earlier question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<bool>,
    /// Duration of the replay, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// Position of the snapshot from which the replay started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copied_position: Option<String>,
    /// For one call: position of its last known event, followed by the time at which it was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_position: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_recorded_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instant_looked_at_is_the_one_that_was_asked_for() {
        let recorded = "2026-03-02T10:00:00Z";
        let later = "2026-03-14T10:00:00Z";
        for (as_of, valid_at, at) in [
            (Some(later), None, later),
            (Some(later), Some("2026-03-01T00:00:00Z"), "2026-03-01T00:00:00Z"),
            (Some("42"), None, recorded),
            (None, Some(later), later),
        ] {
            let then = ResolvedMoment {
                moment: Moment::parse(as_of, valid_at).unwrap(),
                position: Position(42),
                recorded_at: recorded.parse().ok(),
            };
            assert_eq!(then.at(), at.parse().ok(), "{as_of:?} {valid_at:?}");
        }
    }
}
