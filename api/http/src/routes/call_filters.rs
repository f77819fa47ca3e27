//! Query parameters that filter and sort a list of calls.

use crate::endpoint::Input;
use application::parameter::Parameter;
use domain::disposition::{Disposition, Outcome};
use domain::problem::Problem;
use domain::time::Timestamp;
use projections::views::call_history::CallFilter;
use std::str::FromStr;

/// Maximum of `talk_s_min` and `talk_s_max` in seconds: a day, longer than any call.
const TALK_S_MAX: u32 = 86_400;

pub(super) const CAMPAIGN: Parameter = Parameter::campaign("Only calls of this campaign");
pub(super) const CUSTOMER: Parameter = Parameter::text(
    "customer",
    "Only calls of this customer (internal id)",
    "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
);
pub(super) const DISPOSITION: Parameter =
    Parameter::text("disposition", "Only calls with this disposition", "answered");
pub(super) const OUTCOME: Parameter = Parameter::text("outcome", "Only calls with this outcome", "success");
pub(super) const TRUNK: Parameter = Parameter::text("trunk", "Only calls with a leg on this trunk", "main");
pub(super) const FROM: Parameter =
    Parameter::instant("from", "Only calls permitted at this instant or later (RFC 3339)");
pub(super) const TO: Parameter =
    Parameter::instant("to", "Only calls permitted before this instant (RFC 3339)");
/// Query parameter: the minimum talk time of the listed calls in seconds, at most `TALK_S_MAX`.
pub(super) const TALK_MIN: Parameter = Parameter::number(
    "talk_s_min",
    "Only calls with at least this talk time in seconds",
    10,
);
/// Query parameter: the maximum talk time of the listed calls in seconds, at most `TALK_S_MAX`.
pub(super) const TALK_MAX: Parameter = Parameter::number(
    "talk_s_max",
    "Only calls with at most this talk time in seconds",
    600,
);
pub(super) const ORDER: Parameter = Parameter::one_of(
    "order",
    "Sort order: newest first (default) or oldest first",
    &["newest", "oldest"],
);

/// Reads the filter from the query parameters. The caller's data scope is not included.
pub(super) fn filter_of(input: &Input) -> Result<CallFilter, Problem> {
    Ok(CallFilter {
        campaign: id(input, CAMPAIGN.name)?,
        customer: id(input, CUSTOMER.name)?,
        disposition: code(input, DISPOSITION.name, Disposition::from_code)?,
        outcome: code(input, OUTCOME.name, Outcome::from_code)?,
        trunk: input.text(TRUNK.name).map(str::to_owned),
        from: instant(input, FROM.name)?,
        until: instant(input, TO.name)?,
        talk_ms_min: talk_ms(input, TALK_MIN.name)?,
        talk_ms_max: talk_ms(input, TALK_MAX.name)?,
        oldest_first: is_oldest_first(input)?,
        ..CallFilter::default()
    })
}

fn id<T: FromStr>(input: &Input, name: &'static str) -> Result<Option<T>, Problem> {
    match input.text(name).map(str::parse) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value)),
        Some(Err(_)) => Err(Problem::invalid(
            "query-invalid",
            format!("{name} is not an id of its kind"),
        )),
    }
}

fn code<T>(
    input: &Input,
    name: &'static str,
    from_code: fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let Some(code) = input.text(name) else {
        return Ok(None);
    };
    let unknown = || Problem::invalid("query-invalid", format!("{name} is not one of the list"));
    from_code(code).map(Some).ok_or_else(unknown)
}

fn instant(input: &Input, name: &'static str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = input.text(name) else {
        return Ok(None);
    };
    let invalid = || {
        Problem::invalid(
            "query-invalid",
            format!("{name} must be a time such as 2026-03-02T10:00:00+08:00"),
        )
    };
    text.parse().map(Some).map_err(|_unreadable| invalid())
}

fn talk_ms(input: &Input, name: &'static str) -> Result<Option<u64>, Problem> {
    let Some(text) = input.text(name) else {
        return Ok(None);
    };
    let seconds = text.parse::<u32>().ok().filter(|seconds| *seconds <= TALK_S_MAX);
    let invalid = || {
        Problem::invalid(
            "query-invalid",
            format!("{name} must be an integer number of seconds from 0 to {TALK_S_MAX}"),
        )
    };
    let seconds = seconds.ok_or_else(invalid)?;
    Ok(Some(u64::from(seconds).saturating_mul(1_000)))
}

fn is_oldest_first(input: &Input) -> Result<bool, Problem> {
    match input.text(ORDER.name) {
        None | Some("newest") => Ok(false),
        Some("oldest") => Ok(true),
        Some(_) => Err(Problem::invalid(
            "query-invalid",
            "order must be newest or oldest",
        )),
    }
}
