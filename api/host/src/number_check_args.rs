//! The command-line arguments of a server that choose a number library, which finds vacant numbers (空号检测).

use crate::address_args::outside_url;
use crate::config::named_variable;
use crate::secret_text::SecretText;
use application::webhooks::is_signing_secret;

/// The chosen number library: its URL and how requests are signed.
#[derive(Clone, PartialEq, Eq)]
pub struct NumberCheckChoice {
    pub url: String,
    /// The key `whsec_…` with which requests are signed.
    pub secret: Option<String>,
    /// True if the library may have a private address and no TLS.
    pub allow_private: bool,
}

/// Hides everything, because it contains a secret.
impl std::fmt::Debug for NumberCheckChoice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("NumberCheckChoice(..)")
    }
}

/// Why the arguments cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberCheckFault {
    #[error("--number-check-secret-env names {0}, which is not set")]
    NoSecret(String),
    #[error(
        "the value of the environment variable {0} is not a signing secret: whsec_ and base64 of 24 bytes or more"
    )]
    NoSigningSecret(String),
}

/// The arguments for number checks of `serve`.
#[derive(Debug, Clone, clap::Args)]
pub struct NumberCheckArgs {
    /// Number library that finds vacant numbers (空号检测): a POST of {"numbers":[…]}, answered {"states":[0..5]}
    #[arg(long, value_name = "URL", value_parser = outside_url)]
    number_check: Option<String>,
    /// The environment variable with the secret (whsec_…) that signs the requests
    #[arg(long, value_name = "VARIABLE", requires = "number_check")]
    number_check_secret_env: Option<String>,
    /// The secret itself, from the configuration
    #[arg(
        long,
        value_name = "SECRET",
        hide = true,
        requires = "number_check",
        conflicts_with = "number_check_secret_env",
        value_parser = signing_secret
    )]
    number_check_secret: Option<SecretText>,
    /// Allow a private address and no TLS for it
    #[arg(long, requires = "number_check")]
    number_check_allow_private: bool,
}

/// Parses a signing secret. The error does not repeat it.
fn signing_secret(text: &str) -> Result<SecretText, &'static str> {
    match is_signing_secret(text) {
        true => Ok(SecretText::of(text)),
        false => Err("it is not a signing secret: whsec_ and base64 of 24 bytes or more"),
    }
}

impl NumberCheckArgs {
    /// Returns the number library that the arguments choose, `None` without one. Fails if the environment
    /// variable of the secret is not set or holds no signing secret.
    pub fn choice(self) -> Result<Option<NumberCheckChoice>, NumberCheckFault> {
        let Some(url) = self.number_check else {
            return Ok(None);
        };
        let secret = match (self.number_check_secret_env, self.number_check_secret) {
            (None, None) => None,
            (None, Some(secret)) => Some(secret.into_text()),
            (Some(name), _) => {
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
