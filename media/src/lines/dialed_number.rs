//! The form in which a trunk wants a number: E.164 with `+`, bare digits, or the national form; and the
//! carrier's prefix before it.

/// China's country code. Its national form is known here.
const CHINA: &str = "86";
/// Digits of a Chinese mobile number without country code; it begins with 1.
const MOBILE_DIGITS: usize = 11;

/// The form of a number in the Request-URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NumberForm {
    /// `+8613800138000`.
    #[default]
    E164,
    /// `8613800138000`.
    Digits,
    /// `13800138000`, `01088886666`; a number abroad with `00` before its country code.
    National,
}

/// Returns the user part of the Request-URI for the E.164 number `callee`: the prefix and the number in
/// this form. A number without `+` is not converted.
pub(super) fn format_dialed_number(callee: &str, form: NumberForm, prefix: &str) -> String {
    let Some(digits) = callee.strip_prefix('+') else {
        return format!("{prefix}{callee}");
    };
    let form = match form {
        NumberForm::E164 => callee.to_owned(),
        NumberForm::Digits => digits.to_owned(),
        NumberForm::National => match digits.strip_prefix(CHINA) {
            Some(home) if is_dialed_without_zero(home) => home.to_owned(),
            Some(home) => format!("0{home}"),
            None => format!("00{digits}"),
        },
    };
    format!("{prefix}{form}")
}

/// Returns true for Chinese numbers that are dialed without a trunk prefix 0: mobile numbers and services
/// without an area code, 400 and 800 (ten digits), 95xxx and 96xxx.
fn is_dialed_without_zero(home: &str) -> bool {
    let is_mobile = home.len() == MOBILE_DIGITS && home.starts_with('1');
    let is_toll_service = home.len() == 10 && (home.starts_with("400") || home.starts_with("800"));
    let is_short = home.len() < 10 && (home.starts_with("95") || home.starts_with("96"));
    is_mobile || is_toll_service || is_short
}

#[cfg(test)]
mod tests {
    use super::{NumberForm, format_dialed_number};

    #[test]
    fn a_number_is_dialed_as_its_trunk_wants_it() {
        for (callee, form, prefix, user) in [
            ("+8613800138000", NumberForm::E164, "", "+8613800138000"),
            ("+8613800138000", NumberForm::Digits, "", "8613800138000"),
            ("+8613800138000", NumberForm::National, "", "13800138000"),
            ("+861088886666", NumberForm::National, "", "01088886666"),
            ("+864008001234", NumberForm::National, "", "4008001234"),
            ("+8695588", NumberForm::National, "", "95588"),
            ("+15550100", NumberForm::National, "", "0015550100"),
            ("+8613800138000", NumberForm::National, "9", "913800138000"),
            ("+8613800138000", NumberForm::E164, "*88", "*88+8613800138000"),
        ] {
            assert_eq!(
                format_dialed_number(callee, form, prefix),
                user,
                "{callee} {form:?} {prefix}"
            );
        }
    }
}
