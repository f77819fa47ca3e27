//! The caller numbers of a trunk, parsed from its setting `from`: `NUMBER[@LAST-DAY[@LICENCE]],…`.

use domain::caller_number::CallerNumber;

/// The most digits of a caller number. E.164 has 15; carriers add prefixes of their own.
const DIGITS_MAX: usize = 20;

/// The longest name of a licence, in characters. An example is 京B2-20260001.
const LICENCE_CHARS_MAX: usize = 40;

/// Parses the caller numbers among which calls rotate, in E.164 or the carrier's own form (a service number
/// such as 95xxx has 5 digits). Each may have the last day on which it may be shown, and its licence. Refuses
/// a number given twice.
pub(crate) fn caller_numbers(value: &str) -> Result<Vec<CallerNumber>, String> {
    let callers: Result<Vec<_>, _> = value.split(',').map(|one| caller_number(one.trim())).collect();
    let callers = callers?;
    let twice = callers.iter().enumerate().find(|(index, caller)| {
        callers
            .iter()
            .take(*index)
            .any(|before| before.number == caller.number)
    });
    match twice {
        Some((_, caller)) => Err(format!("from names {} twice", caller.number)),
        None => Ok(callers),
    }
}

fn caller_number(text: &str) -> Result<CallerNumber, String> {
    let mut parts = text.splitn(3, '@');
    let number = parts.next().unwrap_or_default();
    let digits = number.strip_prefix('+').unwrap_or(number);
    if !(3..=DIGITS_MAX).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "from takes numbers of 3 to {DIGITS_MAX} digits, with or without +, each followed by @LAST-DAY@LICENCE \
             if it expires"
        ));
    }
    let valid_until = match parts.next() {
        None => None,
        Some(day) => Some(day.parse().map_err(|_no_day| {
            format!("from={number}@: the last day on which it may be shown must be a date such as 2027-03-31")
        })?),
    };
    let licence = parts.next().map(str::to_owned);
    let is_name = |text: &String| {
        (1..=LICENCE_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    };
    if !licence.iter().all(is_name) {
        return Err(format!(
            "from={number}: a licence has 1 to {LICENCE_CHARS_MAX} characters"
        ));
    }
    Ok(CallerNumber {
        number: number.to_owned(),
        valid_until,
        licence,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_say_until_when_and_by_which_licence_it_is_shown() {
        let read =
            caller_numbers("+861055550100@2027-03-31@京B2-20260001, 95500@2027-04-30,+861055550101").unwrap();
        let numbers: Vec<_> = read
            .iter()
            .map(|one| {
                (
                    one.number.as_str(),
                    one.valid_until.map(|day| day.to_string()),
                    one.licence.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            numbers,
            [
                (
                    "+861055550100",
                    Some("2027-03-31".to_owned()),
                    Some("京B2-20260001")
                ),
                ("95500", Some("2027-04-30".to_owned()), None),
                ("+861055550101", None, None),
            ]
        );
    }

    #[test]
    fn what_is_no_number_no_day_or_said_twice_is_refused_by_what_is_wrong() {
        for (text, why) in [
            ("", "3 to 20 digits"),
            ("12", "3 to 20 digits"),
            ("+8610a", "3 to 20 digits"),
            ("95500@", "the last day"),
            ("95500@2027-02-30", "the last day"),
            ("95500@2027-03-31@", "a licence has"),
            ("95500,95500@2027-03-31", "95500 twice"),
        ] {
            let refused = caller_numbers(text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
