//! Routes of external number lists (for example national do-not-call lists): the date of each, and the end of
//! an import.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::registries::{RegistryList, RegistryResponse, record, registries};
use domain::problem::Problem;
use domain::registry_book::{AreaCode, DigestScheme, Edition, REGISTRY_AREAS_MAX, SALT_BYTES_MAX};
use domain::screening::NumberListName;
use domain::working_calendar::Day;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Maximum length of the reason of an import into an external list, in bytes; the aggregate has the same
/// limit.
const REASON_BYTES_MAX: usize = 512;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/registries", "List external number lists", list)
            .describe("Returns the date of each list, by area code if it was imported that way.")
            .needs(Permission::InstallationRead, EndpointSubject::Everybody),
        Endpoint::post(
            "/api/v1/registries",
            "Finish the import of an external number list",
            recorded,
        )
        .describe(
            "Declares that an edition of the list was imported completely with `numbers/import`. From now \
             on the list has the edition's date.",
        )
        .needs(Permission::NumbersSuppress, EndpointSubject::Unscoped)
        .takes::<RegistryEditionRequest>(),
    ]
}

/// Form of the numbers in an edition: in clear, or SHA-256 of a salt and the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum NumbersForm {
    Clear,
    Sha256,
}

/// The body that finishes the import of an edition. All of its numbers were imported before
/// (`numbers/import`).
#[derive(ApiRequest, JsonSchema)]
#[request(check = check_salt)]
#[schemars(extend("examples" = [{ "registry": "us-dnc", "as_of": "2026-03-02", "areas": ["202"],
    "form": "clear", "numbers": 12, "bad": 0, "reason": "the list of March" }]))]
struct RegistryEditionRequest {
    #[schemars(with = "NumberListName")]
    #[member(parse)]
    registry: Option<NumberListName>,
    /// The date of the edition, as its publisher states it.
    #[schemars(with = "Day")]
    #[member(parse)]
    as_of: Option<Day>,
    /// The area codes of the edition; default: the whole list.
    #[schemars(length(max = REGISTRY_AREAS_MAX))]
    areas: Option<Vec<AreaCode>>,
    /// Default: `clear`.
    form: Option<NumbersForm>,
    /// The salt in front of each number when it was hashed; default: none.
    #[schemars(length(max = SALT_BYTES_MAX), example = &"pepper")]
    salt: Option<String>,
    /// Number of imported numbers.
    numbers: u64,
    /// Rows that are not in the list's format. With one, the list keeps its old date.
    bad: Option<u64>,
    /// Rows with a complete number that no telephone can be reached under.
    uncallable: Option<u64>,
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

fn check_salt(request: &RegistryEditionRequest, body: &mut Members) {
    if request.salt.is_some() && request.form != Some(NumbersForm::Sha256) {
        body.wrong(
            "salt",
            "is of numbers that came as digests: form is sha256 beside it",
        );
    }
}

/// An external list after an edition was imported.
#[derive(Debug, Serialize, JsonSchema)]
struct RegistryChangeResponse {
    #[serde(flatten)]
    registry: RegistryResponse,
    position: String,
}

async fn list(ctx: Ctx, _input: Input) -> Result<ReadReply<RegistryList>, Problem> {
    registries(&ctx.installation).await.map(ReadReply)
}

async fn recorded(ctx: Ctx, input: Input) -> Result<ChangeReply<RegistryChangeResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "registries")?;
    let order: RegistryEditionRequest = input.order().await?;
    let missing = || Problem::fault("a member that passed its check is missing");
    let edition = Edition {
        as_of: order.as_of.ok_or_else(missing)?,
        areas: order.areas.unwrap_or_default(),
        digests: match order.form {
            Some(NumbersForm::Sha256) => Some(DigestScheme {
                salt: order.salt.unwrap_or_default(),
            }),
            Some(NumbersForm::Clear) | None => None,
        },
        numbers: order.numbers,
        bad: order.bad.unwrap_or_default(),
        uncallable: order.uncallable.unwrap_or_default(),
    };
    let registry = order.registry.ok_or_else(missing)?;
    let (shown, answer) = record(&ctx.installation, registry, edition, order.reason, cause).await?;
    Ok(ChangeReply(WriteResult {
        body: RegistryChangeResponse {
            registry: shown.ok_or_else(|| Problem::fault("a list that was taken in is not known"))?,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
