//! Macros for the events of a service: each variant is named like its payload type.

macro_rules! events {
    ($(#[$doc:meta])* pub enum $set:ident { $($event:ident = $kind:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $set {
            $(#[doc = concat!("`", $kind, "`")] $event($event),)+
        }

        impl $crate::contract::EventSet for $set {
            const KINDS: &'static [&'static str] = &[$($kind),+];
            const PAYLOADS: &'static [$crate::contract::Payload] = &[$($event::PAYLOAD),+];

            fn kind(&self) -> &'static str {
                match self { $(Self::$event(_) => $kind,)+ }
            }

            fn encode(&self) -> String {
                match self {
                    $(Self::$event(payload) => serde_json::to_string(payload),)+
                }
                // An event without its payload, appended for ever, would be worse than a panic.
                .expect("a payload is a struct of values with text keys")
            }

            fn decode(kind: &str, data: &str) -> Result<Self, $crate::contract::Unreadable> {
                match kind {
                    $($kind => serde_json::from_str(data).map(Self::$event),)+
                    _ => return Err($crate::contract::Unreadable::Kind(kind.to_owned())),
                }.map_err(|source| $crate::contract::Unreadable::Payload { kind: kind.to_owned(), source })
            }

            #[cfg(feature = "schema")]
            fn schemas() -> Vec<(&'static str, serde_json::Value)> {
                vec![$(($kind, schemars::schema_for!($event).to_value()),)+]
            }
        }

        $(impl $crate::contract::EventOf<$set> for $event {
            const KIND: &'static str = $kind;
        })+

        $(impl From<$event> for $set {
            fn from(payload: $event) -> Self {
                Self::$event(payload)
            }
        })+
    };
}
pub(crate) use events;

/// Defines payloads: plain structs with serde, and the [`Audience`](super::Audience) of every
/// field. `Name for AUDIENCE { … }` gives the audience of all fields, `field: Type => AUDIENCE`
/// that of one.
macro_rules! payload {
    (@audience) => { None };
    (@audience $audience:ident $(($why:literal))?) => {
        Some($crate::contract::Audience::$audience $(($why))?)
    };
    ($($(#[$doc:meta])* $name:ident $(for $default:ident $(($default_why:literal))?)? {
        $($(#[$field_doc:meta])* $field:ident: $type:ty $(=> $audience:ident $(($why:literal))?)?,)*
    })+) => {$(
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        $(#[$doc])*
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl $name {
            /// Who may read its fields.
            pub const PAYLOAD: $crate::contract::Payload = $crate::contract::Payload {
                name: stringify!($name),
                audience: $crate::contract::payload!(@audience $($default $(($default_why))?)?),
                fields: &[$($crate::contract::PayloadField {
                    name: stringify!($field),
                    value: stringify!($type),
                    audience: $crate::contract::payload!(@audience $($audience $(($why))?)?),
                },)*],
            };
        }
    )+};
}
pub(crate) use payload;
