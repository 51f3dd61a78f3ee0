//! Delivery channel and address, as shown to those who may read them.

use dossier::contract::{Address, Delivery, DeliveryChannel, Personal};
use serde::Serialize;
use utoipa::ToSchema;

/// The chosen way of delivery.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeliveryChoiceReply {
    /// Delivery channel.
    pub channel: DeliveryChannel,
    /// Postal address, for delivery by post. Only for the applicant, clerks and auditors; also
    /// absent after its erasure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<AddressReply>,
}

/// A postal address.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AddressReply {
    /// The recipient's name.
    #[schema(example = "Nguyễn Văn A")]
    pub name: String,
    /// Street, ward, province.
    #[schema(example = json!(["54 Hai Bà Trưng", "Hà Nội"]))]
    pub lines: Vec<String>,
    /// Telephone number in E.164 format.
    #[schema(example = "+84912345678")]
    pub phone: String,
}

impl From<&Address> for AddressReply {
    fn from(address: &Address) -> Self {
        let Address { name, lines, phone } = address.clone();
        Self { name, lines, phone }
    }
}

impl From<&Delivery> for DeliveryChoiceReply {
    fn from(delivery: &Delivery) -> Self {
        let address = delivery.address.as_ref().and_then(Personal::known);
        Self { channel: delivery.channel, address: address.map(AddressReply::from) }
    }
}
