//! Checks and normalises one row into an enrolment. Everything wrong is reported with its column.

use crate::BadRow;
use crate::bilingual_reason::{join_languages, of_phone};
use crate::list_country::ListCountry;
use crate::mapping::Member;
use crate::source::NamedRow;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use domain::best_times::BestTimesPlan;
use domain::calling_plan::{Basis, DeduplicationScope, DuplicatePolicy, Preset};
use domain::compliance::{ZoneFault, zone_of_row};
use domain::customer::Assignee;
use domain::customer::command::{AdditionalPhone, Enrolment, GivenConsent};
use domain::flow::{FlowDefinition, ValueFault};
use domain::ids::{CampaignId, ListId};
use domain::number_library::{self, HOME_LOCATION};
use domain::ports::vault::Vault;
use domain::preferred_times::{PreferredTime, read_all};
use domain::ranking::PriorityPlan;
use domain::time::Timestamp;
use domain::visible_text::normalize;
use std::sync::Arc;

/// Largest total size of a row's variables in bytes. Sealing adds a third and 100 bytes per variable, and a
/// record has at most 65,527 bytes.
const VARIABLES_BYTES_MAX: usize = 24 * 1024;

/// Most variables that one row may have.
const VARIABLES_MAX: usize = 128;

/// Longest external id in bytes. Identity numbers have 18 characters, UUIDs 36.
const EXTERNAL_ID_BYTES_MAX: usize = 128;

/// Offset of Beijing time in seconds. Dates in lists without an offset are read as Beijing time; the
/// callee's time zone is a separate column.
const BEIJING_OFFSET_SECONDS: i64 = 8 * 3_600;

/// Where the consent that a campaign needs is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentLocation {
    /// In the row: the customer may still be unknown.
    InTheRow,
    /// On record: the customer is known, and each grant checks it.
    OnRecord,
}

/// The rules for the rows of one list.
#[derive(Debug, Clone)]
pub struct RowRules {
    pub campaign: CampaignId,
    pub list: ListId,
    pub preset: Preset,
    pub basis: Basis,
    pub duplicates: DuplicatePolicy,
    /// The calling order of the campaign.
    pub priority: Option<Arc<PriorityPlan>>,
    /// The groups by which it learns when customers answer.
    pub best_times: Option<Arc<BestTimesPlan>>,
    /// Where a customer of the list must not be enrolled already.
    pub dedupe: DeduplicationScope,
    pub consents: ConsentLocation,
    /// The country of numbers without a country code.
    pub country: ListCountry,
    /// If set, the campaign requires a vacancy check that is at most this many days old.
    pub number_check: Option<u32>,
    /// The campaign's flow, with the variables it needs and their kinds.
    pub flow: Arc<FlowDefinition>,
}

impl RowRules {
    fn needs_consent(&self) -> bool {
        let needs = self.preset == Preset::CnMarketing || self.basis == Basis::Consent;
        needs && self.consents == ConsentLocation::InTheRow
    }
}

/// Checks a row by the list's rules and returns its enrolment. Fails with the first column that is wrong.
/// Writes nothing.
pub fn check(mut row: NamedRow, rules: &RowRules, vault: &dyn Vault) -> Result<Enrolment, BadRow> {
    let external_id = external_id(&mut row)?;
    if external_id.len() > EXTERNAL_ID_BYTES_MAX {
        return Err(bad(
            &row,
            Member::CustomerId,
            format!("it has more than {EXTERNAL_ID_BYTES_MAX} bytes"),
        ));
    }
    let mut phones = phones(&row, rules, vault)?;
    let AdditionalPhone {
        number,
        phone,
        country,
    } = phones.remove(0);
    let time_zone = time_zone(&row, &phone)?;
    let consent = consent(&row, rules)?;
    let preferred = preferred_times(&row)?;
    spoken_members(&mut row, rules, &phone);
    let home = row.members.get(&Member::HomeLocation).cloned();
    row.variables
        .extend(home.map(|home| (HOME_LOCATION.to_owned(), home)));
    check_variables(&row, rules)?;
    Ok(Enrolment {
        customer: vault.derive_customer(&external_id),
        external_id,
        number,
        phone,
        country,
        further_phones: phones,
        name: row.members.get(&Member::Name).cloned(),
        time_zone,
        campaign: rules.campaign.clone(),
        list: rules.list,
        basis: rules.basis,
        variables: row.variables,
        consent,
        preferred,
        priority: rules.priority.clone(),
        best_times: rules.best_times.clone(),
        dedupe: rules.dedupe,
        same_number_as: None,
    })
}

