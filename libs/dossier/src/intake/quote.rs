//! What follows from a dossier before it is filed: its fee, and its dates if it is complete, paid
//! and accepted at once. By the functions that decide when it is filed, so both say the same.

use jiff::Timestamp;

use super::submit_dossier::{
    Refusal, answer_due, check_agency, check_groups, check_offered, is_accepted_at_once,
};
use crate::clock;
use crate::contract::{AgencyCode, Channel, ChargedLine, FeeClaim, Promise, Vnd};
use crate::law::{Case, FeeDue, Law, Procedure, charges, claims};
use crate::step::{Collected, LawError, Reasons, Rule};

/// A filing that is considered.
#[derive(Debug, Clone, Copy)]
pub struct Considered<'a> {
    /// The competent agency.
    pub agency: &'a AgencyCode,
    /// All channels of the procedure if absent.
    pub channel: Option<Channel>,
    /// The groups that reduce the fee, as claimed by the applicant.
    pub groups: &'a [String],
    /// When it is filed.
    pub at: Timestamp,
    /// By post: the date of posting.
    pub posted_at: Option<Timestamp>,
}

/// What follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Quote {
    pub channel: Channel,
    /// Whether dossiers may be filed by this channel at that instant: some are open only during an
    /// outage of the others.
    pub is_open: bool,
    /// The lines of the fee; those that an officer may add during processing are not among them.
    pub lines: Vec<ChargedLine>,
    pub total: Vnd,
    /// When the fee is owed; `None` if nothing is charged.
    pub due: Option<FeeDue>,
    /// By when the fee must be paid, if it is owed at that instant and has a window.
    pub window_ends_at: Option<Timestamp>,
    /// The claims that have to be proved; the lines are provisional until an officer confirms them.
    pub claims: Vec<FeeClaim>,
    /// Whether the dossier is accepted by its submission.
    pub is_automatic: bool,
    /// By when the one-stop unit answers, if the fee is paid at that instant; `None` if the dossier
    /// is accepted at once, or the procedure sets no period.
    pub answer_due_at: Option<Timestamp>,
    /// When the period for the decision begins.
    pub started_at: Option<Timestamp>,
    /// The earliest date that can be promised; `None` if the law gives no period for the channel.
    pub promise: Option<Promise>,
}

/// What follows from a filing under the version of a procedure in force then, by each channel.
///
/// # Errors
///
/// As the submission: an agency that is not competent, a channel that is not offered, a group for
/// which no fee is reduced, all at once; an amount or a date out of range.
pub fn quotes(
    law: &Law,
    procedure: &Procedure,
    considered: Considered<'_>,
    now: Timestamp,
) -> Result<Vec<Quote>, Refusal> {
    let Considered { agency, channel, groups, at, .. } = considered;
    let mut wrong = Collected::after(Reasons::default());
    wrong.collect(check_agency(procedure, agency, law, at))?;
    if let Some(channel) = channel {
        wrong.collect(check_offered(procedure, channel))?;
    }
    check_groups(procedure, groups, &mut wrong);
    if let Some(finding) = clock::impossible("/at", now, at) {
        wrong.add(Refusal::Impossible(vec![finding]));
    }
    wrong.done(Refusal::Several)?;
    let rule = law.rule(&procedure.reference(), agency, at).ok_or(LawError::NotLoaded)?;
    let all = channel.map_or_else(|| procedure.channels.clone(), |one| vec![one]);
    let quotes = all.into_iter().map(|channel| quote(rule, considered, channel));
    Ok(quotes.collect::<Result<_, LawError>>()?)
}

