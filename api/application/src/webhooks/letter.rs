//! Builds the message for one event, in the format of its receiver.

use super::courier::{Header, Letter, Mail, Post};
use super::signature::{dingtalk, feishu, signatures};
use super::text::BilingualText;
use crate::cloud_event::CloudEvent;
use crate::recordings::Link;
use bytes::Bytes;
use domain::call::event::CallEvent;
use domain::number_ids::NumberIdForm;
use domain::personal::Personal;
use domain::stored_event::{Envelope, StoredEvent};
use domain::time::Timestamp;
use domain::webhook::{WebhookFacts, WebhookFormat};
use serde_json::{Value, json};

/// Longest text for a WeCom group robot, in bytes, by the vendor's documentation of group robots (2,048
/// bytes).
const WECOM_BYTES_MAX: usize = 2_048;

/// Longest text for the other group robots, in bytes: below the 20,000 bytes that DingTalk and Feishu
/// accept.
const ROBOT_BYTES_MAX: usize = 18_000;

/// Longest short message, in bytes: two or three SMS parts in Chinese.
const SMS_BYTES_MAX: usize = 480;

/// The content of a message, before it is addressed.
pub(super) enum Content {
    Json(String),
    Text(BilingualText),
}

/// Builds the CloudEvent of an event, with a link to the recording if given. `None` if the record is not a
/// valid event.
pub(super) fn cloud_event(stored: &StoredEvent, link: Option<&Link>) -> Option<Content> {
    // An external receiver is not a user and has no reveal right.
    let event = CloudEvent::read(&NumberIdForm::Keyed.of_event(stored)).ok()?;
    let mut line = event.line();
    if let Some(link) = link {
        // CloudEvents extension attributes, after the event's own members.
        let more = json!({ "recordingurl": link.url, "recordinguntil": link.until.to_string() }).to_string();
        line.pop();
        line.push(',');
        line.push_str(more.trim_start_matches('{'));
    }
    Some(Content::Json(line))
}

/// Adds `"sandbox":true` to a body, so that its receiver never takes it for a real event.
pub(super) fn of_sandbox(content: Content) -> Content {
    match content {
        Content::Json(mut body) => {
            body.pop();
            body.push_str(",\"sandbox\":true}");
            Content::Json(body)
        }
        text @ Content::Text(_) => text,
    }
}

/// Builds the message about an ended call, as INT-1 and INT-2 of the requirements define it, with the
/// customer's external id in clear. `external_id` is `None` for an erased customer. `None` for other events
/// and formats.
pub(super) fn call_ended(
    format: WebhookFormat,
    envelope: &Envelope,
    external_id: Option<&str>,
    link: Option<&Link>,
) -> Option<Content> {
    let read = domain::decider::EventData::read(&envelope.kind, envelope.version, &envelope.data);
    let Ok(CallEvent::Ended {
        disposition,
        outcome,
        talk_ms,
        ..
    }) = read
    else {
        return None;
    };
    let outcome = outcome.map_or(disposition.label_zh(), |outcome| outcome.label_zh());
    let facts = CallFacts {
        call: envelope.stream.id(),
        task_id: envelope.campaign.as_ref().map(|campaign| campaign.as_str()),
        customer_id: external_id,
        seconds: talk_ms.saturating_add(500) / 1_000,
        outcome,
        disposition: disposition.code(),
        at: envelope.at,
        link,
    };
    facts.body(format).map(|body| Content::Json(body.to_string()))
}

/// Builds a test message in the format of an ended call, with made-up values. `None` for formats without
/// one.
pub(super) fn made_up_call(format: WebhookFormat, at: Timestamp) -> Option<Content> {
    let facts = CallFacts {
        call: "00000000-0000-0000-0000-000000000000",
        task_id: Some("TEST"),
        customer_id: Some("TEST"),
        seconds: 0,
        outcome: "测试",
        disposition: "test",
        at,
        link: None,
    };
    facts.body(format).map(|body| Content::Json(body.to_string()))
}

/// Builds a CloudEvent of the kind `webhook.test` without data.
pub(super) fn test_event(id: &str, at: Timestamp) -> Content {
    let event = json!({
        "specversion": "1.0", "id": id, "source": "/ledgerline", "type": "webhook.test",
        "time": at.to_string(), "datacontenttype": "application/json", "data": {},
    });
    Content::Json(event.to_string())
}