/// Returns the normalised external id, and replaces the row's own value with it, for texts that speak the
/// id.
fn external_id(row: &mut NamedRow) -> Result<String, BadRow> {
    let written = required(row, Member::CustomerId)?;
    let normal = normalize(&written).into_owned();
    if normal.is_empty() {
        return Err(bad(row, Member::CustomerId, missing(Member::CustomerId)));
    }
    row.members.insert(Member::CustomerId, normal.clone());
    Ok(normal)
}

/// Returns the customer's preferred times; empty if the row has none. The row is bad if they cannot be
/// read.
fn preferred_times(row: &NamedRow) -> Result<Vec<PreferredTime>, BadRow> {
    let given = row.members.get(&Member::PreferredTimes);
    let Some(text) = given.filter(|text| !text.trim().is_empty()) else {
        return Ok(Vec::new());
    };
    read_all(text).map_err(|wrong| bad(row, Member::PreferredTimes, format!("it {wrong}")))
}

/// Returns the phone numbers of the row's customer, at least one, the first to be called first: the phone
/// column's, then the further ones in column order. The row is bad without a valid number.
fn phones(row: &NamedRow, rules: &RowRules, vault: &dyn Vault) -> Result<Vec<AdditionalPhone>, BadRow> {
    let own = row.members.get(&Member::Phone);
    let own = own.map(|text| (row.title(Member::Phone), text));
    let further = row.further_phones.iter();
    let written = own
        .into_iter()
        .chain(further.map(|one| (one.title.clone(), &one.text)));
    let mut phones: Vec<AdditionalPhone> = Vec::new();
    for (column, text) in written {
        let read = rules.country.read(text);
        let (phone, country) = read.map_err(|error| BadRow {
            row: row.row,
            column,
            reason: of_phone(error),
        })?;
        let number = vault.derive_number(phone.as_e164());
        if phones.iter().all(|one| one.number != number) {
            phones.push(AdditionalPhone {
                number,
                phone: phone.as_e164().to_owned(),
                country,
            });
        }
    }
    if phones.is_empty() {
        return Err(bad(row, Member::Phone, missing(Member::Phone)));
    }
    Ok(phones)
}

/// Returns the callee's time zone; `None` if the row has none. The row is bad if it is not an IANA zone, or
/// a fixed offset where daylight saving time applies.
fn time_zone(row: &NamedRow, phone: &str) -> Result<Option<String>, BadRow> {
    let given = row.members.get(&Member::TimeZone);
    let Some(text) = given.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let zone = zone_of_row(text, phone);
    zone.map(Some).map_err(|fault| {
        let zh = match fault {
            ZoneFault::Unreadable => "不是 IANA 时区：请填写如 Asia/Shanghai、America/New_York",
            ZoneFault::FixedOffset => "是固定偏移，当地实行夏令时：请填写地区时区，如 America/New_York",
        };
        bad(row, Member::TimeZone, join_languages(&fault.to_string(), zh))
    })
}

/// Returns the user or team to which the row assigns its customer, and the title of that column; `None` if
/// it names neither. The row is bad if it names both, or an invalid id.
pub fn assignee(row: &NamedRow) -> Result<Option<(Assignee, String)>, BadRow> {
    let to = match (row.members.get(&Member::Agent), row.members.get(&Member::Team)) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            let why = "agent and team are both given: a customer has one of them".to_owned();
            return Err(bad(row, Member::Team, why));
        }
        (Some(user), None) => (user.parse().map(Assignee::User), Member::Agent),
        (None, Some(team)) => (team.parse().map(Assignee::Team), Member::Team),
    };
    match to {
        (Ok(to), member) => Ok(Some((to, row.title(member)))),
        (Err(error), member) => Err(bad(row, member, error.to_string())),
    }
}

