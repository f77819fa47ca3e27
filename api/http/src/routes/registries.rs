//! Lists of numbers that others keep, over HTTP: of which day each is, and the end of an import of one.

use crate::described::{Changed, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::registries::{RegistryList, RegistryShown, record, registries};
use domain::problem::Problem;
use domain::registry_book::{AreaCode, Digests, Edition, REGISTRY_AREAS_MAX, SALT_BYTES_MAX};
use domain::screening::NumberListName;
use domain::working_calendar::Day;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest reason kept, as the aggregate has it.
const REASON_BYTES_MAX: usize = 512;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/registries",
            "The lists of numbers that others keep: of which day each is, and by area code where it came so",
            list,
        )
        .needs(Permission::InstallationRead, About::Everybody),
        Endpoint::post(
            "/api/v1/registries",
            "Says that an edition of such a list was taken in whole: from now on the list is of its day",
            recorded,
        )
        .needs(Permission::NumbersSuppress, About::Nobody)
        .takes::<EditionOrder>(),
    ]
}

/// Numbers in clear, or SHA-256 of a salt and the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum NumbersForm {
    Clear,
    Sha256,
}

/// An edition of a list that others keep, all of whose numbers were told before (`numbers/import`).
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "registry": "us-dnc", "as_of": "2026-03-02", "areas": ["202"],
    "form": "clear", "numbers": 12, "bad": 0, "reason": "the list of March" }]))]
struct EditionOrder {
    #[schemars(with = "NumberListName")]
    registry: Option<NumberListName>,
    /// The list's own date: when whoever keeps it handed it out.
    #[schemars(with = "Day")]
    as_of: Option<Day>,
    /// The area codes it is about; the whole list unless it is said.
    #[schemars(length(max = REGISTRY_AREAS_MAX))]
    areas: Option<Vec<AreaCode>>,
    /// `clear` unless it is said.
    form: Option<NumbersForm>,
    /// What stood before each number when it was hashed; nothing unless it is said.
    #[schemars(length(max = SALT_BYTES_MAX), example = &"pepper")]
    salt: Option<String>,
    /// Numbers that were taken.
    numbers: u64,
    /// Rows that are none of the list's form: with one, the list is of no new day.
    bad: Option<u64>,
    /// Rows with a whole number that nobody can call.
    uncallable: Option<u64>,
    /// Stored for ever; name no person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

impl Order for EditionOrder {
    fn read(body: &mut Members) -> Self {
        for needed in ["registry", "as_of", "numbers"] {
            if body.is_absent(needed) {
                body.wrong(needed, "is missing");
            }
        }
        let form = body.value("form");
        let salt: Option<String> = body.value("salt");
        if salt.is_some() && form != Some(NumbersForm::Sha256) {
            body.wrong(
                "salt",
                "is of numbers that came as digests: form is sha256 beside it",
            );
        }
        Self {
            registry: body.parsed("registry"),
            as_of: body.parsed("as_of"),
            areas: body.value("areas"),
            form,
            salt,
            numbers: body.value("numbers").unwrap_or_default(),
            bad: body.value("bad"),
            uncallable: body.value("uncallable"),
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}

/// A list after an edition of it was taken in.
#[derive(Debug, Serialize, JsonSchema)]
struct RegistryWritten {
    #[serde(flatten)]
    registry: RegistryShown,
    position: String,
}

async fn list(ctx: Ctx, _input: Input) -> Result<Read<RegistryList>, Problem> {
    registries(&ctx.installation).await.map(Read)
}

async fn recorded(ctx: Ctx, input: Input) -> Result<Changed<RegistryWritten>, Problem> {
    let cause = input.cause(&ctx.installation, "registries")?;
    let order: EditionOrder = input.order().await?;
    let missing = || Problem::fault("a member that passed its check is missing");
    let edition = Edition {
        as_of: order.as_of.ok_or_else(missing)?,
        areas: order.areas.unwrap_or_default(),
        digests: match order.form {
            Some(NumbersForm::Sha256) => Some(Digests {
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
    Ok(Changed(Written {
        body: RegistryWritten {
            registry: shown.ok_or_else(|| Problem::fault("a list that was taken in is not known"))?,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
