//! What is wrong with a value, in both languages. The messages of serde and of the parsers are in
//! English and speak of Rust types; they are translated here and never passed on.

use calendar::Text;

use crate::text::told;

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    MissingField {
        name: String,
    },
    UnknownField {
        name: String,
        accepted: Vec<String>,
    },
    UnknownParameter {
        name: String,
        said: Text,
    },
    UnknownVariant {
        given: String,
        accepted: Vec<String>,
    },
    /// It has another type, or is not valid as one; `given` only if the type differs.
    Type {
        given: Option<Kind>,
        expected: Kind,
    },
    Duplicate,
    Length,
    /// A message of our own types, in both languages.
    Told(Text),
    Other,
}

/// Types of values, as a client knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Unsigned,
    Integer,
    Number,
    Boolean,
    Array,
    Object,
    Null,
    Instant,
    Date,
    Uuid,
    Choice,
    Other,
}

impl Fault {
    /// Reads the message of a parser.
    #[must_use]
    pub fn of(message: &str) -> Self {
        // The place is given by the pointer.
        let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
        let name = |rest: &str| quoted(rest).next().unwrap_or_default().to_owned();
        if let Some(rest) = message.strip_prefix("missing field ") {
            return Self::MissingField { name: name(rest) };
        }
        if let Some(rest) = message.strip_prefix("unknown field ") {
            let accepted = accepted(rest);
            return Self::UnknownField { name: name(rest), accepted };
        }
        if let Some(rest) = message.strip_prefix("unknown variant ") {
            return Self::UnknownVariant { given: name(rest), accepted: accepted(rest) };
        }
        if message.starts_with("duplicate field ") {
            return Self::Duplicate;
        }
        if message.starts_with("invalid length ") {
            return Self::Length;
        }
        let expected = || {
            let expected = message.rsplit_once(", expected ").map_or("", |(_, expected)| expected);
            Kind::expected(expected)
        };
        if let Some(rest) = message.strip_prefix("invalid type: ") {
            return Self::Type { given: Some(Kind::given(rest)), expected: expected() };
        }
        if message.starts_with("invalid value: ") {
            return Self::Type { given: None, expected: expected() };
        }
        // Last: the others may repeat what the client sent.
        told(message).map_or(Self::Other, Self::Told)
    }

    /// The pointer of the field that it is about, from that of the value where parsing stopped.
    pub(super) fn at(&self, pointer: String) -> String {
        let (Self::MissingField { name }
        | Self::UnknownField { name, .. }
        | Self::UnknownParameter { name, .. }) = self
        else {
            return pointer;
        };
        let field = format!("/{}", super::escaped(name));
        let is_there = !matches!(self, Self::MissingField { .. }) && pointer.ends_with(&field);
        if is_there { pointer } else { pointer + &field }
    }

    /// The message to the caller.
    #[must_use]
    pub fn said(&self) -> Text {
        match self {
            Self::MissingField { .. } => Text::new("bắt buộc phải có", "is required"),
            Self::UnknownField { accepted, .. } if accepted.is_empty() => Text::new(
                "không có trường này; ở đây không nhận trường nào",
                "there is no such field; none is accepted here",
            ),
            Self::UnknownField { accepted, .. } => {
                let all = accepted.join(", ");
                Text::new(
                    format!("không có trường này; các trường được chấp nhận: {all}"),
                    format!("there is no such field; accepted: {all}"),
                )
            }
            Self::UnknownParameter { said, .. } => said.clone(),
            Self::UnknownVariant { accepted, .. } => {
                let all = accepted.join(", ");
                Text::new(format!("phải là một trong: {all}"), format!("must be one of: {all}"))
            }
            Self::Type { given: Some(given), expected } if *given != Kind::Other => {
                let (given, expected) = (given.called(), expected.called());
                Text::new(
                    format!("phải là {}, không phải {}", expected.vi, given.vi),
                    format!("must be {}, not {}", expected.en, given.en),
                )
            }
            Self::Type { expected, .. } => {
                let expected = expected.called();
                Text::new(
                    format!("không hợp lệ: phải là {}", expected.vi),
                    format!("is not valid: must be {}", expected.en),
                )
            }
            Self::Duplicate => Text::new("viết hai lần", "comes twice"),
            Self::Length => Text::new("có số mục không đúng", "has the wrong number of items"),
            Self::Told(text) => text.clone(),
            Self::Other => Text::new("giá trị không hợp lệ", "is not valid"),
        }
    }
}

