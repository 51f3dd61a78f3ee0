//! What falls due in payment: queries of providers, the applicant's window to pay, and the tasks of
//! cashiers.

use super::Payment;
use super::announce_repayment::AnnounceRepayment;
use super::attempt::{Attempt, Query};
use super::expire_fee_window::ExpireFeeWindow;
use super::miss_debt::MissDebt;
use super::miss_discrepancy::MissDiscrepancy;
use super::miss_dispute::MissDispute;
use super::miss_proposal::MissProposal;
use super::miss_repayment::MissRepayment;
use super::query_payment::QueryPayment;
use super::state::{Owed, Repayment};
use crate::clock::{Basis, Deadline, Deadlines, Running, deadline_kinds};
use crate::contract::{Brief, PeriodExtended};
use crate::law::Law;
use crate::step::{AnyCommand, LawError};

deadline_kinds! {
    /// The kinds of deadlines in payment.
    PaymentDeadline {
        /// The provider has to be queried about the attempt that is due first.
        Query = "query-payment",
        /// The applicant's window to pay.
        Window = "fee-window",
        /// A repayment that old logs owe without an announcement.
        Announcement = "repayment-announcement",
        /// The cashier's period to refund.
        Repayment = "repayment",
        /// The cashier's period to resolve discrepancies.
        Discrepancy = "discrepancy",
        /// The period of the second person to approve a proposal.
        Proposal = "proposal",
        /// The provider's date for the answer to a dispute.
        Dispute = "dispute",
        /// The cashier's period to collect a debt.
        Debt = "debt",
    }
}

impl Payment {
    /// The period of a deadline, if it is one.
    fn period_of(&self, kind: PaymentDeadline) -> Option<Running> {
        let owed = match kind {
            PaymentDeadline::Query | PaymentDeadline::Announcement | PaymentDeadline::Dispute => {
                None
            }
            PaymentDeadline::Debt => self.due_debt().map(|debt| debt.owed),
            PaymentDeadline::Window => return self.window(),
            PaymentDeadline::Repayment => self.owed_repayment().map(|(owed, _)| owed),
            PaymentDeadline::Discrepancy => self.discrepancy,
            PaymentDeadline::Proposal => self.proposal.as_ref().and_then(|one| one.owed),
        };
        owed.map(|owed| owed.running)
    }
}

impl Deadlines for Payment {
    type Kind = PaymentDeadline;

    fn deadlines(&self) -> Vec<Deadline<PaymentDeadline>> {
        let mut all = Vec::new();
        let open = true;
        // One query at a time: the attempt that is due first.
        let queries = self.attempts.values().filter_map(Attempt::open_query);
        if let Some(Query { at: due_at, opened_by, .. }) = queries.min_by_key(|query| query.at) {
            all.push(Deadline { kind: PaymentDeadline::Query, due_at, opened_by, open });
        }
        if let (Some(due_at), Some(window)) = (self.window_ends_at(), self.window()) {
            let (kind, opened_by) = (PaymentDeadline::Window, window.opened_by);
            let open = self.is_owed() && !self.waits_for_certainty();
            all.push(Deadline { kind, due_at, opened_by, open });
        }
        if let Repayment::Unannounced(due_at, opened_by) = self.repayment {
            all.push(Deadline { kind: PaymentDeadline::Announcement, due_at, opened_by, open });
        }
        let of = |kind, owed: Owed| Deadline::of(kind, owed.running, !owed.missed);
        let repayment = self.owed_repayment();
        let repayment = repayment.map(|(owed, _)| of(PaymentDeadline::Repayment, owed));
        let discrepancy = self.discrepancy.map(|owed| of(PaymentDeadline::Discrepancy, owed));
        let proposal = self.proposal.as_ref().and_then(|one| one.owed);
        let proposal = proposal.map(|owed| of(PaymentDeadline::Proposal, owed));
        let dispute = self.due_dispute().map(|(_, one)| of(PaymentDeadline::Dispute, one.owed));
        let debt = self.due_debt().map(|debt| of(PaymentDeadline::Debt, debt.owed));
        all.extend([repayment, discrepancy, proposal, dispute, debt].into_iter().flatten());
        all
    }

    fn basis<'a>(&'a self, kind: &PaymentDeadline, law: &'a Law) -> Result<Basis<'a>, LawError> {
        let (Some(running), Some(assessed)) = (self.period_of(*kind), self.assessed()) else {
            return Ok(Basis::Instant);
        };
        let Brief { procedure, agency, channel, .. } = &assessed.brief;
        let rule = law.rule(procedure, agency, running.known_at).ok_or(LawError::NotLoaded)?;
        let of_cashiers = || law.payments(running.since).ok_or(LawError::NotLoaded);
        let budget = match kind {
            PaymentDeadline::Query | PaymentDeadline::Announcement | PaymentDeadline::Dispute => {
                return Ok(Basis::Instant);
            }
            PaymentDeadline::Window => {
                let budget = rule.procedure.fees.window;
                return Ok(budget.map_or(Basis::Instant, |budget| {
                    Basis::Period(rule.period(running, running.since, budget, Some(*channel)))
                }));
            }
            PaymentDeadline::Repayment | PaymentDeadline::Debt => of_cashiers()?.give_back,
            PaymentDeadline::Discrepancy | PaymentDeadline::Proposal => of_cashiers()?.look_into,
        };
        // The periods of cashiers do not depend on the dossier's channel.
        let mut period = rule.period(running, running.since, budget, None);
        period.basis = &of_cashiers()?.legal_basis;
        Ok(Basis::Period(period))
    }

    fn when_due(kind: &PaymentDeadline) -> AnyCommand<Self> {
        match kind {
            PaymentDeadline::Query => AnyCommand::new(QueryPayment),
            PaymentDeadline::Window => AnyCommand::new(ExpireFeeWindow),
            PaymentDeadline::Announcement => AnyCommand::new(AnnounceRepayment),
            PaymentDeadline::Repayment => AnyCommand::new(MissRepayment),
            PaymentDeadline::Discrepancy => AnyCommand::new(MissDiscrepancy),
            PaymentDeadline::Proposal => AnyCommand::new(MissProposal),
            PaymentDeadline::Dispute => AnyCommand::new(MissDispute),
            PaymentDeadline::Debt => AnyCommand::new(MissDebt),
        }
    }

    fn extended(extended: PeriodExtended) -> Option<Self::Event> {
        Some(extended.into())
    }

    fn running(&mut self, kind: &PaymentDeadline) -> Option<&mut Running> {
        let owed = match kind {
            PaymentDeadline::Query | PaymentDeadline::Announcement | PaymentDeadline::Dispute => {
                None
            }
            PaymentDeadline::Debt => {
                let id = self.due_debt().map(|debt| debt.id);
                let mut debts = self.debts.iter_mut();
                debts.find(|debt| Some(debt.id) == id).map(|debt| &mut debt.owed)
            }
            PaymentDeadline::Window => {
                return self.fee.as_mut().and_then(|fee| fee.window.as_mut());
            }
            PaymentDeadline::Repayment => match &mut self.repayment {
                Repayment::Owed(owed, _) => Some(owed),
                Repayment::None | Repayment::Unannounced(..) => None,
            },
            PaymentDeadline::Discrepancy => self.discrepancy.as_mut(),
            PaymentDeadline::Proposal => self.proposal.as_mut().and_then(|one| one.owed.as_mut()),
        };
        owed.map(|owed| &mut owed.running)
    }
}
