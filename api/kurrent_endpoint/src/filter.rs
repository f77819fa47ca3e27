//! Filters of a `$all` read or subscription: by event type or stream name, by prefix or regular expression.

use crate::generated::event_store::client::streams::read_req::options::FilterOptions;
use crate::generated::event_store::client::streams::read_req::options::filter_options::{
    Expression, Filter as WireFilter, Window,
};
use crate::wire::RecordMetadata;
use regex::{Regex, RegexBuilder};
use tonic::Status;

/// The longest regular expression of a filter, in bytes, a longer one is refused; clients send tens of
/// characters.
const REGEX_BYTES_MAX: usize = 1_024;

/// The most bytes of a compiled expression: 256 KiB is enough for any filter that a person writes.
const REGEX_COMPILED_BYTES_MAX: usize = 256 * 1_024;

/// The most prefixes in one filter.
const PREFIXES_MAX: usize = 64;

/// The number of events between checkpoints if the client names no window (KurrentDB's default window).
const WINDOW_EVENTS: u64 = 32;

/// A client's filter of events, and the interval of checkpoints that report how far the search has come.
#[derive(Debug)]
pub(crate) struct Filter {
    on_stream: bool,
    wanted: FilterPattern,
    /// The number of events searched from one checkpoint to the next, at least 1.
    pub(crate) checkpoint_events: u64,
}

#[derive(Debug)]
enum FilterPattern {
    Prefixed(Vec<String>),
    Matching(Regex),
    /// Everything except what a leading negative look-ahead excludes.
    NotMatching(Regex),
}

impl Filter {
    pub(crate) fn read(options: FilterOptions) -> Result<Self, Status> {
        let (on_stream, expression) = match options.filter {
            Some(WireFilter::StreamIdentifier(expression)) => (true, expression),
            Some(WireFilter::EventType(expression)) => (false, expression),
            None => return Err(Status::invalid_argument("a filter without an expression")),
        };
        let window = match options.window {
            Some(Window::Max(events)) if events > 0 => u64::from(events),
            Some(Window::Max(_) | Window::Count(())) | None => WINDOW_EVENTS,
        };
        let multiplier = u64::from(options.checkpoint_interval_multiplier.max(1));
        Ok(Self {
            on_stream,
            wanted: wanted(expression)?,
            checkpoint_events: window.saturating_mul(multiplier),
        })
    }

    pub(crate) fn wants(&self, facts: &RecordMetadata<'_>) -> bool {
        let text = if self.on_stream {
            &facts.stream
        } else {
            &facts.kind
        };
        match &self.wanted {
            FilterPattern::Prefixed(prefixes) => prefixes.iter().any(|one| text.starts_with(one.as_str())),
            FilterPattern::Matching(regex) => regex.is_match(text),
            FilterPattern::NotMatching(regex) => !regex.is_match(text),
        }
    }
}

fn wanted(expression: Expression) -> Result<FilterPattern, Status> {
    if !expression.prefix.is_empty() {
        if expression.prefix.len() > PREFIXES_MAX {
            let why = format!("a filter has at most {PREFIXES_MAX} prefixes");
            return Err(Status::invalid_argument(why));
        }
        return Ok(FilterPattern::Prefixed(expression.prefix));
    }
    let text = expression.regex;
    if text.is_empty() || text.len() > REGEX_BYTES_MAX {
        let why = format!("a filter's expression has 1 to {REGEX_BYTES_MAX} bytes");
        return Err(Status::invalid_argument(why));
    }
    match excluded(&text) {
        Some(inside) => Ok(FilterPattern::NotMatching(compiled(&format!("^(?:{inside})"))?)),
        None => Ok(FilterPattern::Matching(compiled(&text)?)),
    }
}

