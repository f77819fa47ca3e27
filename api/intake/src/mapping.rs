//! The meaning of each column: given by the user, or else guessed from the header, in Chinese and English.
//!
//! A mapping assigns a column (导入列名) to a member (系统字段). The kind of value (数据类型) follows from the member:
//! ids, phones and variables are text, so that no digit is lost. A column without a mapping keeps its title
//! and becomes a variable of the flow.

use crate::value_kind::ValueKind;
use crate::{COLUMNS_MAX, ImportError, cut, cut_titles};
use domain::number_library::HOME_LOCATION;
use domain::visible_text::normalize;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A member that the system uses. All others are variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    CustomerId,
    Phone,
    Name,
    TimeZone,
    ConsentScope,
    ConsentSource,
    ConsentAt,
    ConsentUntil,
    ConsentEvidence,
    /// The user who is responsible for the customer.
    Agent,
    /// The team that is responsible for the customer.
    Team,
    /// The number's home location. It takes precedence over the number library.
    HomeLocation,
    /// The customer's preferred times for calls.
    PreferredTimes,
}

impl Member {
    pub const ALL: [Self; 13] = [
        Self::CustomerId,
        Self::Phone,
        Self::Name,
        Self::TimeZone,
        Self::ConsentScope,
        Self::ConsentSource,
        Self::ConsentAt,
        Self::ConsentUntil,
        Self::ConsentEvidence,
        Self::Agent,
        Self::Team,
        Self::HomeLocation,
        Self::PreferredTimes,
    ];

    /// The members that every list needs: customer id and phone.
    pub(crate) const NEEDED: [Self; 2] = [Self::CustomerId, Self::Phone];

    /// Returns the member's name in request bodies and in `--map`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CustomerId => "customer_id",
            Self::Phone => "phone",
            Self::Name => "customer_name",
            Self::TimeZone => "time_zone",
            Self::ConsentScope => "consent_scope",
            Self::ConsentSource => "consent_source",
            Self::ConsentAt => "consent_at",
            Self::ConsentUntil => "consent_until",
            Self::ConsentEvidence => "consent_evidence",
            Self::Agent => "agent",
            Self::Team => "team",
            Self::HomeLocation => HOME_LOCATION,
            Self::PreferredTimes => "preferred_times",
        }
    }

    /// Returns the usual column titles of this member, besides its own name, in lower case.
    const fn titles(self) -> &'static [&'static str] {
        match self {
            Self::CustomerId => &[
                "客户id",
                "客户编号",
                "客户号",
                "用户id",
                "用户编号",
                "会员号",
                "编号",
                "customerid",
                "customer",
                "id",
            ],
            Self::Phone => &[
                "手机号",
                "手机号码",
                "电话",
                "电话号码",
                "联系电话",
                "手机",
                "phonenumber",
                "phone_number",
                "mobile",
                "tel",
                "telephone",
            ],
            Self::Name => &[
                "姓名",
                "客户姓名",
                "名字",
                "客户名称",
                "name",
                "customername",
                "fullname",
            ],
            Self::TimeZone => &["时区", "timezone"],
            Self::ConsentScope => &["同意范围", "授权范围"],
            Self::ConsentSource => &["同意来源", "授权来源"],
            Self::ConsentAt => &["同意时间", "授权时间"],
            Self::ConsentUntil => &["同意截止", "授权截止", "授权有效期"],
            Self::ConsentEvidence => &["同意证据", "授权凭证"],
            Self::Agent => &["坐席", "坐席账号", "客户经理账号"],
            Self::Team => &["团队", "坐席团队", "班组"],
            Self::HomeLocation => &["归属地", "号码归属地", "省/市", "省市", "homelocation"],
            Self::PreferredTimes => &["偏好时段", "偏好外呼时段", "preferredtimes"],
        }
    }

    /// Returns the member with this exact name. `name` means `customer_name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|member| member.name() == name)
            .or(if name == "name" { Some(Self::Name) } else { None })
    }

    /// Returns true if a column with this title, in lower case, contains phone numbers.
    pub(crate) fn is_phone_title(title: &str) -> bool {
        Self::from_title(title) == Some(Self::Phone)
    }

    fn from_title(title: &str) -> Option<Self> {
        let plain: String = normalize(title)
            .to_lowercase()
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        Self::ALL
            .into_iter()
            .find(|member| member.name() == plain || member.titles().contains(&plain.as_str()))
    }
}

