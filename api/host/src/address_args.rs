//! Arguments that name an address outside: a wrong one is refused at the start, not at the first message.

use domain::outside_address::{AddressFault, check_url, mail_server};

/// A URL of http or https.
pub(crate) fn outside_url(text: &str) -> Result<String, AddressFault> {
    check_url(text)?;
    Ok(text.to_owned())
}

/// A mail server, `HOST:PORT`.
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
