//! `--require-second-factor` and `--oidc-…`: how people come in, beside their passwords.

use crate::address_args::outside_url;
use crate::config::named_variable;
use crate::outbound::oidc::OidcSettings;
use domain::outside_address::check_url;
use domain::permission::Role;
use domain::problem::Problem;
use openidconnect::IssuerUrl;
use std::collections::BTreeSet;

/// The options of a server that say how people sign in.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SignInArgs {
    /// Roles that sign in with a second factor alone, separated by commas; every process of a log says the
    /// same
    #[arg(long, value_name = "ROLE,…", value_delimiter = ',')]
    pub require_second_factor: Vec<Role>,
    /// An identity provider (OpenID Connect) by which linked users sign in too
    #[arg(long, value_name = "URL", requires_all = ["oidc_client", "oidc_secret_env"], value_parser = issuer)]
    pub oidc_issuer: Option<IssuerUrl>,
    /// As which client the provider knows this server
    #[arg(long, value_name = "ID", requires = "oidc_issuer")]
    pub oidc_client: Option<String>,
    /// Environment variable that holds the client's secret
    #[arg(long, value_name = "V", requires = "oidc_issuer")]
    pub oidc_secret_env: Option<String>,
    /// Where browsers reach this server, without a path; default: the address of --http
    #[arg(long, value_name = "URL", requires = "oidc_issuer", value_parser = outside_url)]
    pub oidc_own_url: Option<String>,
}

/// How people sign in, beside their passwords.
#[derive(Debug, Clone, Default)]
pub struct SignInSettings {
    /// Roles that sign in with a second factor alone.
    pub second_factor_for: BTreeSet<Role>,
    pub oidc: Option<OidcSettings>,
}

impl SignInArgs {
    pub fn settings(&self) -> Result<SignInSettings, Problem> {
        let oidc = match (&self.oidc_issuer, &self.oidc_client, &self.oidc_secret_env) {
            (Some(issuer), Some(client), Some(variable)) => Some(OidcSettings {
                issuer: issuer.clone(),
                client: client.clone(),
                secret: named_variable(variable).ok_or_else(|| unset(variable))?,
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

/// Over TLS, or of this machine: who reads a code on its way signs in with it.
fn issuer(text: &str) -> Result<IssuerUrl, String> {
    check_url(text).map_err(|fault| format!("{text:?} {fault}"))?;
    let url = IssuerUrl::new(text.to_owned()).map_err(|error| format!("{text:?}: {error}"))?;
    let is_loopback = matches!(url.url().host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    match url.url().scheme() {
        "https" => Ok(url),
        "http" if is_loopback => Ok(url),
        _ => Err(format!("{text:?} is neither https nor of this machine")),
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