fn bad(row: &NamedRow, member: Member, reason: String) -> BadRow {
    BadRow {
        row: row.row,
        column: row.title(member),
        reason,
    }
}

fn missing(member: Member) -> String {
    let name = member.name();
    join_languages(&format!("{name} is missing"), &format!("缺少 {name}"))
}

fn required(row: &NamedRow, member: Member) -> Result<String, BadRow> {
    row.members
        .get(&member)
        .cloned()
        .ok_or_else(|| bad(row, member, missing(member)))
}

/// Adds the row's members as variables if the flow uses variables of their names, for example
/// `{{customer_name}}` or `{{phone}}`; also what the number library knows about the phone.
fn spoken_members(row: &mut NamedRow, rules: &RowRules, phone: &str) {
    for name in rules.flow.variables.keys() {
        let Some(member) = Member::from_name(name) else {
            let known = number_library::variable(name, phone).filter(|_| !row.variables.contains_key(name));
            row.variables
                .extend(known.map(|value| (name.clone(), value.to_owned())));
            continue;
        };
        let value = match member {
            Member::Phone => Some(phone.to_owned()),
            Member::CustomerId
            | Member::Name
            | Member::TimeZone
            | Member::ConsentScope
            | Member::ConsentSource
            | Member::ConsentAt
            | Member::ConsentUntil
            | Member::ConsentEvidence
            | Member::Agent
            | Member::Team
            | Member::HomeLocation
            | Member::PreferredTimes => row.members.get(&member).cloned(),
        };
        if let Some(value) = value {
            row.variables.entry(name.clone()).or_insert(value);
        }
    }
}

fn check_variables(row: &NamedRow, rules: &RowRules) -> Result<(), BadRow> {
    let bad = |column: &str, reason: String| BadRow {
        row: row.row,
        column: column.to_owned(),
        reason,
    };
    let faults = rules.flow.check_values(&row.variables);
    if !faults.is_empty() {
        let names: Vec<_> = faults.iter().map(ValueFault::variable).collect();
        let said: Vec<_> = faults.iter().map(ToString::to_string).collect();
        let said = format!("the campaign's flow: {}", said.join("; "));
        let reason = join_languages(&said, &format!("话术变量缺失或有误：{}", names.join(", ")));
        return Err(bad(&names.join(", "), reason));
    }
    let bytes: usize = row
        .variables
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if bytes > VARIABLES_BYTES_MAX || row.variables.len() > VARIABLES_MAX {
        return Err(bad(
            "variables",
            format!("more than {VARIABLES_MAX} variables or {VARIABLES_BYTES_MAX} bytes of them"),
        ));
    }
    Ok(())
}

fn consent(row: &NamedRow, rules: &RowRules) -> Result<Option<GivenConsent>, BadRow> {
    const CONSENT: [Member; 5] = [
        Member::ConsentScope,
        Member::ConsentSource,
        Member::ConsentAt,
        Member::ConsentUntil,
        Member::ConsentEvidence,
    ];
    let given = CONSENT.iter().any(|member| row.members.contains_key(member));
    if !given && !rules.needs_consent() {
        return Ok(None);
    }
    if !given {
        return Err(bad(
            row,
            Member::ConsentScope,
            join_languages(
                "this campaign accepts only customers with consent",
                "此任务只接受有同意记录的客户",
            ),
        ));
    }
    let given_at = instant(row, Member::ConsentAt)?
        .ok_or_else(|| bad(row, Member::ConsentAt, missing(Member::ConsentAt)))?;
    let until = instant(row, Member::ConsentUntil)?;
    if until.is_some_and(|until| until <= given_at) {
        return Err(bad(
            row,
            Member::ConsentUntil,
            join_languages("the consent ends before it begins", "同意的截止早于开始"),
        ));
    }
    let evidence = row.members.get(&Member::ConsentEvidence).cloned();
    if rules.preset == Preset::CnMarketing && evidence.is_none() {
        return Err(bad(
            row,
            Member::ConsentEvidence,
            join_languages(
                "cn-marketing requires evidence of consent",
                "营销规则要求同意的证据",
            ),
        ));
    }
    Ok(Some(GivenConsent {
        scope: required(row, Member::ConsentScope)?,
        source: required(row, Member::ConsentSource)?,
        given_at,
        until,
        evidence,
    }))
}

