//! Checks the addresses and secrets of a webhook request before any name is looked up.

use super::requests::{WebhookChangeRequest, WebhookRequest};
use domain::external_address::{
    AddressFault, check_bearer, check_mail, check_mail_login, check_secret, check_url, mail_server,
};
use domain::problem::{MemberError, Problem};
use domain::webhook::WebhookFormat;

/// Checks the URL, bearer token, secret, mail server and recordings URL of a new webhook or channel. Fails
/// with all members that are wrong. No name is looked up.
pub(super) fn check_order(order: &WebhookRequest) -> Result<(), Problem> {
    let mut faults = Faults::default();
    faults.note("/url", Some(&order.url), check_target(order.format));
    faults.note("/bearer", order.bearer.as_ref(), check_bearer);
    faults.note("/secret", order.secret.as_ref(), secret_check(order.format));
    faults.note("/smtp", order.smtp.as_ref(), |text| mail_server(text).map(drop));
    faults.note("/recordings_from", order.recordings_from.as_ref(), check_url);
    faults.finish()
}

/// Checks the URL and bearer token of a change to a webhook of this format. Fails with the members that are
/// wrong.
pub(super) fn check_change(format: WebhookFormat, order: &WebhookChangeRequest) -> Result<(), Problem> {
    let mut faults = Faults::default();
    faults.note("/url", order.url.as_ref(), check_target(format));
    faults.note("/bearer", order.bearer.as_ref(), check_bearer);
    faults.finish()
}

type Check = fn(&str) -> Result<(), AddressFault>;

const fn check_target(format: WebhookFormat) -> Check {
    match format {
        WebhookFormat::Mail => check_mail,
        WebhookFormat::Standard
        | WebhookFormat::CallEnded
        | WebhookFormat::Crm
        | WebhookFormat::Wecom
        | WebhookFormat::Dingtalk
        | WebhookFormat::Feishu
        | WebhookFormat::Sms => check_url,
    }
}

/// Returns the check for a receiver's secret. It depends on the secret's use: bearer token, mail server
/// login, or signing key.
const fn secret_check(format: WebhookFormat) -> Check {
    match format {
        WebhookFormat::Mail => check_mail_login,
        WebhookFormat::Sms => check_bearer,
        WebhookFormat::Standard
        | WebhookFormat::CallEnded
        | WebhookFormat::Crm
        | WebhookFormat::Wecom
        | WebhookFormat::Dingtalk
        | WebhookFormat::Feishu => check_secret,
    }
}

#[derive(Default)]
struct Faults(Vec<MemberError>);

impl Faults {
    fn note(
        &mut self,
        pointer: &str,
        text: Option<&String>,
        check: impl Fn(&str) -> Result<(), AddressFault>,
    ) {
        let Some(Err(fault)) = text.map(|text| check(text)) else {
            return;
        };
        self.0.push(MemberError {
            pointer: pointer.to_owned(),
            detail: fault.to_string(),
        });
    }

    fn finish(self) -> Result<(), Problem> {
        match self.0.is_empty() {
            true => Ok(()),
            false => Err(Problem::members(self.0)),
        }
    }
}
