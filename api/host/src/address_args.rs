//! Parsers of command-line arguments that name an external address. A wrong address fails the start of the
//! program, not the first message sent to it.

use domain::external_address::{AddressFault, check_url, mail_server};

/// Parses an argument that is an http or https URL. Returns the text unchanged, or why it is not a URL.
pub(crate) fn outside_url(text: &str) -> Result<String, AddressFault> {
    check_url(text)?;
    Ok(text.to_owned())
}

/// Parses an argument that names a mail server as `HOST:PORT`. Returns the text unchanged, or why it is
/// wrong.
pub(crate) fn outside_mail_server(text: &str) -> Result<String, AddressFault> {
    mail_server(text)?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_that_is_no_address_is_refused() {
        assert!(outside_url("https://sms.example.com/send").is_ok());
        assert!(outside_mail_server("mail.example.com:587").is_ok());
        for wrong in ["sms.example.com", "https://u:p@sms.example.com", "https://"] {
            assert!(outside_url(wrong).is_err(), "{wrong}");
        }
        assert!(outside_mail_server("mail.example.com").is_err());
    }
}
