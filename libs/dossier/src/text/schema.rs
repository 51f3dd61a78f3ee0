//! The schemas of the text types, so that the API documents contain their limits.

use std::borrow::Cow;

use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{FILE_NAME_CHARS_MAX, FileName, Line, ParcelNumber, Partner, Phone, Text};

/// Any characters but line breaks and tabs.
const ONE_LINE: &str = "^[^\\n\\r\\t]*$";

/// A string of `chars.0` to `chars.1` characters, with `example` cut to the maximum.
fn string(description: &str, chars: (usize, usize), example: &str) -> ObjectBuilder {
    let example: String = example.chars().take(chars.1).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .min_length(Some(chars.0))
        .max_length(Some(chars.1))
        .examples([example])
}

fn schema(object: impl Into<Object>) -> RefOr<Schema> {
    RefOr::T(Schema::Object(object.into()))
}

impl<const MAX: usize> PartialSchema for Text<MAX> {
    fn schema() -> RefOr<Schema> {
        let description =
            "Text of one or more lines. Characters are counted in Unicode's normalisation form C.";
        schema(string(description, (1, MAX), "Nội dung do người dùng nhập."))
    }
}

impl<const MAX: usize> ToSchema for Text<MAX> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("Text{MAX}"))
    }
}

impl<const MAX: usize> PartialSchema for Line<MAX> {
    fn schema() -> RefOr<Schema> {
        let description =
            "Text on one line. Characters are counted in Unicode's normalisation form C.";
        schema(string(description, (1, MAX), "Nội dung trên một dòng").pattern(Some(ONE_LINE)))
    }
}

impl<const MAX: usize> ToSchema for Line<MAX> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("Line{MAX}"))
    }
}

impl PartialSchema for FileName {
    fn schema() -> RefOr<Schema> {
        let description = "The name of a file, without folders.";
        let name = string(description, (1, FILE_NAME_CHARS_MAX), "to-khai.pdf");
        schema(name.pattern(Some("^[^/\\\\\\n\\r\\t]*$")))
    }
}

impl ToSchema for FileName {}

impl PartialSchema for ParcelNumber {
    fn schema() -> RefOr<Schema> {
        let description = "A carrier's number of a parcel. Blanks and case do not matter.";
        schema(string(description, (1, 100), "EA123456789VN"))
    }
}

impl ToSchema for ParcelNumber {}

impl PartialSchema for Partner {
    fn schema() -> RefOr<Schema> {
        let description =
            "The name of a carrier or a payment provider. Blanks and case do not matter.";
        schema(string(description, (1, 50), "vnpost"))
    }
}

impl ToSchema for Partner {}

impl PartialSchema for Phone {
    fn schema() -> RefOr<Schema> {
        let description = "A telephone number as people write it; recorded by E.164.";
        schema(string(description, (3, 30), "+84 24 3822 0000"))
    }
}

impl ToSchema for Phone {}
