//! The route that suppresses many numbers at once, or puts them on one of our lists. Each row is handled
//! separately.

use super::numbers::reply_detail::ReplyDetail;
use crate::api_description::ChangeReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::countries::Countries;
use application::installation::{Installation, follow};
use application::registries::stream_of_digest;
use domain::ids::NumberId;
use domain::number::NumberCommand;
use domain::phone_number::{InvalidPhoneNumber, PhoneNumber};
use domain::problem::{Problem, ProblemKind};
use domain::screening::NumberListName;
use domain::stored_event::{Cause, Position};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;

/// Maximum length of the reason for suppressing or listing numbers, in bytes. It is stored permanently and
/// must not contain personal data.
const REASON_BYTES_MAX: usize = 256;

/// Maximum numbers per request, more are refused. Each is a separate append, and a request should take at
/// most a few seconds.
const NUMBERS_OF_REQUEST_MAX: usize = 500;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/numbers/import",
            "Suppress many numbers, or put them on a list",
            import,
        )
        .describe(
            "Adds up to 500 numbers to the blocklist, or numbers or digests to one of our lists. A refused \
             row does not affect the others.",
        )
        .needs(Permission::NumbersSuppress, EndpointSubject::Unscoped)
        .takes::<NumberImport>()
        .kept(),
    ]
}

/// The body with numbers or digests.
#[derive(ApiRequest, JsonSchema)]
#[request(check = check_numbers_or_digests)]
#[schemars(extend("examples" = [{ "numbers": ["13800138000"], "list": "consented-2026",
    "reason": "signed at the counter" }]))]
struct NumberImport {
    /// Phone numbers in any common notation. Either these or `digests`.
    #[schemars(length(max = NUMBERS_OF_REQUEST_MAX), example = &["13800138000"])]
    numbers: Option<Vec<String>>,
    /// SHA-256 of a salt and the number in international form, 64 hexadecimal digits each, for the list that
    /// `list` names (`registries` says under which salt). They are stored under a keyed hash, and no reply
    /// repeats them.
    #[schemars(length(max = NUMBERS_OF_REQUEST_MAX),
        example = &["0000000000000000000000000000000000000000000000000000000000000000"])]
    digests: Option<Vec<String>>,
    /// The list to put them on; without it numbers are suppressed permanently. Required for digests.
    #[member(parse)]
    list: Option<NumberListName>,
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

fn check_numbers_or_digests(request: &NumberImport, body: &mut Members) {
    let count = |rows: &Option<Vec<String>>| rows.as_ref().map_or(0, Vec::len);
    let rows = count(&request.numbers) + count(&request.digests);
    let has_both = request.numbers.is_some() && request.digests.is_some();
    if rows == 0 || rows > NUMBERS_OF_REQUEST_MAX || has_both {
        let what = format!("has 1 to {NUMBERS_OF_REQUEST_MAX} numbers, or digests has so many");
        body.wrong("numbers", what);
    }
    if request.digests.is_some() && request.list.is_none() {
        body.wrong("list", "is missing: digests are of a list");
    }
}

/// The result of an import of numbers.
#[derive(Debug, Serialize, JsonSchema)]
struct NumberImportResponse {
    good: usize,
    /// Of the good rows: suppressed, or on the list, before. Only for callers who may see every number in
    /// clear: it compares the numbers of the request with stored ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    unchanged: Option<usize>,
    /// Of the good rows: without a country code, and suppressed in every country in use that has a number
    /// with these digits.
    in_several_countries: usize,
    refused: Vec<NumberRowError>,
    /// Absent where `unchanged` is: an old position shows that nothing was new.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

/// Why a row was not imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum NumberRowErrorKind {
    /// A complete number that no telephone can be reached under.
    Uncallable,
    /// Not a number, or not a digest.
    Unreadable,
    /// A number without a country code, for a list of numbers to call.
    WithoutCountry,
    /// The number may not be put on the list.
    Refused,
}

/// A row that was not imported, by its index. The value is not repeated.
#[derive(Debug, Serialize, JsonSchema)]
struct NumberRowError {
    /// Index in the request, from 0.
    row: usize,
    code: NumberRowErrorKind,
    #[schemars(example = &"it is no telephone number that can be called")]
    why: String,
}

