//! What carries messages to persons, as a server's command line says it.

use crate::address_args::{outside_mail_server, outside_url};
use crate::config::named_variable;
use crate::number_check_args::{NumberCheckArgs, NumberCheckChoice, NumberCheckFault};
use domain::outside_address::{AddressFault, check_bearer, check_mail_login};

/// By which ways messages leave; none of them unless it is said.
#[derive(Clone, Default)]
pub struct MessagingChoice {
    /// An HTTP gateway of short messages.
    pub gateway: Option<String>,
    /// A mail server, `host:port`.
    pub smtp: Option<String>,
    /// The institution's own address, which brings messages to an app.
    pub webhook: Option<String>,
    /// What a message begins with, without its brackets.
    pub signature: Option<String>,
    /// Sent as a bearer, and of a mail server `user:password`.
    pub secret: Option<String>,
    /// Gateways on addresses that are not of the open internet.
    pub allow_private: bool,
    /// The library that is asked before anybody is reached by telephone.
    pub number_check: Option<NumberCheckChoice>,
}

/// A secret is never shown.
impl std::fmt::Debug for MessagingChoice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MessagingChoice(..)")
    }
}

impl MessagingChoice {
    pub const fn is_none(&self) -> bool {
        self.gateway.is_none() && self.smtp.is_none() && self.webhook.is_none()
    }
}

/// Why it cannot be started so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessagingFault {
    #[error("--message-secret-env names {0}, which is not set")]
    NoSecret(String),
    #[error("what {0} holds {1}")]
    BadSecret(String, AddressFault),
    #[error(transparent)]
    NumberCheck(#[from] NumberCheckFault),
    #[error("short messages need their signature: give --message-signature")]
    NoSignature,
}

/// The arguments of it, for a server.
#[derive(Debug, Clone, clap::Args)]
pub struct MessagingArgs {
    /// Carry short messages to persons by an HTTP gateway: a POST of {"id","to","text"}
    #[arg(long, value_name = "URL", value_parser = outside_url)]
    message_gateway: Option<String>,
    /// Carry mails to persons by a mail server
    #[arg(long, value_name = "HOST:PORT", value_parser = outside_mail_server)]
    message_smtp: Option<String>,
    /// Carry messages to an address of your own, such as one that pushes to an app
    #[arg(long, value_name = "URL", value_parser = outside_url)]
    message_webhook: Option<String>,
    /// What a short message begins with, such as 示例银行 for 【示例银行】
    #[arg(long, value_name = "TEXT")]
    message_signature: Option<String>,
    /// The environment variable that holds the gateway's token, or user:password of the mail server
    #[arg(long, value_name = "VARIABLE")]
    message_secret_env: Option<String>,
    /// Let them be on addresses of this network, and without TLS
    #[arg(long)]
    message_allow_private: bool,
    #[command(flatten)]
    number_check: NumberCheckArgs,
}

impl MessagingArgs {
    pub fn choice(self) -> Result<MessagingChoice, MessagingFault> {
        let secret = match self.message_secret_env {
            None => None,
            Some(name) => {
                let secret = named_variable(&name).filter(|secret| !secret.is_empty());
                let secret = secret.ok_or_else(|| MessagingFault::NoSecret(name.clone()))?;
                // A gateway and a mail server may share one variable: then it is a bearer first.
                let is_sent = self.message_gateway.is_some() || self.message_webhook.is_some();
                let check = if is_sent { check_bearer } else { check_mail_login };
                check(&secret).map_err(|fault| MessagingFault::BadSecret(name, fault))?;
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