struct CallFacts<'a> {
    call: &'a str,
    task_id: Option<&'a str>,
    customer_id: Option<&'a str>,
    seconds: u64,
    outcome: &'static str,
    disposition: &'static str,
    at: Timestamp,
    link: Option<&'a Link>,
}

impl CallFacts<'_> {
    /// Returns the body, with the link to the recording if there is one.
    fn body(&self, format: WebhookFormat) -> Option<Value> {
        let mut body = self.plain(format)?;
        let Some(link) = self.link else {
            return Some(body);
        };
        let (within, url, until) = match format {
            WebhookFormat::Crm => ("", "recordingUrl", "recordingUntil"),
            _ => ("/data", "recording_url", "recording_until"),
        };
        if let Some(members) = body.pointer_mut(within).and_then(Value::as_object_mut) {
            members.insert(url.to_owned(), json!(link.url));
            members.insert(until.to_owned(), json!(link.until.to_string()));
        }
        Some(body)
    }

    fn plain(&self, format: WebhookFormat) -> Option<Value> {
        match format {
            WebhookFormat::CallEnded => Some(json!({
                "event": "call_ended",
                "data": {
                    "task_id": self.task_id, "customer_id": self.customer_id, "duration": self.seconds,
                    "outcome": self.outcome, "call_id": self.call, "disposition": self.disposition,
                    "ended_at": self.at.to_string(),
                },
            })),
            WebhookFormat::Crm => Some(json!({
                "customerId": self.customer_id, "callStatus": self.outcome, "taskId": self.task_id,
                "callId": self.call, "duration": self.seconds, "endedAt": self.at.to_string(),
            })),
            WebhookFormat::Standard
            | WebhookFormat::Wecom
            | WebhookFormat::Dingtalk
            | WebhookFormat::Feishu
            | WebhookFormat::Mail
            | WebhookFormat::Sms => None,
        }
    }
}

/// What a message is addressed and signed with.
pub(super) struct MessageStamp<'a> {
    pub(super) facts: &'a WebhookFacts,
    /// The valid signing secrets, newest first.
    pub(super) secrets: Vec<String>,
    /// Message id; the same for all attempts of one event.
    pub(super) id: String,
    pub(super) sent_at: Timestamp,
}

