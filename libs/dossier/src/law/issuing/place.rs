//! Finds line and column of a JSON Pointer in a YAML text. The YAML decoder reports them only for
//! errors, so an error is raised at the wanted place.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Place, too_many_brackets};

/// The place of `pointer`, or of the nearest enclosing value that exists.
pub(super) fn of(text: &str, pointer: &str) -> Option<Place> {
    if too_many_brackets(text).is_some() {
        return None;
    }
    let path: Vec<String> = pointer
        .split('/')
        .skip(1)
        .map(|token| token.replace("~1", "/").replace("~0", "~"))
        .collect();
    (0..=path.len()).rev().find_map(|depth| {
        let path = path.get(..depth)?;
        let error = Look { path }.deserialize(serde_yaml_ng::Deserializer::from_str(text)).err()?;
        let (found, location) = (error.to_string().contains(HERE), error.location()?);
        found.then(|| Place { line: location.line(), column: location.column() })
    })
}

const HERE: &str = "the place that is looked for";

#[derive(Clone, Copy)]
struct Look<'p> {
    path: &'p [String],
}

impl Look<'_> {
    /// The end of a path: an error if this is the wanted place, otherwise the value has no such
    /// part.
    fn end<E: Error>(self) -> Result<(), E> {
        if self.path.is_empty() { Err(E::custom(HERE)) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! ends {
    ($($name:ident($type:ty);)*) => {$(
        fn $name<E: Error>(self, _: $type) -> Result<(), E> {
            self.end()
        }
    )*};
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    ends! {
        visit_bool(bool);
        visit_i64(i64);
        visit_u64(u64);
        visit_i128(i128);
        visit_u128(u128);
        visit_f64(f64);
        visit_str(&str);
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.end()
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.end()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((wanted, path)) = self.path.split_first() else { return self.end() };
        let wanted: Option<usize> = wanted.parse().ok();
        for place in 0.. {
            let more = if wanted == Some(place) {
                items.next_element_seed(Look { path })?
            } else {
                items.next_element::<IgnoredAny>()?.map(|_| ())
            };
            if more.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let Some((wanted, path)) = self.path.split_first() else { return self.end() };
        while let Some(key) = fields.next_key::<String>()? {
            if key == *wanted {
                fields.next_value_seed(Look { path })?;
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_has_a_line_and_a_column_and_what_is_missing_that_of_what_it_is_missing_in() {
        let text = "a: 1\nb:\n  - { c: 2 }\n  - c: x\n    d/e: []\n";
        let at = |pointer: &str| of(text, pointer).map(|place| (place.line, place.column));
        assert_eq!(at("/a"), Some((1, 4)));
        assert_eq!(at("/b/0/c"), Some((3, 10)));
        assert_eq!(at("/b/1/d~1e"), Some((5, 10)));
        assert_eq!(at("/b/1/none"), Some((4, 5)), "the item in which it is missing");
        assert_eq!(at(""), Some((1, 1)));
    }
}
