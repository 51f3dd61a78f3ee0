//! The title of each kind of event, as timelines show it.

use calendar::Text;

/// Kind, Vietnamese and English title.
const TITLES: &[(&str, &str, &str)] = &[
    ("intake.DossierSubmitted.v1", "Nộp hồ sơ", "Dossier submitted"),
    ("intake.DossierAccepted.v1", "Tiếp nhận hồ sơ và hẹn trả kết quả", "Dossier accepted"),
    (
        "intake.FeeClaimsDecided.v1",
        "Xác nhận đối tượng giảm phí, lệ phí",
        "Claims to fee reductions decided",
    ),
    ("intake.DossierRefused.v1", "Từ chối tiếp nhận hồ sơ", "Dossier not accepted"),
    ("intake.SupplementRequested.v1", "Yêu cầu bổ sung hồ sơ", "Supplement requested"),
    ("intake.SupplementDeclined.v1", "Không được yêu cầu bổ sung thêm", "Supplement not permitted"),
    ("intake.SupplementSubmitted.v1", "Nộp bổ sung hồ sơ", "Supplement submitted"),
    ("intake.FeeReceived.v1", "Đã nhận phí, lệ phí", "Fee received"),
    ("intake.FeeReturned.v1", "Phí, lệ phí đã hoàn hoặc chưa nhận được", "Fee returned"),
    ("intake.DossierWithdrawn.v1", "Rút hồ sơ", "Dossier withdrawn"),
    (
        "intake.DossierTransferred.v1",
        "Chuyển hồ sơ đến cơ quan có thẩm quyền",
        "Dossier transferred",
    ),
    ("intake.AppointmentMoved.v1", "Xin lỗi và hẹn lại ngày trả kết quả", "Apology and new date"),
    ("intake.DeadlineExtended.v1", "Gia hạn giải quyết", "Period extended by the agency"),
    ("intake.TimeNotCounted.v1", "Thời gian không tính vào thời hạn", "Time not counted"),
    ("intake.AppointmentFixed.v1", "Cơ quan khác ấn định ngày", "Date fixed by another authority"),
    ("intake.DeadlineRestated.v1", "Tính lại thời hạn theo quy định", "Date computed again by law"),
    (
        "intake.IntakeAnswerMissed.v1",
        "Trả lời tiếp nhận quá hạn",
        "Answer of the one-stop unit missed",
    ),
    ("intake.LatenessForeseen.v1", "Dự kiến trễ hạn", "Lateness foreseen"),
    ("intake.DeadlineMissed.v1", "Giải quyết quá hạn", "Deadline missed"),
    ("intake.DeadlineMissWithdrawn.v1", "Hủy ghi nhận quá hạn", "Missed deadline withdrawn"),
    ("intake.DossierDecided.v1", "Đã có quyết định", "Dossier decided"),
    ("intake.DossierClosed.v1", "Đóng hồ sơ", "Dossier closed"),
    ("intake.PeriodExtended.v1", "Kéo dài thời hạn", "Period extended"),
    ("payment.FeeAssessed.v1", "Xác định phí, lệ phí", "Fee assessed"),
    ("payment.FeeReassessed.v1", "Xác định lại phí, lệ phí", "Fee assessed again"),
    ("payment.FurtherFeeCharged.v1", "Thu thêm phí, lệ phí", "Further fee charged"),
    ("payment.PaymentStarted.v1", "Bắt đầu thanh toán", "Payment started"),
    ("payment.PaymentOpened.v1", "Cổng thanh toán đã nhận", "Payment opened"),
    ("payment.PaymentCaptured.v1", "Thanh toán thành công", "Payment captured"),
    ("payment.PaymentFailed.v1", "Thanh toán không thành công", "Payment failed"),
    ("payment.PaymentOutcomeUnknown.v1", "Chưa rõ kết quả thanh toán", "Payment outcome unknown"),
    ("payment.PaymentExpired.v1", "Lượt thanh toán hết hiệu lực", "Payment expired"),
    ("payment.CashReceived.v1", "Thu tiền mặt", "Cash received"),
    ("payment.FeeSettled.v1", "Đã nộp đủ phí, lệ phí", "Fee settled"),
    ("payment.FeeWindowExpired.v1", "Hết thời hạn nộp phí, lệ phí", "Period to pay expired"),
    ("payment.FeeTransferred.v1", "Chuyển việc thu phí, lệ phí", "Fee transferred"),
    ("payment.FeeLapsed.v1", "Không còn phải nộp phí, lệ phí", "Fee lapsed"),
    ("payment.CaptureConfirmed.v1", "Xác nhận lại khoản đã thu", "Capture confirmed"),
    ("payment.DiscrepancyFound.v1", "Phát hiện chênh lệch thanh toán", "Payment discrepancy found"),
    ("payment.DiscrepancyResolved.v1", "Xử lý xong chênh lệch", "Payment discrepancy resolved"),
    ("payment.ResolutionProposed.v1", "Đề nghị xử lý chênh lệch", "Resolution proposed"),
    ("payment.ResolutionRejected.v1", "Bác đề nghị xử lý chênh lệch", "Resolution rejected"),
    ("payment.DiscrepancyOverdue.v1", "Xử lý chênh lệch quá hạn", "Discrepancy overdue"),
    ("payment.DossierEnded.v1", "Hồ sơ kết thúc, tính lại phí", "Dossier ended, fee reviewed"),
    ("payment.RefundOwed.v1", "Phải hoàn tiền", "Refund owed"),
    ("payment.RepaymentMissed.v1", "Hoàn tiền quá hạn", "Refund overdue"),
    ("payment.RefundProposed.v1", "Đề nghị hoàn tiền", "Refund proposed"),
    ("payment.RefundRejected.v1", "Bác đề nghị hoàn tiền", "Refund rejected"),
    ("payment.ProposalOverdue.v1", "Duyệt đề nghị quá hạn", "Approval of a proposal overdue"),
    ("payment.PaymentRefunded.v1", "Đã hoàn tiền", "Payment refunded"),
    ("payment.RefundRequested.v1", "Đề nghị cổng thanh toán hoàn tiền", "Refund requested"),
    ("payment.RefundEnded.v1", "Có kết quả hoàn tiền", "Refund ended"),
    ("payment.RefundCorrected.v1", "Ghi lại kết quả hoàn tiền", "Outcome of a refund corrected"),
    ("payment.EntryProposed.v1", "Đề nghị bút toán", "Entry proposed"),
    ("payment.EntryRejected.v1", "Bác đề nghị bút toán", "Entry rejected"),
    ("payment.PaymentReversed.v1", "Giao dịch bị đảo, tiền bị thu hồi", "Payment reversed"),
    ("payment.DebtArisen.v1", "Người nộp còn nợ sau khi tiền bị thu hồi", "Debt arisen"),
    ("payment.DebtWrittenOff.v1", "Không thu khoản nợ", "Debt written off"),
    ("payment.DebtOverdue.v1", "Khoản nợ quá hạn", "Debt overdue"),
    ("payment.PaymentDisputed.v1", "Tra soát, khiếu nại giao dịch", "Payment disputed"),
    ("payment.DisputeAnswered.v1", "Đã trả lời tra soát, khiếu nại", "Dispute answered"),
    ("payment.DisputeEnded.v1", "Tra soát, khiếu nại kết thúc", "Dispute ended"),
    ("payment.DisputeOverdue.v1", "Trả lời tra soát quá hạn", "Dispute not answered in time"),
    ("payment.FeeOwedAgain.v1", "Phải nộp lại phí, lệ phí", "Fee owed again"),
    ("payment.ReceiptNumbered.v1", "Cấp số biên lai", "Receipt numbered"),
    ("payment.OrderStarted.v1", "Bắt đầu nộp chung cho nhiều hồ sơ", "Payment order started"),
    ("payment.OrderOpened.v1", "Lệnh nộp chung sẵn sàng", "Payment order opened"),
    ("payment.OrderEnded.v1", "Lệnh nộp chung kết thúc", "Payment order ended"),
    ("payment.OrderPaid.v1", "Lệnh nộp chung đã được trả", "Payment order paid"),
    ("payment.OrderConfirmed.v1", "Xác nhận lại khoản nộp chung", "Payment of an order confirmed"),
    ("payment.OrderDoubted.v1", "Khoản nộp chung có chênh lệch", "Discrepancy of a payment order"),
    ("books.StatementImported.v1", "Nhập sao kê", "Statement imported"),
    ("books.ClosingProposed.v1", "Đề nghị khóa sổ", "Closing proposed"),
    ("books.ClosingRejected.v1", "Bác đề nghị khóa sổ", "Closing rejected"),
    ("books.DayClosed.v1", "Khóa sổ ngày", "Day closed"),
    ("books.CorrectionProposed.v1", "Đề nghị bút toán điều chỉnh", "Correction proposed"),
    ("books.CorrectionRejected.v1", "Bác bút toán điều chỉnh", "Correction rejected"),
    ("books.CorrectionEntered.v1", "Ghi bút toán điều chỉnh", "Correction entered"),
    ("payment.ReceiptIssued.v1", "Lập biên lai", "Receipt issued"),
    ("payment.NoticeMatched.v1", "Khớp thông báo thanh toán", "Payment notice matched"),
    (
        "payment.NoticeAssigned.v1",
        "Gắn thông báo với hồ sơ",
        "Payment notice assigned to a dossier",
    ),
    ("payment.NoticeUnmatched.v1", "Thông báo thanh toán không khớp", "Payment notice unmatched"),
    (
        "payment.PartnerRequestChanged.v1",
        "Hủy hoặc gửi lại yêu cầu đến đối tác",
        "Request to a partner cancelled or replayed",
    ),
    ("payment.PeriodExtended.v1", "Kéo dài thời hạn", "Period extended"),
    ("review.ReviewOpened.v1", "Chuyển hồ sơ đến đơn vị giải quyết", "Review opened"),
    ("review.ReviewClaimed.v1", "Cán bộ nhận thụ lý", "Review claimed"),
    ("review.ActivityCompleted.v1", "Hoàn thành một công việc", "Activity completed"),
    ("review.ActivityOverdue.v1", "Công việc quá hạn", "Activity overdue"),
    ("review.ReviewReturned.v1", "Cán bộ trả lại việc thụ lý", "Review returned"),
    ("review.ReviewTransferred.v1", "Chuyển việc thụ lý sang cơ quan khác", "Review transferred"),
    ("review.ReviewHandedOver.v1", "Bàn giao việc thụ lý", "Review handed over"),
    ("review.ConsultationRequested.v1", "Lấy ý kiến cơ quan khác", "Agency consulted"),
    ("review.ConsultationAnswered.v1", "Cơ quan được hỏi trả lời", "Consultation answered"),
    (
        "review.ConsultationSilent.v1",
        "Cơ quan được hỏi quá hạn trả lời",
        "Consultation not answered",
    ),
    ("review.VerificationRecorded.v1", "Kiểm tra, xác minh thực tế", "Verification recorded"),
    ("review.SupplementNeeded.v1", "Cần bổ sung hồ sơ", "Supplement needed"),
    ("review.ReviewPaused.v1", "Tạm dừng thụ lý", "Review paused"),
    ("review.ReviewResumed.v1", "Tiếp tục thụ lý", "Review resumed"),
    ("review.DecisionProposed.v1", "Trình dự thảo quyết định", "Decision proposed"),
    ("review.ProposalRejected.v1", "Không duyệt dự thảo", "Proposal rejected"),
    ("review.DecisionMade.v1", "Quyết định", "Decision made"),
    ("review.ReviewCancelled.v1", "Dừng thụ lý", "Review cancelled"),
    ("review.PeriodExtended.v1", "Kéo dài thời hạn", "Period extended"),
    ("delivery.ResultPrepared.v1", "Chuẩn bị kết quả", "Result prepared"),
    ("delivery.ResultIssued.v1", "Cấp kết quả", "Result issued"),
    ("delivery.DeliveryChannelChosen.v1", "Chọn cách nhận kết quả", "Delivery channel chosen"),
    (
        "delivery.ResultHandedToCarrier.v1",
        "Giao kết quả cho bưu chính",
        "Result handed to the carrier",
    ),
    ("delivery.ParcelTracked.v1", "Tình trạng bưu gửi", "Parcel tracked"),
    ("delivery.ParcelReturned.v1", "Bưu gửi bị trả lại", "Parcel returned"),
    ("delivery.ResultCancelled.v1", "Không còn kết quả để trả", "Result cancelled"),
    ("delivery.ResultDelivered.v1", "Đã trả kết quả", "Result delivered"),
    ("delivery.ResultRevoked.v1", "Thu hồi kết quả", "Result revoked"),
    ("delivery.DutyMet.v1", "Đã thực hiện nghĩa vụ", "Duty met"),
    ("delivery.DutyMissed.v1", "Nghĩa vụ quá hạn", "Duty missed"),
    ("delivery.ResultExpired.v1", "Kết quả hết hiệu lực", "Result expired"),
    ("delivery.RenewalRequested.v1", "Đề nghị gia hạn kết quả", "Renewal requested"),
    ("delivery.ResultRenewed.v1", "Gia hạn kết quả", "Result renewed"),
    ("delivery.RenewalRefused.v1", "Từ chối gia hạn kết quả", "Renewal refused"),
    ("delivery.RenewalOverdue.v1", "Trả lời gia hạn quá hạn", "Decision on renewal overdue"),
    ("delivery.NumberTaken.v1", "Cấp số kết quả", "Result number assigned"),
    ("delivery.WaybillTaken.v1", "Gán số bưu gửi", "Waybill assigned"),
    (
        "delivery.CarrierNoticeUnmatched.v1",
        "Thông báo bưu chính không khớp",
        "Carrier notice unmatched",
    ),
    ("delivery.PeriodExtended.v1", "Kéo dài thời hạn", "Period extended"),
    ("notes.LabelAdded.v1", "Gắn nhãn", "Label added"),
    ("notes.LabelRemoved.v1", "Gỡ nhãn", "Label removed"),
    ("notes.NoteAdded.v1", "Ghi chú nội bộ", "Internal note added"),
    ("notes.NoteWithdrawn.v1", "Rút ghi chú nội bộ", "Internal note withdrawn"),
    ("notes.MessageSent.v1", "Gửi tin nhắn", "Message sent"),
    ("notes.MessagesRead.v1", "Đã đọc tin nhắn", "Messages read"),
    ("feedback.RatingInvited.v1", "Mời đánh giá", "Rating invited"),
    ("feedback.DossierRated.v1", "Đánh giá", "Dossier rated"),
    ("feedback.ComplaintFiled.v1", "Gửi phản ánh, kiến nghị", "Complaint filed"),
    ("feedback.ComplaintClassified.v1", "Phân loại phản ánh, kiến nghị", "Complaint classified"),
    ("feedback.ComplaintForwarded.v1", "Chuyển phản ánh, kiến nghị", "Complaint forwarded"),
    ("feedback.ComplaintAnswered.v1", "Trả lời phản ánh, kiến nghị", "Complaint answered"),
    ("feedback.AnswerPublished.v1", "Công khai nội dung trả lời", "Answer published"),
    ("feedback.ComplaintReopened.v1", "Kiến nghị lại", "Complaint reopened"),
    (
        "feedback.ComplaintAnswerRated.v1",
        "Đánh giá trả lời phản ánh",
        "Answer to a complaint rated",
    ),
    ("feedback.ComplaintOverdue.v1", "Xử lý phản ánh quá hạn", "Complaint overdue"),
    (
        "feedback.ComplaintDocumentsAdded.v1",
        "Bổ sung tài liệu phản ánh",
        "Documents added to complaint",
    ),
    ("feedback.ComplaintAssigned.v1", "Phân công xử lý phản ánh", "Complaint assigned"),
    ("feedback.ComplaintNoted.v1", "Ghi chú nội bộ về phản ánh", "Internal note on complaint"),
    ("feedback.ComplaintMerged.v1", "Gộp phản ánh trùng", "Complaint merged"),
    ("feedback.ComplaintSeparated.v1", "Tách phản ánh đã gộp", "Complaint separated"),
    ("feedback.ComplaintExtended.v1", "Gia hạn trả lời phản ánh", "Period to answer extended"),
    ("feedback.PeriodExtended.v1", "Kéo dài thời hạn", "Period extended"),
    ("reads.PersonalDataRead.v1", "Xem dữ liệu cá nhân", "Personal data read"),
    ("law.RulesIssued.v1", "Ban hành quy định", "Rules issued"),
    ("law.RulesProposed.v1", "Trình quy định", "Rules proposed"),
    ("law.RulesRejected.v1", "Không duyệt quy định", "Rules rejected"),
    ("law.RulesWithdrawalProposed.v1", "Đề nghị rút quy định", "Withdrawal of rules proposed"),
    ("law.RulesWithdrawn.v1", "Rút quy định", "Rules withdrawn"),
    ("law.OutageDeclared.v1", "Công bố sự cố hệ thống", "Outage declared"),
    ("law.OutageEnded.v1", "Kết thúc sự cố hệ thống", "Outage ended"),
    ("directory.UnitRecorded.v1", "Ghi nhận đơn vị", "Unit recorded"),
    ("directory.OfficerRecorded.v1", "Ghi nhận cán bộ", "Officer recorded"),
    ("directory.AbsenceRecorded.v1", "Ghi nhận vắng mặt", "Absence recorded"),
    ("directory.AbsenceEnded.v1", "Kết thúc vắng mặt", "Absence ended"),
    ("mandate.MandateGranted.v1", "Lập ủy quyền", "Mandate granted"),
    ("mandate.MandateAccepted.v1", "Nhận ủy quyền", "Mandate accepted"),
    ("mandate.MandateDeclined.v1", "Từ chối nhận ủy quyền", "Mandate declined"),
    ("mandate.MandateRevoked.v1", "Chấm dứt ủy quyền", "Mandate revoked"),
    ("mandate.MandateExpired.v1", "Ủy quyền hết hiệu lực", "Mandate expired"),
    ("mandate.CredentialRegistered.v1", "Đăng ký chương trình", "Credential registered"),
    ("mandate.CredentialRevoked.v1", "Thu hồi quyền của chương trình", "Credential revoked"),
];

/// The title of a kind of event; its name if it has no title.
#[must_use]
pub fn title(kind: &str) -> Text {
    let known = TITLES.iter().find(|(known, ..)| *known == kind);
    let (vi, en) = known.map_or((kind, kind), |(_, vi, en)| (*vi, *en));
    Text::new(vi, en)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::TITLES;
    use crate::services::Category;

    #[test]
    fn every_kind_of_event_has_a_title_and_no_title_is_left_over() {
        let sets = Category::ALL.into_iter().filter_map(Category::events);
        let kinds: BTreeSet<&str> = sets.flat_map(|set| set.kinds).copied().collect();
        let titled: BTreeSet<&str> = TITLES.iter().map(|(kind, ..)| *kind).collect();
        let without: Vec<_> = kinds.difference(&titled).collect();
        assert!(without.is_empty(), "add these to contract/titles.rs: {without:?}");
        let unknown: Vec<_> = titled.difference(&kinds).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        assert_eq!(titled.len(), TITLES.len(), "a kind has two titles");
        for (kind, vi, en) in TITLES {
            assert!(!vi.is_empty() && !en.is_empty() && vi != en, "{kind}");
        }
    }
}