/// The meaning of one column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    Member(Member),
    /// A further number of the customer, and a variable with this name.
    FurtherPhone(String),
    /// The column is a variable with this name.
    Variable(String),
    /// The column has no title and is ignored.
    Ignored,
}

/// One column: its title as the user wrote it, and its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub title: String,
    pub meaning: Meaning,
    /// The type that its values must have.
    pub kind: ValueKind,
}

/// The mapping of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnMapping {
    title: String,
    member: String,
    kind: ValueKind,
}

impl ColumnMapping {
    /// Creates the mapping of a column by its title. `member`: a member's name or usual title, or any other
    /// text, which names a variable. `kind`: the value type; empty means text. Fails with `InvalidMapping`
    /// on an empty or unknown text, and with `MappedAs` if an id or phone has a type other than text.
    pub(crate) fn new(title: &str, member: &str, kind: &str) -> Result<Self, ImportError> {
        let invalid = || ImportError::InvalidMapping(cut(&format!("{title}={member}:{kind}")));
        let (title, member) = (normalize(title), normalize(member));
        let (title, member) = (title.as_ref(), member.as_ref());
        if title.is_empty() || member.is_empty() {
            return Err(invalid());
        }
        let kind = ValueKind::named(kind).ok_or_else(invalid)?;
        let known = Member::from_name(member).or_else(|| Member::from_title(member));
        let is_text = matches!(known, Some(Member::CustomerId | Member::Phone));
        if is_text && kind != ValueKind::Text {
            return Err(ImportError::MappedAs(cut(member)));
        }
        Ok(Self {
            title: title.to_owned(),
            member: known.map_or_else(|| member.to_owned(), |member| member.name().to_owned()),
            kind,
        })
    }
}

/// The meaning of columns: `客户ID=customer_id,手机号=phone` (titles may contain anything but `=` and `,`), or a
/// JSON list of objects with `column`, `member` and `type`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping(Vec<ColumnMapping>);

impl Mapping {
    /// Creates a mapping of these columns. Fails with `TooLarge` above `COLUMNS_MAX`.
    pub(crate) fn of(mapped: Vec<ColumnMapping>) -> Result<Self, ImportError> {
        if mapped.len() > COLUMNS_MAX {
            return Err(ImportError::TooLarge {
                what: "the number of mapped columns",
                limit: COLUMNS_MAX as u64,
            });
        }
        Ok(Self(mapped))
    }

    /// Parses a mapping in either form. An empty text is a mapping without columns. Fails with
    /// `InvalidMapping`.
    pub fn parse(text: &str) -> Result<Self, ImportError> {
        if text.trim_start().starts_with('[') {
            return Self::parse_json(text);
        }
        let mut mapped = Vec::new();
        for part in text.split([',', '，']).filter(|part| !part.trim().is_empty()) {
            let pair = part.split_once('=');
            let (title, member) = pair.ok_or_else(|| ImportError::InvalidMapping(cut(part)))?;
            mapped.push(ColumnMapping::new(title.trim(), member.trim(), "")?);
        }
        Self::of(mapped)
    }

