//! The log level of a process: its parser, and the caps that protect personal data in paths.

use tracing_subscriber::EnvFilter;

/// Log levels that are added to every filter and override it: below them the HTTP stack logs paths, which
/// contain phone numbers and customers' own ids.
const LOG_CAPS: &str = "warp=info,hyper=info,h2=info,tower_http=info";

/// The levels, from none to all messages.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Parses a level, or a filter by module such as `warn,host=debug`. A word that is no level is refused: as a
/// filter it would be the name of a module, and switch everything else off.
pub fn parse_log_level(text: &str) -> Result<String, String> {
    for part in text.split(',') {
        let is_directive = part.contains(['=', '[']);
        if !is_directive && !LEVELS.contains(&part.to_ascii_lowercase().as_str()) {
            let levels = LEVELS.join(", ");
            return Err(format!("{part:?} is not a log level: {levels}"));
        }
    }
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Returns the filter for an asked level, with the caps added unless it is `off`.
pub fn capped(asked: &str) -> String {
    if asked == "off" {
        return asked.to_owned();
    }
    format!("{asked},{LOG_CAPS}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_or_a_filter_is_accepted_and_a_misspelt_level_is_not() {
        for right in [
            "warn",
            "OFF",
            "info,host=debug",
            "host[call]=trace",
            "error,media=off",
        ] {
            assert_eq!(parse_log_level(right).as_deref(), Ok(right));
        }
        for wrong in ["", "inof", "warn,", "warn,host=loud", "info;debug"] {
            assert!(parse_log_level(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_level_but_off_has_the_caps() {
        assert_eq!(capped("off"), "off");
        assert!(capped("trace").ends_with(LOG_CAPS));
    }
}
