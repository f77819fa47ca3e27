//! The arguments `--require-second-factor` and `--oidc-…`: how users sign in, besides passwords.

use crate::address_args::outside_url;
use crate::config::named_variable;
use crate::outbound::oidc::OidcSettings;
use crate::secret_text::SecretText;
use domain::external_address::check_url;
use domain::permission::Role;
use domain::problem::Problem;
use openidconnect::IssuerUrl;
use std::collections::BTreeSet;

/// The arguments of a server about sign-in.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SignInArgs {
    /// Roles that must sign in with a second factor, separated by commas; give the same to every process of a
    /// log
    #[arg(long, value_name = "ROLE,…", value_delimiter = ',')]
    pub require_second_factor: Vec<Role>,
    /// An identity provider (OpenID Connect) through which linked users can sign in
    #[arg(long, value_name = "URL", requires_all = ["oidc_client", "oidc_secrets"], value_parser = issuer)]
    pub oidc_issuer: Option<IssuerUrl>,
    /// The client id of this server at the provider
    #[arg(long, value_name = "ID", requires = "oidc_issuer")]
    pub oidc_client: Option<String>,
    /// Environment variable with the client's secret
    #[arg(long, value_name = "V", requires = "oidc_issuer", group = "oidc_secrets")]
    pub oidc_secret_env: Option<String>,
    /// The client's secret itself, from the configuration
    #[arg(
        long,
        value_name = "SECRET",
        hide = true,
        requires = "oidc_issuer",
        group = "oidc_secrets"
    )]
    pub oidc_secret: Option<SecretText>,
    /// The URL of this server for browsers, without a path; default: --public-url, else the address of --http
    #[arg(long, value_name = "URL", requires = "oidc_issuer", value_parser = outside_url)]
    pub oidc_own_url: Option<String>,
}

/// How users sign in, besides passwords.
#[derive(Debug, Clone, Default)]
pub struct SignInSettings {
    /// Roles that must sign in with a second factor.
    pub second_factor_for: BTreeSet<Role>,
    pub oidc: Option<OidcSettings>,
}

impl SignInArgs {
    /// Returns the settings of the arguments, with the client secret read from its environment variable.
    /// Fails if the variable is not set.
    pub fn settings(&self) -> Result<SignInSettings, Problem> {
        let secret = match (&self.oidc_secret_env, &self.oidc_secret) {
            (Some(variable), _) => Some(named_variable(variable).ok_or_else(|| unset(variable))?),
            (None, Some(secret)) => Some(secret.clone().into_text()),
            (None, None) => None,
        };
        let oidc = match (&self.oidc_issuer, &self.oidc_client, secret) {
            (Some(issuer), Some(client), Some(secret)) => Some(OidcSettings {
                issuer: issuer.clone(),
                client: client.clone(),
                secret,
                redirect: self.oidc_own_url.clone(),
            }),
            _ => None,
        };
        Ok(SignInSettings {
            second_factor_for: self.require_second_factor.iter().copied().collect(),
            oidc,
        })
    }
}

fn unset(variable: &str) -> Problem {
    Problem::invalid(
        "setting-invalid",
        format!("--oidc-secret-env: the environment variable {variable} is not set"),
    )
}

/// Parses the URL of an identity provider. It must be https, or http on this machine: a sign-in code that is
/// read on its way could be used to sign in.
fn issuer(text: &str) -> Result<IssuerUrl, String> {
    check_url(text).map_err(|fault| format!("{text:?} {fault}"))?;
    let url = IssuerUrl::new(text.to_owned()).map_err(|error| format!("{text:?}: {error}"))?;
    let is_loopback = matches!(url.url().host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    match url.url().scheme() {
        "https" => Ok(url),
        "http" if is_loopback => Ok(url),
        _ => Err(format!("{text:?} must be https, or http on this machine")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_reached_over_tls_or_on_this_machine() {
        for right in [
            "https://login.example.com",
            "http://127.0.0.1:4400",
            "http://localhost:1/x",
        ] {
            assert!(issuer(right).is_ok(), "{right}");
        }
        for wrong in [
            "",
            "login.example.com",
            "http://login.example.com",
            "https://user:secret@login.example.com",
            "https://login.example.com/#x",
            "ftp://127.0.0.1",
        ] {
            assert!(issuer(wrong).is_err(), "{wrong}");
        }
    }
}