    fn parse_json(text: &str) -> Result<Self, ImportError> {
        #[derive(serde::Deserialize)]
        struct MappingEntry {
            column: String,
            member: String,
            #[serde(default)]
            r#type: String,
        }
        let said: Vec<MappingEntry> = serde_json::from_str(text)
            .map_err(|error| ImportError::InvalidMapping(cut(&error.to_string())))?;
        let mapped = said
            .iter()
            .map(|one| ColumnMapping::new(one.column.trim(), one.member.trim(), &one.r#type));
        Self::of(mapped.collect::<Result<_, _>>()?)
    }

    /// Returns the mapping as a JSON list, which `parse` reads.
    pub fn as_text(&self) -> String {
        let items = self.0.iter().map(|mapped| {
            serde_json::json!({ "column": mapped.title, "member": mapped.member, "type": mapped.kind.code() })
        });
        serde_json::Value::Array(items.collect()).to_string()
    }

    /// Returns the meaning of each column of a list's header, by the mapping or by its title. Fails with
    /// `MissingColumn` if the customer id or the phone is missing.
    pub fn columns(&self, header: &[String]) -> Result<Vec<Column>, ImportError> {
        let columns = self.taken_for(header)?;
        for member in Member::NEEDED {
            if !columns
                .iter()
                .any(|column| column.meaning == Meaning::Member(member))
            {
                return Err(ImportError::MissingColumn {
                    member: member.name(),
                    columns: cut_titles(header),
                });
            }
        }
        Ok(columns)
    }

    /// Returns the meaning of each column of a header, even if needed members are missing. The user's
    /// mapping takes precedence. A member is guessed from a title only once, and not if the mapping has it.
    /// Fails if the mapping names a column that the header does not have, or above `COLUMNS_MAX` columns.
    pub(crate) fn taken_for(&self, header: &[String]) -> Result<Vec<Column>, ImportError> {
        if header.len() > COLUMNS_MAX {
            return Err(ImportError::TooLarge {
                what: "the number of columns",
                limit: COLUMNS_MAX as u64,
            });
        }
        let header: Vec<Cow<'_, str>> = header.iter().map(|title| normalize(title)).collect();
        for ColumnMapping { title, .. } in &self.0 {
            if !header.iter().any(|one| one == title) {
                return Err(ImportError::UnknownColumn(cut(title)));
            }
        }
        let mut titles = BTreeSet::new();
        if let Some(twice) = header
            .iter()
            .map(AsRef::as_ref)
            .find(|title: &&str| !title.is_empty() && !titles.insert(*title))
        {
            return Err(ImportError::TitledTwice(cut(twice)));
        }
        let mut taken = BTreeSet::new();
        for ColumnMapping { member: name, .. } in &self.0 {
            if let Some(member) = Member::from_name(name)
                && !taken.insert(member)
            {
                return Err(ImportError::MappedTwice(cut(name)));
            }
        }
        let columns = header.iter();
        Ok(columns.map(|title| self.column(title, &mut taken)).collect())
    }

    fn names(&self, member: Member) -> bool {
        let mut mapped = self.0.iter();
        mapped.any(|mapped| mapped.member == member.name())
    }

    fn column(&self, title: &str, taken: &mut BTreeSet<Member>) -> Column {
        let given = self.0.iter().find(|mapped| mapped.title == title);
        let meaning = match given {
            Some(ColumnMapping { member: name, .. }) => {
                Member::from_name(name).map_or_else(|| Meaning::Variable(name.clone()), Meaning::Member)
            }
            None if title.is_empty() => Meaning::Ignored,
            None => match Member::from_title(title) {
                Some(member) if taken.insert(member) => Meaning::Member(member),
                // If the user named the phone column, the others are not phones.
                Some(Member::Phone) if !self.names(Member::Phone) => Meaning::FurtherPhone(title.to_owned()),
                Some(_) | None => Meaning::Variable(title.to_owned()),
            },
        };
        Column {
            title: title.to_owned(),
            meaning,
            kind: given.map(|mapped| mapped.kind).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(titles: &[&str]) -> Vec<String> {
        titles.iter().map(|&title| title.to_owned()).collect()
    }

    #[test]
    fn the_mapping_of_the_requirements_is_understood() {
        let mapping = Mapping::parse("客户ID=customer_id,手机号=phone").unwrap();
        let columns = mapping.columns(&header(&["客户ID", "手机号", "days"])).unwrap();
        assert_eq!(columns[0].meaning, Meaning::Member(Member::CustomerId));
        assert_eq!(columns[1].meaning, Meaning::Member(Member::Phone));
        assert_eq!(columns[2].meaning, Meaning::Variable("days".to_owned()));
    }

    #[test]
    fn a_second_phone_column_is_a_further_number_unless_the_user_says_which_is_the_phone() {
        let header = header(&["客户ID", "联系电话", "手机"]);
        let columns = Mapping::default().columns(&header).unwrap();
        assert_eq!(columns[1].meaning, Meaning::Member(Member::Phone));
        assert_eq!(columns[2].meaning, Meaning::FurtherPhone("手机".to_owned()));
        let said = Mapping::parse("手机=phone").unwrap().columns(&header).unwrap();
        assert_eq!(said[1].meaning, Meaning::Variable("联系电话".to_owned()));
        assert_eq!(said[2].meaning, Meaning::Member(Member::Phone));
    }

    #[test]
    fn a_header_in_chinese_or_english_needs_no_mapping() {
        for titles in [
            ["客户编号", "联系电话", "姓名"],
            ["Customer ID", "Mobile", "Name"],
        ] {
            let columns = Mapping::default().columns(&header(&titles)).unwrap();
            let members: Vec<_> = columns.into_iter().map(|column| column.meaning).collect();
            assert_eq!(
                members,
                [Member::CustomerId, Member::Phone, Member::Name].map(Meaning::Member)
            );
        }
    }

    #[test]
    fn what_the_user_maps_is_not_guessed_away() {
        let mapping = Mapping::parse("备用电话=phone").unwrap();
        let columns = mapping.columns(&header(&["id", "手机号", "备用电话"])).unwrap();
        assert_eq!(columns[1].meaning, Meaning::Variable("手机号".to_owned()));
        assert_eq!(columns[2].meaning, Meaning::Member(Member::Phone));
    }

    #[test]
    fn titles_with_invisible_characters_are_the_titles_that_are_seen() {
        let mapping = Mapping::parse("接收方\u{200b}=phone").unwrap();
        let titles = header(&["\u{feff}客户ID\u{200b}", "接收方", "到期\u{ad}天数"]);
        let columns = mapping.columns(&titles).unwrap();
        let meanings: Vec<_> = columns.into_iter().map(|column| column.meaning).collect();
        let expected = [
            Meaning::Member(Member::CustomerId),
            Meaning::Member(Member::Phone),
            Meaning::Variable("到期天数".to_owned()),
        ];
        assert_eq!(meanings, expected);
        let twice = Mapping::default().columns(&header(&["id", "手机号", "note", "note\u{200b}"]));
        assert!(matches!(twice, Err(ImportError::TitledTwice(title)) if title == "note"));
    }

    #[test]
    fn a_mapping_that_cannot_hold_is_refused() {
        assert!(matches!(
            Mapping::parse("phone"),
            Err(ImportError::InvalidMapping(_))
        ));
        let unknown = Mapping::parse("没有=phone")
            .unwrap()
            .columns(&header(&["id", "手机号"]));
        assert!(matches!(unknown, Err(ImportError::UnknownColumn(_))));
        let twice = Mapping::parse("a=phone,b=phone")
            .unwrap()
            .columns(&header(&["a", "b"]));
        assert!(matches!(twice, Err(ImportError::MappedTwice(_))));
        let titled = Mapping::default().columns(&header(&["id", "手机号", "手机号 "]));
        assert!(matches!(titled, Err(ImportError::TitledTwice(title)) if title == "手机号"));
        let none = Mapping::default().columns(&header(&["手机号"]));
        assert!(matches!(
            none,
            Err(ImportError::MissingColumn {
                member: "customer_id",
                ..
            })
        ));
    }
}
