//! `ledgerline alerts channel`: the channels that deliver alerts, by mail, short message, group robot or
//! webhook.

use super::webhook::list;
use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use crate::kit::secret::from_env;
use application::language::localized;
use application::percent::encode;
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// Add a channel that is notified when an alert is raised, escalated or cleared
    Add(Box<Channel>),
    /// List the channels with the position delivered and the alerts that wait
    List {
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Send a test message now and show the response
    Test {
        /// Id of the channel, as shown by `list`
        id: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Become the owner of the channel: it delivers with your permissions, and waiting alerts are sent
    TakeOver {
        /// Id of the channel, as shown by `list`
        id: String,
        /// Reason; stored permanently, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Remove the channel: it gets no more alerts
    Remove {
        /// Id of the channel, as shown by `list`
        id: String,
        /// Reason; stored permanently, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Channel {
    /// Kind of channel
    #[arg(value_parser = ["mail", "sms", "webhook", "wecom", "dingtalk", "feishu"])]
    way: String,
    /// Receiver: a mail address, a phone number, or an https URL
    target: String,
    /// Mail server
    #[arg(long, value_name = "HOST:PORT")]
    smtp: Option<String>,
    /// SMS gateway: an https URL that accepts {"to":…,"text":…}
    #[arg(long, value_name = "URL")]
    gateway: Option<String>,
    /// Environment variable that holds the secret shared with the receiver: signing secret of a robot, token
    /// of a gateway, or user:password of a mail server
    #[arg(long, value_name = "V")]
    secret_env: Option<String>,
    /// Accept http and addresses of private networks
    #[arg(long)]
    allow_private: bool,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(super) async fn run(action: Action, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match action {
        Action::Add(channel) => channel.add(runtime).await,
        Action::List { asking } => {
            let path = "/api/v1/alerts/channels";
            let none = localized("没有告警通道", "no channels");
            list(runtime, &asking, path, none).await
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
        let body = remove_nulls(json!({
            "url": url, "to": to, "format": format, "smtp": self.smtp,
            "secret": from_env(self.secret_env.as_deref())?, "allow_private": self.allow_private,
        }));
        let path = "/api/v1/alerts/channels";
        self.asking.show(runtime, post(path, &body)).await
    }
}
