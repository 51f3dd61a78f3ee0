//! Enums of the API, which a later version may extend.

/// Declares an enum by the texts of its values. A text that is not listed is kept as `Unlisted`.
macro_rules! values {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] $variant,)+
            /// A value that this version of the client does not know.
            Unlisted(String),
        }

        impl $name {
            /// The value as the API spells it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unlisted(text) => text,
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match &*text {
                    $($text => Self::$variant,)+
                    _ => Self::Unlisted(text),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(from).map(Self::from)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::types::DeliveryStage::{self, Unlisted, WithCarrier};

    #[test]
    fn a_value_that_is_not_known_is_kept_as_it_was_read() {
        let text = r#"["with_carrier","lost"]"#;
        let read: Vec<DeliveryStage> = serde_json::from_str(text).unwrap();
        assert_eq!(read, [WithCarrier, Unlisted("lost".to_owned())]);
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert_eq!(read[0].to_string(), "with_carrier");
    }
}