impl MessageStamp<'_> {
    /// Builds the message with these contents, addressed and signed. `None` if the address or a needed
    /// secret cannot be decrypted.
    pub(super) fn letter(&self, content: Content) -> Option<Letter> {
        let target = open(Some(&self.facts.target))?;
        match content {
            Content::Json(body) => Some(Letter::Post(self.signed(target.clone(), body))),
            Content::Text(said) if self.facts.format == WebhookFormat::Mail => Some(Letter::Mail(Mail {
                smtp: self.facts.smtp.clone()?,
                login: open(self.facts.secret.as_ref()).cloned(),
                to: target.clone(),
                subject: said.subject(),
                text: said.text(),
                allow_private: self.facts.allow_private,
            })),
            Content::Text(said) => self.spoken(target, &said).map(Letter::Post),
        }
    }

    fn signed(&self, url: String, body: String) -> Post {
        let seconds = self.sent_at.micros().div_euclid(1_000_000);
        let signature = signatures(self.secrets.iter(), &self.id, seconds, body.as_bytes());
        let mut post = self.post(url, body);
        post.headers.extend([
            header("webhook-id", self.id.clone()),
            header("webhook-timestamp", seconds.to_string()),
            header("webhook-signature", signature),
        ]);
        post
    }

    /// Builds a text message as group robots and SMS gateways expect it, cut to the longest text that they
    /// accept.
    fn spoken(&self, target: &str, said: &BilingualText) -> Option<Post> {
        let text = said.text_within(match self.facts.format {
            WebhookFormat::Sms => SMS_BYTES_MAX,
            WebhookFormat::Wecom => WECOM_BYTES_MAX,
            WebhookFormat::Dingtalk
            | WebhookFormat::Feishu
            | WebhookFormat::Standard
            | WebhookFormat::CallEnded
            | WebhookFormat::Crm
            | WebhookFormat::Mail => ROBOT_BYTES_MAX,
        });
        let secret = open(self.facts.secret.as_ref());
        let seconds = self.sent_at.micros().div_euclid(1_000_000);
        let (url, body) = match self.facts.format {
            WebhookFormat::Dingtalk => {
                let at_ms = self.sent_at.micros().div_euclid(1_000);
                let signed = |secret: &String| {
                    let sign = crate::percent::encode(&dingtalk(secret, at_ms));
                    format!("{target}&timestamp={at_ms}&sign={sign}")
                };
                let url = secret.map_or_else(|| target.to_owned(), signed);
                (url, json!({ "msgtype": "text", "text": { "content": text } }))
            }
            WebhookFormat::Feishu => {
                let mut body = json!({ "msg_type": "text", "content": { "text": text } });
                if let (Some(secret), Some(members)) = (secret, body.as_object_mut()) {
                    members.insert("timestamp".to_owned(), json!(seconds.to_string()));
                    members.insert("sign".to_owned(), json!(feishu(secret, seconds)));
                }
                (target.to_owned(), body)
            }
            WebhookFormat::Sms => {
                let to = open(self.facts.to.as_ref())?;
                (target.to_owned(), json!({ "to": to, "text": text }))
            }
            WebhookFormat::Wecom
            | WebhookFormat::Standard
            | WebhookFormat::CallEnded
            | WebhookFormat::Crm
            | WebhookFormat::Mail => (
                target.to_owned(),
                json!({ "msgtype": "text", "text": { "content": text } }),
            ),
        };
        let mut post = self.post(url, body.to_string());
        if let (WebhookFormat::Sms, Some(secret)) = (self.facts.format, secret) {
            post.headers
                .push(header("authorization", format!("Bearer {secret}")));
        }
        Some(post)
    }

    fn post(&self, url: String, body: String) -> Post {
        let mut headers = vec![
            header("content-type", self.content_type().to_owned()),
            header("user-agent", "ledgerline-webhook/1".to_owned()),
        ];
        if let Some(bearer) = open(self.facts.bearer.as_ref()) {
            headers.push(header("authorization", format!("Bearer {bearer}")));
        }
        Post {
            url,
            headers,
            body: Bytes::from(body),
            allow_private: self.facts.allow_private,
        }
    }

    const fn content_type(&self) -> &'static str {
        match self.facts.format {
            WebhookFormat::Standard => "application/cloudevents+json; charset=utf-8",
            WebhookFormat::CallEnded
            | WebhookFormat::Crm
            | WebhookFormat::Wecom
            | WebhookFormat::Dingtalk
            | WebhookFormat::Feishu
            | WebhookFormat::Mail
            | WebhookFormat::Sms => "application/json; charset=utf-8",
        }
    }
}

const fn header(name: &'static str, value: String) -> Header {
    Header { name, value }
}

fn open(value: Option<&Personal<String>>) -> Option<&String> {
    value.and_then(Personal::value)
}

