//! Reads the Q.850 cause of a call's end from a SIP `Reason` header.

/// The largest Q.850 cause (ITU-T Q.850, 2.2.7: seven bits).
const Q850_CAUSE_MAX: u16 = 127;

/// Returns the Q.850 cause in a `Reason` header (RFC 3326, section 2), which may hold several values,
/// quoted texts with commas, and other protocols. `None` without a cause from 0 to 127.
pub fn parse_q850(reason_header: &str) -> Option<u16> {
    split_outside_quotes(reason_header, ',').find_map(|value| {
        let mut parts = split_outside_quotes(value, ';');
        if !parts.next()?.trim().eq_ignore_ascii_case("Q.850") {
            return None;
        }
        let cause = parts.find_map(cause_parameter)?;
        let cause: u16 = cause.parse().ok()?;
        (cause <= Q850_CAUSE_MAX).then_some(cause)
    })
}

fn cause_parameter(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    name.trim()
        .eq_ignore_ascii_case("cause")
        .then(|| value.trim().trim_matches('"'))
}

fn split_outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |character| {
        if escaped {
            escaped = false;
            return false;
        }
        match character {
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return !quoted && character == separator,
        }
        false
    })
}
