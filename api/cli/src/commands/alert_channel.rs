//! `ledgerline alerts channel`: who is told of alerts, by mail, short message, group robot or webhook.

use super::webhook::list;
use crate::kit::api::post;
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use crate::kit::secret::from_env;
use application::percent::encode;
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// Tell somebody of what is raised, escalated and cleared
    Add(Box<Channel>),
    /// List the channels, how far each is told, and what waits
    List {
        #[command(flatten)]
        asking: Asking,
    },
    /// Send a test message, now, and show what comes back
    Test {
        /// The channel's id, as `list` shows it
        id: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Become its owner: it delivers by your rights from now on, and what waits is sent
    TakeOver {
        /// The channel's id, as `list` shows it
        id: String,
        /// Why; stored for ever, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Tell nobody of alerts there any more
    Remove {
        /// The channel's id, as `list` shows it
        id: String,
        /// Why; stored for ever, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: Asking,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Channel {
    /// By which way
    #[arg(value_parser = ["mail", "sms", "webhook", "wecom", "dingtalk", "feishu"])]
    way: String,
    /// Whom: a mail address, a phone number, or an https URL
    target: String,
    /// The mail server
    #[arg(long, value_name = "HOST:PORT")]
    smtp: Option<String>,
    /// The gateway of short messages: an https URL that takes {"to":…,"text":…}
    #[arg(long, value_name = "URL")]
    gateway: Option<String>,
    /// Environment variable with what the receiver knows as its secret: a robot's, a gateway's token, or
    /// user:password of a mail server
    #[arg(long, value_name = "V")]
    secret_env: Option<String>,
    /// Demand neither https nor an address of the open internet
    #[arg(long)]
    allow_private: bool,
    #[command(flatten)]
    asking: Asking,
}

pub(super) async fn run(action: Action, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match action {
        Action::Add(channel) => channel.add(runtime).await,
        Action::List { asking } => {
            let path = "/api/v1/alerts/channels";
            list(runtime, &asking, path, "没有告警通道 no channels").await
        }
        Action::Test { id, asking } => {
            let path = format!("/api/v1/alerts/channels/{}/test", encode(&id));
            asking.show(runtime, post(&path, &json!({}))).await
        }
        Action::TakeOver { id, reason, asking } => {
            let path = format!("/api/v1/alerts/channels/{}/take-over", encode(&id));
            asking
                .show(runtime, post(&path, &json!({ "reason": reason })))
                .await
        }
        Action::Remove { id, reason, asking } => {
            let path = format!("/api/v1/alerts/channels/{}/remove", encode(&id));
            asking
                .show(runtime, post(&path, &json!({ "reason": reason })))
                .await
        }
    }
}

impl Channel {
    async fn add(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let is_sms = self.way == "sms";
        let (url, to) = if is_sms {
            (self.gateway, Some(self.target))
        } else {
            (Some(self.target), None)
        };
        let format = if self.way == "webhook" {
            "standard"
        } else {
            &self.way
        };
        let body = given(json!({
            "url": url, "to": to, "format": format, "smtp": self.smtp,
            "secret": from_env(self.secret_env.as_deref())?, "allow_private": self.allow_private,
        }));
        let path = "/api/v1/alerts/channels";
        self.asking.show(runtime, post(path, &body)).await
    }
}
