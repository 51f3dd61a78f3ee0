//! Lists from outside with a maximum length.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::refused;

/// At most `MAX` items. A field of this type declares the limit with `#[schema(max_items = …)]`,
/// because the derived schema does not see it; a test compares the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(pub Vec<T>);

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> Deref for List<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

/// Unchecked, for tests.
#[cfg(test)]
impl<T, const MAX: usize> From<Vec<T>> for List<T, MAX> {
    fn from(items: Vec<T>) -> Self {
        Self(items)
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items::<T, MAX>(PhantomData)).map(Self)
    }
}

struct Items<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Items<T, MAX> {
    type Value = Vec<T>;

    /// As of any other list: the faults of a parser are recognised by these words.
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut given: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while items.len() < MAX {
            match given.next_element()? {
                Some(item) => items.push(item),
                None => return Ok(items),
            }
        }
        // The rest is only counted.
        let mut count = items.len();
        while given.next_element::<IgnoredAny>()?.is_some() {
            count = count.saturating_add(1);
        }
        if count == MAX {
            return Ok(items);
        }
        Err(refused(&calendar::Text::new(
            format!("có {count} mục, nhiều nhất {MAX}"),
            format!("has {count} items; at most {MAX} are allowed"),
        )))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;
    use crate::text::told;

    fn read(value: Value) -> Result<Vec<u8>, String> {
        let read = from_value::<List<u8, 3>>(value);
        read.map(|list| list.0).map_err(|error| error.to_string())
    }

    #[test]
    fn a_list_takes_as_many_items_as_its_limit_and_refuses_one_more() {
        assert_eq!(read(json!([])), Ok(Vec::new()));
        assert_eq!(read(json!([1, 2, 3])), Ok(vec![1, 2, 3]));
        let message = told(&read(json!([1, 2, 3, 4, "x"])).unwrap_err()).unwrap();
        assert_eq!(message.en, "has 5 items; at most 3 are allowed");
        assert_eq!(message.vi, "có 5 mục, nhiều nhất 3");
    }

    #[test]
    fn an_invalid_item_and_a_value_that_is_no_list_are_refused_as_such() {
        assert!(read(json!([1, "x"])).unwrap_err().contains("invalid type: string"));
        assert!(read(json!({})).unwrap_err().contains("expected a sequence"));
    }
}
