//! Mails of plain text over SMTP: TLS from the first byte on port 465, STARTTLS where the server offers it.

use super::resolver::all_global;
use application::webhooks::courier::{Answered, Mail};
use domain::webhook::DeliveryFault;
use lettre::address::AddressError;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::net::SocketAddr;

/// Port on which TLS begins at once (RFC 8314).
const SUBMISSIONS: u16 = 465;

/// A mail server's name and port.
pub(super) fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let wanted = "a mail server is HOST:PORT, such as mail.example.com:587";
    let (host, port) = text.rsplit_once(':').ok_or(wanted)?;
    let port: u16 = port.parse().map_err(|_why| wanted)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() || port == 0 {
        return Err(wanted.to_owned());
    }
    Ok((host.to_owned(), port))
}

/// Sends one mail; nothing of a password leaves but to a server that speaks TLS, unless it may be anywhere.
pub(super) async fn send(mail: Mail) -> Answered {
    match sent(mail).await {
        Ok(code) => Answered {
            status: Some(code),
            ..Answered::default()
        },
        Err(answered) => answered,
    }
}

async fn sent(mail: Mail) -> Result<u16, Answered> {
    let unmade = || Answered::nothing(DeliveryFault::Unmade);
    let (host, port) = host_and_port(&mail.smtp).map_err(|_why| unmade())?;
    // The address that was looked at is the one that is connected to; TLS asks for the name.
    let found = tokio::net::lookup_host((host.as_str(), port)).await;
    let found: Vec<SocketAddr> = found
        .map_err(|_why| Answered::nothing(DeliveryFault::Unresolved))?
        .collect();
    let found = if mail.allow_private {
        found
    } else {
        all_global(found).map_err(|_why| Answered::nothing(DeliveryFault::PrivateAddress))?
    };
    let address = found
        .first()
        .ok_or_else(|| Answered::nothing(DeliveryFault::Unresolved))?;
    let message = message(&mail, &host).map_err(|_why| unmade())?;
    let parameters = TlsParameters::new(host).map_err(|_why| unmade())?;
    let tls = match (port, &mail.login, mail.allow_private) {
        (SUBMISSIONS, ..) => Tls::Wrapper(parameters),
        (_, Some(_), false) => Tls::Required(parameters),
        _ => Tls::Opportunistic(parameters),
    };
    let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
        .port(port)
        .tls(tls);
    if let Some((user, password)) = mail.login.as_deref().and_then(|login| login.split_once(':')) {
        transport = transport.credentials(Credentials::new(user.to_owned(), password.to_owned()));
    }
    let answer = transport
        .build()
        .send(message)
        .await
        .map_err(|error| fault_of(&error))?;
    Ok(answer.code().into())
}

/// The subject in both languages, the text below it; from whom it signs in as, else from nobody who reads.
fn message(mail: &Mail, host: &str) -> Result<Message, Unmade> {
    let user = mail.login.as_deref().and_then(|login| login.split(':').next());
    let from = match user.filter(|user| user.contains('@')) {
        Some(user) => user.parse::<Mailbox>()?,
        None => format!("ledgerline <ledgerline@{}>", domain_of(host)).parse()?,
    };
    let message = Message::builder()
        .from(from)
        .to(mail.to.parse()?)
        .subject(&mail.subject)
        .header(ContentType::TEXT_PLAIN)
        .body(mail.text.clone())?;
    Ok(message)
}

/// A host written as numbers is no domain of mail addresses.
fn domain_of(host: &str) -> &str {
    if host.parse::<std::net::IpAddr>().is_ok() {
        return "localhost";
    }
    host
}

/// Why no mail could be made of it.
#[derive(Debug, thiserror::Error)]
enum Unmade {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Content(#[from] lettre::error::Error),
}

fn fault_of(error: &Error) -> Answered {
    let status = error.status().map(u16::from);
    let fault = if status.is_some() {
        DeliveryFault::Status
    } else if error.is_tls() {
        DeliveryFault::Tls
    } else if error.is_timeout() {
        DeliveryFault::TimedOut
    } else {
        DeliveryFault::Unreachable
    };
    Answered {
        fault: Some(fault),
        status,
        ..Answered::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_is_a_host_and_a_port() {
        assert_eq!(
            host_and_port("mail.example.com:587"),
            Ok(("mail.example.com".to_owned(), 587))
        );
        assert_eq!(host_and_port("[::1]:25"), Ok(("::1".to_owned(), 25)));
        for wrong in ["mail.example.com", ":25", "a:0", "a:x"] {
            assert!(host_and_port(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mail_says_what_it_is_of_in_both_languages() {
        let mail = Mail {
            smtp: "127.0.0.1:25".to_owned(),
            login: None,
            to: "wang@example.com".to_owned(),
            subject: "告警 / ALERT".to_owned(),
            text: "告警\nALERT".to_owned(),
            allow_private: true,
        };
        let formatted = message(&mail, "127.0.0.1").unwrap().formatted();
        let text = String::from_utf8(formatted).unwrap();
        assert!(text.contains("From: ledgerline <ledgerline@localhost>"), "{text}");
        assert!(text.contains("To: wang@example.com"), "{text}");
        assert!(
            message(
                &Mail {
                    to: "nobody".to_owned(),
                    ..mail
                },
                "a"
            )
            .is_err()
        );
    }
    #[test]
    fn the_end_of_a_line_adds_nothing_to_the_head_of_a_mail() {
        let mail = |to: &str, subject: &str| Mail {
            smtp: "127.0.0.1:25".to_owned(),
            login: None,
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: "ALERT".to_owned(),
            allow_private: true,
        };
        for end in ["\r\n", "\n", "\r"] {
            let subject = format!("ALERT{end}Bcc: other@example.com{end}{end}another text");
            if let Ok(made) = message(&mail("wang@example.com", &subject), "127.0.0.1") {
                let text = String::from_utf8(made.formatted()).unwrap();
                let (head, _) = text.split_once("\r\n\r\n").unwrap();
                let mut lines = head.split(['\r', '\n']);
                assert!(!lines.any(|line| line.starts_with("Bcc")), "{end:?}: {head}");
                assert!(text.trim_end().ends_with("ALERT"), "{end:?}: {text}");
            }
            let to = format!("wang@example.com{end}Bcc: other@example.com");
            assert!(message(&mail(&to, "ALERT"), "127.0.0.1").is_err(), "{end:?}");
        }
    }
}
