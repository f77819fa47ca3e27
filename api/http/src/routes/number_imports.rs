//! Many numbers at once over HTTP: suppressed, or put on a list of ours, each by itself.

use super::numbers::reply_detail::ReplyDetail;
use crate::described::Changed;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::countries::Countries;
use application::installation::{Installation, follow};
use application::registries::stream_of_digest;
use domain::ids::NumberId;
use domain::number::NumberCommand;
use domain::phone_number::{InvalidPhoneNumber, PhoneNumber};
use domain::problem::{Kind, Problem};
use domain::screening::NumberListName;
use domain::stored_event::{Cause, Position};
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;

/// Longest reason kept: it is stored for ever and must hold nothing personal.
const REASON_BYTES_MAX: usize = 256;

/// Most numbers of one request: each is an append of its own, and a request stays below some seconds.
const NUMBERS_OF_REQUEST_MAX: usize = 500;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/numbers/import",
            "Suppresses the numbers in the body, or puts them or their digests on a list; a bad one takes none with it",
            import,
        )
        .needs(Permission::NumbersSuppress, About::Nobody)
        .takes::<NumberImport>()
        .kept(),
    ]
}

/// Numbers of a file, or a part of it.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "numbers": ["13800138000"], "list": "consented-2026",
    "reason": "signed at the counter" }]))]
struct NumberImport {
    /// In any usual form. Either these or `digests`.
    #[schemars(length(max = NUMBERS_OF_REQUEST_MAX), example = &["13800138000"])]
    numbers: Option<Vec<String>>,
    /// SHA-256 of a salt and the number in international form, 64 hexadecimal digits each, of the list that
    /// `list` names (`registries` says under which salt). They are kept under a keyed hash and not repeated.
    #[schemars(length(max = NUMBERS_OF_REQUEST_MAX),
        example = &["0000000000000000000000000000000000000000000000000000000000000000"])]
    digests: Option<Vec<String>>,
    /// The list that they are put on; without it numbers are suppressed for good. Digests need one.
    list: Option<NumberListName>,
    /// Stored for ever; name no person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

impl Order for NumberImport {
    fn read(body: &mut Members) -> Self {
        let numbers: Option<Vec<String>> = body.value("numbers");
        let digests: Option<Vec<String>> = body.value("digests");
        let list = body.parsed("list");
        let count = |rows: &Option<Vec<String>>| rows.as_ref().map_or(0, Vec::len);
        let rows = count(&numbers) + count(&digests);
        if rows == 0 || rows > NUMBERS_OF_REQUEST_MAX || (numbers.is_some() && digests.is_some()) {
            let what = format!("has 1 to {NUMBERS_OF_REQUEST_MAX} numbers, or digests has so many");
            body.wrong("numbers", what);
        }
        if digests.is_some() && list.is_none() {
            body.wrong("list", "is missing: digests are of a list");
        }
        Self {
            numbers,
            digests,
            list,
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}

/// What became of the numbers.
#[derive(Debug, Serialize, JsonSchema)]
struct NumbersImported {
    good: usize,
    /// Of those: suppressed, or on the list, before. Only for callers who may see every number in clear: it
    /// compares the numbers of the request with stored ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    unchanged: Option<usize>,
    /// Of those: without a country code, and suppressed in every country in use that has a number of these
    /// digits.
    in_several_countries: usize,
    refused: Vec<NumberNotImported>,
    /// Absent where `unchanged` is: an old position shows that nothing was new.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

/// What a row was that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum WhyNotImported {
    /// A whole number that nobody can call.
    Uncallable,
    /// No number, or no digest.
    Unreadable,
    /// A number without a country code, on a list of numbers to call.
    WithoutCountry,
    /// The number may not be put on the list.
    Refused,
}

/// A number that was not taken, by its place; it is not repeated.
#[derive(Debug, Serialize, JsonSchema)]
struct NumberNotImported {
    /// From 0, in the order of the request.
    row: usize,
    code: WhyNotImported,
    #[schemars(example = &"it is no telephone number that can be called")]
    why: String,
}

async fn import(ctx: Ctx, input: Input) -> Result<Changed<NumbersImported>, Problem> {
    let cause = input.cause(&ctx.installation, "numbers/import")?;
    let detail = ReplyDetail::for_list(&input);
    let NumberImport {
        numbers,
        digests,
        list,
        reason,
    } = input.order().await?;
    let form = match (&digests, &list) {
        (Some(_), _) => Form::Digests,
        (None, Some(_)) => Form::Listed,
        (None, None) => Form::Suppressed,
    };
    let rows = digests.or(numbers).unwrap_or_default();
    let countries = ctx.installation.countries().await?;
    let (mut unchanged, mut position) = (0, Position(0));
    let mut done = NumbersImported {
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
                done.refused.push(NumberNotImported { row, code, why });
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
            Err(problem) if problem.kind == Kind::Refused => {
                done.refused.push(NumberNotImported {
                    row,
                    code: WhyNotImported::Refused,
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
    Ok(Changed(Written {
        version: None,
        position,
        body: done,
    }))
}

/// A row after it was put on the list, in every country that has a number of these digits.
struct Put {
    is_unchanged: bool,
    position: Position,
}

async fn put_on(
    installation: &Installation,
    ids: &[NumberId],
    list: Option<&NumberListName>,
    reason: &str,
    cause: Cause,
) -> Result<Put, Problem> {
    let mut put = Put {
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

/// What the rows are.
enum Form {
    /// Numbers that must not be dialed.
    Suppressed,
    /// Numbers of a list that campaigns may demand, and so call.
    Listed,
    Digests,
}

impl Form {
    /// The streams of a row's number, more than one where its country is not known; or what the row is
    /// instead.
    fn streams_of(
        &self,
        ctx: &Ctx,
        countries: &Countries,
        text: &str,
    ) -> Result<Vec<NumberId>, WhyNotImported> {
        let phones = match self {
            Self::Suppressed => countries.forbidden(text),
            Self::Listed => PhoneNumber::parse(text, countries.default).map(|phone| vec![phone]),
            Self::Digests => {
                let digest = text.parse();
                let digest = digest.map_err(|_no_digest| WhyNotImported::Unreadable)?;
                return Ok(vec![stream_of_digest(&ctx.installation, digest)]);
            }
        };
        let phones = phones.map_err(|error| match error {
            InvalidPhoneNumber::NoCountryCode => WhyNotImported::WithoutCountry,
            error if error.is_of_a_number() => WhyNotImported::Uncallable,
            _ => WhyNotImported::Unreadable,
        })?;
        let vault = ctx.installation.vault();
        let ids = phones.iter().map(|phone| vault.derive_number(phone.as_e164()));
        Ok(ids.collect())
    }

    const fn fault(&self, code: WhyNotImported) -> &'static str {
        match (self, code) {
            (_, WhyNotImported::Refused) => "it is refused",
            (Self::Digests, _) => "it is no SHA-256 of 64 hexadecimal digits",
            (_, WhyNotImported::Uncallable) => "it is no telephone number that can be called",
            (_, WhyNotImported::Unreadable) => "it is no telephone number",
            (_, WhyNotImported::WithoutCountry) => "it has no country code and its country is unknown",
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
