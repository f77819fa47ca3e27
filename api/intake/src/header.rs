//! The titles of a file's columns and their assumed meanings, shown to a user before the mapping is made.

use crate::mapping::{Column, Mapping, Meaning, Member};
use crate::spool::SpooledFile;
use crate::{ImportError, cut};

/// A column of the file and its assumed meaning. A column with neither is not read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[schemars(rename = "ListColumn")]
pub struct ListColumn {
    #[schemars(example = &"手机号")]
    pub title: String,
    /// The member that the column is used for, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"phone")]
    pub member: Option<&'static str>,
    /// The variable of the flow that the column is used for, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"days")]
    pub variable: Option<String>,
}

/// The columns of a file under a mapping, and the missing members that a list needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The row of the titles, as in a spreadsheet.
    pub row: u64,
    pub columns: Vec<ListColumn>,
    pub missing: Vec<&'static str>,
}

impl Header {
    /// Reads the titles of the received file and applies the mapping to them. Blocking: it reads the file.
    /// Fails if the file has no titles or the mapping names a column that it does not have; missing members
    /// are listed, not refused.
    pub fn of(spooled: &SpooledFile, mapping: &Mapping) -> Result<Self, ImportError> {
        let (row, titles) = spooled.titles(&|titles| mapping.columns(titles).is_ok())?;
        let columns = mapping.taken_for(&titles)?;
        let has = |member: Member| {
            let meaning = Meaning::Member(member);
            columns.iter().any(|column| column.meaning == meaning)
        };
        let missing = Member::NEEDED.into_iter().filter(|member| !has(*member));
        Ok(Self {
            row,
            missing: missing.map(Member::name).collect(),
            columns: columns.into_iter().map(to_list_column).collect(),
        })
    }
}

fn to_list_column(column: Column) -> ListColumn {
    let (member, variable) = match column.meaning {
        Meaning::Member(member) => (Some(member.name()), None),
        Meaning::FurtherPhone(name) => (Some(Member::Phone.name()), Some(cut(&name))),
        Meaning::Variable(name) => (None, Some(cut(&name))),
        Meaning::Ignored => (None, None),
    };
    ListColumn {
        title: cut(&column.title),
        member,
        variable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::EncodingChoice;
    use crate::spool::Spool;

    fn header(text: &str, map: &str) -> Result<Header, ImportError> {
        let mut spool = Spool::new(&std::env::temp_dir()).unwrap();
        let (bytes, _, _) = encoding_rs::GBK.encode(text);
        spool.write(&bytes).unwrap();
        Header::of(
            &spool.finish(EncodingChoice::parse("auto").unwrap()),
            &Mapping::parse(map).unwrap(),
        )
    }

    #[test]
    fn what_is_no_list_yet_tells_its_columns_and_what_is_missing() {
        let text = "编号,联系方式,到期天数\n1,13800138000,3\n";
        let first = header(text, "").unwrap();
        assert_eq!(first.missing, ["phone"]);
        assert_eq!(first.columns[0].member, Some("customer_id"));
        assert_eq!(first.columns[1].variable.as_deref(), Some("联系方式"));
        let said = header(text, "联系方式=phone,到期天数=days").unwrap();
        assert!(said.missing.is_empty());
        assert_eq!(said.columns[1].member, Some("phone"));
        assert_eq!(said.columns[2].variable.as_deref(), Some("days"));
        assert!(matches!(header("", ""), Err(ImportError::NoHeader)));
        assert!(matches!(
            header(text, "电话=phone"),
            Err(ImportError::UnknownColumn(_))
        ));
    }
}
