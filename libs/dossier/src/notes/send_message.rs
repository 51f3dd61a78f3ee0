//! The applicant or an officer sends a message to the other side, with documents if needed. A
//! message changes nothing in the procedure: it is no supplement and no request for one. After the
//! end of the dossier, messages are possible as long as it can be complained about (Law
//! 02/2011/QH13, art. 9).

use jiff::civil::Date;
use jiff::{Span, Timestamp};

use super::limits::{MESSAGES_A_DAY_MAX, MESSAGES_AFTER_END_DAYS, MESSAGES_OF_A_SIDE_MAX};
use super::{Message, Notes, SIDES, Side};
use crate::contract::{AgencyCode, MessageDocument, MessageSent, NoteEvent};
use crate::step::{Command, Decision, Facts, LawError, Step, refusals};
use crate::text::Text;

/// Sends a message from the side of the actor to the other.
#[derive(Debug, Clone)]
pub struct SendMessage {
    /// The agency of the dossier, by whose calendar days are counted.
    pub agency: AgencyCode,
    /// When the dossier was refused, withdrawn or closed; `None` while it is open.
    pub ended_at: Option<Timestamp>,
    pub text: Text<4000>,
    pub documents: Vec<MessageDocument>,
}

refusals! {
    /// Refusals of `send_message`.
    pub enum Refusal {
        Ended(Date) => 409, "messages-ended",
            "hồ sơ đã kết thúc quá 90 ngày (thời hiệu khiếu nại, Điều 9 Luật 02/2011/QH13) nên không gửi được tin nhắn; hãy liên hệ bộ phận một cửa hoặc gửi phản ánh; ngày cuối gửi được là",
            "the dossier ended more than 90 days ago (time limit for complaints, Law 02/2011/QH13, art. 9), so no message can be sent; contact the one-stop unit or file a complaint; the last day was";
        TooManyToday(u32) => 409, "too-many-messages-today",
            "hôm nay bạn đã gửi đủ số tin nhắn cho phép về hồ sơ này; hãy gửi tiếp vào ngày mai",
            "you have sent as many messages about this dossier today as allowed; send the next one tomorrow";
        TooMany(u32) => 409, "too-many-messages",
            "hồ sơ đã có đủ số tin nhắn cho phép; hãy liên hệ bộ phận một cửa",
            "your side has sent as many messages about this dossier as allowed; contact the one-stop unit";
    }
}

impl Command for SendMessage {
    type State = Notes;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "send_message",
        basis: "quy định nội bộ; 02/2011/QH13 Điều 9",
        may: SIDES,
        events: &["notes.MessageSent.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, notes: &Notes, facts: &Facts<'_>) -> Result<Decision<NoteEvent>, Refusal> {
        let agency = facts.law.present(&self.agency, facts.at);
        let calendar = facts.law.calendar_of(agency).ok_or(LawError::NotLoaded)?;
        let today = calendar.date_of(facts.at);
        if let Some(ended_at) = self.ended_at {
            let days = Span::new().days(MESSAGES_AFTER_END_DAYS);
            let last = calendar.date_of(ended_at).checked_add(days).unwrap_or(Date::MAX);
            if today > last {
                return Err(Refusal::Ended(last));
            }
        }
        let limit = |max: usize| u32::try_from(max).unwrap_or(u32::MAX);
        let side = Side::of(facts.actor.role);
        if notes.messages.iter().filter(|one| one.from() == side).count() >= MESSAGES_OF_A_SIDE_MAX
        {
            return Err(Refusal::TooMany(limit(MESSAGES_OF_A_SIDE_MAX)));
        }
        let is_theirs_today = |message: &&Message| {
            message.by.subject == facts.actor.subject && calendar.date_of(message.at) == today
        };
        if notes.messages.iter().filter(is_theirs_today).count() >= MESSAGES_A_DAY_MAX {
            return Err(Refusal::TooManyToday(limit(MESSAGES_A_DAY_MAX)));
        }
        let (text, documents) = (self.text.personal(), self.documents.clone());
        Ok(Decision::event(MessageSent { text, documents }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::notes::add_label::tests::empty;
    use crate::testing::{at, law};

    pub(crate) fn message(text: &str) -> SendMessage {
        let agency = "G02.001".into();
        SendMessage { agency, ended_at: None, text: text.into(), documents: Vec::new() }
    }

    #[test]
    fn a_sender_has_a_limited_number_of_messages_on_a_day_of_the_agency() {
        let law = law();
        let mut scene = empty(&law);
        for _ in 0..MESSAGES_A_DAY_MAX {
            scene.execute("2026-11-20T23:50", Role::Applicant, message("when?")).unwrap();
        }
        let refused = scene.execute("2026-11-20T23:59", Role::Applicant, message("when?"));
        assert_eq!(refused, Err(Refusal::TooManyToday(20)));
        scene.subject = "clerk-1";
        scene.execute("2026-11-20T23:59", Role::Clerk, message("tomorrow")).unwrap();
        scene.subject = "tester";
        scene.execute("2026-11-21T00:00", Role::Applicant, message("when?")).unwrap();
    }

    #[test]
    fn one_side_cannot_use_up_the_messages_of_the_other() {
        let law = law();
        let mut scene = empty(&law);
        for number in 0..MESSAGES_OF_A_SIDE_MAX {
            let day = format!("2026-11-{:02}T10:00", 10 + number / MESSAGES_A_DAY_MAX);
            scene.execute(&day, Role::Applicant, message("when?")).unwrap();
        }
        let refused = scene.execute("2026-11-25T10:00", Role::Applicant, message("when?"));
        assert_eq!(refused, Err(Refusal::TooMany(200)));
        scene.execute("2026-11-25T10:00", Role::Reviewer, message("call us")).unwrap();
    }

    #[test]
    fn messages_are_possible_for_ninety_days_after_the_end_of_the_dossier() {
        let law = law();
        let mut scene = empty(&law);
        let mut late = message("a question");
        late.ended_at = Some(at("2026-08-22T23:30"));
        for role in [Role::Applicant, Role::Clerk] {
            scene.execute("2026-11-20T23:59", role, late.clone()).unwrap();
            let refused = scene.execute("2026-11-21T00:00", role, late.clone());
            let last = Date::constant(2026, 11, 20);
            assert_eq!(refused, Err(Refusal::Ended(last)), "{role:?}");
        }
    }
}
