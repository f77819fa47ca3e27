//! Reads an enum with tag `kind` and content `data` from the two separately, without copying or parsing
//! twice.
//!
//! Entities are rebuilt from their events, so this is the main cost of loading.

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::value::RawValue;

/// Reads the event of this kind from its data, without copying the data first.
pub(crate) fn read_tagged<E: DeserializeOwned>(kind: &str, data: &RawValue) -> Result<E, serde_json::Error> {
    E::deserialize(TaggedEvent { kind, data })
}

/// The pair of kind and data, which serde sees as `{"kind": …, "data": …}`.
struct TaggedEvent<'a> {
    kind: &'a str,
    data: &'a RawValue,
}

impl<'de> Deserializer<'de> for TaggedEvent<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_map(Members {
            kind: Some(self.kind),
            data: Some(self.data),
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The two members for serde: `kind` comes first, so that serde knows the variant before the data.
struct Members<'a> {
    kind: Option<&'a str>,
    data: Option<&'a RawValue>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Self::Error> {
        let key = match (self.kind, self.data) {
            (Some(_), _) => "kind",
            (None, Some(_)) => "data",
            (None, None) => return Ok(None),
        };
        let key: StrDeserializer<'_, Self::Error> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Self::Error> {
        if let Some(kind) = self.kind.take() {
            return seed.deserialize(BorrowedStrDeserializer::new(kind));
        }
        match self.data.take() {
            Some(data) => seed.deserialize(data),
            None => Err(serde::de::Error::custom("a value without its key")),
        }
    }
}