/// Returns the inside of `^(?!…)`, with which clients exclude system events. Our regex engine runs in linear
/// time and has no look-ahead; this is the only form of it that clients send by themselves.
fn excluded(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("^(?!")?;
    let inside = inside
        .strip_suffix(".*$")
        .or(inside.strip_suffix(".*"))
        .unwrap_or(inside);
    let inside = inside.strip_suffix(')')?;
    closes_nothing_outside(inside).then_some(inside)
}

/// Returns true if no bracket of `inside` closes the look-ahead before its end.
fn closes_nothing_outside(inside: &str) -> bool {
    let mut open = 0_u32;
    let mut escaped = false;
    for character in inside.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' => open += 1,
            ')' if open == 0 => return false,
            ')' => open -= 1,
            _ => {}
        }
    }
    open == 0
}

fn compiled(text: &str) -> Result<Regex, Status> {
    RegexBuilder::new(text)
        .size_limit(REGEX_COMPILED_BYTES_MAX)
        .build()
        .map_err(|error| Status::invalid_argument(format!("a filter's expression: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::EventId;
    use domain::stored_event::StreamVersion;

    fn filter(on_stream: bool, regex: &str, prefix: &[&str]) -> Result<Filter, Status> {
        let expression = Expression {
            regex: regex.to_owned(),
            prefix: prefix.iter().map(|one| (*one).to_owned()).collect(),
        };
        Filter::read(FilterOptions {
            checkpoint_interval_multiplier: 5,
            filter: Some(if on_stream {
                WireFilter::StreamIdentifier(expression)
            } else {
                WireFilter::EventType(expression)
            }),
            window: Some(Window::Max(30)),
        })
    }

    fn wants(filter: &Filter, kind: &'static str, stream: &'static str) -> bool {
        filter.wants(&RecordMetadata {
            id: EventId::new(uuid::Uuid::nil()),
            kind: kind.into(),
            stream: stream.into(),
            version: StreamVersion(1),
            causation: None,
            correlation: None,
            campaign: None,
        })
    }

    #[test]
    fn prefixes_and_expressions_look_at_the_type_or_at_the_stream() {
        let by_type = filter(false, "", &["call.", "number."]).unwrap();
        assert!(wants(&by_type, "call.ended", "x-1") && !wants(&by_type, "calls.x", "call.-1"));
        let by_stream = filter(true, "^(call|number)-[0-9]+$", &[]).unwrap();
        assert!(wants(&by_stream, "x", "number-12") && !wants(&by_stream, "x", "number-a"));
        assert_eq!(by_stream.checkpoint_events, 150);
    }

    #[test]
    fn the_exclusions_that_clients_send_by_themselves_are_understood() {
        // kurrentdbclient's default, and the Node client's excludeSystemEvents.
        for text in [
            r"^(?!(\$.+$|PersistentConfig\d+$|Result$))",
            r"^[^\$].*",
            r"^(?!\$)",
            r"^(?!\$).*$",
        ] {
            let filter = filter(false, text, &[]).unwrap();
            assert!(wants(&filter, "call.ended", "x"), "{text}");
            assert!(!wants(&filter, "$metadata", "x"), "{text}");
        }
        assert_eq!(excluded(r"^(?!a)b(c)"), None);
        assert_eq!(excluded(r"^(?!a\)b)"), Some(r"a\)b"));
    }

    #[test]
    fn what_cannot_be_a_filter_is_refused() {
        let most = "x".repeat(REGEX_BYTES_MAX);
        assert!(filter(false, &most, &[]).is_ok());
        assert!(filter(false, &["x"; PREFIXES_MAX].concat(), &[]).is_ok());
        let prefixes = ["p"; PREFIXES_MAX + 1];
        assert!(filter(false, "", &prefixes[..PREFIXES_MAX]).is_ok());
        assert!(filter(false, "", &prefixes).is_err());
        for bad in ["", "(", "(?=a)", "a(?!b)", &format!("{most}x"), "(x{999}){999}"] {
            assert!(filter(false, bad, &[]).is_err(), "{bad}");
        }
    }
}
