//! The applicant's choice of delivery, as received. Addresses become personal data ([`Personal`])
//! here, so that clients do not have to mark them.

use calendar::Text;
use dossier::contract::{Address, Delivery, DeliveryChannel, Personal};
use dossier::text::refused;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::{Line, List, Phone};

/// Lines of a postal address.
const ADDRESS_LINES_MAX: usize = 6;

/// How the applicant wants the result.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryRequest {
    /// How the result is delivered.
    channel: DeliveryChannel,
    /// Postal address; only for delivery by post.
    address: Option<AddressRequest>,
}

/// A postal address.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressRequest {
    /// The recipient's name.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Nguyễn Văn A")]
    name: Name,
    /// Street, ward, province; 1 to 6 lines.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 6, example = json!(["54 Hai Bà Trưng", "Hà Nội"]))]
    lines: Lines,
    /// Telephone number in any usual notation; shown as E.164.
    phone: Phone,
}

#[derive(Debug, Clone)]
struct Name(String);

#[derive(Debug, Clone)]
struct Lines(Vec<String>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Line(name) = Line::<200>::deserialize(deserializer)?;
        if name.chars().any(char::is_alphabetic) {
            Ok(Self(name))
        } else {
            Err(refused(&Text::new("tên phải có chữ cái", "a name must have letters")))
        }
    }
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let List(lines) = List::<Line<200>, ADDRESS_LINES_MAX>::deserialize(deserializer)?;
        if lines.is_empty() {
            return Err(refused(&Text::new(
                "cần ít nhất một dòng",
                "at least one line is required",
            )));
        }
        if lines.iter().any(|Line(line)| !line.chars().any(char::is_alphanumeric)) {
            return Err(refused(&Text::new(
                "mỗi dòng phải có chữ cái hoặc chữ số",
                "each line must have letters or digits",
            )));
        }
        Ok(Self(lines.into_iter().map(|Line(line)| line).collect()))
    }
}

impl From<DeliveryRequest> for Delivery {
    fn from(request: DeliveryRequest) -> Self {
        let address = request.address.map(|AddressRequest { name, lines, phone }| {
            Personal::from(Address { name: name.0, lines: lines.0, phone: phone.0 })
        });
        Self { channel: request.channel, address }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn read(address: &Value) -> Result<Delivery, String> {
        from_value::<DeliveryRequest>(json!({ "channel": "post", "address": address }))
            .map(Delivery::from)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_real_address_is_taken_and_sealed() {
        let address =
            json!({ "name": "Trần B", "lines": ["54 Hai Bà Trưng"], "phone": "0901 234 567" });
        let delivery = read(&address).unwrap();
        let address = delivery.address.unwrap();
        let address = address.known().unwrap();
        assert_eq!((&*address.lines[0], &*address.phone), ("54 Hai Bà Trưng", "+84901234567"));
    }

    #[test]
    fn an_address_to_which_nothing_can_be_sent_is_refused() {
        let good = json!({ "name": "Trần B", "lines": ["Hà Nội"], "phone": "0901234567" });
        for (field, value) in [
            ("name", json!("")),
            ("name", json!(" \u{3164}")),
            ("name", json!("--")),
            ("name", json!("x".repeat(200_000))),
            ("name", json!(null)),
            ("lines", json!([])),
            ("lines", json!([" "])),
            ("lines", json!(["..."])),
            ("lines", json!(["a\nb"])),
            ("lines", json!(vec!["a"; 7])),
            ("phone", json!("        ")),
            ("phone", json!("++++++++")),
            ("phone", json!("call me 0901234567")),
            ("phone", json!("0901")),
        ] {
            let mut address = good.clone();
            address[field] = value.clone();
            assert!(read(&address).is_err(), "{field}: {value}");
        }
        assert!(read(&json!({ "$personal": null })).is_err());
        assert!(read(&json!({ "$personal": good })).is_err());
    }
}
