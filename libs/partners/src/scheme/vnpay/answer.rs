//! Signed responses to queries and refunds: the values in the order in which they are signed.

use super::{HASH, NAME};
use crate::canonical::Members;
use crate::message::Response;
use crate::notice::{Rejected, SignatureProblem, WrongSignature};
use crate::secret::{Algorithm, Secrets, unhex};

pub(super) const QUERY_ANSWER: &[&str] = &[
    "vnp_ResponseId",
    "vnp_Command",
    "vnp_ResponseCode",
    "vnp_Message",
    "vnp_TmnCode",
    "vnp_TxnRef",
    "vnp_Amount",
    "vnp_BankCode",
    "vnp_PayDate",
    "vnp_TransactionNo",
    "vnp_TransactionType",
    "vnp_TransactionStatus",
    "vnp_OrderInfo",
    "vnp_PromotionCode",
    "vnp_PromotionAmount",
];
/// As [`QUERY_ANSWER`], without the promotion.
pub(super) const REFUND_ANSWER: &[&str] = QUERY_ANSWER.split_at(13).0;

/// The members of a signed response, and the key.
pub(super) fn answered(
    secrets: &Secrets,
    response: Response<'_>,
    order: &[&str],
) -> Result<(Members, Option<String>), Rejected> {
    let wrong = |problem, canonical: &[u8]| {
        Rejected::Signature(WrongSignature::new(NAME, secrets, problem, canonical))
    };
    let members = Members::of(response.body);
    let members = members.ok_or_else(|| wrong(SignatureProblem::Form, response.body))?;
    let values: Vec<String> = order.iter().map(|name| members.text(name)).collect();
    let signed = values.join("|").into_bytes();
    // A separator in a value would let another splitting have the same signature.
    if values.iter().any(|value| value.contains('|')) {
        return Err(wrong(SignatureProblem::Form, &signed));
    }
    let hash = members.text(HASH);
    if hash.is_empty() {
        return Err(wrong(SignatureProblem::Missing, &signed));
    }
    let hash = unhex(&hash).ok_or_else(|| wrong(SignatureProblem::Encoding, &signed))?;
    let key = secrets.verify(Algorithm::HmacSha512, std::slice::from_ref(&signed), &hash);
    let key = key.ok_or_else(|| wrong(SignatureProblem::Different, &signed))?;
    Ok((members, Some(key.to_owned())))
}
