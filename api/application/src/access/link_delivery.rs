//! Delivery of a set-up link: by mail if the user has an address and this process sends mail, otherwise in
//! the reply. The event log states which.

use crate::installation::Installation;
use domain::ids::MessageId;
use domain::message::MessageMethod;
use domain::ports::messenger::{Messenger, OutgoingMessage};
use domain::problem::{Problem, ProblemKind};
use domain::user::LinkDelivery;
use std::sync::Arc;

/// Text of the mail, Chinese and English, if the operator named the URL of this server.
const MAIL_WITH_URL: &str = "设置密码：打开 URL/set-up#LINK ，24 小时内一次有效。\n\
    Choose your password at URL/set-up#LINK . The link is valid once, for 24 hours.";

/// Text of the mail, Chinese and English, without a URL.
const MAIL: &str = "设置密码：在贵司 ledgerline 控制台地址后加上 /set-up#LINK 打开，\
    24 小时内一次有效。\n\
    Choose your password: open your ledgerline console's address followed by /set-up#LINK . The link is \
    valid once, for 24 hours.";

/// Returns how a set-up link is delivered to a user with this mail address: `Mailed` if there is an address
/// and this process sends mail, else `Shown` in the reply.
pub(super) fn delivery(installation: &Installation, mail: Option<&str>) -> LinkDelivery {
    match mail.is_some() && mail_channel(installation).is_some() {
        true => LinkDelivery::Mailed,
        false => LinkDelivery::Shown,
    }
}

/// Mails the set-up link to this address. Fails if no mail channel is configured or the mail is not
/// accepted. The mail contains only the server's address that the operator named, because the requester of a
/// link could name another server.
pub(super) async fn send(installation: &Installation, mail: &str, link: &str) -> Result<(), Problem> {
    let channel = mail_channel(installation).ok_or_else(not_sent)?;
    let text = match installation.access.public_url() {
        Some(url) => MAIL_WITH_URL.replace("URL", url).replace("LINK", link),
        None => MAIL.replace("LINK", link),
    };
    let message = OutgoingMessage {
        message: MessageId::new(installation.new_command().uuid()),
        way: MessageMethod::Mail,
        to: mail.to_owned(),
        subject: Some("ledgerline: 设置密码 choose your password".to_owned()),
        text,
        attachments: Vec::new(),
    };
    match channel.carry(message).await {
        Ok(_) => Ok(()),
        Err(_not_carried) => Err(not_sent()),
    }
}

fn mail_channel(installation: &Installation) -> Option<&Arc<dyn Messenger>> {
    let messenger = installation.messages.messenger();
    messenger.filter(|messenger| messenger.ways().contains(&MessageMethod::Mail))
}

fn not_sent() -> Problem {
    Problem::new(
        ProblemKind::Unavailable,
        "link-not-mailed",
        "the mail server did not accept the set-up link: the user is stored; invite the user again",
    )
}
