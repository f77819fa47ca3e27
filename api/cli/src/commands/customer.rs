//! `ledgerline customer`: shows, assigns, holds, releases and erases customers, and edits what is known of
//! them.

use crate::commands::callback::CallbackArgs;
use crate::commands::merge::MergeArgs;
use crate::commands::number_country::ConfirmArgs;
use crate::commands::own_rules::{CapsArgs, PreferredTimesArgs};
use crate::commands::{consent, profile, reveal};
use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::moment::MomentArgs;
use crate::kit::reader::ReaderArgs;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use crate::page;
use application::percent::encode;
use domain::ids::ApprovalId;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Show a customer, change what is known, put a legal hold on one, or erase one
///
/// ID is the institution's own customer_id, or ours. An erasure destroys the customer's key, deletes the
/// recordings and ends with a certificate; ids, counts and lookup hashes stay. A backup of the keys may still
/// hold the key for 30 days. A hold blocks erasure and dials until it is released. Each view of a customer is
/// logged (`ledgerline audit trail`) before data is shown.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show a customer: masked values, enrolments, calls, hold and erasure; now or as of a past moment
    Show {
        #[command(flatten)]
        named: CustomerIdArgs,
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        reader: ReaderArgs,
    },
    /// List assigned customers (已分配客户), masked: your own, your team's, or all
    List(ListArgs),
    /// Erase a customer permanently (删除个人信息); prints what the certificate will state
    Erase {
        #[command(flatten)]
        named: CustomerIdArgs,
        /// Reason, for the log; no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who requested it, for the log
        #[arg(long, value_name = "USER")]
        requested_by: Option<String>,
        /// Who approved it, as stated by the owner of the directory; users approve with --approval instead
        #[arg(long, value_name = "USER")]
        approved_by: Option<String>,
        /// Id of the approval given by another person
        #[arg(long, value_name = "APPROVAL")]
        approval: Option<ApprovalId>,
    },
    /// Put a legal hold on a customer (法律保留): no erasure and no calls until it is released
    Hold {
        #[command(flatten)]
        named: CustomerIdArgs,
        /// Reason, for the log; no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who ordered it, for the log
        #[arg(long, value_name = "USER")]
        by: Option<String>,
    },
    /// Show values of one or many customers in clear (显示明文); the reason is logged. `show` masks them
    Reveal(reveal::Args),
    /// Assign customers to a user or a team (分配客户); without either, remove the assignment
    Assign {
        /// The institution's own customer_ids, or our ids
        #[arg(required = true)]
        ids: Vec<String>,
        /// User who becomes responsible
        #[arg(long, value_name = "USER", conflicts_with = "team")]
        to: Option<String>,
        /// Team that becomes responsible
        #[arg(long, value_name = "T")]
        team: Option<String>,
        /// Reason, for the log; no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Show or set attributes of a customer (客户属性): NAME=VALUE, in either language
    Attribute(Box<profile::AttributeArgs>),
    /// Add tags of one level to a customer (客户标签), or remove them
    Tag(profile::TagArgs),
    /// Schedule a callback at the time that a customer asked for (预约回拨): not before, then first; or --cancel
    Callback(CallbackArgs),
    /// Cap the calls to a customer over all campaigns (频次上限): dialed=3/7 is three dials in seven days
    Caps(CapsArgs),
    /// Confirm that numbers stored without country code are Chinese (确认号码国家)
    ConfirmNumbers(ConfirmArgs),
    /// Set the hours in which a customer prefers to be called (偏好时段), in their local time
    PreferredTimes(PreferredTimesArgs),
    /// Merge another id into this one (合并客户): one customer from then on, called under this id only
    ///
    /// Caps, consents, opt-outs and suppressions of both apply. Open enrolments of the other id are settled.
    Merge(MergeArgs),
    /// Undo a merge (撤销合并); enrolments settled by the merge stay settled
    Unmerge(MergeArgs),
    /// Find other ids that share a number with this one (疑似重复)
    Duplicates {
        #[command(flatten)]
        named: CustomerIdArgs,
        #[command(flatten)]
        reader: ReaderArgs,
    },
    /// Record, withdraw and show consents (同意), by id or by phone number
    Consent(consent::Args),
    /// End a legal hold; a postponed erasure is then carried out
    Release {
        #[command(flatten)]
        named: CustomerIdArgs,
        /// Reason, for the log
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Who ordered it, for the log
        #[arg(long, value_name = "USER")]
        by: Option<String>,
        /// Id of the approval given by another person
        #[arg(long, value_name = "APPROVAL")]
        approval: Option<ApprovalId>,
    },
}

