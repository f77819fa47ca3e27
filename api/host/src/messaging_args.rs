//! The command-line arguments of a server that choose how messages to customers leave: HTTP gateway, mail
//! server or own webhook.

use crate::address_args::{outside_mail_server, outside_url};
use crate::config::named_variable;
use crate::number_check_args::{NumberCheckArgs, NumberCheckChoice, NumberCheckFault};
use crate::secret_text::SecretText;
use domain::external_address::{AddressFault, check_bearer, check_mail_login};

/// The configured channels of messages. Without any, no message is sent.
#[derive(Clone, Default)]
pub struct MessagingChoice {
    /// The URL of an HTTP gateway for short messages.
    pub gateway: Option<String>,
    /// A mail server, `host:port`.
    pub smtp: Option<String>,
    /// The URL of the institution's own service, for example one that sends push messages to an app.
    pub webhook: Option<String>,
    /// The signature at the beginning of a short message, without its brackets 【】.
    pub signature: Option<String>,
    /// The bearer token of gateway and webhook; `user:password` for a mail server.
    pub secret: Option<String>,
    /// True if the gateways may have private addresses and no TLS.
    pub allow_private: bool,
    /// The number library that checks numbers before they are dialed.
    pub number_check: Option<NumberCheckChoice>,
}

/// Hides everything, because it contains a secret.
impl std::fmt::Debug for MessagingChoice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MessagingChoice(..)")
    }
}

impl MessagingChoice {
    /// Returns true if no channel (SMS gateway, mail server, webhook) is configured. No message can be sent
    /// then.
    pub const fn is_none(&self) -> bool {
        self.gateway.is_none() && self.smtp.is_none() && self.webhook.is_none()
    }
}

/// Why the arguments cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessagingFault {
    #[error("--message-secret-env names {0}, which is not set")]
    NoSecret(String),
    #[error("the value of the environment variable {0} {1}")]
    BadSecret(String, AddressFault),
    #[error("messages.secret {0}")]
    BadConfiguredSecret(AddressFault),
    #[error(transparent)]
    NumberCheck(#[from] NumberCheckFault),
    #[error("short messages need their signature: give --message-signature")]
    NoSignature,
}

/// The arguments for messages of `serve`.
#[derive(Debug, Clone, clap::Args)]
pub struct MessagingArgs {
    /// Send short messages through an HTTP gateway: a POST of {"id","to","text"}
    #[arg(long, value_name = "URL", value_parser = outside_url)]
    message_gateway: Option<String>,
    /// Send mails through a mail server
    #[arg(long, value_name = "HOST:PORT", value_parser = outside_mail_server)]
    message_smtp: Option<String>,
    /// Send messages to a service of your own, for example one that pushes to an app
    #[arg(long, value_name = "URL", value_parser = outside_url)]
    message_webhook: Option<String>,
    /// The signature at the beginning of short messages, such as 示例银行 for 【示例银行】
    #[arg(long, value_name = "TEXT")]
    message_signature: Option<String>,
    /// The environment variable with the gateway's token, or user:password of the mail server
    #[arg(long, value_name = "VARIABLE")]
    message_secret_env: Option<String>,
    /// The secret itself, from the configuration
    #[arg(
        long,
        value_name = "SECRET",
        hide = true,
        conflicts_with = "message_secret_env"
    )]
    message_secret: Option<SecretText>,
    /// Allow private addresses and no TLS for them
    #[arg(long)]
    message_allow_private: bool,
    #[command(flatten)]
    number_check: NumberCheckArgs,
}

impl MessagingArgs {
    /// Returns the configured channels, with the secret from its environment variable. Fails if that variable
    /// is not set, if its value is neither a bearer token nor `user:password`, if an SMS gateway has no
    /// signature, or if the arguments of the number check are wrong.
    pub fn choice(self) -> Result<MessagingChoice, MessagingFault> {
        // A gateway and a mail server may share one secret: it is checked as a bearer token then.
        let is_sent = self.message_gateway.is_some() || self.message_webhook.is_some();
        let check = if is_sent { check_bearer } else { check_mail_login };
        let secret = match (self.message_secret_env, self.message_secret) {
            (None, None) => None,
            (Some(name), _) => {
                let secret = named_variable(&name).filter(|secret| !secret.is_empty());
                let secret = secret.ok_or_else(|| MessagingFault::NoSecret(name.clone()))?;
                check(&secret).map_err(|fault| MessagingFault::BadSecret(name, fault))?;
                Some(secret)
            }
            (None, Some(secret)) => {
                let secret = secret.into_text();
                check(&secret).map_err(MessagingFault::BadConfiguredSecret)?;
                Some(secret)
            }
        };
        if self.message_gateway.is_some() && self.message_signature.is_none() {
            return Err(MessagingFault::NoSignature);
        }
        Ok(MessagingChoice {
            gateway: self.message_gateway,
            smtp: self.message_smtp,
            webhook: self.message_webhook,
            signature: self.message_signature,
            secret,
            allow_private: self.message_allow_private,
            number_check: self.number_check.choice()?,
        })
    }
}
