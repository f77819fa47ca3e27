//! The route by which users, guests included, list the persons they had access to, from the recorded reads.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, Input};
use application::access::Caller;
use application::parameter::Parameter;
use domain::actor::SignInMethod;
use domain::problem::Problem;
use domain::time::Timestamp;
use evidence::breach_worksheet::{BreachWorksheetScope, Seen, seen};

const FROM: Parameter = Parameter::instant("from", "Only reads at this instant or later (RFC 3339)");
const TO: Parameter = Parameter::instant("to", "Only reads before this instant (RFC 3339)");

/// Name of the reader in recorded reads for a caller with the directory's own key who gave no name.
const DIRECTORY: &str = "directory";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/whoami/seen", "List the persons seen by the caller", own)
            .describe(
                "Returns the internal ids of persons with recorded reads by the caller. For an API key, \
                 only reads with that key.",
            )
            .for_any_caller()
            .heavy()
            .query(const { &[FROM, TO] }),
    ]
}

async fn own(ctx: Ctx, input: Input) -> Result<ReadReply<Seen>, Problem> {
    let (by, key) = match &input.caller {
        Caller::User(known) => (known.user.to_string(), key_of(known.way)),
        Caller::Directory { .. } | Caller::Unauthenticated => (DIRECTORY.to_owned(), None),
    };
    let ask = BreachWorksheetScope {
        by,
        key,
        without_claims: true,
        from: instant(&input, FROM.name)?,
        to: instant(&input, TO.name)?,
    };
    seen(&ctx.installation, ask).await.map(ReadReply)
}

/// Returns the API key of the caller, if any. A key can have less access than its user, so it sees only its
/// own reads.
const fn key_of(way: SignInMethod) -> Option<domain::ids::KeyId> {
    match way {
        SignInMethod::Key(key) => Some(key),
        SignInMethod::Directory | SignInMethod::Session | SignInMethod::SetUp | SignInMethod::Other => None,
    }
}

fn instant(input: &Input, name: &'static str) -> Result<Option<Timestamp>, Problem> {
    let parsed = input.text(name).map(str::parse).transpose();
    parsed.map_err(|_unreadable| {
        let detail = format!("{name} must be a time such as 2026-03-02T10:00:00+08:00");
        Problem::invalid("query-invalid", detail)
    })
}
