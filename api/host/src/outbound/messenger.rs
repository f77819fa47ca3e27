//! Sends messages to customers: through an SMS gateway, a mail server or the institution's own webhook. Uses
//! the courier of webhooks and alerts; each message is sent once.

use crate::messaging_args::MessagingChoice;
use application::webhooks::courier::{Courier, Header, Letter, Mail, Post};
use async_trait::async_trait;
use bytes::Bytes;
use domain::message::MessageMethod;
use domain::ports::messenger::{MessageAcceptance, Messenger, MessengerFailure, OutgoingMessage};
use domain::webhook::DeliveryFault;
use serde_json::{Value, json};
use std::sync::Arc;

/// The failure class of a message on a channel that this server is not configured for.
const NO_SUCH_WAY: &str = "no_such_way";

/// The subject of a mail without one.
const SUBJECT: &str = "通知 Notice";

/// Sends messages on the channels that the server's command line configures.
pub struct OutsideMessenger {
    courier: Arc<dyn Courier>,
    choice: MessagingChoice,
}

impl OutsideMessenger {
    /// Creates a messenger for the channels (SMS, mail, webhook) in `choice`. `courier` sends the HTTP
    /// requests and mails.
    pub fn new(courier: Arc<dyn Courier>, choice: MessagingChoice) -> Self {
        Self { courier, choice }
    }

    fn letter(&self, message: OutgoingMessage) -> Option<Letter> {
        let choice = &self.choice;
        let id = message.message.to_string();
        match message.way {
            MessageMethod::Sms => {
                let body = json!({ "id": id, "to": message.to, "text": message.text,
                    "attachments": message.attachments });
                Some(self.post(choice.gateway.as_ref()?, &body))
            }
            MessageMethod::Webhook => {
                let body = json!({ "id": id, "customer": message.to, "subject": message.subject,
                    "text": message.text, "attachments": message.attachments });
                Some(self.post(choice.webhook.as_ref()?, &body))
            }
            MessageMethod::Mail => {
                let mut text = message.text;
                for link in &message.attachments {
                    text.push('\n');
                    text.push_str(link);
                }
                Some(Letter::Mail(Mail {
                    smtp: choice.smtp.clone()?,
                    login: choice.secret.clone(),
                    to: message.to,
                    subject: message.subject.unwrap_or_else(|| SUBJECT.to_owned()),
                    text,
                    allow_private: choice.allow_private,
                }))
            }
        }
    }

    fn post(&self, url: &str, body: &Value) -> Letter {
        let bearer = self.choice.secret.as_ref().map(|secret| Header {
            name: "authorization",
            value: format!("Bearer {secret}"),
        });
        Letter::Post(Post {
            url: url.to_owned(),
            headers: bearer.into_iter().collect(),
            body: Bytes::from(body.to_string()),
            allow_private: self.choice.allow_private,
        })
    }
}

#[async_trait]
impl Messenger for OutsideMessenger {
    fn ways(&self) -> Vec<MessageMethod> {
        let choice = &self.choice;
        let sms = choice.gateway.is_some().then_some(MessageMethod::Sms);
        let mail = choice.smtp.is_some().then_some(MessageMethod::Mail);
        let webhook = choice.webhook.is_some().then_some(MessageMethod::Webhook);
        [sms, mail, webhook].into_iter().flatten().collect()
    }

    fn signature(&self) -> Option<String> {
        self.choice.signature.clone()
    }

    async fn carry(&self, message: OutgoingMessage) -> Result<MessageAcceptance, MessengerFailure> {
        let Some(letter) = self.letter(message) else {
            return Err(MessengerFailure {
                class: NO_SUCH_WAY.to_owned(),
                status: None,
                may_have_left: false,
            });
        };
        let answered = self.courier.deliver(letter).await;
        match answered.fault {
            None => Ok(MessageAcceptance {
                status: answered.status,
            }),
            Some(fault) => Err(MessengerFailure {
                class: fault.code().to_owned(),
                status: answered.status,
                may_have_left: matches!(fault, DeliveryFault::TimedOut | DeliveryFault::AnswerCut),
            }),
        }
    }
}