fn instant(row: &NamedRow, member: Member) -> Result<Option<Timestamp>, BadRow> {
    let Some(text) = row.members.get(&member) else {
        return Ok(None);
    };
    match parse_instant(text) {
        Some(at) => Ok(Some(at)),
        None => Err(bad(
            row,
            member,
            join_languages(
                "it is not a time such as 2026-03-02 10:00:00 or 2026-03-02T10:00:00+08:00",
                "时间应写作 2026-03-02 10:00:00",
            ),
        )),
    }
}

/// Parses RFC 3339, or a date with or without time, which is then in Beijing time.
pub(crate) fn parse_instant(text: &str) -> Option<Timestamp> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(Timestamp::from_micros(at.timestamp_micros()));
    }
    let plain = text.replace('/', "-").replace('T', " ");
    let local = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(&plain, format).ok())
        .or_else(|| {
            let date = NaiveDate::parse_from_str(&plain, "%Y-%m-%d").ok()?;
            Some(date.and_time(NaiveTime::MIN))
        })?;
    let seconds = local.and_utc().timestamp() - BEIJING_OFFSET_SECONDS;
    Some(Timestamp::from_micros(seconds.checked_mul(1_000_000)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FurtherPhone;
    use crate::testing::PlainVault;
    use domain::calling_code::CallingCode;
    use domain::customer::CountrySource;
    use std::collections::BTreeMap;

    fn rules(preset: Preset, variables: &[&str]) -> RowRules {
        RowRules {
            campaign: "T".parse().unwrap(),
            list: ListId::derive(&"T".parse().unwrap(), "00"),
            preset,
            basis: Basis::Contract,
            duplicates: DuplicatePolicy::ByCustomer,
            priority: None,
            best_times: None,
            dedupe: DeduplicationScope::Campaign,
            consents: ConsentLocation::InTheRow,
            country: ListCountry::of_presets([preset]),
            number_check: None,
            flow: flow(variables),
        }
    }

    fn flow(variables: &[&str]) -> Arc<FlowDefinition> {
        let script: String = variables.iter().map(|name| format!("{{{{{name}}}}}")).collect();
        let flow = domain::flow::from_script("T".parse().unwrap(), &format!("x{script}"));
        Arc::new(flow.unwrap())
    }

    fn row(members: &[(Member, &str)], variables: &[(&str, &str)]) -> NamedRow {
        NamedRow {
            row: 2,
            members: members.iter().map(|&(m, text)| (m, text.to_owned())).collect(),
            variables: variables
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            further_phones: Vec::new(),
            titles: BTreeMap::new(),
        }
    }

    const PERSON: [(Member, &str); 2] = [(Member::CustomerId, "C001"), (Member::Phone, "138-0013-8000")];

    #[test]
    fn a_phone_with_dashes_becomes_e164_and_names_its_number() {
        let enrolment = check(row(&PERSON, &[]), &rules(Preset::CnService, &[]), &PlainVault).unwrap();
        assert_eq!(enrolment.phone, "+8613800138000");
        assert_eq!(enrolment.number, PlainVault.derive_number("+8613800138000"));
    }

    #[test]
    fn a_script_may_say_where_a_number_is_of_and_a_record_may_say_it_too() {
        let rules = rules(Preset::CnService, &["home_province", "home_city", "carrier"]);
        let enrolment = check(row(&PERSON, &[]), &rules, &PlainVault).unwrap();
        let said = |name: &str| enrolment.variables[name].clone();
        assert_eq!(
            ["home_province", "home_city", "carrier"].map(said),
            ["北京市", "北京市", "中国移动"]
        );
        let abroad = [PERSON[0], (Member::Phone, "+1 202 555 0123")];
        let unknown = check(row(&abroad, &[]), &rules, &PlainVault).unwrap_err();
        assert_eq!(unknown.column, "carrier, home_city, home_province");
        let located = [PERSON[0], PERSON[1], (Member::HomeLocation, "广东/深圳")];
        let own = [("home_province", "广东"), ("home_city", "深圳"), ("carrier", "x")];
        let enrolment = check(row(&located, &own), &rules, &PlainVault).unwrap();
        assert_eq!(enrolment.variables["home_location"], "广东/深圳");
        assert_eq!(
            enrolment.variables["carrier"], "x",
            "what the row says goes before the table"
        );
    }

    #[test]
    fn a_phone_that_is_none_is_bad_in_its_column() {
        let mut row = row(&[(Member::CustomerId, "C001"), (Member::Phone, "12345")], &[]);
        row.titles.insert(Member::Phone, "手机号".to_owned());
        let bad = check(row, &rules(Preset::CnService, &[]), &PlainVault).unwrap_err();
        assert_eq!((bad.row, bad.column.as_str()), (2, "手机号"));
        assert!(!bad.reason.contains("12345"), "{}", bad.reason);
    }

    #[test]
    fn the_preset_or_the_list_says_the_country_of_a_number_without_one() {
        let read = |rules: &RowRules, phone: &str| {
            let members = [PERSON[0], (Member::Phone, phone)];
            let enrolment = check(row(&members, &[]), rules, &PlainVault);
            enrolment.map(|enrolment| (enrolment.phone, enrolment.country))
        };
        let of = |e164: &str, source| Ok((e164.to_owned(), source));
        let american = rules(Preset::UsTsr, &[]);
        let text = "(202) 555-0124";
        assert_eq!(read(&american, text), of("+12025550124", CountrySource::Preset));
        let written = read(&american, "+86 138 0013 8000");
        assert_eq!(written, of("+8613800138000", CountrySource::Written));
        let mut european = rules(Preset::EuGdpr, &[]);
        let bad = read(&european, "020 7946 0018").unwrap_err();
        assert_eq!(bad.column, "phone");
        assert!(bad.reason.contains("no country code"), "{}", bad.reason);
        european.country = ListCountry::named(CallingCode::new(44).unwrap());
        let read = read(&european, "020 7946 0018");
        assert_eq!(read, of("+442079460018", CountrySource::List));
        let several = ListCountry::of_presets([Preset::CnService, Preset::UsTsr]);
        assert!(several.read(text).is_err());
    }

    #[test]
    fn further_numbers_are_the_persons_and_the_first_that_is_there_is_called_first() {
        let rules = rules(Preset::CnService, &[]);
        let further = |text: &str| FurtherPhone {
            title: "手机".to_owned(),
            text: text.to_owned(),
        };
        let mut both = row(&[PERSON[0], (Member::Phone, "010-65529988")], &[]);
        both.further_phones = vec![further("13800138145"), further("010 6552 9988")];
        let enrolment = check(both, &rules, &PlainVault).unwrap();
        let others: Vec<&str> = enrolment
            .further_phones
            .iter()
            .map(|one| one.phone.as_str())
            .collect();
        assert_eq!(
            (enrolment.phone.as_str(), others),
            ("+861065529988", vec!["+8613800138145"])
        );
        let mut second = row(&[PERSON[0]], &[]);
        second.further_phones = vec![further("13800138144")];
        let enrolment = check(second.clone(), &rules, &PlainVault).unwrap();
        assert_eq!(enrolment.phone, "+8613800138144");
        assert!(enrolment.further_phones.is_empty());
        second.further_phones = vec![further("无")];
        let bad = check(second, &rules, &PlainVault).unwrap_err();
        assert_eq!(bad.column, "手机");
    }

    #[test]
    fn a_zone_that_cannot_be_read_or_says_nothing_is_bad_in_its_column() {
        let rules = rules(Preset::UsTsr, &[]);
        let zone = |text: &str| {
            let members = [
                PERSON[0],
                (Member::Phone, "+1 202 555 0173"),
                (Member::TimeZone, text),
            ];
            let enrolment = check(row(&members, &[]), &rules, &PlainVault);
            enrolment
                .map(|enrolment| enrolment.time_zone)
                .map_err(|bad| bad.column)
        };
        assert_eq!(zone("America/New_York"), Ok(Some("America/New_York".to_owned())));
        assert_eq!(zone("EDT"), Ok(Some("America/New_York".to_owned())));
        assert_eq!(zone(" "), Ok(None));
        for bad in ["-5.00", "UTC-5", "Eastern Time", "PST", "EST", "Etc/GMT+5", "UTC"] {
            assert_eq!(zone(bad), Err("time_zone".to_owned()), "{bad}");
        }
    }

    #[test]
    fn a_variable_of_the_flow_that_is_missing_is_named() {
        let rules = rules(Preset::CnService, &["days", "customer_name"]);
        let bad = check(row(&PERSON, &[("days", "3")]), &rules, &PlainVault).unwrap_err();
        assert_eq!(bad.column, "customer_name");
        let members = [PERSON[0], PERSON[1], (Member::Name, "张三")];
        let enrolment = check(row(&members, &[("days", "3")]), &rules, &PlainVault).unwrap();
        assert_eq!(enrolment.variables["customer_name"], "张三");
        let bad = check(row(&PERSON, &[]), &rules, &PlainVault).unwrap_err();
        assert_eq!(
            bad.column, "customer_name, days",
            "all that are missing are named"
        );
        assert!(bad.reason.contains("customer_name") && bad.reason.contains("days"));
    }

    #[test]
    fn a_value_that_cannot_be_spoken_is_bad_in_its_column() {
        let rules = rules(Preset::CnService, &["days"]);
        let spoken = "3".repeat(domain::flow::VALUE_CHARS_MAX);
        assert!(check(row(&PERSON, &[("days", &spoken)]), &rules, &PlainVault).is_ok());
        let bad = check(
            row(&PERSON, &[("days", &format!("{spoken}3"))]),
            &rules,
            &PlainVault,
        )
        .unwrap_err();
        assert_eq!(bad.column, "days");
    }

    #[test]
    fn marketing_refuses_a_row_without_consent_and_takes_one_with_it() {
        let rules = rules(Preset::CnMarketing, &[]);
        let bad = check(row(&PERSON, &[]), &rules, &PlainVault).unwrap_err();
        assert_eq!(bad.column, "consent_scope");
        let members = [
            PERSON[0],
            PERSON[1],
            (Member::ConsentScope, "marketing"),
            (Member::ConsentSource, "app"),
            (Member::ConsentAt, "2026-01-01"),
            (Member::ConsentEvidence, "form 17"),
        ];
        let consent = check(row(&members, &[]), &rules, &PlainVault)
            .unwrap()
            .consent
            .unwrap();
        assert_eq!(consent.given_at.to_string(), "2025-12-31T16:00:00.000000Z");
        let bad = check(row(&members[..5], &[]), &rules, &PlainVault).unwrap_err();
        assert_eq!(bad.column, "consent_evidence");
    }

    #[test]
    fn people_who_are_known_are_not_asked_for_a_consent_in_their_row() {
        let mut rules = rules(Preset::CnMarketing, &[]);
        rules.consents = ConsentLocation::OnRecord;
        let enrolment = check(row(&PERSON, &[]), &rules, &PlainVault).unwrap();
        assert_eq!(enrolment.consent, None);
    }

    #[test]
    fn a_consent_that_ends_as_it_begins_is_bad() {
        let mut members = vec![
            PERSON[0],
            PERSON[1],
            (Member::ConsentScope, "s"),
            (Member::ConsentSource, "s"),
            (Member::ConsentAt, "2026-01-01 08:00"),
            (Member::ConsentUntil, "2026/01/01 08:01"),
        ];
        assert!(check(row(&members, &[]), &rules(Preset::CnService, &[]), &PlainVault).is_ok());
        members[5].1 = "2026/01/01 08:00";
        assert!(check(row(&members, &[]), &rules(Preset::CnService, &[]), &PlainVault).is_err());
    }
}