/// Returns true if the body of a 2xx answer says that the message was rejected, as group robots do. Always
/// false for other formats.
pub(super) fn is_declined(format: WebhookFormat, body: &[u8]) -> bool {
    let member = match format {
        WebhookFormat::Wecom | WebhookFormat::Dingtalk => "errcode",
        WebhookFormat::Feishu => "code",
        WebhookFormat::Standard
        | WebhookFormat::CallEnded
        | WebhookFormat::Crm
        | WebhookFormat::Mail
        | WebhookFormat::Sms => return false,
    };
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let code = body
        .as_ref()
        .and_then(|body| body.get(member))
        .and_then(Value::as_i64);
    code.is_some_and(|code| code != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bodies_of_the_requirements_are_sent_to_the_letter() {
        let facts = CallFacts {
            call: "308b38fa-b3fa-59e5-b685-93b305968d97",
            task_id: Some("TASK20230801"),
            customer_id: Some("C001"),
            seconds: 120,
            outcome: "成功",
            disposition: "answered",
            at: Timestamp::EPOCH,
            link: None,
        };
        let body = facts.body(WebhookFormat::CallEnded).unwrap();
        assert_eq!(body["event"], "call_ended");
        for (member, value) in [
            ("task_id", json!("TASK20230801")),
            ("customer_id", json!("C001")),
            ("duration", json!(120)),
            ("outcome", json!("成功")),
        ] {
            assert_eq!(body["data"][member], value);
        }
        let pushed = facts.body(WebhookFormat::Crm).unwrap();
        assert_eq!(
            (&pushed["customerId"], &pushed["callStatus"]),
            (&json!("C001"), &json!("成功"))
        );
    }

    const SECRET: &str = "SECabc";

    /// A webhook of this format, with a secret and a number where the format needs one.
    fn facts(format: WebhookFormat) -> WebhookFacts {
        let personal = |text: &str| Personal::open(text.to_owned());
        WebhookFacts {
            format,
            target: personal("https://robots.example/send?access_token=1"),
            shown: "robots.example".to_owned(),
            kinds: std::collections::BTreeSet::new(),
            campaigns: domain::permission::CampaignScope::default(),
            allow_private: false,
            secret: Some(personal(SECRET)),
            bearer: None,
            to: Some(personal("+8613800138000")),
            smtp: None,
            recordings_from: None,
            after: domain::stored_event::Position(0),
            is_channel: true,
            owner: None,
        }
    }

    fn posted(format: WebhookFormat) -> (Post, Value) {
        let facts = facts(format);
        let stamp = MessageStamp {
            facts: &facts,
            secrets: Vec::new(),
            id: "m".to_owned(),
            sent_at: Timestamp::EPOCH.plus_ms(1_700_000_000_000),
        };
        let Some(Letter::Post(post)) = stamp.letter(Content::Text(BilingualText::test())) else {
            panic!("{format:?} is posted");
        };
        let body = serde_json::from_slice(&post.body).unwrap();
        (post, body)
    }

    /// The bodies as the vendors document them for group robots, and our reference for gateways.
    #[test]
    fn each_channel_is_posted_the_body_that_it_reads() {
        let text = BilingualText::test().text_within(ROBOT_BYTES_MAX);
        let (wecom, body) = posted(WebhookFormat::Wecom);
        assert_eq!(body, json!({ "msgtype": "text", "text": { "content": text } }));
        assert_eq!(wecom.url, "https://robots.example/send?access_token=1");
        let (dingtalk_post, body) = posted(WebhookFormat::Dingtalk);
        assert_eq!(body, json!({ "msgtype": "text", "text": { "content": text } }));
        let sign = crate::percent::encode(&dingtalk(SECRET, 1_700_000_000_000));
        let signed = format!("{}&timestamp=1700000000000&sign={sign}", wecom.url);
        assert_eq!(dingtalk_post.url, signed);
        let (feishu_post, body) = posted(WebhookFormat::Feishu);
        let sign = feishu(SECRET, 1_700_000_000);
        let wanted = json!({ "msg_type": "text", "content": { "text": text },
            "timestamp": "1700000000", "sign": sign });
        assert_eq!((&feishu_post.url, body), (&wecom.url, wanted));
        let (sms, body) = posted(WebhookFormat::Sms);
        assert_eq!(body, json!({ "to": "+8613800138000", "text": text }));
        let bearer = |header: &Header| header.name == "authorization" && header.value == "Bearer SECabc";
        assert!(sms.headers.iter().any(bearer));
        for post in [wecom, dingtalk_post, feishu_post] {
            assert!(post.headers.iter().all(|header| header.name != "authorization"));
        }
    }

    #[test]
    fn a_group_robot_that_answers_an_error_has_not_taken_it() {
        assert!(is_declined(
            WebhookFormat::Wecom,
            br#"{"errcode":93000,"errmsg":"invalid webhook url"}"#
        ));
        assert!(!is_declined(
            WebhookFormat::Dingtalk,
            br#"{"errcode":0,"errmsg":"ok"}"#
        ));
        assert!(is_declined(
            WebhookFormat::Feishu,
            br#"{"code":19021,"msg":"sign match fail"}"#
        ));
        assert!(!is_declined(
            WebhookFormat::Feishu,
            br#"{"StatusCode":0,"code":0}"#
        ));
        assert!(!is_declined(WebhookFormat::Standard, br#"{"errcode":1}"#));
    }
}
