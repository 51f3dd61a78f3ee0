//! The secrets of subscribers and the signatures of messages (Standard Webhooks 1.0). A secret is
//! derived from the key of the installation, the subscriber and a number, and stored nowhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dossier::contract::SubscriberId;
use hmac::{Hmac, Mac};
use platform::secret::Secret;
use sha2::Sha256;
use uuid::Uuid;

/// Derives and signs.
#[derive(Debug)]
pub(crate) struct Keys(Secret);

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key);
    let mut mac = mac.expect("HMAC takes a key of any length (RFC 2104, section 2)");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

impl Keys {
    pub(crate) const fn new(secret: Secret) -> Self {
        Self(secret)
    }

    fn key(&self, subscriber: SubscriberId, generation: u32) -> [u8; 32] {
        let of = subscriber.0;
        hmac(self.0.key(), &[b"webhook secret\0", of.as_bytes(), &generation.to_be_bytes()])
    }

    /// The secret with this number, as the receiver needs it.
    pub(crate) fn secret(&self, subscriber: SubscriberId, generation: u32) -> String {
        format!("whsec_{}", STANDARD.encode(self.key(subscriber, generation)))
    }

    /// The signatures of a message by the secrets with these numbers, for `webhook-signature`.
    pub(crate) fn signatures(
        &self,
        subscriber: SubscriberId,
        generations: &[u32],
        (id, seconds, body): (&str, i64, &[u8]),
    ) -> String {
        let head = format!("{id}.{seconds}.");
        let signed = generations.iter().map(|generation| {
            let key = self.key(subscriber, *generation);
            format!("v1,{}", STANDARD.encode(hmac(&key, &[head.as_bytes(), body])))
        });
        signed.collect::<Vec<_>>().join(" ")
    }

    /// What an address must answer to be verified.
    pub(crate) fn challenge(&self, subscriber: SubscriberId, number: u32) -> String {
        let of = subscriber.0;
        let parts: [&[u8]; 3] = [b"webhook challenge", of.as_bytes(), &number.to_be_bytes()];
        self.0.digest(&parts)
    }
}

/// The id of a message: the same event has the same one for a subscriber, however often it is sent.
pub(crate) fn message_id(subscriber: SubscriberId, event: Uuid) -> String {
    format!("msg_{}", Uuid::new_v5(&subscriber.0, event.as_bytes()).simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_example_of_standard_webhooks() {
        // From the specification: secret, id, time, body and signature.
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let head = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.";
        let signature = STANDARD.encode(hmac(&key, &[head, br#"{"test": 2432232314}"#]));
        assert_eq!(signature, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_subscriber_and_number_has_a_secret_of_its_own() {
        let keys = Keys::new(Secret::new(vec![7; 32]));
        let [one, other] = [1, 2].map(|n| SubscriberId(Uuid::from_u128(n)));
        assert_eq!(keys.secret(one, 1), keys.secret(one, 1));
        assert_ne!(keys.secret(one, 1), keys.secret(one, 2));
        assert_ne!(keys.secret(one, 1), keys.secret(other, 1));
        let both = keys.signatures(one, &[2, 1], ("msg_1", 5, b"{}"));
        assert_eq!(both.split(' ').count(), 2);
        assert!(both.split(' ').all(|one| one.starts_with("v1,")));
        assert_ne!(keys.challenge(one, 1), keys.challenge(one, 2));
    }
}
