//! Reads a YAML tree as a Rust type: a `serde` deserializer.
//!
//! A scalar is read by the requested type, so `price: 012` is the text `012` for a `String`. Enums with data
//! are read as the type defines (`#[serde(tag = …)]`, `untagged`), not by YAML tags.

use super::YamlError;
use super::scalar::{self, PlainScalar};
use super::tree::{Content, CoreTag, Node, Scalar};
use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use std::fmt;
use std::rc::Rc;

pub(super) fn from_tree<T: DeserializeOwned>(root: &Node) -> Result<T, YamlError> {
    T::deserialize(Reader(root)).map_err(|fault| YamlError::WrongType(fault.to_string()))
}

/// Why a YAML node does not fit the requested Rust type, with the path of the member and its position.
#[derive(Debug)]
struct Fault {
    why: String,
    path: Vec<String>,
    mark: Option<(usize, usize)>,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut path = String::new();
        for part in self.path.iter().rev() {
            if !path.is_empty() && !part.starts_with('[') {
                path.push('.');
            }
            path.push_str(part);
        }
        if !path.is_empty() {
            write!(out, "{path}: ")?;
        }
        write!(out, "{}", self.why)?;
        match self.mark {
            Some((line, column)) => write!(out, " at line {line} column {column}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    fn custom<T: fmt::Display>(why: T) -> Self {
        Self {
            why: why.to_string(),
            path: Vec::new(),
            mark: None,
        }
    }
}

impl Fault {
    fn at(mut self, node: &Node) -> Self {
        self.mark.get_or_insert((node.line, node.column));
        self
    }

    fn inside(mut self, part: String) -> Self {
        self.path.push(part);
        self
    }
}

#[derive(Clone, Copy)]
struct Reader<'a>(&'a Node);

impl<'a> Reader<'a> {
    fn scalar(self) -> Option<&'a Scalar> {
        match &self.0.content {
            Content::Scalar(scalar) => Some(scalar),
            Content::Sequence(_) | Content::Mapping(_) => None,
        }
    }

    /// Returns the text of a scalar that may be read as this type: it is plain, or has this tag. `None` for
    /// other nodes.
    fn literal(self, tag: CoreTag) -> Option<&'a str> {
        let scalar = self.scalar().filter(|scalar| scalar.is_literal(tag))?;
        Some(&scalar.text)
    }

    /// Returns true for an empty plain scalar (`key:` without a value). It is read as an empty list or map
    /// if one is requested.
    fn is_empty(self) -> bool {
        self.scalar()
            .is_some_and(|scalar| scalar.is_plain && scalar.text.is_empty())
    }

    fn unexpected<'de, V: Visitor<'de>>(self, visitor: &V) -> Fault {
        let unexpected = match &self.0.content {
            Content::Sequence(_) => Unexpected::Seq,
            Content::Mapping(_) => Unexpected::Map,
            Content::Scalar(scalar) => match scalar.meaning() {
                Ok(PlainScalar::Null) => Unexpected::Unit,
                Ok(PlainScalar::Bool(value)) => Unexpected::Bool(value),
                Ok(PlainScalar::Unsigned(value)) => Unexpected::Unsigned(value),
                Ok(PlainScalar::Signed(value)) => Unexpected::Signed(value),
                Ok(PlainScalar::Float(value)) => Unexpected::Float(value),
                Ok(PlainScalar::Text(text)) => Unexpected::Str(text),
                Ok(PlainScalar::TooLarge) | Err(_) => Unexpected::Str(&scalar.text),
            },
        };
        Fault::invalid_type(unexpected, visitor).at(self.0)
    }

    fn signed<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let read = self.literal(CoreTag::Integer).and_then(scalar::integer);
        let value = match read {
            Some(PlainScalar::Signed(value)) => Some(value),
            Some(PlainScalar::Unsigned(value)) => i64::try_from(value).ok(),
            _ => None,
        };
        let Some(value) = value else {
            return Err(self.unexpected(&visitor));
        };
        visitor.visit_i64(value).map_err(|fault: Fault| fault.at(self.0))
    }

    fn unsigned<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let read = self.literal(CoreTag::Integer).and_then(scalar::integer);
        let Some(PlainScalar::Unsigned(value)) = read else {
            return Err(self.unexpected(&visitor));
        };
        visitor.visit_u64(value).map_err(|fault: Fault| fault.at(self.0))
    }

    fn float<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let Some(value) = self.literal(CoreTag::Float).and_then(scalar::float) else {
            return Err(self.unexpected(&visitor));
        };
        visitor.visit_f64(value).map_err(|fault: Fault| fault.at(self.0))
    }

    fn any<'de, V: Visitor<'de>>(self, scalar: &Scalar, visitor: V) -> Result<V::Value, Fault> {
        match scalar.meaning().map_err(Fault::custom)? {
            PlainScalar::Null => visitor.visit_unit(),
            PlainScalar::Bool(value) => visitor.visit_bool(value),
            PlainScalar::Unsigned(value) => visitor.visit_u64(value),
            PlainScalar::Signed(value) => visitor.visit_i64(value),
            PlainScalar::Float(value) => visitor.visit_f64(value),
            PlainScalar::TooLarge => Err(Fault::custom("an integer needs more than 64 bits")),
            PlainScalar::Text(text) => visitor.visit_str(text),
        }
    }
}

