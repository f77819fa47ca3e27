//! Which library of numbers a server asks for vacant ones, as its command line says it.

use crate::address_args::outside_url;
use crate::config::named_variable;
use application::webhooks::is_signing_secret;

/// Where it is asked.
#[derive(Clone, PartialEq, Eq)]
pub struct NumberCheckChoice {
    pub url: String,
    /// `whsec_…`: what a question is signed with.
    pub secret: Option<String>,
    /// On an address that is not of the open internet.
    pub allow_private: bool,
}

/// A secret is never shown.
impl std::fmt::Debug for NumberCheckChoice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("NumberCheckChoice(..)")
    }
}

/// Why it cannot be started so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberCheckFault {
    #[error("--number-check-secret-env names {0}, which is not set")]
    NoSecret(String),
    #[error("what {0} holds is no signing secret: whsec_ and base64 of 24 bytes or more")]
    NoSigningSecret(String),
}

/// The arguments of it, for a server.
#[derive(Debug, Clone, clap::Args)]
pub struct NumberCheckArgs {
    /// Ask this library which numbers are vacant (空号检测): a POST of {"numbers":[…]}, answered {"states":[0..5]}
    #[arg(long, value_name = "URL", value_parser = outside_url)]
    number_check: Option<String>,
    /// The environment variable that holds the secret (whsec_…) with which questions are signed
    #[arg(long, value_name = "VARIABLE", requires = "number_check")]
    number_check_secret_env: Option<String>,
    /// Let it be on an address of this network, and without TLS
    #[arg(long, requires = "number_check")]
    number_check_allow_private: bool,
}

impl NumberCheckArgs {
    pub fn choice(self) -> Result<Option<NumberCheckChoice>, NumberCheckFault> {
        let Some(url) = self.number_check else {
            return Ok(None);
        };
        let secret = match self.number_check_secret_env {
            None => None,
            Some(name) => {
                let secret = named_variable(&name).ok_or_else(|| NumberCheckFault::NoSecret(name.clone()))?;
                if !is_signing_secret(&secret) {
                    return Err(NumberCheckFault::NoSigningSecret(name));
                }
                Some(secret)
            }
        };
        Ok(Some(NumberCheckChoice {
            url,
            secret,
            allow_private: self.number_check_allow_private,
        }))
    }
}