impl Kind {
    /// The kind that a message says was given.
    fn given(text: &str) -> Self {
        let is = |begins: &[&str]| begins.iter().any(|begin| text.starts_with(begin));
        if is(&["string", "character"]) {
            Self::Text
        } else if is(&["integer", "floating point"]) {
            Self::Number
        } else if is(&["boolean"]) {
            Self::Boolean
        } else if is(&["sequence"]) {
            Self::Array
        } else if is(&["map"]) {
            Self::Object
        } else if is(&["null", "unit value", "Option"]) {
            Self::Null
        } else {
            Self::Other
        }
    }

    /// The kind that a message, or a visitor, says is expected.
    fn expected(text: &str) -> Self {
        let has = |part: &str| text.contains(part);
        match text {
            "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => Self::Unsigned,
            "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => Self::Integer,
            "f32" | "f64" => Self::Number,
            "a boolean" | "boolean" => Self::Boolean,
            "a string" | "string" | "a borrowed string" | "a character" => Self::Text,
            "unit" | "null" => Self::Null,
            _ if has("UUID") => Self::Uuid,
            _ if has("timestamp") || has("instant") => Self::Instant,
            _ if has("date") => Self::Date,
            _ if has("enum ") || has("variant") || has("string or map") => Self::Choice,
            _ if has("sequence") || has("tuple") || has("array") => Self::Array,
            _ if has("struct ") || has("map") || has("object") => Self::Object,
            _ => Self::Other,
        }
    }

    fn called(self) -> Text {
        let (vi, en) = match self {
            Self::Text => ("chuỗi ký tự", "a text"),
            Self::Unsigned => ("số nguyên từ 0", "a whole number from 0"),
            Self::Integer => ("số nguyên", "a whole number"),
            Self::Number => ("số", "a number"),
            Self::Boolean => ("true (đúng) hoặc false (sai)", "true or false"),
            Self::Array => ("danh sách", "an array"),
            Self::Object => ("đối tượng JSON", "an object"),
            Self::Null => ("giá trị trống (null)", "null"),
            Self::Instant => (
                "thời điểm theo RFC 3339, ví dụ 2026-11-20T09:00:00+07:00",
                "an instant as in RFC 3339, for example 2026-11-20T09:00:00+07:00",
            ),
            Self::Date => (
                "ngày viết theo năm-tháng-ngày, ví dụ 2026-11-20",
                "a date, for example 2026-11-20",
            ),
            Self::Uuid => ("mã UUID", "a UUID"),
            Self::Choice => ("một trong các giá trị quy định", "one of the defined values"),
            Self::Other => ("giá trị đúng định dạng", "a value of the right form"),
        };
        Text::new(vi, en)
    }
}

/// The names in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The names that a message says are expected.
fn accepted(text: &str) -> Vec<String> {
    let expected = text.rsplit_once(", expected ").map_or("", |(_, expected)| expected);
    quoted(expected).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_parsers_are_told_without_their_words() {
        for (message, vi, en) in [
            ("missing field `a`", "bắt buộc phải có", "is required"),
            (
                "unknown field `x`, expected `a` or `b`",
                "không có trường này; các trường được chấp nhận: a, b",
                "there is no such field; accepted: a, b",
            ),
            (
                "unknown field `x`, there are no fields at line 1 column 4",
                "không có trường này; ở đây không nhận trường nào",
                "there is no such field; none is accepted here",
            ),
            (
                "unknown variant `x`, expected one of `a`, `b`, `c`",
                "phải là một trong: a, b, c",
                "must be one of: a, b, c",
            ),
            (
                "invalid type: string \"7, expected u32\", expected u32",
                "phải là số nguyên từ 0, không phải chuỗi ký tự",
                "must be a whole number from 0, not a text",
            ),
            (
                "invalid type: map, expected a sequence",
                "phải là danh sách, không phải đối tượng JSON",
                "must be an array, not an object",
            ),
            (
                "invalid value: integer `-1`, expected u8",
                "không hợp lệ: phải là số nguyên từ 0",
                "is not valid: must be a whole number from 0",
            ),
            ("something of a library", "giá trị không hợp lệ", "is not valid"),
        ] {
            assert_eq!(Fault::of(message).said(), Text::new(vi, en), "{message}");
        }
    }
}