fn quote(rule: Rule<'_>, considered: Considered<'_>, channel: Channel) -> Result<Quote, LawError> {
    let Considered { agency, groups, at, posted_at, .. } = considered;
    let procedure = rule.procedure;
    let case = Case { on: rule.calendar.date_of(at), channel, agency, groups };
    let lines = charges(procedure, case)?;
    let total = Vnd::sum(lines.iter().map(|line| line.charged))?;
    let claims = claims(procedure, case);
    let is_automatic = is_accepted_at_once(rule, at, &claims);
    let answer_due_at = if is_automatic { None } else { answer_due(rule, at)? };
    let received_at = posted_at.unwrap_or(at);
    let moments = clock::Moments {
        received_at,
        completed_at: received_at,
        accepted_at: at,
        fee_at: Some(at).filter(|_| procedure.fees.due.is_some()),
    };
    let moment = clock::start_moment(&procedure.clock, moments);
    let started_at = moment.map(|moment| clock::effective_start(rule, moment)).transpose()?;
    let promise = started_at.map(|at| clock::promise(rule, channel, &clock::Ledger::since(at)));
    Ok(Quote {
        channel,
        is_open: rule.is_open(channel, received_at),
        due: procedure.fees.due.filter(|_| !lines.is_empty()),
        window_ends_at: clock::fee_window(rule, total, at),
        lines,
        total,
        claims,
        is_automatic,
        answer_due_at,
        started_at,
        promise: promise.transpose()?.flatten(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::accept_dossier::AcceptDossier;
    use super::super::record_fee::RecordFee;
    use super::super::submit_dossier::SubmitDossier;
    use super::super::submit_dossier::tests::{certificate, document, pointed, promotion};
    use super::*;
    use crate::contract::{IntakeEvent, Role};
    use crate::intake::Intake;
    use crate::law::Law;
    use crate::payment::assess_fee::tests::brief;
    use crate::payment::{Payment, assess_fee::AssessFee};
    use crate::testing::{Scene, at, law};

    fn quoted(
        law: &Law,
        (code, agency, channel): (&str, &str, Channel),
        groups: &[&str],
        moment: &str,
    ) -> Quote {
        let (agency, at) = (AgencyCode::from(agency), at(moment));
        let calendar = law.calendar_of(&agency).unwrap();
        let procedure = law.in_force(&code.into(), calendar.date_of(at)).unwrap();
        let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
        let channel = Some(channel);
        let considered =
            Considered { agency: &agency, channel, groups: &groups, at, posted_at: None };
        quotes(law, procedure, considered, at).unwrap().remove(0)
    }

    #[test]
    fn everything_that_is_wrong_is_found_at_once() {
        let law = law();
        let now = at("2026-11-20T09:00");
        let day = jiff::civil::date(2026, 11, 20);
        let procedure = law.in_force(&"ENERGY.LABEL".into(), day).unwrap();
        let considered = Considered {
            agency: &"H26.14".into(),
            channel: Some(Channel::Post),
            groups: &["digital_citizn".to_owned()],
            at: at("2037-11-20T09:00"),
            posted_at: None,
        };
        let found = pointed(quotes(&law, procedure, considered, now));
        let pointers: Vec<&str> = found.iter().map(|(pointer, _)| &**pointer).collect();
        assert_eq!(pointers, ["/agency", "/channel", "/groups/0", "/at"], "{found:?}");
    }

    #[test]
    fn the_dates_are_those_of_a_dossier_that_is_submitted_and_accepted_then() {
        let law = law();
        let seminar = serde_json::json!({ "seminar": { "date": "2027-06-14" } });
        let of_seminar = SubmitDossier {
            form: seminar,
            documents: vec![document("notice"), document("programme")],
            ..promotion()
        };
        for (code, command) in [("2.000004", promotion()), ("MLM.SEMINAR", of_seminar)] {
            // In office hours, before and on a day off, and in the last hour of a day.
            for moment in
                ["2026-11-20T09:00", "2026-11-20T20:00", "2026-11-21T10:00", "2026-11-23T16:30"]
            {
                let mut scene = Scene::<Intake>::new(&law, code, "H26.14");
                let submitted = scene.execute(moment, Role::Applicant, command.clone()).unwrap();
                let quote = quoted(&law, (code, "H26.14", Channel::Online), &[], moment);
                assert_eq!(quote.is_automatic, submitted.len() == 2, "{code} {moment}");
                let IntakeEvent::DossierSubmitted(first) = &submitted[0] else { panic!() };
                assert_eq!(first.answer_due_at, quote.answer_due_at, "{code} {moment}");
                let accepted = match submitted.get(1) {
                    Some(accepted) => accepted.clone(),
                    None => scene
                        .execute(moment, Role::Clerk, AcceptDossier::default())
                        .unwrap()
                        .remove(0),
                };
                let IntakeEvent::DossierAccepted(accepted) = accepted else { panic!() };
                assert_eq!(accepted.promise, quote.promise, "{code} {moment}");
                assert_eq!(accepted.started_at, quote.started_at, "{code} {moment}");
                assert!(quote.promise.is_some() && quote.is_open);
            }
        }
    }

    #[test]
    fn the_fee_and_its_window_are_those_that_are_assessed() {
        let law = law();
        for moment in ["2026-12-31T23:59", "2027-01-01T00:00"] {
            for groups in [&[][..], &["digital_citizen"]] {
                let mut brief = brief(&law, "CO.D", "G02.001", moment);
                brief.groups = groups.iter().map(|group| (*group).to_owned()).collect();
                let mut scene = Scene::<Payment>::new(&law, "CO.D", "G02.001");
                let assess = AssessFee { brief, accepted: false };
                scene.execute(moment, Role::System, assess).unwrap();
                let assessed = scene.state.assessed().unwrap();
                let quote = quoted(&law, ("CO.D", "G02.001", Channel::Online), groups, moment);
                assert_eq!((&assessed.lines, assessed.total), (&quote.lines, quote.total));
                assert_eq!(assessed.window_ends_at, quote.window_ends_at);
                assert_eq!(quote.due, Some(FeeDue::AtFiling));
            }
        }
    }

    #[test]
    fn where_the_fee_comes_first_the_answer_counts_from_a_payment_at_that_moment() {
        let law = law();
        let moment = "2026-11-20T09:00";
        let quote = quoted(&law, ("CO.D", "G02.001", Channel::Online), &[], moment);
        let mut scene = Scene::<Intake>::new(&law, "CO.D", "G02.001");
        scene.execute(moment, Role::Applicant, certificate()).unwrap();
        let fee = RecordFee { amount: quote.total, paid_at: at(moment), cause: uuid::Uuid::nil() };
        let received = scene.execute(moment, Role::System, fee).unwrap();
        let IntakeEvent::FeeReceived(received) = &received[0] else { panic!("{received:?}") };
        assert_eq!(received.answer_due_at, quote.answer_due_at);
    }
}
