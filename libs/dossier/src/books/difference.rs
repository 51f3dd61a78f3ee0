//! Differences between statements and recorded payments, and what to do about each.

use calendar::{Gaps, Text};
use jiff::Timestamp;

use crate::clock;
use crate::contract::AgencyCode;
use crate::law::Law;

/// How a line of a statement and a recorded movement differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// A line names no payment of ours.
    Unknown,
    /// Money came in for a payment, and is not recorded.
    MissingHere,
    /// Money is recorded, and no statement has it.
    MissingThere,
    /// Both have it, with different amounts.
    AmountDiffers,
    /// Money that had come in was taken back.
    Reversed,
    /// Money went back to a payer, and no refund is recorded.
    RefundNotRecorded,
    /// A refund is recorded, and no statement has it.
    RefundNotSeen,
    /// A refund came back from the payer's bank.
    CameBack,
    /// A payout is not the sum of its lines, net of charges.
    PayoutDiffers,
}

impl Difference {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Unknown,
        Self::MissingHere,
        Self::MissingThere,
        Self::AmountDiffers,
        Self::Reversed,
        Self::RefundNotRecorded,
        Self::RefundNotSeen,
        Self::CameBack,
        Self::PayoutDiffers,
    ];

    /// As it is written in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::MissingHere => "missing_here",
            Self::MissingThere => "missing_there",
            Self::AmountDiffers => "amount_differs",
            Self::Reversed => "reversed",
            Self::RefundNotRecorded => "refund_not_recorded",
            Self::RefundNotSeen => "refund_not_seen",
            Self::CameBack => "came_back",
            Self::PayoutDiffers => "payout_differs",
        }
    }

    /// The difference with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// What a cashier does about it.
    #[must_use]
    pub fn advice(self) -> Text {
        let (vi, en) = match self {
            Self::Unknown => (
                "tìm người nộp theo nội dung chuyển khoản rồi khớp thông báo với hồ sơ, hoặc trả lại \
                 tiền và ghi bút toán điều chỉnh",
                "find the payer by the text of the transfer and match the notice with the dossier, or \
                 return the money and enter a correction",
            ),
            Self::MissingHere => (
                "chờ hệ thống ghi nhận theo sao kê; nếu có chênh lệch chờ xử lý ở hồ sơ thì xử lý ở đó",
                "the statement is taken as the provider's report; resolve the discrepancy of the \
                 dossier if there is one",
            ),
            Self::MissingThere => (
                "hỏi ngân hàng hoặc cổng thanh toán; nếu tiền không về thì xử lý chênh lệch của hồ sơ",
                "ask the bank or provider; if the money has not come, resolve the discrepancy of the \
                 dossier",
            ),
            Self::AmountDiffers => (
                "hỏi ngân hàng hoặc cổng thanh toán số tiền đúng rồi xử lý chênh lệch của hồ sơ",
                "ask the bank or provider for the right amount, and resolve the discrepancy of the \
                 dossier",
            ),
            Self::Reversed => (
                "ghi nhận ở hồ sơ rằng khoản thu đã bị thu hồi; người nộp phải nộp lại",
                "record at the dossier that the money was taken back; the payer has to pay again",
            ),
            Self::RefundNotRecorded => (
                "ghi nhận việc hoàn tiền ở hồ sơ, hoặc đòi lại số tiền đã chuyển nhầm",
                "record the refund at the dossier, or claim back what was transferred by mistake",
            ),
            Self::RefundNotSeen => (
                "kiểm tra lệnh hoàn tiền đã được thực hiện chưa; nếu hoàn bằng tiền mặt thì ghi bút toán \
                 giải trình",
                "check whether the refund was carried out; if it was paid in cash, explain it by a \
                 correction",
            ),
            Self::CameBack => (
                "người nộp chưa nhận được tiền hoàn: hỏi lại tài khoản và hoàn bằng cách khác",
                "the payer has not got the refund: ask for another account and refund it in another way",
            ),
            Self::PayoutDiffers => (
                "đối chiếu bảng kê của lần chuyển tiền với cổng thanh toán",
                "compare the list of this payout with the provider",
            ),
        };
        Text::new(vi, en)
    }
}

/// When a difference of an agency's account that exists since an instant should be settled: the
/// period to look into discrepancies. `None` if the law has no agency or no such period.
#[must_use]
pub fn due(law: &Law, agency: &AgencyCode, since: Timestamp) -> Option<Timestamp> {
    let (rules, calendar) = (law.payments(since)?, law.calendar_of(agency)?);
    Some(clock::end(calendar, since, rules.look_into, &Gaps::default()).due_at)
}
