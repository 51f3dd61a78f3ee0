//! Checks the tariff of a procedure: amounts whose sum is representable, effective reductions, and
//! a period to pay.

use std::collections::BTreeSet;

use super::Check;
use super::periods::Periods;
use super::procedure::name;
use crate::contract::{AgencyCode, Channel, ComponentCode, Vnd};
use crate::law::{FeeLine, Procedure, Reduction};

/// Maximum amount of a line: a thousand billion đồng. The sum of all lines, at most 200 times as
/// much, fits into 64 bits.
const AMOUNT_MAX: Vnd = Vnd(1_000_000_000_000);
/// Maximum number of lines, of reductions, and of groups.
const LINES_MAX: usize = 200;

impl Check<'_, '_> {
    pub(super) fn fees(&mut self, by: &Periods<'_>, procedure: &Procedure) {
        let fees = &procedure.fees;
        if fees.due.is_none() != fees.lines.is_empty() {
            let (vi, en) = (
                "`fees.due` và `fees.lines` phải đi cùng nhau",
                "`fees.due` and `fees.lines` go together",
            );
            self.add("/fees", vi, en);
        }
        match (fees.due, fees.window) {
            (Some(_), None) => {
                let (vi, en) = (
                    "thiếu thời hạn nộp: hồ sơ chưa nộp phí sẽ mở mãi",
                    "is missing: an unpaid dossier would stay open for ever",
                );
                self.add("/fees/window", vi, en);
            }
            (None, Some(_)) => self.add("/fees/window", "không có phí", "there is no fee to pay"),
            (_, _) => {}
        }
        self.periods_of(by, [("/fees/window", fees.window)]);
        if fees.lines.is_empty() && !fees.reductions.is_empty() {
            self.add("/fees/reductions", "không có phí để giảm", "there is no fee to reduce");
        }
        let lists = [
            ("lines", fees.lines.len()),
            ("reductions", fees.reductions.len()),
            ("groups", fees.groups.len()),
        ];
        for (list, length) in lists {
            if length > LINES_MAX {
                let (vi, en) = (
                    format!("nhiều hơn {LINES_MAX} dòng"),
                    format!("has more than {LINES_MAX} entries"),
                );
                self.add(&format!("/fees/{list}"), vi, en);
            }
        }
        self.codes("/fees/lines", "/rule", fees.lines.iter().map(|line| &*line.rule));
        self.codes("/fees/reductions", "/rule", fees.reductions.iter().map(|less| &*less.rule));
        for (place, line) in fees.lines.iter().enumerate() {
            self.line(&format!("/fees/lines/{place}"), procedure, line);
        }
        for (place, reduction) in fees.reductions.iter().enumerate() {
            self.reduction(&format!("/fees/reductions/{place}"), procedure, reduction);
        }
        self.groups(procedure);
    }

    /// Checks the groups whose claims must be proved.
    fn groups(&mut self, procedure: &Procedure) {
        let fees = &procedure.fees;
        self.codes("/fees/groups", "/group", fees.groups.iter().map(|entry| &*entry.group));
        let reduced: BTreeSet<&String> =
            fees.reductions.iter().flat_map(|reduction| &reduction.groups).collect();
        for (place, entry) in fees.groups.iter().enumerate() {
            if !reduced.contains(&entry.group) {
                let (vi, en) = (
                    format!("không khoản giảm nào dành cho nhóm `{}`", entry.group),
                    format!("no reduction is for the group `{}`", entry.group),
                );
                self.add(&format!("/fees/groups/{place}/group"), vi, en);
            }
            let is_known = |code: &ComponentCode| {
                procedure.documents.iter().any(|component| component.code == *code)
            };
            if let Some(unknown) = entry.evidence.as_ref().filter(|code| !is_known(code)) {
                let (vi, en) = (
                    format!("`{unknown}` không nằm trong `documents`"),
                    format!("`{unknown}` is not among the procedure's `documents`"),
                );
                self.add(&format!("/fees/groups/{place}/evidence"), vi, en);
            }
        }
        // A dossier with a claim is accepted by an officer, who must have a period to do so.
        if !fees.groups.is_empty() && procedure.intake.answer.is_none() {
            let (vi, en) = (
                "cán bộ xác nhận nhóm khi tiếp nhận, cần thời hạn `intake.answer`",
                "an officer confirms a group at acceptance, so `intake.answer` is required",
            );
            self.add("/fees/groups", vi, en);
        }
    }

    fn line(&mut self, at: &str, procedure: &Procedure, line: &FeeLine) {
        if line.amount <= Vnd::ZERO || line.amount > AMOUNT_MAX {
            let (vi, en) = (
                format!("số tiền phải từ 1 đến {}", AMOUNT_MAX.0),
                format!("an amount is 1 to {} đồng", AMOUNT_MAX.0),
            );
            self.add(&format!("{at}/amount"), vi, en);
        }
        self.texts(&format!("{at}/name"), &line.name);
        self.days(&format!("{at}/effective"), line.effective);
        self.text(&format!("{at}/basis"), &line.basis);
        self.ways(at, procedure, &line.channels);
    }

    fn reduction(&mut self, at: &str, procedure: &Procedure, reduction: &Reduction) {
        if !(1..=100).contains(&reduction.percent) {
            let (vi, en) = ("phải từ 1 đến 100", "a reduction is 1 to 100 per cent");
            self.add(&format!("{at}/percent"), vi, en);
        }
        if reduction.of.is_empty() {
            self.add(&format!("{at}/of"), "không giảm khoản nào", "is empty: it reduces nothing");
        }
        self.once(&format!("{at}/of"), &reduction.of);
        self.codes(&format!("{at}/groups"), "", reduction.groups.iter().map(|group| &**group));
        self.days(&format!("{at}/effective"), reduction.effective);
        self.text(&format!("{at}/basis"), &reduction.basis);
        self.ways(at, procedure, &reduction.channels);
        self.agencies_under(at, procedure, &reduction.agencies);
    }

    /// Checks the agencies to which something is limited.
    fn agencies_under(&mut self, at: &str, procedure: &Procedure, agencies: &[AgencyCode]) {
        self.once(&format!("{at}/agencies"), agencies);
        for (place, agency) in agencies.iter().enumerate() {
            if self.law.agency(agency).is_none() || !procedure.agency.covers(agency) {
                let own = &procedure.agency;
                let (vi, en) = (
                    format!("không có cơ quan `{agency}` thuộc `{own}`"),
                    format!("there is no agency `{agency}` under `{own}`"),
                );
                self.add(&format!("{at}/agencies/{place}"), vi, en);
            }
        }
    }

    /// Checks the channels to which something is limited.
    fn ways(&mut self, at: &str, procedure: &Procedure, channels: &[Channel]) {
        self.once(&format!("{at}/channels"), channels);
        for (place, channel) in channels.iter().enumerate() {
            if !procedure.channels.contains(channel) {
                let (vi, en) = (
                    format!("`{}` không nằm trong `channels`", name(*channel)),
                    format!("`{}` is not among the procedure's `channels`", name(*channel)),
                );
                self.add(&format!("{at}/channels/{place}"), vi, en);
            }
        }
    }
}
