//! Personal data. In events, states and views it is always wrapped in [`Personal`], so that it can
//! be encrypted in one place with a key per person, and reads as erased once that key is destroyed
//! (Law 91/2025/QH15, art. 14).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that identifies a person, or that was erased. Serialised as `{"$personal": value}`,
/// erased as `{"$personal": null}`. Debug output does not contain the value.
#[derive(Clone, PartialEq, Eq)]
pub enum Personal<T> {
    Known(T),
    /// The key was destroyed.
    Erased,
}

impl<T> Personal<T> {
    /// The value, unless it was erased.
    #[must_use]
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Erased => None,
        }
    }
}

impl<T> From<T> for Personal<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.known().is_some() { "Personal(..)" } else { "Personal(erased)" })
    }
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Written<T> {
    #[serde(rename = "$personal")]
    personal: Option<T>,
}

impl<T: Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { personal: self.known() }.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        Ok(written.personal.map_or(Self::Erased, Self::Known))
    }
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Personal<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Personal_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Written::<T>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_personal_value_is_an_object_with_one_key() {
        let name = Personal::from("Nguyễn Văn A".to_owned());
        let text = serde_json::to_string(&name).unwrap();
        assert_eq!(text, r#"{"$personal":"Nguyễn Văn A"}"#);
        assert_eq!(serde_json::from_str::<Personal<String>>(&text).unwrap(), name);
    }

    #[test]
    fn an_erased_value_reads_as_erased() {
        let erased: Personal<String> = serde_json::from_str(r#"{"$personal":null}"#).unwrap();
        assert_eq!(erased, Personal::Erased);
        assert_eq!(serde_json::to_string(&erased).unwrap(), r#"{"$personal":null}"#);
    }

    #[test]
    fn a_personal_value_never_shows_when_debugged() {
        let shown = format!("{:?}", Personal::from("Nguyễn Văn A"));
        assert!(!shown.contains("Nguyễn"), "{shown}");
    }
}
