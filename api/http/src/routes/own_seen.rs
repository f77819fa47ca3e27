//! What somebody saw of people themselves, by the reads on record: for every user of their own, guests among
//! them.

use crate::described::Read;
use crate::endpoint::{Ctx, Endpoint, Input};
use application::access::Caller;
use application::parameter::Parameter;
use domain::actor::Way;
use domain::problem::Problem;
use domain::time::Timestamp;
use evidence::seen::{Seen, SeenAsk, seen};

const FROM: Parameter = Parameter::instant("from", "Reads at this instant or later");
const TO: Parameter = Parameter::instant("to", "Reads before this instant");

/// As the record names whoever asks with the directory's own key and says no name.
const DIRECTORY: &str = "directory";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/whoami/seen",
            "Whose data who asks saw themselves, by our ids: by the reads on record; a key those by it alone",
            own,
        )
        .for_whoever_is_known()
        .heavy()
        .query(const { &[FROM, TO] }),
    ]
}

async fn own(ctx: Ctx, input: Input) -> Result<Read<Seen>, Problem> {
    let (by, key) = match &input.caller {
        Caller::User(known) => (known.user.to_string(), key_of(known.way)),
        Caller::Directory { .. } | Caller::Nobody => (DIRECTORY.to_owned(), None),
    };
    let ask = SeenAsk {
        by,
        key,
        without_claims: true,
        from: instant(&input, FROM.name)?,
        to: instant(&input, TO.name)?,
    };
    seen(&ctx.installation, ask).await.map(Read)
}

/// A key may be narrower than its user: it is told of its own reads.
const fn key_of(way: Way) -> Option<domain::ids::KeyId> {
    match way {
        Way::Key(key) => Some(key),
        Way::Directory | Way::Session | Way::SetUp | Way::Other => None,
    }
}

fn instant(input: &Input, name: &'static str) -> Result<Option<Timestamp>, Problem> {
    let told = input.text(name).map(str::parse).transpose();
    told.map_err(|_unreadable| {
        let detail = format!("{name} must be a time such as 2026-03-02T10:00:00+08:00");
        Problem::invalid("query-invalid", detail)
    })
}
