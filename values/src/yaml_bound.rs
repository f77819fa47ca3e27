//! What a YAML file becomes when it is read is bounded by what it is: an alias repeats what its anchor holds,
//! so that few bytes could stand for more than there is memory. Asked before a file of somebody else is read.

use serde::de::{DeserializeSeed, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};
use std::cell::Cell;
use std::fmt;

/// So many times as large as its text a file may become, values and bytes of texts counted. Without an alias
/// none becomes larger than its text.
const TIMES_MAX: usize = 4;

/// Refuses a text that repeats itself beyond its bound. What is no YAML passes: whoever reads it says why.
pub fn check(text: &str) -> Result<(), String> {
    let left = Cell::new(text.len().saturating_add(1).saturating_mul(TIMES_MAX));
    let is_beyond = Cell::new(false);
    let count = Count {
        left: &left,
        is_beyond: &is_beyond,
    };
    let read = count.deserialize(serde_yaml_ng::Deserializer::from_str(text));
    if read.is_err() && is_beyond.get() {
        return Err(format!(
            "its aliases repeat more than {TIMES_MAX} times what is written in it"
        ));
    }
    Ok(())
}

/// Counts, and keeps nothing.
#[derive(Clone, Copy)]
struct Count<'a> {
    left: &'a Cell<usize>,
    is_beyond: &'a Cell<bool>,
}

impl Count<'_> {
    fn take<E: Error>(self, bytes: usize) -> Result<(), E> {
        let Some(left) = self.left.get().checked_sub(bytes.saturating_add(1)) else {
            self.is_beyond.set(true);
            return Err(E::custom("it repeats itself"));
        };
        self.left.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Count<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Count<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.take(0)
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.take(0)
    }
    fn visit_i128<E: Error>(self, _: i128) -> Result<(), E> {
        self.take(0)
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.take(0)
    }
    fn visit_u128<E: Error>(self, _: u128) -> Result<(), E> {
        self.take(0)
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.take(0)
    }
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.take(0)
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.take(text.len())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.take(0)?;
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        self.take(0)?;
        while members.next_key_seed(self)?.is_some() {
            members.next_value_seed(self)?;
        }
        Ok(())
    }
    /// What has a tag of its own.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        let ((), value) = tagged.variant_seed(self)?;
        value.newtype_variant_seed(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_few_bytes_repeat_beyond_all_memory_is_refused_before_it_is_read() {
        let ones = "1,".repeat(10_000);
        let aliases = "*a,".repeat(10_000);
        let bomb = format!("a: &a [{ones}1]\nb: [{aliases}*a]\n");
        assert!(check(&bomb).is_err());
        // In depth, and of a text.
        let mut deep = String::from("a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n");
        for level in 1..12 {
            let before = format!("*a{},", level - 1).repeat(10);
            deep.push_str(&format!("a{level}: &a{level} [{before}]\n"));
        }
        assert!(check(&deep).is_err());
        let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(60_000), "*a,".repeat(10_000));
        assert!(check(&text).is_err());
    }

    #[test]
    fn what_repeats_little_or_is_no_yaml_passes() {
        for text in [
            "a: &a {x: 1}\nb: *a\n",
            "- 1\n- true\n- 1.5\n- null\n- ''\n",
            "{a: [",
            "!tag {a: 1}",
            "",
            "1: x\n2: y\n",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }
}
