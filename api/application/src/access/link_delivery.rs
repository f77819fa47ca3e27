//! How a set-up link reaches its user: by mail where the user has an address and this process sends mail,
//! else in the reply; the log says which.

use crate::installation::Installation;
use domain::ids::MessageId;
use domain::message::Way;
use domain::ports::messenger::{Messenger, OutgoingMessage};
use domain::problem::{Kind, Problem};
use domain::user::LinkDelivery;
use std::sync::Arc;

/// Longest mail address (RFC 5321, 4.5.3.1.3).
pub(super) const MAIL_BYTES_MAX: usize = 254;

/// The text of the mail.
const MAIL: &str = "设置密码：在贵司 ledgerline 控制台地址后加上 /set-up#LINK 打开，\
    24 小时内一次有效。\n\
    Choose your password: open your ledgerline console's address followed by /set-up#LINK . The link is \
    valid once, for 24 hours.";

/// Why a text is no mail address.
pub(super) fn check_mail(text: &str) -> Result<(), &'static str> {
    let wrong = "is no mail address: write one like wang@example.com";
    let (user, host) = text.rsplit_once('@').ok_or(wrong)?;
    let is_plain = |part: &str| !part.is_empty() && part.chars().all(|one| one.is_ascii_graphic());
    match is_plain(user) && is_plain(host) && !user.contains('@') && !text.contains(['<', '>', '"', ',', ';'])
    {
        true => Ok(()),
        false => Err(wrong),
    }
}

/// How a link for a user with this address leaves.
pub(super) fn delivery(installation: &Installation, mail: Option<&str>) -> LinkDelivery {
    match mail.is_some() && mail_channel(installation).is_some() {
        true => LinkDelivery::Mailed,
        false => LinkDelivery::Shown,
    }
}

/// Sends the link. The address of the server is not in it: the person who asks for a link could name another
/// server's.
pub(super) async fn send(installation: &Installation, mail: &str, link: &str) -> Result<(), Problem> {
    let channel = mail_channel(installation).ok_or_else(not_sent)?;
    let text = MAIL.replace("LINK", link);
    let message = OutgoingMessage {
        message: MessageId::new(installation.new_command().uuid()),
        way: Way::Mail,
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
    messenger.filter(|messenger| messenger.ways().contains(&Way::Mail))
}

fn not_sent() -> Problem {
    Problem::new(
        Kind::Unavailable,
        "link-not-mailed",
        "the mail server did not take the set-up link: the user is stored; invite the user again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_at_and_no_second_recipient() {
        for good in ["wang@example.com", "a.b+c@host"] {
            assert_eq!(check_mail(good), Ok(()), "{good}");
        }
        for wrong in [
            "wang",
            "@host",
            "a@",
            "a@b@c",
            "a@b,c@d",
            "Wang <a@b>",
            "a b@c",
            "a@b\r\nBcc: c@d",
        ] {
            assert!(check_mail(wrong).is_err(), "{wrong}");
        }
    }
}