async fn import(ctx: Ctx, input: Input) -> Result<ChangeReply<NumberImportResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "numbers/import")?;
    let detail = ReplyDetail::for_list(&input);
    let NumberImport {
        numbers,
        digests,
        list,
        reason,
    } = input.order().await?;
    let form = match (&digests, &list) {
        (Some(_), _) => RowKind::Digests,
        (None, Some(_)) => RowKind::Listed,
        (None, None) => RowKind::Suppressed,
    };
    let rows = digests.or(numbers).unwrap_or_default();
    let countries = ctx.installation.countries().await?;
    let (mut unchanged, mut position) = (0, Position(0));
    let mut done = NumberImportResponse {
        good: 0,
        unchanged: None,
        in_several_countries: 0,
        refused: Vec::new(),
        position: None,
    };
    for (row, text) in rows.iter().enumerate() {
        let ids = match form.streams_of(&ctx, &countries, text) {
            Ok(ids) => ids,
            Err(code) => {
                let why = form.fault(code).to_owned();
                done.refused.push(NumberRowError { row, code, why });
                continue;
            }
        };
        done.in_several_countries += usize::from(ids.len() > 1);
        match put_on(&ctx.installation, &ids, list.as_ref(), &reason, cause).await {
            Ok(put) => {
                done.good += 1;
                unchanged += usize::from(put.is_unchanged);
                position = position.max(put.position);
            }
            Err(problem) if problem.kind == ProblemKind::Refused => {
                done.refused.push(NumberRowError {
                    row,
                    code: NumberRowErrorKind::Refused,
                    why: problem.detail,
                });
            }
            Err(problem) => return Err(problem),
        }
    }
    detail.record_list(&ctx, done.good, unchanged).await?;
    let position = detail.is_full().then_some(position);
    done.unchanged = detail.is_full().then_some(unchanged);
    done.position = position.map(|position| position.to_string());
    Ok(ChangeReply(WriteResult {
        version: None,
        position,
        body: done,
    }))
}

/// The result for one row. A row without a known country is stored for every country in use that has a number
/// with these digits.
struct RowResult {
    is_unchanged: bool,
    position: Position,
}

async fn put_on(
    installation: &Installation,
    ids: &[NumberId],
    list: Option<&NumberListName>,
    reason: &str,
    cause: Cause,
) -> Result<RowResult, Problem> {
    let mut put = RowResult {
        is_unchanged: true,
        position: Position(0),
    };
    for id in ids {
        let command = commanded(list, reason);
        let answer = installation
            .entities
            .numbers
            .ask(id, command, follow(cause, id.as_str()))
            .await?;
        put.is_unchanged &= answer.events.is_empty();
        put.position = put.position.max(answer.position);
    }
    Ok(put)
}

/// What the rows of an import are.
enum RowKind {
    /// Numbers that must not be dialed.
    Suppressed,
    /// Numbers of a list that campaigns may demand, and so call.
    Listed,
    Digests,
}

impl RowKind {
    /// Returns the streams of a row's number, several if its country is unknown, or why the row cannot be
    /// imported.
    fn streams_of(
        &self,
        ctx: &Ctx,
        countries: &Countries,
        text: &str,
    ) -> Result<Vec<NumberId>, NumberRowErrorKind> {
        let phones = match self {
            Self::Suppressed => countries.forbidden(text),
            Self::Listed => PhoneNumber::parse(text, countries.default).map(|phone| vec![phone]),
            Self::Digests => {
                let digest = text.parse();
                let digest = digest.map_err(|_no_digest| NumberRowErrorKind::Unreadable)?;
                return Ok(vec![stream_of_digest(&ctx.installation, digest)]);
            }
        };
        let phones = phones.map_err(|error| match error {
            InvalidPhoneNumber::NoCountryCode => NumberRowErrorKind::WithoutCountry,
            error if error.is_of_a_number() => NumberRowErrorKind::Uncallable,
            _ => NumberRowErrorKind::Unreadable,
        })?;
        let vault = ctx.installation.vault();
        let ids = phones.iter().map(|phone| vault.derive_number(phone.as_e164()));
        Ok(ids.collect())
    }

    const fn fault(&self, code: NumberRowErrorKind) -> &'static str {
        match (self, code) {
            (_, NumberRowErrorKind::Refused) => "it is refused",
            (Self::Digests, _) => "it is no SHA-256 of 64 hexadecimal digits",
            (_, NumberRowErrorKind::Uncallable) => "it is no telephone number that can be called",
            (_, NumberRowErrorKind::Unreadable) => "it is no telephone number",
            (_, NumberRowErrorKind::WithoutCountry) => "it has no country code and its country is unknown",
        }
    }
}

fn commanded(list: Option<&NumberListName>, reason: &str) -> NumberCommand {
    let reason = reason.to_owned();
    match list.cloned() {
        Some(list) => NumberCommand::List { list, reason },
        None => NumberCommand::Suppress { reason, until: None },
    }
}
