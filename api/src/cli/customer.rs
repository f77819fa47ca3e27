//! `ledgerline customer`: show, hold, release and erase one person, through the running server.

use super::failure::Failure;
use super::moment::MomentArgs;
use super::output;
use super::reader::ReaderArgs;
use crate::outbound::own_server::{OwnServer, ServerArgs, encode};
use hyper::Method;
use serde_json::{Value, json};

/// Show one person, put a legal hold on one, or erase one.
///
/// ID is the institution's own customer_id, or ours. An erasure destroys the person's key, deletes the
/// recordings and ends with a certificate; ids, counts and lookup hashes stay. A backup of the keys may still
/// hold the key for 30 days. A hold refuses erasure and dials until it is released. Who looks at a person
/// is on record in the log (`ledgerline audit trail`) before anything is shown.
#[derive(Debug, clap::Args)]
#[command(after_help = super::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show a person: masked values, enrolments, calls, hold and erasure; now or as of a time
    Show {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        reader: ReaderArgs,
    },
    /// Erase a person for good (删除个人信息); prints what the certificate will say
    Erase {
        #[command(flatten)]
        named: Named,
        /// Why, for the log; nothing personal
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who asked, for the log
        #[arg(long, value_name = "USER")]
        requested_by: Option<String>,
        /// Who approved it, for the log
        #[arg(long, value_name = "USER")]
        approved_by: Option<String>,
    },
    /// Put a legal hold on a person (法律保留): neither erased nor called until released
    Hold {
        #[command(flatten)]
        named: Named,
        /// Why, for the log; nothing personal
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who ordered it, for the log
        #[arg(long, value_name = "USER")]
        by: Option<String>,
    },
    /// End a hold; an erasure that waited for it is carried out
    Release {
        #[command(flatten)]
        named: Named,
        /// Why, for the log
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Who ordered it, for the log
        #[arg(long, value_name = "USER")]
        by: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
struct Named {
    /// The institution's own customer_id, or our id
    id: String,
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let (named, reply) = match args.action {
        Action::Show {
            named,
            moment,
            reader,
        } => {
            let path = format!("/api/v1/customers/{}{}", encode(&named.id), moment.query());
            let path = reader.put(&path);
            let server = OwnServer::find(&named.server)?;
            let reply = server.ask(Method::GET, &path, None).await?;
            (named, reply)
        }
        Action::Erase {
            named,
            reason,
            requested_by,
            approved_by,
        } => {
            let body = json!({ "reason": reason, "requested_by": requested_by, "approved_by": approved_by });
            let reply = ask(&named, "erase", body).await?;
            (named, reply)
        }
        Action::Hold { named, reason, by } => {
            let body = json!({ "reason": reason, "by": by });
            let reply = ask(&named, "hold", body).await?;
            (named, reply)
        }
        Action::Release { named, reason, by } => {
            let body = json!({ "reason": reason, "by": by });
            let reply = ask(&named, "release", body).await?;
            (named, reply)
        }
    };
    if named.json {
        return output::json(&reply);
    }
    output::pretty(&reply)
}

/// Members that were not given are left out: the server takes no nulls for texts.
async fn ask(named: &Named, verb: &str, mut body: Value) -> Result<Value, Failure> {
    let server = OwnServer::find(&named.server)?;
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    let path = format!("/api/v1/customers/{}/{verb}", encode(&named.id));
    server.ask(Method::POST, &path, Some(&body)).await
}