macro_rules! numbers {
    ($($name:ident => $kind:ident),*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.$kind(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let read = match &self.0.content {
            Content::Scalar(scalar) => self.any(scalar, visitor),
            Content::Sequence(items) => visitor.visit_seq(Items::of(items)),
            Content::Mapping(entries) => visitor.visit_map(Entries::of(entries)),
        };
        read.map_err(|fault| fault.at(self.0))
    }

    numbers!(
        deserialize_i8 => signed, deserialize_i16 => signed, deserialize_i32 => signed,
        deserialize_i64 => signed,
        deserialize_u8 => unsigned, deserialize_u16 => unsigned, deserialize_u32 => unsigned,
        deserialize_u64 => unsigned, deserialize_f32 => float, deserialize_f64 => float
    );

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let Some(value) = self.literal(CoreTag::Bool).and_then(scalar::boolean) else {
            return Err(self.unexpected(&visitor));
        };
        visitor.visit_bool(value).map_err(|fault: Fault| fault.at(self.0))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let Some(scalar) = self.scalar() else {
            return Err(self.unexpected(&visitor));
        };
        visitor
            .visit_str(&scalar.text)
            .map_err(|fault: Fault| fault.at(self.0))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.scalar().is_some_and(Scalar::is_null) {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.scalar().is_some_and(Scalar::is_null) {
            return visitor.visit_unit();
        }
        Err(self.unexpected(&visitor))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let read = match &self.0.content {
            Content::Sequence(items) => visitor.visit_seq(Items::of(items)),
            Content::Scalar(_) if self.is_empty() => visitor.visit_seq(Items::of(&[])),
            Content::Scalar(_) | Content::Mapping(_) => return Err(self.unexpected(&visitor)),
        };
        read.map_err(|fault| fault.at(self.0))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let read = match &self.0.content {
            Content::Mapping(entries) => visitor.visit_map(Entries::of(entries)),
            Content::Scalar(_) if self.is_empty() => visitor.visit_map(Entries::of(&[])),
            Content::Scalar(_) | Content::Sequence(_) => return Err(self.unexpected(&visitor)),
        };
        read.map_err(|fault| fault.at(self.0))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let Some(scalar) = self.scalar() else {
            return Err(self.unexpected(&visitor));
        };
        let variant: StrDeserializer<'_, Fault> = scalar.text.as_str().into_deserializer();
        visitor.visit_enum(variant).map_err(|fault| fault.at(self.0))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { bytes byte_buf }
}

struct Items<'a> {
    items: std::slice::Iter<'a, Rc<Node>>,
    at: usize,
}

impl<'a> Items<'a> {
    fn of(items: &'a [Rc<Node>]) -> Self {
        Self {
            items: items.iter(),
            at: 0,
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(item) = self.items.next() else {
            return Ok(None);
        };
        let at = self.at;
        self.at += 1;
        let read = seed.deserialize(Reader(item));
        read.map(Some).map_err(|fault| fault.inside(format!("[{at}]")))
    }
}

struct Entries<'a> {
    entries: std::slice::Iter<'a, (Rc<Node>, Rc<Node>)>,
    value: Option<(&'a Node, &'a Node)>,
}

impl<'a> Entries<'a> {
    fn of(entries: &'a [(Rc<Node>, Rc<Node>)]) -> Self {
        Self {
            entries: entries.iter(),
            value: None,
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((key, value)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some((key, value));
        seed.deserialize(Reader(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some((key, value)) = self.value.take() else {
            return Err(Fault::custom("a value was read before its key"));
        };
        let name = || Reader(key).scalar().map(|scalar| scalar.text.clone());
        seed.deserialize(Reader(value))
            .map_err(|fault| fault.inside(name().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::from_str;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Settings {
        name: String,
        calls_max: u32,
        offset: i8,
        share: f64,
        is_on: bool,
        zone: Option<String>,
        ways: Vec<Way>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Way {
        Mail,
        Sms,
    }

    #[test]
    fn a_scalar_is_read_by_the_type_that_is_asked_for() {
        let text =
            "name: 012\ncalls_max: 0x10\noffset: -3\nshare: 2\nis_on: true\nzone: ~\nways: [mail, sms]\n";
        let expected = Settings {
            name: "012".to_owned(),
            calls_max: 16,
            offset: -3,
            share: 2.0,
            is_on: true,
            zone: None,
            ways: vec![Way::Mail, Way::Sms],
        };
        assert_eq!(from_str(text), Ok(expected));
        assert_eq!(from_str(""), Ok(Settings::default()));
        let names: BTreeMap<String, String> = from_str("a: 1\nb: yes\n'c': 2026-11-28\n").unwrap();
        assert_eq!(
            names.into_values().collect::<Vec<_>>(),
            ["1", "yes", "2026-11-28"]
        );
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_member_and_place() {
        let fault = |text: &str| from_str::<Settings>(text).unwrap_err().to_string();
        let rows = [
            (
                "name: [a]\n",
                "name: invalid type: sequence, expected a string at line 1 column 7",
            ),
            (
                "calls_max: -1\n",
                "calls_max: invalid type: integer `-1`, expected u32 at line 1 column 12",
            ),
            (
                "offset: 300\n",
                "offset: invalid value: integer `300`, expected i8 at line 1 column 9",
            ),
            (
                "is_on: yes\n",
                "is_on: invalid type: string \"yes\", expected a boolean at line 1 column 8",
            ),
            (
                "calls_max: '1'\n",
                "calls_max: invalid type: string \"1\", expected u32 at line 1 column 12",
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(fault(text), expected);
        }
        let unknown = fault("ways:\n- mail\n- fax\n");
        assert!(unknown.starts_with("ways[1]: unknown variant `fax`"), "{unknown}");
        assert!(unknown.ends_with("at line 3 column 3"), "{unknown}");
        assert!(
            fault("nme: a\n").starts_with("unknown field `nme`"),
            "{}",
            fault("nme: a\n")
        );
    }
}
