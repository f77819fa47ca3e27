//! Sends plain-text mails over SMTP: with TLS from the first byte on port 465, otherwise with STARTTLS if the
//! server offers it. A password is sent over TLS only.

use super::bounded_stream::BoundedStream;
use application::webhooks::courier::{DeliveryResponse, Mail};
use domain::external_address::mail_server;
use domain::webhook::DeliveryFault;
use http_client::all_global;
use lettre::Message;
use lettre::address::AddressError;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use std::io;
use std::net::SocketAddr;
use tls::Trust;
use tokio::net::TcpStream;

/// The port with TLS from the first byte (RFC 8314).
const SUBMISSIONS: u16 = 465;

/// The most bytes read from a server during one mail: certificates (RSA chains have up to 20 KB) and a few
/// lines. The SMTP client parses a reply again with each of its lines, so that the time grows with the square
/// of this limit.
const ANSWERS_BYTES_MAX: usize = 64 * 1024;

/// The SASL mechanisms to send a password, in this order (RFC 4616; LOGIN is older and still required by
/// some).
const MECHANISMS: &[Mechanism] = &[Mechanism::Plain, Mechanism::Login];

/// Sends one mail. Returns the SMTP code, or why it failed. A password is sent over TLS only; unless private
/// addresses are allowed, any login requires TLS.
pub(super) async fn send(mail: Mail) -> DeliveryResponse {
    match sent(mail).await {
        Ok(code) => DeliveryResponse {
            status: Some(code),
            ..DeliveryResponse::default()
        },
        Err(answered) => answered,
    }
}

async fn sent(mail: Mail) -> Result<u16, DeliveryResponse> {
    let unmade = || DeliveryResponse::nothing(DeliveryFault::Unmade);
    let (host, port) = mail_server(&mail.smtp).map_err(|_why| unmade())?;
    // Connects to the address that was checked; TLS verifies the name.
    let found = tokio::net::lookup_host((host.as_str(), port)).await;
    let found: Vec<SocketAddr> = found
        .map_err(|_why| DeliveryResponse::nothing(DeliveryFault::Unresolved))?
        .collect();
    let found = if mail.allow_private {
        found
    } else {
        all_global(found).map_err(|_why| DeliveryResponse::nothing(DeliveryFault::PrivateAddress))?
    };
    let address = found
        .first()
        .ok_or_else(|| DeliveryResponse::nothing(DeliveryFault::Unresolved))?;
    let message = message(&mail, &host).map_err(|_why| unmade())?;
    let parameters = TlsParameters::new(host.clone()).map_err(|_why| unmade())?;
    let login = mail.login.as_deref().and_then(|login| login.split_once(':'));
    // A password never leaves in plain text, not even to a private address.
    let is_tls_required = login.is_some() || (mail.login.is_some() && !mail.allow_private);
    let tls = match (port, is_tls_required) {
        (SUBMISSIONS, _) => Tls::AtOnce(host),
        (_, true) => Tls::Required(parameters),
        (_, false) => Tls::Offered(parameters),
    };
    let credentials = login.map(|(user, password)| Credentials::new(user.to_owned(), password.to_owned()));
    let mut server = connect(*address, tls).await?;
    let carried = async {
        if let Some(credentials) = credentials {
            server.auth(MECHANISMS, &credentials).await?;
        }
        server.send(message.envelope(), &message.formatted()).await
    };
    let answer = carried.await.map_err(|error| fault_of(&error))?;
    // The mail is accepted: errors at the end of the session do not matter.
    drop(server.quit().await);
    Ok(answer.code().into())
}

/// How a connection to a mail server is encrypted.
enum Tls {
    /// TLS from the first byte, verified for this host name.
    AtOnce(String),
    /// STARTTLS; without it the connection fails.
    Required(TlsParameters),
    /// STARTTLS if the server offers it, otherwise plain text.
    Offered(TlsParameters),
}

/// Connects to a mail server and sends the greeting. At most `ANSWERS_BYTES_MAX` bytes are read from the
/// server.
async fn connect(address: SocketAddr, tls: Tls) -> Result<AsyncSmtpConnection, DeliveryResponse> {
    let unreachable = |_why: io::Error| DeliveryResponse::nothing(DeliveryFault::Unreachable);
    let insecure = |_why| DeliveryResponse::nothing(DeliveryFault::Tls);
    let stream = outgoing(address).await.map_err(unreachable)?;
    let hello = ClientId::default();
    let stream: Box<dyn AsyncTokioStream> = match &tls {
        Tls::AtOnce(name) => {
            let trust = Trust::of_system().map_err(|_why| DeliveryResponse::nothing(DeliveryFault::Tls))?;
            let secured = tls::secure(stream, name, trust).await.map_err(insecure)?;
            Box::new(BoundedStream::new(secured, address, ANSWERS_BYTES_MAX))
        }
        Tls::Required(_) | Tls::Offered(_) => {
            Box::new(BoundedStream::new(stream, address, ANSWERS_BYTES_MAX))
        }
    };
    let connected = AsyncSmtpConnection::connect_with_transport(stream, &hello).await;
    let mut server = connected.map_err(|error| fault_of(&error))?;
    match tls {
        Tls::AtOnce(_) => {}
        Tls::Offered(_) if !server.can_starttls() => {}
        Tls::Required(parameters) | Tls::Offered(parameters) => {
            let secured = server.starttls(parameters, &hello).await;
            secured.map_err(|error| fault_of(&error))?;
        }
    }
    Ok(server)
}

#[expect(clippy::disallowed_methods, reason = "mails leave from here")]
async fn outgoing(address: SocketAddr) -> io::Result<TcpStream> {
    TcpStream::connect(address).await
}

/// Builds the mail. The sender is the login if it is a mail address, else `ledgerline@` with the server's
/// domain.
fn message(mail: &Mail, host: &str) -> Result<Message, MailBuildError> {
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

/// Returns the domain for mail addresses of a host; `localhost` for an IP address, which cannot be one.
fn domain_of(host: &str) -> &str {
    if host.parse::<std::net::IpAddr>().is_ok() {
        return "localhost";
    }
    host
}

/// Why no mail could be built.
#[derive(Debug, thiserror::Error)]
enum MailBuildError {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Content(#[from] lettre::error::Error),
}

fn fault_of(error: &Error) -> DeliveryResponse {
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
    DeliveryResponse {
        fault: Some(fault),
        status,
        ..DeliveryResponse::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