impl Args {
    pub(crate) const fn only_shows(&self) -> bool {
        match self.action {
            Action::Show { .. } | Action::List(_) | Action::Reveal(_) | Action::Duplicates { .. } => true,
            Action::Attribute(ref args) => args.only_shows(),
            Action::Erase { .. }
            | Action::Hold { .. }
            | Action::Assign { .. }
            | Action::Tag(_)
            | Action::Callback(_)
            | Action::Caps(_)
            | Action::ConfirmNumbers(_)
            | Action::PreferredTimes(_)
            | Action::Merge(_)
            | Action::Unmerge(_)
            | Action::Consent(_)
            | Action::Release { .. } => false,
        }
    }
}

#[derive(Debug, clap::Args)]
struct CustomerIdArgs {
    /// The institution's own customer_id, or our id
    id: String,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Show {
            named,
            moment,
            reader,
        } => {
            let path = format!("/api/v1/customers/{}{}", encode(&named.id), moment.query());
            let path = reader.put(&path);
            let asking = &named.asking;
            asking.show_page(runtime, get(&path), page::customer).await
        }
        Action::List(args) => args.run(runtime).await,
        Action::Erase {
            named,
            reason,
            requested_by,
            approved_by,
            approval,
        } => {
            let body = json!({ "reason": reason, "requested_by": requested_by, "approved_by": approved_by,
                "approval": approval });
            command(runtime, &named, "erase", body).await
        }
        Action::Hold { named, reason, by } => {
            command(runtime, &named, "hold", json!({ "reason": reason, "by": by })).await
        }
        Action::Reveal(args) => args.run(runtime).await,
        Action::Assign {
            ids,
            to,
            team,
            reason,
            asking,
        } => {
            let path = |id: &String| format!("/api/v1/customers/{}/assign", encode(id));
            let paths: Vec<String> = ids.iter().map(path).collect();
            let body = remove_nulls(json!({ "user": to, "team": team, "reason": reason }));
            asking.show_each(runtime, &paths, &body).await
        }
        Action::Attribute(args) => args.run(runtime).await,
        Action::Tag(args) => args.run(runtime).await,
        Action::Callback(args) => args.run(runtime).await,
        Action::Caps(args) => args.run(runtime).await,
        Action::ConfirmNumbers(args) => args.run(runtime).await,
        Action::PreferredTimes(args) => args.run(runtime).await,
        Action::Merge(args) => args.run(runtime, "merge").await,
        Action::Unmerge(args) => args.run(runtime, "unmerge").await,
        Action::Duplicates { named, reader } => {
            let path = format!("/api/v1/customers/{}/duplicates", encode(&named.id));
            named.asking.show(runtime, get(&reader.put(&path))).await
        }
        Action::Consent(args) => consent::run(args, runtime).await,
        Action::Release {
            named,
            reason,
            by,
            approval,
        } => {
            let body = json!({ "reason": reason, "by": by, "approval": approval });
            command(runtime, &named, "release", body).await
        }
    }
}

async fn command(
    runtime: Arc<Runtime>,
    named: &CustomerIdArgs,
    verb: &str,
    body: Value,
) -> Result<(), Failure> {
    let path = format!("/api/v1/customers/{}/{verb}", encode(&named.id));
    named.asking.show(runtime, post(&path, &remove_nulls(body))).await
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Only customers assigned to this user
    #[arg(long, value_name = "USER", conflicts_with = "team")]
    user: Option<String>,
    /// Only customers assigned to this team or one of its users
    #[arg(long, value_name = "T")]
    team: Option<String>,
    /// Only customers in this campaign
    #[arg(long, value_name = "TASK_ID")]
    campaign: Option<String>,
    /// Continue after the previous page: its `next_cursor`
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    /// Most customers returned; default 50, at most 200
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    reader: ReaderArgs,
    #[command(flatten)]
    asking: RequestArgs,
}

impl ListArgs {
    async fn run(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let given = [
            ("user", self.user),
            ("team", self.team),
            ("campaign", self.campaign),
            ("cursor", self.cursor),
            ("limit", self.limit.map(|limit| limit.to_string())),
        ];
        let given = given.into_iter().filter_map(|(name, value)| {
            let value = value?;
            Some(format!("{name}={}", encode(&value)))
        });
        let path = format!("/api/v1/customers?{}", given.collect::<Vec<_>>().join("&"));
        self.asking.show(runtime, get(&self.reader.put(&path))).await
    }
}
