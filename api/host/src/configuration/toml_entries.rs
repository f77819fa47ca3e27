//! Parses a configuration file into entries: each key with its value and line. Knows no setting.

use crate::configuration::fault::ConfigurationFault;
use crate::configuration::origin::Origin;
use crate::configuration::source_value::Leaf;
use crate::configuration::toml_text;
use application::format_localized;
use std::path::Path;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml_parser::Source;
use toml_parser::lexer::TokenKind;

/// The key of the tables that describe trunks.
const TRUNK: &str = "trunk";

/// The most parts of a key; ours have two. The tables of a longer key would be dropped by recursion.
const KEY_PARTS_MAX: usize = 16;

/// One key of the file.
pub(crate) struct TomlEntry {
    /// The parts of the key, joined by dots.
    pub(crate) key: String,
    pub(crate) leaf: Leaf,
    pub(crate) line: usize,
}

/// One `[[trunk]]` table.
pub(crate) struct TrunkEntries {
    pub(crate) line: usize,
    pub(crate) entries: Vec<TomlEntry>,
}

/// The content of a file.
#[derive(Default)]
pub(crate) struct FileEntries {
    pub(crate) entries: Vec<TomlEntry>,
    pub(crate) trunks: Vec<TrunkEntries>,
}

/// Parses the text of the file at `path`. Returns all errors of syntax, each with its line.
pub(crate) fn parse(text: &str, path: &Arc<Path>) -> Result<FileEntries, Vec<ConfigurationFault>> {
    // Windows editors write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = LineIndex::of(text);
    let at = |offset: usize| Origin::File {
        path: Arc::clone(path),
        line: Some(lines.line(offset)),
    };
    if let Some(offset) = long_key(text) {
        let text = format_localized!(
            "键的层级超过 {KEY_PARTS_MAX}",
            "a key has more than {KEY_PARTS_MAX} parts"
        );
        return Err(vec![ConfigurationFault::new(&at(offset), text)]);
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let faults = errors.iter().map(|error| {
            let start = error.span().map_or(0, |span| span.start);
            ConfigurationFault::new(&at(start), syntax_text(text, error))
        });
        return Err(faults.collect());
    }
    let mut found = FileEntries::default();
    let mut faults = Vec::new();
    for (key, value) in document.get_ref() {
        if key.get_ref() == TRUNK {
            match trunk_tables(value, &lines) {
                Some(trunks) => found.trunks = trunks,
                None => faults.push(ConfigurationFault::new(
                    &at(key.span().start),
                    format_localized!(
                        "trunk 是表的数组：请写 [[trunk]]",
                        "trunk is an array of tables: write [[trunk]]"
                    ),
                )),
            }
            continue;
        }
        flatten(
            "",
            key.get_ref(),
            key.span().start,
            value,
            &lines,
            &mut found.entries,
        );
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

fn syntax_text(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    let part = error.span().and_then(|span| text.get(span)).unwrap_or_default();
    // The text of a wrong value may be a secret; the name of a key is none.
    match message.as_str() {
        "duplicate key" => format_localized!("键 {} 重复", "duplicate key {}", toml_text::key_part(part)),
        _ => format_localized!("不是有效的 TOML：{message}", "not valid TOML: {message}"),
    }
}

fn trunk_tables(value: &Spanned<DeValue<'_>>, lines: &LineIndex) -> Option<Vec<TrunkEntries>> {
    let DeValue::Array(tables) = value.get_ref() else {
        return None;
    };
    let tables = tables.iter().map(|table| {
        let DeValue::Table(keys) = table.get_ref() else {
            return None;
        };
        let mut entries = Vec::new();
        for (key, value) in keys {
            flatten("", key.get_ref(), key.span().start, value, lines, &mut entries);
        }
        Some(TrunkEntries {
            line: lines.line(table.span().start),
            entries,
        })
    });
    tables.collect()
}

/// Adds the entries of a value below `above`: one, or those of a table.
fn flatten(
    above: &str,
    key: &str,
    start: usize,
    value: &Spanned<DeValue<'_>>,
    lines: &LineIndex,
    entries: &mut Vec<TomlEntry>,
) {
    let part = toml_text::key_part(key);
    let key = match above {
        "" => part,
        above => format!("{above}.{part}"),
    };
    if let DeValue::Table(keys) = value.get_ref()
        && !keys.is_empty()
    {
        for (below, value) in keys {
            flatten(&key, below.get_ref(), below.span().start, value, lines, entries);
        }
        return;
    }
    entries.push(TomlEntry {
        key,
        leaf: leaf(value.get_ref()),
        line: lines.line(start),
    });
}

fn leaf(value: &DeValue<'_>) -> Leaf {
    match value {
        DeValue::String(text) => Leaf::Text(text.clone().into_owned()),
        DeValue::Integer(integer) => match decimal(&integer.to_string()) {
            Some(integer) => Leaf::Integer(integer.to_string()),
            None => Leaf::Other("过大的整数", "an integer of more than 64 bits"),
        },
        DeValue::Boolean(is_on) => Leaf::Boolean(*is_on),
        DeValue::Array(_) => match toml_text::list_of_text(value) {
            Some(texts) => Leaf::List(texts),
            None => Leaf::Other("含其他类型的列表", "a list with other values"),
        },
        DeValue::Float(_) => Leaf::Other("小数", "a decimal number"),
        DeValue::Datetime(_) => Leaf::Other("时间（请加引号）", "a date or time without quotation marks"),
        DeValue::Table(_) => Leaf::EmptyTable,
    }
}

/// Parses an integer as TOML writes it: decimal, or with the prefix of another base.
fn decimal(text: &str) -> Option<i64> {
    let bases = [("0x", 16), ("0o", 8), ("0b", 2)];
    let based = bases
        .iter()
        .find_map(|(prefix, base)| Some((text.strip_prefix(prefix)?, *base)));
    match based {
        Some((digits, base)) => i64::from_str_radix(digits, base).ok(),
        None => text.parse().ok(),
    }
}

/// Returns the offset of a key with more than `KEY_PARTS_MAX` parts.
fn long_key(text: &str) -> Option<usize> {
    let mut dots_count = 0;
    for token in Source::new(text).lex() {
        match token.kind() {
            TokenKind::Dot => dots_count += 1,
            TokenKind::Atom | TokenKind::Whitespace | TokenKind::LiteralString | TokenKind::BasicString => {}
            _ => dots_count = 0,
        }
        if dots_count >= KEY_PARTS_MAX {
            return Some(token.span().start());
        }
    }
    None
}

/// The offsets at which lines begin.
struct LineIndex(Vec<usize>);

impl LineIndex {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(offset, _)| offset + 1).collect())
    }

    /// Returns the line of an offset, from 1.
    fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset) + 1
    }
}
